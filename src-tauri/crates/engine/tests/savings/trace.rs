//! Made-up traffic in the shape of real use: conversations of coding agents with their prompt
//! caches, and single calls of a service. What a request used is what a provider would have
//! reported, had everything gone to the model that was asked for.

use std::collections::HashMap;
use weir_core::route::{Route, Tier, prefix_min};
use weir_core::{Class, Conversation, Endpoint, Money, RequestId, Task, Usage};
use weir_engine::simulate::{Past, Tariff};

/// Monday, 23 November 2026, 08:00 UTC.
pub const START_MS: i64 = 1_795_420_800_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long the provider keeps what it cached.
const CACHE_MS: i64 = 5 * MINUTE_MS;

/// A small generator with a fixed seed: every run makes the same traffic.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides.max(1)
    }

    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll(to - from)
    }

    /// Small values more often than large ones.
    pub fn skewed(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll(to - from).min(self.roll(to - from)).min(self.roll(to - from))
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.roll(100) < chance
    }
}

/// Requests, and how hard each truly was.
#[derive(Default)]
pub struct Trace {
    pub rows: Vec<Past>,
    pub truth: HashMap<RequestId, Tier>,
}

impl Trace {
    /// Requests of each conversation.
    pub fn lengths(&self) -> HashMap<Conversation, u32> {
        let mut lengths = HashMap::new();
        for key in self.rows.iter().filter_map(|past| past.conversation) {
            *lengths.entry(key).or_default() += 1;
        }
        lengths
    }

    pub fn sort(mut self) -> Self {
        self.rows.sort_by_key(|past| past.id);
        self
    }
}

/// 60 % simple, 25 % medium, 15 % hard.
pub fn difficulty(dice: &mut Dice) -> Tier {
    match dice.roll(100) {
        0..60 => Tier::Low,
        60..85 => Tier::Medium,
        _ => Tier::High,
    }
}

/// What triage makes of a request: right in 88 of 100, one tier too high in 8, too low in 4.
fn judged(dice: &mut Dice, truth: Tier) -> (Tier, u16) {
    match (dice.roll(100), truth) {
        (0..4, Tier::High) => (Tier::Medium, 610),
        (0..4, Tier::Medium) => (Tier::Low, 640),
        (4..12, Tier::Low) => (Tier::Medium, 620),
        (4..12, Tier::Medium) => (Tier::High, 600),
        (_, truth) => (truth, 930),
    }
}

pub fn task(dice: &mut Dice, tier: Tier) -> Task {
    let tasks: &[Task] = match tier {
        Tier::Low => &[Task::Classification, Task::Extraction, Task::Rewriting, Task::Translation],
        Tier::Medium => &[Task::CodeGeneration, Task::Summarization, Task::CodeReview],
        Tier::High => &[Task::Debugging, Task::Planning, Task::Reasoning],
    };
    tasks[dice.roll(tasks.len() as u64) as usize]
}

/// Makes requests of one kind of client.
pub struct Maker<'a> {
    pub dice: Dice,
    pub tariff: &'a dyn Tariff,
    pub asked: Route,
    sequence: u32,
}

/// What one request is made of.
pub struct Call {
    pub at_ms: i64,
    pub client: &'static str,
    pub conversation: Conversation,
    pub truth: Tier,
    pub task: Task,
    pub class: Class,
    pub usage: Usage,
}

impl<'a> Maker<'a> {
    pub fn new(seed: u64, tariff: &'a dyn Tariff, asked: Route) -> Self {
        Self { dice: Dice::new(seed), tariff, asked, sequence: 0 }
    }

    pub fn put(&mut self, trace: &mut Trace, call: &Call) {
        self.sequence += 1;
        let id = RequestId::new(call.at_ms, self.sequence % (1 << 20));
        let (tier, confidence) = judged(&mut self.dice, call.truth);
        // A prompt's length is known before it is sent only by its bytes.
        let prompt = call.usage.prompt();
        let prompt_tokens = prompt * self.dice.between(85, 115) / 100;
        let cost = self.tariff.cost(&self.asked, call.at_ms, &call.usage);
        assert!(cost.is_some_and(|cost| cost > Money::ZERO), "{} has a price", self.asked);
        trace.truth.insert(id, call.truth);
        trace.rows.push(Past {
            named_tier: false,
            id,
            at_ms: call.at_ms,
            ended_ms: call.at_ms + 800 + call.usage.output.cast_signed() * 12,
            client: call.client.into(),
            project: None,
            category: None,
            endpoint: Endpoint::Messages,
            asked_model: self.asked.model.clone(),
            task: Some(call.task),
            tier: Some(if prompt > 50_000 { Tier::High } else { tier }),
            confidence: Some(confidence),
            class: call.class,
            deterministic: call.truth == Tier::Low && call.task == Task::Extraction,
            prompt_tokens,
            conversation: Some(call.conversation),
            route: self.asked.clone(),
            local: false,
            usage: Some(call.usage),
            cost,
            in_shadow: false,
            shadow: None,
        });
    }

