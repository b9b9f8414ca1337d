//! Walks a JSON text once, front to back: each field or item is either descended into or skipped by
//! whoever is asked about it, and says where it ends. Nothing is looked at twice.

use super::{Flaw, FlawKind, JSON_DEPTH_MAX, Met, Value, skip_space, value_end};

/// Hands every field of the object that opens at `start` to `field`, with the byte its value starts
/// at; `field` answers with the byte after that value.
pub(crate) fn object<'a>(
    text: &'a [u8],
    start: usize,
    depth: u32,
    mut field: impl FnMut(Met<'a>, usize) -> Result<usize, Flaw>,
) -> Result<usize, Flaw> {
    let mut at = opened(text, start, depth)?;
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        if text.get(at) != Some(&b'"') {
            return Err(flaw(at, "a key in double quotes"));
        }
        let key = Met::at(text, at)?;
        at = skip_space(text, key.end);
        if text.get(at) != Some(&b':') {
            return Err(flaw(at, "a colon after the key"));
        }
        let value = skip_space(text, at + 1);
        at = skip_space(text, field(key, value)?);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return Err(flaw(at, "a comma or a closing brace")),
        }
    }
}

/// Hands the start of every item of the array that opens at `start` to `item`, which answers with
/// the byte after it.
pub(crate) fn array(
    text: &[u8],
    start: usize,
    depth: u32,
    mut item: impl FnMut(usize) -> Result<usize, Flaw>,
) -> Result<usize, Flaw> {
    let mut at = opened(text, start, depth)?;
    if text.get(at) == Some(&b']') {
        return Ok(at + 1);
    }
    loop {
        at = skip_space(text, item(at)?);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b']') => return Ok(at + 1),
            _ => return Err(flaw(at, "a comma or a closing bracket")),
        }
    }
}

/// The value that starts at `start`, whole.
pub(crate) fn value<'a>(
    text: &'a [u8],
    start: usize,
    depth: u32,
    met: &mut impl FnMut(Met<'a>),
) -> Result<Value<'a>, Flaw> {
    let end = value_end(text, start, depth, met)?;
    Ok(Value { text, start, end, depth })
}

fn opened(text: &[u8], start: usize, depth: u32) -> Result<usize, Flaw> {
    if depth >= JSON_DEPTH_MAX {
        return Err(Flaw { at: start, kind: FlawKind::TooDeep });
    }
    Ok(skip_space(text, start + 1))
}

fn flaw(at: usize, what: &'static str) -> Flaw {
    Flaw { at, kind: FlawKind::Expected(what) }
}
