//! The window as the resident sees it: a process of its own, started when it is asked for, which is
//! the only one that loads a window library, and which the system takes back whole when it ends.
//! Owns that process: what it is told, what it asks, and what is said when it ends by itself.

use crate::shell::Shell;
use crate::words::{self, Ask, Asked, Leaving, OTHER_VERSION, Told};
use crate::{clicks, say};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use weir_engine::alerts;
use weir_engine::api::{ApiProblem, WindowView};

/// The first argument that makes the program the window.
pub const WINDOW_ARGUMENT: &str = "window";
/// The program that is the window; it lies beside this one, or is this one.
const PROGRAM: &str = "weir-tray";
/// Has the window drawn without a graphics driver, unless somebody wants another: its page stands
/// still, and starting a driver takes longer than all of its drawing.
const PLAIN_DRAWING: (&str, &str) = ("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
/// The window is drawn at most this often.
const BEAT: Duration = Duration::from_millis(500);
/// How long a window that is told to close may take.
const CLOSE_MAX: Duration = Duration::from_secs(4);
const CLOSE_LOOK: Duration = Duration::from_millis(20);
/// At the end of a session the window may hear of it before the tray does.
const QUIT_HEARD_MAX: Duration = Duration::from_millis(500);

/// Where to write to a window; nothing once it was told to close.
type Pipe = Arc<Mutex<Option<ChildStdin>>>;

/// The window, open or not.
#[derive(Default)]
pub struct Window {
    open: Mutex<Option<Open>>,
}

struct Open {
    pipe: Pipe,
    process: Arc<Mutex<Child>>,
    /// Whether it was told to close.
    meant: Arc<AtomicBool>,
}

/// How a window ended.
#[derive(Clone, Copy, Debug)]
struct End {
    /// What its process ended with, where that is known.
    status: Option<ExitStatus>,
    /// Whether it was told to close.
    meant: bool,
    /// Its last word, where it could say one.
    word: Option<Leaving>,
    /// How often windows were asked for, and for which of these it was seen.
    wanted: u32,
    raised: u32,
}

/// What follows from an end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing: it was closed.
    Rest,
    /// Somebody asked for the window while it was closing.
    Open,
    /// It ended by itself, and this is said of it.
    Say(String),
}

/// The program that is the window.
pub fn program() -> std::io::Result<PathBuf> {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(name))
}

impl Window {
    /// Starts the window's process, unless there is one: that hears of the page by its next view. Not
    /// while the application ends, which nothing may outlive. From any thread.
    pub fn show(&self, shell: &Arc<Shell>) {
        let mut open = lock(&self.open);
        // Looked at with the lock held: what was started before is closed after.
        if shell.quitting() || open.as_ref().is_some_and(Open::lives) {
            return;
        }
        match start(shell) {
            Ok(started) => *open = Some(started),
            Err(problem) => {
                let shown = program().unwrap_or_default();
                tell(&format!("the window cannot be opened: {}: {problem}", shown.display()));
            }
        }
    }

    /// Closes the window, if it is open, and waits until it is gone. Blocks.
    pub fn close(&self) {
        let Some(open) = lock(&self.open).take() else { return };
        open.meant.store(true, Ordering::Release);
        // The end of what it hears is its end. One that is being written to listens in a moment.
        let mut waited = Duration::ZERO;
        while waited < CLOSE_MAX {
            if let Ok(mut pipe) = open.pipe.try_lock() {
                *pipe = None;
                break;
            }
            std::thread::sleep(CLOSE_LOOK);
            waited += CLOSE_LOOK;
        }
        end_of(&open.process);
    }
}

impl Open {
    fn lives(&self) -> bool {
        matches!(lock(&self.process).try_wait(), Ok(None))
    }
}

fn start(shell: &Arc<Shell>) -> std::io::Result<Open> {
    let mut command = Command::new(program()?);
    command.arg(WINDOW_ARGUMENT).arg("--home").arg(shell.home.root());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    if cfg!(target_os = "linux") && std::env::var_os(PLAIN_DRAWING.0).is_none() {
        command.env(PLAIN_DRAWING.0, PLAIN_DRAWING.1);
    }
    // A terminal's Ctrl-C is for what stays, which closes the window.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    let pipe: Pipe = Arc::new(Mutex::new(Some(stdin)));
    let process = Arc::new(Mutex::new(child));
    let told = (Arc::downgrade(&pipe), shell.clone());
    let meant = Arc::new(AtomicBool::new(false));
    // It is opened in front of the others.
    let raised = AtomicU32::new(shell.turn());
    let heard = (pipe.clone(), process.clone(), shell.clone(), meant.clone());
    let thread = |name: &str| std::thread::Builder::new().name(name.into());
    thread("weir-window-tell").spawn(move || keep_told(&told.0, &told.1))?;
    thread("weir-window-hear").spawn(move || {
        let (pipe, process, shell, meant) = heard;
        let word = listen(BufReader::new(stdout), &pipe, &shell, &raised);
        *lock(&pipe) = None;
        let status = end_of(&process);
        let meant = meant.load(Ordering::Acquire);
        let (wanted, raised) = (shell.turn(), raised.load(Ordering::Acquire));
        ended(End { status, meant, word, wanted, raised }, &shell);
    })?;
    Ok(Open { pipe, process, meant })
}

