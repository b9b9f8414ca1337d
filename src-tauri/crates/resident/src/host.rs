//! Who serves this home: an engine of our own, or one in another process that we attach to.
//! Owns what happens when that ends: the home is never left without an engine for long.

use crate::say;
use crate::shell::{Shell, Source, Stop};
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use weir_engine::alerts::Opener;
use weir_engine::api::{ApiProblem, Code};
use weir_engine::control::{self, Remote};
use weir_engine::guard::{self, Restart};
use weir_engine::listen::ListenProblem;
use weir_engine::lock::LockProblem;
use weir_engine::{Engine, Home, Logs, Options, Running, StartProblem};

/// After another process's engine stopped, before ours takes over: long enough for its restart,
/// short enough that no tool meets a dead port for long.
const TAKE_OVER_AFTER: Duration = Duration::from_secs(1);

/// What to serve, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The folder.
    pub home: Home,
    /// `--port`.
    pub port: Option<u16>,
    /// `--hidden`.
    pub hidden: bool,
    /// What this program is started with to be what it is, before its options.
    pub first: &'static [&'static str],
}

/// Whether the application is stopping.
pub type Stopping = watch::Receiver<bool>;

/// Serves until the application stops: starts or attaches, and does so again when that ends. What
/// keeps it from serving is shown in the window, which is opened for it.
pub async fn keep(wish: Wish, shell: Arc<Shell>, mut stopping: Stopping) {
    loop {
        match serve_once(&wish, &shell, &mut stopping).await {
            Ok(ControlFlow::Break(())) => return,
            Ok(ControlFlow::Continue(())) => {
                shell.set_source(Source::Starting);
                if waited_or_stopped(tokio::time::sleep(TAKE_OVER_AFTER), &mut stopping).await {
                    return;
                }
            }
            Err(stop) => {
                say::problem(&stop.problem.message);
                shell.set_source(Source::Stopped(stop));
                shell.show(None);
                if waited_or_stopped(shell.retry_asked(), &mut stopping).await {
                    return;
                }
                let claims = shell.clone();
                // The folder may be writable by now; what else is wrong is said by the next try.
                let _ = spawn_blocking(move || claims.claim()).await;
                shell.set_source(Source::Starting);
            }
        }
    }
}

/// Serves until that ends; `Break` when it ended because the application stops.
async fn serve_once(
    wish: &Wish,
    shell: &Arc<Shell>,
    stopping: &mut Stopping,
) -> Result<ControlFlow<()>, Stop> {
    let wish = &Wish { port: shell.port(wish.port), ..wish.clone() };
    if let Some(remote) = find(&wish.home).await? {
        return Ok(attach(remote, wish, shell, stopping).await);
    }
    let opener = shell.clone();
    let open: Opener = Arc::new(move || opener.show(Some("budgets")));
    let engine = start(wish, Some(open)).await?;
    Ok(run_own(engine, shell, stopping).await)
}

/// Starts an engine in this process; `opener` opens the window, where there is one.
///
/// # Errors
/// What keeps it from serving, with the fix.
pub async fn start(wish: &Wish, opener: Option<Opener>) -> Result<Running, Stop> {
    let options = Options {
        port: wish.port,
        logs: Logs::FileAndStderr,
        harden: true,
        opener,
        restart: restart(wish),
        ..Options::default()
    };
    let problem = match Engine::start(wish.home.clone(), options).await {
        Ok(running) => return Ok(running),
        Err(problem) => problem,
    };
    if !matches!(problem, StartProblem::Lock(LockProblem::Held { .. })) {
        // Nobody serves, so no tool may be left pointing here.
        let home = wish.home.clone();
        let away = spawn_blocking(move || guard::start_failed(&home)).await.unwrap_or_default();
        if let Some(said) = guard::told(&away) {
            say::problem(&said);
        }
    }
    let port_taken = match problem {
        StartProblem::Listen(ListenProblem::Taken { port, .. }) => Some(port),
        _ => None,
    };
    Err(Stop { problem: ApiProblem::new(Code::Unavailable, problem.to_string()), port_taken })
}

