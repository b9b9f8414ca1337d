//! Scripted local servers: Ollama, LM Studio, llama.cpp, vLLM and one nobody knows, each on port 0,
//! answering as the recorded answers of the real ones do. They write down what reached them, can go
//! away and come back on the same port, and hold their answers until a test lets them go.

use crate::answers::natural;
use crate::http1::{Framing, Head, Reader};
use crate::local_answers::Cast;
pub use crate::local_answers::{Held, Likeness};
use crate::provider::Asked;
use serde_json::Value;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// What reached a server: method, path, body.
pub type Line = (String, String, String);

struct Inside {
    cast: Cast,
    lines: Vec<Line>,
    holding: bool,
    open: Vec<TcpStream>,
    may_cut: bool,
}

struct Shared {
    inside: Mutex<Inside>,
    changed: Condvar,
    closing: AtomicBool,
}

/// A scripted local server.
pub struct LocalServer {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl LocalServer {
    /// Starts one.
    pub fn start(likeness: Likeness, models: Vec<Held>) -> Self {
        Self::start_at(0, likeness, models)
    }

    /// Starts one on a port of its kind, for a test that has the machine's ports to itself.
    pub fn start_at(port: u16, likeness: Likeness, models: Vec<Held>) -> Self {
        let inside = Inside {
            cast: Cast::new(likeness, models),
            lines: Vec::new(),
            holding: false,
            open: Vec::new(),
            may_cut: false,
        };
        let shared = Arc::new(Shared {
            inside: Mutex::new(inside),
            changed: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let accepting = Some(accept(listener, &shared));
        Self { port, shared, accepting }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What reached it so far.
    pub fn lines(&self) -> Vec<Line> {
        self.inside().lines.clone()
    }

    /// The bodies of requests for answers, in the order they came.
    pub fn asked(&self) -> Vec<String> {
        let answers =
            |path: &str| path.starts_with("/v1/") && path != "/v1/models" || path == "/api/chat";
        self.lines().into_iter().filter(|(_, path, _)| answers(path)).map(|line| line.2).collect()
    }

    /// Its models as they are now.
    pub fn models(&self) -> Vec<Held> {
        self.inside().cast.models.clone()
    }

    /// Answers like another server from now on.
    pub fn becomes(&self, likeness: Likeness) {
        self.inside().cast.likeness = likeness;
    }

    /// Says that it is this version, where it says one.
    pub fn is_version(&self, version: &'static str) {
        self.inside().cast.version = version;
    }

    /// Says that it answers so many requests side by side, where it says that.
    pub fn has_slots(&self, slots: u64) {
        self.inside().cast.slots = slots;
    }

    /// Shows its metrics to nobody any more.
    pub fn closes_metrics(&self) {
        self.inside().cast.metrics = false;
    }

    /// How often it cut a prompt; asked for, that fails no test by itself.
    pub fn cut(&self) -> usize {
        let mut inside = self.inside();
        inside.may_cut = true;
        inside.cast.cut.len()
    }

    /// Holds every answer to a request until `let_go`.
    pub fn hold(&self) {
        self.inside().holding = true;
    }

    /// Lets the held answers go.
    pub fn let_go(&self) {
        self.inside().holding = false;
        self.shared.changed.notify_all();
    }

    /// Waits until what reached it satisfies `condition`.
    #[track_caller]
    pub fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        crate::wait::until(what, || condition(self));
    }

    /// Goes away: nothing listens on its port any more.
    pub fn go_away(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for open in self.inside().open.drain(..) {
            let _ = open.shutdown(Shutdown::Both);
        }
        self.let_go();
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the listener ended in order");
        }
    }

    /// Listens on its port again.
    pub fn come_back(&mut self) {
        self.shared.closing.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).expect("its own port");
        self.accepting = Some(accept(listener, &self.shared));
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        lock(&self.shared.inside)
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        if self.accepting.is_some() {
            self.go_away();
        }
        let inside = self.inside();
        let silent = inside.may_cut || std::thread::panicking();
        assert!(silent || inside.cast.cut.is_empty(), "prompts were cut: {:?}", inside.cast.cut);
    }
}

fn lock(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn accept(listener: TcpListener, shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.closing.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            if let Ok(again) = stream.try_clone() {
                lock(&shared.inside).open.push(again);
            }
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || serve(stream, &shared));
        }
    })
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = Reader::new(reading);
    while let Ok(Some(head)) = reader.head() {
        let framing = match head.framing() {
            Framing::Close => Framing::Length(0),
            framing => framing,
        };
        let Ok(body) = reader.body(framing) else { return };
        let answer = answer(shared, head, body);
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

fn answer(shared: &Shared, head: Head, body: Vec<u8>) -> Vec<u8> {
    let mut words = head.first.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut inside = lock(&shared.inside);
    inside.lines.push((method.clone(), path.clone(), text.clone()));
    let chats = path == "/api/chat" && inside.cast.likeness == Likeness::Ollama;
    if method == "POST" && (path.starts_with("/v1/") || chats) {
        let asked: Value = serde_json::from_str(&text).unwrap_or_default();
        inside.cast.take_in(&asked);
        if let Some(refusal) = inside.cast.overflow(&asked) {
            return http(400, "", &refusal);
        }
        let held = |inside: &mut Inside| inside.holding;
        drop(shared.changed.wait_while(inside, held));
        let asked = Asked { method, target: path, head, body, ..Asked::default() };
        return natural(&asked).bytes();
    }
    let (status, body) = inside.cast.answer(&method, &path, &text);
    let server = match inside.cast.likeness {
        Likeness::LlamaCpp => "server: llama.cpp\r\n",
        _ => "",
    };
    http(status, server, &body)
}

fn http(status: u16, server: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{server}content-length: {}\r\n\r\n\
         {body}",
        body.len()
    )
    .into_bytes()
}
