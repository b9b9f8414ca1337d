//! Where a request may go: tiers, their chains, and the plan for one request.
//! Pure: the set-up and the request's facts in, an ordered list of candidates out, each with its
//! reason.

use crate::{Dialect, Endpoint};
use serde::{Deserialize, Serialize};

pub use crate::provider::{KeySource, Provider, ProviderKind};

/// How hard a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Formulaic.
    Low,
    /// Ordinary.
    Medium,
    /// Multi-step.
    High,
}

impl Tier {
    /// The name used in headers, configuration and the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The tier of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            _ => None,
        }
    }
}

/// `routing.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The model asked for.
    #[default]
    Honour,
    /// Classify every request.
    Tiered,
    /// Local models where they can answer.
    LocalFirst,
    /// Plan, do not act.
    Shadow,
}

impl Mode {
    /// The names, in the order they are documented.
    pub const NAMES: [&'static str; 4] = ["honour", "tiered", "local-first", "shadow"];

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "honour" => Some(Self::Honour),
            "tiered" => Some(Self::Tiered),
            "local-first" => Some(Self::LocalFirst),
            "shadow" => Some(Self::Shadow),
            _ => None,
        }
    }

    /// The name used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Honour => "honour",
            Self::Tiered => "tiered",
            Self::LocalFirst => "local-first",
            Self::Shadow => "shadow",
        }
    }
}

/// A provider and a model on it, as `provider/model`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The provider's name.
    pub provider: String,
    /// The model's name as the provider knows it.
    pub model: String,
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// Everything routing needs from the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Providers in the order they are written.
    pub providers: Vec<Provider>,
    /// Chains of the three tiers, tried in order.
    pub low: Vec<Route>,
    /// See `low`.
    pub medium: Vec<Route>,
    /// See `low`.
    pub high: Vec<Route>,
    /// Whether routing is paused: every request goes where it asked.
    pub paused: bool,
    /// Whether local models are switched off.
    pub local_off: bool,
    /// Whether `demo` answers whatever names no provider: nothing else is set up yet.
    pub demo_answers: bool,
}

impl Setup {
    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// The chain of a tier.
    pub fn chain(&self, tier: Tier) -> &[Route] {
        match tier {
            Tier::Low => &self.low,
            Tier::Medium => &self.medium,
            Tier::High => &self.high,
        }
    }
}

/// One way to answer a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where to.
    pub route: Route,
    /// Why, as the short code of `x-weir-reason`.
    pub reason: Reason,
    /// The model name to put in the request when it differs from the one asked for.
    pub rewrite: bool,
    /// What the provider is asked; another endpoint than the client's means translation.
    pub endpoint: Endpoint,
}

/// Why a request goes where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The model asked for, at the provider of its dialect.
    Asked,
    /// `provider/model` named it.
    Named,
    /// The first of the tier's chain that can answer.
    Tier,
    /// A later link of the chain, after the ones before it failed.
    Fallback,
    /// The demonstration provider.
    Demo,
    /// Local models are switched off, and a local link of the chain was passed over.
    LocalOff,
    /// The prompt was longer than the context of the local model before it.
    LocalContext,
    /// The local server before it was busy.
    LocalBusy,
    /// The local server before it was not there.
    LocalAbsent,
    /// The local model before it does not do what is asked.
    LocalUnfit,
    /// The route before it rests after failures.
    Resting,
    /// The prompt was longer than the context of the model before it.
    LargerContext,
}

impl Reason {
    /// Whether a chain led there, so that others may follow.
    pub fn in_chain(self) -> bool {
        !matches!(self, Self::Asked | Self::Named | Self::Demo)
    }

    /// The short code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Named => "named",
            Self::Tier => "tier",
            Self::Fallback => "fallback",
            Self::Demo => "demo",
            Self::LocalOff => "local-off",
            Self::LocalContext => "local-context",
            Self::LocalBusy => "local-busy",
            Self::LocalAbsent => "local-absent",
            Self::LocalUnfit => "local-unfit",
            Self::Resting => "resting",
            Self::LargerContext => "larger-context",
        }
    }
}

/// What the plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is asked.
    pub endpoint: Endpoint,
    /// The model as the client named it.
    pub model: &'a str,
    /// `x-weir-tier`.
    pub tier: Option<Tier>,
    /// Whether a stream is asked for.
    pub streams: bool,
}

/// Why a request has nowhere to go. `Display` is one sentence with its fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// `name/model` with a name nobody configured.
    #[error(
        "no provider is called {name}. Known: {known}. Write one of these before the slash, or add \
         [providers.{name}] to config.toml"
    )]
    UnknownProvider {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A provider that has nothing like what is asked.
    #[error("{provider} does not answer {asked}. Name a provider that does, as provider/model")]
    NotThere {
        /// The provider.
        provider: String,
        /// What is asked.
        asked: &'static str,
    },
    /// A routed model whose chain is empty.
    #[error("{model} leads nowhere: the {tier} chain in [tiers] of config.toml is empty")]
    EmptyTier {
        /// The routed name.
        model: String,
        /// The tier.
        tier: &'static str,
    },
    /// A chain none of whose links has what is asked.
    #[error(
        "{model} leads only to {chain}, and none of these answers {asked}. Add a model that does \
         to the {tier} chain in [tiers]"
    )]
    TierNotThere {
        /// The routed name.
        model: String,
        /// The tier.
        tier: &'static str,
        /// The chain's links.
        chain: String,
        /// What is asked.
        asked: &'static str,
    },
    /// Local models are switched off, and nothing else can answer.
    #[error("local models are switched off, and {route} is one. Switch them on: weir local on")]
    LocalOff {
        /// What was asked for.
        route: String,
    },
    /// No provider can be asked.
    #[error("no provider answers {asked}. Add one to config.toml")]
    NoProvider {
        /// What is asked.
        asked: &'static str,
    },
}

