//! Replays of small conversations, by hand and at random.

use super::*;
use proptest::prelude::*;
use weir_core::price::{Pico, Rates};
use weir_core::route::{Caching, Route, Tier};
use weir_core::{Class, Conversation, Endpoint, Money, RequestId, Usage};

const START_MS: i64 = 1_795_348_800_000;
const MINUTE_MS: i64 = 60_000;

fn route(text: &str) -> Route {
    let (provider, model) = text.split_once('/').expect("provider/model");
    Route { provider: provider.into(), model: model.into() }
}

/// Three models: a dear and a cheap one whose caches are marked, and a local one.
struct Table;

fn rates(route: &Route) -> Option<Rates> {
    let dollars = |input: u64, output: u64| Rates {
        input: Some(Pico(input * 1_000_000)),
        cache_read: Some(Pico(input * 100_000)),
        cache_write_5m: Some(Pico(input * 1_250_000)),
        cache_write_1h: Some(Pico(input * 2_000_000)),
        output: Some(Pico(output * 1_000_000)),
        ..Rates::default()
    };
    match route.model.as_str() {
        "claude-sonnet-5" => Some(dollars(5, 25)),
        "claude-sonnet-5-small" => Some(dollars(1, 5)),
        "llama" => Some(dollars(0, 0)),
        _ => None,
    }
}

impl Tariff for Table {
    fn cost(&self, route: &Route, _: i64, usage: &Usage) -> Option<Money> {
        Some(rates(route)?.cost(usage).ok()?.total)
    }
    fn caching(&self, route: &Route) -> Caching {
        if self.local(route) { Caching::None } else { Caching::Marked }
    }
    fn local(&self, route: &Route) -> bool {
        route.provider == "ollama"
    }
}

/// A turn of a conversation that really went to the dear model.
fn turn(n: u32, minute: i64, read: u64, write: u64) -> Past {
    let usage = Usage {
        input: 10,
        cache_read: read,
        cache_write_5m: write,
        output: 100,
        ..Usage::default()
    };
    let route = route("anthropic/claude-sonnet-5");
    let at_ms = START_MS + minute * MINUTE_MS;
    Past {
        id: RequestId::new(at_ms, n),
        at_ms,
        ended_ms: at_ms + 4_000,
        client: "claude-code".into(),
        project: None,
        category: None,
        endpoint: Endpoint::Messages,
        asked_model: route.model.clone(),
        task: None,
        tier: Some(Tier::Low),
        named_tier: false,
        confidence: Some(900),
        class: Class::Main,
        deterministic: false,
        prompt_tokens: usage.prompt(),
        conversation: Some(Conversation(7)),
        cost: Table.cost(&route, at_ms, &usage),
        route,
        local: false,
        usage: Some(usage),
        in_shadow: false,
        shadow: None,
    }
}

