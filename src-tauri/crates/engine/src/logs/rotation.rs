//! A file that is turned over when it is full: `weir.log`, `weir.log.1`, `weir.log.2`.
//! Owns how much a log may take. A disk that refuses a line loses that line and nothing else.

use crate::home::private_file;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// One file at most.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Files kept beside the current one.
const KEPT: u32 = 2;

/// The current file and how full it is.
pub struct Rotation {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
    bytes_max: u64,
}

impl Rotation {
    /// Goes on with a file.
    pub fn open(path: PathBuf) -> Self {
        let mut rotation = Self { path, file: None, bytes: 0, bytes_max: FILE_BYTES_MAX };
        rotation.begin();
        rotation
    }

    /// Adds a line.
    pub fn write(&mut self, line: &[u8]) {
        if self.bytes + line.len() as u64 > self.bytes_max {
            self.turn();
        }
        if self.file.is_none() {
            self.begin();
        }
        if let Some(file) = &mut self.file {
            match file.write_all(line) {
                Ok(()) => self.bytes += line.len() as u64,
                Err(_) => self.file = None,
            }
        }
    }

    fn begin(&mut self) {
        self.file = private_file().append(true).create(true).open(&self.path).ok();
        let size = self.file.as_ref().and_then(|f| f.metadata().ok()).map(|m| m.len());
        self.bytes = size.unwrap_or(0);
    }

    fn turn(&mut self) {
        self.file = None;
        let name = |n: u32| match n {
            0 => self.path.clone(),
            n => self.path.with_extension(format!("log.{n}")),
        };
        for n in (0..KEPT).rev() {
            // The first time, there is nothing to move.
            let _ = fs::rename(name(n), name(n + 1));
        }
        self.begin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_is_turned_over_and_the_oldest_one_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weir.log");
        let mut log = Rotation { bytes_max: 10, ..Rotation::open(path.clone()) };
        for line in ["one....\n", "two....\n", "three..\n", "four...\n"] {
            log.write(line.as_bytes());
        }
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("weir.log"), "four...\n");
        assert_eq!(read("weir.log.1"), "three..\n");
        assert_eq!(read("weir.log.2"), "two....\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        let again = Rotation::open(path);
        assert_eq!(again.bytes, 8, "a new run goes on where the last one stopped");
    }
}
