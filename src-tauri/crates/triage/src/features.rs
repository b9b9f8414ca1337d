//! A request as numbers: hashed words and pieces of words of each place in it, and named signs of
//! its making. Owns the order of the named ones and the places' weights; the model owns what they
//! mean. Nothing here depends on how many tools are declared.

use crate::lexicon::{CUES, Cues, cues};
use crate::parts::{Parts, Shape, cut_end, cut_start};
use crate::words::{number, pair, words};

/// Numbers of the hashed table.
pub const BUCKETS: usize = 1 << 16;
/// Signs of a text's making.
const SHAPES: usize = 34;
/// Signs of one situation: cues in four places, the first cue, the making.
const SIGNS: usize = CUES * 5 + SHAPES;
/// All named rows: the shared ones, and a copy for each situation.
pub const NAMED: usize = SIGNS * (1 + Situation::COUNT);

/// Who gives the instruction, which changes what the same words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// A person asks.
    Chat,
    /// The system text holds a standing instruction; the user's turn is what it is about.
    Application,
    /// A person asks a coding agent.
    Agent,
}

impl Situation {
    const COUNT: usize = 3;

    fn index(self) -> usize {
        match self {
            Self::Chat => 0,
            Self::Application => 1,
            Self::Agent => 2,
        }
    }
}

/// What features are taken from.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The text that holds the instruction, taken apart.
    pub told: &'a Parts,
    /// What it is about, when that is another text.
    pub about: Option<&'a Parts>,
    /// The user's turn before and the model's words since, when the instruction may lean on them.
    pub before: Option<&'a Before>,
    /// Turns of the user.
    pub user_turns: u32,
    /// Results of tools.
    pub tool_results: u32,
    /// Whether the answer is asked for as JSON.
    pub structured: bool,
}

/// What was said before the last instruction.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The user's turn.
    pub told: Parts,
    /// The model's words, in small letters.
    pub reply: String,
    /// Whether the model's words hold code.
    pub reply_code: bool,
}

/// A request as numbers.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Buckets and values.
    pub hashed: Vec<(u32, f32)>,
    /// Named rows and values.
    pub named: Vec<(u16, f32)>,
}

/// Places of hashed features.
#[derive(Clone, Copy)]
enum Place {
    Told = 1,
    Head,
    Tail,
    Start,
    Piece,
    Payload,
    Before,
    BeforeOfShort,
    Reply,
    Cross,
    Situated,
    Gate,
    GateTold,
}

/// Words kept of a payload.
const PAYLOAD_WORDS: usize = 80;
/// What a named sign weighs beside hashed words: they are few, and learned fast.
const SIGN_WEIGHT: f32 = 0.35;
/// Bytes whose pieces are taken, of the head and of the tail each.
const PIECE_BYTES: usize = 420;
/// Hashed features that there is room for from the start.
const FEATURES_USUAL: usize = 1_024;
/// An instruction of this many words or fewer may lean on what was said before.
const SHORT_WORDS: usize = 9;

impl Features {
    /// The features of a view in a situation.
    pub fn of(view: &View<'_>, situation: Situation) -> Self {
        let mut features = Self::default();
        features.hashed.reserve(FEATURES_USUAL);
        let told = view.told;
        let (head, tail, all) = (words(&told.head), words(&told.tail), words(&told.prose));
        let short = head.len() + tail.len() <= SHORT_WORDS;
        features.texts(&head, &tail, &all, situation);
        features.pieces(&told.head, &told.tail);
        features.payload(view);
        let zones = Zones::of(&head, &tail, &all, view, short);
        if let Some(before) = view.before {
            features.before(before, short);
        }
        features.crosses(&zones, view);
        features.signs(&zones, view, situation, head.len() + tail.len());
        features
    }

