//! The plain values that go into the ledger and come out of it.
//! Owns no behaviour but what follows from a value alone; knows no SQL.

use std::sync::Arc;
use weir_core::budget::Scope;
use weir_core::period::{LocalDay, Window};
use weir_core::route::{Reason, Tier};
use weir_core::{Conversation, Decision, Endpoint, Money, Outcome, Pricing, RequestId, Usage};

/// An attempt about to leave. Borrowed: it is written before `Ledger::reserve` returns.
/// Texts longer than `TEXT_BYTES_MAX` are cut.
#[derive(Clone, Copy, Debug)]
pub struct Reserve<'a> {
    /// The request.
    pub id: RequestId,
    /// 1 for the first attempt.
    pub attempt: u16,
    /// When it leaves, in Unix milliseconds. Its local day is the day it is charged to.
    pub at_ms: i64,
    /// The tool that asked.
    pub client: &'a str,
    /// The project, when the request named one.
    pub project: Option<&'a str>,
    /// The conversation, when known.
    pub session: Option<&'a str>,
    /// The budget category, when the request named one.
    pub category: Option<&'a str>,
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The model as the client named it.
    pub asked_model: &'a str,
    /// The provider the attempt goes to.
    pub provider: &'a str,
    /// The model sent to that provider.
    pub model: &'a str,
    /// The task, when judged.
    pub task: Option<&'a str>,
    /// The tier, when judged.
    pub tier: Option<Tier>,
    /// Why it goes there.
    pub reason: Reason,
    /// Confidence of task and tier in thousandths.
    pub confidence: Option<u16>,
    /// Whether the provider is local.
    pub local: bool,
    /// Whether it is in the log and in no sum: the demonstration, and calls that are always free.
    pub uncounted: bool,
    /// The most it can cost; `None` when the model has no known price.
    pub reserved: Option<Money>,
    /// Upper estimate of the prompt, in tokens.
    pub input_tokens: u64,
    /// Upper estimate of the answer, in tokens.
    pub output_tokens: u64,
}

/// How an attempt ended. Owned: it waits in a queue until the writer takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The request.
    pub id: RequestId,
    /// The attempt that ended.
    pub attempt: u16,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's HTTP status, 0 when none came.
    pub status: u16,
    /// Whether any byte of the request can have reached the provider.
    pub sent: bool,
    /// How the cost is known.
    pub pricing: Pricing,
    /// The cost; `None` exactly when it is not known.
    pub cost: Option<Money>,
    /// What it cost less than what was asked for, when something else answered.
    pub saved: Money,
    /// Tokens by kind, reported or estimated; `None` when nothing is known.
    pub usage: Option<Usage>,
    /// Milliseconds from the request's arrival to the answer's first byte.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds from the request's arrival to the attempt's end.
    pub total_ms: u32,
    /// What the response cache did (`miss`, `exact`, …); `None` when it was off.
    pub cache: Option<String>,
    /// What translation had to leave out, when anything.
    pub dropped: Option<String>,
    /// The price context the answer named (`priority`, `flex`, `fast`), when any.
    pub service: Option<String>,
    /// The provider's error type or code, when it gave one; else why the cost is an estimate
    /// although the usage was reported.
    pub note: Option<String>,
    /// What was decided for the request; the same for all its attempts, written once.
    pub decision: Option<Arc<Decision>>,
}

impl Settle {
    /// A settlement with nothing known yet but how it ended.
    pub fn new(id: RequestId, attempt: u16, at_ms: i64, outcome: Outcome) -> Self {
        Self {
            id,
            attempt,
            at_ms,
            outcome,
            status: 0,
            sent: true,
            pricing: Pricing::Unpriced,
            cost: None,
            saved: Money::ZERO,
            usage: None,
            first_byte_ms: None,
            total_ms: 0,
            cache: None,
            dropped: None,
            service: None,
            note: None,
            decision: None,
        }
    }

    /// Whether the attempt cost nothing for certain, so that its reservation is void at 0:
    /// no byte of it left, or the provider refused it with an error status and no usage.
    /// A stream that broke, a timeout after sending and a client that went away are not void:
    /// the provider may have worked, so they are settled, if need be at an estimate.
    pub fn is_void(&self) -> bool {
        !self.sent || (self.outcome == Outcome::UpstreamError && self.usage.is_none())
    }
}

