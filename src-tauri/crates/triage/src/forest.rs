//! Small trees, each of which mends what those before it left: they turn the table's scores, sizes and
//! marks into tiers. Owns how they are kept and read; they are grown in an example of this crate.

use crate::model::TIERS;

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

#[derive(Clone, Copy, Debug, Default)]
struct Fork {
    input: u16,
    /// The next fork below and above the threshold, or a leaf where it is [`FORKS`] or more.
    ways: [u8; 2],
    threshold: f32,
}

#[derive(Clone, Copy, Debug)]
struct Tree {
    forks: [Fork; FORKS],
    leaves: [f32; LEAVES],
}

/// The trees, ready to use.
#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Reads trees of their numbers; of each round one for each tier.
    pub fn read(numbers: &[f32]) -> Self {
        let (all, _) = numbers.as_chunks::<TREE_NUMBERS>();
        let tree = |numbers: &[f32; TREE_NUMBERS]| {
            let (forks, leaves) = numbers.split_at(4 * FORKS);
            let (forks, _) = forks.as_chunks::<4>();
            let fork = |[input, threshold, below, above]: [f32; 4]| Fork {
                input: input as u16,
                ways: [below as u8, above as u8],
                threshold,
            };
            let mut tree = Tree { forks: [Fork::default(); FORKS], leaves: [0.0; LEAVES] };
            for (to, from) in tree.forks.iter_mut().zip(forks) {
                *to = fork(*from);
            }
            tree.leaves.copy_from_slice(leaves);
            tree
        };
        Self { trees: all.iter().map(tree).collect() }
    }

    /// The scores of the tiers.
    pub fn scores(&self, inputs: &[f32]) -> [f32; TIERS] {
        let mut scores = [0.0; TIERS];
        for round in self.trees.chunks(TIERS) {
            for (score, tree) in scores.iter_mut().zip(round) {
                *score += tree.leaf(inputs);
            }
        }
        scores
    }
}

impl Tree {
    fn leaf(&self, inputs: &[f32]) -> f32 {
        let mut at = 0;
        // A way leads to a later fork; so many steps end in any file.
        for _ in 0..FORKS {
            let Some(fork) = self.forks.get(at) else { break };
            let above = inputs.get(usize::from(fork.input)).is_some_and(|v| *v > fork.threshold);
            at = usize::from(fork.ways[usize::from(above)]);
        }
        self.leaves.get(at.wrapping_sub(FORKS)).copied().unwrap_or_default()
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
