//! The health of providers and their models: holds the breakers that `core::health` decides with,
//! and gives every attempt a pass that says in the end how it went.

use crate::ports::Clock;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use weir_core::Outcome;
use weir_core::health::{Admission, Breaker, Failed, Limits, State, Why};
use weir_core::route::{KeySource, Provider, Route};
use weir_core::verdict::{Against, Fault, Says, against};

/// Breakers kept at once; those that say nothing go first.
const BREAKERS_LEN_MAX: usize = 1_000;

/// The breakers of one proxy.
pub struct Health {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By provider, then by model; the provider's own under the empty name.
    breakers: HashMap<String, HashMap<String, Breaker>>,
    /// Until when an account asked not to be called, in milliseconds on the monotonic clock.
    waits: HashMap<String, u64>,
}

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// Whether it was planned, not named: then others of the same account are to wait too.
    pub in_chain: bool,
    /// Whether the request can go nowhere else.
    pub alone: bool,
}

/// A route that is not asked now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// For how long.
    pub wait: Duration,
    /// Why, as the end of a sentence.
    pub reason: String,
}

/// How a provider, or one of its models, stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The provider.
    pub provider: String,
    /// The model; `None` for the provider as a whole.
    pub model: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// The last one.
    pub reason: String,
    /// How long it rests, in milliseconds; `None` when it is asked.
    pub rests_ms: Option<u64>,
}

impl Health {
    /// Nothing is known to be ill.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, kept: Mutex::default() })
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ns() / 1_000_000
    }

    /// Lets an attempt go to a route, or says why not.
    pub fn admit(
        self: &Arc<Self>,
        route: &Route,
        provider: &Provider,
        how: How,
    ) -> Result<Pass, Rest> {
        let now_ms = self.now_ms();
        let mut kept = self.kept.lock();
        if let Some(rest) = kept.rest(route, provider, how, now_ms) {
            return Err(rest);
        }
        let mut probes = [false; 2];
        if let Some(models) = kept.breakers.get_mut(&route.provider) {
            for (name, probes) in ["", route.model.as_str()].into_iter().zip(&mut probes) {
                if let Some(breaker) = models.get_mut(name) {
                    *probes = breaker.admit(now_ms, how.alone) == Admission::Probe;
                }
            }
        }
        let (health, route) = (Arc::clone(self), route.clone());
        Ok(Pass {
            health,
            route,
            account: account(provider),
            local: provider.local,
            logs_in: provider.key == KeySource::Passthrough,
            alone: how.alone,
            probes,
        })
    }

    /// Whether a route would be let through now.
    pub fn would(&self, route: &Route, provider: &Provider, how: How) -> bool {
        let now_ms = self.now_ms();
        self.kept.lock().rest(route, provider, how, now_ms).is_none()
    }

    /// Forgets how a provider stood: its key was changed, so what it said to the old one is past.
    pub fn forget(&self, provider: &str) {
        let mut kept = self.kept.lock();
        kept.breakers.remove(provider);
        kept.waits.clear();
    }

    /// What is not well, for `status`.
    pub fn standings(&self) -> Vec<Standing> {
        let now_ms = self.now_ms();
        let kept = self.kept.lock();
        let mut all = Vec::new();
        for (provider, models) in &kept.breakers {
            for (model, breaker) in models {
                let (failures, reason, rests_ms) = match breaker.state(now_ms) {
                    State::Well => continue,
                    State::Failing { failures, reason } => (failures, reason, None),
                    State::Resting { until_ms, failures, reason } => {
                        (failures, reason, Some(until_ms.saturating_sub(now_ms)))
                    }
                };
                let model = (!model.is_empty()).then(|| model.clone());
                let provider = provider.clone();
                all.push(Standing { provider, model, failures, reason, rests_ms });
            }
        }
        all.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        all
    }

    /// The breakers a route has, provider's and model's, of those in `which`; none is made.
    fn each(&self, route: &Route, which: [bool; 2], mut act: impl FnMut(&mut Breaker, u64)) {
        if which == [false; 2] {
            return;
        }
        let now_ms = self.now_ms();
        let mut kept = self.kept.lock();
        let Some(models) = kept.breakers.get_mut(&route.provider) else { return };
        for (name, wanted) in ["", route.model.as_str()].into_iter().zip(which) {
            if let Some(breaker) = models.get_mut(name).filter(|_| wanted) {
                act(breaker, now_ms);
            }
        }
    }
}

