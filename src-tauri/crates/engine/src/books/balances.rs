//! What every budget has spent and holds, in memory, so that a reservation costs no query.
//! Owns the windows and the open reservations; the ledger is the truth they are rebuilt from.
//! A request belongs to the window that holds the local day it started on, however long it takes
//! and whatever becomes of the clock and the zone meanwhile.

use super::index::Index;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use weir_core::budget::{
    Ask, AtLimit, Budget, Fit, InForce, Lift, Scope, Standing, Subject, Told, crossed, in_force,
};
use weir_core::period::{LocalDay, Period, Window};
use weir_core::{Money, RequestId};

/// Windows of one budget kept in memory. More than two are only in use around a change of window,
/// or when the machine's clock jumps.
const WINDOWS_MAX: usize = 4;

/// A request's attempt.
pub type Place = (RequestId, u16);

/// What a window had spent before it came into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// Known cost of everything that has ended.
    pub cost: Money,
    /// Its tokens.
    pub tokens: u64,
}

/// What is known of a window before it came into memory: asked of the ledger.
pub trait Past {
    /// What everything in scope that has ended in the window came to; `Err` says why the ledger
    /// cannot tell.
    fn spent(&self, scope: &Scope, window: Window) -> Result<Spend, String>;

    /// What was told of a budget in the window. Not knowing is no reason to refuse a request.
    fn told(&self, budget: &Budget, window: Window) -> Vec<Told>;
}

/// A budget in one window.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The budget.
    pub budget: Budget,
    /// Its terms at the moment of asking.
    pub terms: InForce,
    /// The window.
    pub window: Window,
    /// Where it stands.
    pub standing: Standing,
    /// What it turned away last in this window, since Weir runs.
    pub turned: Option<Ask>,
}

/// Something to tell of a budget, for the first time in its window.
#[derive(Clone, Debug)]
pub struct Crossed {
    /// The budget as it stands.
    pub seen: Seen,
    /// What.
    pub told: Told,
}

/// Why an attempt may not leave.
#[derive(Clone, Debug)]
pub enum Denied {
    /// It does not fit.
    Full(Box<Seen>),
    /// What it costs is not known, so it cannot be held to the budget.
    Unpriced(Box<Seen>),
    /// The ledger cannot tell what was spent.
    Unknown(String),
}

/// A way to answer against the budgets it would count in.
#[derive(Clone, Debug, Default)]
pub struct Weighed {
    /// Hard budgets, by their places.
    pub counts_in: Vec<usize>,
    /// Those it does not fit.
    pub against: Vec<(usize, Seen, Fit)>,
}

#[derive(Clone, Copy)]
struct Kept {
    window: Window,
    standing: Standing,
    /// A bit for each percentage that was told, and `AT_LIMIT`.
    told: u128,
    turned: Option<Ask>,
}

/// The bit of `Told::AtLimit`, above those of percentages.
const AT_LIMIT: u8 = 101;
/// Says already what happens at the limit.
const WHOLE: u8 = 100;

struct Account {
    budget: Budget,
    /// The one used last first.
    windows: Vec<Kept>,
    /// Whether any lift names it.
    lifted: bool,
}

/// An open reservation: what it is about, and what it set aside.
struct Hold {
    day: LocalDay,
    ask: Ask,
    about: About,
}

/// What scopes ask about. Kept with a hold so that budgets may change while it is open.
struct About {
    provider: String,
    model: String,
    tier: Option<&'static str>,
    category: Option<String>,
    client: std::sync::Arc<str>,
    project: Option<String>,
    session: Option<String>,
    local: bool,
}

/// What an attempt is about, in the terms of the data path.
pub use weir_proxy::ports::Opening;

/// All budgets.
pub struct Balances {
    zone: TimeZone,
    today: Window,
    accounts: Vec<Account>,
    index: Index,
    lifts: Vec<Lift>,
    holds: HashMap<Place, Hold>,
    touched: Vec<usize>,
}

impl Balances {
    /// Budgets without any window in memory yet.
    pub fn new(zone: TimeZone, budgets: &[Budget]) -> Self {
        let index = Index::of(budgets.iter().map(|b| &b.scope));
        let today = Period::Day.window(0, &zone);
        let accounts = budgets.iter().map(Account::new).collect();
        let (lifts, holds, touched) = (Vec::new(), HashMap::new(), Vec::new());
        Self { zone, today, accounts, index, lifts, holds, touched }
    }

