//! OpenAI Chat Completions for a client. Thinking goes under `reasoning_content`, the name most
//! clients read; a call's seal under Google's own `extra_content`.

use super::super::super::seal::{Maker, Seal};
use super::super::super::{Back, out::Out};
use super::super::fault::Fault;
use super::super::{Call, Choice, Delta, Event, Opening, Piece, Told, counts, stops};
use super::{answer_id, one_line, sse};
use std::sync::Arc;
use weir_core::Usage;

pub(super) struct Chat {
    back: Arc<Back>,
    /// What every chunk begins with: `"id":…,"object":…,"created":…,"model":…`, as JSON fields.
    head: Vec<u8>,
    lanes: Vec<Lane>,
}

/// One choice.
struct Lane {
    choice: u32,
    /// Calls begun.
    calls: u64,
    piece: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Thinking,
    Call,
    Custom,
}

impl Chat {
    pub fn new(back: Arc<Back>) -> Self {
        Self { back, head: Vec::new(), lanes: Vec::new() }
    }

    fn open(&mut self, opening: &Opening) {
        let mut json = Out::with_capacity(160);
        head(&mut json, &self.back, opening, "chat.completion.chunk");
        self.head = json.into_bytes();
    }

    fn lane(&mut self, choice: u32, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.lanes.iter().position(|l| l.choice == choice) {
            return at;
        }
        self.lanes.push(Lane { choice, calls: 0, piece: Kind::Text });
        self.chunk(choice, out, |json| {
            json.text_at("role", "assistant");
            json.text_at("content", "");
        });
        self.lanes.len() - 1
    }

    /// A chunk of one choice; `delta` writes its delta's fields.
    fn chunk(&self, choice: u32, out: &mut Vec<u8>, delta: impl FnOnce(&mut Out)) {
        self.choice_chunk(choice, out, delta, |json| {
            json.raw_at("logprobs", "null");
            json.raw_at("finish_reason", "null");
        });
    }

    fn choice_chunk(
        &self,
        choice: u32,
        out: &mut Vec<u8>,
        delta: impl FnOnce(&mut Out),
        rest: impl FnOnce(&mut Out),
    ) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.head);
        let mut json = Out::with_capacity(160);
        json.open_list();
        json.open();
        json.plain_at("index", choice);
        json.open_at("delta");
        delta(&mut json);
        json.close();
        rest(&mut json);
        json.close();
        json.close_list();
        out.extend_from_slice(b",\"choices\":");
        one_line(&json.into_bytes(), out);
        out.extend_from_slice(b"}\n\n");
    }

    fn begin(&mut self, choice: u32, piece: &Piece, out: &mut Vec<u8>) {
        let at = self.lane(choice, out);
        let kind = match piece {
            Piece::Text => Kind::Text,
            Piece::Refusal => Kind::Refusal,
            Piece::Thinking => Kind::Thinking,
            Piece::Call(call) if call.custom => Kind::Custom,
            Piece::Call(_) => Kind::Call,
            Piece::Image(url) => {
                return self.chunk(choice, out, |json| images(json, [url.as_str()]));
            }
        };
        self.lanes[at].piece = kind;
        if let Piece::Call(call) = piece {
            let index = self.lanes[at].calls;
            self.lanes[at].calls += 1;
            self.chunk(choice, out, |json| {
                json.open_list_at("tool_calls");
                json.open();
                json.plain_at("index", index);
                tool_call(json, call, "");
                json.close();
                json.close_list();
            });
        }
    }

    fn add(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) {
        let Some(lane) = self.lanes.iter().find(|l| l.choice == choice) else { return };
        let (kind, index) = (lane.piece, lane.calls.saturating_sub(1));
        match delta {
            Delta::Text(text) => {
                let field = match kind {
                    Kind::Thinking => "reasoning_content",
                    Kind::Refusal => "refusal",
                    _ => "content",
                };
                self.chunk(choice, out, |json| json.text_at(field, text));
            }
            Delta::Arguments(text) => self.chunk(choice, out, |json| {
                json.open_list_at("tool_calls");
                json.open();
                json.plain_at("index", index);
                let custom = kind == Kind::Custom;
                json.open_at(if custom { "custom" } else { "function" });
                json.text_at(if custom { "input" } else { "arguments" }, text);
                json.close();
                json.close();
                json.close_list();
            }),
            Delta::Seal(seal) => self.chunk(choice, out, |json| details(json, [seal])),
            Delta::Logprobs(list) => self.choice_chunk(
                choice,
                out,
                |_| {},
                |json| {
                    logprobs(json, kind == Kind::Refusal, &[list]);
                    json.raw_at("finish_reason", "null");
                },
            ),
        }
    }
}

impl super::Write for Chat {
    fn event(&mut self, event: &Event, _usage: Option<&Usage>, out: &mut Vec<u8>) {
        match event {
            Event::Open(opening) => self.open(opening),
            Event::Begin(choice, piece) => self.begin(*choice, piece, out),
            Event::Add(choice, delta) => self.add(*choice, delta, out),
            Event::End(_) | Event::Fail(_) => {}
            Event::Stop(choice, stop) => {
                self.lane(*choice, out);
                let reason = stops::to_chat(stop);
                self.choice_chunk(
                    *choice,
                    out,
                    |_| {},
                    |json| {
                        json.raw_at("logprobs", "null");
                        json.text_at("finish_reason", reason);
                    },
                );
            }
        }
    }

