//! Tests of the breaker, as sentences.

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
        assert!(matches!(breaker.admit(now, false), Admission::Resting { .. }), "one at a time");
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
    let limited =
        |secs| Failed { why: Why::Asked, asked_wait: Some(Duration::from_secs(secs)), ..FAILED };
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
