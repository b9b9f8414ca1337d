//! The thread that tells: notes each alert in the ledger first, so that it is never told twice,
//! then delivers it. Owns spikes and forecasts, which are looked at when something was spent;
//! it has no timer.

use super::deliver::{Alert, Command, Notifier, Webhook};
use super::desktop::{Act, Desktop};
use super::inbox::Inbox;
use crate::api::Stamp;
use crate::books::{Books, Crossed, Reached, Seen};
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use weir_core::Money;
use weir_core::budget::{Change, Hours, Lift, Told, at_limit, forecast, said};
use weir_core::period::Period;
use weir_ledger::Ledger;

/// How much of the ledger is read to know the usual hour.
const HABIT_MS: i64 = 14 * 24 * 3_600_000;
/// Rows of it at most, so that a start after a busy fortnight stays short.
const HABIT_ROWS_MAX: usize = 200_000;
/// How often forecasts are looked at while money is spent.
const FORECAST_EVERY_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// `[alerts]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether the system's notifications are used.
    pub desktop: bool,
    /// An address that takes a POST.
    pub webhook: Option<String>,
    /// A program and its arguments.
    pub command: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { desktop: true, webhook: None, command: Vec::new() }
    }
}

/// Who opens the window, where there is one.
pub type Opener = Arc<dyn Fn() + Send + Sync>;
/// Who is told that a click changed something.
type Changed = Box<dyn Fn() + Send + Sync>;

/// The alerts of a running engine.
pub struct Alerts {
    inbox: Arc<Inbox>,
    told: Arc<Deliverers>,
    desktop: Arc<dyn Notifier>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Who is told, and who could not be.
#[derive(Default)]
struct Deliverers {
    all: ArcSwap<Vec<Arc<dyn Notifier>>>,
    failing: Mutex<BTreeMap<&'static str, String>>,
}

impl Alerts {
    /// Starts the thread. `books` begins to tell it at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        books: &Arc<Books>,
        ledger: Arc<Ledger>,
        settings: &Settings,
        opener: Option<Opener>,
        changed: Changed,
    ) -> std::io::Result<Self> {
        let acting = Arc::downgrade(books);
        let opens = opener.is_some();
        let doer = move |act| {
            done(&acting, act, opener.as_ref());
            changed();
        };
        let alerts = Self {
            inbox: Arc::default(),
            told: Arc::default(),
            desktop: Arc::new(Desktop::new(opens, Arc::new(doer))),
            thread: Mutex::new(None),
        };
        alerts.replace(settings);
        let worker = Worker {
            inbox: Arc::clone(&alerts.inbox),
            books: Arc::downgrade(books),
            ledger,
            told: Arc::clone(&alerts.told),
            hours: Hours::default(),
            forecast_ms: None,
        };
        let named = std::thread::Builder::new().name("weir-alerts".into());
        *alerts.thread.lock() = Some(named.spawn(move || worker.run())?);
        books.tell(Arc::clone(&alerts.inbox));
        Ok(alerts)
    }

    /// Tells others from now on.
    pub fn replace(&self, settings: &Settings) {
        let mut all: Vec<Arc<dyn Notifier>> = Vec::new();
        if settings.desktop {
            all.push(Arc::clone(&self.desktop));
        }
        if let Some(url) = &settings.webhook {
            all.push(Arc::new(Webhook::new(url)));
        }
        if !settings.command.is_empty() {
            all.push(Arc::new(Command::new(&settings.command)));
        }
        self.told.failing.lock().retain(|name, _| all.iter().any(|one| one.name() == *name));
        self.told.all.store(Arc::new(all));
    }

    /// Who could not be told the last time, one line each.
    pub fn notices(&self) -> Vec<String> {
        let failing = self.told.failing.lock();
        failing.iter().map(|(name, why)| unreached(name, why)).collect()
    }

    /// Tells what waits and ends the thread.
    pub fn end(&self) {
        self.inbox.end();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that tells of alerts had panicked");
        }
    }
}

impl Drop for Alerts {
    /// The thread holds the ledger open, so it must not outlive what told it.
    fn drop(&mut self) {
        self.end();
    }
}

