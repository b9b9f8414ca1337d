//! The switch of local models, and how it outlives a restart: a file in the home that is there while
//! they are off, and another while nothing else is in use.

use crate::home::{Home, replace_private};
use std::io;
use std::path::{Path, PathBuf};

/// What the files say to whoever opens them.
const OFF: &[u8] = b"Local models are switched off. To switch them on: weir local on\n";
const ONLY: &[u8] = b"Only local models are in use. To use all of them again: weir local on\n";

/// The part that local models take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// They are in use beside others.
    #[default]
    On,
    /// They are in no chain.
    Off,
    /// Nothing else is in use.
    Only,
}

/// The switch of one home.
#[derive(Clone, Debug)]
pub struct Switch {
    off: PathBuf,
    only: PathBuf,
}

impl Switch {
    /// The switch of a home.
    pub fn of(home: &Home) -> Self {
        Self { off: home.local_off(), only: home.local_only() }
    }

    /// How it stands. With both files there nothing leaves the machine, which is the careful way
    /// to read it.
    pub fn part(&self) -> Part {
        match (self.only.exists(), self.off.exists()) {
            (true, _) => Part::Only,
            (false, true) => Part::Off,
            (false, false) => Part::On,
        }
    }

    /// Whether local models are in use.
    pub fn on(&self) -> bool {
        self.part() != Part::Off
    }

    /// Turns it.
    ///
    /// # Errors
    /// When the home cannot be written. What was to be closed is closed before anything is opened.
    pub fn turn(&self, part: Part) -> io::Result<()> {
        match part {
            Part::On => {
                gone(&self.off)?;
                gone(&self.only)
            }
            Part::Off => {
                replace_private(&self.off, OFF)?;
                gone(&self.only)
            }
            Part::Only => {
                replace_private(&self.only, ONLY)?;
                gone(&self.off)
            }
        }
    }
}

fn gone(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_stands_as_it_was_turned_also_for_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let switch = || Switch::of(&Home::at(dir.path()));
        assert_eq!(switch().part(), Part::On);
        for part in [Part::Only, Part::Off, Part::On, Part::Off, Part::Only, Part::On] {
            switch().turn(part).unwrap();
            assert_eq!(switch().part(), part);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
