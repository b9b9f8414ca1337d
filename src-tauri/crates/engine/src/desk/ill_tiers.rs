//! A tier that nothing can answer as things are set up: why, and the line that mends it. Owns the
//! check for the doctor and the words of `weir status`; what only rests, or is not running, is theirs.

use super::keys;
use crate::api::{Check, CheckState, KeyState};
use crate::parts::Parts;
use weir_core::route::{Off, Provider, Route, Setup, Tier};
use weir_proxy::ports::Routes;

/// What is wrong with a tier.
pub struct Ill {
    /// Why nothing of it can answer.
    pub why: String,
    /// What mends it, in one line; `None` where there is nothing to ask.
    pub fix: Option<String>,
}

/// One check for each tier that nothing can answer.
pub fn checks(parts: &Parts) -> Vec<Check> {
    let setup = parts.routing.setup();
    let check = |tier: Tier| {
        let Ill { why, fix } = ill(parts, &setup, tier)?;
        let tier = tier.as_str();
        let found = format!("weir-{tier} cannot be answered: {why}");
        Some(Check { name: format!("tier {tier}"), state: CheckState::Fail, found, fix })
    };
    [Tier::Low, Tier::Medium, Tier::High].into_iter().filter_map(check).collect()
}

/// Whether nothing of a tier can answer, and why. On a new home the demonstration does, and while
/// only local models are in use the user has said what is not to be asked.
pub fn ill(parts: &Parts, setup: &Setup, tier: Tier) -> Option<Ill> {
    if setup.demo_answers || setup.local_only {
        return None;
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut fixes: Vec<String> = Vec::new();
    for route in setup.chain(tier) {
        let Some(provider) = setup.provider(&route.provider) else { continue };
        let (reason, fix) = unable(parts, setup, provider, route)?;
        if !reasons.contains(&reason) {
            reasons.push(reason);
            fixes.extend(fix);
        }
    }
    if reasons.is_empty() {
        reasons.push("its chain leads to nothing that is there".to_owned());
    }
    fixes.truncate(1);
    let any_local = parts.routing.chats().iter().any(|r| setup.route_off(r).is_none());
    let config = parts.config.load();
    let line = config.mending(tier, &|provider| keys::usable(parts, provider), any_local);
    let write = |line: String| format!("write under [tiers] in config.toml: {line}");
    fixes.extend(line.map(write));
    let fix = (!fixes.is_empty()).then(|| fixes.join(", or "));
    Some(Ill { why: reasons.join(", "), fix })
}

/// Why a route cannot be asked as things are set up, with the fix; `None` where it can.
pub(super) fn unable(
    parts: &Parts,
    setup: &Setup,
    provider: &Provider,
    route: &Route,
) -> Option<(String, Option<String>)> {
    match setup.off(provider, &route.model) {
        Some(Off::All) => {
            let fix = "weir local on".to_owned();
            return Some(("local models are switched off".to_owned(), Some(fix)));
        }
        Some(Off::Model) => {
            return Some((
                format!("{route} is switched off"),
                Some(format!("weir local on {route}")),
            ));
        }
        None if provider.local => return None,
        None => {}
    }
    let (state, fix) = keys::state(parts, provider);
    match state {
        KeyState::Ready | KeyState::Stored | KeyState::NotNeeded => None,
        KeyState::Missing => Some((format!("no key for {}", provider.name), fix)),
        KeyState::Rejected => Some((format!("{} refuses its key", provider.name), fix)),
        KeyState::Locked
        | KeyState::Absent
        | KeyState::Denied
        | KeyState::Silent
        | KeyState::Foreign
        | KeyState::Moved => Some((format!("the key of {} cannot be read", provider.name), fix)),
    }
}
