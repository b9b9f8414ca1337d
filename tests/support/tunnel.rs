//! The tunnel as Cursor's servers meet it: an open one with its key, and a stand-in for the program
//! that makes its port public.

use crate::client::{Client, Response};
use crate::home::Home;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// An open tunnel.
pub struct Tunnel {
    /// Its port on loopback.
    pub port: u16,
    /// What Cursor is given as its API key.
    pub key: String,
    /// What `weir tunnel start --json` said.
    pub started: Value,
}

impl Tunnel {
    /// Opens it; the key joins the secrets that must not be found anywhere.
    #[track_caller]
    pub fn open(home: &mut Home, more: &[&str]) -> Self {
        let args = [&["tunnel", "start", "--json"], more].concat();
        let ran = home.command(&args).output().expect("weir starts");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
        let started: Value = serde_json::from_str(&said).expect("JSON");
        let key = started["token"].as_str().expect("a token").to_owned();
        home.hide("KEY_OF_THE_TUNNEL", key.clone());
        let port = started["status"]["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        Self { port: port.expect("a port"), key, started }
    }

    /// A client that sends no token by itself.
    pub fn client(&self) -> Client {
        Client::new(self.port, "").expecting(&["x-accel-buffering"])
    }

    /// A `POST` as Cursor's servers send one.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value, marker: &str) -> Response {
        let bearer = format!("Bearer {}", self.key);
        let agent = format!("Cursor marker/{marker}");
        let headers =
            [("authorization", bearer.as_str()), ("user-agent", &agent), ("session-id", marker)];
        let client = self.client();
        client.send(&client.post(path, &headers, body.to_string().as_bytes()))
    }

    /// A chat request.
    #[track_caller]
    pub fn chat(&self, body: &Value, marker: &str) -> Response {
        self.post("/cursor/v1/chat/completions", body, marker)
    }

    /// A request without a body and with these headers.
    #[track_caller]
    pub fn bare(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let client = self.client();
        client.send(format!("{}\r\n", client.head(method, path, headers)).as_bytes())
    }
}

/// Stands where a tunnel program's public name would: passes bytes on to a port of this machine.
pub struct PublicName {
    /// Where it listens.
    pub port: u16,
    target: Arc<AtomicU16>,
}

impl PublicName {
    /// One that passes answers on as they come, or holds each back until it is over.
    pub fn open(holds_back: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let target = Arc::new(AtomicU16::new(0));
        let to = Arc::clone(&target);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let port = to.load(Ordering::SeqCst);
                std::thread::spawn(move || pass(&caller, port, holds_back));
            }
        });
        Self { port, target }
    }

    /// As it is given to `--host`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Points it at a port.
    pub fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }
}

fn pass(caller: &TcpStream, port: u16, holds_back: bool) {
    let Ok(weir) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let (Ok(mut from), Ok(mut to)) = (caller.try_clone(), weir.try_clone()) else { return };
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut held, mut piece) = (Vec::new(), [0u8; 4096]);
    loop {
        match (&weir).read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => held.extend_from_slice(&piece[..count]),
        }
        if !holds_back || is_over(&held) {
            if (&*caller).write_all(&held).is_err() {
                return;
            }
            held.clear();
        }
    }
    let _ = (&*caller).write_all(&held);
}

/// Whether a held answer has come to its end: a list by its length, a stream by its last chunk.
fn is_over(held: &[u8]) -> bool {
    let text = String::from_utf8_lossy(held);
    let chunked = text.to_ascii_lowercase().contains("transfer-encoding: chunked");
    !text.is_empty() && (!chunked || text.ends_with("0\r\n\r\n"))
}
