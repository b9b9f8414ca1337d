//! What a provider's error says, as far as fail-over acts on it: read from an error response, or
//! from the event that ends a stream before its first content. Codes first, then the words that
//! servers are known to use.

use super::super::Form;
use super::failure::{self, Failure};
use super::fault::{Fault, FaultKind};
use super::frames::{Frames, Framing};
use crate::json::Value;
use std::time::Duration;
use weir_core::mask::Mask;
use weir_core::verdict::Says;

/// Longest text of an error that is told beside others, in bytes.
const TOLD_BYTES_MAX: usize = 300;

/// An error, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What it says.
    pub says: Says,
    /// The provider's words, shortened, without what its `Mask` hides.
    pub words: String,
    /// How long to wait, where its body says so.
    pub wait: Option<Duration>,
}

/// Codes and types of a content filter.
const FILTER_CODES: [&str; 8] = [
    "content_policy_violation",
    "content_filter",
    "content_filtered",
    "policy_blocked",
    "policy_violation",
    "moderation_blocked",
    "ResponsibleAIPolicyViolation",
    "safety_violation",
];

/// Words of one, where the code says only that the request is invalid.
const FILTER_WORDS: [&str; 4] = [
    "content management policy",
    "violates our content policy",
    "blocked by content filtering policy",
    "violating our usage policy",
];

/// Words that say money is used up, where neither code nor status does.
const QUOTA_WORDS: [&str; 3] = [
    "credit balance is too low",
    "exceeded your current quota, please check your plan and billing",
    "insufficient credits",
];

/// Reads an error response. What is told of it to anybody but the client that asked passes `mask`.
pub fn complaint(status: u16, body: &[u8], mask: &Mask<'_>) -> Complaint {
    let fault = failure::read(status, body);
    let document = failure::document(body);
    let error = document.and_then(|d| d.get("error").or(Some(d)));
    let wait = document.and_then(failure::retry_after_s).map(Duration::from_secs);
    Complaint { wait, ..judged(&fault, error, Some(status), mask) }
}

/// The error a stream told before its first content, and how the client is told it as a response:
/// in the provider's own bytes where both speak one form.
pub fn complaint_in(
    client: Form,
    from: Form,
    framing: Framing,
    bytes: &[u8],
    mask: &Mask<'_>,
) -> Option<(Complaint, Failure)> {
    // A whole answer is one document, over however many lines.
    let mut found = said(client, from, (b"", bytes), mask);
    let mut frames = Frames::new(framing);
    let mut look = |frame: Option<(&[u8], &[u8])>| {
        if let (None, Some((name, data))) = (&found, frame) {
            found = said(client, from, (name, data), mask);
        }
    };
    frames.feed(bytes, &mut look);
    frames.pending(look);
    found
}

fn said(
    client: Form,
    from: Form,
    (name, data): (&[u8], &[u8]),
    mask: &Mask<'_>,
) -> Option<(Complaint, Failure)> {
    let event = Value::whole(data.trim_ascii())?;
    let [kind, error, response, object] = event.pick(["type", "error", "response", "object"]);
    let inner = response.and_then(|r| r.get("error"));
    let top = kind.is_some_and(|k| k.is("error")) || object.is_some_and(|o| o.is("error"));
    let told = error.or(inner).or((top || name == b"error").then_some(event))?;
    let fault = Fault::read(told, None);
    let mut failure = failure::of_fault(client, &fault);
    // An event of these is an error response as it stands.
    if client == from && error.is_some() && matches!(client, Form::Messages | Form::Chat) {
        failure.body = event.raw().to_vec();
    }
    Some((judged(&fault, Some(told), None, mask), failure))
}

