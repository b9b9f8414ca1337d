//! The scripted provider: an HTTP/1.1 server on port 0 that answers as a test tells it, byte for
//! byte, and writes down what reached it and what it sent. That log, the truth log, lives outside
//! the process under test; the auditor holds the ledger against it.

use crate::http1::{Framing, Head, Reader};
use crate::tokens::Tokens;
use sha2::{Digest, Sha256};
use socket2::SockRef;
use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long the provider waits on a silent peer or a closed latch before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a waiting provider looks whether its peer is still there.
const LOOK: Duration = Duration::from_millis(5);
/// Bodies longer than this are kept as a hash only, in bytes.
const KEPT_BODY_BYTES_MAX: usize = 1024 * 1024;

/// What reached the provider.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// The head.
    pub head: Head,
    /// The body without its transfer coding; empty when longer than 1 MiB.
    pub body: Vec<u8>,
    /// Length of the body in bytes.
    pub body_bytes: usize,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
}

impl Asked {
    /// The mark a test put behind `marker/` in `user-agent`, to find a call again in the ledger.
    pub fn marker(&self) -> Option<&str> {
        self.head.header("user-agent")?.split_once("marker/").map(|(_, marker)| marker)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// What the provider does, one thing after the other.
#[derive(Clone, Debug)]
pub enum Step {
    /// Writes these bytes at once.
    Send(Vec<u8>),
    /// Writes these bytes one at a time.
    Drip(Vec<u8>),
    /// Waits until the test opens the latch.
    Hold(Latch),
    /// Says nothing for this long.
    Wait(Duration),
    /// Says nothing more until the peer goes away.
    Stall,
    /// Ends the connection in order (FIN).
    Cut,
    /// Breaks the connection (RST).
    Reset,
}

/// The usage an answer tells, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The model that answered.
    pub model: String,
    /// What it used.
    pub tokens: Tokens,
    /// Bytes of the whole answer, head included, after which the usage has been told.
    pub at: usize,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What to do.
    pub steps: Vec<Step>,
    /// The usage in it, if any.
    pub told: Option<Told>,
}

impl Answer {
    /// Exactly these bytes, then the end of the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { steps: vec![Step::Send(bytes.into()), Step::Cut], told: None }
    }

    /// The bytes of every `Send` and `Drip`.
    pub fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for step in &self.steps {
            if let Step::Send(bytes) | Step::Drip(bytes) = step {
                all.extend_from_slice(bytes);
            }
        }
        all
    }

    /// The first `count` bytes of this answer, then `last`; the whole answer when it is shorter,
    /// for then its connection may carry the next request.
    #[must_use]
    pub fn up_to(self, count: usize, last: Step) -> Self {
        let mut bytes = self.bytes();
        if count >= bytes.len() {
            return self;
        }
        bytes.truncate(count);
        let told = self.told.filter(|told| told.at <= bytes.len());
        Self { steps: vec![Step::Send(bytes), last], told }
    }
}

/// A gate a test opens while the provider waits at it.
#[derive(Clone, Debug, Default)]
pub struct Latch(Arc<AtomicBool>);

impl Latch {
    /// Lets the provider go on.
    pub fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How an attempt ended, as the provider saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has not.
    Open,
    /// Every step was carried out.
    Done,
    /// The peer went away first.
    PeerGone,
}

/// One line of the truth log.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was asked; the body is empty while it is still being read.
    pub asked: Asked,
    /// Whether the whole request arrived.
    pub whole: bool,
    /// The usage the answer tells.
    pub told: Option<Told>,
    /// Bytes of the answer handed to the kernel.
    pub sent_bytes: usize,
    /// Whether the provider has come to a `Hold` or `Stall` and waits there.
    pub waiting: bool,
    /// How it ended.
    pub ended: Ended,
    /// When the peer was seen to have gone.
    pub gone_at: Option<Instant>,
}

impl Attempt {
    /// Whether the provider has sent all it will send for now.
    pub fn rests(&self) -> bool {
        self.waiting || self.ended != Ended::Open
    }
}

