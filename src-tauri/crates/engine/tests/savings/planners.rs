//! What routing is compared with: not routing, throwing dice, and knowing everything beforehand.

use crate::trace::{Dice, Trace};
use std::collections::HashMap;
use weir_core::route::{Route, Tier};
use weir_core::{Conversation, Money};
use weir_engine::simulate::{Choice, Past, Planner, Standing, Tariff, replay};

/// Leaves everything where it was.
pub struct Leave;

impl Planner for Leave {
    fn plan(
        &mut self,
        _: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        None
    }
}

/// Throws dice for every request, loaded so that each model gets the share it had.
pub struct Random {
    pub dice: Dice,
    pub mix: Vec<(Route, u64)>,
}

impl Planner for Random {
    fn plan(
        &mut self,
        _: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        let all: u64 = self.mix.iter().map(|(_, n)| n).sum();
        let mut at = self.dice.roll(all);
        for (route, n) in &self.mix {
            if at < *n {
                return Some(Choice { route: route.clone(), reason: "random" });
            }
            at -= n;
        }
        None
    }
}

/// Knows where each conversation goes.
pub struct Fixed(pub HashMap<Conversation, Route>);

impl Planner for Fixed {
    fn plan(
        &mut self,
        past: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        let route = self.0.get(&past.conversation?)?.clone();
        Some(Choice { route, reason: "oracle" })
    }
}

/// The oracle: for every conversation the model that does and turned out the cheapest, from its
/// first request to its last. It knows how hard the work truly was and how long it became.
pub fn oracle(
    trace: &Trace,
    tariff: &dyn Tariff,
    models: &[(Route, Tier)],
    contexts: &dyn Fn(&Route) -> Option<u64>,
) -> Fixed {
    let mut hardest: HashMap<Conversation, (Tier, u64)> = HashMap::new();
    for past in &trace.rows {
        let Some(key) = past.conversation else { continue };
        let prompt = past.usage.map_or(0, |used| used.prompt());
        let known = hardest.entry(key).or_insert((Tier::Low, 0));
        *known = (harder(known.0, trace.truth[&past.id]), known.1.max(prompt));
    }
    let mut best: HashMap<Conversation, (Route, i64)> = HashMap::new();
    for (route, does) in models {
        let everywhere = hardest.keys().map(|key| (*key, route.clone())).collect();
        let mut costs: HashMap<Conversation, i64> = HashMap::new();
        let rows = trace.rows.iter().cloned();
        replay(rows, &mut Fixed(everywhere), tariff, &mut |past, _, now| {
            let cost = now.cost.map_or(i64::MAX / 1_000_000, Money::nano);
            *costs.entry(past.conversation.expect("all have one")).or_default() += cost;
        });
        for (key, cost) in costs {
            let (needs, longest) = hardest[&key];
            let fits = contexts(route).is_none_or(|context| longest <= context);
            let known = best.get(&key).map_or(i64::MAX, |(_, cost)| *cost);
            if fits && harder(needs, *does) == *does && cost < known {
                best.insert(key, (route.clone(), cost));
            }
        }
    }
    Fixed(best.into_iter().map(|(key, (route, _))| (key, route)).collect())
}

/// The harder of two.
pub fn harder(a: Tier, b: Tier) -> Tier {
    let rank = |tier| match tier {
        Tier::Low => 0,
        Tier::Medium => 1,
        Tier::High => 2,
    };
    if rank(a) >= rank(b) { a } else { b }
}
