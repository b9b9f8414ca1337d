//! What the window has of the rest: the view it was told last, the engine's control socket, and the
//! way to the process that stays. Owns the window's end of that way.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tauri::AppHandle;
use weir_engine::Home;
use weir_engine::api::{ApiProblem, Code, WindowView};
use weir_engine::connect::Bench;
use weir_engine::control::Remote;
use weir_resident::single;
use weir_resident::words::{self, Ask, Asked, Heard, Leaving, Told};

use crate::window;

/// How long the resident may take: it may wait for a clipboard or put tools back.
const DONE_MAX: Duration = Duration::from_secs(20);

type Done = Option<ApiProblem>;

/// The state of the window's process.
pub struct Pane {
    /// The home that is served.
    pub home: Home,
    view: Mutex<WindowView>,
    turn: AtomicU64,
    waiting: Mutex<BTreeMap<u64, SyncSender<Done>>>,
    /// The way to the process that stays. One at a time writes a line.
    words: Mutex<Box<dyn Write + Send>>,
}

/// What the process that stays said first.
pub enum First {
    /// What the window shows.
    Told(Arc<Pane>),
    /// Nothing: it is gone.
    Gone,
    /// Something that this window does not know.
    OtherVersion,
}

/// The way to the process that stays: what was stdout. From here on stdout is stderr, so that no
/// library of the window's writes between the words. Where it cannot be had apart, it is shared; what
/// comes between is passed over there. Before the first thread.
pub fn words() -> Box<dyn Write + Send> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        if let Ok(apart) = std::io::stdout().as_fd().try_clone_to_owned()
            && rustix::stdio::dup2_stdout(std::io::stderr()).is_ok()
        {
            return Box::new(std::fs::File::from(apart));
        }
    }
    Box::new(std::io::stdout())
}

impl Pane {
    /// Waits for the first view, which is on its way by the time this program is loaded.
    pub fn first(home: Home, words: Box<dyn Write + Send>) -> First {
        let view = match words::hear(&mut std::io::stdin().lock()) {
            Heard::Line(Told::View(view)) => *view,
            Heard::Line(Told::Done { .. }) | Heard::Foreign => return First::OtherVersion,
            Heard::End => return First::Gone,
        };
        First::Told(Arc::new(Self {
            home,
            view: Mutex::new(view),
            turn: AtomicU64::new(0),
            waiting: Mutex::default(),
            words: Mutex::new(words),
        }))
    }

    /// The view that was told last.
    pub fn told(&self) -> WindowView {
        lock(&self.view).clone()
    }

    /// The engine of this home. It answers at once that none runs where that is so.
    ///
    /// # Errors
    /// Why nobody serves, as far as it was told.
    pub fn desk(&self) -> Result<Remote, ApiProblem> {
        match &*lock(&self.view) {
            WindowView { problem: Some(problem), .. } => Err(problem.clone()),
            WindowView { overview: None, .. } => {
                Err(ApiProblem::new(Code::NotRunning, "Weir is starting. Try again in a moment"))
            }
            _ => Ok(Remote::new(self.home.root())),
        }
    }

    /// Where tools are connected.
    ///
    /// # Errors
    /// When no folder of the user's is known.
    pub fn bench(&self) -> Result<Bench, ApiProblem> {
        Bench::new(&self.home)
    }

    /// What the window shows now. Blocks.
    ///
    /// # Errors
    /// When the process that stays is gone.
    pub fn view(&self) -> Result<WindowView, ApiProblem> {
        self.ask(Ask::View)?;
        Ok(self.told())
    }

    /// Asks the process that stays, and waits until it is done. Blocks.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn ask(&self, ask: Ask) -> Result<(), ApiProblem> {
        let id = self.turn.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = sync_channel(1);
        lock(&self.waiting).insert(id, tell);
        let said = self.say(id, ask);
        let done = said.ok().and_then(|()| told.recv_timeout(DONE_MAX).ok());
        lock(&self.waiting).remove(&id);
        match done {
            Some(None) => Ok(()),
            Some(Some(problem)) => Err(problem),
            None => Err(self.gone()),
        }
    }

    /// Tells the process that stays that this window is in front, for that turn of what is wanted.
    pub fn raised(&self, turn: u32) {
        // Its end ends this window, which nobody need say here; nobody waits for an answer.
        let _ = self.say(self.turn.fetch_add(1, Ordering::Relaxed), Ask::Raised(turn));
    }

    /// Says the window's last word. From here on nothing that happens to this process is a failure
    /// that word does not name.
    pub fn leaving(&self, why: Leaving) {
        // Whoever would hear it may be gone, which is a reason to end as well.
        let _ = self.say(self.turn.fetch_add(1, Ordering::Relaxed), Ask::Leaving(why));
    }

    fn say(&self, id: u64, ask: Ask) -> std::io::Result<()> {
        words::say(&mut *lock(&self.words), &Asked { id, ask })
    }

    fn gone(&self) -> ApiProblem {
        let fix = single::stop(single::holder(&self.home));
        let message = format!("Weir's tray does not answer. {fix}");
        ApiProblem::new(Code::NotAnswering, message)
    }

    /// Hears the process that stays, on a thread of its own. Its end ends the window.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn listen(self: &Arc<Self>, app: AppHandle) -> std::io::Result<()> {
        let pane = self.clone();
        let hear = move || {
            let mut lines = std::io::stdin().lock();
            while let Some(told) = words::next(&mut lines) {
                pane.heard(&app, told);
            }
            window::close(&app);
        };
        std::thread::Builder::new().name("resident".into()).spawn(hear).map(drop)
    }

    fn heard(self: &Arc<Self>, app: &AppHandle, told: Told) {
        match told {
            Told::View(view) => {
                let before = std::mem::replace(&mut *lock(&self.view), WindowView::clone(&view));
                if before != *view {
                    window::draw(app, &view);
                }
                let turn = |view: &WindowView| view.wanted.as_ref().map(|wanted| wanted.turn);
                if let Some(turn) = turn(&view).filter(|now| turn(&before) != Some(*now)) {
                    let pane = self.clone();
                    window::raise_from_afar(app, move || pane.raised(turn));
                }
            }
            Told::Done { id, problem } => {
                if let Some(waits) = lock(&self.waiting).remove(&id) {
                    // Whoever asked may have given up by now.
                    let _ = waits.send(problem);
                }
            }
        }
    }
}

/// Ends this process at once, after its last word, from any thread. No library takes itself apart
/// first, and none is asked at an exit: a webview crashes on that way about once in ten times, and what
/// it would give back the system takes anyway.
pub fn end() -> ! {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        let _ = kill_process(getpid(), Signal::KILL);
    }
    #[expect(clippy::disallowed_methods, reason = "the window's process has no ledger to flush")]
    std::process::exit(0)
}

/// A poisoned lock is taken as it is: what it guards is replaced whole, never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
