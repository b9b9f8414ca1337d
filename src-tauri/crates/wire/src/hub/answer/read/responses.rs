//! OpenAI Responses, as OpenAI, vLLM, llama.cpp, LM Studio and Ollama answer it. Items carry an
//! output index. What a delta did not tell is taken from the item's end, and from the whole response
//! where no item came at all. Items of hosted tools are left out by rule.

use super::super::super::seal::{Maker, Seal};
use super::super::fault::{Fault, FaultKind};
use super::super::lanes::{CALLS_MAX, Flow, Key, Lanes, RawCall};
use super::super::scan;
use super::super::{Delta, Opening, stops};
use super::Read;
use crate::json::Value;
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct Responses {
    items: Vec<Item>,
    /// An item was told, so the whole response repeats it.
    told: bool,
    /// The item whose text is going on.
    flowing: Option<u64>,
}

/// An item in progress.
struct Item {
    output: u64,
    /// The piece of a call.
    key: Option<Key>,
    /// Something of it came.
    begun: bool,
    /// The part of its text or summary that is going on.
    part: Option<u64>,
    logprobs: bool,
}

impl Responses {
    fn opening(response: Value<'_>) -> Opening {
        let [id, created] = response.pick(["id", "created_at"]);
        Opening { id: scan::full(id), created: created.and_then(|c| c.count()) }
    }

    fn item(&mut self, output: u64) -> &mut Item {
        self.told = true;
        let at = match self.items.iter().position(|item| item.output == output) {
            Some(at) => at,
            None => {
                self.items.push(Item {
                    output,
                    key: None,
                    begun: false,
                    part: None,
                    logprobs: false,
                });
                self.items.len() - 1
            }
        };
        &mut self.items[at]
    }

    fn added(&mut self, output: u64, item: Value<'_>, lanes: &mut Lanes) {
        let [kind, id, call_id, name, namespace] =
            item.pick(["type", "id", "call_id", "name", "namespace"]);
        let custom = kind.is_some_and(|k| k.is("custom_tool_call"));
        if custom || kind.is_some_and(|k| k.is("function_call")) {
            let held = self.item(output);
            if held.key.is_some() {
                return;
            }
            let key = lanes.key();
            held.key = Some(key);
            lanes.call(
                0,
                key,
                RawCall {
                    id: scan::full(call_id).or_else(|| scan::full(id)),
                    name: scan::full(name).unwrap_or_default(),
                    namespace: scan::full(namespace),
                    custom,
                    seal: None,
                },
            );
        } else if kind.is_some_and(|k| k.is("message") || k.is("reasoning"))
            && self.items.iter().all(|item| item.output != output)
        {
            // A text of its own for each item.
            lanes.end_flow(0);
            self.item(output);
        }
    }

    /// A delta of an item's text, refusal, summary or thinking.
    fn flow(&mut self, output: u64, part: u64, flow: Flow, text: String, lanes: &mut Lanes) {
        if text.is_empty() {
            return;
        }
        if self.flowing.replace(output).is_some_and(|before| before != output) {
            // Items may come mixed; their texts are never joined.
            lanes.end_flow(0);
        }
        let item = self.item(output);
        let next = item.part.replace(part).is_some_and(|before| before != part);
        item.begun = true;
        if next && flow == Flow::Thinking {
            // Parts of one summary are paragraphs of one thought.
            lanes.flow(0, flow, "\n\n".to_owned());
        } else if next {
            lanes.end_flow(0);
        }
        lanes.flow(0, flow, text);
    }

    fn arguments(&mut self, output: u64, text: String, lanes: &mut Lanes) {
        let item = self.item(output);
        if let Some(key) = item.key {
            item.begun |= !text.is_empty();
            lanes.add(0, key, Delta::Arguments(text));
        }
    }

    fn logprobs(&mut self, output: u64, list: Option<Value<'_>>, lanes: &mut Lanes) {
        if let Some(list) = list.filter(|l| l.items() > 0) {
            self.item(output).logprobs = true;
            lanes.logprobs(0, scan::raw(list));
        }
    }

