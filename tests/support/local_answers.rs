//! What the scripted local servers answer, as the recorded answers of the real ones do, and what they
//! do with their models meanwhile. No network.

use crate::tokens::in_qwen;
use serde_json::{Value, json};

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
    /// A program that serves pages and no models.
    Pages,
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
    /// The longest it can be loaded with; 0 is what every scripted model of its server can.
    pub most: u64,
    /// How often it is in memory beside the first time.
    pub copies: u64,
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

    /// The same, which can have no longer context than its own.
    #[must_use]
    pub fn at_most(self) -> Self {
        Self { most: self.context, ..self }
    }

    fn most(&self, of_all: u64) -> u64 {
        if self.most > 0 { self.most } else { of_all }
    }

    fn now(&self) -> u64 {
        self.asked.unwrap_or(self.context)
    }
}

/// The longest context of every scripted model at Ollama.
const OLLAMA_CONTEXT_MAX: u64 = 40_960;
/// The longest context of every scripted model at LM Studio.
const STUDIO_CONTEXT_MAX: u64 = 65_536;

/// One server's part: what it plays, holds and says.
pub struct Cast {
    /// What it answers like.
    pub likeness: Likeness,
    /// What it holds.
    pub models: Vec<Held>,
    /// Prompts that were cut without a word.
    pub cut: Vec<String>,
    /// The version that it says.
    pub version: &'static str,
    /// How many requests it says that it answers side by side.
    pub slots: u64,
    /// Whether it shows its metrics.
    pub metrics: bool,
}

impl Cast {
    /// A server that holds these models.
    pub fn new(likeness: Likeness, models: Vec<Held>) -> Self {
        Self { likeness, models, cut: Vec::new(), version: "0.33.0", slots: 1, metrics: true }
    }

    /// The answer to what is no request for an answer of a model.
    pub fn answer(&mut self, method: &str, path: &str, text: &str) -> (u16, String) {
        match self.likeness {
            Likeness::Ollama => ollama(self, method, path, text),
            Likeness::LmStudio => lm_studio(self, method, path, text),
            Likeness::LlamaCpp => llama_cpp(self, path),
            Likeness::Vllm => vllm(self, path),
            Likeness::Unknown => unknown(self, path),
            Likeness::Pages => (200, "<html>hello</html>".to_owned()),
        }
    }

    /// A server that swaps takes the model that is asked for into memory and lets the others go. Ollama
    /// loads it with the context the request asks for, and anew with its own when none is asked for.
    pub fn take_in(&mut self, asked: &Value) {
        if !matches!(self.likeness, Likeness::Ollama | Likeness::LmStudio) {
            return;
        }
        let ollama = self.likeness == Likeness::Ollama;
        let wanted = asked["options"]["num_ctx"].as_u64();
        for model in &mut self.models {
            let was = model.asked.filter(|_| model.loaded && !ollama);
            model.loaded = asked["model"] == model.name.as_str();
            let wanted = wanted.map(|n| n.min(model.most(OLLAMA_CONTEXT_MAX)));
            model.asked = wanted.or(was).filter(|_| model.loaded);
        }
    }

    /// What becomes of a prompt that is longer than the context: refused by those who do so, and by Ollama
    /// where it is told to; else cut, which is written down.
    pub fn overflow(&mut self, asked: &Value) -> Option<String> {
        let model =
            self.models.iter().find(|m| asked["model"] == m.name.as_str() && !m.elsewhere)?;
        let context = model.now();
        // Of a list of texts to embed each is cut for itself.
        let length = match &asked["input"] {
            Value::Array(texts) if model.embeds => texts.iter().map(in_qwen).max().unwrap_or(0),
            Value::String(_) if model.embeds => in_qwen(&asked["input"]),
            _ => in_qwen(asked),
        };
        if context == 0 || length <= context {
            return None;
        }
        let told = asked["truncate"] == false && !self.version.starts_with("0.12");
        let (name, words) = (model.name.clone(), format!("{length} tokens into {context}"));
        match self.likeness {
            Likeness::Ollama if told => {
                Some(json!({ "error": "the input length exceeds the context length" }).to_string())
            }
            Likeness::LlamaCpp | Likeness::Vllm => {
                let message = format!(
                    "the request exceeds the available context size ({words}), try increasing it"
                );
                let mut error =
                    json!({ "code": 400, "message": message, "type": "exceed_context_size_error" });
                if self.likeness == Likeness::LlamaCpp {
                    error["n_prompt_tokens"] = length.into();
                    error["n_ctx"] = context.into();
                }
                Some(json!({ "error": error }).to_string())
            }
            Likeness::Ollama | Likeness::LmStudio | Likeness::Unknown | Likeness::Pages => {
                self.cut.push(format!("{name}: {words}"));
                None
            }
        }
    }
}

fn named(text: &str, key: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    value[key].as_str().unwrap_or_default().to_owned()
}

