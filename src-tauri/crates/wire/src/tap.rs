//! The tap: reads usage and the end of an answer from a copy of the bytes that pass.
//! Owns the framing (SSE, one JSON body, Gemini's JSON array); each dialect's meaning is a file of
//! its own under `tap/`. Never panics, memory is bounded, and what passes is never touched.

mod anthropic;
mod body;
mod core;
mod embeddings;
mod free;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;
mod openai_usage;

use self::body::Body;
pub(crate) use self::body::Items;
use self::core::Reading;
use crate::damaged::{is_damaged, is_half};
use crate::encoding::{Decoder, Encoding};
use crate::json::Value;
use crate::lines::Lines;
use crate::sse::Splitter;
use std::io;
use weir_core::meter::End;
use weir_core::{Endpoint, Metered, Usage};

/// Longest event of a stream that is read, in bytes. A longer one passes unread. The last event of
/// a Responses stream repeats the whole answer.
pub const TAP_LINE_BYTES_MAX: usize = 8 << 20;
/// Longest JSON answer that is read, in bytes once decoded. A longer one passes unread.
pub const TAP_BODY_BYTES_MAX: usize = 32 << 20;
/// Most bytes a compressed stream may decode to, in all.
pub const TAP_DECODED_BYTES_MAX: usize = 1 << 30;

/// Reads one answer.
pub struct Tap {
    decoder: Decoder<Frames>,
}

impl Tap {
    /// A tap for the answer of `endpoint`. `sse` and `encoding` are those of the answer's own
    /// headers (`Content-Type: text/event-stream`, `Content-Encoding`), not of the request.
    pub fn new(endpoint: Endpoint, sse: bool, encoding: Encoding) -> Self {
        let shape = if sse {
            Shape::Events(Splitter::new(TAP_LINE_BYTES_MAX))
        } else if endpoint == Endpoint::GenerateStream {
            Shape::Items(Items::new(TAP_BODY_BYTES_MAX))
        } else if endpoint == Endpoint::OllamaChat {
            Shape::Lines(Lines::new(TAP_BODY_BYTES_MAX), false)
        } else {
            Shape::Whole(Body::new(TAP_BODY_BYTES_MAX))
        };
        let frames = Frames { shape, dialect: DialectReading::new(endpoint), damaged: false };
        Self { decoder: Decoder::new(encoding, TAP_DECODED_BYTES_MAX, frames) }
    }

    /// Takes the next bytes of the answer, as they came from the provider.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.decoder.feed(chunk);
    }

    /// What is known so far, were the answer to end here: for a stream that was cut.
    pub fn metered(&self) -> Metered {
        let frames = self.decoder.sink();
        let mut dialect = frames.dialect.clone();
        frames.shape.rest(&mut dialect);
        dialect.metered()
    }

    /// What is known at the end of the answer.
    pub fn finish(mut self) -> Metered {
        self.decoder.end();
        self.metered()
    }

    /// Whether content has begun: from here on no other provider can take over.
    pub fn content_started(&self) -> bool {
        self.decoder.sink().dialect.seen_content()
    }

    /// How the answer stands: whether its dialect's end, or an error, was seen.
    pub fn end(&self) -> End {
        self.decoder.sink().dialect.shared().seen().end
    }

    /// Whether a damaged event has come since this was last asked.
    pub fn met_damage(&mut self) -> bool {
        std::mem::take(&mut self.decoder.sink_mut().damaged)
    }

    /// Whether everything so far could be read. `false` after an unknown encoding, damaged
    /// compressed data, or an event or body over its limit: then a missing end says nothing.
    pub fn readable(&self) -> bool {
        self.decoder.problem.is_none() && !self.decoder.sink().shape.lost()
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tap").field("readable", &self.readable()).finish_non_exhaustive()
    }
}

/// How an answer is framed.
enum Shape {
    Events(Splitter),
    Whole(Body),
    Items(Items),
    /// One object a line; whether one was too long to read.
    Lines(Lines, bool),
}

impl Shape {
    /// Reads what is complete but for its end.
    fn rest(&self, dialect: &mut DialectReading) {
        match self {
            Self::Events(splitter) => {
                // Half of an end is none, whatever its name says.
                if let Some(event) = splitter.pending().filter(|event| !is_half(&event.data)) {
                    dialect.event(event.name, &event.data);
                }
            }
            Self::Whole(body) => {
                if let Some(document) = body.bytes().and_then(Value::whole) {
                    dialect.document(document);
                } else if let Some(end) = dialect.usage_key().and_then(|key| body.last_fields(key))
                {
                    // A whole document only where the key stands at the top and the body ended.
                    if let Some(document) = Value::whole(&end) {
                        dialect.document(document);
                    }
                }
            }
            Self::Items(_) => {}
            Self::Lines(lines, _) => lines.pending(|line| {
                if let Some(line) = line {
                    dialect.event(b"", line);
                }
            }),
        }
    }

