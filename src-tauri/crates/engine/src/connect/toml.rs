//! TOML, edited by splices at the places its reader reports, so that comments, order, a byte order
//! mark and line ends stay byte for byte. A plain key goes to the top of the file, a table to its
//! end: both are always allowed there.
//! Owns what a table's own lines are.

use super::document::{MARK, Splice, Unfit, line_end, line_of};
use serde_json::Value;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Everything the text says.
pub fn read(text: &str) -> Result<Value, Unfit> {
    let body = body(text);
    let unreadable = |problem: toml::de::Error| {
        let at = problem.span().map_or(0, |span| span.start);
        let reason = problem.message().lines().next().unwrap_or("not TOML").to_owned();
        Unfit::Unreadable { line: line_of(body, at), reason }
    };
    let table: toml::Table = body.parse().map_err(unreadable)?;
    serde_json::to_value(table)
        .map_err(|problem| Unfit::Unreadable { line: 1, reason: problem.to_string() })
}

/// The text without a byte order mark.
fn body(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Where a key's value, or the lines of a table, stand.
pub fn span(text: &str, path: &[String]) -> Result<Option<Range<usize>>, Unfit> {
    let skipped = text.len() - body(text).len();
    let place = place(body(text), path)?;
    Ok(place.map(|place| place.value.start + skipped..place.value.end + skipped))
}

/// Where a key is.
struct Place {
    /// Its value; for a table under a header, the header and its keys.
    value: Range<usize>,
    /// The whole entry, for removal.
    entry: Range<usize>,
}

fn place(body: &str, path: &[String]) -> Result<Option<Place>, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let unreadable = |_| Unfit::Unreadable { line: 1, reason: "not TOML".into() };
    let document = DeTable::parse(body).map_err(unreadable)?;
    let mut table: &DeTable<'_> = document.get_ref();
    let mut in_line = false;
    for (depth, name) in path.iter().enumerate() {
        let found = table.iter().find(|(key, _)| key.get_ref() == name);
        let Some((key, value)) = found else { return Ok(None) };
        let written = &body[value.span()];
        let last = depth + 1 == path.len();
        if last && written.starts_with('[') && matches!(value.get_ref(), DeValue::Table(_)) {
            return lines_of_table(body, value).map(Some).ok_or_else(shape);
        }
        if last {
            // A table without a place of its own: keys with dots, or only tables below it.
            if !in_line && matches!(value.get_ref(), DeValue::Table(_)) && !written.starts_with('{')
            {
                return Err(shape());
            }
            let entry = entry(body, key.span().start, value.span(), in_line);
            return entry.map(Some).ok_or_else(shape);
        }
        let DeValue::Table(inner) = value.get_ref() else { return Err(shape()) };
        in_line |= written.starts_with('{');
        table = inner;
    }
    Ok(None)
}

/// A key and its value; the whole line where they are alone on it.
fn entry(body: &str, key: usize, value: Range<usize>, in_line: bool) -> Option<Place> {
    let start = body[..key].rfind('\n').map_or(0, |nl| nl + 1);
    let rest = &body[value.end..];
    let line = rest.split('\n').next().unwrap_or_default();
    let note = line.trim();
    if in_line || !body[start..key].trim().is_empty() || !(note.is_empty() || note.starts_with('#'))
    {
        // Part of an inline table, or a key with dots: its value can be replaced, not taken out.
        return Some(Place { entry: value.end..value.end, value });
    }
    let end = value.end + line.len() + usize::from(rest.len() > line.len());
    Some(Place { entry: start..end, value })
}

/// The lines from a table's header to its last key. `None` when tables below it have headers of
/// their own, which would be left without it.
fn lines_of_table(body: &str, table: &Spanned<DeValue<'_>>) -> Option<Place> {
    let DeValue::Table(inner) = table.get_ref() else { return None };
    let header = table.span();
    let start = body[..header.start].rfind('\n').map_or(0, |nl| nl + 1);
    let mut last = header.end;
    for (key, value) in inner.iter() {
        let written = &body[value.span()];
        let dotted = matches!(value.get_ref(), DeValue::Table(_)) && !written.starts_with('{');
        if dotted || key.span().start < header.start {
            return None;
        }
        last = last.max(value.span().end);
    }
    let rest = &body[last..];
    let line = rest.split('\n').next().unwrap_or_default();
    let end = last + line.len() + usize::from(rest.len() > line.len());
    Some(Place { value: start..end, entry: start..end })
}

/// The splice that gives a key a value.
pub fn set(text: &str, path: &[String], value: &Value) -> Result<Splice, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let skipped = text.len() - body(text).len();
    let nl = line_end(text);
    if let Some(place) = place(body(text), path)? {
        let old = place.value.start + skipped..place.value.end + skipped;
        let new = match value {
            Value::Object(_) if text[old.clone()].trim_start().starts_with('[') => {
                lines(path, value, nl).ok_or_else(shape)?
            }
            _ => inline(value).ok_or_else(shape)?,
        };
        return Ok(Splice::of(text, old, new));
    }
    match (path, value) {
        (_, Value::Object(_)) => {
            let gap = if text.len() == skipped {
                ""
            } else if text.ends_with('\n') {
                nl
            } else {
                &[nl, nl].concat()
            };
            let block = lines(path, value, nl).ok_or_else(shape)?;
            Ok(Splice { at: text.len(), old: String::new(), new: format!("{gap}{block}") })
        }
        ([name], _) => {
            let value = inline(value).ok_or_else(shape)?;
            // A header right below would read as if the key were a part of its table.
            let gap = if text[skipped..].starts_with('[') { nl } else { "" };
            let new = format!("{} = {value}{nl}{gap}", bare(name));
            Ok(Splice { at: skipped, old: String::new(), new })
        }
        _ => Err(shape()),
    }
}

/// The text without a key or a table.
pub fn unset(text: &str, path: &[String]) -> Result<String, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let skipped = text.len() - body(text).len();
    let place = place(body(text), path)?.ok_or_else(shape)?;
    if place.entry.is_empty() {
        return Err(shape());
    }
    let mut left = text.to_owned();
    left.replace_range(place.entry.start + skipped..place.entry.end + skipped, "");
    Ok(left)
}

/// A table under its header.
fn lines(path: &[String], value: &Value, nl: &str) -> Option<String> {
    let header: Vec<String> = path.iter().map(|name| bare(name)).collect();
    let mut text = format!("[{}]{nl}", header.join("."));
    for (name, value) in value.as_object()? {
        text.push_str(&format!("{} = {}{nl}", bare(name), inline(value)?));
    }
    Some(text)
}

/// A value on one line.
fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.as_i64()?.to_string(),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(inline).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Object(map) => {
            let pair = |(name, value): (&String, &Value)| {
                Some(format!("{} = {}", bare(name), inline(value)?))
            };
            let pairs: Option<Vec<String>> = map.iter().map(pair).collect();
            format!("{{ {} }}", pairs?.join(", "))
        }
        Value::Null => return None,
    })
}

/// A key, in quotation marks where it needs them.
fn bare(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        toml::Value::String(name.to_owned()).to_string()
    }
}
