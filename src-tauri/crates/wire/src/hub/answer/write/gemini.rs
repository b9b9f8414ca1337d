//! Gemini `generateContent` for a client. A call goes out whole, for its arguments are an object.

use super::super::super::seal::{Maker, Seal};
use super::super::super::{Back, out::Out};
use super::super::fault::Fault;
use super::super::read::logprobs;
use super::super::{Call, Delta, Event, Opening, Part, Piece, Stop, Told, counts, stops};
use super::{KEPT_BYTES_MAX, answer_id, object, seal_text, sse};
use std::sync::Arc;
use weir_core::Usage;

pub(super) struct Gemini {
    back: Arc<Back>,
    id: String,
    lanes: Vec<Lane>,
    /// One JSON array instead of server-sent events; opened by its first item.
    array: bool,
    begun: bool,
}

struct Lane {
    choice: u32,
    piece: Piece,
    arguments: String,
    stop: Option<Stop>,
}

impl Gemini {
    pub fn new(back: Arc<Back>) -> Self {
        Self { back, id: String::new(), lanes: Vec::new(), array: false, begun: false }
    }

    fn lane(&mut self, choice: u32) -> &mut Lane {
        let at = match self.lanes.iter().position(|l| l.choice == choice) {
            Some(at) => at,
            None => {
                let (piece, arguments) = (Piece::Text, String::new());
                self.lanes.push(Lane { choice, piece, arguments, stop: None });
                self.lanes.len() - 1
            }
        };
        &mut self.lanes[at]
    }

    fn send(&mut self, out: &mut Vec<u8>, json: Out) {
        if self.array {
            out.extend_from_slice(if self.begun { b",\r\n" } else { b"[" });
            out.extend_from_slice(&json.into_bytes());
        } else {
            sse(out, None, json);
        }
        self.begun = true;
    }

    /// A chunk with one part of one choice.
    fn part(&mut self, choice: u32, out: &mut Vec<u8>, part: impl FnOnce(&mut Out)) {
        let mut json = Out::with_capacity(256);
        json.open();
        json.open_list_at("candidates");
        json.open();
        json.open_at("content");
        json.open_list_at("parts");
        part(&mut json);
        json.close_list();
        json.text_at("role", "model");
        json.close();
        json.plain_at("index", choice);
        json.close();
        json.close_list();
        self.tail(&mut json);
        self.send(out, json);
    }

    fn tail(&self, json: &mut Out) {
        json.text_at("modelVersion", &self.back.model);
        json.text_at("responseId", &self.id);
        json.close();
    }

    fn add(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => {
                let thought = self.lane(choice).piece == Piece::Thinking;
                self.part(choice, out, |json| text_part(json, text, thought, None));
            }
            Delta::Arguments(text) => self.lane(choice).arguments.push_str(text),
            Delta::Seal(seal) => {
                self.part(choice, out, |json| text_part(json, "", true, Some(seal)));
            }
            Delta::Logprobs(list) => {
                let mut json = Out::with_capacity(256);
                json.open();
                json.open_list_at("candidates");
                json.open();
                json.plain_at("index", choice);
                json.key("logprobsResult");
                logprobs::to_gemini(&mut json, std::slice::from_ref(list));
                json.close();
                json.close_list();
                self.tail(&mut json);
                self.send(out, json);
            }
        }
    }

    fn end(&mut self, choice: u32, out: &mut Vec<u8>) {
        let lane = self.lane(choice);
        let arguments = std::mem::take(&mut lane.arguments);
        if let Piece::Call(call) = std::mem::replace(&mut lane.piece, Piece::Text) {
            self.part(choice, out, |json| call_part(json, &call, &arguments));
        }
    }
}

impl super::Write for Gemini {
    fn as_array(&mut self) {
        self.array = true;
    }

    fn event(&mut self, event: &Event, _usage: Option<&Usage>, out: &mut Vec<u8>) {
        match event {
            Event::Open(opening) => self.id = response_id(opening, &self.back),
            Event::Begin(choice, piece) => {
                self.lane(*choice).piece = piece.clone();
                if let Piece::Image(url) = piece {
                    self.part(*choice, out, |json| image_part(json, url));
                }
            }
            Event::Add(choice, delta) => self.add(*choice, delta, out),
            Event::End(choice) => self.end(*choice, out),
            Event::Stop(choice, stop) => self.lane(*choice).stop = Some(stop.clone()),
            Event::Fail(_) => {}
        }
    }

