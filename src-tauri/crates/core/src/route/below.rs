//! Where a request may step down to when a budget is at its limit: the links of its tier's chain that
//! were not planned, then those of the tiers below.

use super::plan::tier_of;
use super::{Ask, Candidate, Reason, Route, Setup, Tier, expect, routed};

/// Ways below what was planned, in the order of their chains. None for what named its provider: that
/// is the client's own word, and is refused instead. None for embeddings: vectors of two models do
/// not belong into one index.
pub fn below(setup: &Setup, ask: &Ask<'_>, planned: &[Candidate]) -> Vec<Candidate> {
    let fixed = |c: &Candidate| matches!(c.reason, Reason::Named | Reason::Demo);
    if setup.paused || !ask.endpoint.converses() || planned.iter().any(fixed) {
        return Vec::new();
    }
    let tier = routed(ask.model).flatten().unwrap_or_else(|| tier_of(ask));
    let tiers = [Tier::High, Tier::Medium, Tier::Low].into_iter().filter(|of| *of <= tier);
    let mut found: Vec<Candidate> = Vec::new();
    for route in tiers.flat_map(|of| setup.chain(of)) {
        let known = |c: &Candidate| c.route == *route;
        if !planned.iter().any(known) && !found.iter().any(known) {
            found.extend(candidate(setup, ask, route));
        }
    }
    found
}

fn candidate(setup: &Setup, ask: &Ask<'_>, route: &Route) -> Option<Candidate> {
    let provider = setup.provider(&route.provider)?;
    if setup.off(provider, &route.model).is_some() || (setup.local_only && !provider.local) {
        return None;
    }
    let endpoint = provider.stand_in(ask.endpoint, &route.model, ask.streams)?;
    let expected = expect::expected(setup, ask, route);
    Some(Candidate {
        route: route.clone(),
        reason: Reason::BudgetTier,
        rewrite: true,
        endpoint,
        expected,
    })
}
