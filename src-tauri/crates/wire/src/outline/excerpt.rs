//! The beginning and the end of a long text, its JSON escapes read; what lies between is not copied.

use std::ops::Range;

/// Where one string's contents stand in the body, quotes left out.
pub(super) type Part = Range<usize>;

/// The beginning and the end of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The text; where `gap` is set, its beginning and its end with a line break between them.
    pub text: String,
    /// The byte of `text` at which something was left out.
    pub gap: Option<usize>,
    /// How long the whole text is, in bytes as the body writes it.
    pub bytes: u64,
}

impl Excerpt {
    /// A text that is short enough to be whole.
    pub fn whole(text: &str) -> Self {
        Self { text: text.to_owned(), gap: None, bytes: text.len() as u64 }
    }

    /// The parts of one text, one a paragraph.
    pub(super) fn of(body: &[u8], parts: &[Part], head: usize, tail: usize) -> Self {
        let bytes: usize = parts.iter().map(|part| part.len() + 1).sum();
        let mut out = Vec::with_capacity(bytes.min(head + tail) + 16);
        let mut gap = None;
        if bytes <= head + tail {
            for part in parts {
                paragraph(&mut out, &body[part.clone()]);
            }
        } else {
            front(&mut out, body, parts, head);
            // The break is where the text that is shown jumps.
            let before = lossy(&mut out);
            gap = Some(before);
            out.push(b'\n');
            back(&mut out, body, parts, tail);
        }
        lossy(&mut out);
        let text = String::from_utf8(out).unwrap_or_default();
        Self { gap: gap.filter(|gap| *gap < text.len()), text, bytes: bytes as u64 }
    }
}

fn front(out: &mut Vec<u8>, body: &[u8], parts: &[Part], mut room: usize) {
    for part in parts {
        let raw = &body[part.clone()];
        if raw.len() > room {
            paragraph(out, &raw[..sound_cut(raw, room)]);
            return;
        }
        room -= raw.len();
        paragraph(out, raw);
    }
}

fn back(out: &mut Vec<u8>, body: &[u8], parts: &[Part], mut room: usize) {
    let mut first = parts.len();
    let mut from = 0;
    while first > 0 && room > 0 {
        first -= 1;
        let long = parts[first].len();
        from = long.saturating_sub(room);
        room = room.saturating_sub(long);
    }
    for (n, part) in parts[first..].iter().enumerate() {
        let raw = &body[part.clone()];
        let start = if n == 0 { sound_cut(raw, from) } else { 0 };
        paragraph(out, &raw[start..]);
    }
}

/// The first place at or after `at` where neither an escape nor a character is cut in two.
fn sound_cut(raw: &[u8], at: usize) -> usize {
    let mut cut = at.min(raw.len());
    // An escape takes at most six bytes; its backslash is the last of an odd run of them.
    for slash in (cut.saturating_sub(6)..cut).rev() {
        if raw[slash] != b'\\' {
            continue;
        }
        let run = raw[..=slash].iter().rev().take_while(|b| **b == b'\\').count();
        if run % 2 == 1 {
            let long = if raw.get(slash + 1) == Some(&b'u') { 6 } else { 2 };
            cut = cut.max(slash + long).min(raw.len());
        }
        break;
    }
    while raw.get(cut).is_some_and(|b| b & 0xc0 == 0x80) {
        cut += 1;
    }
    cut
}

fn paragraph(out: &mut Vec<u8>, raw: &[u8]) {
    if !out.is_empty() && out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    unescape(out, raw);
}

/// Reads the escapes of a string's contents; what is none stays as it is.
fn unescape(out: &mut Vec<u8>, raw: &[u8]) {
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &raw[at..]) {
        out.extend_from_slice(&raw[at..at + next]);
        at += next;
        let (long, meant) = match raw.get(at + 1) {
            Some(b'n') => (2, '\n'),
            Some(b't') => (2, '\t'),
            Some(b'r') => (2, '\r'),
            Some(b'b' | b'f') => (2, ' '),
            Some(b'u') => character(&raw[at..]),
            Some(&other) if other.is_ascii() => (2, char::from(other)),
            _ => (1, '\\'),
        };
        let mut utf8 = [0; 4];
        out.extend_from_slice(meant.encode_utf8(&mut utf8).as_bytes());
        at = (at + long).min(raw.len());
    }
    out.extend_from_slice(&raw[at..]);
}

fn character(raw: &[u8]) -> (usize, char) {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 4).and_then(|d| std::str::from_utf8(d).ok())?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(2) else { return (2, char::REPLACEMENT_CHARACTER) };
    if (0xd800..0xdc00).contains(&first)
        && raw.get(6..8) == Some(b"\\u")
        && let Some(second) = unit(8).filter(|s| (0xdc00..0xe000).contains(s))
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (12, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    (6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// Makes the bytes UTF-8; nearly always they are. Gives their length.
fn lossy(out: &mut Vec<u8>) -> usize {
    if std::str::from_utf8(out).is_err() {
        *out = String::from_utf8_lossy(out).into_owned().into_bytes();
    }
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn excerpt(text: &str, head: usize, tail: usize) -> Excerpt {
        let body = serde_json::to_vec(text).expect("a string is JSON");
        let part = 1..body.len() - 1;
        Excerpt::of(&body, std::slice::from_ref(&part), head, tail)
    }

    #[test]
    fn a_long_text_is_its_beginning_and_its_end() {
        let text = format!("begin {} end", "x".repeat(1_000));
        let found = excerpt(&text, 10, 10);
        assert_eq!(found.text, "begin xxxx\nxxxxxx end");
        assert_eq!(found.gap, Some(10));
        assert_eq!(found.bytes, 1_011);
    }

    proptest! {
        #[test]
        fn a_short_text_reads_as_serde_json_reads_it(text in "\\PC{0,60}[\\n\\t\"\\\\]{0,4}\\PC{0,20}") {
            prop_assert_eq!(excerpt(&text, 4_000, 4_000).text, text.replace(['\u{8}', '\u{c}'], " "));
        }

        #[test]
        fn a_cut_never_breaks_an_escape_or_a_character(text in "([a\\n\"\\\\éß漢😀]){0,80}", head in 0usize..60, tail in 0usize..60) {
            let found = excerpt(&text, head, tail);
            prop_assert!(!found.text.contains('\u{fffd}'), "{:?}", found.text);
            if let Some(gap) = found.gap {
                prop_assert!(text.starts_with(&found.text[..gap]), "{:?} of {:?}", found.text, text);
                prop_assert!(text.ends_with(&found.text[gap + 1..]), "{:?} of {:?}", found.text, text);
            }
        }
    }
}
