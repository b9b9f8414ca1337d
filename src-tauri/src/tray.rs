//! The tray icon and its menu, drawn from the engine's `TrayView` and updated in place.
//! Owns the words that never change, the icons, and what a click asks for.

use crate::shell::Shell;
use crate::{host, say, window};
use std::sync::Arc;
use std::time::Duration;
use tauri::async_runtime::{self, spawn_blocking};
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry, include_image};
use tauri_plugin_autostart::ManagerExt;
use weir_engine::api::{ApiProblem, Mark, Stamp, TrayView, fresh_for};
use weir_engine::clock;

/// The tray is drawn at most this often.
const BEAT: Duration = Duration::from_secs(1);
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

/// The icon and the parts of its menu that change.
struct Tray {
    icon: TrayIcon,
    status: MenuItem<Wry>,
    spend: MenuItem<Wry>,
    pause: CheckMenuItem<Wry>,
    copy: MenuItem<Wry>,
    tunnel: MenuItem<Wry>,
    login: CheckMenuItem<Wry>,
    drawn: TrayView,
}

/// Puts up the tray and keeps it drawn for as long as the application runs. Without a tray on this
/// desktop it says so once and opens the window. `own_home`: whether the home is the usual one, the
/// only one that a start at login would find again.
pub async fn keep(app: AppHandle, shell: Arc<Shell>, own_home: bool) {
    let Some(mut tray) = put_up(&app, &shell, own_home).await else { return };
    let mut changes = shell.changes();
    loop {
        let asked = shell.clone();
        if let Ok(view) = spawn_blocking(move || asked.tray_view()).await {
            tray.draw(view);
        }
        tokio::time::sleep(BEAT).await;
        let now = Stamp::from_ms(clock::unix_ms());
        // At midnight today's figures start anew although nothing happened.
        let fresh = fresh_for(now, &clock::zone());
        let _ = tokio::time::timeout(fresh, changes.changed()).await;
    }
}

async fn put_up(app: &AppHandle, shell: &Shell, own_home: bool) -> Option<Tray> {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        match build_on_main(app, own_home).await {
            Ok(tray) => {
                shell.set_tray(true, None);
                return Some(tray);
            }
            Err(problem) if pause.is_zero() => {
                say::problem(&format!(
                    "no tray on this desktop ({problem}); opening the window instead, and serving"
                ));
                shell.set_tray(false, Some(NO_TRAY));
                window::show(app);
            }
            Err(_) => {}
        }
    }
    None
}

async fn build_on_main(app: &AppHandle, own_home: bool) -> Result<Tray, String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let handle = app.clone();
    let build = move || {
        let _ = tell.send(Tray::build(&handle, own_home).map_err(|e| e.to_string()));
    };
    app.run_on_main_thread(build).map_err(|e| e.to_string())?;
    told.await.map_err(|e| e.to_string())?
}

impl Tray {
    fn build(app: &AppHandle, own_home: bool) -> tauri::Result<Self> {
        let hands_over = host::can_hand_over(&app.state::<Arc<Shell>>().home);
        let view = TrayView::offline("starting");
        let item =
            |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
        let check = |id: &str, text: &str, enabled, checked| {
            CheckMenuItem::with_id(app, id, text, enabled, checked, None::<&str>)
        };
        let line = || PredefinedMenuItem::separator(app);
        let status = item("status", &view.status, false)?;
        let spend = item("spend", &view.spend, true)?;
        let pause = check("pause", "Pause routing (pass everything through)", false, false)?;
        let copy = item("copy", "Copy proxy address", false)?;
        let tunnel = item("tunnel", &view.tunnel, false)?;
        let starts = own_home && app.autolaunch().is_enabled().unwrap_or(false);
        let login = check("login", "Start at login", own_home, starts)?;
        let menu = Menu::with_items(
            app,
            &[
                &status,
                &spend,
                &line()?,
                &item("open", "Open Weir", true)?,
                &pause,
                &copy,
                &tunnel,
                &line()?,
                &login,
            ],
        )?;
        if hands_over {
            menu.append(&item("keep", "Keep serving without the icon", true)?)?;
        }
        menu.append(&item("quit", "Quit Weir", true)?)?;
        let icon = TrayIconBuilder::with_id("weir")
            .icon(icon(view.mark))
            .icon_as_template(cfg!(target_os = "macos"))
            .title(title(&view))
            .tooltip(&view.tooltip)
            .menu(&menu)
            .show_menu_on_left_click(cfg!(target_os = "macos"))
            .on_menu_event(clicked)
            .on_tray_icon_event(|icon, event| {
                if opens_window(&event) {
                    window::show(icon.app_handle());
                }
            })
            .build(app)?;
        Ok(Self { icon, status, spend, pause, copy, tunnel, login, drawn: view })
    }

