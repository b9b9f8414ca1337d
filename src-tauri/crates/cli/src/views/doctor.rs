//! `weir doctor` as text: one check a line, the fix under what needs one.

use crate::out::{Paint, Tone};
use crate::words;
use weir_engine::api::{CheckState, Doctor};

/// The checks and a verdict.
pub fn doctor(doctor: &Doctor, paint: Paint) -> String {
    let width = doctor.checks.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(6 + width + 2);
    let mut out = String::new();
    for check in &doctor.checks {
        let (word, tone) = match check.state {
            CheckState::Ok => ("ok  ", Tone::Good),
            CheckState::Note => ("note", Tone::Warn),
            CheckState::Fail => ("fail", Tone::Bad),
        };
        let room = words::WIDTH.saturating_sub(indent.len()).max(20);
        // Problems of a configuration come one a line.
        let wrapped = |text: &str| -> String {
            text.lines().map(|line| words::wrap(&words::plain(line), room, "")).collect()
        };
        let found = wrapped(&check.found);
        let fix = check.fix.as_deref().map(wrapped);
        let mut lines = found.lines().chain(fix.iter().flat_map(|fix| fix.lines()));
        let first = lines.next().unwrap_or_default();
        let name = words::plain(&check.name);
        out.push_str(&format!("{}  {name:<width$}  {first}\n", paint.tone(word, tone)));
        for line in lines {
            out.push_str(&format!("{indent}{line}\n"));
        }
    }
    out.push('\n');
    out.push_str(&verdict(doctor));
    out
}

fn verdict(doctor: &Doctor) -> String {
    let number = |state| doctor.checks.iter().filter(|c| c.state == state).count() as u64;
    let notes = words::count(number(CheckState::Note), "note", "notes");
    match (number(CheckState::Fail), number(CheckState::Note)) {
        (0, 0) => "Everything is as it should be.\n".into(),
        (0, _) => format!("Everything works; {notes}.\n"),
        (n, 0) => format!("{}.\n", words::count(n, "problem", "problems")),
        (n, _) => format!("{}, {notes}.\n", words::count(n, "problem", "problems")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::Check;

    fn check(name: &str, state: CheckState, found: &str, fix: Option<&str>) -> Check {
        Check { name: name.into(), state, found: found.into(), fix: fix.map(Into::into) }
    }

    #[test]
    fn several_problems_in_one_check_have_a_line_each() {
        let found = "config.toml, line 2: no number\nconfig.toml, line 3: no \u{1b}[2Jnumber";
        let checks = vec![check("config", CheckState::Fail, found, Some("Write\nnumbers"))];
        let text = doctor(&Doctor::of(checks), Paint::OFF);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines[0], "fail  config  config.toml, line 2: no number");
        assert_eq!(lines[1], "config.toml, line 3: no \u{fffd}[2Jnumber");
        assert_eq!(lines[2..4], ["Write", "numbers"]);
    }

    #[test]
    fn each_check_has_its_line_and_its_fix() {
        let checks = vec![
            check("home", CheckState::Ok, "/home/u/.local/share/weir, yours alone", None),
            check(
                "key gemini",
                CheckState::Note,
                "none is stored",
                Some("Run: weir key set gemini"),
            ),
            check(
                "port",
                CheckState::Fail,
                "9347 is taken by node (pid 4242)",
                Some("Use another: weir serve --port 9348"),
            ),
        ];
        let expected = "\
ok    home        /home/u/.local/share/weir, yours alone
note  key gemini  none is stored
                  Run: weir key set gemini
fail  port        9347 is taken by node (pid 4242)
                  Use another: weir serve --port 9348

1 problem, 1 note.
";
        assert_eq!(doctor(&Doctor::of(checks), Paint::OFF), expected);
    }
}