/// The name of the demonstration provider.
pub const DEMO: &str = "demo";

/// The tier a routed model name stands for: `weir-low`, `claude-weir-low` and so on.
/// `Some(None)` is `weir-auto`.
pub fn routed(model: &str) -> Option<Option<Tier>> {
    let name = model.strip_prefix("claude-").unwrap_or(model);
    match name.strip_prefix("weir-")? {
        "auto" => Some(None),
        tier => Tier::parse(tier).map(Some),
    }
}

/// The candidates for a request, best first.
///
/// # Errors
/// Why there is none, with the fix.
pub fn plan(setup: &Setup, ask: Ask<'_>) -> Result<Vec<Candidate>, NoRoute> {
    if ask.model == DEMO {
        return Ok(vec![demo(ask, ask.model)]);
    }
    if let Some((name, model)) = ask.model.split_once('/') {
        return named(setup, ask, name, model);
    }
    if setup.demo_answers {
        return Ok(vec![demo(ask, ask.model)]);
    }
    if let Some(tier) = routed(ask.model) {
        return tiered(setup, ask, tier.or(ask.tier).unwrap_or(Tier::Medium));
    }
    let (provider, endpoint) = at_home(setup, ask)?;
    let route = Route { provider: provider.name.clone(), model: ask.model.to_owned() };
    Ok(vec![Candidate { route, reason: Reason::Asked, rewrite: false, endpoint }])
}

/// Who answers a bare model name: the provider of the caller's dialect, unless the name is of
/// another vendor's family and that provider is the vendor itself, who cannot have it.
///
/// # Errors
/// No provider answers what is asked.
pub fn at_home<'a>(setup: &'a Setup, ask: Ask<'_>) -> Result<(&'a Provider, Endpoint), NoRoute> {
    let dialect = ask.endpoint.dialect();
    let plain = |of: Dialect| {
        let mut all = setup.providers.iter();
        all.find(move |p| p.kind == ProviderKind::Plain && p.dialect == of)
    };
    let native = plain(dialect).or_else(|| {
        let in_use = |p: &&Provider| !(p.local && setup.local_off);
        setup.providers.iter().filter(in_use).find(|p| p.speaks(ask.endpoint))
    });
    let stranger = family(ask.model).filter(|of| *of != dialect);
    if let Some(other) = stranger
        && native.is_none_or(Provider::is_the_vendor)
        && let Some(provider) = plain(other)
        && let Some(endpoint) = provider.stand_in(ask.endpoint, ask.model, ask.streams)
    {
        return Ok((provider, endpoint));
    }
    native.map(|p| (p, ask.endpoint)).ok_or(NoRoute::NoProvider { asked: ask.endpoint.as_str() })
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

fn demo(ask: Ask<'_>, model: &str) -> Candidate {
    let route = Route { provider: DEMO.into(), model: model.to_owned() };
    Candidate { route, reason: Reason::Demo, rewrite: false, endpoint: ask.endpoint }
}

fn named(setup: &Setup, ask: Ask<'_>, name: &str, model: &str) -> Result<Vec<Candidate>, NoRoute> {
    if name == DEMO {
        return Ok(vec![demo(ask, model)]);
    }
    let Some(provider) = setup.provider(name) else {
        let known: Vec<&str> = setup.providers.iter().map(|p| p.name.as_str()).collect();
        return Err(NoRoute::UnknownProvider { name: name.to_owned(), known: known.join(", ") });
    };
    if provider.local && setup.local_off {
        return Err(NoRoute::LocalOff { route: ask.model.to_owned() });
    }
    let Some(endpoint) = provider.stand_in(ask.endpoint, model, ask.streams) else {
        let asked = ask.endpoint.as_str();
        return Err(NoRoute::NotThere { provider: name.to_owned(), asked });
    };
    let route = Route { provider: name.to_owned(), model: model.to_owned() };
    Ok(vec![Candidate { route, reason: Reason::Named, rewrite: true, endpoint }])
}

fn tiered(setup: &Setup, ask: Ask<'_>, tier: Tier) -> Result<Vec<Candidate>, NoRoute> {
    let chain = setup.chain(tier);
    let mut found: Vec<Candidate> = Vec::new();
    let mut off = None;
    for route in chain {
        let Some(provider) = setup.provider(&route.provider) else { continue };
        if provider.local && setup.local_off {
            off = off.or(Some(route));
            continue;
        }
        let Some(endpoint) = provider.stand_in(ask.endpoint, &route.model, ask.streams) else {
            continue;
        };
        let reason = match (found.is_empty(), off) {
            (true, Some(_)) => Reason::LocalOff,
            (true, None) => Reason::Tier,
            (false, _) => Reason::Fallback,
        };
        found.push(Candidate { route: route.clone(), reason, rewrite: true, endpoint });
    }
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(route) = off {
        return Err(NoRoute::LocalOff { route: route.to_string() });
    }
    if chain.is_empty() {
        return Err(NoRoute::EmptyTier { model: ask.model.to_owned(), tier: tier.as_str() });
    }
    let links: Vec<String> = chain.iter().map(Route::to_string).collect();
    Err(NoRoute::TierNotThere {
        model: ask.model.to_owned(),
        tier: tier.as_str(),
        chain: links.join(", "),
        asked: ask.endpoint.as_str(),
    })
}

#[cfg(test)]
mod tests;