fn judged(
    fault: &Fault,
    error: Option<Value<'_>>,
    status: Option<u16>,
    mask: &Mask<'_>,
) -> Complaint {
    let by_kind = match fault.kind {
        FaultKind::Request => Says::Request,
        FaultKind::ContextFull => Says::ContextFull,
        FaultKind::Auth => Says::Auth,
        FaultKind::Forbidden => Says::Forbidden,
        FaultKind::Billing => Says::Quota,
        FaultKind::NotFound => Says::NotFound,
        FaultKind::TooLarge => Says::TooLarge,
        FaultKind::RateLimited => Says::RateLimited,
        FaultKind::Overloaded => Says::Overloaded,
        FaultKind::Timeout => Says::Timeout,
        FaultKind::Api => Says::Failed,
    };
    let mut says = match status {
        // A server that calls its own failure a wrong request has failed all the same, and one
        // that calls a wrong request its failure (400 with server_error) was asked wrongly.
        Some(500..) if by_kind == Says::Request => Says::Failed,
        Some(504) => Says::Timeout,
        Some(400 | 422) if matches!(by_kind, Says::Failed | Says::Timeout) => Says::Request,
        Some(409) => Says::Conflict,
        Some(429) if !matches!(by_kind, Says::Quota) => Says::RateLimited,
        Some(402) => Says::Quota,
        _ => by_kind,
    };
    let words = fault.message.to_ascii_lowercase();
    if filtered(error, &words) {
        says = Says::Filtered;
    } else if names_quota(error) || QUOTA_WORDS.iter().any(|known| words.contains(known)) {
        says = Says::Quota;
    }
    // Masked before it is cut: half of a key is a secret too.
    Complaint { says, words: short(&mask.words(&fault.message)), wait: None }
}

fn filtered(error: Option<Value<'_>>, words: &str) -> bool {
    let names = error.map(|e| {
        let [code, kind, inner] = e.pick(["code", "type", "innererror"]);
        [code, kind, inner.and_then(|i| i.get("code"))]
    });
    let by_code = names.into_iter().flatten().flatten();
    by_code.into_iter().any(|name| FILTER_CODES.iter().any(|known| name.is(known)))
        || FILTER_WORDS.iter().any(|known| words.contains(known))
}

