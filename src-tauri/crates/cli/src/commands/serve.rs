//! `weir serve`: the engine in the foreground until a signal.
//! Owns the runtime's shape and the two steps of stopping: the first signal lets open answers
//! finish, the second ends at once.

use super::failed;
use crate::args::Serve;
use crate::out::{Done, Out, Stop, say};
use std::io;
use tokio::runtime::{Builder, Runtime};
use weir_engine::home::Home;
use weir_engine::signals::Signals;
use weir_engine::start::DRAIN_MAX;
use weir_engine::{Engine, Logs, Options, Running};

/// Threads that carry requests. Two: one keeps accepting while the other copies a large body.
const WORKERS: usize = 2;

/// `weir serve`
pub fn serve(home: Home, args: &Serve) -> Done {
    let runtime = runtime().map_err(|e| failed(format!("cannot start the runtime: {e}")))?;
    let ended = runtime.block_on(run(home, args));
    // A blocked disk or keychain must not keep a process that was told twice to go.
    runtime.shutdown_background();
    ended
}

/// The runtime of a serving process; the one place that decides its shape.
fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).thread_name("weir").enable_all().build()
}

async fn run(home: Home, args: &Serve) -> Done {
    // Before the engine, so that no signal after "listening" can miss it.
    let mut signals = Signals::open().map_err(|e| failed(format!("cannot hear signals: {e}")))?;
    let options =
        Options { port: args.port, logs: Logs::FileAndStderr, harden: true, ..Options::default() };
    let starting = Engine::start(home, options);
    let mut running = tokio::select! {
        started = starting => started.map_err(failed)?,
        () = signals.stop() => return Ok(()),
    };
    let listening = format!("listening on http://127.0.0.1:{}\n", running.port());
    if let Err(problem @ Stop::Failed(_)) = Out::stdout(false).text(&listening) {
        running.stop().await;
        return Err(problem);
    }
    running.until_asked(&mut signals).await;
    tokio::select! {
        () = stop(running) => {}
        () = signals.stop() => say("Ended at once. What was open counts at its estimate."),
    }
    Ok(())
}

async fn stop(running: Running) {
    let open = running.open();
    if open > 0 {
        let answers = crate::words::count(open, "open answer", "open answers");
        let limit = DRAIN_MAX.as_secs();
        say(&format!(
            "Stopping. {answers} may finish within {limit} s; Ctrl-C again ends at once."
        ));
    }
    running.stop().await;
}
