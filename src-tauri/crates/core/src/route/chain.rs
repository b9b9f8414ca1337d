//! Chains: the links a request may take in their order, and the candidates that can answer it.

use super::{Ask, Candidate, NoRoute, Reason, Route, Setup, Tier};
use crate::Task;

/// Links of a chain with the reason of each; a `None` is the chain's own order.
pub(super) type Links<'a> = Vec<(&'a Route, Option<Reason>)>;

/// Where a chain came from, for the words of its refusal.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Tier { model: &'a str, tier: Tier },
    Rule,
}

/// A chain in its own order.
pub(super) fn plain(chain: &[Route]) -> Links<'_> {
    chain.iter().map(|route| (route, None)).collect()
}

/// The links for a judged request: the model named for its task, local ones where they come first,
/// then the tier's own chain.
pub(super) fn judged<'a>(
    setup: &'a Setup,
    ask: &Ask<'_>,
    tier: Tier,
    local_first: bool,
) -> Links<'a> {
    let mut links: Links<'a> = Vec::new();
    let judged = ask.judgement;
    let task = judged.map(|j| j.task);
    // These two are a kind of model rather than a grade of difficulty.
    let a_kind = matches!(task, Some(Task::Embedding | Task::CodeCompletion));
    if tier != Tier::High || a_kind {
        let named = setup.task_models.iter().filter(|(of, _)| Some(*of) == task);
        links.extend(named.map(|(_, route)| (route, Some(Reason::TaskModel))));
    }
    let by_rule = setup.rule_work_local && judged.is_some_and(|j| j.deterministic);
    let reason = match (by_rule && tier != Tier::High, local_first) {
        (true, _) => Some(Reason::Deterministic),
        (false, true) => Some(Reason::LocalFirst),
        (false, false) => None,
    };
    if reason.is_some() {
        links.extend(locals(setup, tier).map(|route| (route, reason)));
    }
    links.extend(setup.chain(tier).iter().map(|route| (route, None)));
    once(links)
}

/// Local links: the tier's own, and for what is not hard those of the others too.
fn locals(setup: &Setup, tier: Tier) -> impl Iterator<Item = &Route> {
    let others: &[Tier] = match tier {
        Tier::Low => &[Tier::Medium, Tier::High],
        // A small model is no answer to what needs more; a larger one is.
        Tier::Medium => &[Tier::High],
        Tier::High => &[],
    };
    let local = |route: &&Route| setup.provider(&route.provider).is_some_and(|p| p.local);
    let rest = others.iter().flat_map(|tier| setup.chain(*tier));
    setup.chain(tier).iter().chain(rest).filter(local)
}

fn once(links: Links<'_>) -> Links<'_> {
    let mut seen: Links<'_> = Vec::new();
    for (route, reason) in links {
        if seen.iter().all(|(known, _)| *known != route) {
            seen.push((route, reason));
        }
    }
    seen
}

/// The candidates of a chain: its links that can be asked for this, with their reasons.
///
/// # Errors
/// Why there is none.
pub(super) fn candidates(
    setup: &Setup,
    ask: &Ask<'_>,
    links: &Links<'_>,
    first: Reason,
    source: Source<'_>,
) -> Result<Vec<Candidate>, NoRoute> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut off = None;
    for (route, reason) in links {
        let Some(provider) = setup.provider(&route.provider) else { continue };
        if let Some(why) = setup.off(provider, &route.model) {
            off = off.or(Some((*route, why)));
            continue;
        }
        let Some(endpoint) = provider.stand_in(ask.endpoint, &route.model, ask.streams) else {
            continue;
        };
        let reason = match (found.is_empty(), off, reason) {
            (true, Some((_, why)), None) => why.reason(),
            (true, None, None) => first,
            (false, _, None) => Reason::Fallback,
            (_, _, Some(reason)) => *reason,
        };
        let route = (*route).clone();
        found.push(Candidate { route, reason, rewrite: true, endpoint, expected: None });
    }
    match off {
        _ if !found.is_empty() => Ok(found),
        Some((route, why)) => Err(why.refusal(route.to_string())),
        None => Err(nothing(ask, links, source)),
    }
}

fn nothing(ask: &Ask<'_>, links: &Links<'_>, source: Source<'_>) -> NoRoute {
    let chain: Vec<String> = links.iter().map(|(route, _)| route.to_string()).collect();
    let (chain, asked) = (chain.join(", "), ask.endpoint.as_str());
    match source {
        Source::Tier { model, tier } if links.is_empty() => {
            NoRoute::EmptyTier { model: model.to_owned(), tier: tier.as_str() }
        }
        Source::Tier { model, tier } => {
            NoRoute::TierNotThere { model: model.to_owned(), tier: tier.as_str(), chain, asked }
        }
        Source::Rule if links.is_empty() => {
            NoRoute::RuleNotThere { chain: "an empty chain".into(), asked }
        }
        Source::Rule => NoRoute::RuleNotThere { chain, asked },
    }
}
