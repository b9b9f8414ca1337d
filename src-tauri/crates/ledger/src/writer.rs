//! The one writer: its connection, the numbers of names, and the attempts that are open.
//! Owns its transactions; everything here runs under the writer's lock, which no request waits for.

use crate::decision;
use crate::entry::{Entry, Place};
use crate::imported::{self, ImportRow, Imported};
use crate::journal::Journal;
use crate::name::Names;
use crate::record;
use crate::reserve::{self, Open};
use crate::rollup::Changes;
use crate::rows::Settle;
use crate::settle;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::sync::Arc;

const SELECT_OPEN_FROM: &str = "SELECT open_from FROM state WHERE one = 1";
const UPDATE_OPEN_FROM: &str = "UPDATE state SET open_from = ?1 WHERE one = 1";

/// Rows written a transaction where many wait: at the start, and when reservations are carried
/// from the journal. It bounds how long the lock is held.
pub(crate) const ROWS_A_BATCH: usize = 256;

pub(crate) struct Writer {
    pub conn: Connection,
    names: Names,
    /// Open attempts that have a row of `reserve`. Others are in the journal alone.
    open: HashMap<Place, Open>,
    /// No request below this has an open attempt in the tables; as stored.
    open_from: i64,
    /// The highest request id in the tables.
    newest: i64,
}

/// What became of reservations that only the journal had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    /// Places taken from the journal's list; some were settled meanwhile.
    pub taken: usize,
    /// Rows written.
    pub written: usize,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Rows written.
    pub written: usize,
    /// Settlements of attempts that were settled already or never reserved.
    pub refused: usize,
}

