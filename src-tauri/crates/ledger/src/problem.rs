//! What can go wrong with the ledger, said so that a person knows what to do.
//! Owns the translation from SQLite's codes; nothing outside sees those.

use rusqlite::ErrorCode;
use rusqlite::ffi;
use std::path::{Path, PathBuf};
use weir_core::RequestId;

/// Why a ledger was not opened. Nothing was changed unless the variant says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenProblem {
    /// The SQLite that was linked has the bug fixed in 3.51.3 that can corrupt a database.
    #[error(
        "SQLite {found} is linked, and Weir needs 3.51.3 or newer. Build Weir with the SQLite it brings along"
    )]
    OldSqlite {
        /// The linked version.
        found: &'static str,
    },
    /// The file belongs to another program.
    #[error(
        "{path} is not a Weir ledger (application id {found:#010x}). Move it away, or choose another home"
    )]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// Its application id.
        found: u32,
    },
    /// A newer Weir wrote it.
    #[error(
        "{path} has ledger version {found}, and this Weir knows versions up to {known}. Install the newer Weir again, or put back {path}.bak-v{known} if it exists"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The file cannot be read as a database.
    #[error(
        "{path} is damaged ({reason}). Run: weir doctor --salvage. It keeps a copy and carries over every readable row"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The file or its folder cannot be written.
    #[error("{path} cannot be written: {reason}. Make the file and its folder writable for you")]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No space is left.
    #[error("the disk that holds {path} is full. Free some space and start again")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds the file's lock.
    #[error(
        "{path} is locked by another program. Close what holds it, a backup or a database browser, and try again"
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The copy made before a migration did not prove good; the ledger was left as it was.
    #[error(
        "the backup {backup} could not be made or checked ({reason}), so {path} was not migrated"
    )]
    Backup {
        /// The ledger.
        path: PathBuf,
        /// The backup.
        backup: PathBuf,
        /// Why.
        reason: String,
    },
    /// A step to a newer version failed; the ledger is as it was.
    #[error(
        "{path} could not be brought to version {version} ({reason}) and is as it was.{} Go on with the Weir you had before, and report this",
        kept(.backup.as_ref())
    )]
    Migration {
        /// The ledger.
        path: PathBuf,
        /// The version.
        version: i64,
        /// What SQLite said.
        reason: String,
        /// The copy that was made before.
        backup: Option<PathBuf>,
    },
    /// Another version of Weir was killed before it had taken over its reservations.
    #[error(
        "{path} holds reservations written by another version of Weir (journal version {found}, this one reads {known}). Start and stop that version once, and it is gone"
    )]
    Journal {
        /// The journal's file.
        path: PathBuf,
        /// Its version.
        found: u16,
        /// The version this program reads.
        known: u16,
    },
    /// Anything else.
    #[error("{path} cannot be opened: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was said.
        reason: String,
    },
}