/// How this application is started again. The command line, where it lies beside, watches: it loads
/// no window library, and so needs a tenth of the memory.
fn restart(wish: &Wish) -> Option<Restart> {
    Restart::same(again(wish)).map(|restart| restart.watched_by("weir"))
}

/// What it is started with then. A port is the guardian's to add, and nobody asked for the window anew.
fn again(wish: &Wish) -> Vec<OsString> {
    let mut again: Vec<_> = wish.first.iter().map(Into::into).collect();
    again.extend(["--home".into(), wish.home.root().into()]);
    again.extend(wish.hidden.then(|| "--hidden".into()));
    again
}

/// Shows an engine of our own until the application stops, and then lets its answers finish.
async fn run_own(
    mut engine: Running,
    shell: &Arc<Shell>,
    stopping: &mut Stopping,
) -> ControlFlow<()> {
    let mut events = engine.feed().subscribe();
    shell.set_source(Source::Serving { desk: engine.desk(), own: true });
    if guard::started_by_one() {
        say::answer(&guard::listening(engine.port()));
    }
    let heard = async {
        // Which event it was does not matter, nor how many were missed: what is shown is asked anew.
        while !matches!(events.recv().await, Err(RecvError::Closed)) {
            shell.touch();
        }
    };
    let ended = async {
        tokio::select! {
            () = engine.wait() => {}
            () = heard => {}
        }
    };
    let stopped = waited_or_stopped(ended, stopping).await;
    shell.set_source(Source::Starting);
    engine.stop().await;
    if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// The engine of another process, if one serves the home.
///
/// # Errors
/// A home that cannot be used, or an engine that is there and does not answer.
pub async fn find(home: &Home) -> Result<Option<Remote>, ApiProblem> {
    let home = home.clone();
    let look = move || {
        // First, because it says best what is wrong with a folder that cannot be used.
        home.prepare().map_err(|p| ApiProblem::new(Code::Unavailable, p.to_string()))?;
        Remote::find(home.root())
    };
    spawn_blocking(look).await.unwrap_or_else(|e| Err(broken(&e)))
}

async fn attach(
    remote: Remote,
    wish: &Wish,
    shell: &Arc<Shell>,
    stopping: &mut Stopping,
) -> ControlFlow<()> {
    if let Some(port) = wish.port {
        say::problem(&format!("Weir serves this home already, so --port {port} changes nothing"));
    }
    shell.set_source(Source::Serving { desk: Arc::new(remote), own: false });
    let heard = hear(&wish.home, shell.clone());
    if waited_or_stopped(heard, stopping).await {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Hears the other engine's events on a thread of its own until that engine stops. The thread is
/// left behind when the application ends.
async fn hear(home: &Home, shell: Arc<Shell>) {
    let root = home.root().to_owned();
    let (tell, told) = tokio::sync::oneshot::channel();
    let hear = move || {
        // How it ended does not matter: no events come any more, so an engine is looked for anew.
        let _ = control::watch(&root, |_| {
            shell.touch();
            true
        });
        let _ = tell.send(());
    };
    if let Err(problem) = std::thread::Builder::new().name("control-watch".into()).spawn(hear) {
        say::problem(&format!("no thread can be started: {problem}"));
    }
    // Ends too when the thread could not be started: its end of the channel is gone.
    let _ = told.await;
}

/// Waits for something, or for the application to stop; true when it stops.
async fn waited_or_stopped<T>(wait: impl Future<Output = T>, stopping: &mut Stopping) -> bool {
    tokio::select! {
        _ = wait => false,
        // A sender that is gone cannot ask for anything but an end.
        _ = stopping.wait_for(|stop| *stop) => true,
    }
}

fn broken(e: &impl std::fmt::Display) -> ApiProblem {
    ApiProblem::new(Code::Internal, format!("Weir failed: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_hidden_is_started_again_hidden() {
        let home = Home::at("/h");
        let wish = Wish { home, port: Some(1), hidden: false, first: &["tray"] };
        let root = wish.home.root().as_os_str();
        assert_eq!(again(&wish), ["tray".as_ref(), "--home".as_ref(), root]);
        let hidden = again(&Wish { hidden: true, ..wish });
        assert_eq!(hidden.last().unwrap(), "--hidden");
    }
}