type Natural = dyn Fn(&Asked) -> Answer + Send + Sync;

struct Shared {
    truth: Mutex<Vec<Attempt>>,
    changed: Condvar,
    contacts: AtomicUsize,
    progress: AtomicU64,
    scripts: Mutex<VecDeque<Answer>>,
    natural: Box<Natural>,
    faults: Mutex<Vec<String>>,
    closing: AtomicBool,
}

/// A running provider. Dropping it fails the test when a script was left unread or its own
/// threads panicked.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Provider {
    /// Answers only scripts; a request without one is a fault of the test.
    pub fn scripted() -> Self {
        Self::answering(|asked| panic!("no script for {} {}", asked.method, asked.target))
    }

    /// Answers scripts first, then whatever `natural` says.
    pub fn answering(natural: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            truth: Mutex::default(),
            changed: Condvar::new(),
            contacts: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
            scripts: Mutex::default(),
            natural: Box::new(natural),
            faults: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &of_thread));
        Self { address, shared }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers the next request that has no script yet with `answer`.
    pub fn script(&self, answer: Answer) {
        lock(&self.shared.scripts).push_back(answer);
    }

    /// The truth log so far.
    pub fn truth(&self) -> Vec<Attempt> {
        lock(&self.shared.truth).clone()
    }

    /// The truth log from its `from`-th line on.
    pub fn truth_from(&self, from: usize) -> Vec<Attempt> {
        lock(&self.shared.truth).get(from..).unwrap_or_default().to_vec()
    }

    /// The newest line of the truth log.
    ///
    /// # Panics
    /// When nothing has arrived.
    #[track_caller]
    pub fn last(&self) -> Attempt {
        lock(&self.shared.truth).last().expect("something reached the provider").clone()
    }

    /// How many connections were made to the provider.
    pub fn contacts(&self) -> usize {
        self.shared.contacts.load(Ordering::SeqCst)
    }

    /// How many requests reached the provider.
    pub fn count(&self) -> usize {
        lock(&self.shared.truth).len()
    }

    /// How many things (requests, writes) have happened here.
    pub fn progress(&self) -> u64 {
        self.shared.progress.load(Ordering::SeqCst)
    }

    /// Waits until the truth log satisfies `condition`.
    #[track_caller]
    pub fn until(&self, what: &str, condition: impl Fn(&[Attempt]) -> bool) {
        let truth = lock(&self.shared.truth);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(truth, crate::wait::SOON, |truth| !condition(truth));
        let timed_out = waited.map(|(_, result)| result.timed_out()).unwrap_or(true);
        assert!(!timed_out, "the provider never saw: {what}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if std::thread::panicking() {
            return;
        }
        let faults = lock(&self.shared.faults).clone();
        assert!(faults.is_empty(), "the scripted provider failed: {faults:?}");
        let unread = lock(&self.shared.scripts).len();
        assert_eq!(unread, 0, "scripts nobody asked for");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.contacts.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || serve(stream, &shared));
    }
}

fn serve(stream: TcpStream, shared: &Shared) {
    let set = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE * 4)));
    let Ok(reading) = set.and_then(|()| stream.try_clone()) else { return };
    let mut reader = Reader::new(reading);
    while let Ok(Some(head)) = reader.head() {
        let number = open(shared, &head);
        let framing = match head.framing() {
            Framing::Close => Framing::Length(0),
            framed => framed,
        };
        if head.header("expect").is_some() && write(&stream, b"HTTP/1.1 100 Continue\r\n\r\n") == 0
        {
            return;
        }
        let Ok(body) = reader.body(framing) else { return };
        let asked = note(shared, number, body);
        let scripted = lock(&shared.scripts).pop_front();
        let natural = || (shared.natural)(&asked);
        let answer = scripted
            .map_or_else(|| std::panic::catch_unwind(std::panic::AssertUnwindSafe(natural)), Ok);
        let Ok(answer) = answer else {
            let fault = format!("no answer to {} {}", asked.method, asked.target);
            lock(&shared.faults).push(fault);
            return;
        };
        if !perform(&stream, shared, number, answer) {
            return;
        }
    }
}

