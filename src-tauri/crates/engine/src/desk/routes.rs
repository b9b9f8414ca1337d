//! Every model that can be asked for.

use crate::api::{ModelRow, PerMillion};
use crate::config::{Config, any_local};
use crate::local::Server;
use crate::prices::Prices;
use weir_core::route::{Provider, Route, Tier, routed};

/// Every model that can be asked for: the routed names, the chains' links, and the priced models
/// of the providers that have a key or need none.
pub fn models(
    config: &Config,
    prices: &Prices,
    usable: impl Fn(&Provider) -> bool,
    (local, off): (&[Server], &[Route]),
    now_ms: i64,
) -> Vec<ModelRow> {
    let mut rows: Vec<ModelRow> = ["weir-auto", "weir-low", "weir-medium", "weir-high"]
        .into_iter()
        .map(|id| routed_row(config, id, &usable))
        .collect();
    for provider in config.providers.iter().filter(|p| usable(p)) {
        for listed in prices.models(&provider.name, &provider.base_url, now_ms) {
            rows.push(ModelRow {
                id: format!("{}/{}", provider.name, listed.model),
                provider: Some(provider.name.clone()),
                model: listed.model,
                context: listed.context,
                price: Some(listed.price),
                local: provider.local,
                loaded: None,
                off: false,
                chain: Vec::new(),
            });
        }
    }
    for server in local {
        let Some(provider) = config.provider(&server.provider) else { continue };
        rows.extend(local_rows(server, provider));
    }
    let links = [&config.low, &config.medium, &config.high].into_iter().flatten();
    for route in links.filter(|route| **route != any_local()) {
        let id = route.to_string();
        if rows.iter().all(|row| row.id != id) {
            rows.push(link_row(config, prices, route, now_ms));
        }
    }
    for row in &mut rows {
        row.off = off.iter().any(|off| off.to_string() == row.id);
    }
    rows
}

/// What a local server offers. The context is the one that a request really gets, where it is known.
fn local_rows(server: &Server, provider: &Provider) -> impl Iterator<Item = ModelRow> {
    server.reading.models.iter().map(|model| ModelRow {
        id: format!("{}/{}", server.provider, model.name),
        provider: Some(server.provider.clone()),
        model: model.name.clone(),
        context: server.context_told(provider, model),
        price: None,
        local: !model.cloud,
        loaded: model.loaded.filter(|_| !model.cloud),
        off: false,
        chain: Vec::new(),
    })
}

fn routed_row(config: &Config, id: &str, usable: &dyn Fn(&Provider) -> bool) -> ModelRow {
    let tier = routed(id).flatten().unwrap_or(Tier::Medium);
    let chain = config.in_force(tier, usable);
    ModelRow {
        id: id.to_owned(),
        provider: None,
        model: id.to_owned(),
        context: None,
        price: None,
        local: false,
        loaded: None,
        off: false,
        chain: chain.iter().map(shown).collect(),
    }
}

/// A link as the configuration writes it.
fn shown(route: &Route) -> String {
    if *route == any_local() { route.provider.clone() } else { route.to_string() }
}

fn link_row(config: &Config, prices: &Prices, route: &Route, now_ms: i64) -> ModelRow {
    let provider = config.providers.iter().find(|p| p.name == route.provider);
    let base_url = provider.map_or("", |p| p.base_url.as_str());
    let context = crate::prices::PriceContext::default();
    let rates = prices.rates(&route.provider, base_url, &route.model, now_ms, 0, &context);
    ModelRow {
        id: route.to_string(),
        provider: Some(route.provider.clone()),
        model: route.model.clone(),
        context: None,
        price: rates.ok().as_ref().map(PerMillion::from),
        local: provider.is_some_and(|p| p.local),
        loaded: None,
        off: false,
        chain: Vec::new(),
    }
}
