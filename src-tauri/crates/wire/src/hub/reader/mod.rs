//! Readers: a request body of each dialect a client may speak, into a `Conversation`.
//! They know the fields of their dialect and nothing of where the request goes.

mod chat;
mod gemini;
mod media;
mod messages;
mod openai;
mod responses;
mod schema;

use super::conversation::{Conversation, Part, Role, Said, Turn};
use super::reading::Text;
use super::{Drops, Form, Rejected};
use serde::Deserialize;
use std::borrow::Cow;

/// Reads a body.
///
/// # Errors
/// When its own dialect would refuse it, or when it leans on something only its own vendor holds:
/// a file, an earlier response, a cached content.
pub(super) fn read<'a>(
    form: Form,
    body: &'a str,
    drops: &mut Drops,
) -> Result<Conversation<'a>, Rejected> {
    match form {
        Form::Messages => messages::read(body, drops),
        Form::Chat => chat::read(body, drops),
        Form::Responses => responses::read(body, drops),
        Form::Gemini => gemini::read(body, drops),
        Form::Ollama => Err(Rejected::invalid("Ollama's own API is not answered here.")),
    }
}

/// One JSON document of a known shape.
fn document<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, Rejected> {
    serde_json::from_str(body)
        .map_err(|flaw| Rejected::invalid(format!("The request body cannot be read: {flaw}.")))
}

/// Notes fields nobody knows.
fn unknown(drops: &mut Drops, fields: &[Text<'_>]) {
    for field in fields {
        drops.note_for("unknown", field);
    }
}

/// A text that is there and not empty.
fn said<'a>(text: Option<Text<'a>>) -> Option<Cow<'a, str>> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

/// Moves the system's first words out of the turns.
fn lead_out<'a>(conversation: &mut Conversation<'a>) {
    let first = conversation.turns.iter().position(|turn| turn.role != Role::System);
    let count = first.unwrap_or(conversation.turns.len());
    for turn in conversation.turns.drain(..count) {
        let texts = turn.parts.into_iter().filter_map(|part| match part {
            Part::Text(said) => Some(said),
            _ => None,
        });
        conversation.system.extend(texts.collect::<Vec<Said<'a>>>());
    }
}

/// Adds a part to the last turn when it is of this role and still open, else begins a turn.
fn join<'a>(turns: &mut Vec<Turn<'a>>, role: Role, part: Part<'a>) {
    match turns.last_mut() {
        Some(turn) if turn.role == role => turn.parts.push(part),
        _ => turns.push(Turn { role, parts: vec![part] }),
    }
}
