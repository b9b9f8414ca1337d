//! What Cursor sends, made into plain OpenAI Chat. Its servers put a Responses body, or pieces of
//! an Anthropic one, on the chat path by the model's name, add a variant to that name, and on some
//! plans only know the Azure form of the path. Pure: paths, names and bytes; a body that is plain
//! Chat already is not touched.

mod dialogue;
mod parts;
mod plain;
mod tools;
mod written;

use crate::endpoint::model_name;
use crate::json::Value;
use std::borrow::Cow;
use std::ops::Range;
use weir_core::Endpoint;

/// What a request line on the tunnel's port asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorTarget {
    /// `Models` or `Chat`; nothing else is known there.
    pub endpoint: Endpoint,
    /// The model, where the path holds it (Azure calls it a deployment).
    pub deployment: Option<String>,
}

/// The target of a request line; `path` comes without its query.
pub fn cursor_target(method: &str, path: &str) -> Option<CursorTarget> {
    let found = |endpoint, deployment| Some(CursorTarget { endpoint, deployment });
    match (method, path) {
        ("GET", "/cursor/v1/models") => found(Endpoint::Models, None),
        ("POST", "/cursor/v1/chat/completions") => found(Endpoint::Chat, None),
        ("POST", _) => {
            let azure = path.strip_prefix("/cursor").unwrap_or(path);
            let name = azure.strip_prefix("/openai/deployments/")?;
            let name = name.strip_suffix("/chat/completions")?;
            found(Endpoint::Chat, Some(model_name(name)?))
        }
        _ => None,
    }
}

/// Why a body cannot be made into Chat without losing what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeProblem {
    /// It goes on from a response that only the provider's memory holds.
    #[error(
        "previous_response_id refers to an answer that is kept nowhere on this way. Send the whole \
         conversation"
    )]
    Remembered,
    /// An item of `input`, or a part of a message, that has no place in Chat.
    #[error("{place} of type {kind:?} has no place in a chat request")]
    NoPlace {
        /// `an input item` or `a content part`.
        place: &'static str,
        /// Its `type`.
        kind: String,
    },
}

/// The body as plain Chat. What is not JSON, or is plain already, comes back as it is.
///
/// # Errors
/// When something in it has no place in Chat and leaving it out would change the answer.
pub fn normalise(body: &[u8]) -> Result<Cow<'_, [u8]>, ShapeProblem> {
    match Value::whole(body) {
        Some(document) if document.is_object() && !plain::is_chat(&document) => {
            dialogue::chat(&document).map(Cow::Owned)
        }
        _ => Ok(Cow::Borrowed(body)),
    }
}

/// Keys that would lead around a list of models, to another host's prices, or to work that is
/// billed apart from the model's: fallbacks, plug-ins, searches, a service tier.
const ROAMING: [&str; 8] = [
    "models",
    "fallbacks",
    "route",
    "provider",
    "preset",
    "plugins",
    "web_search_options",
    "service_tier",
];

/// A chat body without what a stranger may not choose. One that has none of it is not touched.
pub fn bounded(body: &[u8]) -> Cow<'_, [u8]> {
    let Some(document) = Value::whole(body) else { return Cow::Borrowed(body) };
    let mut kept = written::Object::default();
    let mut roams = false;
    document.each_entry(|key, value| {
        // Some servers do not tell capitals from small letters.
        let roaming = ROAMING.iter().any(|name| key.eq_ignore_ascii_case(name));
        // Says nothing, and would stand behind the effort that a variant asks for.
        if roaming || key == "reasoning_effort" && value.is_null() {
            roams = true;
        } else {
            kept.raw(&key, value.raw());
        }
    });
    if roams { Cow::Owned(kept.json()) } else { Cow::Borrowed(body) }
}

/// A model's name without the variant Cursor's picker added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant<'a> {
    /// The name that is known.
    pub base: &'a str,
    /// What the variant asks for, as `reasoning_effort` says it.
    pub effort: Option<&'static str>,
}

/// What the picker adds. `fast` asks for dearer processing, which is not the tunnel's to choose.
const VARIANTS: [&str; 7] = ["-thinking", "-fast", "-extra", "-xhigh", "-high", "-medium", "-low"];

/// The known model a name stands for: itself, or what is left of it without the endings a variant
/// has. Only a name that leads to a known one is shortened.
pub fn variant(name: &str, known: impl Fn(&str) -> bool) -> Option<Variant<'_>> {
    let mut endings: Vec<&'static str> = Vec::new();
    let mut base = name;
    while !known(base) {
        let ending = VARIANTS.into_iter().find(|ending| base.ends_with(ending))?;
        base = &base[..base.len() - ending.len()];
        endings.push(&ending[1..]);
    }
    let asks = |word: &str| endings.contains(&word);
    let effort = if asks("xhigh") || asks("extra") {
        Some("xhigh")
    } else if asks("high") {
        Some("high")
    } else if asks("low") {
        Some("low")
    } else if asks("medium") || asks("thinking") {
        Some("medium")
    } else {
        None
    };
    Some(Variant { base, effort })
}

/// The model a body names.
pub fn model(body: &[u8]) -> Option<String> {
    Value::whole(body)?.get("model")?.text()
}

/// A chat body that names `model` and asks for `effort`, unless it says an effort itself. Every
/// other byte stays as it is; a body that is no object is copied.
pub fn with_model(body: &[u8], model: &str, effort: Option<&str>) -> Vec<u8> {
    let Some(document) = Value::whole(body).filter(Value::is_object) else {
        return body.to_vec();
    };
    let mut named: Option<Range<usize>> = None;
    document.each_entry(|key, value| {
        if key == "model" {
            named = Some(value.start..value.end);
        }
    });
    let mut added = Vec::new();
    if named.is_none() {
        added.push(format!("\"model\":{}", written::quoted(model)));
    }
    if let Some(effort) = effort.filter(|_| document.get("reasoning_effort").is_none()) {
        added.push(format!("\"reasoning_effort\":{}", written::quoted(effort)));
    }
    let mut out = body[..=document.start].to_vec();
    out.extend_from_slice(added.join(",").as_bytes());
    let empty = document.raw()[1..].trim_ascii_start().first() == Some(&b'}');
    if !added.is_empty() && !empty {
        out.push(b',');
    }
    let span = named.unwrap_or(document.start + 1..document.start + 1);
    out.extend_from_slice(&body[document.start + 1..span.start]);
    if !span.is_empty() {
        out.extend_from_slice(written::quoted(model).as_bytes());
    }
    out.extend_from_slice(&body[span.end..]);
    out
}

#[cfg(test)]
mod tests;
