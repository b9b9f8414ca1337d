//! Prices per token and the cost of a usage. Integer arithmetic only.
//! Owns the one rounding rule: a cost is summed in pico-dollars and rounded half up to the
//! nano-dollar once, at the end of each line.

use crate::{Money, Usage};
use serde::Serialize;

/// A price in pico-dollars (10^-12 USD) for one unit: a token, or one web search.
/// One dollar per million tokens is 1,000,000 pico-dollars a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pico(pub u64);

/// What each kind of usage costs under one band, date and service tier.
/// A kind that the source leaves out costs what the source's own rule says (see the engine's
/// `prices` module); no kind is silently free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// Uncached prompt tokens.
    pub input: Pico,
    /// Cached prompt tokens read.
    pub cache_read: Pico,
    /// Prompt tokens written to a short-lived cache.
    pub cache_write_5m: Pico,
    /// Prompt tokens written to an hour-long cache.
    pub cache_write_1h: Pico,
    /// Completion tokens, reasoning included.
    pub output: Pico,
    /// One web search.
    pub web_search: Pico,
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output` or `web_search`.
    pub kind: &'static str,
    /// Units billed.
    pub tokens: u64,
    /// What they cost.
    pub cost: Money,
}

/// The bill for one usage; lines with no units are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Sum of the lines.
    pub total: Money,
    /// The lines, in a fixed order.
    pub lines: Vec<CostLine>,
}

const PICO_PER_NANO: u128 = 1_000;

impl Rates {
    /// What `usage` costs. Saturates at [`Money::MAX`] instead of wrapping.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let kinds = [
            ("input", usage.input, self.input),
            ("cache_read", usage.cache_read, self.cache_read),
            ("cache_write_5m", usage.cache_write_5m, self.cache_write_5m),
            ("cache_write_1h", usage.cache_write_1h, self.cache_write_1h),
            ("output", usage.output, self.output),
            ("web_search", usage.web_searches, self.web_search),
        ];
        let lines: Vec<CostLine> = kinds
            .into_iter()
            .filter(|(_, units, _)| *units > 0)
            .map(|(kind, tokens, rate)| CostLine { kind, tokens, cost: line(tokens, rate) })
            .collect();
        let total = lines.iter().fold(Money::ZERO, |sum, l| sum.saturating_add(l.cost));
        Cost { total, lines }
    }
}

fn line(units: u64, rate: Pico) -> Money {
    let pico = u128::from(units) * u128::from(rate.0);
    let nano = (pico + PICO_PER_NANO / 2) / PICO_PER_NANO;
    Money::from_nano(i64::try_from(nano).unwrap_or(i64::MAX))
}
