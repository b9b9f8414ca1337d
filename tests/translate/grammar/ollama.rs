//! Ollama's `/api/chat`. Source: ollama/ollama's api/types.go and server/routes.go of v0.33.

use super::{Faults, base64, list, text};
use serde_json::Value;

const KEYS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "stream",
    "format",
    "options",
    "think",
    "keep_alive",
    "truncate",
    "shift",
    "logprobs",
    "top_logprobs",
];
const OPTIONS: &[&str] = &[
    "num_predict",
    "num_ctx",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
];

pub fn check(body: &Value, faults: &mut Faults) {
    faults.keys("body", body, KEYS);
    // Left out, the server streams.
    faults.unless(body["stream"].is_boolean(), "stream", "is said");
    if let Some(options) = body.get("options") {
        faults.keys("options", options, OPTIONS);
    }
    if let Some(format) = body.get("format") {
        faults.unless(*format == "json" || format.is_object(), "format", "json or a schema");
    }
    if let Some(think) = body.get("think") {
        let level = ["low", "medium", "high"].contains(&text(think));
        faults.unless(think.is_boolean() || level, "think", "is not known");
    }
    for tool in list(&body["tools"]) {
        faults.keys("tools", tool, &["type", "function"]);
        let known = ["name", "description", "parameters"];
        faults.keys("tools", &tool["function"], &known);
        let object = tool["function"]["parameters"]["type"] == "object";
        faults.unless(object, "tools", "a tool's input is an object");
    }
    let messages = list(&body["messages"]);
    faults.unless(!messages.is_empty(), "messages", "none");
    let mut open = 0_usize;
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages.{index}");
        let known =
            ["role", "content", "images", "thinking", "tool_calls", "tool_name", "tool_call_id"];
        faults.keys(&at, message, &known);
        let role = text(&message["role"]);
        let sound = ["system", "user", "assistant", "tool"].contains(&role);
        faults.unless(sound, &at, &format!("{role} is no role"));
        faults.unless(message["content"].is_string(), &at, "content is a string");
        for image in list(&message["images"]) {
            faults.unless(base64(text(image)), &at, "an image is base64 alone");
        }
        for call in list(&message["tool_calls"]) {
            faults.unless(role == "assistant", &at, "the assistant calls");
            let object = call["function"]["arguments"].is_object();
            faults.unless(object, &at, "arguments are an object");
            let named = !text(&call["function"]["name"]).is_empty();
            faults.unless(named, &at, "a call has a name");
        }
        if role == "tool" {
            faults.unless(open > 0, &at, "a result answers no open call");
            open = open.saturating_sub(1);
            faults.unless(!text(&message["tool_name"]).is_empty(), &at, "a result names its tool");
        } else {
            faults.unless(open == 0, &at, "calls without results");
            open = list(&message["tool_calls"]).len();
            let silent = text(&message["content"]).is_empty()
                && open == 0
                && list(&message["images"]).is_empty()
                && text(&message["thinking"]).is_empty();
            faults.unless(!silent, &at, "says nothing");
        }
    }
}
