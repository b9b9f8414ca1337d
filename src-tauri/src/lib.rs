//! The tray application: draws what the engine's API says and passes on what is asked of it.
//! The only code that names tauri; it decides nothing. May depend on `weir-engine` alone.
//! Owns the order of starting and stopping.

pub mod arguments;
mod clicks;
mod clipboard;
mod commands;
mod display;
mod headless;
mod host;
mod menu;
mod place;
pub mod say;
mod shell;
mod signals;
mod tray;
mod window;

use arguments::{Arguments, Wanted};
use host::Wish;
use shell::Shell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tauri::async_runtime::{self, JoinHandle};
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, RunEvent, Wry};
use tokio::sync::watch;
use weir_engine::Home;
pub use weir_engine::guard;
use weir_engine::home::HOME_VARIABLE;

/// How long a stop may take: the engine lets answers under way finish for less than this.
const STOP_MAX: Duration = Duration::from_secs(15);
/// How long a thread that still waits for something is waited for after that.
const LAST_THREADS_MAX: Duration = Duration::from_millis(200);

/// Runs until it is quit.
pub fn run(arguments: Arguments) -> ExitCode {
    let home = match Home::locate(arguments.home.as_deref()) {
        Ok(home) => home,
        Err(problem) => return failed(&problem.to_string()),
    };
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = match threads.thread_name("weir").enable_all().build() {
        Ok(runtime) => runtime,
        Err(problem) => return failed(&format!("no threads can be started: {problem}")),
    };
    async_runtime::set(runtime.handle().clone());
    let wish = Wish { home, port: arguments.port };
    // Before anything of tauri's: it panics where no display can be opened.
    if !display::can_open() {
        say::problem(
            "no display was found, so there is no tray and no window; serving all the same",
        );
        return runtime.block_on(headless::run(wish));
    }
    let code = with_display(wish, &arguments);
    // A thread that waits for a keychain or another engine must not hold up the end.
    runtime.shutdown_timeout(LAST_THREADS_MAX);
    code
}

fn with_display(wish: Wish, arguments: &Arguments) -> ExitCode {
    let shell = Arc::new(Shell::new(wish.home.clone()));
    let (stop, stopping) = watch::channel(false);
    let usual_home =
        arguments.home.is_none() && std::env::var_os(HOME_VARIABLE).is_none_or(|v| v.is_empty());
    let (show, page) = (arguments.show || arguments.page.is_some(), arguments.page.clone());
    let (tell, told) = std::sync::mpsc::sync_channel::<JoinHandle<()>>(1);

    let app = tauri::Builder::default()
        .plugin(one_a_home(&wish.home))
        .plugin(tauri_plugin_autostart::Builder::new().build())
        .manage(shell.clone())
        .invoke_handler(tauri::generate_handler![
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
            commands::login,
            commands::login_set,
            commands::retry,
            commands::hide,
            commands::restore_and_quit,
            commands::quit
        ])
        .setup(move |app| {
            let app = app.handle().clone();
            let host = host::keep(wish, app.clone(), shell.clone(), stopping);
            let _ = tell.send(async_runtime::spawn(host));
            async_runtime::spawn(tray::keep(app.clone(), shell, usual_home));
            async_runtime::spawn(quit_when_asked(app.clone()));
            if show {
                window::show(&app, page.as_deref());
            }
            Ok(())
        })
        .build(context());
    let app = match app {
        Ok(app) => app,
        Err(problem) => return failed(&format!("the desktop application cannot start: {problem}")),
    };
    let code = app.run_return(|_, event| {
        // The last window's closing ends nothing; only `exit` does.
        if let RunEvent::ExitRequested { api, code: None, .. } = event {
            api.prevent_exit();
        }
    });
    stop.send_replace(true);
    if let Ok(host) = told.try_recv() {
        let stopped = async_runtime::block_on(async { tokio::time::timeout(STOP_MAX, host).await });
        if stopped.is_err() {
            say::problem("the engine did not stop in time; answers under way were cut");
        }
    }
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// `tauri.conf.json`, the icons and the window's files, as they were when this was built.
#[expect(
    clippy::disallowed_methods,
    reason = "tauri's macro ends the process if it fails, which is before any engine runs"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// A second start for the same home shows the window of the first and ends.
fn one_a_home(home: &Home) -> TauriPlugin<Wry> {
    let mut hasher = DefaultHasher::new();
    home.root().hash(&mut hasher);
    tauri_plugin_single_instance::Builder::new()
        .callback(|app, given, _| {
            // The first is the program's name. What makes no sense still shows the window.
            let wanted = Arguments::read(given.into_iter().skip(1).map(Into::into));
            let page = match &wanted {
                Ok(Wanted::Run(arguments)) => arguments.page.as_deref(),
                _ => None,
            };
            clicks::come_back(app, page);
        })
        .dbus_id(format!("dev.weir.tray.home{:016x}", hasher.finish()))
        .build()
}

async fn quit_when_asked(app: AppHandle) {
    signals::stop_asked().await;
    app.exit(0);
}

fn failed(problem: &str) -> ExitCode {
    say::problem(problem);
    ExitCode::FAILURE
}
