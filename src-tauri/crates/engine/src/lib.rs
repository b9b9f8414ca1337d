//! Weir's engine, headless: composes the configuration, the keys, the clock, the ledger behind
//! the proxy's ports, and the functions that the command line and the window call.
//! Knows everything below it and nothing of tauri.

pub mod api;
pub mod control;

pub mod clock;
pub mod config;
pub mod gate;
pub mod home;
pub mod lock;
pub mod prices;
