//! Grows the trees for the tiers: gradient boosting over binned inputs, leaf by leaf, in a seeded
//! order. Each tree sees a part of the inputs and of the requests.

use crate::chance::Chance;
use crate::learn::Unseen;
use weir_triage::forest::{FORKS, LEAVES, ROUNDS, TREE_NUMBERS};
use weir_triage::model::{TIER_INPUTS, TIERS, chances};

/// How far a tree goes.
const RATE: f32 = 0.04;
/// Bins of an input's values.
const BINS: usize = 64;
/// Weight that pulls a leaf to nothing.
const CALM: f32 = 5.0;
/// Requests a leaf has at least.
const LEAF_MIN: u32 = 20;
/// Of a hundred inputs a tree sees so many.
const INPUTS_SEEN: usize = 30;
/// Of a hundred requests a tree sees so many.
const ROWS_SEEN: usize = 70;
const SEED: u64 = 4_177;

/// Inputs as bins: for each input where its bins end, and each request's bin.
struct Binned {
    ends: Vec<Vec<f32>>,
    bins: Vec<Vec<u8>>,
}

impl Binned {
    fn of(rows: &[&Unseen]) -> Self {
        let (mut ends, mut bins) = (Vec::new(), Vec::new());
        for input in 0..TIER_INPUTS {
            let mut values: Vec<f32> = rows.iter().map(|row| row.tier_inputs[input]).collect();
            values.sort_by(f32::total_cmp);
            let mut at: Vec<f32> =
                (1..BINS).map(|n| values[(values.len() - 1) * n / BINS]).collect();
            at.dedup();
            // A value that is also the largest ends no bin.
            at.retain(|end| values.last().is_some_and(|last| end < last));
            let bin = |row: &&Unseen| at.partition_point(|end| *end < row.tier_inputs[input]) as u8;
            bins.push(rows.iter().map(bin).collect());
            ends.push(at);
        }
        Self { ends, bins }
    }
}

/// Sums of slopes and curves.
#[derive(Clone, Copy, Default)]
struct Sums {
    slope: f32,
    curve: f32,
    count: u32,
}

impl Sums {
    fn add(&mut self, slope: f32, curve: f32) {
        self.slope += slope;
        self.curve += curve;
        self.count += 1;
    }

    fn less(self, other: Self) -> Self {
        Self {
            slope: self.slope - other.slope,
            curve: self.curve - other.curve,
            count: self.count - other.count,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            slope: self.slope + other.slope,
            curve: self.curve + other.curve,
            count: self.count + other.count,
        }
    }

    fn worth(self) -> f32 {
        self.slope * self.slope / (self.curve + CALM)
    }
}

/// The best way to part a leaf.
#[derive(Clone, Copy)]
struct Split {
    gain: f32,
    input: usize,
    bin: u8,
}

/// A leaf that may be parted still.
struct Open {
    rows: Vec<u32>,
    sums: Sums,
    split: Option<Split>,
    /// The fork and the way that lead here.
    from: Option<(usize, usize)>,
}

/// The trees' numbers.
pub fn forest(rows: &[&Unseen]) -> Vec<f32> {
    let binned = Binned::of(rows);
    let mut scores = vec![[0.0f32; TIERS]; rows.len()];
    let mut numbers = Vec::new();
    let mut chance = Chance(SEED);
    for _ in 0..ROUNDS {
        let found: Vec<[f32; TIERS]> = scores.iter().map(chances).collect();
        for tier in 0..TIERS {
            let slope = |(row, found): (&&Unseen, &[f32; TIERS])| {
                let right = f32::from(u8::from(row.tier == tier));
                (found[tier] - right, found[tier] * (1.0 - found[tier]))
            };
            let slopes: Vec<(f32, f32)> = rows.iter().zip(&found).map(slope).collect();
            let (tree, given) = tree(&binned, &slopes, &mut chance);
            numbers.extend(tree);
            for (score, given) in scores.iter_mut().zip(given) {
                score[tier] += given;
            }
        }
    }
    numbers
}

