//! The table, fault by fault, and its bounds.

use super::*;
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    attempts: 6,
    per_route: 3,
    wait: Duration::from_secs(10),
    total: Duration::from_secs(120),
};

fn standing(another: bool) -> Standing {
    Standing {
        attempts: 1,
        on_route: 1,
        elapsed: Duration::ZERO,
        another,
        stands_in: false,
        asked_wait: None,
        told_to_stop: false,
        logs_in: false,
    }
}

fn said(fault: Fault, standing: &Standing) -> &'static str {
    match verdict(fault, standing, &LIMITS, 7) {
        Verdict::Retry { .. } => "retry",
        Verdict::Next => "next",
        Verdict::NextLarger => "larger",
        Verdict::GiveUp => "give up",
    }
}

const SAYS: [Says; 13] = [
    Says::Request,
    Says::ContextFull,
    Says::Filtered,
    Says::Auth,
    Says::Forbidden,
    Says::Quota,
    Says::NotFound,
    Says::TooLarge,
    Says::RateLimited,
    Says::Overloaded,
    Says::Timeout,
    Says::Conflict,
    Says::Failed,
];

fn faults() -> Vec<Fault> {
    let mut all = vec![
        Fault::Connect,
        Fault::Broke,
        Fault::Silent,
        Fault::Slow,
        Fault::Cut,
        Fault::Garbled,
        Fault::Redirect,
        Fault::Resting,
        Fault::NoLarger,
        Fault::Budget,
        Fault::Local,
        Fault::LocalContext,
        Fault::Key,
        Fault::Untranslatable,
    ];
    all.extend(SAYS.map(Fault::Refused));
    all.extend(SAYS.map(Fault::InStream));
    all
}

#[test]
fn the_table_of_what_follows_reads_like_this() {
    // What happened; with another candidate; alone.
    let table = [
        (Fault::Connect, "next", "retry"),
        (Fault::Broke, "next", "retry"),
        (Fault::Silent, "next", "give up"),
        (Fault::Slow, "next", "give up"),
        (Fault::Cut, "next", "retry"),
        (Fault::Garbled, "next", "give up"),
        (Fault::Redirect, "next", "give up"),
        (Fault::Resting, "next", "give up"),
        (Fault::NoLarger, "next", "give up"),
        (Fault::Budget, "next", "give up"),
        (Fault::Local, "next", "give up"),
        (Fault::LocalContext, "next", "give up"),
        (Fault::Key, "next", "give up"),
        (Fault::Untranslatable, "next", "give up"),
        (Fault::Refused(Says::Request), "give up", "give up"),
        (Fault::Refused(Says::ContextFull), "larger", "give up"),
        (Fault::Refused(Says::TooLarge), "larger", "give up"),
        (Fault::Refused(Says::Filtered), "next", "give up"),
        (Fault::Refused(Says::Auth), "next", "give up"),
        (Fault::Refused(Says::Forbidden), "next", "give up"),
        (Fault::Refused(Says::Quota), "next", "give up"),
        (Fault::Refused(Says::NotFound), "next", "give up"),
        (Fault::Refused(Says::Timeout), "next", "give up"),
        (Fault::Refused(Says::RateLimited), "next", "retry"),
        (Fault::Refused(Says::Overloaded), "next", "retry"),
        (Fault::Refused(Says::Conflict), "next", "retry"),
        (Fault::Refused(Says::Failed), "next", "retry"),
        // An error inside a 200, before its first content, is as the status it stands for.
        (Fault::InStream(Says::Request), "give up", "give up"),
        (Fault::InStream(Says::ContextFull), "larger", "give up"),
        (Fault::InStream(Says::TooLarge), "larger", "give up"),
        (Fault::InStream(Says::Filtered), "next", "give up"),
        (Fault::InStream(Says::Auth), "next", "give up"),
        (Fault::InStream(Says::Forbidden), "next", "give up"),
        (Fault::InStream(Says::Quota), "next", "give up"),
        (Fault::InStream(Says::NotFound), "next", "give up"),
        (Fault::InStream(Says::Timeout), "next", "give up"),
        (Fault::InStream(Says::RateLimited), "next", "retry"),
        (Fault::InStream(Says::Overloaded), "next", "retry"),
        (Fault::InStream(Says::Conflict), "next", "retry"),
        (Fault::InStream(Says::Failed), "next", "retry"),
    ];
    for fault in faults() {
        let rows = table.iter().filter(|row| row.0 == fault).count();
        assert_eq!(rows, 1, "the table has {rows} rows of {fault:?}");
    }
    for (fault, in_chain, alone) in table {
        assert_eq!(said(fault, &standing(true)), in_chain, "{fault:?} in a chain");
        assert_eq!(said(fault, &standing(false)), alone, "{fault:?} alone");
    }
}

