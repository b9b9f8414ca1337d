//! One answer, as each provider says it.

use super::{Call, fill, placeholder, words};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_wire::hub::Form;

/// What a model answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its thinking; empty where it does not show any.
    pub thinking: String,
    /// Its text; may be empty when it calls.
    pub text: String,
    /// Its calls.
    pub calls: Vec<Call>,
    /// Whether it ran into its limit.
    pub cut_short: bool,
    /// Tokens: the prompt without what was cached, what was cached, the answer, its thinking.
    pub tokens: (u64, u64, u64, u64),
}

/// Any answer.
pub fn any_answer() -> impl Strategy<Value = Answer> {
    let thinking = prop_oneof![2 => Just(String::new()), 1 => words()];
    // Servers make ids of any kind: Kimi's and vLLM's are `functions.read:0`.
    let id = prop_oneof![
        2 => Just("call_x".to_owned()),
        1 => "functions\\.[a-z_]{1,12}:",
        1 => "[ -~äß日🏔]{1,12}",
        1 => "weirx_[a-z_]{0,6}",
    ];
    let calls = prop::collection::vec(
        (prop::sample::select(&["get_weather", "read_file"][..]), super::arguments(), id),
        0..3,
    );
    let tokens = (1..5000_u64, 0..5000_u64, 1..900_u64, 0..100_u64);
    (thinking, words(), calls, any::<bool>(), any::<bool>(), tokens).prop_map(
        |(thinking, text, calls, silent, cut_short, (input, cached, shown, thought))| {
            let calls: Vec<Call> = calls
                .into_iter()
                .enumerate()
                .map(|(index, (name, arguments, id))| {
                    let (id, name) = (format!("{id}{index}"), name.to_owned());
                    Call { id, name, arguments }
                })
                .collect();
            let text = if silent && !calls.is_empty() { String::new() } else { text };
            let thought = if thinking.is_empty() { 0 } else { thought };
            let cut_short = cut_short && calls.is_empty();
            Answer {
                thinking,
                text,
                calls,
                cut_short,
                tokens: (input, cached, shown + thought, thought),
            }
        },
    )
}

/// The forms a provider speaks, with the framing of their streams.
pub const PROVIDERS: [(Form, &str); 5] = [
    (Form::Messages, "sse"),
    (Form::Chat, "sse"),
    (Form::Responses, "sse"),
    (Form::Gemini, "sse"),
    (Form::Ollama, "ndjson"),
];

impl Answer {
    fn raw(&self) -> Vec<String> {
        self.calls.iter().map(|call| call.arguments.clone()).collect()
    }

    /// The whole answer.
    pub fn whole(&self, form: Form) -> String {
        let value = match form {
            Form::Messages => self.message(),
            Form::Chat => self.completion(),
            Form::Responses => self.response("completed"),
            Form::Gemini => self.generated(self.gemini_parts(), true),
            Form::Ollama => self.ollama(&self.text, &self.thinking, self.ollama_calls(), true),
        };
        fill(&value, &self.raw())
    }

    /// The answer as a stream, its texts in pieces of `step` characters.
    pub fn stream(&self, form: Form, step: usize) -> String {
        let events = match form {
            Form::Messages => self.message_events(step),
            Form::Chat => self.chunks(step),
            Form::Responses => self.response_events(step),
            Form::Gemini => self.gemini_chunks(step),
            Form::Ollama => self.ollama_lines(step),
        };
        let mut out = String::new();
        for event in events {
            let data = fill(&event, &self.raw());
            match form {
                Form::Messages | Form::Responses => {
                    let name = event["type"].as_str().unwrap_or_default();
                    out.push_str(&format!("event: {name}\ndata: {data}\n\n"));
                }
                Form::Ollama => out.push_str(&format!("{data}\n")),
                Form::Chat | Form::Gemini => out.push_str(&format!("data: {data}\n\n")),
            }
        }
        if form == Form::Chat {
            out.push_str("data: [DONE]\n\n");
        }
        out
    }

