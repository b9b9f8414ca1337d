//! A pull scanner over JSON bytes: finds fields and items without building a document.
//! Never recurses, never allocates for what it skips. Levels that are read are held to JSON's
//! grammar; what is skipped is only held to balance and to closed strings.

pub(crate) mod walk;

use crate::number;
use std::borrow::Cow;

/// Deepest nesting read, in levels; the top object is level 1.
pub const JSON_DEPTH_MAX: u32 = 128;

/// What is wrong with a text, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub at: usize,
    pub kind: FlawKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawKind {
    /// The text ends inside a value.
    Ends,
    /// The text ends inside a string that opened at `at`.
    OpenString,
    /// A bracket closes another kind of bracket.
    Mismatch,
    /// Deeper than `JSON_DEPTH_MAX`.
    TooDeep,
    /// Something else had to stand here.
    Expected(&'static str),
}

/// One string met while scanning: its contents as written, and where it ends.
pub(crate) struct Met<'a> {
    pub contents: &'a [u8],
    pub end: usize,
    /// `false` when it surely holds no backslash.
    maybe_escaped: bool,
}

impl<'a> Met<'a> {
    /// The string that opens at `start`. Only quotes are searched for; one that an odd number of
    /// backslashes stands before is part of the text.
    #[inline(always)]
    fn at(text: &'a [u8], start: usize) -> Result<Self, Flaw> {
        // Most keys end within the first 16 bytes: one word, one branch that is foreseen.
        if let Some(word) = text[start + 1..].first_chunk::<16>() {
            let word = u128::from_le_bytes(*word);
            let hits = bytes_that_are(b'"', word);
            let end = start + 2 + hits.trailing_zeros() as usize / 8;
            if hits != 0 && text[end - 2] != b'\\' {
                let maybe_escaped = bytes_that_are(b'\\', word) != 0;
                return Ok(Self { contents: &text[start + 1..end - 1], end, maybe_escaped });
            }
        }
        let end = long_string_end(text, start)?;
        Ok(Self { contents: &text[start + 1..end - 1], end, maybe_escaped: true })
    }

    /// Whether it may be written with escapes; costs nothing to ask.
    pub fn maybe_escaped(&self) -> bool {
        self.maybe_escaped
    }

    /// Whether it is written with escapes.
    pub fn escaped(&self) -> bool {
        self.maybe_escaped && self.contents.contains(&b'\\')
    }
}

const PLAIN: u8 = 0;
const QUOTE: u8 = 1;
const OPEN: u8 = 2;
const CLOSE: u8 = 3;

const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    class[b'"' as usize] = QUOTE;
    class[b'{' as usize] = OPEN;
    class[b'[' as usize] = OPEN;
    class[b'}' as usize] = CLOSE;
    class[b']' as usize] = CLOSE;
    class
};

/// The end of a string of any length. Texts without quotes inside are crossed by `memchr`; from the
/// first escaped quote on, which is code or JSON in a string, whole blocks are ruled out at once.
#[inline(never)]
fn long_string_end(text: &[u8], start: usize) -> Result<usize, Flaw> {
    let open = || Flaw { at: start, kind: FlawKind::OpenString };
    let first = memchr::memchr(b'"', &text[start + 1..]).ok_or_else(open)? + start + 1;
    if !is_escaped(&text[start + 1..first]) {
        return Ok(first + 1);
    }
    let mut at = first + 1;
    let end_in = |at: usize, block: &[u8]| {
        let mut quotes = memchr::memchr_iter(b'"', block).map(|quote| at + quote);
        quotes.find(|quote| !is_escaped(&text[start + 1..*quote])).map(|quote| quote + 1)
    };
    while let Some(block) = block(text, at) {
        if may_hold_end(text, at).unwrap_or(true)
            && let Some(end) = end_in(at, block)
        {
            return Ok(end);
        }
        at += BLOCK;
    }
    end_in(at, &text[at..]).ok_or_else(open)
}