/// One tree, and what it gives each request.
fn tree(binned: &Binned, slopes: &[(f32, f32)], chance: &mut Chance) -> (Vec<f32>, Vec<f32>) {
    let inputs: Vec<usize> = (0..TIER_INPUTS).filter(|_| chance.percent(INPUTS_SEEN)).collect();
    let rows = (0..slopes.len() as u32).filter(|_| chance.percent(ROWS_SEEN)).collect();
    let mut numbers = vec![0.0; TREE_NUMBERS];
    let mut open = vec![leaf(rows, None, binned, slopes, &inputs)];
    let mut forks: Vec<(Split, [usize; 2])> = Vec::new();
    while open.len() < LEAVES {
        let best = (0..open.len())
            .filter_map(|at| open[at].split.map(|split| (at, split)))
            .max_by(|a, b| a.1.gain.total_cmp(&b.1.gain));
        let Some((at, split)) = best else { break };
        let parted = open.swap_remove(at);
        let fork = forks.len();
        forks.push((split, [0, 0]));
        if let Some((before, way)) = parted.from {
            forks[before].1[way] = fork;
        }
        let bins = &binned.bins[split.input];
        let (below, above): (Vec<u32>, Vec<u32>) =
            parted.rows.into_iter().partition(|row| bins[*row as usize] <= split.bin);
        open.push(leaf(below, Some((fork, 0)), binned, slopes, &inputs));
        open.push(leaf(above, Some((fork, 1)), binned, slopes, &inputs));
    }
    for (n, leaf) in open.iter().enumerate() {
        numbers[4 * FORKS + n] = -RATE * leaf.sums.slope / (leaf.sums.curve + CALM);
        match leaf.from {
            Some((fork, way)) => forks[fork].1[way] = FORKS + n,
            None => numbers[2..4].fill(FORKS as f32),
        }
    }
    for (n, (split, ways)) in forks.iter().enumerate() {
        let end = binned.ends[split.input][usize::from(split.bin)];
        numbers[4 * n..4 * n + 4].copy_from_slice(&[
            split.input as f32,
            end,
            ways[0] as f32,
            ways[1] as f32,
        ]);
    }
    let given = (0..slopes.len()).map(|row| {
        let mut at = if forks.is_empty() { FORKS } else { 0 };
        while at < FORKS {
            let (split, ways) = forks[at];
            at = ways[usize::from(binned.bins[split.input][row] > split.bin)];
        }
        numbers[4 * FORKS + at - FORKS]
    });
    let given = given.collect();
    (numbers, given)
}

fn leaf(
    rows: Vec<u32>,
    from: Option<(usize, usize)>,
    binned: &Binned,
    slopes: &[(f32, f32)],
    inputs: &[usize],
) -> Open {
    let mut sums = Sums::default();
    for row in &rows {
        let (slope, curve) = slopes[*row as usize];
        sums.add(slope, curve);
    }
    let mut split: Option<Split> = None;
    if sums.count >= 2 * LEAF_MIN {
        for input in inputs {
            let bins = &binned.bins[*input];
            let mut parts = [Sums::default(); BINS];
            for row in &rows {
                let (slope, curve) = slopes[*row as usize];
                parts[usize::from(bins[*row as usize])].add(slope, curve);
            }
            let mut below = Sums::default();
            for (bin, part) in parts.iter().enumerate().take(binned.ends[*input].len()) {
                below = below.plus(*part);
                let above = sums.less(below);
                if below.count < LEAF_MIN || above.count < LEAF_MIN {
                    continue;
                }
                let gain = below.worth() + above.worth() - sums.worth();
                if gain > 1e-4 && split.is_none_or(|best| gain > best.gain) {
                    split = Some(Split { gain, input: *input, bin: bin as u8 });
                }
            }
        }
    }
    Open { rows, sums, split, from }
}