    /// The features that tell whether the system text holds the instruction.
    pub fn of_gate(system: &Parts, said: &Parts, turns: u32, tools: bool) -> Self {
        let mut features = Self::default();
        let told = words(&system.prose);
        let numbers: Vec<u64> = told.iter().map(|word| word_number(word)).collect();
        let mut group = Group::new(Place::Gate, &mut features.hashed);
        for (at, number) in numbers.iter().enumerate() {
            group.push(*number);
            if let Some(next) = numbers.get(at + 1) {
                group.push(pair(*number, *next));
            }
        }
        group.close(1.0);
        let mut group = Group::new(Place::GateTold, &mut features.hashed);
        for word in words(&said.head) {
            group.push(word_number(word));
        }
        group.close(0.5);
        let mut cued = [0.0; CUES];
        count(&cues(&told), &mut cued);
        let said_cues = cues(&words(&said.head));
        let mut asked = [0.0; CUES];
        count(&said_cues, &mut asked);
        let mut values = vec![0.0; SIGNS];
        values[..CUES].copy_from_slice(&cued);
        values[CUES..2 * CUES].copy_from_slice(&asked);
        let rest = &mut values[CUES * 5..];
        rest[..8].copy_from_slice(&[
            1.0,
            log(system.shape.bytes),
            log(said.shape.bytes),
            f32::from(u8::from(tools)),
            log(u64::from(turns)),
            f32::from(u8::from(said.shape.asks_last)),
            share(said.shape.prose, &said.shape),
            share(system.shape.items * 20, &system.shape),
        ]);
        features.named = nonzero(&values, 0);
        features
    }

    fn texts(&mut self, head: &[&str], tail: &[&str], all: &[&str], situation: Situation) {
        let numbers =
            |words: &[&str]| -> Vec<u64> { words.iter().map(|w| word_number(w)).collect() };
        let all = numbers(all);
        let mut told = Group::new(Place::Told, &mut self.hashed);
        for (at, number) in all.iter().enumerate() {
            told.push(*number);
            if let Some(next) = all.get(at + 1) {
                told.push(pair(*number, *next));
            }
        }
        told.close(1.0);
        for (place, words) in [(Place::Head, head), (Place::Tail, tail)] {
            let numbers = numbers(words);
            let mut group = Group::new(place, &mut self.hashed);
            for (at, number) in numbers.iter().enumerate() {
                group.push(*number);
                if let Some(next) = numbers.get(at + 1) {
                    group.push(pair(*number, *next));
                }
                if let Some(next) = numbers.get(at + 2) {
                    group.push(pair(number.rotate_left(7), *next));
                }
            }
            group.close(1.0);
            let mut situated = Group::new(Place::Situated, &mut self.hashed);
            situated.seed = pair(situated.seed, situation.index() as u64 + 7);
            numbers.iter().for_each(|number| situated.push(*number));
            situated.close(0.6);
        }
        let mut start = Group::new(Place::Start, &mut self.hashed);
        let first = numbers(&head[..head.len().min(4)]);
        for (at, number) in first.iter().enumerate() {
            start.push(pair(*number, at as u64));
        }
        if let [a, b, ..] = first[..] {
            start.push(pair(a, b));
        }
        start.close(0.7);
    }

    /// Pieces of three to five characters, which words of one stem and misspelt words share.
    fn pieces(&mut self, head: &str, tail: &str) {
        let mut group = Group::new(Place::Piece, &mut self.hashed);
        for text in [cut_end(head, PIECE_BYTES), cut_start(tail, PIECE_BYTES)] {
            for word in words(text) {
                if word.len() >= 3 {
                    pieces_of(word, &mut group);
                }
            }
        }
        group.close(1.8);
    }

    fn payload(&mut self, view: &View<'_>) {
        let mut group = Group::new(Place::Payload, &mut self.hashed);
        let mut take = |text: &str| {
            for word in words(text).into_iter().take(PAYLOAD_WORDS) {
                group.push(word_number(word));
            }
        };
        take(&view.told.payload);
        if let Some(about) = view.about {
            take(&about.head);
            take(&about.payload);
        }
        group.close(0.5);
    }

