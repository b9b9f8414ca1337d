//! Prices that were derived before, so that a request's path pays for a look-up only.
//! Owns the bound: a client may ask for any number of model names.

use super::derive::Quote;
use super::{Asked, Unpriced};
use std::collections::HashMap;
use std::sync::Arc;

/// Models, contexts and failures remembered. At the limit all are forgotten: a full cache means
/// that somebody asks for names at random, and a re-derivation costs microseconds.
const ENTRIES_MAX: usize = 1_024;

/// Whose price it is.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key(String);

impl Key {
    pub fn of(asked: &Asked) -> Self {
        // A unit separator occurs in no name, address or tier that could be told apart by it.
        const GAP: char = '\u{1f}';
        let tier = asked.context.service_tier.as_deref().unwrap_or_default();
        let speed = asked.context.speed.as_deref().unwrap_or_default();
        let geo = asked.context.geo.as_deref().unwrap_or_default();
        let parts = [asked.provider, asked.base_url, asked.model, tier, speed, geo];
        let mut text = String::with_capacity(parts.iter().map(|p| p.len() + 1).sum());
        for part in parts {
            text.push_str(part);
            text.push(GAP);
        }
        Self(text)
    }
}

/// The prices of one model in one context, by band, as they are in one minute.
pub(super) struct Entry {
    minute: i64,
    starts: Arc<[u64]>,
    bands: Vec<Option<Result<Quote, Unpriced>>>,
}

impl Entry {
    pub fn new(minute: i64, starts: Arc<[u64]>) -> Self {
        let bands = vec![None; starts.len() + 1];
        Self { minute, starts, bands }
    }

    /// A band begins above its start: a prompt of exactly `start` tokens is in the one below.
    fn band(&self, prompt_tokens: u64) -> usize {
        self.starts.partition_point(|start| *start < prompt_tokens)
    }
}

#[derive(Default)]
pub(super) struct Cache(HashMap<Key, Entry>);

impl Cache {
    /// The price, if it was derived in this minute: rows begin at a minute of the day or later.
    pub fn get(&self, key: &Key, minute: i64, prompt: u64) -> Option<Result<Quote, Unpriced>> {
        let entry = self.0.get(key).filter(|entry| entry.minute == minute)?;
        entry.bands[entry.band(prompt)].clone()
    }

    pub fn put(&mut self, key: Key, fresh: Entry, prompt: u64, found: Result<Quote, Unpriced>) {
        if self.0.len() >= ENTRIES_MAX && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let entry = self.0.entry(key).or_insert_with(|| Entry::new(fresh.minute, Arc::default()));
        if entry.minute != fresh.minute || entry.starts != fresh.starts {
            *entry = fresh;
        }
        let band = entry.band(prompt);
        entry.bands[band] = Some(found);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
