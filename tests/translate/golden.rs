//! Snapshots: what a case became, one file a target, reviewed when it was first written.
//! `WEIR_BLESS=1` writes them anew; the next `git diff` is what has to be read.

use std::fs;
use std::path::Path;

/// Compares with the snapshot; the difference, if there is one, as a sentence.
pub fn differs(path: &Path, got: &str) -> Option<String> {
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(path, got).expect("a snapshot can be written");
        return None;
    }
    let Ok(expected) = fs::read_to_string(path) else {
        return Some(format!("{} is missing; WEIR_BLESS=1 writes it", short(path)));
    };
    if expected == got {
        return None;
    }
    let mut lines = expected.lines().zip(got.lines()).enumerate();
    let first = lines.find(|(_, (a, b))| a != b);
    let told = match first {
        Some((at, (a, b))) => format!("line {}\n  was {a}\n  is  {b}", at + 1),
        None => format!("{} lines became {}", expected.lines().count(), got.lines().count()),
    };
    Some(format!("{}: {told}", short(path)))
}

/// Snapshots in a case's folder that no target writes any more.
pub fn stale(folder: &Path, written: &[String]) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a case's folder");
    entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("to_") && !written.contains(name))
        .map(|name| format!("{}/{name} belongs to no target", short(folder)))
        .collect()
}

fn short(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts[parts.len().saturating_sub(4)..].join("/")
}
