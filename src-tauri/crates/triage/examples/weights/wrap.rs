//! Wraps a record into a real request body of one dialect, as tools, applications and people send it.

use crate::chance::Chance;
use crate::corpus::{Record, Turn};
use crate::harness;
use serde_json::{Value, json};
use weir_core::Endpoint;

/// A message on its way into a dialect.
enum Message {
    User(Vec<String>),
    Model(String),
    Call(String),
    Result(String, Vec<String>),
}

/// What a body is made of, in no dialect yet.
struct Whole {
    system: Option<String>,
    messages: Vec<Message>,
    tools: Vec<(&'static str, &'static str, Value)>,
    structured: bool,
}

/// A wrapped record, and whether the system text holds its instruction.
pub struct Wrapped {
    pub endpoint: Endpoint,
    pub body: Vec<u8>,
    pub application: bool,
}

/// Wraps a record; another seed gives another dress.
pub fn wrap(record: &Record, seed: u64) -> Wrapped {
    let mut chance = Chance(seed);
    if record.kind == "embed" {
        let text = last_user(record);
        let input = if chance.percent(50) { json!(text) } else { json!([text]) };
        let body = json!({"model": "text-embedding-3-small", "input": input});
        return Wrapped { endpoint: Endpoint::Embeddings, body: bytes(&body), application: false };
    }
    let mut application = record.system.is_some();
    let mut whole = if record.kind == "agent" {
        agent(record, &mut chance)
    } else {
        plain(record, &mut chance)
    };
    if record.kind == "app" && record.turns.len() == 1 && chance.percent(22) {
        merge(&mut whole, &mut chance);
        application = false;
    }
    let (endpoint, body) = dialect(whole, record.harness.as_deref(), &mut chance);
    Wrapped { endpoint, body: bytes(&body), application }
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

fn last_user(record: &Record) -> String {
    let said = record.turns.iter().rev().find_map(|turn| match turn {
        Turn::User(text) => Some(text.clone()),
        _ => None,
    });
    said.unwrap_or_default()
}

fn plain(record: &Record, chance: &mut Chance) -> Whole {
    let persona = (record.system.is_none() && chance.percent(50))
        .then(|| (*chance.one(&harness::PERSONAS)).to_owned());
    Whole {
        system: record.system.clone().or(persona),
        messages: messages(record, "none", chance),
        tools: Vec::new(),
        structured: record.system.as_ref().is_some_and(|s| s.contains("JSON"))
            && chance.percent(50),
    }
}

/// Some applications send instruction and payload as one user turn.
fn merge(whole: &mut Whole, chance: &mut Chance) {
    let system = whole.system.take().unwrap_or_default();
    if let Some(Message::User(blocks)) = whole.messages.first_mut() {
        let payload = blocks.join("\n");
        *blocks = vec![match chance.below(5) {
            0 => format!("{payload}\n\n{system}"),
            1 => format!("{system}\n\n<input>\n{payload}\n</input>"),
            2 => format!("{system}\n\nText:\n\"\"\"\n{payload}\n\"\"\""),
            _ => format!("{system}\n\n{payload}"),
        }];
    }
    if chance.percent(30) {
        whole.system = Some("You are a helpful assistant.".to_owned());
    }
}

fn agent(record: &Record, chance: &mut Chance) -> Whole {
    let harness = record.harness.as_deref().unwrap_or("custom");
    let mut list = Vec::new();
    if let Some((said, answered)) = harness::preamble(harness, chance) {
        list.push(Message::User(vec![said]));
        list.extend(answered.map(Message::Model));
    }
    list.extend(messages(record, harness, chance));
    let bare = harness == "aider" || record.system.is_some() && chance.percent(70);
    Whole {
        system: record.system.clone().or_else(|| Some(harness::system(harness, chance))),
        messages: list,
        tools: if bare { Vec::new() } else { harness::tools(chance) },
        structured: false,
    }
}

fn messages(record: &Record, harness: &str, chance: &mut Chance) -> Vec<Message> {
    let mut list = Vec::new();
    let results = record.turns.iter().filter(|turn| matches!(turn, Turn::Tool(_))).count();
    for (at, turn) in record.turns.iter().enumerate() {
        let message = match turn {
            Turn::User(text) => Message::User(harness::dressed(harness, text, chance)),
            Turn::Assistant(text) => Message::Model(text.clone()),
            Turn::Call(text) => Message::Call(text.clone()),
            Turn::Tool(text) => {
                // A result without a call before it had one that the record leaves out.
                if !matches!(at.checked_sub(1).map(|b| &record.turns[b]), Some(Turn::Call(_))) {
                    list.push(Message::Call("Read".to_owned()));
                }
                let reminded = harness == "claude-code" && results > 0 && chance.percent(30);
                let beside = if reminded {
                    harness::dressed(harness, "", chance)
                        .into_iter()
                        .filter(|b| !b.is_empty())
                        .collect()
                } else {
                    Vec::new()
                };
                Message::Result(text.clone(), beside)
            }
        };
        list.push(message);
    }
    list
}

fn dialect(whole: Whole, harness: Option<&str>, chance: &mut Chance) -> (Endpoint, Value) {
    let kind = match harness {
        Some("claude-code") => 0,
        Some("codex") => 2,
        Some("gemini-cli") => 3,
        Some("cline") => chance.below(2),
        Some("aider" | "cursor") => 1,
        _ => chance.below(4),
    };
    match kind {
        0 => (Endpoint::Messages, anthropic(whole, chance)),
        1 => (Endpoint::Chat, chat(whole, chance)),
        2 => (Endpoint::Responses, responses(whole, chance)),
        _ => (Endpoint::Generate, gemini(whole, chance)),
    }
}

fn anthropic(whole: Whole, chance: &mut Chance) -> Value {
    let text = |text: &String| json!({"type": "text", "text": text});
    let mut turns = Vec::new();
    for (n, message) in whole.messages.iter().enumerate() {
        let id = format!("toolu_{}", n / 2);
        turns.push(match message {
            Message::User(blocks) if blocks.len() == 1 && chance.percent(50) => {
                json!({"role": "user", "content": blocks[0]})
            }
            Message::User(blocks) => {
                json!({"role": "user", "content": blocks.iter().map(text).collect::<Vec<_>>()})
            }
            Message::Model(said) => json!({"role": "assistant", "content": [text(said)]}),
            Message::Call(call) => json!({"role": "assistant", "content": [
                {"type": "tool_use", "id": id, "name": "Bash", "input": {"command": call}}]}),
            Message::Result(result, beside) => {
                let mut blocks =
                    vec![json!({"type": "tool_result", "tool_use_id": id, "content": result})];
                blocks.extend(beside.iter().map(text));
                json!({"role": "user", "content": blocks})
            }
        });
    }
    let mut body = json!({"model": "claude-sonnet-4-5", "max_tokens": 4096, "messages": turns});
    if let Some(system) = &whole.system {
        body["system"] = if whole.tools.is_empty() {
            json!(system)
        } else {
            json!([{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=00000;"},
                {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}])
        };
    }
    if !whole.tools.is_empty() {
        let tool = |(name, told, schema): &(&str, &str, Value)| json!({"name": name, "description": told, "input_schema": schema});
        body["tools"] = whole.tools.iter().map(tool).collect();
    }
    body
}

fn chat(whole: Whole, chance: &mut Chance) -> Value {
    let mut turns = Vec::new();
    if let Some(system) = &whole.system {
        let role = if chance.percent(75) { "system" } else { "developer" };
        turns.push(json!({"role": role, "content": system}));
    }
    for (n, message) in whole.messages.iter().enumerate() {
        let id = format!("call_{}", n / 2);
        turns.push(match message {
            Message::User(blocks) if blocks.len() == 1 => {
                json!({"role": "user", "content": blocks[0]})
            }
            Message::User(blocks) => {
                let part = |text: &String| json!({"type": "text", "text": text});
                json!({"role": "user", "content": blocks.iter().map(part).collect::<Vec<_>>()})
            }
            Message::Model(said) => json!({"role": "assistant", "content": said}),
            Message::Call(call) => json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": id, "type": "function", "function": {"name": "shell", "arguments": json!({"command": call}).to_string()}}]}),
            Message::Result(result, _) => {
                json!({"role": "tool", "tool_call_id": id, "content": result})
            }
        });
    }
    let mut body = json!({"model": "gpt-5", "messages": turns});
    if !whole.tools.is_empty() {
        let tool = |(name, told, schema): &(&str, &str, Value)| json!({"type": "function", "function": {"name": name, "description": told, "parameters": schema}});
        body["tools"] = whole.tools.iter().map(tool).collect();
    }
    if whole.structured {
        body["response_format"] = json!({"type": "json_object"});
    }
    body
}

fn responses(whole: Whole, chance: &mut Chance) -> Value {
    let mut items = Vec::new();
    for (n, message) in whole.messages.iter().enumerate() {
        let id = format!("call_{}", n / 2);
        items.push(match message {
            Message::User(blocks) => {
                let part = |text: &String| json!({"type": "input_text", "text": text});
                json!({"type": "message", "role": "user", "content": blocks.iter().map(part).collect::<Vec<_>>()})
            }
            Message::Model(said) => json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": said}]}),
            Message::Call(call) => json!({"type": "function_call", "call_id": id, "name": "shell", "arguments": json!({"command": call}).to_string()}),
            Message::Result(result, _) => {
                json!({"type": "function_call_output", "call_id": id, "output": result})
            }
        });
    }
    let tool = |(name, told, schema): &(&str, &str, Value)| json!({"type": "function", "name": name, "description": told, "parameters": schema});
    let tools: Vec<Value> = whole.tools.iter().map(tool).collect();
    let mut body = json!({"model": "gpt-5", "store": false, "stream": true});
    if !tools.is_empty() && chance.percent(50) {
        items.insert(0, json!({"type": "additional_tools", "tools": tools}));
    } else if !tools.is_empty() {
        body["tools"] = Value::Array(tools);
    }
    if items.len() == 1 && whole.system.is_none() && chance.percent(40) {
        let text = items[0]["content"].as_array().map(|parts| parts[0]["text"].clone());
        body["input"] = text.unwrap_or_default();
    } else {
        body["input"] = Value::Array(items);
    }
    if let Some(system) = whole.system {
        body["instructions"] = json!(system);
    }
    if whole.structured {
        body["text"] = json!({"format": {"type": "json_schema", "name": "answer", "schema": {}}});
    }
    body
}

fn gemini(whole: Whole, chance: &mut Chance) -> Value {
    let mut turns = Vec::new();
    for message in &whole.messages {
        turns.push(match message {
            Message::User(blocks) => {
                let part = |text: &String| json!({ "text": text });
                json!({"role": "user", "parts": blocks.iter().map(part).collect::<Vec<_>>()})
            }
            Message::Model(said) => json!({"role": "model", "parts": [{"text": said}]}),
            Message::Call(call) => json!({"role": "model", "parts": [{"functionCall": {"name": "shell", "args": {"command": call}}}]}),
            Message::Result(result, _) => json!({"role": "user", "parts": [{"functionResponse": {"name": "shell", "response": {"output": result}}}]}),
        });
    }
    let mut body = json!({"contents": turns, "generationConfig": {"temperature": 0.2}});
    if let Some(system) = whole.system {
        let key = if chance.percent(70) { "systemInstruction" } else { "system_instruction" };
        body[key] = json!({"parts": [{"text": system}]});
    }
    if !whole.tools.is_empty() {
        let tool = |(name, told, schema): &(&str, &str, Value)| json!({"name": name, "description": told, "parameters": schema});
        body["tools"] =
            json!([{"functionDeclarations": whole.tools.iter().map(tool).collect::<Vec<_>>()}]);
    }
    if whole.structured {
        body["generationConfig"]["responseMimeType"] = json!("application/json");
    }
    body
}