/// A half-open range of local days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// First day.
    pub from: LocalDay,
    /// The day after the last.
    pub to: LocalDay,
}

impl DayRange {
    /// Every day there is.
    pub const ALL: Self = Self { from: LocalDay(i32::MIN), to: LocalDay(i32::MAX) };

    /// Whether the day lies inside.
    pub fn holds(self, day: LocalDay) -> bool {
        self.from <= day && day < self.to
    }
}

impl From<Window> for DayRange {
    fn from(window: Window) -> Self {
        Self { from: window.from, to: window.to }
    }
}

/// What a breakdown can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// The provider that was sent to.
    Provider,
    /// The model that was sent to.
    Model,
    /// The task.
    Task,
    /// The tier.
    Tier,
    /// The budget category.
    Category,
    /// The tool.
    Client,
    /// The project.
    Project,
    /// The conversation. The only one that is summed from rows, about a microsecond each.
    Session,
    /// The local day.
    Day,
}

/// Sums over attempts. Amounts stop at the end of their range instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests with at least one finished attempt. A request counts once, where its highest
    /// finished attempt went.
    pub requests: u64,
    /// Finished attempts, void ones included.
    pub attempts: u64,
    /// Requests that a local provider answered.
    pub local_requests: u64,
    /// Requests with an attempt whose cost is not known. Their cost is in no sum.
    pub unpriced_requests: u64,
    /// Requests with an attempt whose cost is an estimate.
    pub estimated_requests: u64,
    /// Tokens by kind, where known.
    pub usage: Usage,
    /// Known cost of finished attempts.
    pub spent: Money,
    /// Saved against what was asked for.
    pub saved: Money,
    /// Set aside for attempts that are open now.
    pub reserved: Money,
    /// Attempts that are open now.
    pub open: u64,
    /// Open attempts without a known price; nothing is in `reserved` for them.
    pub open_unpriced: u64,
}

/// One line of a breakdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name, or the day as `2026-11-22`; `None` where the rows carry none.
    pub key: Option<String>,
    /// Its sums.
    pub totals: Totals,
}

/// One line of a breakdown by day and one thing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayGroup {
    /// The local day.
    pub day: LocalDay,
    /// Whether it is what local providers answered.
    pub local: bool,
    /// The name; `None` where the rows carry none.
    pub key: Option<String>,
    /// Its sums, of what has finished.
    pub totals: Totals,
}

/// A budget's standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tokens of everything finished, prompt and answer, cached ones included.
    pub tokens: u64,
    /// Known cost of finished attempts.
    pub settled: Money,
    /// Set aside for open ones.
    pub reserved: Money,
    /// Requests whose cost is not known.
    pub unpriced_requests: u64,
}

/// Which requests a log shows, newest first. A request is shown when any attempt matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter {
    /// At most so many requests, held at `LOG_REQUESTS_MAX`.
    pub limit: usize,
    /// Only requests that arrived at or after this Unix millisecond.
    pub since_ms: Option<i64>,
    /// Only requests older than this one: the next page.
    pub before: Option<RequestId>,
    /// Provider, model, tier, category, client, project, local.
    pub scope: Scope,
    /// Only this conversation.
    pub session: Option<String>,
    /// Only this task.
    pub task: Option<String>,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self {
            limit: 50,
            since_ms: None,
            before: None,
            scope: Scope::default(),
            session: None,
            task: None,
        }
    }
}

/// A request with all its attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id; the arrival time is in it.
    pub id: RequestId,
    /// The tool.
    pub client: String,
    /// The project.
    pub project: Option<String>,
    /// The conversation.
    pub session: Option<String>,
    /// The budget category.
    pub category: Option<String>,
    /// `Endpoint::as_str` of what was asked for.
    pub endpoint: String,
    /// The model as the client named it.
    pub asked_model: String,
    /// The task.
    pub task: Option<String>,
    /// The tier.
    pub tier: Option<Tier>,
    /// Confidence of task and tier in thousandths.
    pub confidence: Option<u16>,
    /// What was decided for it; `None` while its first attempt is open, and where nothing was.
    pub decision: Option<DecisionRow>,
    /// In order; never empty.
    pub attempts: Vec<AttemptRow>,
}

