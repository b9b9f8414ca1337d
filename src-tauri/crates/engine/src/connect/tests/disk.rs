//! A file system in memory. It knows which bytes and which names have been brought to the disk,
//! can stop after any step as a killed process does, and can then lose its power: what was not
//! brought to the disk is gone, or is left as zero bytes, as real ones do.

use crate::connect::files::{Facts, Files};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub mode: u32,
    synced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    File(usize),
    Link(PathBuf),
    Folder,
}

#[derive(Clone, Debug, Default)]
struct State {
    contents: Vec<Content>,
    /// Names as a running system sees them, and as they are on the disk.
    names: BTreeMap<PathBuf, Entry>,
    durable: BTreeMap<PathBuf, Entry>,
    closed: Vec<PathBuf>,
}

/// What is on a disk: every file with its bytes and permissions, every link, every folder.
pub type Picture = BTreeMap<PathBuf, String>;

#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
    /// Steps that may still happen; `None` for any number.
    left: Mutex<Option<usize>>,
    steps: Mutex<usize>,
}

impl Memory {
    pub fn make_folders(&self, path: &Path) {
        let mut state = self.state.lock();
        for folder in path.ancestors() {
            state.names.insert(folder.to_owned(), Entry::Folder);
        }
        state.durable = state.names.clone();
    }

    /// A file that was there before.
    pub fn put(&self, path: &Path, bytes: &[u8], mode: u32) {
        let mut state = self.state.lock();
        let id = state.contents.len();
        state.contents.push(Content { bytes: bytes.to_vec(), mode, synced: true });
        state.names.insert(path.to_owned(), Entry::File(id));
        state.durable = state.names.clone();
    }

    pub fn put_link(&self, path: &Path, to: &Path) {
        let mut state = self.state.lock();
        state.names.insert(path.to_owned(), Entry::Link(to.to_owned()));
        state.durable = state.names.clone();
    }

    /// Nothing can be made in a folder from now on.
    pub fn close(&self, folder: &Path) {
        self.state.lock().closed.push(folder.to_owned());
    }

    pub fn delete(&self, path: &Path) {
        let mut state = self.state.lock();
        state.names.remove(path);
        state.durable = state.names.clone();
    }

    pub fn mode(&self, path: &Path) -> u32 {
        self.facts(path).unwrap().unwrap().mode.unwrap()
    }

    /// From now on only so many steps happen; then the process is dead.
    pub fn live_for(&self, steps: usize) {
        *self.left.lock() = Some(steps);
    }

    /// The process lives again.
    pub fn revive(&self) {
        *self.left.lock() = None;
    }

    /// Steps taken so far.
    pub fn steps(&self) -> usize {
        *self.steps.lock()
    }

    /// The machine lost its power and came up again.
    pub fn lose_power(&self) {
        let mut state = self.state.lock();
        state.names = state.durable.clone();
        for content in &mut state.contents {
            if !content.synced {
                content.bytes.fill(0);
            }
        }
    }

    /// Everything outside a folder.
    pub fn picture(&self, without: &Path) -> Picture {
        let state = self.state.lock();
        let seen = state.names.iter().filter(|(path, _)| !path.starts_with(without));
        let told = |(path, entry): (&PathBuf, &Entry)| {
            let what = match entry {
                Entry::Folder => "folder".to_owned(),
                Entry::Link(to) => format!("-> {}", to.display()),
                Entry::File(id) => {
                    let content = &state.contents[*id];
                    format!("{:o} {}", content.mode, String::from_utf8_lossy(&content.bytes))
                }
            };
            (path.clone(), what)
        };
        seen.map(told).collect()
    }

    pub fn is_there(&self, path: &Path) -> bool {
        self.state.lock().names.contains_key(path)
    }

    /// One step, if the process still lives.
    fn step(&self) -> io::Result<()> {
        let mut left = self.left.lock();
        match &mut *left {
            Some(0) => return Err(io::Error::other("killed")),
            Some(left) => *left -= 1,
            None => {}
        }
        *self.steps.lock() += 1;
        Ok(())
    }

    /// The real name behind links.
    fn real(state: &State, path: &Path) -> PathBuf {
        let mut path = path.to_owned();
        while let Some(Entry::Link(to)) = state.names.get(&path) {
            path = path.parent().unwrap().join(to);
        }
        path
    }

    fn file(state: &State, path: &Path) -> Option<usize> {
        match state.names.get(&Self::real(state, path)) {
            Some(Entry::File(id)) => Some(*id),
            _ => None,
        }
    }

    fn writable(state: &State, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap();
        if state.closed.iter().any(|closed| closed == folder) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        match state.names.get(folder) {
            Some(Entry::Folder) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let state = self.state.lock();
        Ok(Self::file(&state, path).map(|id| state.contents[id].bytes.clone()))
    }

    fn facts(&self, path: &Path) -> io::Result<Option<Facts>> {
        let state = self.state.lock();
        let of = |id: usize| Facts { mode: Some(state.contents[id].mode), own: true, plain: true };
        Ok(Self::file(&state, path).map(of))
    }

    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        Ok(match self.state.lock().names.get(path) {
            Some(Entry::Link(to)) => Some(to.clone()),
            _ => None,
        })
    }

    fn is_folder(&self, path: &Path) -> bool {
        matches!(self.state.lock().names.get(path), Some(Entry::Folder))
    }

    fn names(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state.lock();
        Ok(state.names.keys().filter(|name| name.parent() == Some(path)).cloned().collect())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        Self::writable(&state, path)?;
        state.names.insert(path.to_owned(), Entry::Folder);
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        if !state.names.keys().any(|name| name.parent() == Some(path)) {
            state.names.remove(path);
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        Self::writable(&state, path)?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = state.contents.len();
        state.contents.push(Content { bytes: Vec::new(), mode: 0o600, synced: false });
        state.names.insert(path.to_owned(), Entry::File(id));
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let dead = self.step();
        let mut state = self.state.lock();
        let id = Self::file(&state, path).ok_or_else(missing)?;
        // A process that is killed in a write has written a part of it.
        let part = if dead.is_ok() { bytes.len() } else { bytes.len() / 2 };
        state.contents[id].bytes = bytes[..part].to_vec();
        state.contents[id].synced = false;
        dead
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        let id = Self::file(&state, path).ok_or_else(missing)?;
        state.contents[id].mode = mode;
        Ok(())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        let id = Self::file(&state, path).ok_or_else(missing)?;
        state.contents[id].synced = true;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        Self::writable(&state, to)?;
        let entry = state.names.remove(from).ok_or_else(missing)?;
        state.names.insert(to.to_owned(), entry.clone());
        // A disk may write the new name at once, whether or not the bytes behind it are there.
        state.durable.insert(to.to_owned(), entry);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        state.durable.retain(|name, _| name.parent() != Some(path));
        let here: Vec<(PathBuf, Entry)> = state
            .names
            .iter()
            .filter(|(name, _)| name.parent() == Some(path))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect();
        state.durable.extend(here);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.lock();
        if let Some(folder) = path.parent()
            && state.names.contains_key(path)
            && state.closed.iter().any(|c| c == folder)
        {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        state.names.remove(path);
        Ok(())
    }

    fn turn(&self, _: &Path) -> io::Result<Option<std::fs::File>> {
        Ok(None)
    }
}
