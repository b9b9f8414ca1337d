//! What the system asks of a server: to stop, or to read its configuration again.
//! Owns which signals mean which, and which are passed on to a tool that Weir started.

use std::io;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Ctrl-C, SIGTERM, or the end of the session.
    Stop,
    /// SIGHUP: read the configuration again.
    Reload,
}

/// The signals of this process. From `open` on none of them ends it by itself.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the system lets nobody listen for signals.
    pub fn open() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }
}

/// The events that ask a console program to go.
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    interrupted: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    /// Listens. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the system lets nobody listen for signals.
    pub fn open() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            interrupt: ctrl_c()?,
            interrupted: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.interrupted.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
        Asked::Stop
    }
}

impl Signals {
    /// The next request to stop; one to read the configuration again means nothing then.
    pub async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}

/// What is passed on to a tool. From `open` on none of it ends this process by itself.
#[derive(Debug)]
pub struct Passed {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    heard: [(tokio::signal::unix::Signal, rustix::process::Signal); 3],
    #[cfg(windows)]
    _heard: Signals,
}

impl Passed {
    /// Listens.
    ///
    /// # Errors
    /// When the system lets nobody listen for signals.
    pub fn open() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inside = runtime.enter();
        #[cfg(unix)]
        let heard = {
            use rustix::process::Signal;
            use tokio::signal::unix::{SignalKind, signal};
            [
                (signal(SignalKind::interrupt())?, Signal::INT),
                (signal(SignalKind::terminate())?, Signal::TERM),
                (signal(SignalKind::hangup())?, Signal::HUP),
            ]
        };
        #[cfg(windows)]
        let _heard = Signals::open()?;
        drop(inside);
        #[cfg(unix)]
        return Ok(Self { runtime, heard });
        #[cfg(windows)]
        Ok(Self { runtime, _heard })
    }

    /// Passes signals on to a process until `over` says that it has ended.
    ///
    /// # Errors
    /// When nobody says so any more.
    #[cfg(unix)]
    pub fn on_to<T>(
        self,
        pid: u32,
        mut over: tokio::sync::oneshot::Receiver<T>,
    ) -> Result<T, tokio::sync::oneshot::error::RecvError> {
        use std::io::IsTerminal;
        let Self { runtime, heard: [mut interrupt, mut terminate, mut hang_up] } = self;
        // A terminal sends Ctrl-C to the tool as well; twice would mean something else to it.
        let terminal = io::stdin().is_terminal();
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        runtime.block_on(async {
            loop {
                let signal = tokio::select! {
                    ended = &mut over => return ended,
                    _ = interrupt.0.recv() => interrupt.1,
                    _ = terminate.0.recv() => terminate.1,
                    _ = hang_up.0.recv() => hang_up.1,
                };
                if let Some(pid) = pid.filter(|_| !(terminal && signal == interrupt.1)) {
                    // It may have ended this moment; then there is nobody to tell.
                    let _ = rustix::process::kill_process(pid, signal);
                }
            }
        })
    }

    /// Waits. A console tells every program on it by itself.
    ///
    /// # Errors
    /// When nobody says that the process has ended.
    #[cfg(windows)]
    pub fn on_to<T>(
        self,
        _: u32,
        over: tokio::sync::oneshot::Receiver<T>,
    ) -> Result<T, tokio::sync::oneshot::error::RecvError> {
        self.runtime.block_on(over)
    }
}

/// Whether a process of that number lives; where nobody can tell, it does.
#[cfg(unix)]
pub fn lives(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Whether a process of that number lives; where nobody can tell, it does.
#[cfg(not(unix))]
pub fn lives(_: &str) -> bool {
    true
}
