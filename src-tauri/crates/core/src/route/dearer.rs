//! Whether a route can cost more than the model that was asked for: by no price of any kind of token,
//! and by no prompt cache that the asked model would have had and this one has not. Asked anew on
//! every turn, for a prompt grows and shrinks between the least lengths that models cache.

use super::caching::{Caching, caching, prefix_min};
use super::expect::usage;
use super::{Ask, Route, Setup};
use crate::{Money, Usage};

/// A prompt in each price band that vendors have, in tokens: bands begin at 100,000, 200,000 and
/// 272,000.
const BANDS: [u64; 4] = [50_000, 150_000, 250_000, 500_000];

/// A prompt is known before it is sent only by its bytes: it may have a quarter less, in percent.
const PROMPT_LEAST_PERCENT: u64 = 75;
/// The same upwards: a third more.
const PROMPT_MOST_PERCENT: u64 = 134;

/// Whether a conversation that is at `to` now can never cost more there than at `asked`, for as long
/// as this holds on each of its turns: no kind of token is dearer, and what `asked` would read from
/// its cache costs no more at `to`. Any first request may be the beginning of a conversation.
pub(super) fn never_dearer(setup: &Setup, ask: &Ask<'_>, to: &Route, asked: &Route) -> bool {
    no_dearer_price(setup, ask, to, asked) && cached_as_well(setup, ask, to, asked)
}

/// Whether neither this request nor any kind of token costs more at `to` than at `asked`.
pub(super) fn no_dearer_price(setup: &Setup, ask: &Ask<'_>, to: &Route, asked: &Route) -> bool {
    let here = |many: u64| {
        [
            Usage { input: many, ..Usage::default() },
            Usage { cache_read: many, ..Usage::default() },
            Usage { cache_write_5m: many, ..Usage::default() },
            Usage { cache_write_1h: many, ..Usage::default() },
            Usage { output: many, ..Usage::default() },
        ]
    };
    no_more(ask, (to, &usage(setup, ask, to)), (asked, &usage(setup, ask, asked)))
        && BANDS.iter().all(|many| here(*many).iter().all(|u| no_more(ask, (to, u), (asked, u))))
}

fn no_more(ask: &Ask<'_>, to: (&Route, &Usage), asked: (&Route, &Usage)) -> bool {
    match (ask.quotes.cost(to.0, to.1), ask.quotes.cost(asked.0, asked.1)) {
        (Some(to), Some(asked)) => to <= asked,
        // What costs nothing is no dearer than what has no known price.
        (Some(to), None) => to == Money::ZERO,
        (None, _) => false,
    }
}

/// Whether `to` caches this prompt where `asked` does, or costs no more although it does not. A
/// prompt that only the asked model is able to cache is read there for a tenth of its price, turn
/// after turn.
fn cached_as_well(setup: &Setup, ask: &Ask<'_>, to: &Route, asked: &Route) -> bool {
    let caches = caching(setup, ask, asked);
    let estimate = ask.judgement.map_or(0, |j| j.prompt_tokens);
    let last = ask.standing.and_then(|s| s.warm.first()).map_or(0, |w| w.prompt);
    let most = estimate.saturating_mul(PROMPT_MOST_PERCENT) / 100;
    if caches == Caching::None || most.max(last) < prefix_min(&asked.model) {
        return true;
    }
    // Caches of two kinds do not live alike: the one that nobody asks for may be gone any time.
    let alike = caching(setup, ask, to) == caches;
    let floor = if alike { prefix_min(&to.model) } else { u64::MAX };
    if floor <= prefix_min(&asked.model) {
        return true;
    }
    let reported = ask.standing.and_then(|s| s.at(to)).map_or(0, |w| w.reported);
    // It did, and this prompt may still be as long.
    if alike && reported >= floor && most >= floor {
        return true;
    }
    // Marks may end a prefix anywhere: at worst just below the length that `to` caches.
    let least = (estimate.saturating_mul(PROMPT_LEAST_PERCENT) / 100).max(1);
    let read = least.min(floor);
    let there = Usage { cache_read: read, input: least - read, ..Usage::default() };
    let here = Usage { input: least, ..Usage::default() };
    no_more(ask, (to, &here), (asked, &there))
}
