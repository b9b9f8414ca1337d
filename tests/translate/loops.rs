//! The tool loop in a request: which calls were made, in which order, under which ids, and which result
//! belongs to which. Reads each dialect on its own, without the product.

use crate::json::canonical;
use serde_json::Value;
use weir_wire::hub::Form;

/// A call that a model made, and what its tool answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Its id; empty where the dialect has none.
    pub id: String,
    /// Its tool.
    pub name: String,
    /// Its arguments in canonical form; free text as `{"input":…}`.
    pub arguments: String,
    /// The text of its result, once there is one.
    pub result: Option<String>,
    /// The turn it was made in: calls of one turn are parallel.
    pub turn: usize,
}

/// The calls of a request in their order, and what is wrong with how results find theirs.
#[derive(Debug, Default)]
pub struct Loop {
    /// Calls, the first made first.
    pub calls: Vec<Call>,
    /// Results that belong to none, and ids that are there twice.
    pub faults: Vec<String>,
}

impl Loop {
    fn call(&mut self, turn: usize, id: &Value, name: &Value, arguments: String) {
        let id = text(id).to_owned();
        if !id.is_empty() && self.calls.iter().any(|call| call.id == id) {
            self.faults.push(format!("two calls are called {id}"));
        }
        let name = text(name).to_owned();
        self.calls.push(Call { id, name, arguments, result: None, turn });
    }

    /// A result belongs to the call of its id, or without one to the first open call of that name.
    fn result(&mut self, id: &Value, name: &Value, result: String) {
        let (id, name) = (text(id), text(name));
        let fits = |call: &&mut Call| match id {
            "" => call.result.is_none() && call.name == name,
            id => call.id == id,
        };
        match self.calls.iter_mut().find(fits) {
            Some(call) if call.result.is_none() => call.result = Some(result),
            _ => self.faults.push(format!("a result of {id:?} {name:?} that no call waits for")),
        }
    }
}

/// The loop of a request of `form`.
pub fn of(form: Form, body: &Value) -> Loop {
    let mut found = Loop::default();
    match form {
        Form::Messages => messages(&body["messages"], &mut found),
        Form::Chat | Form::Ollama => chat(&body["messages"], &mut found),
        Form::Responses => responses(&body["input"], &mut found),
        Form::Gemini => gemini(&body["contents"], &mut found),
    }
    found
}

fn messages(messages: &Value, found: &mut Loop) {
    for (turn, message) in list(messages).iter().enumerate() {
        for block in list(&message["content"]) {
            match text(&block["type"]) {
                "tool_use" => {
                    let arguments = canonical(&block["input"].to_string());
                    found.call(turn, &block["id"], &block["name"], arguments);
                }
                "tool_result" => {
                    found.result(&block["tool_use_id"], &Value::Null, said(&block["content"]));
                }
                _ => {}
            }
        }
    }
}

fn chat(messages: &Value, found: &mut Loop) {
    for (turn, message) in list(messages).iter().enumerate() {
        for call in list(&message["tool_calls"]) {
            let (own, arguments) = match call.get("custom") {
                Some(own) => (own, free(&own["input"])),
                None => (&call["function"], written(&call["function"]["arguments"])),
            };
            found.call(turn, &call["id"], &own["name"], arguments);
        }
        if message["role"] == "tool" {
            found.result(
                &message["tool_call_id"],
                &message["tool_name"],
                said(&message["content"]),
            );
        }
    }
}

fn responses(input: &Value, found: &mut Loop) {
    // Items stand one by one; calls with nothing between them were made together.
    let mut turn = 0;
    for item in list(input) {
        match text(&item["type"]) {
            "function_call" => {
                found.call(turn, &item["call_id"], &item["name"], written(&item["arguments"]));
            }
            "custom_tool_call" => {
                found.call(turn, &item["call_id"], &item["name"], free(&item["input"]));
            }
            "function_call_output" | "custom_tool_call_output" => {
                turn += 1;
                found.result(&item["call_id"], &Value::Null, said(&item["output"]));
            }
            _ => {}
        }
    }
}

fn gemini(contents: &Value, found: &mut Loop) {
    for (turn, content) in list(contents).iter().enumerate() {
        for part in list(&content["parts"]) {
            if let Some(call) = part.get("functionCall") {
                let arguments = canonical(&call["args"].to_string());
                found.call(turn, &call["id"], &call["name"], arguments);
            }
            if let Some(result) = part.get("functionResponse") {
                found.result(&result["id"], &result["name"], said(&result["response"]));
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Arguments as the text of an object, or as the object itself.
fn written(arguments: &Value) -> String {
    canonical(arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned).as_str())
}

fn free(input: &Value) -> String {
    canonical(&serde_json::json!({ "input": input }).to_string())
}

/// The text of a result, whatever it is wrapped in.
fn said(result: &Value) -> String {
    match result {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().map(said).collect(),
        Value::Object(fields) => match text(&result["type"]) {
            "document" => said(&result["source"]["data"]),
            "text" | "input_text" | "output_text" => said(&result["text"]),
            "" => fields.values().map(said).collect(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
