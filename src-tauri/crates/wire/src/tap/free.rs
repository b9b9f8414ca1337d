//! Answers that cost nothing: token counts and model lists. Only their end and errors are read.

use super::core::{Reading, Seen, error_name};
use crate::json::Value;
use weir_core::Metered;

#[derive(Clone, Default)]
pub(super) struct Free {
    seen: Seen,
}

impl Reading for Free {
    fn event(&mut self, _name: &[u8], data: Value<'_>) {
        self.document(data);
    }

    fn document(&mut self, document: Value<'_>) {
        match document.get("error") {
            Some(error) => self.seen.fail(error_name(error, ["type", "code", "status"])),
            None => self.seen.complete(),
        }
    }

    fn metered(&self) -> Metered {
        self.seen.metered(None, Vec::new())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
