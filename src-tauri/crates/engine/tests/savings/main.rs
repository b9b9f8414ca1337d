//! What routing saves and what it must never do, on traffic in the shape of real use, with the
//! prices of the table and the prompt caches of the providers.
//! The report is docs/routing-savings.md; to write it anew: `make trace-report`.

mod planners;
mod prices;
mod report;
mod shapes;
mod trace;

use planners::{Leave, Random};
use prices::Rows;
use shapes::{SHAPES, shaped};
use std::collections::HashMap;
use std::path::Path;
use trace::{Dice, Maker, Trace, few};
use weir_core::Conversation;
use weir_core::route::{Mode, Route, Setup};
use weir_engine::config::Config;
use weir_engine::prices::Prices;
use weir_engine::simulate::{Planner, PriceTariff, Routed, Tariff, replay};

/// What a local model of the size that fits a laptop holds.
const LOCAL_CONTEXT_TOKENS: u64 = 32_768;

fn route(text: &str) -> Route {
    let (provider, model) = text.split_once('/').expect("provider/model");
    Route { provider: provider.into(), model: model.into() }
}

const ASKED: &str = "anthropic/claude-sonnet-4-5";
/// Asked for where everything in the chains is cheaper.
const DEAR: &str = "anthropic/claude-opus-4-5";
const SMALL: &str = "anthropic/claude-haiku-4-5";
const LOCAL: &str = "ollama/llama3.2:3b";

/// Models of other vendors, two of each.
const OTHERS: [&str; 4] =
    ["openai/gpt-5", "openai/gpt-5-mini", "gemini/gemini-2.5-pro", "gemini/gemini-2.5-flash"];

/// Prices and providers of a default configuration.
struct World {
    prices: Prices,
    config: Config,
}

impl World {
    fn new() -> Self {
        Self {
            prices: Prices::open(None, None).expect("the table"),
            config: Config::default_config(),
        }
    }

    fn tariff(&self) -> Rows {
        let all = [DEAR, ASKED, SMALL, LOCAL].into_iter().chain(OTHERS);
        let all: Vec<Route> = all.map(route).collect();
        Rows::of(self, &all, trace::START_MS)
    }

    /// The default chains in a mode, with a local model or without.
    fn setup(&self, mode: Mode, local: bool) -> Setup {
        let low: &[&str] = if local { &[LOCAL, SMALL] } else { &[SMALL] };
        Setup {
            mode,
            low: low.iter().map(|text| route(text)).collect(),
            medium: vec![route(SMALL)],
            high: vec![route(ASKED)],
            ..self.config.setup(false, |_| true)
        }
    }
}

fn contexts(route: &Route) -> Option<u64> {
    (route.provider == "ollama").then_some(LOCAL_CONTEXT_TOKENS)
}

/// What each conversation cost as it was, what it would have, and where it would have gone.
fn by_conversation(
    trace: &Trace,
    planner: &mut dyn Planner,
    tariff: &Rows,
) -> HashMap<Conversation, (i64, i64, Vec<String>)> {
    let mut spent: HashMap<Conversation, (i64, i64, Vec<String>)> = HashMap::new();
    replay(trace.rows.iter().cloned(), planner, tariff, &mut |past, was, now| {
        let sums = spent.entry(past.conversation.expect("all have one")).or_default();
        sums.0 += was.cost.expect("priced").nano();
        sums.1 += now.cost.expect("priced").nano();
        sums.2.push(now.route.to_string());
    });
    spent
}

