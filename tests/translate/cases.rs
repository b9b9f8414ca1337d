//! The corpus on disk: what clients asked and what providers answered, one folder a case.
//! Owns the reading of it and the list of targets; judges nothing.

use crate::json::Node;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use weir_core::Endpoint;
use weir_wire::hub::{Form, Traits};

/// A model requests are translated for.
#[derive(Clone, Debug)]
pub struct Towards {
    /// The snapshot's name.
    pub label: String,
    /// The form it takes.
    pub form: Form,
    /// Its name.
    pub model: String,
    /// Whether the user's own server runs it.
    pub local: bool,
}

impl Towards {
    fn new(label: &str, form: Form, model: &str, local: bool) -> Self {
        Self { label: label.into(), form, model: model.into(), local }
    }

    /// The newest models of each vendor, and one of the user's own behind each local surface.
    pub fn all() -> Vec<Self> {
        vec![
            Self::new("messages", Form::Messages, "claude-opus-5-5", false),
            Self::new("chat", Form::Chat, "gpt-5.6-terra", false),
            Self::new("local", Form::Chat, "qwen2.5-coder:7b", true),
            Self::new("responses", Form::Responses, "gpt-6.1-sol", false),
            Self::new("gemini", Form::Gemini, "gemini-3.8-flash", false),
            Self::new("ollama", Form::Ollama, "qwen3:8b", true),
        ]
    }

    /// Those of another form than the client's.
    pub fn others(client: Form) -> Vec<Self> {
        Self::all().into_iter().filter(|towards| towards.form != client).collect()
    }

    /// What the model takes.
    pub fn traits(&self) -> Traits {
        Traits::of(self.form, &self.model, self.local)
    }
}

/// A request as a client sent it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The case's name: `form/name`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Where it was made.
    pub endpoint: Endpoint,
    /// The form it is in.
    pub form: Form,
    /// The model as the client named it.
    pub model: String,
    /// The body.
    pub body: String,
    /// Older models it is translated for too.
    pub also: Vec<Towards>,
}

/// An answer as a provider sent it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The case's name: `form/name`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// `whole`, `stream` or `stream.array`: what the snapshots' names begin with.
    pub stem: String,
    /// The form it is in.
    pub form: Form,
    /// How it is framed: `json`, `sse`, `ndjson`, `array`.
    pub framing: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The forms clients speak, by the corpus's folder names.
pub const CLIENTS: [(&str, Form); 4] = [
    ("messages", Form::Messages),
    ("chat", Form::Chat),
    ("responses", Form::Responses),
    ("gemini", Form::Gemini),
];

/// The corpus's folder.
pub fn corpus() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    corpus().ancestors().nth(2).expect("the corpus is in tests/translate")
}

/// The form of a name.
pub fn form(name: &str) -> Form {
    match CLIENTS.iter().find(|(known, _)| *known == name) {
        Some((_, form)) => *form,
        None => Form::Ollama,
    }
}

/// The name of a form.
pub fn named(form: Form) -> &'static str {
    CLIENTS.iter().find(|(_, known)| *known == form).map_or("ollama", |(name, _)| name)
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder's entry").path()).collect();
    found.sort();
    found
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every request of the corpus.
pub fn asks() -> Vec<Ask> {
    let mut found = Vec::new();
    for of_form in folders(&corpus().join("requests")) {
        for folder in folders(&of_form) {
            found.push(ask(&of_form, folder));
        }
    }
    found
}

/// The request of that name.
#[track_caller]
pub fn ask_named(name: &str) -> Ask {
    let folder = corpus().join("requests").join(name);
    assert!(folder.is_dir(), "there is no request {name}");
    ask(folder.parent().expect("a form's folder"), folder.clone())
}

fn ask(of_form: &Path, folder: PathBuf) -> Ask {
    let text = fs::read_to_string(folder.join("ask.json")).expect("a case has an ask.json");
    let name = format!("{}/{}", file_name(of_form), file_name(&folder));
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let node = Node::parse(&text).expect("a case is JSON");
    let word = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    assert!(word("about").ends_with('.'), "{name} says what it is about");
    let endpoint: Endpoint =
        serde_json::from_value(document["endpoint"].clone()).expect("an endpoint's name");
    let also = document["also"].as_array().map_or(&[][..], Vec::as_slice).iter();
    let also = also.map(|one| {
        let word = |key: &str| one[key].as_str().unwrap_or_default();
        Towards::new(word("label"), form(word("form")), word("model"), one["local"] == true)
    });
    Ask {
        endpoint,
        form: form(&file_name(of_form)),
        model: word("model"),
        body: node.get("body").expect("a case has a body").written(),
        also: also.collect(),
        name,
        folder,
    }
}

/// Every answer of the corpus.
pub fn answers() -> Vec<Given> {
    let mut found = Vec::new();
    for of_form in folders(&corpus().join("answers")) {
        for folder in folders(&of_form) {
            let name = format!("{}/{}", file_name(&of_form), file_name(&folder));
            for path in folders(&folder) {
                let file = file_name(&path);
                let (stem, framing) = match file.as_str() {
                    "whole.json" => ("whole", "json"),
                    "stream.sse" => ("stream", "sse"),
                    "stream.ndjson" => ("stream", "ndjson"),
                    "stream.array" => ("array", "array"),
                    _ => continue,
                };
                found.push(Given {
                    name: name.clone(),
                    folder: folder.clone(),
                    stem: stem.into(),
                    form: form(&file_name(&of_form)),
                    framing: framing.into(),
                    bytes: fs::read(&path).expect("a file of the corpus"),
                });
            }
        }
    }
    found
}