    fn finish(&mut self, usage: Option<&Usage>, out: &mut Vec<u8>) {
        if let Some(usage) = usage.filter(|_| self.back.include_usage) {
            let mut json = Out::with_capacity(256);
            json.open();
            json.open_list_at("choices");
            json.close_list();
            counts::chat(&mut json, usage);
            json.close();
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(&self.head);
            out.push(b',');
            // Its own brace is in the head.
            out.extend_from_slice(&json.into_bytes()[1..]);
            out.extend_from_slice(b"\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(256);
        json.open();
        json.raw_at("error", &fault.openai().to_string());
        json.close();
        sse(out, None, json);
    }
}

/// Opens the object and writes what stands in every chunk and in a whole answer.
fn head(json: &mut Out, back: &Back, opening: &Opening, object: &str) {
    json.open();
    json.text_at("id", &answer_id("chatcmpl-", opening, back));
    json.text_at("object", object);
    json.plain_at("created", opening.created.unwrap_or(back.at_s));
    json.text_at("model", &back.model);
}

/// The fields of a call, but for its index.
fn tool_call(json: &mut Out, call: &Call, arguments: &str) {
    json.text_at("id", &call.id);
    let (kind, field) = if call.custom { ("custom", "input") } else { ("function", "arguments") };
    json.text_at("type", kind);
    json.open_at(kind);
    json.text_at("name", &call.name);
    json.text_at(field, arguments);
    json.close();
    if let Some(seal) = call.seal.as_ref().filter(|s| s.by == Maker::Gemini) {
        json.open_at("extra_content");
        json.open_at("google");
        json.text_at("thought_signature", &seal.data);
        json.close();
        json.close();
    }
}

/// OpenRouter's place for seals.
fn details<'a>(json: &mut Out, seals: impl IntoIterator<Item = &'a Seal<'static>>) {
    json.open_list_at("reasoning_details");
    for seal in seals {
        let (kind, field, format) = match seal.by {
            Maker::Anthropic => ("reasoning.text", "signature", "anthropic-claude-v1"),
            Maker::AnthropicRedacted => ("reasoning.encrypted", "data", "anthropic-claude-v1"),
            Maker::OpenAi => ("reasoning.encrypted", "data", "openai-responses-v1"),
            Maker::Gemini => ("reasoning.encrypted", "data", "google-gemini-v1"),
            Maker::Nobody => continue,
        };
        json.open();
        json.text_at("type", kind);
        json.text_at(field, &seal.data);
        json.text_at("format", format);
        json.close();
    }
    json.close_list();
}

fn images<'a>(json: &mut Out, urls: impl IntoIterator<Item = &'a str>) {
    json.open_list_at("images");
    for url in urls {
        json.open();
        json.text_at("type", "image_url");
        json.open_at("image_url");
        json.text_at("url", url);
        json.close();
        json.close();
    }
    json.close_list();
}

fn logprobs(json: &mut Out, refusal: bool, lists: &[&String]) {
    json.open_at("logprobs");
    let items =
        |list: &&String| list.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
    let joined = format!("[{}]", lists.iter().map(items).collect::<Vec<_>>().join(","));
    let (content, refused) =
        if refusal { ("null", joined.as_str()) } else { (joined.as_str(), "null") };
    json.raw_at("content", content);
    json.raw_at("refusal", refused);
    json.close();
}

pub(super) fn whole(back: &Back, told: &Told, usage: Option<&Usage>) -> Vec<u8> {
    let mut json = Out::with_capacity(1024);
    head(&mut json, back, &told.opening, "chat.completion");
    json.open_list_at("choices");
    for choice in &told.choices {
        json.open();
        json.plain_at("index", choice.index);
        message(&mut json, choice);
        let texts = choice.parts.iter().filter(|p| p.piece == Piece::Text);
        let lists: Vec<&String> = texts.flat_map(|p| &p.logprobs).collect();
        if lists.is_empty() {
            json.raw_at("logprobs", "null");
        } else {
            logprobs(&mut json, false, &lists);
        }
        json.text_at("finish_reason", stops::to_chat(&choice.stop));
        json.close();
    }
    json.close_list();
    if let Some(usage) = usage {
        counts::chat(&mut json, usage);
    }
    json.close();
    json.into_bytes()
}

fn message(json: &mut Out, choice: &Choice) {
    let of = |piece: Piece| {
        let texts = choice.parts.iter().filter(move |p| p.piece == piece);
        texts.map(|p| p.text.as_str()).collect::<Vec<_>>()
    };
    let calls: Vec<_> = choice
        .parts
        .iter()
        .filter_map(|p| if let Piece::Call(call) = &p.piece { Some((call, &p.text)) } else { None })
        .collect();
    let optional = |json: &mut Out, key: &str, texts: Vec<&str>, always: Option<&str>| match (
        texts.iter().any(|t| !t.is_empty()),
        always,
    ) {
        (true, _) => {
            json.key(key);
            json.texts(texts);
        }
        (false, Some(json_text)) => json.raw_at(key, json_text),
        (false, None) => {}
    };
    json.open_at("message");
    json.text_at("role", "assistant");
    let empty = if calls.is_empty() { "\"\"" } else { "null" };
    optional(json, "content", of(Piece::Text), Some(empty));
    optional(json, "refusal", of(Piece::Refusal), Some("null"));
    optional(json, "reasoning_content", of(Piece::Thinking), None);
    let seals: Vec<_> = choice.parts.iter().filter_map(|p| p.seal.as_ref()).collect();
    if !seals.is_empty() {
        details(json, seals);
    }
    let urls: Vec<_> = choice
        .parts
        .iter()
        .filter_map(|p| if let Piece::Image(url) = &p.piece { Some(url.as_str()) } else { None })
        .collect();
    if !urls.is_empty() {
        images(json, urls);
    }
    if !calls.is_empty() {
        json.open_list_at("tool_calls");
        for (call, arguments) in calls {
            json.open();
            tool_call(json, call, arguments);
            json.close();
        }
        json.close_list();
    }
    json.close();
}
