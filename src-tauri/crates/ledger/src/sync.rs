//! Brings what was written to the disk within a second: reservations out of the journal into the
//! database, the database's log to the disk. Keeps journal and log small.
//! Owns the checkpoints, on a thread and a connection of their own. Sleeps without a timer while
//! nothing is written.

use crate::connection::WAL_BYTES_KEPT;
use crate::journal;
use crate::migration::beside;
use crate::problem::WriteProblem;
use crate::queue::Desk;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// From a write to the sync that covers it; with the sync itself it stays under a second.
const SYNC_DELAY_MS: u64 = 500;

/// A log longer than this is written back under the writer's lock, because under steady load
/// there is never a moment at which it is all written back and can start anew.
const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct Sync {
    dirty: AtomicBool,
    stop: Mutex<bool>,
    wake: Condvar,
}

impl Sync {
    /// Something was committed. Wakes the thread only when it sleeps.
    pub fn touch(&self) {
        if !self.dirty.swap(true, Ordering::AcqRel) {
            let _stop = self.stop.lock();
            self.wake.notify_one();
        }
    }

    pub fn stop(&self) {
        *self.stop.lock() = true;
        self.wake.notify_all();
    }

    /// Waits for a write and then for the delay. False when the thread shall end.
    fn wait(&self) -> bool {
        let mut stop = self.stop.lock();
        while !self.dirty.load(Ordering::Acquire) && !*stop {
            self.wake.wait(&mut stop);
        }
        if !*stop {
            self.wake.wait_for(&mut stop, Duration::from_millis(SYNC_DELAY_MS));
        }
        !*stop
    }
}

/// The thread. `conn` is its own.
pub(crate) fn run(desk: &Desk, conn: &Connection) {
    let mut failing = false;
    while desk.sync.wait() {
        desk.sync.dirty.store(false, Ordering::Release);
        let done = sync(desk, conn);
        if let Err(error) = &done {
            // Not lost: the rows are in the log. Try again after the delay.
            desk.sync.dirty.store(true, Ordering::Release);
            if !failing {
                tracing::warn!(path = %desk.path.display(), %error, "the ledger could not be synced");
            }
        }
        failing = done.is_err();
    }
}

/// Why a turn was not finished; it is tried again.
#[derive(Debug, thiserror::Error)]
enum Unsynced {
    #[error(transparent)]
    Write(#[from] WriteProblem),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the journal: {0}")]
    Journal(#[from] std::io::Error),
    #[error("another program is writing the log back")]
    Elsewhere,
}

fn sync(desk: &Desk, conn: &Connection) -> Result<(), Unsynced> {
    desk.place.look();
    let done = into_database(desk, conn);
    if done.is_err() {
        // The journal itself has to hold then.
        desk.journal.sync()?;
    }
    if desk.journal.turn() {
        desk.sync.dirty.store(true, Ordering::Release);
    }
    done
}

fn into_database(desk: &Desk, conn: &Connection) -> Result<(), Unsynced> {
    desk.carry()?;
    // From here on its reservations are in the log; the checkpoint brings that to the disk.
    let spent = desk.journal.spent();
    if let Some(mut writer) = desk.writer.try_lock() {
        writer.advance()?;
    }
    let done = checkpoint(conn)?;
    if !done.ours {
        return Err(Unsynced::Elsewhere);
    }
    done.or_sync_log(&desk.path)?;
    if let Some(spent) = spent {
        desk.journal.empty(&spent)?;
    }
    let long = wal_bytes(desk);
    if long > WAL_BYTES_MAX {
        let _writer = desk.writer.lock();
        truncate(conn)?;
    } else if long > WAL_BYTES_KEPT.cast_unsigned() && !desk.sync.dirty.load(Ordering::Acquire) {
        truncate(conn)?;
    }
    Ok(())
}

/// The last one, when nothing more comes: leaves the database's file alone behind.
pub(crate) fn finish(desk: &Desk, conn: &Connection) -> Result<(), WriteProblem> {
    let sql = |e: rusqlite::Error| WriteProblem::from_sqlite(&desk.path, &e);
    desk.place.look();
    desk.carry()?;
    desk.writer.lock().advance().map_err(sql)?;
    let synced = truncate(conn).map_err(sql)?.ours;
    if synced && desk.journal.is_carried() && desk.place.gone().is_none() {
        journal::remove(&desk.path).map_err(|e| WriteProblem::from_io(&desk.path, &e))?;
    }
    Ok(())
}

/// What a checkpoint came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// No other program was at it.
    pub ours: bool,
    /// The whole log is in the database's file.
    whole: bool,
}

impl Checkpoint {
    /// SQLite syncs the log only where it writes some of it back. While a reader holds on to all
    /// that is left, it has to be done here, or a power cut loses as much as that reader is old.
    pub fn or_sync_log(self, path: &Path) -> std::io::Result<()> {
        if self.whole {
            return Ok(());
        }
        OpenOptions::new().write(true).open(beside(path, "-wal"))?.sync_data()
    }
}

/// Brings the log to the disk and writes back what no reader holds on to; see `or_sync_log`.
pub(crate) fn checkpoint(conn: &Connection) -> rusqlite::Result<Checkpoint> {
    run_checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")
}

/// The same, and begins the log anew. Not ours also when a reader holds on to it.
fn truncate(conn: &Connection) -> rusqlite::Result<Checkpoint> {
    run_checkpoint(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
}

fn run_checkpoint(conn: &Connection, statement: &'static str) -> rusqlite::Result<Checkpoint> {
    conn.prepare_cached(statement)?.query_row([], |row| {
        let (busy, log, written): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Checkpoint { ours: busy == 0, whole: log == written })
    })
}

fn wal_bytes(desk: &Desk) -> u64 {
    std::fs::metadata(beside(&desk.path, "-wal")).map_or(0, |m| m.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection;

    #[test]
    fn a_log_that_a_reader_holds_back_is_known_to_be_synced_by_nobody_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("weir.db");
        let conn = connection::writing(&path).expect("opens");
        conn.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").expect("written");
        assert_eq!(checkpoint(&conn).expect("done"), Checkpoint { ours: true, whole: true });
        let reader = connection::reading(&path).expect("opens");
        reader.execute_batch("BEGIN; SELECT * FROM t").expect("begun");
        conn.execute_batch("INSERT INTO t VALUES (2)").expect("written");
        let done = checkpoint(&conn).expect("done");
        assert_eq!(done, Checkpoint { ours: true, whole: false });
        done.or_sync_log(&path).expect("synced");
        reader.execute_batch("COMMIT").expect("ended");
        assert_eq!(checkpoint(&conn).expect("done"), Checkpoint { ours: true, whole: true });
        assert!(truncate(&conn).expect("done").ours);
    }
}
