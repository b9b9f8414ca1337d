//! Ollama's `/api/chat`, as its own clients accumulate it. Only providers speak it to us.

use super::{Counts, Heard, error_text, list, text};
use crate::json::Node;
use serde_json::Value;

pub fn whole(value: &Value, raw: &str, heard: &mut Heard) {
    piece(value, raw, heard);
}

pub fn stream(events: &[(String, String)], heard: &mut Heard) {
    for (_, line) in events {
        match serde_json::from_str::<Value>(line) {
            Ok(value) => piece(&value, line, heard),
            Err(_) => heard.faults.push(format!("no JSON: {line}")),
        }
    }
}

fn piece(value: &Value, raw: &str, heard: &mut Heard) {
    if value.get("error").is_some() {
        heard.failed = Some(error_text(value));
        return;
    }
    let message = &value["message"];
    let node = Node::parse(raw);
    let written = node.as_ref().and_then(|n| n.get("message")).and_then(|m| m.get("tool_calls"));
    let choice = heard.choice(0);
    choice.text.push_str(text(&message["content"]));
    choice.thinking.push_str(text(&message["thinking"]));
    for (index, call) in list(&message["tool_calls"]).iter().enumerate() {
        let arguments = written
            .and_then(|calls| calls.items().get(index))
            .and_then(|call| call.get("function"))
            .and_then(|function| function.get("arguments"))
            .map_or("{}".to_owned(), Node::canonical);
        choice.calls.push((text(&call["function"]["name"]).to_owned(), arguments));
    }
    if value["done"] == true {
        let calls = !choice.calls.is_empty();
        let stop = match text(&value["done_reason"]) {
            "length" => "length",
            _ if calls => "calls",
            _ => "end",
        };
        choice.stop = stop.into();
        heard.ended = true;
        if let Some(output) = value["eval_count"].as_u64() {
            let prompt = value["prompt_eval_count"].as_u64().unwrap_or(0);
            heard.usage = Some(Counts { prompt, output, ..Counts::default() });
        }
    }
}
