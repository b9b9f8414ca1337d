//! Anthropic Messages, as Anthropic, llama.cpp, vLLM, LM Studio and Ollama answer it. Blocks carry
//! an index; blocks of server tools and unknown ones are left out by rule: no other dialect can
//! hold them.

use super::super::super::seal::{Maker, Seal};
use super::super::fault::Fault;
use super::super::lanes::{Key, Lanes, RawCall};
use super::super::scan;
use super::super::{Delta, Opening, Piece, stops};
use super::Read;
use crate::json::Value;
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct Messages {
    /// Calls whose input came with their start: told only if no delta tells it.
    inputs: Vec<(Key, String)>,
}

impl Messages {
    fn opening(message: Value<'_>) -> Opening {
        Opening { id: scan::full(message.get("id")), created: None }
    }

    fn begin(&mut self, key: Key, block: Value<'_>, lanes: &mut Lanes) {
        let [kind, text, thinking, signature, data, id, name, input] =
            block.pick(["type", "text", "thinking", "signature", "data", "id", "name", "input"]);
        let kind = kind.and_then(scan::text).unwrap_or_default();
        match kind.as_str() {
            "text" => {
                lanes.begin(0, key, Piece::Text);
                lanes.add(0, key, Delta::Text(text.and_then(scan::text).unwrap_or_default()));
            }
            "thinking" => {
                lanes.begin(0, key, Piece::Thinking);
                lanes.add(0, key, Delta::Text(thinking.and_then(scan::text).unwrap_or_default()));
                seal(key, Maker::Anthropic, signature, lanes);
            }
            "redacted_thinking" => {
                lanes.begin(0, key, Piece::Thinking);
                seal(key, Maker::AnthropicRedacted, data, lanes);
            }
            "tool_use" => {
                let name = scan::full(name).unwrap_or_default();
                let call = RawCall { id: scan::full(id), name, ..RawCall::default() };
                lanes.call(0, key, call);
                if let Some(input) = input.filter(|i| i.is_object() && i.raw() != b"{}") {
                    self.inputs.push((key, scan::raw(input)));
                }
            }
            _ => {}
        }
    }

    fn delta(key: Key, delta: Value<'_>, lanes: &mut Lanes) {
        let [kind, text, thinking, signature, json] =
            delta.pick(["type", "text", "thinking", "signature", "partial_json"]);
        let kind = kind.and_then(scan::text).unwrap_or_default();
        match kind.as_str() {
            "text_delta" => {
                lanes.add(0, key, Delta::Text(text.and_then(scan::text).unwrap_or_default()));
            }
            "thinking_delta" => {
                lanes.add(0, key, Delta::Text(thinking.and_then(scan::text).unwrap_or_default()));
            }
            "signature_delta" => seal(key, Maker::Anthropic, signature, lanes),
            "input_json_delta" => {
                lanes.add(0, key, Delta::Arguments(json.and_then(scan::text).unwrap_or_default()));
            }
            _ => {}
        }
    }

    fn end(&mut self, key: Key, lanes: &mut Lanes) {
        if let Some(at) = self.inputs.iter().position(|(of, _)| *of == key) {
            let (_, input) = self.inputs.swap_remove(at);
            if !lanes.argued(0, key) {
                lanes.add(0, key, Delta::Arguments(input));
            }
        }
        lanes.end(0, key);
    }

    fn stop(holder: Value<'_>, lanes: &mut Lanes) {
        let [reason, sequence] = holder.pick(["stop_reason", "stop_sequence"]);
        if let Some(reason) = scan::full(reason) {
            lanes.ends(0, stops::from_messages(&reason, scan::full(sequence)));
        }
    }
}

impl Read for Messages {
    fn event(&mut self, name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool {
        let [kind, message, index, block, delta, error] =
            data.pick(["type", "message", "index", "content_block", "delta", "error"]);
        let kind =
            kind.and_then(scan::text).unwrap_or_else(|| String::from_utf8_lossy(name).into_owned());
        let key = index.and_then(|i| i.count()).unwrap_or(0);
        match kind.as_str() {
            "message_start" => {
                lanes.open(|| message.map(Self::opening).unwrap_or_default());
                lanes.choice(0);
            }
            "content_block_start" => {
                if let Some(block) = block {
                    self.begin(key, block, lanes);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = delta {
                    Self::delta(key, delta, lanes);
                }
            }
            "content_block_stop" => self.end(key, lanes),
            "message_delta" => {
                if let Some(delta) = delta {
                    self.finish(lanes);
                    Self::stop(delta, lanes);
                }
            }
            "message_stop" => return true,
            "error" => lanes.fail(Fault::read(error.unwrap_or(data), None)),
            _ => {}
        }
        false
    }

    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes) {
        let [kind, content, error] = document.pick(["type", "content", "error"]);
        if kind.is_some_and(|k| k.is("error")) || (content.is_none() && error.is_some()) {
            return lanes.fail(Fault::read(error.unwrap_or(document), None));
        }
        lanes.open(|| Self::opening(document));
        lanes.choice(0);
        let mut key = 0;
        if let Some(content) = content {
            content.each_item(|block| {
                self.begin(key, block, lanes);
                self.end(key, lanes);
                key += 1;
            });
        }
        Self::stop(document, lanes);
    }

    fn finish(&mut self, lanes: &mut Lanes) {
        while let Some((key, _)) = self.inputs.first() {
            self.end(*key, lanes);
        }
    }
}

fn seal(key: Key, by: Maker, data: Option<Value<'_>>, lanes: &mut Lanes) {
    if let Some(data) = scan::full(data) {
        lanes.add(0, key, Delta::Seal(Seal { by, data: Cow::Owned(data) }));
    }
}
