//! Budgets: what they count, where they stand, and whether an ask fits: spent + reserved + ask <=
//! limit. Owns the values; what follows at a limit is `ladder`, what is told is `alert`.
//! Pure: standings and `now` are passed in.

mod alert;
mod ladder;
mod lift;
mod pace;
mod power;
mod scope;
mod share;
#[cfg(test)]
mod tests;

pub use alert::{
    Forecast, Hours, Told, at_limit, crossed, forecast, full, said, shown_moment, unpriced,
};
pub use ladder::{Full, Ladder, Pick, Place, Rung, Step, ladder};
pub use lift::{Change, InForce, Lift, in_force};
pub use pace::{Allowance, AllowanceState, Pace, pace};
pub use power::Power;
pub use scope::{Scope, Subject};
pub use share::{Cap, Shares};

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

impl AtLimit {
    /// The names, in the order they are documented.
    pub const NAMES: [&'static str; 4] = ["notify", "downgrade", "local", "block"];

    /// The name used in configuration and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Downgrade => "downgrade",
            Self::Local => "local",
            Self::Block => "block",
        }
    }

    /// What is called so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Notify, Self::Downgrade, Self::Local, Self::Block]
            .into_iter()
            .find(|at| at.as_str() == text)
    }
}

/// How much a budget allows in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Dollars.
    Usd(Money),
    /// Tokens of prompts and answers, cached ones included.
    Tokens(u64),
}

impl Limit {
    /// The amount of dollars; `None` for tokens.
    pub fn usd(self) -> Option<Money> {
        match self {
            Self::Usd(money) => Some(money),
            Self::Tokens(_) => None,
        }
    }

    /// The count of tokens; `None` for dollars.
    pub fn tokens(self) -> Option<u64> {
        match self {
            Self::Usd(_) => None,
            Self::Tokens(count) => Some(count),
        }
    }

    /// `percent` of it, rounded down.
    #[must_use]
    pub fn part(self, percent: u8) -> Self {
        let percent = i128::from(percent);
        match self {
            Self::Usd(money) => Self::Usd(Money::from_nano(
                i64::try_from(i128::from(money.nano()) * percent / 100).unwrap_or(i64::MAX),
            )),
            Self::Tokens(count) => {
                Self::Tokens(u64::try_from(i128::from(count) * percent / 100).unwrap_or(u64::MAX))
            }
        }
    }

    /// This and what it is raised by; unlike kinds do not add up.
    #[must_use]
    pub fn raised(self, by: Self) -> Self {
        match (self, by) {
            (Self::Usd(own), Self::Usd(by)) => Self::Usd(own.saturating_add(by)),
            (Self::Tokens(own), Self::Tokens(by)) => Self::Tokens(own.saturating_add(by)),
            (own, _) => own,
        }
    }

    /// For people: `$2.00`, `1,500,000 tokens`.
    pub fn short(self) -> String {
        match self {
            Self::Usd(money) => money.short(),
            Self::Tokens(count) => format!("{} tokens", crate::money::group(count)),
        }
    }
}

/// Where a budget comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// One of `[[budgets]]`.
    #[default]
    Written,
    /// A share of `[categories]`.
    Share,
    /// A line of `[caps]`.
    Cap,
    /// `[tunnel] daily_usd`.
    Tunnel,
}

/// A budget in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// Its period, in local time.
    pub period: Period,
    /// Its limit.
    pub limit: Limit,
    /// What it counts.
    pub scope: Scope,
    /// Percentages at which the user is told, rising.
    pub thresholds: Vec<u8>,
    /// What happens at the limit.
    pub at_limit: AtLimit,
    /// Where it comes from.
    pub origin: Origin,
}

/// What a request wants set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The most it can cost; `None` when its price is not known.
    pub cost: Option<Money>,
    /// The most tokens it can use, prompt and answer.
    pub tokens: u64,
}

/// What a request is weighed by: what it can come to at most, and what it is likely to stay under.
/// A tool may allow itself an answer of 128,000 tokens with every request and write 500: a budget that
/// stops must count on all of them, and one that only steps down would step down for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// The most.
    pub most: Ask,
    /// What it seldom passes; never above the most.
    pub likely: Ask,
}

