//! Whether a window could be shown at all. Asks the real question (is there a server, does it let us
//! in) and not for a variable, and loads no window library for it.

/// Whether a display can be opened.
pub fn can_open() -> bool {
    #[cfg(target_os = "linux")]
    return wayland() || x11rb::connect(None).is_ok();
    #[cfg(not(target_os = "linux"))]
    true
}

/// Whether a Wayland compositor answers where window libraries look for one.
#[cfg(target_os = "linux")]
fn wayland() -> bool {
    use std::path::Path;
    let named = std::env::var_os("WAYLAND_DISPLAY").filter(|name| !name.is_empty());
    let name = named.unwrap_or_else(|| "wayland-0".into());
    let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
    if folder.is_empty() && !Path::new(&name).is_absolute() {
        return false;
    }
    std::os::unix::net::UnixStream::connect(Path::new(&folder).join(name)).is_ok()
}
