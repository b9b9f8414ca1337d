//! Repeatable chance. A run prints its seed; `WEIR_SEED` runs it again.

use std::time::{SystemTime, UNIX_EPOCH};

/// A splitmix64 generator.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// The seed of this run, printed beside `what` (the test harness shows it on failure).
    #[expect(clippy::print_stderr, reason = "a failing run must say how to repeat itself")]
    pub fn announced(what: &str) -> Self {
        let fresh = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            now.as_nanos() as u64
        };
        let given = std::env::var("WEIR_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(fresh);
        eprintln!("{what}: WEIR_SEED={seed}");
        Self(seed)
    }

    /// A generator with a seed of the caller's own.
    pub fn fixed(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    #[expect(
        clippy::should_implement_trait,
        reason = "an endless source of numbers is no iterator to loop over"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// One of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// `count` letters and digits.
    pub fn word(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        (0..count).map(|_| char::from(*self.pick(LETTERS))).collect()
    }
}