impl Kept {
    fn rest(&self, route: &Route, provider: &Provider, how: How, now_ms: u64) -> Option<Rest> {
        let models = self.breakers.get(&route.provider);
        for name in ["", route.model.as_str()] {
            let breaker = models.and_then(|models| models.get(name));
            let Some(breaker) = breaker else { continue };
            if let Admission::Resting { until_ms } = breaker.would(now_ms, how.alone) {
                let reason = match breaker.state(now_ms) {
                    State::Failing { failures, reason }
                    | State::Resting { failures, reason, .. } => told(failures, &reason),
                    State::Well => String::new(),
                };
                let wait = Duration::from_millis(until_ms.saturating_sub(now_ms));
                return Some(Rest { wait, reason });
            }
        }
        if !how.in_chain || self.waits.is_empty() {
            return None;
        }
        let until_ms = *self.waits.get(&account(provider))?;
        let wait = Duration::from_millis(until_ms.checked_sub(now_ms).filter(|ms| *ms > 0)?);
        Some(Rest { wait, reason: "its provider asked to be left alone for a while".into() })
    }

    fn breaker(&mut self, provider: &str, model: &str, now_ms: u64) -> &mut Breaker {
        if self.breakers.values().map(HashMap::len).sum::<usize>() >= BREAKERS_LEN_MAX {
            for models in self.breakers.values_mut() {
                models.retain(|_, breaker| !breaker.forgettable(now_ms));
            }
            self.breakers.retain(|_, models| !models.is_empty());
        }
        if self.breakers.values().map(HashMap::len).sum::<usize>() >= BREAKERS_LEN_MAX {
            // Names a client made up, most likely.
            self.breakers.clear();
        }
        let models = self.breakers.entry(provider.to_owned()).or_default();
        models.entry(model.to_owned()).or_default()
    }
}

/// `status 503, 3 times in a row`.
pub fn told(failures: u32, reason: &str) -> String {
    match failures {
        0 | 1 => reason.to_owned(),
        n => format!("{n} failures, the last one: {reason}"),
    }
}

/// One address asked with one key is one account, under whatever names it is configured. Keys in the
/// keychain are stored by provider, so two of them are two.
fn account(provider: &Provider) -> String {
    let base = provider.base_url.trim_end_matches('/');
    match provider.key {
        KeySource::Keychain => format!("{base} keychain {}", provider.name),
        _ => format!("{base} {:?}", provider.key),
    }
}

/// An attempt's leave to go. What becomes of it is told once; dropped untold, it says nothing.
pub struct Pass {
    health: Arc<Health>,
    route: Route,
    account: String,
    local: bool,
    /// Whether each tool goes there with a login of its own.
    logs_in: bool,
    /// Whether its request could go nowhere else.
    alone: bool,
    /// Whether it is the probe of the provider's breaker, and of the model's.
    probes: [bool; 2],
}

impl Pass {
    /// The head of a good answer has come: others need not wait for the rest of it.
    pub fn headed(&self) {
        self.health.each(&self.route, self.probes, |breaker, _| breaker.headed());
    }

    /// An answer has begun: the route is back. It can still break off.
    pub fn began(&self) {
        self.health.each(&self.route, self.probes, |breaker, _| breaker.began());
    }

    /// The attempt failed.
    pub fn failed(
        mut self,
        fault: Fault,
        reason: &str,
        asked_wait: Option<Duration>,
        limits: &Limits,
    ) {
        let Some(against) = against(fault).filter(|_| !self.is_its_own_matter(fault)) else {
            return;
        };
        let limited = says(fault) == Some(Says::RateLimited);
        let why = match against {
            _ if matches!(says(fault), Some(Says::Auth | Says::Quota)) => Why::Account,
            // Whoever can go nowhere else waits for longer than that.
            Against::Slow if !self.alone => Why::Slow,
            _ if asked_wait.is_some() => Why::Asked,
            _ => Why::Fails,
        };
        let failed = Failed { reason, why, slow: against == Against::Slow, asked_wait };
        let now_ms = self.health.now_ms();
        let mut kept = self.health.kept.lock();
        let (model, told) = match against {
            Against::Provider => ("", 0),
            _ => (self.route.model.as_str(), 1),
        };
        kept.breaker(&self.route.provider, model, now_ms).failed(now_ms, &failed, limits);
        // The other breaker heard nothing; it is let go when this value is.
        self.probes[told] = false;
        if let Some(wait) = asked_wait.filter(|_| limited && limits.failures > 0) {
            let until_ms = now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(0));
            kept.waits.retain(|_, until| *until > now_ms);
            if kept.waits.len() < BREAKERS_LEN_MAX {
                let known = kept.waits.entry(self.account.clone()).or_default();
                *known = until_ms.max(*known);
            }
        }
    }

    /// Whether a fault says nothing about the next request.
    fn is_its_own_matter(&self, fault: Fault) -> bool {
        let of_the_login =
            matches!(says(fault), Some(Says::Auth | Says::Quota | Says::RateLimited));
        // A local server that is not there is known without a breaker, and back at once.
        self.local && fault == Fault::Connect || self.logs_in && of_the_login
    }

    /// How an answer that had begun was settled.
    pub fn settled(mut self, outcome: Outcome, limits: &Limits) {
        let fault = match outcome {
            Outcome::Ok => {
                self.probes = [false; 2];
                return self.health.each(&self.route, [true; 2], Breaker::went_well);
            }
            Outcome::Truncated | Outcome::ErrorInStream => Fault::Cut,
            Outcome::Timeout => Fault::Slow,
            _ => return,
        };
        self.failed(fault, "an answer broke off", None, limits);
    }
}

