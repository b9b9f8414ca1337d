//! What triage needs of a request body of any client dialect, read in one pass: the instruction of
//! the user, the system text, a little of the turns before, and how the conversation is made.
//! Owns no opinion: what a text asks for is judged elsewhere. Copies a few KB, whatever the body.

mod excerpt;
mod reading;

pub use excerpt::Excerpt;

use crate::json;
use reading::Reading;
use weir_core::Endpoint;

/// Kept of the beginning and of the end of the last user turn, in bytes each.
const LAST_BYTES: usize = 4 * 1024;
/// Kept of the beginning and of the end of the system text, in bytes.
const SYSTEM_BYTES: (usize, usize) = (3 * 1024, 1024);
/// Kept of the beginning and of the end of the user's other turns, in bytes each.
const BEFORE_BYTES: usize = 512;
/// Kept of the beginning and of the end of the last answer, in bytes.
const REPLY_BYTES: (usize, usize) = (256, 512);

/// What a request is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The system text before the conversation.
    pub system: Excerpt,
    /// The first turn in which the user said something, shortened.
    pub first: Excerpt,
    /// The last turn in which the user said something.
    pub last: Excerpt,
    /// The user's turn before the last, shortened.
    pub before: Excerpt,
    /// What the model said between the two.
    pub reply: Excerpt,
    /// Whether the conversation ends with what a tool gave back.
    pub tool_result_last: bool,
    /// Turns in which the user said something.
    pub user_turns: u32,
    /// Turns of the model.
    pub replies: u32,
    /// Results of tools.
    pub tool_results: u32,
    /// Whether the answer is asked for as JSON or after a schema.
    pub structured: bool,
    /// The largest answer asked for, in tokens.
    pub max_tokens: Option<u64>,
    /// The temperature, in thousandths.
    pub temperature_milli: Option<u32>,
    /// Whether tools are declared; how many says nothing about a request.
    pub tools: bool,
    /// The text of the whole body, in bytes as it writes it, binary matter left out.
    pub text_bytes: u64,
    /// System text, tools and first user message as one number: equal for all requests of one
    /// conversation. `None` where there is no user message.
    pub opening: Option<u64>,
}

/// Reads an outline. `is_envelope` tells the text blocks that a tool puts beside the user's words,
/// by the contents of the string as the body writes it. A body that is not sound JSON is read as far as it is.
pub fn read(endpoint: Endpoint, body: &[u8], is_envelope: fn(&[u8]) -> bool) -> Outline {
    let start = json::skip_space(body, 0);
    let mut reading = Reading::new(body, endpoint == Endpoint::Embeddings, is_envelope);
    if body.get(start) == Some(&b'{') {
        // A flaw ends the reading; what stands before it was read.
        let _ = reading.body(start);
    }
    reading.finish()
}

/// A number for some bytes: equal bytes, equal number. Not a secret keeper and not collision proof
/// against somebody who tries; it tells conversations of one machine apart.
pub fn fingerprint(seed: u64, bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word).wrapping_mul(u128::from(ODD) | (1 << 96));
        (wide as u64 ^ (wide >> 64) as u64).wrapping_add(hash.rotate_left(23))
    };
    let mut hash = fold(seed ^ ODD, bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(hash, u64::from_le_bytes(last)), ODD)
}

#[cfg(test)]
mod tests;
