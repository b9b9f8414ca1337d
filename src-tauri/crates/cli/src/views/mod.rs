//! Answers as text: one file a kind of answer, each a pure function of an API value.
//! Every line fits 80 columns; nothing here asks the time or prints.

pub mod bill;
pub mod budget;
pub mod connect;
pub mod cost;
pub mod doctor;
pub mod explain;
pub mod local;
pub mod log;
pub mod models;
pub mod prices;
pub mod profile;
pub mod reconcile;
pub mod simulate;
pub mod status;
pub mod tools;
pub mod tunnel;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub mod samples;
