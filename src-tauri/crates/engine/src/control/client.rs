//! The caller's side of the control socket: one call, one answer, with a time limit, and no
//! runtime needed. Owns the difference between "no engine runs" and "the engine does not answer".

use super::address::Address;
use super::{ANSWER_BYTES_MAX, FILE, Reply};
use crate::api::{ApiProblem, Call, Code, LiveEvent};
use interprocess::local_socket::{Stream, prelude::*};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long an engine may take over a call that stays on this machine.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long it may take over a call that changes something. An order whose caller no longer waits
/// is carried out all the same, and would be given again: a limit raised twice, a token that nobody
/// saw. So this is far longer than the ledger lets an order wait before it refuses it.
const ORDER_ANSWER_MAX: Duration = Duration::from_secs(20);
/// How long it may take over a call that asks a provider, a keychain or a price table.
const SLOW_ANSWER_MAX: Duration = Duration::from_secs(60);
/// How long it may take to read a large model into memory, or to start a server.
const LONG_ANSWER_MAX: Duration = Duration::from_secs(11 * 60);

/// Asks the engine of a home. Blocks.
///
/// # Errors
/// `Code::NotRunning` when no engine answers there, `Code::NotAnswering` when one does but not in
/// time, `Code::Denied` when it is another user's; otherwise what the engine says.
pub fn call(home: &Path, call: &Call) -> Result<Value, ApiProblem> {
    ask(home, call, patience(call))
}

fn patience(call: &Call) -> Duration {
    match call {
        // A replay reads every row of its time.
        Call::Local(_)
        | Call::Import { .. }
        | Call::Reconcile { .. }
        | Call::Simulate { .. }
        | Call::CostShadow { .. } => LONG_ANSWER_MAX,
        Call::Doctor
        | Call::LocalStatus
        | Call::Models
        | Call::PriceUpdate { .. }
        | Call::KeySet { .. }
        | Call::KeyList
        | Call::KeyRemove { .. }
        | Call::KeyTest { .. }
        | Call::TunnelTest => SLOW_ANSWER_MAX,
        Call::ClientAdd { .. }
        | Call::ClientRemove { .. }
        | Call::Pause { .. }
        | Call::TunnelStart { .. }
        | Call::TunnelStop
        | Call::Budget(_)
        | Call::ProfileUse { .. }
        | Call::ProfileAdd { .. }
        | Call::ConfigEdit { .. } => ORDER_ANSWER_MAX,
        Call::Status
        | Call::CostSummary { .. }
        | Call::CostBreakdown { .. }
        | Call::Log(_)
        | Call::Explain { .. }
        | Call::RouteTest { .. }
        | Call::RouteTests { .. }
        | Call::PriceShow { .. }
        | Call::PriceCost { .. }
        | Call::ClientList
        | Call::ConfigShow
        | Call::TunnelStatus
        | Call::Budgets
        | Call::Profiles
        | Call::RoutingText
        | Call::Chart(_)
        | Call::Report { .. }
        | Call::Watch => ANSWER_MAX,
    }
}

pub(super) fn ask(home: &Path, call: &Call, patience: Duration) -> Result<Value, ApiProblem> {
    let line = written(call)?;
    let (tell, told) = mpsc::sync_channel(1);
    let folder = home.to_owned();
    // A thread, because a pipe on Windows knows no timeouts. One that never ends dies with the
    // process, which a caller ends right after this problem.
    let exchange = move || {
        let _ = tell.send(exchange(&folder, &line));
    };
    std::thread::Builder::new()
        .name("control-call".into())
        .spawn(exchange)
        .map_err(|e| ApiProblem::new(Code::Internal, format!("cannot start a thread: {e}")))?;
    match told.recv_timeout(patience) {
        Ok(Ok(Reply::Result(value))) => Ok(value),
        Ok(Ok(Reply::Error(problem))) => Err(problem),
        Ok(Err(fault)) => Err(fault.problem(home)),
        Err(_) => Err(silent(home, &format!("does not answer within {} s", patience.as_secs()))),
    }
}

/// Hears what happens to live requests until `each` returns false or the engine stops. Blocks.
///
/// # Errors
/// As for [`Watch::open`] and [`Watch::hear`].
pub fn watch(home: &Path, mut each: impl FnMut(LiveEvent) -> bool) -> Result<(), ApiProblem> {
    let mut events = Watch::open(home)?;
    while each(events.hear()?) {}
    Ok(())
}

/// The events of live requests, from the moment it was opened.
pub struct Watch {
    home: PathBuf,
    lines: BufReader<Stream>,
}

impl Watch {
    /// Subscribes: what happens after this returns will be heard.
    ///
    /// # Errors
    /// As for [`call`].
    pub fn open(home: &Path) -> Result<Self, ApiProblem> {
        let line = written(&Call::Watch)?;
        let faulty = |fault: Fault| fault.problem(home);
        let mut stream = connect(home).map_err(faulty)?;
        stream.write_all(&line).map_err(|e| faulty(Fault::Broken(e)))?;
        let mut lines = BufReader::new(stream);
        let first = read_line(&mut lines).map_err(faulty)?;
        match serde_json::from_slice(&first) {
            Ok(Reply::Result(_)) => Ok(Self { home: home.to_owned(), lines }),
            Ok(Reply::Error(problem)) => Err(problem),
            Err(_) => Err(faulty(Fault::Garbled)),
        }
    }

