//! Local servers: found by what they answer, kept in memory, switched off and on, their models
//! loaded and unloaded, themselves started and stopped.
//! Pure: `kind` and one file a kind (what to ask, how to read it), `address`, `order`. Everything
//! that waits on a network or a process is in `look`, `act` and `process`; `watch` owns when.

mod act;
mod address;
mod facts;
mod kind;
mod llamacpp;
mod lmstudio;
mod look;
mod models_off;
mod ollama;
mod openai;
mod order;
mod process;
mod switch;
mod view;
mod watch;

pub use address::Surroundings;
pub use kind::{Answers, Kind};
pub use models_off::{ModelsOff, ModelsOffProblem};
pub use ollama::in_cloud;
pub use switch::{Part, Switch};
pub use watch::{Scope, Watch};

use weir_core::Dialect;
use weir_core::route::Provider;
use weir_proxy::limits::TOOL_CONTEXT;

/// How a local server stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// It answers as its kind does.
    Up,
    /// It answers, and is still reading its model into memory.
    Loading,
    /// Nothing answers.
    Down,
    /// The application runs, its server does not.
    Off,
    /// Something answers that is not what answered before, or not what its name says.
    Changed,
}

impl State {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "running",
            Self::Loading => "loading",
            Self::Down => "not_running",
            Self::Off => "off",
            Self::Changed => "changed",
        }
    }
}

/// A model on a local server. What its server does not say is `None`, never "no".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// The name to ask for.
    pub name: String,
    /// Whether it is in memory.
    pub loaded: Option<bool>,
    /// The context it was loaded with, in tokens.
    pub context: Option<u64>,
    /// The longest context it can be loaded with, in tokens.
    pub context_max: Option<u64>,
    /// Its size, in bytes.
    pub size_bytes: Option<u64>,
    /// What it can do, in its server's words.
    pub capabilities: Vec<String>,
    /// Whether it answers with text.
    pub chats: Option<bool>,
    /// Whether it makes embeddings.
    pub embeds: Option<bool>,
    /// Whether its server only passes requests on to a cloud.
    pub cloud: bool,
    /// The names its running copies are unloaded by, where the server gives them names.
    pub instances: Vec<String>,
    /// What tells one version of it from another.
    pub digest: Option<String>,
    /// How many requests of it are answered side by side.
    pub slots: Option<usize>,
}

impl Model {
    /// Whether it can do what its server calls `what`; `None` where the server lists nothing, or
    /// nothing like it.
    pub fn able(&self, what: &str) -> Option<bool> {
        let lists = self.capabilities.iter().any(|c| c == "completion");
        lists.then(|| self.capabilities.iter().any(|c| c == what))
    }
}

/// What the answers of a server come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its version, as it says.
    pub version: Option<String>,
    /// Whether it is still reading its model into memory.
    pub loading: bool,
    /// Whether it swaps models in and out of memory as they are asked for.
    pub swaps: bool,
    /// What it offers.
    pub models: Vec<Model>,
    /// Whether it wants a key before it lists anything.
    pub wants_key: bool,
    /// Whether it refuses a prompt that is too long, as something else than its version tells.
    pub refuses: bool,
}

/// A local server as it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The provider it is configured as.
    pub provider: String,
    /// The base URL requests go to.
    pub base_url: String,
    /// What it is; `None` before it ever answered.
    pub kind: Option<Kind>,
    /// How it stands.
    pub state: State,
    /// What there is to say about that, with the fix.
    pub reason: Option<String>,
    /// What it last said of itself.
    pub reading: Reading,
    /// Whether another program answers at the address requests would go to.
    pub foreign: bool,
    /// Whether Weir has something to start it with.
    pub startable: bool,
    /// Whether the configuration names it.
    pub written: bool,
    /// When it was last looked at, in Unix milliseconds.
    pub looked_ms: i64,
    /// Looks in a row at which it was not there.
    pub misses: u32,
}

impl Server {
    /// Whether it answers a prompt that is too long with an error, as it or its version says.
    pub fn refuses(&self) -> bool {
        let version = self.reading.version.as_deref();
        self.reading.refuses || self.kind.is_some_and(|kind| kind.refuses(version))
    }

    /// The context that somebody who asks a model through that provider can count on, in tokens: the one
    /// it is loaded with, or the one it will be loaded with, where that is known before and longer. Never
    /// the longest it could have.
    pub fn context_told(&self, provider: &Provider, model: &Model) -> Option<u64> {
        let next = match self.kind {
            // A cloud has it as long as it can be.
            _ if model.cloud => model.context_max,
            // Weir asks for it, and only Ollama's own API takes the wish.
            Some(Kind::Ollama) if provider.dialect == Dialect::Ollama => {
                model.context_max.map(|most| most.min(TOOL_CONTEXT))
            }
            // What the model's entry in the router says.
            Some(Kind::LlamaCpp) if self.reading.swaps => model.context_max,
            _ => None,
        };
        model.context.max(next)
    }

    /// The model of that name, as requests name it.
    pub fn model(&self, name: &str) -> Option<&Model> {
        let models = &self.reading.models;
        let only = || match models.as_slice() {
            // llama.cpp with one model answers with it whatever is asked for.
            [only] if self.kind == Some(Kind::LlamaCpp) && !self.reading.swaps => Some(only),
            _ => None,
        };
        self.listed(name).or_else(only)
    }

    /// The model that it lists under that name.
    pub fn listed(&self, name: &str) -> Option<&Model> {
        let same = |model: &&Model| self.kind.is_some_and(|kind| kind.same(&model.name, name));
        self.reading.models.iter().find(same)
    }
}
