//! A configured provider: its dialect, its address, where its key comes from, and what it can be
//! asked. Pure values.

use crate::{Dialect, Endpoint};
use serde::{Deserialize, Serialize};

/// The kind of server behind a provider, where it changes what may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Speaks its configured dialect only.
    Plain,
    /// Speaks OpenAI's dialect, and of its two ways to hold a conversation only Chat Completions.
    #[serde(rename = "chat")]
    OnlyChat,
    /// The same with Responses.
    #[serde(rename = "responses")]
    OnlyResponses,
    /// OpenRouter: OpenAI's dialect, plus Anthropic Messages; reports its own cost.
    OpenRouter,
    /// A local server that answers OpenAI's and Anthropic's dialects on one port
    /// (LM Studio, llama.cpp, vLLM), or Ollama, which is asked in its own.
    LocalServer,
    /// The built-in demonstration: answers in every dialect, costs nothing, leaves no machine.
    Demo,
}

impl ProviderKind {
    /// Whether this is a service that speaks one dialect.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Plain | Self::OnlyChat | Self::OnlyResponses)
    }
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
            ProviderKind::OnlyChat => {
                endpoint.dialect() == self.dialect && endpoint != Endpoint::Responses
            }
            ProviderKind::OnlyResponses => {
                endpoint.dialect() == self.dialect && endpoint != Endpoint::Chat
            }
            ProviderKind::OpenRouter => matches!(
                endpoint,
                Endpoint::Chat
                    | Endpoint::Responses
                    | Endpoint::Embeddings
                    | Endpoint::Models
                    | Endpoint::Messages
            ),
            // Asked as OpenAI or Anthropic, Ollama chooses the context for itself and cuts what is
            // longer: conversations go to its own API, which can be told.
            ProviderKind::LocalServer if self.dialect == Dialect::Ollama => {
                matches!(endpoint, Endpoint::OllamaChat | Endpoint::Embeddings | Endpoint::Models)
            }
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
    pub fn stand_in(&self, endpoint: Endpoint, model: &str, streams: bool) -> Option<Endpoint> {
        if self.speaks(endpoint) { Some(endpoint) } else { self.own(endpoint, model, streams) }
    }

    /// What the provider's first dialect has for a conversation at `endpoint` with `model`.
    pub fn own(&self, endpoint: Endpoint, model: &str, streams: bool) -> Option<Endpoint> {
        if !endpoint.converses() {
            return None;
        }
        Some(match self.dialect {
            Dialect::Anthropic => Endpoint::Messages,
            Dialect::OpenAi if self.kind == ProviderKind::OnlyResponses => Endpoint::Responses,
            Dialect::OpenAi if self.kind == ProviderKind::OnlyChat => Endpoint::Chat,
            Dialect::OpenAi if self.is_the_vendor() && in_responses_only(model) => {
                Endpoint::Responses
            }
            Dialect::OpenAi => Endpoint::Chat,
            Dialect::Gemini if streams => Endpoint::GenerateStream,
            Dialect::Gemini => Endpoint::Generate,
            Dialect::Ollama => Endpoint::OllamaChat,
        })
    }
}

/// OpenAI's models from GPT 5.4 on take tools and think at once in Responses only
/// (openai/openai-openapi#541). The ones before are asked in Chat, which has stop sequences, seeds
/// and several choices.
fn in_responses_only(model: &str) -> bool {
    let Some(version) = model.strip_prefix("gpt-") else { return false };
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (major, minor) = version[..end].split_once('.').unwrap_or((&version[..end], "0"));
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    (number(major), number(minor)) >= (5, 4)
}
