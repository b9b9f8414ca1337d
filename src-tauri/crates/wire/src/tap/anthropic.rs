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
        let [tier, speed, geo, iterations] =
            usage.pick(["service_tier", "speed", "inference_geo", "iterations"]);
        self.seen.tier(tier);
        self.seen.geo = geo.and_then(name).or_else(|| self.seen.geo.take());
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
        let [kind, text, thinking, input, tool] =
            block.pick(["type", "text", "thinking", "input", "name"]);
        // Billed by the hour of a container, after hours that are free; no answer says how long.
        let hosted = kind.is_some_and(|k| k.is("server_tool_use"));
        if hosted && tool.and_then(name).is_some_and(|tool| tool.ends_with("code_execution")) {
            self.seen.detail.untold_fee = Some("code execution");
        }
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
    ///   and the attempt it took over stands in a `message` entry of the model that was asked
    ///   (session logs and cost reports agree; the vendor does not say). So the steps of the model
    ///   that served are this answer's usage, and every other one is billed beside it, but for an
    ///   attempt that was declined before it put out a token, which is not billed.
    fn bill(&self) -> (Option<Usage>, Vec<(Option<String>, Usage)>) {
        let top = self.reported.and_then(|r| r.usage());
        let beside = |i: &&Iteration| i.kind == Kind::Beside;
        let mut extra: Vec<_> =
            self.iterations.iter().filter(beside).map(Iteration::line).collect();
        let Some(served) = self.iterations.iter().find(|i| i.kind == Kind::Fallback) else {
            return (top, extra);
        };
        let mut usage = Usage::default();
        for step in self.iterations.iter().filter(|i| i.kind != Kind::Beside) {
            let model = step.model.as_ref().or(self.seen.model.as_ref());
            if step.kind == Kind::Fallback || model == served.model.as_ref() {
                usage = usage.plus(&step.usage);
            } else if step.usage.output > 0 {
                extra.push((model.cloned(), step.usage));
            }
        }
        if let Some(top) = top {
            // What the entries do not tell.
            usage.web_searches = top.web_searches;
            usage.reasoning = usage.reasoning.max(top.reasoning).min(usage.output);
        }
        (Some(usage), extra)
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
                let stops = delta.and_then(|d| d.get("stop_reason")).and_then(name).is_some();
                self.seen.usage_is_final |= stops && usage.is_some();
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
        let mut metered = self.seen.metered(usage, extra);
        // A stream names the model that was asked at its start, before another one takes over.
        let served = self.iterations.iter().find(|i| i.kind == Kind::Fallback);
        if let Some(model) = served.and_then(|i| i.model.clone()) {
            metered.model = Some(model);
        }
        metered
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{data, named, read, started_after};
    use super::*;
    use weir_core::Endpoint::Messages as AT;
    use weir_core::meter::End;

    const START: &str = r#"{"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":2048,"cache_read_input_tokens":51200,"cache_creation":{"ephemeral_5m_input_tokens":48,"ephemeral_1h_input_tokens":2000},"output_tokens":3,"service_tier":"standard","inference_geo":"not_available"}}}"#;
    const PING: &str = r#"{"type": "ping"}"#;
    const BLOCK: &str =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    const HELLO: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Héllo\n"}}"#;
    const STOPPED: &str = r#"{"type":"content_block_stop","index":0}"#;
    const TOOL: &str = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_01","name":"Read","input":{}}}"#;
    const JSON: &str = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#;
    const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,"cache_creation_input_tokens":2048,"cache_read_input_tokens":51200,"output_tokens":503,"output_tokens_details":{"thinking_tokens":120},"server_tool_use":{"web_search_requests":2,"web_fetch_requests":1}}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;

    pub(in super::super) fn stream() -> String {
        named(&[START, PING, BLOCK, HELLO, STOPPED, TOOL, JSON, STOPPED, DELTA, STOP])
    }

    fn usage_of(events: &[&str]) -> Option<Usage> {
        read(AT, true, named(events)).usage
    }

    #[test]
    fn a_stream_gives_its_usage_its_model_and_its_end() {
        let metered = read(AT, true, stream());
        assert_eq!(
            metered.usage,
            Some(Usage {
                input: 12,
                cache_read: 51_200,
                cache_write_5m: 48,
                cache_write_1h: 2_000,
                output: 503,
                reasoning: 120,
                web_searches: 2,
            })
        );
        assert_eq!(metered.model.as_deref(), Some("claude-sonnet-4-5-20250929"));
        assert_eq!(metered.service_tier.as_deref(), Some("standard"));
        assert_eq!((metered.end, metered.error), (End::Complete, None));
        assert_eq!(metered.output_bytes, 7 + 7);
        assert!(metered.extra.is_empty());
    }

    #[test]
    fn content_begins_with_the_first_delta_and_not_before() {
        let begun = started_after(AT, &[START, PING, BLOCK, HELLO, STOPPED]);
        assert_eq!(begun, [false, false, false, true, true]);
        let redacted = r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"EmwKAhgB"}}"#;
        assert_eq!(started_after(AT, &[START, redacted]), [false, true]);
        assert_eq!(started_after(AT, &[START, TOOL, JSON]), [false, false, true]);
    }

    #[test]
    fn cumulative_deltas_are_not_summed_and_may_repeat_or_fall() {
        let delta = |n: u32| {
            format!(r#"{{"type":"message_delta","delta":{{}},"usage":{{"output_tokens":{n}}}}}"#)
        };
        let (ten, ninety, fifty) = (delta(10), delta(90), delta(50));
        let usage = usage_of(&[START, &ten, &ninety, &ninety, &fifty, STOP]).expect("usage");
        assert_eq!((usage.output, usage.input, usage.cache_read), (90, 12, 51_200));
    }

    #[test]
    fn cache_counts_may_stand_in_the_delta_alone() {
        let start = r#"{"type":"message_start","message":{"model":"glm-5","usage":{"input_tokens":0,"output_tokens":0}}}"#;
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":40,"output_tokens":9,"cache_read_input_tokens":700,"cache_creation_input_tokens":30}}"#;
        assert_eq!(
            usage_of(&[start, delta, STOP]),
            Some(Usage {
                input: 40,
                cache_read: 700,
                cache_write_5m: 30,
                output: 9,
                ..Usage::default()
            })
        );
    }

    #[test]
    fn a_cache_write_without_a_split_counts_as_five_minutes() {
        let with = |split: &str, total: u32| {
            let start = format!(
                r#"{{"type":"message_start","message":{{"usage":{{"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":{total}{split}}}}}}}"#
            );
            let usage = usage_of(&[&start]).expect("usage");
            (usage.cache_write_5m, usage.cache_write_1h)
        };
        assert_eq!(with("", 100), (100, 0));
        assert_eq!(with(r#","cache_creation":null"#, 100), (100, 0));
        assert_eq!(
            with(
                r#","cache_creation":{"ephemeral_1h_input_tokens":100,"ephemeral_5m_input_tokens":0}"#,
                100
            ),
            (0, 100)
        );
        assert_eq!(with(r#","cache_creation":{"ephemeral_1h_input_tokens":60}"#, 100), (40, 60));
        assert_eq!(with(r#","cache_creation":{"ephemeral_5m_input_tokens":90}"#, 0), (90, 0));
    }

    #[test]
    fn zero_is_known_and_missing_null_or_absurd_counts_are_not() {
        let start =
            |usage: &str| format!(r#"{{"type":"message_start","message":{{"usage":{usage}}}}}"#);
        assert_eq!(
            usage_of(&[&start(r#"{"input_tokens":0,"output_tokens":0}"#)]),
            Some(Usage::default())
        );
        for unknown in [
            "null",
            "{}",
            r#"{"input_tokens":5}"#,
            r#"{"output_tokens":5}"#,
            r#"{"input_tokens":null,"output_tokens":5}"#,
            r#"{"input_tokens":-1,"output_tokens":5}"#,
            r#"{"input_tokens":1e999,"output_tokens":5}"#,
            r#"{"input_tokens":18446744073709551616,"output_tokens":5}"#,
            r#"{"input_tokens":1.5,"output_tokens":5}"#,
            r#"{"input_tokens":"7","output_tokens":5}"#,
        ] {
            assert_eq!(usage_of(&[&start(unknown)]), None, "{unknown}");
        }
        assert_eq!(usage_of(&[BLOCK, HELLO, STOP]), None);
    }

    #[test]
    fn a_stream_cut_after_its_start_still_knows_the_input() {
        let metered = read(AT, true, named(&[START, BLOCK, HELLO]));
        let usage = metered.usage.expect("the start's usage");
        assert_eq!((usage.input, usage.cache_read, usage.output), (12, 51_200, 3));
        assert_eq!((metered.end, metered.output_bytes), (End::Open, 7));
    }

    #[test]
    fn an_error_event_inside_a_200_is_a_failure_even_if_a_stop_follows() {
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011"}"#;
        let metered = read(AT, true, named(&[START, error, STOP]));
        assert_eq!(
            (metered.end, metered.error.as_deref()),
            (End::Failed, Some("overloaded_error"))
        );
        assert!(metered.usage.is_some());
        let body = read(AT, false, error);
        assert_eq!((body.end, body.error.as_deref()), (End::Failed, Some("overloaded_error")));
    }

    #[test]
    fn compaction_and_advisors_are_billed_beside_the_top_level() {
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":2,"output_tokens":491,"cache_read_input_tokens":226584,"cache_creation_input_tokens":7853,"iterations":[{"type":"message","input_tokens":1,"output_tokens":45,"cache_read_input_tokens":109696,"cache_creation_input_tokens":7192},{"type":"compaction","input_tokens":180000,"output_tokens":3500,"cache_read_input_tokens":0,"cache_creation_input_tokens":0},{"type":"advisor_message","model":"claude-opus-4-7","input_tokens":159419,"output_tokens":7805,"cache_read_input_tokens":0,"cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":10}},{"type":"message","input_tokens":1,"output_tokens":446,"cache_read_input_tokens":116888,"cache_creation_input_tokens":661}]}}"#;
        // The same list twice is one list.
        let metered = read(AT, true, named(&[delta, delta, STOP]));
        let top = metered.usage.expect("usage");
        assert_eq!(
            (top.input, top.output, top.cache_read, top.cache_write_5m),
            (2, 491, 226_584, 7_853)
        );
        assert_eq!(
            metered.extra,
            [
                (None, Usage { input: 180_000, output: 3_500, ..Usage::default() }),
                (
                    Some("claude-opus-4-7".to_owned()),
                    Usage { input: 159_419, output: 7_805, cache_write_1h: 10, ..Usage::default() }
                ),
            ]
        );
    }

    #[test]
    fn a_served_fallback_is_billed_attempt_by_attempt_and_once() {
        let answer = |declined_output: u32| {
            format!(
                r#"{{"type":"message","model":"claude-opus-4-8","content":[{{"type":"text","text":"ok"}}],"usage":{{"input_tokens":2,"output_tokens":13658,"cache_creation_input_tokens":0,"cache_read_input_tokens":79214,"iterations":[{{"type":"message","model":"claude-fable-5","input_tokens":2,"output_tokens":{declined_output},"cache_creation_input_tokens":10421,"cache_read_input_tokens":72769}},{{"type":"fallback_message","model":"claude-opus-4-8","input_tokens":2,"output_tokens":13658,"cache_creation_input_tokens":0,"cache_read_input_tokens":79214}}]}}}}"#
            )
        };
        let served = Usage { input: 2, cache_read: 79_214, output: 13_658, ..Usage::default() };
        let declined = Usage {
            input: 2,
            cache_read: 72_769,
            cache_write_5m: 10_421,
            output: 578,
            ..Usage::default()
        };
        let asked = Some("claude-fable-5".to_owned());
        let metered = read(AT, false, answer(578));
        assert_eq!(metered.usage, Some(served));
        assert_eq!(metered.model.as_deref(), Some("claude-opus-4-8"));
        assert_eq!(metered.extra, [(asked.clone(), declined)]);
        let unbilled = read(AT, false, answer(0));
        assert_eq!((unbilled.usage, unbilled.extra), (Some(served), vec![]));
        // In a stream the start names the model that was asked, and the list may leave it out.
        let start = r#"{"type":"message_start","message":{"model":"claude-fable-5","usage":{"input_tokens":2,"output_tokens":1}}}"#;
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":2,"output_tokens":13658,"cache_read_input_tokens":79214,"server_tool_use":{"web_search_requests":1},"iterations":[{"type":"message","input_tokens":2,"output_tokens":578,"cache_creation_input_tokens":10421,"cache_read_input_tokens":72769},{"type":"fallback_message","model":"claude-opus-4-8","input_tokens":2,"output_tokens":13658,"cache_read_input_tokens":79214}]}}"#;
        let streamed = read(AT, true, named(&[start, delta, STOP]));
        assert_eq!(streamed.model.as_deref(), Some("claude-opus-4-8"));
        assert_eq!(streamed.usage, Some(Usage { web_searches: 1, ..served }));
        assert_eq!(streamed.extra, [(asked, declined)]);
    }

    #[test]
    fn fast_mode_and_tier_are_named() {
        let answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":4,"service_tier":"priority","speed":"fast"}}"#;
        let metered = read(AT, false, answer);
        assert_eq!(metered.speed.as_deref(), Some("fast"));
        assert_eq!(metered.service_tier.as_deref(), Some("priority"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 2 + 2 + 7));
    }

    #[test]
    fn llama_cpp_and_ollama_streams_are_read() {
        let start = r#"{"type":"message_start","message":{"id":"chatcmpl-x","type":"message","role":"assistant","content":[],"model":"tiny","stop_reason":null,"stop_sequence":null,"usage":{"cache_read_input_tokens":0,"input_tokens":14,"output_tokens":0}}}"#;
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":8}}"#;
        let metered = read(AT, true, data(&[start, BLOCK, HELLO, STOPPED, delta, STOP]));
        assert_eq!(metered.usage, Some(Usage { input: 14, output: 8, ..Usage::default() }));
        assert_eq!(metered.end, End::Complete);
    }

    #[test]
    fn a_delta_with_a_stop_reason_is_the_last_word_although_the_end_was_not_seen() {
        let before = read(AT, true, named(&[START, BLOCK, HELLO, STOPPED]));
        assert!(before.usage.is_some() && !before.usage_is_final);
        let after = read(AT, true, named(&[START, BLOCK, HELLO, STOPPED, DELTA]));
        assert!(after.usage_is_final && after.end == End::Open);
    }
}
