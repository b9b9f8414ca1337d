//! Marks of how hard a request is: how often words of each kind stand in the instruction, in what it
//! is about and before it, and what the texts are made of. Owns their order; the trees behind the
//! table own what they mean.

use crate::features::{Before, Situation};
use crate::lexicon::{CUES, Cues, HARD_CUES, cues};
use crate::parts::{Parts, Shape, cut_end};
use crate::words::words;

/// Marks of one shape.
const SHAPE_MARKS: usize = 14;
/// Marks of one tally.
const TALLY_MARKS: usize = 15;
/// Marks of lengths and of the answer's size.
const LENGTH_MARKS: usize = 14;
/// All marks of a request.
pub const MARKS: usize = 3 * HARD_CUES + 2 * (SHAPE_MARKS + TALLY_MARKS) + LENGTH_MARKS;
/// Most that one kind of word counts.
const COUNT_MAX: f32 = 12.0;
/// How much of an instruction is read for words, in bytes.
const TOLD_BYTES: usize = 1_200;
/// How much of each part of what it is about, in bytes.
const ABOUT_BYTES: usize = 800;
/// An instruction of so many words or fewer goes on with what was said before.
const SHORT_WORDS: usize = 12;
/// The bit of the cue for units of length, and of the small numbers before them.
const UNIT: Cues = 1 << CUES;
const FEW: Cues = 1 << (CUES + 1);

/// What a text is made of, word by word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    words: u32,
    long: u32,
    longest: u32,
    capitals: u32,
    sentences: u32,
    commas: u32,
    numbers: u32,
    digits: u32,
    quotes: u32,
    names: u32,
    files: u32,
    paths: u32,
    units: u32,
    first: u32,
    signs: u32,
}

/// Endings of the names of files that are worked on.
const ENDINGS: [&str; 34] = [
    "py", "js", "ts", "tsx", "jsx", "mjs", "rs", "go", "java", "kt", "rb", "php", "c", "h", "cpp",
    "cs", "sql", "sh", "yml", "yaml", "json", "md", "toml", "vue", "scala", "swift", "ex", "csv",
    "xml", "html", "css", "proto", "tf", "lua",
];

impl Tally {
    /// Counts a text as it was written.
    pub fn of(text: &str) -> Self {
        let mut tally = Self::default();
        for token in text.split_ascii_whitespace() {
            tally.token(token.as_bytes());
        }
        // The same with more blank lines and more blanks.
        let first = text.trim_start().split('\n').next().unwrap_or_default();
        tally.first = first.split_ascii_whitespace().map(|token| token.len() as u32 + 1).sum();
        tally
    }

    fn token(&mut self, token: &[u8]) {
        let (mut letters, mut digits, mut joins, mut before) = (0u32, 0u32, false, b' ');
        for byte in token {
            match *byte {
                b'a'..=b'z' | 0x80.. => letters += 1,
                b'A'..=b'Z' => {
                    letters += 1;
                    joins |= before.is_ascii_lowercase();
                }
                b'0'..=b'9' => digits += 1,
                b',' | b';' => self.commas += 1,
                b'"' | b'\'' => self.quotes += 1,
                b'%' | b'$' => self.units += 1,
                b'_' | b'`' => joins = true,
                b'(' => joins |= before.is_ascii_alphanumeric(),
                b'{' | b'}' | b'=' | b'<' | b'>' => self.signs += 1,
                _ => {}
            }
            before = *byte;
        }
        self.words += 1;
        self.long += u32::from(letters > 7);
        self.longest = self.longest.max(letters.min(40));
        self.capitals += u32::from(token[0].is_ascii_uppercase());
        self.sentences +=
            u32::from(matches!(token[token.len() - 1], b'.' | b'!' | b'?' | b':' | b';'));
        self.numbers += u32::from(digits > 0);
        self.digits += digits;
        self.names += u32::from(joins && letters > 0);
        self.paths += u32::from(token.len() > 3 && token.contains(&b'/'));
        self.files += u32::from(is_file(token));
    }

    fn marks(&self, into: &mut Vec<f32>) {
        let each = |part: u32| part as f32 / self.words.max(1) as f32;
        into.extend_from_slice(&[
            log(self.words),
            each(self.long),
            self.longest as f32,
            each(self.capitals),
            log(self.sentences),
            log(self.commas),
            log(self.numbers),
            log(self.digits),
            log(self.quotes),
            log(self.names),
            log(self.files),
            log(self.paths),
            log(self.units),
            log(self.first),
            log(self.signs),
        ]);
    }
}

fn is_file(token: &[u8]) -> bool {
    let ends = |b: &u8| !b.is_ascii_alphanumeric();
    let end = token.iter().rposition(|b| !ends(b)).map_or(0, |at| at + 1);
    let Some(dot) = token[..end].iter().rposition(|b| *b == b'.').filter(|dot| *dot > 0) else {
        return false;
    };
    ENDINGS.iter().any(|ending| ending.as_bytes() == &token[dot + 1..end])
}