    /// An item is complete: what no delta told is told now.
    fn done(&mut self, output: u64, item: Value<'_>, lanes: &mut Lanes) {
        let [kind, arguments, input, content, summary, sealed] =
            item.pick(["type", "arguments", "input", "content", "summary", "encrypted_content"]);
        self.added(output, item, lanes);
        let Some(kind) = kind.and_then(scan::text) else { return };
        let silent = self.items.iter().find(|i| i.output == output).is_none_or(|i| !i.begun);
        match kind.as_str() {
            "function_call" | "custom_tool_call" => {
                if silent {
                    let text = scan::full(arguments).or_else(|| scan::full(input));
                    self.arguments(output, text.unwrap_or_default(), lanes);
                }
                if let Some(key) = self.item(output).key {
                    lanes.end(0, key);
                }
            }
            "message" => {
                if silent {
                    self.parts(output, Flow::Text, 0, content, lanes);
                }
                lanes.end_flow(0);
            }
            "reasoning" => {
                if silent {
                    self.parts(output, Flow::Thinking, 0, summary, lanes);
                    let before = summary.map_or(0, |s| s.items());
                    self.parts(output, Flow::Thinking, before, content, lanes);
                }
                if let Some(data) = scan::full(sealed) {
                    lanes.seal_flow(0, Seal { by: Maker::OpenAi, data: Cow::Owned(data) });
                }
                lanes.end_flow(0);
            }
            _ => {}
        }
        self.items.retain(|item| item.output != output);
    }

    fn parts(
        &mut self,
        output: u64,
        flow: Flow,
        before: u64,
        parts: Option<Value<'_>>,
        lanes: &mut Lanes,
    ) {
        let mut part = before;
        let Some(parts) = parts else { return };
        parts.each_item(|item| {
            let [text, refusal, logprobs] = item.pick(["text", "refusal", "logprobs"]);
            self.flow(output, part, flow, scan::full(text).unwrap_or_default(), lanes);
            self.logprobs(output, logprobs, lanes);
            let refusal = scan::full(refusal).unwrap_or_default();
            self.flow(output, part, Flow::Refusal, refusal, lanes);
            part += 1;
        });
    }

    /// The whole response.
    fn response(&mut self, response: Value<'_>, lanes: &mut Lanes) {
        let [output, status, incomplete, error] =
            response.pick(["output", "status", "incomplete_details", "error"]);
        if error.is_some() || status.is_some_and(|s| s.is("failed")) {
            return lanes.fail(Fault::read(error.unwrap_or(response), None));
        }
        lanes.open(|| Self::opening(response));
        lanes.choice(0);
        if let Some(output) = output.filter(|_| !self.told) {
            let mut index = 0;
            output.each_item(|item| {
                self.done(index, item, lanes);
                index += 1;
            });
        }
        let reason = incomplete.and_then(|i| i.get("reason")).and_then(scan::text);
        let status = status.and_then(scan::text);
        lanes.ends(0, stops::from_responses(status.as_deref(), reason.as_deref()));
    }
}

impl Read for Responses {
    fn event(&mut self, name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool {
        if self.items.len() > CALLS_MAX {
            let words = "The provider's answer has more items in progress than can be followed.";
            lanes.fail(Fault::new(FaultKind::Api, words));
            return true;
        }
        let [kind, response, item, output, content, summary, delta, text, logprobs, error] = data
            .pick([
                "type",
                "response",
                "item",
                "output_index",
                "content_index",
                "summary_index",
                "delta",
                "text",
                "logprobs",
                "error",
            ]);
        let kind =
            kind.and_then(scan::text).unwrap_or_else(|| String::from_utf8_lossy(name).into_owned());
        let output = output.and_then(|o| o.count()).unwrap_or(0);
        let part = content.or(summary).and_then(|p| p.count()).unwrap_or(0);
        let delta = || scan::full(delta).unwrap_or_default();
        match kind.as_str() {
            "response.created" | "response.in_progress" | "response.queued" => {
                lanes.open(|| response.map(Self::opening).unwrap_or_default());
                lanes.choice(0);
            }
            "response.output_item.added" => {
                if let Some(item) = item {
                    self.added(output, item, lanes);
                }
            }
            "response.output_text.delta" => {
                self.flow(output, part, Flow::Text, delta(), lanes);
                self.logprobs(output, logprobs, lanes);
            }
            "response.output_text.done" => {
                let silent = !self.item(output).begun;
                if let Some(text) = scan::full(text).filter(|_| silent) {
                    self.flow(output, part, Flow::Text, text, lanes);
                }
                if !self.item(output).logprobs {
                    self.logprobs(output, logprobs, lanes);
                }
            }
            "response.refusal.delta" => self.flow(output, part, Flow::Refusal, delta(), lanes),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.flow(output, part, Flow::Thinking, delta(), lanes);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(output, delta(), lanes)
            }
            "response.output_item.done" => {
                if let Some(item) = item {
                    self.done(output, item, lanes);
                }
            }
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                match response {
                    Some(response) => self.response(response, lanes),
                    None => lanes.fail(Fault::read(error.unwrap_or(data), None)),
                }
                return true;
            }
            "error" => lanes.fail(Fault::read(error.unwrap_or(data), None)),
            "" if error.is_some() => lanes.fail(Fault::read(error.unwrap_or(data), None)),
            _ => {}
        }
        false
    }

    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes) {
        self.response(document, lanes);
    }
}
