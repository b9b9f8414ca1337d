//! The tools Weir can set up: names, programs, and which file of each says what.
//! One file a tool beside this one; nothing here writes.

mod aider;
mod claude_code;
mod cline;
mod codex;
mod continue_dev;
mod gemini_cli;
mod opencode;
mod past;
mod zed;

use super::files::Files;
use super::gateway::Gateway;
use super::plan::{Plan, Wanted};
use super::run::Launch;
use super::surroundings::Surroundings;
pub use claude_code::{host_of, with_loopback};
pub use past::{Beaten, Whose};
use std::path::{Path, PathBuf};

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex CLI.
    Codex,
    /// Google's Gemini CLI.
    GeminiCli,
    /// opencode.
    Opencode,
    /// aider.
    Aider,
    /// The editor Zed.
    Zed,
    /// Continue, in VS Code, JetBrains and on the command line.
    Continue,
    /// Cline, in VS Code and on the command line.
    Cline,
}

/// What is known of a tool without looking.
struct Card {
    name: &'static str,
    title: &'static str,
    /// Its programs, the usual one first.
    programs: &'static [&'static str],
    /// The provider it calls by itself, as Weir names it.
    calls: &'static str,
}

impl Tool {
    /// All of them, as they are listed.
    pub const ALL: [Self; 8] = [
        Self::ClaudeCode,
        Self::Codex,
        Self::GeminiCli,
        Self::Opencode,
        Self::Aider,
        Self::Zed,
        Self::Continue,
        Self::Cline,
    ];

    fn card(self) -> Card {
        let card = |name, title, programs, calls| Card { name, title, programs, calls };
        match self {
            Self::ClaudeCode => card("claude-code", "Claude Code", &["claude"], "anthropic"),
            Self::Codex => card("codex", "Codex", &["codex"], "openai"),
            Self::GeminiCli => card("gemini-cli", "Gemini CLI", &["gemini"], "gemini"),
            Self::Opencode => card("opencode", "opencode", &["opencode"], ""),
            Self::Aider => card("aider", "aider", &["aider"], "openai"),
            Self::Zed => card("zed", "Zed", &["zed", "zeditor", "zed-editor"], ""),
            Self::Continue => card("continue", "Continue", &["cn"], ""),
            Self::Cline => card("cline", "Cline", &["cline"], ""),
        }
    }

