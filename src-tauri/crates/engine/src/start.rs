//! Start and stop: puts the parts together in the one order that works, and takes them apart
//! again so that open answers may finish and nothing is lost.
//! Owns that order; every part knows only what it is given.

use crate::alerts::{Alerts, Opener};
use crate::books::Books;
use crate::clock::{self, SystemClock};
use crate::config::{Config, ConfigProblem, OnStop};
use crate::connect;
use crate::control::{Door, DoorProblem};
use crate::desk::HomeDesk;
use crate::events::Events;
use crate::gate::{self, Tokens};
use crate::guard::{self, End, Guard, Restart};
use crate::harden;
use crate::home::{Home, HomeProblem};
use crate::listen::{self, ListenProblem};
use crate::local::{ModelsOff, ModelsOffProblem, Watch};
use crate::lock::{Lock, LockProblem};
use crate::logs::{self, Logs};
use crate::parts::{Parts, Serving};
use crate::prices::Prices;
use crate::recall;
use crate::routing::Routing;
use crate::secrets::{Index, Keys, SystemVault, Vault};
use crate::tunnel::Tunnel;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use weir_ledger::{Ledger, OpenProblem, ReadProblem};
use weir_proxy::Proxy;
use weir_proxy::ports::{Clock, Ports};

/// How long open answers may go on after a stop was asked for.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How long what is left may take to end after that.
const END_MAX: Duration = Duration::from_secs(2);
/// How long putting tools back may hold a stop up; a disk that hangs must not for ever.
const PUT_BACK_MAX: Duration = Duration::from_secs(2);

/// How an engine is started.
#[derive(Clone, Default)]
pub struct Options {
    /// The port, before the configuration's; 0 for any free one.
    pub port: Option<u16>,
    /// Where the process's log goes.
    pub logs: Logs,
    /// Whether to close the process to core dumps and debuggers. For programs, not for tests.
    pub harden: bool,
    /// Where keys are kept; the system's keychain when `None`.
    pub vault: Option<Arc<dyn Vault>>,
    /// What opens the window; `None` where there is none.
    pub opener: Option<Opener>,
    /// How this program is started again; `None` for an engine that nobody watches and whose tools
    /// are left alone.
    pub restart: Option<Restart>,
}

