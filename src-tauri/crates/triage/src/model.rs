//! The model: a table of small weights a bucket, a row of full ones a named sign, and behind them
//! trees for the tiers and a small head for confidence. Owns the file they are kept in and how it is read; training is an example
//! of this crate.

use crate::features::{BUCKETS, Features, NAMED};
use crate::forest::{FOREST_NUMBERS, Forest};
use crate::marks::MARKS;
use std::sync::LazyLock;
use weir_core::Task;

/// Tasks that are told by words; the other two are certain by structure.
pub const TASKS: usize = 16;
/// Tiers.
pub const TIERS: usize = 3;
/// Columns of the table: tasks, tiers, and whether the system text holds the instruction.
pub const COLUMNS: usize = TASKS + TIERS + 1;
/// The column of that last one.
pub const GATE: usize = TASKS + TIERS;
/// What the trees for tiers see: the table's scores, the tasks' chances, signs of size and marks.
pub const TIER_INPUTS: usize = COLUMNS + TASKS + SIZES + MARKS;
/// Signs of size among them.
pub const SIZES: usize = 12;
/// What the head for confidence sees.
pub const SURE_INPUTS: usize = 8;

/// Most rows that are summed before a sum of 16 bits could be full.
const RUN_MAX: usize = 256;

/// How the file begins.
const MAGIC: &[u8; 8] = b"WEIRTRI3";
/// The numbers before the table: a scale a column, the trees, the head, both thresholds.
pub const HEADS: usize = COLUMNS + FOREST_NUMBERS + SURE_INPUTS + 2;
/// The whole file, in bytes.
pub const FILE_BYTES: usize = 16 + 4 * (HEADS + NAMED * COLUMNS) + BUCKETS * COLUMNS;

static WEIGHTS: &[u8] = include_bytes!("../data/weights.bin");
static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(WEIGHTS));

/// The weights, ready to use.
pub struct Model {
    /// The number of the corpus they were learned from.
    pub corpus: u64,
    heads: Vec<f32>,
    forest: Forest,
    named: Vec<f32>,
    table: &'static [u8],
}

/// What the linear part makes of a request, a number a column.
pub type Scores = [f32; COLUMNS];

impl Model {
    /// The model in this program. Reads some 100 KB at the first call, nothing later.
    pub fn own() -> Option<&'static Self> {
        MODEL.as_ref()
    }

    /// Reads a file of weights; `None` when it is of another make.
    pub fn read(file: &'static [u8]) -> Option<Self> {
        if file.len() != FILE_BYTES || !file.starts_with(MAGIC) {
            return None;
        }
        let corpus = u64::from_le_bytes(*file[8..].first_chunk()?);
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0.0, |b| f32::from_le_bytes(*b));
        let floats = |from: usize, count: usize| -> Vec<f32> {
            file[from..from + 4 * count].chunks_exact(4).map(number).collect()
        };
        let named_at = 16 + 4 * HEADS;
        let named = floats(named_at, NAMED * COLUMNS);
        let table = &file[named_at + 4 * NAMED * COLUMNS..];
        let heads = floats(16, HEADS);
        let forest = Forest::read(&heads[COLUMNS..COLUMNS + FOREST_NUMBERS]);
        Some(Self { corpus, heads, forest, named, table })
    }

    /// Writes a file: the corpus's number, the heads' numbers, the named rows, the table's.
    pub fn write(corpus: u64, heads: &[f32], named: &[f32], table: &[i8]) -> Vec<u8> {
        let mut file = Vec::with_capacity(FILE_BYTES);
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&corpus.to_le_bytes());
        for number in heads.iter().chain(named) {
            file.extend_from_slice(&number.to_le_bytes());
        }
        file.extend(table.iter().map(|weight| weight.to_le_bytes()[0]));
        file
    }

    /// The linear part.
    pub fn scores(&self, features: &Features) -> Scores {
        let mut sums = [0.0f32; COLUMNS];
        let (rows, _) = self.table.as_chunks::<COLUMNS>();
        // Features of one place stand together and weigh the same: their rows are summed in whole
        // numbers, and weighed once.
        let mut rest = features.hashed.as_slice();
        while let Some((_, value)) = rest.first() {
            let run = rest.iter().take(RUN_MAX).take_while(|(_, other)| other == value).count();
            let mut whole = [0i16; COLUMNS];
            for (bucket, _) in &rest[..run] {
                let Some(row) = rows.get(*bucket as usize) else { continue };
                for (sum, weight) in whole.iter_mut().zip(row) {
                    *sum += i16::from(weight.cast_signed());
                }
            }
            for (sum, whole) in sums.iter_mut().zip(whole) {
                *sum += f32::from(whole) * value;
            }
            rest = &rest[run..];
        }
        for (sum, scale) in sums.iter_mut().zip(&self.heads) {
            *sum *= scale;
        }
        let (rows, _) = self.named.as_chunks::<COLUMNS>();
        for (row, value) in &features.named {
            if let Some(row) = rows.get(usize::from(*row)) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
        }
        sums
    }

    /// The chances of the tiers.
    pub fn tiers(&self, inputs: &[f32; TIER_INPUTS]) -> [f32; TIERS] {
        chances(&self.forest.scores(inputs))
    }

    /// The chance that the likeliest task is right.
    pub fn sure(&self, inputs: &[f32; SURE_INPUTS]) -> f32 {
        let from = COLUMNS + FOREST_NUMBERS;
        let weights = &self.heads[from..from + SURE_INPUTS];
        let score: f32 = weights.iter().zip(inputs).map(|(w, x)| w * x).sum();
        1.0 / (1.0 + (-score).exp())
    }

    /// The largest chance of a higher tier with which low, and medium, are still taken.
    pub fn thresholds(&self) -> (f32, f32) {
        (self.heads[HEADS - 2], self.heads[HEADS - 1])
    }
}

