//! One engine a home: `weir.lock` is held for as long as an engine, or a command that opens the
//! home directly, lives. The file says who holds it, so that a second start can say so.

use crate::home::{Home, private_file};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::time::Duration;

/// A command that opens the home directly holds the lock for milliseconds: a start waits this
/// long for it, in steps of `STEP`.
const SHORT_HOLD_MAX: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(20);
const HOLDER_BYTES_MAX: u64 = 200;

/// The lock of a home. Let go when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Who holds a lock, as its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The port it serves; `None` for a command that is done in a moment.
    pub port: Option<u16>,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockProblem {
    /// Another process has it.
    #[error("{}", held(*.holder, .path))]
    Held {
        /// Who, when the file says so.
        holder: Option<Holder>,
        /// The lock file.
        path: PathBuf,
    },
    /// The file cannot be opened or locked.
    #[error(
        "cannot lock {path}: {cause}. Make the folder writable for this user, or choose another \
         with WEIR_HOME or --home DIR"
    )]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

fn held(holder: Option<Holder>, path: &std::path::Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    let who = match holder {
        Some(Holder { pid, port: Some(port) }) => {
            format!("Weir already runs for {folder}: pid {pid}, port {port}")
        }
        Some(Holder { pid, port: None }) => {
            format!("another weir command (pid {pid}) is using {folder}")
        }
        None => format!("another weir is using {folder}"),
    };
    format!("{who}. Stop it first, or give this one a folder of its own with --home DIR")
}

impl Lock {
    /// Takes the lock; waits up to two seconds for a command that holds it in passing.
    ///
    /// # Errors
    /// Who holds it, or why the file cannot be used.
    pub fn take(home: &Home) -> Result<Self, LockProblem> {
        let path = home.lock();
        let open =
            || private_file().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file =
            open().map_err(|cause| LockProblem::Unusable { path: path.clone(), cause })?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = read_holder(&mut file);
                    let serving = holder.is_some_and(|h| h.port.is_some());
                    if serving || waited >= SHORT_HOLD_MAX {
                        return Err(LockProblem::Held { holder, path });
                    }
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                Err(TryLockError::Error(cause)) => {
                    return Err(LockProblem::Unusable { path, cause });
                }
            }
        }
        let mut lock = Self { file };
        lock.write(None).map_err(|cause| LockProblem::Unusable { path, cause })?;
        Ok(lock)
    }

    /// Notes the port this process serves.
    ///
    /// # Errors
    /// What the system said.
    pub fn announce(&mut self, port: u16) -> io::Result<()> {
        self.write(Some(port))
    }

    fn write(&mut self, port: Option<u16>) -> io::Result<()> {
        let mut line = format!("pid {}\n", std::process::id());
        if let Some(port) = port {
            line.push_str(&format!("port {port}\n"));
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(line.as_bytes())
    }
}

/// Who the lock file of a home says holds it; `None` when it says nothing that can be read (on
/// Windows a locked file cannot be). Whether the holder still lives is for the control socket.
pub fn holder(home: &Home) -> Option<Holder> {
    read_holder(&mut File::open(home.lock()).ok()?)
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(HOLDER_BYTES_MAX).read_to_string(&mut text).ok()?;
    let field = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)?.trim().parse().ok());
    let pid: u64 = field("pid ")?;
    let port: Option<u64> = field("port ");
    Some(Holder { pid: u32::try_from(pid).ok()?, port: port.and_then(|p| u16::try_from(p).ok()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_is_told_who_holds_the_home() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let mut first = Lock::take(&home).unwrap();
        first.announce(9347).unwrap();
        let said = Lock::take(&home).unwrap_err().to_string();
        assert!(said.contains(&format!("pid {}", std::process::id())), "{said}");
        assert!(said.contains("port 9347") && said.contains("--home"), "{said}");
        drop(first);
        Lock::take(&home).expect("the lock is free once its holder is gone");
    }

    #[test]
    fn a_start_waits_for_a_command_that_is_done_in_a_moment() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let passing = Lock::take(&home).unwrap();
        let (asked, was_asked) = std::sync::mpsc::sync_channel(1);
        let other = std::thread::spawn({
            let home = home.clone();
            move || {
                asked.send(()).unwrap();
                Lock::take(&home).map(drop)
            }
        });
        was_asked.recv().unwrap();
        drop(passing);
        other.join().unwrap().expect("the passing holder let go");
    }
}
