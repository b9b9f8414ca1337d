//! The circuit breaker of one route or provider: when it rests, when one probe may look, and why.
//! Pure: `now_ms` is an argument, on a clock that never goes back.

use std::collections::VecDeque;
use std::time::Duration;

/// How much failure a route is allowed, and how long it rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Failures in a row after which it rests; 0: it never rests.
    pub failures: u32,
    /// The first rest; each one after it is twice as long.
    pub rest: Duration,
    /// The longest rest.
    pub rest_max: Duration,
    /// The longest rest where a probe costs its client a long wait.
    pub slow_rest_max: Duration,
}

/// Failures and successes older than this no longer count.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Outcomes remembered.
const OUTCOMES_MAX: usize = 20;
/// So many outcomes are needed before their ratio says anything; half of them failures is too many.
const RATIO_OUTCOMES_MIN: usize = 10;
/// A probe that has told nothing for so long no longer keeps others from looking.
const PROBE_MAX: Duration = Duration::from_secs(120);

/// Whether a request may go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// It may, and it alone: what becomes of it decides.
    Probe,
    /// Not before this moment.
    Resting {
        /// In milliseconds, on the clock of `now_ms`.
        until_ms: u64,
    },
}

/// The state as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing speaks against it.
    Well,
    /// It failed lately, and is still asked.
    Failing {
        /// Failures in a row.
        failures: u32,
        /// The last one.
        reason: String,
    },
    /// It is not asked.
    Resting {
        /// In milliseconds, on the clock of `now_ms`.
        until_ms: u64,
        /// Failures in a row.
        failures: u32,
        /// The last one.
        reason: String,
    },
}

/// What a rest is for, and with that whom it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Failures: everybody waits, and one probe looks.
    Fails,
    /// The provider asked for it: everybody waits, but one that can go nowhere else no longer than
    /// was asked.
    Asked,
    /// It costs a client a wait that only one who can go elsewhere is spared.
    Slow,
    /// Its key or its credit: one that can go nowhere else is to hear it from the provider.
    Account,
}

/// One more failure.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// What happened, for people.
    pub reason: &'a str,
    /// What a rest after it is for.
    pub why: Why,
    /// Whether a probe costs its client a long wait.
    pub slow: bool,
    /// How long the provider asked not to be called.
    pub asked_wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    Closed,
    Open { until_ms: u64 },
    Probing { since_ms: u64 },
}

/// The breaker of one route.
#[derive(Clone, Debug)]
pub struct Breaker {
    circuit: Circuit,
    /// When, and whether it went well.
    outcomes: VecDeque<(u64, bool)>,
    /// Failures since the last answer that was complete.
    failures: u32,
    /// Rests since the last success, which decide how long the next one is.
    rests: u32,
    last_failure_ms: u64,
    reason: String,
    /// What the last rest was for.
    why: Why,
    /// Whether the last failure was a long wait.
    slow: bool,
    /// Whether it has rested since the last answer that was complete.
    recovers: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            circuit: Circuit::Closed,
            outcomes: VecDeque::new(),
            failures: 0,
            rests: 0,
            last_failure_ms: 0,
            reason: String::new(),
            why: Why::Fails,
            slow: false,
            recovers: false,
        }
    }
}

impl Breaker {
    /// Whether a request may go there now; `alone` is whether it can go nowhere else. A probe is
    /// counted as begun.
    pub fn admit(&mut self, now_ms: u64, alone: bool) -> Admission {
        let admission = self.would(now_ms, alone);
        if admission == Admission::Probe {
            self.circuit = Circuit::Probing { since_ms: now_ms };
        }
        admission
    }

    /// What `admit` would say.
    pub fn would(&self, now_ms: u64, alone: bool) -> Admission {
        match self.circuit {
            Circuit::Closed => Admission::Go,
            Circuit::Open { until_ms } if now_ms < until_ms => match self.why {
                Why::Slow | Why::Account if alone => Admission::Go,
                _ => Admission::Resting { until_ms },
            },
            Circuit::Probing { since_ms } if now_ms < since_ms.saturating_add(ms(PROBE_MAX)) => {
                if alone && self.why != Why::Fails {
                    return Admission::Go;
                }
                // As long as the probe is out: look again in a second.
                Admission::Resting { until_ms: now_ms.saturating_add(1_000) }
            }
            Circuit::Open { .. } | Circuit::Probing { .. } => Admission::Probe,
        }
    }

