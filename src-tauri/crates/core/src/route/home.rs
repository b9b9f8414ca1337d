//! Where a request asks to go: the demonstration, the provider it names, or the one of its dialect.

use super::{Ask, Candidate, DEMO, NoRoute, Provider, Reason, Route, Setup};
use crate::{Dialect, Endpoint};

/// Who answers a bare model name: the provider of the caller's dialect, unless the name is of
/// another vendor's family and that provider is the vendor itself, who cannot have it.
///
/// # Errors
/// No provider answers what is asked.
pub fn at_home<'a>(setup: &'a Setup, ask: &Ask<'_>) -> Result<(&'a Provider, Endpoint), NoRoute> {
    let dialect = ask.endpoint.dialect();
    let plain = |of: Dialect| {
        let mut all = setup.providers.iter();
        all.find(move |p| p.kind.is_plain() && p.dialect == of)
    };
    let native = plain(dialect).or_else(|| {
        let in_use = |p: &&Provider| !(p.local && setup.local_off);
        let mut others = setup.providers.iter().filter(in_use);
        let first = others.clone().find(|p| p.speaks(ask.endpoint));
        // Any dialect stands for another at a server of the user's own that has no vendor.
        first.or_else(|| others.find(|p| p.dialect == Dialect::Ollama && stands(p, ask)))
    });
    let stranger = family(ask.model).filter(|of| *of != dialect);
    if let Some(other) = stranger
        && native.is_none_or(Provider::is_the_vendor)
        && let Some(provider) = plain(other)
        && let Some(endpoint) = provider.stand_in(ask.endpoint, ask.model, ask.streams)
    {
        return Ok((provider, endpoint));
    }
    let at = |p: &'a Provider| Some((p, p.stand_in(ask.endpoint, ask.model, ask.streams)?));
    native.and_then(at).ok_or(NoRoute::NoProvider { asked: ask.endpoint.as_str() })
}

fn stands(provider: &Provider, ask: &Ask<'_>) -> bool {
    provider.stand_in(ask.endpoint, ask.model, ask.streams).is_some()
}

/// The dialect of the vendor whose own models are called like this.
fn family(model: &str) -> Option<Dialect> {
    let starts = |names: &[&str]| names.iter().any(|name| model.starts_with(name));
    if starts(&["claude-"]) {
        Some(Dialect::Anthropic)
    } else if starts(&["gpt-", "chatgpt-", "o1", "o3", "o4-", "codex-"]) {
        Some(Dialect::OpenAi)
    } else if starts(&["gemini-"]) {
        Some(Dialect::Gemini)
    } else {
        None
    }
}

/// The demonstration.
pub(super) fn demo(ask: &Ask<'_>, model: &str) -> Candidate {
    let route = Route { provider: DEMO.into(), model: model.to_owned() };
    Candidate {
        route,
        reason: Reason::Demo,
        rewrite: false,
        endpoint: ask.endpoint,
        expected: None,
    }
}

/// A bare name, as asked.
pub(super) fn asked(setup: &Setup, ask: &Ask<'_>) -> Result<Candidate, NoRoute> {
    let (provider, endpoint) = at_home(setup, ask)?;
    let route = Route { provider: provider.name.clone(), model: ask.model.to_owned() };
    if let Some(off) = setup.off(provider, ask.model) {
        return Err(off.refusal(route.to_string()));
    }
    Ok(Candidate { route, reason: Reason::Asked, rewrite: false, endpoint, expected: None })
}

/// `provider/model`, at its word.
pub(super) fn named(
    setup: &Setup,
    ask: &Ask<'_>,
    name: &str,
    model: &str,
) -> Result<Candidate, NoRoute> {
    if name == DEMO {
        return Ok(demo(ask, model));
    }
    let Some(provider) = setup.provider(name) else {
        let known: Vec<&str> = setup.providers.iter().map(|p| p.name.as_str()).collect();
        return Err(NoRoute::UnknownProvider { name: name.to_owned(), known: known.join(", ") });
    };
    if let Some(off) = setup.off(provider, model) {
        return Err(off.refusal(ask.model.to_owned()));
    }
    let Some(endpoint) = provider.stand_in(ask.endpoint, model, ask.streams) else {
        let asked = ask.endpoint.as_str();
        return Err(NoRoute::NotThere { provider: name.to_owned(), asked });
    };
    let route = Route { provider: name.to_owned(), model: model.to_owned() };
    Ok(Candidate { route, reason: Reason::Named, rewrite: true, endpoint, expected: None })
}