impl Asks {
    /// What a budget sets aside: the most where it stops or only tells, else what is likely.
    pub fn under(&self, at_limit: AtLimit) -> Ask {
        match at_limit {
            AtLimit::Notify | AtLimit::Block => self.most,
            AtLimit::Downgrade | AtLimit::Local => self.likely,
        }
    }
}

impl From<Ask> for Asks {
    fn from(ask: Ask) -> Self {
        Self { most: ask, likely: ask }
    }
}

/// Whether an ask fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It does.
    Fits,
    /// It does not.
    Full,
    /// What it costs is not known, so nobody can tell.
    Unpriced,
}

/// Where a budget stands in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Known cost of what has ended.
    pub spent: Money,
    /// Set aside for what is under way.
    pub reserved: Money,
    /// Tokens of what has ended.
    pub spent_tokens: u64,
    /// Tokens set aside for what is under way.
    pub reserved_tokens: u64,
}

impl Standing {
    /// Whether `ask` more still fits: spent + reserved + ask <= limit, in exact arithmetic.
    /// What costs nothing always fits an amount of dollars.
    pub fn fits(&self, ask: Ask, limit: Limit) -> Fit {
        let fits = match (limit, ask.cost) {
            (Limit::Usd(_), None) => return Fit::Unpriced,
            (Limit::Usd(limit), Some(cost)) => {
                let sum = i128::from(self.spent.nano()) + i128::from(self.reserved.nano());
                cost <= Money::ZERO || sum + i128::from(cost.nano()) <= i128::from(limit.nano())
            }
            (Limit::Tokens(limit), _) => {
                let sum = u128::from(self.spent_tokens) + u128::from(self.reserved_tokens);
                ask.tokens == 0 || sum + u128::from(ask.tokens) <= u128::from(limit)
            }
        };
        if fits { Fit::Fits } else { Fit::Full }
    }

    /// Whether only what is under way keeps `ask` from fitting: it may be given back soon.
    pub fn may_pass(&self, ask: Ask, limit: Limit) -> bool {
        let alone = Self { reserved: Money::ZERO, reserved_tokens: 0, ..*self };
        self.fits(ask, limit) == Fit::Full && alone.fits(ask, limit) == Fit::Fits
    }

    /// Spent, in whole percent of a limit, rounded down.
    pub fn percent(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Usd(limit) => self.spent.percent_of(limit),
            Limit::Tokens(0) => 0,
            Limit::Tokens(limit) => {
                u64::try_from(u128::from(self.spent_tokens) * 100 / u128::from(limit))
                    .unwrap_or(u64::MAX)
            }
        }
    }

    /// What was spent, in the kind of a limit, for people.
    pub fn shown(&self, limit: Limit) -> String {
        match limit {
            Limit::Usd(_) => Limit::Usd(self.spent).short(),
            Limit::Tokens(_) => crate::money::group(self.spent_tokens),
        }
    }

    /// Sets an ask aside.
    pub fn hold(&mut self, ask: Ask) {
        self.reserved = self.reserved.saturating_add(ask.cost.unwrap_or(Money::ZERO));
        self.reserved_tokens = self.reserved_tokens.saturating_add(ask.tokens);
    }

    /// Gives an ask back and books what it came to; an unknown cost adds nothing known.
    pub fn settle(&mut self, ask: Ask, cost: Option<Money>, tokens: u64) {
        self.reserved = self.reserved.saturating_sub(ask.cost.unwrap_or(Money::ZERO));
        self.reserved_tokens = self.reserved_tokens.saturating_sub(ask.tokens);
        self.spent = self.spent.saturating_add(cost.unwrap_or(Money::ZERO));
        self.spent_tokens = self.spent_tokens.saturating_add(tokens);
    }
}

impl Budget {
    /// Whether it refuses at the limit. Stepping down and turning local refuse what they cannot
    /// place elsewhere, so only `notify` never does.
    pub fn is_hard(&self) -> bool {
        self.at_limit != AtLimit::Notify
    }
}
