//! Why a tool was not connected or put back. Every sentence says what, where and how to fix it,
//! and that nothing was touched when nothing was.

use super::document::Unfit;
use super::tools::Tool;
use crate::api::ApiProblem;
use std::io;
use std::path::PathBuf;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum ConnectProblem {
    /// No folder of the user's is known.
    #[error("no home folder is known for this user. Set HOME")]
    NoFolder,
    /// The file cannot be edited safely.
    #[error("{path}: {cause}. Nothing was changed. {fix}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: Unfit,
        /// What to do.
        fix: String,
    },
    /// The file cannot be read or written.
    #[error("{path}: {cause}. {fix}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
        /// What to do.
        fix: String,
    },
    /// The file is somebody else's, or closed to writing.
    #[error("{path} {what}. Nothing was changed. {fix}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
        /// What to do.
        fix: String,
    },
    /// The journal in the home.
    #[error(
        "cannot keep the journal of changes in the home: {0}. Nothing was changed. Check the space \
         and the permissions of the home folder"
    )]
    Journal(io::Error),
    /// A provider of Weir's leads back to Weir.
    #[error(
        "provider {provider} in config.toml has Weir's own address ({url}): every request would go \
         round in a circle. Nothing was changed. Give it its real address"
    )]
    Loop {
        /// The provider.
        provider: String,
        /// Its address.
        url: String,
    },
    /// No port is known.
    #[error(
        "Weir is not running and its port is free to choose, so no tool can be pointed at it. \
         Start it first: weir serve"
    )]
    NoPort,
    /// The file that was changed is not the one this process would change.
    #[error(
        "its settings are elsewhere for this process than they were for the one that connected it. \
         Nothing was changed. From a shell: weir connect {tool}"
    )]
    Elsewhere {
        /// The tool.
        tool: &'static str,
    },
    /// Another `weir connect`.
    #[error("another weir is changing tools' settings right now. Try again in a moment")]
    Busy,
    /// The engine or the home.
    #[error(transparent)]
    Api(#[from] ApiProblem),
}

/// Why a file that is not as it should be was not edited.
pub(super) fn unfit(path: &std::path::Path, cause: Unfit, tool: Tool) -> ConnectProblem {
    let fix = match cause {
        Unfit::Unreadable { .. } => "Mend the line, then give the same command again".to_owned(),
        _ => tool.way_around(),
    };
    ConnectProblem::Unfit { path: path.to_owned(), cause, fix }
}
