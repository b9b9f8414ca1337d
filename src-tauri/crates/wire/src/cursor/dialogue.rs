//! A whole body made into Chat: the messages in their order, calls joined to the answer that made
//! them, results right behind them, and every other key under the name Chat has for it.

use super::ShapeProblem;
use super::parts::{Part, content, function_call, sort, tool_message};
use super::plain::is_message;
use super::tools;
use super::written::{Object, list, quoted};
use crate::json::Value;

/// Keys that are read apart, or mean nothing to Chat: storage and memory at one provider, another
/// dialect's own switches, and `metadata`, which Chat takes only together with storage.
const NOT_COPIED: [&str; 31] = [
    "model",
    "messages",
    "input",
    "instructions",
    "system",
    "tools",
    "tool_choice",
    "max_output_tokens",
    "reasoning",
    "reasoning_effort",
    "thinking",
    "output_config",
    "text",
    "response_format",
    "stop_sequences",
    "stream_options",
    "store",
    "previous_response_id",
    "truncation",
    "include",
    "metadata",
    "background",
    "conversation",
    "prompt",
    "top_k",
    "anthropic_version",
    "anthropic_beta",
    "betas",
    "context_management",
    "max_tool_calls",
    "cache_control",
];

/// Items of `input` that hold nothing Chat could say.
const SILENT: [&str; 7] = [
    "reasoning",
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_list_tools",
    "compaction",
];

/// Tokens of thinking below which Anthropic's budget is a small one, and from which it is large.
const THINKING_TOKENS: (u64, u64) = (4_096, 16_384);

/// The body as Chat.
///
/// # Errors
/// When something in it has no place in Chat.
pub fn chat(document: &Value<'_>) -> Result<Vec<u8>, ShapeProblem> {
    if document.get("previous_response_id").is_some() {
        return Err(ShapeProblem::Remembered);
    }
    let [model, given, choice, stops] =
        document.pick(["model", "tools", "tool_choice", "stop_sequences"]);
    let mut out = Object::default();
    out.maybe("model", model.as_ref().map(Value::raw));
    out.raw("messages", &messages(document)?);
    let tools = given.and_then(|list| tools::tools(&list));
    if let Some(tools) = &tools {
        out.raw("tools", tools);
        out.maybe("tool_choice", choice.and_then(|c| tools::choice(&c)).as_deref());
        if choice.is_some_and(|c| tools::one_at_a_time(&c)) {
            out.raw("parallel_tool_calls", b"false");
        }
    }
    if let Some(limit) = document.get("max_output_tokens") {
        out.raw("max_completion_tokens", limit.raw());
    }
    if document.get("stop").is_none() {
        out.maybe("stop", stops.as_ref().map(Value::raw));
    }
    out.maybe("reasoning_effort", effort(document).as_deref());
    format(document, &mut out);
    if let Some(asked) = document.get("stream_options").and_then(|o| o.get("include_usage")) {
        let usage = Object::default().raw("include_usage", asked.raw()).json();
        out.raw("stream_options", &usage);
    }
    document.each_entry(|key, value| {
        let alone = key == "parallel_tool_calls" && tools.is_none();
        if !NOT_COPIED.contains(&key.as_ref()) && !alone && !value.is_null() {
            out.raw(&key, value.raw());
        }
    });
    Ok(out.json())
}

/// The effort, wherever it is said.
fn effort(document: &Value<'_>) -> Option<Vec<u8>> {
    let [plain, reasoning, output, thinking] =
        document.pick(["reasoning_effort", "reasoning", "output_config", "thinking"]);
    let said = plain.or_else(|| reasoning?.get("effort")).or_else(|| output?.get("effort"));
    if let Some(said) = said {
        return Some(said.raw().to_vec());
    }
    let [kind, budget] = thinking?.pick(["type", "budget_tokens"]);
    if kind.is_some_and(|kind| kind.is("disabled")) {
        return None;
    }
    let word = match budget.and_then(|budget| budget.count()) {
        Some(tokens) if tokens < THINKING_TOKENS.0 => "low",
        Some(tokens) if tokens >= THINKING_TOKENS.1 => "high",
        _ => "medium",
    };
    Some(quoted(word).into_bytes())
}

