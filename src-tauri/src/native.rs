//! Where icons are the toolkit's, on macOS and Windows: the process that stays, around tauri's event
//! loop, which those systems want for an icon. Its window is another process all the same.

use crate::context;
use crate::menu::Drawn;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use tauri::image::Image;
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, RunEvent, include_image};
use weir_engine::api::{Mark, TrayView};
use weir_resident::arguments::Arguments;
use weir_resident::{Icon, Panel, Resident, Shell, clicked, say};

const ID: &str = "weir";

/// Runs until it is quit.
pub fn run(arguments: Arguments, first: &'static [&'static str]) -> ExitCode {
    let mut resident = match Resident::start(arguments, first) {
        Ok(resident) => resident,
        Err(code) => return code,
    };
    let app = match tauri::Builder::default().build(context()) {
        Ok(app) => app,
        Err(problem) => {
            say::problem(&format!("the tray cannot start: {problem}"));
            resident.end();
            return ExitCode::FAILURE;
        }
    };
    resident.show_icon(Arc::new(Toolkit(app.handle().clone())));
    let (ends, shell) = (app.handle().clone(), resident.shell.clone());
    tauri::async_runtime::spawn(async move {
        shell.quit_asked().await;
        ends.exit(0);
    });
    app.run_return(|_, event| {
        // Without a window nothing ends it; only `exit` does.
        if let RunEvent::ExitRequested { api, code: None, .. } = event {
            api.prevent_exit();
        }
    });
    resident.end()
}

/// The tray of tauri.
struct Toolkit(AppHandle);

impl Panel for Toolkit {
    fn put_up(&self, shell: &Arc<Shell>, view: &TrayView) -> Result<Box<dyn Icon>, String> {
        let (app, shell, view) = (self.0.clone(), shell.clone(), view.clone());
        let built = on_main(&self.0, move || {
            Standing::build(&app, &shell, &view).map_err(|problem| problem.to_string())
        })?;
        Ok(Box::new(built?))
    }
}

/// Does something where such things are done, and waits for it.
fn on_main<T: Send + 'static>(
    app: &AppHandle,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (tell, told) = sync_channel(1);
    let done = app.run_on_main_thread(move || {
        let _ = tell.send(work());
    });
    done.map_err(|problem| problem.to_string())?;
    told.recv().map_err(|problem| problem.to_string())
}

/// The icon and its menu, as they are drawn.
struct Standing {
    app: AppHandle,
    icon: TrayIcon,
    menu: Drawn,
    mark: Mark,
    tooltip: String,
}

impl Standing {
    fn build(app: &AppHandle, shell: &Arc<Shell>, view: &TrayView) -> tauri::Result<Self> {
        let menu = Drawn::new(app, &view.lines)?;
        let (menu_shell, icon_shell) = (shell.clone(), shell.clone());
        let icon = TrayIconBuilder::with_id(ID)
            .icon(icon(view.mark))
            .icon_as_template(cfg!(target_os = "macos"))
            .title(title(view))
            .tooltip(&view.tooltip)
            .menu(menu.menu())
            .show_menu_on_left_click(cfg!(target_os = "macos"))
            .on_menu_event(move |_, event| clicked(&menu_shell, event.id().as_ref()))
            .on_tray_icon_event(move |_, event| {
                if opens_window(&event) {
                    icon_shell.show(None);
                }
            })
            .build(app)?;
        let (mark, tooltip) = (view.mark, view.tooltip.clone());
        Ok(Self { app: app.clone(), icon, menu, mark, tooltip })
    }
}

impl Icon for Standing {
    /// Changes what differs. A change that fails is tried again with the next drawing.
    fn draw(&mut self, view: &TrayView) {
        let _ = self.menu.draw(&self.app, &view.lines);
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

    fn take_away(self: Box<Self>) {
        let app = self.app.clone();
        let gone = on_main(&app.clone(), move || {
            drop(app.remove_tray_by_id(ID));
            drop(self);
        });
        if let Err(problem) = gone {
            say::problem(&format!("the icon cannot be taken away: {problem}"));
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

/// In a macOS menu bar a title would stand beside the icon.
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
