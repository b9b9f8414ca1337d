//! OpenAI Responses for a client: every piece is an output item with its whole life of events, and
//! the last event repeats the answer. Codex lives on `output_item.done` and `response.completed`.

use super::super::super::seal::Maker;
use super::super::super::{Back, out::Out};
use super::super::fault::Fault;
use super::super::{Delta, Event, Opening, Part, Piece, Stop, Told, counts, stops};
use super::{KEPT_BYTES_MAX, answer_id, seal_text, sse};
use std::sync::Arc;
use weir_core::Usage;

pub(super) struct Responses {
    back: Arc<Back>,
    head: Head,
    sequence: u64,
    /// The items that are complete, as JSON with commas between.
    output: Vec<u8>,
    items: u64,
    item: Option<Item>,
    /// Bytes of the item in progress.
    kept: usize,
    stop: Stop,
}

#[derive(Default)]
struct Head {
    id: String,
    created: u64,
}

/// The item in progress.
struct Item {
    id: String,
    part: Part,
    /// The part of a text or a summary was told.
    part_added: bool,
}

impl Responses {
    pub fn new(back: Arc<Back>) -> Self {
        Self {
            back,
            head: Head::default(),
            sequence: 0,
            output: Vec::new(),
            items: 0,
            item: None,
            kept: 0,
            stop: Stop::End,
        }
    }

    /// One event: its type, its number and what `rest` writes.
    fn tell(&mut self, out: &mut Vec<u8>, kind: &str, rest: impl FnOnce(&mut Out)) {
        let mut json = Out::with_capacity(256);
        json.open();
        json.text_at("type", kind);
        json.plain_at("sequence_number", self.sequence);
        rest(&mut json);
        json.close();
        self.sequence += 1;
        sse(out, Some(kind), json);
    }

    fn open(&mut self, opening: &Opening, out: &mut Vec<u8>) {
        self.head = head(&self.back, opening);
        for kind in ["response.created", "response.in_progress"] {
            let mut json = Out::with_capacity(1024);
            response(&mut json, &self.back, &self.head, "in_progress", None, b"", None, None);
            let response = json.into_bytes();
            self.tell(out, kind, |json| json.raw_at("response", &utf8(&response)));
        }
    }

    fn begin(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        if let Piece::Call(call) = piece
            && let Some(seal) = call.seal.as_ref().filter(|_| self.back.keep_seals)
        {
            self.begin(&Piece::Thinking, out);
            self.add(&Delta::Seal(seal.clone()), out);
            self.end(out);
        }
        let id = item_id(&self.head.id, piece, self.items);
        let item = Item { id, part: Part::new(piece.clone()), part_added: false };
        let mut json = Out::with_capacity(192);
        item_json(&mut json, &item.id, &item.part, "in_progress");
        let added = json.into_bytes();
        let index = self.items;
        self.item = Some(item);
        self.tell(out, "response.output_item.added", |json| {
            json.plain_at("output_index", index);
            json.raw_at("item", &utf8(&added));
        });
    }

    fn add(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        self.add_part(delta, out);
        let Some(item) = &mut self.item else { return };
        self.kept += match delta {
            Delta::Text(text) | Delta::Arguments(text) | Delta::Logprobs(text) => text.len(),
            Delta::Seal(seal) => seal.data.len(),
        };
        item.part.add(delta.clone());
        let (id, index) = (item.id.clone(), self.items);
        match (delta, &item.part.piece) {
            (Delta::Text(text), Piece::Thinking) => {
                self.tell(out, "response.reasoning_summary_text.delta", |json| {
                    place(json, &id, index, "summary_index");
                    json.text_at("delta", text);
                });
            }
            (Delta::Text(text), Piece::Refusal) => {
                self.tell(out, "response.refusal.delta", |json| {
                    place(json, &id, index, "content_index");
                    json.text_at("delta", text);
                });
            }
            (Delta::Text(text), _) => self.tell(out, "response.output_text.delta", |json| {
                place(json, &id, index, "content_index");
                json.text_at("delta", text);
                json.raw_at("logprobs", "[]");
            }),
            (Delta::Arguments(text), Piece::Call(call)) => {
                let kind = if call.custom {
                    "response.custom_tool_call_input.delta"
                } else {
                    "response.function_call_arguments.delta"
                };
                self.tell(out, kind, |json| {
                    json.text_at("item_id", &id);
                    json.plain_at("output_index", index);
                    json.text_at("delta", text);
                });
            }
            _ => {}
        }
    }

    /// Tells the part a text or summary goes into, before its first delta.
    fn add_part(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        let Some(item) = &mut self.item else { return };
        let has_parts = matches!(item.part.piece, Piece::Text | Piece::Refusal | Piece::Thinking);
        if !matches!(delta, Delta::Text(_)) || item.part_added || !has_parts {
            return;
        }
        item.part_added = true;
        let (id, index) = (item.id.clone(), self.items);
        let empty = Part::new(item.part.piece.clone());
        self.tell_part(out, &id, index, &empty, "added");
    }