/// Tells every new view, at most twice a second, until the window is gone.
fn keep_told(pipe: &Weak<Mutex<Option<ChildStdin>>>, shell: &Shell) {
    let mut changes = shell.changes();
    let mut drawn: Option<WindowView> = None;
    loop {
        let view = shell.window_view();
        let Some(pipe) = pipe.upgrade() else { return };
        if drawn.as_ref() != Some(&view) {
            if !tell_view(&pipe, &view) {
                return;
            }
            drawn = Some(view);
        }
        drop(pipe);
        std::thread::sleep(BEAT);
        if shell.block_on(changes.changed()).is_err() {
            return;
        }
    }
}

fn tell_view(pipe: &Pipe, view: &WindowView) -> bool {
    say_to(pipe, &Told::View(Box::new(view.clone())))
}

/// False when the window is gone.
fn say_to(pipe: &Pipe, what: &Told) -> bool {
    lock(pipe).as_mut().is_some_and(|pipe| words::say(pipe, what).is_ok())
}

/// Does what the window asks, in the order it asks, until it says no more. Returns its last word.
fn listen(
    mut lines: impl BufRead,
    pipe: &Pipe,
    shell: &Arc<Shell>,
    raised: &AtomicU32,
) -> Option<Leaving> {
    let mut word = None;
    while let Some(Asked { id, ask }) = words::next(&mut lines) {
        if let Ask::Leaving(why) = ask {
            // The first one is the reason: what comes apart after it was on its way out.
            word = word.or(Some(why));
            continue;
        }
        let problem = done(ask, pipe, shell, raised).err();
        say_to(pipe, &Told::Done { id, problem });
    }
    word
}

fn done(ask: Ask, pipe: &Pipe, shell: &Arc<Shell>, raised: &AtomicU32) -> Result<(), ApiProblem> {
    match ask {
        Ask::View => {
            tell_view(pipe, &shell.window_view());
        }
        Ask::Retry => shell.ask_retry(),
        Ask::Port(port) => shell.use_port(port)?,
        Ask::Touch => shell.touch(),
        Ask::Copy(text) => shell.clipboard.put(&text)?,
        Ask::CopyAddress => shell.copy_address()?,
        Ask::Login(on) => {
            shell.set_login(on)?;
            shell.touch();
        }
        Ask::Hide => clicks::hide(shell),
        Ask::RestoreAndQuit => clicks::restore_and_quit(shell)?,
        Ask::Quit => shell.quit(),
        Ask::Raised(turn) => {
            raised.fetch_max(turn, Ordering::AcqRel);
        }
        // Nobody waits for an answer to it.
        Ask::Leaving(_) => {}
    }
    Ok(())
}

/// The window is gone.
fn ended(end: End, shell: &Arc<Shell>) {
    match end.next() {
        Next::Rest => {}
        Next::Open => shell.show_again(),
        Next::Say(_) if shell.quits_within(QUIT_HEARD_MAX) => {}
        Next::Say(text) => tell(&text),
    }
}

impl End {
    /// A window that was told to close, or said that it was closed, ended well, with whatever status
    /// its libraries left it. One that fails is not started again: it would fail again.
    fn next(self) -> Next {
        let fell = match (self.word, self.status) {
            _ if self.meant => return Next::Rest,
            (Some(Leaving::Closed), _) => None,
            (Some(Leaving::PageDied), _) => Some(crashed("the process of its page ended")),
            (None, Some(status)) if status.code() == Some(OTHER_VERSION.into()) => Some(
                "the window cannot be opened: Weir was updated; quit it and start weir-tray again"
                    .into(),
            ),
            (None, Some(status)) if !status.success() => Some(crashed(&status.to_string())),
            (None, _) => None,
        };
        match fell {
            Some(text) => Next::Say(text),
            None if self.wanted > self.raised => Next::Open,
            None => Next::Rest,
        }
    }
}

/// Waits a moment for the end of a process that says no more, and then ends it.
fn end_of(process: &Mutex<Child>) -> Option<ExitStatus> {
    let mut waited = Duration::ZERO;
    while waited < CLOSE_MAX {
        if let Some(status) = lock(process).try_wait().ok()? {
            return Some(status);
        }
        std::thread::sleep(CLOSE_LOOK);
        waited += CLOSE_LOOK;
    }
    let mut process = lock(process);
    process.kill().ok()?;
    process.wait().ok()
}

fn crashed(how: &str) -> String {
    format!("the window ended by itself ({how}). Weir serves on; Open Weir opens it again")
}

