//! Why an attempt stage gives up, in the statuses on which the real tools stop and show the
//! message. What each tool does with each status was measured with the tools themselves; see
//! `tests/clients/refusals.py`.

use crate::attempt::Kept;
use crate::ports::Refusal;
use crate::read::Asked;
use crate::reply::Refused;
use bytes::Bytes;
use http::HeaderValue;
use std::time::Duration;
use weir_core::route::{Candidate, Reason};
use weir_core::verdict::{Fault, unsent};
use weir_wire::error_body::ProblemKind;

/// After how long a request that found a local server busy may be sent again, in seconds.
const BUSY_RETRY_SECS: u64 = 10;

/// Longest value of `x-weir-tried`, in characters.
const TRIED_CHARS_MAX: usize = 1_000;

/// One failed attempt, for the final message.
pub struct Failure {
    /// `provider/model`.
    pub route: String,
    /// What went wrong.
    pub what: String,
    /// The provider's own `Retry-After`.
    pub retry_after: Option<HeaderValue>,
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// Why the next candidate answers instead, where nothing was even sent.
    pub skipped: Option<Reason>,
    /// What happened.
    pub fault: Fault,
    /// Whether another route had been asked before it and failed.
    pub stands_in: bool,
    /// How long the provider asked to be waited for, where that is believed.
    pub wait: Option<Duration>,
    /// Whether the provider said that trying again does not help.
    pub told_to_stop: bool,
    /// How long its route rests.
    pub rests: Option<Duration>,
    /// The body of the provider's refusal, while its answer is open.
    pub peeked: Option<Bytes>,
    /// The provider's refusal, whole.
    pub kept: Option<Box<Kept>>,
}

/// What decides the status of the refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The provider could not be reached, broke off, or said no.
    Upstream,
    /// It said nothing in time.
    Timeout,
    /// A local server that is not running: trying again by itself cannot help.
    NotRunning,
    /// Its key could not be had.
    Key,
    /// A hard budget is used up.
    Budget,
    /// The prompt is longer than a local model's context.
    TooLong,
    /// A local model does not do what is asked.
    Unfit,
    /// The user has switched a local model off.
    Off,
    /// A local server is busy, and its line is too long or too slow.
    Busy,
    /// The request holds what the provider cannot take.
    Rejected,
    /// Its route rests after failures.
    Resting,
}

impl Failure {
    /// A failure with nothing more known.
    pub fn of(candidate: &Candidate, fault: Fault, what: String) -> Self {
        let kind = match fault {
            Fault::Key => FailureKind::Key,
            Fault::Budget => FailureKind::Budget,
            Fault::Untranslatable => FailureKind::Rejected,
            Fault::Silent | Fault::Slow => FailureKind::Timeout,
            Fault::Resting => FailureKind::Resting,
            _ => FailureKind::Upstream,
        };
        Self {
            route: candidate.route.to_string(),
            what,
            retry_after: None,
            kind,
            skipped: None,
            fault,
            stands_in: false,
            wait: None,
            told_to_stop: false,
            rests: None,
            peeked: None,
            kept: None,
        }
    }
}

/// Codex sends everything but a 400 six times over; the other tools stop on the proper status.
fn for_codex(asked: &Asked, refused: Refused) -> Refused {
    let codex = asked.headers.get("originator").is_some_and(|v| v.as_bytes().starts_with(b"codex"));
    if codex { Refused { kind: ProblemKind::BadRequest, status: 400, ..refused } } else { refused }
}

/// The ledger cannot write: nothing may leave, whatever the candidate.
pub fn no_ledger(refusal: &Refusal) -> Refused {
    Refused::new(ProblemKind::Unavailable, 503, refusal.to_string()).code("ledger")
}

