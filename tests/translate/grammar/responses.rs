//! OpenAI Responses. Source: OpenAI's Python SDK types and error messages.

use super::{Faults, list, object_text, plain, text, tool_schema, twice};
use serde_json::Value;
use std::collections::BTreeSet;

const KEYS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "store",
    "include",
    "reasoning",
    "text",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "service_tier",
    "truncation",
];

pub fn check(body: &Value, model: &str, faults: &mut Faults) {
    faults.keys("body", body, KEYS);
    faults.unless(body["model"] == model, "model", "is not the target's");
    faults.unless(body["store"] == false, "store", "nothing is kept at the vendor");
    for name in ["temperature", "top_p", "top_logprobs"] {
        faults.unless(body.get(name).is_none(), name, "is refused by reasoning models");
    }
    let limit = body.get("max_output_tokens");
    let sound = limit.is_none_or(|n| n.as_u64().is_some_and(|n| n >= 16));
    faults.unless(sound, "max_output_tokens", "at least 16");
    if let Some(words) = body.get("instructions") {
        faults.unless(!text(words).is_empty(), "instructions", "is empty");
    }
    let seals = list(&body["include"]).iter().any(|i| i == "reasoning.encrypted_content");
    faults.unless(seals, "include", "encrypted reasoning is needed when nothing is stored");
    tools(body, faults);
    let format = &body["text"]["format"];
    if format["type"] == "json_schema" {
        faults.unless(plain(text(&format["name"]), 64), "text.format", "has a name");
        faults.unless(format["schema"].is_object(), "text.format", "has a schema");
    }
    items(body, faults);
}

fn tools(body: &Value, faults: &mut Faults) {
    let tools = list(&body["tools"]);
    faults.unless(body.get("tools").is_none() || !tools.is_empty(), "tools", "an empty list");
    for tool in tools {
        let name = text(&tool["name"]);
        faults.unless(plain(name, 64), "tools", &format!("name {name} is not allowed"));
        match text(&tool["type"]) {
            "function" => {
                let known = ["type", "name", "description", "parameters", "strict"];
                faults.keys("tools", tool, &known);
                if let Some(parameters) = tool.get("parameters").filter(|p| !p.is_null()) {
                    tool_schema("tools", parameters, faults);
                }
                // Left out, the vendor takes it for true and refuses schemas that are not.
                faults.unless(tool["strict"].is_boolean(), "tools", "strict is said");
            }
            "custom" => faults.keys("tools", tool, &["type", "name", "description", "format"]),
            other => faults.note("tools", format!("{other} is not the client's")),
        }
    }
    for name in twice(tools.iter().map(|tool| text(&tool["name"]))) {
        faults.note("tools", format!("{name} twice"));
    }
    for key in ["tool_choice", "parallel_tool_calls"] {
        faults.unless(body.get(key).is_none() || !tools.is_empty(), key, "without tools");
    }
    let choice = &body["tool_choice"];
    if choice["type"] == "function" {
        let named = tools.iter().any(|tool| tool["name"] == choice["name"]);
        faults.unless(named, "tool_choice", "names no tool");
    }
}

fn items(body: &Value, faults: &mut Faults) {
    if let Some(words) = body["input"].as_str() {
        return faults.unless(!words.is_empty(), "input", "is empty");
    }
    let items = list(&body["input"]);
    faults.unless(!items.is_empty(), "input", "none");
    let mut open: BTreeSet<String> = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("input.{index}");
        match text(&item["type"]) {
            "" | "message" => message(&at, item, faults),
            "function_call" => {
                let name = text(&item["name"]);
                faults.unless(plain(name, 64), &at, "a name is not allowed");
                let sound = object_text(text(&item["arguments"]));
                faults.unless(sound, &at, "arguments are the text of an object");
                called(&at, item, &mut open, faults);
            }
            "custom_tool_call" => called(&at, item, &mut open, faults),
            kind @ ("function_call_output" | "custom_tool_call_output") => {
                // Calls and outputs are paired by their kind too.
                let id = format!("{}:{}", kind.trim_end_matches("_output"), text(&item["call_id"]));
                faults.unless(open.remove(&id), &at, &format!("{id} answers no open call"));
                if !item["output"].is_string() {
                    content(&at, &item["output"], "user", faults);
                }
            }
            "reasoning" => {
                let sealed = !text(&item["encrypted_content"]).is_empty();
                faults.unless(sealed, &at, "reasoning without its seal");
                faults.unless(item["summary"].is_array(), &at, "reasoning without a summary");
            }
            other => faults.note(&at, format!("{other} is no item of ours")),
        }
    }
    faults.unless(open.is_empty(), "input", "calls without outputs");
}

fn called(at: &str, item: &Value, open: &mut BTreeSet<String>, faults: &mut Faults) {
    let id = text(&item["call_id"]);
    faults.unless(!id.is_empty() && id.len() <= 64, at, &format!("id {id} is not allowed"));
    let fresh = open.insert(format!("{}:{id}", text(&item["type"])));
    faults.unless(fresh, at, &format!("id {id} twice"));
}

fn message(at: &str, item: &Value, faults: &mut Faults) {
    let role = text(&item["role"]);
    let known = ["user", "assistant", "system", "developer"].contains(&role);
    faults.unless(known, at, &format!("{role} is no role"));
    match item["content"].as_str() {
        Some(words) => faults.unless(!words.is_empty(), at, "is empty"),
        None => content(at, &item["content"], role, faults),
    }
}

fn content(at: &str, value: &Value, role: &str, faults: &mut Faults) {
    faults.unless(!list(value).is_empty(), at, "has no content");
    for part in list(value) {
        let kind = text(&part["type"]);
        let known: &[&str] = match role {
            "assistant" => &["output_text", "refusal"],
            "user" => &["input_text", "input_image", "input_file"],
            _ => &["input_text"],
        };
        faults.unless(known.contains(&kind), at, &format!("{kind} of the {role}"));
        match kind {
            "input_text" | "output_text" => {
                faults.unless(!text(&part["text"]).is_empty(), at, "a text is empty");
            }
            "input_image" => {
                let url = text(&part["image_url"]);
                let sound = url.starts_with("data:image/") || url.starts_with("https://");
                faults.unless(sound, at, "an image's url");
            }
            "input_file" => {
                let data = text(&part["file_data"]).starts_with("data:application/pdf;base64,");
                let url = text(&part["file_url"]).starts_with("https://");
                let known = part["file_id"].is_string();
                let one = usize::from(data) + usize::from(url) + usize::from(known);
                faults.unless(one == 1, at, "a file's data, url or id");
                faults.unless(!data || part["filename"].is_string(), at, "a file's name");
            }
            _ => {}
        }
    }
}
