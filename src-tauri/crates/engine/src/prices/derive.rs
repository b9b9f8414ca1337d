//! Rates per token out of a calculator that only prices whole requests in floats.
//! Owns the one place where a float is near money. Each kind is priced alone, with the prompt's
//! size held, and divided by its count: the result is the table's own decimal, back as an integer
//! of pico-dollars.
//!
//! Why the float cannot matter: a price goes through one conversion, two operations in the crate
//! and two here, so its relative error is below 6 x 2^-53 < 7e-16. Up to `PICO_MAX` that is less
//! than 0.007 pico-dollars, and rounding to a whole one is right up to 0.5. A rate above is
//! refused.

use super::fees;
use super::table::Shelf;
use super::{Asked, Unpriced};
use genai_prices::{Error, ErrorKind, PriceCalculation, PriceRequest, Usage, UsageKey};
use std::time::{Duration, SystemTime};
use weir_core::price::{MediaRates, Pico, Rates};

/// The dearest rate taken, in pico-dollars a unit: ten dollars a token or search.
pub(super) const PICO_MAX: f64 = 1e13;
const PICO_PER_USD: f64 = 1e12;
/// Units of a probe whose count does not set the band.
const PROBE_UNITS: f64 = 1e6;

/// A price, and how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub rates: Rates,
    /// False where the table has no row for the context asked for: the rates then are the nearest
    /// there are, and a bill by them is an estimate.
    pub certain: bool,
    /// Hour-long cache writes have a rate of their own, not the short-lived one's.
    pub hour_known: bool,
}

/// The price of a model in the band of `prompt_tokens`.
pub(super) fn quote(shelf: &Shelf, asked: &Asked, prompt_tokens: u64) -> Result<Quote, Unpriced> {
    let plain = asked.model.strip_prefix("models/").unwrap_or(asked.model);
    let keys = asked.context.keys();
    let probe = Probe {
        shelf,
        model: plain,
        at: moment(asked.at_ms),
        keys: keys.iter().map(|(key, value)| (*key, value.as_str())).collect(),
        prompt: prompt_tokens as f64,
    };
    let mut quote = probe.quote()?;
    if !keys.is_empty() {
        // The calculator answers a context it does not know with the standard price.
        let standard = Probe { keys: Vec::new(), ..probe }.quote()?;
        let known = standard.rates != quote.rates;
        if let (false, Some(speed)) = (known, asked.context.fast()) {
            return Err(Unpriced::Speed { model: plain.into(), speed });
        }
        quote.certain &= known;
    }
    quote.rates = fees::with_tools(&shelf.provider, quote.rates);
    match fees::at(&shelf.provider, asked.context.place(), quote.rates) {
        Some(rates) => quote.rates = rates,
        None => quote.certain = false,
    }
    Ok(quote)
}

/// The id of the row that a model name leads to.
pub(super) fn matched(shelf: &Shelf, model: &str, at_ms: i64) -> Option<String> {
    let probe = Probe { shelf, model, at: moment(at_ms), keys: Vec::new(), prompt: 0.0 };
    probe.price(&[]).ok().map(|priced| priced.model_id)
}

fn moment(at_ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).unwrap_or(0))
}

struct Probe<'a> {
    shelf: &'a Shelf,
    model: &'a str,
    at: SystemTime,
    keys: Vec<(&'static str, &'a str)>,
    prompt: f64,
}