/// Why a row was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteProblem {
    /// No space is left. Clears by itself.
    #[error("disk full: {path}. Free some space; Weir goes on by itself")]
    Full {
        /// The ledger.
        path: PathBuf,
    },
    /// The file became read-only.
    #[error("read-only: {path}. Make the file and its folder writable; Weir goes on by itself")]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
    },
    /// Another program held the lock for longer than Weir waits.
    #[error(
        "busy: {path} is locked by another program. Close what holds it; Weir goes on by itself"
    )]
    Busy {
        /// The ledger.
        path: PathBuf,
    },
    /// The disk finishes nothing for seconds.
    #[error(
        "slow: the disk that holds {path} does not keep up. Find what keeps it busy; Weir goes on by itself"
    )]
    Slow {
        /// The ledger.
        path: PathBuf,
    },
    /// A page cannot be read.
    #[error("damaged: {path}. Stop Weir and run: weir doctor --salvage")]
    Damaged {
        /// The ledger.
        path: PathBuf,
    },
    /// The file was moved or deleted under the running program.
    #[error("gone: {path} was moved or deleted while Weir ran. Put it back, or restart Weir")]
    Gone {
        /// The ledger.
        path: PathBuf,
    },
    /// The attempt is reserved already.
    #[error("attempt {attempt} of {id} is reserved already")]
    Duplicate {
        /// The request.
        id: RequestId,
        /// The attempt.
        attempt: u16,
    },
    /// This handle was opened for reading only.
    #[error("{path} was opened for reading only")]
    ReadOnlyHandle {
        /// The ledger.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{path} cannot be written: {reason}")]
    Io {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadProblem {
    /// A page cannot be read.
    #[error("{path} is damaged ({reason}). Stop Weir and run: weir doctor --salvage")]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// What was settled cannot be written, so sums would lack it.
    #[error("what was spent is not all written yet: {0}")]
    Behind(#[from] WriteProblem),
    /// Anything else.
    #[error("{path} cannot be read: {reason}")]
    Io {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
}

/// The few kinds of failure that people can act on.
enum Cause {
    Full,
    ReadOnly,
    Busy,
    Damaged,
    Other,
}

fn cause(error: &rusqlite::Error) -> Cause {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        // A value of the wrong type in a STRICT table means that the page is not what we wrote.
        return match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Cause::Damaged,
            _ => Cause::Other,
        };
    };
    match failure.code {
        ErrorCode::DiskFull => Cause::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Cause::ReadOnly,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Cause::Busy,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Cause::Damaged,
        // The shared-memory file could not grow: the disk is full, whatever SQLite calls it.
        _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Cause::Full,
        _ => Cause::Other,
    }
}

/// SQLite's words for an error, as one line. Of a wrong statement they would be followed by its text.
fn said(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a copy was kept, as a sentence behind another one.
fn kept(backup: Option<&PathBuf>) -> String {
    backup.map_or_else(String::new, |at| format!(" A copy is kept as {}.", at.display()))
}

fn io_cause(error: &std::io::Error) -> Cause {
    use std::io::ErrorKind;
    match error.kind() {
        // A limit on a file's length is as full as a disk.
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Cause::Full,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Cause::ReadOnly,
        _ => Cause::Other,
    }
}

impl OpenProblem {
    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match cause(error) {
            Cause::Full => Self::Full { path },
            Cause::ReadOnly => Self::ReadOnly { path, reason: said(error) },
            Cause::Busy => Self::Busy { path },
            Cause::Damaged => Self::Damaged { path, reason: said(error) },
            Cause::Other => Self::Io { path, reason: said(error) },
        }
    }

    pub(crate) fn from_migration(
        path: &Path,
        backup: Option<PathBuf>,
        version: i64,
        error: &rusqlite::Error,
    ) -> Self {
        match Self::from_sqlite(path, error) {
            Self::Io { path, reason } => Self::Migration { path, version, reason, backup },
            known => known,
        }
    }

    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_path_buf();
        match io_cause(error) {
            Cause::Full => Self::Full { path },
            Cause::ReadOnly => Self::ReadOnly { path, reason: error.to_string() },
            _ => Self::Io { path, reason: error.to_string() },
        }
    }
}

impl WriteProblem {
    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match cause(error) {
            Cause::Full => Self::Full { path },
            Cause::ReadOnly => Self::ReadOnly { path },
            Cause::Busy => Self::Busy { path },
            Cause::Damaged => Self::Damaged { path },
            Cause::Other => Self::Io { path, reason: said(error) },
        }
    }
}

impl WriteProblem {
    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_path_buf();
        match io_cause(error) {
            Cause::Full => Self::Full { path },
            Cause::ReadOnly => Self::ReadOnly { path },
            _ => Self::Io { path, reason: error.to_string() },
        }
    }
}

impl ReadProblem {
    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), reason: error.to_string() }
    }

    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_path_buf(), said(error));
        match cause(error) {
            Cause::Damaged => Self::Damaged { path, reason },
            _ => Self::Io { path, reason },
        }
    }
}
