//! Weir's engine, headless: composes the configuration, the keys, the clock, the ledger behind
//! the proxy's ports, and the functions that the command line and the window call.
//! Knows everything below it and nothing of tauri.

pub mod alerts;
pub mod api;
pub mod autostart;
pub mod control;

pub mod books;
pub mod charts;
pub mod clock;
pub mod config;
pub mod connect;
pub mod desk;
pub mod events;
pub mod gate;
pub mod guard;
pub mod harden;
pub mod history;
pub mod home;
pub mod listen;
pub mod local;
pub mod lock;
pub mod logs;
pub mod pages;
pub mod parts;
pub mod prices;
pub mod profiles;
mod recall;
pub mod reconcile;
pub mod routing;
pub mod secrets;
pub mod simulate;
pub mod start;
pub mod told;
pub mod tunnel;
pub mod words;

pub use desk::HomeDesk;
pub use home::Home;
pub use logs::Logs;
pub use start::{Engine, Offline, Options, Running, StartProblem};
