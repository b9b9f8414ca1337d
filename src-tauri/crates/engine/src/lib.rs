//! The engine: composition without a window. Configuration, keys, clock, books and the API that
//! the command line and the window call.

pub mod api;
pub mod control;
