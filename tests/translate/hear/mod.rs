//! What a client hears: each dialect's answers, whole and streamed, put together as the vendors'
//! own SDKs do it, with every rule of the stream's grammar checked on the way. Used on what the
//! product wrote and, leniently, on what the provider sent, so the two can be laid side by side.

mod chat;
mod gemini;
mod messages;
mod ollama;
mod responses;

use crate::json;
use serde_json::Value;
use weir_wire::hub::Form;

/// One of the answers in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its text.
    pub text: String,
    /// What it refuses with.
    pub refusal: String,
    /// What it thinks aloud.
    pub thinking: String,
    /// Names and arguments of its calls; arguments in canonical form, free text as it is.
    pub calls: Vec<(String, String)>,
    /// The ids of its calls.
    pub ids: Vec<String>,
    /// Why it ended; empty where it did not.
    pub stop: String,
}

/// Token counts as the dialect tells them, brought to one meaning; `prompt` holds all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The whole prompt.
    pub prompt: u64,
    /// What was read from a cache.
    pub cached: u64,
    /// What was written, thinking included.
    pub output: u64,
    /// Thinking.
    pub reasoning: u64,
}

/// An answer as a client hears it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The answers.
    pub choices: Vec<Choice>,
    /// The tokens, where the answer says.
    pub usage: Option<Counts>,
    /// The error's text, where it failed.
    pub failed: Option<String>,
    /// Whether it came to its dialect's own end.
    pub ended: bool,
    /// Rules of the dialect that were broken.
    pub faults: Vec<String>,
}

impl Heard {
    fn choice(&mut self, index: usize) -> &mut Choice {
        while self.choices.len() <= index {
            self.choices.push(Choice::default());
        }
        &mut self.choices[index]
    }

    fn unless(&mut self, holds: bool, what: &str) {
        if !holds {
            self.faults.push(what.to_owned());
        }
    }

    /// The first answer.
    pub fn first(&self) -> Choice {
        self.choices.first().cloned().unwrap_or_default()
    }
}

/// What a whole answer says.
pub fn whole(form: Form, body: &[u8]) -> Heard {
    let mut heard = Heard { ended: true, ..Heard::default() };
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        heard.faults.push("the answer is no JSON".into());
        return heard;
    };
    let raw = String::from_utf8_lossy(body).into_owned();
    match form {
        Form::Messages => messages::whole(&value, &raw, &mut heard),
        Form::Chat => chat::whole(&value, &mut heard),
        Form::Responses => responses::whole(&value, &mut heard),
        Form::Gemini => gemini::whole(&value, &raw, &mut heard),
        Form::Ollama => ollama::whole(&value, &raw, &mut heard),
    }
    heard
}

/// What a stream says; `framing` is the corpus's word for it.
pub fn stream(form: Form, framing: &str, bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let events = match framing {
        "sse" => events(&text, &mut heard),
        "ndjson" => text.lines().map(|line| (String::new(), line.to_owned())).collect(),
        _ => items(&text, &mut heard),
    };
    match form {
        Form::Messages => messages::stream(&events, &mut heard),
        Form::Chat => chat::stream(&events, &mut heard),
        Form::Responses => responses::stream(&events, &mut heard),
        Form::Gemini => gemini::stream(&events, &mut heard),
        Form::Ollama => ollama::stream(&events, &mut heard),
    }
    heard
}

/// Server-sent events, by the WHATWG's rules: name and data.
fn events(text: &str, heard: &mut Heard) -> Vec<(String, String)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut found = Vec::new();
    for block in text.trim_end_matches('\n').split("\n\n") {
        let (mut name, mut data) = (String::new(), Vec::new());
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "data" => data.push(value.to_owned()),
                "" | "id" | "retry" => {}
                other => heard.faults.push(format!("a field {other:?}")),
            }
        }
        if !data.is_empty() {
            found.push((name, data.join("\n")));
        }
    }
    found
}

/// The items of a JSON array that may have been cut.
fn items(text: &str, heard: &mut Heard) -> Vec<(String, String)> {
    if let Some(node) = json::Node::parse(text) {
        return node.items().iter().map(|item| (String::new(), item.written())).collect();
    }
    heard.faults.push("the array is no JSON".into());
    let mut found = Vec::new();
    let mut rest = text.trim().trim_start_matches('[');
    loop {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else { return found };
        found.push((String::new(), value.to_string()));
        rest = rest[values.byte_offset()..].trim_start().trim_start_matches(',').trim_start();
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number that the dialect requires.
fn count(heard: &mut Heard, value: &Value, what: &str) -> u64 {
    heard.unless(value.is_u64(), what);
    value.as_u64().unwrap_or(0)
}

/// The error's text of any dialect.
fn error_text(value: &Value) -> String {
    let error = value.get("error").unwrap_or(value);
    let message = error.get("message").and_then(Value::as_str).or(error.as_str());
    message.unwrap_or_default().to_owned()
}
