//! Why an attempt stage gives up, in the statuses on which the real tools stop and show the
//! message. What each tool does with each status was measured with the tools themselves; see
//! `tests/clients/refusals.py`.

use crate::ports::{KeyProblem, Refusal};
use crate::read::Asked;
use crate::reply::Refused;
use http::HeaderValue;
use weir_core::route::Candidate;
use weir_wire::error_body::ProblemKind;

/// One failed attempt, for the final message.
pub struct Failure {
    /// `provider/model`.
    pub route: String,
    /// What went wrong.
    pub what: String,
    /// The provider's own `Retry-After`.
    pub retry_after: Option<HeaderValue>,
    /// Whether it said nothing in time.
    pub timeout: bool,
    /// Whether trying again by itself cannot help: a local server that is not running.
    pub settled: bool,
}

impl Failure {
    /// A failure with nothing more known.
    pub fn of(candidate: &Candidate, what: String) -> Self {
        let route = candidate.route.to_string();
        Failure { route, what, retry_after: None, timeout: false, settled: false }
    }
}

/// Codex sends everything but a 400 six times over; the other tools stop on the proper status.
fn for_codex(asked: &Asked, refused: Refused) -> Refused {
    let codex = asked.headers.get("originator").is_some_and(|v| v.as_bytes().starts_with(b"codex"));
    if codex { Refused { kind: ProblemKind::BadRequest, status: 400, ..refused } } else { refused }
}

/// No key for the last candidate.
pub fn no_key(asked: &Asked, problem: &KeyProblem) -> Refused {
    // Not 401, which speaks of the tool's own login, and not 5xx, which the tools retry.
    let refused = Refused::new(ProblemKind::Forbidden, 403, problem.to_string());
    for_codex(asked, refused.code("provider_key"))
}

/// The books said no.
pub fn refusal(asked: &Asked, refusal: &Refusal) -> Refused {
    match refusal {
        // Not 429, which half of the tools retry for a minute, and no Retry-After, which Codex
        // would obey until the window ends.
        Refusal::Budget { message, .. } => {
            let refused = Refused::new(ProblemKind::BudgetSpent, 402, message.clone());
            for_codex(asked, refused.code("budget_spent"))
        }
        Refusal::Ledger { .. } => {
            Refused::new(ProblemKind::Unavailable, 503, refusal.to_string()).code("ledger")
        }
    }
}

/// Every candidate failed.
pub fn spent(failures: Vec<Failure>) -> Refused {
    let timeout = failures.iter().all(|f| f.timeout);
    let retry_after = failures.iter().rev().find_map(|f| f.retry_after.clone());
    let told: Vec<String> = failures.iter().map(|f| format!("{}: {}", f.route, f.what)).collect();
    let refused = if timeout {
        Refused::new(ProblemKind::Timeout, 504, told.join("; "))
    } else {
        Refused::new(ProblemKind::Upstream, 502, told.join("; "))
    };
    let refused = refused.code("no_answer");
    // As without Weir: a tool tries again when its provider was out of reach.
    let refused = if failures.iter().all(|f| f.settled) { refused } else { refused.may_retry() };
    match retry_after.and_then(|v| v.to_str().ok().and_then(|t| t.parse().ok())) {
        Some(seconds) => refused.retry_after(seconds),
        None => refused,
    }
}
