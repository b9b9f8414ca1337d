//! Anthropic Messages for a client. Thinking another vendor made carries a marked signature, so that
//! it can be told from Anthropic's own and never reaches it. An image has no place here, which is said.

use super::super::super::seal::{Maker, Seal};
use super::super::super::{Back, out::Out};
use super::super::fault::Fault;
use super::super::{Call, Delta, Event, Opening, Part, Piece, Stop, Told, counts, stops};
use super::{answer_id, object, seal_text, sse};
use std::borrow::Cow;
use std::sync::Arc;
use weir_core::Usage;

/// What stands for an image in an answer.
const IMAGE: &str = "[The model answered with an image, which this API cannot carry.]";
const OWN: [Maker; 2] = [Maker::Anthropic, Maker::AnthropicRedacted];

pub(super) struct Messages {
    back: Arc<Back>,
    index: u64,
    block: Block,
    stop: Option<Stop>,
}

/// The block in progress.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    /// Begun by its first delta: redacted thinking begins otherwise than thinking.
    Thinking {
        begun: bool,
        signed: bool,
    },
    Redacted,
    Other,
}

impl Messages {
    pub fn new(back: Arc<Back>) -> Self {
        Self { back, index: 0, block: Block::None, stop: None }
    }

    fn open(&self, opening: &Opening, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(512);
        json.open();
        json.text_at("type", "message_start");
        json.key("message");
        head(&mut json, &self.back, opening);
        json.open_list_at("content");
        json.close_list();
        json.raw_at("stop_reason", "null");
        json.raw_at("stop_sequence", "null");
        counts::messages(&mut json, usage);
        json.close();
        json.close();
        sse(out, Some("message_start"), json);
    }

    fn begin(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        match piece {
            Piece::Text | Piece::Refusal => {
                self.start(out, |json| {
                    json.text_at("type", "text");
                    json.text_at("text", "");
                });
                self.block = Block::Other;
            }
            Piece::Thinking => self.block = Block::Thinking { begun: false, signed: false },
            Piece::Call(call) => {
                if let Some(seal) = call.seal.as_ref().filter(|_| self.back.keep_seals) {
                    self.block = Block::Thinking { begun: false, signed: false };
                    self.seal(seal, out);
                    self.end(out);
                }
                self.start(out, |json| {
                    tool_use(json, call);
                    json.raw_at("input", "{}");
                });
                self.block = Block::Other;
            }
            Piece::Image(_) => {
                self.start(out, |json| {
                    json.text_at("type", "text");
                    json.text_at("text", "");
                });
                self.delta("text_delta", "text", IMAGE, out);
                self.block = Block::Other;
            }
        }
    }

    fn start(&self, out: &mut Vec<u8>, block: impl FnOnce(&mut Out)) {
        let mut json = Out::with_capacity(192);
        json.open();
        json.text_at("type", "content_block_start");
        json.plain_at("index", self.index);
        json.open_at("content_block");
        block(&mut json);
        json.close();
        json.close();
        sse(out, Some("content_block_start"), json);
    }

    fn delta(&self, kind: &str, field: &str, text: &str, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(128 + text.len());
        json.open();
        json.text_at("type", "content_block_delta");
        json.plain_at("index", self.index);
        json.open_at("delta");
        json.text_at("type", kind);
        json.text_at(field, text);
        json.close();
        json.close();
        sse(out, Some("content_block_delta"), json);
    }

    fn add(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => match self.block {
                Block::Thinking { .. } => {
                    self.begin_thinking(out);
                    self.delta("thinking_delta", "thinking", text, out);
                }
                _ => self.delta("text_delta", "text", text, out),
            },
            Delta::Arguments(text) => self.delta("input_json_delta", "partial_json", text, out),
            Delta::Seal(seal) => self.seal(seal, out),
            Delta::Logprobs(_) => {}
        }
    }

    fn begin_thinking(&mut self, out: &mut Vec<u8>) {
        if let Block::Thinking { begun: false, signed } = self.block {
            self.start(out, |json| {
                json.text_at("type", "thinking");
                json.text_at("thinking", "");
                json.text_at("signature", "");
            });
            self.block = Block::Thinking { begun: true, signed };
        }
    }

    fn seal(&mut self, seal: &Seal<'_>, out: &mut Vec<u8>) {
        let Block::Thinking { begun, .. } = self.block else { return };
        if seal.by == Maker::AnthropicRedacted && !begun {
            self.start(out, |json| {
                json.text_at("type", "redacted_thinking");
                json.text_at("data", &seal.data);
            });
            self.block = Block::Redacted;
            return;
        }
        self.begin_thinking(out);
        self.delta("signature_delta", "signature", &seal_text(seal, &OWN), out);
        self.block = Block::Thinking { begun: true, signed: true };
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Block::Thinking { signed: false, .. } = self.block {
            self.seal(&unsealed(), out);
        }
        if std::mem::replace(&mut self.block, Block::None) == Block::None {
            return;
        }
        let mut json = Out::with_capacity(64);
        json.open();
        json.text_at("type", "content_block_stop");
        json.plain_at("index", self.index);
        json.close();
        sse(out, Some("content_block_stop"), json);
        self.index += 1;
    }
}

