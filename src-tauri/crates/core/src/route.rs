//! Where a request may go: providers, tier chains, and the plan for one request.
//! Pure: the set-up and the request's facts in, an ordered list of candidates out, each with its
//! reason.

use crate::{Dialect, Endpoint};
use serde::{Deserialize, Serialize};

/// The kind of server behind a provider, where it changes what may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Speaks its configured dialect only.
    Plain,
    /// OpenRouter: OpenAI's dialect, plus Anthropic Messages; reports its own cost.
    OpenRouter,
    /// A local server that answers OpenAI's and Anthropic's dialects on one port
    /// (Ollama, LM Studio, llama.cpp, vLLM).
    LocalServer,
    /// The built-in demonstration: answers in every dialect, costs nothing, leaves no machine.
    Demo,
}

/// Where a provider's key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The operating system's keychain.
    Keychain,
    /// An environment variable.
    Env(String),
    /// The client's own credential is forwarded and never stored.
    Passthrough,
    /// No key is sent.
    None,
}

/// A configured provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The name in configuration, routes and the ledger.
    pub name: String,
    /// Its first dialect.
    pub dialect: Dialect,
    /// As that vendor's own SDK takes it: OpenAI-style with `/v1`, the others without a version.
    pub base_url: String,
    /// Where its key comes from.
    pub key: KeySource,
    /// Whether it runs on the user's own machines.
    pub local: bool,
    /// What else it can be sent.
    pub kind: ProviderKind,
}

impl Provider {
    /// Whether a request to `endpoint` can be sent as it is.
    pub fn speaks(&self, endpoint: Endpoint) -> bool {
        match self.kind {
            ProviderKind::Demo => true,
            ProviderKind::Plain => endpoint.dialect() == self.dialect,
            ProviderKind::OpenRouter => matches!(
                endpoint,
                Endpoint::Chat
                    | Endpoint::Responses
                    | Endpoint::Embeddings
                    | Endpoint::Models
                    | Endpoint::Messages
            ),
            ProviderKind::LocalServer => endpoint.dialect() != Dialect::Gemini,
        }
    }