    fn lost(&self) -> bool {
        match self {
            Self::Events(splitter) => splitter.lost(),
            Self::Whole(body) => body.lost(),
            Self::Items(items) => items.lost(),
            Self::Lines(_, lost) => *lost,
        }
    }
}

/// The decoder's sink: frames the decoded bytes and hands them to the dialect.
struct Frames {
    shape: Shape,
    dialect: DialectReading,
    /// An event since it was last asked whose JSON nobody can read.
    damaged: bool,
}

impl io::Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { shape, dialect, damaged } = self;
        match shape {
            Shape::Events(splitter) => splitter.feed(bytes, |e| {
                *damaged |= is_damaged(&e.data);
                dialect.event(e.name, &e.data);
            }),
            Shape::Whole(body) => body.feed(bytes),
            Shape::Items(items) => items.feed(bytes, |item| dialect.event(b"", item)),
            Shape::Lines(lines, lost) => lines.feed(bytes, |line| match line {
                Some(line) => dialect.event(b"", line),
                None => *lost = true,
            }),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The reading of one dialect.
#[derive(Clone)]
enum DialectReading {
    Anthropic(anthropic::Messages),
    Chat(openai_chat::Chat),
    Responses(openai_responses::Responses),
    Embeddings(embeddings::Embeddings),
    Gemini(gemini::Generate),
    Ollama(ollama::Ollama),
    Free(free::Free),
}

impl DialectReading {
    fn new(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Messages => Self::Anthropic(anthropic::Messages::default()),
            Endpoint::Chat => Self::Chat(openai_chat::Chat::default()),
            Endpoint::Responses => Self::Responses(openai_responses::Responses::default()),
            Endpoint::Embeddings => Self::Embeddings(embeddings::Embeddings::default()),
            Endpoint::Generate | Endpoint::GenerateStream => {
                Self::Gemini(gemini::Generate::default())
            }
            Endpoint::OllamaChat => Self::Ollama(ollama::Ollama::default()),
            Endpoint::MessagesCount
            | Endpoint::GenerateCount
            | Endpoint::Models
            | Endpoint::GeminiModels => Self::Free(free::Free::default()),
        }
    }

    fn reading(&mut self) -> &mut dyn Reading {
        match self {
            Self::Anthropic(r) => r,
            Self::Chat(r) => r,
            Self::Responses(r) => r,
            Self::Embeddings(r) => r,
            Self::Gemini(r) => r,
            Self::Ollama(r) => r,
            Self::Free(r) => r,
        }
    }

    fn shared(&self) -> &dyn Reading {
        match self {
            Self::Anthropic(r) => r,
            Self::Chat(r) => r,
            Self::Responses(r) => r,
            Self::Embeddings(r) => r,
            Self::Gemini(r) => r,
            Self::Ollama(r) => r,
            Self::Free(r) => r,
        }
    }

    /// One event of a stream. Data that is no JSON is passed over, but for the marker with which
    /// OpenAI's dialect ends.
    fn event(&mut self, name: &[u8], data: &[u8]) {
        if data.trim_ascii() == b"[DONE]" {
            self.reading().done();
        } else if let Some(value) = Value::document(data) {
            self.reading().event(name, value);
        }
    }

    fn document(&mut self, document: Value<'_>) {
        self.reading().document(document);
    }

    /// Where the usage of a whole answer stands, if its end alone is enough to bill by. Of an answer
    /// in words it is not: searches, tools and the model that answered stand before it.
    fn usage_key(&self) -> Option<&'static str> {
        matches!(self, Self::Embeddings(_)).then_some("usage")
    }

    fn metered(&self) -> Metered {
        self.shared().metered()
    }

    fn seen_content(&self) -> bool {
        self.shared().seen().started
    }
}

/// The usage of an answer whose events are framed and parsed elsewhere: what a translation shows
/// its client are the numbers the tap bills.
pub(crate) struct UsageReading(DialectReading);

impl UsageReading {
    /// A reading at the beginning of an answer of `endpoint`.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self(DialectReading::new(endpoint))
    }

    /// One event of a stream.
    pub(crate) fn event(&mut self, name: &[u8], value: Value<'_>) {
        self.0.reading().event(name, value);
    }

    /// A whole answer.
    pub(crate) fn document(&mut self, document: Value<'_>) {
        self.0.document(document);
    }

    /// What was reported so far.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.0.metered().usage
    }
}

#[cfg(test)]
#[path = "tap/tests.rs"]
mod tests;
