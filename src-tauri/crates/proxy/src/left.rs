//! What the window of a subscription and the standing budgets leave of a plan: asked when it is made,
//! and again where a reservation is refused or a subscription turns out to be spent.
//! Decides nothing itself: `core::budget::ladder` and the books do. Nothing is set aside here.

use crate::attempt::estimate;
use crate::carry::output_assumed;
use crate::pipeline::Context;
use crate::ports::{Estimate, LadderAsk, Routes, RungAsk};
use crate::read::Asked;
use crate::triage::Judged;
use weir_core::budget::{Ladder, Pace, Pick, Place, Step};
use weir_core::route::{Ask, Candidate, KeySource, Quotes, Reason, Route, below};
use weir_core::{Class, Money, Usage};

/// A plan, or what is left of it.
#[derive(Default)]
pub struct Left {
    /// Best first; none where the budgets leave nothing.
    pub candidates: Vec<Candidate>,
    /// Ways that a budget turned away, each with what it says; one a budget.
    pub held: Vec<Held>,
    /// Whether that is less than, or other than, what was planned.
    pub changed: bool,
}

/// A way that a budget turned away.
pub struct Held {
    /// Which.
    pub candidate: Candidate,
    /// Which budget, spent, limit, when it resets, how to lift it.
    pub says: String,
}

/// What routes cost.
pub struct Priced<'a>(pub &'a dyn Routes);

impl Quotes for Priced<'_> {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        self.0.cost(route, usage)
    }
}

/// A request as routing asks about it, without its conversation.
pub fn ask<'a>(
    context: &'a Context,
    asked: &'a Asked,
    judged: &Judged,
    quotes: &'a Priced<'a>,
) -> Ask<'a> {
    Ask {
        judgement: judged.judgement,
        hinted: asked.hints.tier.is_some(),
        client: &asked.accepted.caller.name,
        category: asked.hints.category.as_deref(),
        project: asked.hints.project.as_deref(),
        conversation: judged.conversation,
        max_output: asked.facts.max_output_tokens,
        cache_marked: asked.facts.cache_marked,
        now_ms: context.arrived_ms,
        quotes,
        ..Ask::bare(asked.accepted.target.endpoint, &asked.model, asked.streams())
    }
}

/// Where a tool's own subscription would answer: small work goes to local models early when its window
/// is to last, and everything when the window is spent, so that the tool goes on instead of stopping.
pub fn within_window(context: &Context, ask: &Ask<'_>, own: Vec<Candidate>) -> Left {
    let setup = &context.setup;
    let passes = |c: &&Candidate| {
        setup.provider(&c.route.provider).is_some_and(|p| p.key == KeySource::Passthrough)
    };
    let small = ask.judgement.is_some_and(|j| j.deterministic || j.class == Class::Auxiliary);
    let goes = own.first().filter(passes).is_some_and(|first| {
        match context.ports.books.pace(&first.route.provider, context.arrived_ms) {
            Pace::Keep => false,
            Pace::Early => small,
            Pace::Spent(_) => true,
        }
    });
    let instead = if goes { locals(context, ask, &own) } else { Vec::new() };
    if instead.is_empty() {
        return Left { candidates: own, ..Left::default() };
    }
    let rest = own.into_iter().filter(|c| instead.iter().all(|local| local.route != c.route));
    let rest: Vec<Candidate> = rest.collect();
    Left { candidates: instead.into_iter().chain(rest).collect(), changed: true, ..Left::default() }
}

/// Local models that can stand in: those that are planned further down, then those of the tiers. None
/// for what named its provider: that is the client's own word.
fn locals(context: &Context, ask: &Ask<'_>, own: &[Candidate]) -> Vec<Candidate> {
    let setup = &context.setup;
    let local = |c: &Candidate| setup.provider(&c.route.provider).is_some_and(|p| p.local);
    let all = own.iter().cloned().chain(below(setup, ask, own));
    all.filter(local).map(|c| Candidate { reason: Reason::Paced, ..c }).collect()
}

