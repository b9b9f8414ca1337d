//! The ladder over the standing budgets: prices each way, weighs it, and lets `core` decide.

use super::{Books, FromLedger, Seen};
use crate::prices::Call;
use weir_core::Money;
use weir_core::budget::{
    Asks, Fit, Full, Ladder, Place, Rung, Subject, ladder as decide, unpriced,
};
use weir_core::route::Tier;
use weir_proxy::ports::{LadderAsk, RungAsk};

/// Which ways are left. Where the ledger cannot tell, all are: `reserve` refuses with the reason.
pub fn ladder(books: &Books, ask: &LadderAsk<'_>) -> Ladder {
    // Without a budget that may refuse there is nothing to price.
    if !ask.endpoint.metered() || !books.balances.lock().may_refuse() {
        return Ladder::open(ask.own.len());
    }
    let weigh = |rungs: &[RungAsk], place: fn(usize) -> Place| weighed(books, ask, rungs, place);
    match (weigh(ask.own, Place::Own), weigh(ask.below, Place::Below)) {
        (Ok(own), Ok(below)) => {
            let ladder = decide(&own, &below);
            tell(books, ask, &own);
            ladder
        }
        (Err(problem), _) | (_, Err(problem)) => {
            tracing::warn!(problem, "what budgets spent is not known; nothing is stepped down");
            Ladder::open(ask.own.len())
        }
    }
}

/// What turns away the first of a plan changes the model or refuses the request, which is told.
fn tell(books: &Books, ask: &LadderAsk<'_>, own: &[Rung]) {
    let Some(first) = own.first() else { return };
    for full in first.full.iter().filter(|full| !full.unpriced && !full.soon) {
        books.turned_away(&full.name, ask.at_ms, first.asks);
    }
}

/// Ways to answer, priced, then weighed against the budgets as they stand at one moment.
fn weighed(
    books: &Books,
    ask: &LadderAsk<'_>,
    rungs: &[RungAsk],
    place: fn(usize) -> Place,
) -> Result<Vec<Rung>, String> {
    let asks: Vec<Asks> = rungs.iter().map(|rung| asks(books, ask, rung)).collect();
    let terms = books.terms.load();
    let category = match &terms.shares {
        Some(shares) => shares.category(ask.category),
        None => ask.category,
    };
    let past = FromLedger(&books.ledger);
    let mut balances = books.balances.lock();
    let mut all = Vec::with_capacity(rungs.len());
    for (at, (rung, asks)) in rungs.iter().zip(asks).enumerate() {
        let subject = Subject {
            provider: &rung.route.provider,
            model: &rung.route.model,
            tier: ask.tier.map(Tier::as_str),
            category,
            client: ask.client,
            project: ask.project,
            session: ask.session,
            local: rung.local,
        };
        let weighed = balances.weigh(&subject, ask.at_ms, asks, &past)?;
        let waits = |seen: &Seen| ask.patient && seen.has_room_soon(asks);
        let against = weighed.against.iter().filter(|(_, seen, _)| !waits(seen));
        let full = against.map(|(at, seen, fit)| full(books, rung, asks, (*at, seen, *fit)));
        all.push(Rung {
            place: place(at),
            asks,
            local: rung.local && asks.most.cost == Some(Money::ZERO),
            cost: asks.likely.cost,
            full: full.collect(),
            counts_in: weighed.counts_in,
        });
    }
    Ok(all)
}

/// What a way to answer can take.
fn asks(books: &Books, ask: &LadderAsk<'_>, rung: &RungAsk) -> Asks {
    let base_url = books.routing.base_url(&rung.route.provider);
    let call = Call {
        provider: &rung.route.provider,
        base_url: &base_url,
        local: rung.local,
        model: &rung.route.model,
        at_ms: ask.at_ms,
    };
    books.asks(&call, rung.estimate, ask.service_tier)
}

/// A budget, by its place, that a way to answer does not fit.
fn full(
    books: &Books,
    rung: &RungAsk,
    asks: Asks,
    (budget, seen, fit): (usize, &Seen, Fit),
) -> Full {
    let says = match fit {
        Fit::Unpriced => {
            unpriced(&seen.budget, &seen.terms, &rung.route.provider, &rung.route.model)
        }
        Fit::Full | Fit::Fits => books.says_full(seen, asks),
    };
    Full {
        budget,
        name: seen.budget.name.clone(),
        at_limit: seen.terms.at_limit,
        unpriced: fit == Fit::Unpriced,
        soon: seen.has_room_soon(asks),
        says,
        resets_ms: seen.window.end_ms,
    }
}
