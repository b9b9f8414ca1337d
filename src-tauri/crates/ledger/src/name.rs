//! Table `name`: every text that rows repeat, kept once and referred to by number.
//! Owns the bound on a text's length, so that no client can bloat the ledger with a header.

use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes kept of a text that came from outside; cut on a character's edge.
pub const TEXT_BYTES_MAX: usize = 200;

/// Texts held in memory a side. Past that the memory is emptied and the table asked again.
const NAMES_CACHED_MAX: usize = 8192;

const SELECT_ID: &str = "SELECT id FROM name WHERE text = ?1";
const SELECT_TEXT: &str = "SELECT text FROM name WHERE id = ?1";
const INSERT: &str = "INSERT INTO name (text) VALUES (?1)";

/// The text, cut to `TEXT_BYTES_MAX`.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// The writer's side: text to number.
#[derive(Default)]
pub(crate) struct Names {
    ids: HashMap<Box<str>, i64>,
    /// Learned in the transaction that is open; forgotten if it is rolled back, because then the
    /// numbers will be given to other texts.
    fresh: Vec<Box<str>>,
}

impl Names {
    /// The number of a text, given one if it has none. Call inside a transaction, and follow
    /// with `keep` or `forget`.
    pub fn id(&mut self, conn: &Connection, text: &str) -> rusqlite::Result<i64> {
        let text = cut(text);
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        let found = conn.prepare_cached(SELECT_ID)?.query_row([text], |r| r.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => conn.prepare_cached(INSERT)?.insert([text])?,
        };
        if self.ids.len() >= NAMES_CACHED_MAX {
            self.ids.clear();
            self.fresh.clear();
        }
        self.ids.insert(text.into(), id);
        self.fresh.push(text.into());
        Ok(id)
    }

    /// The transaction was committed.
    pub fn keep(&mut self) {
        self.fresh.clear();
    }

    /// The transaction was rolled back.
    pub fn forget(&mut self) {
        for text in self.fresh.drain(..) {
            self.ids.remove(&text);
        }
    }
}

/// A reader's side: number to text.
#[derive(Default)]
pub(crate) struct Texts(HashMap<i64, Arc<str>>);

impl Texts {
    /// The text of a number.
    pub fn text(&mut self, conn: &Connection, id: i64) -> rusqlite::Result<Arc<str>> {
        if let Some(text) = self.0.get(&id) {
            return Ok(text.clone());
        }
        let text: Arc<str> = conn
            .prepare_cached(SELECT_TEXT)?
            .query_row([id], |r| r.get::<_, String>(0))
            .optional()?
            // Only a damaged file can lack a name, and a row without one is better than no row.
            .unwrap_or_else(|| "(lost)".to_owned())
            .into();
        if self.0.len() >= NAMES_CACHED_MAX {
            self.0.clear();
        }
        self.0.insert(id, text.clone());
        Ok(text)
    }
}

/// The number of a text for a reader; `None` when no row can carry it.
pub(crate) fn find(conn: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(SELECT_ID)?.query_row([cut(text)], |r| r.get(0)).optional()
}
