//! `weir profile` as text.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::api::Profiles;

/// Every named configuration, a line each, and what is wrong with the ones that do not hold.
pub fn profiles(profiles: &Profiles, paint: Paint) -> String {
    let mut table =
        Table::new(&[("", Fit::Left), ("profile", Fit::Cut(20)), ("file", Fit::Cut(20))]);
    for profile in &profiles.profiles {
        let mark = if profile.in_use { "*" } else { "" };
        let (name, file) = (profile.name.as_str(), profile.file.as_str());
        table.row([mark.into(), name.into(), Cell::new(file, Tone::Quiet)]);
    }
    let mut out = table.render(paint);
    if !profiles.profiles.iter().any(|profile| profile.in_use) {
        let gone = format!("{} is in use and its file is gone", plain(&profiles.in_use));
        out.push_str(&format!(
            "{}. Use another: weir profile use default\n",
            paint.tone(&gone, Tone::Bad)
        ));
    }
    for profile in &profiles.profiles {
        if let Some(problem) = &profile.problem {
            out.push_str(&paint.tone("!", Tone::Warn));
            out.push(' ');
            let text = format!("{} does not hold: {}", profile.name, problem.replace('\n', "; "));
            out.push_str(&words::wrap(&plain(&text), words::WIDTH - 2, "  "));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::ProfileRow;

    #[test]
    fn the_one_in_use_is_marked_and_one_that_does_not_hold_says_why() {
        let row = |name: &str, problem: Option<&str>| ProfileRow {
            name: name.into(),
            file: format!("/home/p/profiles/{name}.toml"),
            in_use: name == "work",
            problem: problem.map(str::to_owned),
        };
        let bad = "/home/p/profiles/bad.toml, line 2: tiers.low: no provider is called \"x\"";
        let mut all = Profiles {
            in_use: "work".into(),
            profiles: vec![row("default", None), row("bad", Some(bad)), row("work", None)],
        };
        let shown = profiles(&all, Paint::OFF);
        assert!(shown.contains("*  work"), "{shown}");
        assert!(!shown.contains("*  default"), "{shown}");
        assert!(shown.contains("! bad does not hold"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
        all.in_use = "gone".into();
        all.profiles.truncate(1);
        assert!(profiles(&all, Paint::OFF).contains("weir profile use default"));
    }
}
