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
