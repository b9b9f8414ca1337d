//! Whether a way can answer now, as far as is known without asking it: its key, its rest after
//! failures, its local server. Owns the words for it in `route test`.

use super::ill_tiers;
use crate::local::State;
use crate::parts::Parts;
use weir_core::route::{Provider, Route, Setup};
use weir_proxy::health::How;

/// Why a way cannot answer now, with the fix where there is one; `None` where it can, or where nobody
/// knows. `alone` says that there is no other.
pub fn unable(parts: &Parts, setup: &Setup, route: &Route, alone: bool) -> Option<String> {
    let provider = setup.provider(&route.provider)?;
    if let Some((why, fix)) = ill_tiers::unable(parts, setup, provider, route) {
        return Some(fix.map_or(why.clone(), |fix| format!("{why} ({fix})")));
    }
    if provider.local {
        return absent(parts, provider).or_else(|| rests(parts, provider, route, alone));
    }
    rests(parts, provider, route, alone)
}

fn absent(parts: &Parts, provider: &Provider) -> Option<String> {
    let servers = parts.local.servers();
    let server = servers.iter().find(|server| server.provider == provider.name)?;
    let gone = matches!(server.state, State::Down | State::Off | State::Changed);
    let why = || server.reason.clone().unwrap_or_else(|| format!("{} is not there", provider.name));
    gone.then(why)
}

fn rests(parts: &Parts, provider: &Provider, route: &Route, alone: bool) -> Option<String> {
    let health = &parts.serving.as_ref()?.health;
    if health.would(route, provider, How { in_chain: true, alone }) {
        return None;
    }
    let standings = health.standings();
    let own = standings.iter().find(|standing| {
        standing.provider == provider.name
            && standing.model.as_ref().is_none_or(|model| *model == route.model)
    });
    let said = own.and_then(|own| Some((own.rests_ms?, &own.reason)));
    Some(match said {
        Some((ms, reason)) => {
            format!("it rests for another {} s, after {reason}", ms.div_ceil(1_000))
        }
        None => "its provider asked to be left alone for a while".to_owned(),
    })
}
