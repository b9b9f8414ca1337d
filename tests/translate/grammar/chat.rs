//! OpenAI Chat Completions, as OpenAI's reasoning models and local servers take it. Sources:
//! OpenAI's Python SDK types and error messages; llama.cpp's and vLLM's chat templates.

use super::{Faults, list, object_text, plain, text, tool_schema, twice};
use serde_json::Value;
use std::collections::BTreeSet;

const KEYS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
    "n",
    "logprobs",
    "top_logprobs",
    "response_format",
    "reasoning_effort",
    "verbosity",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "service_tier",
    "store",
];
/// What OpenAI's reasoning models refuse.
const NOT_WHEN_REASONING: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "stop",
    "max_tokens",
];

pub fn check(body: &Value, model: &str, local: bool, faults: &mut Faults) {
    faults.keys("body", body, KEYS);
    faults.unless(body["model"] == model, "model", "is not the target's");
    if model.starts_with("gpt-5") || model.starts_with("gpt-6") {
        for name in NOT_WHEN_REASONING {
            faults.unless(body.get(*name).is_none(), name, "is refused by reasoning models");
        }
        faults.unless(body.get("top_k").is_none(), "top_k", "is not OpenAI's");
    }
    let streams = body["stream"] == true;
    let counted = body["stream_options"]["include_usage"] == true;
    faults.unless(streams == counted, "stream_options", "usage is asked for in every stream");
    faults.unless(list(&body["stop"]).len() <= 4 || local, "stop", "at most four");
    tools(body, faults);
    format(body, faults);
    conversation(body, faults);
    if local {
        alternation(body, faults);
    }
}

fn tools(body: &Value, faults: &mut Faults) {
    let tools = list(&body["tools"]);
    faults.unless(body.get("tools").is_none() || !tools.is_empty(), "tools", "an empty list");
    let name = |tool: &Value| match text(&tool["type"]) {
        "custom" => text(&tool["custom"]["name"]).to_owned(),
        _ => text(&tool["function"]["name"]).to_owned(),
    };
    let names: Vec<String> = tools.iter().map(name).collect();
    for (tool, name) in tools.iter().zip(&names) {
        faults.unless(plain(name, 64), "tools", &format!("name {name} is not allowed"));
        if tool["type"] == "function" {
            faults.keys("tools", tool, &["type", "function"]);
            let known = ["name", "description", "parameters", "strict"];
            faults.keys("tools", &tool["function"], &known);
            if let Some(parameters) = tool["function"].get("parameters") {
                tool_schema("tools", parameters, faults);
            }
        } else {
            faults.unless(tool["type"] == "custom", "tools", "function or custom");
        }
    }
    for name in twice(names.iter().map(String::as_str)) {
        faults.note("tools", format!("{name} twice"));
    }
    for key in ["tool_choice", "parallel_tool_calls"] {
        faults.unless(body.get(key).is_none() || !tools.is_empty(), key, "without tools");
    }
    let choice = &body["tool_choice"];
    if let Some(word) = choice.as_str() {
        faults.unless(["auto", "none", "required"].contains(&word), "tool_choice", word);
    } else if choice["type"] == "function" {
        let named = names.iter().any(|name| choice["function"]["name"] == name.as_str());
        faults.unless(named, "tool_choice", "names no tool");
        let kind = tools.iter().find(|tool| tool["custom"]["name"] == choice["function"]["name"]);
        faults.unless(kind.is_none(), "tool_choice", "names no tool of that kind");
    }
}

fn format(body: &Value, faults: &mut Faults) {
    let Some(format) = body.get("response_format") else { return };
    match text(&format["type"]) {
        "json_object" | "text" => {}
        "json_schema" => {
            let inner = &format["json_schema"];
            faults.unless(plain(text(&inner["name"]), 64), "response_format", "has a name");
            faults.unless(inner["schema"].is_object(), "response_format", "has a schema");
        }
        other => faults.note("response_format", format!("{other} is no type")),
    }
}

