//! Whether the ledger's files are still where they were opened. A file that was deleted or moved
//! can be written for as long as it is open, and everything written is gone with the process.

use crate::journal;
use crate::migration::beside;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file's identity on its disk; on other systems only that it exists.
type Identity = (u64, u64);

pub(crate) struct Place {
    files: Vec<(PathBuf, OnceLock<Identity>)>,
    gone: AtomicBool,
}

impl Place {
    /// The ledger, its log and its journal. Those that are not there yet are known once seen.
    pub fn new(ledger: &Path) -> Self {
        let own = [ledger.to_path_buf(), beside(ledger, "-wal")];
        let all = own.into_iter().chain(journal::paths(ledger));
        let files = all.map(|path| (path, OnceLock::new())).collect();
        Self { files, gone: AtomicBool::new(false) }
    }

    /// Looks, after a write. The first look learns what to expect.
    pub fn look(&self) {
        let gone = self.missing();
        if let Some(path) = gone.filter(|_| !self.gone.load(Ordering::Acquire)) {
            tracing::error!(path = %path.display(), "a file of the ledger was moved or deleted");
        }
        self.gone.store(gone.is_some(), Ordering::Release);
    }

    /// The file that is gone, if one is. Looks again while one is, so that putting it back helps.
    pub fn gone(&self) -> Option<PathBuf> {
        if !self.gone.load(Ordering::Acquire) {
            return None;
        }
        self.look();
        self.missing().map(Path::to_path_buf)
    }

    fn missing(&self) -> Option<&Path> {
        let moved =
            |(path, seen): &&(PathBuf, OnceLock<Identity>)| match (seen.get(), identity(path)) {
                (None, Some(now)) => {
                    let _ = seen.set(now);
                    false
                }
                (expected, now) => expected.copied() != now,
            };
        self.files.iter().find(moved).map(|(path, _)| path.as_path())
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
