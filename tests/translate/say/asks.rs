//! One conversation, as each client asks it.

use super::{Call, arguments, fill, placeholder};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_core::Endpoint;
use weir_wire::hub::Form;

/// One turn.
#[derive(Clone, Debug)]
pub enum Turn {
    /// The user says these.
    User(Vec<String>),
    /// The model says this and calls these; each result follows.
    Model(String, Vec<(Call, String)>),
    /// The system says this, in the middle.
    System(String),
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct Talk {
    /// What the system says first.
    pub system: Vec<String>,
    /// The turns; the first and the last are the user's or a result.
    pub turns: Vec<Turn>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
}

/// A span no other span holds.
fn span() -> impl Strategy<Value = String> {
    ("[a-zA-Zäöü日🏔 \"\\\\\n]{0,14}", any::<u64>(), "[a-z.!]{0,4}")
        .prop_map(|(before, mark, after)| format!("{before}<{mark:016x}>{after}").trim().to_owned())
}

fn turn() -> impl Strategy<Value = Turn> {
    let id = prop_oneof![
        3 => "[a-zA-Z0-9_-]{1,20}",
        1 => "[a-zA-Z0-9_./:+= é-]{1,90}",
    ];
    let call = (id, prop::sample::select(&["get_weather", "read_file"][..]), arguments(), span());
    let call = call.prop_map(|(id, name, arguments, result)| {
        (Call { id, name: name.to_owned(), arguments }, result)
    });
    prop_oneof![
        3 => prop::collection::vec(span(), 1..3).prop_map(Turn::User),
        3 => (span(), prop::collection::vec(call, 0..4)).prop_map(|(s, c)| Turn::Model(s, c)),
        1 => span().prop_map(Turn::System),
    ]
}

/// Any conversation.
pub fn any_talk() -> impl Strategy<Value = Talk> {
    let first = prop::collection::vec(span(), 1..3).prop_map(Turn::User);
    let last = prop::collection::vec(span(), 1..2).prop_map(Turn::User);
    let system = prop::collection::vec(span(), 0..3);
    (system, first, prop::collection::vec(turn(), 0..6), last, any::<bool>()).prop_map(
        |(system, first, middle, last, stream)| {
            let mut turns = vec![first];
            turns.extend(middle);
            turns.push(last);
            // An id is a call's own; clients do not give it twice.
            let mut number = 0;
            for turn in &mut turns {
                if let Turn::Model(_, calls) = turn {
                    for (call, _) in calls {
                        number += 1;
                        call.id.push_str(&format!("-{number}"));
                    }
                }
            }
            Talk { system, turns, stream }
        },
    )
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"town": {"type": "string"}}})
}

const TOOLS: [&str; 2] = ["get_weather", "read_file"];

impl Talk {
    /// The request of a client of `form`: endpoint and body.
    pub fn asked(&self, form: Form) -> (Endpoint, String) {
        let mut raw = Vec::new();
        let body = match form {
            Form::Messages => self.messages(&mut raw),
            Form::Chat => self.chat(),
            Form::Responses => self.responses(),
            Form::Gemini | Form::Ollama => self.gemini(&mut raw),
        };
        (form.endpoint(self.stream), fill(&body, &raw))
    }

    /// Every call, in order.
    pub fn calls(&self) -> Vec<Call> {
        let of = |turn: &Turn| match turn {
            Turn::Model(_, calls) => calls.iter().map(|(call, _)| call.clone()).collect(),
            _ => Vec::new(),
        };
        self.turns.iter().flat_map(of).collect()
    }

    fn messages(&self, raw: &mut Vec<String>) -> Value {
        let block = |text: &String| json!({"type": "text", "text": text});
        let mut messages = Vec::new();
        let mut results: Vec<Value> = Vec::new();
        for turn in &self.turns {
            if !matches!(turn, Turn::User(_)) && !results.is_empty() {
                messages.push(json!({"role": "user", "content": std::mem::take(&mut results)}));
            }
            match turn {
                Turn::User(texts) => {
                    let mut content = std::mem::take(&mut results);
                    content.extend(texts.iter().map(block));
                    messages.push(json!({"role": "user", "content": content}));
                }
                Turn::System(text) => messages.push(json!({"role": "system", "content": text})),
                Turn::Model(text, calls) => {
                    let mut content = vec![block(text)];
                    for (call, result) in calls {
                        content.push(json!({"type": "tool_use", "id": call.id, "name": call.name,
                            "input": placeholder(raw.len())}));
                        raw.push(call.arguments.clone());
                        results.push(json!({"type": "tool_result", "tool_use_id": call.id,
                            "content": result}));
                    }
                    messages.push(json!({"role": "assistant", "content": content}));
                }
            }
        }
        let tool = |name: &&str| json!({"name": name, "input_schema": schema()});
        let tools: Vec<Value> = TOOLS.iter().map(tool).collect();
        let mut body = json!({"model": "m", "max_tokens": 900, "stream": self.stream,
            "messages": messages, "tools": tools});
        if !self.system.is_empty() {
            body["system"] = self.system.iter().map(block).collect();
        }
        body
    }