    /// Its name on the command line and in the ledger.
    pub fn name(self) -> &'static str {
        self.card().name
    }

    /// The tool of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        self.card().title
    }

    /// Its programs, the usual one first.
    pub fn programs(self) -> &'static [&'static str] {
        self.card().programs
    }

    /// The folder that is there once it was used.
    pub fn folder(self, around: &Surroundings) -> Option<PathBuf> {
        match self {
            Self::ClaudeCode => Some(claude_code::folder(around)),
            Self::Codex => Some(codex::folder(around)),
            Self::GeminiCli => Some(gemini_cli::folder(around)),
            Self::Opencode => Some(opencode::folder(around)),
            Self::Aider => Some(around.home.join(".aider")),
            Self::Zed => Some(zed::folder(around)),
            Self::Continue => Some(continue_dev::folder(around)),
            Self::Cline => None,
        }
    }

    /// Its settings file; `None` where it is set up by hand.
    pub fn file(self, around: &Surroundings, files: &dyn Files) -> Option<PathBuf> {
        match self {
            Self::ClaudeCode => Some(claude_code::settings(around)),
            Self::Codex => Some(codex::settings(around)),
            Self::GeminiCli => Some(gemini_cli::variables(around)),
            Self::Opencode => Some(opencode::settings(around, files)),
            Self::Aider => Some(aider::settings(around)),
            Self::Zed => Some(zed::settings(around)),
            Self::Continue => Some(continue_dev::settings(around)),
            Self::Cline => None,
        }
    }

    /// What to change.
    pub fn plan(self, wanted: &Wanted<'_>, files: &dyn Files) -> Plan {
        let mut plan = match self {
            Self::ClaudeCode => claude_code::plan(wanted),
            Self::Codex => codex::plan(wanted),
            Self::GeminiCli => gemini_cli::plan(wanted),
            Self::Opencode => opencode::plan(wanted, opencode::settings(wanted.around, files)),
            Self::Aider => aider::plan(wanted),
            Self::Zed => zed::plan(wanted),
            Self::Continue => continue_dev::plan(wanted),
            Self::Cline => Plan {
                files: Vec::new(),
                notes: cline::notes(wanted.gateway, wanted.ask.model.as_deref()),
            },
        };
        let calls = self.card().calls;
        let answered = calls.is_empty()
            || wanted.gateway.has(calls)
            || (self == Self::ClaudeCode && claude_code::keeps_login(wanted));
        if !answered && wanted.ask.model.is_none() {
            plan.notes.push(format!(
                "Weir has no key for {calls} yet, so its models cannot answer: weir key set {calls}"
            ));
        }
        plan
    }

    /// A file that stands in the way of setting it up, and what to do.
    pub fn obstacle(
        self,
        around: &Surroundings,
        files: &dyn Files,
    ) -> Option<(PathBuf, String, String)> {
        match self {
            Self::Continue => continue_dev::older(around, files).map(|older| {
                let what = "is in use, and a config.yaml beside it would hide it".to_owned();
                (older, what, "Move its models to config.yaml first, then run it again".to_owned())
            }),
            Self::GeminiCli => gemini_cli::hidden(around, files).map(|hidden| {
                let what =
                    "is where Gemini CLI reads its variables, and one in its own folder would \
                            hide it"
                        .to_owned();
                let own = gemini_cli::variables(around);
                let fix = format!(
                    "Move what Gemini CLI needs of it to {}, then run it again{}",
                    own.display(),
                    self.or_run()
                );
                (hidden, what, fix)
            }),
            _ => None,
        }
    }

    /// Whether it is set up by hand.
    pub fn is_by_hand(self) -> bool {
        self == Self::Cline
    }

    /// What the user enters by hand, where no file can be edited safely.
    pub fn by_hand(
        self,
        gateway: &Gateway,
        token: &str,
        model: Option<&str>,
    ) -> Vec<(String, String)> {
        match self {
            Self::Cline => cline::fields(gateway, token, model),
            _ => Vec::new(),
        }
    }

    /// What it needs in its environment and before its arguments.
    pub fn launch(
        self,
        launch: &mut Launch,
        gateway: &Gateway,
        token: &str,
        around: &Surroundings,
        home: &Path,
        model: Option<&str>,
    ) {
        match self {
            Self::ClaudeCode => claude_code::launch(launch, gateway, token, around, model),
            Self::Codex => codex::launch(launch, gateway, token, model),
            Self::GeminiCli => gemini_cli::launch(launch, gateway, token, around, home),
            Self::Opencode => opencode::launch(launch, gateway, token),
            Self::Aider => aider::launch(launch, gateway, token),
            Self::Zed | Self::Continue | Self::Cline => {}
        }
    }

    /// Why it cannot be started with Weir in its environment alone.
    pub fn needs_its_file(self) -> Option<&'static str> {
        match self {
            Self::Zed => Some("takes its addresses from its settings alone"),
            Self::Continue => Some("takes its models from its settings alone"),
            Self::Cline => Some("takes its provider from its settings alone"),
            _ => None,
        }
    }

    /// What to do where its file is not edited.
    pub fn way_around(self) -> String {
        let name = self.name();
        match self.needs_its_file() {
            None => format!("Use it without touching files: weir run {name}"),
            Some(_) => {
                format!("Write it plainly or take it out, then run it again: weir connect {name}")
            }
        }
    }

    /// The end of a sentence with a fix for a file that cannot be edited as it is.
    pub fn or_run(self) -> String {
        match self.needs_its_file() {
            None => format!(", or use the tool without touching files: weir run {}", self.name()),
            Some(_) => String::new(),
        }
    }
}
