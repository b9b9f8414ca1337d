//! The resident process: the engine with its icon, menu and notices, for as long as a session lasts.
//! It loads no window library; the window is a process of its own, started when it is opened.
//! May depend on `weir-engine` alone, and must not know tauri. Owns the order of starting and
//! stopping.

pub mod arguments;
mod clicks;
mod clipboard;
mod display;
mod headless;
mod host;
#[cfg(target_os = "linux")]
mod item;
pub mod login;
pub mod say;
mod shell;
mod signals;
pub mod single;
mod tray;
mod window;
pub mod words;

pub use clicks::clicked;
pub use shell::Shell;
pub use tray::{Icon, Panel};
pub use window::WINDOW_ARGUMENT;

use arguments::{Arguments, Wanted};
use host::Wish;
use single::{Start, Unclear};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tray::Wishes;
use weir_engine::Home;
use weir_engine::home::HOME_VARIABLE;

/// The argument that makes the command line this process, before the options of the tray.
pub const TRAY_ARGUMENT: &str = "tray";
/// How long a stop may take: the engine lets answers under way finish for less than this.
const STOP_MAX: Duration = Duration::from_secs(15);
/// How long a thread that still waits for something is waited for after that.
const LAST_THREADS_MAX: Duration = Duration::from_millis(200);
const WRONG_USAGE: u8 = 2;

/// Reads what follows the program's name and runs until it is quit. `first` is what this program is
/// started with to come here.
pub fn main(
    given: impl Iterator<Item = OsString>,
    first: &'static [&'static str],
    run: impl FnOnce(Arguments, &'static [&'static str]) -> ExitCode,
) -> ExitCode {
    match Arguments::read(given) {
        Ok(Wanted::Run(arguments)) => run(arguments, first),
        Ok(Wanted::Text(text)) => {
            say::answer(&text);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say::problem(&problem.to_string());
            ExitCode::from(WRONG_USAGE)
        }
    }
}

/// Runs until it is quit, with the icon where this desktop shows such.
#[cfg(target_os = "linux")]
pub fn run(arguments: Arguments, first: &'static [&'static str]) -> ExitCode {
    // Before the first thread.
    weir_engine::pages::small();
    match Resident::start(arguments, first) {
        Ok(mut resident) => {
            resident.show_icon(Arc::new(item::Bus));
            let shell = resident.shell.clone();
            resident.runtime.block_on(shell.quit_asked());
            resident.end()
        }
        Err(code) => code,
    }
}

/// Everything that runs until the end.
pub struct Resident {
    /// What the icon and the window have in common.
    pub shell: Arc<Shell>,
    runtime: Runtime,
    wishes: Wishes,
    host: JoinSet<()>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Resident {
    /// Starts serving, and opens the window where that was asked for.
    ///
    /// # Errors
    /// How the program ends where there is nothing to run on for: a second start, no display, a tray
    /// that does not answer. It was said by then. A home that cannot be used is said in the window.
    pub fn start(arguments: Arguments, first: &'static [&'static str]) -> Result<Self, ExitCode> {
        let home = Home::locate(arguments.home.as_deref()).map_err(|p| told(&p.to_string()))?;
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        let runtime = threads
            .thread_name("weir")
            .enable_all()
            .build()
            .map_err(|problem| told(&format!("no threads can be started: {problem}")))?;
        let Arguments { port, hidden, .. } = arguments;
        let wish = Wish { home: home.clone(), port, hidden, first };
        if !display::can_open() {
            say::problem(
                "no display was found, so there is no tray and no window; serving all the same",
            );
            return Err(runtime.block_on(headless::run(wish)));
        }
        let page = arguments.page.as_deref();
        // The lock says less well what is wrong with a folder; `host` meets it again, for the window.
        let single = match home.prepare().map(|()| single::start(&home, page, hidden)) {
            Ok(Ok(Start::First(single))) => Some(single),
            Ok(Ok(Start::Second)) => return Err(ExitCode::SUCCESS),
            Err(_) => None,
            Ok(Err(problem @ Unclear::Unusable { .. })) => {
                say::problem(&problem.to_string());
                None
            }
            Ok(Err(problem)) => return Err(told(&problem.to_string())),
        };
        let shell = Arc::new(Shell::new(home, runtime.handle().clone()));
        if let Some(single) = single {
            shell.keep_single(single);
        }
        let (stop, stopping) = watch::channel(false);
        let (mut host, mut tasks) = (JoinSet::new(), JoinSet::new());
        host.spawn_on(host::keep(wish, shell.clone(), stopping), runtime.handle());
        let asked = shell.clone();
        tasks.spawn_on(
            async move {
                signals::stop_asked().await;
                asked.quit();
            },
            runtime.handle(),
        );
        if arguments.show || arguments.page.is_some() {
            shell.show(page);
        }
        let named = std::env::var_os(HOME_VARIABLE).is_some_and(|home| !home.is_empty());
        let own =
            |home: &Path| Home::usual().is_some_and(|usual| usual.root() == Home::at(home).root());
        let usual_home = arguments.home.as_deref().map_or(!named, own);
        shell.set_usual_home(usual_home);
        let wishes = Wishes { hidden };
        Ok(Self { shell, runtime, wishes, host, tasks, stop })
    }

    /// Puts up the icon, and keeps it drawn.
    pub fn show_icon(&mut self, panel: Arc<dyn Panel>) {
        let kept = tray::keep(panel, self.shell.clone(), self.wishes);
        self.tasks.spawn_on(kept, self.runtime.handle());
    }

    /// Ends everything, and lets answers under way finish.
    pub fn end(mut self) -> ExitCode {
        // Whatever ends it, from here on no window is opened.
        self.shell.quit();
        self.shell.close_window();
        self.stop.send_replace(true);
        let host = async { tokio::time::timeout(STOP_MAX, self.host.join_next()).await };
        if self.runtime.block_on(host).is_err() {
            say::problem("the engine did not stop in time; answers under way were cut");
        }
        drop(self.tasks);
        // A thread that waits for a keychain or another engine must not hold up the end.
        self.runtime.shutdown_timeout(LAST_THREADS_MAX);
        ExitCode::SUCCESS
    }
}

fn failed(problem: &str) -> ExitCode {
    say::problem(problem);
    ExitCode::FAILURE
}

/// The same, also where a person sees it who has no terminal open.
fn told(problem: &str) -> ExitCode {
    // Without a notification server the terminal is all there is.
    let _ = weir_engine::alerts::say(problem);
    failed(problem)
}
