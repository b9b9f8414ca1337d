//! The tunnel for Cursor: what `weir tunnel` and the tray show.
//! Owns its JSON; the token crosses once, when the tunnel is opened.

use super::{SecretText, Stamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// Somebody who came to the tunnel. The address is what the tunnel program says, and is not proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TunnelVisit {
    /// When.
    #[ts(as = "String")]
    pub at: Stamp,
    /// From where, as it was said; null when nothing was said.
    pub source: Option<String>,
    /// Why it was turned away; null when it was let in.
    pub refused: Option<String>,
}

/// `tunnel status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TunnelStatus {
    /// Whether it is open. When not, what belongs to an opening is null or zero.
    pub on: bool,
    /// The port on 127.0.0.1 that the tunnel program is pointed at.
    pub port: Option<u16>,
    /// The public host it answers to; null for any.
    pub host: Option<String>,
    /// What Cursor is given, `https://HOST/cursor/v1`; null while no host was named.
    pub base_url: Option<String>,
    /// When it was opened.
    #[ts(as = "Option<String>")]
    pub since: Option<Stamp>,
    /// When it closes by itself.
    #[ts(as = "Option<String>")]
    pub until: Option<Stamp>,
    /// Seconds until then.
    pub left_s: Option<u64>,
    /// The models it answers for.
    pub models: Vec<String>,
    /// Its own limit a day.
    #[ts(as = "String")]
    pub cap_usd: Money,
    /// Spent through it today.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// Set aside for its requests under way.
    #[ts(as = "String")]
    pub reserved_usd: Money,
    /// When the day ends.
    #[ts(as = "String")]
    pub resets_at: Stamp,
    /// Requests that may come in a minute.
    pub per_minute: u32,
    /// Requests that may be under way at once.
    pub at_once: u32,
    /// Requests under way.
    pub open: u64,
    /// Requests let in since it was opened.
    pub requests: u64,
    /// Requests turned away since it was opened.
    pub refused: u64,
    /// The last that was let in.
    pub last: Option<TunnelVisit>,
    /// The last that was turned away.
    pub last_refused: Option<TunnelVisit>,
}

/// `tunnel start`: the only time the token is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TunnelStarted {
    /// What Cursor is given as its API key.
    #[ts(as = "String")]
    pub token: SecretText,
    /// The open tunnel.
    pub status: TunnelStatus,
    /// What the user should know before going on, one sentence each.
    pub warnings: Vec<String>,
}

/// `tunnel test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TunnelTest {
    /// Whether Cursor would be answered, and as it comes.
    pub ok: bool,
    /// The public address that was called.
    pub url: String,
    /// Models on the list that came back; null when none did.
    pub models: Option<u64>,
    /// Whether a stream arrived in pieces; null when none arrived.
    pub streams: Option<bool>,
    /// Milliseconds between its first and last piece.
    pub span_ms: Option<u64>,
    /// Whether the name leads to a public address on this machine: only then the test shows how others
    /// get there; null when nothing was reached.
    #[serde(default)]
    pub public: Option<bool>,
    /// What was found, in one line with the fix.
    pub message: String,
}
