//! What the tray application says on a terminal, when there is one. Nothing else writes there.

use std::io::Write;

/// Something that went wrong or is worth knowing, on stderr.
pub fn problem(text: &str) {
    // Without a terminal there is nobody to tell, and no reason to stop.
    let _ = writeln!(std::io::stderr(), "weir-tray: {text}");
}

/// What was asked for, on stdout.
pub fn answer(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
