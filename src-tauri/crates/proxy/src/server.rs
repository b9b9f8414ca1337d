//! The frame around the line: accepted sockets, hyper's HTTP/1.1 with its timers, a bound on
//! connections, and an orderly end in which open answers may finish.

use crate::accept::Gatekeeper;
use crate::conversations::{Key, Thread};
use crate::health::Health;
use crate::limits::{
    ACCEPT_PAUSE, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_WAIT_MAX, HEADERS_MAX, READ_BYTES_MAX,
    TUNNEL_CONNECTIONS_MAX,
};
use crate::live::Live;
use crate::pipeline::{Door, Line};
use crate::ports::Ports;
use crate::quirks::Quirks;
use crate::tunnel::TunnelGate;
use crate::upstream::Upstream;
use crate::workers::Workers;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use weir_core::route::By;
use weir_core::{Conversation, Usage};

/// A proxy that is ready to serve.
pub struct Proxy {
    line: Arc<Line>,
    live: Live,
    connections_max: usize,
}

impl Proxy {
    /// A proxy for listeners on `port`.
    pub fn new(port: u16, ports: Ports) -> Self {
        let live = Live::default();
        let workers = Workers::new(Arc::clone(&ports.clock));
        let health = Health::new(Arc::clone(&ports.clock));
        let line = Line {
            door: Door::Tools(Gatekeeper::new(port)),
            ports: Arc::new(ports),
            upstream: Upstream::default(),
            quirks: Arc::new(Quirks::default()),
            workers,
            conversations: Arc::default(),
            health,
            live: live.clone(),
            sequence: Arc::new(AtomicU32::new(0)),
            tasks: TaskTracker::new(),
        };
        Self { line: Arc::new(line), live, connections_max: CONNECTIONS_MAX }
    }

    /// A proxy for the tunnel's listener beside this one: the same line and the same numbers for
    /// requests, behind a gate of its own and with counts of its own. `ports.gate` knows the
    /// tunnel's token alone.
    #[must_use]
    pub fn tunnel(&self, gate: Arc<TunnelGate>, ports: Ports) -> Self {
        let live = Live::default();
        let line = Line {
            door: Door::Tunnel(gate),
            ports: Arc::new(ports),
            upstream: self.line.upstream.clone(),
            quirks: Arc::clone(&self.line.quirks),
            workers: Arc::clone(&self.line.workers),
            conversations: Arc::clone(&self.line.conversations),
            health: Arc::clone(&self.line.health),
            live: live.clone(),
            sequence: Arc::clone(&self.line.sequence),
            tasks: TaskTracker::new(),
        };
        Self { line: Arc::new(line), live, connections_max: TUNNEL_CONNECTIONS_MAX }
    }

    /// Counts of what is happening now.
    pub fn live(&self) -> Live {
        self.live.clone()
    }

    /// The lines before local servers.
    pub fn workers(&self) -> Arc<Workers> {
        Arc::clone(&self.line.workers)
    }

    /// A conversation that went on before this proxy began, as the ledger tells it: told in the
    /// order of its answers, it stays where it was.
    pub fn recall(
        &self,
        key: Conversation,
        client: &str,
        asked: &str,
        by: By<'_>,
        usage: &Usage,
        at_ms: i64,
    ) {
        let key = Key::of(key, client, asked);
        let thread = Thread::new(&self.line.conversations, key, asked, by, None);
        thread.recalled(usage, at_ms);
    }

    /// How providers and their models stand.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.line.health)
    }

    /// Serves until `stop` is cancelled, then lets open answers finish until `end` is cancelled.
    pub async fn serve(
        &self,
        listeners: Vec<TcpListener>,
        stop: CancellationToken,
        end: CancellationToken,
    ) {
        let tasks = self.line.tasks.clone();
        let upstream = self.line.upstream.clone();
        tasks.spawn_blocking(move || upstream.warm());
        let room = Arc::new(Semaphore::new(self.connections_max));
        for listener in listeners {
            let acceptor = Acceptor {
                line: Arc::clone(&self.line),
                tasks: tasks.clone(),
                room: Arc::clone(&room),
                stop: stop.clone(),
                end: end.clone(),
            };
            tasks.spawn(acceptor.run(listener));
        }
        tasks.close();
        tasks.wait().await;
    }
}

struct Acceptor {
    line: Arc<Line>,
    tasks: TaskTracker,
    room: Arc<Semaphore>,
    stop: CancellationToken,
    end: CancellationToken,
}

impl Acceptor {
    async fn run(self, listener: TcpListener) {
        loop {
            let permit = tokio::select! {
                () = self.stop.cancelled() => return,
                permit = Arc::clone(&self.room).acquire_owned() => permit,
            };
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (line, stop, end) =
                        (Arc::clone(&self.line), self.stop.clone(), self.end.clone());
                    self.tasks.spawn(async move {
                        connection(stream, line, stop, end).await;
                        drop(permit);
                    });
                }
                // Out of files, most likely: spinning would make it worse.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    line: Arc<Line>,
    stop: CancellationToken,
    end: CancellationToken,
) {
    // Without it, small frames of a stream wait for an acknowledgement: 40 ms each.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    let service = service_fn(move |request| {
        let line = Arc::clone(&line);
        async move { Ok::<_, Infallible>(line.handle(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(READ_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        result = served.as_mut() => return log_end(result),
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        result = served => log_end(result),
        () = end.cancelled() => {}
    }
}

fn log_end(result: hyper::Result<()>) {
    if let Err(error) = result {
        // Clients that hang up are everyday life; the ledger has their requests.
        tracing::debug!(%error, "a connection ended early");
    }
}
