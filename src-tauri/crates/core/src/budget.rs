//! Budgets and whether a reservation fits them: spent + reserved + ask <= limit.
//! Pure; the standing of each budget is passed in.

use crate::Money;
use crate::period::Period;
use serde::{Deserialize, Serialize};

/// What happens when a budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtLimit {
    /// Tell the user, go on.
    Notify,
    /// Step down to a cheaper rung.
    Downgrade,
    /// Only local models.
    Local,
    /// Refuse.
    Block,
}

/// Which calls a budget counts. `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Provider name.
    pub provider: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Tier name.
    pub tier: Option<String>,
    /// Category name.
    pub category: Option<String>,
    /// Client name.
    pub client: Option<String>,
    /// Project name.
    pub project: Option<String>,
    /// Local or not.
    pub local: Option<bool>,
}

/// A configured budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// Its period, in local time.
    pub period: Period,
    /// Its limit.
    pub limit: Money,
    /// What it counts.
    pub scope: Scope,
    /// Percentages at which the user is told.
    pub thresholds: Vec<u8>,
    /// What happens at the limit.
    pub at_limit: AtLimit,
}

/// Where a budget stands in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Known cost of what has ended.
    pub spent: Money,
    /// Set aside for what is under way.
    pub reserved: Money,
}

impl Standing {
    /// Whether `ask` more still fits: spent + reserved + ask <= limit, in exact arithmetic.
    /// What costs nothing always fits.
    pub fn fits(&self, ask: Money, limit: Money) -> bool {
        let sum = i128::from(self.spent.nano()) + i128::from(self.reserved.nano());
        ask <= Money::ZERO || sum + i128::from(ask.nano()) <= i128::from(limit.nano())
    }
}

impl Budget {
    /// Whether it refuses at the limit. Stepping down and turning local refuse what they cannot
    /// place elsewhere, so only `notify` never does.
    pub fn is_hard(&self) -> bool {
        self.at_limit != AtLimit::Notify
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_the_limit_exactly_fits_and_a_nano_dollar_more_does_not() {
        let money = Money::from_nano;
        let standing = Standing { spent: money(60), reserved: money(30) };
        assert!(standing.fits(money(10), money(100)));
        assert!(!standing.fits(money(11), money(100)));
        assert!(!standing.fits(Money::MAX, Money::MAX), "sums do not wrap or stop short");
    }

    #[test]
    fn what_costs_nothing_fits_a_budget_that_is_overdrawn() {
        let over = Standing { spent: Money::from_nano(200), reserved: Money::ZERO };
        assert!(over.fits(Money::ZERO, Money::from_nano(100)));
        assert!(!over.fits(Money::from_nano(1), Money::from_nano(100)));
    }
}
