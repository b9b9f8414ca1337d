//! Whether a conversation stays on its model: what the request costs there with its warm prefix,
//! against what it costs elsewhere with a cold one and the way back. A provider's prompt cache makes
//! input up to forty times cheaper, so a model at a fifth of the price can be the dearer one.

use super::expect::{usage, warm};
use super::{Ask, Route, Setup};
use crate::{Class, Money, Usage};

/// The two ways compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What the request costs where the conversation is.
    pub stay: Money,
    /// What it costs elsewhere, the likely way back included.
    pub switch: Money,
}

impl Compared {
    /// Whether moving pays.
    pub fn pays(self) -> bool {
        self.switch < self.stay
    }
}

/// Compares staying at `from` with moving to `to`; `None` when one has no known price, and then
/// nothing moves.
///
/// The way back is counted as if the whole prefix had to be written anew at `from`: most caches
/// survive a short excursion, but then a move that pays by this measure pays in any case.
pub fn compare(setup: &Setup, ask: &Ask<'_>, from: &Route, to: &Route) -> Option<Compared> {
    let at_home = usage(setup, ask, from);
    let stay = ask.quotes.cost(from, &at_home)?;
    let elsewhere = ask.quotes.cost(to, &usage(setup, ask, to))?;
    Some(Compared { stay, switch: elsewhere.saturating_add(way_back(setup, ask, from, &at_home)?) })
}

fn way_back(setup: &Setup, ask: &Ask<'_>, from: &Route, at_home: &Usage) -> Option<Money> {
    // After a compaction the old prompt is never sent again.
    let ends = ask.judgement.is_some_and(|j| j.class == Class::Compaction);
    if ends || warm(setup, ask, from) == 0 {
        return Some(Money::ZERO);
    }
    let prompt = at_home.cache_read + at_home.cache_write_5m + at_home.input;
    let prefix = prompt + at_home.output;
    let written = Usage { cache_write_5m: prefix, ..Usage::default() };
    let read = Usage { cache_read: prefix, ..Usage::default() };
    let premium = ask.quotes.cost(from, &written)?.saturating_sub(ask.quotes.cost(from, &read)?);
    Some(premium.max(Money::ZERO))
}