    /// Whether this is the vendor's own service, which serves its own models and no others.
    pub fn is_the_vendor(&self) -> bool {
        let vendor = match self.dialect {
            Dialect::Anthropic => "https://api.anthropic.com",
            Dialect::OpenAi => "https://api.openai.com",
            Dialect::Gemini => "https://generativelanguage.googleapis.com",
            Dialect::Ollama => return false,
        };
        let rest = self.base_url.strip_prefix(vendor);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Where a request to `endpoint` is sent on this provider: to the same endpoint when the
    /// provider speaks it, else to the one its dialect has for it, translated. `None` where nothing
    /// stands for it, such as embeddings at Anthropic.
    pub fn stand_in(&self, endpoint: Endpoint, streams: bool) -> Option<Endpoint> {
        if self.speaks(endpoint) { Some(endpoint) } else { self.own(endpoint, streams) }
    }

    /// What the provider's first dialect has for a conversation at `endpoint`.
    pub fn own(&self, endpoint: Endpoint, streams: bool) -> Option<Endpoint> {
        if !endpoint.converses() {
            return None;
        }
        Some(match self.dialect {
            Dialect::Anthropic => Endpoint::Messages,
            Dialect::OpenAi => Endpoint::Chat,
            Dialect::Gemini if streams => Endpoint::GenerateStream,
            Dialect::Gemini => Endpoint::Generate,
            Dialect::Ollama => Endpoint::OllamaChat,
        })
    }
}

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
        && let Some(endpoint) = provider.stand_in(ask.endpoint, ask.streams)
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
    let Some(endpoint) = provider.stand_in(ask.endpoint, ask.streams) else {
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
        let Some(endpoint) = provider.stand_in(ask.endpoint, ask.streams) else { continue };
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
mod tests {
    use super::*;

    fn provider(name: &str, dialect: Dialect, kind: ProviderKind) -> Provider {
        Provider {
            name: name.into(),
            dialect,
            base_url: String::new(),
            key: KeySource::None,
            local: kind == ProviderKind::LocalServer,
            kind,
        }
    }

    fn setup() -> Setup {
        let route = |p: &str, m: &str| Route { provider: p.into(), model: m.into() };
        Setup {
            providers: vec![
                provider("anthropic", Dialect::Anthropic, ProviderKind::Plain),
                provider("openai", Dialect::OpenAi, ProviderKind::Plain),
                provider("ollama", Dialect::Ollama, ProviderKind::LocalServer),
            ],
            low: vec![route("ollama", "llama3.2:3b"), route("anthropic", "claude-haiku-4-5")],
            medium: vec![route("openai", "gpt-5")],
            ..Setup::default()
        }
    }

    fn routes(model: &str, endpoint: Endpoint) -> Result<Vec<String>, NoRoute> {
        let ask = Ask { endpoint, model, tier: None, streams: true };
        let to_text = |c: Candidate| match c.endpoint == endpoint {
            true => format!("{} {}", c.route, c.reason.as_str()),
            false => format!("{} {} as {}", c.route, c.reason.as_str(), c.endpoint.as_str()),
        };
        Ok(plan(&setup(), ask)?.into_iter().map(to_text).collect())
    }

    #[test]
    fn a_bare_name_goes_to_the_provider_of_the_callers_dialect_as_asked() {
        assert_eq!(
            routes("claude-opus-5-5", Endpoint::Messages),
            Ok(vec!["anthropic/claude-opus-5-5 asked".into()])
        );
        assert_eq!(routes("gpt-5", Endpoint::Responses), Ok(vec!["openai/gpt-5 asked".into()]));
    }

    #[test]
    fn a_provider_before_the_slash_is_taken_at_its_word() {
        assert_eq!(
            routes("ollama/qwen3:8b", Endpoint::Messages),
            Ok(vec!["ollama/qwen3:8b named".into()])
        );
        assert!(matches!(routes("nobody/x", Endpoint::Chat), Err(NoRoute::UnknownProvider { .. })));
        assert_eq!(
            routes("openai/gpt-5", Endpoint::Messages),
            Ok(vec!["openai/gpt-5 named as chat".into()])
        );
        assert!(matches!(
            routes("anthropic/claude-x", Endpoint::Embeddings),
            Err(NoRoute::NotThere { .. })
        ));
    }

    #[test]
    fn every_provider_is_asked_in_its_own_dialect_when_it_does_not_speak_the_callers() {
        assert_eq!(
            routes("anthropic/claude-x", Endpoint::Responses),
            Ok(vec!["anthropic/claude-x named as messages".into()])
        );
        assert_eq!(
            routes("ollama/qwen3:8b", Endpoint::GenerateStream),
            Ok(vec!["ollama/qwen3:8b named as ollama_chat".into()])
        );
        let mut setup = setup();
        setup.providers.push(provider("gemini", Dialect::Gemini, ProviderKind::Plain));
        for (streams, endpoint) in [(true, Endpoint::GenerateStream), (false, Endpoint::Generate)] {
            let model = "gemini/gemini-3.8-flash";
            let ask = Ask { endpoint: Endpoint::Chat, model, tier: None, streams };
            assert_eq!(plan(&setup, ask).map(|c| c[0].endpoint), Ok(endpoint));
        }
    }

    #[test]
    fn a_bare_name_of_another_vendor_goes_there_only_when_its_own_vendor_would_have_to_refuse() {
        assert_eq!(routes("gpt-5", Endpoint::Messages), Ok(vec!["anthropic/gpt-5 asked".into()]));
        let mut official = setup();
        official.providers[0].base_url = "https://api.anthropic.com".into();
        let ask = Ask { endpoint: Endpoint::Messages, model: "gpt-5", tier: None, streams: true };
        let found = plan(&official, ask).map(|c| (c[0].route.to_string(), c[0].endpoint));
        assert_eq!(found, Ok(("openai/gpt-5".into(), Endpoint::Chat)));
        official.providers[0].base_url = "https://api.anthropic.com.example".into();
        assert_eq!(plan(&official, ask).map(|c| c[0].endpoint), Ok(Endpoint::Messages));
    }

    #[test]
    fn a_tier_is_a_chain_of_those_that_can_answer() {
        assert_eq!(
            routes("claude-weir-low", Endpoint::Messages),
            Ok(vec![
                "ollama/llama3.2:3b tier".into(),
                "anthropic/claude-haiku-4-5 fallback".into()
            ])
        );
        assert_eq!(
            routes("weir-medium", Endpoint::Messages),
            Ok(vec!["openai/gpt-5 tier as chat".into()])
        );
        let mut no_embedder = setup();
        no_embedder.medium.truncate(0);
        no_embedder.medium.push(Route { provider: "anthropic".into(), model: "claude-x".into() });
        let endpoint = Endpoint::Embeddings;
        let ask = Ask { endpoint, model: "weir-medium", tier: None, streams: false };
        assert!(matches!(plan(&no_embedder, ask), Err(NoRoute::TierNotThere { .. })));
        assert!(matches!(routes("weir-high", Endpoint::Chat), Err(NoRoute::EmptyTier { .. })));
    }

    #[test]
    fn while_local_models_are_off_a_chain_passes_them_over_and_a_named_one_is_refused() {
        let off = Setup { local_off: true, ..setup() };
        let ask = |model: &'static str| Ask {
            endpoint: Endpoint::Messages,
            model,
            tier: None,
            streams: true,
        };
        let found = plan(&off, ask("weir-low")).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].reason, Reason::LocalOff);
        assert_eq!(found[0].route.provider, "anthropic");
        let said = plan(&off, ask("ollama/qwen3:8b")).unwrap_err().to_string();
        assert!(said.contains("ollama/qwen3:8b") && said.contains("weir local on"), "{said}");
        let alone = Setup { low: off.low[..1].to_vec(), ..off };
        assert!(matches!(plan(&alone, ask("weir-low")), Err(NoRoute::LocalOff { .. })));
    }

    #[test]
    fn the_demonstration_answers_only_when_asked_or_when_nothing_else_can() {
        assert_eq!(routes("demo", Endpoint::Generate), Ok(vec!["demo/demo demo".into()]));
        let mut bare = setup();
        bare.demo_answers = true;
        for model in ["weir-high", "weir-low", "gpt-5", "claude-opus-5-5"] {
            let ask = Ask { endpoint: Endpoint::Chat, model, tier: None, streams: false };
            assert_eq!(plan(&bare, ask).map(|c| c[0].reason), Ok(Reason::Demo), "{model}");
        }
        let ask =
            Ask { endpoint: Endpoint::Chat, model: "openai/gpt-5", tier: None, streams: true };
        assert_eq!(plan(&bare, ask).map(|c| c[0].reason), Ok(Reason::Named));
    }
}
