//! Clients of many shapes, for the property that routing is never dearer: prompts that stay between
//! the least lengths two models cache, marks on the system text alone, caches of an hour, caches that
//! nobody marks, work that changes its difficulty, conversations that are compacted.

use crate::trace::{Call, Dice, Maker, Trace, difficulty, task};
use weir_core::route::{Caching, Tier, prefix_min};
use weir_core::{Class, Conversation, Task, Usage};

const MINUTE_MS: i64 = 60_000;

/// How a client asks.
pub struct Shape {
    pub name: &'static str,
    /// What it asks for.
    pub asked: &'static str,
    /// Its system text and tools, in tokens.
    system: (u64, u64),
    /// What a turn adds, in tokens.
    turn: (u64, u64),
    /// What an answer comes to, in tokens.
    output: (u64, u64),
    /// Whether its marks follow the conversation, or stay behind the system text.
    rolling: bool,
    /// Whether its caches live an hour.
    hour: bool,
    /// Whether what it asks is now easy and now hard.
    drifts: bool,
    /// Of a hundred turns, after how many its history is made short.
    compacts: u64,
}

const SONNET: &str = "anthropic/claude-sonnet-4-5";

const PLAIN: Shape = Shape {
    name: "a short prompt that hardly grows",
    asked: SONNET,
    system: (900, 6_500),
    turn: (4, 60),
    output: (2, 60),
    rolling: true,
    hour: false,
    drifts: false,
    compacts: 0,
};

/// Every shape.
pub const SHAPES: [Shape; 10] = [
    PLAIN,
    Shape {
        name: "marks behind the system text",
        rolling: false,
        turn: (4, 3_000),
        output: (2, 400),
        ..PLAIN
    },
    Shape { name: "a prompt that begins tiny", system: (40, 1_500), turn: (10, 400), ..PLAIN },
    Shape { name: "an hour's cache", system: (2_000, 30_000), hour: true, ..PLAIN },
    Shape {
        name: "work that is now easy and now hard",
        system: (500, 20_000),
        turn: (4, 4_000),
        output: (2, 1_500),
        drifts: true,
        ..PLAIN
    },
    Shape {
        name: "a conversation that is compacted",
        system: (500, 9_000),
        turn: (100, 3_000),
        output: (2, 700),
        drifts: true,
        compacts: 6,
        ..PLAIN
    },
    Shape {
        name: "OpenAI, caches that nobody marks",
        asked: "openai/gpt-5",
        system: (200, 9_000),
        turn: (4, 900),
        output: (2, 500),
        drifts: true,
        compacts: 2,
        ..PLAIN
    },
    Shape { name: "OpenAI, short and many", asked: "openai/gpt-5", system: (900, 3_000), ..PLAIN },
    Shape {
        name: "Gemini",
        asked: "gemini/gemini-2.5-pro",
        system: (200, 9_000),
        turn: (4, 900),
        output: (2, 500),
        drifts: true,
        ..PLAIN
    },
    Shape { name: "a dear model", asked: "anthropic/claude-opus-4-5", drifts: true, ..PLAIN },
];

/// What a provider has of a prompt.
#[derive(Clone, Copy, Default)]
struct Held {
    tokens: u64,
    until_ms: i64,
}

/// A few conversations of one shape.
pub fn shaped(maker: &mut Maker<'_>, trace: &mut Trace, shape: &Shape, start_ms: i64) {
    let key = Conversation(maker.dice.roll(u64::MAX));
    let system = maker.dice.between(shape.system.0, shape.system.1);
    let turns = maker.dice.skewed(1, 40);
    let (mut truth, mut history, mut at_ms) = (difficulty(&mut maker.dice), 0, start_ms);
    let mut held = Held::default();
    for turn in 0..turns {
        if shape.drifts && maker.dice.percent(25) {
            truth = difficulty(&mut maker.dice);
        }
        if turn > 0 && maker.dice.percent(shape.compacts) {
            // The system text stays as it was, and warm.
            history = maker.dice.between(20, 1_200);
            held.tokens = held.tokens.min(system);
        }
        let last = maker.dice.between(shape.turn.0, shape.turn.1);
        let output = maker.dice.skewed(shape.output.0, shape.output.1);
        let usage = used(maker, shape, at_ms, [system, history, last], output, &mut held);
        let conversation = key;
        let (client, class) = ("claude-code", Class::Main);
        let task = asked_for(&mut maker.dice, turn, truth);
        maker.put(trace, &Call { at_ms, client, conversation, truth, task, class, usage });
        history += last + output;
        at_ms += pause(&mut maker.dice);
    }
}

fn asked_for(dice: &mut Dice, turn: u64, truth: Tier) -> Task {
    if turn == 0 || dice.percent(50) { task(dice, truth) } else { Task::AgentStep }
}

fn pause(dice: &mut Dice) -> i64 {
    let pause = match dice.roll(100) {
        0..84 => dice.between(2_000, 70_000),
        84..93 => dice.between(70_000, 290_000),
        _ => dice.between(300_000, 4_000_000),
    };
    pause.cast_signed()
}

/// What the model that is asked for uses, as its vendor caches.
fn used(
    maker: &Maker<'_>,
    shape: &Shape,
    at_ms: i64,
    [system, history, last]: [u64; 3],
    output: u64,
    held: &mut Held,
) -> Usage {
    let prompt = system + history + last;
    let caching = maker.tariff.caching(&maker.asked);
    let cacheable = match (caching, shape.rolling) {
        (Caching::Unasked, _) => prompt,
        (_, true) => system + history,
        (_, false) => system,
    };
    let floor = prefix_min(&maker.asked.model);
    let cacheable = if cacheable < floor { 0 } else { cacheable };
    let warm = if at_ms <= held.until_ms { held.tokens } else { 0 };
    let read = warm.min(cacheable);
    let read = if read < floor { 0 } else { read };
    let written = if caching == Caching::Marked { cacheable - read } else { 0 };
    if cacheable > 0 {
        let life = if shape.hour { 60 } else { 5 } * MINUTE_MS;
        *held = Held { tokens: cacheable, until_ms: at_ms + life };
    }
    let (short, hour) = if shape.hour { (0, written) } else { (written, 0) };
    Usage {
        input: prompt - read - written,
        cache_read: read,
        cache_write_5m: short,
        cache_write_1h: hour,
        output,
        ..Usage::default()
    }
}