fn ollama(cast: &mut Cast, method: &str, path: &str, text: &str) -> (u16, String) {
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
            "size_vram": 6_654_289_920u64, "context_length": m.now(),
            "expires_at": "2026-11-22T10:05:00Z",
        })
    };
    let models = &cast.models;
    match (method, path) {
        ("GET", "/") => (200, "Ollama is running".to_owned()),
        ("GET", "/api/version") => (200, json!({ "version": cast.version }).to_string()),
        ("GET", "/api/tags") => {
            let list: Vec<Value> = models.iter().map(tag).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("GET", "/api/ps") => {
            let list: Vec<Value> = models.iter().filter(|m| m.loaded).map(running).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("POST", "/api/show") => {
            let name = named(text, "model");
            let most = models.iter().find(|m| m.name == name);
            let most = most.map_or(OLLAMA_CONTEXT_MAX, |m| m.most(OLLAMA_CONTEXT_MAX));
            let info = json!({ "general.architecture": "qwen3", "qwen3.context_length": most });
            (200, json!({ "model_info": info }).to_string())
        }
        ("POST", "/api/generate" | "/api/embed") => {
            let unload = text.contains("\"keep_alive\":0");
            let name = named(text, "model");
            let told: Value = serde_json::from_str(text).unwrap_or_default();
            match cast.models.iter_mut().find(|m| m.name == name) {
                Some(model) => {
                    model.loaded = !unload;
                    model.asked = told["options"]["num_ctx"].as_u64();
                    let why = if unload { "unload" } else { "load" };
                    (200, json!({ "done": true, "done_reason": why }).to_string())
                }
                None => (404, json!({ "error": format!("model '{name}' not found") }).to_string()),
            }
        }
        _ => (404, "404 page not found".to_owned()),
    }
}

fn lm_studio(cast: &mut Cast, method: &str, path: &str, text: &str) -> (u16, String) {
    let model = |m: &Held| {
        let copies = if m.loaded { 0..m.copies + 1 } else { 0..0 };
        let name = |n: u64| if n == 0 { m.name.clone() } else { format!("{}:{}", m.name, n + 1) };
        let one = |n| json!({ "id": name(n), "config": { "context_length": m.now() } });
        let instances: Vec<Value> = copies.map(one).collect();
        json!({
            "type": if m.embeds { "embedding" } else { "llm" }, "key": m.name,
            "max_context_length": m.most(STUDIO_CONTEXT_MAX), "loaded_instances": instances,
            "size_bytes": 4_700_000_000u64, "capabilities": { "vision": false },
        })
    };
    match (method, path) {
        ("GET", "/lmstudio-greeting") => (200, json!({ "lmstudio": true }).to_string()),
        ("GET", "/api/v1/models") => {
            let list: Vec<Value> = cast.models.iter().map(model).collect();
            (200, json!({ "models": list }).to_string())
        }
        ("GET", "/v1/models") => listed(cast, "organization_owner", false),
        ("POST", "/api/v1/models/load" | "/api/v1/models/unload") => {
            let load = path.ends_with("/load");
            let name = named(text, if load { "model" } else { "instance_id" });
            match cast.models.iter_mut().find(|m| m.name == name) {
                Some(model) => {
                    // One that is loaded is loaded once more beside itself.
                    model.copies = if load && model.loaded { model.copies + 1 } else { 0 };
                    model.loaded = load;
                    let told: Value = serde_json::from_str(text).unwrap_or_default();
                    model.asked = told["context_length"].as_u64();
                    (200, json!({ "instance_id": name, "status": "loaded" }).to_string())
                }
                None => (404, json!({ "error": { "message": "no such model" } }).to_string()),
            }
        }
        // The real one answers whatever it is asked, with a success.
        _ => (200, json!({ "error": "Unexpected endpoint or method." }).to_string()),
    }
}

fn llama_cpp(cast: &Cast, path: &str) -> (u16, String) {
    let Some(model) = cast.models.first() else {
        let loading = json!({ "code": 503, "message": "Loading model" });
        return (503, json!({ "error": loading }).to_string());
    };
    match path {
        "/props" => {
            let settings = json!({ "n_ctx": model.context });
            let props = json!({
                "build_info": "b7101-1a2b3c", "total_slots": cast.slots, "model_alias": model.name,
                "default_generation_settings": settings,
            });
            (200, props.to_string())
        }
        "/health" => (200, json!({ "status": "ok" }).to_string()),
        "/v1/models" => listed(cast, "llamacpp", false),
        _ => (404, json!({ "error": { "message": "File Not Found" } }).to_string()),
    }
}

fn vllm(cast: &Cast, path: &str) -> (u16, String) {
    match path {
        "/version" => (200, json!({ "version": "0.32.0" }).to_string()),
        "/metrics" if cast.metrics => {
            (200, "# HELP vllm:num_requests_running Requests.\n".to_owned())
        }
        "/health" => (200, String::new()),
        "/v1/models" => listed(cast, "vllm", true),
        _ => (404, json!({ "detail": "Not Found" }).to_string()),
    }
}

fn unknown(cast: &Cast, path: &str) -> (u16, String) {
    match path {
        "/v1/models" => listed(cast, "somebody", false),
        _ => (404, String::new()),
    }
}

fn listed(cast: &Cast, owner: &str, with_length: bool) -> (u16, String) {
    let model = |m: &Held| {
        let mut row = json!({ "id": m.name, "object": "model", "owned_by": owner });
        if with_length {
            row["max_model_len"] = json!(m.context);
        }
        row
    };
    let list: Vec<Value> = cast.models.iter().map(model).collect();
    (200, json!({ "object": "list", "data": list }).to_string())
}
