//! `config.toml`: all mistakes at once with their lines, no key without a meaning, and a bad edit
//! that never replaces a good configuration in force.

use weir_tests::home::providers;
use weir_tests::{Home, Kind, Provider, Rig, Weir, wait};

/// Three mistakes of three kinds, on lines 2, 6 and 9.
const THREE_MISTAKES: &str = "[server]\n\
    port = \"nine\"\n\
    \n\
    [providers.anthropic]\n\
    dialect = \"anthropic\"\n\
    base_url = \"not a url\"\n\
    key = \"env:SOME_KEY\"\n\
    \n\
    colour = \"blue\"\n";

#[test]
fn three_mistakes_are_told_at_once_with_line_and_reason() {
    let home = Home::bare();
    let file = home.out().join("bad.toml");
    std::fs::write(&file, THREE_MISTAKES).expect("a file");
    let ran = home.weir(&["config", "check", &file.display().to_string()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = ran.stdout + &ran.stderr;
    for (line, word) in [(2, "port"), (6, "base_url"), (9, "colour")] {
        let told = said.lines().any(|text| {
            text.contains(word)
                && text.split(|c: char| !c.is_ascii_digit()).any(|n| n == line.to_string())
        });
        assert!(told, "line {line} ({word}) is not told in:\n{said}");
    }
}

#[test]
fn serve_refuses_a_bad_configuration_with_every_mistake() {
    let home = Home::bare();
    home.configure(THREE_MISTAKES);
    let not_up = Weir::try_start(&home, &["serve", "--port", "0"]).err().expect("not served");
    assert_eq!(not_up.code, 1, "{not_up:?}");
    for word in ["port", "base_url", "colour"] {
        assert!(not_up.said.contains(word), "{word} is not told in:\n{}", not_up.said);
    }
}

#[test]
fn unknown_keys_are_errors_at_every_level() {
    let home = Home::bare();
    for (text, key) in [
        ("colour = 1\n", "colour"),
        ("[server]\nprot = 9347\n", "prot"),
        (
            "[providers.openai]\ndialect = \"openai\"\nbase_url = \"https://api.openai.com/v1\"\nkey = \"none\"\nkeys = 1\n",
            "keys",
        ),
        ("[routing]\nmodes = \"honour\"\n", "modes"),
        ("[[budgets]]\nname = \"a\"\nperiod = \"day\"\nlimit_usd = 1\nlimits = 2\n", "limits"),
        ("[cache]\nexakt = { enabled = true }\n", "exakt"),
        ("[tiers]\nlower = []\n", "lower"),
        ("[[rules]]\nwhen = { clients = \"a\" }\nuse = \"low\"\n", "clients"),
    ] {
        let file = home.out().join("unknown.toml");
        std::fs::write(&file, text).expect("a file");
        let ran = home.weir(&["config", "check", &file.display().to_string()]);
        assert_eq!(ran.code, 1, "{text}: {ran:?}");
        assert!((ran.stdout + &ran.stderr).contains(key), "{key} is not named");
    }
}

#[test]
fn values_that_make_no_sense_are_errors() {
    let home = Home::bare();
    for text in [
        "[server]\nport = 70000\n",
        "[server]\nport = -1\n",
        "[providers.x]\ndialect = \"klingon\"\nbase_url = \"http://127.0.0.1:1\"\nkey = \"none\"\n",
        "[providers.x]\ndialect = \"openai\"\nbase_url = \"ftp://127.0.0.1\"\nkey = \"none\"\n",
        "[providers.x]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\nkey = \"sk-123\"\n",
        "[[budgets]]\nname = \"a\"\nperiod = \"fortnight\"\nlimit_usd = 1\n",
        "[[budgets]]\nname = \"a\"\nperiod = \"day\"\nlimit_usd = -1\n",
        "[routing]\nmode = \"magic\"\n",
        "[tiers]\nlow = [\"no-slash\"]\n",
        "[tiers]\nlow = [\"nobody/model\"]\n",
        "this is not toml\n",
        "[server\nport = 1\n",
    ] {
        let file = home.out().join("senseless.toml");
        std::fs::write(&file, text).expect("a file");
        let ran = home.weir(&["config", "check", &file.display().to_string()]);
        assert_eq!(ran.code, 1, "{text}: {ran:?}");
        let said = ran.stdout + &ran.stderr;
        let line = said.contains("line ") || said.contains("senseless.toml:");
        assert!(line, "no line is told for {text}: {said}");
    }
}

#[test]
fn the_contracts_example_is_good_and_shown_with_every_default() {
    let home = Home::bare();
    let contract = include_str!("../wire/config/contract.toml");
    home.configure(contract);
    let ran = home.weir(&["config", "check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let shown = home.weir(&["config", "show"]).ok();
    for part in ["port", "9347", "anthropic", "honour", "at_limit", "thresholds"] {
        assert!(shown.contains(part), "{part} is not shown in:\n{shown}");
    }
}

#[test]
fn a_bad_edit_leaves_the_good_configuration_in_force() {
    let first = Provider::answering(weir_tests::answers::natural);
    let rig = Rig::with(first);
    assert_eq!(rig.client().ask(Kind::Chat, false, "before").status, 200);
    rig.home.configure(THREE_MISTAKES);
    // What the server does with the edit takes a moment; it must answer all the while.
    for number in 0..40 {
        assert_eq!(rig.client().ask(Kind::Chat, false, &format!("during-{number}")).status, 200);
    }
    rig.home.configure(&providers(&rig.provider.url()));
    assert_eq!(rig.client().ask(Kind::Chat, false, "after").status, 200);
}

#[test]
fn a_good_edit_comes_into_force_without_a_restart() {
    let rig = Rig::natural();
    let second = Provider::answering(weir_tests::answers::natural);
    assert_eq!(rig.client().ask(Kind::Chat, false, "first").status, 200);
    rig.home.configure(&providers(&second.url()));
    wait::until("the edit to be in force", || {
        rig.client().ask(Kind::MessagesCount, false, "asking");
        second.count() > 0
    });
}
