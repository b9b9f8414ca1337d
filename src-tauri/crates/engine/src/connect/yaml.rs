//! YAML in the plain block style that settings files are written in: a key of the first level, or
//! an item of a list under one. Read by a real parser with the place of everything; anything in
//! another style is refused rather than guessed at.

use super::document::{MARK, Splice, Unfit, line_end, selector};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Value};
use std::ops::Range;

/// Deeper nesting is no settings file.
const DEPTH_MAX: usize = 64;

/// A value and where it stands.
#[derive(Debug)]
struct Node {
    value: Value,
    start: usize,
    /// The end of the last thing in it that is written.
    end: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(ScalarStyle),
    List(Vec<Node>),
    Table(Vec<(Node, Node)>),
}

/// Everything the text says. Nothing at all is an empty table.
pub fn read(text: &str) -> Result<Value, Unfit> {
    Ok(root(text)?.map_or_else(|| Value::Object(Map::new()), |node| node.value))
}

// === reading ===

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// The byte of each character, and the end.
    bytes: Vec<usize>,
}

type Found<'t> = Option<(Event<'t>, Range<usize>)>;

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        bytes.push(text.len());
        Self { text, parser: Parser::new_from_str(text), bytes }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    fn next(&mut self) -> Result<Found<'t>, Unfit> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, Span { start, end, .. }))) => {
                Ok(Some((event, self.byte(start.index())..self.byte(end.index()))))
            }
            Some(Err(problem)) => Err(Unfit::Unreadable {
                line: problem.marker().line(),
                reason: problem.info().to_owned(),
            }),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Range<usize>, depth: usize) -> Result<Node, Unfit> {
        let Range { start, end } = span;
        let wrong = |reason: &str| Unfit::Unreadable { line: 1, reason: reason.into() };
        if depth > DEPTH_MAX {
            return Err(wrong("it is nested too deeply"));
        }
        match event {
            Event::Scalar(text, style, ..) => {
                let end = start + written(&self.text[start..end.max(start)], style).len();
                let nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let value = if nothing { Value::Null } else { Value::String(text.into_owned()) };
                Ok(Node { value, start, end, kind: Kind::Scalar(style) })
            }
            Event::Alias(number) => {
                let value = Value::String(format!("*{number}"));
                Ok(Node { value, start, end, kind: Kind::Scalar(ScalarStyle::Folded) })
            }
            Event::SequenceStart(..) => self.list(start, depth),
            Event::MappingStart(..) => self.table(start, depth),
            _ => Err(wrong("it is not YAML that settings are written in")),
        }
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Node, Unfit> {
        let mut items: Vec<Node> = Vec::new();
        let mut end = start;
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                end = end.max(self.closing(start, span.end));
                break;
            }
            items.push(self.node(event, span, depth + 1)?);
            end = items.last().map_or(end, |item| item.end);
        }
        let value = Value::Array(items.iter().map(|item| item.value.clone()).collect());
        Ok(Node { value, start, end, kind: Kind::List(items) })
    }

    fn table(&mut self, start: usize, depth: usize) -> Result<Node, Unfit> {
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        let mut end = start;
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                end = end.max(self.closing(start, span.end));
                break;
            }
            let key = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            // A value that is not written has the place of whatever comes next.
            end = if value.start < value.end { value.end } else { key.end + 1 };
            pairs.push((key, value));
        }
        let pair = |(key, value): &(Node, Node)| (name(key), value.value.clone());
        let value = Value::Object(pairs.iter().map(pair).collect());
        Ok(Node { value, start, end, kind: Kind::Table(pairs) })
    }

    /// The end of a list or table in brackets; a block has none of its own.
    fn closing(&self, start: usize, end: usize) -> usize {
        if self.text[start..].starts_with(['[', '{']) { end } else { start }
    }
}

/// What is written of a scalar: the parser's own end may lie behind a comment.
fn written(raw: &str, style: ScalarStyle) -> &str {
    let inner = raw.get(1..).unwrap_or_default();
    match style {
        ScalarStyle::Plain => {
            let end = [" #", "\t#"].iter().filter_map(|note| raw.find(note)).min();
            raw[..end.unwrap_or(raw.len())].trim_end()
        }
        ScalarStyle::SingleQuoted => {
            let mut rest = inner;
            // Two of them stand for one.
            while let Some(at) = rest.find('\'') {
                rest = &rest[at + 1..];
                match rest.strip_prefix('\'') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            &raw[..raw.len() - rest.len()]
        }
        ScalarStyle::DoubleQuoted => {
            let mut escaped = false;
            let end = inner.find(|c: char| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            });
            &raw[..end.map_or(raw.len(), |end| end + 2)]
        }
        _ => raw.trim_end(),
    }
}

