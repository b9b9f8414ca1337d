//! What the tray and the window have in common: who serves, what the desktop lacks, the window's
//! process, and the signal that something changed. Everything shown is asked of the engine's desk
//! when it is drawn.

use crate::clipboard::Clipboard;
use crate::window::Window;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use weir_engine::Home;
use weir_engine::api::menu::{Act, Around, Kind, Line};
use weir_engine::api::{
    ApiProblem, Code, Desk, LocalOrder, Overview, Span, TrayView, Wanted, WindowView,
};
use weir_engine::connect::Bench;
use weir_engine::desk::offline;

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
    Stopped(Stop),
}

/// Why nobody serves.
#[derive(Clone, Debug)]
pub struct Stop {
    /// In words, with the fix.
    pub problem: ApiProblem,
    /// The port that another program has, where that is why.
    pub port_taken: Option<u16>,
}

impl From<ApiProblem> for Stop {
    fn from(problem: ApiProblem) -> Self {
        Self { problem, port_taken: None }
    }
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
    window: Window,
    runtime: Handle,
    source: Mutex<Source>,
    desktop: Mutex<Desktop>,
    changed: watch::Sender<()>,
    retry: Notify,
    /// The port that was chosen in the window.
    port: Mutex<Option<u16>>,
    /// What each line of the tray's menu asks for, by its name.
    acts: Mutex<BTreeMap<String, Act>>,
    /// Orders to local models that are being carried out.
    busy: Mutex<Vec<LocalOrder>>,
    /// The page that was asked for last, and how many were.
    wanted: Mutex<Option<Wanted>>,
    /// Whether the icon was sent away.
    hidden: watch::Sender<bool>,
    quit: watch::Sender<bool>,
}

impl Shell {
    /// The state before anything serves that home.
    pub fn new(home: Home, runtime: Handle) -> Self {
        Self {
            clipboard: Clipboard::default(),
            home,
            window: Window::default(),
            runtime,
            source: Mutex::new(Source::Starting),
            desktop: Mutex::default(),
            changed: watch::Sender::new(()),
            retry: Notify::new(),
            port: Mutex::default(),
            acts: Mutex::default(),
            busy: Mutex::default(),
            wanted: Mutex::default(),
            hidden: watch::Sender::new(false),
            quit: watch::Sender::new(false),
        }
    }

    /// Opens the window, or brings it to the front; on a page, or as it was left. From any thread.
    pub fn show(self: &Arc<Self>, page: Option<&str>) {
        self.want(page);
        self.window.show(self);
    }

    /// Closes the window, if it is open. Blocks.
    pub fn close_window(&self) {
        self.window.close();
    }

    /// Ends the application.
    pub fn quit(&self) {
        self.quit.send_replace(true);
    }

    /// Waits until the application is to end.
    pub async fn quit_asked(&self) {
        let mut quit = self.quit.subscribe();
        // The sender lives as long as this does.
        let _ = quit.wait_for(|quit| *quit).await;
    }

    /// Waits for something on a thread that may.
    pub fn block_on<T>(&self, wait: impl Future<Output = T>) -> T {
        self.runtime.block_on(wait)
    }

    /// Notes what the lines of the menu ask for.
    pub fn set_acts(&self, lines: &[Line]) {
        let mut acts = BTreeMap::new();
        gather(lines, &mut acts);
        *lock(&self.acts) = acts;
    }

    /// What a click on a line asks for; nothing when it is gone or greyed.
    pub fn act_of(&self, id: &str) -> Option<Act> {
        let mut acts = lock(&self.acts);
        let act = acts.get_mut(id)?;
        let next = act.turned();
        Some(std::mem::replace(act, next))
    }

    /// Notes that an order is being carried out.
    pub fn begin(&self, order: LocalOrder) {
        lock(&self.busy).push(order);
        self.touch();
    }

    /// Notes that it is done, or failed.
    pub fn end(&self, order: &LocalOrder) {
        let mut busy = lock(&self.busy);
        if let Some(at) = busy.iter().position(|one| one == order) {
            busy.remove(at);
        }
    }

