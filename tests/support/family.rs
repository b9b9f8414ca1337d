//! The processes of one home: the engine its lock file names, its guardian, and whatever they
//! started. Read from /proc; dropped, all of them are ended, whoever started them.

use crate::home::Home;
use crate::server::terminate;
use crate::wait;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The processes of a home.
pub struct Family {
    home: PathBuf,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its command line.
    pub command: Vec<String>,
}

impl Process {
    /// Whether it is a guardian.
    pub fn guards(&self) -> bool {
        self.command.get(1).is_some_and(|first| first == "guard")
    }

    /// A figure of /proc/PID/status in KiB.
    #[track_caller]
    pub fn kib(&self, figure: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid);
        let text = std::fs::read_to_string(&path).expect("the process lives");
        let line = text.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no {figure} in {text}"))
    }
}

impl Family {
    /// Of a home; nothing is started.
    pub fn of(home: &Home) -> Self {
        Self { home: home.path() }
    }

    /// Every process that names the home in its command line, and the one that holds its lock.
    pub fn processes(&self) -> Vec<Process> {
        let home = self.home.display().to_string();
        let holder = self.holder().map(|(pid, _)| pid);
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let text = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command: Vec<String> = text
                .split(|byte| *byte == 0)
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect();
            let ours = command.contains(&home);
            let weir = command.first().is_some_and(|program| program.contains("weir"));
            if ours || (weir && Some(pid) == holder) {
                found.push(Process { pid, command });
            }
        }
        found
    }

    /// The guardians.
    pub fn guardians(&self) -> Vec<Process> {
        self.processes().into_iter().filter(Process::guards).collect()
    }

    /// The one guardian, once there is exactly one.
    #[track_caller]
    pub fn guardian(&self) -> Process {
        let one = || match self.guardians().as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        };
        let found = wait::within(wait::SOON, one);
        found.unwrap_or_else(|| panic!("not one guardian: {:?}", self.processes()))
    }

    /// Who the lock file says serves: pid and port.
    fn holder(&self) -> Option<(u32, Option<u16>)> {
        let text = std::fs::read_to_string(self.home.join("weir.lock")).ok()?;
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let pid = field("pid ")?.trim().parse().ok()?;
        Some((pid, field("port ").and_then(|port| port.trim().parse().ok())))
    }

    /// The engine that serves, when it is alive and not `other` than it was.
    pub fn engine(&self) -> Option<Process> {
        let (pid, port) = self.holder()?;
        port.filter(|port| answers(*port))?;
        self.processes().into_iter().find(|process| process.pid == pid && !process.guards())
    }

    /// The engine, once another one than that of `before` serves.
    #[track_caller]
    pub fn next_engine(&self, before: u32) -> Process {
        let next = || self.engine().filter(|engine| engine.pid != before);
        let found = wait::within(wait::SOON, next);
        found.unwrap_or_else(|| panic!("no other engine: {:?}\n{}", self.processes(), self.log()))
    }

    /// What was logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.join("logs/weir.log")).unwrap_or_default()
    }

    /// Asks the engine to stop, whoever started it, and waits until nothing of the home runs.
    #[track_caller]
    pub fn stop(&self) {
        terminate(self.engine().expect("an engine runs").pid);
        self.gone();
    }

    /// Waits until nothing of the home runs.
    #[track_caller]
    pub fn gone(&self) {
        let none = || self.processes().is_empty().then_some(());
        let gone = wait::within(wait::SOON, none);
        assert!(gone.is_some(), "still there: {:?}", self.processes());
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        // Without a connected tool no guardian starts anything.
        let _ = std::fs::remove_dir_all(self.home.join("tools"));
        let ended = || {
            let left = self.processes();
            for process in &left {
                kill(process.pid);
            }
            left.is_empty().then_some(())
        };
        wait::within(wait::SOON, ended);
    }
}

/// Sends SIGKILL. One that is gone is fine.
pub fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).output();
}

/// Whether something listens on a port of this machine.
pub fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The file a process runs, as the system knows it.
pub fn program_of(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(Path::new("/proc").join(pid.to_string()).join("exe")).ok()
}
