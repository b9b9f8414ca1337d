//! What past traffic would have cost otherwise: `simulate` and the report of shadow mode.
//! Owns their JSON.

use super::{Span, Stamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// One side of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ReplaySide {
    /// What the priced requests cost.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// Requests without a known price: in no sum.
    pub unpriced_requests: u64,
    /// Requests on the user's own machines.
    pub local_requests: u64,
    /// Their share, 0 to 1; null without requests.
    pub local_share: Option<f64>,
    /// Times a conversation went on at another model than before.
    pub switches: u64,
    /// Requests whose cost is worked out instead of settled.
    pub estimated_requests: u64,
}

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ReplayGroup {
    /// The tier or task; empty where a request was not judged.
    pub key: String,
    /// Requests.
    pub requests: u64,
    /// As it was.
    pub was: ReplaySide,
    /// As it would have been.
    pub would: ReplaySide,
    /// What would have been saved by the requests that have a known price on both sides; below zero
    /// where they would have cost more.
    #[ts(as = "String")]
    pub saved_usd: Money,
    /// Requests without a known price on one side or the other: in no saving.
    #[serde(default)]
    pub uncompared_requests: u64,
}

/// `simulate`, and `cost shadow`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Comparison {
    /// The time covered, where a calendar period was asked for.
    pub period: Option<Span>,
    /// From when on requests were looked at; null for all there are.
    #[ts(as = "Option<String>")]
    pub since: Option<Stamp>,
    /// The configuration; null for the plans that shadow mode stored.
    pub config: Option<String>,
    /// All of them.
    pub all: ReplayGroup,
    /// By tier.
    pub tiers: Vec<ReplayGroup>,
    /// By task.
    pub tasks: Vec<ReplayGroup>,
    /// Conversations of more than one request.
    pub conversations: u64,
    /// How it is known, a sentence each.
    pub known: Vec<String>,
}