    /// One conversation of a coding agent: a large prefix of system text and tools, turns that add
    /// to it, pauses that are short while it works and long while its user thinks.
    pub fn conversation(&mut self, trace: &mut Trace, start_ms: i64) {
        let truth = difficulty(&mut self.dice);
        let key = Conversation(self.dice.roll(u64::MAX));
        let turns = match truth {
            Tier::Low => self.dice.skewed(1, 14),
            Tier::Medium => self.dice.skewed(3, 40),
            Tier::High => self.dice.skewed(8, 90),
        };
        // Some tools send little; most send a lot.
        let mut prefix = if self.dice.percent(25) {
            self.dice.between(600, 6_000)
        } else {
            self.dice.between(9_000, 24_000)
        };
        let (mut at_ms, mut warm, mut until_ms) = (start_ms, 0, 0);
        if self.dice.percent(60) {
            let usage =
                Usage { input: self.dice.between(300, 900), output: 14, ..Usage::default() };
            let conversation = Conversation(key.0 ^ 1);
            let (client, class, task) = ("claude-code", Class::Auxiliary, Task::Summarization);
            self.put(
                trace,
                &Call { at_ms, client, conversation, truth: Tier::Low, task, class, usage },
            );
        }
        for turn in 0..turns {
            let last = self.dice.between(4, 200);
            let held = if at_ms <= until_ms { warm } else { 0 };
            let cacheable = if prefix < prefix_min(&self.asked.model) { 0 } else { prefix };
            let read = held.min(cacheable);
            let output = self.dice.skewed(20, 2_400);
            let usage = Usage {
                input: last + prefix - cacheable,
                cache_read: read,
                cache_write_5m: cacheable - read,
                output,
                ..Usage::default()
            };
            let asks = turn == 0 || self.dice.percent(15);
            let task = if asks { task(&mut self.dice, truth) } else { Task::AgentStep };
            let (client, class) = ("claude-code", Class::Main);
            let conversation = key;
            self.put(trace, &Call { at_ms, client, conversation, truth, task, class, usage });
            (warm, until_ms) = (cacheable, at_ms + CACHE_MS);
            prefix += last + output + self.dice.skewed(50, 9_000);
            let pause = match self.dice.roll(100) {
                0..84 => self.dice.between(4_000, 70_000),
                84..95 => self.dice.between(70_000, 290_000),
                _ => self.dice.between(300_000, 2_400_000),
            };
            at_ms += pause.cast_signed();
        }
    }

    /// One call of a service: a short prompt, a short answer, no history.
    fn call(&mut self, trace: &mut Trace, at_ms: i64) {
        let truth = difficulty(&mut self.dice);
        let (input, output) = match truth {
            Tier::Low => (self.dice.skewed(150, 2_500), self.dice.skewed(2, 300)),
            Tier::Medium => (self.dice.skewed(400, 7_000), self.dice.skewed(80, 1_200)),
            Tier::High => (self.dice.skewed(800, 12_000), self.dice.skewed(200, 2_500)),
        };
        let usage = Usage { input, output, ..Usage::default() };
        let conversation = Conversation(self.dice.roll(u64::MAX));
        let (client, class, task) = ("service", Class::Main, task(&mut self.dice, truth));
        self.put(trace, &Call { at_ms, client, conversation, truth, task, class, usage });
    }
}

/// A week of a team of four: 312 jobs on five working days.
pub fn team(seed: u64, tariff: &dyn Tariff, asked: Route) -> Trace {
    const JOBS: i64 = 312;
    let mut trace = Trace::default();
    let mut maker = Maker::new(seed, tariff, asked);
    for job in 0..JOBS {
        let hours = maker.dice.roll(9 * 60).cast_signed() * MINUTE_MS;
        maker.conversation(&mut trace, START_MS + job % 5 * DAY_MS + hours);
    }
    trace.sort()
}

/// A day of a service: 25,000 calls.
pub fn service(seed: u64, tariff: &dyn Tariff, asked: Route) -> Trace {
    const CALLS: i64 = 25_000;
    let mut trace = Trace::default();
    let mut maker = Maker::new(seed, tariff, asked);
    for n in 0..CALLS {
        maker.call(&mut trace, START_MS + n * DAY_MS / CALLS);
    }
    trace.sort()
}

/// A few conversations, for properties.
pub fn few(seed: u64, tariff: &dyn Tariff, asked: Route, conversations: u64) -> Trace {
    let mut trace = Trace::default();
    let mut maker = Maker::new(seed, tariff, asked);
    for n in 0..conversations {
        maker.conversation(&mut trace, START_MS + n.cast_signed() * DAY_MS);
    }
    trace.sort()
}
