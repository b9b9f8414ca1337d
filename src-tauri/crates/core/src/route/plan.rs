//! The plan for one request: what it says itself, then the first rule that matches, then the mode;
//! and whether its conversation stays where it is. Never dearer than the model that was asked for.

use super::chain::{self, Source, candidates};
use super::stick::{Terms, sticking};
use super::{Ask, Candidate, DEMO, Mode, NoRoute, Reason, Setup, Tier, Use};
use super::{dearer, expect, home, only, routed};
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
        return Ok(sticking(setup, ask, found, &Terms::default()));
    }
    match routed(ask.model) {
        Some(Some(tier)) => by_tier(setup, ask, tier),
        Some(None) => {
            let found = by_judgement(setup, ask, setup.mode == Mode::LocalFirst)?;
            Ok(sticking(setup, ask, found, &Terms { adopts: !ask.hinted, asked: None }))
        }
        None => by_mode(setup, ask, setup.mode),
    }
}

/// `weir-low` and its kin: the tier's chain as it is written.
fn by_tier(setup: &Setup, ask: &Ask<'_>, tier: Tier) -> Result<Vec<Candidate>, NoRoute> {
    let links = chain::plain(setup.chain(tier));
    let source = Source::Tier { model: ask.model, tier };
    let found = candidates(setup, ask, &links, Reason::Tier, source)?;
    Ok(sticking(setup, ask, found, &Terms::default()))
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
    let own = asked.route.clone();
    let found = beside(setup, ask, asked, found);
    Ok(sticking(setup, ask, found, &Terms { adopts: !ask.hinted, asked: Some(&own) }))
}

/// The model asked for takes its place: after the links that are never dearer. Links behind its own
/// place in the chain stay behind it, and what may be dearer is left out: nobody asked for that.
fn beside(setup: &Setup, ask: &Ask<'_>, asked: Candidate, found: Vec<Candidate>) -> Vec<Candidate> {
    let place = found.iter().position(|c| c.route == asked.route).unwrap_or(found.len());
    let own = asked.route.clone();
    // Only what comes before it is chosen in its place; what comes behind it answers when it fails.
    let cheap = |at: usize, c: &Candidate| match at < place {
        true => dearer::never_dearer(setup, ask, &c.route, &own),
        false => dearer::no_dearer_price(setup, ask, &c.route, &own),
    };
    let mut all: Vec<Candidate> = Vec::with_capacity(found.len() + 1);
    let mut asked = Some(asked);
    for (at, candidate) in found.into_iter().enumerate() {
        if at == place {
            all.extend(asked.take());
        } else if cheap(at, &candidate) {
            all.push(candidate);
        }
    }
    all.extend(asked);
    for candidate in all.iter_mut().take(1).filter(|c| c.reason == Reason::Fallback) {
        candidate.reason = Reason::Tier;
    }
    all
}

/// Where a request would go if shadow mode acted.
fn shadow(setup: &Setup, ask: &Ask<'_>) -> Option<Weighed> {
    let ask = Ask { standing: ask.shadow_standing, ..*ask };
    let mut first = by_mode(setup, &ask, setup.shadow_of).ok()?.into_iter().next()?;
    first.expected = expect::expected(setup, &ask, &first.route);
    Some(weighed(&first))
}
