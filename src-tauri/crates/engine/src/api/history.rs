//! What others keep of the same spend: a tool's own session logs, a provider's usage report.
//! Owns the JSON of `import` and `reconcile`.

use super::Stamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// Session logs that a tool keeps on this machine, at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryFound {
    /// The tool, as `import` knows it.
    pub source: String,
    /// Its name.
    pub title: String,
    /// The folder.
    pub folder: String,
    /// Log files in it.
    pub files: u64,
    /// When the oldest of them begins; null where that cannot be told.
    #[ts(as = "Option<String>")]
    pub since: Option<Stamp>,
}

/// `import`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportDone {
    /// The tool.
    pub source: String,
    /// Log files that were read.
    pub files: u64,
    /// Requests that are new and now in the sums.
    pub added: u64,
    /// Requests that were imported before.
    pub known: u64,
    /// Requests that Weir carried itself, so that they are in the sums already.
    pub carried: u64,
    /// Of those added: without a known price.
    pub unpriced: u64,
    /// Requests of the last ten minutes, left to the next import: their answers may still grow.
    #[serde(default)]
    pub recent: u64,
    /// Lines that could not be read.
    pub skipped: u64,
    /// The oldest log files, left out because there are more than are read at once.
    #[serde(default)]
    pub left_out: u64,
    /// What was added cost, at the list prices of its days.
    #[ts(as = "String")]
    pub cost_usd: Money,
}

/// One model on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GapDay {
    /// The UTC day, as `2026-11-22`: providers report by that.
    pub day: String,
    /// The model; empty where the provider does not say.
    pub model: String,
    /// What the ledger has.
    #[ts(as = "String")]
    pub ledger_usd: Money,
    /// What the provider reports.
    #[ts(as = "String")]
    pub reported_usd: Money,
    /// Reported without what the ledger has.
    #[ts(as = "String")]
    pub gap_usd: Money,
}

/// The sums of a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Gap {
    /// What the ledger has.
    #[ts(as = "String")]
    pub ledger_usd: Money,
    /// What the provider reports.
    #[ts(as = "String")]
    pub reported_usd: Money,
    /// Reported without what the ledger has.
    #[ts(as = "String")]
    pub gap_usd: Money,
}

/// `reconcile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reconciled {
    /// The provider.
    pub provider: String,
    /// The month, as `2026-11`.
    pub month: String,
    /// The first UTC day that was compared, as `2026-11-01`.
    #[serde(default)]
    pub from: String,
    /// The last, included: the month's, or the last that the provider's report has.
    #[serde(default)]
    pub to: String,
    /// Whether those are the month's own.
    #[serde(default)]
    pub whole_month: bool,
    /// The sums.
    #[serde(flatten)]
    pub gap: Gap,
    /// By day and model, in order.
    pub days: Vec<GapDay>,
    /// Requests of the ledger without a known price: they are in no sum.
    pub unpriced_requests: u64,
}
