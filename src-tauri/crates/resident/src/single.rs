//! One tray a home: the first holds `tray.lock` and listens at `tray.sock`; a second start rings
//! there, which shows the window of the first, and ends.

use crate::shell::Shell;
use crate::{clicks, say};
use interprocess::local_socket::{Listener, ListenerOptions, Stream, prelude::*};
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use weir_engine::Home;
use weir_engine::control::Address;
use weir_engine::home::private_file;

const SOCKET: &str = "tray.sock";
const LOCK: &str = "tray.lock";
/// How long the first may take until it listens, and in which steps it is tried.
const RING_MAX: Duration = Duration::from_secs(3);
const RING_STEP: Duration = Duration::from_millis(30);
/// The longest page's name, in bytes.
const PAGE_BYTES_MAX: u64 = 200;
const HEARD: &[u8] = b"heard\n";

/// What a start turned out to be.
pub enum Start {
    /// The first of its home.
    First(Single),
    /// Another one runs, and was asked to show its window.
    Second,
}

/// Held for as long as this is the home's tray.
pub struct Single {
    _lock: File,
}

/// Why it is not known which it is.
#[derive(Debug, thiserror::Error)]
pub enum Unclear {
    /// The folder cannot be used.
    #[error(
        "cannot lock {LOCK} in {home}: {cause}. Make the folder writable for this user, or choose another with WEIR_HOME or --home DIR"
    )]
    Unusable {
        /// The folder.
        home: String,
        /// What the system says.
        cause: io::Error,
    },
    /// Somebody holds the lock and does not answer.
    #[error(
        "Weir's tray runs for {home} already, and does not answer: {cause}. Stop that weir-tray process and start it again"
    )]
    Silent {
        /// The folder.
        home: String,
        /// What the system says.
        cause: io::Error,
    },
}

/// Finds out, and rings at the first if this is a second start; one that is to stay hidden does not
/// ring. Blocks for a moment.
///
/// # Errors
/// See [`Unclear`].
pub fn start(home: &Home, page: Option<&str>, hidden: bool) -> Result<Start, Unclear> {
    let shown = || home.root().display().to_string();
    let unusable = |cause| Unclear::Unusable { home: shown(), cause };
    let path = home.root().join(LOCK);
    let mut open = private_file();
    let lock = open.write(true).create(true).truncate(false).open(path).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(Start::First(Single { _lock: lock })),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        Err(TryLockError::WouldBlock) if hidden => Ok(Start::Second),
        Err(TryLockError::WouldBlock) => {
            let mut waited = Duration::ZERO;
            loop {
                match ring(home, page) {
                    Ok(()) => return Ok(Start::Second),
                    Err(cause) if waited >= RING_MAX => {
                        return Err(Unclear::Silent { home: shown(), cause });
                    }
                    Err(_) => std::thread::sleep(RING_STEP),
                }
                waited += RING_STEP;
            }
        }
    }
}

fn ring(home: &Home, page: Option<&str>) -> io::Result<()> {
    let address = Address::of(home.root(), SOCKET)?;
    let mut stream = Stream::connect(address.name()?)?;
    stream.write_all(format!("{}\n", page.unwrap_or_default()).as_bytes())?;
    let mut heard = Vec::new();
    stream.take(PAGE_BYTES_MAX).read_to_end(&mut heard)?;
    if heard == HEARD { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

impl Single {
    /// Listens for other starts, on a thread of its own that ends with the process.
    pub fn listen(&self, shell: Arc<Shell>) {
        let listening = open(&shell.home).and_then(|listener| {
            let hear = move || {
                for stream in listener.incoming().filter_map(Result::ok) {
                    // One that hangs up half-way asked for nothing.
                    let _ = heard(stream, &shell);
                }
            };
            std::thread::Builder::new().name("weir-starts".into()).spawn(hear)
        });
        if let Err(problem) = listening {
            say::problem(&format!("another start cannot show this one's window: {problem}"));
        }
    }
}

/// The lock is held, so a file that is there is a dead tray's.
fn open(home: &Home) -> io::Result<Listener> {
    let address = Address::of(home.root(), SOCKET)?;
    if cfg!(unix) {
        match std::fs::remove_file(&address.path) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
            _ => {}
        }
    }
    ListenerOptions::new().name(address.name()?).create_sync()
}

fn heard(stream: Stream, shell: &Arc<Shell>) -> io::Result<()> {
    let mut page = String::new();
    BufReader::new((&stream).take(PAGE_BYTES_MAX)).read_line(&mut page)?;
    let page = Some(page.trim()).filter(|page| !page.is_empty());
    clicks::come_back(shell, page);
    (&stream).write_all(HEARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_whose_first_does_not_answer_says_so_and_does_not_become_another_first() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let first = start(&home, None, false);
        assert!(matches!(first, Ok(Start::First(_))));
        let Err(problem) = start(&home, Some("budgets"), false) else { panic!("nobody listens") };
        assert!(problem.to_string().contains("does not answer"), "{problem}");
        assert!(matches!(start(&home, None, true), Ok(Start::Second)), "a hidden one asks nothing");
        drop(first);
        assert!(matches!(start(&home, None, false), Ok(Start::First(_))));
    }
}
