//! Requests as the ledger knows them: `log`, `explain`, `export`.
//! Owns their JSON: one row a request, each attempt inside it.

use super::{RouteCandidate, Stamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::{Money, RequestId};

/// Which requests to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct LogQuery {
    /// Rows at most; held to `LogQuery::ROWS_MAX`. 0 means the default, `LogQuery::ROWS`.
    pub limit: u32,
    /// Only requests that arrived at or after this moment.
    #[ts(as = "Option<String>")]
    pub since: Option<Stamp>,
    /// Only requests before this one: the next page of a list that runs backwards.
    #[ts(as = "Option<String>")]
    pub before: Option<RequestId>,
    /// Only requests after this one: the next page of a list that runs forwards.
    #[ts(as = "Option<String>")]
    pub after: Option<RequestId>,
    /// Oldest first; the newest come first otherwise.
    pub oldest_first: bool,
    /// Also requests that Weir refused itself, where it remembers them: nobody was asked, so the ledger
    /// has no row of them. Only in a list that runs backwards.
    pub refused: bool,
}

impl LogQuery {
    /// Rows when none are asked for.
    pub const ROWS: u32 = 20;
    /// Rows in one answer at most; a longer list comes in pages.
    pub const ROWS_MAX: u32 = 1000;

    /// Rows of one answer.
    pub fn rows(&self) -> u32 {
        match self.limit {
            0 => Self::ROWS,
            rows => rows.min(Self::ROWS_MAX),
        }
    }
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum AttemptState {
    /// Reserved and under way.
    Open,
    /// Settled at what it cost.
    Settled,
    /// Nothing was sent, so nothing was spent.
    Void,
    /// Weir died while it was open: counted at its estimate.
    Orphan,
}

/// One attempt of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attempt {
    /// `provider/model`.
    pub route: String,
    /// When it was reserved.
    #[ts(as = "String")]
    pub at: Stamp,
    /// How it ended; null while open.
    pub outcome: Option<String>,
    /// The provider's HTTP status; null when none came.
    pub status: Option<u16>,
    /// What was set aside; null when the price is not known.
    #[ts(as = "Option<String>")]
    pub reserved_usd: Option<Money>,
    /// What it cost; null while open and when the price is not known.
    #[ts(as = "Option<String>")]
    pub settled_usd: Option<Money>,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it went there, as the short code of `x-weir-reason`.
    pub reason: String,
    /// Milliseconds from the request's arrival to the first byte of this attempt's answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds from the request's arrival to this attempt's end.
    pub total_ms: Option<u32>,
}

/// Usage of a request, in Weir's normal form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RequestUsage {
    /// Prompt tokens neither read from nor written to a cache.
    pub input: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a short-lived cache.
    pub cache_write_5m: u64,
    /// Prompt tokens written to an hour-long cache.
    pub cache_write_1h: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// The reasoning part of `output`.
    pub reasoning: u64,
    /// Web searches the provider ran.
    pub web_searches: u64,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogRow {
    /// Its id, as `x-weir-request-id` showed it.
    #[ts(as = "String")]
    pub id: RequestId,
    /// When it arrived.
    #[ts(as = "String")]
    pub at: Stamp,
    /// The tool that asked.
    pub client: String,
    /// `x-weir-project`.
    pub project: Option<String>,
    /// `x-weir-session`, or the client's own session id.
    pub session: Option<String>,
    /// `x-weir-category`.
    pub category: Option<String>,
    /// What was asked: `messages`, `chat`, `responses`, `embeddings`, `generate`, …
    pub endpoint: String,
    /// The model as the client named it.
    pub asked_model: String,
    /// `provider/model` that answered, or was tried last.
    pub route: String,
    /// The task, when judged.
    pub task: Option<String>,
    /// The tier, as the request named it, else as it was judged.
    pub tier: Option<String>,
    /// The tier it was judged to be, where it named one itself; null where it did not.
    #[serde(default)]
    pub judged_tier: Option<String>,
    /// Confidence in the judged task and tier, 0 to 1.
    pub confidence: Option<f64>,
    /// Why it went there, as the short code of `x-weir-reason`.
    pub reason: String,
    /// Attempts in the order they were made.
    pub attempts: Vec<Attempt>,
    /// How it ended; null while open.
    pub outcome: Option<String>,
    /// How its cost is known: `exact`, `estimated` or `unpriced`; null while open.
    pub pricing: Option<String>,
    /// What it used; null while open.
    pub usage: Option<RequestUsage>,
    /// What all its attempts cost; null while open and when the price is not known.
    #[ts(as = "Option<String>")]
    pub cost_usd: Option<Money>,
    /// What was saved against the model asked for; null when not known.
    #[ts(as = "Option<String>")]
    pub saved_usd: Option<Money>,
    /// `off`, `miss`, `exact`, `schema` or `semantic`.
    pub cache: String,
    /// Milliseconds from arrival to the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds from arrival to the end.
    pub total_ms: Option<u32>,
    /// What a translation between dialects had to leave out.
    pub dropped: Vec<String>,
    /// Whether it was answered on the user's own machines.
    pub local: bool,
    /// Whether the demonstration answered: no sum counts it.
    pub demo: bool,
    /// The mode of routing in force: `honour`, `tiered`, `local-first` or `shadow`. Null, like all
    /// below, where nothing was decided, and while the first attempt is open.
    pub mode: Option<String>,
    /// Which part of a tool's work it is: `main`, `subagent`, `compaction` or `auxiliary`.
    pub class: Option<String>,
    /// The key of the conversation it belongs to: sixteen hexadecimal digits.
    pub conversation: Option<String>,
    /// Whether the answer follows from the input by rule.
    pub deterministic: Option<bool>,
    /// What the prompt was taken to come to, in tokens.
    pub prompt_tokens: Option<u64>,
    /// Every way that was looked at, in the order in which they would be tried.
    pub candidates: Vec<RouteCandidate>,
    /// What the one that answered was expected to cost; `cost_usd` is what it did.
    #[ts(as = "Option<String>")]
    pub expected_usd: Option<Money>,
    /// In shadow mode, where it would have gone.
    pub shadow: Option<RouteCandidate>,
    /// Where its conversation stayed beside another way: what coming back was taken to cost.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub way_back_usd: Option<Money>,
    /// Where it went, why, and what that came to, in one line for people.
    pub summary: String,
}

/// One line of a request's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BillLine {
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`, `web_search`.
    pub kind: String,
    /// The model, where it is another than the request's own.
    pub model: Option<String>,
    /// Units billed.
    pub tokens: u64,
    /// What they cost.
    #[ts(as = "String")]
    pub cost_usd: Money,
}

/// `explain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Explain {
    /// The request.
    #[serde(flatten)]
    pub row: LogRow,
    /// What else there is to know of the decision, a sentence without its full stop; null where there
    /// is nothing.
    #[serde(default)]
    pub note: Option<String>,
    /// Why its cost is an estimate although the provider reported the usage, a sentence without its
    /// full stop; null where there is no such reason.
    #[serde(default)]
    pub estimated_because: Option<String>,
    /// The bill by kind, recomputed from the stored usage and the price row of that day. May fall
    /// short of `cost_usd` where other models, sound, tools of the provider's or the provider's own
    /// figure were billed too.
    pub lines: Vec<BillLine>,
}
