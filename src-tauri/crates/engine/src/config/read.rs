//! Reads a TOML document by hand, so that every problem is found at once and each has its line.
//! Owns what a section, a value and a problem are; knows no key of Weir's. (A serde derive stops
//! at the first problem.)

use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_core::Money;

/// One thing wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The line it is on, from 1.
    pub line: usize,
    /// The key, with its section: `providers.anthropic.dialect`. Empty for a syntax error.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}", self.reason, self.fix)
    }
}

/// A value with the line and the key it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its line, from 1.
    pub line: usize,
    /// Its key, with its section.
    pub key: String,
}

impl<T> At<T> {
    /// A problem with this value.
    pub fn problem(&self, reason: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem { line: self.line, key: self.key.clone(), reason: reason.into(), fix: fix.into() }
    }
}

/// The text being read and what was found wrong so far.
pub struct Reading {
    starts: Vec<usize>,
    /// Problems in the order they were met.
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Reads `text`; `walk` is given the top table, whole or what could be recovered of it.
    pub fn of<T>(text: &str, walk: impl FnOnce(&mut Section<'_, '_>, &mut Self) -> T) -> (T, Self) {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .collect();
        let mut reading = Self { starts, problems: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map_or(1, |s| reading.line(s.start));
            let reason = format!("not valid TOML: {}", error.message().trim().replace('\n', ", "));
            let fix = "Put it right; text goes in quotes, tables in [brackets]".into();
            reading.problems.push(Problem { line, key: String::new(), reason, fix });
        }
        let mut top = Section::new(table.get_ref(), String::new(), 1);
        let walked = walk(&mut top, &mut reading);
        top.finish(&mut reading);
        (walked, reading)
    }

    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }
}

/// One table of the document. A key that nobody asked for by the end is a problem.
pub struct Section<'t, 'd> {
    table: &'t DeTable<'d>,
    path: String,
    /// The line it begins on.
    pub line: usize,
    known: Vec<&'static str>,
}

type Value<'t, 'd> = &'t Spanned<DeValue<'d>>;

impl<'t, 'd> Section<'t, 'd> {
    fn new(table: &'t DeTable<'d>, path: String, line: usize) -> Self {
        Self { table, path, line, known: Vec::new() }
    }

    /// The key with this section's path before it.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Wraps the section itself, to hang a problem on.
    pub fn at<T>(&self, value: T) -> At<T> {
        At { value, line: self.line, key: self.path.clone() }
    }

    fn take(&mut self, key: &'static str) -> Option<Value<'t, 'd>> {
        self.known.push(key);
        self.table.get(key)
    }

