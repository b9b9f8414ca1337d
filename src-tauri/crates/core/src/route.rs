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
                Endpoint::Chat | Endpoint::Responses | Endpoint::Embeddings | Endpoint::Models
                    | Endpoint::Messages
            ),
            ProviderKind::LocalServer => endpoint.dialect() != Dialect::Gemini,
        }
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
    /// Whether `demo` answers what nothing else can: no key and no local server is configured.
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
}

impl Reason {
    /// The short code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Named => "named",
            Self::Tier => "tier",
            Self::Fallback => "fallback",
            Self::Demo => "demo",
        }
    }
}
