//! JSON as people and tools write it: comments, trailing commas, a key twice (the last one counts,
//! as in every reader of the tools). Reads it with the place of every key, and edits by splices.
//! Owns the layout of what is inserted, which follows its neighbours.

use super::document::{MARK, Splice, Unfit, line_end, line_of};
use serde_json::{Map, Value};
use std::ops::Range;

/// Deeper nesting is no settings file.
const DEPTH_MAX: usize = 128;

/// A value and where it stands.
#[derive(Debug)]
struct Node {
    span: Range<usize>,
    /// The members of an object; `None` for anything else.
    members: Option<Vec<Member>>,
    value: Value,
}

#[derive(Debug)]
struct Member {
    name: String,
    key: Range<usize>,
    value: Node,
}

/// Everything the text says. Nothing at all is an empty object.
pub fn read(text: &str) -> Result<Value, Unfit> {
    Ok(root(text)?.map_or_else(|| Value::Object(Map::new()), |node| node.value))
}

/// Where the value of a key stands.
pub fn span(text: &str, path: &[String]) -> Result<Option<Range<usize>>, Unfit> {
    let Some(root) = root(text)? else { return Ok(None) };
    Ok(find(&root, path).map(|(_, member)| member.value.span.clone()))
}

fn root(text: &str) -> Result<Option<Node>, Unfit> {
    let start = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let mut reader = Reader { text, at: start };
    reader.trivia()?;
    if reader.at == text.len() {
        return Ok(None);
    }
    let node = reader.value(0)?;
    if node.members.is_none() {
        return Err(reader.wrong(node.span.start, "an object in braces was expected"));
    }
    reader.trivia()?;
    match reader.at == text.len() {
        true => Ok(Some(node)),
        false => Err(reader.wrong(reader.at, "something follows the end of the object")),
    }
}

/// The member of that name that counts.
fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Member> {
    node.members.as_ref()?.iter().rfind(|member| member.name == name)
}

/// A member and the object it is in.
fn find<'n>(root: &'n Node, path: &[String]) -> Option<(&'n Node, &'n Member)> {
    let (last, way) = path.split_last()?;
    let holder = way.iter().try_fold(root, |node, name| Some(&member(node, name)?.value))?;
    Some((holder, member(holder, last)?))
}

// === reading ===

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, at: usize, reason: impl Into<String>) -> Unfit {
        Unfit::Unreadable { line: line_of(self.text, at), reason: reason.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space and comments.
    fn trivia(&mut self) -> Result<(), Unfit> {
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with([' ', '\t', '\r', '\n']) {
                self.at += 1;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let Some(end) = rest.find("*/") else {
                    return Err(self.wrong(self.at, "a comment is not closed"));
                };
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Unfit> {
        if depth > DEPTH_MAX {
            return Err(self.wrong(self.at, "it is nested too deeply"));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                let (text, span) = self.string()?;
                Ok(Node { span, members: None, value: Value::String(text) })
            }
            _ => self.word(),
        }
    }

    fn string(&mut self) -> Result<(String, Range<usize>), Unfit> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(b'\n') | None => {
                    return Err(self.wrong(start, "a text is not closed with a quotation mark"));
                }
                Some(_) => end += 1,
            }
        }
        let span = start..end + 1;
        let text = serde_json::from_str(&self.text[span.clone()])
            .map_err(|problem| self.wrong(start, problem.to_string()))?;
        self.at = span.end;
        Ok((text, span))
    }

    fn word(&mut self) -> Result<Node, Unfit> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let value = serde_json::from_str(word).map_err(|_| {
            let shown = if word.is_empty() {
                rest.chars().next().map_or("the end".into(), |c| format!("{c:?}"))
            } else {
                word.to_owned()
            };
            self.wrong(start, format!("a value was expected, not {shown}"))
        })?;
        self.at = start + length;
        Ok(Node { span: start..self.at, members: None, value })
    }

    fn array(&mut self, depth: usize) -> Result<Node, Unfit> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.trivia()?;
            if self.peek() == Some(b']') {
                break;
            }
            items.push(self.value(depth + 1)?.value);
            if !self.comma(b']')? {
                break;
            }
        }
        self.at += 1;
        Ok(Node { span: start..self.at, members: None, value: Value::Array(items) })
    }

    fn object(&mut self, depth: usize) -> Result<Node, Unfit> {
        let start = self.at;
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        loop {
            self.trivia()?;
            match self.peek() {
                Some(b'}') => break,
                Some(b'"') => {}
                _ => return Err(self.wrong(self.at, "a key in quotation marks was expected")),
            }
            let (name, key) = self.string()?;
            self.trivia()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong(self.at, format!("a colon is missing after \"{name}\"")));
            }
            self.at += 1;
            self.trivia()?;
            let value = self.value(depth + 1)?;
            members.push(Member { name, key, value });
            if !self.comma(b'}')? {
                break;
            }
        }
        self.at += 1;
        let pair = |member: &Member| (member.name.clone(), member.value.value.clone());
        let value = Value::Object(members.iter().map(pair).collect());
        Ok(Node { span: start..self.at, members: Some(members), value })
    }

    /// Steps over a comma; false at the closing bracket.
    fn comma(&mut self, close: u8) -> Result<bool, Unfit> {
        self.trivia()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => Ok(false),
            _ => {
                let close = char::from(close);
                Err(self.wrong(self.at, format!("a comma or {close} is missing")))
            }
        }
    }
}

