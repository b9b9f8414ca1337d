//! What every dialect's reading shares: the common findings, and the sentence "an answer is read
//! event by event or as one document".

use crate::json::Value;
use weir_core::meter::End;
use weir_core::{Detail, Metered, Money, Usage};

/// Longest name kept from an answer (model, tier, error code), in bytes.
const NAME_BYTES_MAX: usize = 256;

/// How one dialect reads its answers.
pub(super) trait Reading {
    /// One event of a stream; `name` is its SSE name, empty when it has none.
    fn event(&mut self, name: &[u8], data: Value<'_>);
    /// A whole JSON answer.
    fn document(&mut self, document: Value<'_>);
    /// The `[DONE]` marker.
    fn done(&mut self) {}
    /// What is known.
    fn metered(&self) -> Metered;
    /// The common findings.
    fn seen(&self) -> &Seen;
}

/// Findings common to all dialects.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub model: Option<String>,
    pub service_tier: Option<String>,
    pub speed: Option<String>,
    pub geo: Option<String>,
    pub detail: Detail,
    pub provider_cost: Option<Money>,
    pub output_bytes: u64,
    pub started: bool,
    pub end: End,
    pub usage_is_final: bool,
    pub error: Option<String>,
}

impl Seen {
    /// Counts a text the model produced. Content has begun once one is not empty.
    pub fn output(&mut self, text: Option<Value<'_>>) {
        let bytes = text.map_or(0, |t| t.text_bytes());
        self.output_bytes = self.output_bytes.saturating_add(bytes);
        self.started |= bytes > 0;
    }

    /// Counts the bytes of a JSON value the model produced (a tool call's arguments as an object).
    pub fn output_json(&mut self, value: Option<Value<'_>>) {
        let bytes = value.filter(|v| v.raw() != b"{}").map_or(0, |v| v.raw().len() as u64);
        self.output_bytes = self.output_bytes.saturating_add(bytes);
        self.started |= bytes > 0;
    }

    /// Keeps the model's name; the first one stays.
    pub fn model(&mut self, value: Option<Value<'_>>) {
        if self.model.is_none() {
            self.model = value.and_then(name);
        }
    }

    /// Keeps the service tier; the last one counts.
    pub fn tier(&mut self, value: Option<Value<'_>>) {
        if let Some(tier) = value.and_then(name) {
            self.service_tier = Some(tier.to_ascii_lowercase());
        }
    }

    /// The dialect's own end. An error seen before stays the end.
    pub fn complete(&mut self) {
        if self.end == End::Open {
            self.end = End::Complete;
        }
        self.started = true;
    }

    /// An error inside the answer; the first name of one stays.
    pub fn fail(&mut self, code: Option<String>) {
        self.end = End::Failed;
        if self.error.is_none() {
            self.error = Some(code.unwrap_or_else(|| "error".to_owned()));
        }
    }

    /// The findings as the answer's result.
    pub fn metered(&self, usage: Option<Usage>, extra: Vec<(Option<String>, Usage)>) -> Metered {
        Metered {
            usage,
            detail: self.detail,
            extra,
            model: self.model.clone(),
            provider_cost: self.provider_cost,
            service_tier: self.service_tier.clone(),
            speed: self.speed.clone(),
            inference_geo: self.geo.clone(),
            output_bytes: self.output_bytes,
            end: self.end,
            usage_is_final: self.usage_is_final,
            error: self.error.clone(),
        }
    }
}

/// A short text or number as a name.
pub(super) fn name(value: Value<'_>) -> Option<String> {
    let raw = value.raw();
    if raw.len() > NAME_BYTES_MAX {
        return None;
    }
    if value.is_text() {
        return value.text().filter(|text| !text.is_empty());
    }
    value.count().map(|number| number.to_string())
}

/// The name of an error object, by the first of `keys` that has one; of a text, the text.
pub(super) fn error_name<const N: usize>(error: Value<'_>, keys: [&str; N]) -> Option<String> {
    if error.is_text() {
        return name(error);
    }
    error.pick(keys).into_iter().flatten().find_map(name)
}

/// A count in a field, or `None` when it is missing, null or not believable.
pub(super) fn count(value: Option<Value<'_>>) -> Option<u64> {
    value.and_then(|v| v.count())
}
