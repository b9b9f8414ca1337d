//! `status`: the engine, spend against budgets, providers and local servers in one answer.
//! Owns its JSON; the tray menu is drawn from the same.

use super::local::LocalServer;
use super::spend::Sums;
use super::{AllowanceView, Stamp, TunnelStatus};
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
    /// Its limit in dollars, with what it is raised by now; null for a budget of tokens.
    #[ts(as = "Option<String>")]
    pub limit_usd: Option<Money>,
    /// Its limit in tokens; null for a budget of dollars.
    #[serde(default)]
    pub limit_tokens: Option<u64>,
    /// Spent in the current window.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// Set aside for requests under way.
    #[ts(as = "String")]
    pub reserved_usd: Money,
    /// Tokens spent in the current window, cached ones included.
    #[serde(default)]
    pub spent_tokens: u64,
    /// Tokens set aside for requests under way.
    #[serde(default)]
    pub reserved_tokens: u64,
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
    /// `written`, `share`, `cap` or `tunnel`.
    #[serde(default)]
    pub origin: String,
    /// Whether every request counts in it: it has no scope.
    #[serde(default)]
    pub counts_all: bool,
    /// The step it stands on: `open`, or what it does now that nothing more fits: `cheaper`,
    /// `local`, `stop`.
    #[serde(default)]
    pub step: String,
    /// Until when its limit is raised, or only local models are used; null when neither.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub changed_until: Option<Stamp>,
    /// What the window comes to at this pace; null before that can be said.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub forecast_usd: Option<Money>,
    /// When the limit is passed at this pace; null when it is not.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub over_at: Option<Stamp>,
}

/// Whether a provider can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProviderHealth {
    /// Its name.
    pub name: String,
    /// `ready`, `failing`, `resting`, `no_key`, `key_locked`, `key_absent`, `key_denied`,
    /// `key_silent`, `key_foreign`, `key_moved`, `key_rejected`, `unknown`, `demo`; a local one also as its server is.
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

/// A link of a tier's chain, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LinkNow {
    /// `provider/model`.
    pub route: String,
    /// The provider's state, as in `providers`; `off` where the model itself is switched off.
    pub state: String,
    /// Requests that wait for its server.
    pub waiting: u64,
}

/// A tier: what it took today, and where it leads now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TierNow {
    /// `low`, `medium` or `high`.
    pub tier: String,
    /// Requests of the tier today.
    pub requests: u64,
    /// Their share answered locally, 0 to 1; null without requests.
    pub local_share: Option<f64>,
    /// What they cost.
    #[ts(as = "String")]
    pub spent_usd: Money,
    /// The first link that can be asked now; null when there is none.
    pub now: Option<String>,
    /// The chain, with what `local` stands for on this machine now.
    pub links: Vec<LinkNow>,
    /// Why nothing of it can ever answer as it is set up; null where something can.
    #[serde(default)]
    pub problem: Option<String>,
    /// What mends that, in one line.
    #[serde(default)]
    pub fix: Option<String>,
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
    /// Whether nothing but local models is in use.
    #[serde(default)]
    pub local_only: bool,
    /// Local models that are switched off one by one, as `provider/model`.
    #[serde(default)]
    pub models_off: Vec<String>,
    /// The tiers today and now, `low` first.
    pub per_tier: Vec<TierNow>,
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
    /// Windows of subscriptions that are known.
    #[serde(default)]
    pub allowances: Vec<AllowanceView>,
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
