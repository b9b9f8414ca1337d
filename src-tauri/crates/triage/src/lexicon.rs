//! Words that name a kind of work, in many languages: a sign, never a verdict. The model learns how
//! much each cue weighs in each place.

use crate::words::{beginnings, is_unspaced, number, pair};
use std::sync::LazyLock;

/// The cues of a kind of work, in the order of the lexicon's lines.
pub const CUES: usize = 34;
/// The cues after them, of how hard it is.
pub const HARD_CUES: usize = 29;
/// Longest stem or unspaced word looked up, in characters.
const CHARS_MAX: usize = 12;
/// Shortest stem, in characters.
const STEM_CHARS_MIN: usize = 3;

const TEXT: &str = include_str!("../data/lexicon.txt");

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::read(TEXT));

/// Which cues a word gives: one bit each.
pub type Cues = u64;

struct Tables {
    whole: Table,
    stems: Table,
    pairs: Table,
}

/// The cues of each word of a text.
pub fn cues(words: &[&str]) -> Vec<Cues> {
    let tables = &*TABLES;
    let mut found = vec![0; words.len()];
    let mut before = 0;
    for (at, word) in words.iter().enumerate() {
        let whole = number(0, word.as_bytes());
        found[at] |= tables.whole.get(whole) | stem(&tables.stems, word);
        if at > 0 {
            let cue = tables.pairs.get(pair(before, whole));
            found[at - 1] |= cue;
            found[at] |= cue;
        }
        if word.chars().next().is_some_and(is_unspaced) {
            found[at] |= unspaced(&tables.whole, &words[at..]);
        }
        before = whole;
    }
    found
}

fn stem(stems: &Table, word: &str) -> Cues {
    let found = beginnings(0, word, CHARS_MAX).skip(STEM_CHARS_MIN - 1);
    found.fold(0, |cues, number| cues | stems.get(number))
}

/// Unspaced characters that make a word of the lexicon together.
fn unspaced(whole: &Table, words: &[&str]) -> Cues {
    let mut text = String::new();
    let mut cues = 0;
    for word in words.iter().take(6) {
        if !word.chars().next().is_some_and(is_unspaced) {
            break;
        }
        text.push_str(word);
        cues |= whole.get(number(0, text.as_bytes()));
    }
    cues
}

impl Tables {
    fn read(text: &str) -> Self {
        let (mut whole, mut stems, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        let lines = text.lines().filter(|line| !line.starts_with('#')).take(CUES + HARD_CUES);
        for (cue, line) in lines.enumerate() {
            let bit: Cues = 1 << cue;
            let entries = line.split_once(':').map_or("", |(_, entries)| entries);
            for (n, quoted) in entries.split('"').enumerate() {
                if n % 2 == 1 {
                    match quoted.split_once(' ') {
                        Some((a, b)) => {
                            let numbers = (number(0, a.as_bytes()), number(0, b.as_bytes()));
                            pairs.push((pair(numbers.0, numbers.1), bit));
                        }
                        None => whole.push((number(0, quoted.as_bytes()), bit)),
                    }
                    continue;
                }
                for entry in quoted.split_whitespace() {
                    match entry.strip_suffix('*') {
                        Some(stem) => stems.push((number(0, stem.as_bytes()), bit)),
                        None => whole.push((number(0, entry.as_bytes()), bit)),
                    }
                }
            }
        }
        Self { whole: Table::of(&whole), stems: Table::of(&stems), pairs: Table::of(&pairs) }
    }
}

/// Numbers and their cues, found in a step or two.
struct Table {
    slots: Vec<(u64, Cues)>,
    mask: usize,
}

impl Table {
    fn of(entries: &[(u64, Cues)]) -> Self {
        let size = (entries.len() * 3).next_power_of_two().max(4);
        let mut table = Self { slots: vec![(0, 0); size], mask: size - 1 };
        for (key, cues) in entries {
            let slot = table.slot(*key);
            table.slots[slot].0 = *key;
            table.slots[slot].1 |= cues;
        }
        table
    }

    fn slot(&self, key: u64) -> usize {
        let mut slot = key as usize & self.mask;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != key {
            slot = (slot + 1) & self.mask;
        }
        slot
    }

    #[inline]
    fn get(&self, key: u64) -> Cues {
        let (found, cues) = self.slots[self.slot(key)];
        if found == key { cues } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    fn bit(name: &str) -> Cues {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
        let at = lines.into_iter().position(|line| line.starts_with(&format!("{name}:")));
        1 << at.expect("a cue of that name")
    }

    fn of(text: &str) -> Cues {
        cues(&words(text)).into_iter().fold(0, |all, cue| all | cue)
    }

    #[test]
    fn the_lexicon_has_as_many_lines_as_there_are_cues() {
        assert_eq!(TEXT.lines().filter(|line| !line.starts_with('#')).count(), CUES + HARD_CUES);
    }

    #[test]
    fn words_stems_pairs_and_unspaced_words_give_their_cues() {
        for (text, cue) in [
            ("please summarizing it", "summarize"),
            ("tl;dr?", "summarize"),
            ("übersetze das", "translate"),
            ("请翻译成英文", "translate"),
            ("walk me through", "explain"),
            ("напиши тесты", "test"),
        ] {
            assert!(of(text) & bit(cue) != 0, "{text}: {cue}");
        }
        assert_eq!(of("zzz qqq"), 0);
    }
}