/// Goes where a list says, request by request.
struct Listed(Vec<&'static str>, usize);

impl Planner for Listed {
    fn plan(
        &mut self,
        _: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        self.1 += 1;
        let to = self.0[self.1 - 1];
        (!to.is_empty()).then(|| Choice { route: route(to), reason: "tier" })
    }
}

fn run(rows: &[Past], planner: &mut dyn Planner) -> (Replay, Vec<Priced>) {
    let mut now = Vec::new();
    let found = replay(rows.to_vec(), planner, &Table, &mut |_, _, there| now.push(there.clone()));
    (found, now)
}

fn went(rows: &[Past], to: &[&'static str]) -> (Replay, Vec<Priced>) {
    run(rows, &mut Listed(to.to_vec(), 0))
}

const DEAR: &str = "anthropic/claude-sonnet-5";
const CHEAP: &str = "anthropic/claude-sonnet-5-small";
const LOCAL: &str = "ollama/llama";

/// Three turns, a minute apart, over a prefix that grows from 50K tokens.
fn talk() -> [Past; 3] {
    [turn(1, 0, 0, 50_000), turn(2, 1, 50_000, 1_000), turn(3, 2, 51_000, 1_000)]
}

#[test]
fn what_stays_where_it_was_costs_what_it_cost_and_nothing_is_estimated() {
    let (found, _) = went(&talk(), &["", DEAR, ""]);
    let (was, now) = found.all;
    assert_eq!((was, now.estimated), (now, 0));
    assert_eq!((now.requests, now.switches, found.conversations), (3, 0, 1));
}

#[test]
fn a_hot_conversation_is_dearer_on_a_model_at_a_fifth_of_the_price() {
    let (found, now) = went(&talk(), &[DEAR, DEAR, CHEAP]);
    let there = Usage { input: 10, cache_write_5m: 52_000, output: 100, ..Usage::default() };
    assert_eq!(now[2].cost, Table.cost(&route(CHEAP), 0, &there));
    assert!(now[2].cost > talk()[2].cost, "{now:?}");
    assert_eq!((found.all.1.switches, found.all.1.estimated), (1, 1));
    assert!(found.all.1.spent > found.all.0.spent);
    // From the start it pays.
    let (found, now) = went(&talk(), &[CHEAP, CHEAP, CHEAP]);
    assert_eq!(found.all.1.spent.nano() * 5, found.all.0.spent.nano(), "{now:?}");
    assert_eq!((found.all.1.switches, found.all.1.estimated), (0, 3));
}

#[test]
fn coming_back_within_five_minutes_reads_what_was_warm_and_later_writes_it_again() {
    let (_, now) = went(&talk(), &[DEAR, LOCAL, DEAR]);
    let back = Usage {
        input: 10,
        cache_read: 50_000,
        cache_write_5m: 2_000,
        output: 100,
        ..Usage::default()
    };
    assert_eq!(now[2].cost, Table.cost(&route(DEAR), 0, &back));
    assert_eq!((now[1].cost, now[1].local), (Some(Money::ZERO), true));
    let late = [turn(1, 0, 0, 50_000), turn(2, 4, 50_000, 1_000), turn(3, 8, 51_000, 1_000)];
    let (_, now) = went(&late, &[DEAR, LOCAL, DEAR]);
    let cold = Usage { input: 10, cache_write_5m: 52_000, output: 100, ..Usage::default() };
    assert_eq!(now[2].cost, Table.cost(&route(DEAR), 0, &cold));
}

#[test]
fn an_hour_that_was_asked_for_is_an_hour_elsewhere_too() {
    let mut rows = [turn(1, 0, 0, 0), turn(2, 50, 31_000, 0), turn(3, 105, 31_000, 0)];
    rows[0].usage.as_mut().expect("used").cache_write_1h = 31_000;
    let (_, now) = went(&rows, &[CHEAP, CHEAP, CHEAP]);
    let read = Usage { input: 10, cache_read: 31_000, output: 100, ..Usage::default() };
    assert_eq!(now[1].cost, Table.cost(&route(CHEAP), 0, &read));
    assert_eq!(now[2].cost, now[1].cost, "reading keeps it alive for another hour");
}

#[test]
fn a_prompt_that_really_changed_is_cold_everywhere() {
    // The third turn was compacted: it read only the first 3,000 tokens of its own cache.
    let rows = [turn(1, 0, 0, 50_000), turn(2, 1, 50_000, 1_000), turn(3, 2, 3_000, 9_000)];
    let (_, now) = went(&rows, &[CHEAP, CHEAP, CHEAP]);
    let there = Usage {
        input: 10,
        cache_read: 3_000,
        cache_write_5m: 9_000,
        output: 100,
        ..Usage::default()
    };
    assert_eq!(now[2].cost, Table.cost(&route(CHEAP), 0, &there));
}

#[test]
fn a_short_prefix_is_not_cached_and_a_local_model_costs_nothing() {
    let (_, now) = went(&[turn(1, 0, 0, 900), turn(2, 1, 0, 900)], &[CHEAP, CHEAP]);
    let whole = Usage { input: 910, output: 100, ..Usage::default() };
    assert!(now.iter().all(|n| n.cost == Table.cost(&route(CHEAP), 0, &whole)), "{now:?}");
    let (found, _) = went(&talk(), &[LOCAL, LOCAL, LOCAL]);
    assert_eq!((found.all.1.spent, found.all.1.local), (Money::ZERO, 3));
    assert_eq!(found.tiers[&Some("low")], found.all);
}

#[test]
fn what_has_no_price_there_is_counted_and_never_free() {
    let (found, _) = went(&talk(), &[DEAR, "vllm/mistral", "vllm/mistral"]);
    assert_eq!(found.all.1.unpriced, 2);
    assert_eq!(Some(found.all.1.spent), talk()[0].cost);
}

#[test]
fn a_difference_is_of_requests_with_a_price_on_both_sides_and_counts_the_others() {
    // Two of three would go where no price is known: what they really cost is no saving.
    let (found, _) = went(&talk(), &[DEAR, "vllm/mistral", "vllm/mistral"]);
    let (was, would) = found.all;
    assert_eq!((was.compared, was.uncompared), (would.compared, 2));
    assert_eq!(Some(was.compared), talk()[0].cost);
    assert_eq!(would.uncompared, 2, "the same on both sides");
    // One that really had no price would have one: what it would cost is no loss.
    let mut rows = talk();
    rows[0].cost = None;
    let (found, now) = went(&rows, &[CHEAP, CHEAP, CHEAP]);
    let of = |costs: &[Option<Money>]| costs.iter().flatten().map(|cost| cost.nano()).sum::<i64>();
    let (was, would) = found.tiers[&Some("low")];
    assert_eq!((was.uncompared, would.uncompared), (1, 1));
    assert_eq!(was.compared.nano(), of(&[rows[1].cost, rows[2].cost]));
    assert_eq!(would.compared.nano(), of(&[now[1].cost, now[2].cost]));
}

#[test]
fn a_request_that_used_nothing_is_the_same_on_both_sides_and_not_planned() {
    let mut failed = turn(1, 0, 0, 0);
    (failed.usage, failed.cost) = (None, Some(Money::ZERO));
    let (found, now) = went(&[failed.clone()], &[]);
    assert_eq!((found.without_usage, now[0].route.clone()), (1, failed.route));
}

#[test]
fn the_stored_shadow_is_a_plan_like_any_other() {
    let mut rows = talk();
    rows[0].shadow = Some(route(LOCAL));
    let (found, now) = run(&rows, &mut AsShadow);
    assert_eq!((now[0].route.clone(), found.all.1.local), (route(LOCAL), 1));
    // Only the first was shadowed: the rest stayed, cold at first.
    assert!(now[1].cost > rows[1].cost);
    assert_eq!(now[2].cost, rows[2].cost, "warm as it really was");
}

/// Stays unless the other is cheaper for this very call.
struct Greedy;

impl Planner for Greedy {
    fn plan(
        &mut self,
        _: &Past,
        standing: Option<&Standing>,
        quote: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        let here = standing.map_or(route(DEAR), |s| s.route.clone());
        let best = [here, route(DEAR), route(CHEAP)].into_iter().min_by_key(|r| quote(r, 100));
        best.map(|route| Choice { route, reason: "tier" })
    }
}

fn rows() -> impl Strategy<Value = Vec<Past>> {
    let step = (0..4u64, 0..9i64, 0..40_000u64, 0..40_000u64, any::<bool>());
    proptest::collection::vec(step, 1..40).prop_map(|steps| {
        let mut minute = 0;
        let mut row = |(n, (key, wait, read, write, hour)): (usize, (u64, i64, u64, u64, bool))| {
            minute += wait;
            let mut past = turn(n as u32, minute, read, write);
            past.conversation = Some(Conversation(key));
            if let (Some(usage), true) = (past.usage.as_mut(), hour) {
                (usage.cache_write_1h, usage.cache_write_5m) = (usage.cache_write_5m, 0);
            }
            past
        };
        steps.into_iter().enumerate().map(&mut row).collect()
    })
}

proptest! {
    #[test]
    fn a_replay_prices_every_request_once_and_never_invents_or_loses_a_token(rows in rows()) {
        let mut caches = Caches::default();
        for past in &rows {
            let used = past.usage.expect("used");
            let call = super::cache::Call {
                conversation: past.conversation.expect("there"),
                at_ms: past.at_ms,
                really: &used,
                really_cached: Caching::Marked,
            };
            for (to, caching) in [(CHEAP, Caching::Marked), (DEAR, Caching::Unasked)] {
                let there = caches.usage(&call, &route(to), caching);
                prop_assert_eq!((there.prompt(), there.output), (used.prompt(), used.output));
                caches.went(&call, &route(to), caching);
            }
        }
        let (found, now) = run(&rows, &mut Greedy);
        let spent = now.iter().filter_map(|n| n.cost).map(Money::nano).sum::<i64>();
        prop_assert_eq!((found.all.1.requests, found.all.1.spent.nano()), (rows.len() as u64, spent));
        prop_assert_eq!(found.all.0.requests, rows.len() as u64);
        let parts: u64 = found.tiers.values().map(|(_, now)| now.requests).sum();
        prop_assert_eq!(parts, rows.len() as u64);
    }
}
