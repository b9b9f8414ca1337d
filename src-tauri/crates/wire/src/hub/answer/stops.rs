//! Why an answer ended, in every dialect's words.

use super::Stop;
use super::fault::{Fault, FaultKind};

/// Anthropic's `stop_reason`; `sequence` is its `stop_sequence`. Unknown reasons read as the end:
/// the list is open.
pub(super) fn from_messages(reason: &str, sequence: Option<String>) -> Stop {
    match reason {
        "max_tokens" => Stop::Length,
        "stop_sequence" => Stop::Sequence(sequence),
        "tool_use" => Stop::Calls,
        "pause_turn" => Stop::Pause,
        "refusal" => Stop::Refused,
        "model_context_window_exceeded" => Stop::ContextFull,
        _ => Stop::End,
    }
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
pub(super) fn from_chat(reason: &str, matched: Option<String>) -> Stop {
    match (reason, matched) {
        ("stop", Some(sequence)) => Stop::Sequence(Some(sequence)),
        ("length", _) => Stop::Length,
        ("tool_calls" | "function_call", _) => Stop::Calls,
        ("content_filter", _) => Stop::Refused,
        _ => Stop::End,
    }
}

pub(super) fn to_chat(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) | Stop::Pause => "stop",
        Stop::Length | Stop::ContextFull => "length",
        Stop::Calls => "tool_calls",
        Stop::Refused => "content_filter",
    }
}

/// The reason of an incomplete response.
pub(super) fn from_responses(incomplete: Option<&str>) -> Stop {
    match incomplete {
        None => Stop::End,
        Some("content_filter") => Stop::Refused,
        Some(_) => Stop::Length,
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

/// Gemini's `finishReason`. A call the model could not form is a fault: nothing of it came, and an
/// empty answer would pass for one.
pub(super) fn from_gemini(reason: &str, message: Option<String>) -> Result<Stop, Fault> {
    match reason {
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
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE" => {
            let words = message.unwrap_or_else(|| {
                "The model's answer could not be used; asking again can help.".to_owned()
            });
            let mut fault = Fault::new(FaultKind::Api, format!("{reason}: {words}"));
            fault.code = Some(reason.to_owned());
            Err(fault)
        }
        _ => Ok(Stop::End),
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
pub(super) fn from_ollama(reason: &str) -> Stop {
    if reason == "length" { Stop::Length } else { Stop::End }
}
