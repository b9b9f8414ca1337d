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
    /// Until when an account asked not to be called for a model, in milliseconds on the monotonic
    /// clock. Providers count what they limit by model, whatever names they are configured under.
    waits: HashMap<(String, String), u64>,
}

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// Whether it was planned, not named: then it waits where the same model of the same account was
    /// asked to, under whatever name.
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
        // Whoever can go nowhere else asks: its own breaker holds back what was refused there.
        if !how.in_chain || how.alone || self.waits.is_empty() {
            return None;
        }
        let until_ms = *self.waits.get(&(account(provider), route.model.clone()))?;
        let wait = Duration::from_millis(until_ms.checked_sub(now_ms).filter(|ms| *ms > 0)?);
        Some(Rest { wait, reason: "its provider asked for a pause".into() })
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

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").field("route", &self.route).finish_non_exhaustive()
    }
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
                let model = self.route.model.clone();
                let known = kept.waits.entry((self.account.clone(), model)).or_default();
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
mod tests;
