//! What tools wrote of past requests in session logs of their own: read, told apart, priced by the
//! day, and handed to the ledger, which takes nothing twice.
//! One file a tool says how its lines are read; they do no I/O. `shelf` knows where the logs are.

mod claude_code;
mod codex;
mod shelf;

pub use shelf::{found, own_folder};

use crate::prices::{Call, Prices};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use weir_core::{Metered, Money, Pricing, Usage};
use weir_ledger::ImportRow;

/// Log files read at most, of all those the ones that were written last.
pub const FILES_MAX: usize = 50_000;
/// How deep folders are searched.
const DEPTH_MAX: usize = 8;
/// A longer line is no line of a session log.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Whose logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
}

/// One request as a log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is unique about it in its tool.
    pub key: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Told by the log of another session than made it, which knows its time less well.
    pub copied: bool,
    /// The last part of the folder it was made in.
    pub project: Option<String>,
    /// The tool's session.
    pub session: Option<String>,
    /// The model.
    pub model: String,
    /// Tokens by kind.
    pub usage: Usage,
    /// `fast`, where the log says so; priced apart.
    pub speed: Option<String>,
    /// Where it was answered, where the log says so; priced apart.
    pub inference_geo: Option<String>,
}

/// What a folder of logs holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Requests, each once.
    pub entries: Vec<Entry>,
    /// Files read.
    pub files: u64,
    /// Files left out because there are more than [`FILES_MAX`]; they are the oldest.
    pub left_out: u64,
    /// Lines that looked like a request and could not be read.
    pub skipped: u64,
}

/// Reads one log file line by line.
trait Reader {
    /// Takes a line; requests it tells of go to `each`. False for a line that looked like one and
    /// could not be read.
    fn line(&mut self, line: &str, each: &mut dyn FnMut(Entry)) -> bool;
}

impl Source {
    /// Every tool whose logs are read.
    pub const ALL: [Self; 2] = [Self::ClaudeCode, Self::Codex];

    /// The name in the contract, and the client its rows are booked under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }

    /// The tool of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }

    /// Whose models it asks.
    pub fn provider(self) -> &'static str {
        match self {
            Self::ClaudeCode => "anthropic",
            Self::Codex => "openai",
        }
    }

    fn is_log(self, name: &str) -> bool {
        let named = match self {
            Self::ClaudeCode => true,
            Self::Codex => name.starts_with("rollout-"),
        };
        named && name.ends_with(".jsonl")
    }

    /// Where in a tool's home its logs are, or in a folder of logs the folder itself.
    fn folders(self, folder: &Path) -> Vec<PathBuf> {
        let within: &[&str] = match self {
            Self::ClaudeCode => &["projects"],
            // What a user put away was spent all the same.
            Self::Codex => &["sessions", "archived_sessions"],
        };
        let mut there: Vec<PathBuf> = within.iter().map(|name| folder.join(name)).collect();
        there.retain(|folder| folder.is_dir());
        if there.is_empty() {
            there.push(folder.to_owned());
        }
        there
    }

    fn reader(self) -> Box<dyn Reader> {
        match self {
            Self::ClaudeCode => Box::new(claude_code::Log),
            Self::Codex => Box::<codex::Log>::default(),
        }
    }
}

/// Everything the logs tell of a folder, or of the home of the tool. Blocks on the disk.
///
/// # Errors
/// When the folder cannot be read; a file that cannot be is passed over.
pub fn read(source: Source, folder: &Path) -> io::Result<Found> {
    read_newest(source, folder, FILES_MAX)
}

