//! Reads `prices.toml`: every mistake at once, each with its line.
//! Owns the keys of the file and the reading of a price as text: no float is involved.

use super::overrides::{Row, Written};
use super::{PriceFileProblem, RowProblem};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_core::price::Pico;

/// Bytes of an override file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Decimals of a price per million tokens: the sixth is one pico-dollar a token.
const DECIMALS_PER_MILLION: usize = 6;
/// Decimals of a price each: the twelfth is one pico-dollar.
const DECIMALS_EACH: usize = 12;
/// The dearest unit, in pico-dollars: ten dollars, as for the table.
const PICO_MAX: u64 = 10_000_000_000_000;

const ROW_KEYS: [&str; 16] = [
    "provider",
    "model",
    "service_tier",
    "speed",
    "from",
    "above",
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "cache_read_audio",
    "output_audio",
    "web_search",
    "file_search",
];
const BAND_KEYS: [&str; 11] = [
    "prompt_tokens",
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "cache_read_audio",
    "output_audio",
    "web_search",
    "file_search",
];

const PRICE_KEYS: [&str; 10] = [
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "cache_read_audio",
    "output_audio",
    "web_search",
    "file_search",
];

/// Reads the file.
pub(super) fn open(path: &Path) -> Result<Vec<Row>, PriceFileProblem> {
    let failed = |source| PriceFileProblem::Read { path: path.into(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        let large = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(failed(std::io::Error::new(std::io::ErrorKind::FileTooLarge, large)));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    read(&text).map_err(|problems| PriceFileProblem::Rows { path: path.into(), problems })
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Vec<RowProblem>> {
    let mut reader = Reader { text, problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.wrong(at, format!("not valid TOML: {}", error.message().trim().replace('\n', ", ")));
    }
    let mut rows = Vec::new();
    for (key, value) in table.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("price", DeValue::Array(items)) => {
                rows.extend(items.iter().filter_map(|item| reader.row(item)));
            }
            ("price", _) => reader.wrong(value.span().start, "write each row as [[price]]".into()),
            (other, _) => {
                let reason = format!("unknown key {other}: the rows of this file are [[price]]");
                reader.wrong(key.span().start, reason);
            }
        }
    }
    if reader.problems.is_empty() {
        return Ok(rows);
    }
    reader.problems.sort_by_key(|problem| problem.line);
    Err(reader.problems)
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<RowProblem>,
}

type Value<'v, 't> = &'v Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    fn wrong(&mut self, at: usize, reason: String) {
        let line = self.line(at);
        self.problems.push(RowProblem { line, reason });
    }

    fn row(&mut self, item: Value<'_, 't>) -> Option<Row> {
        let start = item.span().start;
        let DeValue::Table(table) = item.get_ref() else {
            self.wrong(start, "a row is a table: write [[price]] and its keys below".into());
            return None;
        };
        self.unknown_keys(table, &ROW_KEYS);
        let mut row = Row { line: self.line(start), ..Row::default() };
        row.provider = self.name(table, "provider", start);
        row.model = self.name(table, "model", start);
        row.service_tier = self.text_of(table, "service_tier").map(|t| t.to_ascii_lowercase());
        row.speed = self.text_of(table, "speed").map(|t| t.to_ascii_lowercase());
        row.from_ms = table.get("from").and_then(|value| self.date(value));
        row.base = self.written(table);
        if !PRICE_KEYS.iter().any(|key| table.contains_key(*key)) {
            self.wrong(start, "the row has no price: give it at least input and output".into());
        }
        if let Some(above) = table.get("above") {
            row.above = self.bands(above);
        }
        Some(row)
    }

    fn unknown_keys(&mut self, table: &DeTable<'t>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let reason = format!("unknown key {}; known are {}", key.get_ref(), known.join(", "));
            self.wrong(key.span().start, reason);
        }
    }

    fn name(&mut self, table: &DeTable<'t>, key: &str, start: usize) -> String {
        if !table.contains_key(key) {
            self.wrong(
                start,
                format!("{key} is missing: write {key} = \"…\", or \"*\" for every one"),
            );
        }
        let name = self.text_of(table, key).unwrap_or_default();
        if let Some(value) = table.get(key).filter(|v| v.get_ref().as_str() == Some("")) {
            self.wrong(value.span().start, format!("{key} is empty; \"*\" stands for every one"));
        }
        name
    }

    fn text_of(&mut self, table: &DeTable<'t>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(value.span().start, format!("{key} is a text: put it in quotes"));
        }
        text
    }

    /// A day, as a TOML date or a text; it begins at midnight UTC, like the table's.
    fn date(&mut self, value: Value<'_, 't>) -> Option<i64> {
        let text = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let day: Option<jiff::civil::Date> = text.parse().ok().filter(|_| text.len() == 10);
        let start = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        if start.is_none() {
            self.wrong(value.span().start, "from is a day such as 2026-12-01".into());
        }
        start.map(|zoned| zoned.timestamp().as_millisecond())
    }

    fn written(&mut self, table: &DeTable<'t>) -> Written {
        let mut per_million = |key| self.price(table, key, DECIMALS_PER_MILLION);
        Written {
            input: per_million("input"),
            output: per_million("output"),
            cache_read: per_million("cache_read"),
            cache_write_5m: per_million("cache_write_5m"),
            cache_write_1h: per_million("cache_write_1h"),
            input_audio: per_million("input_audio"),
            cache_read_audio: per_million("cache_read_audio"),
            output_audio: per_million("output_audio"),
            web_search: self.price(table, "web_search", DECIMALS_EACH),
            file_search: self.price(table, "file_search", DECIMALS_EACH),
        }
    }

    fn price(&mut self, table: &DeTable<'t>, key: &str, decimals: usize) -> Option<Pico> {
        let value = table.get(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            _ => "",
        };
        let pico = decimal(text, decimals).filter(|pico| *pico <= PICO_MAX);
        if pico.is_none() {
            let of = if key.ends_with("_search") { "for one search" } else { "per million tokens" };
            self.wrong(
                value.span().start,
                format!("{key} is dollars {of} with at most {decimals} decimals, such as \"0.25\""),
            );
        }
        pico.map(Pico)
    }

    fn bands(&mut self, above: Value<'_, 't>) -> Vec<(u64, Written)> {
        let at = above.span().start;
        let DeValue::Array(items) = above.get_ref() else {
            self.wrong(at, "above is a list: [{ prompt_tokens = 200000, input = \"…\" }]".into());
            return Vec::new();
        };
        let mut bands: Vec<(u64, Written)> = Vec::new();
        for item in items {
            let at = item.span().start;
            let DeValue::Table(table) = item.get_ref() else {
                self.wrong(at, "a band is { prompt_tokens = 200000, input = \"…\" }".into());
                continue;
            };
            self.unknown_keys(table, &BAND_KEYS);
            let written = self.written(table);
            let start = table.get("prompt_tokens").and_then(|v| match v.get_ref() {
                DeValue::Integer(integer) => integer.as_str().parse().ok(),
                _ => None,
            });
            match start {
                None => self.wrong(at, "prompt_tokens, a whole number, is missing".into()),
                Some(start) if bands.iter().any(|(known, _)| *known == start) => {
                    self.wrong(at, format!("there are two bands above {start} tokens"));
                }
                Some(start) => bands.push((start, written)),
            }
        }
        bands.sort_by_key(|(start, _)| *start);
        bands
    }
}

/// A plain decimal as a whole number of its `decimals`-th place.
fn decimal(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}