// === setting ===

/// The splice that gives a key a value.
pub fn set(text: &str, path: &[String], value: &Value) -> Result<Splice, Unfit> {
    let Some(root) = root(text)? else { return Ok(first(text, path, value)) };
    let layout = Layout::of(text, &root);
    let mut holder = &root;
    for (depth, name) in path.iter().enumerate() {
        if holder.members.is_none() {
            return Err(Unfit::Shape { key: path[..depth].join(".") });
        }
        let last = depth + 1 == path.len();
        match member(holder, name) {
            Some(member) if last => {
                let new = layout.value(value, &indent_of(text, member.key.start));
                return Ok(Splice::of(text, member.value.span.clone(), new));
            }
            Some(member) => holder = &member.value,
            None => {
                let rest = nest(&path[depth + 1..], value);
                return Ok(layout.insertion(holder, name, &rest));
            }
        }
    }
    Err(Unfit::Shape { key: path.join(".") })
}

/// A text that says nothing yet gets its object after whatever comments it has.
fn first(text: &str, path: &[String], value: &Value) -> Splice {
    let layout = Layout { text, nl: line_end(text), step: "  ".into() };
    let body = layout.value(&nest(path, value), "");
    let broken = text.is_empty() || text == MARK || text.ends_with('\n');
    let before = if broken { "" } else { layout.nl };
    let new = format!("{before}{body}{}", layout.nl);
    Splice { at: text.len(), old: String::new(), new }
}

fn nest(path: &[String], value: &Value) -> Value {
    path.iter()
        .rev()
        .fold(value.clone(), |inner, name| Value::Object(Map::from_iter([(name.clone(), inner)])))
}

/// The white space a line begins with, up to `at`.
fn indent_of(text: &str, at: usize) -> String {
    let line = &text[text[..at].rfind('\n').map_or(0, |nl| nl + 1)..at];
    let line = line.strip_prefix(MARK).unwrap_or(line);
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

/// How a file is laid out.
struct Layout<'t> {
    text: &'t str,
    nl: &'static str,
    step: String,
}

impl<'t> Layout<'t> {
    fn of(text: &'t str, root: &Node) -> Self {
        let first = root.members.iter().flatten().next();
        let step = first.map(|member| indent_of(text, member.key.start));
        let step = step.filter(|step| !step.is_empty()).unwrap_or_else(|| "  ".into());
        Self { text, nl: line_end(text), step }
    }

