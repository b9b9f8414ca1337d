//! Keys, clients and the configuration as text.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::plain;
use weir_engine::api::{ClientRow, ConfigReport, KeyRow, KeyState, KeyTest, Stamp, Zone};

/// Every provider's key state.
pub fn keys(keys: &[KeyRow], paint: Paint) -> String {
    let mut table = Table::new(&[
        ("provider", Fit::Cut(10)),
        ("key from", Fit::Cut(12)),
        ("", Fit::Left),
        ("", Fit::Cut(20)),
    ]);
    for key in keys {
        let (state, tone) = match key.state {
            KeyState::Ready => ("ready", Tone::Good),
            KeyState::Missing => ("none", Tone::Quiet),
            KeyState::Stored => ("stored", Tone::Plain),
            KeyState::Locked => ("keychain locked", Tone::Warn),
            KeyState::Absent => ("no keychain", Tone::Warn),
            KeyState::Denied => ("keychain refused", Tone::Warn),
            KeyState::Silent => ("keychain silent", Tone::Warn),
            KeyState::Foreign => ("not Weir's item", Tone::Warn),
            KeyState::Moved => ("other address", Tone::Warn),
            KeyState::Rejected => ("refused", Tone::Bad),
            KeyState::NotNeeded => ("not needed", Tone::Quiet),
        };
        table.row([
            key.provider.as_str().into(),
            key.source.as_str().into(),
            Cell::new(state, tone),
            key.fix.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.render(paint)
}

/// Whether a provider accepts its key.
pub fn key_test(test: &KeyTest, paint: Paint) -> String {
    let (word, tone) = if test.ok { ("ok", Tone::Good) } else { ("failed", Tone::Bad) };
    let word = paint.tone(word, tone);
    format!("{}: {word} after {} ms. {}\n", plain(&test.provider), test.ms, plain(&test.message))
}

/// Tools that may call.
pub fn clients(clients: &[ClientRow], now: Stamp, zone: &Zone, paint: Paint) -> String {
    if clients.is_empty() {
        return "No tool has a token yet. Make one: weir client add NAME\n".into();
    }
    let mut table =
        Table::new(&[("client", Fit::Cut(20)), ("added", Fit::Left), ("last used", Fit::Left)]);
    for client in clients {
        let used = client.last_used.map(|at| at.shown(now, zone));
        table.row([
            client.name.as_str().into(),
            client.created.shown(now, zone).into(),
            used.map_or_else(|| Cell::new("never", Tone::Quiet), Cell::from),
        ]);
    }
    table.render(paint)
}

/// Every problem of a configuration file, as `file:line: what is wrong`.
pub fn config_report(report: &ConfigReport) -> String {
    let file = plain(&report.file);
    let mut out = String::new();
    if report.ok {
        out.push_str(&format!("{file} holds.\n"));
    }
    for note in &report.notes {
        out.push_str(&format!("{}.\n", plain(note)));
    }
    for problem in &report.problems {
        let line = problem.line.map(|n| format!("{n}:")).unwrap_or_default();
        out.push_str(&format!("{file}:{line} {}\n", plain(&problem.message)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;
    use weir_engine::api::ConfigProblem;

    #[test]
    fn keys_show_where_from_and_the_fix() {
        let key = |provider: &str, source: &str, state, fix: Option<&str>| KeyRow {
            provider: provider.into(),
            source: source.into(),
            state,
            fix: fix.map(Into::into),
        };
        let rows = [
            key("anthropic", "keychain", KeyState::Ready, None),
            key("gemini", "env:GEMINI_API_KEY", KeyState::Missing, Some("Set GEMINI_API_KEY")),
            key("ollama", "none", KeyState::NotNeeded, None),
        ];
        let expected = "\
provider   key from
anthropic  keychain            ready
gemini     env:GEMINI_API_KEY  none        Set GEMINI_API_KEY
ollama     none                not needed
";
        assert_eq!(keys(&rows, Paint::OFF), expected);
    }

    #[test]
    fn clients_show_when_they_last_called() {
        let at = |minutes: i64| Stamp::from_ms(samples::now().ms() - minutes * 60_000);
        let rows = [
            ClientRow { name: "claude-code".into(), created: at(2_000), last_used: Some(at(4)) },
            ClientRow { name: "script".into(), created: at(30), last_used: None },
        ];
        let expected = "\
client       added         last used
claude-code  21 Nov 00:54  4 min ago
script       30 min ago    never
";
        assert_eq!(clients(&rows, samples::now(), &samples::zone(), Paint::OFF), expected);
    }

    #[test]
    fn every_problem_of_a_file_has_its_line() {
        let problem = |line, message: &str| ConfigProblem { line, message: message.into() };
        let report = ConfigReport {
            file: "config.toml".into(),
            ok: false,
            problems: vec![problem(Some(3), "port is not a number"), problem(None, "empty")],
            notes: Vec::new(),
        };
        assert_eq!(
            config_report(&report),
            "config.toml:3: port is not a number\nconfig.toml: empty\n"
        );
    }

    #[test]
    fn a_file_that_holds_says_what_has_no_effect_yet() {
        let report = ConfigReport {
            file: "config.toml".into(),
            ok: true,
            problems: Vec::new(),
            notes: vec!["quality has no effect yet".into()],
        };
        assert_eq!(config_report(&report), "config.toml holds.\nquality has no effect yet.\n");
    }
}