impl super::Write for Messages {
    fn event(&mut self, event: &Event, usage: Option<&Usage>, out: &mut Vec<u8>) {
        match event {
            Event::Open(opening) => self.open(opening, usage, out),
            Event::Begin(0, piece) => self.begin(piece, out),
            Event::Add(0, delta) => self.add(delta, out),
            Event::End(0) => self.end(out),
            Event::Stop(0, stop) => self.stop = Some(stop.clone()),
            _ => {}
        }
    }

    fn finish(&mut self, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let stop = self.stop.take().unwrap_or(Stop::End);
        let mut json = Out::with_capacity(320);
        json.open();
        json.text_at("type", "message_delta");
        json.open_at("delta");
        reason(&mut json, &stop);
        json.close();
        counts::messages(&mut json, usage);
        json.close();
        sse(out, Some("message_delta"), json);
        out.extend_from_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(256);
        json.raw(&fault.anthropic().to_string());
        sse(out, Some("error"), json);
    }
}

/// The seal of thinking that nobody sealed.
fn unsealed() -> Seal<'static> {
    Seal { by: Maker::Nobody, data: Cow::Borrowed("") }
}

/// Opens the message object.
fn head(json: &mut Out, back: &Back, opening: &Opening) {
    json.open();
    json.text_at("id", &answer_id("msg_", opening, back));
    json.text_at("type", "message");
    json.text_at("role", "assistant");
    json.text_at("model", &back.model);
}

fn reason(json: &mut Out, stop: &Stop) {
    let (reason, sequence) = stops::to_messages(stop);
    json.text_at("stop_reason", reason);
    match sequence {
        Some(sequence) => json.text_at("stop_sequence", sequence),
        None => json.raw_at("stop_sequence", "null"),
    }
}

fn tool_use(json: &mut Out, call: &Call) {
    json.text_at("type", "tool_use");
    json.text_at("id", &call.id);
    json.text_at("name", &call.name);
}

pub(super) fn whole(back: &Back, told: &Told, usage: Option<&Usage>) -> Vec<u8> {
    let mut json = Out::with_capacity(1024);
    head(&mut json, back, &told.opening);
    json.open_list_at("content");
    let choice = told.choices.iter().find(|c| c.index == 0);
    for part in choice.map_or(&[][..], |c| &c.parts) {
        block(&mut json, back, part);
    }
    json.close_list();
    reason(&mut json, choice.map_or(&Stop::End, |c| &c.stop));
    counts::messages(&mut json, usage);
    json.close();
    json.into_bytes()
}

fn block(json: &mut Out, back: &Back, part: &Part) {
    match &part.piece {
        Piece::Text | Piece::Refusal => {
            json.open();
            json.text_at("type", "text");
            json.text_at("text", &part.text);
            json.close();
        }
        Piece::Thinking => thinking(json, &part.text, part.seal.as_ref()),
        Piece::Call(call) => {
            if let Some(seal) = call.seal.as_ref().filter(|_| back.keep_seals) {
                thinking(json, "", Some(seal));
            }
            json.open();
            tool_use(json, call);
            json.raw_at("input", &object(&part.text));
            json.close();
        }
        Piece::Image(_) => {
            json.open();
            json.text_at("type", "text");
            json.text_at("text", IMAGE);
            json.close();
        }
    }
}

fn thinking(json: &mut Out, text: &str, seal: Option<&Seal<'_>>) {
    json.open();
    match seal {
        Some(seal) if seal.by == Maker::AnthropicRedacted && text.is_empty() => {
            json.text_at("type", "redacted_thinking");
            json.text_at("data", &seal.data);
        }
        seal => {
            let nobody = unsealed();
            json.text_at("type", "thinking");
            json.text_at("thinking", text);
            json.text_at("signature", &seal_text(seal.unwrap_or(&nobody), &OWN));
        }
    }
    json.close();
}
