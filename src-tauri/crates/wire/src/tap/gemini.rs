//! Gemini `generateContent` and `streamGenerateContent`. Every chunk repeats the usage so far: the
//! last one counts. The prompt includes cached tokens; output is candidates plus thoughts.

use super::core::{Reading, Seen, count, error_name};
use crate::json::Value;
use weir_core::{Metered, Usage};

#[derive(Clone, Default)]
pub(super) struct Generate {
    seen: Seen,
    usage: Option<Usage>,
    /// Queries of search grounding, the largest list seen: chunks repeat it.
    queries: u64,
}

impl Generate {
    fn read(&mut self, chunk: Value<'_>) {
        let [model, usage, candidates, feedback, error] =
            chunk.pick(["modelVersion", "usageMetadata", "candidates", "promptFeedback", "error"]);
        self.seen.model(model);
        if let Some(usage) = usage {
            let [tier] = usage.pick(["serviceTier"]);
            self.seen.tier(tier);
            self.usage = read_usage(usage).or(self.usage);
        }
        if let Some(candidates) = candidates {
            candidates.each_item(|candidate| self.candidate(candidate));
        }
        // A prompt that is blocked has no candidates; the block is its end.
        if feedback.and_then(|f| f.get("blockReason")).is_some() {
            self.seen.complete();
        }
        if let Some(error) = error {
            self.seen.fail(error_name(error, ["status", "code"]));
        }
    }

    fn candidate(&mut self, candidate: Value<'_>) {
        let [content, finish, grounding] =
            candidate.pick(["content", "finishReason", "groundingMetadata"]);
        if let Some(parts) = content.and_then(|c| c.get("parts")) {
            parts.each_item(|part| {
                let [text, call, data, code] =
                    part.pick(["text", "functionCall", "inlineData", "executableCode"]);
                self.seen.output(text);
                self.seen.output_json(call.and_then(|c| c.get("args")));
                self.seen.output(code.and_then(|c| c.get("code")));
                self.seen.started |= call.or(data).is_some();
            });
        }
        if let Some(queries) = grounding.and_then(|g| g.get("webSearchQueries")) {
            self.queries = self.queries.max(queries.items());
        }
        if finish.is_some_and(|f| f.is_text() && !f.is("") && !f.is("FINISH_REASON_UNSPECIFIED")) {
            self.seen.complete();
        }
    }

    /// Grounding is billed per query from Gemini 3 on, per request before.
    fn searches(&self) -> u64 {
        let model = self.seen.model.as_deref().unwrap_or_default();
        let per_request = model.starts_with("gemini-1") || model.starts_with("gemini-2");
        if per_request { self.queries.min(1) } else { self.queries }
    }
}

/// Counts of zero are left out of Gemini's JSON, so only the prompt's count must be there.
fn read_usage(usage: Value<'_>) -> Option<Usage> {
    let [prompt, cached, candidates, thoughts, tool_use, total] = usage.pick([
        "promptTokenCount",
        "cachedContentTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "toolUsePromptTokenCount",
        "totalTokenCount",
    ]);
    let prompt = count(prompt)?;
    // A count that is there but makes no sense is unknown, and so is the whole.
    let or_zero = |value: Option<Value<'_>>| value.map_or(Some(0), |v| v.count());
    let (cache_read, thoughts, tool_use) =
        (or_zero(cached)?.min(prompt), or_zero(thoughts)?, or_zero(tool_use)?);
    let beside = prompt.saturating_add(thoughts).saturating_add(tool_use);
    let candidates = match candidates {
        Some(value) => value.count()?,
        None => count(total).map_or(0, |t| t.saturating_sub(beside)),
    };
    Some(Usage {
        input: (prompt - cache_read).saturating_add(tool_use),
        cache_read,
        output: candidates.saturating_add(thoughts),
        reasoning: thoughts,
        ..Usage::default()
    })
}

impl Reading for Generate {
    fn event(&mut self, _name: &[u8], data: Value<'_>) {
        // An error before a stream without SSE comes wrapped in an array.
        if data.is_array() {
            data.each_item(|item| self.read(item));
        } else {
            self.read(data);
        }
    }

    fn document(&mut self, document: Value<'_>) {
        self.event(b"", document);
        self.seen.complete();
    }

    fn metered(&self) -> Metered {
        let usage = self.usage.map(|usage| Usage { web_searches: self.searches(), ..usage });
        self.seen.metered(usage, Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
