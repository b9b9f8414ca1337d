//! The data path: from an accepted connection to a settled reservation.

pub mod ports;
pub mod secret;
