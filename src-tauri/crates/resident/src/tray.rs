//! When the tray icon is put up, drawn and taken away. What draws it is the desktop's: `item` on
//! Linux, the toolkit's own tray elsewhere.

use crate::say;
use crate::shell::{Place, Shell};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use weir_engine::api::{Stamp, TrayView, fresh_for};
use weir_engine::{alerts, clock};

/// The tray is drawn at most this often.
const BEAT: Duration = Duration::from_secs(1);
/// After a change it is drawn once more when this has passed quietly.
const SETTLE: Duration = Duration::from_secs(2);
/// So long a click that takes the icon away has to be answered.
const ANSWERED: Duration = Duration::from_millis(200);
/// When an icon that could not be put up is tried again; a panel that comes later is heard of by the
/// icon itself. After the last, never again.
const LOOKS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(40),
];
/// A panel that starts anew, or after this program, is back before anybody is told of it.
const BACK_SOON: Duration = Duration::from_secs(5);
const NO_TRAY: &str = "This desktop shows no tray icons, so the window stands in for one. Closing it \
    leaves Weir serving: weir status says how it stands, and weir-tray shows the window again. On \
    GNOME the extension \"AppIndicator and KStatusNotifierItem Support\" adds tray icons.";
const TRAY_GONE: &str = "The panel that showed Weir's icon is gone, and Weir serves on: weir status \
    says how it stands, and weir-tray shows the window, where it can be quit. The icon is back as \
    soon as a panel is.";

/// Where icons are shown on this desktop.
pub trait Panel: Send + Sync + 'static {
    /// Puts up the icon with its menu. Blocks.
    ///
    /// # Errors
    /// Why this desktop shows none.
    fn put_up(&self, shell: &Arc<Shell>, view: &TrayView) -> Result<Box<dyn Icon>, String>;
}

/// An icon that stands.
pub trait Icon: Send {
    /// Changes what differs. Blocks.
    fn draw(&mut self, view: &TrayView);

    /// Whether anything showed it when it was put up. What comes later is told to the shell.
    fn seen(&self) -> bool {
        true
    }

    /// Takes it away. Blocks.
    fn take_away(self: Box<Self>);
}

/// What there is to know beside the panel.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Whether the window stays closed also where there is no icon.
    pub hidden: bool,
}

/// Puts up the icon and keeps it drawn for as long as the application runs, but for the times it is
/// hidden. Without a tray on this desktop it says so once and opens the window.
pub async fn keep(panel: Arc<dyn Panel>, shell: Arc<Shell>, wishes: Wishes) {
    let icons = async {
        while let Some(icon) = put_up(&panel, &shell).await {
            keep_drawn(icon, &shell).await;
            shell.shown_again().await;
        }
    };
    tokio::join!(icons, tell(&shell, wishes));
}

/// Tells the window where the icon is and, once each, the terminal and the person in front.
async fn tell(shell: &Arc<Shell>, wishes: Wishes) {
    let mut place = shell.place();
    let (mut was_shown, mut said, mut notified) = (false, false, false);
    loop {
        let now = place.borrow_and_update().clone();
        let mut unseen = None;
        match now {
            Place::Nowhere => shell.set_tray(false, None),
            Place::Shown => {
                was_shown = true;
                shell.set_tray(true, None);
            }
            Place::Unseen(why) => {
                let note = if was_shown { TRAY_GONE } else { NO_TRAY };
                shell.set_tray(false, Some(note));
                if !std::mem::replace(&mut said, true) {
                    unseen_first(shell, wishes, was_shown, &why);
                }
                // Whose window opened instead knows.
                unseen = Some(note).filter(|_| was_shown || wishes.hidden).filter(|_| !notified);
            }
        }
        let changed = match unseen {
            None => place.changed().await,
            Some(note) => match tokio::time::timeout(BACK_SOON, place.changed()).await {
                Ok(changed) => changed,
                Err(_) => {
                    notified = true;
                    // Without a notification server the terminal is all there is.
                    let _ = spawn_blocking(|| alerts::say(note)).await;
                    place.changed().await
                }
            },
        };
        // The sender lives as long as the shell does.
        if changed.is_err() {
            return;
        }
    }
}