    fn finish(&mut self, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(320);
        json.open();
        json.open_list_at("candidates");
        for lane in &self.lanes {
            json.open();
            json.open_at("content");
            json.open_list_at("parts");
            text_part(&mut json, "", false, None);
            json.close_list();
            json.text_at("role", "model");
            json.close();
            let stop = lane.stop.as_ref().unwrap_or(&Stop::End);
            json.text_at("finishReason", stops::to_gemini(stop));
            json.plain_at("index", lane.choice);
            json.close();
        }
        json.close_list();
        if let Some(usage) = usage {
            counts::gemini(&mut json, usage);
        }
        self.tail(&mut json);
        self.send(out, json);
        self.close(out);
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let mut json = Out::with_capacity(256);
        json.open();
        json.raw_at("error", &fault.gemini(fault.status()).to_string());
        json.close();
        self.send(out, json);
        self.close(out);
    }

    fn over(&self) -> bool {
        self.lanes.iter().map(|lane| lane.arguments.len()).sum::<usize>() > KEPT_BYTES_MAX
    }
}

impl Gemini {
    /// Ends the array.
    fn close(&self, out: &mut Vec<u8>) {
        if self.array {
            out.push(b']');
        }
    }
}

fn response_id(opening: &Opening, back: &Back) -> String {
    answer_id("", opening, back)
}

fn text_part(json: &mut Out, text: &str, thought: bool, seal: Option<&Seal<'_>>) {
    json.open();
    json.text_at("text", text);
    if thought {
        json.plain_at("thought", true);
    }
    if let Some(seal) = seal {
        json.text_at("thoughtSignature", &seal_text(seal, &[Maker::Gemini]));
    }
    json.close();
}

fn call_part(json: &mut Out, call: &Call, arguments: &str) {
    json.open();
    json.open_at("functionCall");
    json.text_at("id", &call.id);
    json.text_at("name", &call.name);
    json.raw_at("args", &object(arguments));
    json.close();
    if let Some(seal) = &call.seal {
        json.text_at("thoughtSignature", &seal_text(seal, &[Maker::Gemini]));
    }
    json.close();
}

/// An image's bytes where they are here, its address where not.
fn image_part(json: &mut Out, url: &str) {
    json.open();
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((mime, bytes)) => {
            json.open_at("inlineData");
            json.text_at("mimeType", mime);
            json.text_at("data", bytes);
        }
        None => {
            json.open_at("fileData");
            json.text_at("fileUri", url);
        }
    }
    json.close();
    json.close();
}

pub(super) fn whole(back: &Back, told: &Told, usage: Option<&Usage>) -> Vec<u8> {
    let mut json = Out::with_capacity(1024);
    json.open();
    json.open_list_at("candidates");
    for choice in &told.choices {
        json.open();
        json.open_at("content");
        json.open_list_at("parts");
        choice.parts.iter().for_each(|part| write_part(&mut json, part));
        json.close_list();
        json.text_at("role", "model");
        json.close();
        json.text_at("finishReason", stops::to_gemini(&choice.stop));
        let lists: Vec<String> = choice.parts.iter().flat_map(|p| p.logprobs.clone()).collect();
        if !lists.is_empty() {
            json.key("logprobsResult");
            logprobs::to_gemini(&mut json, &lists);
        }
        json.plain_at("index", choice.index);
        json.close();
    }
    json.close_list();
    if let Some(usage) = usage {
        counts::gemini(&mut json, usage);
    }
    json.text_at("modelVersion", &back.model);
    json.text_at("responseId", &response_id(&told.opening, back));
    json.close();
    json.into_bytes()
}

fn write_part(json: &mut Out, part: &Part) {
    match &part.piece {
        Piece::Text | Piece::Refusal => text_part(json, &part.text, false, None),
        Piece::Thinking => text_part(json, &part.text, true, part.seal.as_ref()),
        Piece::Call(call) => call_part(json, call, &part.text),
        Piece::Image(url) => image_part(json, url),
    }
}
