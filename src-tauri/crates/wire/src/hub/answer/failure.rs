//! A provider's error response in the client's own dialect. The text stays as the provider wrote
//! it, because tools act on its words (Claude Code compacts on "prompt is too long"); the type and,
//! where the two dialects differ, the status are the client's.

use super::super::{Back, Form};
use super::fault::{self, CONTEXT_FULL_CODE, Fault, FaultKind};
use crate::json::Value;
use serde_json::json;

/// Longest text taken from an error that is not JSON, in bytes.
const PLAIN_TEXT_BYTES_MAX: usize = 4 << 10;

/// An error response for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: Vec<u8>,
    /// Seconds after which the provider says it may be tried again, where its body says so
    /// (Gemini's `RetryInfo`) and no header does.
    pub retry_after_s: Option<u64>,
    /// Whether trying again cannot help: a key or money must be seen to first. Claude Code goes on
    /// trying for a minute unless it is told.
    pub stop: bool,
}

/// The provider's error response in the client's dialect. `from` names the dialect it is most
/// likely in; a body of another shape, or no JSON at all, is read all the same.
pub fn failure(back: &Back, from: Form, status: u16, body: &[u8]) -> Failure {
    let _ = from;
    let fault = read(status, body);
    let mut failure = write(back.client, &fault, client_status(back.client, &fault, status));
    failure.retry_after_s = document(body).and_then(retry_after_s);
    failure
}

/// A refusal for length in the client's own dialect, where its tools would not know it by what it says:
/// llama.cpp answers everybody with an error of its own kind, without the code that Codex knows.
/// `None` where the client's API says it so, and of anything else that is refused.
pub fn too_long_untold(client: Form, status: u16, body: &[u8]) -> Option<Failure> {
    let fault = read(status, body);
    if fault.kind != FaultKind::ContextFull || is_of_the_answer(&fault.message) {
        return None;
    }
    let known = match client {
        Form::Messages => document(body)?.get("type").is_some_and(|kind| kind.is("error")),
        Form::Chat | Form::Responses => fault.code.as_deref() == Some(CONTEXT_FULL_CODE),
        Form::Gemini | Form::Ollama => true,
    };
    (!known).then(|| write(client, &fault, client_status(client, &fault, status)))
}

/// Whether it is the longest answer asked for that does not fit, as vLLM says it: to shorten the
/// conversation would not help.
fn is_of_the_answer(message: &str) -> bool {
    message.contains("too large")
        && ["max_tokens", "max_completion_tokens"].iter().any(|name| message.contains(name))
}

/// The response for a fault that came inside an answer, with the status of its kind.
pub(super) fn of_fault(client: Form, fault: &Fault) -> Failure {
    write(client, fault, client_status(client, fault, fault.status()))
}

/// The fault a provider's error response tells.
pub(super) fn read(status: u16, body: &[u8]) -> Fault {
    let Some(document) = document(body) else { return plain(status, body) };
    let [error, detail, message] = document.pick(["error", "detail", "message"]);
    // FastAPI servers put a text under `detail`; older vLLM the whole object at the top.
    match error.or(detail.filter(|d| d.is_text())) {
        Some(error) => Fault::read(error, Some(status)),
        None if message.is_some() || document.is_text() => Fault::read(document, Some(status)),
        None => plain(status, body),
    }
}

/// The document of an error; Gemini wraps that of a stream without SSE in an array.
pub(super) fn document(body: &[u8]) -> Option<Value<'_>> {
    let document = Value::whole(body)?;
    if !document.is_array() {
        return Some(document);
    }
    let mut first = None;
    document.each_item(|item| first = first.or(Some(item)));
    first
}

/// `"retryDelay": "34.07s"` among Gemini's details, rounded up.
pub(super) fn retry_after_s(document: Value<'_>) -> Option<u64> {
    let mut found = None;
    document.get("error")?.get("details")?.each_item(|detail| {
        let Some(delay) = detail.get("retryDelay").and_then(|d| d.text()) else { return };
        let Some(number) = delay.strip_suffix('s') else { return };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let more = u64::from(fraction.bytes().any(|b| b != b'0'));
        found = found.or(whole.parse::<u64>().ok().map(|s| s.saturating_add(more)));
    });
    found
}

fn plain(status: u16, body: &[u8]) -> Fault {
    let cut = &body[..body.len().min(PLAIN_TEXT_BYTES_MAX)];
    let text = String::from_utf8_lossy(cut).trim().to_owned();
    let message = if text.is_empty() {
        format!("The provider answered with status {status} and no text.")
    } else {
        text
    };
    let mut kind = fault::kind_by_status(status);
    if kind == FaultKind::Request && fault::says_context_full(&message) {
        kind = FaultKind::ContextFull;
    }
    Fault::new(kind, message)
}

/// The provider's status, but for those one side does not know: Anthropic alone says 529 for
/// overloaded, and it says 402 where OpenAI puts a used-up quota under 429.
fn client_status(client: Form, fault: &Fault, status: u16) -> u16 {
    match (client, fault.kind) {
        (Form::Messages, FaultKind::Overloaded) => 529,
        (_, FaultKind::Overloaded) if status == 529 => 503,
        (Form::Messages, FaultKind::Billing) => 402,
        (_, FaultKind::Billing) => 429,
        (_, FaultKind::ContextFull) if !(400..500).contains(&status) => 400,
        _ if status < 400 => fault.status(),
        _ => status,
    }
}

fn write(client: Form, fault: &Fault, status: u16) -> Failure {
    let body = match client {
        Form::Messages => fault.anthropic(),
        Form::Gemini => json!({ "error": fault.gemini(status) }),
        Form::Chat | Form::Responses | Form::Ollama => json!({ "error": fault.openai() }),
    };
    let stop = matches!(fault.kind, FaultKind::Auth | FaultKind::Forbidden | FaultKind::Billing);
    Failure { status, body: body.to_string().into_bytes(), retry_after_s: None, stop }
}
