//! OpenAI Chat Completions, as OpenAI, OpenRouter, Azure, Groq, Mistral, DeepSeek, Moonshot, vLLM,
//! llama.cpp, LM Studio and Ollama stream it.
//! Usage: the last complete block wins; it may stand in a chunk of its own, beside the last choice,
//! inside it (Moonshot) or under `x_groq`.

use super::core::{Reading, Seen, error_name};
use super::openai_usage::{self, Report};
use crate::json::Value;
use weir_core::meter::End;
use weir_core::{Detail, Metered};

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
        if let Some(error) = error {
            self.seen.fail(error_name(error, ["code", "type"]));
        } else if object.is_some_and(|o| o.is("error")) {
            // Older vLLM puts the error at the top level.
            self.seen.fail(error_name(chunk, ["type", "code"]));
        }
        let mut texts = 0u32;
        if let Some(choices) = choices {
            choices.each_item(|choice| {
                texts += 1;
                self.choice(choice);
            });
        }
        self.usage(groq.and_then(|g| g.get("usage")));
        self.usage(usage);
        // A chunk of its own is the last word; servers that count as they go (vLLM's continuous
        // usage) put a running count beside each text.
        self.seen.usage_is_final |= texts == 0 && usage.is_some_and(|u| u.is_object());
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
        let [content, reasoning_content, reasoning, refusal, calls, call, audio, notes] = delta
            .pick([
                "content",
                "reasoning_content",
                "reasoning",
                "refusal",
                "tool_calls",
                "function_call",
                "audio",
                "annotations",
            ]);
        // The models that search before they answer charge for it, and report no count.
        if let Some(notes) = notes {
            notes.each_item(|note| {
                if note.get("type").is_some_and(|kind| kind.is("url_citation")) {
                    self.seen.detail.untold_fee = Some("web search");
                }
            });
        }
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
        let metered = self.seen.metered(self.report.map(|r| r.usage), Vec::new());
        let detail = self.report.map_or(metered.detail, |report| Detail {
            untold_fee: metered.detail.untold_fee,
            ..report.detail
        });
        Metered { detail, ..metered }
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{data, read, started_after};
    use super::*;
    use weir_core::Endpoint::Chat as AT;
    use weir_core::{Money, Usage};

    const ROLE: &str = r#"{"id":"chatcmpl-CHx","object":"chat.completion.chunk","created":1795334400,"model":"gpt-5.4-nano-2026-03-17","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aB"}"#;
    const TEXT: &str = r#"{"id":"chatcmpl-CHx","object":"chat.completion.chunk","model":"gpt-5.4-nano-2026-03-17","choices":[{"index":0,"delta":{"content":"Hi \ud83d\ude00"},"finish_reason":null}],"usage":null}"#;
    const STOP: &str = r#"{"id":"chatcmpl-CHx","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#;
    const USAGE: &str = r#"{"id":"chatcmpl-CHx","object":"chat.completion.chunk","service_tier":"default","choices":[],"usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"cache_write_tokens":64,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#;
    const DONE: &str = "[DONE]";
    pub(in super::super) const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"x\":2}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":82,"completion_tokens":17,"total_tokens":99}}"#;

    pub(in super::super) fn stream() -> String {
        data(&[ROLE, TEXT, STOP, USAGE, DONE])
    }

    fn usage_of(block: &str) -> Option<Usage> {
        read(AT, false, format!(r#"{{"choices":[],"usage":{block}}}"#)).usage
    }

    #[test]
    fn a_stream_gives_uncached_input_and_output_with_its_reasoning() {
        let metered = read(AT, true, stream());
        assert_eq!(
            metered.usage,
            Some(Usage {
                input: 2006 - 1920 - 64,
                cache_read: 1920,
                cache_write_5m: 64,
                output: 300,
                reasoning: 128,
                ..Usage::default()
            })
        );
        assert_eq!(metered.model.as_deref(), Some("gpt-5.4-nano-2026-03-17"));
        assert_eq!(metered.service_tier.as_deref(), Some("default"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 7));
    }

    #[test]
    fn content_begins_after_the_role() {
        assert_eq!(started_after(AT, &[ROLE, TEXT]), [false, true]);
        let call = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":""}}]}}]}"#;
        assert_eq!(started_after(AT, &[ROLE, call]), [false, true]);
        let thought =
            r#"{"choices":[{"index":0,"delta":{"content":"","reasoning_content":"Hm"}}]}"#;
        assert_eq!(started_after(AT, &[ROLE, thought]), [false, true]);
    }

    #[test]
    fn the_end_is_a_finish_reason_or_the_done_marker() {
        let end = |payloads: &[&str]| read(AT, true, data(payloads)).end;
        assert_eq!(end(&[ROLE, TEXT]), End::Open);
        assert_eq!(end(&[ROLE, TEXT, STOP]), End::Complete);
        assert_eq!(end(&[ROLE, TEXT, DONE]), End::Complete);
        assert_eq!(end(&[ROLE, r#"{"choices":[{"index":0,"finish_reason":""}]}"#]), End::Open);
        let second = r#"{"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}"#;
        let stop_second = r#"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#;
        assert_eq!(end(&[TEXT, second, STOP]), End::Open, "one of two choices is not finished");
        assert_eq!(end(&[TEXT, STOP, second]), End::Open);
        assert_eq!(end(&[TEXT, STOP, second, stop_second]), End::Complete);
    }

    #[test]
    fn an_error_chunk_inside_a_200_is_a_failure() {
        let error = r#"{"id":"gen-1","object":"chat.completion.chunk","model":"x/y","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#;
        let metered = read(AT, true, data(&[ROLE, TEXT, error, DONE]));
        assert_eq!((metered.end, metered.error.as_deref()), (End::Failed, Some("502")));
        for (body, name) in [
            (
                r#"{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
                "rate_limit_exceeded",
            ),
            (
                r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#,
                "invalid_request_error",
            ),
            (r#"{"error":"model not found"}"#, "error"),
            (r#"{"error":"model_not_found"}"#, "model_not_found"),
            (
                r#"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#,
                "BadRequestError",
            ),
            (r#"{"error":{}}"#, "error"),
        ] {
            let metered = read(AT, false, body);
            assert_eq!(
                (metered.end, metered.error.as_deref()),
                (End::Failed, Some(name)),
                "{body}"
            );
            assert_eq!(read(AT, true, data(&[body])).error.as_deref(), Some(name), "{body}");
        }
    }

    #[test]
    fn a_whole_answer_is_read() {
        let metered = read(AT, false, ANSWER);
        assert_eq!(metered.usage, Some(Usage { input: 82, output: 17, ..Usage::default() }));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 7));
    }

    #[test]
    fn the_dialects_of_compatible_servers_are_read() {
        let input_output = |payloads: &[&str]| {
            let usage = read(AT, true, data(payloads)).usage.expect("usage");
            (usage.input, usage.cache_read, usage.output)
        };
        // vLLM repeats cumulative usage; the last one counts.
        let vllm = |n: u32| {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"content":"a"}}}}],"usage":{{"prompt_tokens":5,"total_tokens":{},"completion_tokens":{n}}}}}"#,
                5 + n
            )
        };
        assert_eq!(input_output(&[&vllm(1), &vllm(2), &vllm(3)]), (5, 0, 3));
        // Groq puts it under x_groq, Moonshot into the choice, DeepSeek names cache hits.
        assert_eq!(
            input_output(&[
                r#"{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":7,"completion_tokens":2}}}"#
            ]),
            (7, 0, 2)
        );
        assert_eq!(
            input_output(&[
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":8,"completion_tokens":1}}]}"#
            ]),
            (8, 0, 1)
        );
        assert_eq!(
            input_output(&[
                r#"{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":4,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40}}"#
            ]),
            (40, 60, 4)
        );
        // llama.cpp adds timings; a later null does not take the report away.
        assert_eq!(
            input_output(&[
                r#"{"choices":[],"usage":{"completion_tokens":8,"prompt_tokens":14,"total_tokens":22},"timings":{"prompt_n":14,"predicted_n":8}}"#,
                TEXT
            ]),
            (14, 0, 8)
        );
    }

    #[test]
    fn a_report_needs_both_sides_but_a_total_can_stand_in() {
        let known = |block: &str| usage_of(block).map(|u| (u.input, u.output));
        assert_eq!(known(r#"{"prompt_tokens":0,"completion_tokens":0}"#), Some((0, 0)));
        assert_eq!(known(r#"{"prompt_tokens":10,"total_tokens":14}"#), Some((10, 4)));
        assert_eq!(known(r#"{"completion_tokens":4,"total_tokens":14}"#), Some((10, 4)));
        for unknown in [
            "null",
            "{}",
            r#"{"prompt_tokens":10}"#,
            r#"{"total_tokens":10}"#,
            r#"{"prompt_tokens":-1,"completion_tokens":4}"#,
            r#"{"prompt_tokens":1e999,"completion_tokens":4}"#,
            r#"{"prompt_tokens":18446744073709551616,"completion_tokens":4}"#,
            r#"{"prompt_tokens":null,"completion_tokens":4}"#,
            r#"{"prompt_tokens":10,"total_tokens":4}"#,
        ] {
            assert_eq!(known(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn cache_writes_that_do_not_fit_in_the_prompt_come_on_top() {
        let usage = usage_of(r#"{"prompt_tokens":100,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":80}}"#).expect("usage");
        assert_eq!((usage.input, usage.cache_read, usage.cache_write_5m), (40, 60, 80));
    }

    #[test]
    fn openrouter_s_cost_is_read_from_its_text() {
        let cost = |fields: &str| {
            let body = format!(
                r#"{{"choices":[],"usage":{{"prompt_tokens":1,"completion_tokens":1,{fields}}}}}"#
            );
            read(AT, true, data(&[&body])).provider_cost.map(Money::nano)
        };
        assert_eq!(cost(r#""cost":0.00014595"#), Some(145_950));
        assert_eq!(cost(r#""cost":1e-05"#), Some(10_000));
        assert_eq!(cost(r#""cost":0"#), Some(0));
        assert_eq!(
            cost(r#""cost":0.95,"is_byok":false,"cost_details":{"upstream_inference_cost":0.9}"#),
            Some(950_000_000)
        );
        assert_eq!(
            cost(r#""cost":0.05,"is_byok":true,"cost_details":{"upstream_inference_cost":1.0}"#),
            Some(1_050_000_000)
        );
        assert_eq!(
            cost(r#""cost":0.05,"is_byok":true,"cost_details":{"upstream_inference_cost":null}"#),
            Some(50_000_000)
        );
        assert_eq!(cost(r#""cost":null"#), None);
        assert_eq!(cost(r#""cost":-1"#), None);
        assert_eq!(cost(r#""cost":{"total_cost":0.1}"#), None);
        assert_eq!(cost(r#""x":1"#), None);
    }

    #[test]
    fn a_running_count_beside_the_text_is_not_the_last_word_and_a_chunk_of_its_own_is() {
        let running =
            TEXT.replace("\"usage\":null", r#""usage":{"prompt_tokens":9,"completion_tokens":1}"#);
        let cut = read(AT, true, data(&[ROLE, &running]));
        assert!(cut.usage.is_some() && !cut.usage_is_final && cut.end == End::Open);
        assert!(read(AT, true, data(&[ROLE, TEXT, USAGE])).usage_is_final);
    }
}
