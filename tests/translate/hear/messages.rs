//! Anthropic Messages, as the vendor's SDKs accumulate it.

use super::{Counts, Heard, count, error_text, list, text};
use crate::json::{Node, canonical};
use serde_json::Value;

fn stop(reason: &str) -> &str {
    match reason {
        "end_turn" => "end",
        "max_tokens" => "length",
        "stop_sequence" => "sequence",
        "tool_use" => "calls",
        "refusal" => "refused",
        "pause_turn" => "pause",
        "model_context_window_exceeded" => "context",
        _ => "",
    }
}

fn usage(heard: &mut Heard, usage: &Value) {
    if !usage.is_object() {
        return;
    }
    let kind = |name: &str| usage[name].as_u64().unwrap_or(0);
    let (read, wrote) = (kind("cache_read_input_tokens"), kind("cache_creation_input_tokens"));
    let reasoning = usage["output_tokens_details"]["thinking_tokens"].as_u64().unwrap_or(0);
    let input = count(heard, &usage["input_tokens"], "usage has input_tokens");
    let output = count(heard, &usage["output_tokens"], "usage has output_tokens");
    heard.usage = Some(Counts { prompt: input + read + wrote, cached: read, output, reasoning });
}

pub fn whole(value: &Value, raw: &str, heard: &mut Heard) {
    if value["type"] == "error" {
        heard.failed = Some(error_text(value));
        return;
    }
    head(value, heard);
    let node = Node::parse(raw);
    let blocks = node.as_ref().and_then(|node| node.get("content"));
    for (index, block) in list(&value["content"]).iter().enumerate() {
        let written = blocks.and_then(|blocks| blocks.items().get(index));
        let input = written.and_then(|block| block.get("input")).map(Node::canonical);
        piece(block, input.as_deref().unwrap_or("{}"), heard);
    }
    heard.unless(value["content"].is_array(), "content is a list");
    ending(value, heard);
    usage(heard, &value["usage"]);
}

fn head(message: &Value, heard: &mut Heard) {
    heard.unless(text(&message["id"]).starts_with("msg_"), "an id begins with msg_");
    heard.unless(message["type"] == "message" && message["role"] == "assistant", "a message");
    heard.unless(!text(&message["model"]).is_empty(), "a model");
    heard.unless(message["usage"].is_object(), "a usage");
}

fn ending(value: &Value, heard: &mut Heard) {
    let reason = stop(text(&value["stop_reason"])).to_owned();
    heard.unless(!reason.is_empty(), "a stop reason that clients know");
    let sequence = value["stop_sequence"].is_string();
    heard.unless(reason == "sequence" || !sequence, "a stop sequence without its reason");
    let calls = heard.first().calls.is_empty();
    heard.unless(!(reason == "calls" && calls), "tool_use without a call");
    heard.choice(0).stop = reason;
}

fn piece(block: &Value, input: &str, heard: &mut Heard) {
    match text(&block["type"]) {
        "text" => {
            let words = text(&block["text"]).to_owned();
            heard.unless(!words.is_empty(), "a text block is not empty");
            heard.choice(0).text.push_str(&words);
        }
        "thinking" => {
            heard.unless(block["signature"].is_string(), "thinking has a signature");
            heard.choice(0).thinking.push_str(text(&block["thinking"]));
        }
        "tool_use" => {
            let id = text(&block["id"]).to_owned();
            let sound = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            heard.unless(!id.is_empty() && id.chars().all(sound), "an id Anthropic would give");
            heard.unless(!heard.first().ids.contains(&id), "an id twice");
            heard.choice(0).ids.push(id);
            let call = (text(&block["name"]).to_owned(), canonical(input));
            heard.choice(0).calls.push(call);
        }
        _ => {}
    }
}

/// A block in progress.
struct Open {
    block: Value,
    text: String,
    signature: bool,
}

pub fn stream(events: &[(String, String)], heard: &mut Heard) {
    let (mut open, mut next, mut told, mut started) = (None::<Open>, 0_u64, false, false);
    for (name, data) in events {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            heard.faults.push(format!("no JSON: {data}"));
            continue;
        };
        let kind = text(&event["type"]);
        heard.unless(kind == name, "an event is named by its type");
        heard.unless(!heard.ended && heard.failed.is_none(), "nothing follows the end");
        match kind {
            "ping" => continue,
            "error" => heard.failed = Some(error_text(&event)),
            "message_start" => {
                heard.unless(!started, "one start");
                started = true;
                head(&event["message"], heard);
                heard.unless(list(&event["message"]["content"]).is_empty(), "it starts empty");
                usage(heard, &event["message"]["usage"]);
            }
            "content_block_start" => {
                heard.unless(open.is_none(), "one block at a time");
                heard.unless(event["index"] == next, "blocks are counted");
                let block = event["content_block"].clone();
                open = Some(Open { block, text: String::new(), signature: false });
            }
            "content_block_delta" => {
                heard.unless(event["index"] == next, "a delta of the open block");
                match open.as_mut() {
                    Some(open) => delta(open, &event["delta"], heard),
                    None => heard.faults.push("a delta without a block".into()),
                }
            }
            "content_block_stop" => {
                heard.unless(event["index"] == next, "the open block stops");
                next += 1;
                match open.take() {
                    Some(open) => close(open, heard),
                    None => heard.faults.push("a stop without a block".into()),
                }
            }
            "message_delta" => {
                heard.unless(open.is_none() && !told, "the end comes once, after the blocks");
                told = true;
                ending(&event["delta"], heard);
                let before = heard.usage;
                usage(heard, &event["usage"]);
                // What the last report leaves out stays as the first told it.
                if let (Some(before), Some(now)) = (before, heard.usage.as_mut())
                    && event["usage"].get("input_tokens").is_none()
                {
                    *now = Counts { prompt: before.prompt, cached: before.cached, ..*now };
                    heard.faults.retain(|fault| fault != "usage has input_tokens");
                }
            }
            "message_stop" => {
                heard.unless(told, "message_delta comes before message_stop");
                heard.ended = true;
            }
            other => heard.faults.push(format!("an event {other}")),
        }
        heard.unless(started || kind == "error", "message_start comes first");
    }
}

fn delta(open: &mut Open, delta: &Value, heard: &mut Heard) {
    let kind = text(&open.block["type"]).to_owned();
    let (of, key) = match text(&delta["type"]) {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => {
            heard.unless(kind == "thinking" && !open.signature, "one signature, on thinking");
            open.signature = true;
            return;
        }
        "input_json_delta" => {
            heard.unless(kind.ends_with("tool_use"), "input of a call");
            open.text.push_str(text(&delta["partial_json"]));
            return;
        }
        "citations_delta" => return,
        other => return heard.faults.push(format!("a delta {other}")),
    };
    heard.unless(kind == of, "a delta of the block's own kind");
    open.text.push_str(text(&delta[key]));
}

fn close(mut open: Open, heard: &mut Heard) {
    match text(&open.block["type"]) {
        "text" => open.block["text"] = Value::String(open.text),
        "thinking" => {
            heard.unless(open.signature, "thinking is signed before it stops");
            open.block["thinking"] = Value::String(open.text);
        }
        "tool_use" => {
            let empty = open.block["input"].as_object().is_some_and(serde_json::Map::is_empty);
            heard.unless(empty, "a call starts with an empty input");
            let input = if open.text.is_empty() { "{}".to_owned() } else { open.text };
            heard.unless(canonical(&input).starts_with('{'), "the input is an object");
            return piece(&open.block, &input, heard);
        }
        _ => {}
    }
    piece(&open.block, "{}", heard);
}
