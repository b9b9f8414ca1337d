//! Never a dead tool: what happens to connected tools when the engine ends. A guardian, a second
//! process of the same program, waits for the engine's death and starts it again, or puts the tools
//! back; an engine that is asked to stop puts them back itself.
//! `judge` decides, `lifeline` is what the two say to each other, `watch` is the engine's end,
//! `guardian` the other one; `connect/login.rs` is for when both are gone. Nothing here has a timer: both
//! ends block until the other is gone.

mod guardian;
mod judge;
mod lifeline;
mod watch;

pub use guardian::run;
pub use lifeline::End;
pub use watch::{Guard, State};

use crate::connect::{self, Away};
use crate::home::Home;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The first argument that makes a process of Weir's the guardian of another.
pub const GUARD_ARGUMENT: &str = "guard";
/// What the entry at login has a guardian's program do.
pub const AT_LOGIN: &str = "at-login";
/// The variable that says who restarts Weir: `on`, `supervised` or `off`.
pub const GUARD_VARIABLE: &str = "WEIR_GUARD";
/// Set for an engine that a guardian started: when the ones before it died, in Unix milliseconds.
const DEATHS_VARIABLE: &str = "WEIR_GUARD_DEATHS";

/// Has the allocator take memory in small pages: two large ones are more than a guardian needs.
const SMALL_PAGES: (&str, &str) = ("MIMALLOC_ALLOW_THP", "0");

/// Who makes good the end of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A guardian of Weir's own.
    Guarded,
    /// A supervisor such as systemd starts the engine again; tools are still put back at a stop.
    Supervised,
    /// Nobody, and tools are left as they are.
    Off,
}

impl Mode {
    /// As this process was started.
    pub fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let pid = std::process::id().to_string();
        Self::of(&variable, &pid)
    }

    /// By the variables of a process. Everything that a unit starts inherits its invocation, a whole
    /// desktop session for one; only the unit's own process is named as such.
    fn of(variable: &dyn Fn(&str) -> Option<String>, pid: &str) -> Self {
        match variable(GUARD_VARIABLE).as_deref() {
            Some("off") => return Self::Off,
            Some("supervised") => return Self::Supervised,
            Some("on") => return Self::Guarded,
            _ => {}
        }
        let of_unit = variable("INVOCATION_ID").is_some();
        let itself = variable("SYSTEMD_EXEC_PID").is_none_or(|named| named == pid);
        if of_unit && itself { Self::Supervised } else { Self::Guarded }
    }
}

/// How this program is started again, and which program watches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The program, by its path: after an update the new one is started.
    pub program: PathBuf,
    /// What it is given, before `--port N`.
    pub arguments: Vec<OsString>,
    /// The program that watches.
    pub guardian: PathBuf,
}

impl Restart {
    /// This program with these arguments, watched by the same program. `None` where the system does
    /// not say which one it is.
    pub fn same(arguments: Vec<OsString>) -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        Some(Self { guardian: program.clone(), program, arguments })
    }

    /// The same, watched by another program of Weir's if that lies beside it: one that loads less.
    #[must_use]
    pub fn watched_by(mut self, name: &str) -> Self {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let beside = self.program.parent().map(|folder| folder.join(file));
        if let Some(beside) = beside.filter(|file| file.is_file()) {
            self.guardian = beside;
        }
        self
    }
}

/// Whether a guardian started this process and waits for it to listen.
pub fn started_by_one() -> bool {
    std::env::var_os(DEATHS_VARIABLE).is_some()
}

/// The line on stdout that says where Weir listens; a guardian waits for it.
pub fn listening(port: u16) -> String {
    format!("listening on http://127.0.0.1:{port}\n")
}

/// Puts every tool back because an engine could not be started: nobody serves, and nobody would.
/// An engine that a guardian started leaves that to the guardian, which may try once more.
pub fn start_failed(home: &Home) -> Away {
    if Mode::of_process() == Mode::Off || started_by_one() {
        return Away::default();
    }
    connect::put_away(home)
}

/// What is said of tools that were put back; nothing when none was.
pub fn told(away: &Away) -> Option<String> {
    let list = |names: &[&str]| names.join(", ");
    match (away.tools.is_empty(), away.problems.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!(
            "{} put back as before Weir, and connected again when Weir serves",
            list(&away.tools)
        )),
        (_, false) => Some(format!(
            "{}. Some tools could not be put back: {}",
            if away.tools.is_empty() { "No tool was changed".into() } else { list(&away.tools) },
            away.problems.join("; ")
        )),
    }
}

/// `weir guard --home DIR --port N -- PROGRAM ARGUMENTS`, for the one who starts a guardian.
fn guardian_arguments(home: &Path, port: u16, restart: &Restart) -> Vec<OsString> {
    let mut given: Vec<OsString> = vec![GUARD_ARGUMENT.into(), "--home".into(), home.into()];
    given.extend(["--port".into(), port.to_string().into(), "--".into()]);
    given.push(restart.program.clone().into());
    given.extend(restart.arguments.iter().cloned());
    given.extend(["--port".into(), port.to_string().into()]);
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(set: &[(&str, &str)]) -> Mode {
        let found = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Mode::of(&found, "42")
    }

    #[test]
    fn a_units_own_process_has_a_supervisor_and_what_it_starts_has_none() {
        assert_eq!(mode(&[]), Mode::Guarded);
        assert_eq!(mode(&[("INVOCATION_ID", "a")]), Mode::Supervised);
        assert_eq!(mode(&[("INVOCATION_ID", "a"), ("SYSTEMD_EXEC_PID", "42")]), Mode::Supervised);
        // A terminal of a desktop session that is itself a unit.
        assert_eq!(mode(&[("INVOCATION_ID", "a"), ("SYSTEMD_EXEC_PID", "7")]), Mode::Guarded);
    }

    #[test]
    fn what_the_user_says_goes_before_what_is_guessed() {
        assert_eq!(mode(&[("WEIR_GUARD", "off")]), Mode::Off);
        assert_eq!(mode(&[("WEIR_GUARD", "supervised")]), Mode::Supervised);
        assert_eq!(mode(&[("WEIR_GUARD", "on"), ("INVOCATION_ID", "a")]), Mode::Guarded);
    }

    #[test]
    fn what_is_told_names_the_tools_and_what_failed() {
        assert_eq!(told(&Away::default()), None);
        let one = Away { tools: vec!["Codex"], problems: Vec::new() };
        assert!(told(&one).unwrap().starts_with("Codex put back"));
        let both = Away { tools: vec!["Codex"], problems: vec!["Zed: x".into()] };
        assert_eq!(told(&both).unwrap(), "Codex. Some tools could not be put back: Zed: x");
    }
}
