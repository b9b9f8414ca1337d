//! Anthropic Messages. Sources: platform.claude.com's Messages reference, tool use, extended
//! thinking, the version note of 2026-10-21 and what's-new pages of the 5.x models.

use super::{Faults, base64, list, plain, text, tool_schema, twice};
use serde_json::Value;
use std::collections::BTreeSet;

const KEYS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "thinking",
    "output_config",
    "metadata",
    "service_tier",
];
/// Cache marks one request may carry.
const MARKS_MAX: usize = 4;

pub fn check(body: &Value, model: &str, faults: &mut Faults) {
    faults.keys("body", body, KEYS);
    faults.unless(body["model"] == model, "model", "is not the target's");
    let limit = body["max_tokens"].as_u64();
    faults.unless(limit.is_some_and(|n| n > 0), "max_tokens", "is required");
    faults.unless(marks(body) <= MARKS_MAX, "cache_control", "more than four");
    texts("system", &body["system"], faults);
    knobs(body, model, limit.unwrap_or(0), faults);
    tools(body, model, faults);
    conversation(body, model, faults);
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(pairs) => {
            let own = pairs.get("cache_control").is_some_and(Value::is_object);
            usize::from(own) + pairs.values().map(marks).sum::<usize>()
        }
        _ => 0,
    }
}

fn new_rules(model: &str) -> bool {
    ["opus-5-5", "sonnet-5-5", "fable-5", "opus-4-8"].iter().any(|name| model.contains(name))
}

fn knobs(body: &Value, model: &str, limit: u64, faults: &mut Faults) {
    for name in ["temperature", "top_p", "top_k"] {
        let set = body.get(name).is_some();
        faults.unless(!set || !new_rules(model), name, "is refused since 4.7, at any value");
    }
    let warm = body["temperature"].as_f64();
    faults.unless(warm.is_none_or(|t| (0.0..=1.0).contains(&t)), "temperature", "0 to 1");
    faults.unless(
        body.get("temperature").is_none() || body.get("top_p").is_none(),
        "top_p",
        "not beside temperature",
    );
    for stop in list(&body["stop_sequences"]) {
        faults.unless(!text(stop).trim().is_empty(), "stop_sequences", "one is blank");
    }
    match text(&body["thinking"]["type"]) {
        "" | "disabled" => {}
        "adaptive" => faults.unless(new_rules(model), "thinking", "adaptive is not known"),
        "enabled" => {
            let budget = body["thinking"]["budget_tokens"].as_u64().unwrap_or(0);
            faults.unless(budget >= 1024, "thinking", "the least budget is 1024");
            faults.unless(budget < limit, "thinking", "the budget is below max_tokens");
        }
        other => faults.note("thinking", format!("{other} is no type")),
    }
    if let Some(effort) = body["output_config"].get("effort") {
        let known = ["low", "medium", "high", "xhigh", "max"].contains(&text(effort));
        faults.unless(known, "effort", "is not known");
    }
    if let Some(format) = body["output_config"].get("format") {
        faults.unless(format["type"] == "json_schema", "format", "is json_schema");
        faults.unless(format["schema"].is_object(), "format", "has a schema");
    }
    if let Some(user) = body["metadata"].get("user_id") {
        faults.unless(text(user).len() <= 256, "metadata", "at most 256 characters");
    }
}

fn tools(body: &Value, model: &str, faults: &mut Faults) {
    let tools = list(&body["tools"]);
    for tool in tools {
        let known = ["name", "description", "input_schema", "cache_control", "strict", "type"];
        faults.keys("tools", tool, &known);
        faults.unless(plain(text(&tool["name"]), 128), "tools", "a name is not allowed");
        tool_schema("tools", &tool["input_schema"], faults);
    }
    for name in twice(tools.iter().map(|tool| text(&tool["name"]))) {
        faults.note("tools", format!("{name} twice"));
    }
    let Some(choice) = body.get("tool_choice") else { return };
    faults.unless(!tools.is_empty(), "tool_choice", "without tools");
    let forced = matches!(text(&choice["type"]), "any" | "tool");
    faults.unless(!(forced && new_rules(model)), "tool_choice", "cannot be forced on this model");
    let known = ["auto", "any", "tool", "none"].contains(&text(&choice["type"]));
    faults.unless(known, "tool_choice", "is not known");
    let named = choice["type"] != "tool" || tools.iter().any(|t| t["name"] == choice["name"]);
    faults.unless(named, "tool_choice", "names no tool");
}