/// Says what went wrong where a person sees it.
fn tell(text: &str) {
    say::problem(text);
    // Without a notification server the terminal is all there is.
    let _ = alerts::say(text);
}

/// A poisoned lock is taken as it is: what it guards is replaced whole, never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use weir_engine::Home;

    fn end(code: i32) -> End {
        let status = Some(ExitStatus::from_raw(code << 8));
        End { status, meant: false, word: None, wanted: 1, raised: 1 }
    }

    fn shell() -> (tempfile::TempDir, tokio::runtime::Runtime, Arc<Shell>) {
        let dir = tempfile::tempdir().expect("a folder");
        // One that keeps time while nobody waits on it.
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let shell = Arc::new(Shell::new(Home::at(dir.path()), runtime.handle().clone()));
        (dir, runtime, shell)
    }

    #[test]
    fn a_closed_window_rests_unless_it_was_asked_for_meanwhile() {
        assert_eq!(end(0).next(), Next::Rest);
        assert_eq!(End { wanted: 2, ..end(0) }.next(), Next::Open);
        assert_eq!(End { wanted: 2, meant: true, ..end(0) }.next(), Next::Rest, "it was hidden");
    }

    #[test]
    fn a_window_that_failed_is_told_of_and_not_started_again_and_again() {
        let failed = End { wanted: 2, ..end(3) };
        assert!(matches!(failed.next(), Next::Say(said) if said.contains("ended by itself")));
        assert_eq!(End { meant: true, ..failed }.next(), Next::Rest);
    }

    #[test]
    fn whatever_a_window_ends_with_after_it_was_closed_is_no_crash_and_without_that_it_is_one() {
        for signal in [11, 9, 6] {
            let status = Some(ExitStatus::from_raw(signal));
            let closed = End { status, word: Some(Leaving::Closed), ..end(0) };
            assert_eq!(closed.next(), Next::Rest, "signal {signal} after it was closed");
            assert_eq!(End { wanted: 2, ..closed }.next(), Next::Open, "asked for meanwhile");
            assert_eq!(End { meant: true, wanted: 2, ..closed }.next(), Next::Rest, "hidden");
            let alone = End { word: None, ..closed };
            assert!(
                matches!(alone.next(), Next::Say(said) if said.contains(&format!("signal: {signal}"))),
                "signal {signal} with nobody asking for the end"
            );
        }
    }

    #[test]
    fn a_window_whose_page_died_is_told_of_however_its_process_ended() {
        let died = End { word: Some(Leaving::PageDied), wanted: 2, ..end(0) };
        assert!(matches!(died.next(), Next::Say(said) if said.contains("its page ended")));
        assert_eq!(End { meant: true, ..died }.next(), Next::Rest);
    }

    #[test]
    fn the_windows_first_last_word_is_what_counts() {
        let (_dir, _runtime, shell) = shell();
        let heard = |leaving: &[Leaving]| {
            let mut said = Vec::new();
            for &each in leaving {
                words::say(&mut said, &Asked { id: 1, ask: Ask::Leaving(each) }).unwrap();
            }
            listen(said.as_slice(), &Pipe::default(), &shell, &AtomicU32::new(1))
        };
        assert_eq!(heard(&[]), None);
        assert_eq!(heard(&[Leaving::PageDied]), Some(Leaving::PageDied));
        assert_eq!(heard(&[Leaving::Closed, Leaving::PageDied]), Some(Leaving::Closed));
    }

    #[test]
    fn a_window_of_another_version_says_that_weir_was_updated_and_what_to_do() {
        let Next::Say(said) = end(OTHER_VERSION.into()).next() else { panic!("it is told") };
        assert!(said.ends_with("Weir was updated; quit it and start weir-tray again"), "{said}");
    }

    #[test]
    fn a_library_that_writes_between_the_windows_words_ends_nothing() {
        let (_dir, _runtime, shell) = shell();
        let (pipe, raised): (Pipe, _) = (Pipe::default(), AtomicU32::new(1));
        let mut said = b"** Message: a library's\n".to_vec();
        words::say(&mut said, &Asked { id: 1, ask: Ask::Raised(3) }).unwrap();
        said.extend(b"another\n");
        words::say(&mut said, &Asked { id: 2, ask: Ask::Quit }).unwrap();
        listen(said.as_slice(), &pipe, &shell, &raised);
        assert_eq!(raised.load(Ordering::Acquire), 3);
        assert!(shell.quitting(), "what came after was heard");
    }

    #[test]
    fn nothing_is_said_of_a_window_that_ends_with_the_application() {
        let (_dir, _runtime, shell) = shell();
        assert!(!shell.quits_within(Duration::ZERO));
        shell.quit();
        assert!(shell.quits_within(QUIT_HEARD_MAX));
    }

    #[test]
    fn no_window_is_started_once_the_application_is_to_end() {
        let (_dir, _runtime, shell) = shell();
        shell.quit();
        shell.show(None);
        assert!(lock(&shell.window().open).is_none());
    }
}
