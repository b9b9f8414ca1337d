//! One budget in the windows that are in memory. Owns where each stands, which marks of it were told,
//! and how one that is not in memory is read.

use super::balances::{Crossed, Denied, Past, Place, Seen, has_room_soon};
use super::hold::Hold;
use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;
use weir_core::budget::{
    Ask, Asks, AtLimit, Budget, Fit, InForce, Lift, Limit, Standing, Told, crossed, in_force,
};
use weir_core::period::{LocalDay, Period, Window};
use weir_core::{Money, RequestId};

/// Windows of one budget kept in memory. More than two are only in use around a change of window,
/// or when the machine's clock jumps.
const WINDOWS_MAX: usize = 4;

/// The bit of `Told::AtLimit`, above those of percentages.
pub const AT_LIMIT: u8 = 101;
/// Says already what happens at the limit.
pub const WHOLE: u8 = 100;

/// A window in memory.
#[derive(Clone, Copy)]
pub struct Kept {
    pub window: Window,
    pub standing: Standing,
    /// A bit for each percentage that was told, and `AT_LIMIT`.
    pub told: u128,
    pub turned: Option<Ask>,
}

/// A budget.
pub struct Account {
    pub budget: Budget,
    /// The one used last first.
    pub windows: Vec<Kept>,
    /// Whether any lift names it.
    pub lifted: bool,
    /// Who waits for room, first come first.
    pub line: VecDeque<(RequestId, Arc<Notify>)>,
}

impl Account {
    pub fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), windows: Vec::new(), lifted: false, line: VecDeque::new() }
    }

    /// Whether it may refuse anything.
    pub fn may_refuse(&self) -> bool {
        self.budget.is_hard() || self.lifted
    }

    pub fn terms(&self, lifts: &[Lift], at_ms: i64) -> InForce {
        let lifts = if self.lifted { lifts } else { &[] };
        in_force(&self.budget, lifts, at_ms)
    }

    /// Whether an ask fits the first window.
    pub fn fit(&self, terms: &InForce, asks: Asks, local: bool) -> Fit {
        if terms.at_limit == AtLimit::Notify {
            return Fit::Fits;
        }
        if terms.closed {
            return if local { Fit::Fits } else { Fit::Full };
        }
        self.windows
            .first()
            .map_or(Fit::Fits, |kept| kept.standing.fits(self.ask(asks), terms.limit))
    }

    /// What it sets aside of an ask. By the budget's own word, which no lift changes, so that what is
    /// given back is what was taken.
    pub fn ask(&self, asks: Asks) -> Ask {
        asks.under(self.budget.at_limit)
    }

    /// Whether somebody else is the first to have what an ask would take.
    pub fn is_promised(&self, terms: &InForce, asks: Asks, id: RequestId) -> bool {
        let ask = self.ask(asks);
        let takes = match terms.limit {
            Limit::Usd(_) => ask.cost.is_some_and(|cost| cost > Money::ZERO),
            Limit::Tokens(_) => ask.tokens > 0,
        };
        takes && self.line.front().is_some_and(|(first, _)| *first != id)
    }

    /// Whether it stops, and only what is under way is in the way of an ask.
    pub fn has_room_soon(&self, terms: &InForce, asks: Asks) -> bool {
        let ask = self.ask(asks);
        self.windows.first().is_some_and(|kept| has_room_soon(terms, &kept.standing, ask))
    }

    /// Gives a place in line to a request that has none.
    pub fn line_up(&mut self, id: RequestId, room: &Arc<Notify>) {
        if self.line.iter().all(|(known, _)| *known != id) {
            self.line.push_back((id, Arc::clone(room)));
        }
    }

    /// Takes a request out of the line.
    pub fn leave_line(&mut self, id: RequestId) {
        let Some(at) = self.line.iter().position(|(known, _)| *known == id) else { return };
        self.line.remove(at);
        if at == 0 {
            self.tell_line();
        }
    }

    /// There may be room for the first in line.
    pub fn tell_line(&self) {
        if let Some((_, room)) = self.line.front() {
            room.notify_one();
        }
    }

    /// The first window as others see it.
    pub fn seen(&self, terms: InForce) -> Seen {
        let none = || Kept {
            window: Period::Day.window(0, &TimeZone::UTC),
            standing: Standing::default(),
            told: 0,
            turned: None,
        };
        Seen::of(&self.budget, terms, self.windows.first().copied().unwrap_or_else(none))
    }

    /// The day on which the first window begins.
    pub fn first_day(&self) -> Option<LocalDay> {
        self.windows.first().map(|kept| kept.window.from)
    }

    /// Notes and returns the marks that the window beginning on a day has passed.
    pub fn cross(&mut self, from: LocalDay, lifts: &[Lift], now_ms: i64, news: &mut Vec<Crossed>) {
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
    pub fn window(
        &mut self,
        at_ms: i64,
        zone: &TimeZone,
        holds: &HashMap<Place, Hold>,
        past: &dyn Past,
    ) -> Result<(), Denied> {
        // The usual case needs no calendar: the instant is inside the window used last.
        match self.windows.iter().position(|kept| kept.is_around(at_ms)) {
            Some(0) => {}
            Some(at) => self.windows[..=at].rotate_right(1),
            None => {
                let kept = self.read(at_ms, zone, holds, past)?;
                self.windows.truncate(WINDOWS_MAX - 1);
                self.windows.insert(0, kept);
            }
        }
        Ok(())
    }

    /// A window as the ledger has it, and with what is open.
    fn read(
        &self,
        at_ms: i64,
        zone: &TimeZone,
        holds: &HashMap<Place, Hold>,
        past: &dyn Past,
    ) -> Result<Kept, Denied> {
        let window = self.budget.period.window(at_ms, zone);
        let spend = past.spent(&self.budget.scope, window).map_err(Denied::Unknown)?;
        let mut standing =
            Standing { spent: spend.cost, spent_tokens: spend.tokens, ..Standing::default() };
        let held = holds.values().filter(|hold| {
            window.from <= hold.day
                && hold.day < window.to
                && self.budget.scope.holds(&hold.about.subject())
        });
        held.for_each(|hold| standing.hold(hold.asks.under(self.budget.at_limit)));
        let told = past.told(&self.budget, window).into_iter().fold(0, |bits, told| match told {
            Told::Percent(mark) => bits | 1 << mark,
            Told::AtLimit => bits | 1 << AT_LIMIT,
            Told::Forecast | Told::Spike => bits,
        });
        Ok(Kept { window, standing, told, turned: None })
    }
}

impl Kept {
    /// Whether an instant is inside.
    pub fn is_around(&self, at_ms: i64) -> bool {
        self.window.start_ms <= at_ms && at_ms < self.window.end_ms
    }
}