/// The log files of a folder, or of the home of the tool, the one that was written last first.
fn logs(source: Source, folder: &Path) -> io::Result<Vec<LogFile>> {
    let mut files = Vec::new();
    for folder in source.folders(folder) {
        search(source, &folder, 0, &mut files)?;
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    Ok(files)
}

fn read_newest(source: Source, folder: &Path, files_max: usize) -> io::Result<Found> {
    let mut files = logs(source, folder)?;
    let left_out = files.len().saturating_sub(files_max) as u64;
    files.truncate(files_max);
    let mut found = Found { left_out, ..Found::default() };
    let mut entries: HashMap<String, Entry> = HashMap::new();
    for LogFile { path, .. } in files {
        let Ok(file) = fs::File::open(&path) else { continue };
        found.files += 1;
        let mut reader = source.reader();
        let mut keep = |entry: Entry| merge(&mut entries, entry);
        found.skipped += lines(BufReader::new(file), |line| reader.line(line, &mut keep));
    }
    found.entries = entries.into_values().collect();
    found.entries.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
    Ok(found)
}

/// A message is written more than once while it grows; its last count is the whole of it. The
/// first moment stands, so that its day does not change from one run to the next; that of a copy
/// gives way to the original's.
fn merge(entries: &mut HashMap<String, Entry>, entry: Entry) {
    match entries.get_mut(&entry.key) {
        Some(known) => {
            let usage = known.usage.max(&entry.usage);
            match (known.copied, entry.copied) {
                (true, false) => *known = entry,
                (false, true) => {}
                _ => known.at_ms = known.at_ms.min(entry.at_ms),
            }
            known.usage = usage;
        }
        None => drop(entries.insert(entry.key.clone(), entry)),
    }
}

/// A log file; ordered by when it was written last, then by the time in its name where it has one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct LogFile {
    written: Option<SystemTime>,
    name: OsString,
    path: PathBuf,
}

fn search(source: Source, folder: &Path, depth: usize, out: &mut Vec<LogFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        // Links are not followed: a circle of them would never end.
        if kind.is_dir() && depth < DEPTH_MAX {
            let _ = search(source, &entry.path(), depth + 1, out);
        } else if kind.is_file() && source.is_log(&entry.file_name().to_string_lossy()) {
            let written = entry.metadata().and_then(|about| about.modified()).ok();
            out.push(LogFile { written, name: entry.file_name(), path: entry.path() });
        }
    }
    Ok(())
}

/// Passes every line to `each`, and counts those it refused. What is not text is refused too.
fn lines(mut file: impl BufRead, mut each: impl FnMut(&str) -> bool) -> u64 {
    let mut skipped = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = LINE_BYTES_MAX as u64;
        match io::Read::take(&mut file, limit).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return skipped,
            Ok(_) => {}
        }
        let taken = std::str::from_utf8(&line).is_ok_and(&mut each);
        skipped += u64::from(!taken);
    }
}

/// Prices what was found by the day of each. With `paid_by_plan` it cost nothing.
pub fn priced(
    source: Source,
    prices: &Prices,
    base_url: &str,
    paid_by_plan: bool,
    entries: Vec<Entry>,
) -> Vec<ImportRow> {
    let provider = source.provider();
    let row = |entry: Entry| {
        let call =
            Call { provider, base_url, local: false, model: &entry.model, at_ms: entry.at_ms };
        let metered = Metered {
            usage: Some(entry.usage),
            speed: entry.speed,
            inference_geo: entry.inference_geo,
            ..Metered::default()
        };
        let (cost, pricing) = if paid_by_plan {
            (Some(Money::ZERO), Pricing::Exact)
        } else {
            let bill = prices.bill(&call, &metered);
            (bill.cost, bill.pricing)
        };
        ImportRow {
            key: entry.key,
            at_ms: entry.at_ms,
            project: entry.project,
            session: entry.session,
            provider: provider.to_owned(),
            model: entry.model,
            usage: entry.usage,
            pricing,
            cost,
        }
    };
    entries.into_iter().map(row).collect()
}

/// The last part of a folder's path, whichever way its system writes one.
fn project(folder: &str) -> Option<String> {
    let last = folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    (!last.is_empty()).then(|| last.to_owned())
}

fn unix_ms(stamp: &str) -> Option<i64> {
    stamp.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests;
