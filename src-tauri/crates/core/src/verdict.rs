//! What follows from what happened to an attempt: try here again, ask the next, or give up. One
//! table for every fault, and the budget that bounds it. Pure: the moment, the random number and
//! the settings are arguments.

use std::time::Duration;

/// What a provider's error says, in one set of words for every dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Says {
    /// The request is wrong.
    Request,
    /// The prompt does not fit the model's context.
    ContextFull,
    /// A content filter or policy refused the prompt.
    Filtered,
    /// The key is missing or wrong.
    Auth,
    /// The key may not do this.
    Forbidden,
    /// Credit, quota or a spend limit is used up: trying again does not help.
    Quota,
    /// No such model or path.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// The provider has too much to do.
    Overloaded,
    /// The provider gave up waiting.
    Timeout,
    /// Two requests were in each other's way.
    Conflict,
    /// The provider failed.
    Failed,
}

/// What happened to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No connection: refused, unknown name, TLS. Nothing of the request left.
    Connect,
    /// The connection broke before the head of an answer.
    Broke,
    /// The request was taken, and no head came in time.
    Silent,
    /// A head came, and no content in time.
    Slow,
    /// The answer broke off, or ended, before its first content; or before its end, where the
    /// client had seen nothing of it.
    Cut,
    /// The provider refused with an error status.
    Refused(Says),
    /// The provider refused inside a 200, before its first content.
    InStream(Says),
    /// A 200 that is no answer: a captive portal's page.
    Garbled,
    /// A redirect, which is never followed.
    Redirect,
    /// The route rests after failures; nothing was sent.
    Resting,
    /// Its context is no larger than the one that was too small; nothing was sent.
    NoLarger,
    /// A hard budget is used up; nothing was sent.
    Budget,
    /// A local server is busy, absent, or does not do this; nothing was sent.
    Local,
    /// The prompt does not fit a local model's context; nothing was sent.
    LocalContext,
    /// Its key cannot be had; nothing was sent.
    Key,
    /// The request cannot be said in the provider's dialect; nothing was sent.
    Untranslatable,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask the same route again, after this long.
    Retry {
        /// The wait.
        after: Duration,
    },
    /// Ask the next candidate.
    Next,
    /// Ask the next candidate whose context is larger.
    NextLarger,
    /// Nobody else is asked: the client gets the original error.
    GiveUp,
}

/// Bounds of what one request may try: `[failover]` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts in all.
    pub attempts: u16,
    /// Attempts at one route.
    pub per_route: u16,
    /// The longest wait before a route is asked again.
    pub wait: Duration,
    /// After so long, without the longest attempt, nothing is tried anew.
    pub total: Duration,
}

/// Where a request stands when an attempt has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Attempts made in all.
    pub attempts: u16,
    /// Attempts made at this route.
    pub on_route: u16,
    /// Time since the first, without the longest of them: what one attempt was granted is not taken
    /// from those after it.
    pub elapsed: Duration,
    /// Whether another candidate can be asked.
    pub another: bool,
    /// Whether every candidate before this one failed by itself: then a refusal of the request may
    /// be about what this one cannot take.
    pub stands_in: bool,
    /// What the provider asked to be waited for, where it did and is believed.
    pub asked_wait: Option<Duration>,
    /// Whether the provider said that trying again does not help (`x-should-retry: false`).
    pub told_to_stop: bool,
    /// Whether the provider was asked with the tool's own login.
    pub logs_in: bool,
}

/// The first pause before a route is asked again; each one after it is twice as long.
pub const BACKOFF: Duration = Duration::from_millis(500);
/// The longest such pause.
pub const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// Whether an attempt that gives up after `wait` can still be followed by another one. `elapsed` and
/// `longest` are the time before it and the longest attempt in it, `attempts` how many there are
/// with it.
pub fn leaves_time(
    wait: Duration,
    elapsed: Duration,
    longest: Duration,
    attempts: u16,
    limits: &Limits,
) -> bool {
    let counted = (elapsed + wait).saturating_sub(longest.max(wait));
    attempts < limits.attempts && counted < limits.total
}

/// What follows. `random` is any number; equal numbers give equal pauses.
pub fn verdict(fault: Fault, standing: &Standing, limits: &Limits, random: u64) -> Verdict {
    if standing.attempts >= limits.attempts || standing.elapsed >= limits.total {
        return Verdict::GiveUp;
    }
    if let Some(onward) = onward(fault, standing).filter(|_| standing.another) {
        return onward;
    }
    let chances = chances(fault).min(limits.per_route);
    if standing.told_to_stop || standing.on_route >= chances {
        return Verdict::GiveUp;
    }
    let after = pause(standing, random);
    if after > limits.wait || standing.elapsed.saturating_add(after) > limits.total {
        return Verdict::GiveUp;
    }
    Verdict::Retry { after }
}

