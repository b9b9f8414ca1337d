//! `status`: the engine, spend against budgets, providers and local servers in one answer.
//! Owns its JSON; the tray menu is drawn from the same.

use super::local::LocalServer;
use super::spend::Sums;
use super::{Stamp, TunnelStatus};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// A budget and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BudgetStanding {
    /// Its name.
    pub name: String,
    /// `day`, `week` or `month`.
    pub period: String,
    /// Its limit.
    #[ts(as = "String")]
    pub limit_usd: Money,
    /// Spent in the current window.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// Set aside for requests under way.
    #[ts(as = "String")]
    pub reserved_usd: Money,
    /// Spent, in whole percent of the limit, rounded down.
    pub percent: u64,
    /// Percentages at which the user is told.
    pub thresholds: Vec<u8>,
    /// Those already reached.
    pub reached: Vec<u8>,
    /// When the window ends.
    #[ts(as = "String")]
    pub resets_at: Stamp,
    /// `notify`, `downgrade`, `local` or `block`.
    pub at_limit: String,
}

/// Whether a provider can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProviderHealth {
    /// Its name.
    pub name: String,
    /// `ready`, `failing`, `resting`, `no_key`, `key_locked`, `key_unavailable`, `unknown`, `demo`;
    /// a local one also as its server is.
    pub state: String,
    /// Why, in one line with the fix; null when there is nothing to say.
    pub reason: Option<String>,
}

/// The chains of the three tiers, as `provider/model`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TierChains {
    /// Formulaic.
    pub low: Vec<String>,
    /// Ordinary.
    pub medium: Vec<String>,
    /// Multi-step.
    pub high: Vec<String>,
}

/// How requests are routed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Routing {
    /// `honour`, `tiered`, `local-first` or `shadow`.
    pub mode: String,
    /// Today's share of requests answered locally, 0 to 1; null without requests.
    pub local_share: Option<f64>,
    /// The chains.
    pub tiers: TierChains,
    /// Whether everything is passed through to where it asked.
    pub paused: bool,
    /// Whether local models are in use.
    pub local_on: bool,
}

/// Spend of the current windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Totals {
    /// Today.
    pub day: Sums,
    /// Since Monday.
    pub week: Sums,
    /// Since the first of the month.
    pub month: Sums,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Status {
    /// Whether an engine is serving. When not, pid, port, url and uptime are null.
    pub running: bool,
    /// The engine's process.
    pub pid: Option<u32>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// What a tool is pointed at, as `http://127.0.0.1:9347`.
    pub url: Option<String>,
    /// The engine's version.
    pub version: String,
    /// The home folder it serves.
    pub home: String,
    /// Seconds since it started.
    pub uptime_s: Option<u64>,
    /// Answers under way.
    pub streams: u64,
    /// Spend of the current windows.
    pub totals: Totals,
    /// Budgets.
    pub budgets: Vec<BudgetStanding>,
    /// Providers.
    pub providers: Vec<ProviderHealth>,
    /// Local servers.
    pub local: Vec<LocalServer>,
    /// Routing.
    pub routing: Routing,
    /// The tunnel for Cursor; null while it is closed.
    #[serde(default)]
    pub tunnel: Option<TunnelStatus>,
    /// What needs attention, one line with its fix each: a full disk, a configuration that was
    /// not taken over, requests without a price.
    pub notices: Vec<String>,
}
