//! OpenAI Responses: usage comes with `response.completed`, `.incomplete` or `.failed`.
//! Hosted web searches are billed each and counted from their output items.

use super::core::{Reading, Seen, error_name};
use super::openai_usage::{self, Report};
use crate::json::Value;
use weir_core::Metered;

#[derive(Clone, Default)]
pub(super) struct Responses {
    seen: Seen,
    report: Option<Report>,
    /// Searches among the items that were done one by one.
    searches_done: u64,
    /// Searches in the list the last response object held; it repeats the items.
    searches_listed: u64,
}

impl Responses {
    /// Reads a response object, the one answer without streaming.
    fn response(&mut self, response: Value<'_>) {
        let [model, tier, usage, output] =
            response.pick(["model", "service_tier", "usage", "output"]);
        self.seen.model(model);
        self.seen.tier(tier);
        if let Some(usage) = usage {
            self.report = openai_usage::read(usage).or(self.report);
            self.seen.provider_cost = openai_usage::cost(usage).or(self.seen.provider_cost);
        }
        if let Some(output) = output {
            let mut searches = 0;
            output.each_item(|item| searches += u64::from(is_search(item)));
            self.searches_listed = searches;
        }
    }

    /// Counts what a whole answer holds, where no deltas came before it.
    fn output(&mut self, output: Value<'_>) {
        output.each_item(|item| {
            let [arguments, input, content, summary] =
                item.pick(["arguments", "input", "content", "summary"]);
            self.seen.output(arguments);
            self.seen.output(input);
            for parts in [content, summary].into_iter().flatten() {
                parts.each_item(|part| {
                    let [text, refusal] = part.pick(["text", "refusal"]);
                    self.seen.output(text);
                    self.seen.output(refusal);
                });
            }
        });
    }

    fn failed(&mut self, response: Value<'_>) {
        let error = response.get("error");
        self.seen.fail(error.and_then(|e| error_name(e, ["code", "type"])));
    }
}

/// Only an action that searches is billed; opening a page found by it and finding text in that
/// page are not.
fn is_search(item: Value<'_>) -> bool {
    let [kind, action, status] = item.pick(["type", "action", "status"]);
    kind.is_some_and(|k| k.is("web_search_call"))
        && !status.is_some_and(|s| s.is("failed"))
        && action.and_then(|a| a.get("type")).is_none_or(|t| t.is("search"))
}

impl Reading for Responses {
    fn event(&mut self, name: &[u8], data: Value<'_>) {
        let [kind, response, delta, item, code, error] =
            data.pick(["type", "response", "delta", "item", "code", "error"]);
        let kind = kind.and_then(|k| k.text()).unwrap_or_default();
        let kind = if kind.is_empty() { String::from_utf8_lossy(name).into_owned() } else { kind };
        if let Some(response) = response {
            self.response(response);
        }
        match kind.as_str() {
            "response.completed" | "response.incomplete" => self.seen.complete(),
            "response.failed" => match response {
                Some(response) => self.failed(response),
                None => self.seen.fail(None),
            },
            "error" => {
                let named = error.and_then(|e| error_name(e, ["code", "type"]));
                self.seen.fail(named.or_else(|| code.and_then(super::core::name)));
            }
            "response.output_item.done" => {
                self.searches_done += u64::from(item.is_some_and(is_search));
                self.seen.started = true;
            }
            // Sound is base64, not text.
            "response.audio.delta" | "response.output_audio.delta" => self.seen.started = true,
            _ if kind.ends_with(".delta") => self.seen.output(delta),
            _ if kind.is_empty() && error.is_some() => {
                self.seen.fail(error.and_then(|e| error_name(e, ["code", "type"])));
            }
            _ => {}
        }
    }

    fn document(&mut self, document: Value<'_>) {
        self.response(document);
        let [error, status, output] = document.pick(["error", "status", "output"]);
        if error.is_some() || status.is_some_and(|s| s.is("failed")) {
            return self.failed(document);
        }
        if let Some(output) = output {
            self.output(output);
        }
        self.seen.complete();
    }

    fn metered(&self) -> Metered {
        let usage = self.report.map(|report| {
            let mut usage = report.usage;
            usage.web_searches = self.searches_done.max(self.searches_listed);
            usage
        });
        self.seen.metered(usage, Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
