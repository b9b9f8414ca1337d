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
