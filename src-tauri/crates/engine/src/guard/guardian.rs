//! The guardian: reads the lifeline until it ends, which is the engine's end however that came, and
//! then starts the engine again or puts the tools back. Loads no configuration and no ledger, and
//! does nothing but wait.
//! Owns the order of what follows a death; `judge` owns what follows.

use super::judge::{Deaths, Verdict};
use super::lifeline::{End, Word};
use super::{AT_LOGIN, DEATHS_VARIABLE, SMALL_PAGES, told};
use crate::alerts::ICON;
use crate::clock;
use crate::connect::{Away, Remembered, connect_again, put_away, remember};
use crate::control::Remote;
use crate::harden;
use crate::home::{Home, private_file};
use crate::lock;
use crate::logs::{self, Logs};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// An engine that does not listen after this long leaves its tools put back until it does.
const LISTENING_SOON: Duration = Duration::from_secs(4);
/// At login Weir may be starting too; this long is waited for it, in steps of `LOGIN_STEP`. With what
/// putting back takes it is well below what a tool may be on a dead port for.
const LOGIN_WAIT: Duration = Duration::from_secs(3);
const LOGIN_STEP: Duration = Duration::from_millis(100);
/// Before an engine is started once more that ended before it listened.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long a desktop may take to show a notification.
const SHOWN_MAX: Duration = Duration::from_secs(3);
/// The longest line of an engine's that is read while it starts, in bytes.
const LINE_BYTES_MAX: u64 = 4096;
/// What a supervisor asks for.
const PUT_BACK: &str = "put-back";
const WRONG_USAGE: u8 = 2;