/// What marks are taken from.
pub struct Looked<'a> {
    /// The text that holds the instruction, and its tally.
    pub told: (&'a Parts, &'a Tally),
    /// The user's last turn, and its tally.
    pub said: (&'a Parts, &'a Tally),
    /// What came before it.
    pub before: Option<&'a Before>,
    /// Bytes of the model's words before it.
    pub reply_bytes: u64,
    /// Who gives the instruction.
    pub situation: Situation,
    /// Turns of the user, and results of tools.
    pub turns: (u32, u32),
}

/// The marks of a request.
pub fn marks(of: &Looked<'_>) -> [f32; MARKS] {
    let mut all = Vec::with_capacity(MARKS);
    let told = words(cut_end(&of.told.0.prose, TOLD_BYTES));
    let found = cues(&told);
    counted(&found, &mut all);
    let application = of.situation == Situation::Application;
    let mut about = words(cut_end(&of.told.0.payload, ABOUT_BYTES));
    if application {
        about.extend(words(cut_end(&of.said.0.prose, ABOUT_BYTES)));
        about.extend(words(cut_end(&of.said.0.payload, ABOUT_BYTES)));
    }
    counted(&cues(&about), &mut all);
    let short = told.len() <= SHORT_WORDS;
    let before = of.before.filter(|_| short && !application);
    let before = before.map(|before| words(&before.told.prose)).unwrap_or_default();
    counted(&cues(&before), &mut all);
    for (parts, tally) in [of.told, of.said] {
        tally.marks(&mut all);
        shaped(&parts.shape, &mut all);
    }
    lengths(of, &told, &found, short, &mut all);
    all.resize(MARKS, 0.0);
    let mut marks = [0.0; MARKS];
    marks.copy_from_slice(&all);
    marks
}

fn lengths(of: &Looked<'_>, told: &[&str], found: &[Cues], short: bool, into: &mut Vec<f32>) {
    let yes = |is: bool| f32::from(u8::from(is));
    let bytes = |n: u64| (n as f32 + 1.0).ln();
    let before = of.before.map_or(0, |before| before.told.shape.bytes);
    let (asked, least) = answer(told, found);
    let mean = told.iter().map(|word| word.len()).sum::<usize>() as f32 / told.len().max(1) as f32;
    let shape = &of.said.0.shape;
    into.extend_from_slice(&[
        bytes(of.told.0.shape.bytes),
        bytes(shape.bytes),
        bytes(before),
        bytes(of.reply_bytes),
        bytes(shape.bytes + before + of.reply_bytes),
        bytes(shape.bytes / u64::from(shape.lines.max(1))),
        asked,
        least,
        mean,
        yes(short),
        (told.len() as f32 + 1.0).ln(),
        of.turns.0 as f32,
        (of.turns.1 as f32).min(COUNT_MAX),
        yes(of.before.is_some_and(|before| before.reply_code)),
    ]);
}

/// How many lengths of an answer are asked for, and the largest, as a logarithm.
fn answer(told: &[&str], found: &[Cues]) -> (f32, f32) {
    let (mut asked, mut most) = (0.0f32, 0.0f32);
    for (at, cue) in found.iter().enumerate().skip(1) {
        if cue & UNIT == 0 {
            continue;
        }
        for before in (at.saturating_sub(2)..at).rev() {
            let number = told[before].parse::<u32>().ok();
            if number.is_some() || found[before] & FEW != 0 {
                asked += 1.0;
                most = most.max(log(number.unwrap_or(2).min(5_000)));
                break;
            }
        }
    }
    (asked, most)
}

fn counted(found: &[Cues], into: &mut Vec<f32>) {
    let mut counts = [0.0f32; HARD_CUES];
    for cues in found {
        let mut left = cues >> CUES;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            if let Some(count) = counts.get_mut(at) {
                *count = (*count + 1.0).min(COUNT_MAX);
            }
        }
    }
    into.extend_from_slice(&counts);
}

fn shaped(shape: &Shape, into: &mut Vec<f32>) {
    let yes = |is: bool| f32::from(u8::from(is));
    into.extend_from_slice(&[
        log(shape.prose),
        log(shape.code),
        log(shape.log),
        log(shape.data),
        log(shape.patch),
        log(shape.fences),
        log(shape.items),
        log(shape.lines),
        log(shape.clauses),
        log(shape.questions),
        yes(shape.asks_last),
        yes(shape.code_first),
        yes(shape.code_last),
        log(shape.foreign),
    ]);
}

fn log(n: u32) -> f32 {
    (n as f32 + 1.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_names_and_numbers_are_counted_in_a_text_as_it_is_written() {
        let found =
            Tally::of("Move parseRow() from src/io.rs, and `x_y`, to lib.rs.\n\n3 calls, 20 %.");
        assert_eq!((found.files, found.paths, found.names, found.numbers), (2, 1, 2, 2));
        assert_eq!((found.sentences, found.commas, found.units), (2, 3, 1));
        assert_eq!(Tally::of(""), Tally::default());
        assert_eq!(Tally::of("a b\nc"), Tally::of(" a  b\n\n\nc "));
    }

    #[test]
    fn a_length_that_is_asked_for_is_found_with_its_number() {
        let asked = |text: &str| {
            let told = words(text);
            answer(&told, &cues(&told))
        };
        assert_eq!(asked("in one sentence please").0, 1.0);
        assert!(asked("about 600 words").1 > asked("12 words max").1);
        assert_eq!(asked("what do these words mean"), (0.0, 0.0));
    }
}
