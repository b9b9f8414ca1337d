//! The window and, where icons are the toolkit's, the tray: draws what the engine's API says and
//! passes on what is asked of it. The only code that names tauri; it decides nothing. May depend on
//! `weir-resident` and the engine's API.

mod commands;
mod lean;
#[cfg(not(target_os = "linux"))]
mod menu;
#[cfg(not(target_os = "linux"))]
mod native;
mod pane;
mod place;
mod window;

use pane::{First, Pane};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use tauri::{Builder, Wry};
use weir_engine::Home;
pub use weir_engine::guard;
use weir_engine::pages;
use weir_resident::arguments::Arguments;
use weir_resident::words::OTHER_VERSION;
use weir_resident::{login, say};

const WRONG_USAGE: u8 = 2;

/// Runs the process that stays, until it is quit.
pub fn stay(arguments: Arguments, first: &'static [&'static str]) -> ExitCode {
    lean::become_lean(&arguments);
    #[cfg(target_os = "linux")]
    return weir_resident::run(arguments, first);
    #[cfg(not(target_os = "linux"))]
    native::run(arguments, first)
}

/// Runs the window until it is closed, or whoever started it is gone.
pub fn window(mut given: impl Iterator<Item = OsString>) -> ExitCode {
    pages::large();
    let home = match (given.next(), given.next(), given.next()) {
        (Some(name), Some(home), None) if name == "--home" => Home::at(PathBuf::from(home)),
        _ => {
            say::problem("the window is opened by the tray. Start it: weir-tray --show");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let pane = match Pane::first(home, pane::words()) {
        First::Told(pane) => pane,
        First::Gone => return ExitCode::SUCCESS,
        First::OtherVersion => {
            say::problem("Weir was updated; quit it and start weir-tray again");
            return ExitCode::from(OTHER_VERSION);
        }
    };
    let heard = pane.clone();
    let app = with_commands(Builder::default())
        .plugin(tauri_plugin_autostart::Builder::new().arg(login::ARGUMENT).build())
        .manage(pane)
        .setup(move |app| {
            window::open(app.handle())?;
            heard.listen(app.handle().clone())?;
            Ok(())
        })
        .build(context());
    match app {
        Ok(app) => {
            let code = app.run_return(|_, _| {});
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Err(problem) => {
            say::problem(&format!("the window cannot be opened: {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn with_commands(builder: Builder<Wry>) -> Builder<Wry> {
    builder.invoke_handler(tauri::generate_handler![
        commands::view,
        commands::pause,
        commands::copy_address,
        commands::copy,
        commands::requests,
        commands::request,
        commands::summary,
        commands::breakdown,
        commands::chart,
        commands::models,
        commands::prices,
        commands::route_test,
        commands::keys,
        commands::key_set,
        commands::key_remove,
        commands::key_test,
        commands::shadow,
        commands::simulate,
        commands::budgets,
        commands::budget_order,
        commands::profiles,
        commands::profile_use,
        commands::profile_add,
        commands::routing_text,
        commands::config_edit,
        commands::local,
        commands::local_order,
        commands::tunnel,
        commands::tunnel_start,
        commands::tunnel_stop,
        commands::tunnel_test,
        commands::config_shown,
        commands::config_check,
        commands::doctor,
        commands::tools,
        commands::clients,
        commands::tool_rehearse,
        commands::tool_connect,
        commands::tool_disconnect,
        commands::tools_restore,
        commands::histories,
        commands::history_import,
        commands::login_set,
        commands::retry,
        commands::use_port,
        commands::hide,
        commands::restore_and_quit,
        commands::quit
    ])
}

/// `tauri.conf.json`, the icons and the window's files, as they were when this was built.
#[expect(
    clippy::disallowed_methods,
    reason = "tauri's macro ends the process if it fails, which is before any engine runs"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}
