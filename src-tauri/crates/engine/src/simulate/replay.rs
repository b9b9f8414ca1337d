//! The replay: past requests in order, each asked of a planner anew and priced where it would have
//! gone, beside what really happened. What went where it really went, at every step of its
//! conversation so far, keeps its real cost; only what differs is estimated.

use super::cache::{Caches, Call};
use super::past::Past;
use super::tariff::Tariff;
use std::collections::{BTreeMap, HashMap};
use weir_core::route::{Caching, Route, Tier};
use weir_core::{Conversation, Money, Usage};

/// Where a conversation stands on the replayed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where its last request went.
    pub route: Route,
    /// Tokens of its prompt that are warm there now.
    pub warm: u64,
    /// When its last request went, in Unix milliseconds.
    pub last_ms: i64,
    /// Its requests so far.
    pub turns: u64,
}

/// Where a planner sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Where to.
    pub route: Route,
    /// The short code of why.
    pub reason: &'static str,
}

/// Knows where a request would go. Asked once a request, in order.
pub trait Planner {
    /// Where the request would go; `None` leaves it where it was. `quote` says what a route is
    /// expected to cost for this request and as many answer tokens, the caches as they stand.
    fn plan(
        &mut self,
        past: &Past,
        standing: Option<&Standing>,
        quote: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice>;

    /// The request went to a route and used this there.
    fn went(&mut self, _past: &Past, _route: &Route, _usage: &Usage) {}
}

/// One side of the comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Requests.
    pub requests: u64,
    /// What the priced ones cost.
    pub spent: Money,
    /// Requests without a known price; in no sum.
    pub unpriced: u64,
    /// Requests on the user's own machines.
    pub local: u64,
    /// Times a conversation went on at another model than before.
    pub switches: u64,
    /// Requests whose cost is not what really happened but worked out.
    pub estimated: u64,
    /// What those cost that have a known price on both sides: the only ones a difference is of.
    pub compared: Money,
    /// Requests without a known price on one side or the other; the same on both.
    pub uncompared: u64,
}

impl Side {
    fn add(&mut self, priced: &Priced, other: &Priced, switched: bool) {
        self.requests += 1;
        match priced.cost.filter(|_| other.cost.is_some()) {
            Some(cost) => self.compared = self.compared.saturating_add(cost),
            None => self.uncompared += 1,
        }
        match priced.cost {
            Some(cost) => self.spent = self.spent.saturating_add(cost),
            None => self.unpriced += 1,
        }
        self.local += u64::from(priced.local);
        self.switches += u64::from(switched);
        self.estimated += u64::from(priced.estimated);
    }
}

/// A request on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Where it went.
    pub route: Route,
    /// What it cost; `None` when unpriced.
    pub cost: Option<Money>,
    /// Whether it was on the user's own machines.
    pub local: bool,
    /// Whether the cost is worked out.
    pub estimated: bool,
}

/// The comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// By tier, `None` for what was not judged; as it was, and as it would have been.
    pub tiers: BTreeMap<Option<&'static str>, (Side, Side)>,
    /// The same by task.
    pub tasks: BTreeMap<Option<&'static str>, (Side, Side)>,
    /// In all.
    pub all: (Side, Side),
    /// Conversations of more than one request.
    pub conversations: u64,
    /// Requests that failed or were cut before anything was used: the same on both sides.
    pub without_usage: u64,
}

/// A conversation on both paths.
struct Talk {
    was: Route,
    now: Route,
    last_ms: i64,
    turns: u64,
    /// Whether the replayed path is the real one so far.
    same: bool,
}

/// Replays requests, the oldest first. `each` sees every one of them, as it was and as it would
/// have been.
pub fn replay(
    rows: impl IntoIterator<Item = Past>,
    planner: &mut dyn Planner,
    tariff: &dyn Tariff,
    each: &mut dyn FnMut(&Past, &Priced, &Priced),
) -> Replay {
    let mut run = Run { tariff, caches: Caches::default(), talks: HashMap::new() };
    let mut found = Replay::default();
    for past in rows {
        let (was, now, switched) = run.step(&past, planner, &mut found);
        let tier = found.tiers.entry(past.tier.map(Tier::as_str)).or_default();
        let task = found.tasks.entry(past.task.map(|task| task.as_str())).or_default();
        for sides in [tier, task, &mut found.all] {
            sides.0.add(&was, &now, switched.0);
            sides.1.add(&now, &was, switched.1);
        }
        each(&past, &was, &now);
    }
    found.conversations = run.talks.values().filter(|talk| talk.turns > 1).count() as u64;
    found
}

struct Run<'a> {
    tariff: &'a dyn Tariff,
    caches: Caches,
    talks: HashMap<Conversation, Talk>,
}

impl Run<'_> {
    fn step(
        &mut self,
        past: &Past,
        planner: &mut dyn Planner,
        found: &mut Replay,
    ) -> (Priced, Priced, (bool, bool)) {
        let was = Priced {
            route: past.route.clone(),
            cost: past.cost,
            local: past.local,
            estimated: false,
        };
        let Some(used) = past.usage else {
            found.without_usage += 1;
            return (was.clone(), was, (false, false));
        };
        // A request outside any conversation is one of its own.
        let conversation = past.conversation.unwrap_or(Conversation(past.id.raw().cast_unsigned()));
        let really_cached = self.tariff.caching(&past.route);
        let call = Call { conversation, at_ms: past.at_ms, really: &used, really_cached };
        self.caches.seen(&call, &past.route);
        let choice = {
            let standing = self.standing(conversation, past.at_ms);
            let quote = |route: &Route, output: u64| self.expected(&call, route, output);
            planner.plan(past, standing.as_ref(), &quote)
        };
        let route = choice.map_or_else(|| past.route.clone(), |choice| choice.route);
        let talk = self.talks.get(&conversation);
        let same = talk.is_none_or(|talk| talk.same) && route == past.route;
        let caching = self.caching(past, &route);
        let usage = if same { used } else { self.caches.usage(&call, &route, caching) };
        let now = if same {
            was.clone()
        } else {
            let local = self.tariff.local(&route) || (past.local && route == past.route);
            let cost = self.tariff.cost(&route, past.at_ms, &usage);
            Priced { route: route.clone(), cost, local, estimated: true }
        };
        self.caches.went(&call, &route, caching);
        planner.went(past, &route, &usage);
        let switched =
            talk.map_or((false, false), |talk| (talk.was != past.route, talk.now != route));
        let turns = talk.map_or(0, |talk| talk.turns) + 1;
        if past.conversation.is_some() {
            let was = past.route.clone();
            let talk = Talk { was, now: route, last_ms: past.at_ms, turns, same };
            self.talks.insert(conversation, talk);
        }
        (was, now, switched)
    }

    fn caching(&self, past: &Past, route: &Route) -> Caching {
        if *route == past.route && past.local { Caching::None } else { self.tariff.caching(route) }
    }

    fn standing(&self, conversation: Conversation, at_ms: i64) -> Option<Standing> {
        let talk = self.talks.get(&conversation)?;
        Some(Standing {
            route: talk.now.clone(),
            warm: self.caches.warm(conversation, &talk.now, at_ms),
            last_ms: talk.last_ms,
            turns: talk.turns,
        })
    }

    fn expected(&self, call: &Call<'_>, route: &Route, output: u64) -> Option<Money> {
        let usage = self.caches.usage(call, route, self.tariff.caching(route));
        let expected = Usage { output, reasoning: 0, web_searches: 0, ..usage };
        self.tariff.cost(route, call.at_ms, &expected)
    }
}
