//! What the tests of answers share: a way back for any client, the same answer in every provider's
//! words, and a client that reads what it was given.

mod chat;
mod cuts;
mod errors;
mod gemini;
mod messages;
mod pairs;
mod properties;
mod responses;
mod samples;

use super::lanes::Lanes;
use super::{Ending, Framing, Stream, Told, answer, read};
use crate::hub::{Back, Form, SentTool};
use crate::json::Value;
use serde_json::Value as Json;
use std::sync::Arc;

/// The forms a client can have.
pub(super) const CLIENTS: [Form; 4] = [Form::Messages, Form::Chat, Form::Responses, Form::Gemini];

/// A way back that keeps everything.
pub(super) fn back(client: Form) -> Back {
    Back {
        endpoint: client.endpoint(true),
        client,
        target: Form::Chat,
        model: "claude-weir-low".to_owned(),
        stream: true,
        include_usage: true,
        show_thinking: true,
        keep_seals: true,
        structured: false,
        choices: 1,
        logprobs: true,
        stop: Vec::new(),
        cuts: Vec::new(),
        seed: 7,
        at_s: 0,
        echo: Vec::new(),
        tools: Vec::new(),
    }
}

pub(super) fn tool(sent: &str, name: &str) -> SentTool {
    SentTool {
        sent: sent.to_owned(),
        name: name.to_owned(),
        namespace: None,
        freeform: false,
        freeform_sent: false,
    }
}

pub(super) fn framing(from: Form) -> Framing {
    if from == Form::Ollama { Framing::Lines } else { Framing::Sse }
}

/// What the client gets for a stream that comes in one piece and ends well.
pub(super) fn streamed(back: &Back, from: Form, stream: &str) -> String {
    let (text, failed) = run(back, from, &[stream.as_bytes()], Ending::Clean);
    assert!(!failed, "{text}");
    text
}

pub(super) fn run(back: &Back, from: Form, chunks: &[&[u8]], end: Ending) -> (String, bool) {
    let mut stream = Stream::new(back.clone(), from, framing(from));
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(stream.feed(chunk));
    }
    out.extend(stream.finish(end));
    (String::from_utf8(out).expect("text"), stream.failed())
}

/// The events of a client's stream: names and JSON.
pub(super) fn events(text: &str) -> Vec<(String, Json)> {
    let mut found = Vec::new();
    crate::sse::Splitter::new(1 << 20).feed(text.as_bytes(), |e| {
        let name = String::from_utf8_lossy(e.name).into_owned();
        if *e.data != *b"[DONE]" {
            found.push((name, serde_json::from_slice(&e.data).expect("JSON")));
        }
    });
    found
}

pub(super) fn whole(back: &Back, from: Form, body: &str) -> Json {
    let bytes = answer(back, from, body.as_bytes()).expect("an answer");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// What a client of `form` understands of a stream.
pub(super) fn heard(form: Form, text: &str) -> Told {
    collect(form, |reader, lanes| {
        for (name, json) in events(text) {
            let data = json.to_string();
            reader.event(name.as_bytes(), Value::whole(data.as_bytes()).expect("JSON"), lanes);
        }
    })
}

/// What a client of `form` understands of a whole answer.
pub(super) fn understood(form: Form, body: &Json) -> Told {
    let text = body.to_string();
    collect(form, |reader, lanes| {
        reader.document(Value::whole(text.as_bytes()).expect("JSON"), lanes);
    })
}

fn collect(form: Form, read_all: impl FnOnce(&mut dyn read::Read, &mut Lanes)) -> Told {
    let mut lanes = Lanes::new(Arc::new(back(form)));
    let mut reader = read::reader(form);
    read_all(reader.as_mut(), &mut lanes);
    reader.finish(&mut lanes);
    let mut told = Told::default();
    lanes.drain().for_each(|event| told.take(event));
    // Logprobs come list by list in a stream and as one list in a whole.
    for part in told.choices.iter_mut().flat_map(|c| &mut c.parts) {
        let items = |l: &String| l[1..l.len() - 1].to_owned();
        let joined: Vec<String> = part.logprobs.iter().map(items).collect();
        part.logprobs = if joined.is_empty() { vec![] } else { vec![joined.join(",")] };
    }
    told
}

/// Server-sent events without names.
pub(super) fn data(payloads: &[&str]) -> String {
    payloads.iter().map(|p| format!("data: {p}\n\n")).collect()
}

/// Server-sent events named by their type.
pub(super) fn named(payloads: &[&str]) -> String {
    payloads
        .iter()
        .map(|p| {
            let json: Json = serde_json::from_str(p).expect("JSON");
            format!("event: {}\ndata: {p}\n\n", json["type"].as_str().expect("a type"))
        })
        .collect()
}

/// An answer whose arguments are in one spelling: where they are an object, spaces are free.
pub(super) fn squeezed(mut told: Told) -> Told {
    for part in told.choices.iter_mut().flat_map(|c| &mut c.parts) {
        if matches!(part.piece, super::Piece::Call(_)) {
            let arguments: Json = serde_json::from_str(&part.text).expect("arguments");
            part.text = arguments.to_string();
        }
    }
    told
}
