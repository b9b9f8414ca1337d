//! What must not be told. Whatever a provider says of an exchange is kept for others to read (a
//! status, the ledger, another tool's answer), and some say the key back that they were sent: its
//! words pass a `Mask` of what was sent before anything is done with them. Pure.

mod redact;

pub use redact::{HIDDEN, TOKEN_PREFIX, redacted};

use std::collections::HashSet;

/// Longest text that is looked at, in bytes; what is told is far shorter.
const WORDS_BYTES_MAX: usize = 4 << 10;
/// A piece of a secret of this length is taken for the secret, in bytes.
const PIECE_BYTES: usize = 8;
/// What a text that broke off ends with is taken for the beginning of a secret from here on.
const BEGINNING_BYTES_MIN: usize = 4;

type Piece = [u8; PIECE_BYTES];

/// The secrets of one exchange.
#[derive(Clone, Default)]
pub struct Mask<'a> {
    secrets: Vec<&'a [u8]>,
}

impl<'a> Mask<'a> {
    /// A mask of these secrets.
    pub fn of(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { secrets: secrets.into_iter().filter(|secret| !secret.is_empty()).collect() }
    }

    /// A text in words, without the secrets and without whatever else looks like a key. Of a longer
    /// text it is the start, and control characters are gone.
    pub fn words(&self, text: &str) -> String {
        let plain: String = start(text).chars().filter_map(plain).collect();
        redacted(&self.without_secrets(&plain))
    }

    /// A name that a provider gave something. One that holds a piece of a secret is hidden whole. Asked of
    /// every answer, so that only what stands there plainly is looked for.
    pub fn name(&self, name: String) -> String {
        let holds = self.secrets.iter().any(|secret| shares_piece(name.as_bytes(), secret));
        if holds { HIDDEN.to_owned() } else { name }
    }

    /// Writes over every secret that stands in `bytes` as it is, and leaves their length.
    pub fn blot(&self, bytes: &mut [u8]) {
        for secret in self.secrets.iter().filter(|secret| secret.len() >= PIECE_BYTES) {
            let mut at = 0;
            while at + secret.len() <= bytes.len() {
                if bytes[at..].starts_with(secret) {
                    bytes[at..at + secret.len()].fill(b'*');
                }
                at += 1;
            }
        }
    }

    fn without_secrets(&self, text: &str) -> String {
        if self.secrets.is_empty() {
            return text.to_owned();
        }
        let lower = text.to_ascii_lowercase();
        let mut hides = vec![false; lower.len()];
        for secret in &self.secrets {
            match secret.len() < PIECE_BYTES {
                true => hide_word(&lower, secret, &mut hides),
                false => hide_pieces(&lower, secret, &mut hides),
            }
        }
        shown(text, &hides)
    }
}

