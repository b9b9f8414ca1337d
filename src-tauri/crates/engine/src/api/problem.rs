//! The one error of the API: a code a program may match and a sentence a person can act on.
//! Owns the codes; the sentence always says what, where and how to fix, and never holds a secret.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The call itself is wrong: an unknown method, a missing or bad parameter.
    BadRequest,
    /// What was named does not exist.
    NotFound,
    /// It exists already.
    Exists,
    /// No price is known for the model.
    Unpriced,
    /// The configuration does not hold.
    Config,
    /// The keychain or a provider's key.
    Key,
    /// The ledger cannot be read or written.
    Ledger,
    /// A provider or local server could not be reached.
    Unreachable,
    /// No engine runs for this home.
    NotRunning,
    /// An engine runs but does not answer.
    NotAnswering,
    /// Another user, another home, a forbidden file.
    Denied,
    /// Needs a running engine, or cannot be done while one runs.
    Unavailable,
    /// Weir's own fault.
    Internal,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiProblem {
    /// For programs.
    pub code: Code,
    /// For people: one line with the fix.
    pub message: String,
}

impl ApiProblem {
    /// A problem.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
