//! The ledger: what every attempt was expected to cost, and what it came to.
//! The only SQL of the project. One file a table, append-only migrations, one writer, and a
//! journal before it so that no request waits for the database.
//! Knows core's values and SQLite; no HTTP, no configuration, no clock: `now` is an argument.

mod client;
mod connection;
mod daily;
mod decision;
mod entry;
mod imported;
mod journal;
mod ledger;
mod lift;
mod log;
mod migration;
mod name;
mod notes;
mod opening;
mod page;
mod part;
mod place;
mod problem;
mod queue;
mod reader;
mod record;
mod recount;
mod reserve;
mod rollup;
mod row;
mod rows;
mod salvage;
mod session;
mod settle;
mod sync;
mod told;
mod waiting;
mod writer;

#[cfg(test)]
mod failure_test;
#[cfg(test)]
mod migration_test;

pub use client::{ClientProblem, ClientRow};
pub use imported::{ImportRow, Imported, ImportedCost};
pub use ledger::{Health, Ledger, Opened};
pub use log::{Export, LOG_REQUESTS_MAX};
pub use name::TEXT_BYTES_MAX;
pub use problem::{OpenProblem, ReadProblem, WriteProblem};
pub use queue::ORDER_MS_MAX;
pub use rows::{
    AttemptRow, AttemptState, DayGroup, DayRange, DecisionRow, Dimension, Group, LogFilter,
    RequestRow, Reserve, Settle, Spent, Totals, WeighedRow,
};
pub use salvage::{Salvaged, salvage};
