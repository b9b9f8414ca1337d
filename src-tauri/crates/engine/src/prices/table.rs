//! The price table: its text, and the providers of it that have been asked for.
//! Owns the memory: a provider is decoded when its first price is asked for, and only the last
//! few stay decoded (one costs 2 to 7 MB, all 47 of them 19 MB).

use super::names;
use genai_prices::Calculator;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The table of genai-prices, which `tests/prices/table.py` writes.
pub(super) const BUNDLED: &[u8] = include_bytes!("../../data/genai-prices.json");
/// Its version, and the newest day that a remark in it names. The table has no date of its own,
/// and rows in it may begin in the future.
pub(super) const BUNDLED_SOURCE: &str = "built in (genai-prices 0.2.3, checked up to 2026-11-04)";

/// Providers that stay decoded. People use two or three.
const SHELVES_MAX: usize = 4;
/// Addresses whose list is remembered.
const RESOLVED_MAX: usize = 256;

/// A price table that has been taken apart into its providers.
pub(super) struct Table {
    text: Cow<'static, [u8]>,
    source: String,
    entries: Vec<Entry>,
    shelves: Mutex<Vec<Arc<Shelf>>>,
    resolved: Mutex<HashMap<(String, String), Option<usize>>>,
}

/// Where a provider is in the text.
struct Entry {
    id: String,
    api_pattern: String,
    fallbacks: Vec<String>,
    models: usize,
    span: Range<usize>,
}

#[derive(Deserialize)]
struct Head<'a> {
    id: Cow<'a, str>,
    api_pattern: Cow<'a, str>,
    fallback_model_providers: Option<Vec<String>>,
    models: Option<Vec<serde::de::IgnoredAny>>,
}

/// One provider of the table, decoded.
pub(super) struct Shelf {
    pub provider: String,
    pub calculator: Calculator,
    starts: Arc<[u64]>,
}

impl Shelf {
    /// Every prompt size above which a price of this provider changes, ascending.
    pub fn starts(&self) -> Arc<[u64]> {
        Arc::clone(&self.starts)
    }
}

impl Table {
    /// The table that is built in.
    pub fn bundled() -> Self {
        Self::read(Cow::Borrowed(BUNDLED), BUNDLED_SOURCE.into())
            .expect("a test reads every provider of the built-in table")
    }

    /// Takes a table apart. Prices are decoded, and so checked, by [`Table::shelf`].
    ///
    /// # Errors
    /// The text is not a JSON list of providers.
    pub fn read(text: Cow<'static, [u8]>, source: String) -> Result<Self, String> {
        let entries = entries(&text)?;
        Ok(Self { text, source, entries, shelves: Mutex::default(), resolved: Mutex::default() })
    }

    /// Where it comes from, with its date.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Models in it.
    pub fn models(&self) -> usize {
        self.entries.iter().map(|entry| entry.models).sum()
    }

