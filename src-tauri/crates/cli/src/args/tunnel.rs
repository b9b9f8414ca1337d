//! `weir tunnel` as it is typed.

use super::Json;
use clap::{Args, Subcommand, ValueEnum};

/// `weir tunnel`
#[derive(Debug, Subcommand)]
pub enum Tunnel {
    /// Open it with a new key, for 8 hours; the key is shown this once
    #[command(
        after_help = "Nothing is installed and no tunnel program is started: the commands for yours are printed.\n\nExample:\n  weir tunnel start --provider cloudflared --host weir.example.com"
    )]
    Start(TunnelStart),
    /// Close it; its key is void
    #[command(after_help = "Example:\n  weir tunnel stop")]
    Stop(Json),
    /// Show whether it is open, what was spent through it and who came
    #[command(after_help = "Example:\n  weir tunnel status --json | jq .until")]
    Status(Json),
    /// Call the public address and see whether a stream arrives in pieces; asks no model
    #[command(
        after_help = "Exit code 1 when Cursor would not be answered as it should.\n\nExample:\n  weir tunnel test"
    )]
    Test(Json),
}

/// `weir tunnel start`
#[derive(Debug, Args)]
pub struct TunnelStart {
    /// Whose commands to print; without it, those that are installed
    #[arg(long, value_enum)]
    pub provider: Option<ProviderName>,
    /// The public name; only requests for it are answered
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Call the public address at the end, as `weir tunnel test` does
    #[arg(long)]
    pub test: bool,
    #[command(flatten)]
    pub json: Json,
}

/// `--provider`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProviderName {
    Cloudflared,
    Tailscale,
    Ngrok,
    /// Another program, or a server of your own
    None,
}
