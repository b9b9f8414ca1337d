//! What each provider accepts, written from its documentation alone: a body that breaks a rule
//! here would be refused with a 400 or be misread. Knows nothing of how bodies are made.

mod chat;
mod gemini;
mod messages;
mod ollama;
mod responses;

use serde_json::Value;
use std::collections::BTreeSet;
use weir_wire::hub::Form;

/// Rules broken so far, with where.
pub struct Faults {
    found: Vec<String>,
}

impl Faults {
    fn note(&mut self, at: &str, what: impl Into<String>) {
        self.found.push(format!("{at}: {}", what.into()));
    }

    fn unless(&mut self, holds: bool, at: &str, what: &str) {
        if !holds {
            self.note(at, what);
        }
    }

    /// Every key of the object is one of `known`.
    fn keys(&mut self, at: &str, value: &Value, known: &[&str]) {
        let Some(pairs) = value.as_object() else { return self.note(at, "is no object") };
        for key in pairs.keys().filter(|key| !known.contains(&key.as_str())) {
            self.note(at, format!("{key} is not known here"));
        }
    }
}

/// The rules of `form` for `model` that this body breaks.
pub fn faults(form: Form, model: &str, local: bool, body: &[u8]) -> Vec<String> {
    let mut faults = Faults { found: Vec::new() };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return vec!["the body is no JSON".into()];
    };
    match form {
        Form::Messages => messages::check(&body, model, &mut faults),
        Form::Chat => chat::check(&body, model, local, &mut faults),
        Form::Responses => responses::check(&body, model, &mut faults),
        Form::Gemini => gemini::check(&body, model, &mut faults),
        Form::Ollama => ollama::check(&body, &mut faults),
    }
    faults.found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether a name is letters, digits, `_` and `-`, and not longer than `most`.
fn plain(name: &str, most: usize) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.len() <= most && name.chars().all(sound)
}

/// Whether the text is one JSON object.
fn object_text(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
}

/// Base64 without line breaks or a `data:` prefix.
fn base64(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    !text.is_empty() && text.chars().all(sound)
}

/// Values that occur twice.
fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

/// A JSON Schema as every vendor but Google writes it: types in small letters.
fn schema(at: &str, value: &Value, faults: &mut Faults) {
    if let Some(name) = value.get("type").and_then(Value::as_str) {
        let known = ["object", "array", "string", "number", "integer", "boolean", "null"];
        faults.unless(known.contains(&name), at, &format!("type {name} is not JSON Schema's"));
    }
    for key in ["minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"] {
        if value.get(key).is_some_and(|limit| !limit.is_number()) {
            faults.note(at, format!("{key} is no number"));
        }
    }
    if let Some(pairs) = value.get("properties").and_then(Value::as_object) {
        for (name, inner) in pairs {
            schema(&format!("{at}.{name}"), inner, faults);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = value.get(key).filter(|inner| inner.is_object()) {
            schema(&format!("{at}.{key}"), inner, faults);
        }
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        for inner in value.get(key).map_or(&[][..], list) {
            schema(&format!("{at}.{key}"), inner, faults);
        }
    }
}

/// The schema of a tool's input: an object.
fn tool_schema(at: &str, value: &Value, faults: &mut Faults) {
    faults.unless(value["type"] == "object", at, "a tool's input is an object");
    schema(at, value, faults);
}