impl Writer {
    /// Takes over a migrated connection, writes the reservations that an earlier run `left` in
    /// its journal, and closes what was open, each attempt at its estimate. Returns how many there
    /// were. Killed in the middle, it does the rest the next time.
    pub fn start<'a>(
        conn: Connection,
        left: impl Iterator<Item = Entry<'a>>,
        now_ms: i64,
    ) -> rusqlite::Result<(Self, u64)> {
        let open_from = conn.query_row(SELECT_OPEN_FROM, [], |r| r.get(0))?;
        let newest = reserve::newest(&conn)?;
        let (names, open) = (Names::default(), HashMap::new());
        let mut writer = Self { conn, names, open, open_from, newest };
        let mut missing = Vec::new();
        for entry in left {
            if !reserve::has(&writer.conn, entry.place())? {
                missing.push(entry);
            }
        }
        for entries in missing.chunks(ROWS_A_BATCH) {
            writer.insert(entries)?;
        }
        writer.open = reserve::open_from(&writer.conn, writer.open_from)?;
        let mut orphans: Vec<Place> = writer.open.keys().copied().collect();
        orphans.sort_unstable();
        for places in orphans.chunks(ROWS_A_BATCH) {
            let rows: Vec<Settle> = places
                .iter()
                .map(|place| settle::orphan(*place, &writer.open[place], now_ms))
                .collect();
            writer.settle_with(&rows, |_| None)?;
        }
        writer.advance()?;
        Ok((writer, orphans.len() as u64))
    }

    /// The highest request id in the tables; 0 when they are empty.
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// Writes the oldest reservations that only the journal has, so that they are in the tables
    /// however long they stay open.
    pub fn carry(&mut self, journal: &Journal) -> rusqlite::Result<Carried> {
        let places = journal.take(ROWS_A_BATCH);
        let records: Vec<Arc<[u8]>> = places.iter().filter_map(|p| journal.get(*p)).collect();
        let entries: Vec<Entry<'_>> = records.iter().filter_map(|r| record::decode(r)).collect();
        let carried = Carried { taken: places.len(), written: entries.len() };
        if entries.is_empty() {
            return Ok(carried);
        }
        if let Err(error) = self.insert(&entries) {
            journal.put_back(&places);
            return Err(error);
        }
        entries.iter().for_each(|entry| journal.carried(entry.place()));
        Ok(carried)
    }

    /// Writes reservations in one transaction: all or none.
    fn insert(&mut self, entries: &[Entry<'_>]) -> rusqlite::Result<()> {
        match self.insert_all(entries) {
            Ok((opened, open_from)) => {
                self.names.keep();
                self.open.extend(opened);
                self.open_from = open_from;
                Ok(())
            }
            Err(error) => {
                self.names.forget();
                Err(error)
            }
        }
    }

    fn insert_all(&mut self, entries: &[Entry<'_>]) -> rusqlite::Result<(Vec<(Place, Open)>, i64)> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut opened = Vec::with_capacity(entries.len());
        for entry in entries {
            match reserve::insert(&tx, &mut self.names, entry)? {
                Some(open) => opened.push((entry.place(), open)),
                None => refused(entry),
            }
            self.newest = self.newest.max(entry.id);
        }
        let oldest = opened.iter().map(|(place, _)| place.0).min();
        let open_from = oldest.map_or(self.open_from, |id| id.min(self.open_from));
        // A request that arrived before the mark was moved on, a long upload say, takes it back.
        if open_from < self.open_from {
            tx.prepare_cached(UPDATE_OPEN_FROM)?.execute([open_from])?;
        }
        tx.commit()?;
        Ok((opened, open_from))
    }

    /// Writes settlements, the reservations that only the journal has of them, and their sums in
    /// one transaction: all or none.
    pub fn settle(&mut self, rows: &[Settle], journal: &Journal) -> rusqlite::Result<Batch> {
        let batch = self.settle_with(rows, |place| journal.get(place))?;
        rows.iter().for_each(|row| journal.carried((row.id.raw(), row.attempt)));
        Ok(batch)
    }

    fn settle_with(
        &mut self,
        rows: &[Settle],
        record: impl Fn(Place) -> Option<Arc<[u8]>>,
    ) -> rusqlite::Result<Batch> {
        match self.settle_all(rows, record) {
            Ok(batch) => {
                self.names.keep();
                for row in rows {
                    self.open.remove(&(row.id.raw(), row.attempt));
                }
                Ok(batch)
            }
            Err(error) => {
                self.names.forget();
                Err(error)
            }
        }
    }

    fn settle_all(
        &mut self,
        rows: &[Settle],
        record: impl Fn(Place) -> Option<Arc<[u8]>>,
    ) -> rusqlite::Result<Batch> {
        let mut batch = Batch::default();
        let mut changes = Changes::default();
        let mut opened: HashMap<Place, Open> = HashMap::new();
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in rows {
            let place = (row.id.raw(), row.attempt);
            let mut add = |key, sums| changes.add(key, sums);
            let known = self.open.get(&place).or_else(|| opened.get(&place)).copied();
            let open = match known {
                Some(open) => Some(open),
                None => open_now(&tx, &mut self.names, record(place))?,
            };
            let done = match open {
                Some(open) => {
                    opened.insert(place, open);
                    self.newest = self.newest.max(place.0);
                    let done = settle::insert(&tx, &mut self.names, row, &open, &mut add)?;
                    if let Some(decided) = row.decision.as_deref().filter(|_| done) {
                        decision::insert(&tx, &mut self.names, row.id, row.attempt, decided)?;
                    }
                    done
                }
                None => false,
            };
            if done {
                batch.written += 1;
            } else {
                batch.refused += 1;
                tracing::error!(id = %row.id, attempt = row.attempt,
                    "a settlement was refused: the attempt is settled already or was never reserved");
            }
        }
        changes.write(&tx)?;
        tx.commit()?;
        Ok(batch)
    }

    /// Writes what a tool's session logs tell, and its sums: all or nothing.
    pub fn import(
        &mut self,
        source: &str,
        zone: (&TimeZone, &str),
        rows: &[ImportRow],
    ) -> rusqlite::Result<Imported> {
        let done = self.import_all(source, zone, rows);
        if done.is_ok() {
            self.names.keep();
        } else {
            self.names.forget();
        }
        done
    }

    fn import_all(
        &mut self,
        source: &str,
        zone: (&TimeZone, &str),
        rows: &[ImportRow],
    ) -> rusqlite::Result<Imported> {
        let mut changes = Changes::default();
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = imported::insert(&tx, &mut self.names, source, zone, rows, &mut changes)?;
        changes.write(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// Moves `open_from` on to the oldest open request. Cheap when there is nothing to move.
    pub fn advance(&mut self) -> rusqlite::Result<()> {
        let oldest = self.open.keys().map(|place| place.0).min();
        let next = oldest.unwrap_or(self.newest.saturating_add(1));
        if next > self.open_from {
            self.conn.prepare_cached(UPDATE_OPEN_FROM)?.execute([next])?;
            self.open_from = next;
        }
        Ok(())
    }

    /// The open attempts that have a row.
    pub fn open(&self) -> Vec<Open> {
        self.open.values().copied().collect()
    }
}

/// Writes the reservation of a settlement that comes before it was carried.
fn open_now(
    tx: &Transaction<'_>,
    names: &mut Names,
    record: Option<Arc<[u8]>>,
) -> rusqlite::Result<Option<Open>> {
    let Some(record) = record else { return Ok(None) };
    let Some(entry) = record::decode(&record) else { return Ok(None) };
    let open = reserve::insert(tx, names, &entry)?;
    if open.is_none() {
        refused(&entry);
    }
    Ok(open)
}

fn refused(entry: &Entry<'_>) {
    tracing::error!(id = %entry.request(), attempt = entry.attempt,
        "a reservation was refused by the table: the attempt is in it already");
}

/// The open attempts as the file has them, for a reader without a writer.
pub(crate) fn open_in_file(conn: &Connection) -> rusqlite::Result<Vec<Open>> {
    let open_from = conn.query_row(SELECT_OPEN_FROM, [], |r| r.get(0))?;
    Ok(reserve::open_from(conn, open_from)?.into_values().collect())
}
