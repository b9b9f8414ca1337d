//! Tokens from the length of a text, where no tokenizer of the model's vendor is at hand.
//! Measured ratios for English and code lie at 3.3 to 4.5 bytes a token with current vocabularies;
//! Chinese and Japanese at about 3 bytes a token (one character).

/// Bytes a token in the densest ordinary text.
const BYTES_PER_TOKEN_MIN: u64 = 3;
/// Bytes a token in ordinary English and code.
const BYTES_PER_TOKEN_LIKELY: u64 = 4;
/// Tokens a provider adds around a prompt (roles, tool preamble).
const FRAME_TOKENS: u64 = 32;

/// The most tokens that so many bytes of a request are expected to hold; a reservation's base.
pub fn tokens_at_most(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN_MIN) + FRAME_TOKENS
}

/// The tokens that so many bytes of text probably hold.
pub fn tokens_likely(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN_LIKELY)
}

/// The likely count behind an upper one of [`tokens_at_most`]: what a call that never reported its
/// usage is booked at.
pub fn likely_of(at_most: u64) -> u64 {
    let text = at_most.saturating_sub(FRAME_TOKENS);
    tokens_likely(text.saturating_mul(BYTES_PER_TOKEN_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_estimate_is_never_below_the_likely_one() {
        for bytes in [0, 1, 7, 400, 8_000, 200_000, u64::MAX / 2] {
            assert!(tokens_at_most(bytes) > tokens_likely(bytes), "{bytes}");
        }
    }

    #[test]
    fn the_likely_count_is_found_again_from_the_upper_one() {
        for bytes in [4, 400, 8_000, 200_000] {
            let (found, direct) = (likely_of(tokens_at_most(bytes)), tokens_likely(bytes));
            assert!(found.abs_diff(direct) <= 1, "{bytes}: {found} {direct}");
        }
        assert_eq!(likely_of(0), 0);
    }
}
