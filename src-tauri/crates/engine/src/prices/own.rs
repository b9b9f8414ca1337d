//! The user's own rows while Weir runs: read at the start, again when the file was edited, and kept
//! as they were while an edit is wrong. Owns what tells an edited file from the one that was read.

use super::PriceFileProblem;
use super::overrides::Overrides;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The rows in force, and the file they are of.
pub(super) struct Own {
    path: Option<PathBuf>,
    rows: ArcSwap<Overrides>,
    /// Held while the file is read, so that two readings never cross.
    mark: Mutex<Mark>,
    problem: ArcSwap<Option<String>>,
}

/// A file as it was when it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    modified: Option<SystemTime>,
    bytes: Option<u64>,
}

impl Mark {
    fn of(path: Option<&Path>) -> Self {
        let found = path.and_then(|path| std::fs::metadata(path).ok());
        Self {
            modified: found.as_ref().and_then(|found| found.modified().ok()),
            bytes: found.map(|found| found.len()),
        }
    }
}

impl Own {
    /// Reads the file; one that does not exist has no rows.
    ///
    /// # Errors
    /// Every mistake of the file at once, with its line.
    pub fn open(path: Option<&Path>) -> Result<Self, PriceFileProblem> {
        let own = Self::unread(path);
        own.read()?;
        Ok(own)
    }

    /// The same; without any rows where the file has mistakes, which `problem` then tells.
    pub fn start(path: Option<&Path>) -> Self {
        let own = Self::unread(path);
        // What is wrong is kept, and the next look finds the file as it was.
        let _ = own.read();
        own
    }

    fn unread(path: Option<&Path>) -> Self {
        Self {
            path: path.map(Path::to_path_buf),
            rows: ArcSwap::default(),
            mark: Mutex::default(),
            problem: ArcSwap::default(),
        }
    }

    /// The rows in force.
    pub fn rows(&self) -> Arc<Overrides> {
        self.rows.load_full()
    }

    /// Whether these are the rows in force still.
    pub fn holds(&self, rows: &Arc<Overrides>) -> bool {
        Arc::ptr_eq(rows, &self.rows.load())
    }

    /// Why the file is not in force, while it is not.
    pub fn problem(&self) -> Option<String> {
        self.problem.load().as_ref().clone()
    }

    /// Reads the file if it is another than the one read last; whether it was, and is in force.
    ///
    /// # Errors
    /// Every mistake of it at once; the rows before it stay in force.
    pub fn look(&self) -> Result<bool, PriceFileProblem> {
        if Mark::of(self.path.as_deref()) == *self.mark.lock() {
            return Ok(false);
        }
        self.read().map(|()| true)
    }

    fn read(&self) -> Result<(), PriceFileProblem> {
        let mut mark = self.mark.lock();
        *mark = Mark::of(self.path.as_deref());
        match Overrides::open(self.path.as_deref()) {
            Ok(rows) => {
                self.rows.store(Arc::new(rows));
                self.problem.store(Arc::default());
                Ok(())
            }
            Err(problem) => {
                let stays = match self.rows.load().count() {
                    0 => "prices are the table's alone until it is repaired".to_owned(),
                    1 => "the row read before it stays in force".to_owned(),
                    n => format!("the {n} rows read before it stay in force"),
                };
                let lines = problem.to_string().replace('\n', "; ");
                self.problem.store(Arc::new(Some(format!("{lines}; {stays}"))));
                Err(problem)
            }
        }
    }
}
