//! Ollama's own `/api/chat`: one object a line, or one object whole; the last has `done: true` and
//! the counts. A prompt that is wholly in the server's cache may come without its count, and then
//! the usage is not known.

use super::core::{Reading, Seen, count, error_name};
use crate::json::Value;
use weir_core::{Metered, Usage};

#[derive(Clone, Default)]
pub(super) struct Ollama {
    seen: Seen,
    usage: Option<Usage>,
}

impl Ollama {
    fn message(&mut self, message: Value<'_>) {
        let [content, thinking, calls] = message.pick(["content", "thinking", "tool_calls"]);
        self.seen.output(thinking);
        self.seen.output(content);
        if let Some(calls) = calls {
            calls.each_item(|call| {
                let arguments = call.get("function").and_then(|f| f.get("arguments"));
                self.seen.output_json(arguments);
                self.seen.started = true;
            });
        }
    }
}

impl Reading for Ollama {
    fn event(&mut self, _name: &[u8], data: Value<'_>) {
        let [model, message, done, prompt, output, error] =
            data.pick(["model", "message", "done", "prompt_eval_count", "eval_count", "error"]);
        if let Some(error) = error {
            return self.seen.fail(error_name(error, ["code", "type", "message"]));
        }
        self.seen.model(model);
        if let Some(message) = message {
            self.message(message);
        }
        if let Some(input) = count(prompt) {
            // Zero is left out of Ollama's JSON.
            let output = output.map_or(Some(0), |o| o.count());
            self.usage = output.map(|output| Usage { input, output, ..Usage::default() });
        }
        if done.and_then(|d| d.flag()) == Some(true) {
            self.seen.complete();
        }
    }

    fn document(&mut self, document: Value<'_>) {
        self.event(b"", document);
    }

    fn metered(&self) -> Metered {
        self.seen.metered(self.usage, Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;
    use weir_core::Endpoint::OllamaChat as AT;
    use weir_core::meter::End;

    const LINES: &str = concat!(
        r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:00Z","message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}"#,
        "\n",
        r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:01Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]},"done":false}"#,
        "\n",
        r#"{"model":"qwen3:4b","created_at":"2026-11-22T10:00:02Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9,"prompt_eval_count":26,"eval_count":290}"#,
        "\n",
    );

    #[test]
    fn a_stream_of_lines_gives_its_counts_and_its_end() {
        let metered = read(AT, false, LINES);
        assert_eq!(metered.usage, Some(Usage { input: 26, output: 290, ..Usage::default() }));
        assert_eq!(metered.model.as_deref(), Some("qwen3:4b"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 2 + 7));
    }

    #[test]
    fn a_whole_answer_and_a_last_line_without_its_end_are_read() {
        let last = LINES.trim_end().rsplit('\n').next().expect("a last line");
        assert_eq!(read(AT, false, last).usage.map(|u| u.output), Some(290));
        assert_eq!(read(AT, false, LINES.trim_end()).end, End::Complete);
    }

    #[test]
    fn a_stream_without_its_last_line_is_not_complete() {
        let first = LINES.split('\n').next().expect("a first line");
        let metered = read(AT, false, first);
        assert_eq!((metered.end, metered.usage), (End::Open, None));
    }

    #[test]
    fn an_error_line_is_a_failure() {
        let text = format!(
            "{}\n{{\"error\":\"model runner stopped\"}}\n",
            LINES.lines().next().expect("a line")
        );
        let metered = read(AT, false, text);
        assert_eq!((metered.end, metered.error.as_deref()), (End::Failed, Some("error")));
    }

    #[test]
    fn a_prompt_without_a_count_is_not_known() {
        let metered = read(
            AT,
            false,
            r#"{"model":"m","message":{"content":"a"},"done":true,"eval_count":3}"#,
        );
        assert_eq!((metered.end, metered.usage), (End::Complete, None));
    }
}