fn unreached(name: &str, why: &str) -> String {
    format!("An alert could not be told through {name}: {why}. See [alerts] in config.toml")
}

impl Deliverers {
    fn tell(&self, alert: &Alert) {
        tracing::info!(budget = alert.budget, "{}", alert.message);
        for one in self.all.load().iter() {
            match one.tell(alert) {
                Ok(()) => drop(self.failing.lock().remove(one.name())),
                Err(why) => {
                    // Said once, not at every alert: a server without a desktop has none to find.
                    if self.failing.lock().insert(one.name(), why.clone()).is_none() {
                        tracing::warn!("{}", unreached(one.name(), &why));
                    }
                }
            }
        }
    }
}

/// What a click asks for.
fn done(books: &Weak<Books>, act: Act, opener: Option<&Opener>) {
    let Some(books) = books.upgrade() else { return };
    let now_ms = crate::clock::unix_ms();
    let (budget, local) = match act {
        Act::Open => return opener.iter().for_each(|open| open()),
        Act::Raise(budget) => (budget, false),
        Act::Local(budget) => (budget, true),
    };
    let terms = books.terms();
    let Some(found) = terms.budgets.iter().find(|b| b.name == budget) else { return };
    let until_ms = Period::Day.window(now_ms, &books.zone()).end_ms;
    let change = if local { Change::Local } else { Change::Raise(found.limit) };
    let lift = Lift { budget, from_ms: now_ms, until_ms, change };
    if let Err(problem) = books.lift(&lift) {
        tracing::error!(%problem, "what was clicked could not be done");
    }
}

// === the thread ===

struct Worker {
    inbox: Arc<Inbox>,
    books: Weak<Books>,
    ledger: Arc<Ledger>,
    told: Arc<Deliverers>,
    hours: Hours,
    forecast_ms: Option<i64>,
}

impl Worker {
    fn run(mut self) {
        self.learn_habits();
        loop {
            let news = self.inbox.take();
            for crossed in &news.crossed {
                self.crossed(crossed, is_echo(crossed, &news.crossed));
            }
            for reached in &news.reached {
                self.reached(reached);
            }
            for (at_ms, cost) in &news.spent {
                self.hours.add(*at_ms, *cost);
            }
            if let Some((at_ms, _)) = news.spent.last() {
                self.look_ahead(*at_ms);
            }
            if news.ended {
                return;
            }
        }
    }

    /// What the hours of the last fortnight cost.
    fn learn_habits(&mut self) {
        let now_ms = crate::clock::unix_ms();
        let rows = self.ledger.export(now_ms.saturating_sub(HABIT_MS), now_ms);
        for row in rows.take(HABIT_ROWS_MAX) {
            let Ok(row) = row else { return };
            if self.inbox.has_ended() {
                return;
            }
            let counted = row.attempts.iter().filter(|a| !a.uncounted);
            for attempt in counted {
                self.hours.add(attempt.at_ms, attempt.cost.unwrap_or(Money::ZERO));
            }
        }
    }

    /// Whether it was not told before, in this run or an earlier one.
    fn is_news(&self, budget: &str, period: Period, seen: &Seen, told: Told, at_ms: i64) -> bool {
        match self.ledger.note_told(budget, period, seen.window.from, told, at_ms) {
            Ok(news) => news,
            // Better told twice than not at all.
            Err(problem) => {
                tracing::warn!(%problem, "that an alert was told could not be noted");
                true
            }
        }
    }

    fn crossed(&self, crossed: &Crossed, echo: bool) {
        let Crossed { seen, told } = crossed;
        let (budget, now_ms) = (&seen.budget, crate::clock::unix_ms());
        if !self.is_news(&budget.name, budget.period, seen, *told, now_ms) {
            return;
        }
        let Some(books) = self.books.upgrade() else { return };
        let zone = books.zone();
        let (kind, percent, text) = match told {
            Told::Percent(percent) => {
                let of = (&seen.terms, &seen.standing, seen.window);
                ("threshold", Some(*percent), said(budget, of.0, of.1, of.2, *percent, &zone))
            }
            Told::AtLimit => {
                let ask = seen.turned.unwrap_or_default();
                let of = (&seen.terms, &seen.standing, seen.window);
                ("limit", None, at_limit(budget, of.0, of.1, of.2, ask, &zone))
            }
            Told::Forecast | Told::Spike => return,
        };
        self.told.tell(&Alert { percent, echo, ..of_budget(kind, seen, text, now_ms) });
    }