/// The form the answer must have, wherever it is said.
fn format(document: &Value<'_>, out: &mut Object) {
    let [plain, text, output] = document.pick(["response_format", "text", "output_config"]);
    if let Some(plain) = plain {
        out.raw("response_format", plain.raw());
        return;
    }
    if let Some(verbosity) = text.and_then(|text| text.get("verbosity")) {
        out.raw("verbosity", verbosity.raw());
    }
    let Some(format) = text.or(output).and_then(|holder| holder.get("format")) else { return };
    let [kind, name, schema, strict] = format.pick(["type", "name", "schema", "strict"]);
    let (Some(kind), schema) = (kind, schema) else { return };
    match schema {
        Some(schema) if kind.is("json_schema") => {
            let mut inner = Object::default();
            inner.raw("name", name.as_ref().map_or(b"\"answer\"", |n| n.raw()));
            inner.raw("schema", schema.raw()).maybe("strict", strict.as_ref().map(Value::raw));
            let whole = Object::default()
                .text("type", "json_schema")
                .raw("json_schema", &inner.json())
                .json();
            out.raw("response_format", &whole);
        }
        _ if kind.is("json_object") => {
            out.raw("response_format", br#"{"type":"json_object"}"#);
        }
        _ => {}
    }
}

fn messages(document: &Value<'_>) -> Result<Vec<u8>, ShapeProblem> {
    let [messages, input, instructions, system] =
        document.pick(["messages", "input", "instructions", "system"]);
    let mut thread = Thread::default();
    for said in [instructions, system].into_iter().flatten() {
        thread.whole("system", &sort(Some(said))?.parts);
    }
    let told = messages.filter(|list| list.items() > 0).or(input);
    if let Some(text) = told.filter(Value::is_text) {
        thread.whole("user", &[Part::Text(text.raw().to_vec())]);
    }
    let mut sound = Ok(());
    if let Some(list) = told {
        list.each_item(|item| {
            if sound.is_ok() {
                sound = thread.take(&item);
            }
        });
    }
    sound?;
    Ok(thread.end())
}

/// The messages so far.
#[derive(Default)]
struct Thread {
    done: Vec<Vec<u8>>,
    /// The assistant's turn that calls may still join.
    turn: Option<Turn>,
    /// What results brought that only a user's message can hold; it waits for the last of them.
    beside: Vec<Part>,
}

#[derive(Default)]
struct Turn {
    parts: Vec<Part>,
    calls: Vec<Vec<u8>>,
    /// Other keys of the message, such as `name`.
    others: Object,
}

impl Thread {
    fn take(&mut self, item: &Value<'_>) -> Result<(), ShapeProblem> {
        let [role, kind] = item.pick(["role", "type"]);
        if let Some(role) = role.and_then(|role| role.text()) {
            return self.message(&role, item);
        }
        let kind = kind.and_then(|kind| kind.text()).unwrap_or_default();
        let [id, name, arguments, input, output] =
            item.pick(["call_id", "name", "arguments", "input", "output"]);
        match kind.as_str() {
            "function_call" => {
                let arguments = arguments.as_ref().map_or(b"\"{}\"".as_slice(), Value::raw);
                self.call(function_call(id, name, arguments));
            }
            "custom_tool_call" => {
                let mut custom = Object::default();
                custom.raw("name", name.as_ref().map_or(b"\"\"", |n| n.raw()));
                custom.raw("input", input.as_ref().map_or(b"\"\"", |i| i.raw()));
                let mut call = Object::default();
                call.raw("id", id.as_ref().map_or(b"\"\"", |i| i.raw()));
                self.call(call.text("type", "custom").raw("custom", &custom.json()).json());
            }
            "function_call_output" | "custom_tool_call_output" => {
                let (message, beside) = tool_message(id, output)?;
                self.result(message, beside);
            }
            silent if SILENT.contains(&silent) => {}
            _ => return Err(ShapeProblem::NoPlace { place: "an input item", kind }),
        }
        Ok(())
    }

    fn message(&mut self, role: &str, item: &Value<'_>) -> Result<(), ShapeProblem> {
        let [content, calls, id] = item.pick(["content", "tool_calls", "tool_call_id"]);
        if role == "tool" {
            let (message, beside) = tool_message(id, content)?;
            self.result(message, beside);
            return Ok(());
        }
        let sorted = sort(content)?;
        for (at, result) in sorted.results.into_iter().enumerate() {
            self.result(result, if at == 0 { sorted.beside.clone() } else { Vec::new() });
        }
        if role == "assistant" {
            self.settle();
            let mut turn = Turn { parts: sorted.parts, calls: sorted.calls, ..Turn::default() };
            if let Some(calls) = calls {
                calls.each_item(|call| turn.calls.push(call.raw().to_vec()));
            }
            item.each_entry(|key, value| {
                let read =
                    ["role", "content", "tool_calls", "cache_control", "type", "id", "status"];
                if !read.contains(&key.as_ref()) && !value.is_null() {
                    turn.others.raw(&key, value.raw());
                }
            });
            self.turn = Some(turn);
        } else if is_message(item) && item.get("type").is_none() {
            self.settle();
            self.done.push(item.raw().to_vec());
        } else {
            let role = if role == "developer" { "system" } else { role };
            let mut parts = std::mem::take(&mut self.beside);
            self.settle();
            parts.extend(sorted.parts);
            self.whole(role, &parts);
        }
        Ok(())
    }

    fn call(&mut self, call: Vec<u8>) {
        if self.turn.is_none() {
            self.settle();
        }
        self.turn.get_or_insert_default().calls.push(call);
    }

    fn result(&mut self, message: Vec<u8>, beside: Vec<Part>) {
        let waiting = std::mem::take(&mut self.beside);
        self.settle();
        self.beside = waiting;
        self.beside.extend(beside);
        self.done.push(message);
    }

    fn whole(&mut self, role: &str, parts: &[Part]) {
        if parts.is_empty() {
            return;
        }
        let mut message = Object::default();
        self.done.push(message.text("role", role).raw("content", &content(parts)).json());
    }

    /// Writes down what waits.
    fn settle(&mut self) {
        let beside = std::mem::take(&mut self.beside);
        // A turn of thinking alone has nothing that Chat could say.
        let said = |turn: &Turn| !turn.parts.is_empty() || !turn.calls.is_empty();
        if let Some(turn) = self.turn.take().filter(said) {
            let mut message = Object::default();
            message.text("role", "assistant");
            if turn.parts.is_empty() {
                message.raw("content", b"null");
            } else {
                message.raw("content", &content(&turn.parts));
            }
            if !turn.calls.is_empty() {
                message.raw("tool_calls", &list(&turn.calls));
            }
            turn.others.append_to(&mut message);
            self.done.push(message.json());
        }
        self.whole("user", &beside);
    }

    fn end(mut self) -> Vec<u8> {
        self.settle();
        list(&self.done)
    }
}