    fn before(&mut self, before: &Before, short: bool) {
        let place = if short { Place::BeforeOfShort } else { Place::Before };
        let mut group = Group::new(place, &mut self.hashed);
        let told = words(&before.told.head);
        let numbers: Vec<u64> = told.iter().map(|word| word_number(word)).collect();
        for (at, number) in numbers.iter().enumerate() {
            group.push(*number);
            if let Some(next) = numbers.get(at + 1) {
                group.push(pair(*number, *next));
            }
        }
        group.close(if short { 0.8 } else { 0.3 });
        let mut group = Group::new(Place::Reply, &mut self.hashed);
        for word in words(cut_start(&before.reply, 300)) {
            group.push(pair(word_number(word), u64::from(short)));
        }
        group.close(if short { 0.5 } else { 0.2 });
    }

    /// Cues that meet, and cues over code, logs, data or prose.
    fn crosses(&mut self, zones: &Zones, view: &View<'_>) {
        let material = material(view);
        let mut group = Group::new(Place::Cross, &mut self.hashed);
        let near = |cue: usize| zones.head[cue] > 0.0 || zones.tail[cue] > 0.0;
        for a in (0..CUES).filter(|cue| near(*cue)) {
            group.push(pair(a as u64, 1_000 + material));
            for b in (a + 1..CUES).filter(|cue| near(*cue)) {
                group.push(pair(a as u64, b as u64 + 100));
            }
        }
        group.push(material);
        group.close(1.0);
    }

    fn signs(&mut self, zones: &Zones, view: &View<'_>, situation: Situation, told_words: usize) {
        let mut values = Vec::with_capacity(SIGNS);
        for zone in [&zones.head, &zones.tail, &zones.all, &zones.before, &zones.first] {
            values.extend_from_slice(zone);
        }
        making(&mut values, view, told_words);
        values.resize(SIGNS, 0.0);
        self.named = nonzero(&values, 0);
        let own = nonzero(&values, SIGNS * (1 + situation.index()));
        self.named.extend(own);
    }
}

/// Counts of cues in each place.
struct Zones {
    head: [f32; CUES],
    tail: [f32; CUES],
    all: [f32; CUES],
    before: [f32; CUES],
    first: [f32; CUES],
}

impl Zones {
    fn of(head: &[&str], tail: &[&str], all: &[&str], view: &View<'_>, short: bool) -> Self {
        let none = [0.0; CUES];
        let mut zones = Self { head: none, tail: none, all: none, before: none, first: none };
        let in_head = cues(head);
        count(&in_head, &mut zones.head);
        count(&cues(tail), &mut zones.tail);
        count(&cues(all), &mut zones.all);
        for value in &mut zones.all {
            *value *= 0.5;
        }
        for (at, found) in in_head.iter().enumerate().take(12) {
            for cue in bits(*found) {
                zones.first[cue] = zones.first[cue].max(1.0 / (1.0 + at as f32 * 0.5));
            }
        }
        if let Some(before) = view.before.filter(|_| short) {
            count(&cues(&words(&before.told.head)), &mut zones.before);
        }
        zones
    }
}

fn bits(found: Cues) -> impl Iterator<Item = usize> {
    let mut left = found;
    std::iter::from_fn(move || {
        let cue = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        (cue < CUES).then_some(cue)
    })
}

fn count(found: &[Cues], into: &mut [f32; CUES]) {
    for cues in found {
        for cue in bits(*cues) {
            into[cue] = (into[cue] + 0.5).min(1.5);
        }
    }
}

/// What an instruction is over: code, a log, data, a patch, prose, or nothing.
fn material(view: &View<'_>) -> u64 {
    let shape = view.about.map_or(&view.told.shape, |about| &about.shape);
    let (code, log, data) = (shape.code, shape.log, shape.data);
    let most = code.max(log).max(data);
    if shape.patch > 0 {
        4
    } else if most < 20 {
        if view.about.is_some() || !view.told.payload.is_empty() { 5 } else { 0 }
    } else if most == code {
        1
    } else if most == log {
        2
    } else {
        3
    }
}

