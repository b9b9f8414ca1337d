//! The ladder over the standing budgets: prices each way, weighs it, and lets `core` decide.

use super::{Books, FromLedger};
use crate::prices::Call;
use weir_core::Money;
use weir_core::budget::{Ask, Fit, Full, Ladder, Place, Rung, Subject, ladder as decide, unpriced};
use weir_core::route::Tier;
use weir_proxy::ports::{LadderAsk, RungAsk};

/// Which ways are left. Where the ledger cannot tell, all are: `reserve` refuses with the reason.
pub fn ladder(books: &Books, ask: &LadderAsk<'_>) -> Ladder {
    // Without a budget that may refuse there is nothing to price.
    if !ask.endpoint.metered() || !books.balances.lock().may_refuse() {
        return Ladder::open(ask.own.len());
    }
    let weigh = |rungs: &[RungAsk], place: fn(usize) -> Place| {
        let each = rungs.iter().enumerate().map(|(at, rung)| weighed(books, ask, rung, place(at)));
        each.collect::<Result<Vec<Rung>, String>>()
    };
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
    let most = first.asks();
    for full in first.full.iter().filter(|full| !full.unpriced) {
        books.turned_away(&full.name, ask.at_ms, most);
    }
}

fn weighed(
    books: &Books,
    ask: &LadderAsk<'_>,
    rung: &RungAsk,
    place: Place,
) -> Result<Rung, String> {
    let base_url = books.routing.base_url(&rung.route.provider);
    let call = Call {
        provider: &rung.route.provider,
        base_url: &base_url,
        local: rung.local,
        model: &rung.route.model,
        at_ms: ask.at_ms,
    };
    let most = Ask {
        cost: books.prices.upper(&call, &rung.estimate, ask.service_tier),
        tokens: rung.estimate.input_tokens.saturating_add(rung.estimate.output_tokens),
    };
    let terms = books.terms.load();
    let category = match &terms.shares {
        Some(shares) => shares.category(ask.category),
        None => ask.category,
    };
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
    let past = FromLedger(&books.ledger);
    let weighed = books.balances.lock().weigh(&subject, ask.at_ms, most, &past)?;
    let full = weighed.against.into_iter().map(|(budget, seen, fit)| Full {
        budget,
        name: seen.budget.name.clone(),
        at_limit: seen.terms.at_limit,
        unpriced: fit == Fit::Unpriced,
        says: match fit {
            Fit::Unpriced => {
                unpriced(&seen.budget, &seen.terms, &rung.route.provider, &rung.route.model)
            }
            Fit::Full | Fit::Fits => books.says_full(&seen, most),
        },
        resets_ms: seen.window.end_ms,
    });
    let local_is_free = rung.local && most.cost == Some(Money::ZERO);
    Ok(Rung {
        place,
        tokens: most.tokens,
        local: local_is_free,
        cost: most.cost,
        counts_in: weighed.counts_in,
        full: full.collect(),
    })
}