    fn typed<T>(
        &mut self,
        reading: &mut Reading,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(&DeValue<'d>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.take(key)?;
        let line = reading.line(value.span().start);
        let key = self.key(key);
        if let Some(value) = convert(value.get_ref()) {
            return Some(At { value, line, key });
        }
        let reason = format!("{} where {expected} is expected", kind(value.get_ref()));
        let fix = format!("Write {expected}");
        reading.problems.push(Problem { line, key, reason, fix });
        None
    }

    /// A text.
    pub fn text(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<String>> {
        self.typed(reading, key, "a text in quotes", |v| v.as_str().map(str::to_owned))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<bool>> {
        self.typed(reading, key, "true or false", DeValue::as_bool)
    }

    /// A whole number.
    pub fn integer(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<i64>> {
        self.typed(reading, key, "a whole number", integer)
    }

    /// A fraction from 0 to 1 in thousandths, read as text: no float is involved.
    pub fn share(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<u16>> {
        self.typed(reading, key, "a number from 0 to 1 with at most three decimals", thousandths)
    }

    /// An amount in dollars, as a number or as a text, exact to the nano-dollar.
    pub fn money(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<Money>> {
        self.typed(reading, key, "an amount in dollars such as 2.00", |value| {
            decimal(value)?.parse().ok()
        })
    }

    /// A list of texts; one text counts as a list of one.
    pub fn texts(
        &mut self,
        reading: &mut Reading,
        key: &'static str,
    ) -> Option<At<Vec<At<String>>>> {
        let value = self.take(key)?;
        let line = reading.line(value.span().start);
        let key = self.key(key);
        let one = |v: Value<'t, 'd>, key: String, line: usize| {
            Some(At { value: v.get_ref().as_str()?.to_owned(), line, key })
        };
        let items: Option<Vec<_>> = match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .enumerate()
                .map(|(i, v)| one(v, format!("{key}[{i}]"), reading.line(v.span().start)))
                .collect(),
            _ => one(value, key.clone(), line).map(|t| vec![t]),
        };
        if let Some(value) = items {
            return Some(At { value, line, key });
        }
        let reason = "not a list of texts".to_owned();
        let fix = "Write [\"one\", \"two\"]".to_owned();
        reading.problems.push(Problem { line, key, reason, fix });
        None
    }

    /// A list of whole numbers.
    pub fn integers(&mut self, reading: &mut Reading, key: &'static str) -> Option<At<Vec<i64>>> {
        self.typed(reading, key, "a list of whole numbers such as [70, 90, 100]", |value| {
            value.as_array()?.iter().map(|v| integer(v.get_ref())).collect()
        })
    }

    /// A table below this one.
    pub fn section(&mut self, reading: &mut Reading, key: &'static str) -> Option<Section<'t, 'd>> {
        let value = self.take(key)?;
        self.descend(reading, key, value)
    }

    /// A list of tables below this one (`[[key]]`).
    pub fn sections(&mut self, reading: &mut Reading, key: &'static str) -> Vec<Section<'t, 'd>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            let line = reading.line(value.span().start);
            let reason = format!("{} where a list of tables is expected", kind(value.get_ref()));
            let fix = format!("Begin each with [[{}]]", self.key(key));
            reading.problems.push(Problem { line, key: self.key(key), reason, fix });
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let name = format!("{key}[{i}]");
            sections.extend(self.descend(reading, &name, item));
        }
        sections
    }

    /// Every table below this one under a name of the user's, in the order they are written.
    pub fn named(&mut self, reading: &mut Reading) -> Vec<(String, Section<'t, 'd>)> {
        self.written()
            .into_iter()
            .filter_map(|(name, value)| {
                let section = self.descend(reading, &name, value)?;
                Some((name, section))
            })
            .collect()
    }

    /// Every value below this one under a name of the user's: fractions, as `share` reads them.
    pub fn named_shares(&mut self, reading: &mut Reading) -> Vec<(String, At<u16>)> {
        let mut shares = Vec::new();
        for (name, value) in self.written() {
            let line = reading.line(value.span().start);
            let key = self.key(&name);
            match thousandths(value.get_ref()) {
                Some(value) => shares.push((name, At { value, line, key })),
                None => reading.problems.push(Problem {
                    line,
                    key,
                    reason: format!(
                        "{} where a number from 0 to 1 is expected",
                        kind(value.get_ref())
                    ),
                    fix: "Write for example 0.92".into(),
                }),
            }
        }
        shares
    }

    /// Every text below this one under a name of the user's.
    pub fn named_texts(&mut self, reading: &mut Reading) -> Vec<(String, At<String>)> {
        let mut texts = Vec::new();
        for (name, value) in self.written() {
            let line = reading.line(value.span().start);
            let key = self.key(&name);
            match value.get_ref().as_str() {
                Some(text) => texts.push((name, At { value: text.to_owned(), line, key })),
                None => reading.problems.push(Problem {
                    line,
                    key,
                    reason: format!("{} where a text is expected", kind(value.get_ref())),
                    fix: "Write it in quotes".into(),
                }),
            }
        }
        texts
    }

    /// Every value below this one under a name of the user's: amounts in dollars.
    pub fn named_money(&mut self, reading: &mut Reading) -> Vec<(String, At<Money>)> {
        let mut amounts = Vec::new();
        for (name, value) in self.written() {
            let line = reading.line(value.span().start);
            let key = self.key(&name);
            match decimal(value.get_ref()).and_then(|text| text.parse().ok()) {
                Some(value) => amounts.push((name, At { value, line, key })),
                None => reading.problems.push(Problem {
                    line,
                    key,
                    reason: format!(
                        "{} where an amount in dollars is expected",
                        kind(value.get_ref())
                    ),
                    fix: "Write for example 2.00".into(),
                }),
            }
        }
        amounts
    }

    /// Every whole number below this one under a name of the user's, but for keys taken already.
    pub fn named_integers(&mut self, reading: &mut Reading) -> Vec<(String, At<i64>)> {
        let mut numbers = Vec::new();
        for (name, value) in self.written() {
            if self.known.contains(&name.as_str()) {
                continue;
            }
            let line = reading.line(value.span().start);
            let key = self.key(&name);
            match integer(value.get_ref()) {
                Some(value) => numbers.push((name, At { value, line, key })),
                None => reading.problems.push(Problem {
                    line,
                    key,
                    reason: format!("{} where a whole number is expected", kind(value.get_ref())),
                    fix: "Write for example 25".into(),
                }),
            }
        }
        numbers
    }

    /// Reports every key that nobody asked for. Not for tables whose names are the user's.
    pub fn finish(&self, reading: &mut Reading) {
        for (name, value) in self.table {
            if self.known.contains(&name.get_ref().as_ref()) {
                continue;
            }
            let line = reading.line(name.span().start.min(value.span().start));
            let fix = match nearest(name.get_ref(), &self.known) {
                Some(known) => format!("Did you mean {known}?"),
                None => format!("Known here: {}", self.known.join(", ")),
            };
            let key = self.key(name.get_ref());
            reading.problems.push(Problem { line, key, reason: "unknown key".into(), fix });
        }
    }

    fn written(&self) -> Vec<(String, Value<'t, 'd>)> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_by_key(|(name, _)| name.span().start);
        all.into_iter().map(|(name, value)| (name.get_ref().to_string(), value)).collect()
    }

    fn descend(
        &self,
        reading: &mut Reading,
        key: &str,
        value: Value<'t, 'd>,
    ) -> Option<Section<'t, 'd>> {
        let line = reading.line(value.span().start);
        let path = self.key(key);
        if let Some(table) = value.get_ref().as_table() {
            return Some(Section::new(table, path, line));
        }
        let reason = format!("{} where a table is expected", kind(value.get_ref()));
        let fix = format!("Write [{path}] and its keys below");
        reading.problems.push(Problem { line, key: path, reason, fix });
        None
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The digits of a number as they are written, without underscores.
fn decimal(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.trim().trim_start_matches('$').to_owned()),
        DeValue::Float(float) => Some(float.as_str().trim_start_matches('+').to_owned()),
        DeValue::Integer(_) => integer(value).map(|n| n.to_string()),
        _ => None,
    }
}

fn thousandths(value: &DeValue<'_>) -> Option<u16> {
    let text = decimal(value).filter(|_| !value.is_str())?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(fraction).filter(|t| *t <= 1000)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number that does not fit",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The known name within two edits of a mistyped one.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let ranked = known.iter().map(|k| (edits(name, k), *k));
    ranked
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
