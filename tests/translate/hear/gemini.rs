//! Gemini `generateContent`, as the vendor's SDKs accumulate it.

use super::{Counts, Heard, error_text, list, text};
use crate::json::{Node, canonical};
use serde_json::Value;

/// Why a candidate ended; calls are told by its parts alone.
fn stop(reason: &str) -> &str {
    match reason {
        "STOP" => "end",
        "MAX_TOKENS" => "length",
        "SAFETY" | "RECITATION" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII" | "IMAGE_SAFETY" => {
            "refused"
        }
        "MALFORMED_FUNCTION_CALL" | "OTHER" => "error",
        _ => "",
    }
}

fn usage(heard: &mut Heard, usage: &Value) {
    if !usage.is_object() {
        return;
    }
    let kind = |name: &str| usage[name].as_u64().unwrap_or(0);
    let prompt = kind("promptTokenCount") + kind("toolUsePromptTokenCount");
    let (shown, thoughts) = (kind("candidatesTokenCount"), kind("thoughtsTokenCount"));
    let total = kind("totalTokenCount");
    heard.unless(total == prompt + shown + thoughts, "the total is the sum");
    heard.usage = Some(Counts {
        prompt,
        cached: kind("cachedContentTokenCount"),
        output: shown + thoughts,
        reasoning: thoughts,
    });
}

pub fn whole(value: &Value, raw: &str, heard: &mut Heard) {
    if value.get("error").is_some() {
        heard.failed = Some(error_text(value));
        heard.unless(text(&value["error"]["status"]).len() > 2, "an error has a status");
        return;
    }
    piece(value, raw, heard);
    let blocked = value["promptFeedback"]["blockReason"].is_string();
    heard.unless(!list(&value["candidates"]).is_empty() || blocked, "a candidate");
    finish(heard);
}

fn piece(value: &Value, raw: &str, heard: &mut Heard) {
    heard.unless(!text(&value["modelVersion"]).is_empty(), "a model");
    if value["promptFeedback"]["blockReason"].is_string() {
        heard.choice(0).stop = "refused".into();
    }
    let node = Node::parse(raw);
    let written = node.as_ref().and_then(|node| node.get("candidates"));
    for (position, candidate) in list(&value["candidates"]).iter().enumerate() {
        let at = candidate["index"].as_u64().unwrap_or(0) as usize;
        let raw_parts = written
            .and_then(|all| all.items().get(position))
            .and_then(|one| one.get("content"))
            .and_then(|content| content.get("parts"));
        for (index, part) in list(&candidate["content"]["parts"]).iter().enumerate() {
            let args = raw_parts
                .and_then(|parts| parts.items().get(index))
                .and_then(|part| part.get("functionCall"))
                .and_then(|call| call.get("args"))
                .map_or("{}".to_owned(), Node::canonical);
            part_heard(part, &args, at, heard);
        }
        if candidate["content"].get("parts").is_some() {
            heard.unless(candidate["content"]["role"] == "model", "the model speaks");
        }
        if let Some(reason) = candidate["finishReason"].as_str() {
            let known = stop(reason).to_owned();
            heard.unless(!known.is_empty(), "a finish reason that clients know");
            heard.unless(heard.first().stop.is_empty() || at > 0, "one finish reason");
            heard.choice(at).stop = known;
        }
    }
    usage(heard, &value["usageMetadata"]);
}

fn part_heard(part: &Value, args: &str, at: usize, heard: &mut Heard) {
    if let Some(call) = part.get("functionCall") {
        let name = text(&call["name"]).to_owned();
        heard.unless(!name.is_empty(), "a call has a name");
        let id = text(&call["id"]).to_owned();
        let choice = heard.choice(at);
        choice.ids.push(id);
        choice.calls.push((name, canonical(args)));
    } else if part["thought"] == true {
        heard.choice(at).thinking.push_str(text(&part["text"]));
    } else {
        heard.choice(at).text.push_str(text(&part["text"]));
    }
}

pub fn stream(events: &[(String, String)], heard: &mut Heard) {
    for (name, data) in events {
        heard.unless(name.is_empty(), "chunks have no names");
        let Ok(value) = serde_json::from_str::<Value>(data) else {
            heard.faults.push(format!("no JSON: {data}"));
            continue;
        };
        heard.unless(heard.failed.is_none(), "nothing follows an error");
        if value.get("error").is_some() {
            heard.failed = Some(error_text(&value));
            continue;
        }
        piece(&value, data, heard);
    }
    heard.ended = !heard.choices.is_empty() && heard.choices.iter().all(|c| !c.stop.is_empty());
    finish(heard);
}

fn finish(heard: &mut Heard) {
    for choice in &mut heard.choices {
        if choice.stop == "end" && !choice.calls.is_empty() {
            choice.stop = "calls".into();
        }
    }
}
