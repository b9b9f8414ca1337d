//! What a finished call is known to have used, and how well it is known.
//! Produced by `wire`'s taps, priced by the engine, stored by `ledger`.

use crate::{Detail, Money, Usage};
use serde::{Deserialize, Serialize};

/// What a tap learned from one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Usage of the model that was asked; `None` when the answer carried none.
    pub usage: Option<Usage>,
    /// What of `usage` is priced apart, and what was billed beside it.
    pub detail: Detail,
    /// Usage billed beside it: Anthropic's compaction, advisor and fallback iterations,
    /// each under the model it ran on (`None`: the same model).
    pub extra: Vec<(Option<String>, Usage)>,
    /// The model the answer says it came from.
    pub model: Option<String>,
    /// The provider's own price for the call (OpenRouter's `usage.cost`).
    pub provider_cost: Option<Money>,
    /// Price context the answer names, e.g. `priority`, `flex`, `batch`.
    pub service_tier: Option<String>,
    /// `fast` where Anthropic's answer says so; priced apart.
    pub speed: Option<String>,
    /// Where it ran, as Anthropic's answer names it: `us`, `global`, `not_available`.
    pub inference_geo: Option<String>,
    /// Bytes of text the model produced that the tap saw; the base of an estimate.
    pub output_bytes: u64,
    /// Whether the answer reached the end its dialect defines.
    pub end: End,
    /// Whether `usage` is the provider's last word although that end was not seen: Anthropic's
    /// `message_delta` with a stop reason comes before `message_stop`.
    pub usage_is_final: bool,
    /// An error the provider reported inside a 200, as its type or code.
    pub error: Option<String>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Nothing that ends an answer was seen.
    #[default]
    Open,
    /// The dialect's own end was seen.
    Complete,
    /// An error event ended it.
    Failed,
}

/// How usage is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// The provider reported it.
    Exact,
    /// Weir estimated it because the report never came.
    Estimated,
}

/// How a row's cost is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pricing {
    /// Reported usage at a known price.
    Exact,
    /// Estimated usage at a known price.
    Estimated,
    /// The price is not known. Never counted as zero.
    Unpriced,
}

impl Pricing {
    /// The name used in JSON and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Estimated => "estimated",
            Self::Unpriced => "unpriced",
        }
    }
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A complete answer.
    Ok,
    /// The provider answered with an error status.
    UpstreamError,
    /// An error event inside a 200.
    ErrorInStream,
    /// The stream ended before the dialect's own end.
    Truncated,
    /// The client went away before the end.
    ClientGone,
    /// The provider could not be reached, or broke before it answered.
    Unreachable,
    /// The provider did not answer in time.
    Timeout,
    /// Weir itself failed while it carried the answer.
    Internal,
    /// Weir stopped, by a crash or kill, while the attempt was open.
    Orphan,
}

impl Outcome {
    /// The name used in JSON and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::UpstreamError => "upstream_error",
            Self::ErrorInStream => "error_in_stream",
            Self::Truncated => "truncated",
            Self::ClientGone => "client_gone",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
            Self::Orphan => "orphan",
        }
    }
}
