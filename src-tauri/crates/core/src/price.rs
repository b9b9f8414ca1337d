//! Prices per token and the cost of a usage. Integer arithmetic only.
//! Owns the one rounding rule: each line of a bill is summed in pico-dollars and rounded half up
//! to the nano-dollar once; the total is the sum of the lines as shown.

use crate::{Detail, Media, Money, Usage};
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

/// What tokens cost that are no text, where they have a price of their own. `None`: they have none,
/// and cost what the text around them does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MediaRates {
    /// Sound.
    pub audio: Option<Pico>,
    /// Pictures.
    pub image: Option<Pico>,
    /// Film.
    pub video: Option<Pico>,
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
    /// One search of files the provider keeps.
    pub file_search: Option<Pico>,
    /// One container in which the provider ran code, for one session.
    pub code_container: Option<Pico>,
    /// What of `input` is no text.
    pub input_media: MediaRates,
    /// What of `cache_read` is no text.
    pub cache_read_media: MediaRates,
    /// What of the completion is no text.
    pub output_media: MediaRates,
    /// Text of a completion, where `output` is the price of something dearer that the model makes.
    pub output_text: Option<Pico>,
    /// A fee for the request itself; zero for nearly every model.
    pub request: Pico,
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`, `reasoning`,
    /// `web_search`, `request`, or `reported` for a sum the provider itself named; `input_audio`,
    /// `cache_read_image`, `output_video` and the like for what is no text and has a price of its
    /// own; `file_search` and `code_container` for what the provider ran.
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
        self.cost_of(usage, &Detail::default())
    }

    /// What `usage` costs where the answer told `detail` of it. A hosted tool without a rate is
    /// left out: the caller has to say that the bill is short of it.
    ///
    /// # Errors
    /// As [`Rates::cost`].
    pub fn cost_of(&self, usage: &Usage, detail: &Detail) -> Result<Cost, NoRate> {
        let spoken = match detail.output {
            Some(_) => self.output_text.or(self.output),
            None => self.output,
        };
        let put_out = detail.output.unwrap_or_default();
        let input = Apart::of(usage.input, self.input, &detail.input, &self.input_media, INPUT);
        let read = &self.cache_read_media;
        let cached =
            Apart::of(usage.cache_read, self.cache_read, &detail.cache_read, read, CACHE_READ);
        let output = Apart::of(usage.output, spoken, &put_out, &self.output_media, OUTPUT);
        // Reasoning is a part of output: it leaves that line only to be billed on its own.
        let apart = match self.reasoning {
            Some(rate) if Some(rate) != spoken => usage.reasoning.min(output.text),
            _ => 0,
        };
        let (file_search, container) = (self.file_search, self.code_container);
        let kinds = [
            ("input", input.text, self.input),
            input.media[0],
            input.media[1],
            input.media[2],
            ("cache_read", cached.text, self.cache_read),
            cached.media[0],
            cached.media[1],
            cached.media[2],
            ("cache_write_5m", usage.cache_write_5m, self.cache_write_5m),
            ("cache_write_1h", usage.cache_write_1h, self.cache_write_1h),
            ("output", output.text - apart, spoken),
            ("reasoning", apart, self.reasoning),
            output.media[0],
            output.media[1],
            output.media[2],
            ("web_search", usage.web_searches, self.web_search),
            ("file_search", file_search.map_or(0, |_| detail.file_searches), file_search),
            ("code_container", container.map_or(0, |_| detail.code_containers), container),
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

const INPUT: [&str; 3] = ["input_audio", "input_image", "input_video"];
const CACHE_READ: [&str; 3] = ["cache_read_audio", "cache_read_image", "cache_read_video"];
const OUTPUT: [&str; 3] = ["output_audio", "output_image", "output_video"];

/// A count of tokens, with what is priced apart taken out of it.
struct Apart {
    text: u64,
    media: [(&'static str, u64, Option<Pico>); 3],
}

impl Apart {
    fn of(
        whole: u64,
        plain: Option<Pico>,
        media: &Media,
        rates: &MediaRates,
        kinds: [&'static str; 3],
    ) -> Self {
        let media = media.within(whole);
        let part = |kind, tokens, rate: Option<Pico>| match rate {
            Some(rate) if Some(rate) != plain => (kind, tokens, Some(rate)),
            _ => (kind, 0, None),
        };
        let media = [
            part(kinds[0], media.audio, rates.audio),
            part(kinds[1], media.image, rates.image),
            part(kinds[2], media.video, rates.video),
        ];
        Self { text: media.iter().fold(whole, |rest, (_, tokens, _)| rest - tokens), media }
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
    fn sound_leaves_the_line_of_the_text_only_where_it_has_a_price_of_its_own() {
        let audio = |audio| Media { audio, ..Media::default() };
        let detail = Detail {
            input: audio(600),
            cache_read: audio(50),
            output: Some(audio(90)),
            file_searches: 4,
            ..Detail::default()
        };
        let usage = Usage { input: 1_000, cache_read: 100, output: 100, ..Usage::default() };
        assert_eq!(opus().cost_of(&usage, &detail), opus().cost(&usage));
        let own = |usd| MediaRates { audio: Some(Pico(usd)), ..MediaRates::default() };
        let rates = Rates {
            input_media: own(10_000_000),
            cache_read_media: own(1_000_000),
            output_media: own(80_000_000),
            output: Some(Pico(80_000_000)),
            output_text: Some(Pico(20_000_000)),
            file_search: Some(Pico(2_500_000_000)),
            ..opus()
        };
        let cost = rates.cost_of(&usage, &detail).expect("all kinds have a rate");
        let nano: Vec<_> = cost.lines.iter().map(|l| (l.kind, l.tokens, l.cost.nano())).collect();
        assert_eq!(
            nano,
            [
                ("input", 400, 1_600_000),
                ("input_audio", 600, 6_000_000),
                ("cache_read", 50, 10_000),
                ("cache_read_audio", 50, 50_000),
                ("output", 10, 200_000),
                ("output_audio", 90, 7_200_000),
                ("file_search", 4, 10_000_000),
            ]
        );
        // Where nobody says what the output was, it is taken to be the dearest.
        let untold = rates.cost(&usage).expect("priced");
        assert_eq!(
            untold.lines.last().map(|l| (l.kind, l.cost.nano())),
            Some(("output", 8_000_000))
        );
        // More sound than there are tokens is a slip; no line goes below zero.
        let slip = Detail { input: audio(5_000), ..Detail::default() };
        assert_eq!(rates.cost_of(&usage, &slip).expect("priced").lines[0].tokens, 1_000);
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
