//! The journal: where a reservation is written before its attempt leaves, in one write.
//! Owns two files beside the ledger that are filled in turn, and what is remembered of the
//! reservations in them that the database does not have yet. Knows no SQL; its lock is never held
//! while anything but one record is written.
//!
//! A record outlives a kill as soon as it is written. The sync thread brings every reservation
//! into the database within a second and only then empties the file it was in.

use crate::entry::{Entry, Place};
use crate::migration::beside;
use crate::record;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file this long is not added to any more once the other one is empty. Both have this length
/// from the start, so that a record does not make its file longer.
pub(crate) const TURN_BYTES: u64 = 1024 * 1024;

/// A file never grows longer. At twelve thousand reservations a second that is five seconds in
/// which the disk finishes nothing.
pub(crate) const JOURNAL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Places remembered, so that a second reservation of one is refused.
const PLACES_KEPT: usize = 8192;

const SUFFIXES: [&str; 2] = [".journal-1", ".journal-2"];

/// The journal's two files.
pub(crate) fn paths(ledger: &Path) -> [PathBuf; 2] {
    SUFFIXES.map(|suffix| beside(ledger, suffix))
}

/// Why a reservation is not in the journal.
pub(crate) enum AppendProblem {
    /// Its place is taken.
    Duplicate,
    /// The file has its full length and the other one is not empty yet.
    Crowded,
    /// The system refused.
    Io(io::Error),
}

pub(crate) struct Journal {
    inner: Mutex<Inner>,
}

struct Inner {
    files: [Arc<File>; 2],
    /// The file that is added to.
    active: usize,
    /// Where its next record goes.
    at: u64,
    /// The other file holds records still.
    retired: bool,
    /// Reservations in each file that the database does not have.
    missing: [usize; 2],
    waiting: HashMap<Place, Waiting>,
    /// The places of `waiting` in order; some have gone from it.
    order: VecDeque<Place>,
    seen: Seen,
    unsynced: [bool; 2],
    record: Vec<u8>,
}

struct Waiting {
    record: Arc<[u8]>,
    file: usize,
}

/// The places of the latest reservations.
#[derive(Default)]
struct Seen {
    places: HashSet<Place>,
    order: VecDeque<Place>,
}

impl Seen {
    fn insert(&mut self, place: Place) -> bool {
        if !self.places.insert(place) {
            return false;
        }
        if self.order.len() >= PLACES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
        self.order.push_back(place);
        true
    }

    /// The last one inserted was not written after all.
    fn undo(&mut self, place: Place) {
        self.places.remove(&place);
        self.order.pop_back();
    }
}