#[test]
fn on_no_conversation_is_routing_dearer_than_not_routing() {
    let world = World::new();
    let tariff = world.tariff();
    let seeds: u64 = std::env::var("WEIR_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut dearer: Vec<String> = Vec::new();
    let (mut looked_at, mut saved) = (0, 0);
    for seed in 0..seeds {
        let asked = if seed % 3 == 0 { DEAR } else { ASKED };
        let trace = few(seed, &tariff, route(asked), 8);
        for (mode, local) in [(Mode::Tiered, false), (Mode::Tiered, true), (Mode::LocalFirst, true)]
        {
            let setup = world.setup(mode, local);
            let mut planner = Routed::new(setup, &tariff, &contexts);
            for (key, (was, now, routes)) in by_conversation(&trace, &mut planner, &tariff) {
                looked_at += 1;
                saved += was - now;
                if now > was {
                    dearer.push(format!(
                        "seed {seed}, {} {local}, conversation {key}: {now} against {was}: {}",
                        mode.as_str(),
                        shortened(&routes)
                    ));
                }
            }
        }
    }
    assert!(
        dearer.is_empty(),
        "{} of {looked_at} are dearer:\n{}",
        dearer.len(),
        dearer[..dearer.len().min(12)].join("\n")
    );
    assert!(looked_at > 20 * seeds && saved > 0, "{looked_at} looked at, {saved} saved");
}

/// Chains that lead from one vendor to another, some to models that cache what the asked one does
/// not, or do not cache what it does.
fn chains(world: &World, n: u64) -> Setup {
    let all = |links: &[&str]| links.iter().map(|text| route(text)).collect::<Vec<_>>();
    let (low, medium, high) = match n % 4 {
        0 => (all(&[SMALL]), all(&[SMALL]), all(&[ASKED, "openai/gpt-5"])),
        1 => (all(&[LOCAL, SMALL]), all(&[SMALL]), all(&[ASKED])),
        2 => (all(&["openai/gpt-5-mini"]), all(&["openai/gpt-5", SMALL]), all(&[ASKED])),
        _ => (all(&["gemini/gemini-2.5-flash", SMALL]), all(&["openai/gpt-5-mini"]), all(&[DEAR])),
    };
    Setup { low, medium, high, ..world.setup(Mode::Tiered, false) }
}

#[test]
fn whatever_the_shape_of_a_client_no_conversation_is_dearer_than_not_routed() {
    let world = World::new();
    let tariff = world.tariff();
    let seeds: u64 = std::env::var("WEIR_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let mut dearer: Vec<String> = Vec::new();
    let (mut looked_at, mut saved) = (0, [0; SHAPES.len()]);
    for (shape, saved) in SHAPES.iter().zip(&mut saved) {
        for seed in 0..seeds {
            let mut trace = Trace::default();
            let mut maker = Maker::new(seed + 7_000, &tariff, route(shape.asked));
            for n in 0..6 {
                shaped(&mut maker, &mut trace, shape, trace::START_MS + n * 40 * 60 * 60_000);
            }
            let trace = trace.sort();
            let mut planner = Routed::new(chains(&world, seed), &tariff, &contexts);
            for (key, (was, now, routes)) in by_conversation(&trace, &mut planner, &tariff) {
                looked_at += 1;
                *saved += was - now;
                if now > was {
                    let (name, ways) = (shape.name, shortened(&routes));
                    dearer.push(format!("{name}, seed {seed}, {key}: {now} against {was}: {ways}"));
                }
            }
        }
    }
    assert!(
        dearer.is_empty(),
        "{} of {looked_at} are dearer:\n{}",
        dearer.len(),
        dearer[..dearer.len().min(20)].join("\n")
    );
    // A rule that never moved anything would pass as well.
    assert!(saved.iter().all(|saved| *saved > 0), "{saved:?}");
}

/// Runs of the same model as one.
fn shortened(routes: &[String]) -> String {
    let mut runs: Vec<(String, u32)> = Vec::new();
    for route in routes {
        let name = route.rsplit('/').next().unwrap_or_default();
        match runs.last_mut() {
            Some((last, n)) if last == name => *n += 1,
            _ => runs.push((name.to_owned(), 1)),
        }
    }
    runs.iter().map(|(name, n)| format!("{n}× {name}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn dice_are_dearer_on_many_conversations_so_the_measure_can_tell() {
    let world = World::new();
    let tariff = world.tariff();
    let trace = few(3, &tariff, route(ASKED), 200);
    let mix = vec![(route(ASKED), 1), (route(SMALL), 1)];
    let mut dice = Random { dice: Dice::new(5), mix };
    let found = by_conversation(&trace, &mut dice, &tariff);
    let dearer = found.values().filter(|(was, now, _)| now > was).count();
    assert!(dearer > 20, "{dearer} of {}", found.len());
}

#[test]
fn the_rows_that_are_looked_up_once_cost_what_the_engine_bills() {
    let world = World::new();
    let tariff = world.tariff();
    let engine = PriceTariff { prices: &world.prices, providers: &world.config.providers };
    let trace = few(9, &tariff, route(ASKED), 30);
    for past in &trace.rows {
        let used = past.usage.expect("used");
        for to in [ASKED, SMALL, LOCAL].map(route) {
            let billed = engine.cost(&to, past.at_ms, &used);
            assert_eq!(tariff.cost(&to, past.at_ms, &used), billed, "{to} {used:?}");
            assert_eq!(tariff.caching(&to), engine.caching(&to));
        }
    }
}

#[test]
fn a_trace_is_the_same_every_time_and_has_the_mix_it_should() {
    let world = World::new();
    let tariff = world.tariff();
    let trace = trace::service(1, &tariff, route(ASKED));
    assert_eq!(trace.rows.len(), 25_000);
    let hard = trace.truth.values().filter(|tier| tier.as_str() == "high").count();
    let simple = trace.truth.values().filter(|tier| tier.as_str() == "low").count();
    assert!((3_500..4_000).contains(&hard) && (14_700..15_300).contains(&simple));
    assert_eq!(trace.rows, trace::service(1, &tariff, route(ASKED)).rows);
    let left = replay(trace.rows.iter().cloned(), &mut Leave, &tariff, &mut |_, _, _| {});
    assert_eq!(left.all.0, left.all.1);
}

#[test]
fn the_report_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/routing-savings.md");
    let made = report::report(&World::new());
    if std::env::var_os("WEIR_WRITE").is_some() {
        std::fs::write(&file, &made).expect("written");
    }
    let committed = std::fs::read_to_string(&file).expect("docs/routing-savings.md");
    assert!(
        committed.replace("\r\n", "\n") == made,
        "docs/routing-savings.md is stale. Run: make trace-report"
    );
}