    // ---- Anthropic Messages ----

    fn message(&self) -> Value {
        let mut content = Vec::new();
        if !self.thinking.is_empty() {
            content
                .push(json!({"type": "thinking", "thinking": self.thinking, "signature": "c2ln"}));
        }
        if !self.text.is_empty() {
            content.push(json!({"type": "text", "text": self.text}));
        }
        for (index, call) in self.calls.iter().enumerate() {
            content.push(json!({"type": "tool_use", "id": format!("toolu_{}", call.id),
                "name": call.name, "input": placeholder(index)}));
        }
        let stop = match (self.cut_short, self.calls.is_empty()) {
            (true, _) => "max_tokens",
            (_, true) => "end_turn",
            _ => "tool_use",
        };
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": content, "stop_reason": stop, "stop_sequence": null,
            "usage": self.message_usage()})
    }

    fn message_usage(&self) -> Value {
        let (input, cached, output, thought) = self.tokens;
        json!({"input_tokens": input, "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0, "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": thought}})
    }

    fn message_events(&self, step: usize) -> Vec<Value> {
        let whole = self.message();
        let mut start = whole.clone();
        start["content"] = json!([]);
        start["stop_reason"] = Value::Null;
        start["usage"]["output_tokens"] = json!(1);
        let mut out = vec![json!({"type": "message_start", "message": start})];
        let blocks = whole["content"].as_array().expect("a list").clone();
        let mut calls = self.calls.iter();
        for (index, block) in blocks.into_iter().enumerate() {
            let delta = |delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
            let kind = block["type"].as_str().expect("a type").to_owned();
            let mut empty = block.clone();
            let mut deltas = Vec::new();
            match kind.as_str() {
                "tool_use" => {
                    empty["input"] = json!({});
                    let call = calls.next().expect("a call a block");
                    for piece in pieces(&call.arguments, step) {
                        deltas.push(json!({"type": "input_json_delta", "partial_json": piece}));
                    }
                }
                kind => {
                    empty[kind] = json!("");
                    for piece in pieces(block[kind].as_str().expect("a text"), step) {
                        let name = format!("{kind}_delta");
                        let mut delta = json!({"type": name});
                        delta[kind] = json!(piece);
                        deltas.push(delta);
                    }
                    if kind == "thinking" {
                        empty["signature"] = json!("");
                        deltas.push(json!({"type": "signature_delta", "signature": "c2ln"}));
                    }
                }
            }
            let begin =
                json!({"type": "content_block_start", "index": index, "content_block": empty});
            out.push(begin);
            out.extend(deltas.into_iter().map(delta));
            out.push(json!({"type": "content_block_stop", "index": index}));
        }
        out.push(json!({"type": "message_delta", "usage": self.message_usage(),
            "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": null}}));
        out.push(json!({"type": "message_stop"}));
        out
    }

    // ---- OpenAI Chat ----

    fn chat_usage(&self) -> Value {
        let (input, cached, output, thought) = self.tokens;
        json!({"prompt_tokens": input + cached, "completion_tokens": output,
            "total_tokens": input + cached + output,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": thought}})
    }

    fn finish(&self) -> &'static str {
        match (self.cut_short, self.calls.is_empty()) {
            (true, _) => "length",
            (_, true) => "stop",
            _ => "tool_calls",
        }
    }

    fn completion(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text});
        if !self.thinking.is_empty() {
            message["reasoning_content"] = json!(self.thinking);
        }
        if !self.calls.is_empty() {
            let call = |c: &Call| {
                json!({"id": c.id, "type": "function",
                    "function": {"name": c.name, "arguments": c.arguments}})
            };
            message["tool_calls"] = self.calls.iter().map(call).collect();
        }
        json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish()}],
            "usage": self.chat_usage()})
    }

    fn chunks(&self, step: usize) -> Vec<Value> {
        let chunk = |choices: Value| {
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000,
                "model": "m", "choices": choices})
        };
        let delta = |d: Value| chunk(json!([{"index": 0, "delta": d, "finish_reason": null}]));
        let mut out = vec![delta(json!({"role": "assistant", "content": ""}))];
        for piece in pieces(&self.thinking, step) {
            out.push(delta(json!({"reasoning_content": piece})));
        }
        for piece in pieces(&self.text, step) {
            out.push(delta(json!({"content": piece})));
        }
        for (index, call) in self.calls.iter().enumerate() {
            out.push(delta(json!({"tool_calls": [{"index": index, "id": call.id,
                "type": "function", "function": {"name": call.name, "arguments": ""}}]})));
            for piece in pieces(&call.arguments, step) {
                let part = json!([{"index": index, "function": {"arguments": piece}}]);
                out.push(delta(json!({"tool_calls": part})));
            }
        }
        out.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": self.finish()}])));
        let mut last = chunk(json!([]));
        last["usage"] = self.chat_usage();
        out.push(last);
        out
    }

    // ---- OpenAI Responses ----

    fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        if !self.thinking.is_empty() {
            items.push(json!({"id": "rs_1", "type": "reasoning", "encrypted_content": "gAAA",
                "summary": [{"type": "summary_text", "text": self.thinking}]}));
        }
        if !self.text.is_empty() {
            items.push(json!({"id": "msg_1", "type": "message", "role": "assistant",
                "status": if self.cut_short { "incomplete" } else { "completed" },
                "content": [{"type": "output_text", "text": self.text, "annotations": []}]}));
        }
        for call in &self.calls {
            items.push(json!({"id": format!("fc_{}", call.id), "type": "function_call",
                "call_id": call.id, "name": call.name, "arguments": call.arguments,
                "status": "completed"}));
        }
        items
    }

    fn response(&self, status: &str) -> Value {
        let (input, cached, output, thought) = self.tokens;
        let usage = json!({"input_tokens": input + cached, "output_tokens": output,
            "total_tokens": input + cached + output,
            "input_tokens_details": {"cached_tokens": cached},
            "output_tokens_details": {"reasoning_tokens": thought}});
        let cut = self.cut_short && status == "completed";
        let ended = status == "completed";
        json!({"id": "resp_1", "object": "response", "created_at": 1_790_000_000, "model": "m",
            "status": if cut { "incomplete" } else { status }, "error": null,
            "incomplete_details": if cut { json!({"reason": "max_output_tokens"}) } else { Value::Null },
            "output": if ended { self.items() } else { Vec::new() },
            "usage": if ended { usage } else { Value::Null },
            "parallel_tool_calls": true, "tool_choice": "auto", "tools": []})
    }

    fn response_events(&self, step: usize) -> Vec<Value> {
        let begun = self.response("in_progress");
        let mut out = vec![json!({"type": "response.created", "response": begun})];
        for (index, item) in self.items().into_iter().enumerate() {
            let kind = item["type"].as_str().expect("a type").to_owned();
            let (place, event, whole) = match kind.as_str() {
                "reasoning" => ("summary", "response.reasoning_summary_text", &self.thinking),
                "message" => ("content", "response.output_text", &self.text),
                _ => {
                    let call = self.calls.iter().find(|c| item["call_id"] == c.id.as_str());
                    let arguments = &call.expect("a call of ours").arguments;
                    ("arguments", "response.function_call_arguments", arguments)
                }
            };
            let mut empty = item.clone();
            empty[place] = if place == "arguments" { json!("") } else { json!([]) };
            let added =
                json!({"type": "response.output_item.added", "output_index": index, "item": empty});
            out.push(added);
            let at = |name: &str, key: &str, text: &str| {
                let mut e = json!({"type": format!("{event}.{name}"), "item_id": item["id"],
                    "output_index": index, "content_index": 0, "summary_index": 0});
                e[key] = json!(text);
                e
            };
            if kind == "message" {
                let part = json!({"type": "output_text", "text": "", "annotations": []});
                out.push(json!({"type": "response.content_part.added", "item_id": item["id"],
                    "output_index": index, "content_index": 0, "part": part}));
            }
            out.extend(pieces(whole, step).iter().map(|piece| at("delta", "delta", piece)));
            let key = if place == "arguments" { "arguments" } else { "text" };
            out.push(at("done", key, whole));
            let done =
                json!({"type": "response.output_item.done", "output_index": index, "item": item});
            out.push(done);
        }
        let done = self.response("completed");
        let name = format!("response.{}", done["status"].as_str().expect("a status"));
        out.push(json!({"type": name, "response": done}));
        for (number, event) in out.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        out
    }

    // ---- Gemini ----

    fn gemini_parts(&self) -> Vec<Value> {
        let mut parts = Vec::new();
        if !self.thinking.is_empty() {
            parts.push(json!({"text": self.thinking, "thought": true}));
        }
        if !self.text.is_empty() {
            parts.push(json!({"text": self.text}));
        }
        for (index, call) in self.calls.iter().enumerate() {
            let call = json!({"name": call.name, "args": placeholder(index), "id": call.id});
            parts.push(json!({"functionCall": call}));
        }
        parts
    }

    fn generated(&self, parts: Vec<Value>, last: bool) -> Value {
        let (input, cached, output, thought) = self.tokens;
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        if last {
            candidate["finishReason"] = json!(if self.cut_short { "MAX_TOKENS" } else { "STOP" });
        }
        json!({"candidates": [candidate], "modelVersion": "m", "responseId": "r1",
            "usageMetadata": {"promptTokenCount": input + cached, "cachedContentTokenCount": cached,
                "candidatesTokenCount": output - thought, "thoughtsTokenCount": thought,
                "totalTokenCount": input + cached + output}})
    }

    fn gemini_chunks(&self, step: usize) -> Vec<Value> {
        let mut out = Vec::new();
        for part in self.gemini_parts() {
            match part["text"].as_str() {
                Some(text) => {
                    for piece in pieces(text, step) {
                        let mut part = part.clone();
                        part["text"] = json!(piece);
                        out.push(self.generated(vec![part], false));
                    }
                }
                None => out.push(self.generated(vec![part], false)),
            }
        }
        out.push(self.generated(vec![json!({"text": ""})], true));
        out
    }

    // ---- Ollama ----

    fn ollama_calls(&self) -> Vec<Value> {
        let call = |(index, call): (usize, &Call)| json!({"function": {"name": call.name, "arguments": placeholder(index)}});
        self.calls.iter().enumerate().map(call).collect()
    }

    fn ollama(&self, text: &str, thinking: &str, calls: Vec<Value>, last: bool) -> Value {
        let mut message = json!({"role": "assistant", "content": text});
        if !thinking.is_empty() {
            message["thinking"] = json!(thinking);
        }
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        let mut line = json!({"model": "m", "created_at": "2026-11-22T10:00:00.5Z",
            "message": message, "done": last});
        if last {
            line["done_reason"] = json!(if self.cut_short { "length" } else { "stop" });
            line["prompt_eval_count"] = json!(self.tokens.0 + self.tokens.1);
            line["eval_count"] = json!(self.tokens.2);
        }
        line
    }

    fn ollama_lines(&self, step: usize) -> Vec<Value> {
        let mut out = Vec::new();
        for piece in pieces(&self.thinking, step) {
            out.push(self.ollama("", &piece, Vec::new(), false));
        }
        for piece in pieces(&self.text, step) {
            out.push(self.ollama(&piece, "", Vec::new(), false));
        }
        if !self.calls.is_empty() {
            out.push(self.ollama("", "", self.ollama_calls(), false));
        }
        out.push(self.ollama("", "", Vec::new(), true));
        out
    }
}

/// A text in pieces of `step` characters.
pub fn pieces(text: &str, step: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(step.max(1)).map(|piece| piece.iter().collect()).collect()
}
