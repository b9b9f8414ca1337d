//! Prices per token and the cost of a usage. Integer arithmetic only.
//! Owns the one rounding rule: each line of a bill is summed in pico-dollars and rounded half up
//! to the nano-dollar once; the total is the sum of the lines as shown.

use crate::{Money, Usage};
use serde::Serialize;

/// A price in pico-dollars (10^-12 USD) for one unit: a token, or one web search.
/// One dollar per million tokens is 1,000,000 pico-dollars a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pico(pub u64);

impl Pico {
    /// The price of a million units, exact.
    pub fn per_million(self) -> Money {
        self.of(1_000_000)
    }

    /// The price of `units`, rounded half up to the nano-dollar; held at [`Money::MAX`].
    pub fn of(self, units: u64) -> Money {
        let pico = u128::from(units) * u128::from(self.0);
        let nano = (pico + PICO_PER_NANO / 2) / PICO_PER_NANO;
        Money::from_nano(i64::try_from(nano).unwrap_or(i64::MAX))
    }
}

/// What each kind of usage costs under one band, date and service tier.
/// `None` means that no price is known, never that it is free. Where a price source has a
/// fall-back of its own (cached tokens at the input price, say), it is already applied: see the
/// engine's `prices` module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// Uncached prompt tokens.
    pub input: Option<Pico>,
    /// Cached prompt tokens read.
    pub cache_read: Option<Pico>,
    /// Prompt tokens written to a short-lived cache.
    pub cache_write_5m: Option<Pico>,
    /// Prompt tokens written to an hour-long cache.
    pub cache_write_1h: Option<Pico>,
    /// Completion tokens.
    pub output: Option<Pico>,
    /// The reasoning part of the completion where it has a price of its own; `None`: as `output`.
    pub reasoning: Option<Pico>,
    /// One web search.
    pub web_search: Option<Pico>,
    /// A fee for the request itself; zero for nearly every model.
    pub request: Pico,
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`, `reasoning`,
    /// `web_search`, `request`, or `reported` for a sum the provider itself named.
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

/// A kind of usage that was used and has no known price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no price is known for {kind}")]
pub struct NoRate {
    /// As in [`CostLine::kind`].
    pub kind: &'static str,
}

const PICO_PER_NANO: u128 = 1_000;

impl Rates {
    /// What `usage` costs. Saturates at [`Money::MAX`] instead of wrapping.
    ///
    /// # Errors
    /// The first kind that was used and has no price.
    pub fn cost(&self, usage: &Usage) -> Result<Cost, NoRate> {
        // Reasoning is a part of output: it leaves that line only to be billed on its own.
        let apart = match self.reasoning {
            Some(rate) if Some(rate) != self.output => usage.reasoning.min(usage.output),
            _ => 0,
        };
        let kinds = [
            ("input", usage.input, self.input),
            ("cache_read", usage.cache_read, self.cache_read),
            ("cache_write_5m", usage.cache_write_5m, self.cache_write_5m),
            ("cache_write_1h", usage.cache_write_1h, self.cache_write_1h),
            ("output", usage.output - apart, self.output),
            ("reasoning", apart, self.reasoning),
            ("web_search", usage.web_searches, self.web_search),
            ("request", u64::from(self.request.0 > 0), Some(self.request)),
        ];
        let mut lines = Vec::with_capacity(kinds.len());
        for (kind, tokens, rate) in kinds {
            if tokens > 0 {
                let cost = rate.ok_or(NoRate { kind })?.of(tokens);
                lines.push(CostLine { kind, tokens, cost });
            }
        }
        let total = lines.iter().fold(Money::ZERO, |sum, l| sum.saturating_add(l.cost));
        Ok(Cost { total, lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opus() -> Rates {
        let usd = |millionths: u64| Some(Pico(millionths));
        Rates {
            input: usd(4_000_000),
            cache_read: usd(200_000),
            cache_write_5m: usd(5_000_000),
            cache_write_1h: usd(8_000_000),
            output: usd(20_000_000),
            web_search: usd(10_000_000_000),
            ..Rates::default()
        }
    }

    #[test]
    fn every_kind_is_billed_at_its_own_rate_and_the_lines_add_up() {
        let usage = Usage {
            input: 1_000,
            cache_read: 50_000,
            cache_write_5m: 2_000,
            cache_write_1h: 3_000,
            output: 700,
            reasoning: 500,
            web_searches: 2,
        };
        let cost = opus().cost(&usage).expect("all kinds have a rate");
        let nano: Vec<_> = cost.lines.iter().map(|l| (l.kind, l.tokens, l.cost.nano())).collect();
        assert_eq!(
            nano,
            [
                ("input", 1_000, 4_000_000),
                ("cache_read", 50_000, 10_000_000),
                ("cache_write_5m", 2_000, 10_000_000),
                ("cache_write_1h", 3_000, 24_000_000),
                ("output", 700, 14_000_000),
                ("web_search", 2, 20_000_000),
            ]
        );
        assert_eq!(cost.total, Money::from_nano(82_000_000));
    }

    #[test]
    fn a_kind_without_a_rate_is_never_free_and_an_unused_one_does_not_matter() {
        let rates = Rates { web_search: None, ..opus() };
        let usage = Usage { input: 1, ..Usage::default() };
        assert!(rates.cost(&usage).is_ok());
        let searched = Usage { web_searches: 1, ..usage };
        assert_eq!(rates.cost(&searched), Err(NoRate { kind: "web_search" }));
    }

    #[test]
    fn reasoning_leaves_the_output_line_only_where_it_has_a_price_of_its_own() {
        let usage = Usage { output: 1_000, reasoning: 600, ..Usage::default() };
        let same = Rates { reasoning: Some(Pico(20_000_000)), ..opus() };
        assert_eq!(same.cost(&usage), opus().cost(&usage));
        let apart = Rates { reasoning: Some(Pico(3_000_000)), ..opus() };
        let cost = apart.cost(&usage).expect("priced");
        assert_eq!(cost.total.nano(), 400 * 20_000 + 600 * 3_000);
        // More reasoning than output would be a provider's slip; no line may go below zero.
        let slip = Usage { output: 10, reasoning: 11, ..Usage::default() };
        assert_eq!(apart.cost(&slip).expect("priced").total.nano(), 10 * 3_000);
    }

    #[test]
    fn a_line_is_rounded_half_up_once() {
        assert_eq!(Pico(62_500).of(1).nano(), 63);
        assert_eq!(Pico(62_499).of(1).nano(), 62);
        assert_eq!(Pico(500).of(1).nano(), 1);
        assert_eq!(Pico(499).of(1).nano(), 0);
        assert_eq!(Pico(u64::MAX).of(u64::MAX), Money::MAX);
        assert_eq!(Pico(4_000_000).per_million().to_string(), "4.000000000");
        assert_eq!(Pico(1).per_million().to_string(), "0.000001000");
    }

    proptest! {
        #[test]
        fn a_bill_is_within_half_a_nano_dollar_a_line_of_the_exact_sum(
            tokens in prop::array::uniform5(0u64..100_000_000),
            rates in prop::array::uniform5(0u64..1_000_000_000),
        ) {
            let [input, cache_read, cache_write_5m, cache_write_1h, output] = tokens;
            let usage = Usage {
                input, cache_read, cache_write_5m, cache_write_1h, output, ..Usage::default()
            };
            let rate = |i: usize| Some(Pico(rates[i]));
            let bill = Rates {
                input: rate(0), cache_read: rate(1), cache_write_5m: rate(2),
                cache_write_1h: rate(3), output: rate(4), ..Rates::default()
            }.cost(&usage).expect("all kinds have a rate");
            let exact: u128 = tokens.iter().zip(rates).map(|(t, r)| u128::from(*t) * u128::from(r)).sum();
            let shown = u128::from(bill.total.nano().unsigned_abs()) * PICO_PER_NANO;
            let lines = bill.lines.len() as u128;
            prop_assert!(shown.abs_diff(exact) <= lines * PICO_PER_NANO / 2);
            prop_assert_eq!(bill.lines.iter().map(|l| l.cost.nano()).sum::<i64>(), bill.total.nano());
        }
    }
}
