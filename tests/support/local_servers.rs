//! Scripted local servers: Ollama, LM Studio, llama.cpp, vLLM and one nobody knows, each on port 0,
//! answering as the recorded answers of the real ones do. They write down what reached them, can go
//! away and come back on the same port, and hold their answers until a test lets them go.

use crate::answers::natural;
use crate::http1::{Framing, Head, Reader};
use crate::provider::Asked;
use crate::tokens::in_qwen;
use serde_json::{Value, json};
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// What a server answers like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Ollama.
    Ollama,
    /// LM Studio.
    LmStudio,
    /// llama.cpp with one model.
    LlamaCpp,
    /// vLLM.
    Vllm,
    /// A server that only lists models.
    Unknown,
}

/// A model on a scripted server.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Whether it is in memory.
    pub loaded: bool,
    /// The context its server loads it with by itself.
    pub context: u64,
    /// The one a request asked for, while it is loaded with that.
    pub asked: Option<u64>,
    /// Whether it makes embeddings and nothing else.
    pub embeds: bool,
    /// Whether it sees images.
    pub sees: bool,
    /// Whether the server says that it is run elsewhere.
    pub elsewhere: bool,
}

impl Held {
    /// A model that is not in memory; once it is, its context has so many tokens.
    pub fn new(name: &str, context: u64) -> Self {
        Self { name: name.into(), context, ..Self::default() }
    }

    /// The same, in memory.
    #[must_use]
    pub fn loaded(self) -> Self {
        Self { loaded: true, ..self }
    }
}

/// What reached a server: method, path, body.
pub type Line = (String, String, String);