fn unseen_first(shell: &Arc<Shell>, wishes: Wishes, was_shown: bool, why: &str) {
    if was_shown {
        say::problem(&format!("the tray's panel is gone ({why}); serving. See: weir status"));
    } else if wishes.hidden {
        say::problem(&format!("no tray on this desktop ({why}); serving. See: weir status"));
    } else {
        say::problem(&format!(
            "no tray on this desktop ({why}); opening the window instead, and serving"
        ));
        shell.show(None);
    }
}

/// Draws until the icon is to go.
async fn keep_drawn(mut icon: Box<dyn Icon>, shell: &Arc<Shell>) {
    let mut changes = shell.changes();
    let mut settled = false;
    while !shell.hidden() {
        let asked = shell.clone();
        let draw = move || {
            let view = asked.tray_view();
            // First, so that no line is there before it is known what it asks for.
            asked.set_acts(&view.lines);
            icon.draw(&view);
            icon
        };
        match spawn_blocking(draw).await {
            Ok(drawn) => icon = drawn,
            Err(_) => return,
        }
        tokio::time::sleep(BEAT).await;
        let now = Stamp::from_ms(clock::unix_ms());
        // At midnight today's figures start anew although nothing happened. And what another
        // program does is told before it is done: a tool's token comes before its settings.
        let wait = if settled { fresh_for(now, &clock::zone()) } else { SETTLE };
        settled = tokio::time::timeout(wait, changes.changed()).await.is_err() && !settled;
    }
    // The panel whose click this was is answered first: an icon that is gone answers nobody.
    tokio::time::sleep(ANSWERED).await;
    // Nobody waits for it but who hides it, and there is nothing to do if it fails.
    let _ = spawn_blocking(move || icon.take_away()).await;
    shell.set_place(Place::Nowhere);
}

async fn put_up(panel: &Arc<dyn Panel>, shell: &Arc<Shell>) -> Option<Box<dyn Icon>> {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let (panel, asked) = (panel.clone(), shell.clone());
        let put_up = move || {
            let view = asked.tray_view();
            asked.set_acts(&view.lines);
            panel.put_up(&asked, &view)
        };
        match spawn_blocking(put_up).await {
            Ok(Ok(icon)) => {
                // One that nothing shows has said so itself.
                if icon.seen() {
                    shell.set_place(Place::Shown);
                }
                return Some(icon);
            }
            Ok(Err(problem)) => shell.set_place(Place::Unseen(problem)),
            Err(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::Handle;
    use tokio::task::JoinSet;
    use weir_engine::Home;

    /// Far longer than telling takes.
    const TOLD_MAX: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_panel_that_goes_is_said_in_the_window_which_can_quit_until_one_is_back() {
        let dir = tempfile::tempdir().unwrap();
        let shell = Arc::new(Shell::new(Home::at(dir.path()), Handle::current()));
        let heard = shell.clone();
        // Ends with the test.
        let mut telling = JoinSet::new();
        telling.spawn(async move { tell(&heard, Wishes { hidden: true }).await });
        let mut changes = shell.changes();
        let gone = || Place::Unseen("it went away".into());
        let steps = [
            (gone(), Some(NO_TRAY)),
            (Place::Shown, None),
            (gone(), Some(TRAY_GONE)),
            (Place::Shown, None),
        ];
        for (place, note) in steps {
            shell.set_place(place);
            let seen = async {
                loop {
                    let view = shell.window_view();
                    let notes: Vec<&str> = view.notes.iter().map(String::as_str).collect();
                    if view.tray == note.is_none() && notes == Vec::from_iter(note) {
                        return;
                    }
                    changes.changed().await.unwrap();
                }
            };
            tokio::time::timeout(TOLD_MAX, seen).await.expect("the window is told");
        }
        for note in [NO_TRAY, TRAY_GONE] {
            assert!(note.contains("weir status") && note.contains("weir-tray"), "{note}");
        }
    }
}
