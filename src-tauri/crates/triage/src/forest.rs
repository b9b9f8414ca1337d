//! Small trees, each of which mends what those before it left: they turn the table's scores, sizes and
//! marks into tiers. Owns how they are kept and read; they are grown in an example of this crate.

use crate::model::{TIER_INPUTS, TIERS};

/// Leaves a tree has at most.
pub const LEAVES: usize = 8;
/// Trees for each tier.
pub const ROUNDS: usize = 300;
/// Numbers a tree is kept in: input, threshold and two ways for each fork, and the leaves.
pub const TREE_NUMBERS: usize = 4 * FORKS + LEAVES;
/// Numbers of all trees.
pub const FOREST_NUMBERS: usize = ROUNDS * TIERS * TREE_NUMBERS;
/// Forks of a tree.
pub const FORKS: usize = LEAVES - 1;

/// The trees, ready to use: not walked one by one, which is a chain of guesses for the processor, but
/// all at once, input by input (QuickScorer; Lucchese et al., SIGIR 2015). A tree starts with all of
/// its leaves; each fork whose input lies above its threshold takes away the leaves below it; the first
/// one left is the tree's.
#[derive(Clone, Debug)]
pub struct Forest {
    /// The forks of each input, the lowest threshold first.
    inputs: Vec<Vec<Fork>>,
    /// Each tree's leaves, from the one that is reached below every threshold.
    leaves: Vec<[f32; LEAVES]>,
}

#[derive(Clone, Copy, Debug)]
struct Fork {
    threshold: f32,
    tree: u16,
    /// The leaves that stay where the input lies above the threshold.
    stay: u8,
}

/// A fork as it is kept: input, threshold, and the next fork below and above it, or a leaf where that
/// is [`FORKS`] or more.
type Kept = [f32; 4];

impl Forest {
    /// Reads trees of their numbers; of each round one for each tier.
    pub fn read(numbers: &[f32]) -> Self {
        let (all, _) = numbers.as_chunks::<TREE_NUMBERS>();
        let mut forest = Self { inputs: Vec::new(), leaves: Vec::with_capacity(all.len()) };
        for (tree, numbers) in all.iter().enumerate() {
            let (forks, values) = numbers.split_at(4 * FORKS);
            let mut reading = Reading {
                forks: forks.as_chunks::<4>().0,
                values,
                tree: tree as u16,
                leaves: [0.0; LEAVES],
                found: 0,
            };
            // One that is no tree says nothing.
            let sound = reading.below(0, &mut forest.inputs).is_some();
            forest.leaves.push(if sound { reading.leaves } else { [0.0; LEAVES] });
        }
        for forks in &mut forest.inputs {
            forks.sort_by(|a, b| a.threshold.total_cmp(&b.threshold));
        }
        forest
    }

    /// The scores of the tiers.
    pub fn scores(&self, inputs: &[f32]) -> [f32; TIERS] {
        let mut left = [u8::MAX; ROUNDS * TIERS];
        for (forks, value) in self.inputs.iter().zip(inputs) {
            for fork in forks.iter().take_while(|fork| *value > fork.threshold) {
                if let Some(left) = left.get_mut(usize::from(fork.tree)) {
                    *left &= fork.stay;
                }
            }
        }
        let mut scores = [0.0; TIERS];
        for (leaves, left) in self.leaves.chunks(TIERS).zip(left.chunks(TIERS)) {
            for (score, (leaves, left)) in scores.iter_mut().zip(leaves.iter().zip(left)) {
                *score += leaves.get(left.trailing_zeros() as usize).copied().unwrap_or_default();
            }
        }
        scores
    }
}

/// A tree while it is read, leaf by leaf.
struct Reading<'a> {
    forks: &'a [Kept],
    values: &'a [f32],
    tree: u16,
    leaves: [f32; LEAVES],
    found: usize,
}

impl Reading<'_> {
    /// Reads what hangs on a way. `None` where it leads back, or to more leaves than a tree has.
    fn below(&mut self, way: usize, into: &mut Vec<Vec<Fork>>) -> Option<()> {
        if let Some(value) = way.checked_sub(FORKS) {
            *self.leaves.get_mut(self.found)? = *self.values.get(value)?;
            self.found += 1;
            return Some(());
        }
        let [input, threshold, below, above] = *self.forks.get(way)?;
        let (input, below, above) = (input as usize, below as usize, above as usize);
        if below <= way || above <= way || input >= TIER_INPUTS {
            return None;
        }
        let from = self.found;
        self.below(below, into)?;
        let gone = (1u16 << self.found) - (1 << from);
        let fork = Fork { threshold, tree: self.tree, stay: !(gone as u8) };
        into.resize_with(into.len().max(input + 1), Vec::new);
        into.get_mut(input)?.push(fork);
        self.below(above, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_goes_down_to_its_leaf() {
        let mut numbers = vec![0.0; TREE_NUMBERS];
        let (first, second) = (FORKS as f32, FORKS as f32 + 1.0);
        numbers[..8].copy_from_slice(&[2.0, 0.5, first, 1.0, 0.0, -1.0, second, first + 2.0]);
        numbers[4 * FORKS..4 * FORKS + 3].copy_from_slice(&[10.0, 20.0, 30.0]);
        let forest = Forest::read(&numbers);
        assert_eq!(forest.scores(&[0.0, 0.0, 0.5])[0], 10.0);
        assert_eq!(forest.scores(&[-1.0, 0.0, 0.6])[0], 20.0);
        assert_eq!(forest.scores(&[-0.9, 0.0, 0.6])[0], 30.0);
    }

    #[test]
    fn trees_of_any_numbers_end() {
        let forest = Forest::read(&vec![f32::NAN; TREE_NUMBERS * 3]);
        assert_eq!(forest.scores(&[]), [0.0; TIERS]);
    }
}