    /// Sets `ask` aside in every budget in scope, or in none.
    ///
    /// # Errors
    /// The first budget that refuses.
    pub fn admit(&mut self, opening: &Opening, ask: Ask, past: &dyn Past) -> Result<(), Denied> {
        let about = About::of(opening);
        let mut touched = std::mem::take(&mut self.touched);
        touched.clear();
        let verdict = self.judge(&about.subject(), opening.at_ms, ask, past, &mut touched);
        if verdict.is_ok() {
            for place in &touched {
                self.accounts[*place].windows[0].standing.hold(ask);
            }
            let hold = Hold { day: self.day(opening.at_ms), ask, about };
            self.holds.insert((opening.id, opening.attempt), hold);
        }
        self.touched = touched;
        verdict
    }

    /// Whether every budget in scope has room. Their windows are then the first of each.
    fn judge(
        &mut self,
        subject: &Subject<'_>,
        at_ms: i64,
        ask: Ask,
        past: &dyn Past,
        touched: &mut Vec<usize>,
    ) -> Result<(), Denied> {
        let Self { index, accounts, .. } = self;
        touched.extend(index.near(subject).filter(|n| accounts[*n].budget.scope.holds(subject)));
        // The one to name is the first in the order of the configuration.
        touched.sort_unstable();
        for place in touched.iter() {
            let account = &mut self.accounts[*place];
            account.window(at_ms, &self.zone, &self.holds, past)?;
            if !account.budget.is_hard() && !account.lifted {
                continue;
            }
            let terms = account.terms(&self.lifts, at_ms);
            let fit = account.fit(&terms, ask, subject.local);
            match fit {
                Fit::Fits => {}
                Fit::Full => return Err(Denied::Full(Box::new(account.seen(terms)))),
                Fit::Unpriced => return Err(Denied::Unpriced(Box::new(account.seen(terms)))),
            }
        }
        Ok(())
    }

    /// A way to answer against every budget it would count in; nothing is set aside.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent.
    pub fn weigh(
        &mut self,
        subject: &Subject<'_>,
        at_ms: i64,
        ask: Ask,
        past: &dyn Past,
    ) -> Result<Weighed, String> {
        let mut weighed = Weighed::default();
        let mut places: Vec<usize> = self.index.near(subject).collect();
        places.sort_unstable();
        for place in places {
            let account = &mut self.accounts[place];
            if !account.budget.scope.holds(subject) {
                continue;
            }
            account.window(at_ms, &self.zone, &self.holds, past).map_err(Denied::reason)?;
            let terms = account.terms(&self.lifts, at_ms);
            if terms.at_limit == AtLimit::Notify {
                continue;
            }
            weighed.counts_in.push(place);
            let fit = account.fit(&terms, ask, subject.local);
            if fit != Fit::Fits {
                weighed.against.push((place, account.seen(terms), fit));
            }
        }
        Ok(weighed)
    }

    /// Gives back what was set aside and books what it came to; `None` for an unknown cost.
    /// A place that is not open changes nothing, so that nothing is booked twice.
    /// Returns the marks this passes for the first time, where `tell_ms` is inside the window.
    pub fn close(
        &mut self,
        place: Place,
        cost: Option<Money>,
        tokens: u64,
        tell_ms: Option<i64>,
    ) -> Vec<Crossed> {
        let Some(hold) = self.holds.remove(&place) else { return Vec::new() };
        let subject = hold.about.subject();
        let mut news = Vec::new();
        let Self { index, accounts, lifts, .. } = self;
        for place in index.near(&subject) {
            let account = &mut accounts[place];
            if !account.budget.scope.holds(&subject) {
                continue;
            }
            let holds_day =
                |kept: &&mut Kept| kept.window.from <= hold.day && hold.day < kept.window.to;
            // A window that is not in memory is read from the ledger when it is next asked for.
            let Some(kept) = account.windows.iter_mut().find(holds_day) else { continue };
            kept.standing.settle(hold.ask, cost, tokens);
            let window = kept.window;
            let now = tell_ms.filter(|now| (window.start_ms..window.end_ms).contains(now));
            if let Some(now_ms) = now {
                account.cross(window.from, lifts, now_ms, &mut news);
            }
        }
        news
    }

