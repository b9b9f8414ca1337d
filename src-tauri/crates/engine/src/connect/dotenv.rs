//! `.env` files, read as the dotenv package reads them: `KEY=value`, `export`, quotation marks that
//! may span lines, comments; a line it does not understand it skips, and so does this.
//! A new key goes to the top; an old one is replaced where it counts, which is its last place.

use super::document::{MARK, Splice, Unfit, line_end};
use serde_json::{Map, Value};
use std::ops::Range;

/// One assignment.
struct Line {
    name: String,
    value: String,
    /// The value with its quotation marks.
    span: Range<usize>,
    /// From the line's begin to its end.
    whole: Range<usize>,
}

/// Everything the text says.
pub fn read(text: &str) -> Value {
    let pairs = lines(text).into_iter().map(|line| (line.name, Value::String(line.value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// Where the value of a key stands.
pub fn span(text: &str, path: &[String]) -> Option<Range<usize>> {
    find(text, path).map(|line| line.span)
}

fn find(text: &str, path: &[String]) -> Option<Line> {
    let [name] = path else { return None };
    lines(text).into_iter().rfind(|line| line.name == *name)
}

fn lines(text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut at = if text.starts_with(MARK) { MARK.len() } else { 0 };
    while at < text.len() {
        match line(text, at) {
            Some(line) => {
                at = line.whole.end;
                found.push(line);
            }
            None => at = end_of_line(text, at).1,
        }
    }
    found
}

/// Where a line's content ends, and where the next line begins.
fn end_of_line(text: &str, at: usize) -> (usize, usize) {
    let rest = &text[at..];
    let length = rest.find('\n').unwrap_or(rest.len());
    let content = rest[..length].trim_end_matches('\r').len();
    (at + content, at + length + usize::from(length < rest.len()))
}

fn line(text: &str, start: usize) -> Option<Line> {
    let (end, next) = end_of_line(text, start);
    let content = &text[start..end];
    let mut rest = content.trim_start();
    if let Some(after) = rest.strip_prefix("export").filter(|r| r.starts_with([' ', '\t'])) {
        rest = after.trim_start();
    }
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let length = rest.find(|c: char| !good(c)).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(length);
    let sign = rest.trim_start();
    let value = match (sign.strip_prefix('='), rest.strip_prefix(": ")) {
        (Some(value), _) | (None, Some(value)) if !name.is_empty() => value,
        _ => return None,
    };
    let begin = end - value.trim_start().len();
    let name = name.to_owned();
    if let Some((inner, close)) = quoted(text, begin) {
        let (line_end, next) = end_of_line(text, close);
        let after = text[close..line_end].trim();
        if after.is_empty() || after.starts_with('#') {
            return Some(Line { name, value: inner, span: begin..close, whole: start..next });
        }
    }
    let plain = text[begin..end].split('#').next().unwrap_or_default().trim_end();
    let span = begin..begin + plain.len();
    Some(Line { name, value: plain.to_owned(), span, whole: start..next })
}

/// A value in quotation marks and where it ends.
fn quoted(text: &str, begin: usize) -> Option<(String, usize)> {
    let mark = text[begin..].chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = &text[begin + 1..];
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let closes = c == mark && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    Some((inner[..end].to_owned(), begin + 1 + end + 1))
}

/// The splice that gives a key a value.
pub fn set(text: &str, path: &[String], value: &Value) -> Result<Splice, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let ([name], Some(value)) = (path, value.as_str()) else { return Err(shape()) };
    if let Some(line) = find(text, path) {
        return Ok(Splice::of(text, line.span, value.to_owned()));
    }
    let at = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let new = format!("{name}={value}{}", line_end(text));
    Ok(Splice { at, old: String::new(), new })
}

/// The text without a key's line.
pub fn unset(text: &str, path: &[String]) -> Result<String, Unfit> {
    let line = find(text, path).ok_or_else(|| Unfit::Shape { key: path.join(".") })?;
    let mut left = text.to_owned();
    left.replace_range(line.whole, "");
    Ok(left)
}
