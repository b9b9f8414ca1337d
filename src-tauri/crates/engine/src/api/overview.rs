//! What the window shows: the overview of a desk, or why there is none.
//! Owns how many requests the overview lists.

use super::{ApiProblem, Desk, LogQuery, LogRow, Mark, Status};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The overview: totals, what needs attention, and the last requests with those under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Overview {
    /// The state the mark shows.
    pub mark: Mark,
    /// The engine, spend, budgets, providers.
    pub status: Status,
    /// The last requests, newest first; at most `Overview::ROWS`.
    pub requests: Vec<LogRow>,
}

impl Overview {
    /// Requests listed.
    pub const ROWS: u32 = 60;

    /// Asks a desk.
    ///
    /// # Errors
    /// What the desk says.
    pub fn of(desk: &dyn Desk) -> Result<Self, ApiProblem> {
        let status = desk.status()?;
        let query = LogQuery { limit: Self::ROWS, refused: true, ..LogQuery::default() };
        let requests = desk.log(&query)?;
        Ok(Self { mark: Mark::of(&status), status, requests })
    }
}

/// A page that was asked for from outside the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Wanted {
    /// The page; null where the window stays on its own.
    pub page: Option<String>,
    /// Grows with every time one is asked for, so that each is gone to once.
    pub turn: u32,
}

/// The whole window, drawn anew from this whenever something changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct WindowView {
    /// The overview; null while nothing is served.
    pub overview: Option<Overview>,
    /// Why nothing is served; null while something is.
    pub problem: Option<ApiProblem>,
    /// The port that another program has, where that is why.
    #[serde(default)]
    pub port_taken: Option<u16>,
    /// What the desktop lacks, one sentence each.
    pub notes: Vec<String>,
    /// Whether a tray icon stands; without one the window offers to quit.
    pub tray: bool,
    /// Whether the engine runs in the tray's own process and stops with it.
    pub own_engine: bool,
    /// Whether Weir starts at login; null where this home cannot, because it was named by an option.
    #[serde(default)]
    pub login: Option<bool>,
    /// The page that was asked for last; null before any was.
    #[serde(default)]
    pub wanted: Option<Wanted>,
}
