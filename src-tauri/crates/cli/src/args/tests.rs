//! Wrong usage, and the promises of the help.

use super::*;
use clap::error::ErrorKind;
use clap::{Command as Clap, CommandFactory};

fn refused(line: &str) -> (i32, String) {
    let error = Weir::try_parse_from(line.split(' ')).expect_err(line);
    (error.exit_code(), error.to_string())
}

#[test]
fn the_command_line_is_sound() {
    Weir::command().debug_assert();
}

#[test]
fn wrong_usage_ends_with_two() {
    for line in [
        "weir",
        "weir nonsense",
        "weir cost",
        "weir cost summary --period year",
        "weir cost breakdown --by colour",
        "weir serve --port 70000",
        "weir explain wr_nope",
        "weir explain",
        "weir key set",
        "weir client add",
        "weir price cost --model m --usage nonsense",
        "weir price cost --model m --usage [1]",
        "weir export",
        "weir export --format xml",
        "weir log --limit many",
        "weir log --limit 0",
        "weir connect emacs",
        "weir connect --dry-run",
        "weir disconnect",
        "weir run",
        "weir cost shadow --period year",
        "weir report",
        "weir report --month 2026-11",
        "weir tunnel",
        "weir tunnel start --provider carrier-pigeon",
    ] {
        assert_eq!(refused(line).0, 2, "{line}");
    }
}

#[test]
fn commands_that_do_not_exist_yet_are_unknown() {
    for line in ["weir cache stats", "weir batch status"] {
        let error = Weir::try_parse_from(line.split(' ')).expect_err(line);
        assert_eq!(error.kind(), ErrorKind::InvalidSubcommand, "{line}");
    }
}

#[test]
fn a_key_can_never_be_an_argument() {
    assert_eq!(refused("weir key set anthropic sk-secret").0, 2);
    assert_eq!(refused("weir key set anthropic --key sk-secret").0, 2);
}

#[test]
fn every_command_has_an_example_that_parses() {
    fn walk(command: &Clap, examples: &mut Vec<(String, String)>) {
        if let Some(help) = command.get_after_help() {
            let help = help.to_string();
            let (_, example) = help.split_once("Example:\n  ").expect("an example");
            examples.push((command.get_name().to_owned(), example.to_owned()));
        } else {
            panic!("{} has no example", command.get_name());
        }
        command.get_subcommands().for_each(|sub| walk(sub, examples));
    }
    let mut examples = Vec::new();
    walk(&Weir::command(), &mut examples);
    assert!(examples.len() > 25);
    for (command, example) in examples {
        let own = example.find("weir ").expect("names weir");
        for line in example[own..].lines() {
            let line = line.split([')', '|', '>', '&']).next().expect("some").trim();
            let line = line
                .replace("'{\"input\":1000,\"output\":200}'", "{\"input\":1000,\"output\":200}");
            let parsed = Weir::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{command}: {line}: {parsed:?}");
        }
    }
}

#[test]
fn the_home_may_stand_anywhere() {
    for line in ["weir --home /x status", "weir status --home /x", "weir cost summary --home /x"] {
        let parsed = Weir::try_parse_from(line.split(' ')).expect(line);
        assert_eq!(parsed.home, Some(PathBuf::from("/x")));
    }
}