fn conversation(body: &Value, faults: &mut Faults) {
    let messages = list(&body["messages"]);
    faults.unless(!messages.is_empty(), "messages", "none");
    let mut open: BTreeSet<String> = BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages.{index}");
        let role = text(&message["role"]);
        if role != "tool" && !open.is_empty() {
            faults.note(&at, format!("{open:?} have no results"));
            open.clear();
        }
        match role {
            "tool" => {
                faults.keys(&at, message, &["role", "content", "tool_call_id", "name"]);
                let id = text(&message["tool_call_id"]);
                faults.unless(open.remove(id), &at, &format!("result {id} answers no open call"));
                content(&at, &message["content"], &["text"], true, faults);
            }
            "assistant" => assistant(&at, message, &mut open, faults),
            "system" | "developer" => content(&at, &message["content"], &["text"], false, faults),
            "user" => {
                let known = ["text", "image_url", "file", "input_audio"];
                content(&at, &message["content"], &known, false, faults);
            }
            other => faults.note(&at, format!("{other} is no role")),
        }
    }
    faults.unless(open.is_empty(), "messages", "calls without results");
}

fn assistant(at: &str, message: &Value, open: &mut BTreeSet<String>, faults: &mut Faults) {
    let known =
        ["role", "content", "tool_calls", "reasoning_content", "refusal", "reasoning_details"];
    faults.keys(at, message, &known);
    let calls = list(&message["tool_calls"]);
    let silent = message["content"].is_null() || message["content"] == "";
    let refused = message["refusal"].is_string();
    faults.unless(!silent || !calls.is_empty() || refused, at, "says nothing");
    if !silent {
        content(at, &message["content"], &["text", "refusal"], false, faults);
    }
    for call in calls {
        let id = text(&call["id"]).to_owned();
        faults.unless(!id.is_empty() && id.len() <= 64, at, &format!("id {id} is not allowed"));
        let function = &call["function"];
        if call["type"] == "function" {
            faults.unless(plain(text(&function["name"]), 64), at, "a name is not allowed");
            let sound = object_text(text(&function["arguments"]));
            faults.unless(sound, at, "arguments are the text of an object");
        }
        faults.unless(open.insert(id.clone()), at, &format!("id {id} twice"));
    }
}

fn content(at: &str, value: &Value, known: &[&str], may_be_empty: bool, faults: &mut Faults) {
    if let Some(words) = value.as_str() {
        faults.unless(may_be_empty || !words.is_empty(), at, "is empty");
        return;
    }
    faults.unless(!list(value).is_empty(), at, "has no content");
    for part in list(value) {
        let kind = text(&part["type"]);
        faults.unless(known.contains(&kind), at, &format!("{kind} is not allowed here"));
        match kind {
            "text" => faults.unless(!text(&part["text"]).is_empty(), at, "a text is empty"),
            "image_url" => {
                let url = text(&part["image_url"]["url"]);
                let sound = url.starts_with("data:image/") || url.starts_with("https://");
                faults.unless(sound, at, "an image's url");
            }
            "file" => {
                let file = &part["file"];
                let inside = text(&file["file_data"]).starts_with("data:application/pdf;base64,");
                faults.unless(inside != file["file_id"].is_string(), at, "a file's data or id");
                faults.unless(!inside || file["filename"].is_string(), at, "a file's name");
            }
            _ => {}
        }
    }
}

/// Templates of local models: the system first and once, then user and assistant by turns.
fn alternation(body: &Value, faults: &mut Faults) {
    let mut last = "";
    for (index, message) in list(&body["messages"]).iter().enumerate() {
        let at = format!("messages.{index}");
        let role = text(&message["role"]);
        faults.unless(role != "developer", &at, "no template knows a developer");
        faults.unless(role != "system" || index == 0, &at, "the system speaks first only");
        let again = role == last && role != "tool";
        faults.unless(!again, &at, &format!("{role} twice in a row"));
        faults.unless(last != "system" || role == "user", &at, "after the system comes the user");
        last = role;
    }
}
