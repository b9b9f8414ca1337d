//! The process that stays gives up its window library: on Linux it becomes the command line that lies
//! beside it, which links none, and goes on there as the tray. Every library that a program links has
//! pages of its own in each of its processes, used or not; those of the webview were half of what
//! the resident process held.

use weir_resident::arguments::Arguments;

/// The program it becomes.
#[cfg(target_os = "linux")]
const PROGRAM: &str = "weir";

/// Becomes the command line, with the same process id. Returns where that does not lie beside, and
/// this program stays itself.
#[cfg(target_os = "linux")]
pub fn become_lean(arguments: &Arguments) {
    use std::os::unix::process::CommandExt;
    let Ok(own) = std::env::current_exe() else { return };
    let program = own.with_file_name(PROGRAM);
    if !program.is_file() {
        return;
    }
    let mut command = std::process::Command::new(&program);
    let problem = command.arg(weir_resident::TRAY_ARGUMENT).args(arguments.given()).exec();
    weir_resident::say::problem(&format!(
        "{} cannot be started ({problem}); staying here, with more memory than needed",
        program.display()
    ));
}

/// Elsewhere the webview is the system's, and is loaded when it is used.
#[cfg(not(target_os = "linux"))]
pub fn become_lean(_: &Arguments) {}
