//! Whether the ledger's files are still where they were opened. A file that was deleted or moved
//! can be written for as long as it is open, and everything written is gone with the process.

use crate::migration::beside;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file's identity on its disk; on other systems only that it exists.
type Identity = (u64, u64);

pub(crate) struct Place {
    path: PathBuf,
    log: PathBuf,
    database: OnceLock<Identity>,
    first_log: OnceLock<Identity>,
    gone: AtomicBool,
}

impl Place {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            log: beside(path, "-wal"),
            database: OnceLock::new(),
            first_log: OnceLock::new(),
            gone: AtomicBool::new(false),
        }
    }

    /// Looks, after a write. The first look learns what to expect.
    pub fn look(&self) {
        let moved = |seen: &OnceLock<Identity>, path: &Path| {
            let now = identity(path);
            match (seen.get(), now) {
                (None, Some(now)) => {
                    let _ = seen.set(now);
                    false
                }
                (expected, now) => expected.copied() != now,
            }
        };
        let gone = moved(&self.database, &self.path) || moved(&self.first_log, &self.log);
        if gone && !self.gone.load(Ordering::Acquire) {
            tracing::error!(path = %self.path.display(), "the ledger was moved or deleted");
        }
        self.gone.store(gone, Ordering::Release);
    }

    /// Whether the files are gone. Looks again while they are, so that putting them back helps.
    pub fn is_gone(&self) -> bool {
        if self.gone.load(Ordering::Acquire) {
            self.look();
        }
        self.gone.load(Ordering::Acquire)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|_| (0, 0))
}