#[test]
fn a_stand_in_that_refuses_the_request_is_passed_over() {
    let fault = Fault::Refused(Says::Request);
    assert_eq!(said(fault, &Standing { stands_in: true, ..standing(true) }), "next");
    assert!(telling(fault, true) < telling(Fault::Refused(Says::Overloaded), false));
    assert_eq!(telling(fault, false), telling(Fault::Refused(Says::Overloaded), false));
}

#[test]
fn a_wait_the_provider_asked_for_is_kept_to_or_left_to_the_client() {
    let fault = Fault::Refused(Says::RateLimited);
    let asked = |secs| Standing { asked_wait: Some(Duration::from_secs(secs)), ..standing(false) };
    for random in [0, 1, u64::MAX, 0x9e37_79b9_7f4a_7c15] {
        let Verdict::Retry { after } = verdict(fault, &asked(2), &LIMITS, random) else {
            panic!("two seconds are waited for");
        };
        assert!((2_000..2_100).contains(&after.as_millis()), "{after:?}");
    }
    assert_eq!(said(fault, &asked(11)), "give up", "longer than Weir waits");
    let late = Standing { elapsed: Duration::from_secs(119), ..asked(2) };
    assert_eq!(said(fault, &late), "give up", "longer than the client has");
}

#[test]
fn a_provider_that_says_stop_is_not_asked_again() {
    let fault = Fault::Refused(Says::Overloaded);
    let told = |another| Standing { told_to_stop: true, ..standing(another) };
    assert_eq!(said(fault, &told(false)), "give up");
    assert_eq!(said(fault, &told(true)), "next");
}

#[test]
fn a_tool_hears_that_its_own_login_is_refused_and_nobody_pays_in_its_place() {
    let own = Standing { logs_in: true, ..standing(true) };
    assert_eq!(said(Fault::Refused(Says::Auth), &own), "give up");
    assert_eq!(said(Fault::InStream(Says::Auth), &own), "give up");
    assert_eq!(said(Fault::Refused(Says::RateLimited), &own), "next");
}

#[test]
fn one_long_attempt_leaves_time_for_the_next_and_a_second_one_does_not() {
    let secs = Duration::from_secs;
    let leaves =
        |wait, elapsed, longest| leaves_time(secs(wait), secs(elapsed), secs(longest), 1, &LIMITS);
    assert!(leaves(300, 0, 0), "the first may take its whole wait");
    assert!(!leaves(300, 300, 300), "the second is not given up for a third that is never asked");
    assert!(leaves(12, 300, 300));
    assert!(!leaves_time(secs(1), secs(0), secs(0), LIMITS.attempts, &LIMITS));
}

#[test]
fn pauses_double_and_half_of_each_is_chance() {
    let pause = |on_route, random| pause(&Standing { on_route, ..standing(false) }, random);
    let ms = |on_route, random| pause(on_route, random).as_millis();
    assert_eq!([ms(1, 0), ms(2, 0), ms(3, 0)], [250, 500, 1_000]);
    assert!((1..=9).all(|n| (0..500u64).all(|r| pause(n, r * 7_919_777) <= BACKOFF_MAX)));
    assert_ne!(pause(1, 17), pause(1, 18));
}

proptest! {
    #[test]
    fn every_request_comes_to_an_end_within_its_bounds(
        chain in 1usize..6,
        happens in prop::collection::vec((0usize..40, prop::option::of(0u64..40)), 1..80),
        seed in any::<u64>(),
    ) {
        let all = faults();
        let (mut at, mut attempts, mut on_route) = (0, 0u16, 0u16);
        let mut elapsed = Duration::ZERO;
        let mut steps = happens.into_iter().cycle();
        for step in 0..1_000u64 {
            prop_assert!(step < 999, "it never ends");
            let (which, wait) = steps.next().expect("a cycle");
            let fault = all[which % all.len()];
            if !unsent(fault) {
                attempts += 1;
                on_route += 1;
            }
            prop_assert!(attempts <= LIMITS.attempts && on_route <= LIMITS.per_route);
            let standing = Standing {
                attempts,
                on_route,
                elapsed,
                another: at + 1 < chain,
                stands_in: at > 0,
                asked_wait: wait.map(Duration::from_secs),
                told_to_stop: false,
                logs_in: false,
            };
            match verdict(fault, &standing, &LIMITS, seed ^ step) {
                Verdict::Retry { after } => {
                    prop_assert!(!unsent(fault), "{fault:?} is not asked again");
                    prop_assert!(!matches!(fault, Fault::Silent | Fault::Slow));
                    elapsed += after;
                    prop_assert!(elapsed <= LIMITS.total && after <= LIMITS.wait);
                }
                Verdict::Next | Verdict::NextLarger if at + 1 < chain => (at, on_route) = (at + 1, 0),
                _ => break,
            }
        }
    }
}
