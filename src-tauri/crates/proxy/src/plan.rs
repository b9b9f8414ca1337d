//! Stage four: the plan. Gathers what `core::route` needs of the set-up, the conversation and the
//! prices; decides nothing itself.

use crate::attempt::estimate;
use crate::conversations::{Conversations, Key, Thread};
use crate::limits::OUTPUT_TOKENS_ASSUMED;
use crate::pipeline::Context;
use crate::ports::{LadderAsk, Routes, RungAsk};
use crate::read::Asked;
use crate::triage::Judged;
use std::sync::Arc;
use weir_core::budget::{Pace, Pick, Place, Step};
use weir_core::route::{
    Ask, Candidate, KeySource, NoRoute, Plan, Quotes, Reason, Route, below, plan,
};
use weir_core::{Class, Decision, Money, Usage, Weighed};

/// A request with its ways to be answered.
pub struct Planned {
    /// Best first; at least one.
    pub candidates: Vec<Candidate>,
    /// What was decided and why.
    pub decision: Arc<Decision>,
    /// What triage made of the request.
    pub judged: Judged,
}

impl Planned {
    /// The thread of an attempt at `route`, where the request belongs to a conversation.
    pub fn thread(&self, all: &Arc<Conversations>, asked: &Asked, route: &Route) -> Option<Thread> {
        let key = line(asked, &self.judged)?;
        let shadow = self.decision.shadow.as_ref().map(|shadow| &shadow.route);
        Some(Thread::new(all, key, &asked.model, route, shadow))
    }
}

struct Priced<'a>(&'a dyn Routes);

impl Quotes for Priced<'_> {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        self.0.cost(route, usage)
    }
}

/// The line of its conversation that a request goes on with.
pub fn line(asked: &Asked, judged: &Judged) -> Option<Key> {
    let conversation = judged.conversation?;
    Some(Key::of(conversation, &asked.accepted.caller.name, &asked.model))
}

/// Plans a request.
///
/// # Errors
/// Why there is no way to answer it.
pub fn planned(context: &Context, asked: &Asked, judged: Judged) -> Result<Planned, NoRoute> {
    let known = line(asked, &judged).and_then(|key| context.conversations.standing(key));
    let prices = Priced(context.ports.routes.as_ref());
    let ask = Ask {
        endpoint: asked.accepted.target.endpoint,
        model: &asked.model,
        streams: asked.streams(),
        judgement: judged.judgement,
        hinted: asked.hints.tier.is_some(),
        client: &asked.accepted.caller.name,
        category: asked.hints.category.as_deref(),
        project: asked.hints.project.as_deref(),
        conversation: judged.conversation,
        standing: known.as_ref().map(|k| &k.real),
        shadow_standing: known.as_ref().and_then(|k| k.shadow.as_ref()),
        max_output: asked.facts.max_output_tokens,
        cache_marked: asked.facts.cache_marked,
        now_ms: context.arrived_ms,
        quotes: &prices,
    };
    let Plan { candidates, mut decision } = plan(&context.setup, &ask)?;
    let (candidates, paced) = within_window(context, &ask, candidates);
    let (candidates, stepped) = within_budgets(context, asked, &ask, candidates);
    if paced || stepped {
        let left = candidates.iter().map(|c| Weighed {
            route: c.route.clone(),
            reason: c.reason,
            expected: c.expected,
        });
        // What no budget lets through stays in the record, behind what it gave way to.
        let all: Vec<Weighed> = left.collect();
        decision.weighed.retain(|w| all.iter().all(|kept| kept.route != w.route));
        decision.weighed.splice(..0, all);
    }
    Ok(Planned { candidates, decision: Arc::new(decision), judged })
}

/// Where a tool's own subscription would answer: small work goes to local models early when its window
/// is to last, and everything when the window is spent, so that the tool goes on instead of stopping.
fn within_window(context: &Context, ask: &Ask<'_>, own: Vec<Candidate>) -> (Vec<Candidate>, bool) {
    let setup = &context.setup;
    let passes = |c: &&Candidate| {
        setup.provider(&c.route.provider).is_some_and(|p| p.key == KeySource::Passthrough)
    };
    let Some(first) = own.first().filter(passes) else { return (own, false) };
    let small = ask.judgement.is_some_and(|j| j.deterministic || j.class == Class::Auxiliary);
    let goes = match context.ports.books.pace(&first.route.provider, context.arrived_ms) {
        Pace::Keep => false,
        Pace::Early => small,
        Pace::Spent(_) => true,
    };
    if !goes {
        return (own, false);
    }
    let local = |c: &Candidate| setup.provider(&c.route.provider).is_some_and(|p| p.local);
    let mut all: Vec<Candidate> = below(setup, ask, &own).into_iter().filter(local).collect();
    for candidate in &mut all {
        candidate.reason = Reason::Paced;
    }
    let paced = !all.is_empty();
    all.extend(own);
    (all, paced)
}

/// What the standing budgets leave of the plan, and whether that is less than was planned. Where they
/// leave nothing, the plan stands: `reserve` refuses it with the reason.
fn within_budgets(
    context: &Context,
    asked: &Asked,
    ask: &Ask<'_>,
    own: Vec<Candidate>,
) -> (Vec<Candidate>, bool) {
    let below = below(&context.setup, ask, &own);
    let rungs = |all: &[Candidate]| all.iter().map(|c| rung(context, asked, c)).collect();
    let (own_rungs, below_rungs): (Vec<RungAsk>, Vec<RungAsk>) = (rungs(&own), rungs(&below));
    let session = asked.hints.session.as_deref().or(asked.facts.session.as_deref());
    let ladder = context.ports.books.ladder(&LadderAsk {
        at_ms: context.arrived_ms,
        client: ask.client,
        project: ask.project,
        session,
        category: ask.category,
        tier: ask.judgement.map(|j| j.tier),
        endpoint: ask.endpoint,
        service_tier: asked.facts.service_tier.as_deref(),
        own: &own_rungs,
        below: &below_rungs,
    });
    if ladder.refused.is_empty() || ladder.allowed.is_empty() {
        return (own, false);
    }
    let picked = |pick: &Pick| {
        let mut candidate = match pick.place {
            Place::Own(at) => own.get(at)?.clone(),
            Place::Below(at) => below.get(at)?.clone(),
        };
        candidate.reason = match pick.step {
            Step::Planned => candidate.reason,
            Step::Cheaper => Reason::BudgetCheaper,
            Step::TierBelow => Reason::BudgetTier,
            Step::Local => Reason::BudgetLocal,
        };
        Some(candidate)
    };
    (ladder.allowed.iter().filter_map(picked).collect(), true)
}

fn rung(context: &Context, asked: &Asked, candidate: &Candidate) -> RungAsk {
    let route = candidate.route.clone();
    let local = context.setup.provider(&route.provider).is_some_and(|p| p.local)
        && !context.ports.locals.model(&route.provider, &route.model).cloud;
    let estimate = estimate(asked, asked.json().len(), OUTPUT_TOKENS_ASSUMED);
    RungAsk { route, local, estimate }
}
