//! A reservation in the ledger's own words: texts cut, amounts held in range, its day and zone
//! reckoned once. What the journal keeps and what becomes a row of `reserve`; pure.

use crate::name::cut;
use crate::rows::Reserve;
use weir_core::period::LocalDay;
use weir_core::{Money, RequestId};

/// Tokens kept of a count. No call uses ten billion; a provider that says so must not be able to
/// overflow a sum.
const TOKENS_MAX: u64 = 10_000_000_000;

/// An attempt's place: request and attempt.
pub(crate) type Place = (i64, u16);

/// A token count as it is stored.
pub(crate) fn tokens(count: u64) -> i64 {
    count.min(TOKENS_MAX).cast_signed()
}

/// A reservation. Texts are at most `TEXT_BYTES_MAX` long; an optional one is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub id: i64,
    pub attempt: u16,
    pub at_ms: i64,
    pub day: i32,
    pub zone: &'a str,
    pub client: &'a str,
    pub project: Option<&'a str>,
    pub session: Option<&'a str>,
    pub category: Option<&'a str>,
    pub endpoint: &'a str,
    pub asked_model: &'a str,
    pub provider: &'a str,
    pub model: &'a str,
    pub task: Option<&'a str>,
    pub tier: Option<&'a str>,
    pub reason: &'a str,
    pub confidence: Option<u16>,
    pub local: bool,
    pub uncounted: bool,
    /// Nano-dollars; `None` when unpriced.
    pub reserved: Option<i64>,
    pub input_tokens: i64,
    pub output_tokens: i64,
}

impl<'a> Entry<'a> {
    /// A reservation on its local day.
    pub fn of(row: &Reserve<'a>, day: LocalDay, zone: &'a str) -> Self {
        let maybe = |text: Option<&'a str>| text.filter(|t| !t.is_empty()).map(cut);
        Self {
            id: row.id.raw(),
            attempt: row.attempt,
            at_ms: row.at_ms,
            day: day.0,
            zone: cut(zone),
            client: cut(row.client),
            project: maybe(row.project),
            session: maybe(row.session),
            category: maybe(row.category),
            endpoint: row.endpoint.as_str(),
            asked_model: cut(row.asked_model),
            provider: cut(row.provider),
            model: cut(row.model),
            task: maybe(row.task),
            tier: row.tier.map(|t| t.as_str()),
            reason: row.reason.as_str(),
            confidence: row.confidence,
            local: row.local,
            uncounted: row.uncounted,
            reserved: row.reserved.map(|m| m.nano().max(0)),
            input_tokens: tokens(row.input_tokens),
            output_tokens: tokens(row.output_tokens),
        }
    }

    /// Its place.
    pub fn place(&self) -> Place {
        (self.id, self.attempt)
    }

    /// The request.
    pub fn request(&self) -> RequestId {
        RequestId::from_raw(self.id)
    }

    /// What was set aside; `None` when unpriced.
    pub fn ask(&self) -> Option<Money> {
        self.reserved.map(Money::from_nano)
    }

    /// Whether the table takes it: requests and attempts are counted from 1.
    pub fn is_placed(&self) -> bool {
        self.id > 0 && self.attempt > 0
    }
}
