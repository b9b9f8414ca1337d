//! One tray a home: the first holds `tray.lock` and listens at `tray.sock`; a second start rings
//! there, which shows the window of the first, and ends. Where the first is about to end, the second
//! waits for that and takes its place.

use crate::shell::Shell;
use crate::{STOP_MAX, clicks, say};
use interprocess::local_socket::{Listener, ListenerOptions, Stream, prelude::*};
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::sync::Arc;
use std::time::Duration;
use weir_engine::Home;
use weir_engine::control::{Address, Owner, private};
use weir_engine::home::private_file;

const SOCKET: &str = "tray.sock";
const LOCK: &str = "tray.lock";
/// How long the first may take until it listens and answers, and in which steps it is tried.
const RING_MAX: Duration = Duration::from_secs(3);
const RING_STEP: Duration = Duration::from_millis(30);
/// How long one that said that it ends may take for it: its stop, and what comes after.
const END_MAX: Duration = STOP_MAX.saturating_add(Duration::from_secs(2));
/// How long another start may keep the first waiting for its line.
const HEAR_MAX: Duration = Duration::from_secs(1);
/// The longest line either says, in bytes.
const LINE_BYTES_MAX: u64 = 200;
/// The page of a start that wants none, and no window either: it asks whether anybody stays.
const NO_WINDOW: &str = "-";
const HEARD: &[u8] = b"heard\n";
const ENDING: &[u8] = b"ending\n";

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
    #[error("Weir's tray runs for {home} already, and does not answer: {cause}. {fix}")]
    Silent {
        /// The folder.
        home: String,
        /// What the system says.
        cause: io::Error,
        /// What to do, see [`stop`].
        fix: String,
    },
    /// Somebody holds the lock, and no socket can be in that folder.
    #[error(
        "Weir's tray runs for {home} already, and cannot be asked for its window: {cause}. Open it from its icon, or choose a folder with a shorter path with WEIR_HOME or --home DIR"
    )]
    OutOfReach {
        /// The folder.
        home: String,
        /// What is wrong with its path.
        cause: io::Error,
    },
}

/// The fix for a tray that does not answer.
pub fn stop(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("Stop process {pid}, then start weir-tray again"),
        None => "Stop that weir-tray process, then start it again".into(),
    }
}

/// The process that is the home's tray, where it says so.
pub fn holder(home: &Home) -> Option<u32> {
    let file = File::open(home.root().join(LOCK)).ok()?;
    let mut text = String::new();
    file.take(LINE_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// What the first said.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// Its window is shown.
    Heard,
    /// It ends.
    Ending,
}

/// Finds out, and rings at the first if this is a second start; one that is to stay hidden shows no
/// window. Blocks for a moment, and where the first is ending until it has.
///
/// # Errors
/// See [`Unclear`].
pub fn start(home: &Home, page: Option<&str>, hidden: bool) -> Result<Start, Unclear> {
    start_within(home, page, hidden, RING_MAX)
}

fn start_within(
    home: &Home,
    page: Option<&str>,
    hidden: bool,
    ring_max: Duration,
) -> Result<Start, Unclear> {
    let shown = || home.root().display().to_string();
    let asked = if hidden { NO_WINDOW } else { page.unwrap_or_default() };
    let mut left = ring_max;
    let mut ending = false;
    loop {
        if let Some(single) =
            claim(home).map_err(|cause| Unclear::Unusable { home: shown(), cause })?
        {
            return Ok(Start::First(single));
        }
        let answer = ring(home, asked, left);
        left = left.saturating_sub(RING_STEP);
        let cause = match answer {
            Ok(Answer::Heard) => return Ok(Start::Second),
            Ok(Answer::Ending) => {
                if !std::mem::replace(&mut ending, true) {
                    left = END_MAX;
                }
                io::Error::new(io::ErrorKind::TimedOut, "it has been ending for too long")
            }
            Err(cause) if cause.kind() == io::ErrorKind::InvalidInput && !hidden => {
                return Err(Unclear::OutOfReach { home: shown(), cause });
            }
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                // That took all of it.
                left = Duration::ZERO;
                io::Error::new(io::ErrorKind::TimedOut, "it took the call and said nothing")
            }
            Err(cause) => cause,
        };
        if left.is_zero() {
            // Nobody waits for its window, so there is nothing to complain about.
            let silent = || Unclear::Silent { home: shown(), cause, fix: stop(holder(home)) };
            return if hidden { Ok(Start::Second) } else { Err(silent()) };
        }
        std::thread::sleep(RING_STEP);
    }
}

/// Takes the lock, unless another process has it.
fn claim(home: &Home) -> io::Result<Option<Single>> {
    let path = home.root().join(LOCK);
    let mut file = private_file().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Err(TryLockError::Error(cause)) => return Err(cause),
        Err(TryLockError::WouldBlock) => return Ok(None),
        Ok(()) => {}
    }
    // For the words of a start that gets no answer. Without it they name no process.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Some(Single { _lock: file }))
}