/// Bytes ruled out at once.
const BLOCK: usize = 64;

fn block(text: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    text.get(at..)?.first_chunk()
}

/// Whether one of the quotes in a block may not be escaped: all but those after exactly one or
/// exactly three backslashes. `None` too near the text's start to look back. No branch inside, so
/// that it becomes vector instructions.
#[inline(always)]
fn may_hold_end(text: &[u8], at: usize) -> Option<bool> {
    let here = block(text, at)?;
    let back = |by: usize| block(text, at.checked_sub(by)?);
    let (one, two, three, four) = (back(1)?, back(2)?, back(3)?, back(4)?);
    let slash = |byte: u8| u8::from(byte == b'\\');
    let mut any = 0;
    for i in 0..BLOCK {
        let three_only = slash(three[i]) & !slash(four[i]);
        let escaped = slash(one[i]) & (!slash(two[i]) | three_only);
        any |= u8::from(here[i] == b'"') & !escaped;
    }
    Some(any & 1 != 0)
}

pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Whether what follows `before` is escaped. Runs of backslashes before two quotes never overlap,
/// so all calls for one string together look at each byte at most once.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The high bit of each byte of `word` that is `byte`. Exact for the lowest one; a bit above it may
/// be set wrongly, but none is when no byte is `byte`.
fn bytes_that_are(byte: u8, word: u128) -> u128 {
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    let zeros = word ^ (ONES * u128::from(byte));
    zeros.wrapping_sub(ONES) & !zeros & (ONES << 7)
}

/// The end of the value that starts at `start`, which lies `depth` levels deep.
/// `met` sees every string inside it.
pub(crate) fn value_end<'a>(
    text: &'a [u8],
    start: usize,
    depth: u32,
    met: &mut impl FnMut(Met<'a>),
) -> Result<usize, Flaw> {
    match text.get(start) {
        None => Err(Flaw { at: start, kind: FlawKind::Ends }),
        Some(b'"') => {
            let string = Met::at(text, start)?;
            let end = string.end;
            met(string);
            Ok(end)
        }
        Some(b'{' | b'[') => container_end(text, start, depth, met),
        Some(_) => scalar_end(text, start),
    }
}

fn container_end<'a>(
    text: &'a [u8],
    start: usize,
    depth: u32,
    met: &mut impl FnMut(Met<'a>),
) -> Result<usize, Flaw> {
    let room = JSON_DEPTH_MAX.saturating_sub(depth);
    // One bit a level, lowest the innermost: 1 for an object.
    let mut kinds = 0u128;
    let mut open = 0u32;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match CLASS[usize::from(byte)] {
            PLAIN => at += 1,
            QUOTE => {
                let string = Met::at(text, at)?;
                at = string.end;
                met(string);
            }
            OPEN => {
                if open == room {
                    return Err(Flaw { at, kind: FlawKind::TooDeep });
                }
                kinds = (kinds << 1) | u128::from(byte == b'{');
                open += 1;
                at += 1;
            }
            _ => {
                if (kinds & 1 == 1) != (byte == b'}') {
                    return Err(Flaw { at, kind: FlawKind::Mismatch });
                }
                kinds >>= 1;
                open -= 1;
                at += 1;
                if open == 0 {
                    return Ok(at);
                }
            }
        }
    }
    Err(Flaw { at: text.len(), kind: FlawKind::Ends })
}

fn scalar_end(text: &[u8], start: usize) -> Result<usize, Flaw> {
    let tail = &text[start..];
    let length = tail
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
        .count();
    let word = &tail[..length];
    if matches!(word, b"true" | b"false" | b"null") || number::is_number(word) {
        Ok(start + length)
    } else {
        Err(Flaw { at: start, kind: FlawKind::Expected("a value") })
    }
}

/// A value inside a text.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a [u8],
    pub start: usize,
    pub end: usize,
    depth: u32,
}

