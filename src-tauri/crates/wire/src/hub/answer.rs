//! The answer form: what a model answers, as events in the order a reader of it would tell them.
//! Every dialect's answer, whole or streamed, is read into these events, and every client's is
//! written from them; so a whole answer and a stream of it cannot come to say different things.
//! Depends on nothing but `Back` and the seals; no bytes of any dialect here.

mod complaint;
mod counts;
mod cut;
mod document;
mod failure;
mod fault;
mod frames;
mod held;
mod lanes;
mod read;
mod scan;
mod stops;
mod stream;
#[cfg(test)]
mod tests;
mod write;

pub use complaint::{Complaint, complaint, complaint_in};
pub use document::{BadAnswer, answer, replay};
pub use failure::{Failure, failure, too_long_untold};
pub use fault::{Fault, FaultKind};
pub use frames::{EVENT_BYTES_MAX, Framing};
pub use lanes::HELD_BYTES_MAX;
pub(crate) use scan::unreadable;
pub use stream::{Ending, Stream};
pub use write::KEPT_BYTES_MAX;

use super::seal::Seal;

/// What a provider says of an answer before its first piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// When it was made, in seconds since 1970, where the provider says so.
    pub created: Option<u64>,
}

/// A piece of an answer. Pieces of one choice follow each other; they never interleave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text for the reader.
    Text,
    /// A refusal in words.
    Refusal,
    /// Thinking, or a summary of it; may be a seal alone.
    Thinking,
    /// A tool call.
    Call(Call),
    /// An image, as a `data:` or `https:` URL.
    Image(String),
}

/// A tool call, under the names the client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The call's id, legal in the client's form and unique in the answer.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The tool's namespace (Responses).
    pub namespace: Option<String>,
    /// A tool that takes free text instead of JSON.
    pub custom: bool,
    /// The seal the provider put on the call itself (Gemini).
    pub seal: Option<Seal<'static>>,
}

/// What is added to the piece in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// Text of a text, a refusal or a thought; never empty.
    Text(String),
    /// A part of a call's arguments: JSON text, or free text for a custom tool.
    Arguments(String),
    /// The seal of a thought; at most one a piece, right before its end.
    Seal(Seal<'static>),
    /// Token probabilities of the text in progress: Chat's list, as JSON text.
    Logprobs(String),
}

/// Why a choice ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The model was done.
    End,
    /// At a stop sequence; which one, where the provider tells.
    Sequence(Option<String>),
    /// The limit of output tokens.
    Length,
    /// The context window is full.
    ContextFull,
    /// Tools are to be called.
    Calls,
    /// The model or a filter refused.
    Refused,
    /// The provider paused a long turn; the client may go on.
    Pause,
}

/// One thing that happens in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The answer begins. Always first, unless the answer fails before it.
    Open(Opening),
    /// A piece begins.
    Begin(u32, Piece),
    /// The choice's piece in progress goes on.
    Add(u32, Delta),
    /// The choice's piece in progress is complete.
    End(u32),
    /// The choice is complete.
    Stop(u32, Stop),
    /// The answer cannot go on. Always last.
    Fail(Fault),
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub opening: Opening,
    pub choices: Vec<Choice>,
    pub fault: Option<Fault>,
}

/// One of the answers that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub index: u32,
    pub parts: Vec<Part>,
    pub stop: Stop,
}

/// A complete piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub piece: Piece,
    /// Its text, or a call's arguments.
    pub text: String,
    pub seal: Option<Seal<'static>>,
    /// Token probabilities: the lists as they came, one after the other.
    pub logprobs: Vec<String>,
}

impl Part {
    pub fn new(piece: Piece) -> Self {
        Self { piece, text: String::new(), seal: None, logprobs: Vec::new() }
    }

    pub fn add(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) | Delta::Arguments(text) => self.text.push_str(&text),
            Delta::Seal(seal) => self.seal = Some(seal),
            Delta::Logprobs(list) => self.logprobs.push(list),
        }
    }
}

impl Told {
    /// Takes one event into the whole.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Open(opening) => self.opening = opening,
            Event::Begin(index, piece) => self.choice(index).parts.push(Part::new(piece)),
            Event::Add(index, delta) => {
                if let Some(part) = self.choice(index).parts.last_mut() {
                    part.add(delta);
                }
            }
            Event::End(_) => {}
            Event::Stop(index, stop) => self.choice(index).stop = stop,
            Event::Fail(fault) => self.fault = Some(fault),
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let at = match self.choices.binary_search_by_key(&index, |c| c.index) {
            Ok(at) => at,
            Err(at) => {
                self.choices.insert(at, Choice { index, parts: Vec::new(), stop: Stop::End });
                at
            }
        };
        &mut self.choices[at]
    }
}
