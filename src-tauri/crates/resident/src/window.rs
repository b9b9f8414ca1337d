//! The window as the resident sees it: a process of its own, started when it is asked for, which is
//! the only one that loads a window library, and which the system takes back whole when it ends.
//! Owns that process: what it is told, what it asks, and what is said when it ends by itself.

use crate::shell::Shell;
use crate::words::{self, Ask, Asked, Told};
use crate::{clicks, say};
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
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

/// The program that is the window.
pub fn program() -> std::io::Result<PathBuf> {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(name))
}

impl Window {
    /// Starts the window's process, unless there is one: that hears of the page by its next view.
    /// From any thread.
    pub fn show(&self, shell: &Arc<Shell>) {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(Open::lives) {
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
    let mut child = command.spawn()?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    let pipe: Pipe = Arc::new(Mutex::new(Some(stdin)));
    let process = Arc::new(Mutex::new(child));
    let told = (Arc::downgrade(&pipe), shell.clone());
    let meant = Arc::new(AtomicBool::new(false));
    let heard = (pipe.clone(), process.clone(), shell.clone(), meant.clone());
    let thread = |name: &str| std::thread::Builder::new().name(name.into());
    thread("weir-window-tell").spawn(move || keep_told(&told.0, &told.1))?;
    thread("weir-window-hear").spawn(move || {
        listen(stdout, &heard.0, &heard.2);
        ended(&heard.0, &heard.1, &heard.3);
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

/// Does what the window asks, in the order it asks, until it says no more.
fn listen(stdout: ChildStdout, pipe: &Pipe, shell: &Arc<Shell>) {
    let mut lines = BufReader::new(stdout);
    while let Some(Asked { id, ask }) = words::hear(&mut lines) {
        let problem = done(ask, pipe, shell).err();
        say_to(pipe, &Told::Done { id, problem });
    }
}

fn done(ask: Ask, pipe: &Pipe, shell: &Arc<Shell>) -> Result<(), ApiProblem> {
    match ask {
        Ask::View => {
            tell_view(pipe, &shell.window_view());
        }
        Ask::Retry => shell.ask_retry(),
        Ask::Port(port) => shell.use_port(port)?,
        Ask::Touch => shell.touch(),
        Ask::Copy(text) => shell.clipboard.put(&text)?,
        Ask::CopyAddress => shell.copy_address()?,
        Ask::Hide => clicks::hide(shell),
        Ask::RestoreAndQuit => clicks::restore_and_quit(shell)?,
        Ask::Quit => shell.quit(),
    }
    Ok(())
}

/// The window said its last. One that was told to close, or was closed, ends well.
fn ended(pipe: &Pipe, process: &Mutex<Child>, meant: &AtomicBool) {
    *lock(pipe) = None;
    let status = end_of(process).filter(|status| !status.success());
    if let Some(status) = status.filter(|_| !meant.load(Ordering::Acquire)) {
        tell(&crashed(status));
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

fn crashed(status: ExitStatus) -> String {
    format!("the window ended by itself ({status}). Weir serves on; Open Weir opens it again")
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
