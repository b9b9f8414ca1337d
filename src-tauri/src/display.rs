//! Whether a window could be shown at all.

/// Whether a display can be opened. Must be called on the main thread.
pub fn can_open() -> bool {
    // Asks the real question (is there a server, does it let us in) and not for a variable.
    #[cfg(target_os = "linux")]
    return gtk::init().is_ok();
    #[cfg(not(target_os = "linux"))]
    true
}
