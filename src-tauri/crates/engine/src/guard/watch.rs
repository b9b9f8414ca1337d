//! The engine's end of the lifeline: starts a guardian once a tool is connected, a new one when it
//! dies, and tells it that an end is meant.
//! Owns the pipe, and one thread that sleeps until the guardian is gone.

use super::judge::{Deaths, Verdict};
use super::lifeline::{End, Word};
use super::{Mode, Restart, SMALL_PAGES, guardian_arguments};
use crate::clock;
use crate::connect;
use crate::home::Home;
use parking_lot::Mutex;
use std::io::{self, PipeWriter, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

/// What can be told of the guardian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A supervisor does its work, or nobody was to.
    NotOurs(Mode),
    /// No tool is connected, so nobody needs one.
    NotNeeded,
    /// It watches.
    Watching {
        /// Its process.
        pid: u32,
    },
    /// It cannot be had, and why.
    Lost(String),
}

/// The engine's guardian.
pub struct Guard {
    mode: Mode,
    home: Home,
    port: u16,
    restart: Restart,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    line: Option<PipeWriter>,
    pid: Option<u32>,
    /// The journals it knows of.
    told: Vec<(&'static str, SystemTime)>,
    /// A guardian is there or about to be.
    kept: bool,
    ending: Option<End>,
    deaths: Deaths,
    lost: Option<String>,
}

impl Guard {
    /// The guard of an engine that serves that home at that port. Starts nothing yet.
    pub fn new(home: &Home, port: u16, restart: Restart) -> Self {
        let mode = Mode::of_process();
        Self { mode, home: home.clone(), port, restart, held: Arc::default() }
    }

    /// Whether tools are to be put back and connected again without being asked.
    pub fn acts(&self) -> bool {
        self.mode != Mode::Off
    }

    /// How it stands.
    pub fn state(&self) -> State {
        let held = self.held.lock();
        match (self.mode, held.pid, &held.lost) {
            (Mode::Guarded, Some(pid), _) => State::Watching { pid },
            (Mode::Guarded, None, Some(why)) => State::Lost(why.clone()),
            (Mode::Guarded, None, None) => State::NotNeeded,
            (mode, ..) => State::NotOurs(mode),
        }
    }

    /// Looks whether a tool is connected: if so, a guardian is started, or the one there is told, and
    /// the desktop is to put the tools back at login should both be gone. To be called whenever one may have been connected.
    pub fn look(&self) {
        if self.mode == Mode::Off {
            return;
        }
        let marks = connect::marks(&self.home);
        let mut held = self.held.lock();
        if held.ending.is_some() || held.told == marks {
            return;
        }
        held.told = marks;
        if self.mode != Mode::Guarded {
            return;
        }
        if held.kept {
            held.say(Word::Tools);
        } else {
            self.keep(&mut held);
        }
    }

    /// Says that the end that comes is meant, and what is to become of the tools. The first word
    /// stands.
    pub fn ends(&self, end: End) {
        let mut held = self.held.lock();
        if held.ending.is_some() {
            return;
        }
        held.ending = Some(end);
        held.say(Word::Meant(end));
        if end == End::Leave && self.mode != Mode::Off {
            // Whoever wants the tools left wants it at the next login too.
            connect::leave(&self.home);
        }
    }

    /// What was said of the end, if one is meant.
    pub fn ending(&self) -> Option<End> {
        self.held.lock().ending
    }

    /// Lets the guardian go, after everything of the engine's has ended.
    pub fn close(&self) {
        self.held.lock().line = None;
    }

    fn keep(&self, held: &mut Held) {
        let start = Start {
            home: self.home.clone(),
            port: self.port,
            restart: self.restart.clone(),
            held: Arc::clone(&self.held),
        };
        let child = start.guardian(held);
        held.kept = child.is_some();
        let Some(child) = child else { return };
        let wait = move || start.keep(child);
        if let Err(problem) = std::thread::Builder::new().name("weir-guard".into()).spawn(wait) {
            held.lost(format!("the system gives no thread to watch it: {problem}"));
        }
    }
}

impl Held {
    /// A guardian that is gone hears nothing; the thread that waits for it sees that.
    fn say(&mut self, word: Word) {
        if let Some(line) = &mut self.line {
            let _ = line.write_all(word.line().as_bytes());
        }
    }

    fn lost(&mut self, why: String) {
        tracing::error!(why, "no guardian watches over the connected tools");
        (self.line, self.pid, self.lost) = (None, None, Some(why));
    }
}

/// What a guardian is started with.
struct Start {
    home: Home,
    port: u16,
    restart: Restart,
    held: Arc<Mutex<Held>>,
}

impl Start {
    /// Starts a guardian and gives it the other end of a new pipe.
    fn guardian(&self, held: &mut Held) -> Option<Child> {
        match self.spawn() {
            Ok((child, line)) => {
                tracing::info!(pid = child.id(), "a guardian watches over the connected tools");
                (held.line, held.pid, held.lost) = (Some(line), Some(child.id()), None);
                Some(child)
            }
            Err(problem) => {
                let program = self.restart.guardian.display();
                held.lost(format!("{program} cannot be started: {problem}"));
                None
            }
        }
    }

    fn spawn(&self) -> io::Result<(Child, PipeWriter)> {
        let (heard, line) = io::pipe()?;
        let mut command = Command::new(&self.restart.guardian);
        command.args(guardian_arguments(self.home.root(), self.port, &self.restart));
        command.env(SMALL_PAGES.0, SMALL_PAGES.1);
        // It outlives this process, so it must hold neither its output nor its folder.
        command.stdin(heard).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(windows)]
        std::os::windows::process::CommandExt::creation_flags(&mut command, NO_WINDOW);
        Ok((command.spawn()?, line))
    }

    /// Waits for the guardian's end, and starts a new one unless the engine ends too.
    fn keep(&self, mut child: Child) {
        loop {
            let ended = child.wait();
            let mut held = self.held.lock();
            (held.line, held.pid) = (None, None);
            if held.ending.is_some() {
                return;
            }
            let how = ended.map_or_else(|problem| problem.to_string(), |status| status.to_string());
            tracing::warn!(how, "the guardian ended; a new one is started");
            if held.deaths.another(clock::unix_ms()) == Verdict::Loop {
                held.lost(format!("it ends as soon as it is started ({how})"));
                return;
            }
            match self.guardian(&mut held) {
                Some(next) => child = next,
                None => return,
            }
        }
    }
}

/// A console program that is started without a console would open one.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;
