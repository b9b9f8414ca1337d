//! What can be wrong with an answer, in one set of kinds for every dialect, and how each dialect
//! calls it. The provider's own words are kept as they came: tools act on them.

use crate::json::Value;
use serde_json::json;

/// What went wrong, as far as any dialect tells faults apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request is wrong.
    Request,
    /// The prompt does not fit the model's context.
    ContextFull,
    /// The key is missing or wrong.
    Auth,
    /// The key may not do this.
    Forbidden,
    /// Money or quota is used up; trying again does not help.
    Billing,
    /// No such model or path.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// The provider has too much to do.
    Overloaded,
    /// The provider did not answer in time.
    Timeout,
    /// The provider failed.
    Api,
}

/// A fault, with the provider's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// The provider's text, verbatim.
    pub message: String,
    /// The provider's own code for it.
    pub code: Option<String>,
}

/// Longest text of another provider that is added to a router's own, in bytes.
const RAW_BYTES_MAX: usize = 8 << 10;

/// The code of OpenAI's two APIs for a prompt that does not fit.
pub(super) const CONTEXT_FULL_CODE: &str = "context_length_exceeded";

/// Texts by which servers say that a prompt is too long; Claude Code acts on the same list.
const CONTEXT_FULL: [&str; 13] = [
    "prompt is too long",
    "input is too long for requested model",
    "maximum context length",
    "context_length_exceeded",
    "exceeds the context window",
    "exceeds the available context size",
    "exceeds the maximum number of tokens",
    "exceeded model token limit",
    "input token length too long",
    "but model only supports up to",
    "reduce the length of the messages",
    "exceed context limit",
    "input token count exceeds",
];

/// The same as Ollama says it, which no tool knows: it is told after words that they do.
const CONTEXT_FULL_UNKNOWN: [&str; 3] =
    ["exceeds the context length", "longer than the context length", "exceeded max context length"];

impl Fault {
    /// A fault without a code.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: None }
    }

    /// Reads an error object, or a text in its place, of any dialect. `status` is the response's
    /// own, where it was not 200.
    pub(super) fn read(error: Value<'_>, status: Option<u16>) -> Self {
        let [kind, code, state, message, details, metadata, asked, room] = error.pick([
            "type",
            "code",
            "status",
            "message",
            "details",
            "metadata",
            "n_prompt_tokens",
            "n_ctx",
        ]);
        let name = |v: Option<Value<'_>>| v.and_then(|v| v.text()).filter(|t| !t.is_empty());
        let number = code.and_then(|c| c.count()).and_then(|c| u16::try_from(c).ok());
        let inner = details.and_then(|d| d.get("error_code"));
        let names = [name(code), name(kind), name(state), name(inner)];
        let message = if error.is_text() { error.text() } else { name(message) };
        // OpenRouter says "Provider returned error" and puts the provider's own words beside it.
        let raw = name(metadata.and_then(|m| m.get("raw")));
        let raw = raw.filter(|raw| raw.len() <= RAW_BYTES_MAX);
        let message = match (message, raw) {
            (Some(message), Some(raw)) if !message.contains(&raw) => {
                Some(format!("{message}: {raw}"))
            }
            (message, _) => message,
        };
        let message = message
            .or_else(|| names.iter().flatten().next().cloned())
            .unwrap_or_else(|| "The provider reported an error without a text.".to_owned());
        let named = names.iter().flatten().find_map(|n| kind_by_name(n));
        let by_status = status.or(number.filter(|n| (400..600).contains(n))).map(kind_by_status);
        let mut kind = named.or(by_status).unwrap_or(FaultKind::Api);
        if matches!(kind, FaultKind::Request | FaultKind::TooLarge | FaultKind::Api)
            && says_context_full(&message)
        {
            kind = FaultKind::ContextFull;
        }
        let unknown = CONTEXT_FULL_UNKNOWN.iter().any(|words| message.contains(words));
        let message = match unknown && !says_context_full(&message) {
            true => {
                kind = FaultKind::ContextFull;
                format!("prompt is too long: {message}")
            }
            false => message,
        };
        // llama.cpp's two numbers, in the form that Claude Code reads them in: it shortens by as much.
        let counted = asked.and_then(|n| n.count()).zip(room.and_then(|n| n.count()));
        let message = match counted.filter(|(asked, room)| asked > room) {
            Some((asked, room)) if kind == FaultKind::ContextFull => {
                format!("prompt is too long: {asked} tokens > {room} maximum: {message}")
            }
            _ => message,
        };
        let [code, ..] = names;
        Self { kind, message, code }
    }

    /// The status a response with this fault has where the provider gave none.
    pub(super) fn status(&self) -> u16 {
        match self.kind {
            FaultKind::Request | FaultKind::ContextFull => 400,
            FaultKind::Auth => 401,
            FaultKind::Billing => 402,
            FaultKind::Forbidden => 403,
            FaultKind::NotFound => 404,
            FaultKind::TooLarge => 413,
            FaultKind::RateLimited => 429,
            FaultKind::Overloaded => 503,
            FaultKind::Timeout => 504,
            FaultKind::Api => 502,
        }
    }

    /// Anthropic's body: `{"type":"error","error":{…}}`.
    pub(super) fn anthropic(&self) -> serde_json::Value {
        let kind = match self.kind {
            FaultKind::Request | FaultKind::ContextFull => "invalid_request_error",
            FaultKind::Auth => "authentication_error",
            FaultKind::Forbidden => "permission_error",
            FaultKind::Billing => "billing_error",
            FaultKind::NotFound => "not_found_error",
            FaultKind::TooLarge => "request_too_large",
            FaultKind::RateLimited => "rate_limit_error",
            FaultKind::Overloaded => "overloaded_error",
            FaultKind::Timeout => "timeout_error",
            FaultKind::Api => "api_error",
        };
        json!({ "type": "error", "error": { "type": kind, "message": self.message } })
    }

    /// OpenAI's error object; the value of `error`.
    pub(super) fn openai(&self) -> serde_json::Value {
        let (kind, code) = match self.kind {
            FaultKind::Request | FaultKind::TooLarge => ("invalid_request_error", None),
            FaultKind::ContextFull => ("invalid_request_error", Some(CONTEXT_FULL_CODE)),
            FaultKind::Auth => ("invalid_request_error", Some("invalid_api_key")),
            FaultKind::Forbidden => ("invalid_request_error", Some("permission_denied")),
            FaultKind::Billing => ("insufficient_quota", Some("insufficient_quota")),
            FaultKind::NotFound => ("invalid_request_error", Some("model_not_found")),
            FaultKind::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
            FaultKind::Overloaded => ("server_error", Some("overloaded")),
            FaultKind::Timeout => ("server_error", Some("timeout")),
            FaultKind::Api => ("server_error", Some("server_error")),
        };
        json!({ "message": self.message, "type": kind, "param": null, "code": code })
    }

    /// The code of a failed Responses stream. Codex acts on `context_length_exceeded`,
    /// `insufficient_quota`, `rate_limit_exceeded` and `server_is_overloaded`.
    pub(super) fn responses_code(&self) -> &'static str {
        match self.kind {
            FaultKind::ContextFull => CONTEXT_FULL_CODE,
            FaultKind::Request | FaultKind::TooLarge => "invalid_prompt",
            FaultKind::Billing => "insufficient_quota",
            FaultKind::RateLimited => "rate_limit_exceeded",
            FaultKind::Overloaded => "server_is_overloaded",
            _ => "server_error",
        }
    }

    /// Gemini's error object; the value of `error`.
    pub(super) fn gemini(&self, status: u16) -> serde_json::Value {
        let state = match self.kind {
            FaultKind::Request | FaultKind::ContextFull | FaultKind::TooLarge => "INVALID_ARGUMENT",
            FaultKind::Auth => "UNAUTHENTICATED",
            FaultKind::Forbidden => "PERMISSION_DENIED",
            FaultKind::Billing | FaultKind::RateLimited => "RESOURCE_EXHAUSTED",
            FaultKind::NotFound => "NOT_FOUND",
            FaultKind::Overloaded => "UNAVAILABLE",
            FaultKind::Timeout => "DEADLINE_EXCEEDED",
            FaultKind::Api => "INTERNAL",
        };
        json!({ "code": status, "message": self.message, "status": state })
    }
}

