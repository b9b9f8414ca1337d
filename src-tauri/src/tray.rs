//! The tray icon, drawn from the engine's `TrayView` and updated in place.
//! Owns when it is put up, drawn and taken away, and the icons.

use crate::menu::Drawn;
use crate::shell::Shell;
use crate::{clicks, say, window};
use std::sync::Arc;
use std::time::Duration;
use tauri::async_runtime::spawn_blocking;
use tauri::image::Image;
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, include_image};
use tauri_plugin_autostart::ManagerExt;
use weir_engine::api::{ApiProblem, Mark, Stamp, TrayView, fresh_for};
use weir_engine::clock;

const ID: &str = "weir";
/// The tray is drawn at most this often.
const BEAT: Duration = Duration::from_secs(1);
/// After a change it is drawn once more when this has passed quietly.
const SETTLE: Duration = Duration::from_secs(2);
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

/// The icon and its menu, as they are drawn.
struct Tray {
    icon: TrayIcon,
    menu: Drawn,
    mark: Mark,
    tooltip: String,
}

/// Puts up the tray and keeps it drawn for as long as the application runs, but for the times it is
/// hidden. Without a tray on this desktop it says so once and opens the window. `own_home`: whether
/// the home is the usual one, the only one that a start at login would find again.
pub async fn keep(app: AppHandle, shell: Arc<Shell>, own_home: bool) {
    while let Some(tray) = put_up(&app, &shell, own_home).await {
        keep_drawn(tray, &app, &shell, own_home).await;
        shell.shown_again().await;
    }
}

/// Draws until the icon is to go.
async fn keep_drawn(mut tray: Tray, app: &AppHandle, shell: &Arc<Shell>, own_home: bool) {
    let mut changes = shell.changes();
    let mut settled = false;
    while !shell.hidden() {
        if let Some(view) = view(app, shell, own_home).await {
            tray.draw(app, shell, &view);
        }
        tokio::time::sleep(BEAT).await;
        let now = Stamp::from_ms(clock::unix_ms());
        // At midnight today's figures start anew although nothing happened. And what another
        // program does is told before it is done: a tool's token comes before its settings.
        let wait = if settled { fresh_for(now, &clock::zone()) } else { SETTLE };
        settled = tokio::time::timeout(wait, changes.changed()).await.is_err() && !settled;
    }
    let app = app.clone();
    let gone = app.clone().run_on_main_thread(move || {
        drop(app.remove_tray_by_id(ID));
        drop(tray);
    });
    if let Err(problem) = gone {
        say::problem(&format!("the icon cannot be taken away: {problem}"));
    }
    shell.set_tray(false, None);
}

async fn view(app: &AppHandle, shell: &Arc<Shell>, own_home: bool) -> Option<TrayView> {
    let (app, shell) = (app.clone(), shell.clone());
    let ask = move || {
        let login = own_home.then(|| app.autolaunch().is_enabled().unwrap_or(false));
        shell.tray_view(login)
    };
    spawn_blocking(ask).await.ok()
}

async fn put_up(app: &AppHandle, shell: &Arc<Shell>, own_home: bool) -> Option<Tray> {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let Some(view) = view(app, shell, own_home).await else { continue };
        match build_on_main(app, view).await {
            Ok((tray, view)) => {
                shell.set_acts(&view.lines);
                shell.set_tray(true, None);
                return Some(tray);
            }
            Err(problem) if pause.is_zero() => {
                say::problem(&format!(
                    "no tray on this desktop ({problem}); opening the window instead, and serving"
                ));
                shell.set_tray(false, Some(NO_TRAY));
                window::show(app, None);
            }
            Err(_) => {}
        }
    }
    None
}

async fn build_on_main(app: &AppHandle, view: TrayView) -> Result<(Tray, TrayView), String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let handle = app.clone();
    let build = move || {
        let built = Tray::build(&handle, &view).map_err(|e| e.to_string());
        let _ = tell.send(built.map(|tray| (tray, view)));
    };
    app.run_on_main_thread(build).map_err(|e| e.to_string())?;
    told.await.map_err(|e| e.to_string())?
}

impl Tray {
    fn build(app: &AppHandle, view: &TrayView) -> tauri::Result<Self> {
        let menu = Drawn::new(app, &view.lines)?;
        let icon = TrayIconBuilder::with_id(ID)
            .icon(icon(view.mark))
            .icon_as_template(cfg!(target_os = "macos"))
            .title(title(view))
            .tooltip(&view.tooltip)
            .menu(menu.menu())
            .show_menu_on_left_click(cfg!(target_os = "macos"))
            .on_menu_event(clicks::clicked)
            .on_tray_icon_event(|icon, event| {
                if opens_window(&event) {
                    window::show(icon.app_handle(), None);
                }
            })
            .build(app)?;
        Ok(Self { icon, menu, mark: view.mark, tooltip: view.tooltip.clone() })
    }

    /// Changes what differs. A change that fails is tried again with the next drawing.
    fn draw(&mut self, app: &AppHandle, shell: &Shell, view: &TrayView) {
        // First, so that no line is there before it is known what it asks for.
        shell.set_acts(&view.lines);
        let _ = self.menu.draw(app, &view.lines);
        if self.tooltip != view.tooltip
            && self.icon.set_tooltip(Some(&view.tooltip)).is_ok()
            && self.icon.set_title(Some(title(view))).is_ok()
        {
            self.tooltip.clone_from(&view.tooltip);
        }
        let template = cfg!(target_os = "macos");
        if self.mark != view.mark
            && self.icon.set_icon_with_as_template(Some(icon(view.mark)), template).is_ok()
        {
            self.mark = view.mark;
        }
    }
}

/// A left click opens the window, but in a macOS menu bar, where any click opens the menu.
fn opens_window(event: &TrayIconEvent) -> bool {
    let left = matches!(
        event,
        TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
    );
    left && !cfg!(target_os = "macos")
}

/// Linux panels name an item by its title; in a macOS menu bar it would stand beside the icon.
fn title(view: &TrayView) -> &str {
    if cfg!(target_os = "macos") { "" } else { &view.tooltip }
}

fn icon(mark: Mark) -> Image<'static> {
    #[cfg(target_os = "macos")]
    return match mark {
        Mark::Calm => include_image!("icons/tray/calm-template-44.png"),
        Mark::Near => include_image!("icons/tray/near-template-44.png"),
        Mark::Crest => include_image!("icons/tray/crest-template-44.png"),
        Mark::Over => include_image!("icons/tray/over-template-44.png"),
        Mark::Paused => include_image!("icons/tray/paused-template-44.png"),
        Mark::Offline => include_image!("icons/tray/offline-template-44.png"),
    };
    #[cfg(not(target_os = "macos"))]
    match mark {
        Mark::Calm => include_image!("icons/tray/calm-44.png"),
        Mark::Near => include_image!("icons/tray/near-44.png"),
        Mark::Crest => include_image!("icons/tray/crest-44.png"),
        Mark::Over => include_image!("icons/tray/over-44.png"),
        Mark::Paused => include_image!("icons/tray/paused-44.png"),
        Mark::Offline => include_image!("icons/tray/offline-44.png"),
    }
}

/// Puts the proxy's address on the clipboard. Blocks.
///
/// # Errors
/// When nothing listens, or the desktop offers no clipboard.
pub fn copy_address(shell: &Shell) -> Result<(), ApiProblem> {
    let address = match shell.address() {
        Some(address) => address,
        None => return shell.desk().map(drop),
    };
    shell.clipboard.put(&address)
}
