//! The configuration: as written (`raw`), checked with every problem at once (`check`), and then
//! never raw again. Owns the checked form and how a file is loaded; `show` prints it back.

mod check;
pub mod edit;
mod failover;
mod money;
mod planned;
mod presets;
mod raw;
mod read;
mod report;
mod routed;
mod shipped;
mod show;
mod tunnel;
pub mod url;

pub use check::{Checked, check};
pub use presets::{PRESET_NAMES, preset};
pub use read::Problem;
pub use report::{own_report, problem_shown, report};
pub use routed::any_local;
pub use show::{key_source, toml};
pub use tunnel::{TUNNEL_PORT, Tunnel};

use crate::alerts::Settings;
use crate::books::Terms;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_core::budget::{Budget, Cap, Power, Shares};
use weir_core::route::{KeySource, Provider, Route, Setup, Tier};
use weir_core::{Failover, Task};

pub use weir_core::route::{Mode, Rule, SecondOpinion, Use, When};

/// Every key with its default and a comment: what `weir config show` and the documentation quote.
pub const DEFAULT_TOML: &str = include_str!("config/default.toml");
/// The port when none is configured.
pub const PORT: u16 = 9347;
/// A larger file is not a configuration.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What a stop that was asked for does with connected tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStop {
    /// They are put back as they were, and connected again at the next start.
    #[default]
    Restore,
    /// They are left pointing at Weir.
    Keep,
}

impl OnStop {
    /// Its names in the file.
    pub const NAMES: [&str; 2] = ["restore", "keep"];

    /// Its name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Keep => "keep",
        }
    }
}

/// A configuration that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The port of 127.0.0.1 and ::1; 0 for any free one.
    pub port: u16,
    /// What a stop does with connected tools.
    pub on_stop: OnStop,
    /// Providers: the presets, then the user's own in the order they are written.
    pub providers: Vec<Provider>,
    /// Commands that start a provider's server, by its name.
    pub starts: BTreeMap<String, Vec<String>>,
    /// How many requests of one model a provider's server answers side by side, by its name.
    pub parallel: BTreeMap<String, usize>,
    /// Names of the providers the file itself mentions.
    pub written: Vec<String>,
    /// Chain of the low tier.
    pub low: Vec<Route>,
    /// Chain of the medium tier.
    pub medium: Vec<Route>,
    /// Chain of the high tier.
    pub high: Vec<Route>,
    /// How requests without a rule are routed.
    pub mode: Mode,
    /// Whether a conversation stays on its model.
    pub sticky: bool,
    /// The mode that `shadow` plans by.
    pub shadow_of: Mode,
    /// Whether work by rule goes to local models first.
    pub prefer_local: bool,
    /// Whether a conversation moves up to the tier of a harder request.
    pub escalate: bool,
    /// Who is asked where triage is unsure.
    pub second_opinion: Option<SecondOpinion>,
    /// The model named for a task.
    pub task_models: Vec<(Task, Route)>,
    /// First match wins, before the mode.
    pub rules: Vec<Rule>,
    /// Budgets in the order they are written.
    pub budgets: Vec<Budget>,
    /// Shares of a budget.
    pub categories: Option<Shares>,
    /// What single models may cost in a day.
    pub caps: Vec<Cap>,
    /// Who is told of money.
    pub alerts: Settings,
    /// What local work costs in electricity.
    pub power: Option<Power>,
    /// Whether work leaves a subscription early, so that its window lasts.
    pub pace: bool,
    /// The response cache.
    pub cache: Cache,
    /// Experiments.
    pub experiments: Vec<Experiment>,
    /// Judged samples of local answers.
    pub quality: Option<Quality>,
    /// The second listener for Cursor.
    pub tunnel: Tunnel,
    /// What happens when a provider fails.
    pub failover: Arc<Failover>,
    /// Keys that are understood and have no effect yet, each as one sentence.
    pub notes: Vec<String>,
}

/// `[cache]`. Thresholds are in thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Whether the same request is answered from memory.
    pub exact: bool,
    /// How long, in seconds.
    pub ttl_secs: u64,
    /// Whether a like request is.
    pub semantic: bool,
    /// How like it must be.
    pub threshold: u16,
    /// Thresholds of single tasks.
    pub by_task: Vec<(String, u16)>,
}

/// `[[experiments]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub when: When,
    /// Route and weight of each arm.
    pub arms: Vec<(Route, u32)>,
}

/// `[quality]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quality {
    /// Answers judged, of how many.
    pub sample: (u32, u32),
    /// The judge.
    pub judge: Route,
    /// The least acceptable score, in thousandths.
    pub floor: u16,
}

