//! The plan for one request: what it says itself, then the first rule that matches, then the mode;
//! and whether its conversation stays where it is. Never dearer than the model that was asked for.

use super::chain::{self, Source, candidates};
use super::{Ask, Candidate, DEMO, Mode, NoRoute, Reason, Setup, Tier, Use};
use super::{compare, expect, home, only, routed, stay};
use crate::{Class, Decision, Endpoint, Weighed};

/// What was planned for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Ways to answer, best first; at least one.
    pub candidates: Vec<Candidate>,
    /// What was decided and why.
    pub decision: Decision,
}

/// Plans a request.
///
/// # Errors
/// Why there is no way to answer it, with the fix.
pub fn plan(setup: &Setup, ask: &Ask<'_>) -> Result<Plan, NoRoute> {
    let mut found = ways(setup, ask)?;
    if setup.local_only {
        found = only::only(setup, ask, found)?;
    }
    for candidate in &mut found {
        candidate.expected = expect::expected(setup, ask, &candidate.route);
    }
    let shadow = match (setup.mode, found.first().map(|c| c.reason)) {
        (Mode::Shadow, Some(Reason::Asked)) if !setup.paused => shadow(setup, ask),
        _ => None,
    };
    let judged = ask.judgement;
    let decision = Decision {
        mode: setup.mode,
        class: judged.map_or(Class::Main, |j| j.class),
        deterministic: judged.is_some_and(|j| j.deterministic),
        prompt_tokens: judged.map_or(0, |j| j.prompt_tokens),
        conversation: ask.conversation,
        weighed: found.iter().map(weighed).collect(),
        shadow,
        judged_tier: None,
        way_back: way_back(setup, ask, &found),
    };
    Ok(Plan { candidates: found, decision })
}

/// What coming back was counted as where a conversation stays beside another way.
fn way_back(setup: &Setup, ask: &Ask<'_>, found: &[Candidate]) -> Option<crate::Money> {
    let [kept, next, ..] = found else { return None };
    let stays = kept.reason == Reason::Kept;
    let compared = stays.then(|| super::compare(setup, ask, &kept.route, &next.route)).flatten()?;
    Some(compared.switch.saturating_sub(next.expected?).max(crate::Money::ZERO))
}

fn weighed(candidate: &Candidate) -> Weighed {
    let Candidate { route, reason, expected, .. } = candidate;
    Weighed { route: route.clone(), reason: *reason, expected: *expected }
}

fn ways(setup: &Setup, ask: &Ask<'_>) -> Result<Vec<Candidate>, NoRoute> {
    if ask.model == DEMO {
        return Ok(vec![home::demo(ask, ask.model)]);
    }
    let named = ask.model.split_once('/');
    let mut rules = setup.rules.iter().filter(|_| !setup.paused);
    let rule = rules.find(|rule| {
        rule.when.matches(ask)
            && (named.is_none() || rule.when.speaks_of_providers())
            && (ask.endpoint != Endpoint::Embeddings || rule.when.means_embeddings())
    });
    match (named, rule) {
        (Some((name, model)), None) => return Ok(vec![home::named(setup, ask, name, model)?]),
        (None, _) if setup.demo_answers => return Ok(vec![home::demo(ask, ask.model)]),
        _ => {}
    }
    if let Some(rule) = rule {
        let chain = match &rule.target {
            Use::Tier(tier) => setup.chain(*tier),
            Use::Chain(chain) => chain,
        };
        let links = chain::plain(chain);
        let found = candidates(setup, ask, &links, Reason::Rule, Source::Rule)?;
        return Ok(sticking(setup, ask, found, false));
    }
    match routed(ask.model) {
        Some(Some(tier)) => by_tier(setup, ask, tier),
        Some(None) => {
            let found = by_judgement(setup, ask, setup.mode == Mode::LocalFirst)?;
            Ok(sticking(setup, ask, found, !ask.hinted))
        }
        None => by_mode(setup, ask, setup.mode),
    }
}

/// `weir-low` and its kin: the tier's chain as it is written.
fn by_tier(setup: &Setup, ask: &Ask<'_>, tier: Tier) -> Result<Vec<Candidate>, NoRoute> {
    let links = chain::plain(setup.chain(tier));
    let source = Source::Tier { model: ask.model, tier };
    let found = candidates(setup, ask, &links, Reason::Tier, source)?;
    Ok(sticking(setup, ask, found, false))
}

/// The chain for what the request was judged to be.
fn by_judgement(
    setup: &Setup,
    ask: &Ask<'_>,
    local_first: bool,
) -> Result<Vec<Candidate>, NoRoute> {
    let tier = tier_of(ask);
    let links = chain::judged(setup, ask, tier, local_first);
    candidates(setup, ask, &links, Reason::Tier, Source::Tier { model: ask.model, tier })
}

/// Titles, topics and the like are small work whatever words are in them.
pub(super) fn tier_of(ask: &Ask<'_>) -> Tier {
    match ask.judgement {
        None => Tier::Medium,
        Some(judged) if judged.class == Class::Auxiliary && !ask.hinted => Tier::Low,
        Some(judged) => judged.tier,
    }
}

