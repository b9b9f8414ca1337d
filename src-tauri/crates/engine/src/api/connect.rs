//! Tools and what connecting one changes, as `weir connect` and the window show them.
//! Owns their JSON; a token is never in it but where it is entered by hand.

use serde::Serialize;
use std::path::PathBuf;
use ts_rs::TS;

/// What became of one file of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ToolFile {
    /// The file.
    pub path: PathBuf,
    /// `created`, `edited`, `restored`, `removed`, `kept`, or `gone` when somebody removed it before.
    pub what: String,
    /// The keys that were written, or on the way back those that the user changed and keeps.
    pub keys: Vec<String>,
    /// Whether a restored file is as it was, byte for byte.
    pub exact: bool,
    /// The lines that change, `-` before and `+` after; a token is not shown.
    pub diff: String,
}

/// What was done for a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ToolReport {
    /// The tool.
    pub tool: String,
    /// Whether it is connected now.
    pub connected: bool,
    /// Whether nothing had to be done.
    pub unchanged: bool,
    /// Its files.
    pub files: Vec<ToolFile>,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
    /// What the user enters by hand, as name and value.
    pub by_hand: Vec<(String, String)>,
}

/// How a tool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ToolStanding {
    /// It goes through Weir.
    Connected,
    /// It was connected, and somebody changed one of Weir's keys since.
    Edited,
    /// It was connected half-way: a run was killed.
    Unfinished,
    /// It does not.
    NotConnected,
}

/// A tool in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ToolRow {
    /// Its name.
    pub tool: String,
    /// What it is called.
    pub title: String,
    /// Whether it seems to be installed.
    pub found: bool,
    /// The program, where `PATH` leads to one.
    pub program: Option<PathBuf>,
    /// How it stands.
    pub state: ToolStanding,
    /// Its settings file.
    pub file: Option<PathBuf>,
    /// Whether it was asked for that its own login stays in force.
    pub keeps_login: bool,
    /// The port its settings name.
    pub port: Option<u16>,
}