impl Journal {
    /// Makes both files, or empties those that are there.
    pub fn start(ledger: &Path) -> io::Result<Self> {
        let [first, second] = paths(ledger);
        let files = [Arc::new(make(&first)?), Arc::new(make(&second)?)];
        files.iter().try_for_each(|file| empty(file))?;
        let inner = Inner {
            files,
            active: 0,
            at: 0,
            retired: false,
            missing: [0; 2],
            waiting: HashMap::new(),
            order: VecDeque::new(),
            seen: Seen::default(),
            unsynced: [false; 2],
            record: Vec::new(),
        };
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// Writes a reservation: one write, after which it outlives a kill.
    pub fn append(&self, entry: &Entry<'_>) -> Result<(), AppendProblem> {
        let place = entry.place();
        let inner = &mut *self.inner.lock();
        if inner.waiting.contains_key(&place) || !inner.seen.insert(place) {
            return Err(AppendProblem::Duplicate);
        }
        record::encode(entry, &mut inner.record);
        let bytes = inner.record.len() as u64;
        let done = if inner.at + bytes > JOURNAL_BYTES_MAX {
            Err(AppendProblem::Crowded)
        } else {
            // A record that was cut short is written over by the next one, so it is in no file.
            write_at(&inner.files[inner.active], &inner.record, inner.at).map_err(AppendProblem::Io)
        };
        if done.is_err() {
            inner.seen.undo(place);
            return done;
        }
        inner.at += bytes;
        inner.missing[inner.active] += 1;
        inner.unsynced[inner.active] = true;
        let waiting = Waiting { record: inner.record.as_slice().into(), file: inner.active };
        inner.waiting.insert(place, waiting);
        inner.order.push_back(place);
        Ok(())
    }

    /// Puts another file in the place of the one that is added to, and gives that one back.
    #[cfg(all(test, target_os = "linux"))]
    pub fn swap_for_test(&self, file: File) -> File {
        let mut inner = self.inner.lock();
        let active = inner.active;
        let old = std::mem::replace(&mut inner.files[active], Arc::new(file));
        old.try_clone().expect("a second handle")
    }

    /// The record of a reservation that the database does not have.
    pub fn get(&self, place: Place) -> Option<Arc<[u8]>> {
        self.inner.lock().waiting.get(&place).map(|w| w.record.clone())
    }

    /// Every such record.
    pub fn waiting(&self) -> Vec<Arc<[u8]>> {
        self.inner.lock().waiting.values().map(|w| w.record.clone()).collect()
    }

    /// How many places `take` has to give, of which some are no longer waiting.
    pub fn queued(&self) -> usize {
        self.inner.lock().order.len()
    }

    /// The oldest places, at most `count`. Who takes them carries them or puts them back.
    pub fn take(&self, count: usize) -> Vec<Place> {
        let mut inner = self.inner.lock();
        let count = inner.order.len().min(count);
        inner.order.drain(..count).collect()
    }

    /// Puts places back that were not carried.
    pub fn put_back(&self, places: &[Place]) {
        let mut inner = self.inner.lock();
        places.iter().rev().for_each(|place| inner.order.push_front(*place));
    }

    /// The reservation is in the database: committed there.
    pub fn carried(&self, place: Place) {
        let mut inner = self.inner.lock();
        if let Some(waiting) = inner.waiting.remove(&place) {
            inner.missing[waiting.file] -= 1;
        }
    }

    /// The retired file, when the database has everything that is in it.
    pub fn spent(&self) -> Option<Arc<File>> {
        let inner = self.inner.lock();
        let other = 1 - inner.active;
        (inner.retired && inner.missing[other] == 0).then(|| inner.files[other].clone())
    }

    /// Empties the file that `spent` gave. The database must have reached the disk in between.
    pub fn empty(&self, spent: &File) -> io::Result<()> {
        empty(spent)?;
        let mut inner = self.inner.lock();
        let other = 1 - inner.active;
        (inner.retired, inner.unsynced[other]) = (false, false);
        Ok(())
    }

    /// Goes on in the other file when this one is long enough and that one is empty.
    /// True when a file waits to be emptied.
    pub fn turn(&self) -> bool {
        let mut inner = self.inner.lock();
        if !inner.retired && inner.at >= TURN_BYTES {
            (inner.active, inner.at, inner.retired) = (1 - inner.active, 0, true);
        }
        inner.retired
    }

    /// Brings what was written to the disk.
    pub fn sync(&self) -> io::Result<()> {
        for index in 0..SUFFIXES.len() {
            let file = {
                let mut inner = self.inner.lock();
                if !std::mem::take(&mut inner.unsynced[index]) {
                    continue;
                }
                inner.files[index].clone()
            };
            if let Err(error) = file.sync_data() {
                self.inner.lock().unsynced[index] = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether the database has everything.
    pub fn is_carried(&self) -> bool {
        self.inner.lock().waiting.is_empty()
    }
}

/// Removes the files, when nothing is written any more and the database has everything.
pub(crate) fn remove(ledger: &Path) -> io::Result<()> {
    for path in paths(ledger) {
        match std::fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

/// Copies what the files hold beside a copy of the ledger.
pub(crate) fn copy(ledger: &Path, copy: &Path) -> io::Result<()> {
    for (from, to) in paths(ledger).iter().zip(paths(copy)) {
        if record::whole(&read(from)?).next().is_some() {
            std::fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn empty(file: &File) -> io::Result<()> {
    file.set_len(0)?;
    // Only for speed, so a system that refuses may.
    let _ = file.set_len(TURN_BYTES);
    Ok(())
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

// === what an earlier run left ===

/// The records of both files, of any version.
#[derive(Default)]
pub(crate) struct Left {
    files: [Vec<u8>; 2],
}

impl Left {
    /// Reads both files, whoever writes them meanwhile.
    pub fn read(ledger: &Path) -> io::Result<Self> {
        let [first, second] = paths(ledger);
        Ok(Self { files: [read(&first)?, read(&second)?] })
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.files.iter().flat_map(|file| record::whole(file))
    }

    /// The reservations in them.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records().filter_map(record::decode)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records().next().is_none()
    }

    /// The first file with a record of another version, and that version.
    pub fn foreign(&self, ledger: &Path) -> Option<(PathBuf, u16)> {
        paths(ledger).into_iter().zip(&self.files).find_map(|(path, file)| {
            let mut versions = record::whole(file).map(record::version);
            Some((path, versions.find(|v| *v != record::VERSION)?))
        })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
