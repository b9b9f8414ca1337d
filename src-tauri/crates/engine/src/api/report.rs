//! A month on one page: its sums, what they are made of, and its budgets.
//! Owns its JSON; its charts are asked for one by one.

use super::spend::{By, CostGroup, Sums};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// One window of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportWindow {
    /// Its first local day, as `2026-11-16`.
    pub from: String,
    /// Its last local day, included.
    pub to: String,
    /// What it came to.
    #[serde(flatten)]
    pub sums: Sums,
}

/// A budget and what its windows of a month came to, against its limit of today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportBudget {
    /// Its name.
    pub name: String,
    /// `day`, `week` or `month`.
    pub period: String,
    /// Its limit in dollars; null for a budget of tokens.
    #[ts(as = "Option<String>")]
    pub limit_usd: Option<Money>,
    /// Its limit in tokens; null for a budget of dollars.
    pub limit_tokens: Option<u64>,
    /// What it counts, as `key=value`; empty for everything.
    pub scope: Vec<String>,
    /// The windows that began in the month, oldest first; none for a budget of one conversation.
    pub windows: Vec<ReportWindow>,
}

/// What a month is made of, by one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportPart {
    /// What it is grouped by.
    pub by: By,
    /// Groups, the dearest first.
    pub groups: Vec<CostGroup>,
}

/// A month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Report {
    /// The month, as `2026-11`.
    pub month: String,
    /// Its first local day.
    pub from: String,
    /// The last local day it tells of: its last, or today.
    pub to: String,
    /// Whether it is over.
    pub over: bool,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sums,
    /// By provider, model, task and tool.
    pub parts: Vec<ReportPart>,
    /// Its budgets.
    pub budgets: Vec<ReportBudget>,
}
