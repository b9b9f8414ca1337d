//! The data path: from an accepted connection to a settled reservation.
//! Owns HTTP, both ways. Knows no SQL, no keychain, no configuration file and no window: what it
//! needs of the world comes through `ports`.

pub mod limits;
pub mod ports;
pub mod secret;
