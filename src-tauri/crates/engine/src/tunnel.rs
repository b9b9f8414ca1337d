//! The tunnel's second listener, off until it is asked for: opens and closes it, holds its token as
//! a hash, and ends it by itself after eight hours. Nothing of it outlives the process, so a
//! restart never opens it again. Owns no guidance and no money; those are the command line's and
//! the books'.

mod public;

pub use public::{BadHost, PublicHost};

use crate::api::SecretText;
use crate::config::Config;
use crate::events::Events;
use crate::gate::{Entry, TokenHash, Tokens, hash, new_token};
use crate::listen::{self, ListenProblem};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use weir_proxy::ports::Ports;
use weir_proxy::tunnel::{
    Probe, Probed, Rules, SELF_TEST_CLIENT, TUNNEL_CLIENT, TunnelGate, Visits, probe,
};
use weir_proxy::{Live, Proxy};

/// How long it stays open.
pub const OPEN_MAX: Duration = Duration::from_secs(8 * 3_600);
/// How long answers under way may go on after it was closed.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Tries for the port, and the pause between: one that was ours a moment ago is let go by a task.
const PORT_TRIES: u32 = 40;
const PORT_PAUSE: Duration = Duration::from_millis(25);

/// Why the tunnel is not opened. `Display` says how to fix it.
#[derive(Debug, thiserror::Error)]
pub enum TunnelProblem {
    /// The port is not to be had.
    #[error(
        "port {port} is taken{}. Stop what has it, or write another: port = N under [tunnel] in \
         config.toml",
        .holder.as_deref().map_or_else(String::new, |h| format!(" by {h}"))
    )]
    Taken {
        /// The port.
        port: u16,
        /// Who has it, where the system tells.
        holder: Option<String>,
    },
    /// The system refuses.
    #[error("cannot listen for the tunnel: {0}")]
    Refused(#[source] ListenProblem),
    /// No randomness for a token.
    #[error("the system gives no randomness for a token: {0}")]
    Random(#[source] getrandom::Error),
    /// The engine is going.
    #[error("Weir is stopping")]
    Stopping,
}

/// What an open tunnel shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The port on loopback.
    pub port: u16,
    /// The public host.
    pub host: Option<PublicHost>,
    /// Unix milliseconds.
    pub since_ms: i64,
    /// Unix milliseconds.
    pub until_ms: i64,
    /// Who came.
    pub visits: Visits,
    /// Requests under way.
    pub open: usize,
}

struct Opening {
    port: u16,
    host: Option<PublicHost>,
    since_ms: i64,
    until_ms: i64,
    closing: CancellationToken,
    gate: Arc<TunnelGate>,
    tokens: Arc<Tokens>,
    hash: TokenHash,
    live: Live,
}

/// The tunnel of one engine.
pub struct Tunnel {
    proxy: Arc<Proxy>,
    ports: Ports,
    config: Arc<ArcSwap<Config>>,
    events: Arc<Events>,
    now: Arc<Mutex<Option<Opening>>>,
    opening: Mutex<()>,
    last_port: AtomicU16,
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
    end: CancellationToken,
}

impl Tunnel {
    /// A closed tunnel beside `proxy`. It closes for good with `stop`, and what is under way ends
    /// with `end`. Needs a tokio runtime around it.
    pub fn new(
        proxy: Arc<Proxy>,
        ports: Ports,
        config: Arc<ArcSwap<Config>>,
        events: Arc<Events>,
        stop: CancellationToken,
        end: CancellationToken,
    ) -> Self {
        let (now, tasks, runtime) = (Arc::default(), TaskTracker::new(), Handle::current());
        let (opening, last_port) = (Mutex::default(), AtomicU16::default());
        Self { proxy, ports, config, events, now, opening, last_port, runtime, tasks, stop, end }
    }

    /// Opens it with a new token and eight hours ahead; one that is open is closed first, and its
    /// token is void.
    ///
    /// # Errors
    /// See [`TunnelProblem`]; the tunnel is closed then.
    pub fn open(&self, host: Option<PublicHost>) -> Result<SecretText, TunnelProblem> {
        let _one_at_a_time = self.opening.lock();
        self.close();
        if self.stop.is_cancelled() {
            return Err(TunnelProblem::Stopping);
        }
        let token = new_token().map_err(TunnelProblem::Random)?;
        let hash = hash(token.as_bytes());
        let tokens = Arc::new(Tokens::new(Arc::clone(&self.ports.clock)));
        tokens.replace(vec![Entry::new(TUNNEL_CLIENT, hash)]);
        let (listeners, port) = self.bind(self.config.load().tunnel.port)?;
        self.last_port.store(port, Ordering::Relaxed);
        let since_ms = self.ports.clock.unix_ms();
        let until_ms = since_ms + i64::try_from(OPEN_MAX.as_millis()).unwrap_or(0);
        let closing = self.stop.child_token();
        let config = Arc::clone(&self.config);
        let rules = move || {
            let tunnel = &config.load().tunnel;
            let (per_minute, at_once) = (tunnel.per_minute, tunnel.at_once);
            Rules { models: tunnel.models.clone(), per_minute, at_once }
        };
        let named = host.as_ref().map(PublicHost::authority);
        let gate = Arc::new(TunnelGate::new(named, until_ms, closing.clone(), rules));
        let ports = Ports { gate: Arc::clone(&tokens) as _, ..self.ports.clone() };
        let proxy = self.proxy.tunnel(Arc::clone(&gate), ports);
        let live = proxy.live();
        *self.now.lock() = Some(Opening {
            port,
            host,
            since_ms,
            until_ms,
            closing: closing.clone(),
            gate: Arc::clone(&gate),
            tokens,
            hash,
            live,
        });
        let (now, events) = (Arc::clone(&self.now), Arc::clone(&self.events));
        let end = self.end.child_token();
        let serve = async move {
            let serving = proxy.serve(listeners, closing.clone(), end.clone());
            let timing = async {
                until_closed(&closing).await;
                forget(&now, &gate);
                events.changed();
                tracing::info!(port, "the tunnel is closed");
                tokio::time::sleep(DRAIN_MAX).await;
                end.cancel();
            };
            tokio::pin!(serving);
            tokio::select! {
                // So that the end is told also when nothing was under way.
                biased;
                () = timing => serving.await,
                () = serving.as_mut() => {}
            }
        };
        drop(self.tasks.spawn_on(serve, &self.runtime));
        tracing::info!(port, "the tunnel is open");
        self.events.changed();
        Ok(SecretText::new(token))
    }

