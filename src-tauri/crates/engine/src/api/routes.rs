//! Where requests may go: `models` and `route test`.
//! Owns their JSON.

use super::{ApiProblem, PerMillion};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// A model that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ModelRow {
    /// What to ask for: `provider/model`, or `weir-auto` and its kin.
    pub id: String,
    /// The provider; null for Weir's own names.
    pub provider: Option<String>,
    /// The model as the provider knows it.
    pub model: String,
    /// Its context window in tokens, when known.
    pub context: Option<u64>,
    /// Its price today, when known. Null is "not known", never "free".
    pub price: Option<PerMillion>,
    /// Whether it runs on the user's own machines.
    pub local: bool,
    /// Whether it is in a local server's memory; null for others and when not known.
    pub loaded: Option<bool>,
    /// Whether it is a local model that is switched off: nothing is sent to it.
    #[serde(default)]
    pub off: bool,
    /// Where Weir's own names lead, as `provider/model`; empty for others.
    pub chain: Vec<String>,
}

/// One way a request could be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RouteCandidate {
    /// `provider/model`.
    pub route: String,
    /// Why, as the short code of `x-weir-reason`.
    pub reason: String,
    /// What it is expected to cost; null when the price is not known.
    #[ts(as = "Option<String>")]
    pub expected_usd: Option<Money>,
    /// In `route test`: why it cannot answer now, with the fix; null where it can, and elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unable: Option<String>,
}

/// `route test`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RouteTest {
    /// The task, when judged.
    pub task: Option<String>,
    /// The tier, when judged or named.
    pub tier: Option<String>,
    /// The tier it was judged to be, where the body names one itself.
    #[serde(default)]
    pub judged_tier: Option<String>,
    /// Confidence in task and tier, 0 to 1.
    pub confidence: Option<f64>,
    /// Which part of a tool's work it is: main, subagent, compaction or auxiliary.
    pub class: Option<String>,
    /// Whether the answer follows from the input by rule.
    pub deterministic: bool,
    /// The key of the conversation it belongs to, when it has one.
    pub conversation: Option<String>,
    /// The model the body asks for.
    pub asked_model: Option<String>,
    /// Candidates in the order they would be tried.
    pub candidates: Vec<RouteCandidate>,
    /// Why there are none, when there are none.
    pub problem: Option<String>,
}

/// One of many bodies tested: the answer, or what is wrong with the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RouteTested {
    /// It could be read.
    Test(RouteTest),
    /// It could not.
    Problem {
        /// Why.
        error: ApiProblem,
    },
}

impl From<Result<RouteTest, ApiProblem>> for RouteTested {
    fn from(result: Result<RouteTest, ApiProblem>) -> Self {
        match result {
            Ok(test) => Self::Test(test),
            Err(error) => Self::Problem { error },
        }
    }
}
