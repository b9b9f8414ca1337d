//! Anthropic Messages. `message_start` carries the input, `message_delta` the cumulative rest; on
//! compatible servers some counts stand only in the delta. So each field is the largest seen.
//!
//! `usage.iterations` splits a call by the model that ran: see `bill`.

use super::core::{Reading, Seen, count, error_name, name};
use crate::json::Value;
use weir_core::{Metered, Usage};

/// A usage block as it came: a field that was not reported is `None`, which is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reported {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    write_5m: Option<u64>,
    write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    searches: Option<u64>,
}

impl Reported {
    fn read(usage: Value<'_>) -> Self {
        let [input, read, write, split, output, details, tools] = usage.pick([
            "input_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "cache_creation",
            "output_tokens",
            "output_tokens_details",
            "server_tool_use",
        ]);
        let [write_5m, write_1h] = split.map_or([None; 2], |s| {
            s.pick(["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"])
        });
        Self {
            input: count(input),
            cache_read: count(read),
            cache_write: count(write),
            write_5m: count(write_5m),
            write_1h: count(write_1h),
            output: count(output),
            thinking: count(details.and_then(|d| d.get("thinking_tokens"))),
            searches: count(tools.and_then(|t| t.get("web_search_requests"))),
        }
    }

    /// The field-wise maximum; `None` is below zero.
    fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write: self.cache_write.max(other.cache_write),
            write_5m: self.write_5m.max(other.write_5m),
            write_1h: self.write_1h.max(other.write_1h),
            output: self.output.max(other.output),
            thinking: self.thinking.max(other.thinking),
            searches: self.searches.max(other.searches),
        }
    }

    /// The usage, when both sides of it are known. Cache writes that no lifetime is given for
    /// count as five-minute ones, the default of a request that names none.
    fn usage(&self) -> Option<Usage> {
        let output = self.output?;
        let input = self.input.or(self.cache_read.or(self.cache_write).map(|_| 0))?;
        let cache_write_1h = self.write_1h.unwrap_or(0);
        let split = self.write_5m.unwrap_or(0).saturating_add(cache_write_1h);
        let unsplit = self.cache_write.unwrap_or(0).saturating_sub(split);
        Some(Usage {
            input,
            cache_read: self.cache_read.unwrap_or(0),
            cache_write_5m: self.write_5m.unwrap_or(0).saturating_add(unsplit),
            cache_write_1h,
            output,
            reasoning: self.thinking.unwrap_or(0).min(output),
            web_searches: self.searches.unwrap_or(0),
        })
    }
}

/// What an entry of `usage.iterations` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A sampling step.
    Message,
    /// The step of the fallback model that served the answer.
    Fallback,
    /// Compaction or an advisor: never in the top level.
    Beside,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Iteration {
    kind: Kind,
    model: Option<String>,
    usage: Usage,
}

#[derive(Clone, Default)]
pub(super) struct Messages {
    seen: Seen,
    reported: Option<Reported>,
    /// The longest list seen; a delta repeats the whole of it.
    iterations: Vec<Iteration>,
}

/// Most iterations read from one answer.
const ITERATIONS_MAX: usize = 1_000;

impl Messages {
    fn usage(&mut self, usage: Option<Value<'_>>) {
        let Some(usage) = usage.filter(|u| u.is_object()) else { return };
        let reported = Reported::read(usage);
        self.reported = Some(self.reported.unwrap_or_default().max(reported));
        let [tier, speed, iterations] = usage.pick(["service_tier", "speed", "iterations"]);
        self.seen.tier(tier);
        self.seen.speed = speed.and_then(name).or_else(|| self.seen.speed.take());
        let mut list = Vec::new();
        if let Some(iterations) = iterations {
            iterations.each_item(|item| {
                if list.len() < ITERATIONS_MAX {
                    list.extend(iteration(item));
                }
            });
        }
        if list.len() >= self.iterations.len() {
            self.iterations = list;
        }
    }

    fn message(&mut self, message: Value<'_>) {
        let [model, usage] = message.pick(["model", "usage"]);
        self.seen.model(model);
        self.usage(usage);
    }