/// Whether any of an error's names is one of a spend limit; the first name alone may be the status.
fn names_quota(error: Option<Value<'_>>) -> bool {
    let Some(error) = error else { return false };
    let [code, kind, details, inner] = error.pick(["code", "type", "details", "error_code"]);
    let detail = details.and_then(|d| d.get("error_code"));
    [code, kind, detail, inner].into_iter().flatten().any(|name| {
        ["insufficient_quota", "enforced_spend_limit_reached", "billing_error"]
            .iter()
            .any(|known| name.is(known))
    })
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().find(|(at, _)| *at >= TOLD_BYTES_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(status: u16, body: &str) -> Says {
        complaint(status, body.as_bytes(), &Mask::default()).says
    }

    #[test]
    fn an_error_is_read_by_its_code_before_its_status() {
        let anthropic = |kind: &str, more: &str| {
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"no"{more}}}}}"#)
        };
        let openai = |code: &str| {
            format!(r#"{{"error":{{"message":"no","type":"t","param":null,"code":"{code}"}}}}"#)
        };
        let spend = anthropic(
            "rate_limit_error",
            r#","details":{"error_code":"enforced_spend_limit_reached"}"#,
        );
        for (status, body, expected) in [
            (429, openai("rate_limit_exceeded"), Says::RateLimited),
            (429, openai("insufficient_quota"), Says::Quota),
            (429, spend, Says::Quota),
            (429, anthropic("rate_limit_error", ""), Says::RateLimited),
            (402, anthropic("billing_error", ""), Says::Quota),
            (529, anthropic("overloaded_error", ""), Says::Overloaded),
            (500, anthropic("api_error", ""), Says::Failed),
            (500, openai("context_length_exceeded"), Says::ContextFull),
            (500, openai("invalid_prompt"), Says::Failed),
            (400, openai("server_error"), Says::Request),
            (400, openai("context_length_exceeded"), Says::ContextFull),
            (400, openai("content_policy_violation"), Says::Filtered),
            (400, openai("content_filter"), Says::Filtered),
            (400, openai("anything"), Says::Request),
            (422, openai("anything"), Says::Request),
            (401, openai("invalid_api_key"), Says::Auth),
            (403, String::new(), Says::Forbidden),
            (404, openai("model_not_found"), Says::NotFound),
            (408, String::new(), Says::Timeout),
            (409, String::new(), Says::Conflict),
            (413, anthropic("request_too_large", ""), Says::TooLarge),
            (502, "<html>bad gateway</html>".into(), Says::Failed),
            (503, String::new(), Says::Overloaded),
            (504, anthropic("timeout_error", ""), Says::Timeout),
        ] {
            assert_eq!(says(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn words_are_read_where_the_code_says_only_that_the_request_is_invalid() {
        let invalid = |message: &str| {
            format!(
                r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{message}"}}}}"#
            )
        };
        for (message, expected) in [
            ("prompt is too long: 210000 tokens > 200000 maximum", Says::ContextFull),
            ("Your credit balance is too low to access the API.", Says::Quota),
            ("Output blocked by content filtering policy", Says::Filtered),
            ("messages: at least one message is required", Says::Request),
        ] {
            assert_eq!(says(400, &invalid(message)), expected, "{message}");
        }
    }

    #[test]
    fn a_wait_in_gemini_s_body_is_found() {
        let body = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x","retryDelay":"34.07s"}]}}"#;
        let complaint = complaint(429, body.as_bytes(), &Mask::default());
        assert_eq!(
            (complaint.says, complaint.wait),
            (Says::RateLimited, Some(Duration::from_secs(35)))
        );
    }

    #[test]
    fn an_error_inside_a_stream_becomes_the_response_it_would_have_been() {
        let stream = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n\
                      event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"r\"}\n\n";
        let told = |client| {
            complaint_in(client, Form::Messages, Framing::Sse, stream.as_bytes(), &Mask::default())
                .expect("an error")
        };
        let (complaint, failure) = told(Form::Messages);
        assert_eq!((complaint.says, failure.status), (Says::Overloaded, 529));
        let body = String::from_utf8_lossy(&failure.body).into_owned();
        assert!(
            body.starts_with(r#"{"type":"error""#) && body.contains("\"request_id\""),
            "{body}"
        );
        let (_, failure) = told(Form::Chat);
        let body = String::from_utf8_lossy(&failure.body).into_owned();
        assert!(failure.status == 503 && body.contains("Overloaded"), "{} {body}", failure.status);
    }

    #[test]
    fn every_dialect_s_own_error_event_is_found_and_lifecycle_is_none() {
        let responses = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow\"}}}\n\n";
        let chat = "data: {\"error\":{\"code\":502,\"message\":\"Provider disconnected\"},\"choices\":[]}\n\n";
        let ollama = "{\"error\":\"out of memory\"}\n";
        let found = |form, framing, text: &str| {
            complaint_in(form, form, framing, text.as_bytes(), &Mask::default())
                .map(|(c, f)| (c.says, f.status))
        };
        assert_eq!(found(Form::Responses, Framing::Sse, responses), Some((Says::RateLimited, 429)));
        assert_eq!(found(Form::Chat, Framing::Sse, chat), Some((Says::Failed, 502)));
        assert_eq!(found(Form::Ollama, Framing::Lines, ollama), Some((Says::Failed, 502)));
        let created = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n";
        assert_eq!(found(Form::Responses, Framing::Sse, created), None);
    }
    #[test]
    fn no_secret_is_left_in_the_words_wherever_they_are_cut() {
        let key = "sk-ant-api03-Zq8aVnrT0wLmC7xYbKd3hJ";
        let mask = Mask::of([key.as_bytes()]);
        for before in TOLD_BYTES_MAX - key.len() - 3..=TOLD_BYTES_MAX {
            let text = format!("{} {key} is no key", "w".repeat(before));
            let bodies = [
                format!(r#"{{"type":"error","error":{{"type":"e","message":"{text}"}}}}"#),
                format!(r#"{{"error":"{text}"}}"#),
                text,
            ];
            for body in bodies {
                let words = complaint(401, body.as_bytes(), &mask).words;
                assert!(!words.contains("sk-"), "{words}");
            }
        }
        let event = format!("event: error\ndata: {{\"error\":{{\"message\":\"no {key}\"}}}}\n\n");
        let found =
            complaint_in(Form::Messages, Form::Messages, Framing::Sse, event.as_bytes(), &mask);
        let (complaint, failure) = found.expect("an error");
        assert_eq!(complaint.words, "no [hidden]");
        let told = String::from_utf8_lossy(&failure.body).into_owned();
        assert!(told.contains(key), "the client that asked gets its provider's words: {told}");
    }
}