    /// The next event; waits for it as long as it takes.
    ///
    /// # Errors
    /// `Code::NotRunning` when the engine stopped.
    pub fn hear(&mut self) -> Result<LiveEvent, ApiProblem> {
        loop {
            let line = read_line(&mut self.lines).map_err(|fault| match fault {
                Fault::Broken(_) => ApiProblem::new(
                    Code::NotRunning,
                    format!("Weir stopped in {}. Start it: weir serve", self.home.display()),
                ),
                fault => fault.problem(&self.home),
            })?;
            // An event this version does not know is a newer engine's, and no reason to stop.
            if let Ok(event) = serde_json::from_slice(&line) {
                return Ok(event);
            }
        }
    }
}

/// Whether anything listens at a home's socket.
pub(super) fn reach(home: &Path) -> Result<(), ApiProblem> {
    connect(home).map(drop).map_err(|fault| fault.problem(home))
}

fn written(call: &Call) -> Result<Zeroizing<Vec<u8>>, ApiProblem> {
    let mut line = serde_json::to_vec(call)
        .map_err(|e| ApiProblem::new(Code::Internal, format!("the call is not JSON: {e}")))?;
    line.push(b'\n');
    Ok(Zeroizing::new(line))
}

/// What went wrong on the way.
enum Fault {
    Connect(PathBuf, io::Error),
    Broken(io::Error),
    Garbled,
}

impl Fault {
    fn problem(self, home: &Path) -> ApiProblem {
        match self {
            Self::Connect(path, e) => match e.kind() {
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::ConnectionRefused => ApiProblem::new(
                    Code::NotRunning,
                    format!("Weir is not running in {}. Start it: weir serve", home.display()),
                ),
                io::ErrorKind::PermissionDenied => ApiProblem::new(
                    Code::Denied,
                    format!(
                        "{} belongs to another user. Use your own home with --home",
                        path.display()
                    ),
                ),
                _ => ApiProblem::new(Code::Denied, format!("cannot reach {}: {e}", path.display())),
            },
            Self::Broken(e) => silent(home, &format!("broke off ({e})")),
            Self::Garbled => silent(home, "answered with something that is not an answer"),
        }
    }
}

fn silent(home: &Path, what: &str) -> ApiProblem {
    let fix = "Look at the logs folder there, or stop that weir process and start it again";
    ApiProblem::new(
        Code::NotAnswering,
        format!("the engine that serves {} {what}. {fix}", home.display()),
    )
}

fn connect(home: &Path) -> Result<Stream, Fault> {
    let at = home.join(FILE);
    let address = Address::of(home, FILE).map_err(|e| Fault::Connect(at.clone(), e))?;
    address.name().and_then(Stream::connect).map_err(|e| Fault::Connect(at, e))
}

fn exchange(home: &Path, line: &[u8]) -> Result<Reply, Fault> {
    let mut stream = connect(home)?;
    stream.write_all(line).map_err(Fault::Broken)?;
    let answer = read_line(&mut BufReader::new(stream))?;
    serde_json::from_slice(&answer).map_err(|_| Fault::Garbled)
}

fn read_line(from: &mut BufReader<Stream>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut line = Zeroizing::new(Vec::new());
    let read = from.take(ANSWER_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
    match read.map_err(Fault::Broken)? {
        0 => Err(Fault::Broken(io::ErrorKind::UnexpectedEof.into())),
        n if n > ANSWER_BYTES_MAX => Err(Fault::Garbled),
        _ if line.last() != Some(&b'\n') => Err(Fault::Broken(io::ErrorKind::UnexpectedEof.into())),
        _ => Ok(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BudgetOrder, ConfigEdit};
    use weir_ledger::ORDER_MS_MAX;

    /// What else an order may wait for: the lock of another program, a disk, a busy machine.
    const BESIDE: Duration = Duration::from_secs(2);

    #[test]
    fn an_order_was_refused_by_the_ledger_long_before_its_caller_gives_up_and_gives_it_again() {
        let ledger = Duration::from_millis(ORDER_MS_MAX);
        let name = || "week".to_owned();
        let orders = [
            Call::Budget(BudgetOrder::Local { name: name(), for_s: None }),
            Call::ClientAdd { name: name() },
            Call::ClientRemove { name: name() },
            Call::ProfileUse { name: name() },
            Call::ProfileAdd { name: name() },
            Call::ConfigEdit { edits: Vec::<ConfigEdit>::new(), of: None },
            Call::Pause { paused: true },
        ];
        for order in orders {
            assert!(patience(&order) >= 4 * (ledger + BESIDE), "{order:?}");
        }
        // Whatever changes the ledger without being named there.
        assert!(ANSWER_MAX > ledger + BESIDE);
    }
}