    /// Changes what differs. A failed change is tried again with the next one.
    fn draw(&mut self, view: TrayView) {
        let drawn = &self.drawn;
        let mut whole = true;
        let mut change = |differs: bool, draw: &dyn Fn() -> tauri::Result<()>| {
            if differs {
                whole &= draw().is_ok();
            }
        };
        change(drawn.status != view.status, &|| self.status.set_text(&view.status));
        change(drawn.spend != view.spend, &|| self.spend.set_text(&view.spend));
        change(drawn.paused.is_some() != view.paused.is_some(), &|| {
            self.pause.set_enabled(view.paused.is_some())
        });
        // Asked of the item: a click has ticked it already, whether or not the pause then held.
        let ticked = view.paused.unwrap_or(false);
        change(self.pause.is_checked().ok() != Some(ticked), &|| self.pause.set_checked(ticked));
        change(drawn.address.is_some() != view.address.is_some(), &|| {
            self.copy.set_enabled(view.address.is_some())
        });
        change(drawn.tunnel != view.tunnel, &|| self.tunnel.set_text(&view.tunnel));
        change(drawn.tunnel_open != view.tunnel_open, &|| {
            self.tunnel.set_enabled(view.tunnel_open)
        });
        change(drawn.tooltip != view.tooltip, &|| {
            self.icon.set_tooltip(Some(&view.tooltip))?;
            self.icon.set_title(Some(title(&view)))
        });
        change(drawn.mark != view.mark, &|| {
            let template = cfg!(target_os = "macos");
            self.icon.set_icon_with_as_template(Some(icon(view.mark)), template)
        });
        if let Ok(starts) = self.icon.app_handle().autolaunch().is_enabled()
            && self.login.is_checked().ok() != Some(starts)
        {
            let _ = self.login.set_checked(starts);
        }
        if whole {
            self.drawn = view;
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

fn clicked(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        "open" | "spend" => window::show(app),
        "pause" => act(app, |shell| {
            let desk = shell.desk()?;
            let paused = desk.status()?.routing.paused;
            desk.pause(!paused)
        }),
        "copy" => act(app, copy_address),
        "tunnel" => act(app, |shell| shell.desk()?.tunnel_stop().map(drop)),
        "login" => {
            let login = app.autolaunch();
            let done =
                if login.is_enabled().unwrap_or(false) { login.disable() } else { login.enable() };
            if let Err(problem) = done {
                say::problem(&format!("start at login cannot be changed: {problem}"));
            }
            app.state::<Arc<Shell>>().touch();
        }
        "keep" => {
            app.state::<Arc<Shell>>().hand_over();
            app.exit(0);
        }
        "quit" => app.exit(0),
        _ => {}
    }
}

/// Puts the proxy's address on the clipboard. Blocks.
///
/// # Errors
/// When nothing listens, or the desktop offers no clipboard.
pub fn copy_address(shell: &Shell) -> Result<(), ApiProblem> {
    let address = match shell.tray_view().address {
        Some(address) => address,
        None => return shell.desk().map(drop),
    };
    shell.clipboard.put(&address)
}

/// Does something off the main thread. What fails is said on the terminal, and the menu is drawn
/// as things really stand.
fn act(app: &AppHandle, work: impl FnOnce(&Shell) -> Result<(), ApiProblem> + Send + 'static) {
    let shell = app.state::<Arc<Shell>>().inner().clone();
    async_runtime::spawn_blocking(move || {
        if let Err(problem) = work(&shell) {
            say::problem(&problem.message);
        }
        shell.touch();
    });
}