    /// The ids of its providers, in its order.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.id.as_str())
    }

    /// The text itself.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Providers whose models this one also serves.
    pub fn fallbacks(&self, provider: usize) -> Vec<usize> {
        self.entries[provider].fallbacks.iter().filter_map(|id| self.index(id)).collect()
    }

    /// Decodes a provider and lets go of it again.
    ///
    /// # Errors
    /// What is wrong with its rows.
    pub fn check(&self, provider: usize) -> Result<(), String> {
        self.decode(&self.entries[provider]).map(drop)
    }

    /// The provider of that id.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// A provider as its JSON.
    pub fn json(&self, provider: usize) -> Result<Value, String> {
        serde_json::from_slice(self.part(&self.entries[provider].id)).map_err(|e| e.to_string())
    }

    /// Which provider of the table bills a configured one. The address decides, because it says
    /// who sends the bill; then the name, which is how a company's own gateway in front of a
    /// provider is priced. Neither: nobody knows.
    pub fn provider_of(&self, name: &str, base_url: &str) -> Option<usize> {
        if let Some(id) = names::by_known_address(base_url) {
            return self.index(id);
        }
        let key = (name.to_owned(), base_url.to_owned());
        if let Some(known) = self.resolved.lock().get(&key) {
            return *known;
        }
        let by_address =
            || if names::is_own_machine(base_url) { None } else { self.by_address(base_url) };
        let found = by_address().or_else(|| self.index(names::spelled(name)));
        let mut resolved = self.resolved.lock();
        if resolved.len() >= RESOLVED_MAX {
            resolved.clear();
        }
        resolved.insert(key, found);
        found
    }

    /// By the table's own address patterns. They are compiled for the occasion (3 ms): an address
    /// that is not one of the well-known ones is asked for once.
    fn by_address(&self, base_url: &str) -> Option<usize> {
        let stubs: Vec<Value> = self
            .entries
            .iter()
            .map(|e| serde_json::json!({"id": e.id, "name": e.id, "api_pattern": e.api_pattern}))
            .collect();
        let patterns = Calculator::from_json(Value::Array(stubs).to_string()).ok()?;
        let found = patterns.find_provider(None, Some(base_url)).ok()??;
        self.index(found.id())
    }

    /// A provider, decoded, with those whose models it also serves.
    ///
    /// # Errors
    /// What is wrong with its rows.
    pub fn shelf(&self, provider: usize) -> Result<Arc<Shelf>, String> {
        let entry = &self.entries[provider];
        let mut shelves = self.shelves.lock();
        if let Some(at) = shelves.iter().position(|shelf| shelf.provider == entry.id) {
            let shelf = shelves.remove(at);
            shelves.push(Arc::clone(&shelf));
            return Ok(shelf);
        }
        let shelf = Arc::new(self.decode(entry)?);
        if shelves.len() >= SHELVES_MAX {
            shelves.remove(0);
        }
        shelves.push(Arc::clone(&shelf));
        Ok(shelf)
    }

    /// Providers that are decoded now.
    #[cfg(test)]
    pub fn decoded(&self) -> usize {
        self.shelves.lock().len()
    }

    fn decode(&self, entry: &Entry) -> Result<Shelf, String> {
        let mut text = vec![b'['];
        let ids = std::iter::once(&entry.id).chain(&entry.fallbacks);
        for (i, id) in ids.filter(|id| self.index(id).is_some()).enumerate() {
            if i > 0 {
                text.push(b',');
            }
            text.extend_from_slice(self.part(id));
        }
        text.push(b']');
        let calculator = Calculator::from_json(&text).map_err(|e| e.to_string())?;
        let rows: Value = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        let mut starts = Vec::new();
        collect_starts(&rows, &mut starts);
        starts.sort_unstable();
        starts.dedup();
        Ok(Shelf { provider: entry.id.clone(), calculator, starts: starts.into() })
    }

    fn part(&self, id: &str) -> &[u8] {
        let span = self.entries.iter().find(|e| e.id == id).map(|e| e.span.clone());
        &self.text[span.unwrap_or_default()]
    }
}

fn entries(text: &[u8]) -> Result<Vec<Entry>, String> {
    let items: Vec<&RawValue> =
        serde_json::from_slice(text).map_err(|e| format!("not a JSON list of providers: {e}"))?;
    let mut entries: Vec<Entry> = Vec::with_capacity(items.len());
    for item in items {
        let raw = item.get();
        let head: Head = serde_json::from_str(raw).map_err(|e| format!("not a provider: {e}"))?;
        if entries.iter().any(|e| e.id == head.id) {
            return Err(format!("the provider {} is in it twice", head.id));
        }
        // A raw value borrows from the text it was read from.
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        entries.push(Entry {
            id: head.id.into_owned(),
            api_pattern: head.api_pattern.into_owned(),
            fallbacks: head.fallback_model_providers.unwrap_or_default(),
            models: head.models.map_or(0, |models| models.len()),
            span: start..start + raw.len(),
        });
    }
    Ok(entries)
}

/// Every `start` of a band, wherever it stands; one too many only splits a band in two.
pub(super) fn collect_starts(value: &Value, starts: &mut Vec<u64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_starts(item, starts)),
        Value::Object(fields) => {
            starts.extend(fields.get("start").and_then(Value::as_u64));
            fields.values().for_each(|field| collect_starts(field, starts));
        }
        _ => {}
    }
}
