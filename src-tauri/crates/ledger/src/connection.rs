//! Opens SQLite the way the ledger needs it: which version, which flags, which pragmas.
//! Owns every PRAGMA that is set on a connection.

use crate::page::PAGE_BYTES;
use crate::problem::OpenProblem;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// The first SQLite without the bug by which two connections that write and checkpoint at once
/// corrupt a database in WAL mode.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// How long a write waits for another program's lock before it is refused.
pub(crate) const BUSY_MS_MAX: u64 = 250;

/// How long a read waits; only recovery after a crash locks readers out, and briefly.
const READ_BUSY_MS_MAX: u64 = 2_000;

/// The WAL is cut back to this size whenever it starts anew.
pub(crate) const WAL_BYTES_KEPT: i64 = 4 * 1024 * 1024;

/// Statements kept prepared on a connection.
const STATEMENTS_CACHED: usize = 48;

pub(crate) fn check_version() -> Result<(), OpenProblem> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(OpenProblem::OldSqlite { found: rusqlite::version() });
    }
    Ok(())
}

/// A connection that writes. WAL with `synchronous = NORMAL`: a commit is in the system's page
/// cache when it returns, which outlives a kill; the sync thread brings it to the disk.
/// Checkpoints are that thread's alone, so none ever runs on a request's path.
pub(crate) fn writing(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    // Only a new file takes it; a salvage counts on it.
    conn.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |r| r.get::<_, String>(0))?;
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )?;
    conn.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // Without it SQLite plans statements anew for the values they are given, at every execution.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}

/// A connection that cannot write, for questions.
pub(crate) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(READ_BUSY_MS_MAX))?;
    conn.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}
