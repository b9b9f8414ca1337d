//! What an attempt is booked at.
//! Owns what is void, what is exact and what has to be estimated; the prices are `prices`.

use crate::prices::{Call, Prices, reported};
use crate::routing::Routing;
use weir_core::budget::Power;
use weir_core::meter::End;
use weir_core::route::would_use;
use weir_core::{Metered, Money, Outcome, Pricing, Usage};
use weir_proxy::ports::{Closing, Opening};
use weir_triage::{likely_of, tokens_likely};

/// Added to an answer's estimated tokens, in percent: a little too much is noticed in a report, a
/// little too little overdraws a budget.
const OUTPUT_MARGIN_PERCENT: u64 = 10;

/// What an answer is taken to have produced when nothing of it could be read: the client left
/// before it began, it came in an unknown encoding, it broke off whole. A usual answer's length,
/// held to the request's own limit; the limit itself may be a hundred times that.
const OUTPUT_TOKENS_UNSEEN: u64 = 1_024;

/// What goes into the ledger.
pub struct Booked {
    /// The cost, unless unpriced.
    pub cost: Option<Money>,
    /// How it is known.
    pub pricing: Pricing,
    /// The usage it is for, reported or estimated.
    pub usage: Option<Usage>,
    /// Why it is an estimate although the provider reported a usage; for people.
    pub doubt: Option<String>,
}

/// What an attempt cost. Nothing for certain: what never left, what a provider refused with an
/// error status, and the endpoints that are free. Exact: a report that is the provider's last
/// word. Estimated: everything else that left, for the provider may have worked.
pub fn bill(prices: &Prices, call: &Call, opening: &Opening, closing: &Closing) -> Booked {
    let metered = &closing.metered;
    let refused = closing.outcome == Outcome::UpstreamError && metered.usage.is_none();
    let free = opening.demo || !opening.endpoint.metered();
    if !closing.sent || refused || free {
        let usage = if closing.sent { metered.usage } else { None };
        return Booked { cost: Some(Money::ZERO), pricing: Pricing::Exact, usage, doubt: None };
    }
    if is_final(closing) {
        let bill = prices.bill(call, metered);
        let problem = bill.problem.map(|problem| problem.to_string());
        let doubt = problem.or_else(|| bill.doubt.map(|doubt| doubt.to_string()));
        return Booked { cost: bill.cost, pricing: bill.pricing, usage: metered.usage, doubt };
    }
    let usage = estimated(opening, closing);
    let bill = prices.bill_estimate(call, metered, &usage);
    // Free answers need no price, and yet their tokens are a guess.
    let guess = if bill.pricing == Pricing::Exact { Pricing::Estimated } else { bill.pricing };
    let pricing = if reported(call, metered).is_some() { bill.pricing } else { guess };
    Booked { cost: bill.cost, pricing, usage: Some(usage), doubt: None }
}

/// What turns out to have no price (a model that answered in another's place, a kind of token nobody
/// quotes) stays at the most it could cost: what is not known is not nothing.
pub fn kept(booked: Booked, reserved: Option<Money>) -> Booked {
    match reserved.filter(|reserved| *reserved > Money::ZERO && booked.cost.is_none()) {
        Some(reserved) => Booked {
            cost: Some(reserved),
            pricing: Pricing::Estimated,
            doubt: booked.doubt.map(|reason| format!("the most it could cost is taken: {reason}")),
            ..booked
        },
        None => booked,
    }
}

/// Whether the usage in hand is the provider's last word: the answer ended, or the tap saw the
/// report that comes last. What a cut answer reported before that is short of the truth.
fn is_final(closing: &Closing) -> bool {
    let metered = &closing.metered;
    let whole =
        closing.outcome == Outcome::Ok || metered.end == End::Complete || metered.usage_is_final;
    metered.usage.is_some() && whole
}

fn estimated(opening: &Opening, closing: &Closing) -> Usage {
    let metered = &closing.metered;
    let likely = tokens_likely(metered.output_bytes);
    let output = match likely {
        0 if closing.empty => 0,
        0 => opening.estimate.output_tokens.min(OUTPUT_TOKENS_UNSEEN),
        likely => likely.saturating_add(likely.saturating_mul(OUTPUT_MARGIN_PERCENT) / 100),
    };
    match metered.usage {
        Some(seen) => Usage { output: seen.output.max(output), ..seen },
        None => {
            let input = likely_of(opening.estimate.input_tokens);
            Usage { input, output, ..Usage::default() }
        }
    }
}

/// What the model asked for would have cost more than the one that answered; below zero when it
/// would have cost less, and by what an attempt cost that failed. Nothing where the two are the same
/// or one has no price. The model asked for is priced with the prompt cache it would have had by now.
pub fn saved(
    prices: &Prices,
    routing: &Routing,
    opening: &Opening,
    closing: &Closing,
    booked: &Booked,
) -> Money {
    let (Some(cost), Some(usage)) = (booked.cost, booked.usage) else { return Money::ZERO };
    let Some(asked) = routing.asked(opening) else { return Money::ZERO };
    if asked.provider == opening.provider && asked.model == opening.model {
        return Money::ZERO;
    }
    // What failed was paid beside the answer, and saved nothing.
    if !matches!(closing.outcome, Outcome::Ok | Outcome::ClientGone) {
        return Money::ZERO.saturating_sub(cost);
    }
    let base_url = routing.base_url(&asked.provider);
    let call = Call {
        provider: &asked.provider,
        base_url: &base_url,
        local: asked.local,
        model: &asked.model,
        at_ms: opening.at_ms,
    };
    // Priced as the asked model: what the answer said about itself does not apply.
    let there = would_use(
        &asked.model,
        asked.caching,
        opening.estimate.cache_write,
        opening.lately,
        &usage,
    );
    let plain = Metered { usage: Some(there), ..Metered::default() };
    let sent = closing.sent && usage != Usage::default();
    let would = prices.bill(&call, &plain).cost.filter(|_| sent);
    would.map_or(Money::ZERO, |would| would.saturating_sub(cost))
}

/// What local work costs in electricity, where the user says what it draws: by the time it took,
/// so an estimate. What the machine does not answer itself is not its work.
pub fn with_power(
    booked: Booked,
    power: Option<Power>,
    opening: &Opening,
    closing: &Closing,
) -> Booked {
    let worked = closing.sent && closing.outcome != Outcome::UpstreamError;
    let own = opening.local && !opening.demo && opening.endpoint.metered();
    match power.filter(|_| own && worked && booked.cost == Some(Money::ZERO)) {
        Some(power) => {
            let cost = Some(power.cost(closing.total_ms));
            Booked { cost, pricing: Pricing::Estimated, ..booked }
        }
        None => booked,
    }
}