pub(super) fn says_context_full(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    CONTEXT_FULL.iter().any(|known| text.contains(known))
}

/// The kind an error's type, code or status word names, in any dialect.
fn kind_by_name(name: &str) -> Option<FaultKind> {
    Some(match name {
        "invalid_request_error"
        | "INVALID_ARGUMENT"
        | "FAILED_PRECONDITION"
        | "invalid_prompt"
        | "BadRequestError"
        | "invalid_request" => FaultKind::Request,
        CONTEXT_FULL_CODE | "exceed_context_size_error" => FaultKind::ContextFull,
        "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => FaultKind::Auth,
        "permission_error" | "permission_denied" | "PERMISSION_DENIED" => FaultKind::Forbidden,
        "billing_error" | "insufficient_quota" | "enforced_spend_limit_reached" => {
            FaultKind::Billing
        }
        "not_found_error" | "model_not_found" | "NOT_FOUND" | "NotFoundError" => {
            FaultKind::NotFound
        }
        "request_too_large" => FaultKind::TooLarge,
        "rate_limit_error" | "rate_limit_exceeded" | "RESOURCE_EXHAUSTED" | "RateLimitError" => {
            FaultKind::RateLimited
        }
        "overloaded_error"
        | "overloaded"
        | "UNAVAILABLE"
        | "server_is_overloaded"
        | "slow_down"
        | "unavailable_error" => FaultKind::Overloaded,
        "timeout_error" | "timeout" | "DEADLINE_EXCEEDED" => FaultKind::Timeout,
        "api_error" | "server_error" | "INTERNAL" | "InternalServerError" => FaultKind::Api,
        _ => return None,
    })
}

pub(super) fn kind_by_status(status: u16) -> FaultKind {
    match status {
        401 => FaultKind::Auth,
        402 => FaultKind::Billing,
        403 => FaultKind::Forbidden,
        404 => FaultKind::NotFound,
        413 => FaultKind::TooLarge,
        429 => FaultKind::RateLimited,
        503 | 529 => FaultKind::Overloaded,
        408 | 504 => FaultKind::Timeout,
        400..=499 => FaultKind::Request,
        _ => FaultKind::Api,
    }
}
