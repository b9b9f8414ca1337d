//! What every budget has spent and holds, in memory, so that a reservation costs no query.
//! Owns the windows and the open reservations; the ledger is the truth they are rebuilt from.
//! A request belongs to the window it started in, however long it takes.

use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use weir_core::budget::{Budget, Scope, Standing};
use weir_core::period::Window;
use weir_core::{Money, RequestId};
use weir_proxy::ports::Opening;

/// Windows of one budget kept in memory. More than two are only in use around a change of window,
/// or when the machine's clock jumps.
const WINDOWS_MAX: usize = 4;

/// A request's attempt.
pub type Place = (RequestId, u16);

/// What a window had spent before it came into memory: asked of the ledger.
pub trait Past {
    /// Known cost of everything in scope that has ended in the window; `Err` says why the ledger
    /// cannot tell.
    fn spent(&self, scope: &Scope, window: Window) -> Result<Money, String>;
}

/// A budget in one window.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The budget.
    pub budget: Budget,
    /// The window.
    pub window: Window,
    /// Where it stands.
    pub standing: Standing,
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

#[derive(Clone, Copy)]
struct Kept {
    window: Window,
    standing: Standing,
}

struct Account {
    budget: Budget,
    windows: BTreeMap<i64, Kept>,
}

/// An open reservation: what it is about, and what it set aside.
struct Hold {
    at_ms: i64,
    ask: Money,
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
    local: bool,
}

/// All budgets.
pub struct Balances {
    zone: TimeZone,
    accounts: Vec<Account>,
    holds: HashMap<Place, Hold>,
}

impl Balances {
    /// Budgets without any window in memory yet.
    pub fn new(zone: TimeZone, budgets: &[Budget]) -> Self {
        Self { zone, accounts: accounts(budgets), holds: HashMap::new() }
    }

    /// Sets `ask` aside in every budget in scope, or in none.
    ///
    /// # Errors
    /// The first budget that refuses.
    pub fn admit(
        &mut self,
        opening: &Opening,
        ask: Option<Money>,
        past: &dyn Past,
    ) -> Result<(), Denied> {
        let about = About::of(opening);
        let mut touched = Vec::new();
        for (index, account) in self.accounts.iter_mut().enumerate() {
            if !about.is_in(&account.budget.scope) {
                continue;
            }
            let kept = account.window(opening.at_ms, &self.zone, &self.holds, past)?;
            let seen = || Box::new(account.seen(kept));
            match ask {
                Some(ask)
                    if account.budget.is_hard()
                        && !kept.standing.fits(ask, account.budget.limit) =>
                {
                    return Err(Denied::Full(seen()));
                }
                None if account.budget.is_hard() => return Err(Denied::Unpriced(seen())),
                _ => touched.push((index, kept.window.start_ms)),
            }
        }
        let ask = ask.unwrap_or(Money::ZERO);
        for (index, start) in touched {
            if let Some(kept) = self.accounts[index].windows.get_mut(&start) {
                kept.standing.reserved = kept.standing.reserved.saturating_add(ask);
            }
        }
        let hold = Hold { at_ms: opening.at_ms, ask, about };
        self.holds.insert((opening.id, opening.attempt), hold);
        Ok(())
    }

    /// Gives back what was set aside and books what it came to; `None` for an unknown cost.
    /// A place that is not open changes nothing, so that nothing is booked twice.
    pub fn close(&mut self, place: Place, cost: Option<Money>) {
        let Some(hold) = self.holds.remove(&place) else { return };
        for account in &mut self.accounts {
            if !hold.about.is_in(&account.budget.scope) {
                continue;
            }
            let start = account.budget.period.window(hold.at_ms, &self.zone).start_ms;
            // A window that is not in memory is read from the ledger when it is next asked for.
            if let Some(kept) = account.windows.get_mut(&start) {
                let standing = &mut kept.standing;
                standing.reserved = standing.reserved.saturating_sub(hold.ask);
                standing.spent = standing.spent.saturating_add(cost.unwrap_or(Money::ZERO));
            }
        }
    }

    /// Puts other budgets in force. Open reservations count in them too.
    pub fn replace(&mut self, budgets: &[Budget]) {
        self.accounts = accounts(budgets);
    }

    /// Every budget in the window that holds `now_ms`, in the order of the configuration.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent.
    pub fn standings(&mut self, now_ms: i64, past: &dyn Past) -> Result<Vec<Seen>, String> {
        let mut all = Vec::with_capacity(self.accounts.len());
        for account in &mut self.accounts {
            match account.window(now_ms, &self.zone, &self.holds, past) {
                Ok(kept) => all.push(account.seen(kept)),
                Err(Denied::Unknown(reason)) => return Err(reason),
                Err(Denied::Full(_) | Denied::Unpriced(_)) => {}
            }
        }
        Ok(all)
    }

    /// Reservations that are open.
    pub fn open(&self) -> usize {
        self.holds.len()
    }
}

fn accounts(budgets: &[Budget]) -> Vec<Account> {
    let account = |b: &Budget| Account { budget: b.clone(), windows: BTreeMap::new() };
    budgets.iter().map(account).collect()
}

impl Account {
    fn seen(&self, kept: Kept) -> Seen {
        Seen { budget: self.budget.clone(), window: kept.window, standing: kept.standing }
    }

    /// The window that holds an instant, read from the ledger when it is not in memory.
    fn window(
        &mut self,
        at_ms: i64,
        zone: &TimeZone,
        holds: &HashMap<Place, Hold>,
        past: &dyn Past,
    ) -> Result<Kept, Denied> {
        // The usual case needs no calendar: the instant is inside a window already known.
        let known = self.windows.range(..=at_ms).next_back().map(|(_, kept)| *kept);
        if let Some(kept) = known.filter(|k| at_ms < k.window.end_ms) {
            return Ok(kept);
        }
        let window = self.budget.period.window(at_ms, zone);
        let spent = past.spent(&self.budget.scope, window).map_err(Denied::Unknown)?;
        let inside = |hold: &&Hold| {
            (window.start_ms..window.end_ms).contains(&hold.at_ms)
                && hold.about.is_in(&self.budget.scope)
        };
        let held = holds.values().filter(inside).map(|h| h.ask);
        let reserved = held.fold(Money::ZERO, Money::saturating_add);
        let kept = Kept { window, standing: Standing { spent, reserved } };
        self.windows.insert(window.start_ms, kept);
        if self.windows.len() > WINDOWS_MAX {
            self.windows.pop_first();
        }
        // The one that was just read may be the oldest, when the clock was set back far.
        self.windows.entry(window.start_ms).or_insert(kept);
        Ok(kept)
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
            local: opening.local,
        }
    }

    fn is_in(&self, scope: &Scope) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
        };
        same(&scope.provider, Some(&self.provider))
            && same(&scope.model, Some(&self.model))
            && same(&scope.tier, self.tier)
            && same(&scope.category, self.category.as_deref())
            && same(&scope.client, Some(&self.client))
            && same(&scope.project, self.project.as_deref())
            && scope.local.is_none_or(|local| local == self.local)
    }
}