fn open(shared: &Shared, head: &Head) -> usize {
    let mut words = head.first.split(' ');
    let asked = Asked {
        method: words.next().unwrap_or_default().to_owned(),
        target: words.next().unwrap_or_default().to_owned(),
        head: head.clone(),
        ..Asked::default()
    };
    let mut truth = lock(&shared.truth);
    truth.push(Attempt {
        asked,
        whole: false,
        told: None,
        sent_bytes: 0,
        waiting: false,
        ended: Ended::Open,
        gone_at: None,
    });
    let number = truth.len() - 1;
    drop(truth);
    tell(shared);
    number
}

fn note(shared: &Shared, number: usize, body: Vec<u8>) -> Asked {
    let mut truth = lock(&shared.truth);
    let attempt = &mut truth[number];
    attempt.whole = true;
    attempt.asked.body_bytes = body.len();
    attempt.asked.body_hash = Sha256::digest(&body).into();
    if body.len() <= KEPT_BODY_BYTES_MAX {
        attempt.asked.body = body;
    }
    let asked = attempt.asked.clone();
    drop(truth);
    tell(shared);
    asked
}

/// Carries out an answer; true when the connection can be used again.
fn perform(stream: &TcpStream, shared: &Shared, number: usize, answer: Answer) -> bool {
    lock(&shared.truth)[number].told = answer.told;
    let mut reusable = true;
    for step in answer.steps {
        let there = match step {
            Step::Send(bytes) => send(stream, shared, number, &bytes),
            Step::Drip(bytes) => bytes.iter().all(|b| send(stream, shared, number, &[*b])),
            Step::Hold(latch) => {
                pause(shared, number, true);
                let there = wait(stream, || latch.0.load(Ordering::SeqCst));
                pause(shared, number, false);
                there
            }
            Step::Wait(time) => {
                let over = Instant::now() + time;
                wait_for(stream, time + LOOK, || Instant::now() >= over)
            }
            Step::Stall => {
                pause(shared, number, true);
                wait(stream, || false)
            }
            Step::Cut => {
                let _ = stream.shutdown(std::net::Shutdown::Both);
                reusable = false;
                true
            }
            Step::Reset => {
                let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
                reusable = false;
                true
            }
        };
        if !there {
            finish(shared, number, Ended::PeerGone);
            return false;
        }
        if !reusable {
            break;
        }
    }
    finish(shared, number, Ended::Done);
    reusable
}

fn send(stream: &TcpStream, shared: &Shared, number: usize, bytes: &[u8]) -> bool {
    let written = write(stream, bytes);
    lock(&shared.truth)[number].sent_bytes += written;
    tell(shared);
    written == bytes.len()
}

fn write(mut stream: &TcpStream, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    written
}

/// Waits until `done`; false when the peer goes away first.
fn wait(stream: &TcpStream, done: impl Fn() -> bool) -> bool {
    wait_for(stream, PATIENCE, done)
}

fn wait_for(stream: &TcpStream, patience: Duration, done: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    let _ = stream.set_read_timeout(Some(LOOK));
    let mut there = true;
    while there && !done() && Instant::now() < deadline {
        there = match stream.peek(&mut [0u8; 1]) {
            Ok(count) => count > 0,
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
    }
    let _ = stream.set_read_timeout(Some(PATIENCE * 4));
    there
}

fn pause(shared: &Shared, number: usize, waiting: bool) {
    lock(&shared.truth)[number].waiting = waiting;
    tell(shared);
}

fn finish(shared: &Shared, number: usize, ended: Ended) {
    let mut truth = lock(&shared.truth);
    truth[number].ended = ended;
    truth[number].gone_at = (ended == Ended::PeerGone).then(Instant::now);
    drop(truth);
    tell(shared);
}

fn tell(shared: &Shared) {
    shared.progress.fetch_add(1, Ordering::SeqCst);
    shared.changed.notify_all();
}
