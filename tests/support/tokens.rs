//! Token counts the scripted provider sends, and what they cost: written down by hand from the
//! vendors' price pages and computed in 128-bit integers, apart from the product's own tables.

use serde_json::Value;

/// What one answer used, in disjoint kinds (`reasoning` is a part of `output`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Prompt tokens that touched no cache.
    pub input: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a short cache.
    pub cache_write_5m: u64,
    /// Prompt tokens written to a long cache.
    pub cache_write_1h: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
    /// Web searches the provider ran.
    pub web_searches: u64,
}

/// Nano-dollars a unit, in the order input, cache read, 5-minute write, 1-hour write, output,
/// web search. `None` where the vendor sells no such thing.
type Prices = [Option<i128>; 6];

/// Models the tests ask for. Every price here is a whole number of nano-dollars a token, so no
/// rounding rule is needed and none can hide an error.
const TABLE: &[(&str, Prices)] = &[
    (HAIKU, [Some(1_000), Some(100), Some(1_250), Some(2_000), Some(5_000), Some(10_000_000)]),
    (MINI, [Some(150), Some(75), None, None, Some(600), None]),
    (GPT5, [Some(1_250), Some(125), None, None, Some(10_000), None]),
    (LUNA, [Some(200), Some(20), Some(250), None, Some(1_200), None]),
    (EMBED, [Some(20), None, None, None, None, None]),
    (FLASH, [Some(300), Some(30), None, None, Some(2_500), None]),
];

/// Anthropic's model of the tests.
pub const HAIKU: &str = "claude-haiku-4-5";
/// OpenAI's chat model of the tests.
pub const MINI: &str = "gpt-4o-mini";
/// OpenAI's reasoning model of the tests.
pub const GPT5: &str = "gpt-5";
/// An OpenAI model that bills cache writes.
pub const LUNA: &str = "gpt-5.6-luna";
/// OpenAI's embedding model of the tests.
pub const EMBED: &str = "text-embedding-3-small";
/// Google's model of the tests.
pub const FLASH: &str = "gemini-2.5-flash";
/// A local model of the tests, which has no price and needs none.
pub const QWEN: &str = "qwen3:8b";

impl Tokens {
    /// Only input and output.
    pub fn plain(input: u64, output: u64) -> Self {
        Self { input, output, ..Self::default() }
    }

    /// All prompt tokens.
    pub fn prompt(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    /// What this costs on `model`, in nano-dollars; `None` for a model not in the table.
    ///
    /// # Panics
    /// On a kind of token the model's vendor does not sell: a mistake of the test.
    pub fn nano(&self, model: &str) -> Option<i128> {
        let (_, prices) = TABLE.iter().find(|(name, _)| *name == model)?;
        let units = [
            self.input,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.output,
            self.web_searches,
        ];
        let cost = |(units, price): (&u64, &Option<i128>)| match (units, price) {
            (0, _) => 0,
            (units, Some(price)) => i128::from(*units) * price,
            (_, None) => panic!("{model} does not sell every kind in {self:?}"),
        };
        Some(units.iter().zip(prices).map(cost).sum())
    }
}

/// Tokens as Qwen's vocabulary makes them, about: a digit or an ideograph is one, a word one for every
/// four letters, an image 256.
pub fn in_qwen(value: &Value) -> u64 {
    match value {
        Value::String(text) if text.len() > 2_048 && !text.contains([' ', '，']) => 256,
        Value::String(text) => {
            let mut letters = 0;
            let mut count = 0;
            for c in text.chars() {
                letters = if c.is_ascii_alphabetic() { letters + 1 } else { 0 };
                count += u64::from(match c {
                    ' ' => false,
                    c if c.is_ascii_alphabetic() => letters % 4 == 1,
                    _ => true,
                });
            }
            count
        }
        Value::Array(list) => list.iter().map(in_qwen).sum(),
        Value::Object(map) => map.values().map(in_qwen).sum(),
        _ => 0,
    }
}
