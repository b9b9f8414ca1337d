//! What providers were found not to take, remembered for as long as the process runs.

use parking_lot::Mutex;
use std::collections::HashSet;

/// Findings by provider name.
#[derive(Debug, Default)]
pub struct Quirks {
    rejects_usage: Mutex<HashSet<String>>,
}

impl Quirks {
    /// Whether a provider answers 400 to `stream_options.include_usage`.
    pub fn rejects_usage(&self, provider: &str) -> bool {
        self.rejects_usage.lock().contains(provider)
    }

    /// Remembers that it does.
    pub fn note_rejects_usage(&self, provider: &str) {
        self.rejects_usage.lock().insert(provider.to_owned());
    }
}
