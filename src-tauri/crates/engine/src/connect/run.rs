//! `weir run`: a tool started with Weir in its environment and arguments alone. No file of its is
//! touched, so nothing has to be put back.
//! Owns which variables and arguments; starting the process is the command line's.

use super::gateway::Gateway;
use super::surroundings::Surroundings;
use super::tools::Tool;
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
}

/// How to start a tool so that it calls Weir.
///
/// # Errors
/// When it is not installed or can only be set up in its file.
pub fn launch(
    tool: Tool,
    gateway: &Gateway,
    token: &str,
    around: &Surroundings,
    home: &Path,
) -> Result<Launch, LaunchProblem> {
    let found = tool.programs().iter().find_map(|name| around.program(name));
    let program = found.ok_or(LaunchProblem::NoProgram {
        title: tool.title(),
        program: tool.programs().first().copied().unwrap_or_default(),
    })?;
    let mut launch = Launch {
        program,
        arguments: Vec::new(),
        set: Vec::new(),
        unset: Vec::new(),
        files: Vec::new(),
    };
    tool.launch(&mut launch, gateway, token, around, home)?;
    for name in ["NO_PROXY", "no_proxy"] {
        let list = around.text(name).unwrap_or_default();
        if let Some(list) = super::tools::with_loopback(list) {
            launch.set.push((name.into(), list.into()));
        }
    }
    Ok(launch)
}
