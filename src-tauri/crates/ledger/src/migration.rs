//! Brings a ledger to the newest version: an ordered list that is only ever appended to.
//! Owns what identifies a file as a ledger, the backup before a change, and the refusal of
//! a newer one.

use crate::journal;
use crate::opening::make_private;
use crate::problem::OpenProblem;
use rusqlite::backup::Backup;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `Weir`, in the database header of every ledger.
const APPLICATION_ID: u32 = 0x5765_6972;

/// The statements of each version; the first makes version 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("schema_v1.sql"),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
];

/// Pages copied a step, so that the backup of a large ledger yields to others.
const BACKUP_PAGES_A_STEP: i32 = 4096;

/// What an existing file says of itself.
pub(crate) struct Identity {
    version: i64,
    application_id: u32,
    tables: i64,
}

/// The identity of a database.
pub(crate) fn identity(conn: &Connection) -> rusqlite::Result<Identity> {
    let application_id: i32 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    Ok(Identity {
        version: conn.pragma_query_value(None, "user_version", |r| r.get(0))?,
        application_id: application_id.cast_unsigned(),
        tables: conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?,
    })
}

impl Identity {
    /// Whether the file may be opened as a ledger by a program that knows `migrations`.
    ///
    /// # Errors
    /// A file of another program, or of a newer Weir.
    pub fn check(&self, path: &Path, migrations: &[&str]) -> Result<(), OpenProblem> {
        let empty = self.version == 0 && self.application_id == 0 && self.tables == 0;
        if !empty && self.application_id != APPLICATION_ID {
            return Err(OpenProblem::NotALedger {
                path: path.to_path_buf(),
                found: self.application_id,
            });
        }
        let known = newest(migrations);
        if self.version > known {
            let path = path.to_path_buf();
            return Err(OpenProblem::Newer { path, found: self.version, known });
        }
        Ok(())
    }

    /// The version; 0 for an empty file.
    pub fn version(&self) -> i64 {
        self.version
    }
}

fn newest(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).expect("a few migrations")
}

/// Runs what is missing, after a backup of what is there. Returns the backup, if one was needed.
///
/// # Errors
/// The ledger is then as it was.
pub(crate) fn migrate(
    conn: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<Option<PathBuf>, OpenProblem> {
    let problem = |e: &rusqlite::Error| OpenProblem::from_sqlite(path, e);
    let found = identity(conn).map_err(|e| problem(&e))?;
    found.check(path, migrations)?;
    if found.version == newest(migrations) {
        return Ok(None);
    }
    let backup = match found.version {
        0 => None,
        version => Some(back_up(conn, path, version)?),
    };
    match upgrade(conn, migrations) {
        Ok(()) => Ok(backup),
        Err(error) => Err(OpenProblem::from_migration(path, backup, newest(migrations), &error)),
    }
}

/// All versions or none, so that no other start ever meets a new ledger half-made.
fn upgrade(conn: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read under the lock: another program may have come first.
    let found: i64 = tx.pragma_query_value(None, "user_version", |r| r.get(0))?;
    for (version, statements) in (1..).zip(migrations).filter(|(version, _)| *version > found) {
        tx.execute_batch(statements)?;
        tx.pragma_update(None, "user_version", version)?;
    }
    tx.commit()
}

/// `weir.db` and `suffix` as a path beside it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Copies the ledger to `weir.db.bak-vN` and proves the copy by opening and checking it. The copy
/// gets its name only then, so a file of that name is always a good backup.
fn back_up(conn: &Connection, path: &Path, version: i64) -> Result<PathBuf, OpenProblem> {
    let mut suffix = String::from(".bak-v");
    suffix.push_str(&version.to_string());
    let backup = beside(path, &suffix);
    let part = beside(&backup, ".part");
    // What is there was left by an attempt that was interrupted; never a finished backup.
    let _ = std::fs::remove_file(&part);
    make_private(&part)
        .map_err(|e| e.to_string())
        .and_then(|()| copy(conn, &part).map_err(|e| e.to_string()))
        .and_then(|()| journal::copy(path, &backup).map_err(|e| e.to_string()))
        .and_then(|()| std::fs::rename(&part, &backup).map_err(|e| e.to_string()))
        .map_err(|reason| OpenProblem::Backup {
            path: path.to_path_buf(),
            backup: backup.clone(),
            reason,
        })?;
    Ok(backup)
}

fn copy(conn: &Connection, part: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(part)?;
    Backup::new(conn, &mut target)?.run_to_completion(BACKUP_PAGES_A_STEP, Duration::ZERO, None)?;
    // One file, with nothing of it left in a log beside it.
    target.pragma_update_and_check(None, "journal_mode", "delete", |r| r.get::<_, String>(0))?;
    drop(target);
    let check = Connection::open(part)?;
    quick_check(&check)?;
    let rows = |c: &Connection| {
        c.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0))
    };
    if rows(&check)? != rows(conn)? {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    Ok(())
}

/// SQLite's own check of every page.
///
/// # Errors
/// The first fault, as a damaged database.
pub(crate) fn quick_check(conn: &Connection) -> rusqlite::Result<()> {
    let said: String = conn.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
    if said == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(said)))
}
