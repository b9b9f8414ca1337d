//! OpenAI Chat Completions, as OpenAI, OpenRouter, Gemini's compatible endpoint, vLLM, llama.cpp,
//! LM Studio, Ollama and others answer it. Thinking stands under three names; calls may come
//! without index or id, all under index 0, mixed, or in one piece.

use super::super::super::seal::{Maker, Seal};
use super::super::fault::{Fault, FaultKind};
use super::super::lanes::{CALLS_MAX, Flow, HELD_BYTES_MAX, Key, Lanes, RawCall};
use super::super::scan::{self, Balance};
use super::super::{Delta, Opening, Piece, stops};
use super::Read;
use crate::json::Value;
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct Chat {
    calls: Vec<Open>,
}

/// A call in progress, told from others by what the server gives.
struct Open {
    choice: u32,
    index: Option<u64>,
    id: Option<String>,
    name: String,
    key: Key,
    custom: bool,
    arguments: Balance,
    /// Arguments that came before the name.
    early: String,
}

impl Chat {
    fn read(&mut self, chunk: Value<'_>, lanes: &mut Lanes) {
        let [id, created, choices, error, object] =
            chunk.pick(["id", "created", "choices", "error", "object"]);
        let listed = choices.map_or(0, |c| c.items());
        if listed > 0 {
            lanes.open(|| Opening { id: scan::full(id), created: created.and_then(|c| c.count()) });
        }
        let mut errored = false;
        if let Some(choices) = choices {
            choices.each_item(|choice| errored |= self.choice(choice, lanes));
        }
        if let Some(error) = error {
            lanes.fail(Fault::read(error, None));
        } else if object.is_some_and(|o| o.is("error")) {
            // Older vLLM puts the error at the top level.
            lanes.fail(Fault::read(chunk, None));
        } else if errored {
            let words = "The provider ended its answer with an error and did not say which.";
            lanes.fail(Fault::new(FaultKind::Api, words));
        }
    }

    /// Reads one choice; whether it ended with an error (OpenRouter says which beside the choices).
    fn choice(&mut self, choice: Value<'_>, lanes: &mut Lanes) -> bool {
        let [index, delta, message, finish, matched, logprobs, error] = choice.pick([
            "index",
            "delta",
            "message",
            "finish_reason",
            "stop_reason",
            "logprobs",
            "error",
        ]);
        let index = index.and_then(|i| i.count()).and_then(|i| u32::try_from(i).ok()).unwrap_or(0);
        lanes.choice(index);
        if let Some(delta) = delta.or(message) {
            self.delta(index, delta, lanes);
        }
        if let Some(logprobs) = logprobs {
            let [content, refusal] = logprobs.pick(["content", "refusal"]);
            for list in [content, refusal].into_iter().flatten().filter(|l| l.items() > 0) {
                lanes.logprobs(index, scan::raw(list));
            }
        }
        if let Some(error) = error {
            lanes.fail(Fault::read(error, None));
        }
        let Some(reason) = scan::full(finish) else { return false };
        if reason == "error" {
            return true;
        }
        self.end_calls(index, lanes);
        lanes.ends(index, stops::from_chat(&reason, scan::full(matched)));
        false
    }

    fn delta(&mut self, choice: u32, delta: Value<'_>, lanes: &mut Lanes) {
        let [content, thought, reasoning, details, refusal, calls, call, images] = delta.pick([
            "content",
            "reasoning_content",
            "reasoning",
            "reasoning_details",
            "refusal",
            "tool_calls",
            "function_call",
            "images",
        ]);
        // One thought under several names is one thought.
        let thought = scan::full(thought).or_else(|| scan::full(reasoning));
        let told = thought.is_some();
        lanes.flow(choice, Flow::Thinking, thought.unwrap_or_default());
        if let Some(details) = details {
            details.each_item(|detail| reasoning_detail(choice, detail, told, lanes));
        }
        if let Some(content) = content {
            content_parts(choice, content, lanes);
        }
        lanes.flow(choice, Flow::Refusal, scan::full(refusal).unwrap_or_default());
        if let Some(images) = images {
            images.each_item(|image| {
                let url = image.get("image_url").and_then(|u| u.get("url"));
                if let Some(url) = scan::full(url) {
                    lanes.end_flow(choice);
                    let key = lanes.key();
                    lanes.begin(choice, key, Piece::Image(url));
                    lanes.end(choice, key);
                }
            });
        }
        if let Some(calls) = calls {
            calls.each_item(|call| self.call(choice, call, lanes));
        }
        if let Some(call) = call {
            self.function(choice, None, None, call, "arguments", None, lanes);
        }
    }

