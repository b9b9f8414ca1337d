//! Neighbours of the data path for its own tests: a proxy on port 0 with scripted books, gate and
//! clock, and a provider that says exactly what it is told to, once a connection.

mod neighbour;
mod ports;

pub use neighbour::{Neighbour, slowly};

use ports::Script;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use weir_core::route::{KeySource, Provider, ProviderKind, Setup};
use weir_core::{Dialect, Failover};
use weir_proxy::ports::{Closing, LocalModel, Opening, Ports};
use weir_proxy::workers::Workers;
use weir_proxy::{Live, Proxy};

/// A running proxy and the script behind its ports.
pub struct Stage {
    port: u16,
    script: Arc<Script>,
    workers: Arc<Workers>,
    live: Live,
    end: CancellationToken,
}

impl Stage {
    pub async fn start(providers: &[(&str, String)], change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::default();
        for (name, url) in providers {
            setup.providers.push(Provider {
                name: (*name).to_owned(),
                dialect: Dialect::OpenAi,
                base_url: url.clone(),
                key: KeySource::None,
                local: true,
                kind: ProviderKind::Plain,
            });
        }
        change(&mut setup);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let script = Arc::new(Script::new(setup));
        let ports = Ports {
            books: script.clone(),
            gate: script.clone(),
            keys: script.clone(),
            clock: script.clone(),
            routes: script.clone(),
            events: script.clone(),
            locals: script.clone(),
        };
        let proxy = Proxy::new(port, ports);
        let (workers, live) = (proxy.workers(), proxy.live());
        let end = CancellationToken::new();
        let stop = end.clone();
        tokio::spawn(async move { proxy.serve(vec![listener], stop.clone(), stop).await });
        Self { port, script, workers, live, end }
    }

    /// Sends raw bytes and reads to the end of the connection.
    pub async fn send(&self, raw: &str) -> String {
        Self::rest(self.send_and_keep(raw).await).await
    }

    pub async fn send_and_keep(&self, raw: &str) -> TcpStream {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.expect("listening");
        let raw = raw.replace("HOST", &format!("127.0.0.1:{}", self.port));
        socket.write_all(raw.as_bytes()).await.expect("written");
        socket
    }

    pub async fn rest(mut socket: TcpStream) -> String {
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.expect("readable");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads until `text` has come, and keeps the connection.
    pub async fn read_until(socket: &mut TcpStream, text: &str) {
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        while !seen.contains(text) {
            let n = socket.read(&mut buffer).await.expect("readable");
            assert!(n > 0, "ended before {text}: {seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }

    /// Waits until no request is open.
    pub async fn idle(&self) {
        while self.live.open() > 0 {
            tokio::task::yield_now().await;
        }
    }

    pub fn openings(&self) -> Vec<Opening> {
        self.script.openings()
    }

    /// The settlements, once there are `count`; more than that is a failure.
    pub async fn closings(&self, count: usize) -> Vec<Closing> {
        self.script.closings(count).await
    }

    pub async fn only_closing(&self) -> Closing {
        self.closings(1).await.remove(0)
    }

    pub fn panic_on_next_event(&self) {
        self.script.panic_on_next_event();
    }

    /// Waits until so many requests wait for a place at a local server.
    pub async fn in_line(&self, count: usize) {
        while self.workers.standings().iter().map(|s| s.waiting.len()).sum::<usize>() != count {
            tokio::task::yield_now().await;
        }
    }

    pub fn know(&self, local: LocalModel) {
        self.script.know(local);
    }

    /// Whether each attempt that ended was told to be its request's last.
    pub fn told_last(&self) -> Vec<bool> {
        self.script.told_last()
    }

    /// Other settings of fail-over than the default ones.
    pub fn fail_over(&self, settings: Failover) {
        self.script.fail_over(settings);
    }

    pub fn break_the_ledger(&self) {
        self.script.break_the_ledger();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// A chat request as raw HTTP; `HOST` is filled in when it is sent.
pub fn chat(model: &str, stream: bool) -> String {
    let body = format!(
        r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"hello"}}]}}"#
    );
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: HOST\r\nauthorization: Bearer weir_right\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn get_status(response: &str) -> u16 {
    response.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0)
}