fn says(fault: Fault) -> Option<Says> {
    match fault {
        Fault::Refused(says) | Fault::InStream(says) => Some(says),
        _ => None,
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.health.each(&self.route, self.probes, Breaker::told_nothing);
    }
}

#[cfg(test)]
mod tests {
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
        let pass = health.admit(route, &provider(&route.provider), CHAIN).ok().expect("it may go");
        let limits = Failover::default().health;
        pass.failed(fault, "status 503", wait.map(Duration::from_secs), &limits);
    }

    #[test]
    fn a_model_rests_alone_and_an_unreachable_provider_with_all_its_models() {
        let health = Health::new(Arc::new(Hand::default()));
        let (a, b) = (route("p", "a"), route("p", "b"));
        (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Overloaded), None));
        assert!(
            !health.would(&a, &provider("p"), CHAIN) && health.would(&b, &provider("p"), CHAIN)
        );
        (0..3).for_each(|_| fail(&health, &b, Fault::Connect, None));
        assert!(!health.would(&route("p", "c"), &provider("p"), NAMED));
        assert_eq!(health.standings().len(), 2);
    }

    #[test]
    fn siblings_of_one_account_wait_together_in_a_chain_and_a_named_one_may_go() {
        let clock = Arc::new(Hand::default());
        let health = Health::new(clock.clone());
        fail(&health, &route("p", "a"), Fault::Refused(Says::RateLimited), Some(5));
        let (sibling, twin) = (route("p", "b"), route("twin", "b"));
        assert!(!health.would(&sibling, &provider("p"), CHAIN));
        assert!(!health.would(&twin, &provider("twin"), CHAIN), "the same address and key");
        assert!(health.would(&sibling, &provider("p"), NAMED));
        clock.0.store(5_000, Ordering::Relaxed);
        assert!(health.would(&sibling, &provider("p"), CHAIN));
    }

    #[test]
    fn one_probe_at_a_time_goes_and_a_dropped_one_says_nothing() {
        let clock = Arc::new(Hand::default());
        let health = Health::new(clock.clone());
        let a = route("p", "a");
        (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Failed), None));
        clock.0.store(10_000, Ordering::Relaxed);
        let probe = health.admit(&a, &provider("p"), CHAIN).ok().expect("a probe");
        assert!(health.admit(&a, &provider("p"), CHAIN).is_err());
        drop(probe);
        let probe = health.admit(&a, &provider("p"), CHAIN).ok().expect("the next one");
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
        let probe = health.admit(&b, &provider("p"), CHAIN).ok().expect("the next probe");
        probe.failed(
            Fault::Refused(Says::Request),
            "status 400",
            None,
            &Failover::default().health,
        );
        assert!(health.would(&b, &provider("p"), CHAIN), "let go by what says nothing, too");
    }

    #[test]
    fn what_is_wrong_with_one_tools_login_rests_the_provider_for_nobody() {
        let health = Health::new(Arc::new(Hand::default()));
        let own = Provider { key: KeySource::Passthrough, ..provider("p") };
        let a = route("p", "a");
        for says in [Says::Auth, Says::Quota, Says::RateLimited] {
            for _ in 0..5 {
                let pass = health.admit(&a, &own, CHAIN).ok().expect("it may go");
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
        let pass = health.admit(&route("p", "a"), &keychain("p"), CHAIN).ok().expect("it may go");
        pass.failed(limited, "status 429", Some(Duration::from_secs(5)), &limits);
        assert!(!health.would(&route("p", "b"), &keychain("p"), CHAIN));
        assert!(health.would(&route("twin", "b"), &keychain("twin"), CHAIN));
        // A pause that a failing server asks for is about that model alone.
        let pass = health.admit(&route("q", "a"), &keychain("q"), CHAIN).ok().expect("it may go");
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
}
