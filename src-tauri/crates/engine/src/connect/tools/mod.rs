//! The tools Weir can set up: names, programs, and which file of each says what.
//! One file a tool beside this one; nothing here writes.

mod claude_code;
mod codex;

use super::files::Files;
use super::gateway::Gateway;
use super::plan::{Plan, Wanted};
use super::run::{Launch, LaunchProblem};
use super::surroundings::Surroundings;
pub use claude_code::with_loopback;
use std::path::PathBuf;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex CLI.
    Codex,
}

impl Tool {
    /// All of them, as they are listed.
    pub const ALL: [Self; 2] = [Self::ClaudeCode, Self::Codex];

    /// Its name on the command line and in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }

    /// The tool of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
        }
    }

    /// Its programs, the usual one first.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::ClaudeCode => &["claude"],
            Self::Codex => &["codex"],
        }
    }

    /// The folder that is there once it was used.
    pub fn folder(self, around: &Surroundings) -> Option<PathBuf> {
        match self {
            Self::ClaudeCode => Some(claude_code::folder(around)),
            Self::Codex => Some(codex::folder(around)),
        }
    }

    /// Its settings file.
    pub fn file(self, around: &Surroundings, _: &dyn Files) -> Option<PathBuf> {
        match self {
            Self::ClaudeCode => Some(claude_code::settings(around)),
            Self::Codex => Some(codex::settings(around)),
        }
    }

    /// What to change.
    pub fn plan(self, wanted: &Wanted<'_>) -> Plan {
        match self {
            Self::ClaudeCode => claude_code::plan(wanted),
            Self::Codex => codex::plan(wanted),
        }
    }

    /// What the user enters by hand, where no file can be edited safely.
    pub fn by_hand(self, _: &Gateway, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What it needs in its environment and before its arguments.
    ///
    /// # Errors
    /// When neither can lead it to Weir.
    pub fn launch(
        self,
        launch: &mut Launch,
        gateway: &Gateway,
        token: &str,
        around: &Surroundings,
    ) -> Result<(), LaunchProblem> {
        match self {
            Self::ClaudeCode => claude_code::launch(launch, gateway, token, around),
            Self::Codex => codex::launch(launch, gateway, token),
        }
        Ok(())
    }
}
