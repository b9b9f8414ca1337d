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

/// The event that ends an SSE stream of `endpoint` which cannot go on. It begins with a line end,
/// which is harmless after a whole event: what came before may be a comment without its blank line.
pub fn error_event(endpoint: Endpoint, problem: &Problem<'_>) -> String {
    match endpoint {
        Endpoint::Messages | Endpoint::MessagesCount => {
            format!("\nevent: error\ndata: {}\n\n", anthropic(problem))
        }
        Endpoint::Responses => responses_events(problem),
        _ => format!("\ndata: {}\n\n", error_body(endpoint.dialect(), problem)),
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
    format!("\nevent: error\ndata: {error}\n\nevent: response.failed\ndata: {failed}\n\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ProblemKind; 13] = [
        ProblemKind::BadRequest,
        ProblemKind::Unauthorized,
        ProblemKind::Forbidden,
        ProblemKind::NotFound,
        ProblemKind::MethodNotAllowed,
        ProblemKind::TooLarge,
        ProblemKind::UnsupportedMediaType,
        ProblemKind::RateLimited,
        ProblemKind::BudgetSpent,
        ProblemKind::Upstream,
        ProblemKind::Unavailable,
        ProblemKind::Timeout,
        ProblemKind::Internal,
    ];

    fn problem(kind: ProblemKind) -> Problem<'static> {
        Problem {
            kind,
            status: 429,
            message: "He said \"no\"\nand left",
            code: None,
            request_id: None,
        }
    }

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).expect("valid JSON")
    }

    #[test]
    fn anthropic_errors_have_the_shape_claude_code_shows() {
        let spent = Problem {
            code: Some("weir_budget_spent"),
            request_id: Some("wr_1"),
            ..problem(ProblemKind::BudgetSpent)
        };
        assert_eq!(
            parsed(&error_body(Dialect::Anthropic, &spent)),
            json!({
                "type": "error",
                "error": {
                    "type": "billing_error",
                    "message": "He said \"no\"\nand left",
                    "details": { "error_code": "weir_budget_spent" },
                },
                "request_id": "wr_1",
            })
        );
    }

    #[test]
    fn openai_errors_have_all_four_fields() {
        assert_eq!(
            parsed(&error_body(Dialect::OpenAi, &problem(ProblemKind::Unauthorized))),
            json!({"error": {
                "message": "He said \"no\"\nand left",
                "type": "invalid_request_error",
                "param": null,
                "code": "invalid_api_key",
            }})
        );
        let spent = parsed(&error_body(Dialect::OpenAi, &problem(ProblemKind::BudgetSpent)));
        assert_eq!(spent["error"]["code"], "insufficient_quota");
    }

    #[test]
    fn gemini_errors_carry_the_status_twice() {
        let missing =
            Problem { status: 404, code: Some("model_unknown"), ..problem(ProblemKind::NotFound) };
        let body = parsed(&error_body(Dialect::Gemini, &missing));
        assert_eq!(body["error"]["code"], 404);
        assert_eq!(body["error"]["status"], "NOT_FOUND");
        assert_eq!(body["error"]["details"][0]["reason"], "model_unknown");
    }

    #[test]
    fn every_kind_has_a_name_in_every_dialect() {
        for kind in KINDS {
            let body = |dialect| parsed(&error_body(dialect, &problem(kind)));
            for name in [
                &body(Dialect::Anthropic)["error"]["type"],
                &body(Dialect::OpenAi)["error"]["type"],
                &body(Dialect::Gemini)["error"]["status"],
                &body(Dialect::Ollama)["error"],
            ] {
                assert!(name.as_str().is_some_and(|n| !n.is_empty()), "{kind:?}");
            }
        }
    }

    #[test]
    fn our_own_taps_read_our_own_error_events_as_failures() {
        use crate::{Encoding, Tap};
        for endpoint in
            [Endpoint::Messages, Endpoint::Chat, Endpoint::Responses, Endpoint::GenerateStream]
        {
            for kind in KINDS {
                let mut tap = Tap::new(endpoint, true, Encoding::Identity);
                let event = error_event(endpoint, &problem(kind));
                assert!(event.ends_with("\n\n"));
                tap.feed(event.as_bytes());
                let metered = tap.finish();
                assert_eq!(metered.end, weir_core::meter::End::Failed, "{endpoint:?} {kind:?}");
                assert!(metered.error.is_some());
            }
        }
    }

    #[test]
    fn an_error_event_after_a_cut_line_is_still_named_an_error() {
        let cut = "event: content_block_delta\ndata: {\"type\":\"content_block_de";
        let text =
            format!("{cut}{}", error_event(Endpoint::Messages, &problem(ProblemKind::Upstream)));
        let mut names = Vec::new();
        let mut splitter = crate::sse::Splitter::new(10_000);
        splitter.feed(text.as_bytes(), |e| names.push(e.name.to_vec()));
        assert_eq!(names, [b"error"]);
    }

    #[test]
    fn a_broken_responses_stream_ends_with_an_error_and_a_failed_response() {
        let text = error_event(Endpoint::Responses, &problem(ProblemKind::Upstream));
        let mut events = Vec::new();
        crate::sse::Splitter::new(10_000).feed(text.as_bytes(), |e| {
            events.push((
                String::from_utf8_lossy(e.name).into_owned(),
                parsed(&String::from_utf8_lossy(&e.data)),
            ));
        });
        let [(error_name, error), (failed_name, failed)] = &events[..] else {
            panic!("two events")
        };
        assert_eq!((error_name.as_str(), failed_name.as_str()), ("error", "response.failed"));
        assert_eq!(error["code"], "server_error");
        assert_eq!(error["error"]["message"], "He said \"no\"\nand left");
        assert_eq!(failed["response"]["status"], "failed");
        assert_eq!(failed["response"]["error"]["code"], "server_error");
        assert!(failed["sequence_number"].as_u64() > error["sequence_number"].as_u64());
    }
}