    /// Notes that a budget turned an ask away; to be told when it is the first in its window. Not told
    /// of a budget that somebody closed by hand, nor when the limit itself was told as a mark.
    pub fn turn_away(&mut self, budget: &str, at_ms: i64, ask: Ask) -> Option<Crossed> {
        let Self { accounts, lifts, .. } = self;
        let account = accounts.iter_mut().find(|a| a.budget.name == budget)?;
        let terms = account.terms(lifts, at_ms);
        let inside = |kept: &&mut Kept| {
            (kept.window.start_ms..kept.window.end_ms).contains(&at_ms) && !terms.closed
        };
        let kept = account.windows.iter_mut().find(inside)?;
        kept.turned = Some(ask);
        let known = 1 << AT_LIMIT | 1 << WHOLE;
        if kept.told & known != 0 {
            return None;
        }
        kept.told |= 1 << AT_LIMIT;
        Some(Crossed { seen: Seen::of(&account.budget, terms, *kept), told: Told::AtLimit })
    }

    /// Marks that are passed in the windows that hold a moment and were not told yet.
    pub fn cross(&mut self, now_ms: i64, past: &dyn Past) -> Vec<Crossed> {
        let mut news = Vec::new();
        for account in &mut self.accounts {
            if let Ok(kept) = account.window(now_ms, &self.zone, &self.holds, past) {
                account.cross(kept.window.from, &self.lifts, now_ms, &mut news);
            }
        }
        news
    }

    /// Puts other budgets in force. Open reservations count in them too.
    pub fn replace(&mut self, budgets: &[Budget]) {
        self.index = Index::of(budgets.iter().map(|b| &b.scope));
        self.accounts = budgets.iter().map(Account::new).collect();
        let lifts = std::mem::take(&mut self.lifts);
        self.set_lifts(lifts);
    }

    /// Puts lifts in force; those that have ended may be among them.
    pub fn set_lifts(&mut self, lifts: Vec<Lift>) {
        for account in &mut self.accounts {
            account.lifted = lifts.iter().any(|l| l.budget == account.budget.name);
        }
        self.lifts = lifts;
    }

    /// Reckons days in another zone from now on. What is open keeps the day it started on, as its
    /// row in the ledger does.
    pub fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
        self.today = Period::Day.window(0, &self.zone);
        self.forget();
    }

    /// Reads every window from the ledger when it is next needed.
    pub fn forget(&mut self) {
        self.accounts.iter_mut().for_each(|account| account.windows.clear());
    }

    /// Every budget in the window that holds `now_ms`, in the order of the configuration.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent.
    pub fn standings(&mut self, now_ms: i64, past: &dyn Past) -> Result<Vec<Seen>, String> {
        let mut all = Vec::with_capacity(self.accounts.len());
        for account in &mut self.accounts {
            account.window(now_ms, &self.zone, &self.holds, past).map_err(Denied::reason)?;
            all.push(account.seen(account.terms(&self.lifts, now_ms)));
        }
        Ok(all)
    }

    /// Reservations that are open.
    pub fn open(&self) -> usize {
        self.holds.len()
    }

    /// The local day of a moment; the usual case needs no calendar.
    fn day(&mut self, at_ms: i64) -> LocalDay {
        if !(self.today.start_ms..self.today.end_ms).contains(&at_ms) {
            self.today = Period::Day.window(at_ms, &self.zone);
        }
        self.today.from
    }
}

impl Seen {
    fn of(budget: &Budget, terms: InForce, kept: Kept) -> Self {
        let Kept { window, standing, turned, .. } = kept;
        Self { budget: budget.clone(), terms, window, standing, turned }
    }

    /// Whether it is like another one, of the same limit, window and scope, but does something at the
    /// limit where the other only tells.
    pub fn says_more_than(&self, other: &Self) -> bool {
        let tells = |seen: &Self| seen.terms.at_limit == AtLimit::Notify;
        !tells(self)
            && tells(other)
            && self.terms.limit == other.terms.limit
            && self.window == other.window
            && self.budget.scope == other.budget.scope
    }

    /// Whether it stands in the way of something: used up, closed by hand, or short of what it was
    /// last asked for.
    pub fn holds_back(&self) -> bool {
        let short = |ask: Ask| self.standing.fits(ask, self.terms.limit) == Fit::Full;
        let full = self.terms.closed
            || self.standing.percent(self.terms.limit) >= u64::from(WHOLE)
            || self.turned.is_some_and(short);
        full && self.terms.at_limit != AtLimit::Notify
    }
}

