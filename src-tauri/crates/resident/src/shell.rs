//! What the tray and the window have in common: who serves, what the desktop lacks, the window's
//! process, and the signal that something changed. Everything shown is asked of the engine's desk
//! when it is drawn.

use crate::clipboard::Clipboard;
use crate::login;
use crate::single::{self, Single, Start};
use crate::window::Window;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
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

/// Where the tray's icon is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// None is put up.
    Nowhere,
    /// Something shows it.
    Shown,
    /// It is put up and nothing shows it, or it cannot be put up; why.
    Unseen(String),
}

/// The state of the application. One for the whole process.
pub struct Shell {
    /// The clipboard.
    pub clipboard: Clipboard,
    /// The home that is served.
    pub home: Home,
    /// Whether it is the usual one, the only one that a start at login would find again.
    usual_home: AtomicBool,
    window: Window,
    runtime: Handle,
    source: Mutex<Source>,
    desktop: Mutex<Desktop>,
    changed: watch::Sender<()>,
    retry: Notify,
    /// Whether a port was written into the configuration since the start, which goes before `--port`.
    port_written: AtomicBool,
    /// What makes this the home's tray, once its folder can be written.
    single: Mutex<Option<Single>>,
    /// What each line of the tray's menu asks for, by its name.
    acts: Mutex<BTreeMap<String, Act>>,
    /// Orders to local models that are being carried out.
    busy: Mutex<Vec<LocalOrder>>,
    /// The page that was asked for last, and how many were.
    wanted: Mutex<Option<Wanted>>,
    /// Whether the icon was sent away.
    hidden: watch::Sender<bool>,
    place: watch::Sender<Place>,
    quit: watch::Sender<bool>,
}

impl Shell {
    /// The state before anything serves that home.
    pub fn new(home: Home, runtime: Handle) -> Self {
        Self {
            clipboard: Clipboard::default(),
            home,
            usual_home: AtomicBool::new(false),
            window: Window::default(),
            runtime,
            source: Mutex::new(Source::Starting),
            desktop: Mutex::default(),
            changed: watch::Sender::new(()),
            retry: Notify::new(),
            port_written: AtomicBool::new(false),
            single: Mutex::default(),
            acts: Mutex::default(),
            busy: Mutex::default(),
            wanted: Mutex::default(),
            hidden: watch::Sender::new(false),
            place: watch::Sender::new(Place::Nowhere),
            quit: watch::Sender::new(false),
        }
    }

    /// Opens the window, or brings it to the front; on a page, or as it was left. Does nothing once
    /// the application is to end. From any thread.
    pub fn show(self: &Arc<Self>, page: Option<&str>) {
        self.want(page);
        self.window.show(self);
    }

    /// Opens the window that was asked for while the one before it was closing.
    pub fn show_again(self: &Arc<Self>) {
        self.window.show(self);
    }

    /// The window, open or not.
    #[cfg(test)]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// How often the window was asked for.
    pub fn turn(&self) -> u32 {
        lock(&self.wanted).as_ref().map_or(0, |wanted| wanted.turn)
    }

    /// Closes the window, if it is open. Blocks.
    pub fn close_window(&self) {
        self.window.close();
    }

    /// Ends the application.
    pub fn quit(&self) {
        self.quit.send_replace(true);
    }

    /// Whether the application is to end.
    pub fn quitting(&self) -> bool {
        *self.quit.borrow()
    }

    /// The same, if it is within that time. Blocks.
    pub fn quits_within(&self, wait: Duration) -> bool {
        let asked = async { tokio::time::timeout(wait, self.quit_asked()).await };
        self.runtime.block_on(asked).is_ok()
    }

    /// This is the home's tray: keeps that for as long as it runs, and hears other starts.
    pub fn keep_single(self: &Arc<Self>, single: Single) {
        single.listen(self.clone());
        *lock(&self.single) = Some(single);
    }

    /// Becomes the home's tray where its folder could not be written before. Blocks for a moment.
    pub fn claim(self: &Arc<Self>) {
        if lock(&self.single).is_some() {
            return;
        }
        // What is wrong with the folder is said by what serves it; another tray has its own window.
        if let Ok(Start::First(single)) = single::start(&self.home, None, true) {
            self.keep_single(single);
        }
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

    /// Notes where the icon is from now on. From any thread.
    pub fn set_place(&self, place: Place) {
        self.place.send_replace(place);
    }

    /// Hears where the icon is.
    pub fn place(&self) -> watch::Receiver<Place> {
        self.place.subscribe()
    }

    /// Notes that the home is the usual one.
    pub fn set_usual_home(&self, usual: bool) {
        self.usual_home.store(usual, Ordering::Release);
    }

    /// Whether Weir starts at login; nothing where this home cannot.
    pub fn login(&self) -> Option<bool> {
        self.usual_home.load(Ordering::Acquire).then(login::is_on)
    }

    /// Starts Weir at login, or no longer.
    ///
    /// # Errors
    /// A home that a start at login would not find again, or what the desktop says.
    pub fn set_login(&self, on: bool) -> Result<(), ApiProblem> {
        if !self.usual_home.load(Ordering::Acquire) {
            return Err(ApiProblem::new(Code::BadRequest, login::NOT_HERE));
        }
        login::set(on)
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
        self.port_written.store(true, Ordering::Release);
        self.ask_retry();
        Ok(())
    }

    /// What counts of `--port`: nothing where another was written since. The file says which.
    pub fn port(&self, given: Option<u16>) -> Option<u16> {
        given.filter(|_| !self.port_written.load(Ordering::Acquire))
    }

    /// Waits until another try is asked for.
    pub async fn retry_asked(&self) {
        self.retry.notified().await;
    }

    /// The tray now. Blocks on the desk.
    pub fn tray_view(&self) -> TrayView {
        let login = self.login();
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
        let login = self.login();
        let mut view =
            WindowView { notes, tray, wanted, own_engine: true, login, ..WindowView::default() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_was_written_ends_what_the_option_said_and_the_file_is_asked_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shell = Shell::new(home.clone(), runtime.handle().clone());
        assert_eq!(shell.port(Some(9_400)), Some(9_400));
        shell.use_port(9_401).unwrap();
        assert_eq!(shell.port(Some(9_400)), None);
        let file = std::fs::read_to_string(home.config()).unwrap();
        assert!(file.contains("port = 9401"), "{file}");
    }

    #[test]
    fn a_home_that_was_named_is_not_started_at_login_whoever_asks() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shell = Shell::new(Home::at(dir.path()), runtime.handle().clone());
        assert_eq!(shell.login(), None);
        assert_eq!(shell.window_view().login, None, "the window greys it as the tray does");
        let refused = shell.set_login(true).unwrap_err();
        assert_eq!(refused.code, Code::BadRequest);
        assert!(refused.message.contains("--home or WEIR_HOME"), "{}", refused.message);
        shell.set_usual_home(true);
        assert!(shell.login().is_some());
    }

    #[test]
    fn a_port_that_cannot_be_written_leaves_the_option_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::write(home.config(), "[server\n").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shell = Shell::new(home, runtime.handle().clone());
        assert!(shell.use_port(9_401).is_err());
        assert_eq!(shell.port(Some(9_400)), Some(9_400));
    }
}
