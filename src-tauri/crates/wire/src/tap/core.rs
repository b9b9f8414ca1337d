//! What every dialect's reading shares: the common findings, and the sentence "an answer is read
//! event by event or as one document".

use crate::json::Value;
use weir_core::mask::redacted;
use weir_core::meter::End;
use weir_core::{Detail, Metered, Money, Usage};

/// Longest name kept from an answer (model, tier, error code), in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Longest code of an error that is kept, in bytes.
const CODE_BYTES_MAX: usize = 64;

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
            let code = code.filter(|code| is_code(code));
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

/// The name of an error object, by the first of `keys` that has one; of a text, the text. A sentence
/// is no name: it may hold anything.
pub(super) fn error_name<const N: usize>(error: Value<'_>, keys: [&str; N]) -> Option<String> {
    let code = |value| name(value).filter(|name| is_code(name));
    if error.is_text() {
        return code(error);
    }
    error.pick(keys).into_iter().flatten().find_map(code)
}

/// Whether a name looks like the code of an error.
fn is_code(name: &str) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-');
    name.len() <= CODE_BYTES_MAX && name.bytes().all(sign) && redacted(name) == name
}

/// A count in a field, or `None` when it is missing, null or not believable.
pub(super) fn count(value: Option<Value<'_>>) -> Option<u64> {
    value.and_then(|v| v.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_code_is_the_name_of_an_error() {
        let long = format!(r#"{{"error":"{}"}}"#, "a".repeat(CODE_BYTES_MAX + 1));
        for (body, name) in [
            (r#"{"error":"insufficient_quota"}"#, Some("insufficient_quota")),
            (r#"{"error":{"code":502}}"#, Some("502")),
            (
                r#"{"error":{"code":"no such key","type":"invalid_request"}}"#,
                Some("invalid_request"),
            ),
            (r#"{"error":"invalid key sk-proj-abcdefghijkl"}"#, None),
            (r#"{"error":"sk-proj-abcdefghijkl"}"#, None),
            (r#"{"error":{"code":"AIzaabcdefghijkl"}}"#, None),
            (long.as_str(), None),
        ] {
            let error = Value::whole(body.as_bytes()).and_then(|v| v.get("error"));
            let found = error_name(error.expect("an error"), ["code", "type"]);
            assert_eq!(found.as_deref(), name, "{body}");
        }
        let mut seen = Seen::default();
        seen.fail(Some("sk-proj-abcdefghijkl".into()));
        assert_eq!(seen.error.as_deref(), Some("error"));
    }
}