/// Scores as chances that come to one.
pub fn chances<const N: usize>(scores: &[f32; N]) -> [f32; N] {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut chances = scores.map(|score| (score - most).exp());
    let sum: f32 = chances.iter().sum();
    for chance in &mut chances {
        *chance /= sum;
    }
    chances
}

/// The task of a column.
pub fn task_of(column: usize) -> Task {
    Task::ALL[column.min(TASKS - 1)]
}

/// What the trees for tiers are given.
pub fn tier_inputs(
    scores: &Scores,
    tasks: &[f32; TASKS],
    sizes: &[f32; SIZES],
    marks: &[f32; MARKS],
) -> [f32; TIER_INPUTS] {
    let mut inputs = [0.0; TIER_INPUTS];
    let parts: [&[f32]; 4] = [scores, tasks, sizes, marks];
    let all = parts.into_iter().flatten();
    for (input, value) in inputs.iter_mut().zip(all) {
        *input = *value;
    }
    inputs
}

/// What the head for confidence is given.
pub fn sure_inputs(tasks: &[f32; TASKS], sizes: &[f32; SIZES]) -> [f32; SURE_INPUTS] {
    let mut sorted = *tasks;
    sorted.sort_by(|a, b| b.total_cmp(a));
    let odds = |p: f32| (p.clamp(0.001, 0.999) / (1.0 - p.clamp(0.001, 0.999))).ln();
    let spread: f32 = tasks.iter().map(|p| -p * p.max(1e-6).ln()).sum();
    [1.0, odds(sorted[0]), sorted[0] - sorted[1], spread, sizes[1], sizes[2], sizes[5], sizes[7]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_weights_can_be_read() {
        let model = Model::own().expect("weights of this make");
        assert!(WEIGHTS.len() <= 4 * 1024 * 1024);
        let (low, medium) = model.thresholds();
        assert!(low > 0.0 && low < 1.0 && medium > 0.0 && medium < 1.0);
    }

    #[test]
    fn a_file_of_another_make_is_refused() {
        static SHORT: &[u8] = b"WEIRTRI3";
        assert!(Model::read(SHORT).is_none());
        assert!(Model::read(b"").is_none());
    }

    #[test]
    fn chances_come_to_one() {
        let found = chances(&[1.0, 2.0, -50.0]);
        assert!((found.iter().sum::<f32>() - 1.0).abs() < 1e-5 && found[1] > found[0]);
    }
}
