//! What the tray and the window have in common: who serves, what the desktop lacks, and the signal
//! that something changed. Everything shown is asked of the engine's desk when it is drawn.

use crate::clipboard::Clipboard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use weir_engine::Home;
use weir_engine::api::{ApiProblem, Code, Desk, Overview, TrayView, WindowView};
use weir_engine::connect::Bench;

/// Who serves.
#[derive(Clone)]
pub enum Source {
    /// Nobody yet.
    Starting,
    /// An engine, in this process or in another one.
    Serving {
        /// What it answers with.
        desk: Arc<dyn Desk>,
        /// Whether it runs in this process and stops with it.
        own: bool,
    },
    /// Nobody, and why.
    Stopped(ApiProblem),
}

/// What this desktop offers.
#[derive(Clone, Debug, Default)]
struct Desktop {
    tray: bool,
    notes: Vec<String>,
}

/// The state of the application. One for the whole process.
pub struct Shell {
    /// The clipboard.
    pub clipboard: Clipboard,
    /// The home that is served.
    pub home: Home,
    source: Mutex<Source>,
    desktop: Mutex<Desktop>,
    changed: watch::Sender<()>,
    retry: Notify,
    handed_over: AtomicBool,
}

impl Shell {
    /// The state before anything serves that home.
    pub fn new(home: Home) -> Self {
        Self {
            clipboard: Clipboard::default(),
            home,
            source: Mutex::new(Source::Starting),
            desktop: Mutex::default(),
            changed: watch::Sender::new(()),
            retry: Notify::new(),
            handed_over: AtomicBool::new(false),
        }
    }

    /// Where tools are connected.
    ///
    /// # Errors
    /// When no folder of the user's is known.
    pub fn bench(&self) -> Result<Bench, ApiProblem> {
        Bench::new(&self.home)
    }

    /// Notes who serves from now on.
    pub fn set_source(&self, source: Source) {
        *lock(&self.source) = source;
        self.touch();
    }

    /// The desk that answers.
    ///
    /// # Errors
    /// Why nobody serves.
    pub fn desk(&self) -> Result<Arc<dyn Desk>, ApiProblem> {
        match &*lock(&self.source) {
            Source::Serving { desk, .. } => Ok(desk.clone()),
            Source::Stopped(problem) => Err(problem.clone()),
            Source::Starting => {
                Err(ApiProblem::new(Code::NotRunning, "Weir is starting. Try again in a moment"))
            }
        }
    }

    /// Notes whether a tray icon stands, and what to say when it does not.
    pub fn set_tray(&self, tray: bool, note: Option<&str>) {
        *lock(&self.desktop) =
            Desktop { tray, notes: note.map(str::to_owned).into_iter().collect() };
        self.touch();
    }

    /// Says that what is shown may be stale.
    pub fn touch(&self) {
        self.changed.send_replace(());
    }

    /// Hears `touch`. Several in a row are heard as one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Asks for another try to start or reach an engine.
    pub fn ask_retry(&self) {
        self.retry.notify_one();
    }

    /// Notes that an engine without a window is to serve when this application ends.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Release);
    }

    /// Whether that was asked for.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Acquire)
    }

    /// Waits until another try is asked for.
    pub async fn retry_asked(&self) {
        self.retry.notified().await;
    }

    /// The tray now. Blocks on the desk.
    pub fn tray_view(&self) -> TrayView {
        let source = lock(&self.source).clone();
        match source {
            Source::Starting => TrayView::offline("starting"),
            Source::Stopped(_) => TrayView::offline("not serving, open the window to see why"),
            Source::Serving { desk, .. } => match desk.status() {
                Ok(status) => TrayView::of(&status),
                Err(_) => TrayView::offline("the engine does not answer"),
            },
        }
    }

    /// The window now. Blocks on the desk.
    pub fn window_view(&self) -> WindowView {
        let source = lock(&self.source).clone();
        let Desktop { tray, notes } = lock(&self.desktop).clone();
        let mut view = WindowView { notes, tray, own_engine: true, ..WindowView::default() };
        match source {
            Source::Starting => {}
            Source::Stopped(problem) => view.problem = Some(problem),
            Source::Serving { desk, own } => {
                view.own_engine = own;
                match Overview::of(&*desk) {
                    Ok(overview) => view.overview = Some(overview),
                    Err(problem) => view.problem = Some(problem),
                }
            }
        }
        view
    }
}

/// A poisoned lock is taken as it is: what it guards is replaced whole, never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
