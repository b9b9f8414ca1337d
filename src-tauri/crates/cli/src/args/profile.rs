//! `weir profile` as it is typed.

use super::Json;
use clap::Subcommand;

/// `weir profile`
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// List the named configurations, and which one is in use
    #[command(after_help = "Example:\n  weir profile list --json | jq -r .in_use")]
    List(Json),
    /// Put one in force, also for the next starts; `default` is config.toml
    #[command(
        after_help = "Checked whole first: one that does not hold changes nothing.\n\nExample:\n  weir profile use work"
    )]
    Use {
        /// Its name
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Make one that begins as a copy of the configuration in use
    #[command(after_help = "Example:\n  weir profile add offline")]
    Add {
        /// Its name: small letters, digits, - and _
        name: String,
        #[command(flatten)]
        json: Json,
    },
}
