//! What a click in the tray's menu does: asks the engine's desk or the workbench of the tools, off
//! the main thread, and tells what failed where a person sees it.

use crate::shell::Shell;
use crate::{say, tray, window};
use std::sync::Arc;
use tauri::async_runtime::spawn_blocking;
use tauri::menu::MenuEvent;
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use weir_engine::alerts;
use weir_engine::api::menu::Act;
use weir_engine::api::{ApiProblem, Code};

/// A line of the menu was clicked.
pub fn clicked(app: &AppHandle, event: MenuEvent) {
    let shell = app.state::<Arc<Shell>>();
    // A line that went while it was clicked asks for nothing any more.
    let Some(act) = shell.act_of(event.id().as_ref()) else { return };
    match act {
        Act::Open(page) => window::show(app, page),
        Act::Quit => app.exit(0),
        Act::Hide => hide(app),
        act => away(app, move |app, shell| done(app, shell, act)),
    }
}

/// Takes the icon and the window away; the engine goes on in this process, with every answer under
/// way. Another start brings both back.
pub fn hide(app: &AppHandle) {
    app.state::<Arc<Shell>>().hide(true);
    window::close(app);
}

/// Another start of the program, or whoever asks for the window; on a page, or as it was left.
pub fn come_back(app: &AppHandle, page: Option<&str>) {
    app.state::<Arc<Shell>>().hide(false);
    window::show(app, page);
}

fn done(app: &AppHandle, shell: &Shell, act: Act) -> Result<(), ApiProblem> {
    match act {
        Act::Pause(paused) => shell.desk()?.pause(paused),
        Act::Local(order) => {
            let desk = shell.desk()?;
            shell.begin(order.clone());
            let done = desk.local(&order).map(drop);
            shell.end(&order);
            done
        }
        Act::Profile(name) => shell.desk()?.profile_use(&name).map(drop),
        Act::Disconnect(tool) => shell.bench()?.disconnect(&tool).map(drop),
        Act::Copy => tray::copy_address(shell),
        Act::CloseTunnel => shell.desk()?.tunnel_stop().map(drop),
        Act::Login(on) => {
            let login = app.autolaunch();
            let done = if on { login.enable() } else { login.disable() };
            done.map_err(|problem| {
                let text = format!("start at login cannot be changed: {problem}");
                ApiProblem::new(Code::Unavailable, text)
            })
        }
        Act::RestoreAndQuit => restore_and_quit(app, shell),
        Act::Open(_) | Act::Quit | Act::Hide => Ok(()),
    }
}

/// Puts every tool back, and ends only when all of them are.
///
/// # Errors
/// The tools that could not be put back; Weir serves on for them.
pub fn restore_and_quit(app: &AppHandle, shell: &Shell) -> Result<(), ApiProblem> {
    shell.bench()?.restore()?;
    app.exit(0);
    Ok(())
}

/// Does something off the main thread. What fails is told as a notification and on the terminal,
/// and the menu is drawn as things really stand.
fn away(
    app: &AppHandle,
    work: impl FnOnce(&AppHandle, &Shell) -> Result<(), ApiProblem> + Send + 'static,
) {
    let (app, shell) = (app.clone(), app.state::<Arc<Shell>>().inner().clone());
    spawn_blocking(move || {
        if let Err(problem) = work(&app, &shell) {
            say::problem(&problem.message);
            // Without a notification server the terminal is all there is.
            let _ = alerts::say(&problem.message);
        }
        shell.touch();
    });
}
