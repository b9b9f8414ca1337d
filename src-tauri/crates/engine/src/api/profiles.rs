//! Named configurations: `profile list`.
//! Owns their JSON.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A named configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileRow {
    /// Its name; `default` is config.toml.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Whether it is in use.
    pub in_use: bool,
    /// Why it cannot be used, a line a problem; null when it can.
    pub problem: Option<String>,
}

/// `profile list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Profiles {
    /// The one in use.
    pub in_use: String,
    /// Every profile, `default` first.
    pub profiles: Vec<ProfileRow>,
}
