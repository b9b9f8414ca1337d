//! A running `weir serve`: started on a free port, stopped in order, or killed.

use crate::home::Home;
use crate::wait;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long `weir serve` may take until it listens, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(20);

static STARTED: AtomicUsize = AtomicUsize::new(0);

/// A running server. Dropping it kills the process.
pub struct Weir {
    child: Child,
    port: u16,
    log: PathBuf,
    started_in: Duration,
}

/// A server that did not come up.
#[derive(Debug)]
pub struct NotUp {
    /// Its exit code.
    pub code: i32,
    /// What it said on stdout and stderr.
    pub said: String,
}

impl Weir {
    /// Starts `weir serve --port 0`.
    #[track_caller]
    pub fn start(home: &Home) -> Self {
        match Self::try_start(home, &["serve", "--port", "0"]) {
            Ok(weir) => weir,
            Err(not_up) => panic!("weir serve did not come up: {not_up:?}"),
        }
    }

    /// Starts `weir` with these arguments.
    ///
    /// # Errors
    /// When it ends before it listens.
    pub fn try_start(home: &Home, args: &[&str]) -> Result<Self, NotUp> {
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let log = home.out().join(format!("serve-{number}.log"));
        let to_log = File::create(&log).expect("a log file");
        let began = Instant::now();
        let mut command = home.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(to_log);
        let mut child = command.spawn().expect("weir starts");
        let stdout = child.stdout.take().expect("a pipe was asked for");
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let mut lines = String::new();
        let deadline = began + START_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = match heard.recv_timeout(left) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let _ = child.kill();
                    panic!("weir serve did not listen within {START_LIMIT:?}; it said {lines:?}");
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let status = child.wait().expect("the child is ours");
                    let stderr = std::fs::read_to_string(&log).unwrap_or_default();
                    home.heard(stderr.as_bytes());
                    let code = status.code().unwrap_or(-1);
                    return Err(NotUp { code, said: lines + &stderr });
                }
            };
            let port = line.strip_prefix("listening on http://127.0.0.1:");
            if let Some(port) = port.and_then(|port| port.trim().parse().ok()) {
                return Ok(Self { child, port, log, started_in: began.elapsed() });
            }
            lines.push_str(&line);
            lines.push('\n');
        }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long it took from the start of the process until it listened.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether the process is still there.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    #[track_caller]
    pub fn stop(mut self) -> ExitStatus {
        terminate(self.child.id());
        let ended = wait::within(wait::SOON, || self.child.try_wait().ok().flatten());
        ended.expect("weir stops when it is asked to")
    }
}

impl Drop for Weir {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process of ours.
pub fn terminate(pid: u32) {
    let status = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -TERM {pid}");
}