/// What a value is, as a person would call it.
pub(crate) fn kind_name(first: Option<&u8>) -> &'static str {
    match first {
        None => "nothing",
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        Some(_) => "a number",
    }
}

/// Reads the fields of the object that opens at `start`, `depth` levels deep; returns where it
/// ends. `field` gets the key's contents as written, whether they are escaped, and the value.
pub(crate) fn each_field<'a, E: From<Flaw>>(
    text: &'a [u8],
    start: usize,
    depth: u32,
    met: &mut impl FnMut(Met<'a>),
    mut field: impl FnMut(Met<'a>, Value<'a>) -> Result<(), E>,
) -> Result<usize, E> {
    let expected = |at, what| E::from(Flaw { at, kind: FlawKind::Expected(what) });
    let ends = |at| E::from(Flaw { at, kind: FlawKind::Ends });
    if depth >= JSON_DEPTH_MAX {
        return Err(E::from(Flaw { at: start, kind: FlawKind::TooDeep }));
    }
    let mut at = skip_space(text, start + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        match text.get(at) {
            Some(b'"') => {}
            None => return Err(ends(at)),
            Some(_) => return Err(expected(at, "a key in double quotes")),
        }
        let key = Met::at(text, at)?;
        at = skip_space(text, key.end);
        match text.get(at) {
            Some(b':') => at = skip_space(text, at + 1),
            None => return Err(ends(at)),
            Some(_) => return Err(expected(at, "a colon after the key")),
        }
        let end = value_end(text, at, depth + 1, met)?;
        field(key, Value { text, start: at, end, depth: depth + 1 })?;
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            None => return Err(ends(at)),
            Some(_) => return Err(expected(at, "a comma or a closing brace")),
        }
    }
}

impl<'a> Value<'a> {
    /// The one value a text holds; `None` unless it is whole and alone.
    pub fn whole(text: &'a [u8]) -> Option<Self> {
        let start = skip_space(text, 0);
        let end = value_end(text, start, 0, &mut |_| {}).ok()?;
        (skip_space(text, end) == text.len()).then_some(Self { text, start, end, depth: 0 })
    }

    /// The object a text seems to hold, or its one whole value. An object is not looked through
    /// yet: `pick` finds nothing in it unless it is whole and alone.
    pub fn document(text: &'a [u8]) -> Option<Self> {
        let start = skip_space(text, 0);
        let end = text.trim_ascii_end().len();
        if text.get(start) == Some(&b'{') && end > start + 1 {
            return Some(Self { text, start, end, depth: 0 });
        }
        Self::whole(text)
    }