    fn call(&mut self, choice: u32, call: Value<'_>, lanes: &mut Lanes) {
        let [index, id, function, custom, extra] =
            call.pick(["index", "id", "function", "custom", "extra_content"]);
        let index = index.and_then(|i| i.count());
        let signature = extra.and_then(|e| e.get("google")?.get("thought_signature"));
        let seal =
            scan::full(signature).map(|data| Seal { by: Maker::Gemini, data: Cow::Owned(data) });
        match (function, custom) {
            (Some(function), _) => {
                self.function(choice, index, scan::full(id), function, "arguments", seal, lanes);
            }
            (None, Some(custom)) => {
                self.function(choice, index, scan::full(id), custom, "input", seal, lanes);
            }
            (None, None) => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one field of the delta in hand")]
    fn function(
        &mut self,
        choice: u32,
        index: Option<u64>,
        id: Option<String>,
        function: Value<'_>,
        field: &str,
        seal: Option<Seal<'static>>,
        lanes: &mut Lanes,
    ) {
        let [name, arguments] = function.pick(["name", field]);
        let name = scan::full(name);
        // Some servers give the arguments as an object.
        let arguments =
            arguments.map(|a| scan::text(a).unwrap_or_else(|| scan::raw(a))).unwrap_or_default();
        let known = self.known(choice, index, id.as_deref(), name.as_deref(), &arguments);
        if known.is_none() && self.calls.len() >= CALLS_MAX {
            return nameless(lanes);
        }
        let at = known.unwrap_or_else(|| {
            let key = lanes.key();
            self.calls.push(Open {
                choice,
                index,
                id,
                name: String::new(),
                key,
                custom: field == "input",
                arguments: Balance::default(),
                early: String::new(),
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        call.arguments.feed(&arguments);
        if call.name.is_empty() {
            let Some(name) = name else {
                call.early.push_str(&arguments);
                if call.early.len() > HELD_BYTES_MAX {
                    nameless(lanes);
                }
                return;
            };
            call.name.clone_from(&name);
            let (id, custom) = (call.id.clone(), call.custom);
            lanes.call(choice, call.key, RawCall { id, name, namespace: None, custom, seal });
            let early = std::mem::take(&mut call.early);
            lanes.add(choice, call.key, Delta::Arguments(early));
        }
        lanes.add(choice, call.key, Delta::Arguments(arguments));
    }

    /// The call in progress that a delta goes on, if it does not begin one.
    fn known(
        &self,
        choice: u32,
        index: Option<u64>,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
    ) -> Option<usize> {
        let same = |call: &&Open| call.choice == choice && call.index == index;
        let found = match (index, id) {
            // Another id under an index in use is another call: some servers say 0 for all.
            (Some(_), _) => self.calls.iter().rposition(|c| same(&c)),
            (None, Some(id)) => {
                self.calls.iter().rposition(|c| c.choice == choice && c.id.as_deref() == Some(id))
            }
            (None, None) => self.calls.iter().rposition(|c| c.choice == choice),
        }?;
        let call = &self.calls[found];
        let other_id = id.is_some_and(|id| call.id.as_deref().is_some_and(|known| known != id));
        let named_anew = name.is_some_and(|name| {
            let finished = call.arguments.complete() || call.custom;
            !call.name.is_empty()
                && (name != call.name || (finished && id.is_none() && !arguments.is_empty()))
        });
        (!other_id && !named_anew).then_some(found)
    }

    fn end_calls(&mut self, choice: u32, lanes: &mut Lanes) {
        if self.calls.iter().any(|c| c.choice == choice && c.name.is_empty()) {
            nameless(lanes);
        }
        self.calls.retain(|call| call.choice != choice);
    }
}

impl Read for Chat {
    fn event(&mut self, _name: &[u8], data: Value<'_>, lanes: &mut Lanes) -> bool {
        self.read(data, lanes);
        false
    }

    fn document(&mut self, document: Value<'_>, lanes: &mut Lanes) {
        self.read(document, lanes);
        self.finish(lanes);
    }

    fn finish(&mut self, lanes: &mut Lanes) {
        while let Some(call) = self.calls.first() {
            self.end_calls(call.choice, lanes);
        }
    }
}

/// A call that never got its name, or so many that they cannot all be meant.
fn nameless(lanes: &mut Lanes) {
    let words = "The provider's answer holds tool calls that cannot be told apart.";
    lanes.fail(Fault::new(FaultKind::Api, words));
}

/// Content is a text, or a list of parts (Mistral).
fn content_parts(choice: u32, content: Value<'_>, lanes: &mut Lanes) {
    if content.is_text() {
        return lanes.flow(choice, Flow::Text, scan::text(content).unwrap_or_default());
    }
    content.each_item(|part| {
        let [kind, text, thinking] = part.pick(["type", "text", "thinking"]);
        if kind.is_some_and(|k| k.is("thinking")) {
            if let Some(thinking) = thinking {
                thinking.each_item(|t| {
                    let text = scan::full(t.get("text")).unwrap_or_default();
                    lanes.flow(choice, Flow::Thinking, text);
                });
            }
        } else {
            lanes.flow(choice, Flow::Text, scan::full(text).unwrap_or_default());
        }
    });
}

/// OpenRouter's `reasoning_details`: the text again, and what seals it.
fn reasoning_detail(choice: u32, detail: Value<'_>, told: bool, lanes: &mut Lanes) {
    let [text, summary, signature, data, format] =
        detail.pick(["text", "summary", "signature", "data", "format"]);
    if !told {
        let text = scan::full(text).or_else(|| scan::full(summary));
        lanes.flow(choice, Flow::Thinking, text.unwrap_or_default());
    }
    let format = format.and_then(scan::text).unwrap_or_default();
    let by = if format.starts_with("anthropic") {
        if data.is_some() { Maker::AnthropicRedacted } else { Maker::Anthropic }
    } else if format.starts_with("openai") {
        Maker::OpenAi
    } else if format.starts_with("google") {
        Maker::Gemini
    } else {
        return;
    };
    if let Some(data) = scan::full(signature).or_else(|| scan::full(data)) {
        lanes.seal_flow(choice, Seal { by, data: Cow::Owned(data) });
    }
}
