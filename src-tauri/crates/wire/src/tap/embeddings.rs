//! OpenAI embeddings: one JSON document; only input is billed.

use super::core::{Reading, Seen, error_name};
use super::openai_usage::{self, Report};
use crate::json::Value;
use weir_core::Metered;

#[derive(Clone, Default)]
pub(super) struct Embeddings {
    seen: Seen,
    report: Option<Report>,
}

impl Reading for Embeddings {
    fn event(&mut self, _name: &[u8], data: Value<'_>) {
        self.document(data);
    }

    fn document(&mut self, document: Value<'_>) {
        let [model, usage, error] = document.pick(["model", "usage", "error"]);
        self.seen.model(model);
        if let Some(usage) = usage {
            self.report = openai_usage::read_input_only(usage).or(self.report);
            self.seen.provider_cost = openai_usage::cost(usage).or(self.seen.provider_cost);
        }
        match error {
            Some(error) => self.seen.fail(error_name(error, ["code", "type"])),
            None => self.seen.complete(),
        }
    }

    fn metered(&self) -> Metered {
        self.seen.metered(self.report.map(|r| r.usage), Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use weir_core::Endpoint::Embeddings as AT;
    use weir_core::Usage;
    use weir_core::meter::End;

    #[test]
    fn only_the_prompt_is_counted() {
        let body = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        let metered = read(AT, false, body);
        assert_eq!(metered.usage, Some(Usage { input: 8, ..Usage::default() }));
        assert_eq!(metered.model.as_deref(), Some("text-embedding-3-small"));
        assert_eq!((metered.end, metered.output_bytes), (End::Complete, 0));
    }

    #[test]
    fn a_total_can_stand_in_and_nothing_is_unknown() {
        let usage =
            |block: &str| read(AT, false, format!(r#"{{"data":[],"usage":{block}}}"#)).usage;
        assert_eq!(usage(r#"{"total_tokens":5}"#).map(|u| u.input), Some(5));
        assert_eq!(usage(r#"{"prompt_tokens":0}"#).map(|u| u.input), Some(0));
        assert_eq!(usage("null"), None);
        assert_eq!(usage("{}"), None);
    }

    #[test]
    fn an_error_is_a_failure() {
        let metered = read(
            AT,
            false,
            r#"{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}"#,
        );
        assert_eq!((metered.end, metered.error.as_deref()), (End::Failed, Some("model_not_found")));
    }
}
