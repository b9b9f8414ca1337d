//! Keys of providers, tokens of tools, and the configuration.
//! Owns their JSON and the secret that crosses the control socket; a secret is never printed.

use super::Stamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use ts_rs::TS;
use zeroize::Zeroizing;

/// Whether a provider's key can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It is there.
    Ready,
    /// None is stored, or the variable is not set.
    Missing,
    /// One is noted as stored; the keychain was not read in this run.
    Stored,
    /// The keychain is locked.
    Locked,
    /// No keychain runs here.
    Absent,
    /// The keychain refused.
    Denied,
    /// The keychain did not answer; it may be showing a prompt.
    Silent,
    /// The keychain has something else under Weir's name.
    Foreign,
    /// The key was stored for another address than the provider has now.
    Moved,
    /// The provider refused it when it was last tested.
    Rejected,
    /// The provider takes none, or the client's own is forwarded.
    NotNeeded,
}

/// One provider's key. Never the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyRow {
    /// The provider.
    pub provider: String,
    /// `keychain`, `env:NAME`, `passthrough` or `none`.
    pub source: String,
    /// Whether it can be had.
    pub state: KeyState,
    /// What to do, in one line; null when there is nothing to do.
    pub fix: Option<String>,
}

/// `key test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyTest {
    /// The provider.
    pub provider: String,
    /// Whether it accepted the key.
    pub ok: bool,
    /// The provider's HTTP status; null when it was not reached.
    pub status: Option<u16>,
    /// What was found, in one line with the fix.
    pub message: String,
    /// How long it took, in milliseconds.
    pub ms: u32,
}

/// `client add`: the only time the token is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClientAdded {
    /// The tool.
    pub name: String,
    /// Its token.
    #[ts(as = "String")]
    pub token: SecretText,
}

/// A tool that may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClientRow {
    /// Its name.
    pub name: String,
    /// When its token was made.
    #[ts(as = "String")]
    pub created: Stamp,
    /// When it last called; null for never.
    #[ts(as = "Option<String>")]
    pub last_used: Option<Stamp>,
}

/// `config show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfigShown {
    /// The file it is read from.
    pub file: String,
    /// Whether the file exists; the defaults alone are in force when not.
    pub exists: bool,
    /// The configuration in force with every default, as TOML.
    pub toml: String,
}

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfigProblem {
    /// The line it is on, from 1; null when it has none.
    pub line: Option<u32>,
    /// What is wrong and how to fix it.
    pub message: String,
}

/// `config check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfigReport {
    /// The file.
    pub file: String,
    /// Whether it holds.
    pub ok: bool,
    /// Everything that is wrong with it.
    pub problems: Vec<ConfigProblem>,
    /// Keys that are understood and have no effect yet, one sentence each.
    pub notes: Vec<String>,
}

/// A secret on its way: wiped on drop, written only to the control socket, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