    /// A mark of a subscription's window; the same one after a restart is no news.
    fn reached(&self, reached: &Reached) {
        let Reached { provider, allowance, percent } = reached;
        let ends_ms = allowance.resets_ms.unwrap_or(allowance.heard_ms);
        // Some providers tell the time left, so that its end is not the same to the second.
        let hour = ends_ms.saturating_add(HOUR_MS / 2).div_euclid(HOUR_MS);
        let name = format!("{provider} {} {hour}", allowance.window);
        let day = Period::Day.window(ends_ms, &TimeZone::UTC).from;
        let told = Told::Percent(*percent);
        let noted = self.ledger.note_told(&name, Period::Day, day, told, allowance.heard_ms);
        if noted.unwrap_or(true) {
            self.told.tell(&of_allowance(reached));
        }
    }

    /// Spikes and forecasts, after something was spent.
    fn look_ahead(&mut self, at_ms: i64) {
        let Some(books) = self.books.upgrade() else { return };
        let zone = books.zone();
        if let Some(text) = self.hours.spike(at_ms) {
            let day = Period::Day.window(at_ms, &zone);
            let noted = self.ledger.note_told("", Period::Day, day.from, Told::Spike, at_ms);
            if noted.unwrap_or(true) {
                self.told.tell(&of_nothing("spike", text, at_ms));
            }
        }
        let due = self.forecast_ms.is_none_or(|last| (at_ms - last).abs() >= FORECAST_EVERY_MS);
        if !due {
            return;
        }
        self.forecast_ms = Some(at_ms);
        for seen in books.standings(at_ms).unwrap_or_default() {
            let limit = seen.terms.limit.usd();
            let ahead = forecast(seen.standing.spent, limit, seen.window, at_ms);
            // What is over already was told as such.
            let over = limit.is_some_and(|limit| seen.standing.spent >= limit);
            let text = ahead.filter(|_| !over).and_then(|a| a.said(&seen.budget, &zone));
            let budget = &seen.budget;
            if let Some(text) = text
                && self.is_news(&budget.name, budget.period, &seen, Told::Forecast, at_ms)
            {
                self.told.tell(&of_budget("forecast", &seen, text, at_ms));
            }
        }
    }
}

/// Whether another budget with the same limit passed the same mark and does more than tell: a person
/// need not hear it twice.
fn is_echo(crossed: &Crossed, all: &[Crossed]) -> bool {
    all.iter().any(|other| other.told == crossed.told && other.seen.says_more_than(&crossed.seen))
}

fn of_nothing(kind: &'static str, message: String, at_ms: i64) -> Alert {
    Alert {
        kind,
        budget: None,
        percent: None,
        echo: false,
        message,
        at: Stamp::from_ms(at_ms),
        spent_usd: None,
        limit_usd: None,
        resets_at: None,
    }
}

fn of_budget(kind: &'static str, seen: &Seen, message: String, at_ms: i64) -> Alert {
    let limit_usd = seen.terms.limit.usd();
    Alert {
        budget: Some(seen.budget.name.clone()),
        spent_usd: limit_usd.map(|_| seen.standing.spent),
        limit_usd,
        resets_at: Some(Stamp::from_ms(seen.window.end_ms)),
        ..of_nothing(kind, message, at_ms)
    }
}

fn of_allowance(reached: &Reached) -> Alert {
    let Reached { provider, allowance, percent } = reached;
    let window = &allowance.window;
    let message = format!("The {window} window of {provider} is {percent} % used.");
    Alert {
        percent: Some(*percent),
        resets_at: allowance.resets_ms.map(Stamp::from_ms),
        ..of_nothing("allowance", message, allowance.heard_ms)
    }
}