    fn tell_part(&mut self, out: &mut Vec<u8>, id: &str, index: u64, part: &Part, step: &str) {
        let (kind, field) = match part.piece {
            Piece::Thinking => ("response.reasoning_summary_part", "summary_index"),
            _ => ("response.content_part", "content_index"),
        };
        let mut inner = Out::with_capacity(64 + part.text.len());
        content(&mut inner, part);
        let inner = inner.into_bytes();
        self.tell(out, &format!("{kind}.{step}"), |json| {
            place(json, id, index, field);
            json.raw_at("part", &utf8(&inner));
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let Some(item) = self.item.take() else { return };
        self.kept = 0;
        let (id, part, index) = (&item.id, &item.part, self.items);
        match &part.piece {
            Piece::Call(call) => {
                let (kind, field) = if call.custom {
                    ("response.custom_tool_call_input.done", "input")
                } else {
                    ("response.function_call_arguments.done", "arguments")
                };
                self.tell(out, kind, |json| {
                    json.text_at("item_id", id);
                    json.plain_at("output_index", index);
                    json.text_at("name", &call.name);
                    json.text_at(field, &part.text);
                });
            }
            piece if item.part_added => {
                let (kind, field, value) = match piece {
                    Piece::Thinking => {
                        ("response.reasoning_summary_text.done", "summary_index", "text")
                    }
                    Piece::Refusal => ("response.refusal.done", "content_index", "refusal"),
                    _ => ("response.output_text.done", "content_index", "text"),
                };
                self.tell(out, kind, |json| {
                    place(json, id, index, field);
                    json.text_at(value, &part.text);
                    if *piece == Piece::Text {
                        json.raw_at("logprobs", &joined(&part.logprobs));
                    }
                });
                self.tell_part(out, id, index, part, "done");
            }
            _ => {}
        }
        let mut json = Out::with_capacity(192 + part.text.len());
        item_json(&mut json, id, part, "completed");
        let whole = json.into_bytes();
        if !self.output.is_empty() {
            self.output.push(b',');
        }
        self.output.extend_from_slice(&whole);
        self.items += 1;
        self.tell(out, "response.output_item.done", |json| {
            json.plain_at("output_index", index);
            json.raw_at("item", &utf8(&whole));
        });
    }
}

impl super::Write for Responses {
    fn event(&mut self, event: &Event, _usage: Option<&Usage>, out: &mut Vec<u8>) {
        match event {
            Event::Open(opening) => self.open(opening, out),
            Event::Begin(0, piece) => self.begin(piece, out),
            Event::Add(0, delta) => self.add(delta, out),
            Event::End(0) => self.end(out),
            Event::Stop(0, stop) => self.stop = stop.clone(),
            _ => {}
        }
    }

    fn finish(&mut self, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let reason = stops::to_responses(&self.stop);
        let status = if reason.is_some() { "incomplete" } else { "completed" };
        let mut json = Out::with_capacity(1024 + self.output.len());
        let output = std::mem::take(&mut self.output);
        response(&mut json, &self.back, &self.head, status, reason, &output, None, Some(usage));
        let response = json.into_bytes();
        self.tell(out, &format!("response.{status}"), |json| {
            json.raw_at("response", &utf8(&response));
        });
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let code = fault.responses_code();
        if self.head.id.is_empty() {
            self.head = head(&self.back, &Opening::default());
        }
        self.tell(out, "error", |json| {
            json.text_at("code", code);
            json.text_at("message", &fault.message);
            json.raw_at("param", "null");
        });
        let mut json = Out::with_capacity(1024);
        let output = std::mem::take(&mut self.output);
        let told = Some((code, fault.message.as_str()));
        response(&mut json, &self.back, &self.head, "failed", None, &output, told, None);
        let response = json.into_bytes();
        self.tell(out, "response.failed", |json| json.raw_at("response", &utf8(&response)));
    }

    fn over(&self) -> bool {
        self.output.len() + self.kept > KEPT_BYTES_MAX
    }
}

/// JSON this file wrote: text throughout.
fn utf8(json: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(json)
}

fn head(back: &Back, opening: &Opening) -> Head {
    Head { id: answer_id("resp_", opening, back), created: opening.created.unwrap_or(back.at_s) }
}

fn place(json: &mut Out, id: &str, output: u64, field: &str) {
    json.text_at("item_id", id);
    json.plain_at("output_index", output);
    json.plain_at(field, 0);
}

fn item_id(response: &str, piece: &Piece, index: u64) -> String {
    let prefix = match piece {
        Piece::Text | Piece::Refusal => "msg",
        Piece::Thinking => "rs",
        Piece::Call(call) if call.custom => "ctc",
        Piece::Call(_) => "fc",
        Piece::Image(_) => "ig",
    };
    let bare = response.strip_prefix("resp_").unwrap_or(response);
    format!("{prefix}_{bare}_{index}")
}

/// A part of a message's content or of a summary.
fn content(json: &mut Out, part: &Part) {
    json.open();
    match part.piece {
        Piece::Refusal => {
            json.text_at("type", "refusal");
            json.text_at("refusal", &part.text);
        }
        Piece::Thinking => {
            json.text_at("type", "summary_text");
            json.text_at("text", &part.text);
        }
        _ => {
            json.text_at("type", "output_text");
            json.text_at("text", &part.text);
            json.raw_at("annotations", "[]");
            json.raw_at("logprobs", &joined(&part.logprobs));
        }
    }
    json.close();
}

/// Lists of token probabilities as one.
fn joined(lists: &[String]) -> String {
    let items = |list: &String| {
        list.trim().strip_prefix('[').and_then(|l| l.strip_suffix(']')).unwrap_or("").to_owned()
    };
    format!("[{}]", lists.iter().map(items).collect::<Vec<_>>().join(","))
}

/// An output item; with `in_progress` an empty one.
fn item_json(json: &mut Out, id: &str, part: &Part, status: &str) {
    let complete = status == "completed";
    json.open();
    json.text_at("id", id);
    match &part.piece {
        Piece::Text | Piece::Refusal => {
            json.text_at("type", "message");
            json.text_at("status", status);
            json.text_at("role", "assistant");
            json.open_list_at("content");
            if complete {
                content(json, part);
            }
            json.close_list();
        }
        Piece::Thinking => {
            json.text_at("type", "reasoning");
            json.open_list_at("summary");
            if complete && !part.text.is_empty() {
                content(json, part);
            }
            json.close_list();
            if let Some(seal) = &part.seal {
                json.text_at("encrypted_content", &seal_text(seal, &[Maker::OpenAi]));
            }
        }
        Piece::Call(call) => {
            let (kind, field) = if call.custom {
                ("custom_tool_call", "input")
            } else {
                ("function_call", "arguments")
            };
            json.text_at("type", kind);
            json.text_at("status", status);
            json.text_at("call_id", &call.id);
            json.text_at("name", &call.name);
            if let Some(namespace) = &call.namespace {
                json.text_at("namespace", namespace);
            }
            json.text_at(field, &part.text);
        }
        Piece::Image(url) => {
            let bytes = url.split_once(";base64,").map_or(url.as_str(), |(_, bytes)| bytes);
            json.text_at("type", "image_generation_call");
            json.text_at("status", status);
            json.text_at("result", if complete { bytes } else { "" });
        }
    }
    json.close();
}

/// What a response repeats of its request when the request did not say.
const DEFAULTS: [(&str, &str); 7] = [
    ("instructions", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("temperature", "null"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "null"),
];

/// The response object. `usage` is `None` while there cannot be any yet.
#[expect(clippy::too_many_arguments, reason = "each is one field of the object")]
fn response(
    json: &mut Out,
    back: &Back,
    head: &Head,
    status: &str,
    incomplete: Option<&str>,
    output: &[u8],
    error: Option<(&str, &str)>,
    usage: Option<Option<&Usage>>,
) {
    json.open();
    json.text_at("id", &head.id);
    json.text_at("object", "response");
    json.plain_at("created_at", head.created);
    json.text_at("status", status);
    match error {
        Some((code, message)) => {
            json.open_at("error");
            json.text_at("code", code);
            json.text_at("message", message);
            json.close();
        }
        None => json.raw_at("error", "null"),
    }
    match incomplete {
        Some(reason) => {
            json.open_at("incomplete_details");
            json.text_at("reason", reason);
            json.close();
        }
        None => json.raw_at("incomplete_details", "null"),
    }
    json.text_at("model", &back.model);
    json.raw_at("output", &format!("[{}]", utf8(output)));
    counts::responses(json, usage.flatten());
    for (key, value) in &back.echo {
        json.raw_at(key, value);
    }
    for (key, value) in DEFAULTS {
        if !back.echo.iter().any(|(echoed, _)| *echoed == key) {
            json.raw_at(key, value);
        }
    }
    json.close();
}

pub(super) fn whole(back: &Back, told: &Told, usage: Option<&Usage>) -> Vec<u8> {
    let head = head(back, &told.opening);
    let mut items = Out::with_capacity(1024);
    let mut count = 0;
    let mut add = |part: &Part| {
        item_json(&mut items, &item_id(&head.id, &part.piece, count), part, "completed");
        count += 1;
    };
    let choice = told.choices.iter().find(|c| c.index == 0);
    for part in choice.map_or(&[][..], |c| &c.parts) {
        if let Piece::Call(call) = &part.piece
            && let Some(seal) = call.seal.as_ref().filter(|_| back.keep_seals)
        {
            add(&Part { seal: Some(seal.clone()), ..Part::new(Piece::Thinking) });
        }
        add(part);
    }
    let output = items.into_bytes();
    let reason = choice.and_then(|c| stops::to_responses(&c.stop));
    let status = if reason.is_some() { "incomplete" } else { "completed" };
    let mut json = Out::with_capacity(1024 + output.len());
    response(&mut json, back, &head, status, reason, &output, None, Some(usage));
    json.into_bytes()
}
