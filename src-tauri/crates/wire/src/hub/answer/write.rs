//! The writers: one a client's form, each telling the events of an answer as that form streams
//! them, and writing a whole answer as that form has it.

mod chat;
mod gemini;
mod messages;
mod responses;

use super::super::seal::{self, Maker, Seal};
use super::super::{Back, Form, ids, out::Out};
use super::fault::Fault;
use super::{Event, Opening, Told};
use crate::json::Value;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use weir_core::Usage;

/// Most bytes of an answer kept for the event that repeats the whole (Responses).
pub const KEPT_BYTES_MAX: usize = 64 << 20;

/// How one form streams an answer.
pub(super) trait Write {
    /// One event. `usage` is what is known of it, and only looked at when the answer opens.
    fn event(&mut self, event: &Event, usage: Option<&Usage>, out: &mut Vec<u8>);
    /// The answer is complete.
    fn finish(&mut self, usage: Option<&Usage>, out: &mut Vec<u8>);
    /// The answer cannot go on; said once, and nothing after it.
    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>);
    /// One JSON array is wanted instead of events; only Gemini's form has it.
    fn as_array(&mut self) {}
    /// Whether more was kept for the last event than may be.
    fn over(&self) -> bool {
        false
    }
}

pub(super) fn writer(back: Arc<Back>) -> Box<dyn Write + Send> {
    match back.client {
        Form::Messages => Box::new(messages::Messages::new(back)),
        // Ollama's own form is never a client's; its clients that came here speak OpenAI's.
        Form::Chat | Form::Ollama => Box::new(chat::Chat::new(back)),
        Form::Responses => Box::new(responses::Responses::new(back)),
        Form::Gemini => Box::new(gemini::Gemini::new(back)),
    }
}

/// A whole answer in the client's form.
pub(super) fn whole(back: &Back, told: &Told, usage: Option<&Usage>) -> Vec<u8> {
    match back.client {
        Form::Messages => messages::whole(back, told, usage),
        Form::Chat | Form::Ollama => chat::whole(back, told, usage),
        Form::Responses => responses::whole(back, told, usage),
        Form::Gemini => gemini::whole(back, told, usage),
    }
}

/// Writes one server-sent event.
fn sse(out: &mut Vec<u8>, name: Option<&str>, json: Out) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    one_line(&json.into_bytes(), out);
    out.extend_from_slice(b"\n\n");
}

/// JSON on one line. Arguments are copied as the model wrote them, often over several lines;
/// between JSON's strings a line break is a blank, but inside an event it would end its data.
fn one_line(json: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(json);
    for byte in out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

/// The answer's id in the client's form: the provider's with the form's prefix, or one from the
/// turn's seed.
fn answer_id(prefix: &str, opening: &Opening, back: &Back) -> String {
    match &opening.id {
        Some(id) if id.starts_with(prefix) => ids::call_id(Form::Messages, id).into_owned(),
        Some(id) => {
            let bare = ["chatcmpl-", "msg_", "resp_"].iter().find_map(|p| id.strip_prefix(p));
            format!("{prefix}{}", ids::call_id(Form::Messages, bare.unwrap_or(id)))
        }
        None => {
            let mut hasher = DefaultHasher::new();
            back.seed.hash(&mut hasher);
            format!("{prefix}{:016x}", hasher.finish())
        }
    }
}

/// A seal as the client is given it: bare when its own dialect made it, marked when not.
fn seal_text<'a>(seal: &'a Seal<'_>, own: &[Maker]) -> Cow<'a, str> {
    if own.contains(&seal.by) {
        Cow::Borrowed(&seal.data)
    } else {
        Cow::Owned(seal::marked(seal.by, &seal.data))
    }
}

/// A call's arguments where the form takes an object. Text that is no object, as a model may
/// write it or a limit may cut it, is kept under a name no tool has, so that the tool refuses it
/// and the model can see what it wrote.
fn object(arguments: &str) -> Cow<'_, str> {
    let sound = Value::whole(arguments.as_bytes()).is_some_and(|v| v.is_object())
        && super::scan::sound(arguments.as_bytes());
    if sound {
        return Cow::Borrowed(arguments.trim());
    }
    Cow::Owned(serde_json::json!({ "invalid_arguments": arguments }).to_string())
}
