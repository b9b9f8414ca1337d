//! `weir`: the command line and the headless server. Links no GUI library; that is why on Linux
//! `weir-tray` becomes this program for as long as it stays, and loads the window apart.
//! Owns exit codes: 0 done, 1 failed, 2 wrong usage; `weir run` ends with its tool's.

mod args;
mod commands;
mod csv;
mod out;
mod report;
mod signals;
mod table;
mod views;
mod words;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use out::{Stop, say};
use std::ffi::OsString;
use std::process::ExitCode;
use weir_engine::guard;
use weir_engine::logs::redacted;

/// Said instead of clap's own words, which would repeat the key.
const KEY_GIVEN: &str = "weir: a key is not taken from the command line, where others can read it and the \
                         shell remembers it. Type it at the prompt or pipe it: weir key set PROVIDER < FILE";
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// Every command, flag and example, for what is made of them: manual pages, completions.
pub fn command() -> clap::Command {
    args::Weir::command()
}

/// Whether a command line that is wrong holds a key: behind `key set`, or by how it looks.
fn gives_a_key(wrong: &clap::Error, given: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<OsString> = given.collect();
    let sets = words.windows(2).any(|two| two == ["key", "set"]);
    let text = wrong.to_string();
    wrong.use_stderr()
        && (sets && wrong.kind() == ErrorKind::UnknownArgument || redacted(&text) != text)
}

/// Does what the command line asks.
pub fn run() -> ExitCode {
    // Before anything else is loaded: it waits for weeks, and for nothing but one event.
    if std::env::args_os().nth(1).is_some_and(|first| first == guard::GUARD_ARGUMENT) {
        return guard::run(std::env::args_os().skip(2));
    }
    #[cfg(target_os = "linux")]
    if std::env::args_os().nth(1).is_some_and(|first| first == weir_resident::TRAY_ARGUMENT) {
        let given = std::env::args_os().skip(2);
        return weir_resident::main(given, &[weir_resident::TRAY_ARGUMENT], weir_resident::run);
    }
    let weir = match args::Weir::try_parse() {
        Ok(weir) => weir,
        Err(wrong) if gives_a_key(&wrong, std::env::args_os()) => {
            say(KEY_GIVEN);
            return ExitCode::from(WRONG_USAGE);
        }
        Err(help) => {
            // Help for a reader who has gone is no failure.
            let _ = help.print();
            return ExitCode::from(u8::try_from(help.exit_code()).unwrap_or(WRONG_USAGE));
        }
    };
    match commands::run(weir) {
        Ok(()) | Err(Stop::Unread) => ExitCode::SUCCESS,
        Err(Stop::Said) => ExitCode::from(FAILED),
        Err(Stop::Exit(code)) => ExitCode::from(u8::try_from(code).unwrap_or(FAILED)),
        Err(Stop::Usage(line)) => {
            say(&format!("weir: {line}"));
            ExitCode::from(WRONG_USAGE)
        }
        Err(Stop::Failed(line)) => {
            say(&format!("weir: {line}"));
            ExitCode::from(FAILED)
        }
    }
}
