//! The search for leaked secrets: every file of a home and everything that was said, in the
//! forms a secret can hide in: plain, reversed, base64, hexadecimal, percent-encoded, in part.

use crate::encoding;
use crate::home::{Canary, Home};
use std::path::{Path, PathBuf};

/// How much of a secret's end counts as a leak, in characters.
const PART: usize = 12;

/// Where a secret was found, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The secret's name.
    pub canary: String,
    /// The form it was found in.
    pub form: &'static str,
    /// Where.
    pub place: String,
}

/// Every form of a secret worth searching for.
pub fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let tail = &bytes[bytes.len().saturating_sub(PART)..];
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let wide: Vec<u8> = bytes.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("its last characters", tail.to_vec()),
        ("reversed", reversed),
        ("in UTF-16", wide),
        ("hexadecimal", encoding::hex(bytes).into_bytes()),
        ("upper hexadecimal", encoding::hex(bytes).to_uppercase().into_bytes()),
        ("percent-encoded", encoding::percent(bytes).into_bytes()),
        ("percent-encoded, lower", encoding::percent(bytes).to_lowercase().into_bytes()),
    ];
    // A secret inside a longer base64 text starts at one of three places of a group; the first
    // and last characters depend on what stands beside it.
    for skip in 0..3 {
        let whole = encoding::base64(&bytes[skip..]);
        let sure = &whole[..whole.len().saturating_sub(4)];
        forms.push(("base64", sure.as_bytes().to_vec()));
        forms.push(("base64url", sure.replace('+', "-").replace('/', "_").into_bytes()));
    }
    forms
}

/// What is searched for, ready for many files: a home holds megabytes, so each is gone through
/// once, and only where the first two bytes of some form stand is anything compared.
struct Search<'a> {
    needles: Vec<(&'a Canary, &'static str, Vec<u8>)>,
    begins: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(canaries: &'a [Canary]) -> Self {
        let named = |canary: &'a Canary| {
            forms(&canary.secret).into_iter().map(move |(form, needle)| (canary, form, needle))
        };
        let needles: Vec<_> = canaries.iter().flat_map(named).collect();
        let mut begins = vec![false; 1 << 16];
        for (_, _, needle) in &needles {
            begins[pair(needle[0], needle[1])] = true;
        }
        Search { needles, begins }
    }

    /// Every leak in `bytes`, each form of a secret once.
    fn of(&self, place: &str, bytes: &[u8]) -> Vec<Leak> {
        let mut found = vec![false; self.needles.len()];
        let mut before = 0;
        for (end, byte) in bytes.iter().enumerate() {
            let now = pair(before, *byte);
            before = *byte;
            if end > 0 && self.begins[now] {
                let rest = &bytes[end - 1..];
                for (seen, (_, _, needle)) in found.iter_mut().zip(&self.needles) {
                    *seen |= rest.starts_with(needle);
                }
            }
        }
        let found = self.needles.iter().zip(found).filter(|(_, found)| *found);
        let leak = |(canary, form, _): &(&Canary, &'static str, Vec<u8>)| Leak {
            canary: canary.name.clone(),
            form,
            place: place.into(),
        };
        found.map(|(needle, _)| leak(needle)).collect()
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// Every leak of `canaries` in `bytes`.
pub fn search(canaries: &[Canary], place: &str, bytes: &[u8]) -> Vec<Leak> {
    Search::new(canaries).of(place, bytes)
}

/// Every leak in a home: its files, what its programs said, what its clients were answered.
pub fn search_home(home: &Home) -> Vec<Leak> {
    let search = Search::new(home.canaries());
    let mut leaks = search.of("what was said", &home.said());
    for folder in [home.path(), home.out()] {
        for file in files(&folder) {
            let bytes = std::fs::read(&file).unwrap_or_default();
            leaks.extend(search.of(&file.display().to_string(), &bytes));
        }
    }
    leaks
}

/// Every ordinary file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
