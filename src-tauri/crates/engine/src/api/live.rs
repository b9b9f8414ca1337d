//! What happens to live requests, as the window and `log --follow` hear it.
//! Owns the JSON of the events; who sends them is the engine's business.

use super::{RequestUsage, Stamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::{Money, RequestId};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LiveEvent {
    /// An attempt left.
    Opened {
        /// The request.
        #[ts(as = "String")]
        id: RequestId,
        /// 1 for the first attempt.
        attempt: u16,
        /// When.
        #[ts(as = "String")]
        at: Stamp,
        /// The tool that asked.
        client: String,
        /// The model as the client named it.
        asked_model: String,
        /// `provider/model`.
        route: String,
        /// Why it goes there.
        reason: String,
        /// Whether it stays on the user's own machines.
        local: bool,
        /// Whether the demonstration answers.
        demo: bool,
    },
    /// A request waits for its place at a local server that answers with another model.
    Queued {
        /// The request.
        #[ts(as = "String")]
        id: RequestId,
        /// `provider/model`.
        route: String,
        /// Its place in the line, from 1.
        position: u64,
    },
    /// An attempt was settled.
    Closed {
        /// The request.
        #[ts(as = "String")]
        id: RequestId,
        /// When.
        #[ts(as = "String")]
        at: Stamp,
        /// How it ended.
        outcome: String,
        /// The provider's HTTP status; null when none came.
        status: Option<u16>,
        /// `exact`, `estimated` or `unpriced`.
        pricing: String,
        /// What it cost; null when the price is not known.
        #[ts(as = "Option<String>")]
        cost_usd: Option<Money>,
        /// What it used; null when not reported.
        usage: Option<RequestUsage>,
        /// Milliseconds to the first byte.
        first_byte_ms: Option<u32>,
        /// Milliseconds to the end.
        total_ms: u32,
        /// Whether it was the request's last attempt.
        last: bool,
    },
    /// The set-up changed: configuration, keys, clients, pause. Ask `status` again.
    Changed,
    /// The listener was too slow and missed this many events. Ask again for what is shown.
    Missed {
        /// How many.
        events: u64,
    },
}
