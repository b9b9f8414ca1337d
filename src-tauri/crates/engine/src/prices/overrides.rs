//! The user's own price rows: which of them holds for a call, and what it charges.
//! Owns their precedence. Reading the file is `rows`.

use super::derive::Quote;
use super::rows;
use super::{Asked, PriceFileProblem};
use std::path::Path;
use std::sync::Arc;
use weir_core::price::{MediaRates, Pico, Rates};

/// The rates a row writes down; what it leaves out is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub input: Option<Pico>,
    pub output: Option<Pico>,
    pub cache_read: Option<Pico>,
    pub cache_write_5m: Option<Pico>,
    pub cache_write_1h: Option<Pico>,
    pub web_search: Option<Pico>,
    pub file_search: Option<Pico>,
    pub input_audio: Option<Pico>,
    pub cache_read_audio: Option<Pico>,
    pub output_audio: Option<Pico>,
}

impl Written {
    /// What this band leaves out is as in the row itself.
    fn over(self, base: Self) -> Self {
        Self {
            input: self.input.or(base.input),
            output: self.output.or(base.output),
            cache_read: self.cache_read.or(base.cache_read),
            cache_write_5m: self.cache_write_5m.or(base.cache_write_5m),
            cache_write_1h: self.cache_write_1h.or(base.cache_write_1h),
            web_search: self.web_search.or(base.web_search),
            file_search: self.file_search.or(base.file_search),
            input_audio: self.input_audio.or(base.input_audio),
            cache_read_audio: self.cache_read_audio.or(base.cache_read_audio),
            output_audio: self.output_audio.or(base.output_audio),
        }
    }

    /// The fall-backs of the price table: an hour-long write costs a short-lived one, a write or
    /// a read costs plain input. Output and searches have none.
    fn rates(self) -> Rates {
        let cache_write_5m = self.cache_write_5m.or(self.input);
        Rates {
            input: self.input,
            cache_read: self.cache_read.or(self.input),
            cache_write_5m,
            cache_write_1h: self.cache_write_1h.or(cache_write_5m),
            web_search: self.web_search,
            file_search: self.file_search,
            input_media: audio(self.input_audio),
            cache_read_media: audio(self.cache_read_audio.or(self.input_audio)),
            output_media: audio(self.output_audio),
            output_text: self.output.filter(|text| self.output_audio > Some(*text)),
            output: self.output.map(|text| text.max(self.output_audio.unwrap_or_default())),
            ..Rates::default()
        }
    }
}

fn audio(audio: Option<Pico>) -> MediaRates {
    MediaRates { audio, ..MediaRates::default() }
}

/// One row of `prices.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub(super) line: usize,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) service_tier: Option<String>,
    pub(super) speed: Option<String>,
    pub(super) from_ms: Option<i64>,
    pub(super) base: Written,
    /// Bands by the prompt size above which each holds, ascending.
    pub(super) above: Vec<(u64, Written)>,
}

impl Row {
    /// Its line in the file, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    pub(super) fn starts(&self) -> Arc<[u64]> {
        self.above.iter().map(|(start, _)| *start).collect()
    }

    pub(super) fn quote(&self, prompt_tokens: u64) -> Quote {
        let below = self.above.partition_point(|(start, _)| *start < prompt_tokens);
        let band = below.checked_sub(1).map_or(self.base, |i| self.above[i].1.over(self.base));
        Quote { rates: band.rates(), certain: true, hour_known: true }
    }

    /// Whether the row is about this provider and model at all.
    pub(super) fn names(&self, provider: &str, model: &str) -> bool {
        glob(&self.provider, provider) && glob(&self.model, model)
    }

    fn holds(&self, asked: &Asked) -> bool {
        self.names(asked.provider, asked.model)
            && self.service_tier == asked.context.tier()
            && self.speed == asked.context.fast()
            && self.from_ms.is_none_or(|from| from <= asked.at_ms)
    }
}

/// The rows in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Overrides(Vec<Row>);

impl Overrides {
    /// Reads the file; one that does not exist has no rows.
    pub fn open(path: Option<&Path>) -> Result<Self, PriceFileProblem> {
        match path {
            Some(path) if path.exists() => Ok(Self(rows::open(path)?)),
            _ => Ok(Self::default()),
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The row that holds for a call: a whole name before a pattern, then the newest `from`, then
    /// the one further down.
    pub fn find(&self, asked: &Asked) -> Option<&Row> {
        self.0
            .iter()
            .filter(|row| row.holds(asked))
            .max_by_key(|row| (!row.model.contains('*'), row.from_ms))
    }

    /// Every row about a model, whatever its date and context.
    pub fn about<'a>(
        &'a self,
        provider: Option<&'a str>,
        model: &'a str,
    ) -> impl Iterator<Item = &'a Row> {
        self.0.iter().filter(move |row| row.names(provider.unwrap_or(&row.provider), model))
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters. Case does not matter.
/// Takes time in proportion to both lengths, whatever the pattern.
fn glob(pattern: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_nothing_else_is_special() {
        for (pattern, text) in [
            ("gpt-5", "GPT-5"),
            ("*", ""),
            ("llama-*", "llama-3.3-70b"),
            ("*-instruct", "qwen-instruct"),
            ("a*b*c", "a--b--b-c"),
            ("a**c", "ac"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("gpt-5", "gpt-5.1"), ("a*b", "abc"), ("ab*ba", "aba"), ("g?t", "gpt")]
        {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }
}
