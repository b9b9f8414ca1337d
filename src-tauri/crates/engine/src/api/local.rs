//! Local servers and their models: what is shown of them, and the orders of `weir local`.
//! Owns their JSON.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::RequestId;

/// A model on a local server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalModel {
    /// Its name.
    pub name: String,
    /// Whether it is in memory.
    pub loaded: bool,
    /// The context it was loaded with, in tokens, when known: what a prompt must fit into.
    pub context: Option<u64>,
    /// Whether the local server only forwards it to a cloud.
    pub cloud: bool,
    /// The longest context it can be loaded with, in tokens, when known.
    pub context_max: Option<u64>,
    /// Its size in bytes, when known.
    pub size_bytes: Option<u64>,
    /// Whether it is switched off: nothing is sent to it.
    #[serde(default)]
    pub off: bool,
    /// What it can do, in its server's words: `completion`, `tools`, `embedding`, `vision` and so
    /// on. Empty when the server does not say.
    pub capabilities: Vec<String>,
}

/// A local server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalServer {
    /// The provider it is configured as.
    pub server: String,
    /// Its base URL.
    pub url: String,
    /// `running`; `loading` (it answers and is still reading its model); `not_running`; `off` (the
    /// application runs, its server does not); `changed` (something answers that is not what it
    /// was); `unknown` (nobody has looked).
    pub state: String,
    /// What it offers.
    pub models: Vec<LocalModel>,
    /// `ollama`, `lmstudio`, `llamacpp`, `vllm` or `openai-compatible`; null before it answered.
    pub kind: Option<String>,
    /// Its version, as it says.
    pub version: Option<String>,
    /// What there is to say about its state, with the fix.
    pub reason: Option<String>,
    /// Whether the configuration names it.
    pub written: bool,
    /// Whether Weir has something to start it with: a program of its own, its unit, or a command in
    /// the configuration.
    #[serde(default)]
    pub can_start: bool,
    /// The line before it, while something runs or waits there; null otherwise, and for servers
    /// that hold one model.
    pub queue: Option<LocalQueue>,
}

/// The line before a local server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalQueue {
    /// What runs.
    pub running: Vec<LocalJobs>,
    /// Who waits, the next first.
    pub waiting: Vec<LocalWaiting>,
}

/// Requests that a local server is answering with one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalJobs {
    /// The model.
    pub model: String,
    /// How many.
    pub jobs: u64,
}

/// A request that waits for its place at a local server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalWaiting {
    /// The request.
    #[ts(as = "String")]
    pub id: RequestId,
    /// The model it is for.
    pub model: String,
    /// Its place in the line, from 1.
    pub position: u64,
    /// How long it has waited, in milliseconds.
    pub waited_ms: u64,
}

/// `local status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalStatus {
    /// Whether local models are in use.
    pub on: bool,
    /// Whether nothing else is in use.
    #[serde(default)]
    pub only: bool,
    /// Models that are switched off one by one, as `provider/model`, whether or not their server is
    /// there.
    #[serde(default)]
    pub models_off: Vec<String>,
    /// The servers.
    pub local: Vec<LocalServer>,
}

/// What to do about local models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum LocalOrder {
    /// Take local models out of routing, or back in.
    Switch {
        /// Whether they are in use.
        on: bool,
    },
    /// Take one local model out of routing, or back in.
    SwitchModel {
        /// `provider/model`, or a model that one server has.
        model: String,
        /// Whether it is in use.
        on: bool,
    },
    /// Use nothing but local models, or all of them again.
    Only {
        /// Whether only local models are in use.
        on: bool,
    },
    /// Read a model into memory.
    Load {
        /// `provider/model`, or a model that one server has.
        model: String,
        /// The context to load it with, in tokens; without it what a coding tool needs, or the server's
        /// own choice.
        #[serde(default)]
        #[ts(optional)]
        context: Option<u64>,
    },
    /// Let a model go from memory.
    Unload {
        /// `provider/model`, or a model that one server has.
        model: String,
    },
    /// Start a server.
    Start {
        /// The provider it is configured as.
        server: String,
    },
    /// Stop a server.
    Stop {
        /// The provider it is configured as.
        server: String,
    },
}

/// An order that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LocalDone {
    /// What came of it, in one sentence.
    pub said: String,
    /// Whether local models are in use.
    pub on: bool,
    /// The servers as they stand now.
    pub local: Vec<LocalServer>,
}
