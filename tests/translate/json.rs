//! JSON as it stands: numbers keep their digits, objects their order, so that a snapshot shows
//! exactly what was written. Owns the reading, the printing and the comparing; knows no dialect.

use serde_json::Value;

/// Longest line a value is put on, in characters.
const LINE_CHARS_MAX: usize = 110;

/// A JSON value whose atoms are still text.
#[derive(Clone, Debug)]
pub enum Node<'a> {
    /// A string, a number, a word: as written.
    Atom(&'a str),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object; keys as written, quotes included.
    Object(Vec<(&'a str, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The whole text as one value; `None` where it is no JSON.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str::<Value>(text).ok()?;
        let mut at = 0;
        Some(value(text, &mut at))
    }

    /// The value in lines that are short where they can be.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.print(0, &mut out);
        out
    }

    /// The value as it was written, without the blanks between its parts.
    pub fn written(&self) -> String {
        match self {
            Self::Atom(text) => (*text).to_owned(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::written).collect::<Vec<_>>().join(","))
            }
            Self::Object(pairs) => {
                let pair = |(key, value): &(&str, Self)| format!("{key}:{}", value.written());
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(","))
            }
        }
    }

    fn line(&self) -> String {
        let all = |items: Vec<String>| items.join(", ");
        match self {
            Self::Atom(text) => (*text).to_owned(),
            Self::List(items) => format!("[{}]", all(items.iter().map(Self::line).collect())),
            Self::Object(pairs) => {
                let pair = |(key, value): &(&str, Self)| format!("{key}: {}", value.line());
                format!("{{{}}}", all(pairs.iter().map(pair).collect()))
            }
        }
    }

    fn print(&self, indent: usize, out: &mut String) {
        let line = self.line();
        let flat = matches!(self, Self::Atom(_)) || line.len() <= 2;
        if flat || line.chars().count() + indent <= LINE_CHARS_MAX {
            out.push_str(&line);
            return;
        }
        let pad = "  ".repeat(indent / 2 + 1);
        let (open, close) = if matches!(self, Self::List(_)) { ('[', ']') } else { ('{', '}') };
        out.push(open);
        let mut first = true;
        let mut next = |out: &mut String| {
            out.push_str(if std::mem::take(&mut first) { "\n" } else { ",\n" });
            out.push_str(&pad);
        };
        match self {
            Self::Atom(_) => {}
            Self::List(items) => {
                for item in items {
                    next(out);
                    item.print(indent + 2, out);
                }
            }
            Self::Object(pairs) => {
                for (key, value) in pairs {
                    next(out);
                    out.push_str(key);
                    out.push_str(": ");
                    value.print(indent + 2, out);
                }
            }
        }
        out.push('\n');
        out.push_str(&"  ".repeat(indent / 2));
        out.push(close);
    }

    /// The value with its keys sorted and its strings decoded: equal for equal JSON, digit by
    /// digit.
    pub fn canonical(&self) -> String {
        let text = |raw: &str| match serde_json::from_str::<String>(raw) {
            Ok(text) => Value::String(text).to_string(),
            Err(_) => raw.to_owned(),
        };
        match self {
            Self::Atom(raw) => text(raw),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::canonical).collect::<Vec<_>>().join(","))
            }
            Self::Object(pairs) => {
                let mut pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{}:{}", text(key), value.canonical()))
                    .collect();
                pairs.sort();
                format!("{{{}}}", pairs.join(","))
            }
        }
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else { return None };
        let quoted = Value::String(key.to_owned()).to_string();
        pairs.iter().find(|(name, _)| *name == quoted).map(|(_, value)| value)
    }

    /// The values of a list.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Atom(raw) => serde_json::from_str(raw).ok(),
            _ => None,
        }
    }
}

/// `text` in canonical form; text that is no JSON stays itself.
pub fn canonical(text: &str) -> String {
    Node::parse(text).map_or_else(|| format!("not JSON: {text}"), |node| node.canonical())
}

fn blank(text: &str, at: &mut usize) {
    let rest = &text[*at..];
    *at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']).len();
}

fn value<'a>(text: &'a str, at: &mut usize) -> Node<'a> {
    blank(text, at);
    let start = *at;
    let bytes = text.as_bytes();
    match bytes[start] {
        b'[' | b'{' => {
            let list = bytes[start] == b'[';
            let (mut items, mut pairs) = (Vec::new(), Vec::new());
            *at += 1;
            loop {
                blank(text, at);
                if matches!(bytes[*at], b']' | b'}') {
                    *at += 1;
                    return if list { Node::List(items) } else { Node::Object(pairs) };
                }
                if list {
                    items.push(value(text, at));
                } else if let Node::Atom(key) = value(text, at) {
                    pairs.push((key, value(text, at)));
                }
            }
        }
        b'"' => {
            *at += 1;
            while bytes[*at] != b'"' {
                *at += if bytes[*at] == b'\\' { 2 } else { 1 };
            }
            *at += 1;
            Node::Atom(&text[start..*at])
        }
        _ => {
            let ends = |byte: &u8| b" \t\r\n,:]}".contains(byte);
            *at += bytes[start..].iter().position(ends).unwrap_or(bytes.len() - start);
            Node::Atom(&text[start..*at])
        }
    }
}

/// Every string in a value. A string that is itself a JSON object or array counts as what it
/// holds: arguments and results travel so in some dialects and not in others.
pub fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => strings(&inner, out),
            _ => out.push(text.clone()),
        },
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(pairs) => pairs.values().for_each(|item| strings(item, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_objects_their_order() {
        let text = r#" {"b" : [1.10, 12345678901234567890123], "a":{"x":"q\"}"} , "e":[] }"#;
        let node = Node::parse(text).expect("JSON");
        assert_eq!(
            node.pretty(),
            r#"{"b": [1.10, 12345678901234567890123], "a": {"x": "q\"}"}, "e": []}"#
        );
        assert_eq!(canonical(r#"{"b":1,"a":"\u00e9"}"#), canonical(r#"{ "a":"é","b":1 }"#));
        assert_ne!(canonical("[1.10]"), canonical("[1.1]"));
        assert!(Node::parse("{\"a\":").is_none());
    }

    #[test]
    fn long_values_are_broken_into_lines() {
        let text = format!("{{\"a\":[\"{}\",\"{}\"]}}", "x".repeat(60), "y".repeat(60));
        let lines = Node::parse(&text).expect("JSON").pretty();
        assert_eq!(lines.lines().count(), 6, "{lines}");
    }
}