    /// Closes it: nobody is let in from now on, and answers under way may go on for ten seconds.
    /// Whether it was open.
    pub fn close(&self) -> bool {
        let open = self.now.lock().take();
        let Some(opening) = open else { return false };
        opening.closing.cancel();
        opening.tokens.replace(Vec::new());
        self.events.changed();
        true
    }

    /// What it shows while it is open.
    pub fn shown(&self) -> Option<Shown> {
        let now_ms = self.ports.clock.unix_ms();
        let guard = self.now.lock();
        let open = guard.as_ref().filter(|o| now_ms < o.until_ms && !o.closing.is_cancelled())?;
        Some(Shown {
            port: open.port,
            host: open.host.clone(),
            since_ms: open.since_ms,
            until_ms: open.until_ms,
            visits: open.gate.visits(),
            open: open.live.open(),
        })
    }

    /// Calls the public address with a token made for this one test. Blocks for a minute at most.
    /// `None` while it is closed or no host was named.
    ///
    /// # Errors
    /// When there is no randomness for a token.
    pub fn test(&self) -> Result<Option<(PublicHost, Probed)>, TunnelProblem> {
        let token = SecretText::new(new_token().map_err(TunnelProblem::Random)?);
        let (host, tokens, own) = {
            let guard = self.now.lock();
            let Some(open) = guard.as_ref() else { return Ok(None) };
            let Some(host) = open.host.clone() else { return Ok(None) };
            (host, Arc::clone(&open.tokens), open.hash)
        };
        let test = hash(token.expose().as_bytes());
        tokens.replace(vec![Entry::new(TUNNEL_CLIENT, own), Entry::new(SELF_TEST_CLIENT, test)]);
        let (base_url, local) = (host.base_url(), host.is_loopback());
        let call = Probe { base_url: &base_url, token: token.expose(), local };
        let probed = probe(call, &*self.ports.clock);
        let guard = self.now.lock();
        // Closed meanwhile: its token must not come back.
        if guard.as_ref().is_some_and(|open| Arc::ptr_eq(&open.tokens, &tokens)) {
            tokens.replace(vec![Entry::new(TUNNEL_CLIENT, own)]);
        }
        Ok(Some((host, probed)))
    }

    /// Waits until everything of it has ended, once the engine stops.
    pub async fn ended(&self) {
        self.stop.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn bind(&self, port: u16) -> Result<(Vec<TcpListener>, u16), TunnelProblem> {
        let _inside = self.runtime.enter();
        let was_ours = self.last_port.load(Ordering::Relaxed) == port;
        let mut tries = 1;
        loop {
            match listen::bind(port) {
                Ok(bound) => return Ok(bound),
                Err(ListenProblem::Taken { holder, .. }) => {
                    if !was_ours || tries >= PORT_TRIES {
                        return Err(TunnelProblem::Taken { port, holder });
                    }
                }
                Err(problem) => return Err(TunnelProblem::Refused(problem)),
            }
            tries += 1;
            std::thread::sleep(PORT_PAUSE);
        }
    }
}

/// Forgets an opening that has ended; a later one is not its to forget.
fn forget(now: &Mutex<Option<Opening>>, ended: &Arc<TunnelGate>) {
    let mut now = now.lock();
    if now.as_ref().is_some_and(|opening| Arc::ptr_eq(&opening.gate, ended)) {
        *now = None;
    }
}

/// Ends with `closing`, or cancels it when the tunnel has been open long enough. The timer stands
/// still while the machine sleeps; the gate's own look at the clock does not.
async fn until_closed(closing: &CancellationToken) {
    tokio::select! {
        () = closing.cancelled() => {}
        () = tokio::time::sleep(OPEN_MAX) => closing.cancel(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_closes_by_itself_after_eight_hours_and_not_before() {
        let closing = CancellationToken::new();
        let timer = until_closed(&closing);
        tokio::pin!(timer);
        let almost = OPEN_MAX - Duration::from_secs(1);
        assert!(tokio::time::timeout(almost, timer.as_mut()).await.is_err());
        assert!(!closing.is_cancelled());
        assert!(tokio::time::timeout(Duration::from_secs(2), timer).await.is_ok());
        assert!(closing.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn it_closes_at_once_when_it_is_told_to() {
        let closing = CancellationToken::new();
        closing.cancel();
        assert!(tokio::time::timeout(Duration::from_secs(1), until_closed(&closing)).await.is_ok());
    }
}
