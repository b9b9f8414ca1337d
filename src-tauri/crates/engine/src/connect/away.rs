//! Tools for as long as nobody serves: put back as they were, remembered, and connected again when
//! Weir serves once more. A tool that is set up by hand has no file here and is left alone.
//! Owns which tools that concerns; how a file is put back is `work`'s and `undo`'s.

use super::files::Disk;
use super::gateway::Gateway;
use super::journal::{self, Record};
use super::plan::Given;
use super::problem::ConnectProblem;
use super::surroundings::{Platform, Surroundings};
use super::tools::Tool;
use super::work::Workshop;
use crate::api::Desk;
use crate::home::Home;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What became of the tools that were put back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Away {
    /// Tools whose files changed, as people call them.
    pub tools: Vec<&'static str>,
    /// Tools whose files could not be put back, each with why.
    pub problems: Vec<String>,
}

/// Connected tools, as their journals tell, for a home that may be gone when they are needed.
#[derive(Clone, Debug, Default)]
pub struct Remembered(Vec<(Tool, Record)>);

impl Remembered {
    /// Whether no tool's file leads to Weir, or every one was put back.
    pub fn all_away(&self) -> bool {
        self.0.iter().all(|(_, record)| record.away)
    }

    /// Puts the files back by what is remembered alone.
    pub fn put_back(&self, home: &Home) -> Away {
        let around = around();
        let shop = Workshop { home, around: &around, files: &Disk };
        let mut away = Away::default();
        for (tool, record) in &self.0 {
            away.note(*tool, shop.put_back(*tool, record).map(|report| touched(&report)));
        }
        if away.problems.is_empty()
            && let Err(cause) = shop.leave_login()
        {
            tracing::warn!(%cause, "the entry at login was not removed");
        }
        away
    }
}

impl Away {
    fn note(&mut self, tool: Tool, done: Result<bool, ConnectProblem>) {
        match done {
            Ok(true) => self.tools.push(tool.title()),
            Ok(false) => {}
            Err(problem) => self.problems.push(format!("{}: {problem}", tool.title())),
        }
    }
}

/// The tools whose files lead to Weir, or may.
pub fn remember(home: &Home) -> Remembered {
    let load = |tool: Tool| Some((tool, journal::load(&Disk, home, tool.name()).ok()??));
    let has_files = |(_, record): &(Tool, Record)| !record.files.is_empty();
    Remembered(Tool::ALL.into_iter().filter_map(load).filter(has_files).collect())
}

/// When each tool's journal was last written; empty when no tool has one. Changes whenever
/// `remember` would answer something else.
pub fn marks(home: &Home) -> Vec<(&'static str, SystemTime)> {
    let mark = |tool: Tool| {
        let written = journal::file(home, tool.name()).metadata().ok()?.modified().ok()?;
        Some((tool.name(), written))
    };
    Tool::ALL.into_iter().filter_map(mark).collect()
}

/// The tools are to stay as they are, also at the next login. The next start looks after them again.
pub fn leave(home: &Home) {
    let around = around();
    let shop = Workshop { home, around: &around, files: &Disk };
    let left = shop.turn().map(|_turn| shop.leave_login());
    if let Ok(Err(cause)) = left {
        tracing::warn!(%cause, "the entry at login was not removed");
    }
}

/// Puts every connected tool's files back and remembers that they are to be connected again. Goes
/// on past one that cannot be. Needs no engine, no ledger and no good configuration; tokens stay in
/// force, for a program that still runs goes on with its own when Weir serves again.
pub fn put_away(home: &Home) -> Away {
    let around = around();
    let shop = Workshop { home, around: &around, files: &Disk };
    let mut away = Away::default();
    for tool in Tool::ALL {
        away.note(tool, put_one_away(&shop, tool));
    }
    // A file that could not be put back may be one at the next login.
    if away.problems.is_empty() {
        settle_at_login(&shop);
    }
    away
}

/// Has the entry at login there, or not, as the journals say now.
fn settle_at_login(shop: &Workshop<'_>) {
    let settled = shop.turn().map(|_turn| shop.settle_at_login());
    if let Ok(Err(cause)) = settled {
        tracing::warn!(%cause, "the entry at login could not be changed");
    }
}

fn put_one_away(shop: &Workshop<'_>, tool: Tool) -> Result<bool, ConnectProblem> {
    let record = shop.record(tool).map_err(ConnectProblem::Journal)?;
    if record.is_none_or(|record| record.files.is_empty()) {
        return Ok(false);
    }
    let _turn = shop.turn()?;
    // Read again: it may have been put back while its turn was waited for.
    let Some(mut record) = shop.record(tool).map_err(ConnectProblem::Journal)? else {
        return Ok(false);
    };
    record.away = true;
    record.done = false;
    // A full disk must not keep the tool on a dead port.
    let noted = journal::save(shop.files, shop.home, &record).map_err(ConnectProblem::Journal);
    let report = shop.put_back(tool, &record)?;
    noted.map(|()| touched(&report))
}

fn touched(report: &super::Report) -> bool {
    report.files.iter().any(|file| !file.diff.is_empty())
}

/// Connects every tool again that Weir itself had put back, or that names another port than the one
/// Weir serves at now (`port`, where the caller knows it), each as it was asked for before. One whose
/// settings this process would look for elsewhere is left alone.
///
/// # Errors
/// What keeps every tool from being connected.
pub fn connect_again(
    home: &Home,
    desk: &dyn Desk,
    port: Option<u16>,
) -> Result<Away, ConnectProblem> {
    let around = around();
    let shop = Workshop { home, around: &around, files: &Disk };
    let mut connected = Away::default();
    // For tools that stayed connected: the entry may be older than this program, or gone.
    settle_at_login(&shop);
    // One that was never put back may name the port of a Weir that was killed.
    let lost = |record: &Record| record.away || port.is_some_and(|port| port != record.port);
    let lost: Vec<(Tool, Record)> =
        remember(home).0.into_iter().filter(|(_, record)| lost(record)).collect();
    if lost.is_empty() {
        return Ok(connected);
    }
    let gateway = Gateway::of(desk)?;
    for (tool, record) in lost {
        let known =
            record.files.iter().any(|file| tool.file(&around, &Disk) == Some(file.named.clone()));
        let done = match known {
            true => shop.connect(tool, &gateway, &desk, &Given::default()).map(|_| true),
            false => Err(ConnectProblem::Elsewhere { tool: tool.name() }),
        };
        connected.note(tool, done);
    }
    Ok(connected)
}

/// Those of this process; where the user has no folder, none that a record would need.
fn around() -> Surroundings {
    Surroundings::of_process().unwrap_or_else(|| Surroundings {
        platform: Platform::here(),
        home: std::path::PathBuf::new(),
        folder: std::path::PathBuf::new(),
        variables: BTreeMap::new(),
    })
}