/// Every candidate failed; each is named, and the one that tells most decides the status.
pub fn spent<'a>(asked: &Asked, failures: impl Iterator<Item = &'a Failure>) -> Refused {
    let mut failures: Vec<&Failure> = failures.collect();
    // What tells most comes first; a key that one link lacks says little beside it.
    failures.sort_by_key(|failure| std::cmp::Reverse(rank(failure)));
    let failures: &[&Failure] = &failures;
    let text = told(failures);
    match deciding(failures) {
        // Not 401, which speaks of the tool's own login, and not 5xx, which the tools retry.
        FailureKind::Key => {
            let refused = Refused::new(ProblemKind::Forbidden, 403, text);
            for_codex(asked, refused.code("provider_key"))
        }
        // Not 429, which half of the tools retry for a minute, and no Retry-After, which Codex
        // would obey until the window ends.
        FailureKind::Budget => {
            let refused = Refused::new(ProblemKind::BudgetSpent, 402, text);
            for_codex(asked, refused.code("budget_spent"))
        }
        // A code and words on which the tools shorten the conversation and go on.
        FailureKind::TooLong => Refused::bad_request(text).code("context_length_exceeded"),
        FailureKind::Unfit => Refused::bad_request(text).code("not_supported"),
        FailureKind::Off => Refused::bad_request(text).code("local_model_off"),
        FailureKind::Busy => {
            let refused = Refused::new(ProblemKind::Unavailable, 503, text).code("local_busy");
            refused.retry_after(BUSY_RETRY_SECS)
        }
        FailureKind::Rejected => Refused::bad_request(text).code("capability_rejected"),
        FailureKind::Upstream
        | FailureKind::Timeout
        | FailureKind::NotRunning
        | FailureKind::Resting => unanswered(failures, text),
    }
}

/// The kind of the failure that tells most; of equals, that of the last.
fn deciding(failures: &[&Failure]) -> FailureKind {
    let telling = failures.iter().max_by_key(|f| rank(f));
    telling.map_or(FailureKind::Upstream, |f| f.kind)
}

fn rank(failure: &Failure) -> u8 {
    match failure.kind {
        // Tools shorten the conversation on it and go on.
        FailureKind::TooLong => 7,
        // What was really sent and failed is what happened; the rest only stood beside it.
        FailureKind::Upstream | FailureKind::Timeout
            if !unsent(failure.fault) || failure.fault == Fault::Connect =>
        {
            6
        }
        // These pass by themselves.
        FailureKind::Busy | FailureKind::Resting => 5,
        FailureKind::Budget => 4,
        FailureKind::Rejected | FailureKind::Unfit | FailureKind::Off => 3,
        FailureKind::Key => 2,
        FailureKind::NotRunning => 1,
        FailureKind::Upstream | FailureKind::Timeout => 0,
    }
}

/// The failed attempts as a header's value; `None` when there were none.
pub fn tried(failures: &[Failure]) -> Option<String> {
    if failures.is_empty() {
        return None;
    }
    let each = |f: &Failure| format!("{}: {}", f.route, in_short(&f.what));
    let all = failures.iter().map(each).collect::<Vec<_>>().join("; ");
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    Some(all.chars().take(TRIED_CHARS_MAX).map(plain).collect())
}

/// The first words are the status; a provider's own text may be long, and in any script. A route that
/// rests names what it failed of last, which is a text of the same kind.
fn in_short(what: &str) -> String {
    const LAST: &str = "the last one";
    let first = |text: &str| text.split(['(', ':']).next().unwrap_or_default().trim().to_owned();
    match what.split_once(&format!("{LAST}: ")) {
        Some((rests, last)) => format!("{rests}{LAST} {}", first(last)),
        None => first(what),
    }
}

fn told(failures: &[&Failure]) -> String {
    use FailureKind::{Budget, Key, Rejected, TooLong};
    if let [Failure { what, kind: Key | Budget | TooLong | Rejected, .. }] = failures {
        return what.clone();
    }
    let told: Vec<String> = failures.iter().map(|f| format!("{}: {}", f.route, f.what)).collect();
    told.join("; ")
}