/// What was decided for a request, as it was written. Codes are texts: a later Weir may know more
/// of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// `Mode::as_str` of the mode in force.
    pub mode: String,
    /// `Class::as_str` of the part of a tool's work it is.
    pub class: String,
    /// Whether the answer follows from the input by rule.
    pub deterministic: bool,
    /// What the prompt probably came to, in tokens.
    pub prompt_tokens: u64,
    /// The conversation it belongs to.
    pub conversation: Option<Conversation>,
    /// Every way that was looked at, in the order in which they would be tried.
    pub weighed: Vec<WeighedRow>,
    /// In shadow mode: where it would have gone.
    pub shadow: Option<WeighedRow>,
    /// How hard it was judged to be, where it named its tier itself.
    pub judged_tier: Option<Tier>,
    /// What coming back was taken to cost, where its conversation stayed beside another way.
    pub way_back: Option<Money>,
}

/// A way to answer that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeighedRow {
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The short code of why it stands where it stands, or why it was passed over.
    pub reason: String,
    /// What it was expected to cost; `None` when its price was not known.
    pub expected: Option<Money>,
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptState {
    /// Reserved, not finished.
    Open,
    /// Finished.
    Settled,
    /// Finished, cost nothing for certain.
    Void,
    /// Weir stopped while it was open; settled at its estimate.
    Orphan,
}

impl AttemptState {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Void => "void",
            Self::Orphan => "orphan",
        }
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// 1 for the first.
    pub attempt: u16,
    /// When it left, in Unix milliseconds.
    pub at_ms: i64,
    /// The local day it is charged to.
    pub day: LocalDay,
    /// The zone of that day, as an IANA name or an offset.
    pub zone: String,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The short code of why it went there.
    pub reason: String,
    /// Whether the provider is local.
    pub local: bool,
    /// Whether it is in no sum.
    pub uncounted: bool,
    /// What was set aside; `None` when unpriced.
    pub reserved: Option<Money>,
    /// Upper estimate of the prompt, in tokens.
    pub input_tokens: u64,
    /// Upper estimate of the answer, in tokens.
    pub output_tokens: u64,
    /// Where it stands. All below is empty while it is open.
    pub state: AttemptState,
    /// When it ended, in Unix milliseconds.
    pub ended_ms: Option<i64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The provider's status, 0 when none came.
    pub status: u16,
    /// How the cost is known.
    pub pricing: Option<Pricing>,
    /// The cost, unless unpriced or open.
    pub cost: Option<Money>,
    /// Saved against what was asked for.
    pub saved: Money,
    /// Tokens by kind, where known.
    pub usage: Option<Usage>,
    /// Milliseconds from arrival to the answer's first byte.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds from arrival to the end.
    pub total_ms: Option<u32>,
    /// What the response cache did; `None` when it was off.
    pub cache: Option<String>,
    /// What translation left out.
    pub dropped: Option<String>,
    /// The price context the answer named.
    pub service: Option<String>,
    /// The provider's error type or code, or why the cost is an estimate.
    pub note: Option<String>,
}

impl RequestRow {
    /// When the request arrived, in Unix milliseconds.
    pub fn at_ms(&self) -> i64 {
        self.id.unix_ms()
    }

    /// The attempt that counts: the highest one.
    pub fn last(&self) -> &AttemptRow {
        self.attempts.last().expect("a request row is made from its attempts")
    }

    /// The cost of all attempts; `None` while one is open or when one is unpriced.
    pub fn cost(&self) -> Option<Money> {
        self.attempts.iter().try_fold(Money::ZERO, |sum, a| Some(sum.saturating_add(a.cost?)))
    }

    /// The least certain pricing of any attempt; `None` while one is open.
    pub fn pricing(&self) -> Option<Pricing> {
        let mut worst = Pricing::Exact;
        for attempt in &self.attempts {
            worst = match (worst, attempt.pricing?) {
                (Pricing::Unpriced, _) | (_, Pricing::Unpriced) => Pricing::Unpriced,
                (Pricing::Estimated, _) | (_, Pricing::Estimated) => Pricing::Estimated,
                _ => Pricing::Exact,
            };
        }
        Some(worst)
    }

    /// Tokens of all attempts by kind; `None` when nothing is known of any.
    pub fn usage(&self) -> Option<Usage> {
        self.attempts.iter().filter_map(|a| a.usage).reduce(|a, b| a.plus(&b))
    }

    /// Saved by all attempts together.
    pub fn saved(&self) -> Money {
        self.attempts.iter().fold(Money::ZERO, |sum, a| sum.saturating_add(a.saved))
    }
}
