//! The world of the simulation: five models at four providers, prices, a budget, a clock, dice.

use crate::health::{Health, How};
use crate::ports::Clock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use weir_core::budget::{self, AtLimit, Fit, Limit};
use weir_core::route::{
    Ask, KeySource, Mode, Provider, ProviderKind, Quotes, Route, Setup, Standing, Tier, prefix_min,
};
use weir_core::verdict::{Fault, Says};
use weir_core::{Class, Conversation, Dialect, Endpoint, Failover, Judgement, Money, Task, Usage};

/// Monday, 23 November 2026, 08:00 UTC.
const START_MS: i64 = 1_795_420_800_000;
/// After so long without a failure nothing of a breaker's rest is left: the longest rest, and more.
const CALM_MS: i64 = 130_000;
/// The most an answer has, in tokens.
const OUTPUT_MAX: u64 = 800;

const ROUTES: [&str; 5] = ["one/big", "one/small", "two/mini", "home/tiny", "odd/plain"];
const ASKED: [&str; 4] = ["weir-low", "weir-medium", "weir-auto", "big"];

/// A small generator with a fixed seed.
pub struct Dice(u64);

impl Dice {
    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides.max(1)
    }

    fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll(to - from)
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap_or(0)]
    }
}

/// Both clocks, moved by hand: milliseconds since the start.
#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn unix_ms(&self) -> i64 {
        START_MS + self.0.load(Ordering::Relaxed).cast_signed()
    }
    fn monotonic_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed) * 1_000_000
    }
}

/// Prices: nano-dollars a token for input, a cache read, a cache write and output.
pub struct Table;

impl Quotes for Table {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        let (input, read, write, output) = match route.model.as_str() {
            "big" => (3_000, 300, 3_750, 15_000),
            "small" => (1_000, 100, 1_250, 5_000),
            "mini" => (250, 25, 250, 2_000),
            "tiny" => (0, 0, 0, 0),
            _ => return None,
        };
        let written = usage.cache_write_5m + usage.cache_write_1h;
        let sum =
            usage.input * input + usage.cache_read * read + written * write + usage.output * output;
        Some(Money::from_nano(sum.cast_signed()))
    }
}

/// One budget, with what others spend in it.
pub struct Budget {
    standing: budget::Standing,
    limit: Limit,
    pub at_limit: AtLimit,
    resets_ms: i64,
    /// What others have set aside.
    others: Vec<budget::Ask>,
    /// Holds that were not settled yet.
    open: u64,
}

impl Budget {
    /// Whether an attempt may be made.
    pub fn fits(&self, asks: budget::Ask) -> bool {
        self.at_limit == AtLimit::Notify || self.standing.fits(asks, self.limit) == Fit::Fits
    }

    pub fn hold(&mut self, asks: budget::Ask) -> Result<(), String> {
        self.standing.hold(asks);
        self.open += 1;
        self.kept()
    }

    pub fn settle(&mut self, asks: budget::Ask, cost: Option<Money>) {
        self.standing.settle(asks, cost, 0);
        self.open -= 1;
    }

