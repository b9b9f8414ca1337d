//! `weir-tray`: reads the arguments and turns how it ended into an exit code.

// A console window would open beside the tray on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;
use weir_tray::arguments::{Arguments, Wanted};
use weir_tray::{guard, say};

fn main() -> ExitCode {
    // Before anything of the desktop's: a guardian needs no window.
    if std::env::args_os().nth(1).is_some_and(|first| first == guard::GUARD_ARGUMENT) {
        return guard::run(std::env::args_os().skip(2));
    }
    match Arguments::read(std::env::args_os().skip(1)) {
        Ok(Wanted::Run(arguments)) => weir_tray::run(arguments),
        Ok(Wanted::Text(text)) => {
            say::answer(&text);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say::problem(&problem.to_string());
            ExitCode::from(2)
        }
    }
}
