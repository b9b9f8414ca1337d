//! `weir-tray`: becomes the window when it is started as one, else the process that stays.

// A console window would open beside the tray on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;
use weir_resident::WINDOW_ARGUMENT;
use weir_tray::guard;

fn main() -> ExitCode {
    let mut given = std::env::args_os().skip(1).peekable();
    match given.peek() {
        // Before anything of the desktop's: a guardian needs no window.
        Some(first) if first == guard::GUARD_ARGUMENT => guard::run(given.skip(1)),
        Some(first) if first == WINDOW_ARGUMENT => weir_tray::window(given.skip(1)),
        _ => weir_resident::main(given, &[], weir_tray::stay),
    }
}
