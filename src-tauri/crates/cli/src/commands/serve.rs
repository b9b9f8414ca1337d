//! `weir serve`: the engine in the foreground until a signal.
//! Owns the runtime's shape and the two steps of stopping: the first signal lets open answers
//! finish, the second ends at once.

use super::failed;
use crate::args::Serve;
use crate::out::{Done, Out, Stop, say};
use crate::signals::{Asked, Signals};
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use weir_engine::alerts::Opener;
use weir_engine::guard::{self, Restart};
use weir_engine::home::Home;
use weir_engine::lock::LockProblem;
use weir_engine::start::DRAIN_MAX;
use weir_engine::{Engine, Logs, Options, Running, StartProblem};

/// `weir serve`
pub fn serve(home: Home, args: &Serve) -> Done {
    let runtime = runtime().map_err(|e| failed(format!("cannot start the runtime: {e}")))?;
    let ended = runtime.block_on(run(home, args));
    // A blocked disk or keychain must not keep a process that was told twice to go.
    runtime.shutdown_background();
    ended
}

/// The runtime of a serving process; the one place that decides its shape. One thread carries all
/// requests: with two, waking the other one added about 20 µs to a request on two cores, and 64
/// connections were served no faster. What may block (the control socket's calls, the keychain,
/// the ledger's writer) has threads of its own.
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn run(home: Home, args: &Serve) -> Done {
    // Before the engine, so that no signal after "listening" can miss it.
    let mut signals = Signals::open().map_err(|e| failed(format!("cannot hear signals: {e}")))?;
    let again = vec!["--home".into(), home.root().into(), "serve".into()];
    let options = Options {
        port: args.port,
        logs: Logs::FileAndStderr,
        harden: true,
        restart: Restart::same(again),
        opener: opener(&home),
        ..Options::default()
    };
    let starting = Engine::start(home.clone(), options);
    let started = tokio::select! {
        started = starting => Some(started),
        () = signals.stop() => None,
    };
    let mut running = match started {
        Some(Ok(running)) => running,
        Some(Err(problem)) => {
            if !matches!(problem, StartProblem::Lock(LockProblem::Held { .. })) {
                leave_tools(&home);
            }
            return Err(failed(problem));
        }
        None => {
            leave_tools(&home);
            return Ok(());
        }
    };
    let listening = guard::listening(running.port());
    if let Err(problem @ Stop::Failed(_)) = Out::stdout(false).text(&listening) {
        running.stop().await;
        return Err(problem);
    }
    offer_a_budget(&home);
    until_asked(&mut running, &mut signals).await;
    tokio::select! {
        () = stop(running) => {}
        () = signals.stop() => say("Ended at once. What was open counts at its estimate."),
    }
    Ok(())
}

/// Whoever has written nothing yet is offered a budget; `weir doctor` goes on doing so.
/// Budgets of the user's own are in that file alone; the tunnel's limit is always in force.
fn offer_a_budget(home: &Home) {
    if !home.config().exists() {
        say("No budget yet, so nothing stops a costly loop. To hold a week to five dollars:");
        say("    weir budget set week --period week --limit 5.00 --at-limit local");
    }
}

/// Opens the window of the tray application, where it lies beside this program and there is a screen:
/// a notification can then offer it. A tray that runs already for this home shows its own.
fn opener(home: &Home) -> Option<Opener> {
    let screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if cfg!(target_os = "linux") && !screen {
        return None;
    }
    let file = format!("weir-tray{}", std::env::consts::EXE_SUFFIX);
    let tray = std::env::current_exe().ok()?.parent()?.join(file);
    if !tray.is_file() {
        return None;
    }
    let home = home.root().to_owned();
    Some(Arc::new(move || {
        let mut command = Command::new(&tray);
        command.arg("--home").arg(&home).args(["--page", "budgets"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match command.spawn() {
            // Somebody must take note of its end, or it stays in the process table.
            Ok(mut child) => {
                let waits = std::thread::Builder::new().name("waits-for-the-window".into());
                if let Err(problem) = waits.spawn(move || child.wait()) {
                    say(&format!("weir: nobody waits for the window's end: {problem}"));
                }
            }
            Err(problem) => say(&format!("weir: the window cannot be opened: {problem}")),
        }
    }))
}

/// Nobody serves, so no tool may be left pointing here. What is no folder holds no tool's journal.
fn leave_tools(home: &Home) {
    if !home.root().is_dir() {
        return;
    }
    if let Some(said) = guard::told(&guard::start_failed(home)) {
        say(&format!("{said}."));
    }
}

/// Waits for a request to stop, and takes an edited configuration over meanwhile.
async fn until_asked(running: &mut Running, signals: &mut Signals) {
    loop {
        let asked = tokio::select! {
            asked = signals.next() => asked,
            () = running.wait() => return,
        };
        match (asked, (asked == Asked::Reload).then(|| running.reload())) {
            (Asked::Stop, _) => return,
            (_, Some(Err(problem))) => {
                say(&format!("weir: the configuration stays as it was: {problem}"));
            }
            _ => say("The configuration was read again."),
        }
    }
}

async fn stop(running: Running) {
    let open = running.desk().0.books.open() as u64;
    if open > 0 {
        let answers = crate::words::count(open, "open answer", "open answers");
        let limit = DRAIN_MAX.as_secs();
        say(&format!(
            "Stopping. {answers} may finish within {limit} s; Ctrl-C again ends at once."
        ));
    }
    running.stop().await;
}
