//! Table `reserve`: one row an attempt, written before the attempt leaves.
//! Owns its insert and the search for attempts that were left open.

use crate::name::Names;
use crate::rollup::Key;
use crate::rows::Reserve;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// Tokens kept of a count. No call uses ten billion; a provider that says so must not be able to
/// overflow a sum.
const TOKENS_MAX: u64 = 10_000_000_000;

const INSERT: &str = "INSERT INTO reserve (request_id, attempt, at_ms, day, zone, client, project,
    session, category, endpoint, asked_model, provider, model, task, tier, reason, confidence,
    local, uncounted, reserved_nano, input_tokens, output_tokens)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    ?20, ?21, ?22)";

const SELECT_OPEN: &str = "SELECT r.request_id, r.attempt, r.reserved_nano, r.uncounted,
    r.day, r.local, r.provider, r.model, r.task, r.tier, r.category, r.client, r.project
    FROM reserve r LEFT JOIN settle s ON s.request_id = r.request_id AND s.attempt = r.attempt
    WHERE r.request_id >= ?1 AND s.request_id IS NULL";

const SELECT_KEY: &str = "SELECT request_id, attempt, reserved_nano, uncounted,
    day, local, provider, model, task, tier, category, client, project
    FROM reserve WHERE request_id = ?1 AND attempt = ?2";

/// An attempt's place: request and attempt.
pub(crate) type Place = (i64, u16);

/// What is remembered of an open attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where its sums go.
    pub key: Key,
    /// In no sum.
    pub uncounted: bool,
    /// Nano-dollars set aside; `None` when unpriced.
    pub reserved: Option<i64>,
}

/// A token count as it is stored.
pub(crate) fn tokens(count: u64) -> i64 {
    count.min(TOKENS_MAX).cast_signed()
}

/// The numbers of a reservation's texts.
pub(crate) struct Ids {
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
    fn gather<E>(
        row: &Reserve<'_>,
        zone: &str,
        mut id: impl FnMut(&str) -> Result<i64, E>,
    ) -> Result<Self, E> {
        let mut maybe = |text: Option<&str>| match text {
            Some(text) if !text.is_empty() => id(text).map(Some),
            _ => Ok(None),
        };
        let project = maybe(row.project)?;
        let session = maybe(row.session)?;
        let category = maybe(row.category)?;
        let task = maybe(row.task)?;
        let tier = maybe(row.tier.map(|t| t.as_str()))?;
        Ok(Self {
            zone: id(zone)?,
            client: id(row.client)?,
            project,
            session,
            category,
            endpoint: id(row.endpoint.as_str())?,
            asked_model: id(row.asked_model)?,
            provider: id(row.provider)?,
            model: id(row.model)?,
            task,
            tier,
            reason: id(row.reason.as_str())?,
        })
    }

    /// The numbers, when all are in memory: then a reservation is one statement.
    pub fn known(row: &Reserve<'_>, zone: &str, names: &Names) -> Option<Self> {
        Self::gather(row, zone, |text| names.known(text).ok_or(())).ok()
    }

    /// The numbers, given to texts that have none. Call inside a transaction.
    pub fn learn(
        row: &Reserve<'_>,
        zone: &str,
        conn: &Connection,
        names: &mut Names,
    ) -> rusqlite::Result<Self> {
        Self::gather(row, zone, |text| names.id(conn, text))
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

/// Writes the row.
pub(crate) fn insert(
    conn: &Connection,
    row: &Reserve<'_>,
    ids: &Ids,
    day: i32,
) -> rusqlite::Result<Open> {
    let reserved = row.reserved.map(|m| m.nano().max(0));
    conn.prepare_cached(INSERT)?.execute(params![
        row.id.raw(),
        row.attempt,
        row.at_ms,
        day,
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
        row.confidence,
        row.local,
        row.uncounted,
        reserved,
        tokens(row.input_tokens),
        tokens(row.output_tokens),
    ])?;
    Ok(Open { key: ids.key(day, row.local), uncounted: row.uncounted, reserved })
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Place, Open)> {
    let place = (row.get(0)?, row.get(1)?);
    let or_none = |id: Option<i64>| id.unwrap_or(Key::NONE);
    let key = Key {
        day: row.get(4)?,
        local: row.get(5)?,
        provider: row.get(6)?,
        model: row.get(7)?,
        task: or_none(row.get(8)?),
        tier: or_none(row.get(9)?),
        category: or_none(row.get(10)?),
        client: row.get(11)?,
        project: or_none(row.get(12)?),
    };
    Ok((place, Open { key, uncounted: row.get(3)?, reserved: row.get(2)? }))
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
