//! When the tray icon is put up, drawn and taken away. What draws it is the desktop's: `item` on
//! Linux, the toolkit's own tray elsewhere.

use crate::shell::Shell;
use crate::{login, say};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use weir_engine::api::{Stamp, TrayView, fresh_for};
use weir_engine::clock;

/// The tray is drawn at most this often.
const BEAT: Duration = Duration::from_secs(1);
/// After a change it is drawn once more when this has passed quietly.
const SETTLE: Duration = Duration::from_secs(2);
/// So long a click that takes the icon away has to be answered.
const ANSWERED: Duration = Duration::from_millis(200);
/// When a tray is looked for: panels may start after programs do. After the last, never again.
const LOOKS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(40),
];
const NO_TRAY: &str = "This desktop shows no tray icons, so Weir opened its window instead. Closing \
    it leaves Weir serving; start weir-tray again to see it. On GNOME the extension \"AppIndicator \
    and KStatusNotifierItem Support\" adds tray icons.";

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

    /// Takes it away. Blocks.
    fn take_away(self: Box<Self>);
}

/// What there is to know beside the panel.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Whether the home is the usual one, the only one that a start at login would find again.
    pub usual_home: bool,
    /// Whether the window stays closed also where there is no icon.
    pub hidden: bool,
}

/// Puts up the icon and keeps it drawn for as long as the application runs, but for the times it is
/// hidden. Without a tray on this desktop it says so once and opens the window.
pub async fn keep(panel: Arc<dyn Panel>, shell: Arc<Shell>, wishes: Wishes) {
    while let Some(icon) = put_up(&panel, &shell, wishes).await {
        keep_drawn(icon, &shell, wishes).await;
        shell.shown_again().await;
    }
}

/// Draws until the icon is to go.
async fn keep_drawn(mut icon: Box<dyn Icon>, shell: &Arc<Shell>, wishes: Wishes) {
    let mut changes = shell.changes();
    let mut settled = false;
    while !shell.hidden() {
        let asked = shell.clone();
        let draw = move || {
            let view = view(&asked, wishes);
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
    shell.set_tray(false, None);
}

fn view(shell: &Shell, wishes: Wishes) -> TrayView {
    shell.tray_view(wishes.usual_home.then(login::is_on))
}

async fn put_up(
    panel: &Arc<dyn Panel>,
    shell: &Arc<Shell>,
    wishes: Wishes,
) -> Option<Box<dyn Icon>> {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let (panel, asked) = (panel.clone(), shell.clone());
        let put_up = move || {
            let view = view(&asked, wishes);
            asked.set_acts(&view.lines);
            panel.put_up(&asked, &view)
        };
        match spawn_blocking(put_up).await {
            Ok(Ok(icon)) => {
                shell.set_tray(true, None);
                return Some(icon);
            }
            Ok(Err(problem)) if pause.is_zero() => no_tray(shell, wishes, &problem),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    None
}

fn no_tray(shell: &Arc<Shell>, wishes: Wishes, problem: &str) {
    shell.set_tray(false, Some(NO_TRAY));
    if wishes.hidden {
        say::problem(&format!("no tray on this desktop ({problem}); serving"));
    } else {
        say::problem(&format!(
            "no tray on this desktop ({problem}); opening the window instead, and serving"
        ));
        shell.show(None);
    }
}
