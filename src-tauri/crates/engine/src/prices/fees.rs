//! What providers charge beside tokens and searches of the web, and the surcharge for a place.
//! Owns these few figures; the price table has no rows for them, or none for every model.

use weir_core::price::{MediaRates, Pico, Rates};

/// The lists whose models run tools of the provider's own, each with the price of a container of
/// one gigabyte in which code runs, for a session: $0.03 by OpenAI's pricing page, "Built-in
/// tools", and $0.033 at Azure; litellm has both. A larger one costs up to sixty-four times as
/// much, and a session that goes on over several answers is billed once: a bill with one is an
/// estimate.
const HOSTS_TOOLS: [(&str, Pico); 2] =
    [("openai", Pico(30_000_000_000)), ("azure", Pico(33_000_000_000))];
/// A search of stored files, where the table has no row for the model: $2.50 a thousand. OpenAI's
/// pricing page, "Built-in tools", has one price for all models, and so has the table.
const FILE_SEARCH: Pico = Pico(2_500_000_000);

/// The list whose answers name the place they were made in.
const NAMES_PLACES: &str = "anthropic";
/// Tenths of the price that every kind of token costs in the United States alone (Anthropic's page
/// "Data residency"). A search costs what it costs everywhere.
const US_TENTHS: u64 = 11;

/// Where an answer was made, as far as the price is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Wherever the provider liked.
    Anywhere,
    /// In the United States alone.
    UnitedStates,
    /// Somewhere that nobody knows a price for.
    Unknown,
}

/// The rates of a list's model with the fees that its provider has for what it runs.
pub(super) fn with_tools(list: &str, rates: Rates) -> Rates {
    let Some((_, container)) = HOSTS_TOOLS.iter().find(|(id, _)| *id == list) else {
        return rates;
    };
    Rates {
        file_search: rates.file_search.or(Some(FILE_SEARCH)),
        code_container: Some(*container),
        ..rates
    }
}

/// The rates of a list's model at a place; `None` where nobody knows them.
pub(super) fn at(list: &str, place: Place, rates: Rates) -> Option<Rates> {
    match place {
        Place::Anywhere => Some(rates),
        Place::UnitedStates if list == NAMES_PLACES => Some(dearer(rates)),
        Place::UnitedStates | Place::Unknown => None,
    }
}

fn dearer(rates: Rates) -> Rates {
    let more = |rate: Option<Pico>| rate.map(|rate| Pico((rate.0 * US_TENTHS + 5) / 10));
    let media = |of: MediaRates| MediaRates {
        audio: more(of.audio),
        image: more(of.image),
        video: more(of.video),
    };
    Rates {
        input: more(rates.input),
        cache_read: more(rates.cache_read),
        cache_write_5m: more(rates.cache_write_5m),
        cache_write_1h: more(rates.cache_write_1h),
        output: more(rates.output),
        reasoning: more(rates.reasoning),
        output_text: more(rates.output_text),
        input_media: media(rates.input_media),
        cache_read_media: media(rates.cache_read_media),
        output_media: media(rates.output_media),
        ..rates
    }
}
