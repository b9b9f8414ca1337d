//! The health of providers and their models: holds the breakers that `core::health` decides with,
//! and gives every attempt a pass that says in the end how it went.

use crate::ports::Clock;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use weir_core::Outcome;
use weir_core::health::{Admission, Breaker, Limits, State};
use weir_core::route::{Provider, Route};
use weir_core::verdict::{Against, Fault, against};

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

    /// Lets an attempt go to a route, or says why not. `in_chain` is whether others of the same
    /// account are to wait too.
    pub fn admit(
        self: &Arc<Self>,
        route: &Route,
        provider: &Provider,
        in_chain: bool,
    ) -> Result<Pass, Rest> {
        let now_ms = self.now_ms();
        let mut kept = self.kept.lock();
        if let Some(rest) = kept.rest(route, provider, in_chain, now_ms) {
            return Err(rest);
        }
        let mut probes = false;
        if let Some(models) = kept.breakers.get_mut(&route.provider) {
            for name in ["", route.model.as_str()] {
                if let Some(breaker) = models.get_mut(name) {
                    probes |= breaker.admit(now_ms) == Admission::Probe;
                }
            }
        }
        let (health, route) = (Arc::clone(self), route.clone());
        Ok(Pass {
            health,
            route,
            account: account(provider),
            local: provider.local,
            probes,
            told: false,
        })
    }

    /// Whether a route would be let through now.
    pub fn would(&self, route: &Route, provider: &Provider, in_chain: bool) -> bool {
        let now_ms = self.now_ms();
        self.kept.lock().rest(route, provider, in_chain, now_ms).is_none()
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

    /// Every breaker a route has; none is made.
    fn each(&self, route: &Route, mut act: impl FnMut(&mut Breaker, u64)) {
        let now_ms = self.now_ms();
        let mut kept = self.kept.lock();
        let Some(models) = kept.breakers.get_mut(&route.provider) else { return };
        for name in ["", route.model.as_str()] {
            if let Some(breaker) = models.get_mut(name) {
                act(breaker, now_ms);
            }
        }
    }
}

