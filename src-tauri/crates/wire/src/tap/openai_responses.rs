//! OpenAI Responses: usage comes with `response.completed`, `.incomplete` or `.failed`.
//! Hosted web searches are billed each and counted from their output items.

use super::core::{Reading, Seen, error_name, name};
use super::openai_usage::{self, Report};
use crate::json::Value;
use std::collections::BTreeSet;
use weir_core::{Detail, Metered};

#[derive(Clone, Default)]
pub(super) struct Responses {
    seen: Seen,
    report: Option<Report>,
    /// Searches among the items that were done one by one.
    searches_done: u64,
    /// Searches in the list the last response object held; it repeats the items.
    searches_listed: u64,
    /// The same for searches of files.
    files_done: u64,
    files_listed: u64,
    /// Containers that code ran in, by name.
    containers: BTreeSet<String>,
}

/// Most containers told apart in one answer.
const CONTAINERS_MAX: usize = 1_000;

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
            let (mut searches, mut files) = (0, 0);
            output.each_item(|item| {
                searches += u64::from(is_search(item));
                files += u64::from(is_file_search(item));
                self.hosted(item);
            });
            (self.searches_listed, self.files_listed) = (searches, files);
        }
    }

    /// Takes note of what the provider ran and bills beside the tokens.
    fn hosted(&mut self, item: Value<'_>) {
        let [kind, container, environment] = item.pick(["type", "container_id", "environment"]);
        let is = |of: &str| kind.is_some_and(|k| k.is(of));
        if is("image_generation_call") {
            self.seen.detail.untold_fee = Some("image generation");
        }
        let shell = environment.filter(|_| is("shell_call")).and_then(|e| e.get("container_id"));
        let ran = is("code_interpreter_call") || shell.is_some();
        if ran && self.containers.len() < CONTAINERS_MAX {
            self.containers.insert(container.or(shell).and_then(name).unwrap_or_default());
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

fn is_file_search(item: Value<'_>) -> bool {
    let [kind, status] = item.pick(["type", "status"]);
    kind.is_some_and(|k| k.is("file_search_call")) && !status.is_some_and(|s| s.is("failed"))
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
                self.files_done += u64::from(item.is_some_and(is_file_search));
                if let Some(item) = item {
                    self.hosted(item);
                }
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
        let metered = self.seen.metered(usage, Vec::new());
        let detail = Detail {
            file_searches: self.files_done.max(self.files_listed),
            code_containers: self.containers.len() as u64,
            untold_fee: metered.detail.untold_fee,
            ..self.report.map(|report| report.detail).unwrap_or_default()
        };
        Metered { detail, ..metered }
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{data, named, read, started_after};
    use super::*;
    use weir_core::Endpoint::Responses as AT;
    use weir_core::Usage;
    use weir_core::meter::End;

    const CREATED: &str = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_68","object":"response","created_at":1795334400,"status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-6.1-sol","output":[],"service_tier":"auto","usage":null}}"#;
    const ADDED: &str = r#"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"#;
    const DELTA: &str = r#"{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello","logprobs":[],"obfuscation":"x"}"#;
    const SUMMARY: &str = r#"{"type":"response.reasoning_summary_text.delta","sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Plan"}"#;
    const ARGUMENTS: &str = r#"{"type":"response.function_call_arguments.delta","sequence_number":5,"item_id":"fc_1","output_index":1,"delta":"{\"cmd\":"}"#;
    const SEARCH: &str = r#"{"type":"response.output_item.done","sequence_number":6,"output_index":2,"item":{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"x"}}}"#;
    const OPENED: &str = r#"{"type":"response.output_item.done","sequence_number":7,"output_index":3,"item":{"id":"ws_2","type":"web_search_call","status":"completed","action":{"type":"open_page","url":"u"}}}"#;
    const COMPLETED: &str = r#"{"type":"response.completed","sequence_number":9,"response":{"id":"resp_68","object":"response","status":"completed","error":null,"model":"gpt-6.1-sol","output":[{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"x"}},{"id":"ws_2","type":"web_search_call","status":"completed","action":{"type":"open_page"}},{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Hello"}]}],"service_tier":"default","usage":{"input_tokens":9000,"input_tokens_details":{"cached_tokens":6000,"cache_write_tokens":2500,"cache_write_tokens_details":{"ttl_30m_tokens":500,"ttl_12h_tokens":2000}},"output_tokens":700,"output_tokens_details":{"reasoning_tokens":640},"total_tokens":9700}}}"#;

    pub(in super::super) fn stream() -> String {
        named(&[CREATED, SUMMARY, ADDED, DELTA, ARGUMENTS, SEARCH, OPENED, COMPLETED])
    }

    #[test]
    fn a_stream_gives_cache_writes_by_lifetime_and_searches() {
        let metered = read(AT, true, stream());
        assert_eq!(
            metered.usage,
            Some(Usage {
                input: 500,
                cache_read: 6000,
                cache_write_5m: 500,
                cache_write_1h: 2000,
                output: 700,
                reasoning: 640,
                web_searches: 1,
            })
        );
        assert_eq!(metered.service_tier.as_deref(), Some("default"));
        assert_eq!(metered.model.as_deref(), Some("gpt-6.1-sol"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 5 + 4 + 7));
    }

    #[test]
    fn searches_of_files_and_containers_are_counted_once_however_often_they_are_told() {
        let items = [
            r#"{"id":"fs_1","type":"file_search_call","status":"completed","queries":["q"],"results":null}"#,
            r#"{"id":"fs_2","type":"file_search_call","status":"failed","queries":["q"]}"#,
            r#"{"id":"ci_1","type":"code_interpreter_call","status":"completed","container_id":"cntr_1","code":"1"}"#,
            r#"{"id":"ci_2","type":"code_interpreter_call","status":"completed","container_id":"cntr_1","code":"2"}"#,
            r#"{"id":"sh_1","type":"shell_call","environment":{"type":"container_reference","container_id":"cntr_2"}}"#,
            r#"{"id":"sh_2","type":"shell_call","environment":{"type":"local"}}"#,
        ];
        let usage =
            r#"{"input_tokens":10,"output_tokens":2,"input_tokens_details":{"cached_tokens":0}}"#;
        let whole =
            format!(r#"{{"status":"completed","output":[{}],"usage":{usage}}}"#, items.join(","));
        let done =
            items.map(|item| format!(r#"{{"type":"response.output_item.done","item":{item}}}"#));
        let end = format!(r#"{{"type":"response.completed","response":{whole}}}"#);
        let mut events: Vec<&str> = vec![CREATED];
        events.extend(done.iter().map(String::as_str));
        events.push(&end);
        let expected = Detail { file_searches: 1, code_containers: 2, ..Detail::default() };
        assert_eq!(read(AT, false, &whole).detail, expected);
        assert_eq!(read(AT, true, named(&events)).detail, expected);
        let image = r#"{"status":"completed","output":[{"type":"image_generation_call","result":"x"}],"usage":null}"#;
        assert_eq!(read(AT, false, image).detail.untold_fee, Some("image generation"));
    }

    #[test]
    fn content_begins_with_the_first_delta_or_done_item() {
        assert_eq!(started_after(AT, &[CREATED, ADDED, DELTA]), [false, false, true]);
        assert_eq!(started_after(AT, &[CREATED, SEARCH]), [false, true]);
    }

    #[test]
    fn only_completed_and_incomplete_are_ends() {
        let end = |payloads: &[&str]| read(AT, true, named(payloads)).end;
        assert_eq!(end(&[CREATED, ADDED, DELTA]), End::Open);
        assert_eq!(
            end(&[CREATED, r#"{"type":"response.output_text.done","text":"Hello"}"#]),
            End::Open
        );
        assert_eq!(end(&[CREATED, COMPLETED]), End::Complete);
        let incomplete = COMPLETED.replace("response.completed", "response.incomplete");
        assert_eq!(end(&[CREATED, &incomplete]), End::Complete);
    }

    #[test]
    fn failures_inside_a_200_are_failures_and_keep_their_usage() {
        let failed = r#"{"type":"response.failed","sequence_number":3,"response":{"id":"resp_68","object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"},"model":"gpt-6.1-sol","output":[],"usage":{"input_tokens":10,"output_tokens":2}}}"#;
        let metered = read(AT, true, named(&[CREATED, failed]));
        assert_eq!(
            (metered.end, metered.error.as_deref()),
            (End::Failed, Some("rate_limit_exceeded"))
        );
        assert_eq!(metered.usage, Some(Usage { input: 10, output: 2, ..Usage::default() }));
        for (error, name) in [
            (
                r#"{"type":"error","code":"server_error","message":"oops","param":null,"sequence_number":4}"#,
                "server_error",
            ),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","code":null,"message":"no"}}"#,
                "invalid_request_error",
            ),
            (
                r#"{"error":{"code":"context_length_exceeded","message":"long"}}"#,
                "context_length_exceeded",
            ),
        ] {
            let metered = read(AT, true, data(&[CREATED, error]));
            assert_eq!(
                (metered.end, metered.error.as_deref()),
                (End::Failed, Some(name)),
                "{error}"
            );
        }
    }

    #[test]
    fn a_whole_answer_is_read() {
        let whole =
            Value::whole(COMPLETED.as_bytes()).and_then(|v| v.get("response")).expect("a response");
        let metered = read(AT, false, whole.raw());
        let usage = metered.usage.expect("usage");
        assert_eq!((usage.input, usage.web_searches), (500, 1));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 5));
        let failed = r#"{"id":"r","status":"failed","error":{"code":"server_error","message":"m"},"usage":null}"#;
        let metered = read(AT, false, failed);
        assert_eq!((metered.end, metered.error.as_deref()), (End::Failed, Some("server_error")));
    }

    #[test]
    fn a_write_total_without_lifetimes_is_short_lived_and_null_details_are_none() {
        let usage = |details: &str| {
            let body = format!(
                r#"{{"status":"completed","usage":{{"input_tokens":100,"output_tokens":1,"input_tokens_details":{details}}}}}"#
            );
            let usage = read(AT, false, body).usage.expect("usage");
            (usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h)
        };
        assert_eq!(usage(r#"{"cached_tokens":10,"cache_write_tokens":30}"#), (60, 10, 30, 0));
        assert_eq!(
            usage(
                r#"{"cached_tokens":10,"cache_write_tokens":30,"cache_write_tokens_details":{"ttl_30m_tokens":0,"ttl_12h_tokens":20}}"#
            ),
            (60, 10, 10, 20)
        );
        assert_eq!(usage("null"), (100, 0, 0, 0));
        assert_eq!(
            usage(
                r#"{"cached_tokens":0,"cache_write_tokens":0,"cache_write_tokens_details":null}"#
            ),
            (100, 0, 0, 0)
        );
    }
}
