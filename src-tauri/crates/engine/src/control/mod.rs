//! The control socket: how the command line and the window reach a running engine.
//! JSON lines over `control.sock` (a named pipe on Windows), one call a line, one answer a line,
//! many on a connection; `watch` turns a connection into a stream of events.
//! Owns the wire form and its limits. Never reachable over TCP.

mod address;
mod client;
mod line;
mod owner;
mod remote;
mod server;

pub use address::Address;
pub use client::{Watch, call, watch};
pub use owner::{Owner, private};
pub use remote::Remote;
pub use server::{Door, DoorProblem};

use crate::api::ApiProblem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The socket's name in its home.
const FILE: &str = "control.sock";
/// A call's line at most. A body for `route test` is the longest there is.
pub const CALL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// An answer's line at most: a page of the ledger with long names fits many times.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Connections served at once; one more waits.
pub const CONNECTIONS_MAX: usize = 64;
/// A connection without a call is closed after this long.
pub const IDLE_MAX: Duration = Duration::from_secs(60);
/// An answer the caller does not take is given up after this long.
pub const WRITE_MAX: Duration = Duration::from_secs(10);

/// One answer: `{"result":…}` or `{"error":{"code":…,"message":…}}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Result(Value),
    Error(ApiProblem),
}

impl From<Result<Value, ApiProblem>> for Reply {
    fn from(result: Result<Value, ApiProblem>) -> Self {
        match result {
            Ok(value) => Self::Result(value),
            Err(problem) => Self::Error(problem),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
