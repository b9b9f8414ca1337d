//! The switch that takes local models out of routing, and how it outlives a restart: a file in the
//! home that is there while they are off.

use crate::home::{Home, replace_private};
use std::io;
use std::path::PathBuf;

/// What the file says to whoever opens it.
const TEXT: &[u8] = b"Local models are switched off. To switch them on: weir local on\n";

/// The switch of one home.
#[derive(Clone, Debug)]
pub struct Switch {
    file: PathBuf,
}

impl Switch {
    /// The switch of a home.
    pub fn of(home: &Home) -> Self {
        Self { file: home.local_off() }
    }

    /// Whether local models are in use.
    pub fn on(&self) -> bool {
        !self.file.exists()
    }

    /// Turns it.
    ///
    /// # Errors
    /// When the home cannot be written; it stands as it stood then.
    pub fn turn(&self, on: bool) -> io::Result<()> {
        if !on {
            return replace_private(&self.file, TEXT);
        }
        match std::fs::remove_file(&self.file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}