impl Denied {
    fn reason(self) -> String {
        match self {
            Self::Unknown(reason) => reason,
            Self::Full(seen) | Self::Unpriced(seen) => seen.budget.name,
        }
    }
}

impl Account {
    fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), windows: Vec::new(), lifted: false }
    }

    fn terms(&self, lifts: &[Lift], at_ms: i64) -> InForce {
        let lifts = if self.lifted { lifts } else { &[] };
        in_force(&self.budget, lifts, at_ms)
    }

    /// Whether an ask fits the first window.
    fn fit(&self, terms: &InForce, ask: Ask, local: bool) -> Fit {
        if terms.at_limit == AtLimit::Notify {
            return Fit::Fits;
        }
        if terms.closed {
            return if local { Fit::Fits } else { Fit::Full };
        }
        self.windows.first().map_or(Fit::Fits, |kept| kept.standing.fits(ask, terms.limit))
    }

    /// The first window as others see it.
    fn seen(&self, terms: InForce) -> Seen {
        let none = || Kept {
            window: Period::Day.window(0, &TimeZone::UTC),
            standing: Standing::default(),
            told: 0,
            turned: None,
        };
        Seen::of(&self.budget, terms, self.windows.first().copied().unwrap_or_else(none))
    }

    /// Notes and returns the marks that the window beginning on a day has passed.
    fn cross(&mut self, from: LocalDay, lifts: &[Lift], now_ms: i64, news: &mut Vec<Crossed>) {
        let terms = self.terms(lifts, now_ms);
        let Some(kept) = self.windows.iter_mut().find(|k| k.window.from == from) else { return };
        let percent = kept.standing.percent(terms.limit);
        let marks = crossed(&self.budget.thresholds, percent, |mark| kept.told >> mark & 1 == 1);
        if marks.is_empty() {
            return;
        }
        marks.iter().for_each(|mark| kept.told |= 1 << mark);
        let seen = Seen::of(&self.budget, terms, *kept);
        news.extend(
            marks.into_iter().map(|m| Crossed { seen: seen.clone(), told: Told::Percent(m) }),
        );
    }

    /// Makes the window that holds an instant the first, read from the ledger when it is not in
    /// memory.
    fn window(
        &mut self,
        at_ms: i64,
        zone: &TimeZone,
        holds: &HashMap<Place, Hold>,
        past: &dyn Past,
    ) -> Result<Kept, Denied> {
        // The usual case needs no calendar: the instant is inside a window already known.
        let inside = |kept: &Kept| (kept.window.start_ms..kept.window.end_ms).contains(&at_ms);
        if let Some(at) = self.windows.iter().position(inside) {
            self.windows[..=at].rotate_right(1);
            return Ok(self.windows[0]);
        }
        let window = self.budget.period.window(at_ms, zone);
        let spend = past.spent(&self.budget.scope, window).map_err(Denied::Unknown)?;
        let mut standing =
            Standing { spent: spend.cost, spent_tokens: spend.tokens, ..Standing::default() };
        let held = holds.values().filter(|hold| {
            window.from <= hold.day
                && hold.day < window.to
                && self.budget.scope.holds(&hold.about.subject())
        });
        held.for_each(|hold| standing.hold(hold.ask));
        let told = past.told(&self.budget, window).into_iter().fold(0, |bits, told| match told {
            Told::Percent(mark) => bits | 1 << mark,
            Told::AtLimit => bits | 1 << AT_LIMIT,
            Told::Forecast | Told::Spike => bits,
        });
        self.windows.insert(0, Kept { window, standing, told, turned: None });
        self.windows.truncate(WINDOWS_MAX);
        Ok(self.windows[0])
    }
}

impl About {
    fn of(opening: &Opening) -> Self {
        Self {
            provider: opening.provider.clone(),
            model: opening.model.clone(),
            tier: opening.tier.map(weir_core::route::Tier::as_str),
            category: opening.category.clone(),
            client: opening.client.clone(),
            project: opening.project.clone(),
            session: opening.session.clone(),
            local: opening.local,
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            provider: &self.provider,
            model: &self.model,
            tier: self.tier,
            category: self.category.as_deref(),
            client: &self.client,
            project: self.project.as_deref(),
            session: self.session.as_deref(),
            local: self.local,
        }
    }
}
