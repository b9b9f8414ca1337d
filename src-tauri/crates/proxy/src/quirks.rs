//! What providers were found not to take, remembered for as long as the process runs.

use parking_lot::Mutex;
use std::collections::HashSet;
use weir_core::Endpoint;

/// Findings by provider name.
#[derive(Debug, Default)]
pub struct Quirks {
    rejects_usage: Mutex<HashSet<String>>,
    lacks: Mutex<HashSet<(String, Endpoint)>>,
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

    /// Whether a provider has no such endpoint: a server older than the Responses API, say.
    pub fn lacks(&self, provider: &str, endpoint: Endpoint) -> bool {
        let lacks = self.lacks.lock();
        !lacks.is_empty() && lacks.contains(&(provider.to_owned(), endpoint))
    }

    /// Remembers that it has none.
    pub fn note_lacks(&self, provider: &str, endpoint: Endpoint) {
        self.lacks.lock().insert((provider.to_owned(), endpoint));
    }
}
