//! Token counts by kind, in one normal form for every dialect.
//! The kinds are disjoint but for `reasoning`, which is a part of `output`.

use serde::{Deserialize, Serialize};

/// What one call used. All token counts are whole tokens as the provider reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to a cache.
    pub input: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache that lives five minutes (or the provider's short default).
    pub cache_write_5m: u64,
    /// Prompt tokens written to a cache that lives an hour or longer.
    pub cache_write_1h: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning. Never added to a total.
    pub reasoning: u64,
    /// Web searches the provider ran for this call; billed each.
    pub web_searches: u64,
}

impl Usage {
    /// All prompt tokens, cached or not: what price bands are measured by.
    pub fn prompt(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// Field-wise maximum: Anthropic's usage is cumulative and may repeat or arrive in parts.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        self.zip(other, u64::max)
    }

    /// Field-wise sum, saturating.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    fn zip(&self, other: &Self, f: fn(u64, u64) -> u64) -> Self {
        Self {
            input: f(self.input, other.input),
            cache_read: f(self.cache_read, other.cache_read),
            cache_write_5m: f(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: f(self.cache_write_1h, other.cache_write_1h),
            output: f(self.output, other.output),
            reasoning: f(self.reasoning, other.reasoning),
            web_searches: f(self.web_searches, other.web_searches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_every_kind_of_input_and_a_merge_takes_each_field_apart() {
        let a = Usage { input: 5, cache_read: 7, output: 1, ..Usage::default() };
        let b = Usage { cache_write_5m: 11, cache_write_1h: 13, output: 9, ..Usage::default() };
        assert_eq!(a.max(&b).prompt(), 36);
        assert_eq!(a.max(&b).output, 9);
        assert_eq!(a.plus(&b).output, 10);
        assert_eq!(Usage { input: u64::MAX, cache_read: 1, ..Usage::default() }.prompt(), u64::MAX);
    }
}
