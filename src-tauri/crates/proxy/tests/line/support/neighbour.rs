//! A provider of raw bytes.

use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where an answer in two parts waits; no test sends it.
const PAUSE: &str = "\0pause\0";
/// After so many milliseconds, written behind it and ended by another mark, what follows is said.
const LATER: &str = "\0later\0";
/// What follows is said again and again, so often and at this distance.
const AGAIN: &str = "\0again\0";
const AGAIN_TIMES: usize = 200;
const AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// Listens on port 0 and answers each connection with the next of its answers; the last repeats.
pub struct Neighbour {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    seen: Mutex<String>,
    asked: Notify,
    hung_up: Notify,
    go_on: Notify,
}

impl Neighbour {
    pub fn answers(answer: &str) -> Self {
        Self::answers_in_turn(&[answer])
    }

    pub fn answers_in_turn(answers: &[&str]) -> Self {
        Self::listen(answers.iter().map(|a| (*a).to_owned()).collect())
    }

    /// Says the first part, and the rest when it is told to go on.
    pub fn answers_in_two(first: &str, rest: &str) -> Self {
        Self::answers(&format!("{first}{PAUSE}{rest}"))
    }

    /// Says the first part, and then only that it is still there.
    pub fn answers_and_mutters(first: &str, mutter: &str) -> Self {
        Self::answers(&format!("{first}{AGAIN}{mutter}"))
    }

    /// Says each part after its own pause, in milliseconds.
    pub fn says_slowly(first: &str, then: &[(u64, &str)]) -> Self {
        Self::answers(&slowly(first, then))
    }

    pub fn go_on(&self) {
        self.state.go_on.notify_one();
    }

    /// Takes the request and never says anything.
    pub fn silent() -> Self {
        Self::listen(Vec::new())
    }

    /// An address nobody listens on.
    pub fn refuses() -> String {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = socket.local_addr().expect("bound").port();
        format!("http://127.0.0.1:{port}/v1")
    }

    fn listen(answers: Vec<String>) -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        socket.set_nonblocking(true).expect("non-blocking");
        let port = socket.local_addr().expect("bound").port();
        let listener = TcpListener::from_std(socket).expect("in a runtime");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers.get(turn.min(answers.len().saturating_sub(1))).cloned();
                turn += 1;
                tokio::spawn(converse(stream, answer, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub fn seen(&self) -> String {
        self.state.seen.lock().clone()
    }

    pub async fn wait_for_request(&self) {
        self.state.asked.notified().await;
    }

    pub async fn wait_for_hang_up(&self) {
        self.state.hung_up.notified().await;
    }
}

/// An answer whose parts come after pauses, in milliseconds.
pub fn slowly(first: &str, then: &[(u64, &str)]) -> String {
    let mut all = first.to_owned();
    for (ms, text) in then {
        all.push_str(&format!("{LATER}{ms}{LATER}{text}"));
    }
    all
}

async fn converse(mut stream: TcpStream, answer: Option<String>, state: Arc<State>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut request = String::new();
    while !complete(&request) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => request.push_str(&String::from_utf8_lossy(&buffer[..n])),
        }
    }
    state.seen.lock().push_str(&request);
    state.asked.notify_one();
    match answer {
        Some(answer) if answer.contains(AGAIN) => {
            let (first, mutter) = answer.split_once(AGAIN).unwrap_or_default();
            let _ = stream.write_all(first.as_bytes()).await;
            for _ in 0..AGAIN_TIMES {
                tokio::time::sleep(AGAIN_AFTER).await;
                let _ = stream.write_all(mutter.as_bytes()).await;
            }
        }
        Some(answer) if answer.contains(LATER) => {
            let mut parts = answer.split(LATER);
            let first = parts.next().unwrap_or_default();
            let _ = stream.write_all(first.as_bytes()).await;
            while let (Some(ms), Some(text)) = (parts.next(), parts.next()) {
                let wait = std::time::Duration::from_millis(ms.parse().unwrap_or(0));
                tokio::time::sleep(wait).await;
                let _ = stream.write_all(text.as_bytes()).await;
            }
            let _ = stream.shutdown().await;
        }
        Some(answer) => {
            let (first, rest) = answer.split_once(PAUSE).unwrap_or((&answer, ""));
            // A client that left early is the other tests' subject.
            let _ = stream.write_all(first.as_bytes()).await;
            if !rest.is_empty() {
                state.go_on.notified().await;
                let _ = stream.write_all(rest.as_bytes()).await;
            }
            let _ = stream.shutdown().await;
        }
        None => {
            let _ = stream.read(&mut buffer).await;
            state.hung_up.notify_one();
        }
    }
}

fn complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    body.len() >= length
}
