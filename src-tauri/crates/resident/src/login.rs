//! Start at login, as the tray's menu shows and changes it: the same entry that the window's plugin
//! keeps, by the same crate. Owns how the program is named there, and that its path is quoted.

use crate::window;
use auto_launch::{AutoLaunch, AutoLaunchBuilder};
use weir_engine::api::{ApiProblem, Code};

/// What the entry is called; the window's plugin takes the same from `tauri.conf.json`.
pub const NAME: &str = "Weir";
/// What the program is started with at login: its icon and no window.
pub const ARGUMENT: &str = "--hidden";

/// Whether Weir starts at login; no where that cannot be known.
pub fn is_on() -> bool {
    entry().and_then(|entry| entry.is_enabled().map_err(|e| e.to_string())).unwrap_or(false)
}

/// Starts Weir at login, or no longer.
///
/// # Errors
/// What the desktop says.
pub fn set(on: bool) -> Result<(), ApiProblem> {
    let changed = entry().and_then(|entry| {
        let done = if on { entry.enable() } else { entry.disable() };
        done.map_err(|problem| problem.to_string())
    });
    changed.map_err(|problem| {
        let text = format!("start at login cannot be changed: {problem}");
        ApiProblem::new(Code::Unavailable, text)
    })?;
    quote();
    Ok(())
}

fn entry() -> Result<AutoLaunch, String> {
    let program = window::program().map_err(|problem| problem.to_string())?;
    AutoLaunchBuilder::new()
        .set_app_name(NAME)
        .set_app_path(&program.display().to_string())
        .set_args(&[ARGUMENT])
        .build()
        .map_err(|problem| problem.to_string())
}

/// Quotes the program's path in the entry, which is written as it is: a desktop takes a blank in it
/// for its end. To be called whenever the entry was written.
pub fn quote() {
    #[cfg(target_os = "linux")]
    if let (Ok(program), Some(home)) = (window::program(), std::env::home_dir()) {
        let file = home.join(".config/autostart").join(format!("{NAME}.desktop"));
        let Ok(text) = std::fs::read_to_string(&file) else { return };
        let path = program.display().to_string();
        if let Some(quoted) = quoted(&text, &path) {
            // What cannot be written stays as the plugin wrote it.
            let _ = std::fs::write(&file, quoted);
        }
    }
}

/// The entry with the path quoted; `None` where nothing needs it.
#[cfg(target_os = "linux")]
fn quoted(entry: &str, path: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if path.chars().all(plain) {
        return None;
    }
    let mut inside = String::new();
    for c in path.chars() {
        match c {
            // A backslash is read twice: by the file's own rules, and inside the quotes.
            '"' | '`' | '$' => inside.push_str("\\\\"),
            '\\' => inside.push_str("\\\\\\"),
            '%' => inside.push('%'),
            _ => {}
        }
        inside.push(c);
    }
    let (line, whole) = (format!("Exec={path}"), format!("Exec=\"{inside}\""));
    entry.contains(&line).then(|| entry.replacen(&line, &whole, 1))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_blank_is_quoted_and_a_plain_one_is_left() {
        let entry = "[Desktop Entry]\nExec=/opt/a b/weir-tray --hidden\n";
        let text = quoted(entry, "/opt/a b/weir-tray").unwrap();
        assert_eq!(text, "[Desktop Entry]\nExec=\"/opt/a b/weir-tray\" --hidden\n");
        assert_eq!(quoted("Exec=/usr/bin/weir-tray --hidden\n", "/usr/bin/weir-tray"), None);
        let odd = quoted("Exec=/a$b/100%/w --hidden", "/a$b/100%/w").unwrap();
        assert_eq!(odd, r#"Exec="/a\\$b/100%%/w" --hidden"#);
    }
}
