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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAILED: Failed<'static> =
        Failed { reason: "status 503", why: Why::Fails, slow: false, asked_wait: None };

    const LIMITS: Limits = Limits {
        failures: 3,
        rest: Duration::from_secs(10),
        rest_max: Duration::from_secs(25),
        slow_rest_max: Duration::from_secs(120),
    };

    fn fail(breaker: &mut Breaker, now_ms: u64) {
        breaker.failed(now_ms, &FAILED, &LIMITS);
    }

    fn resting(count: u64) -> Breaker {
        let mut breaker = Breaker::default();
        (0..count).for_each(|n| fail(&mut breaker, n));
        breaker
    }

    #[test]
    fn three_failures_in_a_row_are_a_rest_and_two_are_not() {
        assert_eq!(resting(2).would(2, false), Admission::Go);
        assert_eq!(resting(3).would(3, false), Admission::Resting { until_ms: 10_002 });
        let mut mixed = resting(2);
        mixed.went_well(3);
        fail(&mut mixed, 4);
        assert_eq!(mixed.would(5, false), Admission::Go);
    }

    #[test]
    fn after_its_rest_one_probe_looks_and_its_failure_doubles_the_rest_up_to_a_cap() {
        let mut breaker = resting(3);
        let mut now = 2;
        for rest in [10_000, 20_000, 25_000, 25_000] {
            assert_eq!(
                breaker.admit(now + rest - 1, false),
                Admission::Resting { until_ms: now + rest }
            );
            now += rest;
            assert_eq!(breaker.admit(now, false), Admission::Probe);
            assert!(
                matches!(breaker.admit(now, false), Admission::Resting { .. }),
                "one at a time"
            );
            fail(&mut breaker, now);
        }
    }

    #[test]
    fn no_allowance_at_all_means_that_nothing_ever_rests() {
        let never = Limits { failures: 0, ..LIMITS };
        let mut breaker = Breaker::default();
        for n in 0..40 {
            let asked_wait = Some(Duration::from_secs(60));
            breaker.failed(n, &Failed { asked_wait, ..FAILED }, &never);
        }
        assert_eq!(breaker.would(40, false), Admission::Go);
    }

    #[test]
    fn a_probe_that_is_answered_closes_it_and_a_cut_after_that_opens_it_at_once() {
        let mut breaker = resting(3);
        assert_eq!(breaker.admit(10_002, false), Admission::Probe);
        breaker.began();
        assert_eq!(breaker.admit(10_003, false), Admission::Go);
        fail(&mut breaker, 10_004);
        assert!(matches!(breaker.admit(10_005, false), Admission::Resting { .. }));
        assert_eq!(breaker.admit(40_000, false), Admission::Probe);
        breaker.went_well(40_001);
        assert_eq!(breaker.state(40_002), State::Well);
        fail(&mut breaker, 40_003);
        assert_eq!(breaker.would(40_004, false), Admission::Go, "it begins anew");
    }

    #[test]
    fn failures_of_requests_sent_before_a_rest_are_counted_and_do_not_lengthen_it() {
        let mut breaker = resting(20);
        assert_eq!(breaker.would(19, false), Admission::Resting { until_ms: 10_002 });
        assert!(matches!(breaker.state(19), State::Resting { failures: 20, .. }));
        assert_eq!(breaker.admit(10_002, false), Admission::Probe);
        fail(&mut breaker, 10_002);
        let second = Admission::Resting { until_ms: 30_002 };
        assert_eq!(breaker.would(10_003, false), second, "the second rest, not the twentieth");
    }

    #[test]
    fn one_that_can_go_nowhere_else_is_held_back_only_by_failures_and_by_what_was_asked() {
        let rested = |why: Why, asked: bool| {
            let mut breaker = Breaker::default();
            let asked_wait = asked.then_some(Duration::from_secs(2));
            (0..3).for_each(|_| breaker.failed(0, &Failed { why, asked_wait, ..FAILED }, &LIMITS));
            breaker
        };
        for (why, asked, during) in [
            (Why::Fails, false, false),
            (Why::Asked, true, false),
            (Why::Slow, false, true),
            (Why::Account, false, true),
        ] {
            let mut breaker = rested(why, asked);
            assert_eq!(breaker.would(1, true) == Admission::Go, during, "{why:?}");
            assert!(matches!(breaker.would(1, false), Admission::Resting { .. }), "{why:?}");
            assert_eq!(breaker.admit(10_000, false), Admission::Probe);
            let free = breaker.would(10_001, true) == Admission::Go;
            assert_eq!(free, why != Why::Fails, "{why:?}, while a probe is out");
        }
    }

    #[test]
    fn the_end_of_an_older_answer_does_not_cancel_a_wait_that_was_asked_for() {
        let mut breaker = Breaker::default();
        let asked_wait = Some(Duration::from_secs(5));
        breaker.failed(0, &Failed { why: Why::Asked, asked_wait, ..FAILED }, &LIMITS);
        breaker.went_well(1);
        assert_eq!(breaker.would(2, false), Admission::Resting { until_ms: 5_000 });
    }

    #[test]
    fn what_failed_before_a_recovery_no_longer_counts_after_it() {
        let mut breaker = resting(12);
        assert_eq!(breaker.admit(10_002, false), Admission::Probe);
        breaker.headed();
        breaker.went_well(10_003);
        fail(&mut breaker, 10_004);
        assert_eq!(breaker.would(10_005, false), Admission::Go);
    }

    #[test]
    fn the_head_of_an_answer_ends_a_rest_unless_the_wait_comes_after_the_head() {
        let mut breaker = resting(3);
        assert_eq!(breaker.admit(10_002, false), Admission::Probe);
        breaker.headed();
        assert_eq!(breaker.would(10_003, false), Admission::Go);
        let mut slow = Breaker::default();
        (0..3).for_each(|_| slow.failed(0, &Failed { slow: true, ..FAILED }, &LIMITS));
        assert_eq!(slow.admit(10_000, false), Admission::Probe);
        slow.headed();
        assert!(matches!(slow.would(10_001, false), Admission::Resting { .. }));
    }

    #[test]
    fn a_probe_that_tells_nothing_lets_the_next_one_look() {
        let mut breaker = resting(3);
        assert_eq!(breaker.admit(20_000, false), Admission::Probe);
        breaker.told_nothing(20_001);
        assert_eq!(breaker.admit(20_001, false), Admission::Probe);
        assert_eq!(
            breaker.admit(20_001 + 120_000, false),
            Admission::Probe,
            "one that hangs is let go"
        );
    }

    #[test]
    fn a_wait_the_provider_asked_for_is_a_rest_from_the_first_failure() {
        let mut breaker = Breaker::default();
        let limited = |secs| Failed {
            why: Why::Asked,
            asked_wait: Some(Duration::from_secs(secs)),
            ..FAILED
        };
        breaker.failed(100, &limited(2), &LIMITS);
        assert_eq!(breaker.would(2_099, false), Admission::Resting { until_ms: 2_100 });
        assert_eq!(breaker.would(2_100, false), Admission::Probe);
        // A failure of a request that was sent before does not shorten it.
        breaker.failed(200, &limited(1), &LIMITS);
        assert_eq!(breaker.would(2_099, false), Admission::Resting { until_ms: 2_100 });
    }

    #[test]
    fn failures_that_lie_far_apart_do_not_add_up() {
        let mut breaker = Breaker::default();
        (0..9).for_each(|n| fail(&mut breaker, n * 301_000));
        assert_eq!(breaker.would(9 * 301_000, false), Admission::Go);
    }

    #[test]
    fn half_of_many_failing_is_too_many_though_never_three_in_a_row() {
        let mut breaker = Breaker::default();
        for n in 0..5 {
            breaker.went_well(n * 10);
            fail(&mut breaker, n * 10 + 1);
        }
        assert!(matches!(breaker.would(42, false), Admission::Resting { .. }));
    }

    #[test]
    fn the_state_says_how_often_and_why() {
        let State::Resting { failures, reason, until_ms } = resting(3).state(5) else {
            panic!("it rests");
        };
        assert_eq!((failures, reason.as_str(), until_ms), (3, "status 503", 10_002));
        assert!(matches!(resting(1).state(5), State::Failing { failures: 1, .. }));
        assert!(resting(1).forgettable(400_000) && !resting(3).forgettable(5));
    }

    #[test]
    fn a_slow_route_rests_longer_in_the_end() {
        let mut breaker = Breaker::default();
        let mut now = 0;
        let mut longest = 0;
        for _ in 0..12 {
            breaker.failed(now, &Failed { slow: true, ..FAILED }, &LIMITS);
            if let Admission::Resting { until_ms } = breaker.would(now, false) {
                longest = until_ms - now;
                now = until_ms;
                assert_eq!(breaker.admit(now, false), Admission::Probe);
            }
        }
        assert_eq!(longest, 120_000);
    }

    proptest! {
        #[test]
        fn two_probes_are_never_out_at_once_and_every_rest_ends(
            steps in prop::collection::vec((0u8..5, 0u64..40_000), 1..200),
        ) {
            let mut breaker = Breaker::default();
            let mut now = 0u64;
            let mut probe: Option<u64> = None;
            for (what, wait) in steps {
                now += wait;
                match what {
                    0 | 1 => match breaker.admit(now, false) {
                        Admission::Probe => {
                            let out = probe.is_some_and(|since| now < since + 120_000);
                            prop_assert!(!out, "a second probe");
                            probe = Some(now);
                        }
                        Admission::Resting { until_ms } => {
                            prop_assert!(until_ms > now && until_ms <= now + 25_000);
                        }
                        Admission::Go => prop_assert!(probe.is_none()),
                    },
                    2 => { breaker.failed(now, &FAILED, &LIMITS); probe = None; }
                    3 => { breaker.told_nothing(now); probe = None; }
                    _ => { breaker.went_well(now); probe = None; }
                }
            }
            now += 120_000;
            let rests = matches!(breaker.would(now, false), Admission::Resting { .. });
            prop_assert!(!rests, "it rests for ever");
        }
    }
}
