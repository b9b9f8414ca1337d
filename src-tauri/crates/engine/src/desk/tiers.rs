//! Where the tiers lead now, and what they took today.

use super::cost::{Books, local_share};
use super::ill_tiers;
use crate::api::{ApiProblem, By, LinkNow, LocalServer, ProviderHealth, Span, TierNow};
use crate::parts::Parts;
use weir_core::Money;
use weir_core::route::{Off, Route, Setup, Tier};
use weir_proxy::ports::Routes;

/// The three tiers, `low` first.
pub fn tiers(
    parts: &Parts,
    books: &Books<'_>,
    providers: &[ProviderHealth],
    local: &[LocalServer],
) -> Result<Vec<TierNow>, ApiProblem> {
    let setup = parts.routing.setup();
    let today = books.breakdown(Span::Day, By::Tier)?;
    let tier = |tier: Tier| {
        let sums = today.groups.iter().find(|group| group.key == tier.as_str()).map(|g| g.sums);
        let chain = setup.chain(tier);
        let links: Vec<LinkNow> =
            chain.iter().map(|route| link(&setup, route, providers, local)).collect();
        let on = |route: &Route| {
            let local = setup.provider(&route.provider).is_some_and(|p| p.local);
            if local { setup.route_off(route).is_none() } else { !setup.local_only }
        };
        let usable = chain.iter().zip(&links).find(|(route, link)| on(route) && can_be_asked(link));
        let ill = ill_tiers::ill(parts, &setup, tier);
        TierNow {
            tier: tier.as_str().to_owned(),
            requests: sums.map_or(0, |s| s.requests),
            local_share: sums.and_then(|s| local_share(&s)),
            spent_usd: sums.map_or(Money::ZERO, |s| s.spent_usd),
            now: usable.map(|(_, link)| link.route.clone()),
            links,
            problem: ill.as_ref().map(|ill| ill.why.clone()),
            fix: ill.and_then(|ill| ill.fix),
        }
    };
    Ok([Tier::Low, Tier::Medium, Tier::High].map(tier).into())
}

fn link(
    setup: &Setup,
    route: &Route,
    providers: &[ProviderHealth],
    local: &[LocalServer],
) -> LinkNow {
    let health = providers.iter().find(|p| p.name == route.provider);
    let line = local.iter().find(|s| s.server == route.provider).and_then(|s| s.queue.as_ref());
    let state = match setup.route_off(route) {
        Some(Off::Model) => "off",
        _ => health.map_or("unknown", |h| h.state.as_str()),
    };
    LinkNow {
        route: route.to_string(),
        state: state.to_owned(),
        waiting: line.map_or(0, |line| line.waiting.len() as u64),
    }
}

/// What nobody has looked at is asked, and what failed lately too; what rests, is away or lacks its
/// key is not.
fn can_be_asked(link: &LinkNow) -> bool {
    matches!(link.state.as_str(), "ready" | "unknown" | "loading" | "failing" | "demo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{LocalQueue, LocalWaiting};
    use weir_core::RequestId;

    #[test]
    fn a_link_shows_its_providers_state_and_the_line_before_its_server() {
        let health = |name: &str, state: &str| ProviderHealth {
            name: name.into(),
            state: state.into(),
            reason: None,
        };
        let providers = [health("ollama", "ready"), health("gemini", "resting")];
        let waiting = LocalWaiting {
            id: RequestId::new(1, 1),
            model: "llama3.2:3b".into(),
            position: 1,
            waited_ms: 5,
        };
        let queue = LocalQueue { running: Vec::new(), waiting: vec![waiting] };
        let server =
            LocalServer { server: "ollama".into(), queue: Some(queue), ..LocalServer::default() };
        let preset = crate::config::preset("ollama").expect("a preset");
        let mut setup = Setup { providers: vec![preset], ..Setup::default() };
        let of = |setup: &Setup, provider: &str| {
            let route = Route { provider: provider.into(), model: "m".into() };
            link(setup, &route, &providers, std::slice::from_ref(&server))
        };
        let now = |provider: &str| of(&setup, provider);
        assert_eq!((now("ollama").state.as_str(), now("ollama").waiting), ("ready", 1));
        assert_eq!((now("gemini").state.as_str(), now("gemini").waiting), ("resting", 0));
        let asked = ["ollama", "gemini", "elsewhere"].map(|name| can_be_asked(&now(name)));
        assert_eq!(asked, [true, false, true]);
        setup.models_off = vec![Route { provider: "ollama".into(), model: "m".into() }];
        let off = of(&setup, "ollama");
        assert_eq!((off.state.as_str(), can_be_asked(&off)), ("off", false));
    }
}
