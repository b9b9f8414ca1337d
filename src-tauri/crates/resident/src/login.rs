//! Start at login, as the tray's menu and the window show and change it. Owns what is started then:
//! the program that lies beside this one, with its icon and no window.

use crate::window;
use weir_engine::api::{ApiProblem, Code};
use weir_engine::autostart::Entry;

/// What the entry is called; the window's plugin takes the same from `tauri.conf.json`.
const NAME: &str = "Weir";
/// What the program is started with at login: its icon and no window.
pub const ARGUMENT: &str = "--hidden";
/// What a start at login would not find again.
pub const NOT_HERE: &str = "only the usual home can be started at login, and this one was named by \
    --home or WEIR_HOME. Start Weir without them to switch it";

/// Whether Weir starts at login; no where that cannot be known.
pub fn is_on() -> bool {
    entry().ok().and_then(|entry| entry.is_on().ok()).unwrap_or(false)
}

/// Starts Weir at login, or no longer.
///
/// # Errors
/// What the desktop says.
pub fn set(on: bool) -> Result<(), ApiProblem> {
    let changed = entry().and_then(|entry| entry.set(on).map_err(|problem| problem.to_string()));
    changed.map_err(|problem| {
        let text = format!("start at login cannot be changed: {problem}");
        ApiProblem::new(Code::Unavailable, text)
    })
}

/// Whether the desktop looks for entries where the window's plugin writes them, which knows no
/// `XDG_CONFIG_HOME`.
pub fn is_in_the_usual_place() -> bool {
    if cfg!(not(target_os = "linux")) {
        return true;
    }
    let named = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty());
    let usual = std::env::home_dir().map(|home| home.join(".config").into_os_string());
    named.is_none_or(|named| Some(named) == usual)
}

fn entry() -> Result<Entry, String> {
    let program = window::program().map_err(|problem| problem.to_string())?;
    Ok(Entry {
        name: NAME.into(),
        comment: "A metered gateway for language models on this machine".into(),
        program,
        arguments: vec![ARGUMENT.into()],
    })
}
