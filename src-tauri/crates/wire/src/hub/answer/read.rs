//! The readers: one a dialect, each turning its own answers, whole and streamed, into the lanes.

mod chat;
mod gemini;
pub(super) mod logprobs;
mod messages;
mod ollama;
mod responses;

use super::super::Form;
use super::lanes::Lanes;
use crate::json::Value;

/// How one dialect's answers are read.
pub(super) trait Read {
    /// One event of a stream; `name` is its SSE name. `true` at the dialect's own end.
    fn event(&mut self, name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool;
    /// A whole answer.
    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes);
    /// The stream is over, by its own end or because nothing more comes: what was put off until
    /// then is told now.
    fn finish(&mut self, _lanes: &mut Lanes) {}
}

pub(super) fn reader(form: Form) -> Box<dyn Read + Send> {
    match form {
        Form::Messages => Box::new(messages::Messages::default()),
        Form::Chat => Box::new(chat::Chat::default()),
        Form::Responses => Box::new(responses::Responses::default()),
        Form::Gemini => Box::new(gemini::Gemini),
        Form::Ollama => Box::new(ollama::Ollama),
    }
}
