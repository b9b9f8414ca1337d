//! Breakers and waits by hand, on a clock that is moved by hand.

use super::*;
use std::sync::atomic::{AtomicU64, Ordering};
use weir_core::route::{KeySource, ProviderKind};
use weir_core::verdict::Says;
use weir_core::{Dialect, Failover};

const CHAIN: How = How { in_chain: true, alone: false };
const NAMED: How = How { in_chain: false, alone: false };
const ALONE: How = How { in_chain: true, alone: true };

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn unix_ms(&self) -> i64 {
        0
    }
    fn monotonic_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed) * 1_000_000
    }
}

fn provider(name: &str) -> Provider {
    Provider {
        name: name.into(),
        dialect: Dialect::OpenAi,
        base_url: "https://one.example/v1".into(),
        key: KeySource::Env("KEY".into()),
        local: false,
        kind: ProviderKind::Plain,
    }
}

fn route(provider: &str, model: &str) -> Route {
    Route { provider: provider.into(), model: model.into() }
}

fn fail(health: &Arc<Health>, route: &Route, fault: Fault, wait: Option<u64>) {
    let pass = health.admit(route, &provider(&route.provider), CHAIN).expect("it may go");
    let limits = Failover::default().health;
    pass.failed(fault, "status 503", wait.map(Duration::from_secs), &limits);
}

#[test]
fn a_model_rests_alone_and_an_unreachable_provider_with_all_its_models() {
    let health = Health::new(Arc::new(Hand::default()));
    let (a, b) = (route("p", "a"), route("p", "b"));
    (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Overloaded), None));
    assert!(!health.would(&a, &provider("p"), CHAIN) && health.would(&b, &provider("p"), CHAIN));
    (0..3).for_each(|_| fail(&health, &b, Fault::Connect, None));
    assert!(!health.would(&route("p", "c"), &provider("p"), NAMED));
    assert_eq!(health.standings().len(), 2);
}

#[test]
fn a_model_of_one_account_waits_under_every_name_and_its_siblings_do_not() {
    let clock = Arc::new(Hand::default());
    let health = Health::new(clock.clone());
    fail(&health, &route("p", "a"), Fault::Refused(Says::RateLimited), Some(600));
    let (sibling, twin) = (route("p", "b"), route("twin", "a"));
    assert!(!health.would(&route("p", "a"), &provider("p"), CHAIN));
    assert!(health.would(&sibling, &provider("p"), CHAIN), "limits are counted by model");
    assert!(!health.would(&twin, &provider("twin"), CHAIN), "the same address, key and model");
    assert!(health.would(&twin, &provider("twin"), NAMED));
    assert!(health.would(&twin, &provider("twin"), ALONE), "it can go nowhere else");
    clock.0.store(600_000, Ordering::Relaxed);
    assert!(health.would(&twin, &provider("twin"), CHAIN));
}

#[test]
fn one_probe_at_a_time_goes_and_a_dropped_one_says_nothing() {
    let clock = Arc::new(Hand::default());
    let health = Health::new(clock.clone());
    let a = route("p", "a");
    (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Failed), None));
    clock.0.store(10_000, Ordering::Relaxed);
    let probe = health.admit(&a, &provider("p"), CHAIN).expect("a probe");
    assert!(health.admit(&a, &provider("p"), CHAIN).is_err());
    drop(probe);
    let probe = health.admit(&a, &provider("p"), CHAIN).expect("the next one");
    probe.began();
    assert!(health.would(&a, &provider("p"), CHAIN));
    probe.settled(Outcome::Ok, &Failover::default().health);
    assert!(health.standings().is_empty());
}

#[test]
fn a_probe_that_fails_on_its_model_lets_go_of_its_provider() {
    let clock = Arc::new(Hand::default());
    let health = Health::new(clock.clone());
    let (a, b) = (route("p", "a"), route("p", "b"));
    (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Overloaded), None));
    (0..3).for_each(|_| fail(&health, &b, Fault::Connect, None));
    clock.0.store(10_000, Ordering::Relaxed);
    fail(&health, &a, Fault::Refused(Says::Overloaded), None);
    assert!(!health.would(&a, &provider("p"), CHAIN), "the model rests again");
    assert!(health.would(&b, &provider("p"), CHAIN), "and nobody probes the provider");
    let probe = health.admit(&b, &provider("p"), CHAIN).expect("the next probe");
    probe.failed(Fault::Refused(Says::Request), "status 400", None, &Failover::default().health);
    assert!(health.would(&b, &provider("p"), CHAIN), "let go by what says nothing, too");
}

#[test]
fn what_is_wrong_with_one_tools_login_rests_the_provider_for_nobody() {
    let health = Health::new(Arc::new(Hand::default()));
    let own = Provider { key: KeySource::Passthrough, ..provider("p") };
    let a = route("p", "a");
    for says in [Says::Auth, Says::Quota, Says::RateLimited] {
        for _ in 0..5 {
            let pass = health.admit(&a, &own, CHAIN).expect("it may go");
            let wait = Some(Duration::from_secs(60));
            pass.failed(Fault::Refused(says), "no", wait, &Failover::default().health);
        }
        assert!(health.would(&a, &own, CHAIN), "{says:?}");
    }
}

#[test]
fn an_account_that_cannot_pay_is_asked_by_whoever_can_ask_nobody_else() {
    let health = Health::new(Arc::new(Hand::default()));
    let a = route("p", "a");
    fail(&health, &a, Fault::Refused(Says::Quota), Some(60));
    assert!(!health.would(&a, &provider("p"), CHAIN));
    assert!(health.would(&a, &provider("p"), ALONE));
    assert!(health.would(&route("p", "b"), &provider("p"), ALONE), "its siblings as well");
}

#[test]
fn impatience_rests_a_route_only_for_those_who_can_go_elsewhere() {
    let health = Health::new(Arc::new(Hand::default()));
    let a = route("p", "a");
    (0..3).for_each(|_| fail(&health, &a, Fault::Slow, None));
    assert!(!health.would(&a, &provider("p"), CHAIN));
    assert!(health.would(&a, &provider("p"), ALONE));
}

#[test]
fn keys_of_the_keychain_at_one_address_are_accounts_of_their_own() {
    let health = Health::new(Arc::new(Hand::default()));
    let keychain = |name| Provider { key: KeySource::Keychain, ..provider(name) };
    let limits = Failover::default().health;
    let limited = Fault::Refused(Says::RateLimited);
    let pass = health.admit(&route("p", "a"), &keychain("p"), CHAIN).expect("it may go");
    pass.failed(limited, "status 429", Some(Duration::from_secs(5)), &limits);
    assert!(!health.would(&route("p", "a"), &keychain("p"), CHAIN));
    assert!(health.would(&route("twin", "a"), &keychain("twin"), CHAIN));
    // A pause that a failing server asks for is about that model alone.
    let pass = health.admit(&route("q", "a"), &keychain("q"), CHAIN).expect("it may go");
    let failed = Fault::Refused(Says::Failed);
    pass.failed(failed, "status 503", Some(Duration::from_secs(5)), &limits);
    assert!(health.would(&route("q", "b"), &keychain("q"), CHAIN));
}

#[test]
fn breakers_are_bounded_whatever_names_are_asked() {
    let health = Health::new(Arc::new(Hand::default()));
    for n in 0..3_000 {
        fail(&health, &route("p", &n.to_string()), Fault::Broke, None);
    }
    assert!(health.standings().len() <= BREAKERS_LEN_MAX);
}