    /// The value as written.
    pub fn raw(&self) -> &'a [u8] {
        &self.text[self.start..self.end]
    }

    fn first(&self) -> Option<&'a u8> {
        self.text.get(self.start)
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        kind_name(self.first())
    }

    pub fn is_null(&self) -> bool {
        self.raw() == b"null"
    }

    pub fn is_object(&self) -> bool {
        self.first() == Some(&b'{')
    }

    pub fn is_array(&self) -> bool {
        self.first() == Some(&b'[')
    }

    pub fn is_text(&self) -> bool {
        self.first() == Some(&b'"')
    }

    /// The values of the named fields; a missing field, a `null` and anything that is not an
    /// object give `None`. Of two fields with one name the last counts, as most parsers have it.
    pub fn pick<const N: usize>(&self, names: [&str; N]) -> [Option<Self>; N] {
        let mut found = [None; N];
        if !self.is_object() {
            return found;
        }
        let sound =
            each_field::<Flaw>(self.text, self.start, self.depth, &mut |_| {}, |key, value| {
                let key = unescaped(&key);
                if let Some(slot) = names.iter().position(|name| name.as_bytes() == key.as_ref()) {
                    found[slot] = (!value.is_null()).then_some(value);
                }
                Ok(())
            });
        if sound == Ok(self.end) { found } else { [None; N] }
    }

    /// One field; see `pick`.
    pub fn get(&self, name: &str) -> Option<Self> {
        self.pick([name])[0]
    }

    /// Calls `entry` with each field of an object, in the order they are written, its name read;
    /// does nothing for any other value.
    pub fn each_entry(&self, mut entry: impl FnMut(Cow<'a, str>, Self)) {
        if !self.is_object() {
            return;
        }
        let each = |key: Met<'a>, value| {
            let name = match unescaped(&key) {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            };
            entry(name, value);
            Ok::<(), Flaw>(())
        };
        // A flaw is found by whoever reads the whole; what stands before it was handed on.
        let _ = each_field(self.text, self.start, self.depth, &mut |_| {}, each);
    }

    /// Calls `item` with each element of an array; does nothing for any other value.
    pub fn each_item(&self, mut item: impl FnMut(Self)) {
        if !self.is_array() {
            return;
        }
        let mut at = skip_space(self.text, self.start + 1);
        while at + 1 < self.end {
            let Ok(end) = value_end(self.text, at, self.depth + 1, &mut |_| {}) else { return };
            item(Self { text: self.text, start: at, end, depth: self.depth + 1 });
            at = skip_space(self.text, end);
            if self.text.get(at) != Some(&b',') {
                return;
            }
            at = skip_space(self.text, at + 1);
        }
    }

    /// How many elements an array has.
    pub fn items(&self) -> u64 {
        let mut count = 0;
        self.each_item(|_| count += 1);
        count
    }

    /// A string's text.
    pub fn text(&self) -> Option<String> {
        if !self.is_text() {
            return None;
        }
        serde_json::from_slice(self.raw()).ok()
    }

    /// Whether it is this string.
    pub fn is(&self, expected: &str) -> bool {
        let raw = self.raw();
        if !self.is_text() {
            return false;
        }
        let inner = &raw[1..raw.len() - 1];
        inner == expected.as_bytes()
            || (inner.contains(&b'\\') && self.text().as_deref() == Some(expected))
    }

    /// A whole, non-negative, believable number.
    pub fn count(&self) -> Option<u64> {
        number::count(self.raw())
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match self.raw() {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// The length in bytes a string's text has once its escapes are read; 0 for other values.
    pub fn text_bytes(&self) -> u64 {
        if !self.is_text() {
            return 0;
        }
        let raw = self.raw();
        let inner = &raw[1..raw.len() - 1];
        let mut length = inner.len();
        let mut next = 0;
        for hit in memchr::memchr_iter(b'\\', inner) {
            if hit < next {
                continue;
            }
            let (written, meant) = match inner.get(hit + 1) {
                Some(b'u') => (6, escape_bytes(inner.get(hit + 2..hit + 6))),
                _ => (2, 1),
            };
            next = hit + written;
            length = length.saturating_sub(written) + meant;
        }
        length as u64
    }
}

/// UTF-8 bytes of a `\uXXXX`; each half of a surrogate pair stands for two of the four.
fn escape_bytes(digits: Option<&[u8]>) -> usize {
    let code = digits
        .and_then(|d| std::str::from_utf8(d).ok())
        .and_then(|d| u32::from_str_radix(d, 16).ok())
        .unwrap_or(0);
    match code {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0xd800..0xe000 => 2,
        _ => 3,
    }
}

/// A string's contents with its escapes read; as written where they cannot be.
pub(crate) fn unescaped<'a>(met: &Met<'a>) -> Cow<'a, [u8]> {
    if !met.escaped() {
        return Cow::Borrowed(met.contents);
    }
    let mut quoted = Vec::with_capacity(met.contents.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(met.contents);
    quoted.push(b'"');
    match serde_json::from_slice::<String>(&quoted) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(met.contents),
    }
}

#[cfg(test)]
mod tests;