    /// The head of an answer has come. That ends a rest, unless it was for what comes after a head.
    pub fn headed(&mut self) {
        if !self.slow {
            self.began();
        }
    }

    /// An answer has begun. It may still break off, which counts as one more failure then.
    pub fn began(&mut self) {
        if matches!(self.circuit, Circuit::Probing { .. }) {
            self.circuit = Circuit::Closed;
        }
    }

    /// An answer was complete.
    pub fn went_well(&mut self, now_ms: u64) {
        if matches!(self.circuit, Circuit::Open { .. }) {
            // It was sent before the rest began, or past it, and says nothing about its reason.
            return self.note(now_ms, true);
        }
        self.circuit = Circuit::Closed;
        (self.failures, self.rests, self.slow) = (0, 0, false);
        if std::mem::take(&mut self.recovers) {
            // What failed before the rest says nothing about what is there now.
            self.outcomes.clear();
        }
        self.note(now_ms, true);
    }

    /// A probe ended without telling anything: its client left, or it was never sent.
    pub fn told_nothing(&mut self, now_ms: u64) {
        if matches!(self.circuit, Circuit::Probing { .. }) {
            self.circuit = Circuit::Open { until_ms: now_ms };
        }
    }

    /// An attempt failed.
    pub fn failed(&mut self, now_ms: u64, failed: &Failed<'_>, limits: &Limits) {
        if now_ms.saturating_sub(self.last_failure_ms) > ms(WINDOW) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failure_ms = now_ms;
        failed.reason.clone_into(&mut self.reason);
        self.note(now_ms, false);
        if limits.failures == 0 {
            return;
        }
        if let Some(wait) = failed.asked_wait {
            return self.rest(now_ms.saturating_add(ms(wait)), failed);
        }
        if matches!(self.circuit, Circuit::Open { until_ms } if now_ms < until_ms) {
            // It was sent before the rest began, with others perhaps: one outage is one rest.
            return;
        }
        let probing = matches!(self.circuit, Circuit::Probing { .. });
        if probing || self.failures >= limits.failures || self.mostly_fails() {
            let longest = if failed.slow { limits.slow_rest_max } else { limits.rest_max };
            let doubled = limits.rest.saturating_mul(2u32.saturating_pow(self.rests.min(16)));
            self.rests = self.rests.saturating_add(1);
            self.rest(now_ms.saturating_add(ms(doubled.min(longest))), failed);
        }
    }

    /// A rest that has begun is never shortened by a failure of a request sent before it.
    fn rest(&mut self, until_ms: u64, failed: &Failed<'_>) {
        self.recovers = true;
        if matches!(self.circuit, Circuit::Open { until_ms: before } if before >= until_ms) {
            return;
        }
        (self.why, self.slow) = (failed.why, failed.slow);
        self.circuit = Circuit::Open { until_ms };
    }

    /// The state as it is shown.
    pub fn state(&self, now_ms: u64) -> State {
        let (failures, reason) = (self.failures, self.reason.clone());
        match self.circuit {
            Circuit::Open { until_ms } if now_ms < until_ms => {
                State::Resting { until_ms, failures, reason }
            }
            // Its rest is over, and no request has looked yet.
            Circuit::Open { .. } | Circuit::Probing { .. } => State::Failing { failures, reason },
            Circuit::Closed => {
                let lately = now_ms.saturating_sub(self.last_failure_ms) <= ms(WINDOW);
                if failures > 0 && lately {
                    State::Failing { failures, reason }
                } else {
                    State::Well
                }
            }
        }
    }

    /// Whether nothing would be lost by forgetting it.
    pub fn forgettable(&self, now_ms: u64) -> bool {
        self.state(now_ms) == State::Well
    }

    fn note(&mut self, now_ms: u64, well: bool) {
        self.outcomes.push_back((now_ms, well));
        while self.outcomes.len() > OUTCOMES_MAX
            || self.outcomes.front().is_some_and(|(at, _)| now_ms.saturating_sub(*at) > ms(WINDOW))
        {
            self.outcomes.pop_front();
        }
    }

    fn mostly_fails(&self) -> bool {
        let failed = self.outcomes.iter().filter(|(_, well)| !well).count();
        self.outcomes.len() >= RATIO_OUTCOMES_MIN && failed * 2 >= self.outcomes.len()
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