/// The local models that answer where a subscription has just said that it is spent; none unless the
/// configuration paces it.
pub fn when_spent(
    context: &Context,
    asked: &Asked,
    judged: &Judged,
    spent: &Candidate,
    rest: &[Candidate],
) -> Vec<Candidate> {
    let pace = context.ports.books.pace(&spent.route.provider, context.arrived_ms);
    if !matches!(pace, Pace::Spent(_)) {
        return Vec::new();
    }
    let prices = Priced(context.ports.routes.as_ref());
    let own: Vec<Candidate> = std::iter::once(spent).chain(rest).cloned().collect();
    locals(context, &ask(context, asked, judged, &prices), &own)
}

/// What the standing budgets leave of a plan. `first` is the most its first candidate can use, where
/// that is known better than by its length. Where nothing is left that goes on at once and it is
/// `patient`, what may have room soon is left.
pub fn within_budgets(
    context: &Context,
    asked: &Asked,
    judged: &Judged,
    own: Vec<Candidate>,
    first: Option<Estimate>,
    patient: bool,
) -> Left {
    let mut rungs: Vec<RungAsk> = own.iter().map(|c| rung(context, asked, c)).collect();
    if let (Some(rung), Some(estimate)) = (rungs.first_mut(), first) {
        rung.estimate = estimate;
    }
    let ladder = climb(context, asked, judged, (&rungs, &[]), false);
    if ladder.refused.is_empty() {
        return Left { candidates: own, ..Left::default() };
    }
    let prices = Priced(context.ports.routes.as_ref());
    let below = below(&context.setup, &ask(context, asked, judged, &prices), &own);
    let below_rungs: Vec<RungAsk> = below.iter().map(|c| rung(context, asked, c)).collect();
    let mut ladder = climb(context, asked, judged, (&rungs, &below_rungs), false);
    if ladder.allowed.is_empty() && patient {
        ladder = climb(context, asked, judged, (&rungs, &below_rungs), true);
    }
    if ladder.refused.is_empty() {
        return Left { candidates: own, ..Left::default() };
    }
    let at = |place: Place| match place {
        Place::Own(at) => own.get(at).cloned(),
        Place::Below(at) => below.get(at).cloned(),
    };
    let picked = |pick: &Pick| {
        let candidate = at(pick.place)?;
        let reason = match pick.step {
            Step::Planned => candidate.reason,
            Step::Cheaper => Reason::BudgetCheaper,
            Step::Other => Reason::BudgetOther,
            Step::TierBelow => Reason::BudgetTier,
            Step::Local => Reason::BudgetLocal,
        };
        Some(Candidate { reason, ..candidate })
    };
    let mut held: Vec<Held> = Vec::new();
    let mut named = Vec::new();
    for (place, full) in &ladder.refused {
        if let (Some(candidate), Some(full)) = (at(*place), full)
            && !named.contains(&full.budget)
        {
            named.push(full.budget);
            held.push(Held { candidate, says: full.says.clone() });
        }
    }
    Left { candidates: ladder.allowed.iter().filter_map(picked).collect(), held, changed: true }
}

fn climb(
    context: &Context,
    asked: &Asked,
    judged: &Judged,
    (own, below): (&[RungAsk], &[RungAsk]),
    patient: bool,
) -> Ladder {
    context.ports.books.ladder(&LadderAsk {
        at_ms: context.arrived_ms,
        client: &asked.accepted.caller.name,
        project: asked.hints.project.as_deref(),
        session: asked.hints.session.as_deref().or(asked.facts.session.as_deref()),
        category: asked.hints.category.as_deref(),
        tier: judged.judgement.map(|j| j.tier),
        endpoint: asked.accepted.target.endpoint,
        service_tier: asked.facts.service_tier.as_deref(),
        patient,
        own,
        below,
    })
}

fn rung(context: &Context, asked: &Asked, candidate: &Candidate) -> RungAsk {
    let route = candidate.route.clone();
    let on_local = context.setup.provider(&route.provider).is_some_and(|p| p.local);
    let local = on_local && !context.ports.locals.model(&route.provider, &route.model).cloud;
    let assumed = output_assumed(asked.accepted.target.endpoint, candidate, on_local);
    let estimate = estimate(asked, asked.json().len(), assumed);
    RungAsk { route, local, estimate }
}
