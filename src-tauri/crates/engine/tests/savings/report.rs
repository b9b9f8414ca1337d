//! docs/routing-savings.md, made of replays.

use crate::planners::{Leave, Random, harder, oracle};
use crate::prices::Rows;
use crate::trace::{Dice, Trace, service, team};
use crate::{ASKED, LOCAL, SMALL, World, contexts, route};
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_core::Money;
use weir_core::route::{Mode, Route, Tier};
use weir_engine::simulate::{Planner, Routed, replay};

const SEEDS: [u64; 3] = [11, 12, 13];

/// What one way of routing came to.
#[derive(Clone, Copy, Default)]
struct Row {
    spent: i64,
    requests: u64,
    local: u64,
    small: u64,
    switches: u64,
    /// Requests that went to a model below what they truly needed.
    below: u64,
}

impl Row {
    fn plus(self, other: Self) -> Self {
        Self {
            spent: self.spent + other.spent,
            requests: self.requests + other.requests,
            local: self.local + other.local,
            small: self.small + other.small,
            switches: self.switches + other.switches,
            below: self.below + other.below,
        }
    }
}

/// What a model of these does.
fn does(route: &Route) -> Tier {
    match route.model.as_str() {
        "claude-haiku-4-5" => Tier::Medium,
        "llama3.2:3b" => Tier::Low,
        _ => Tier::High,
    }
}

fn run(trace: &Trace, planner: &mut dyn Planner, tariff: &Rows) -> (Row, Vec<(Route, u64)>) {
    let mut row = Row::default();
    let mut mix: BTreeMap<String, u64> = BTreeMap::new();
    let found = replay(trace.rows.iter().cloned(), planner, tariff, &mut |past, _, now| {
        row.spent += now.cost.map_or(0, Money::nano);
        row.local += u64::from(now.local);
        row.small += u64::from(now.route == route(SMALL));
        let needs = trace.truth[&past.id];
        row.below += u64::from(harder(needs, does(&now.route)) != does(&now.route));
        *mix.entry(now.route.to_string()).or_default() += 1;
    });
    (row.requests, row.switches) = (found.all.1.requests, found.all.1.switches);
    (row, mix.into_iter().map(|(text, n)| (route(&text), n)).collect())
}

/// Every way over the traffic of all seeds, in the report's order.
fn ways(world: &World, traffic: impl Fn(u64, &Rows) -> Trace) -> Vec<(&'static str, Row)> {
    let tariff = world.tariff();
    let mut rows: Vec<(&'static str, Row)> = [
        "not routed",
        "Weir, tiered",
        "Weir, tiered, with a local model",
        "random, the same mix",
        "oracle",
    ]
    .map(|name| (name, Row::default()))
    .to_vec();
    for seed in SEEDS {
        let trace = traffic(seed, &tariff);
        let routed = |local| Routed::new(world.setup(Mode::Tiered, local), &tariff, &contexts);
        let (with_local, mix) = run(&trace, &mut routed(true), &tariff);
        let models =
            [(route(ASKED), Tier::High), (route(SMALL), Tier::Medium), (route(LOCAL), Tier::Low)];
        let made = [
            run(&trace, &mut Leave, &tariff).0,
            run(&trace, &mut routed(false), &tariff).0,
            with_local,
            run(&trace, &mut Random { dice: Dice::new(seed + 500), mix }, &tariff).0,
            run(&trace, &mut oracle(&trace, &tariff, &models, &contexts), &tariff).0,
        ];
        for (row, made) in rows.iter_mut().zip(made) {
            row.1 = row.1.plus(made);
        }
    }
    rows
}

fn percent(part: i64, whole: i64) -> String {
    let tenths = (part * 1_000 + whole.signum() * whole / 2).div_euclid(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths.rem_euclid(10))
}

fn table(out: &mut String, rows: &[(&'static str, Row)]) {
    out.push_str(
        "| | cost | saved | on the local model | on the small model | switches | below its need |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let base = rows[0].1.spent;
    let share = |part: u64, whole: u64| percent(part.cast_signed(), whole.cast_signed());
    for (name, row) in rows {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            Money::from_nano(row.spent / SEEDS.len() as i64).short(),
            percent(base - row.spent, base),
            share(row.local, row.requests),
            share(row.small, row.requests),
            row.switches / SEEDS.len() as u64,
            share(row.below, row.requests),
        );
    }
}

/// The report.
pub fn report(world: &World) -> String {
    let tariff = world.tariff();
    let sizes = |trace: &Trace| (trace.rows.len(), trace.lengths().len());
    let (requests, _) = sizes(&team(SEEDS[0], &tariff, route(ASKED)));
    let mut out = format!(
        "# What routing saves\n\n\
         Made by `make trace-report`; a test fails when it is stale. The traffic is made up in the \
         shape of real use, by seeds: 60 % simple, 25 % medium, 15 % hard. Everything asks for \
         `{ASKED}`. Prices are those of the built-in table, and prompt caches are simulated for each \
         model: five minutes, the least prefix of the model, writes billed. The judgement is right in \
         88 of 100 requests, too high in 8 and too low in 4. Means of {} seeds.\n\n\
         - *not routed*: everything goes where it asked.\n\
         - *Weir, tiered*: `mode = \"tiered\"`; low and medium lead to `{SMALL}`, high to the model \
         asked for.\n\
         - *with a local model*: low leads to `{LOCAL}` first, which holds {} tokens and costs \
         nothing.\n\
         - *random*: the same share for each model as Weir with a local model gave it, request by \
         request.\n\
         - *oracle*: knows how hard each job truly is and how long it becomes, and takes the cheapest \
         model that does, once a conversation.\n\n\
         *Below its need* is the share of requests answered by a model that is too small for them: \
         the price of a wrong judgement, and of judging at all.\n\n",
        SEEDS.len(),
        crate::LOCAL_CONTEXT_TOKENS,
    );
    let _ = writeln!(
        out,
        "## A week of a team of four\n\n312 jobs of coding agents, each a conversation with its \
         prompt cache; {requests} requests with the first seed.\n"
    );
    table(&mut out, &ways(world, |seed, tariff| team(seed, tariff, route(ASKED))));
    out.push_str("\n## A day of a service\n\n25,000 single calls, no history.\n\n");
    table(&mut out, &ways(world, |seed, tariff| service(seed, tariff, route(ASKED))));
    out.push_str(
        "\n## What the figures do not say\n\n\
         Whether an answer was good enough: no answer is in a trace. An answer is taken to be as long \
         on every model, every model to count tokens alike and to answer at once. On no conversation \
         of the seeds is routing dearer than not routing: `cargo test -p weir-engine --test savings` \
         checks that with more of them (`WEIR_SEEDS=1000`).\n",
    );
    out
}