/// Why an engine did not start. `Display` says what, where and how to fix it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is the part that could not be had")]
pub enum StartProblem {
    #[error(transparent)]
    Home(#[from] HomeProblem),
    #[error(transparent)]
    Lock(#[from] LockProblem),
    #[error(transparent)]
    Config(#[from] ConfigProblem),
    #[error(transparent)]
    ModelsOff(#[from] ModelsOffProblem),
    #[error(transparent)]
    Ledger(#[from] OpenProblem),
    #[error(transparent)]
    Tokens(#[from] ReadProblem),
    #[error(transparent)]
    Listen(#[from] ListenProblem),
    #[error(transparent)]
    Door(#[from] DoorProblem),
    #[error("the system gives no thread for alerts: {0}")]
    Alerts(io::Error),
    #[error("cannot write the lock file: {0}. Check the space on the disk of the home folder")]
    Announce(io::Error),
}

/// The engine. A name for the two ways to begin.
pub struct Engine;

/// A home that is open without a server: for a command that needs none.
pub struct Offline {
    desk: Arc<HomeDesk>,
    // After the desk, so that the ledger is closed before another process may open it.
    _lock: Lock,
}

impl Offline {
    /// Everything that can be asked for.
    pub fn desk(&self) -> Arc<HomeDesk> {
        Arc::clone(&self.desk)
    }
}

/// A running engine. Dropping it without `stop` ends open answers at once; nothing that was
/// reserved is lost.
pub struct Running {
    desk: Arc<HomeDesk>,
    port: u16,
    stop: CancellationToken,
    end: CancellationToken,
    serving: JoinSet<()>,
    control: JoinSet<()>,
    guard: Option<Arc<Guard>>,
    _lock: Lock,
}

impl Engine {
    /// Opens a home for one command. Waits up to two seconds for another command to finish.
    ///
    /// # Errors
    /// See [`StartProblem`]; `Lock` when an engine serves the home.
    pub fn open(home: Home, options: Options) -> Result<Offline, StartProblem> {
        home.prepare()?;
        logs::install(&home, options.logs);
        let lock = Lock::take(&home)?;
        let made = Made::new(home, options.vault)?;
        Ok(Offline { desk: Arc::new(HomeDesk(Arc::new(made.parts(None)))), _lock: lock })
    }

    /// Makes a damaged ledger whole again from what can be read of it, and keeps a copy of it as
    /// it was. Nothing else of the home is touched.
    ///
    /// # Errors
    /// See [`StartProblem`]; the ledger is then as it was.
    pub fn salvage(home: &Home) -> Result<weir_ledger::Salvaged, StartProblem> {
        home.prepare()?;
        let _lock = Lock::take(home)?;
        Ok(weir_ledger::salvage(&home.ledger(), &clock::zone(), clock::unix_ms())?)
    }

    /// Starts serving. Connections are accepted when it returns. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`StartProblem`]; nothing is left running.
    pub async fn start(home: Home, options: Options) -> Result<Running, StartProblem> {
        if options.harden {
            harden::process();
        }
        home.prepare()?;
        logs::install(&home, options.logs);
        let mut lock = Lock::take(&home)?;
        let mut made = Made::new(home, options.vault)?;
        // What budgets had spent is read now, so that the first request need not.
        if let Err(problem) = made.books.standings(clock::unix_ms()) {
            tracing::warn!(problem, "what the budgets had spent could not be read");
        }
        let port = options.port.unwrap_or_else(|| made.routing.config().port);
        let (listeners, port) = listen::bind(port)?;
        made.routing.listens_on(port)?;
        let proxy = Arc::new(Proxy::new(port, made.ports()));
        let door = Door::open(made.home.root())?;
        lock.announce(port).map_err(StartProblem::Announce)?;
        made.tell(options.opener).map_err(StartProblem::Alerts)?;
        made.books.follow_the_machine(clock::unix_ms());

        let (stop, end) = (CancellationToken::new(), CancellationToken::new());
        let tunnel = Arc::new(Tunnel::new(
            Arc::clone(&proxy),
            made.ports(),
            made.routing.shared(),
            Arc::clone(&made.events),
            stop.clone(),
            end.clone(),
        ));
        let guard = options.restart.map(|r| Arc::new(Guard::new(&made.home, port, r)));
        let serving = Serving {
            port,
            guard: guard.clone(),
            configured: made.routing.config().port,
            started_ms: clock::unix_ms(),
            live: proxy.live(),
            workers: proxy.workers(),
            health: proxy.health(),
            tunnel: Arc::clone(&tunnel),
        };
        let desk = Arc::new(HomeDesk(Arc::new(made.parts(Some(serving)))));
        let feed = desk.0.events.feed();
        let mut running = Running {
            desk,
            port,
            stop,
            end,
            serving: JoinSet::new(),
            control: JoinSet::new(),
            guard,
            _lock: lock,
        };
        let (stop, end) = (running.stop.clone(), running.end.clone());
        let recalled = Arc::clone(&proxy);
        running.serving.spawn(async move { proxy.serve(listeners, stop, end).await });
        running.serving.spawn(async move { tunnel.ended().await });
        let desk = Arc::clone(&running.desk);
        running.control.spawn(door.serve(desk, feed, running.end.clone()));
        running.desk.0.local.kick();
        let ledger = Arc::clone(&running.desk.0.ledger);
        running
            .serving
            .spawn_blocking(move || recall::recall(&ledger, &recalled, clock::unix_ms()));
        tracing::info!(port, "listening");
        running.guarded();
        Ok(running)
    }
}

impl Running {
    /// Has connected tools watched over, and connects those again that Weir had put back.
    fn guarded(&mut self) {
        let Some(guard) = self.guard.clone().filter(|guard| guard.acts()) else { return };
        guard.look();
        let (desk, port) = (Arc::clone(&self.desk), self.port);
        self.serving.spawn_blocking(move || {
            match connect::connect_again(&desk.0.home, &*desk, Some(port)) {
                Ok(again) if again.problems.is_empty() => {
                    for tool in again.tools {
                        tracing::info!(tool, "connected again");
                    }
                }
                Ok(again) => tracing::warn!(problems = ?again.problems, "not connected again"),
                Err(problem) => tracing::warn!(%problem, "no tool was connected again"),
            }
            guard.look();
        });
    }

    /// Tells the guardian that this end is meant, and puts the tools back where they are to be.
    async fn tools_end(&self) {
        let Some(guard) = self.guard.clone().filter(|guard| guard.acts()) else { return };
        guard.ends(match self.desk.0.config.load().on_stop {
            OnStop::Restore => End::PutBack,
            OnStop::Keep => End::Leave,
        });
        if guard.ending() != Some(End::PutBack) {
            return;
        }
        let home = self.desk.0.home.clone();
        let done = tokio::task::spawn_blocking(move || connect::put_away(&home));
        match tokio::time::timeout(PUT_BACK_MAX, done).await {
            Ok(Ok(away)) => {
                if let Some(said) = guard::told(&away) {
                    tracing::info!("{said}");
                }
            }
            _ => tracing::warn!("tools are still being put back"),
        }
    }

    /// The port of 127.0.0.1 and ::1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that can be asked for.
    pub fn desk(&self) -> Arc<HomeDesk> {
        Arc::clone(&self.desk)
    }

    /// Live events, for the window.
    pub fn feed(&self) -> tokio::sync::broadcast::Sender<crate::api::LiveEvent> {
        self.desk.0.events.feed()
    }

    /// Reads the configuration file and takes it over if it holds.
    ///
    /// # Errors
    /// Every problem of the file; the configuration before it stays in force.
    pub fn reload(&self) -> Result<(), ConfigProblem> {
        self.desk.0.routing.reload()
    }

    /// Waits until the server has ended, which it does on `stop` alone.
    pub async fn wait(&mut self) {
        while self.serving.join_next().await.is_some() {}
    }

    /// Stops accepting, lets open answers finish for at most [`DRAIN_MAX`], writes everything and
    /// lets the home go. First of all the tools are put back, so that none meets a closed port.
    pub async fn stop(mut self) {
        self.tools_end().await;
        self.stop.cancel();
        let open = self.desk.0.books.open();
        if open > 0 {
            tracing::info!(open, "stopping; open answers may finish");
        }
        if tokio::time::timeout(DRAIN_MAX, self.wait()).await.is_err() {
            tracing::warn!("open answers were ended");
        }
        self.end.cancel();
        let rest = async {
            self.wait().await;
            while self.control.join_next().await.is_some() {}
            self.desk.0.local.stop().await;
        };
        if tokio::time::timeout(END_MAX, rest).await.is_err() {
            tracing::warn!("a task did not end and was dropped");
        }
        let desk = Arc::clone(&self.desk);
        if let Some(alerts) = &desk.0.alerts {
            alerts.end();
        }
        // A disk may be slow; other tasks of this runtime need not wait for it.
        if tokio::task::spawn_blocking(move || desk.0.close()).await.is_err() {
            tracing::error!("the ledger could not be brought to the disk");
        }
        tracing::info!("stopped");
        let guard = self.guard.take();
        // The lock goes with it, so that whoever takes over finds the home free.
        drop(self);
        if let Some(guard) = guard {
            guard.close();
        }
    }
}

/// The parts before it is known whether they serve.
struct Made {
    home: Home,
    clock: Arc<SystemClock>,
    routing: Arc<Routing>,
    ledger: Arc<Ledger>,
    prices: Arc<Prices>,
    books: Arc<Books>,
    keys: Arc<Keys>,
    tokens: Arc<Tokens>,
    events: Arc<Events>,
    local: Arc<Watch>,
    alerts: Option<Arc<Alerts>>,
    found: Vec<String>,
}

impl Made {
    fn new(home: Home, vault: Option<Arc<dyn Vault>>) -> Result<Self, StartProblem> {
        let clock = Arc::new(SystemClock::new());
        let index = Arc::new(Index::open(home.key_index()));
        let noted = Arc::clone(&index);
        let has_key = move |provider: &str| noted.holds(provider);
        let prices = Arc::new(Prices::start(&home.price_overrides(), &home.price_table()));
        let ticking = Arc::clone(&clock) as _;
        let routing = Routing::open(home.clone(), ticking, Arc::clone(&prices), has_key)?;
        let routing = Arc::new(routing);
        let config = routing.config();
        let zone = clock::zone();
        let (ledger, opened) = Ledger::open(&home.ledger(), zone.clone(), clock::unix_ms())?;
        let ledger = Arc::new(ledger);
        let tokens = Arc::new(Tokens::new(Arc::clone(&clock) as _));
        tokens.replace(gate::entries(&ledger.clients()?));
        let books = Arc::new(Books::new(
            Arc::clone(&ledger),
            Arc::clone(&prices),
            Arc::clone(&routing),
            zone.clone(),
            config.terms(),
        ));
        let vault = vault.unwrap_or_else(|| Arc::new(SystemVault));
        let keys = Arc::new(Keys::new(vault, index, routing.shared(), Arc::clone(&clock) as _));
        let events = Arc::new(Events::default());
        let local = Watch::new(
            &home,
            Arc::clone(&routing),
            Arc::clone(&keys),
            Arc::clone(&events),
            Arc::clone(&clock) as _,
            ModelsOff::open(&home)?,
        );
        routing.switch_local(local.part(), local.models_off().all());
        let found = found(&opened);
        let changed = (Arc::downgrade(&books), Arc::downgrade(&events));
        routing.on_change(move |config| take_over(config, &changed.0, &changed.1));
        Ok(Self {
            home,
            clock,
            routing,
            ledger,
            prices,
            books,
            keys,
            tokens,
            events,
            local,
            alerts: None,
            found,
        })
    }

    /// Begins to tell of money, and goes on with other settings when the configuration changes.
    fn tell(&mut self, opener: Option<Opener>) -> io::Result<()> {
        let settings = self.routing.config().alerts.clone();
        let ledger = Arc::clone(&self.ledger);
        let events = Arc::downgrade(&self.events);
        let clicked = move || events.upgrade().iter().for_each(|events| events.changed());
        let clicked = Box::new(clicked);
        let alerts = Arc::new(Alerts::start(&self.books, ledger, &settings, opener, clicked)?);
        let changed =
            (Arc::downgrade(&self.books), Arc::downgrade(&self.events), Arc::downgrade(&alerts));
        self.routing.on_change(move |config| {
            if let Some(alerts) = changed.2.upgrade() {
                alerts.replace(&config.alerts);
            }
            take_over(config, &changed.0, &changed.1);
        });
        self.alerts = Some(alerts);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports {
            books: Arc::clone(&self.books) as _,
            gate: Arc::clone(&self.tokens) as _,
            keys: Arc::clone(&self.keys) as _,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            routes: Arc::clone(&self.routing) as _,
            events: Arc::clone(&self.events) as _,
            locals: Arc::clone(&self.local) as _,
        }
    }

    fn parts(self, serving: Option<Serving>) -> Parts {
        Parts {
            config: self.routing.shared(),
            home: self.home,
            routing: self.routing,
            ledger: self.ledger,
            prices: self.prices,
            books: self.books,
            keys: self.keys,
            tokens: self.tokens,
            events: self.events,
            local: self.local,
            alerts: self.alerts,
            serving,
            found: self.found,
        }
    }
}

/// The budgets of an edited configuration.
fn take_over(config: &Config, books: &Weak<Books>, events: &Weak<Events>) {
    if let (Some(books), Some(events)) = (books.upgrade(), events.upgrade()) {
        books.replace(config.terms());
        books.look_for_news(clock::unix_ms());
        events.changed();
    }
}

fn found(opened: &weir_ledger::Opened) -> Vec<String> {
    let mut found = Vec::new();
    if opened.orphans > 0 {
        let n = opened.orphans;
        let open = if n == 1 { "1 attempt was".into() } else { format!("{n} attempts were") };
        let line = format!("{open} open when Weir last stopped, and counted at the estimate");
        tracing::warn!("{line}");
        found.push(line);
    }
    if let Some(backup) = &opened.backup {
        tracing::info!(backup = %backup.display(), "the ledger was brought up to date; a copy was kept");
    }
    found
}
