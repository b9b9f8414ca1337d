//! The one writer: its connection, the numbers of names, and the attempts that are open.
//! Owns the two transactions of a request's path; everything here runs under the writer's lock.

use crate::name::Names;
use crate::reserve::{self, Ids, Open, Place};
use crate::rollup::Changes;
use crate::rows::{Reserve, Settle};
use crate::settle;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;

const SELECT_OPEN_FROM: &str = "SELECT open_from FROM state WHERE one = 1";
const UPDATE_OPEN_FROM: &str = "UPDATE state SET open_from = ?1 WHERE one = 1";

/// Orphans written a transaction at the start.
const ORPHANS_A_BATCH: usize = 256;

pub(crate) struct Writer {
    pub conn: Connection,
    names: Names,
    open: HashMap<Place, Open>,
    /// No request below this has an open attempt; as stored.
    open_from: i64,
    /// The highest request id reserved.
    newest: i64,
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
    /// Takes over a migrated connection and closes what an earlier run left open, each attempt
    /// at its estimate. Returns how many there were.
    pub fn start(conn: Connection, now_ms: i64) -> rusqlite::Result<(Self, u64)> {
        let open_from = conn.query_row(SELECT_OPEN_FROM, [], |r| r.get(0))?;
        let open = reserve::open_from(&conn, open_from)?;
        let newest = reserve::newest(&conn)?;
        let mut writer = Self { conn, names: Names::default(), open, open_from, newest };
        let mut left: Vec<Place> = writer.open.keys().copied().collect();
        left.sort_unstable();
        for places in left.chunks(ORPHANS_A_BATCH) {
            let rows: Vec<Settle> = places
                .iter()
                .map(|place| settle::orphan(*place, &writer.open[place], now_ms))
                .collect();
            writer.settle(&rows)?;
        }
        writer.advance()?;
        Ok((writer, left.len() as u64))
    }

    /// Writes a reservation. One statement when all its names are known.
    pub fn reserve(&mut self, row: &Reserve<'_>, day: i32, zone: &str) -> rusqlite::Result<()> {
        let id = row.id.raw();
        let open = match Ids::known(row, zone, &self.names) {
            Some(ids) if id >= self.open_from => reserve::insert(&self.conn, row, &ids, day)?,
            _ => match self.reserve_new(row, day, zone) {
                Ok(open) => {
                    self.names.keep();
                    self.open_from = self.open_from.min(id);
                    open
                }
                Err(error) => {
                    self.names.forget();
                    return Err(error);
                }
            },
        };
        self.newest = self.newest.max(id);
        self.open.insert((id, row.attempt), open);
        Ok(())
    }

    /// A reservation that brings new names, or of a request that arrived before `open_from`
    /// was moved on (a long upload): the mark goes back with it.
    fn reserve_new(&mut self, row: &Reserve<'_>, day: i32, zone: &str) -> rusqlite::Result<Open> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ids = Ids::learn(row, zone, &tx, &mut self.names)?;
        let open = reserve::insert(&tx, row, &ids, day)?;
        if row.id.raw() < self.open_from {
            tx.prepare_cached(UPDATE_OPEN_FROM)?.execute([row.id.raw()])?;
        }
        tx.commit()?;
        Ok(open)
    }

    /// Writes settlements and their sums in one transaction: all or none.
    pub fn settle(&mut self, rows: &[Settle]) -> rusqlite::Result<Batch> {
        match self.settle_all(rows) {
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

    fn settle_all(&mut self, rows: &[Settle]) -> rusqlite::Result<Batch> {
        let mut batch = Batch::default();
        let mut changes = Changes::default();
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in rows {
            let mut add = |key, sums| changes.add(key, sums);
            let done = match self.open.get(&(row.id.raw(), row.attempt)) {
                Some(open) => settle::insert(&tx, &mut self.names, row, open, &mut add)?,
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

    /// The attempts that are open.
    pub fn open(&self) -> Vec<Open> {
        self.open.values().copied().collect()
    }
}

/// The open attempts as the file has them, for a reader without a writer.
pub(crate) fn open_in_file(conn: &Connection) -> rusqlite::Result<Vec<Open>> {
    let open_from = conn.query_row(SELECT_OPEN_FROM, [], |r| r.get(0))?;
    Ok(reserve::open_from(conn, open_from)?.into_values().collect())
}
