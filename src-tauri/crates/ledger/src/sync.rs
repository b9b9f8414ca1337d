//! Brings the write-ahead log to the disk within a second of a write, and keeps it small.
//! Owns the checkpoints, on a thread and a connection of their own. Sleeps without a timer while
//! nothing is written.

use crate::connection::WAL_BYTES_KEPT;
use crate::migration::beside;
use crate::queue::Desk;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
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

fn sync(desk: &Desk, conn: &Connection) -> rusqlite::Result<()> {
    desk.place.look();
    if let Some(mut writer) = desk.writer.try_lock() {
        writer.advance()?;
    }
    checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
    let long = wal_bytes(desk);
    if long > WAL_BYTES_MAX {
        let _writer = desk.writer.lock();
        checkpoint(conn, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    } else if long > WAL_BYTES_KEPT.cast_unsigned() && !desk.sync.dirty.load(Ordering::Acquire) {
        checkpoint(conn, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}

/// The last one, when everything is written: leaves no log behind.
pub(crate) fn finish(desk: &Desk, conn: &Connection) -> rusqlite::Result<()> {
    desk.writer.lock().advance()?;
    checkpoint(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
}

/// A reader that holds the log back is no error: the next turn comes.
fn checkpoint(conn: &Connection, statement: &'static str) -> rusqlite::Result<()> {
    conn.prepare_cached(statement)?.query_row([], |_| Ok(()))
}

fn wal_bytes(desk: &Desk) -> u64 {
    std::fs::metadata(beside(&desk.path, "-wal")).map_or(0, |m| m.len())
}