impl Kept {
    fn rest(
        &self,
        route: &Route,
        provider: &Provider,
        in_chain: bool,
        now_ms: u64,
    ) -> Option<Rest> {
        let models = self.breakers.get(&route.provider);
        for name in ["", route.model.as_str()] {
            let breaker = models.and_then(|models| models.get(name));
            let Some(breaker) = breaker else { continue };
            if let Admission::Resting { until_ms } = breaker.would(now_ms) {
                let reason = match breaker.state(now_ms) {
                    State::Failing { failures, reason }
                    | State::Resting { failures, reason, .. } => told(failures, &reason),
                    State::Well => String::new(),
                };
                let wait = Duration::from_millis(until_ms.saturating_sub(now_ms));
                return Some(Rest { wait, reason });
            }
        }
        if !in_chain || self.waits.is_empty() {
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

/// One address asked with one key is one account, under whatever names it is configured.
fn account(provider: &Provider) -> String {
    format!("{} {:?}", provider.base_url.trim_end_matches('/'), provider.key)
}

/// An attempt's leave to go. What becomes of it is told once; dropped untold, it says nothing.
pub struct Pass {
    health: Arc<Health>,
    route: Route,
    account: String,
    local: bool,
    probes: bool,
    told: bool,
}

impl Pass {
    /// An answer has begun: the route is back. It can still break off.
    pub fn began(&self) {
        if self.probes {
            self.health.each(&self.route, |breaker, _| breaker.began());
        }
    }

    /// The attempt failed.
    pub fn failed(
        mut self,
        fault: Fault,
        reason: &str,
        asked_wait: Option<Duration>,
        limits: &Limits,
    ) {
        // A local server that is not there is known without a breaker, and back at once.
        let Some(against) = against(fault).filter(|_| !(self.local && fault == Fault::Connect))
        else {
            return;
        };
        self.told = true;
        let now_ms = self.health.now_ms();
        let mut kept = self.health.kept.lock();
        let model = if against == Against::Provider { "" } else { self.route.model.as_str() };
        let slow = against == Against::Slow;
        kept.breaker(&self.route.provider, model, now_ms)
            .failed(now_ms, reason, slow, asked_wait, limits);
        if let Some(wait) = asked_wait {
            let until_ms = now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(0));
            kept.waits.retain(|_, until| *until > now_ms);
            if kept.waits.len() < BREAKERS_LEN_MAX {
                let known = kept.waits.entry(self.account.clone()).or_default();
                *known = until_ms.max(*known);
            }
        }
    }

    /// How an answer that had begun was settled.
    pub fn settled(mut self, outcome: Outcome, limits: &Limits) {
        let fault = match outcome {
            Outcome::Ok => {
                self.told = true;
                return self.health.each(&self.route, Breaker::went_well);
            }
            Outcome::Truncated | Outcome::ErrorInStream => Fault::Cut,
            Outcome::Timeout => Fault::Slow,
            _ => return,
        };
        self.failed(fault, "an answer broke off", None, limits);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probes && !self.told {
            self.health.each(&self.route, Breaker::told_nothing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use weir_core::route::{KeySource, ProviderKind};
    use weir_core::verdict::Says;
    use weir_core::{Dialect, Failover};

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
            key: KeySource::Keychain,
            local: false,
            kind: ProviderKind::Plain,
        }
    }

    fn route(provider: &str, model: &str) -> Route {
        Route { provider: provider.into(), model: model.into() }
    }

    fn fail(health: &Arc<Health>, route: &Route, fault: Fault, wait: Option<u64>) {
        let pass = health.admit(route, &provider(&route.provider), true).ok().expect("it may go");
        let limits = Failover::default().health;
        pass.failed(fault, "status 503", wait.map(Duration::from_secs), &limits);
    }

    #[test]
    fn a_model_rests_alone_and_an_unreachable_provider_with_all_its_models() {
        let health = Health::new(Arc::new(Hand::default()));
        let (a, b) = (route("p", "a"), route("p", "b"));
        (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Overloaded), None));
        assert!(!health.would(&a, &provider("p"), true) && health.would(&b, &provider("p"), true));
        (0..3).for_each(|_| fail(&health, &b, Fault::Connect, None));
        assert!(!health.would(&route("p", "c"), &provider("p"), false));
        assert_eq!(health.standings().len(), 2);
    }

    #[test]
    fn siblings_of_one_account_wait_together_in_a_chain_and_a_named_one_may_go() {
        let clock = Arc::new(Hand::default());
        let health = Health::new(clock.clone());
        fail(&health, &route("p", "a"), Fault::Refused(Says::RateLimited), Some(5));
        let (sibling, twin) = (route("p", "b"), route("twin", "b"));
        assert!(!health.would(&sibling, &provider("p"), true));
        assert!(!health.would(&twin, &provider("twin"), true), "the same address and key");
        assert!(health.would(&sibling, &provider("p"), false));
        clock.0.store(5_000, Ordering::Relaxed);
        assert!(health.would(&sibling, &provider("p"), true));
    }

    #[test]
    fn one_probe_at_a_time_goes_and_a_dropped_one_says_nothing() {
        let clock = Arc::new(Hand::default());
        let health = Health::new(clock.clone());
        let a = route("p", "a");
        (0..3).for_each(|_| fail(&health, &a, Fault::Refused(Says::Failed), None));
        clock.0.store(10_000, Ordering::Relaxed);
        let probe = health.admit(&a, &provider("p"), true).ok().expect("a probe");
        assert!(health.admit(&a, &provider("p"), true).is_err());
        drop(probe);
        let probe = health.admit(&a, &provider("p"), true).ok().expect("the next one");
        probe.began();
        assert!(health.would(&a, &provider("p"), true));
        probe.settled(Outcome::Ok, &Failover::default().health);
        assert!(health.standings().is_empty());
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
