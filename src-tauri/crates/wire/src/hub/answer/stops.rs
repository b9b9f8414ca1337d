//! Why an answer ended, in every dialect's words.

use super::Stop;
use super::fault::{Fault, FaultKind};

/// Parts of words by which servers say that an answer was broken off: DeepSeek's
/// `insufficient_system_resource`, `abort` of vLLM and SGLang, `network_error` of Z.ai, and what others
/// may call it. The lists of reasons are open: one that nobody knows and that says none of these is an
/// end.
const BROKEN_OFF: [&str; 12] = [
    "abort",
    "cancel",
    "error",
    "fail",
    "insufficient",
    "interrupt",
    "malformed",
    "overload",
    "preempt",
    "resource",
    "timeout",
    "unavailable",
];

/// The fault of an answer that was broken off; `said` are the provider's own words.
fn broken_off(reason: &str, said: Option<String>) -> Fault {
    let kind = match reason.contains("resource") || reason.contains("overload") {
        true => FaultKind::Overloaded,
        false => FaultKind::Api,
    };
    let words = said
        .unwrap_or_else(|| "The provider broke its answer off; asking again can help.".to_owned());
    let mut fault = Fault::new(kind, format!("{reason}: {words}"));
    fault.code = Some(reason.to_owned());
    fault
}

/// A reason that no dialect lists: the end, unless its name says otherwise.
fn unknown(reason: &str) -> Result<Stop, Fault> {
    let lower = reason.to_ascii_lowercase();
    match BROKEN_OFF.iter().any(|word| lower.contains(word)) {
        true => Err(broken_off(reason, None)),
        false => Ok(Stop::End),
    }
}

/// Anthropic's `stop_reason`; `sequence` is its `stop_sequence`.
pub(super) fn from_messages(reason: &str, sequence: Option<String>) -> Result<Stop, Fault> {
    Ok(match reason {
        "max_tokens" => Stop::Length,
        "stop_sequence" => Stop::Sequence(sequence),
        "tool_use" => Stop::Calls,
        "pause_turn" => Stop::Pause,
        "refusal" => Stop::Refused,
        "model_context_window_exceeded" => Stop::ContextFull,
        other => return unknown(other),
    })
}

pub(super) fn to_messages(stop: &Stop) -> (&'static str, Option<&str>) {
    match stop {
        Stop::End => ("end_turn", None),
        Stop::Sequence(Some(sequence)) => ("stop_sequence", Some(sequence)),
        Stop::Sequence(None) => ("stop_sequence", None),
        Stop::Length => ("max_tokens", None),
        Stop::ContextFull => ("model_context_window_exceeded", None),
        Stop::Calls => ("tool_use", None),
        Stop::Refused => ("refusal", None),
        Stop::Pause => ("pause_turn", None),
    }
}

/// Chat's `finish_reason`; `matched` is vLLM's `stop_reason`, the sequence it stopped at.
pub(super) fn from_chat(reason: &str, matched: Option<String>) -> Result<Stop, Fault> {
    Ok(match (reason, matched) {
        ("stop", Some(sequence)) => Stop::Sequence(Some(sequence)),
        ("length" | "model_length" | "max_tokens", _) => Stop::Length,
        ("model_context_window_exceeded", _) => Stop::ContextFull,
        ("tool_calls" | "function_call", _) => Stop::Calls,
        ("content_filter" | "sensitive", _) => Stop::Refused,
        (other, _) => return unknown(other),
    })
}

pub(super) fn to_chat(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Pause => "stop",
        Stop::Length | Stop::ContextFull => "length",
        Stop::Calls => "tool_calls",
        Stop::Refused => "content_filter",
    }
}

/// A response's `status`, and its reason where it is incomplete. One that was cancelled, or is not
/// over, is no answer; one that is incomplete for an unknown reason was cut short by some limit.
pub(super) fn from_responses(
    status: Option<&str>,
    incomplete: Option<&str>,
) -> Result<Stop, Fault> {
    match (status, incomplete) {
        (Some("completed") | None, _) => Ok(Stop::End),
        (Some("incomplete"), Some("content_filter")) => Ok(Stop::Refused),
        (Some("incomplete"), _) => Ok(Stop::Length),
        (Some(other), _) => Err(broken_off(other, None)),
    }
}

/// The reason a response is incomplete; `None` when it is completed.
pub(super) fn to_responses(stop: &Stop) -> Option<&'static str> {
    match stop {
        Stop::Length | Stop::ContextFull => Some("max_output_tokens"),
        Stop::Refused => Some("content_filter"),
        Stop::End | Stop::Sequence(_) | Stop::Calls | Stop::Pause => None,
    }
}

/// Gemini's `finishReason`. Two of them are ends and some are refusals; for every other the model's
/// answer is missing, wrong or half there (`OTHER`, `NO_IMAGE`, a call it could not form), and would
/// pass for a whole one.
pub(super) fn from_gemini(reason: &str, message: Option<String>) -> Result<Stop, Fault> {
    match reason {
        "STOP" => Ok(Stop::End),
        "MAX_TOKENS" => Ok(Stop::Length),
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Ok(Stop::Refused),
        other => Err(broken_off(other, message)),
    }
}

pub(super) fn to_gemini(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Calls | Stop::Pause => "STOP",
        Stop::Length | Stop::ContextFull => "MAX_TOKENS",
        Stop::Refused => "SAFETY",
    }
}

/// Ollama's `done_reason`.
pub(super) fn from_ollama(reason: &str) -> Result<Stop, Fault> {
    if reason == "length" { Ok(Stop::Length) } else { unknown(reason) }
}
