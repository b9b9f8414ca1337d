//! A settings file as text with keys in it, whatever its format: read, ask, set one key, remove
//! one key. Every change is a splice: all bytes but those of the key stay as they are.
//! Owns the proof of each edit: the text is read again, and anything but the one key that came out
//! different means no edit at all.

use super::{dotenv, json, toml, yaml};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::Range;

/// A longer settings file is none.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The grammar of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON, with comments and trailing commas where there are some.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// `KEY=value`, a line each.
    Dotenv,
    /// A file that is Weir's as a whole.
    Whole,
}

/// The way to a key: `["env", "ANTHROPIC_BASE_URL"]`. A step in brackets is an item of a list, by a
/// key of its own (`[name=Weir]`) or by how its text begins (`[^ANTHROPIC_BASE_URL=]`).
pub type Path = Vec<String>;

/// One change of a text: `old` at `at` becomes `new`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The byte it begins at.
    pub at: usize,
    /// What stood there; empty for an insertion.
    pub old: String,
    /// What stands there now.
    pub new: String,
}

impl Splice {
    /// A replacement of a range of `text`.
    pub fn of(text: &str, range: Range<usize>, new: String) -> Self {
        Self { at: range.start, old: text[range].to_owned(), new }
    }

    /// The text after it.
    pub fn apply(&self, text: &str) -> String {
        let (head, tail) = (&text[..self.at], &text[self.at + self.old.len()..]);
        [head, &self.new, tail].concat()
    }
}

/// Why a text was not edited. `Display` is a fragment: "line 3: a comma is missing".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not what its name says.
    #[error("line {line}: {reason}")]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Something else stands where a key would go.
    #[error("{key} is written in a way that Weir does not edit")]
    Shape {
        /// The key, with dots.
        key: String,
    },
    /// An edit would have changed more than its key.
    #[error("{key} cannot be changed without changing something else")]
    Unsafe {
        /// The key, with dots.
        key: String,
    },
}

/// The line of a byte, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The line ends of a text: what its first line ends with.
pub fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// A byte order mark, which some editors on Windows write and every reader must skip.
pub const MARK: &str = "\u{feff}";

impl Format {
    /// Everything the text says, as one value.
    ///
    /// # Errors
    /// The line and the reason when it cannot be read.
    pub fn read(self, text: &str) -> Result<Value, Unfit> {
        match self {
            Self::Json => json::read(text),
            Self::Toml => toml::read(text),
            Self::Yaml => yaml::read(text),
            Self::Dotenv => Ok(dotenv::read(text)),
            Self::Whole => Ok(Value::Object(Map::new())),
        }
    }

    /// The one splice that gives a key a value, or `None` when it has it already.
    ///
    /// # Errors
    /// When the text cannot be read or the key cannot be set without touching anything else.
    pub fn set(self, text: &str, path: &[String], value: &Value) -> Result<Option<Splice>, Unfit> {
        let before = self.read(text)?;
        if get(&before, path) == Some(value) {
            return Ok(None);
        }
        let splice = match self {
            Self::Json => json::set(text, path, value)?,
            Self::Toml => toml::set(text, path, value)?,
            Self::Yaml => yaml::set(text, path, value)?,
            Self::Dotenv => dotenv::set(text, path, value)?,
            Self::Whole => return Err(Unfit::Shape { key: path.join(".") }),
        };
        let mut wanted = before;
        let after = self.read(&splice.apply(text));
        if put(&mut wanted, path, value.clone()) && after.as_ref() == Ok(&wanted) {
            Ok(Some(splice))
        } else {
            Err(Unfit::Unsafe { key: path.join(".") })
        }
    }

