//! Where a body would go, and every model that can be asked for.

use super::problem::bad;
use crate::api::{ApiProblem, ModelRow, PerMillion, RouteCandidate, RouteTest};
use crate::config::{Config, any_local};
use crate::local::Server;
use crate::prices::{Call, Prices};
use weir_core::route::{Ask, Provider, Route, Setup, Tier, plan, routed};
use weir_core::{Dialect, Endpoint};
use weir_proxy::limits::OUTPUT_TOKENS_ASSUMED;
use weir_proxy::ports::Estimate;
use weir_triage::tokens_at_most;
use weir_wire::facts;

/// The plan for a body, without sending it.
pub fn test(
    setup: &Setup,
    prices: &Prices,
    now_ms: i64,
    body: &str,
    dialect: Option<Dialect>,
) -> Result<RouteTest, ApiProblem> {
    let endpoint = endpoint_of(body, dialect)?;
    let facts = facts::read(endpoint, body.as_bytes()).map_err(bad)?;
    let named = facts.model.as_ref().map(|m| m.value.clone());
    let model = named.clone().unwrap_or_else(|| "weir-auto".to_owned());
    let tier = routed(&model).map(|tier| tier.unwrap_or(Tier::Medium));
    let estimate = Estimate {
        input_tokens: tokens_at_most(body.len() as u64),
        output_tokens: facts.max_output_tokens.unwrap_or(OUTPUT_TOKENS_ASSUMED),
        cache_write: facts.cache_marked,
    };
    let candidates = plan(setup, &Ask::bare(endpoint, &model, facts.stream))
        .map_err(bad)?
        .candidates
        .into_iter()
        .map(|candidate| {
            let provider = setup.provider(&candidate.route.provider);
            let call = Call {
                provider: &candidate.route.provider,
                base_url: provider.map_or("", |p| &p.base_url),
                local: provider.is_none_or(|p| p.local),
                model: &candidate.route.model,
                at_ms: now_ms,
            };
            RouteCandidate {
                route: candidate.route.to_string(),
                reason: candidate.reason.as_str().to_owned(),
                expected_usd: prices.upper(&call, &estimate, facts.service_tier.as_deref()),
            }
        })
        .collect();
    Ok(RouteTest {
        task: None,
        tier: tier.map(|t| t.as_str().to_owned()),
        confidence: None,
        conversation: facts.session.clone(),
        asked_model: named,
        candidates,
    })
}

/// The endpoint a body was written for: the dialect's own, told apart by its top-level keys.
fn endpoint_of(body: &str, dialect: Option<Dialect>) -> Result<Endpoint, ApiProblem> {
    let value: serde_json::Value =
        serde_json::from_str(body).map_err(|e| bad(format!("the body is not JSON: {e}")))?;
    let has = |key: &str| value.get(key).is_some();
    let openai = if has("input") && has("messages") {
        Endpoint::Chat
    } else if has("input") {
        if has("encoding_format") || has("dimensions") {
            Endpoint::Embeddings
        } else {
            Endpoint::Responses
        }
    } else {
        Endpoint::Chat
    };
    let claude = || {
        value.get("model").and_then(|m| m.as_str()).is_some_and(|m| m.contains("claude"))
            || (has("max_tokens") && has("system"))
    };
    Ok(match dialect {
        Some(Dialect::Anthropic) => Endpoint::Messages,
        Some(Dialect::Gemini) => Endpoint::Generate,
        Some(Dialect::OpenAi | Dialect::Ollama) => openai,
        None if has("contents") => Endpoint::Generate,
        None if has("messages") && claude() => Endpoint::Messages,
        None if has("messages") || has("input") => openai,
        None => {
            return Err(bad(
                "the body has none of messages, input and contents, so its dialect is unclear; \
                 name it with --dialect",
            ));
        }
    })
}

/// Every model that can be asked for: the routed names, the chains' links, and the priced models
/// of the providers that have a key or need none.
pub fn models(
    config: &Config,
    prices: &Prices,
    usable: impl Fn(&Provider) -> bool,
    local: &[Server],
    now_ms: i64,
) -> Vec<ModelRow> {
    let mut rows: Vec<ModelRow> = ["weir-auto", "weir-low", "weir-medium", "weir-high"]
        .into_iter()
        .map(|id| routed_row(config, id))
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
                chain: Vec::new(),
            });
        }
    }
    rows.extend(local.iter().flat_map(local_rows));
    let links = [&config.low, &config.medium, &config.high].into_iter().flatten();
    for route in links.filter(|route| **route != any_local()) {
        let id = route.to_string();
        if rows.iter().all(|row| row.id != id) {
            rows.push(link_row(config, prices, route, now_ms));
        }
    }
    rows
}

/// What a local server offers. The context is the one a model was loaded with; of one that is not
/// loaded, the longest it could have.
fn local_rows(server: &Server) -> impl Iterator<Item = ModelRow> {
    server.reading.models.iter().map(|model| ModelRow {
        id: format!("{}/{}", server.provider, model.name),
        provider: Some(server.provider.clone()),
        model: model.name.clone(),
        context: model.context.or(model.context_max),
        price: None,
        local: !model.cloud,
        loaded: model.loaded.filter(|_| !model.cloud),
        chain: Vec::new(),
    })
}

fn routed_row(config: &Config, id: &str) -> ModelRow {
    let chain: &[Route] = match routed(id) {
        Some(Some(Tier::Low)) => &config.low,
        Some(Some(Tier::High)) => &config.high,
        _ => &config.medium,
    };
    ModelRow {
        id: id.to_owned(),
        provider: None,
        model: id.to_owned(),
        context: None,
        price: None,
        local: false,
        loaded: None,
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
        chain: Vec::new(),
    }
}
