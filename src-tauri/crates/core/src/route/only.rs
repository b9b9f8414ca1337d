//! "Local models only": what is left of a plan while nothing may leave the user's own machines.
//! Outranks rules, modes, names and a pause: whoever switched it on means it.

use super::chain::{Links, Source, candidates};
use super::plan::tier_of;
use super::{Ask, Candidate, DEMO, NoRoute, Reason, Route, Setup, Tier};
use crate::Endpoint;

/// Whether a route stays on the user's own machines.
pub(super) fn stays(setup: &Setup, route: &Route) -> bool {
    route.provider == DEMO || setup.provider(&route.provider).is_some_and(|p| p.local)
}

/// The local ways of a plan; where it has none, the local links of the chains, the request's own
/// tier first. Vectors of two models do not belong into one index, so embeddings have no stand-in.
///
/// # Errors
/// No local model can answer.
pub(super) fn only(
    setup: &Setup,
    ask: &Ask<'_>,
    planned: Vec<Candidate>,
) -> Result<Vec<Candidate>, NoRoute> {
    let cut = planned.first().is_some_and(|first| !stays(setup, &first.route));
    let mut found = planned;
    found.retain(|candidate| stays(setup, &candidate.route));
    if found.is_empty() && ask.endpoint != Endpoint::Embeddings {
        let links: Links<'_> = links(setup, tier_of(ask)).map(|route| (route, None)).collect();
        found = match candidates(setup, ask, &links, Reason::LocalOnly, Source::Rule) {
            // What to type is known.
            Err(off @ NoRoute::LocalModelOff { .. }) => return Err(off),
            found => found.unwrap_or_default(),
        };
    }
    match found.first_mut() {
        None => Err(NoRoute::LocalOnly { model: ask.model.to_owned() }),
        Some(first) => {
            if cut {
                first.reason = Reason::LocalOnly;
            }
            Ok(found)
        }
    }
}

fn links(setup: &Setup, own: Tier) -> impl Iterator<Item = &Route> {
    let others = [Tier::High, Tier::Medium, Tier::Low].into_iter().filter(move |of| *of != own);
    let all = std::iter::once(own).chain(others).flat_map(|tier| setup.chain(tier));
    let mut seen: Vec<&Route> = Vec::new();
    all.filter(move |route| {
        let new = stays(setup, route) && !seen.contains(route);
        if new {
            seen.push(route);
        }
        new
    })
}
