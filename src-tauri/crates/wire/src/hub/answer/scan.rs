//! Small readings of JSON that every dialect's reader shares: texts that survive broken surrogates,
//! and whether an object that comes in pieces is complete.

use crate::json::Value;
use serde_json::value::RawValue;

/// Whether `data` is one whole JSON value, by JSON's full grammar. The pull scanner only balances
/// what it skips; what is copied into another answer must be sound throughout.
pub(super) fn sound(data: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(data).is_ok()
}

/// Whether nothing can read this as JSON, also no parser that lets `NaN` pass. Broken UTF-8 alone
/// is no reason: most read over it.
pub(crate) fn unreadable(data: &[u8]) -> bool {
    std::str::from_utf8(data).is_ok() && !sound(data) && without_nan(data).is_none()
}

/// The same data with the numbers JSON does not have (`NaN`, `Infinity`), which Python's servers
/// write, as `null`; `None` when it holds none or is no JSON even so.
pub(super) fn without_nan(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let (mut in_string, mut at, mut found) = (false, 0, false);
    while let Some(&byte) = data.get(at) {
        let rest = &data[at..];
        let word =
            [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|w| rest.starts_with(w));
        if let Some(word) = word.filter(|_| !in_string) {
            out.extend_from_slice(b"null");
            (at, found) = (at + word.len(), true);
            continue;
        }
        if in_string && byte == b'\\' {
            out.push(byte);
            at += 1;
        } else if byte == b'"' {
            in_string = !in_string;
        }
        out.extend(data.get(at));
        at += 1;
    }
    (found && sound(&out)).then_some(out)
}

/// A string's text; half a surrogate pair reads as U+FFFD.
pub(super) fn text(value: Value<'_>) -> Option<String> {
    if !value.is_text() {
        return None;
    }
    value.text().or_else(|| serde_json::from_str(&mended(value.raw())?).ok())
}

/// The text of a field that is there and not empty.
pub(super) fn full(value: Option<Value<'_>>) -> Option<String> {
    value.and_then(text).filter(|text| !text.is_empty())
}

/// A value's JSON text.
pub(super) fn raw(value: Value<'_>) -> String {
    String::from_utf8_lossy(value.raw()).into_owned()
}

/// A JSON string whose lone surrogate escapes are replaced.
fn mended(raw: &[u8]) -> Option<String> {
    let raw = std::str::from_utf8(raw).ok()?;
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = escape(rest);
        let length = match unit {
            Some(0xD800..=0xDBFF)
                if matches!(rest.get(6..).and_then(escape), Some(0xDC00..=0xDFFF)) =>
            {
                12
            }
            Some(0xD800..=0xDFFF) => {
                out.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            Some(_) => 6,
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Some(out)
}

/// The UTF-16 unit of a `\uXXXX` at the beginning of `text`.
fn escape(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Follows an object that comes in pieces, to tell when it is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Balance {
    depth: u32,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl Balance {
    pub fn feed(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.complete |= self.depth == 0;
                }
                _ => {}
            }
        }
    }

    /// Whether an object has opened and closed.
    pub fn complete(&self) -> bool {
        self.complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_a_whole_one_is_kept() {
        let read = |json: &str| text(Value::whole(json.as_bytes()).expect("a value"));
        assert_eq!(read(r#""a\ud83d""#).as_deref(), Some("a\u{fffd}"));
        assert_eq!(read(r#""\ude00b\\\"""#).as_deref(), Some("\u{fffd}b\\\""));
        assert_eq!(read(r#""\ud83d\ude00 \ud83d x""#).as_deref(), Some("😀 \u{fffd} x"));
        assert_eq!(read("1"), None);
    }

    #[test]
    fn numbers_json_does_not_have_become_null_outside_of_strings() {
        let read =
            |text: &str| without_nan(text.as_bytes()).and_then(|b| String::from_utf8(b).ok());
        let text = r#"{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN \\\" Infinity"}"#;
        let plain = r#"{"a":null,"b":[null,null],"c":"NaN \\\" Infinity"}"#;
        assert_eq!(read(text).as_deref(), Some(plain));
        assert_eq!(read(plain), None);
        assert_eq!(read(r#"{"a":NaN"#), None);
    }

    #[test]
    fn an_object_in_pieces_is_complete_at_its_last_brace() {
        let mut balance = Balance::default();
        for (piece, complete) in
            [("{\"a\":\"}", false), ("\\\"}\",", false), ("\"b\":[1]", false), ("}", true)]
        {
            balance.feed(piece);
            assert_eq!(balance.complete(), complete, "{piece}");
        }
    }
}
