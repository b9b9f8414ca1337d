//! Words of a text in any script: what has spaces is split at them, what has none is taken
//! character by character. Owns the numbers that words and pieces of words are known by.

/// Whether a character is of a script that is written without spaces.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

/// The words of a text in small letters; an unspaced character is a word.
pub fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::with_capacity(text.len() / 5 + 1);
    let (mut start, mut at) = (None, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        // Most texts are ASCII, whose characters need not be put together first.
        let (c, next) = match byte.is_ascii() {
            true => (char::from(*byte), at + 1),
            false => text[at..].chars().next().map_or((' ', at + 1), |c| (c, at + c.len_utf8())),
        };
        let unspaced = !c.is_ascii() && is_unspaced(c);
        let goes_on = if c.is_ascii() {
            c.is_ascii_alphanumeric() || c == '_'
        } else {
            c.is_alphanumeric() && !unspaced || is_mark(c)
        };
        let joins = || {
            matches!(c, '\'' | '’')
                && start.is_some()
                && text[next..].chars().next().is_some_and(char::is_alphabetic)
        };
        if goes_on || joins() {
            start.get_or_insert(at);
        } else {
            if let Some(from) = start.take() {
                found.push(&text[from..at]);
            }
            if unspaced {
                found.push(&text[at..next]);
            } else if matches!(c, '?' | '？' | '؟') {
                found.push("?");
            }
        }
        at = next;
    }
    if let Some(from) = start {
        found.push(&text[from..]);
    }
    found
}

/// Vowel signs and the like, which belong to the word they stand in.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{97f}' | '\u{e31}'..='\u{e4e}' | '\u{64b}'..='\u{65f}')
}

/// The number of some bytes: FNV-1a, spread at the end.
#[inline]
pub fn number(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    spread(hash)
}

/// The numbers of every beginning of a word that ends with a whole character, of which there are at
/// most `max`.
pub fn beginnings(seed: u64, word: &str, max: usize) -> impl Iterator<Item = u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word.chars().take(max).map(move |c| {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        spread(hash)
    })
}

/// Two numbers as one; their order counts.
#[inline]
pub fn pair(first: u64, second: u64) -> u64 {
    spread(first.rotate_left(21) ^ second.wrapping_mul(0xff51_afd7_ed55_8ccd))
}

#[inline]
fn spread(mut hash: u64) -> u64 {
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_script() {
        assert_eq!(words("don't stop, 3x_y?"), ["don't", "stop", "3x_y", "?"]);
        assert_eq!(words("übersetze это «क्या»"), ["übersetze", "это", "क्या"]);
        assert_eq!(words("请翻译ok"), ["请", "翻", "译", "ok"]);
        assert_eq!(words("'a' b'"), ["a", "b"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn a_words_beginnings_have_the_numbers_they_would_have_alone() {
        let found: Vec<u64> = beginnings(3, "füße", 3).collect();
        assert_eq!(found, ["f", "fü", "füß"].map(|text| number(3, text.as_bytes())));
    }

    #[test]
    fn numbers_differ_by_seed_and_by_order() {
        assert_ne!(number(1, b"a"), number(2, b"a"));
        assert_ne!(pair(1, 2), pair(2, 1));
    }
}