impl Probe<'_> {
    fn price(&self, units: &[(UsageKey, f64)]) -> Result<PriceCalculation, Error> {
        let usage: Usage = units.iter().cloned().collect();
        let mut request = PriceRequest::new(self.model, &usage)
            .with_provider_id(&self.shelf.provider)
            .with_timestamp(self.at);
        for (key, value) in &self.keys {
            request = request.with_price_context(key, value);
        }
        self.shelf.calculator.calculate(&request)
    }

    fn quote(&self) -> Result<Quote, Unpriced> {
        let nothing = self.price(&[]).map_err(|error| self.unpriced(&error))?;
        let output = self.output(&[])?;
        let dearest = self.dearest_output(output)?;
        let cache_write_5m =
            self.input(&[UsageKey::CACHE_WRITE_TOKENS, UsageKey::CACHE_WRITE_5M_TOKENS])?;
        let cache_write_1h =
            self.input(&[UsageKey::CACHE_WRITE_TOKENS, UsageKey::CACHE_WRITE_1H_TOKENS])?;
        let reasoning = self.output(&[UsageKey::OUTPUT_REASONING_TOKENS])?;
        let input = self.input(&[])?;
        let cache_read = self.input(&[UsageKey::CACHE_READ_TOKENS])?;
        let rates = Rates {
            input,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            output: dearest,
            reasoning: reasoning.filter(|rate| Some(*rate) != output),
            web_search: self.search(UsageKey::WEB_SEARCHES, nothing.total_price)?,
            file_search: self.search(UsageKey::STORAGE_SEARCHES, nothing.total_price)?,
            code_container: None,
            input_media: self.input_media(input)?,
            cache_read_media: self.cache_read_media(cache_read)?,
            output_media: self.output_media(output)?,
            output_text: output.filter(|_| dearest != output),
            request: self.pico(nothing.total_price, 1.0)?,
        };
        let hour_known = cache_write_1h.is_none() || cache_write_1h != cache_write_5m;
        Ok(Quote { rates, certain: true, hour_known })
    }

    /// The rate of a prompt token that is also each of `kinds`. A kind the table does not price
    /// falls back to the next wider one: an hour-long write to a plain one, a write or a read to
    /// plain input. That is the calculator's own rule.
    fn input(&self, kinds: &[UsageKey]) -> Result<Option<Pico>, Unpriced> {
        // A table row that prices input refuses a part of it without the whole.
        if self.price(&[(UsageKey::CACHE_READ_TOKENS, 1.0)]).is_ok() {
            return Ok(None);
        }
        let count = self.prompt.max(1.0);
        let mut units = vec![(UsageKey::INPUT_TOKENS, count)];
        units.extend(kinds.iter().map(|kind| (kind.clone(), count)));
        let priced = self.price(&units).map_err(|error| self.unpriced(&error))?;
        self.pico(priced.input_price, count).map(Some)
    }

    /// The rate of a completion token that is also each of `kinds`.
    fn output(&self, kinds: &[UsageKey]) -> Result<Option<Pico>, Unpriced> {
        let prompt = (UsageKey::INPUT_TOKENS, self.prompt);
        if self.price(&[prompt.clone(), (UsageKey::OUTPUT_REASONING_TOKENS, 1.0)]).is_ok() {
            return Ok(None);
        }
        let mut units = vec![prompt, (UsageKey::OUTPUT_TOKENS, PROBE_UNITS)];
        units.extend(kinds.iter().map(|kind| (kind.clone(), PROBE_UNITS)));
        let priced = self.price(&units).map_err(|error| self.unpriced(&error))?;
        self.pico(priced.output_price, PROBE_UNITS).map(Some)
    }

    /// What prompt tokens cost that are no text. The calculator falls back to plain input where
    /// the table has no row; a row with the price of text is no price of its own either.
    fn input_media(&self, plain: Option<Pico>) -> Result<MediaRates, Unpriced> {
        let own = |kind| Ok::<_, Unpriced>(self.input(&[kind])?.filter(|r| Some(*r) != plain));
        Ok(MediaRates {
            audio: own(UsageKey::INPUT_AUDIO_TOKENS)?,
            image: own(UsageKey::INPUT_IMAGE_TOKENS)?,
            video: own(UsageKey::INPUT_VIDEO_TOKENS)?,
        })
    }

    fn cache_read_media(&self, plain: Option<Pico>) -> Result<MediaRates, Unpriced> {
        let own = |sent, read| {
            let rate = self.input(&[UsageKey::CACHE_READ_TOKENS, sent, read])?;
            Ok::<_, Unpriced>(rate.filter(|rate| Some(*rate) != plain))
        };
        Ok(MediaRates {
            audio: own(UsageKey::INPUT_AUDIO_TOKENS, UsageKey::CACHE_AUDIO_READ_TOKENS)?,
            image: own(UsageKey::INPUT_IMAGE_TOKENS, UsageKey::CACHE_IMAGE_READ_TOKENS)?,
            video: own(UsageKey::INPUT_VIDEO_TOKENS, UsageKey::CACHE_VIDEO_READ_TOKENS)?,
        })
    }

    fn output_media(&self, plain: Option<Pico>) -> Result<MediaRates, Unpriced> {
        let own = |kind| Ok::<_, Unpriced>(self.output(&[kind])?.filter(|r| Some(*r) != plain));
        Ok(MediaRates {
            audio: own(UsageKey::OUTPUT_AUDIO_TOKENS)?,
            image: own(UsageKey::OUTPUT_IMAGE_TOKENS)?,
            video: own(UsageKey::OUTPUT_VIDEO_TOKENS)?,
        })
    }

    /// Not every answer says which of its output was image, sound or film. Where those cost more
    /// than text, the dearest is taken and the bill of one that does not is an estimate.
    fn dearest_output(&self, text: Option<Pico>) -> Result<Option<Pico>, Unpriced> {
        let mut dearest = text;
        for kind in [
            UsageKey::OUTPUT_IMAGE_TOKENS,
            UsageKey::OUTPUT_AUDIO_TOKENS,
            UsageKey::OUTPUT_VIDEO_TOKENS,
        ] {
            dearest = dearest.max(self.output(&[kind])?);
        }
        Ok(dearest)
    }

    /// A search that costs nothing is one the table does not price.
    fn search(&self, kind: UsageKey, without: f64) -> Result<Option<Pico>, Unpriced> {
        const SEARCHES: f64 = 1e3;
        let priced = self.price(&[(kind, SEARCHES)]).map_err(|error| self.unpriced(&error))?;
        let rate = self.pico(priced.total_price - without, SEARCHES)?;
        Ok((rate.0 > 0).then_some(rate))
    }

    fn pico(&self, usd: f64, units: f64) -> Result<Pico, Unpriced> {
        let pico = (usd * PICO_PER_USD / units).round();
        if !(0.0..=PICO_MAX).contains(&pico) {
            return Err(Unpriced::Table {
                reason: format!("the price of {} is absurd", self.model),
            });
        }
        Ok(Pico(pico as u64))
    }

    fn unpriced(&self, error: &Error) -> Unpriced {
        match error.kind() {
            ErrorKind::ModelNotFound => Unpriced::UnknownModel {
                provider: self.shelf.provider.clone(),
                model: self.model.into(),
            },
            _ => Unpriced::Table { reason: error.to_string() },
        }
    }
}
