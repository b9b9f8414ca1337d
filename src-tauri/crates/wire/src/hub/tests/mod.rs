//! Requests, translated: each rule a sentence. `to` and friends read what would be sent.

mod all_pairs;
mod gemini_in;
mod messages_in;
mod openai_in;
mod properties;

use super::{Asked, Form, Rejected, Target, Traits, Translated, request};
use serde_json::Value;
use weir_core::Endpoint;

/// Models of which each stands for a family, with the form it is asked in.
pub(super) const TARGETS: [(Form, &str, bool); 12] = [
    (Form::Messages, "claude-sonnet-4-5", false),
    (Form::Messages, "claude-opus-5-5", false),
    (Form::Chat, "gpt-4o", false),
    (Form::Chat, "gpt-5.6-luna", false),
    (Form::Chat, "qwen3:8b", true),
    (Form::Chat, "deepseek-chat", false),
    (Form::Responses, "gpt-5.6-luna", false),
    (Form::Responses, "some-model", true),
    (Form::Gemini, "gemini-3.8-flash", false),
    (Form::Gemini, "gemini-2.5-flash", false),
    (Form::Ollama, "qwen3:8b", true),
    (Form::Ollama, "gpt-oss:20b", true),
];

/// The endpoints a client can ask at.
pub(super) const CLIENTS: [Endpoint; 4] =
    [Endpoint::Messages, Endpoint::Chat, Endpoint::Responses, Endpoint::Generate];

pub(super) fn translate(
    endpoint: Endpoint,
    body: &Value,
    (form, model, local): (Form, &str, bool),
) -> Result<Translated, Rejected> {
    let body = body.to_string();
    let asked = Asked { endpoint, body: body.as_bytes(), model: "as-asked" };
    request(&asked, &Target { form, model, traits: Traits::of(form, model, local) })
}

/// What would be sent, and the rules that left something out.
#[track_caller]
pub(super) fn sent(
    endpoint: Endpoint,
    body: &Value,
    target: (Form, &str, bool),
) -> (Value, Vec<String>) {
    let translated = translate(endpoint, body, target).expect("it can be translated");
    let sent = serde_json::from_slice(&translated.body).expect("what is sent is JSON");
    (sent, translated.dropped.iter().map(ToString::to_string).collect())
}

/// Every text in a document.
pub(super) fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// How often `word` stands in the texts of a document.
pub(super) fn times(document: &Value, word: &str) -> usize {
    let mut found = Vec::new();
    strings(document, &mut found);
    found.iter().map(|text| text.matches(word).count()).sum()
}
