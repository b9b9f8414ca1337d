//! Gemini `generateContent` and `streamGenerateContent`. Every chunk repeats the usage so far: the
//! last one counts. The prompt includes cached tokens; output is candidates plus thoughts.

use super::core::{Reading, Seen, count, error_name};
use crate::json::Value;
use weir_core::{Detail, Media, Metered, Usage};

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
            if let Some(read) = read_usage(usage) {
                self.usage = Some(read);
                self.seen.detail = read_detail(usage, &read, &self.seen.detail);
            }
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
        if let Some(chunks) = grounding.and_then(|g| g.get("groundingChunks")) {
            chunks.each_item(|chunk| {
                if chunk.get("maps").is_some() {
                    self.seen.detail.untold_fee = Some("grounding with maps");
                }
            });
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

/// What of the counts was sound, pictures or film. What a chunk does not say, an earlier one did.
fn read_detail(usage: Value<'_>, read: &Usage, before: &Detail) -> Detail {
    let [prompt, tool_use, cached, candidates] = usage.pick([
        "promptTokensDetails",
        "toolUsePromptTokensDetails",
        "cacheTokensDetails",
        "candidatesTokensDetails",
    ]);
    let mut detail = *before;
    detail.output = candidates.map(modalities).or(before.output);
    let prompt = prompt.map(modalities);
    if let Some(all) = prompt.or(tool_use.map(|_| Media::default())) {
        let all = all.plus(&tool_use.map(modalities).unwrap_or_default());
        detail.prompt(all, cached.map(modalities), read.input, read.cache_read);
    }
    detail
}

/// Counts by modality; a document counts as what its pages are billed as, text.
fn modalities(list: Value<'_>) -> Media {
    let mut media = Media::default();
    list.each_item(|item| {
        let [modality, tokens] = item.pick(["modality", "tokenCount"]);
        let (Some(modality), Some(tokens)) = (modality, count(tokens)) else { return };
        for (name, sum) in
            [("AUDIO", &mut media.audio), ("IMAGE", &mut media.image), ("VIDEO", &mut media.video)]
        {
            if modality.is(name) {
                *sum = sum.saturating_add(tokens);
            }
        }
    });
    media
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{data, read, started_after};
    use super::*;
    use weir_core::Endpoint::{Generate as WHOLE, GenerateStream as AT};
    use weir_core::meter::End;

    pub(in super::super) const CHUNKS: [&str; 3] = [
        r#"{"candidates":[{"content":{"parts":[{"text":"Let me think","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1200,"cachedContentTokenCount":1024,"totalTokenCount":1290,"thoughtsTokenCount":90,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1200}]},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"city":"Rome"}},"thoughtSignature":"EpwC"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1200,"cachedContentTokenCount":1024,"candidatesTokenCount":20,"thoughtsTokenCount":150,"totalTokenCount":1370},"modelVersion":"gemini-3.8-flash"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Done"}],"role":"model"},"finishReason":"STOP","index":0,"groundingMetadata":{"webSearchQueries":["a","b"]}}],"usageMetadata":{"promptTokenCount":1200,"cachedContentTokenCount":1024,"candidatesTokenCount":42,"toolUsePromptTokenCount":300,"thoughtsTokenCount":150,"totalTokenCount":1692,"serviceTier":"PRIORITY"},"modelVersion":"gemini-3.8-flash"}"#,
    ];

    fn usage_of(metadata: &str) -> Option<Usage> {
        read(WHOLE, false, format!(r#"{{"candidates":[],"usageMetadata":{metadata}}}"#)).usage
    }

    #[test]
    fn the_last_chunk_counts_with_thoughts_tools_and_cached_tokens_in_their_places() {
        let metered = read(AT, true, data(&CHUNKS));
        assert_eq!(
            metered.usage,
            Some(Usage {
                input: 1200 - 1024 + 300,
                cache_read: 1024,
                output: 42 + 150,
                reasoning: 150,
                web_searches: 2,
                ..Usage::default()
            })
        );
        assert_eq!(metered.model.as_deref(), Some("gemini-3.8-flash"));
        assert_eq!(metered.service_tier.as_deref(), Some("priority"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 12 + 15 + 4));
        assert_eq!(read(AT, false, format!("[{}]", CHUNKS.join(","))), metered);
    }

    #[test]
    fn a_stream_cut_early_has_the_numbers_so_far() {
        let metered = read(AT, true, data(&CHUNKS[..1]));
        let usage = metered.usage.expect("usage so far");
        assert_eq!((usage.input, usage.cache_read, usage.output), (176, 1024, 90));
        assert_eq!(metered.end, End::Open);
        let array = read(AT, false, format!("[{},{}", CHUNKS[0], &CHUNKS[1][..40]));
        assert_eq!((array.usage, array.end), (Some(usage), End::Open));
    }

    #[test]
    fn content_begins_with_the_first_part() {
        let empty = r#"{"candidates":[{"content":{"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":5}}"#;
        assert_eq!(started_after(AT, &[empty, CHUNKS[1]]), [false, true]);
    }

    #[test]
    fn counts_left_out_are_zero_but_a_missing_prompt_count_is_unknown() {
        let known = |metadata: &str| usage_of(metadata).map(|u| (u.input, u.output));
        assert_eq!(known(r#"{"promptTokenCount":8}"#), Some((8, 0)));
        assert_eq!(known(r#"{"promptTokenCount":8,"totalTokenCount":12}"#), Some((8, 4)));
        assert_eq!(known(r#"{"promptTokenCount":0,"candidatesTokenCount":0}"#), Some((0, 0)));
        assert_eq!(
            known(r#"{"promptTokenCount":8,"cachedContentTokenCount":9,"candidatesTokenCount":1}"#),
            Some((0, 1))
        );
        for unknown in [
            "null",
            "{}",
            r#"{"candidatesTokenCount":5}"#,
            r#"{"promptTokenCount":-3}"#,
            r#"{"promptTokenCount":8,"candidatesTokenCount":-1}"#,
            r#"{"promptTokenCount":8,"thoughtsTokenCount":1e999}"#,
        ] {
            assert_eq!(known(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn sound_is_told_apart_in_the_prompt_its_cache_and_the_answer() {
        let of = |metadata: &str| {
            read(WHOLE, false, format!(r#"{{"candidates":[],"usageMetadata":{metadata}}}"#)).detail
        };
        let audio = |audio| Media { audio, ..Media::default() };
        let told = of(r#"{"promptTokenCount":1000,"cachedContentTokenCount":400,
            "candidatesTokenCount":50,"toolUsePromptTokenCount":20,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":200},{"modality":"AUDIO","tokenCount":800}],
            "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":300},{"modality":"TEXT","tokenCount":100}],
            "toolUsePromptTokensDetails":[{"modality":"AUDIO","tokenCount":7}],
            "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":40},{"modality":"IMAGE","tokenCount":3}]}"#);
        assert_eq!((told.input, told.cache_read), (audio(507), audio(300)));
        assert_eq!(told.output, Some(Media { audio: 40, image: 3, video: 0 }));
        assert!(!told.cached_untold);
        let untold = of(r#"{"promptTokenCount":1000,"cachedContentTokenCount":400,
            "promptTokensDetails":[{"modality":"AUDIO","tokenCount":800}]}"#);
        assert_eq!((untold.input, untold.cache_read), (audio(600), audio(200)));
        assert!(untold.cached_untold && untold.output.is_none());
        // A list that is no list, and counts that are none, tell nothing.
        let odd =
            of(r#"{"promptTokenCount":9,"promptTokensDetails":[{"modality":"AUDIO"},7,null]}"#);
        assert_eq!(odd, Detail::default());
        let maps = r#"{"candidates":[{"groundingMetadata":{"groundingChunks":[{"maps":{"uri":"u"}}]}}],
            "usageMetadata":{"promptTokenCount":9}}"#;
        assert_eq!(read(WHOLE, false, maps).detail.untold_fee, Some("grounding with maps"));
    }

    #[test]
    fn a_later_chunk_without_counts_does_not_take_them_away() {
        let traffic = r#"{"candidates":[],"usageMetadata":{"trafficType":"ON_DEMAND"}}"#;
        let metered = read(AT, true, data(&[CHUNKS[0], traffic]));
        assert_eq!(metered.usage.map(|u| u.output), Some(90));
    }

    #[test]
    fn grounding_is_billed_per_request_before_gemini_3() {
        let old = CHUNKS[2].replace("gemini-3.8-flash", "gemini-2.5-pro");
        assert_eq!(read(AT, true, data(&[&old])).usage.map(|u| u.web_searches), Some(1));
    }

    #[test]
    fn errors_come_alone_in_an_array_or_in_the_stream() {
        let error =
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#;
        for metered in [
            read(WHOLE, false, error),
            read(AT, false, format!("[{error}]")),
            read(AT, false, error),
            read(AT, true, data(&[CHUNKS[0], error])),
        ] {
            assert_eq!((metered.end, metered.error.as_deref()), (End::Failed, Some("UNAVAILABLE")));
        }
    }

    #[test]
    fn a_blocked_prompt_is_an_end() {
        let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"#;
        let metered = read(AT, true, data(&[blocked]));
        assert_eq!((metered.end, metered.usage.map(|u| u.input)), (End::Complete, Some(7)));
    }
}