fn ring(home: &Home, asked: &str, left: Duration) -> io::Result<Answer> {
    let address = Address::of(home.root(), SOCKET)?;
    let mut stream = Stream::connect(address.name()?)?;
    limit(&stream, left);
    stream.write_all(format!("{asked}\n").as_bytes())?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_until(b'\n', &mut answer)?;
    match answer.as_slice() {
        HEARD => Ok(Answer::Heard),
        ENDING => Ok(Answer::Ending),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Neither side waits for the other for ever.
fn limit(stream: &Stream, most: Duration) {
    // Nothing at all would mean no limit.
    let most = Some(most.max(RING_STEP));
    // Pipes on Windows know no limits; their other end is gone with its process all the same.
    let _ = stream.set_recv_timeout(most).and_then(|()| stream.set_send_timeout(most));
}

impl Single {
    /// Listens for other starts, on a thread of its own that ends with the process.
    pub fn listen(&self, shell: Arc<Shell>) {
        let listening = open(&shell.home).and_then(|(listener, owner)| {
            let hear = move || {
                let calls = listener.incoming().filter_map(Result::ok);
                for stream in calls.filter(|stream| owner.admits(stream)) {
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
fn open(home: &Home) -> io::Result<(Listener, Owner)> {
    let address = Address::of(home.root(), SOCKET)?;
    if cfg!(unix) {
        match std::fs::remove_file(&address.path) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
            _ => {}
        }
    }
    let listener = private(ListenerOptions::new().name(address.name()?))?.create_sync()?;
    Ok((listener, Owner::of(&address.path)?))
}

fn heard(stream: Stream, shell: &Arc<Shell>) -> io::Result<()> {
    limit(&stream, HEAR_MAX);
    let mut asked = String::new();
    BufReader::new((&stream).take(LINE_BYTES_MAX)).read_line(&mut asked)?;
    let asked = asked.trim();
    if asked != NO_WINDOW {
        clicks::come_back(shell, Some(asked).filter(|page| !page.is_empty()));
    }
    // Looked at last: what was shown to one that ends was not shown.
    (&stream).write_all(if shell.quitting() { ENDING } else { HEARD })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for an answer, short enough for a test of none.
    const SOON: Duration = Duration::from_millis(200);

    fn first(home: &Home) -> Single {
        match start(home, None, false) {
            Ok(Start::First(single)) => single,
            _ => panic!("nobody else is there"),
        }
    }

    /// A shell of that home that is asked to end before it could show a window.
    fn ending(home: &Home, runtime: &tokio::runtime::Runtime) -> Arc<Shell> {
        let shell = Arc::new(Shell::new(home.clone(), runtime.handle().clone()));
        shell.quit();
        shell
    }

    fn threads() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn a_second_start_whose_first_does_not_answer_says_so_and_does_not_become_another_first() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let held = first(&home);
        let Err(problem) = start_within(&home, Some("budgets"), false, SOON) else {
            panic!("nobody listens")
        };
        let said = problem.to_string();
        assert!(said.contains("does not answer"), "{said}");
        let fix = format!("Stop process {}, then start weir-tray again", std::process::id());
        assert!(said.ends_with(&fix), "{said}");
        let hidden = start_within(&home, None, true, SOON);
        assert!(matches!(hidden, Ok(Start::Second)), "a hidden one has nothing to complain about");
        drop(held);
        assert!(matches!(start(&home, None, false), Ok(Start::First(_))));
    }

    #[test]
    fn a_first_that_listens_and_never_answers_keeps_a_second_start_for_a_moment_only() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let _held = first(&home);
        let (_listener, _) = open(&home).unwrap();
        let problem = start_within(&home, None, false, SOON).err().unwrap();
        assert!(matches!(problem, Unclear::Silent { .. }), "{problem}");
    }

    #[cfg(unix)]
    #[test]
    fn a_caller_that_says_nothing_keeps_the_next_one_waiting_for_a_moment_only() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let runtime = threads();
        let held = first(&home);
        held.listen(ending(&home, &runtime));
        let address = Address::of(home.root(), SOCKET).unwrap();
        let _stuck = Stream::connect(address.name().unwrap()).unwrap();
        assert_eq!(ring(&home, NO_WINDOW, RING_MAX).unwrap(), Answer::Ending);
    }

    #[test]
    fn a_start_while_the_first_ends_takes_its_place() {
        for hidden in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let home = Home::at(dir.path());
            let runtime = threads();
            let shell = ending(&home, &runtime);
            let held = first(&home);
            let (listener, _) = open(&home).unwrap();
            let second = {
                let home = home.clone();
                std::thread::spawn(move || start(&home, Some("budgets"), hidden))
            };
            heard(listener.accept().unwrap(), &shell).unwrap();
            // The lock goes at the very end of the first.
            drop(held);
            assert!(matches!(second.join().unwrap(), Ok(Start::First(_))));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_and_the_lock_are_closed_to_other_users() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let _held = first(&home);
        let _open = open(&home).unwrap();
        for name in [SOCKET, LOCK] {
            let mode = std::fs::metadata(home.root().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_named_as_what_is_wrong() {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "the path is too long");
        let said = Unclear::OutOfReach { home: "h".into(), cause }.to_string();
        assert!(said.contains("the path is too long"), "{said}");
        assert!(said.contains("shorter path") && !said.contains("Stop"), "{said}");
    }
}