/// What is watched.
#[derive(Debug, PartialEq, Eq)]
struct Watched {
    home: PathBuf,
    port: OsString,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Watched {
    /// From `--home DIR --port N -- PROGRAM ARGUMENTS`.
    fn read(mut given: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut named = |name: &str| (given.next()? == name).then(|| given.next())?;
        let (home, port) = (named("--home")?.into(), named("--port")?);
        let program = named("--")?;
        Some(Self { home, port, program, arguments: given.collect() })
    }
}

/// Watches, with what follows `guard` on the command line, until there is nothing left to do. With
/// `put-back` it only puts the tools back: what a supervisor calls when it has given up. With
/// `at-login --home DIR` it does so unless Weir serves or is about to.
pub fn run(given: impl Iterator<Item = OsString>) -> ExitCode {
    let mut given = given.peekable();
    if given.peek().is_some_and(|first| first == PUT_BACK) {
        return given_up();
    }
    if given.next_if(|first| first == AT_LOGIN).is_some() {
        return match (given.next_if(|flag| flag == "--home"), given.next(), given.next()) {
            (Some(_), Some(home), None) => at_login(&Home::at(home)),
            _ => ExitCode::from(WRONG_USAGE),
        };
    }
    let Some(watched) = Watched::read(given) else { return ExitCode::from(WRONG_USAGE) };
    let engine = parent();
    detach();
    harden::process();
    let home = Home::at(&watched.home);
    let mut remembered = remember(&home);
    let mut meant = None;
    for line in BufReader::with_capacity(64, std::io::stdin()).lines().map_while(Result::ok) {
        match Word::read(&line) {
            Some(Word::Tools) => remembered = remember(&home),
            Some(Word::Meant(end)) => meant = Some(end),
            None => {}
        }
    }
    let guardian = Guardian { home, watched, remembered, engine };
    match meant {
        Some(End::Leave) => {}
        // The engine did it; what it did not come to is done here.
        Some(End::PutBack) if remember(&guardian.home).all_away() && guardian.home_is_there() => {}
        Some(End::PutBack) => drop(guardian.put_back()),
        None => guardian.died(),
    }
    ExitCode::SUCCESS
}

/// A supervisor restarts Weir no more.
fn given_up() -> ExitCode {
    let Ok(home) = Home::locate(None) else { return ExitCode::FAILURE };
    // It may have been started by hand since.
    if matches!(Remote::find(home.root()), Ok(Some(_))) {
        return ExitCode::SUCCESS;
    }
    let away = put_away(&home);
    tell(&home, "Weir ended again and again and is not restarted.", &away);
    if away.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Nobody was left who could put the tools back when Weir ended, or Weir serves.
fn at_login(home: &Home) -> ExitCode {
    let serving = || matches!(Remote::find(home.root()), Ok(Some(_)));
    let mut waited = Duration::ZERO;
    while !serving() {
        if waited >= LOGIN_WAIT {
            return nobody_serves(home);
        }
        std::thread::sleep(LOGIN_STEP);
        waited += LOGIN_STEP;
    }
    ExitCode::SUCCESS
}

fn nobody_serves(home: &Home) -> ExitCode {
    let away = put_away(home);
    // An engine that was just starting may have looked before that: it found them connected.
    if let Ok(Some(engine)) = Remote::find(home.root()) {
        return match connect_again(home, &engine, None) {
            Ok(again) if again.problems.is_empty() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
    }
    if away != Away::default() {
        tell(home, "Weir was ended from outside and does not run.", &away);
    }
    if away.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Out of the reach of the terminal's signals, which are for the engine.
fn detach() {
    #[cfg(unix)]
    // Fails for the first process of a session alone, which it then is already.
    let _ = rustix::process::setsid();
    // Holds no folder that somebody may want to remove.
    let _ = std::env::set_current_dir(std::path::MAIN_SEPARATOR_STR);
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

/// An engine gets the large pages again that its guardian does without.
fn large_pages(command: &mut Command) {
    command.env_remove(SMALL_PAGES.0);
    #[cfg(target_os = "linux")]
    // Fails on a system without such pages.
    let _ = rustix::thread::disable_transparent_huge_pages(false);
}

/// What became of an engine that was started.
enum Started {
    /// It listens.
    Listening,
    /// It ended before it did.
    Died,
    /// There is no program any more, or none that runs.
    NoProgram(std::io::Error),
}

struct Guardian {
    home: Home,
    watched: Watched,
    remembered: Remembered,
    /// The process that was watched, where the system tells.
    engine: Option<u32>,
}

impl Guardian {
    fn home_is_there(&self) -> bool {
        self.home.root().is_dir()
    }

    /// The engine's end was not meant.
    fn died(&self) {
        if !self.home_is_there() {
            // Whoever removed the home does not want it made anew.
            tell(&self.home, "Weir ended and its home folder is gone.", &self.put_back());
            return;
        }
        // The guardian before this one may have heard of the same death: one acts at a time.
        let _turn = self.turn();
        if remember(&self.home).all_away() || self.served() {
            return;
        }
        let mut deaths = Deaths::read(&std::env::var(DEATHS_VARIABLE).unwrap_or_default());
        loop {
            if deaths.another(clock::unix_ms()) == Verdict::Loop {
                tell(
                    &self.home,
                    "Weir ended again and again and is not restarted.",
                    &self.put_back(),
                );
                return;
            }
            let program = &self.watched.program;
            match self.start(program.clone(), &self.watched.arguments, &deaths) {
                Started::Listening => return,
                // Somebody was quicker, or it cannot start; a moment may help.
                Started::Died if self.served() => return,
                Started::Died => std::thread::sleep(AGAIN_AFTER),
                Started::NoProgram(cause) => {
                    let why = format!(
                        "Weir ended, and {} cannot be started again: {cause}.",
                        program.display()
                    );
                    tell(&self.home, &why, &self.put_back());
                    return;
                }
            }
        }
    }

    /// Whether another engine serves the home. The one that is just dying may have its sockets for
    /// a moment more.
    fn served(&self) -> bool {
        let holder = lock::holder(&self.home).map(|holder| holder.pid);
        let died = holder.is_some() && holder == self.engine;
        !died && matches!(Remote::find(self.home.root()), Ok(Some(_)))
    }

    /// Held while this guardian acts. Where it cannot be had, it acts all the same.
    fn turn(&self) -> Option<File> {
        let path = self.home.root().join("guard.lock");
        let file = private_file().write(true).create(true).truncate(false).open(path).ok()?;
        file.lock().is_ok().then_some(file)
    }

    /// Starts an engine and waits until it listens; it has a guardian of its own by then. Its
    /// variables and their keys are this process's, which had them from the engine before.
    fn start(&self, program: OsString, arguments: &[OsString], deaths: &Deaths) -> Started {
        let mut command = Command::new(program);
        command.args(arguments).env(DEATHS_VARIABLE, deaths.text());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        large_pages(&mut command);
        match command.spawn() {
            Ok(child) => self.listening(child),
            Err(cause) => Started::NoProgram(cause),
        }
    }

    fn listening(&self, mut child: Child) -> Started {
        let Some(stdout) = child.stdout.take() else { return Started::Died };
        let (tell, heard) = sync_channel(1);
        let read = move || {
            let mut line = String::new();
            let read = BufReader::new(stdout.take(LINE_BYTES_MAX)).read_line(&mut line);
            let _ = tell.send(read.is_ok_and(|bytes| bytes > 0));
        };
        if std::thread::Builder::new().spawn(read).is_err() {
            return Started::Listening;
        }
        let listens = match heard.recv_timeout(LISTENING_SOON) {
            Err(RecvTimeoutError::Timeout) => {
                // It connects them again when it listens.
                self.put_back();
                heard.recv().unwrap_or_default()
            }
            other => other.unwrap_or_default(),
        };
        if listens {
            return Started::Listening;
        }
        let _ = child.wait();
        Started::Died
    }

    fn put_back(&self) -> Away {
        match self.home_is_there() {
            true => put_away(&self.home),
            false => self.remembered.put_back(&self.home),
        }
    }
}

/// Says what happened in the log, while there is a home for it, and on the desktop.
fn tell(home: &Home, what: &str, away: &Away) {
    let text = [Some(what.to_owned()), told(away)].into_iter().flatten();
    let text = text.collect::<Vec<_>>().join(" ");
    if home.root().is_dir() {
        logs::install(home, Logs::File);
        tracing::error!("{text}");
    }
    let (shown, wait) = sync_channel(1);
    let show = move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("Weir").summary("Weir").body(&text).icon(ICON);
        // A desktop without notifications has the log.
        let _ = shown.send(notification.show().is_ok());
    };
    if std::thread::Builder::new().spawn(show).is_ok() {
        let _ = wait.recv_timeout(SHOWN_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Option<Watched> {
        Watched::read(given.iter().map(OsString::from))
    }

    #[test]
    fn what_is_watched_is_read_whole_or_not_at_all() {
        let whole = ["--home", "a b", "--port", "9", "--", "weir", "serve", "--port", "9"];
        let watched = read(&whole).unwrap();
        assert_eq!(watched.home, PathBuf::from("a b"));
        assert_eq!((watched.port, watched.program), ("9".into(), "weir".into()));
        assert_eq!(watched.arguments, ["serve", "--port", "9"]);
        for short in 0..6 {
            assert_eq!(read(&whole[..short]), None, "{short}");
        }
    }
}