    /// A value over as many lines as it has keys; the first line is not indented.
    fn value(&self, value: &Value, indent: &str) -> String {
        match value {
            Value::Object(map) if !map.is_empty() => {
                let inner = format!("{indent}{}", self.step);
                let line = |(name, value): (&String, &Value)| {
                    let name = Value::String(name.clone());
                    format!("{}{inner}{name}: {}", self.nl, self.value(value, &inner))
                };
                let lines: Vec<String> = map.iter().map(line).collect();
                format!("{{{}{}{indent}}}", lines.join(","), self.nl)
            }
            other => other.to_string(),
        }
    }

    /// A new first member: on top, because there every object has room for it, whatever comma,
    /// comment or bracket stands at its end.
    fn insertion(&self, holder: &Node, name: &str, value: &Value) -> Splice {
        let open = holder.span.start + 1;
        let inside = &self.text[open..holder.span.end - 1];
        let first = holder.members.iter().flatten().next();
        let name = Value::String(name.to_owned());
        let (at, new) = match first {
            Some(first) if !self.text[open..first.key.start].contains('\n') => {
                let gap = &self.text[open..first.key.start];
                let gap = if gap.trim().is_empty() { gap } else { "" };
                (open, format!("{gap}{name}: {value},"))
            }
            Some(first) => {
                let indent = indent_of(self.text, first.key.start);
                let value = self.value(value, &indent);
                (self.line_rest(open), format!("{}{indent}{name}: {value},", self.nl))
            }
            None => {
                let outer = indent_of(self.text, holder.span.start);
                let indent = format!("{outer}{}", self.step);
                let value = self.value(value, &indent);
                let at = self.line_rest(open);
                let close = if inside[at - open..].contains('\n') {
                    String::new()
                } else {
                    format!("{}{outer}", self.nl)
                };
                (at, format!("{}{indent}{name}: {value}{close}", self.nl))
            }
        };
        Splice { at, old: String::new(), new }
    }

    /// The end of a comment that shares the line with an opening brace, else the place itself.
    fn line_rest(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = rest.split(['\r', '\n']).next().unwrap_or_default();
        let note = line.trim_start_matches([' ', '\t']);
        let whole = note.starts_with("//")
            || (note.starts_with("/*")
                && note.trim_end().find("*/") == Some(note.trim_end().len() - 2));
        if whole { at + line.len() } else { at }
    }
}

// === removing ===

/// The text without a member.
pub fn unset(text: &str, path: &[String]) -> Result<String, Unfit> {
    let shape = || Unfit::Shape { key: path.join(".") };
    let root = root(text)?.ok_or_else(shape)?;
    let (holder, gone) = find(&root, path).ok_or_else(shape)?;
    let members = holder.members.as_deref().unwrap_or_default();
    let index = members.iter().position(|m| m.key == gone.key).ok_or_else(shape)?;
    let mut reader = Reader { text, at: gone.value.span.end };
    reader.trivia()?;
    let comma = (reader.peek() == Some(b',')).then_some(reader.at);
    let mut end = gone.value.span.end;
    let mut cuts: Vec<Range<usize>> = Vec::new();
    match (comma, index.checked_sub(1)) {
        (Some(at), _) if text[end..at].trim().is_empty() => end = at + 1,
        (Some(at), _) => cuts.push(at..at + 1),
        (None, Some(before)) => {
            let mut reader = Reader { text, at: members[before].value.span.end };
            reader.trivia()?;
            cuts.push(reader.at..reader.at + 1);
        }
        (None, None) => {}
    }
    cuts.push(whole_line(text, gone.key.start..end));
    cuts.sort_by_key(|cut| cut.start);
    let mut left = text.to_owned();
    for cut in cuts.into_iter().rev() {
        left.replace_range(cut, "");
    }
    Ok(left)
}

/// A range with the rest of its line, where it is alone on it.
pub fn whole_line(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |nl| nl + 1);
    let alone = text[start..range.start].trim_matches([' ', '\t']).is_empty() && start > 0;
    let rest = &text[range.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let ends = rest[blank..].starts_with("\r\n") || rest[blank..].starts_with('\n');
    if !(alone && ends) {
        return range.start..range.end + if alone { 0 } else { blank };
    }
    // The line's own end goes too, its forerunner's stays.
    start..range.end + blank + if rest[blank..].starts_with('\r') { 2 } else { 1 }
}
