//! Learns the weights: softmax regression over tasks and over tiers, a logistic gate, by AdaGrad in a
//! seeded order; then the trees and the head behind them, from requests the table had not seen.

use crate::chance::Chance;
use crate::{PARTS, grow};
use weir_triage::features::{BUCKETS, Features, NAMED};
use weir_triage::forest::{FOREST_NUMBERS, Forest};
use weir_triage::model::{
    COLUMNS, GATE, HEADS, Model, SURE_INPUTS, TASKS, TIER_INPUTS, TIERS, chances,
};

const EPOCHS: usize = 8;
const RATE: f32 = 0.06;
/// Tiers are learned more slowly: their labels agree less.
const TIER_RATE: f32 = 0.25;
const DECAY: f32 = 2e-5;
const SMOOTHING: f32 = 0.15;
const SEED: u64 = 20_260_301;

/// One wrapped request to learn from.
pub struct Example {
    pub features: Features,
    pub gate: Option<(Features, bool)>,
    pub task: Option<usize>,
    pub tier: usize,
    pub weight: f32,
    /// Whether its tier is to be learned from.
    pub tiered: bool,
}

/// Weights before they are made small.
pub struct Learned {
    table: Vec<f32>,
    named: Vec<f32>,
}

struct Learner {
    weights: Vec<f32>,
    squares: Vec<f32>,
}

const ROWS: usize = BUCKETS + NAMED;

impl Learner {
    fn new() -> Self {
        Self { weights: vec![0.0; ROWS * COLUMNS], squares: vec![1e-3; ROWS * COLUMNS] }
    }

    fn scores(&self, features: &Features) -> [f32; COLUMNS] {
        let mut sums = [0.0; COLUMNS];
        for (row, value) in rows(features) {
            let row = &self.weights[row * COLUMNS..(row + 1) * COLUMNS];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        sums
    }

    fn step(&mut self, features: &Features, wrong: &[f32; COLUMNS], rate: f32) {
        // What a step says nothing of does not shrink either.
        let meant = wrong.map(|wrong| if wrong == 0.0 { 0.0 } else { DECAY });
        let rates: [f32; COLUMNS] = std::array::from_fn(|column| {
            if (TASKS..TASKS + TIERS).contains(&column) { rate * TIER_RATE } else { rate }
        });
        for (row, value) in rows(features) {
            let range = row * COLUMNS..(row + 1) * COLUMNS;
            let (weights, _) = self.weights[range.clone()].as_chunks_mut::<COLUMNS>();
            let (squares, _) = self.squares[range].as_chunks_mut::<COLUMNS>();
            let (weights, squares) = (&mut weights[0], &mut squares[0]);
            for column in 0..COLUMNS {
                let slope = wrong[column] * value + meant[column] * weights[column];
                squares[column] += slope * slope;
                weights[column] -= rates[column] * slope / squares[column].sqrt();
            }
        }
    }
}

fn rows(features: &Features) -> impl Iterator<Item = (usize, f32)> {
    let hashed = features.hashed.iter().map(|(row, value)| (*row as usize, *value));
    hashed.chain(features.named.iter().map(|(row, value)| (BUCKETS + usize::from(*row), *value)))
}

/// Learns the table.
pub fn table(examples: &[&Example]) -> Learned {
    let mut learner = Learner::new();
    let mut chance = Chance(SEED);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    for epoch in 0..EPOCHS {
        chance.shuffle(&mut order);
        let rate = RATE * (1.0 - 0.85 * epoch as f32 / EPOCHS as f32);
        for at in &order {
            one(&mut learner, examples[*at], rate);
        }
    }
    let named = learner.weights.split_off(BUCKETS * COLUMNS);
    Learned { table: learner.weights, named }
}

fn one(learner: &mut Learner, example: &Example, rate: f32) {
    let scores = learner.scores(&example.features);
    let mut wrong = [0.0; COLUMNS];
    if let Some(task) = example.task {
        let told: [f32; TASKS] = std::array::from_fn(|at| scores[at]);
        slope(&mut wrong[..TASKS], &chances(&told), task, example.weight);
    }
    let told: [f32; TIERS] = std::array::from_fn(|at| scores[TASKS + at]);
    if example.tiered {
        slope(&mut wrong[TASKS..TASKS + TIERS], &chances(&told), example.tier, example.weight);
    }
    learner.step(&example.features, &wrong, rate);
    if let Some((features, application)) = &example.gate {
        let score = learner.scores(features)[GATE];
        let chance = 1.0 / (1.0 + (-score).exp());
        let mut wrong = [0.0; COLUMNS];
        wrong[GATE] = chance - f32::from(u8::from(*application));
        learner.step(features, &wrong, rate);
    }
}

fn slope(wrong: &mut [f32], chances: &[f32], right: usize, weight: f32) {
    let even = SMOOTHING / chances.len() as f32;
    for (at, (wrong, chance)) in wrong.iter_mut().zip(chances).enumerate() {
        let goal = even + if at == right { 1.0 - SMOOTHING } else { 0.0 };
        *wrong = weight * (chance - goal);
    }
}

impl Learned {
    /// The file: the table in whole numbers of a scale a column, and the heads.
    pub fn file(&self, corpus: u64, heads: &Heads) -> Vec<u8> {
        let mut scales = [1e-6f32; COLUMNS];
        for row in self.table.chunks_exact(COLUMNS) {
            for (scale, weight) in scales.iter_mut().zip(row) {
                *scale = scale.max(weight.abs() / 127.0);
            }
        }
        let small = |(at, weight): (usize, &f32)| (weight / scales[at % COLUMNS]).round() as i8;
        let table: Vec<i8> = self.table.iter().enumerate().map(small).collect();
        let mut numbers = Vec::with_capacity(HEADS);
        numbers.extend_from_slice(&scales);
        numbers.extend_from_slice(&heads.forest);
        numbers.extend_from_slice(&heads.sure);
        numbers.extend([heads.low, heads.medium]);
        Model::write(corpus, &numbers, &self.named, &table)
    }

