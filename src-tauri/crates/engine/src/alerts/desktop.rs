//! The system's own notifications, through notify-rust: D-Bus on Linux, without any library at run
//! time. Owns the three things that can be done from one.

use super::deliver::{Alert, Notifier};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a click on a notification asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Open the window.
    Open,
    /// Raise the budget's limit until its day ends.
    Raise(String),
    /// Only local models for the budget until its day ends.
    Local(String),
}

/// The icon by the name under which packages install it: that of the tray's program.
pub const ICON: &str = "weir-tray";

/// Who does what a click asks for.
type Doer = Arc<dyn Fn(Act) + Send + Sync>;

/// Notifications whose buttons are listened to at once; older ones are shown all the same.
const LISTENED_MAX: usize = 8;

/// The system's notifications.
pub struct Desktop {
    doer: Doer,
    opens: bool,
    listened: Arc<AtomicUsize>,
}

impl Desktop {
    /// `opens` says whether there is a window to open.
    pub fn new(opens: bool, doer: Doer) -> Self {
        Self { doer, opens, listened: Arc::default() }
    }
}

/// Tells something that nothing can be done about from a notification.
///
/// # Errors
/// Why the desktop shows none.
pub fn say(text: &str) -> Result<(), String> {
    let mut shown = notify_rust::Notification::new();
    shown.appname("Weir").summary("Weir").body(text).icon(ICON);
    shown.show().map(drop).map_err(|problem| problem.to_string())
}

impl Notifier for Desktop {
    fn name(&self) -> &'static str {
        "the desktop's notifications"
    }

    fn tell(&self, alert: &Alert) -> Result<(), String> {
        if alert.echo {
            return Ok(());
        }
        let mut shown = notify_rust::Notification::new();
        shown.appname("Weir").summary("Weir").body(&alert.message).icon(ICON);
        if self.opens {
            shown.action("open", "Open");
        }
        if alert.budget.is_some() && alert.kind != "spike" {
            shown.action("raise", "Raise for today").action("local", "Go local");
        }
        let handle = shown.show().map_err(|problem| problem.to_string())?;
        self.listen(handle, alert.budget.clone());
        Ok(())
    }
}

impl Desktop {
    /// Waits for a click on a thread of its own. On macOS a click needs the main loop, which a
    /// server has not.
    #[cfg(not(target_os = "macos"))]
    fn listen(&self, handle: notify_rust::NotificationHandle, budget: Option<String>) {
        if self.listened.fetch_add(1, Ordering::AcqRel) >= LISTENED_MAX {
            self.listened.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        let (doer, listened) = (Arc::clone(&self.doer), Arc::clone(&self.listened));
        let wait = move || {
            handle.wait_for_action(|clicked| match (clicked, budget) {
                ("open" | "default", _) => doer(Act::Open),
                ("raise", Some(budget)) => doer(Act::Raise(budget)),
                ("local", Some(budget)) => doer(Act::Local(budget)),
                _ => {}
            });
            listened.fetch_sub(1, Ordering::AcqRel);
        };
        if let Err(problem) = std::thread::Builder::new().name("weir-notified".into()).spawn(wait) {
            tracing::warn!(%problem, "a notification's buttons do nothing");
        }
    }

    #[cfg(target_os = "macos")]
    fn listen(&self, _: notify_rust::NotificationHandle, _: Option<String>) {
        let _ = (&self.doer, self.listened.load(Ordering::Acquire), LISTENED_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::ICON;
    use std::path::Path;

    #[test]
    fn the_icon_of_a_notification_is_the_one_that_packages_install() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tauri.conf.json");
        let text = std::fs::read_to_string(file).expect("tauri.conf.json");
        let bundle: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(bundle["mainBinaryName"], ICON, "the bundler names the icons after the program");
    }
}