    /// The text without a key, and without the tables that held nothing but it if `prune` says
    /// that they were made for it.
    ///
    /// # Errors
    /// When the text cannot be read or the key cannot be removed alone.
    pub fn unset(self, text: &str, path: &[String], prune: usize) -> Result<String, Unfit> {
        let before = self.read(text)?;
        let mut wanted = before.clone();
        let depth = take(&mut wanted, path, prune);
        let Some(depth) = depth else { return Ok(text.to_owned()) };
        let after = match self {
            Self::Json => json::unset(text, &path[..depth])?,
            Self::Toml => toml::unset(text, path)?,
            Self::Yaml => yaml::unset(text, &path[..depth])?,
            Self::Dotenv => dotenv::unset(text, path)?,
            Self::Whole => return Err(Unfit::Shape { key: path.join(".") }),
        };
        // A table of TOML's that has no header of its own is gone with its last key.
        let mut gone = before;
        take(&mut gone, path, path.len());
        match self.read(&after) {
            Ok(value) if value == wanted || (self == Self::Toml && value == gone) => Ok(after),
            _ => Err(Unfit::Unsafe { key: path.join(".") }),
        }
    }

    /// The text with the bytes `raw` as a key's value.
    ///
    /// # Errors
    /// When the text cannot be read with it.
    pub fn put_raw(self, text: &str, path: &[String], raw: &str) -> Result<String, Unfit> {
        let before = self.read(text)?;
        let span = match self {
            Self::Json => json::span(text, path)?,
            Self::Toml => toml::span(text, path)?,
            Self::Yaml => yaml::span(text, path)?,
            Self::Dotenv => dotenv::span(text, path),
            Self::Whole => None,
        };
        let Some(span) = span else { return Err(Unfit::Shape { key: path.join(".") }) };
        let after = Splice::of(text, span, raw.to_owned()).apply(text);
        let mut rest = [before, self.read(&after)?];
        for value in &mut rest {
            take(value, path, 0);
        }
        match rest[0] == rest[1] {
            true => Ok(after),
            false => Err(Unfit::Unsafe { key: path.join(".") }),
        }
    }
}

/// Whether a step of a path means an item, and this one.
pub fn selector(step: &str, item: &Value) -> bool {
    let Some(inner) = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    match inner.strip_prefix('^') {
        Some(begin) => item.as_str().is_some_and(|text| text.starts_with(begin)),
        None => inner.split_once('=').is_some_and(|(key, value)| {
            item.get(key).and_then(Value::as_str).is_some_and(|text| text == value)
        }),
    }
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.iter().find(|item| selector(step, item)),
        other => other.get(step),
    }
}

/// The value of a key.
pub fn get<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| child(value, step))
}

/// Gives a key a value, making the tables on the way; a new item goes on top of its list. False
/// when something else stands there.
fn put(value: &mut Value, path: &[String], new: Value) -> bool {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return true;
    };
    if first.starts_with('[') {
        if value.is_null() {
            *value = Value::Array(Vec::new());
        }
        let Value::Array(items) = value else { return false };
        let index = items.iter().position(|item| selector(first, item)).unwrap_or_else(|| {
            items.insert(0, Value::Null);
            0
        });
        return put(&mut items[index], rest, new);
    }
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { return false };
    put(map.entry(first.clone()).or_insert(Value::Null), rest, new)
}

/// Removes a key, and up to `prune` tables above it that are then empty. The number of steps of
/// the path that are left to remove; `None` when the key is not there.
fn take(value: &mut Value, path: &[String], prune: usize) -> Option<usize> {
    get(value, path)?;
    let mut depth = path.len();
    loop {
        let (last, way) = path[..depth].split_last()?;
        let mut holder = &mut *value;
        for step in way {
            holder = match holder {
                Value::Array(items) => items.iter_mut().find(|item| selector(step, item))?,
                other => other.get_mut(step)?,
            };
        }
        let empty = match holder {
            Value::Object(map) => {
                map.remove(last);
                map.is_empty()
            }
            Value::Array(items) => {
                let index = items.iter().position(|item| selector(last, item))?;
                items.remove(index);
                items.is_empty()
            }
            _ => return None,
        };
        if empty && holder.is_array() {
            // A list without an item is written as a key without a value.
            *holder = Value::Null;
        }
        let made = path.len() - depth < prune;
        if !empty || depth == 1 || !made {
            return Some(depth);
        }
        depth -= 1;
    }
}
