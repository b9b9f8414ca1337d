//! Budgets and subscriptions: `budget list`, and the orders that change them.
//! Owns their JSON; a budget's standing is `status`'s.

use super::{BudgetStanding, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;
use weir_core::Money;
use weir_core::budget::Scope;

/// What one past window of a budget came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PastWindow {
    /// Its first local day, as `2026-11-16`.
    pub from: String,
    /// What was spent in it.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// Its tokens.
    pub tokens: u64,
}

/// A budget's terms as they are written, whatever holds for a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BudgetTerms {
    /// Its limit in dollars; null for a budget of tokens.
    #[ts(as = "Option<String>")]
    pub limit_usd: Option<Money>,
    /// Its limit in tokens; null for a budget of dollars.
    pub limit_tokens: Option<u64>,
    /// `notify`, `downgrade`, `local` or `block`.
    pub at_limit: String,
}

/// A budget with where it comes from, what it counts and what it came to before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BudgetView {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: BudgetStanding,
    /// What stays when nothing holds for a time any more.
    #[serde(default)]
    pub written: BudgetTerms,
    /// What it counts, as `key=value`; empty for everything.
    pub scope: Vec<String>,
    /// The windows before this one, oldest first; at most eleven.
    pub history: Vec<PastWindow>,
}

/// A window of a subscription, as its provider's last answer told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AllowanceView {
    /// The provider.
    pub provider: String,
    /// `5h`, `7d`.
    pub window: String,
    /// Used, in whole percent.
    pub percent: u64,
    /// When it starts anew; null when the provider did not say.
    #[ts(as = "Option<String>")]
    pub resets_at: Option<Stamp>,
    /// `open`, `near` or `spent`.
    pub state: String,
    /// `keep`, `early` (simple work goes local) or `spent` (all of it does); `keep` without
    /// `[allowances] pace = true`.
    pub pace: String,
}

/// `budget list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Budgets {
    /// Every budget in force, shares after the budget they divide.
    pub budgets: Vec<BudgetView>,
    /// Every window of a subscription that is known.
    pub allowances: Vec<AllowanceView>,
}

/// What is done to a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum BudgetOrder {
    /// Writes it to config.toml; what is null stays as it is, or the default.
    Set {
        /// Its name.
        name: String,
        /// `day`, `week` or `month`.
        period: Option<String>,
        /// Its limit in dollars.
        #[ts(as = "Option<String>")]
        limit_usd: Option<Money>,
        /// Its limit in tokens.
        limit_tokens: Option<u64>,
        /// What it counts.
        #[ts(as = "Option<BTreeMap<String, String>>")]
        scope: Option<Box<Scope>>,
        /// Percentages at which the user is told.
        thresholds: Option<Vec<u8>>,
        /// `notify`, `downgrade`, `local` or `block`.
        at_limit: Option<String>,
    },
    /// Takes it out of config.toml.
    Remove {
        /// Its name.
        name: String,
    },
    /// Raises its limit for a time.
    Lift {
        /// Its name.
        name: String,
        /// For how long, in seconds; null until its local day ends.
        for_s: Option<u64>,
        /// By how much in dollars; null by its own limit.
        #[ts(as = "Option<String>")]
        by_usd: Option<Money>,
        /// By how many tokens; null by its own limit.
        by_tokens: Option<u64>,
    },
    /// Only local models for a time, however much is left.
    Local {
        /// Its name.
        name: String,
        /// For how long, in seconds; null until its local day ends.
        for_s: Option<u64>,
    },
    /// Ends what was changed for a time.
    End {
        /// Its name.
        name: String,
    },
}

/// What an order came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BudgetDone {
    /// One sentence.
    pub message: String,
    /// The budget as it stands now; null when it is gone.
    pub budget: Option<BudgetView>,
}