/// Whether nothing was sent, so that no attempt was used up.
pub fn unsent(fault: Fault) -> bool {
    use Fault::{Budget, Key, Local, LocalContext, NoLarger, Resting, Untranslatable};
    matches!(fault, Resting | NoLarger | Budget | Local | LocalContext | Key | Untranslatable)
}

/// Whether what kept a route from answering may be over at the next request of the same kind: its
/// health, a server that is busy or gone, a key. What is wrong with the request itself stays wrong.
pub fn passes(fault: Fault) -> bool {
    use Says::{Auth, Conflict, Failed, Overloaded, Quota, RateLimited, Timeout};
    match fault {
        Fault::Refused(says) | Fault::InStream(says) => {
            matches!(says, Auth | Conflict | Failed | Overloaded | Quota | RateLimited | Timeout)
        }
        Fault::NoLarger | Fault::Budget | Fault::LocalContext | Fault::Untranslatable => false,
        Fault::Connect
        | Fault::Broke
        | Fault::Silent
        | Fault::Slow
        | Fault::Cut
        | Fault::Garbled
        | Fault::Redirect
        | Fault::Resting
        | Fault::Local
        | Fault::Key => true,
    }
}

/// Where a fault leads when somebody else can be asked. `None`: nowhere.
fn onward(fault: Fault, standing: &Standing) -> Option<Verdict> {
    match fault {
        Fault::Refused(says) | Fault::InStream(says) => match says {
            Says::ContextFull | Says::TooLarge => Some(Verdict::NextLarger),
            // The request itself is wrong, and wrong everywhere; unless it was made for another
            // provider, and this one only stands in.
            Says::Request => standing.stands_in.then_some(Verdict::Next),
            // The tool renews its login when it hears of it; another provider costs money instead.
            Says::Auth if standing.logs_in => None,
            _ => Some(Verdict::Next),
        },
        _ => Some(Verdict::Next),
    }
}

/// How often a route may be asked in all when this happens to it. Where a provider may have worked
/// on the request, and billed it, once more at most; where it stayed silent, never.
fn chances(fault: Fault) -> u16 {
    match fault {
        Fault::Connect => u16::MAX,
        Fault::Broke | Fault::Cut => 2,
        Fault::Refused(says) | Fault::InStream(says) => match says {
            Says::RateLimited | Says::Overloaded | Says::Failed | Says::Conflict => u16::MAX,
            _ => 1,
        },
        _ => 0,
    }
}

/// How long to wait: what the provider asked for and a little more, so that many clients do not
/// come back at once; else twice as long each time, half of it by chance.
fn pause(standing: &Standing, random: u64) -> Duration {
    let chance = |of: Duration| {
        let nanos = u64::try_from(of.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(if nanos == 0 { 0 } else { random % nanos })
    };
    if let Some(asked) = standing.asked_wait {
        return asked + chance(asked / 20);
    }
    let times = u32::from(standing.on_route.saturating_sub(1)).min(8);
    let whole = (BACKOFF * 2u32.pow(times)).min(BACKOFF_MAX);
    whole / 2 + chance(whole / 2)
}

/// How much a fault tells a client when a chain is spent; the highest is shown, of equals the last.
/// `stands_in` is whether the request was made for another provider.
pub fn telling(fault: Fault, stands_in: bool) -> u8 {
    match fault {
        // Tools shorten the conversation on it and go on.
        Fault::Refused(says) | Fault::InStream(says) => match says {
            Says::ContextFull | Says::TooLarge => 5,
            Says::Filtered => 4,
            // What a stand-in cannot take says nothing about the request.
            Says::Request | Says::NotFound | Says::Auth | Says::Forbidden if stands_in => 1,
            Says::Quota => 2,
            _ => 3,
        },
        _ => 0,
    }
}

/// Whether a fault speaks against the route's health: the next request would most likely meet it
/// too. What is wrong with one request does not.
pub fn against(fault: Fault) -> Option<Against> {
    match fault {
        Fault::Connect => Some(Against::Provider),
        Fault::Broke | Fault::Cut | Fault::Garbled | Fault::Redirect => Some(Against::Route),
        Fault::Silent | Fault::Slow => Some(Against::Slow),
        Fault::Refused(says) | Fault::InStream(says) => match says {
            Says::Auth | Says::Quota => Some(Against::Provider),
            Says::RateLimited | Says::Overloaded | Says::Timeout | Says::Failed => {
                Some(Against::Route)
            }
            _ => None,
        },
        _ => None,
    }
}

/// What a fault speaks against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Against {
    /// Every model of the provider.
    Provider,
    /// The model at this provider.
    Route,
    /// The same, and finding out again costs a client a long wait.
    Slow,
}

#[cfg(test)]
mod tests;
