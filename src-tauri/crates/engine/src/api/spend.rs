//! What was spent: `cost summary` and `cost breakdown`.
//! Owns their JSON. A sum never hides what it does not know: unpriced and estimated requests are
//! counted beside it.

use crate::words::grouped;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// The time a report covers, in local calendar time up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// Today.
    Day,
    /// Since Monday.
    Week,
    /// Since the first of the month.
    Month,
    /// Everything in the ledger.
    All,
}

/// What a breakdown groups by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Provider name.
    Provider,
    /// `provider/model`.
    Model,
    /// Task.
    Task,
    /// Tier.
    Tier,
    /// Category.
    Category,
    /// The tool that asked.
    Client,
    /// Project.
    Project,
    /// Session.
    Session,
    /// Local day, as `2026-11-22`.
    Day,
}

impl Span {
    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }
}

impl By {
    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Task => "task",
            Self::Tier => "tier",
            Self::Category => "category",
            Self::Client => "client",
            Self::Project => "project",
            Self::Session => "session",
            Self::Day => "day",
        }
    }
}

/// Tokens by kind. The kinds are disjoint but for `reasoning`, a part of `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Tokens {
    /// Prompt tokens neither read from nor written to a cache.
    pub input: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a short-lived cache.
    pub cache_write_5m: u64,
    /// Prompt tokens written to an hour-long cache.
    pub cache_write_1h: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// The reasoning part of `output`.
    pub reasoning: u64,
}

/// Sums over some requests. The demonstration provider is in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sums {
    /// Requests.
    pub requests: u64,
    /// What the priced ones cost.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// What was saved against the models that were asked for.
    #[ts(as = "String")]
    pub saved_usd: Money,
    /// Requests answered on the user's own machines.
    pub local_requests: u64,
    /// Requests whose price is not known: in `requests`, not in `spent_usd`.
    pub unpriced_requests: u64,
    /// Requests whose usage was estimated: in `spent_usd`, which is then "about".
    pub estimated_requests: u64,
    /// Tokens.
    pub tokens: Tokens,
}

impl Sums {
    /// What was spent, for people: `about $1.24 + 3 unpriced`. Never hides that a part is estimated
    /// or not priced, and shows nothing as free whose price is not known.
    pub fn shown(&self) -> String {
        let unpriced = match self.unpriced_requests {
            0 => String::new(),
            n => format!("{} unpriced", grouped(n)),
        };
        let unknown = self.requests <= self.unpriced_requests && self.spent_usd == Money::ZERO;
        if unknown && !unpriced.is_empty() {
            return unpriced;
        }
        let about = if self.estimated_requests > 0 { "about " } else { "" };
        let more = if unpriced.is_empty() { String::new() } else { format!(" + {unpriced}") };
        format!("{about}{}{more}", self.spent_usd.short())
    }

    /// Both together; counts and amounts are held at the end of their range.
    #[must_use]
    pub fn with(self, more: &Self) -> Self {
        let (a, b) = (self.tokens, more.tokens);
        Self {
            requests: self.requests.saturating_add(more.requests),
            spent_usd: self.spent_usd.saturating_add(more.spent_usd),
            saved_usd: self.saved_usd.saturating_add(more.saved_usd),
            local_requests: self.local_requests.saturating_add(more.local_requests),
            unpriced_requests: self.unpriced_requests.saturating_add(more.unpriced_requests),
            estimated_requests: self.estimated_requests.saturating_add(more.estimated_requests),
            tokens: Tokens {
                input: a.input.saturating_add(b.input),
                cache_read: a.cache_read.saturating_add(b.cache_read),
                cache_write_5m: a.cache_write_5m.saturating_add(b.cache_write_5m),
                cache_write_1h: a.cache_write_1h.saturating_add(b.cache_write_1h),
                output: a.output.saturating_add(b.output),
                reasoning: a.reasoning.saturating_add(b.reasoning),
            },
        }
    }
}

/// Spend of one local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DaySpend {
    /// The local day, as `2026-11-22`.
    pub day: String,
    /// Requests.
    pub requests: u64,
    /// What they cost.
    #[ts(as = "String")]
    pub spent_usd: Money,
}

/// `cost summary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CostSummary {
    /// The time covered.
    pub period: Span,
    /// First local day, as `2026-11-16`; null when the ledger is empty and `period` is `all`.
    pub from: Option<String>,
    /// Last local day, included: today.
    pub to: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
    /// Every local day of the period up to today, without gaps, oldest first; at most the last 31.
    pub days: Vec<DaySpend>,
}

/// One group of a breakdown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CostGroup {
    /// The group's name; empty where a request carries none.
    pub key: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// `cost breakdown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CostBreakdown {
    /// The time covered.
    pub period: Span,
    /// First local day; see `CostSummary`.
    pub from: Option<String>,
    /// Last local day, included.
    pub to: Option<String>,
    /// What it is grouped by.
    pub by: By,
    /// Groups: days oldest first, all others the dearest first.
    pub groups: Vec<CostGroup>,
}
