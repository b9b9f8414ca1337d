//! How a ledger's files are looked at before anything is changed, and the threads are begun.
//! Owns what a file is known by before it is opened to be written, and what an earlier run left.

use crate::connection;
use crate::journal::Left;
use crate::migration::{self, MIGRATIONS, beside};
use crate::problem::OpenProblem;
use crate::queue::Desk;
use crate::record;
use crate::sync;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A ledger up to this size is checked page by page when it is opened. A larger one is checked
/// where it is read, and whole by `check`, so that a start stays quick.
const CHECKED_AT_OPEN_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Makes an empty file that only its owner can read, or looks at the one that is there.
/// True when it was made.
pub(crate) fn prepare_file(path: &Path) -> Result<bool, OpenProblem> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => {
            finish_rollback(path).map_err(|e| OpenProblem::from_sqlite(path, &e))?;
            identify(path)?;
            return Ok(false);
        }
        Ok(_) => return Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(OpenProblem::from_io(path, &e)),
    }
    make_private(path).map_err(|e| OpenProblem::from_io(path, &e))?;
    Ok(true)
}

/// Makes an empty file that only its owner can read. SQLite fills it and leaves its mode.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Undoes a transaction that was killed before the file became a ledger: only a file that is not
/// in WAL mode yet has such a journal, and nobody can read it before it is rolled back.
fn finish_rollback(path: &Path) -> rusqlite::Result<()> {
    if !beside(path, "-journal").exists() {
        return Ok(());
    }
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migration::identity(&conn).map(|_| ())
}

/// Reads what a file is without changing a byte of it. Returns its version.
pub(crate) fn identify(path: &Path) -> Result<i64, OpenProblem> {
    let problem = |e: rusqlite::Error| OpenProblem::from_sqlite(path, &e);
    let conn = connection::reading(path).map_err(problem)?;
    let identity = migration::identity(&conn).map_err(problem)?;
    identity.check(path, MIGRATIONS)?;
    if std::fs::metadata(path).is_ok_and(|m| m.len() <= CHECKED_AT_OPEN_BYTES_MAX) {
        migration::quick_check(&conn).map_err(problem)?;
    }
    Ok(identity.version())
}

/// Reads what an earlier run left in the journal.
pub(crate) fn left_behind(path: &Path) -> Result<Left, OpenProblem> {
    let left = Left::read(path).map_err(|e| OpenProblem::from_io(path, &e))?;
    match left.foreign(path) {
        Some((path, found)) => Err(OpenProblem::Journal { path, found, known: record::VERSION }),
        None => Ok(left),
    }
}

/// Begins the threads: the first writes settlements, the second brings everything to the disk.
pub(crate) fn start(desk: &Arc<Desk>, syncing: Connection) -> std::io::Result<Vec<JoinHandle<()>>> {
    let thread = |name: &str| std::thread::Builder::new().name(name.into());
    let (settling, checkpoints) = (desk.clone(), desk.clone());
    let first = thread("ledger-settle").spawn(move || settling.run())?;
    let second = thread("ledger-sync").spawn(move || {
        sync::run(&checkpoints, &syncing);
        if let Err(error) = sync::finish(&checkpoints, &syncing) {
            tracing::warn!(%error, "the ledger's log was left for the next start");
        }
    });
    match second {
        Ok(second) => Ok(vec![first, second]),
        Err(error) => {
            desk.stop();
            Err(error)
        }
    }
}