    fn block(&mut self, block: Value<'_>) {
        let [kind, text, thinking, input] = block.pick(["type", "text", "thinking", "input"]);
        self.seen.output(text);
        self.seen.output(thinking);
        self.seen.output_json(input.filter(|i| i.is_object()));
        let opens_empty = ["text", "thinking", "tool_use", "server_tool_use", "compaction"];
        // Other blocks come whole in their start (redacted thinking, results of server tools).
        self.seen.started |= kind.is_some_and(|k| !opens_empty.iter().any(|o| k.is(o)));
    }

    fn delta(&mut self, delta: Value<'_>) {
        let [text, thinking, json, content] =
            delta.pick(["text", "thinking", "partial_json", "content"]);
        for produced in [text, thinking, json, content] {
            self.seen.output(produced);
        }
    }

    fn error(&mut self, holder: Value<'_>) {
        let error = holder.get("error");
        self.seen.fail(error.and_then(|e| error_name(e, ["type", "code"])));
    }

    /// Who is billed for what.
    ///
    /// - `message` entries are inside the top level, which is the answer's own usage.
    /// - `compaction` entries are not (the SDK's own words); they ran on the same model.
    /// - `advisor_message` entries are not either, by every session log published so far; the
    ///   vendor does not say. They carry their own model.
    /// - With a `fallback_message` the top level repeats only the steps of the model that served,
    ///   and the declined attempt stands in a `message` entry under the model that was asked. So
    ///   every entry is billed under its own model, and the top level, which would be a second
    ///   bill for the same tokens, only gives the searches. An attempt that was declined before it
    ///   put out a token is not billed.
    fn bill(&self) -> (Option<Usage>, Vec<(Option<String>, Usage)>) {
        let top = self.reported.and_then(|r| r.usage());
        let served = self.iterations.iter().find(|i| i.kind == Kind::Fallback);
        let beside = |i: &&Iteration| i.kind == Kind::Beside;
        let mut extra: Vec<_> =
            self.iterations.iter().filter(beside).map(Iteration::line).collect();
        let Some(served) = served else { return (top, extra) };
        let mut asked =
            Usage { web_searches: top.map_or(0, |t| t.web_searches), ..Usage::default() };
        for step in self.iterations.iter().filter(|i| i.kind != Kind::Beside) {
            let of_server =
                step.kind == Kind::Fallback || step.model.is_some() && step.model == served.model;
            if of_server {
                extra.push(step.line());
            } else if step.usage.output > 0 {
                asked = asked.plus(&step.usage);
            }
        }
        (Some(asked), extra)
    }
}

impl Iteration {
    fn line(&self) -> (Option<String>, Usage) {
        (self.model.clone(), self.usage)
    }
}

fn iteration(item: Value<'_>) -> Option<Iteration> {
    let [kind, model] = item.pick(["type", "model"]);
    let kind = kind?;
    let kind = if kind.is("compaction") || kind.is("advisor_message") {
        Kind::Beside
    } else if kind.is("fallback_message") {
        Kind::Fallback
    } else {
        Kind::Message
    };
    Some(Iteration { kind, model: model.and_then(name), usage: Reported::read(item).usage()? })
}

impl Reading for Messages {
    fn event(&mut self, event_name: &[u8], data: Value<'_>) {
        let [kind, message, block, delta, usage] =
            data.pick(["type", "message", "content_block", "delta", "usage"]);
        let kind =
            kind.and_then(name).unwrap_or_else(|| String::from_utf8_lossy(event_name).into_owned());
        match kind.as_str() {
            "message_start" => {
                if let Some(message) = message {
                    self.message(message);
                }
            }
            "content_block_start" => {
                if let Some(block) = block {
                    self.block(block);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = delta {
                    self.delta(delta);
                }
            }
            "message_delta" => {
                self.usage(usage);
                self.seen.started = true;
            }
            "message_stop" => self.seen.complete(),
            "error" => self.error(data),
            _ => {}
        }
    }

    fn document(&mut self, document: Value<'_>) {
        let [kind, content, error] = document.pick(["type", "content", "error"]);
        if kind.is_some_and(|k| k.is("error")) || error.is_some() {
            return self.error(document);
        }
        self.message(document);
        if let Some(content) = content {
            content.each_item(|block| self.block(block));
        }
        self.seen.complete();
    }

    fn metered(&self) -> Metered {
        let (usage, extra) = self.bill();
        self.seen.metered(usage, extra)
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