    /// Asks the window for a page; without one it stays on its own.
    fn want(&self, page: Option<&str>) {
        let mut wanted = lock(&self.wanted);
        let turn = wanted.as_ref().map_or(0, |last| last.turn) + 1;
        let page = page.map(str::to_owned);
        *wanted = Some(Wanted { page, turn });
        drop(wanted);
        self.touch();
    }

    /// Sends the icon away, or brings it back.
    pub fn hide(&self, hidden: bool) {
        self.hidden.send_replace(hidden);
        self.touch();
    }

    /// Whether the icon was sent away.
    pub fn hidden(&self) -> bool {
        *self.hidden.borrow()
    }

    /// Waits until the icon is to be there.
    pub async fn shown_again(&self) {
        let mut hidden = self.hidden.subscribe();
        // The sender lives as long as this does.
        let _ = hidden.wait_for(|hidden| !hidden).await;
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
            Source::Stopped(stop) => Err(stop.problem.clone()),
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

    /// Writes another port into the configuration, and asks for another try there. Blocks.
    ///
    /// # Errors
    /// A configuration that cannot be changed.
    pub fn use_port(&self, port: u16) -> Result<(), ApiProblem> {
        offline::use_port(&self.home, port)?;
        *lock(&self.port) = Some(port);
        self.ask_retry();
        Ok(())
    }

    /// The port that was chosen in the window, if one was.
    pub fn port_chosen(&self) -> Option<u16> {
        *lock(&self.port)
    }

    /// Waits until another try is asked for.
    pub async fn retry_asked(&self) {
        self.retry.notified().await;
    }

    /// The tray now. Blocks on the desk. `login`: whether Weir starts at login, where it can.
    pub fn tray_view(&self, login: Option<bool>) -> TrayView {
        let source = lock(&self.source).clone();
        let tools = self.bench().map(|bench| bench.list()).unwrap_or_default();
        let busy = lock(&self.busy).clone();
        let mut around = Around { tools, busy, login, ..Around::default() };
        match source {
            Source::Starting => TrayView::offline("starting", &around),
            Source::Stopped(_) => {
                TrayView::offline("not serving, open the window to see why", &around)
            }
            Source::Serving { desk, own } => {
                around.own_engine = own;
                // What cannot be had is left out of the menu; the status line says what is wrong.
                around.days = desk.cost_summary(Span::Week).map(|s| s.days).unwrap_or_default();
                around.profiles = desk.profiles().unwrap_or_default();
                match desk.status() {
                    Ok(status) => TrayView::of(&status, &around),
                    Err(_) => TrayView::offline("the engine does not answer", &around),
                }
            }
        }
    }

    /// Puts the proxy's address on the clipboard. Blocks.
    ///
    /// # Errors
    /// When nothing listens, or the desktop offers no clipboard.
    pub fn copy_address(&self) -> Result<(), ApiProblem> {
        match self.desk()?.status()?.url {
            Some(address) => self.clipboard.put(&address),
            None => self.desk().map(drop),
        }
    }

    /// The window now. Blocks on the desk.
    pub fn window_view(&self) -> WindowView {
        let source = lock(&self.source).clone();
        let Desktop { tray, notes } = lock(&self.desktop).clone();
        let wanted = lock(&self.wanted).clone();
        let mut view =
            WindowView { notes, tray, wanted, own_engine: true, ..WindowView::default() };
        match source {
            Source::Starting => {}
            Source::Stopped(stop) => {
                view.problem = Some(stop.problem);
                view.port_taken = stop.port_taken;
            }
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

fn gather(lines: &[Line], acts: &mut BTreeMap<String, Act>) {
    for line in lines {
        match &line.kind {
            Kind::Item(act) | Kind::Check { act: Some(act), .. } => {
                acts.insert(line.id.clone(), act.clone());
            }
            Kind::Below(lines) => gather(lines, acts),
            Kind::Words | Kind::Gap | Kind::Check { act: None, .. } => {}
        }
    }
}

/// A poisoned lock is taken as it is: what it guards is replaced whole, never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