    fn chat(&self) -> Value {
        let mut messages = Vec::new();
        for text in &self.system {
            messages.push(json!({"role": "system", "content": text}));
        }
        for turn in &self.turns {
            match turn {
                Turn::User(texts) => {
                    let part = |text: &String| json!({"type": "text", "text": text});
                    let parts: Vec<Value> = texts.iter().map(part).collect();
                    messages.push(json!({"role": "user", "content": parts}));
                }
                Turn::System(text) => messages.push(json!({"role": "developer", "content": text})),
                Turn::Model(text, calls) => {
                    let mut message = json!({"role": "assistant", "content": text});
                    if !calls.is_empty() {
                        let call = |(c, _): &(Call, String)| {
                            json!({"id": c.id, "type": "function",
                                "function": {"name": c.name, "arguments": c.arguments}})
                        };
                        message["tool_calls"] = calls.iter().map(call).collect();
                    }
                    messages.push(message);
                    for (call, result) in calls {
                        messages.push(json!({"role": "tool", "tool_call_id": call.id,
                            "content": result}));
                    }
                }
            }
        }
        let tool = |name: &&str| json!({"type": "function", "function": {"name": name, "parameters": schema()}});
        let tools: Vec<Value> = TOOLS.iter().map(tool).collect();
        json!({"model": "m", "stream": self.stream, "messages": messages, "tools": tools})
    }

    fn responses(&self) -> Value {
        let message = |role: &str, kind: &str, text: &String| json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]});
        let mut items = Vec::new();
        for turn in &self.turns {
            match turn {
                Turn::User(texts) => {
                    items.extend(texts.iter().map(|text| message("user", "input_text", text)));
                }
                Turn::System(text) => items.push(message("developer", "input_text", text)),
                Turn::Model(text, calls) => {
                    items.push(message("assistant", "output_text", text));
                    for (call, _) in calls {
                        items.push(json!({"type": "function_call", "call_id": call.id,
                            "name": call.name, "arguments": call.arguments}));
                    }
                    for (call, result) in calls {
                        items.push(json!({"type": "function_call_output", "call_id": call.id,
                            "output": result}));
                    }
                }
            }
        }
        let tool = |name: &&str| json!({"type": "function", "name": name, "strict": false, "parameters": schema()});
        let tools: Vec<Value> = TOOLS.iter().map(tool).collect();
        let mut body = json!({"model": "m", "stream": self.stream, "store": false,
            "input": items, "tools": tools});
        if !self.system.is_empty() {
            body["instructions"] = json!(self.system.join("\n\n"));
        }
        body
    }

    fn gemini(&self, raw: &mut Vec<String>) -> Value {
        let mut contents = Vec::new();
        for turn in &self.turns {
            match turn {
                Turn::User(texts) => {
                    let part = |text: &String| json!({"text": text});
                    let parts: Vec<Value> = texts.iter().map(part).collect();
                    contents.push(json!({"role": "user", "parts": parts}));
                }
                // Gemini has no system in the middle: its clients say it as the user.
                Turn::System(text) => {
                    contents.push(json!({"role": "user", "parts": [{"text": text}]}));
                }
                Turn::Model(text, calls) => {
                    let mut parts = vec![json!({"text": text})];
                    let mut answers = Vec::new();
                    for (call, result) in calls {
                        parts.push(json!({"functionCall": {"id": call.id, "name": call.name,
                            "args": placeholder(raw.len())}}));
                        raw.push(call.arguments.clone());
                        answers.push(json!({"functionResponse": {"id": call.id,
                            "name": call.name, "response": {"output": result}}}));
                    }
                    contents.push(json!({"role": "model", "parts": parts}));
                    if !answers.is_empty() {
                        contents.push(json!({"role": "user", "parts": answers}));
                    }
                }
            }
        }
        let tool = |name: &&str| json!({"name": name, "parametersJsonSchema": schema()});
        let tools: Vec<Value> = TOOLS.iter().map(tool).collect();
        let mut body = json!({"contents": contents, "tools": [{"functionDeclarations": tools}]});
        if !self.system.is_empty() {
            let part = |text: &String| json!({"text": text});
            let parts: Vec<Value> = self.system.iter().map(part).collect();
            body["systemInstruction"] = json!({"parts": parts});
        }
        body
    }
}
