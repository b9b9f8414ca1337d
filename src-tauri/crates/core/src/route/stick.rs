//! Whether a conversation stays on its model, goes back to the one it belongs to after a failure, or
//! moves because that pays.

use super::plan::tier_of;
use super::{Ask, Candidate, Reason, Route, Setup, Standing, Tier};
use super::{compare, dearer, expect, stay};
use crate::Money;

/// On what terms a conversation may stay.
#[derive(Default)]
pub(super) struct Terms<'a> {
    /// Whether a model outside of what was found may be stayed on.
    pub adopts: bool,
    /// The model a client asked for by its name: nothing outside may be dearer than that.
    pub asked: Option<&'a Route>,
}

/// A conversation stays on its model: a move loses a warm prompt. It moves at its start, when the
/// model fails or a budget asks for it (both later, in the attempt), by hand, or when it pays. What
/// stands in after a failure is not its model: from there it goes back.
pub(super) fn sticking(
    setup: &Setup,
    ask: &Ask<'_>,
    mut found: Vec<Candidate>,
    terms: &Terms<'_>,
) -> Vec<Candidate> {
    let in_force = |s: &&Standing| setup.sticky && !setup.paused && s.asked == ask.model;
    let Some(standing) = ask.standing.filter(in_force) else {
        return found;
    };
    if let Some(home) = standing.home.as_ref()
        && goes_back(setup, ask, standing, home)
        && let Some(home) = way_to(setup, ask, &found, home, terms)
    {
        return back(found, home, &standing.route);
    }
    let Some(best) = found.first().filter(|best| best.route != standing.route) else {
        return found;
    };
    let Some(here) = way_to(setup, ask, &found, &standing.route, terms) else {
        return found;
    };
    let pays = compare(setup, ask, &here.route, &best.route).is_some_and(stay::Compared::pays);
    found.retain(|c| c.route != here.route);
    if pays {
        found[0].reason = Reason::Moved;
        // What it leaves is the next to be asked, and stands beside it to be compared with.
        found.insert(1, Candidate { reason: Reason::Kept, ..here });
        return found;
    }
    found.insert(0, Candidate { reason: Reason::Kept, ..here });
    fall_back(&mut found[1..]);
    found
}

/// Whether a conversation goes back to the model it belongs to: it would not have left by itself, so
/// no way back is counted against it. It stays with what stands in for as long as that has its
/// prompt warm and is the cheaper one; what costs nothing, or has no price, is no reason to stay.
/// Whether the model is well is for its health to say: while it rests it is passed over.
fn goes_back(setup: &Setup, ask: &Ask<'_>, standing: &Standing, home: &Route) -> bool {
    if standing.is_cold(ask.now_ms) {
        return true;
    }
    let there = expect::expected(setup, ask, home);
    match (expect::expected(setup, ask, &standing.route), there) {
        (Some(here), Some(there)) => here == Money::ZERO || there <= here,
        _ => true,
    }
}

/// The model it belongs to first, what stood in for it next.
fn back(mut found: Vec<Candidate>, home: Candidate, stands_in: &Route) -> Vec<Candidate> {
    let first = found.first().is_some_and(|best| best.route == home.route);
    let warm = found.iter().position(|c| c.route == *stands_in).map(|at| found.remove(at));
    found.retain(|c| c.route != home.route);
    let reason = if first { home.reason } else { Reason::Kept };
    found.splice(0..0, std::iter::once(Candidate { reason, ..home }).chain(warm));
    fall_back(&mut found[1..]);
    found
}

/// Whatever comes after the first is asked when that fails.
fn fall_back(rest: &mut [Candidate]) {
    for candidate in rest.iter_mut().filter(|c| c.reason != Reason::Asked) {
        candidate.reason = Reason::Fallback;
    }
}

/// The way to a conversation's model: the one that was found, else one of its own, where that may be.
fn way_to(
    setup: &Setup,
    ask: &Ask<'_>,
    found: &[Candidate],
    route: &Route,
    terms: &Terms<'_>,
) -> Option<Candidate> {
    if let Some(way) = found.iter().find(|c| c.route == *route) {
        return Some(way.clone());
    }
    let dear = terms.asked.is_some_and(|own| !dearer::never_dearer(setup, ask, route, own));
    if !terms.adopts || dear || setup.escalate && is_below(setup, ask, route) {
        return None;
    }
    outside(setup, ask, route)
}

/// Whether a route belongs to a tier below that of the request and to none from there on.
fn is_below(setup: &Setup, ask: &Ask<'_>, route: &Route) -> bool {
    let tier = tier_of(ask);
    let all = [Tier::Low, Tier::Medium, Tier::High];
    let within = |of: &Tier| setup.chain(*of).contains(route);
    let (below, from): (Vec<Tier>, Vec<Tier>) = all.into_iter().partition(|of| *of < tier);
    below.iter().any(within) && !from.iter().any(within)
}

/// The conversation's model, where the chain at hand does not lead to it.
fn outside(setup: &Setup, ask: &Ask<'_>, route: &Route) -> Option<Candidate> {
    let provider = setup.provider(&route.provider)?;
    if setup.off(provider, &route.model).is_some() {
        return None;
    }
    let endpoint = provider.stand_in(ask.endpoint, &route.model, ask.streams)?;
    let route = route.clone();
    Some(Candidate { route, reason: Reason::Kept, rewrite: true, endpoint, expected: None })
}