fn name(key: &Node) -> String {
    match &key.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn root(text: &str) -> Result<Option<Node>, Unfit> {
    // The parser would count a byte order mark among the characters of the first key.
    if let Some(rest) = text.strip_prefix(MARK) {
        return Ok(root(rest)?.map(|node| moved(node, MARK.len())));
    }
    let mut reader = Reader::new(text);
    let mut found: Option<Node> = None;
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamEnd => {}
            _ if found.is_some() => {
                let reason = "it holds more than one document".into();
                return Err(Unfit::Unreadable { line: 1, reason });
            }
            event => found = Some(reader.node(event, span, 0)?),
        }
    }
    match found {
        Some(Node { value: Value::Null, .. }) | None => Ok(None),
        Some(node) if matches!(node.kind, Kind::Table(_)) => Ok(Some(node)),
        Some(_) => {
            let reason = "keys with values were expected".into();
            Err(Unfit::Unreadable { line: 1, reason })
        }
    }
}

/// A node of a text with so many bytes before it.
fn moved(mut node: Node, by: usize) -> Node {
    (node.start, node.end) = (node.start + by, node.end + by);
    node.kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(|item| moved(item, by)).collect()),
        Kind::Table(pairs) => {
            let pair = |(key, value)| (moved(key, by), moved(value, by));
            Kind::Table(pairs.into_iter().map(pair).collect())
        }
        scalar => scalar,
    };
    node
}

// === finding ===

fn line_start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |nl| nl + 1);
    if start == 0 && text.starts_with(MARK) { MARK.len() } else { start }
}

/// The begin of the line after the one that `at` is on.
fn line_after(text: &str, at: usize) -> usize {
    if at > 0 && text[..at].ends_with('\n') {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |nl| at + nl + 1)
}

/// A key of the first level, and its value.
fn key<'n>(root: &'n Node, wanted: &str) -> Option<&'n (Node, Node)> {
    let Kind::Table(pairs) = &root.kind else { return None };
    pairs.iter().rfind(|(key, _)| name(key) == wanted)
}

/// Whether a node is written without brackets. A list's own place may be that of its key.
fn block(text: &str, node: &Node) -> bool {
    !text[node.start..].starts_with(['[', '{'])
}

/// The lines of a list's item that a selector means.
fn item(text: &str, list: &Node, wanted: &str) -> Option<Range<usize>> {
    let Kind::List(items) = &list.kind else { return None };
    let node = items.iter().find(|item| selector(wanted, &item.value))?;
    Some(line_start(text, node.start)..line_after(text, node.end))
}

/// Where a key's value, or an item's lines, stand.
pub fn span(text: &str, path: &[String]) -> Result<Option<Range<usize>>, Unfit> {
    let Some(root) = root(text)? else { return Ok(None) };
    Ok(match path {
        [wanted] => key(&root, wanted).map(|(_, value)| value.start..value.end),
        [wanted, which] => key(&root, wanted).and_then(|(_, list)| item(text, list, which)),
        _ => None,
    })
}

// === editing ===

