//! Prices as people and programs read them: `price show`, `price cost`, `price update`.
//! Owns their JSON. Rates are dollars per million tokens, exact.

use super::Stamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// Dollars per million tokens by kind. Null where the source has no rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PerMillion {
    /// Uncached prompt tokens.
    #[ts(as = "Option<String>")]
    pub input: Option<Money>,
    /// Cached prompt tokens read.
    #[ts(as = "Option<String>")]
    pub cache_read: Option<Money>,
    /// Prompt tokens written to a short-lived cache.
    #[ts(as = "Option<String>")]
    pub cache_write_5m: Option<Money>,
    /// Prompt tokens written to an hour-long cache.
    #[ts(as = "Option<String>")]
    pub cache_write_1h: Option<Money>,
    /// Completion tokens.
    #[ts(as = "Option<String>")]
    pub output: Option<Money>,
}

/// One price row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceRow {
    /// The provider as the price table names it.
    pub provider: String,
    /// The model as the price table names it.
    pub model: String,
    /// Its context window in tokens, when known.
    pub context: Option<u64>,
    /// First day the row holds, as `2026-01-31`; null for always.
    pub from: Option<String>,
    /// The row holds for prompts above this many tokens; 0 for all.
    pub above_tokens: u64,
    /// The service tier or speed it is for; null for the standard one.
    pub service_tier: Option<String>,
    /// The rates.
    pub per_million: PerMillion,
    /// One web search; null where the source has no rate.
    #[ts(as = "Option<String>")]
    pub web_search_usd: Option<Money>,
    /// Where the row comes from: the built-in table, a newer one, or the user's own file.
    pub source: String,
    /// Whether it is the row in force now.
    pub current: bool,
}

/// The table rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceTable {
    /// Where it comes from, with its version or date.
    pub source: String,
    /// Models in it.
    pub models: u64,
}

/// `price show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceShow {
    /// The name asked for.
    pub model: String,
    /// The rows found: one a provider, date, band and tier.
    pub rows: Vec<PriceRow>,
    /// The table.
    pub table: PriceTable,
}

/// One line of `price cost`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceLine {
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output` or `web_search`.
    pub kind: String,
    /// Units billed.
    pub tokens: u64,
    /// What they cost in nano-dollars.
    pub nano_usd: i64,
}

/// `price cost`. A model without a price is a problem with code `unpriced`, never a zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceCost {
    /// The name asked for.
    pub model: String,
    /// The moment the price is of.
    #[ts(as = "String")]
    pub at: Stamp,
    /// The sum of the lines, in nano-dollars.
    pub nano_usd: i64,
    /// The lines.
    pub lines: Vec<PriceLine>,
    /// The provider whose price it is.
    pub provider: String,
}

/// `price update`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PriceUpdate {
    /// The table now in force.
    pub table: PriceTable,
    /// Models the table before it did not have.
    pub added: u64,
    /// Models whose price differs.
    pub changed: u64,
    /// Models it no longer has.
    pub removed: u64,
}
