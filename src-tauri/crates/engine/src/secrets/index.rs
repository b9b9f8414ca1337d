//! Which providers have a key in the keychain and for which address, beside the keychain, so that
//! a start and `weir key list` need not ask it (and its owner need not unlock it). No secrets.

use crate::home::{HomeProblem, replace_private};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A provider with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The provider.
    pub provider: String,
    /// Scheme, host and port the key is bound to.
    pub origin: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Names {
    keychain: BTreeMap<String, String>,
}

/// The list, held in memory and in `keys.json`.
pub struct Index {
    path: PathBuf,
    names: Mutex<Names>,
}

impl Index {
    /// Reads the list; one that is missing or unreadable is empty until the keychain is asked.
    pub fn open(path: PathBuf) -> Self {
        let read = std::fs::read(&path).ok().and_then(|b| serde_json::from_slice(&b).ok());
        Self { path, names: Mutex::new(read.unwrap_or_default()) }
    }

    /// Whether a provider has a key.
    pub fn holds(&self, provider: &str) -> bool {
        self.names.lock().keychain.contains_key(provider)
    }

    /// Everything in the list, by name.
    pub fn all(&self) -> Vec<Noted> {
        let noted = |(p, o): (&String, &String)| Noted { provider: p.clone(), origin: o.clone() };
        self.names.lock().keychain.iter().map(noted).collect()
    }

    /// Adds a provider. Writes only when something changes.
    ///
    /// # Errors
    /// When the file cannot be written; the list in memory has it all the same.
    pub fn note(&self, provider: &str, origin: &str) -> Result<(), HomeProblem> {
        let mut names = self.names.lock();
        if names.keychain.get(provider).is_some_and(|known| known == origin) {
            return Ok(());
        }
        names.keychain.insert(provider.to_owned(), origin.to_owned());
        self.write(&names)
    }

    /// Removes a provider.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget(&self, provider: &str) -> Result<(), HomeProblem> {
        let mut names = self.names.lock();
        match names.keychain.remove(provider) {
            None => Ok(()),
            Some(_) => self.write(&names),
        }
    }

    fn write(&self, names: &Names) -> Result<(), HomeProblem> {
        let unwritable = |cause| HomeProblem::Unwritable { path: self.path.clone(), cause };
        let json = serde_json::to_vec_pretty(names).map_err(|e| unwritable(e.into()))?;
        replace_private(&self.path, &json).map_err(unwritable)
    }
}