struct Inside {
    likeness: Likeness,
    models: Vec<Held>,
    lines: Vec<Line>,
    holding: bool,
    open: Vec<TcpStream>,
    /// Prompts that were cut without a word.
    cut: Vec<String>,
    may_cut: bool,
    version: &'static str,
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
        let inside = Inside {
            likeness,
            models,
            lines: Vec::new(),
            holding: false,
            open: Vec::new(),
            cut: Vec::new(),
            may_cut: false,
            version: "0.33.0",
        };
        let shared = Arc::new(Shared {
            inside: Mutex::new(inside),
            changed: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
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
        self.inside().models.clone()
    }

    /// Answers like another server from now on.
    pub fn becomes(&self, likeness: Likeness) {
        self.inside().likeness = likeness;
    }

    /// Says that it is this version, where it says one.
    pub fn is_version(&self, version: &'static str) {
        self.inside().version = version;
    }

    /// How often it cut a prompt; asked for, that fails no test by itself.
    pub fn cut(&self) -> usize {
        let mut inside = self.inside();
        inside.may_cut = true;
        inside.cut.len()
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
        assert!(silent || inside.cut.is_empty(), "prompts were cut: {:?}", inside.cut);
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
    let chats = path == "/api/chat" && inside.likeness == Likeness::Ollama;
    if method == "POST" && (path.starts_with("/v1/") || chats) {
        let asked: Value = serde_json::from_str(&text).unwrap_or_default();
        let embeds = path.ends_with("/embeddings");
        take_in(&mut inside, &asked);
        if let Some(refusal) = overflow(&mut inside, &asked).filter(|_| !embeds) {
            return http(400, "", &refusal);
        }
        let held = |inside: &mut Inside| inside.holding;
        drop(shared.changed.wait_while(inside, held));
        let asked = Asked { method, target: path, head, body, ..Asked::default() };
        return natural(&asked).bytes();
    }
    let (status, body) = match inside.likeness {
        Likeness::Ollama => ollama(&mut inside, &method, &path, &text),
        Likeness::LmStudio => lm_studio(&mut inside, &method, &path, &text),
        Likeness::LlamaCpp => llama_cpp(&inside, &path),
        Likeness::Vllm => vllm(&inside, &path),
        Likeness::Unknown => unknown(&inside, &path),
    };
    let server = match inside.likeness {
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

/// The longest context of every scripted model at Ollama.
const OLLAMA_CONTEXT_MAX: u64 = 40_960;

/// A server that swaps takes the model that is asked for into memory and lets the others go. Ollama
/// loads it with the context the request asks for, and anew with its own when none is asked for.
fn take_in(inside: &mut Inside, asked: &Value) {
    if !matches!(inside.likeness, Likeness::Ollama | Likeness::LmStudio) {
        return;
    }
    let wanted = asked["options"]["num_ctx"].as_u64().map(|n| n.min(OLLAMA_CONTEXT_MAX));
    for model in &mut inside.models {
        model.loaded = asked["model"] == model.name.as_str();
        model.asked = wanted.filter(|_| model.loaded);
    }
}

/// What becomes of a prompt that is longer than the context: refused by those who do so, and by Ollama
/// where it is told to; else cut, which is written down.
fn overflow(inside: &mut Inside, asked: &Value) -> Option<String> {
    let model = inside.models.iter().find(|m| asked["model"] == m.name.as_str() && !m.elsewhere)?;
    let context = model.asked.unwrap_or(model.context);
    let length = in_qwen(asked);
    if context == 0 || length <= context {
        return None;
    }
    let told = asked["truncate"] == false && !inside.version.starts_with("0.12");
    let (name, words) = (model.name.clone(), format!("{length} tokens into {context}"));
    match inside.likeness {
        Likeness::Ollama if told => {
            Some(json!({ "error": "the input length exceeds the context length" }).to_string())
        }
        Likeness::LlamaCpp | Likeness::Vllm => {
            let message = format!(
                "the request exceeds the available context size ({words}), try increasing it"
            );
            let error =
                json!({ "code": 400, "message": message, "type": "exceed_context_size_error" });
            Some(json!({ "error": error }).to_string())
        }
        Likeness::Ollama | Likeness::LmStudio | Likeness::Unknown => {
            inside.cut.push(format!("{name}: {words}"));
            None
        }
    }
}

fn named(text: &str, key: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    value[key].as_str().unwrap_or_default().to_owned()
}

fn ollama(inside: &mut Inside, method: &str, path: &str, text: &str) -> (u16, String) {
    let capabilities = |m: &Held| match m.embeds {
        true => json!(["embedding"]),
        false if m.sees => json!(["completion", "tools", "vision"]),
        false => json!(["completion", "tools"]),
    };
    let tag = |m: &Held| {
        let mut tag = json!({
            "name": m.name, "model": m.name, "size": 5_225_388_164u64, "digest": "500a1f067a9f",
            "details": { "family": "qwen3", "parameter_size": "8.2B" },
            "capabilities": capabilities(m),
        });
        if m.elsewhere {
            tag["remote_host"] = json!("https://ollama.com:443");
        }
        tag
    };
    let running = |m: &Held| {
        json!({
            "name": m.name, "model": m.name, "size": 6_654_289_920u64,
            "size_vram": 6_654_289_920u64, "context_length": m.asked.unwrap_or(m.context),
            "expires_at": "2026-11-22T10:05:00Z",
        })
    };
    let models = &inside.models;
    match (method, path) {
        ("GET", "/") => (200, "Ollama is running".to_owned()),
        ("GET", "/api/version") => (200, json!({ "version": inside.version }).to_string()),
        ("GET", "/api/tags") => {
            let list: Vec<Value> = models.iter().map(tag).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("GET", "/api/ps") => {
            let list: Vec<Value> = models.iter().filter(|m| m.loaded).map(running).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("POST", "/api/show") => {
            let info = json!({
                "general.architecture": "qwen3", "qwen3.context_length": OLLAMA_CONTEXT_MAX,
            });
            (200, json!({ "model_info": info }).to_string())
        }
        ("POST", "/api/generate" | "/api/embed") => {
            let unload = text.contains("\"keep_alive\":0");
            let name = named(text, "model");
            match inside.models.iter_mut().find(|m| m.name == name) {
                Some(model) => {
                    model.loaded = !unload;
                    model.asked = None;
                    let why = if unload { "unload" } else { "load" };
                    (200, json!({ "done": true, "done_reason": why }).to_string())
                }
                None => (404, json!({ "error": format!("model '{name}' not found") }).to_string()),
            }
        }
        _ => (404, "404 page not found".to_owned()),
    }
}

fn lm_studio(inside: &mut Inside, method: &str, path: &str, text: &str) -> (u16, String) {
    let model = |m: &Held| {
        let instances = match m.loaded {
            true => json!([{ "id": m.name, "config": { "context_length": m.context } }]),
            false => json!([]),
        };
        json!({
            "type": if m.embeds { "embedding" } else { "llm" }, "key": m.name,
            "max_context_length": 32_768, "loaded_instances": instances,
            "size_bytes": 4_700_000_000u64, "capabilities": { "vision": false },
        })
    };
    match (method, path) {
        ("GET", "/lmstudio-greeting") => (200, json!({ "lmstudio": true }).to_string()),
        ("GET", "/api/v1/models") => {
            let list: Vec<Value> = inside.models.iter().map(model).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("GET", "/v1/models") => listed(inside, "organization_owner", false),
        ("POST", "/api/v1/models/load" | "/api/v1/models/unload") => {
            let load = path.ends_with("/load");
            let name = named(text, if load { "model" } else { "instance_id" });
            match inside.models.iter_mut().find(|m| m.name == name) {
                Some(model) => {
                    model.loaded = load;
                    (200, json!({ "instance_id": name, "status": "loaded" }).to_string())
                }
                None => (404, json!({ "error": { "message": "no such model" } }).to_string()),
            }
        }
        // The real one answers whatever it is asked, with a success.
        _ => (200, json!({ "error": "Unexpected endpoint or method." }).to_string()),
    }
}

fn llama_cpp(inside: &Inside, path: &str) -> (u16, String) {
    let Some(model) = inside.models.first() else {
        let loading = json!({ "code": 503, "message": "Loading model" });
        return (503, json!({ "error": loading }).to_string());
    };
    match path {
        "/props" => {
            let settings = json!({ "n_ctx": model.context });
            let props = json!({
                "build_info": "b7101-1a2b3c", "total_slots": 1, "model_alias": model.name,
                "default_generation_settings": settings,
            });
            (200, props.to_string())
        }
        "/health" => (200, json!({ "status": "ok" }).to_string()),
        "/v1/models" => listed(inside, "llamacpp", false),
        _ => (404, json!({ "error": { "message": "File Not Found" } }).to_string()),
    }
}

fn vllm(inside: &Inside, path: &str) -> (u16, String) {
    match path {
        "/version" => (200, json!({ "version": "0.32.0" }).to_string()),
        "/metrics" => (200, "# HELP vllm:num_requests_running Requests.\n".to_owned()),
        "/health" => (200, String::new()),
        "/v1/models" => listed(inside, "vllm", true),
        _ => (404, json!({ "detail": "Not Found" }).to_string()),
    }
}

fn unknown(inside: &Inside, path: &str) -> (u16, String) {
    match path {
        "/v1/models" => listed(inside, "somebody", false),
        _ => (404, String::new()),
    }
}

fn listed(inside: &Inside, owner: &str, with_length: bool) -> (u16, String) {
    let model = |m: &Held| {
        let mut row = json!({ "id": m.name, "object": "model", "owned_by": owner });
        if with_length {
            row["max_model_len"] = json!(m.context);
        }
        row
    };
    let list: Vec<Value> = inside.models.iter().map(model).collect();
    (200, json!({ "object": "list", "data": list }).to_string())
}
