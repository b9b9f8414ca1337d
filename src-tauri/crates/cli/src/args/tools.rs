//! Tools that are set up or started: `connect`, `disconnect`, `run`.

use super::Json;
use clap::Args;
use weir_engine::connect::Tool;

/// `weir connect`
#[derive(Debug, Args)]
pub struct Connect {
    /// The tool
    #[arg(value_parser = tool)]
    pub tool: Option<Tool>,
    /// Show what would change, and change nothing
    #[arg(long, requires = "tool")]
    pub dry_run: bool,
    /// Keep the tool's own login, so that its plan pays (Claude Code)
    #[arg(long, requires = "tool", conflicts_with = "use_keys")]
    pub keep_login: bool,
    /// Let Weir's keys pay, whatever the configuration says of the tool's login
    #[arg(long, requires = "tool")]
    pub use_keys: bool,
    /// Set the tool's model too, such as weir-auto; none gives the choice back to the tool
    #[arg(long, value_name = "MODEL", requires = "tool")]
    pub model: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

/// `weir disconnect`
#[derive(Debug, Args)]
pub struct Disconnect {
    /// The tool
    #[arg(value_parser = tool)]
    pub tool: Tool,
    #[command(flatten)]
    pub json: Json,
}

/// `weir run`
#[derive(Debug, Args)]
pub struct Run {
    /// The tool
    #[arg(value_parser = tool)]
    pub tool: Tool,
    /// What the tool gets, after --
    #[arg(last = true, value_name = "ARGS", allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}

fn tool(name: &str) -> Result<Tool, String> {
    Tool::named(name).ok_or_else(|| {
        let known: Vec<&str> = Tool::ALL.iter().map(|tool| tool.name()).collect();
        format!("Weir sets up {}", known.join(", "))
    })
}
