//! The wire dialects and the endpoints of each that Weir answers.
//! Owns names only; parsing lives in `wire`.

use serde::{Deserialize, Serialize};

/// A family of wire formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions, Responses and Embeddings.
    OpenAi,
    /// Google Gemini `generateContent`.
    Gemini,
    /// Ollama's native API; spoken outbound only.
    Ollama,
}

impl Dialect {
    /// The name used in configuration, logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }
}

/// One thing a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/messages/count_tokens`
    MessagesCount,
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST …/models/{model}:generateContent`
    Generate,
    /// `POST …/models/{model}:streamGenerateContent`
    GenerateStream,
    /// `POST …/models/{model}:countTokens`
    GenerateCount,
    /// `GET /v1/models`
    Models,
    /// `GET /v1beta/models`
    GeminiModels,
    /// `POST /api/chat` of Ollama; asked of a server, never answered to a client.
    OllamaChat,
}

impl Endpoint {
    /// The dialect this endpoint belongs to; `/v1/models` counts as OpenAI's.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Messages | Self::MessagesCount => Dialect::Anthropic,
            Self::Chat | Self::Responses | Self::Embeddings | Self::Models => Dialect::OpenAi,
            Self::Generate | Self::GenerateStream | Self::GenerateCount | Self::GeminiModels => {
                Dialect::Gemini
            }
            Self::OllamaChat => Dialect::Ollama,
        }
    }

    /// Whether this is a turn of a conversation, which every dialect has.
    pub fn converses(self) -> bool {
        matches!(
            self,
            Self::Messages
                | Self::Chat
                | Self::Responses
                | Self::Generate
                | Self::GenerateStream
                | Self::OllamaChat
        )
    }

    /// Whether a call here can cost money. Token counts and model lists are free.
    pub fn metered(self) -> bool {
        !matches!(
            self,
            Self::MessagesCount | Self::GenerateCount | Self::Models | Self::GeminiModels
        )
    }

    /// Every endpoint.
    pub const ALL: [Self; 11] = [
        Self::Messages,
        Self::MessagesCount,
        Self::Chat,
        Self::Responses,
        Self::Embeddings,
        Self::Generate,
        Self::GenerateStream,
        Self::GenerateCount,
        Self::Models,
        Self::GeminiModels,
        Self::OllamaChat,
    ];

    /// The endpoint of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.as_str() == name)
    }

    /// The name stored in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::MessagesCount => "messages_count",
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Generate => "generate",
            Self::GenerateStream => "generate_stream",
            Self::GenerateCount => "generate_count",
            Self::Models => "models",
            Self::GeminiModels => "gemini_models",
            Self::OllamaChat => "ollama_chat",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_reads_back_from_its_name() {
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::parse(endpoint.as_str()), Some(endpoint));
        }
        assert_eq!(Endpoint::parse("telegraph"), None);
    }
}
