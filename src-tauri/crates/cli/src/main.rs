//! `weir`: the command line and the headless server. Links no GUI library.
//! Owns exit codes: 0 done, 1 failed, 2 wrong usage; `weir run` ends with its tool's.

mod args;
mod commands;
mod csv;
mod out;
mod signals;
mod table;
mod views;
mod words;

use clap::Parser;
use out::{Stop, say};
use std::process::ExitCode;
use weir_engine::guard;

/// A request's memory is taken on one thread and given back on another (the ledger's writer), which
/// this allocator is made for; the system's took a tenth of the process's time in a profile.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    // Before anything else is loaded: it waits for weeks, and for nothing but one event.
    if std::env::args_os().nth(1).is_some_and(|first| first == guard::GUARD_ARGUMENT) {
        return guard::run(std::env::args_os().skip(2));
    }
    let weir = match args::Weir::try_parse() {
        Ok(weir) => weir,
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
