//! The five wire forms a conversation can take. OpenAI's dialect has two of them.
//! Owns the step between a form and its endpoints.

use weir_core::{Dialect, Endpoint};

/// A wire form that carries a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Anthropic Messages.
    Messages,
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Gemini `generateContent`.
    Gemini,
    /// Ollama's own `/api/chat`; spoken outbound only.
    Ollama,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 5] =
        [Self::Messages, Self::Chat, Self::Responses, Self::Gemini, Self::Ollama];

    /// The form of an endpoint; `None` where no conversation is carried.
    pub fn of(endpoint: Endpoint) -> Option<Self> {
        match endpoint {
            Endpoint::Messages => Some(Self::Messages),
            Endpoint::Chat => Some(Self::Chat),
            Endpoint::Responses => Some(Self::Responses),
            Endpoint::Generate | Endpoint::GenerateStream => Some(Self::Gemini),
            Endpoint::OllamaChat => Some(Self::Ollama),
            Endpoint::MessagesCount
            | Endpoint::Embeddings
            | Endpoint::GenerateCount
            | Endpoint::Models
            | Endpoint::GeminiModels => None,
        }
    }

    /// The endpoint to send a conversation to. Only Gemini has another one for streams.
    pub fn endpoint(self, stream: bool) -> Endpoint {
        match self {
            Self::Messages => Endpoint::Messages,
            Self::Chat => Endpoint::Chat,
            Self::Responses => Endpoint::Responses,
            Self::Gemini if stream => Endpoint::GenerateStream,
            Self::Gemini => Endpoint::Generate,
            Self::Ollama => Endpoint::OllamaChat,
        }
    }

    /// The dialect it belongs to.
    pub fn dialect(self) -> Dialect {
        self.endpoint(false).dialect()
    }
}
