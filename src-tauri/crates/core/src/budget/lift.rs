//! A limit raised for a time, or a budget closed to paid models for a time; both end by themselves.
//! Owns what is in force at a moment.

use super::{AtLimit, Budget, Limit};

/// What is changed for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The limit is raised by so much.
    Raise(Limit),
    /// Only local models, however much is left.
    Local,
}

/// A change of one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lift {
    /// The budget's name.
    pub budget: String,
    /// From when, in Unix milliseconds.
    pub from_ms: i64,
    /// Until when, in Unix milliseconds.
    pub until_ms: i64,
    /// What.
    pub change: Change,
}

/// A budget's terms at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The limit.
    pub limit: Limit,
    /// What happens at it.
    pub at_limit: AtLimit,
    /// Whether nothing paid fits, however much is left.
    pub closed: bool,
    /// When the last change ends; `None` when none is in force.
    pub until_ms: Option<i64>,
}

impl Lift {
    /// Whether it is in force.
    pub fn holds(&self, at_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&at_ms)
    }
}

/// The terms of a budget at a moment. Raises of the same budget add up.
pub fn in_force<'l>(
    budget: &Budget,
    lifts: impl IntoIterator<Item = &'l Lift>,
    at_ms: i64,
) -> InForce {
    let mut terms =
        InForce { limit: budget.limit, at_limit: budget.at_limit, closed: false, until_ms: None };
    for lift in lifts.into_iter().filter(|l| l.budget == budget.name && l.holds(at_ms)) {
        match lift.change {
            // Of a limit in the other unit, which the budget had when it was raised.
            Change::Raise(by) if by.usd().is_some() != terms.limit.usd().is_some() => continue,
            Change::Raise(by) => terms.limit = terms.limit.raised(by),
            Change::Local => (terms.closed, terms.at_limit) = (true, AtLimit::Local),
        }
        terms.until_ms = terms.until_ms.max(Some(lift.until_ms));
    }
    terms
}
