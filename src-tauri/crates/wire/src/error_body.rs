//! Errors in each dialect's own shape: as a JSON body, and as the event that ends a broken stream.
//! Shapes are those of the vendors' SDKs, so that real clients show the message.

use serde_json::{Value, json};
use weir_core::{Dialect, Endpoint};

/// What went wrong, as far as a dialect tells errors apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request is wrong.
    BadRequest,
    /// No token or a wrong one.
    Unauthorized,
    /// Not allowed.
    Forbidden,
    /// No such path or model.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// The body's type or encoding is not supported.
    UnsupportedMediaType,
    /// Too many requests.
    RateLimited,
    /// A hard budget is used up.
    BudgetSpent,
    /// A provider failed.
    Upstream,
    /// Nothing can answer now.
    Unavailable,
    /// A provider did not answer in time.
    Timeout,
    /// Weir itself failed.
    Internal,
}

/// An error to tell a client.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// What went wrong.
    pub kind: ProblemKind,
    /// The HTTP status.
    pub status: u16,
    /// For people: what, where, how to fix.
    pub message: &'a str,
    /// A short code for programs; the dialect's own for this kind when `None`.
    pub code: Option<&'a str>,
    /// The request's id, where the dialect has a place for it.
    pub request_id: Option<&'a str>,
}

/// The body of an error response.
pub fn error_body(dialect: Dialect, problem: &Problem<'_>) -> String {
    match dialect {
        Dialect::Anthropic => anthropic(problem),
        Dialect::OpenAi => json!({ "error": openai(problem) }),
        Dialect::Gemini => json!({ "error": gemini(problem) }),
        Dialect::Ollama => json!({ "error": problem.message }),
    }
    .to_string()
}

/// The event that ends an SSE stream of `endpoint` which cannot go on. It begins a new event, so
/// send it only after a whole one, or after a blank line.
pub fn error_event(endpoint: Endpoint, problem: &Problem<'_>) -> String {
    match endpoint {
        Endpoint::Messages | Endpoint::MessagesCount => {
            format!("event: error\ndata: {}\n\n", anthropic(problem))
        }
        Endpoint::Responses => responses_events(problem),
        _ => format!("data: {}\n\n", error_body(endpoint.dialect(), problem)),
    }
}

fn anthropic(problem: &Problem<'_>) -> Value {
    let mut error = json!({ "type": anthropic_type(problem.kind), "message": problem.message });
    if let Some(code) = problem.code {
        error["details"] = json!({ "error_code": code });
    }
    let mut body = json!({ "type": "error", "error": error });
    if let Some(id) = problem.request_id {
        body["request_id"] = id.into();
    }
    body
}

fn anthropic_type(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest
        | ProblemKind::MethodNotAllowed
        | ProblemKind::UnsupportedMediaType => "invalid_request_error",
        ProblemKind::Unauthorized => "authentication_error",
        ProblemKind::Forbidden => "permission_error",
        ProblemKind::NotFound => "not_found_error",
        ProblemKind::TooLarge => "request_too_large",
        ProblemKind::RateLimited => "rate_limit_error",
        ProblemKind::BudgetSpent => "billing_error",
        ProblemKind::Timeout => "timeout_error",
        ProblemKind::Upstream | ProblemKind::Unavailable | ProblemKind::Internal => "api_error",
    }
}

fn openai(problem: &Problem<'_>) -> Value {
    let (kind, code) = openai_type(problem.kind);
    json!({
        "message": problem.message,
        "type": kind,
        "param": null,
        "code": problem.code.or(code),
    })
}

/// OpenAI's type and code. `insufficient_quota` is the one code its clients never retry.
fn openai_type(kind: ProblemKind) -> (&'static str, Option<&'static str>) {
    const REQUEST: &str = "invalid_request_error";
    match kind {
        ProblemKind::BadRequest => (REQUEST, None),
        ProblemKind::Unauthorized => (REQUEST, Some("invalid_api_key")),
        ProblemKind::Forbidden => (REQUEST, Some("permission_denied")),
        ProblemKind::NotFound => (REQUEST, Some("not_found")),
        ProblemKind::MethodNotAllowed => (REQUEST, Some("method_not_allowed")),
        ProblemKind::TooLarge => (REQUEST, Some("request_too_large")),
        ProblemKind::UnsupportedMediaType => (REQUEST, Some("unsupported_media_type")),
        ProblemKind::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
        ProblemKind::BudgetSpent => ("insufficient_quota", Some("insufficient_quota")),
        ProblemKind::Upstream => ("server_error", Some("upstream_error")),
        ProblemKind::Unavailable => ("server_error", Some("unavailable")),
        ProblemKind::Timeout => ("server_error", Some("timeout")),
        ProblemKind::Internal => ("server_error", Some("server_error")),
    }
}

/// The codes a Responses stream knows for a failed response.
fn responses_code(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest | ProblemKind::TooLarge => "invalid_prompt",
        ProblemKind::RateLimited => "rate_limit_exceeded",
        ProblemKind::BudgetSpent => "insufficient_quota",
        _ => "server_error",
    }
}

/// Sequence numbers only grow; those of the events that passed are not known here, so the last two
/// of a 32-bit count are used.
const LAST_SEQUENCE: u32 = i32::MAX as u32;

/// `error` for the SDKs, which raise on it, then `response.failed`, on which Codex ends.
fn responses_events(problem: &Problem<'_>) -> String {
    let code = problem.code.unwrap_or_else(|| responses_code(problem.kind));
    let error = json!({
        "type": "error",
        "code": code,
        "message": problem.message,
        "param": null,
        "sequence_number": LAST_SEQUENCE - 1,
        "error": openai(problem),
    });
    let failed = json!({
        "type": "response.failed",
        "sequence_number": LAST_SEQUENCE,
        "response": {
            "id": problem.request_id.unwrap_or("resp_failed"),
            "object": "response",
            "status": "failed",
            "error": { "code": code, "message": problem.message },
            "incomplete_details": null,
            "output": [],
            "usage": null,
        },
    });
    format!("event: error\ndata: {error}\n\nevent: response.failed\ndata: {failed}\n\n")
}

fn gemini(problem: &Problem<'_>) -> Value {
    let mut error = json!({
        "code": problem.status,
        "message": problem.message,
        "status": gemini_status(problem.kind),
    });
    if let Some(reason) = problem.code {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "weir",
        }]);
    }
    error
}

fn gemini_status(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest | ProblemKind::TooLarge | ProblemKind::UnsupportedMediaType => {
            "INVALID_ARGUMENT"
        }
        ProblemKind::Unauthorized => "UNAUTHENTICATED",
        ProblemKind::Forbidden => "PERMISSION_DENIED",
        ProblemKind::NotFound => "NOT_FOUND",
        ProblemKind::MethodNotAllowed => "UNIMPLEMENTED",
        ProblemKind::RateLimited | ProblemKind::BudgetSpent => "RESOURCE_EXHAUSTED",
        ProblemKind::Upstream | ProblemKind::Unavailable => "UNAVAILABLE",
        ProblemKind::Timeout => "DEADLINE_EXCEEDED",
        ProblemKind::Internal => "INTERNAL",
    }
}
