//! The data path: from an accepted connection to a settled reservation.
//! Owns HTTP, both ways. Knows no SQL, no keychain, no configuration file and no window: what it
//! needs of the world comes through `ports`.

pub mod accept;
mod answer;
mod attempt;
mod body;
mod carry;
pub mod check;
mod conversations;
mod count;
mod crossed;
mod decline;
mod declined;
mod demo;
pub mod fetch;
mod headers;
pub mod health;
mod left;
pub mod limits;
mod live;
mod local;
mod models;
mod opinion;
mod pipeline;
mod plan;
pub mod ports;
pub mod probe;
mod quirks;
mod read;
mod relay;
pub mod reply;
mod room;
pub mod secret;
mod server;
mod settle;
mod silence;
pub mod triage;
pub mod tunnel;
mod upstream;
pub mod workers;

pub use live::Live;
pub use server::Proxy;

#[cfg(test)]
mod simulation_test;