/// Why no configuration could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}. Make it readable for this user, or move it away")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The profile in use is gone.
    #[error(
        "the profile {name} is in use and {path} is not there. Put it back, or use another: weir \
         profile use default"
    )]
    Gone {
        /// The profile.
        name: String,
        /// Its file.
        path: PathBuf,
    },
    /// A provider's address is the one Weir listens on.
    #[error(
        "[providers.{provider}] has base_url = \"{base_url}\", which is Weir's own address on this \
         start, so a request would circle for ever. Write the provider's own address, or use \
         another port"
    )]
    Circle {
        /// The provider.
        provider: String,
        /// Its address.
        base_url: String,
    },
    /// The file does not hold; every problem of it.
    #[error("{}", listed(.path, .problems))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Every problem, by line.
        problems: Vec<Problem>,
    },
}

fn listed(path: &Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|p| format!("{}, {p}", path.display())).collect();
    lines.join("\n")
}

impl Config {
    /// The configuration without a file.
    pub fn default_config() -> Self {
        check("").config.expect("an empty file has nothing that could be wrong")
    }

    /// The configuration of a file; the default one when there is no file.
    ///
    /// # Errors
    /// Every problem of the file at once.
    pub fn load(path: &Path) -> Result<Self, ConfigProblem> {
        match read_file(path)? {
            None => Ok(Self::default_config()),
            Some(text) => Self::parse(path, &text),
        }
    }

    /// The configuration of a text; `path` is what problems name.
    ///
    /// # Errors
    /// Every problem of the text at once.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigProblem> {
        let checked = check(text);
        let problems = checked.problems;
        checked.config.ok_or_else(|| ConfigProblem::Wrong { path: path.to_path_buf(), problems })
    }

    /// Every budget a request is held to: those that are written, each followed by its shares,
    /// the caps, and the tunnel's.
    pub fn budgets_in_force(&self) -> Vec<Budget> {
        let mut all = Vec::new();
        for budget in &self.budgets {
            all.push(budget.clone());
            let shares = self.categories.iter().filter(|shares| shares.of == budget.name);
            all.extend(shares.flat_map(|shares| shares.budgets(budget)));
        }
        all.extend(self.caps.iter().map(Cap::budget));
        all.push(self.tunnel.budget());
        all
    }

    /// What the books act on.
    pub fn terms(&self) -> Terms {
        Terms {
            budgets: self.budgets_in_force(),
            shares: self.categories.clone(),
            power: self.power,
            pace: self.pace,
        }
    }

    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// The provider that leads back to Weir itself when it listens on `port`. A preset nobody wrote
    /// down does not count: it is never asked unless it is named.
    pub fn circle(&self, port: u16) -> Option<&Provider> {
        let written = self.providers.iter().filter(|p| self.written.contains(&p.name));
        written.into_iter().find(|p| url::check(&p.base_url, true, port).is_err())
    }

    /// Whether a provider has what it takes to be asked, as far as is known without the keychain:
    /// a key, or the file's own word that it needs none.
    pub fn can_be_asked(&self, provider: &Provider, has_key: impl Fn(&str) -> bool) -> bool {
        match &provider.key {
            KeySource::Keychain => has_key(&provider.name),
            KeySource::Env(variable) => std::env::var_os(variable).is_some_and(|v| !v.is_empty()),
            KeySource::Passthrough | KeySource::None => self.written.contains(&provider.name),
        }
    }

    /// What routing needs of it. `has_key` says whether the keychain is known to hold a
    /// provider's key. The demonstration answers only on a new home: a file that names a provider
    /// is taken at its word, and a key that is missing there is told.
    pub fn setup(&self, paused: bool, has_key: impl Fn(&str) -> bool) -> Setup {
        let chain = |tier| self.in_force(tier, &|provider| self.can_be_asked(provider, &has_key));
        Setup {
            providers: self.providers.clone(),
            low: chain(Tier::Low),
            medium: chain(Tier::Medium),
            high: chain(Tier::High),
            mode: self.mode,
            shadow_of: self.shadow_of,
            sticky: self.sticky,
            rules: self.rules.clone(),
            task_models: self.task_models.clone(),
            rule_work_local: self.prefer_local,
            escalate: self.escalate,
            second_opinion: self.second_opinion.clone(),
            paused,
            local_off: false,
            models_off: Vec::new(),
            local_only: false,
            demo_answers: self.written.is_empty()
                && !self.providers.iter().any(|p| self.can_be_asked(p, &has_key)),
        }
    }
}

/// The text of a file, `None` when there is none. An empty configuration is a valid one.
///
/// # Errors
/// When it is there and cannot be read, is not text, or is larger than any configuration.
pub fn read_file(path: &Path) -> Result<Option<String>, ConfigProblem> {
    let unreadable = |cause| ConfigProblem::Unreadable { path: path.to_path_buf(), cause };
    match std::fs::metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            return Err(unreadable(io::Error::other("larger than 1 MiB")));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    // Windows editors put a byte order mark in front.
    Ok(Some(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)))
}

#[cfg(test)]
mod tests;
