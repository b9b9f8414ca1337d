//! Where tools keep their session logs on this machine, and what is there at a glance: names, times,
//! and the first moment of the oldest. Nothing is counted and nothing taken over by looking.
//! Depends on where `connect` finds each tool.

use super::{LogFile, Source, logs, unix_ms};
use crate::api::{HistoryFound, Stamp};
use crate::connect::{Surroundings, Tool};
use serde::Deserialize;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// How much of the oldest log is read for its first moment.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

impl Source {
    /// The tool.
    fn tool(self) -> Tool {
        match self {
            Self::ClaudeCode => Tool::ClaudeCode,
            Self::Codex => Tool::Codex,
        }
    }
}

/// Where a tool keeps its session logs; `None` when no folder is the tool's here.
pub fn own_folder(source: Source, around: &Surroundings) -> Option<PathBuf> {
    let folder = source.tool().folder(around)?;
    Some(match source {
        // Beside them it keeps other files of that kind.
        Source::ClaudeCode => folder.join("projects"),
        // Its running sessions and those that were archived have a folder each in there.
        Source::Codex => folder,
    })
}

/// The session logs that are here, tool by tool; one without any is left out. Blocks on the disk.
pub fn found(around: &Surroundings) -> Vec<HistoryFound> {
    let of = |source: Source| {
        let folder = own_folder(source, around)?;
        let files = logs(source, &folder).ok()?;
        let oldest = files.last()?;
        Some(HistoryFound {
            source: source.as_str().to_owned(),
            title: source.tool().title().to_owned(),
            folder: folder.display().to_string(),
            files: files.len() as u64,
            since: first_moment(&oldest.path).or_else(|| written(oldest)).map(Stamp::from_ms),
        })
    };
    Source::ALL.into_iter().filter_map(of).collect()
}

/// The moment that the first line with one tells, in Unix milliseconds.
fn first_moment(log: &Path) -> Option<i64> {
    #[derive(Deserialize)]
    struct Dated {
        timestamp: Option<String>,
    }
    let head = BufReader::new(fs::File::open(log).ok()?.take(HEAD_BYTES_MAX));
    let moment = |line: String| {
        let dated: Dated = serde_json::from_str(&line).ok()?;
        unix_ms(&dated.timestamp?)
    };
    head.lines().map_while(Result::ok).find_map(moment)
}

fn written(log: &LogFile) -> Option<i64> {
    let since = log.written?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
