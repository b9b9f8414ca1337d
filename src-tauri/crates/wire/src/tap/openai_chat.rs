//! OpenAI Chat Completions, as OpenAI, OpenRouter, Azure, Groq, Mistral, DeepSeek, Moonshot, vLLM,
//! llama.cpp, LM Studio and Ollama stream it.
//! Usage: the last complete block wins; it may stand in a chunk of its own, beside the last choice,
//! inside it (Moonshot) or under `x_groq`.

use super::core::{Reading, Seen, error_name};
use super::openai_usage::{self, Report};
use crate::json::Value;
use weir_core::Metered;
use weir_core::meter::End;

#[derive(Clone, Default)]
pub(super) struct Chat {
    seen: Seen,
    report: Option<Report>,
    /// Choices seen and choices finished, one bit each; a stream is complete when all that were
    /// seen are finished. Choices from the 128th on share the last bit.
    open: u128,
    finished: u128,
    done: bool,
}

const CHOICE_BITS: u64 = 127;

impl Chat {
    fn usage(&mut self, usage: Option<Value<'_>>) {
        let Some(usage) = usage else { return };
        self.report = openai_usage::read(usage).or(self.report);
        self.seen.provider_cost = openai_usage::cost(usage).or(self.seen.provider_cost);
    }

    /// What a chunk and a whole answer have in common.
    fn read(&mut self, chunk: Value<'_>) {
        let [model, tier, usage, groq, choices, error, object] =
            chunk.pick(["model", "service_tier", "usage", "x_groq", "choices", "error", "object"]);
        self.seen.model(model);
        self.seen.tier(tier);
        if let Some(choices) = choices {
            choices.each_item(|choice| self.choice(choice));
        }
        self.usage(groq.and_then(|g| g.get("usage")));
        self.usage(usage);
        if let Some(error) = error {
            self.seen.fail(error_name(error, ["code", "type"]));
        } else if object.is_some_and(|o| o.is("error")) {
            // Older vLLM puts the error at the top level.
            self.seen.fail(error_name(chunk, ["type", "code"]));
        }
    }

    fn choice(&mut self, choice: Value<'_>) {
        let [index, delta, message, finish, usage] =
            choice.pick(["index", "delta", "message", "finish_reason", "usage"]);
        let bit = 1u128 << index.and_then(|i| i.count()).unwrap_or(0).min(CHOICE_BITS);
        self.open |= bit;
        if let Some(delta) = delta.or(message) {
            self.delta(delta);
        }
        self.usage(usage);
        if let Some(reason) = finish.filter(|f| f.is_text() && !f.is("")) {
            self.finished |= bit;
            self.seen.started = true;
            if reason.is("error") {
                self.seen.fail(None);
            }
        }
    }

    fn delta(&mut self, delta: Value<'_>) {
        let [content, reasoning_content, reasoning, refusal, calls, call, audio] = delta.pick([
            "content",
            "reasoning_content",
            "reasoning",
            "refusal",
            "tool_calls",
            "function_call",
            "audio",
        ]);
        // One text under both names is one text.
        for text in [content, reasoning_content.or(reasoning), refusal] {
            self.seen.output(text);
        }
        if let Some(parts) = content {
            parts.each_item(|part| self.seen.output(part.get("text")));
        }
        if let Some(calls) = calls {
            calls.each_item(|call| {
                let [function, custom] = call.pick(["function", "custom"]);
                self.seen.output(function.and_then(|f| f.get("arguments")));
                self.seen.output(custom.and_then(|c| c.get("input")));
                self.seen.started |= function.or(custom).is_some();
            });
        }
        self.seen.output(call.and_then(|c| c.get("arguments")));
        self.seen.output(audio.and_then(|a| a.get("transcript")));
        self.seen.started |= audio.is_some();
    }
}

impl Reading for Chat {
    fn event(&mut self, _name: &[u8], data: Value<'_>) {
        self.read(data);
        if self.open != 0 && self.open == self.finished {
            self.seen.complete();
        } else if !self.done && self.seen.end == End::Complete {
            // Another choice has begun after the first was finished.
            self.seen.end = End::Open;
        }
    }

    fn document(&mut self, document: Value<'_>) {
        self.read(document);
        self.seen.complete();
    }

    fn done(&mut self) {
        self.done = true;
        self.seen.complete();
    }

    fn metered(&self) -> Metered {
        self.seen.metered(self.report.map(|r| r.usage), Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
