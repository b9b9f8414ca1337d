//! `doctor`: every check of the set-up, each with what was found and its fix in one line.
//! Owns its JSON; the checks themselves live in the engine.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Works, but worth knowing.
    Note,
    /// Does not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Check {
    /// What was checked, in a word or two: `home`, `port`, `key anthropic`.
    pub name: String,
    /// How it came out.
    pub state: CheckState,
    /// What was found, in one line.
    pub found: String,
    /// What to do, in one line; null when there is nothing to do.
    pub fix: Option<String>,
}

/// `doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Doctor {
    /// Whether no check failed.
    pub ok: bool,
    /// The checks.
    pub checks: Vec<Check>,
}

impl Doctor {
    /// The verdict over some checks.
    pub fn of(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|c| c.state != CheckState::Fail), checks }
    }
}
