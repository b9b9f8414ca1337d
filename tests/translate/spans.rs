//! What is said in a request, span by span: system, user, assistant, results, tools' descriptions.
//! Every span must reach the target exactly as often as it was said. Reads each dialect on its
//! own, without the product.

use crate::json::strings;
use serde_json::Value;
use weir_wire::hub::Form;

/// Spans shorter than this could stand inside other words by chance, in bytes.
const SPAN_BYTES_MIN: usize = 8;
/// What marks Claude Code's billing block, which is for Anthropic alone.
const BILLING: &str = "x-anthropic-billing-header";

/// What is said in a request of `form`.
pub fn said(form: Form, body: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match form {
        Form::Messages => {
            texts(&body["system"], &mut out);
            for message in list(&body["messages"]) {
                texts(&message["content"], &mut out);
            }
            described(&body["tools"], &mut out);
        }
        Form::Chat | Form::Ollama => {
            for message in list(&body["messages"]) {
                texts(&message["content"], &mut out);
                texts(&message["refusal"], &mut out);
            }
            described(&body["tools"], &mut out);
        }
        Form::Responses => {
            texts(&body["instructions"], &mut out);
            match &body["input"] {
                Value::String(text) => out.push(text.clone()),
                items => list(items).iter().for_each(|item| item_said(item, &mut out)),
            }
            described(&body["tools"], &mut out);
        }
        Form::Gemini => {
            let system = body.get("systemInstruction").or(body.get("system_instruction"));
            parts(system.unwrap_or(&Value::Null), &mut out);
            for content in list(&body["contents"]) {
                parts(content, &mut out);
            }
            for tool in list(&body["tools"]) {
                described(&tool["functionDeclarations"], &mut out);
            }
        }
    }
    out.retain(|span| !span.starts_with(BILLING));
    let mut spans: Vec<String> = out.iter().map(|span| span.trim().to_owned()).collect();
    spans.retain(|span| span.len() >= SPAN_BYTES_MIN);
    spans.sort();
    spans.dedup();
    spans
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string, or the texts of a list of blocks, whatever the dialect calls them.
fn texts(value: &Value, out: &mut Vec<String>) {
    if let Value::String(text) = value {
        return strings(&Value::String(text.clone()), out);
    }
    for block in list(value) {
        match block["type"].as_str().unwrap_or_default() {
            "thinking" | "redacted_thinking" | "web_search_tool_result" => {}
            "tool_result" | "search_result" => texts(&block["content"], out),
            "document" => {
                texts(&block["source"]["content"], out);
                if block["source"]["type"] == "text" {
                    texts(&block["source"]["data"], out);
                }
            }
            _ => {
                texts(&block["text"], out);
                texts(&block["refusal"], out);
            }
        }
    }
}

fn item_said(item: &Value, out: &mut Vec<String>) {
    match item["type"].as_str().unwrap_or("message") {
        "message" => texts(&item["content"], out),
        "function_call_output" | "custom_tool_call_output" => texts(&item["output"], out),
        "additional_tools" => described(&item["tools"], out),
        _ => {}
    }
}

fn parts(content: &Value, out: &mut Vec<String>) {
    for part in list(&content["parts"]) {
        if part["thought"] != true {
            texts(&part["text"], out);
        }
        strings(&part["functionResponse"]["response"], out);
    }
}

/// Descriptions of the client's own tools, in namespaces too.
fn described(tools: &Value, out: &mut Vec<String>) {
    for tool in list(tools) {
        let own = ["function", "custom"].iter().find_map(|key| tool.get(*key)).unwrap_or(tool);
        texts(&own["description"], out);
        described(&tool["tools"], out);
    }
}

/// Spans that reach the target more or less often than they were said.
pub fn astray(form: Form, asked: &Value, sent: &Value) -> Vec<String> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    strings(asked, &mut before);
    strings(sent, &mut after);
    let count = |leaves: &[String], span: &str| -> usize {
        leaves.iter().map(|leaf| leaf.matches(span).count()).sum()
    };
    let mut found = Vec::new();
    for span in said(form, asked) {
        let (said, reached) = (count(&before, &span), count(&after, &span));
        if said != reached {
            found.push(format!("said {said} times, reached {reached} times: {span:?}"));
        }
    }
    if count(&after, BILLING) > 0 {
        found.push("the billing block reached a foreign model".into());
    }
    found
}