/// The splice that gives a key a value, or puts an item on top of a list.
pub fn set(text: &str, path: &[String], value: &Value) -> Result<Splice, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let nl = line_end(text);
    let root = root(text)?;
    if root.as_ref().is_some_and(|root| !block(text, root)) {
        return Err(shape());
    }
    let broken = text.is_empty() || text == MARK || text.ends_with('\n');
    let start = if broken { "" } else { nl };
    let insert = |at: usize, new: String| Ok(Splice { at, old: String::new(), new });
    let first = root.as_ref().map(|root| line_start(text, root.start));
    let indent = match (&root, first) {
        (Some(root), Some(first)) => " ".repeat(text[first..root.start].chars().count()),
        _ => String::new(),
    };
    match path {
        [name] => match root.as_ref().and_then(|root| key(root, name)) {
            Some((_, old)) if one_line(text, old) => {
                Ok(Splice::of(text, old.start..old.end, scalar(value).ok_or_else(shape)?))
            }
            Some(_) => Err(shape()),
            None => {
                let line = format!("{indent}{name}: {}{nl}", scalar(value).ok_or_else(shape)?);
                match first {
                    Some(first) => insert(first, line),
                    None => insert(text.len(), format!("{start}{line}")),
                }
            }
        },
        [name, which] => match root.as_ref().and_then(|root| key(root, name)) {
            Some((_, list)) => match (&list.kind, item(text, list, which)) {
                (Kind::List(items), Some(old)) if block(text, list) && !items.is_empty() => {
                    let new = lines(text, list, value, nl).ok_or_else(shape)?;
                    Ok(Splice::of(text, old, new))
                }
                (Kind::List(items), None) if block(text, list) && !items.is_empty() => {
                    let new = lines(text, list, value, nl).ok_or_else(shape)?;
                    insert(line_start(text, items[0].start), new)
                }
                // `models: []`, as a tool writes its first settings.
                (Kind::List(items), None) if items.is_empty() && !block(text, list) => {
                    insert(list.start + 1, flow(value).ok_or_else(shape)?)
                }
                // `models:` with nothing behind it.
                (Kind::Scalar(_), None) if list.value.is_null() && list.start >= list.end => {
                    let items = entry(value, &format!("{indent}  "), nl).ok_or_else(shape)?;
                    let key = key(root.as_ref().ok_or_else(shape)?, name).ok_or_else(shape)?;
                    let at = line_after(text, key.0.end);
                    let start = if text[..at].ends_with('\n') { "" } else { nl };
                    insert(at, format!("{start}{items}"))
                }
                _ => Err(shape()),
            },
            None => {
                let items = entry(value, &format!("{indent}  "), nl).ok_or_else(shape)?;
                insert(text.len(), format!("{start}{indent}{name}:{nl}{items}"))
            }
        },
        _ => Err(shape()),
    }
}

/// Whether a value is a word or a text in quotation marks on one line.
fn one_line(text: &str, node: &Node) -> bool {
    let plain = matches!(
        node.kind,
        Kind::Scalar(ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
    );
    plain && node.start < node.end && !text[node.start..node.end].contains('\n')
}

/// An item laid out like the first of its list.
fn lines(text: &str, list: &Node, value: &Value, nl: &str) -> Option<String> {
    let Kind::List(items) = &list.kind else { return None };
    let first = items.first()?;
    let lead = &text[line_start(text, first.start)..first.start];
    let indent = lead.trim_end().strip_suffix('-')?;
    indent.chars().all(|c| c == ' ').then(|| entry(value, indent, nl))?
}

fn entry(value: &Value, indent: &str, nl: &str) -> Option<String> {
    let Value::Object(map) = value else {
        return Some(format!("{indent}- {}{nl}", scalar(value)?));
    };
    let mut text = String::new();
    for (number, (name, value)) in map.iter().enumerate() {
        let lead = if number == 0 { "- " } else { "  " };
        text.push_str(&format!("{indent}{lead}{name}: {}{nl}", scalar(value)?));
    }
    Some(text)
}

/// An item between brackets.
fn flow(value: &Value) -> Option<String> {
    let Value::Object(map) = value else { return scalar(value) };
    let pair = |(name, value): (&String, &Value)| Some(format!("{name}: {}", scalar(value)?));
    let pairs: Option<Vec<String>> = map.iter().map(pair).collect();
    Some(format!("{{{}}}", pairs?.join(", ")))
}

/// A value on one line. A text in JSON's quotation marks is one in YAML's.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_) => Some(value.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        _ => None,
    }
}

/// The text without a key or an item.
pub fn unset(text: &str, path: &[String]) -> Result<String, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let root = root(text)?.filter(|root| block(text, root)).ok_or_else(shape)?;
    let cut = match path {
        [wanted] => {
            let (key, value) = key(&root, wanted).ok_or_else(shape)?;
            let end = if value.start < value.end { value.end } else { key.end + 1 };
            line_start(text, key.start)..line_after(text, end)
        }
        [wanted, which] => {
            let (_, list) = key(&root, wanted).ok_or_else(shape)?;
            item(text, list, which).filter(|_| block(text, list)).ok_or_else(shape)?
        }
        _ => return Err(shape()),
    };
    let mut left = text.to_owned();
    left.replace_range(cut, "");
    Ok(left)
}