    /// Spent and reserved never pass a hard limit.
    fn kept(&self) -> Result<(), String> {
        let sum = self.standing.spent.saturating_add(self.standing.reserved);
        match self.limit {
            Limit::Usd(limit) if self.at_limit != AtLimit::Notify && sum > limit => {
                Err(format!("{sum:?} of {limit:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// One request.
pub struct Turn {
    pub conversation: u64,
    asked: &'static str,
    judgement: Judgement,
    marked: bool,
}

impl Turn {
    pub fn ask<'a>(&self, standing: Option<&'a Standing>, now_ms: i64) -> Ask<'a> {
        Ask {
            judgement: Some(self.judgement),
            client: "tool",
            conversation: Some(Conversation(self.conversation)),
            standing,
            max_output: Some(OUTPUT_MAX),
            cache_marked: self.marked,
            now_ms,
            quotes: &Table,
            ..Ask::bare(Endpoint::Messages, self.asked, true)
        }
    }

    /// Whether it names a chain, which is the same on every turn.
    pub fn is_a_chain(&self) -> bool {
        matches!(self.asked, "weir-low" | "weir-medium")
    }
}

pub struct World {
    pub setup: Setup,
    pub dice: Dice,
    pub health: Arc<Health>,
    pub limits: Failover,
    pub budget: Budget,
    pub standings: HashMap<u64, Standing>,
    clock: Arc<Hand>,
    /// When the request at hand was asked.
    asked_ms: i64,
    /// Prompts of conversations, in tokens.
    prompts: HashMap<u64, u64>,
    /// What each model answers with for now, and until when.
    ill: HashMap<Route, (Fault, i64)>,
    /// When each model failed last, and until when it asked not to be called.
    failed: HashMap<Route, (i64, i64)>,
    /// When a whole provider failed last.
    away: HashMap<String, i64>,
}

fn route(text: &str) -> Route {
    let (provider, model) = text.split_once('/').unwrap_or((text, ""));
    Route { provider: provider.into(), model: model.into() }
}

fn providers() -> Vec<Provider> {
    let of = |name: &str, dialect, kind| Provider {
        name: name.into(),
        dialect,
        base_url: format!("https://{name}.example"),
        key: KeySource::Env("KEY".into()),
        local: kind == ProviderKind::LocalServer,
        kind,
    };
    vec![
        of("one", Dialect::Anthropic, ProviderKind::Plain),
        of("two", Dialect::OpenAi, ProviderKind::Plain),
        of("odd", Dialect::OpenAi, ProviderKind::Plain),
        of("home", Dialect::Ollama, ProviderKind::LocalServer),
    ]
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut chain = || {
            let mut links: Vec<Route> = Vec::new();
            for _ in 0..=dice.roll(3) {
                let link = route(dice.pick(&ROUTES));
                if !links.contains(&link) {
                    links.push(link);
                }
            }
            links
        };
        let (low, medium, high) = (chain(), chain(), chain());
        let mode = dice.pick(&[Mode::Honour, Mode::Tiered, Mode::LocalFirst]);
        let setup = Setup {
            providers: providers(),
            low,
            medium,
            high,
            mode,
            sticky: true,
            escalate: dice.roll(3) == 0,
            rule_work_local: true,
            ..Setup::default()
        };
        let clock = Arc::new(Hand::default());
        let dollars = dice.between(1, 400).cast_signed() * 10_000_000;
        let budget = Budget {
            standing: budget::Standing::default(),
            limit: Limit::Usd(Money::from_nano(dollars)),
            at_limit: dice.pick(&[
                AtLimit::Notify,
                AtLimit::Downgrade,
                AtLimit::Local,
                AtLimit::Block,
            ]),
            resets_ms: START_MS,
            others: Vec::new(),
            open: 0,
        };
        let health = Health::new(clock.clone());
        let (standings, prompts) = (HashMap::new(), HashMap::new());
        let (ill, failed, away) = (HashMap::new(), HashMap::new(), HashMap::new());
        let limits = Failover::default();
        let asked_ms = START_MS;
        Self {
            setup,
            dice,
            health,
            limits,
            budget,
            standings,
            clock,
            asked_ms,
            prompts,
            ill,
            failed,
            away,
        }
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    pub fn advance(&mut self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }

    /// Time passes, models fall ill, others spend and are done, a budget's window ends.
    pub fn pass_time(&mut self) {
        let ms = match self.dice.roll(100) {
            0..84 => self.dice.between(100, 5_000),
            84..98 => self.dice.between(5_000, 60_000),
            _ => self.dice.between(360_000, 1_500_000),
        };
        self.advance(ms);
        let now_ms = self.now_ms();
        self.asked_ms = now_ms;
        if self.dice.roll(100) < 7 {
            let says = |says| Fault::Refused(says);
            let fault = self.dice.pick(&[
                says(Says::RateLimited),
                says(Says::RateLimited),
                says(Says::Overloaded),
                says(Says::Failed),
                Fault::Connect,
                Fault::Silent,
                Fault::Slow,
                Fault::Cut,
            ]);
            let lasts = self.dice.between(200, 90_000);
            let which = route(self.dice.pick(&ROUTES));
            self.ill.insert(which, (fault, now_ms + lasts.cast_signed()));
        }
        if now_ms >= self.budget.resets_ms {
            let reserved = self.budget.standing.reserved;
            self.budget.standing = budget::Standing { reserved, ..budget::Standing::default() };
            self.budget.resets_ms = now_ms + 3_600_000;
        }
        self.others();
    }

    /// Somebody else's requests, which begin and end between these.
    fn others(&mut self) {
        let asks = budget::Ask {
            cost: Some(Money::from_nano(self.dice.roll(30_000_000).cast_signed())),
            tokens: 0,
        };
        if self.dice.roll(4) == 0 && self.budget.fits(asks) {
            self.budget.standing.hold(asks);
            self.budget.others.push(asks);
        }
        if self.dice.roll(3) == 0
            && let Some(asks) = self.budget.others.pop()
        {
            let cost = asks.cost.map(|cost| Money::from_nano(cost.nano() / 2));
            self.budget.standing.settle(asks, cost, 0);
        }
    }

    pub fn turn(&mut self) -> Turn {
        let conversation = self.dice.roll(12);
        let prompt = self.prompts.entry(conversation).or_insert(0);
        if *prompt == 0 || self.dice.roll(60) == 0 {
            *prompt = self.dice.between(20, 9_000);
            self.standings.remove(&conversation);
        }
        *prompt += self.dice.roll(600);
        let prompt_tokens = *prompt;
        // What a conversation asks for, and whether it marks its prompt, is always the same.
        let number = usize::try_from(conversation).unwrap_or(0);
        let asked = ASKED[number % ASKED.len()];
        let tier = self.dice.pick(&[Tier::Low, Tier::Medium, Tier::High]);
        let task = self.dice.pick(&[Task::AgentStep, Task::Classification, Task::CodeGeneration]);
        let judgement = Judgement {
            task,
            tier,
            confidence: 900,
            class: Class::Main,
            deterministic: false,
            prompt_tokens,
        };
        Turn { conversation, asked, judgement, marked: number % 3 != 0 }
    }

    pub fn provider(&self, route: &Route) -> &Provider {
        let found = self.setup.providers.iter().find(|p| p.name == route.provider);
        found.expect("every route has its provider")
    }

    /// Whether a route would be asked by somebody who can go elsewhere.
    pub fn would(&self, route: &Route) -> bool {
        let how = How { in_chain: true, alone: false };
        self.health.would(route, self.provider(route), how)
    }

    /// How long an attempt takes, and how it fails, if it does.
    pub fn meets(&mut self, route: &Route) -> (u64, Option<(Fault, Option<Duration>)>) {
        let now_ms = self.now_ms();
        let Some((fault, until_ms)) = self.ill.get(route).copied() else {
            return (self.dice.between(200, 4_000), None);
        };
        if now_ms >= until_ms {
            self.ill.remove(route);
            return (self.dice.between(200, 4_000), None);
        }
        let wait = Duration::from_millis((until_ms - now_ms).cast_unsigned());
        let wait = (fault == Fault::Refused(Says::RateLimited)).then_some(wait);
        let took = if matches!(fault, Fault::Silent | Fault::Slow) { 12_000 } else { 80 };
        (took, Some((fault, wait)))
    }

    pub fn noted(&mut self, route: &Route, fault: Fault, wait: Option<Duration>) {
        let now_ms = self.now_ms();
        let wait = wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(0));
        self.failed.insert(route.clone(), (now_ms, now_ms + wait));
        if fault == Fault::Connect {
            self.away.insert(route.provider.clone(), now_ms);
        }
    }

    /// Whether nothing a model had done spoke against it any more when the request was asked, and it
    /// answered.
    pub fn is_surely_well(&self, route: &Route) -> bool {
        let now_ms = self.asked_ms;
        let calm = |at: i64| now_ms - at > CALM_MS;
        let ill = self.ill.get(route).is_some_and(|(_, until_ms)| now_ms < *until_ms);
        let own = self.failed.get(route).is_none_or(|(at, until)| calm(*at) && now_ms > *until);
        !ill && own && self.away.get(&route.provider).is_none_or(|at| calm(*at))
    }

    /// The most a request can cost on a route.
    pub fn at_most(&self, ask: &Ask<'_>, route: &Route) -> budget::Ask {
        let prompt = ask.judgement.map_or(0, |j| j.prompt_tokens);
        let usage = Usage { cache_write_5m: prompt, output: OUTPUT_MAX, ..Usage::default() };
        budget::Ask { cost: Table.cost(route, &usage), tokens: prompt + OUTPUT_MAX }
    }

    pub fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        Table.cost(route, usage)
    }

    /// What a request uses on a route.
    pub fn used(&self, ask: &Ask<'_>, route: &Route) -> Usage {
        let prompt = ask.judgement.map_or(0, |j| j.prompt_tokens);
        let output = OUTPUT_MAX / 2;
        let marks = route.provider == "one" && ask.cache_marked;
        let caches = marks || route.provider == "two" || route.provider == "odd";
        if !caches || prompt < prefix_min(&route.model) {
            return Usage { input: prompt, output, ..Usage::default() };
        }
        let known = ask.standing.and_then(|s| s.at(route)).filter(|w| ask.now_ms <= w.until_ms);
        let read = known.map_or(0, |w| w.prompt).min(prompt);
        let rest = prompt - read;
        let (input, cache_write_5m) = if marks { (0, rest) } else { (rest, 0) };
        Usage { input, cache_read: read, cache_write_5m, output, ..Usage::default() }
    }

    /// What holds between two requests: every hold was settled once, and no limit is passed.
    pub fn sound(&self) -> Result<(), String> {
        let others = self.budget.others.iter().filter_map(|asks| asks.cost);
        let others = others.fold(Money::ZERO, Money::saturating_add);
        if self.budget.open != 0 || self.budget.standing.reserved != others {
            return Err(format!(
                "{:?} is set aside, {others:?} of it by others",
                self.budget.standing
            ));
        }
        self.budget.kept()
    }
}
