//! Why a bill is an estimate although its usage was reported.
//! Owns the sentences, for `explain`; none ends with a full stop.

use super::PriceContext;
use super::derive::Quote;
use weir_core::{Detail, Usage};

/// What is not certain about a bill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The table has no row for the tier, speed or place that the answer names.
    #[error("the price list has no row of {model} for {context}, so the standard price is taken")]
    Context {
        /// The model.
        model: String,
        /// What the answer names.
        context: String,
    },
    /// An hour-long cache write has no price of its own.
    #[error("the price list has no price for long cache writes of {model}: a short one's is taken")]
    LongWrite {
        /// The model.
        model: String,
    },
    /// The model makes more than text, and nobody says what it made.
    #[error(
        "the answer does not say how much of it was text: the dearest that {model} makes is taken"
    )]
    Output {
        /// The model.
        model: String,
    },
    /// Sound without a price.
    #[error(
        "no price is known for sound {side} {model}, so it is counted as text, which may cost less; \
         a row in prices.toml can say its price"
    )]
    Sound {
        /// `sent to` or `made by`.
        side: &'static str,
        /// The model.
        model: String,
    },
    /// Cached tokens that were partly no text.
    #[error(
        "the answer does not say how much of what was cached was sound or pictures: the dearest \
         reading is taken"
    )]
    Cached,
    /// A container's session.
    #[error(
        "sessions of the containers in which code ran ({containers}) are billed by size and time, \
         and answers may share one: each is counted as one of the smallest"
    )]
    Container {
        /// How many.
        containers: u64,
    },
    /// Something the provider ran and charges for.
    #[error("the provider charges for {what} beside this, and the answer does not say how much")]
    Fee {
        /// What it ran.
        what: &'static str,
    },
}

/// What is not certain about a usage priced by `quote`; the weightiest reason first.
pub(super) fn of(
    quote: &Quote,
    model: &str,
    context: &PriceContext,
    usage: &Usage,
    detail: &Detail,
) -> Option<Doubt> {
    let model = || model.to_owned();
    let rates = &quote.rates;
    if !quote.certain {
        return Some(Doubt::Context { model: model(), context: context.words() });
    }
    if !quote.hour_known && usage.cache_write_1h > 0 {
        return Some(Doubt::LongWrite { model: model() });
    }
    if rates.output_text.is_some() && detail.output.is_none() {
        return Some(Doubt::Output { model: model() });
    }
    sound(quote, usage, detail, &model)
        .or_else(|| overlap(quote, detail).then_some(Doubt::Cached))
        .or_else(|| fee(quote, detail))
}

fn sound(
    quote: &Quote,
    usage: &Usage,
    detail: &Detail,
    model: &impl Fn() -> String,
) -> Option<Doubt> {
    let rates = &quote.rates;
    let sent = detail.input.audio.min(usage.input) > 0 && rates.input_media.audio.is_none();
    let read = detail.cache_read.audio.min(usage.cache_read) > 0
        // Cached sound may well cost what cached text does; then sound has a price all the same.
        && rates.cache_read_media.audio.or(rates.input_media.audio).is_none();
    let made = detail.output.is_some_and(|m| m.audio.min(usage.output) > 0)
        && rates.output_media.audio.is_none();
    if sent || read {
        return Some(Doubt::Sound { side: "sent to", model: model() });
    }
    made.then(|| Doubt::Sound { side: "made by", model: model() })
}

/// Whether it would change the price which of the cached tokens were no text.
fn overlap(quote: &Quote, detail: &Detail) -> bool {
    let (input, cached) = (&quote.rates.input_media, &quote.rates.cache_read_media);
    let all = detail.input.plus(&detail.cache_read);
    detail.cached_untold
        && [
            (all.audio, input.audio.or(cached.audio)),
            (all.image, input.image.or(cached.image)),
            (all.video, input.video.or(cached.video)),
        ]
        .iter()
        .any(|(tokens, rate)| *tokens > 0 && rate.is_some())
}

fn fee(quote: &Quote, detail: &Detail) -> Option<Doubt> {
    if let Some(what) = detail.untold_fee {
        return Some(Doubt::Fee { what });
    }
    if detail.file_searches > 0 && quote.rates.file_search.is_none() {
        return Some(Doubt::Fee { what: "searches of files" });
    }
    match (detail.code_containers, quote.rates.code_container) {
        (0, _) => None,
        (_, None) => Some(Doubt::Fee { what: "running code" }),
        (containers, Some(_)) => Some(Doubt::Container { containers }),
    }
}
