//! A provider's stream as the client's: pieces of bytes in, whole events of the client's form out.
//! Where the input was cut changes nothing. Usage is what the tap reads, so that the client sees
//! the numbers that are billed.

use super::super::{Back, Form};
use super::fault::{Fault, FaultKind};
use super::frames::{EVENT_BYTES_MAX, Frame, Frames, Framing};
use super::lanes::Lanes;
use super::read::{self, Read};
use super::write::{self, KEPT_BYTES_MAX, Write};
use super::{Event, Stop, scan};
use crate::json::Value;
use crate::tap::UsageReading;
use std::sync::Arc;

/// How a provider's stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The body is complete.
    Clean,
    /// The connection broke.
    Cut,
}

/// One translated stream.
pub struct Stream {
    frames: Frames,
    line: Line,
}

/// Everything behind the framing.
struct Line {
    client: Form,
    tap: UsageReading,
    reader: Box<dyn Read + Send>,
    lanes: Lanes,
    writer: Box<dyn Write + Send>,
    started: bool,
    failed: bool,
    /// The answer is told; what still comes is nobody's.
    over: bool,
}

impl Stream {
    /// A stream at its beginning. `framing` is the provider's.
    pub fn new(back: Back, from: Form, framing: Framing) -> Self {
        let back = Arc::new(back);
        Self {
            frames: Frames::new(framing),
            line: Line {
                client: back.client,
                tap: UsageReading::new(from.endpoint(true)),
                reader: read::reader(from),
                lanes: Lanes::new(Arc::clone(&back)),
                writer: write::writer(back),
                started: false,
                failed: false,
                over: false,
            },
        }
    }

    /// For a Gemini client that asked for a stream without `alt=sse`: one JSON array.
    #[must_use]
    pub fn as_array(mut self) -> Self {
        self.line.writer.as_array();
        self
    }

    /// Takes the provider's next bytes; gives the client's, whole events only.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len() + chunk.len() / 2);
        let line = &mut self.line;
        self.frames.feed(chunk, |frame| line.frame(frame, &mut out));
        out
    }

    /// The provider's stream is over. An answer that had not come to its end is told as an error.
    pub fn finish(&mut self, end: Ending) -> Vec<u8> {
        let mut out = Vec::new();
        let line = &mut self.line;
        // What a broken connection left behind is half an event, unless it is whole by itself.
        self.frames.pending(|frame| {
            if end == Ending::Clean || frame.is_some_and(|(_, data)| scan::sound(data)) {
                line.frame(frame, &mut out);
            }
        });
        if !line.over {
            line.reader.finish(&mut line.lanes);
            if line.lanes.complete() {
                line.conclude(&mut out);
            } else {
                line.fail(&cut(end), &mut out);
            }
        }
        out
    }

    /// What keeps the client's connection alive while the provider is silent; `None` where the
    /// client's dialect has nothing for it. Gemini's clients read nothing but data, and some of
    /// OpenAI's SDKs fail on an event they do not know.
    pub fn ping(&self) -> Option<&'static [u8]> {
        if self.line.over {
            return None;
        }
        match self.line.client {
            Form::Messages => Some(b"event: ping\ndata: {\"type\": \"ping\"}\n\n"),
            Form::Chat | Form::Responses | Form::Ollama => Some(b": keep-alive\n\n"),
            Form::Gemini => None,
        }
    }

    /// Whether content has reached the client: from here on no other provider can take over.
    pub fn content_started(&self) -> bool {
        self.line.started
    }

    /// Whether the client was told the end: nothing the provider still sends can change it.
    pub fn over(&self) -> bool {
        self.line.over
    }

    /// Whether the answer failed.
    pub fn failed(&self) -> bool {
        self.line.failed
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Line { client, started, failed, over, .. } = &self.line;
        f.debug_struct("Stream")
            .field("client", client)
            .field("started", started)
            .field("failed", failed)
            .field("over", over)
            .finish_non_exhaustive()
    }
}

impl Line {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        let Some((name, data)) = frame else {
            let most = EVENT_BYTES_MAX >> 20;
            let words = format!("An event of the provider's stream is longer than {most} MB.");
            return self.fail(&Fault::new(FaultKind::Api, words), out);
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            return self.done(out);
        }
        match Value::whole(data).filter(|_| scan::sound(data)) {
            Some(value) if value.is_object() || value.is_array() => self.value(name, value, out),
            _ if name == b"error" => {
                let words = String::from_utf8_lossy(data).into_owned();
                self.fail(&Fault::new(FaultKind::Api, words), out);
            }
            // A word that is no JSON document says nothing (`data: ping`); an object that is
            // damaged said something, and an answer without it would pass for whole.
            _ if !matches!(data.first(), Some(b'{' | b'[')) => {}
            _ => match scan::without_nan(data) {
                Some(mended) => {
                    if let Some(value) = Value::whole(&mended) {
                        self.value(name, value, out);
                    }
                }
                None => {
                    let words = "A piece of the provider's stream is damaged.";
                    self.fail(&Fault::new(FaultKind::Api, words), out);
                }
            },
        }
    }

    fn value(&mut self, name: &[u8], value: Value<'_>, out: &mut Vec<u8>) {
        self.tap.event(name, value);
        let end = self.reader.event(name, value, &mut self.lanes);
        self.tell(out);
        if end && !self.over {
            self.done(out);
        }
    }

    /// The dialect's own end.
    fn done(&mut self, out: &mut Vec<u8>) {
        self.reader.finish(&mut self.lanes);
        // An end without a reason is an end; an end without any answer is none.
        self.lanes.stop_rest(&Stop::End);
        if self.lanes.stopped() || self.lanes.failed() {
            self.conclude(out);
        } else {
            let words = "The provider's stream ended without an answer.";
            self.fail(&Fault::new(FaultKind::Api, words), out);
        }
    }

    fn conclude(&mut self, out: &mut Vec<u8>) {
        self.tell(out);
        if !self.over {
            let usage = self.tap.usage();
            self.writer.finish(usage.as_ref(), out);
            self.over = true;
        }
    }

    /// Writes what the lanes have ready.
    fn tell(&mut self, out: &mut Vec<u8>) {
        let mut fault = None;
        for event in self.lanes.drain() {
            match &event {
                Event::Fail(found) => {
                    fault = Some(found.clone());
                    break;
                }
                Event::Open(_) => {
                    let usage = self.tap.usage();
                    self.writer.event(&event, usage.as_ref(), out);
                }
                _ => {
                    self.started = true;
                    self.writer.event(&event, None, out);
                }
            }
        }
        if fault.is_none() && self.writer.over() {
            let most = KEPT_BYTES_MAX >> 20;
            fault = Some(Fault::new(
                FaultKind::Api,
                format!("The answer is longer than {most} MB, the most that can be repeated."),
            ));
        }
        if let Some(fault) = fault {
            self.fail(&fault, out);
        }
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        if !self.over {
            self.writer.fail(fault, out);
            (self.failed, self.over) = (true, true);
        }
    }
}

fn cut(end: Ending) -> Fault {
    let words = match end {
        Ending::Clean => "The provider's stream ended before the answer was complete.",
        Ending::Cut => "The connection to the provider broke before the answer was complete.",
    };
    Fault::new(FaultKind::Api, words)
}
