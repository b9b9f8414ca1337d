//! What a click in the tray's menu does: asks the engine's desk or the workbench of the tools, off
//! the thread it came on, and tells what failed where a person sees it.

use crate::say;
use crate::shell::Shell;
use std::sync::Arc;
use weir_engine::alerts;
use weir_engine::api::ApiProblem;
use weir_engine::api::menu::Act;

/// The line of the menu with that name was clicked.
pub fn clicked(shell: &Arc<Shell>, id: &str) {
    // A line that went while it was clicked asks for nothing any more.
    let Some(act) = shell.act_of(id) else { return };
    match act {
        Act::Open(page) => shell.show(page),
        Act::Quit => shell.quit(),
        act => away(shell, move |shell| done(shell, act)),
    }
}

/// Takes the icon and the window away; the engine goes on in this process, with every answer under
/// way. Another start brings both back. Blocks until the window is gone.
pub fn hide(shell: &Shell) {
    shell.hide(true);
    shell.close_window();
}

/// Another start of the program, or whoever asks for the window; on a page, or as it was left.
pub fn come_back(shell: &Arc<Shell>, page: Option<&str>) {
    shell.hide(false);
    shell.show(page);
}

fn done(shell: &Shell, act: Act) -> Result<(), ApiProblem> {
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
        Act::Copy => shell.copy_address(),
        Act::CloseTunnel => shell.desk()?.tunnel_stop().map(drop),
        Act::Login(on) => shell.set_login(on),
        Act::Hide => {
            hide(shell);
            Ok(())
        }
        Act::RestoreAndQuit => restore_and_quit(shell),
        Act::Open(_) | Act::Quit => Ok(()),
    }
}

/// Puts every tool back until the next start, and ends only when all of them are.
///
/// # Errors
/// The tools that could not be put back; Weir serves on for them.
pub fn restore_and_quit(shell: &Shell) -> Result<(), ApiProblem> {
    shell.bench()?.put_away()?;
    shell.quit();
    Ok(())
}

/// Does something on a thread that may wait. What fails is told as a notification and on the
/// terminal, and the menu is drawn as things really stand.
fn away(shell: &Arc<Shell>, work: impl FnOnce(&Shell) -> Result<(), ApiProblem> + Send + 'static) {
    let shell = shell.clone();
    let work = move || {
        if let Err(problem) = work(&shell) {
            say::problem(&problem.message);
            // Without a notification server the terminal is all there is.
            let _ = alerts::say(&problem.message);
        }
        shell.touch();
    };
    if let Err(problem) = std::thread::Builder::new().name("weir-click".into()).spawn(work) {
        say::problem(&format!("no thread can be started: {problem}"));
    }
}