fn unanswered(failures: &[&Failure], text: String) -> Refused {
    // Links that were of no use from the start say nothing about those that were asked.
    let most = failures.iter().map(|f| rank(f)).max().unwrap_or(0);
    let asked: Vec<_> = failures.iter().filter(|f| rank(f) == most).collect();
    let all = |kind| asked.iter().all(|f| f.kind == kind);
    let refused = if all(FailureKind::Timeout) {
        Refused::new(ProblemKind::Timeout, 504, text)
    } else {
        Refused::new(ProblemKind::Upstream, 502, text)
    };
    let refused = match asked.last().map(|f| f.fault) {
        Some(Fault::Cut) => refused.code("upstream_cut"),
        _ if all(FailureKind::Resting) => {
            Refused { kind: ProblemKind::Unavailable, status: 503, ..refused }.code("resting")
        }
        _ => refused.code("no_answer"),
    };
    // Not before somebody may be asked again.
    let rests = failures.iter().filter_map(|f| f.rests).min();
    if let Some(rest) = rests.filter(|_| failures.iter().all(|f| unsent(f.fault))) {
        return refused.retry_after(u64::try_from(rest.as_millis().div_ceil(1_000)).unwrap_or(1));
    }
    // As without Weir: a tool tries again when its provider was out of reach.
    let refused = if all(FailureKind::NotRunning) { refused } else { refused.may_retry() };
    let retry_after = failures.iter().rev().find_map(|f| f.retry_after.as_ref());
    match retry_after.and_then(|v| v.to_str().ok().and_then(|t| t.parse().ok())) {
        Some(seconds) => refused.retry_after(seconds),
        None => refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::Endpoint;
    use weir_core::route::Route;
    use weir_core::verdict::Says;

    fn failure(fault: Fault, kind: Option<FailureKind>) -> Failure {
        let route = Route { provider: "p".into(), model: "m".into() };
        let candidate = Candidate {
            route,
            endpoint: Endpoint::Chat,
            reason: Reason::Tier,
            rewrite: false,
            expected: None,
        };
        let failure = Failure::of(&candidate, fault, "no".into());
        Failure { kind: kind.unwrap_or(failure.kind), ..failure }
    }

    #[test]
    fn a_refusal_begins_with_what_tells_most_and_keeps_the_order_of_equals() {
        let said = |fault, what: &str| Failure { what: what.into(), ..failure(fault, None) };
        let all = [
            said(Fault::Key, "no key for openai"),
            said(Fault::Resting, "resting for another 9 s after status 529"),
            said(Fault::Resting, "resting for another 3 s after status 500"),
        ];
        let mut failures: Vec<&Failure> = all.iter().collect();
        failures.sort_by_key(|failure| std::cmp::Reverse(rank(failure)));
        let text = told(&failures);
        let expected = "p/m: resting for another 9 s after status 529; p/m: resting for another 3 s \
                        after status 500; p/m: no key for openai";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_was_tried_names_the_cause_of_a_rest_and_none_of_a_providers_own_words() {
        for (what, short) in [
            ("status 529 (Overloaded: try later)", "status 529"),
            (
                "resting for another 9 s after status 529 (no)",
                "resting for another 9 s after status 529",
            ),
            (
                "resting for another 9 s after 3 failures, the last one: status 429 (slow: down)",
                "resting for another 9 s after 3 failures, the last one status 429",
            ),
            ("no key for openai. Run: weir key set openai", "no key for openai. Run"),
        ] {
            assert_eq!(in_short(what), short);
        }
    }

    #[test]
    fn the_failure_that_tells_most_decides_wherever_it_stands() {
        use FailureKind::{Budget, Busy, Key, NotRunning, Rejected, Resting, TooLong, Upstream};
        // From the one that tells most to the one that tells least.
        let order = [
            (Fault::LocalContext, TooLong),
            (Fault::Refused(Says::Failed), Upstream),
            (Fault::Local, Busy),
            (Fault::Budget, Budget),
            (Fault::Untranslatable, Rejected),
            (Fault::Key, Key),
            (Fault::Local, NotRunning),
        ];
        for (at, (fault, kind)) in order.iter().enumerate() {
            let high = failure(*fault, Some(*kind));
            for (fault, kind) in &order[at..] {
                let low = failure(*fault, Some(*kind));
                assert!(deciding(&[&high, &low]) == high.kind, "{fault:?} after {:?}", high.fault);
                assert!(deciding(&[&low, &high]) == high.kind, "{fault:?} before {:?}", high.fault);
            }
        }
        let (busy, rests) = (failure(Fault::Local, Some(Busy)), failure(Fault::Resting, None));
        assert!(deciding(&[&busy, &rests]) == Resting, "of equals the last");
        assert!(deciding(&[]) == Upstream);
    }
}
