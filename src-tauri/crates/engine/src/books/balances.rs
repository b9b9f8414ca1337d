//! What every budget has spent and holds, in memory, so that a reservation costs no query.
//! Owns the windows and the open reservations; the ledger is the truth they are rebuilt from.
//! A request belongs to the window that holds the local day it started on, however long it takes
//! and whatever becomes of the clock and the zone meanwhile.

use super::account::{AT_LIMIT, Account, Kept, WHOLE};
use super::hold::{About, Hold, subject};
use super::index::Index;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use weir_core::budget::{
    Ask, Asks, AtLimit, Budget, Fit, InForce, Lift, Scope, Standing, Subject, Told,
};
use weir_core::period::{LocalDay, Period, Window};
use weir_core::{Money, RequestId};

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
    /// It does not fit because of what is under way, or others wait for the same room.
    Soon(Box<Seen>),
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

/// What an attempt is about, in the terms of the data path.
pub use weir_proxy::ports::Opening;
use weir_proxy::ports::Waiting;

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
    pub fn admit(
        &mut self,
        opening: &Opening,
        asks: impl Into<Asks>,
        past: &dyn Past,
    ) -> Result<(), Denied> {
        self.admit_in_line(opening, asks.into(), None, past)
    }

    /// The same for a request that waits for room: denied for the time being, it has its place in the
    /// line; else it leaves it.
    ///
    /// # Errors
    /// The first budget that refuses.
    pub fn admit_in_line(
        &mut self,
        opening: &Opening,
        asks: Asks,
        waiting: Option<&Waiting>,
        past: &dyn Past,
    ) -> Result<(), Denied> {
        let mut touched = std::mem::take(&mut self.touched);
        let verdict = self.judge(opening, asks, waiting, past, &mut touched);
        if verdict.is_ok() {
            for place in &touched {
                let account = &mut self.accounts[*place];
                let ask = account.ask(asks);
                account.windows[0].standing.hold(ask);
            }
            let hold = Hold { day: self.day(opening.at_ms), asks, about: About::of(opening) };
            self.holds.insert((opening.id, opening.attempt), hold);
        }
        self.touched = touched;
        if waiting.is_some() && !matches!(verdict, Err(Denied::Soon(_))) {
            self.leave_line(opening.id);
        }
        verdict
    }

    /// Takes a request out of every line.
    pub fn leave_line(&mut self, id: RequestId) {
        self.accounts.iter_mut().for_each(|account| account.leave_line(id));
    }

    /// Whether every budget in scope has room. They are then in `touched`, the window of each the
    /// first of it.
    fn judge(
        &mut self,
        opening: &Opening,
        asks: Asks,
        waiting: Option<&Waiting>,
        past: &dyn Past,
        touched: &mut Vec<usize>,
    ) -> Result<(), Denied> {
        touched.clear();
        let (subject, at_ms) = (&subject(opening), opening.at_ms);
        // A limit that is raised while a request waits is raised for it.
        let now_ms = waiting.map_or(at_ms, |waiting| waiting.now_ms.max(at_ms));
        // The one to name is the first in the order of the configuration, which this is not in; what
        // will not pass comes before what may.
        let mut denied: Option<(bool, usize, Fit)> = None;
        for near in self.index.near(subject) {
            let account = &mut self.accounts[near.place];
            if !near.surely && !account.budget.scope.holds(subject) {
                continue;
            }
            touched.push(near.place);
            account.window(at_ms, &self.zone, &self.holds, past)?;
            if !account.may_refuse() {
                continue;
            }
            let terms = account.terms(&self.lifts, now_ms);
            let fit = account.fit(&terms, asks, subject.local);
            let promised = fit == Fit::Fits && account.is_promised(&terms, asks, opening.id);
            if fit == Fit::Fits && !promised {
                continue;
            }
            let soon = promised || account.has_room_soon(&terms, asks);
            let found = (soon, near.place, fit);
            if denied.is_none_or(|first| (soon, near.place) < (first.0, first.1)) {
                denied = Some(found);
            }
        }
        let Some((soon, place, fit)) = denied else { return Ok(()) };
        let account = &mut self.accounts[place];
        if let Some(waiting) = waiting.filter(|_| soon) {
            account.line_up(opening.id, &waiting.room);
        }
        let seen = Box::new(account.seen(account.terms(&self.lifts, now_ms)));
        Err(match fit {
            _ if soon => Denied::Soon(seen),
            Fit::Unpriced => Denied::Unpriced(seen),
            Fit::Full | Fit::Fits => Denied::Full(seen),
        })
    }

    /// Whether any budget may refuse or turn away anything.
    pub fn may_refuse(&self) -> bool {
        self.accounts.iter().any(Account::may_refuse)
    }

    /// A way to answer against every budget it would count in; nothing is set aside.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent.
    pub fn weigh(
        &mut self,
        subject: &Subject<'_>,
        at_ms: i64,
        asks: Asks,
        past: &dyn Past,
    ) -> Result<Weighed, String> {
        let mut weighed = Weighed::default();
        for near in self.index.near(subject) {
            let account = &mut self.accounts[near.place];
            let holds = near.surely || account.budget.scope.holds(subject);
            if !holds || !account.may_refuse() {
                continue;
            }
            account.window(at_ms, &self.zone, &self.holds, past).map_err(Denied::reason)?;
            let terms = account.terms(&self.lifts, at_ms);
            if terms.at_limit == AtLimit::Notify {
                continue;
            }
            weighed.counts_in.push(near.place);
            let fit = account.fit(&terms, asks, subject.local);
            if fit != Fit::Fits {
                weighed.against.push((near.place, account.seen(terms), fit));
            }
        }
        // The first one names what is refused.
        weighed.against.sort_by_key(|(place, ..)| *place);
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
        for near in index.near(&subject) {
            let account = &mut accounts[near.place];
            if !near.surely && !account.budget.scope.holds(&subject) {
                continue;
            }
            let holds_day =
                |kept: &&mut Kept| kept.window.from <= hold.day && hold.day < kept.window.to;
            // A window that is not in memory is read from the ledger when it is next asked for.
            let Some(kept) = account.windows.iter_mut().find(holds_day) else { continue };
            kept.standing.settle(hold.asks.under(account.budget.at_limit), cost, tokens);
            if let Some((_, room)) = account.line.front() {
                room.notify_one();
            }
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
    pub fn turn_away(&mut self, budget: &str, at_ms: i64, asks: Asks) -> Option<Crossed> {
        let Self { accounts, lifts, .. } = self;
        let account = accounts.iter_mut().find(|a| a.budget.name == budget)?;
        let terms = account.terms(lifts, at_ms);
        let inside = |kept: &&mut Kept| kept.is_around(at_ms) && !terms.closed;
        let kept = account.windows.iter_mut().find(inside)?;
        kept.turned = Some(asks.under(account.budget.at_limit));
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
            let known = account.window(now_ms, &self.zone, &self.holds, past).is_ok();
            if let Some(from) = account.first_day().filter(|_| known) {
                account.cross(from, &self.lifts, now_ms, &mut news);
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

    /// How much is kept: windows, open reservations, lifts, and room for budgets in scope.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        let windows: usize = self.accounts.iter().map(|account| account.windows.capacity()).sum();
        windows + self.holds.len() + self.lifts.len() + self.touched.capacity()
    }

    /// The local day of a moment; the usual case needs no calendar.
    fn day(&mut self, at_ms: i64) -> LocalDay {
        if !(self.today.start_ms..self.today.end_ms).contains(&at_ms) {
            self.today = Period::Day.window(at_ms, &self.zone);
        }
        self.today.from
    }
}

/// Whether a budget stops, and only what is under way is in the way of an ask.
pub(super) fn has_room_soon(terms: &InForce, standing: &Standing, ask: Ask) -> bool {
    terms.at_limit == AtLimit::Block && !terms.closed && standing.may_pass(ask, terms.limit)
}

impl Seen {
    /// A budget in one of its windows.
    pub(super) fn of(budget: &Budget, terms: InForce, kept: Kept) -> Self {
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

    /// What it sets aside of an ask.
    pub fn ask(&self, asks: Asks) -> Ask {
        asks.under(self.budget.at_limit)
    }

    /// Whether it stops, and only what is under way is in the way of an ask.
    pub fn has_room_soon(&self, asks: Asks) -> bool {
        has_room_soon(&self.terms, &self.standing, self.ask(asks))
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
            Self::Full(seen) | Self::Soon(seen) | Self::Unpriced(seen) => seen.budget.name,
        }
    }
}
