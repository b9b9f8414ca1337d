//! `weir run`: a tool started with Weir in its environment and arguments alone. No file of its is
//! touched, so nothing has to be put back.
//! Owns which variables and arguments; starting the process is the command line's.

use super::files::Files;
use super::gateway::Gateway;
use super::surroundings::Surroundings;
use super::tools::{Beaten, Tool};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How to start a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Arguments before the user's own.
    pub arguments: Vec<String>,
    /// Variables to set.
    pub set: Vec<(String, OsString)>,
    /// Variables to take away.
    pub unset: Vec<String>,
    /// Files in Weir's own home that the variables point at, and their texts; no secret is in one.
    pub files: Vec<(PathBuf, String)>,
}

/// Why a tool cannot be started like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchProblem {
    /// No program of its name.
    #[error("{title} was not found: no program called {program} is in PATH. Install it first")]
    NoProgram {
        /// The tool.
        title: &'static str,
        /// Its program.
        program: &'static str,
    },
    /// It takes no environment.
    #[error("{title} {why}. Use: weir connect {name}")]
    NoWay {
        /// The tool.
        title: &'static str,
        /// Why.
        why: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A settings file beats the environment, and would lead the run's token somewhere else.
    #[error(
        "{title} would not call Weir: {path} sets {key}, which counts more than the variables of \
         a run: {fix}"
    )]
    Beaten {
        /// The tool.
        title: &'static str,
        /// The file.
        path: PathBuf,
        /// The key in it.
        key: String,
        /// What to do.
        fix: String,
    },
}

impl LaunchProblem {
    /// A run that a settings file beats.
    pub fn beaten(tool: Tool, beaten: Beaten) -> Self {
        let fix = beaten.way_out(tool);
        Self::Beaten { title: tool.title(), path: beaten.path, key: beaten.key, fix }
    }
}

/// How to start a tool so that it calls Weir. `arguments` are the user's own for it.
///
/// # Errors
/// When it is not installed, can only be set up in its file, or has a file that leads past Weir.
pub fn launch(
    tool: Tool,
    gateway: &Gateway,
    token: &str,
    around: &Surroundings,
    home: &Path,
    files: &dyn Files,
    arguments: &[OsString],
) -> Result<Launch, LaunchProblem> {
    if let Some(why) = tool.needs_its_file() {
        return Err(LaunchProblem::NoWay { title: tool.title(), why, name: tool.name() });
    }
    let found = tool.programs().iter().find_map(|name| around.program(name));
    let program = found.ok_or(LaunchProblem::NoProgram {
        title: tool.title(),
        program: tool.programs().first().copied().unwrap_or_default(),
    })?;
    if let Some(beaten) = tool.beaten(gateway, around, files).into_iter().next() {
        return Err(LaunchProblem::beaten(tool, beaten));
    }
    let mut launch = Launch {
        program,
        arguments: Vec::new(),
        set: Vec::new(),
        unset: Vec::new(),
        files: Vec::new(),
    };
    let model = tool.model_of_run(arguments, around, files);
    tool.launch(&mut launch, gateway, token, around, home, model.as_deref());
    for name in ["NO_PROXY", "no_proxy"] {
        let list = around.text(name).unwrap_or_default();
        if let Some(list) = super::tools::with_loopback(list) {
            launch.set.push((name.into(), list.into()));
        }
    }
    Ok(launch)
}