fn texts(at: &str, value: &Value, faults: &mut Faults) {
    if let Some(words) = value.as_str() {
        faults.unless(!words.trim().is_empty(), at, "is blank");
    }
    for block in list(value) {
        faults.unless(block["type"] == "text", at, "is text only");
        faults.unless(!text(&block["text"]).trim().is_empty(), at, "a block is blank");
    }
}

fn conversation(body: &Value, model: &str, faults: &mut Faults) {
    let messages = list(&body["messages"]);
    faults.unless(!messages.is_empty(), "messages", "none");
    let mut calls: BTreeSet<String> = BTreeSet::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut last = "";
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages.{index}");
        faults.keys(&at, message, &["role", "content"]);
        let role = text(&message["role"]);
        match role {
            "user" | "assistant" => {}
            "system" => {
                texts(&at, &message["content"], faults);
                continue;
            }
            other => faults.note(&at, format!("{other} is no role")),
        }
        if last.is_empty() && role == "assistant" {
            faults.note(&at, "the user speaks first");
        }
        if role == "assistant" && !open.is_empty() {
            faults.note(&at, format!("{open:?} have no results"));
            open.clear();
        }
        if message["content"].is_string() {
            faults.unless(open.is_empty(), &at, "results come first");
            faults.unless(!text(&message["content"]).trim().is_empty(), &at, "is blank");
        } else {
            faults.unless(!list(&message["content"]).is_empty(), &at, "has no content");
        }
        for block in list(&message["content"]) {
            block_rules(&at, role, block, &mut calls, &mut open, faults);
        }
        last = role;
    }
    faults.unless(open.is_empty() || last == "assistant", "messages", "calls without results");
    let prefills = last == "assistant";
    faults.unless(!(prefills && new_rules(model)), "messages", "the last turn is the user's");
}

fn block_rules(
    at: &str,
    role: &str,
    block: &Value,
    calls: &mut BTreeSet<String>,
    open: &mut BTreeSet<String>,
    faults: &mut Faults,
) {
    let kind = text(&block["type"]);
    if role == "user" && kind != "tool_result" && !open.is_empty() {
        faults.note(at, format!("results of {open:?} come first"));
        open.clear();
    }
    match (kind, role) {
        ("text", _) => {
            faults.unless(!text(&block["text"]).trim().is_empty(), at, "a text is blank");
        }
        ("image" | "document", "user") => media(at, block, faults),
        ("tool_use", "assistant") => {
            let id = text(&block["id"]).to_owned();
            faults.unless(plain(&id, 256), at, &format!("id {id} is not allowed"));
            faults.unless(plain(text(&block["name"]), 128), at, "a name is not allowed");
            faults.unless(block["input"].is_object(), at, "input is an object");
            faults.unless(calls.insert(id.clone()), at, &format!("id {id} twice"));
            open.insert(id);
        }
        ("tool_result", "user") => {
            let id = text(&block["tool_use_id"]);
            faults.unless(open.remove(id), at, &format!("result {id} answers no open call"));
            for inner in list(&block["content"]) {
                match text(&inner["type"]) {
                    "text" => texts(at, &Value::Array(vec![inner.clone()]), faults),
                    "image" | "document" => media(at, inner, faults),
                    other => faults.note(at, format!("{other} in a result")),
                }
            }
        }
        ("thinking", "assistant") => {
            faults.unless(!text(&block["signature"]).is_empty(), at, "thinking is not signed");
            faults.unless(!text(&block["signature"]).starts_with("Weir"), at, "a seal of ours");
        }
        ("redacted_thinking", "assistant") => {
            faults.unless(!text(&block["data"]).is_empty(), at, "nothing redacted");
        }
        (kind, role) => faults.note(at, format!("{kind} of the {role}")),
    }
}

fn media(at: &str, block: &Value, faults: &mut Faults) {
    let source = &block["source"];
    match text(&source["type"]) {
        "base64" => {
            faults.unless(base64(text(&source["data"])), at, "data is no base64");
            let mime = text(&source["media_type"]);
            let sound = match text(&block["type"]) {
                "image" => ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&mime),
                _ => mime == "application/pdf",
            };
            faults.unless(sound, at, &format!("media type {mime}"));
        }
        "url" => faults.unless(text(&source["url"]).starts_with("https://"), at, "url"),
        "text" => faults.unless(source["media_type"] == "text/plain", at, "text/plain"),
        other => faults.note(at, format!("source {other}")),
    }
}
