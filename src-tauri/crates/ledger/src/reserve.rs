//! Table `reserve`: one row an attempt, from its record in the journal.
//! Owns its insert and the search for attempts that were left open.

use crate::entry::{Entry, Place};
use crate::name::Names;
use crate::rollup::Key;
use crate::row::{Columns, key_columns};
use rusqlite::{Connection, ErrorCode, params};
use std::collections::HashMap;
use weir_core::Money;

const INSERT: &str = "INSERT INTO reserve (request_id, attempt, at_ms, day, zone, client, project,
    session, category, endpoint, asked_model, provider, model, task, tier, reason, confidence,
    local, uncounted, reserved_nano, input_tokens, output_tokens)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22)";

const SELECT_OPEN: &str = concat!(
    "SELECT r.request_id, r.attempt, r.reserved_nano, r.uncounted, r.input_tokens, r.output_tokens, ",
    key_columns!(),
    " FROM reserve r LEFT JOIN settle s ON s.request_id = r.request_id AND s.attempt = r.attempt
    WHERE r.request_id >= ?1 AND s.request_id IS NULL"
);

const SELECT_KEY: &str = concat!(
    "SELECT r.request_id, r.attempt, r.reserved_nano, r.uncounted, r.input_tokens, r.output_tokens, ",
    key_columns!(),
    " FROM reserve r WHERE r.request_id = ?1 AND r.attempt = ?2"
);

const SELECT_ONE: &str = "SELECT 1 FROM reserve WHERE request_id = ?1 AND attempt = ?2";

/// What is remembered of an open attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where its sums go.
    pub key: Key,
    /// In no sum.
    pub uncounted: bool,
    /// Nano-dollars set aside; `None` when unpriced.
    pub reserved: Option<i64>,
    /// The most tokens it can use: prompt and answer.
    pub tokens: (i64, i64),
}

impl Open {
    /// What was set aside; `None` when unpriced.
    pub fn ask(&self) -> Option<Money> {
        self.reserved.map(Money::from_nano)
    }
}

/// The numbers of a reservation's texts.
struct Ids {
    zone: i64,
    client: i64,
    project: Option<i64>,
    session: Option<i64>,
    category: Option<i64>,
    endpoint: i64,
    asked_model: i64,
    provider: i64,
    model: i64,
    task: Option<i64>,
    tier: Option<i64>,
    reason: i64,
}

impl Ids {
    /// The numbers, given to texts that have none.
    fn learn(entry: &Entry<'_>, conn: &Connection, names: &mut Names) -> rusqlite::Result<Self> {
        let mut id = |text: &str| names.id(conn, text);
        Ok(Self {
            zone: id(entry.zone)?,
            client: id(entry.client)?,
            project: entry.project.map(&mut id).transpose()?,
            session: entry.session.map(&mut id).transpose()?,
            category: entry.category.map(&mut id).transpose()?,
            endpoint: id(entry.endpoint)?,
            asked_model: id(entry.asked_model)?,
            provider: id(entry.provider)?,
            model: id(entry.model)?,
            task: entry.task.map(&mut id).transpose()?,
            tier: entry.tier.map(&mut id).transpose()?,
            reason: id(entry.reason)?,
        })
    }

    fn key(&self, day: i32, local: bool) -> Key {
        let or_none = |id: Option<i64>| id.unwrap_or(Key::NONE);
        Key {
            day,
            local,
            provider: self.provider,
            model: self.model,
            task: or_none(self.task),
            tier: or_none(self.tier),
            category: or_none(self.category),
            client: self.client,
            project: or_none(self.project),
        }
    }
}

/// Writes the row and the names it brings. Call inside a transaction. `None` when there is a row
/// of that place already, or when the table refuses this one.
pub(crate) fn insert(
    conn: &Connection,
    names: &mut Names,
    entry: &Entry<'_>,
) -> rusqlite::Result<Option<Open>> {
    let ids = Ids::learn(entry, conn, names)?;
    let done = conn.prepare_cached(INSERT)?.execute(params![
        entry.id,
        entry.attempt,
        entry.at_ms,
        entry.day,
        ids.zone,
        ids.client,
        ids.project,
        ids.session,
        ids.category,
        ids.endpoint,
        ids.asked_model,
        ids.provider,
        ids.model,
        ids.task,
        ids.tier,
        ids.reason,
        entry.confidence,
        entry.local,
        entry.uncounted,
        entry.reserved,
        entry.input_tokens,
        entry.output_tokens,
    ]);
    match done {
        // The statement is undone, the transaction goes on.
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(None),
        done => {
            done?;
            let (key, uncounted) = (ids.key(entry.day, entry.local), entry.uncounted);
            let tokens = (entry.input_tokens, entry.output_tokens);
            Ok(Some(Open { key, uncounted, reserved: entry.reserved, tokens }))
        }
    }
}

/// Whether the place has a row.
pub(crate) fn has(conn: &Connection, place: Place) -> rusqlite::Result<bool> {
    conn.prepare_cached(SELECT_ONE)?.exists(params![place.0, place.1])
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Place, Open)> {
    let mut c = Columns::of(row);
    let place = (c.take()?, c.take()?);
    let (reserved, uncounted) = (c.take()?, c.take()?);
    let tokens = (c.take()?, c.take()?);
    Ok((place, Open { key: c.key()?, uncounted, reserved, tokens }))
}

/// Every attempt from that request on that has no settlement.
pub(crate) fn open_from(conn: &Connection, id: i64) -> rusqlite::Result<HashMap<Place, Open>> {
    conn.prepare_cached(SELECT_OPEN)?.query_map([id], read)?.collect()
}

/// One attempt's reservation; an error when there is none.
pub(crate) fn find(conn: &Connection, place: Place) -> rusqlite::Result<Open> {
    Ok(conn.prepare_cached(SELECT_KEY)?.query_row(params![place.0, place.1], read)?.1)
}

/// The highest request id in the table; 0 when it is empty.
pub(crate) fn newest(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT coalesce(max(request_id), 0) FROM reserve", [], |r| r.get(0))
}