    /// A model in use. Its bytes stay for as long as the program runs.
    pub fn model(&self, corpus: u64, heads: &Heads) -> Model {
        let file = Box::leak(self.file(corpus, heads).into_boxed_slice());
        Model::read(file).expect("a file just written is of this make")
    }
}

/// What stands behind the table.
#[derive(Clone, Debug)]
pub struct Heads {
    pub forest: Vec<f32>,
    pub sure: [f32; SURE_INPUTS],
    pub low: f32,
    pub medium: f32,
}

impl Default for Heads {
    fn default() -> Self {
        let forest = vec![0.0; FOREST_NUMBERS];
        Self { forest, sure: [0.0; SURE_INPUTS], low: 0.3, medium: 0.3 }
    }
}

/// What the table made of a request it had not seen, and what is right.
#[derive(Clone)]
pub struct Unseen {
    pub tier_inputs: [f32; TIER_INPUTS],
    pub tier: usize,
    /// The part it was left out with.
    pub part: usize,
    /// Inputs of the head for confidence and whether the task was right; for tasks told by words.
    pub sure: Option<([f32; SURE_INPUTS], bool)>,
}

/// The share of requests that may be given too low a tier when the thresholds are chosen.
pub const UNDER_MAX: f64 = 0.043;

/// Grows the trees, learns the head and chooses the thresholds.
pub fn heads(unseen: &[Unseen]) -> Heads {
    let mut heads = Heads::default();
    let mut order: Vec<usize> = (0..unseen.len()).collect();
    let mut chance = Chance(SEED);
    for epoch in 0..80 {
        chance.shuffle(&mut order);
        let rate = 0.05 / (1.0 + epoch as f32 * 0.2);
        for at in &order {
            if let Some((inputs, right)) = &unseen[*at].sure {
                let found = 1.0 / (1.0 + (-dot(&heads.sure, inputs)).exp());
                descend(&mut heads.sure, inputs, found - f32::from(u8::from(*right)), rate);
            }
        }
    }
    let judged = judged_by_other_parts(unseen);
    (heads.low, heads.medium) = thresholds(&judged, UNDER_MAX);
    let all: Vec<&Unseen> = unseen.iter().collect();
    heads.forest = grow::forest(&all);
    heads
}

/// The chances of the tiers of each request, by trees that grew on the other parts.
fn judged_by_other_parts(unseen: &[Unseen]) -> Vec<([f32; TIERS], usize)> {
    let mut judged = Vec::with_capacity(unseen.len());
    for out in 0..PARTS {
        let others: Vec<&Unseen> = unseen.iter().filter(|one| one.part != out).collect();
        let forest = Forest::read(&grow::forest(&others));
        let own = unseen.iter().filter(|one| one.part == out);
        judged.extend(own.map(|one| (chances(&forest.scores(&one.tier_inputs)), one.tier)));
    }
    let likeliest = |chances: &[f32; TIERS]| {
        (0..TIERS).max_by(|a, b| chances[*a].total_cmp(&chances[*b])).unwrap_or_default()
    };
    let right = judged.iter().filter(|(chances, tier)| likeliest(chances) == *tier).count();
    println!("and tier {:.3} at the likeliest", right as f64 / judged.len().max(1) as f64);
    judged
}

fn dot(weights: &[f32], inputs: &[f32]) -> f32 {
    weights.iter().zip(inputs).map(|(w, x)| w * x).sum()
}

fn descend(weights: &mut [f32], inputs: &[f32], wrong: f32, rate: f32) {
    for (weight, input) in weights.iter_mut().zip(inputs) {
        *weight -= rate * (wrong * input + 4e-4 * *weight);
    }
}

/// The pair of thresholds that is right most often while it under-routes no more than allowed.
pub fn thresholds(found: &[([f32; TIERS], usize)], under_max: f64) -> (f32, f32) {
    let steps = || (1..50).map(|n| n as f32 * 0.01);
    let mut best = (0.0, (0.05, 0.05));
    for low in steps() {
        for medium in steps() {
            let (mut right, mut under) = (0usize, 0usize);
            for ([_, middle, high], tier) in found {
                let given = if middle + high <= low {
                    0
                } else if *high <= medium {
                    1
                } else {
                    2
                };
                right += usize::from(given == *tier);
                under += usize::from(given < *tier);
            }
            let all = found.len().max(1) as f64;
            if under as f64 / all <= under_max && right as f64 / all > best.0 {
                best = (right as f64 / all, (low, medium));
            }
        }
    }
    best.1
}