fn making(values: &mut Vec<f32>, view: &View<'_>, told_words: usize) {
    let shape = &view.told.shape;
    let about = view.about.map(|about| &about.shape).unwrap_or(shape);
    let yes = |is: bool| f32::from(u8::from(is));
    let few = |n: usize| yes(told_words <= n);
    values.extend_from_slice(&[
        1.0,
        log(shape.bytes),
        log(u64::from(shape.prose)),
        log(u64::from(about.code)),
        log(u64::from(about.log)),
        log(u64::from(about.data)),
        yes(about.code > 20),
        yes(about.log > 20),
        yes(about.data > 20),
        yes(about.patch > 0),
        yes(about.fences > 0),
        log(u64::from(shape.items)),
        log(u64::from(about.lines)),
        log(u64::from(shape.questions)),
        yes(shape.asks_last),
        yes(shape.code_first),
        yes(shape.code_last),
        share(shape.foreign, shape),
        share(about.code, about),
        share(shape.prose, shape),
        few(4),
        few(8),
        few(15),
        few(30),
        yes(view.before.is_some()),
        log(u64::from(view.user_turns)),
        log(u64::from(view.tool_results)),
        yes(view.structured),
        yes(view.before.is_some_and(|before| before.reply_code)),
        yes(view.about.is_some()),
        log(about.bytes),
        yes(shape.fill),
        yes(view.before.is_some() && told_words <= SHORT_WORDS),
        yes(view.before.is_some_and(|before| before.told.shape.code > 20)),
    ]);
}

/// A length on a scale on which twice as long is one step; about 0 to 1.5.
fn log(n: u64) -> f32 {
    (n as f32 + 1.0).ln() * 0.1
}

fn share(part: u32, of: &Shape) -> f32 {
    let whole = of.prose + of.code + of.log + of.data;
    (part as f32 / (whole.max(1)) as f32).min(1.0)
}

fn nonzero(values: &[f32], offset: usize) -> Vec<(u16, f32)> {
    let rows = values.iter().enumerate().filter(|(_, value)| **value != 0.0);
    rows.map(|(at, value)| ((at + offset) as u16, *value * SIGN_WEIGHT)).collect()
}

/// A word's number; numerals are one word, long words their beginning.
fn word_number(word: &str) -> u64 {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return number(3, b"0");
    }
    number(3, cut_end(word, 24).as_bytes())
}

fn pieces_of(word: &str, group: &mut Group) {
    let mut text = [0u8; 40];
    let inside = cut_end(word, 36).as_bytes();
    text[0] = b'^';
    text[1..=inside.len()].copy_from_slice(inside);
    text[inside.len() + 1] = b'$';
    let text = &text[..inside.len() + 2];
    for long in 3..=5 {
        for piece in text.windows(long) {
            // A piece that begins inside a character says nothing of its own.
            if piece[0] & 0xc0 != 0x80 {
                group.push(number(long as u64, piece));
            }
        }
    }
}

/// Features of one place, which weigh the same together however many they are.
struct Group<'a> {
    seed: u64,
    into: &'a mut Vec<(u32, f32)>,
    from: usize,
}

impl<'a> Group<'a> {
    fn new(place: Place, into: &'a mut Vec<(u32, f32)>) -> Self {
        let from = into.len();
        Self { seed: number(place as u64, b"place"), into, from }
    }

    fn push(&mut self, number: u64) {
        let bucket = pair(number, self.seed) % BUCKETS as u64;
        self.into.push((bucket as u32, 0.0));
    }

    fn close(self, weight: f32) {
        let own = self.into.get_mut(self.from..).unwrap_or_default();
        let value = weight / (own.len().max(1) as f32).sqrt();
        own.iter_mut().for_each(|(_, own)| *own = value);
    }
}