/// A bare model name.
fn by_mode(setup: &Setup, ask: &Ask<'_>, mode: Mode) -> Result<Vec<Candidate>, NoRoute> {
    let asked = home::asked(setup, ask)?;
    // Vectors of two models do not belong into one index, and a count is of one model's tokens.
    let acts = matches!(mode, Mode::Tiered | Mode::LocalFirst) && !setup.paused;
    if !acts || !ask.endpoint.converses() || ask.judgement.is_none() {
        return Ok(vec![asked]);
    }
    let Ok(found) = by_judgement(setup, ask, mode == Mode::LocalFirst) else {
        return Ok(vec![asked]);
    };
    let found = sticking(setup, ask, beside(setup, ask, asked, found), !ask.hinted);
    Ok(found)
}

/// The model asked for takes its place: after the links that are never dearer. Links behind its own
/// place in the chain stay behind it, and what may be dearer is left out: nobody asked for that.
fn beside(setup: &Setup, ask: &Ask<'_>, asked: Candidate, found: Vec<Candidate>) -> Vec<Candidate> {
    let place = found.iter().position(|c| c.route == asked.route).unwrap_or(found.len());
    let own = asked.route.clone();
    let cheap = |c: &Candidate| stay::never_dearer(setup, ask, &c.route, &own);
    let mut all: Vec<Candidate> = Vec::with_capacity(found.len() + 1);
    let mut asked = Some(asked);
    for (at, candidate) in found.into_iter().enumerate() {
        if at == place {
            all.extend(asked.take());
        } else if cheap(&candidate) {
            all.push(candidate);
        }
    }
    all.extend(asked);
    for candidate in all.iter_mut().take(1).filter(|c| c.reason == Reason::Fallback) {
        candidate.reason = Reason::Tier;
    }
    all
}

/// A conversation stays on its model: a move loses a warm prompt. It moves at its start, when the
/// model fails or a budget asks for it (both later, in the attempt), by hand, or when it pays.
/// `adopts` says that a model outside of what was found may be stayed on.
fn sticking(
    setup: &Setup,
    ask: &Ask<'_>,
    mut found: Vec<Candidate>,
    adopts: bool,
) -> Vec<Candidate> {
    let in_force = |s: &&super::Standing| setup.sticky && !setup.paused && s.asked == ask.model;
    let Some(standing) = ask.standing.filter(in_force) else {
        return found;
    };
    let Some(best) = found.first().filter(|best| best.route != standing.route) else {
        return found;
    };
    let home = match found.iter().position(|c| c.route == standing.route) {
        Some(at) => found[at].clone(),
        None if adopts && !(setup.escalate && is_below(setup, ask, &standing.route)) => {
            match outside(setup, ask, standing) {
                Some(candidate) => candidate,
                None => return found,
            }
        }
        None => return found,
    };
    let pays = compare(setup, ask, &home.route, &best.route).is_some_and(stay::Compared::pays);
    found.retain(|c| c.route != home.route);
    if pays {
        found[0].reason = Reason::Moved;
        // What it leaves is the next to be asked, and stands beside it to be compared with.
        found.insert(1, Candidate { reason: Reason::Kept, ..home });
        return found;
    }
    found.insert(0, Candidate { reason: Reason::Kept, ..home });
    for candidate in found.iter_mut().skip(1) {
        if candidate.reason != Reason::Asked {
            candidate.reason = Reason::Fallback;
        }
    }
    found
}

/// Whether a route belongs to a tier below that of the request and to none from there on.
fn is_below(setup: &Setup, ask: &Ask<'_>, route: &super::Route) -> bool {
    let tier = tier_of(ask);
    let all = [Tier::Low, Tier::Medium, Tier::High];
    let within = |of: &Tier| setup.chain(*of).contains(route);
    let (below, from): (Vec<Tier>, Vec<Tier>) = all.into_iter().partition(|of| *of < tier);
    below.iter().any(within) && !from.iter().any(within)
}

/// The conversation's model, where the chain at hand does not lead to it.
fn outside(setup: &Setup, ask: &Ask<'_>, standing: &super::Standing) -> Option<Candidate> {
    let route = &standing.route;
    let provider = setup.provider(&route.provider)?;
    if provider.local && setup.local_off {
        return None;
    }
    let endpoint = provider.stand_in(ask.endpoint, &route.model, ask.streams)?;
    let route = route.clone();
    Some(Candidate { route, reason: Reason::Kept, rewrite: true, endpoint, expected: None })
}

/// Where a request would go if shadow mode acted.
fn shadow(setup: &Setup, ask: &Ask<'_>) -> Option<Weighed> {
    let ask = Ask { standing: ask.shadow_standing, ..*ask };
    let mut first = by_mode(setup, &ask, setup.shadow_of).ok()?.into_iter().next()?;
    first.expected = expect::expected(setup, &ask, &first.route);
    Some(weighed(&first))
}
