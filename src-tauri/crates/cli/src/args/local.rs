//! `weir local` as it is typed.

use super::Json;
use clap::{Args, Subcommand};

/// All local models, or one of them.
#[derive(Debug, Args)]
pub struct One {
    /// The model, as provider/model or alone where one server has it; all of them where none is named
    pub model: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

/// `weir local`
#[derive(Debug, Subcommand)]
pub enum Local {
    /// Look at every local server: what runs, what is loaded, with which context
    #[command(after_help = "Example:\n  weir local status --json | jq '.local[].models'")]
    Status(Json),
    /// Use local models again, beside all others; or a single one that was switched off
    #[command(after_help = "Example:\n  weir local on\n  weir local on ollama/qwen3:8b")]
    On(One),
    /// Take local models out of routing at once, all or one; requests under way go on
    #[command(after_help = "Example:\n  weir local off\n  weir local off ollama/qwen3:8b")]
    Off(One),
    /// Use nothing but local models, so that no request leaves this machine; `on` ends it
    #[command(after_help = "Example:\n  weir local only")]
    Only(Json),
    /// Read a model into memory; a large one takes minutes
    #[command(
        after_help = "Example:\n  weir local load ollama/qwen3:8b\n  weir local load lmstudio/qwen3-8b --context 65536"
    )]
    Load {
        /// The model, as provider/model or alone where one server has it
        model: String,
        /// The context to load it with, in tokens; anew where it is loaded with another one
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        context: Option<u64>,
        #[command(flatten)]
        json: Json,
    },
    /// Let a model go from memory
    #[command(after_help = "Example:\n  weir local unload ollama/qwen3:8b")]
    Unload {
        /// The model, as provider/model or alone where one server has it
        model: String,
        #[command(flatten)]
        json: Json,
    },
    /// Start a local server
    #[command(after_help = "Example:\n  weir local start ollama")]
    Start {
        /// The server, as the configuration names it
        server: String,
        #[command(flatten)]
        json: Json,
    },
    /// Stop a local server
    #[command(after_help = "Example:\n  weir local stop ollama")]
    Stop {
        /// The server, as the configuration names it
        server: String,
        #[command(flatten)]
        json: Json,
    },
}