/// A control character hides nothing: it is gone, or a space where it is one.
fn plain(c: char) -> Option<char> {
    match c {
        c if c.is_whitespace() => Some(if c.is_control() { ' ' } else { c }),
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// The start of a text. What it ends with may be half a secret, so its last word is left out.
fn start(text: &str) -> &str {
    if text.len() <= WORDS_BYTES_MAX {
        return text;
    }
    let mut end = WORDS_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = &text[..end];
    cut.rfind(char::is_whitespace).map_or(cut, |at| &cut[..at])
}

/// A secret this short may be a word (`ollama`): hidden where it stands alone.
fn hide_word(lower: &str, secret: &[u8], hides: &mut [bool]) {
    let bytes = lower.as_bytes();
    let secret = secret.to_ascii_lowercase();
    let joins = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    for at in 0..bytes.len() {
        let end = at + secret.len();
        let alone =
            || !joins(at.checked_sub(1).and_then(|i| bytes.get(i))) && !joins(bytes.get(end));
        if bytes[at..].starts_with(&secret) && alone() {
            hides[at..end].fill(true);
        }
    }
}

/// Hides every piece of a secret, plain or written otherwise, and the run that it stands in.
fn hide_pieces(lower: &str, secret: &[u8], hides: &mut [bool]) {
    let found = |text: &[u8], pieces: &HashSet<Piece>, hides: &mut [bool]| {
        for (at, piece) in text.windows(PIECE_BYTES).enumerate() {
            if pieces.contains(piece) {
                hides[at..at + PIECE_BYTES].fill(true);
            }
        }
    };
    let bytes = lower.as_bytes();
    let small = secret.to_ascii_lowercase();
    found(bytes, &written(&small, secret), hides);
    // Both alphabets of base64 as one.
    let joined: Vec<u8> = bytes.iter().map(|byte| one_alphabet(*byte)).collect();
    found(&joined, &in_base64(secret), hides);
    for length in (BEGINNING_BYTES_MIN..PIECE_BYTES).rev() {
        if bytes.ends_with(&small[..length]) {
            hides[bytes.len() - length..].fill(true);
            break;
        }
    }
    let runs: Vec<bool> =
        bytes.iter().map(|byte| redact::in_run(char::from(*byte)) || *byte == b'*').collect();
    for at in 1..bytes.len() {
        hides[at] |= hides[at - 1] && runs[at] && runs[at - 1];
    }
    for at in (1..bytes.len()).rev() {
        hides[at - 1] |= hides[at] && runs[at] && runs[at - 1];
    }
}

/// Whether a name is a secret, or holds a piece of one.
fn shares_piece(name: &[u8], secret: &[u8]) -> bool {
    let holds = |piece: &[u8]| secret.windows(PIECE_BYTES).any(|s| s.eq_ignore_ascii_case(piece));
    name.eq_ignore_ascii_case(secret) || name.windows(PIECE_BYTES).any(holds)
}

/// The pieces of a secret as it is, backwards, in hexadecimal and percent-encoded; all small.
fn written(small: &[u8], secret: &[u8]) -> HashSet<Piece> {
    let backwards: Vec<u8> = small.iter().rev().copied().collect();
    let mut hex = Vec::with_capacity(secret.len() * 2);
    let mut percent = Vec::with_capacity(secret.len() * 3);
    for byte in secret {
        let digits = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
        hex.extend_from_slice(&digits);
        percent.push(b'%');
        percent.extend_from_slice(&digits);
    }
    [small, &backwards, &hex, &percent].into_iter().flat_map(pieces).collect()
}

fn pieces(of: &[u8]) -> impl Iterator<Item = Piece> {
    of.windows(PIECE_BYTES).filter_map(|piece| Piece::try_from(piece).ok())
}

/// The pieces of a secret inside a longer text in base64, where it starts at one of three places of
/// a group; small, and in one alphabet.
fn in_base64(secret: &[u8]) -> HashSet<Piece> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut all = HashSet::new();
    for skipped in 0..3 {
        let groups = secret[skipped.min(secret.len())..].chunks_exact(3);
        let letters = groups.flat_map(|group| {
            let [a, b, c] = [group[0], group[1], group[2]].map(u32::from);
            let bits = a << 16 | b << 8 | c;
            [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize])
        });
        let written: Vec<u8> =
            letters.map(|letter| one_alphabet(letter.to_ascii_lowercase())).collect();
        all.extend(pieces(&written));
    }
    all
}

fn one_alphabet(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// The text with one sign for every stretch that is hidden. `hides` speaks of bytes.
fn shown(text: &str, hides: &[bool]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut hidden = false;
    for (at, c) in text.char_indices() {
        let hide = hides[at..at + c.len_utf8()].contains(&true);
        match (hide, hidden) {
            (false, _) => out.push(c),
            (true, false) => out.push_str(HIDDEN),
            (true, true) => {}
        }
        hidden = hide;
    }
    out
}

#[cfg(test)]
mod tests;
