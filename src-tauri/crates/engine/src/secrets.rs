//! Keys of providers: in the operating system's keychain, in the environment, or not at all.
//! Owns the one item all keys live in, what a key is bound to, and the memory a run keeps them
//! in. The keychain itself is `keychain`; which providers have a key is `index`.

mod index;
mod keychain;
mod memory;
mod standing;
mod system;

pub use index::{Index, Noted};
pub use keychain::{Keychain, StoreProblem, Vault};
pub use memory::MemoryVault;
pub use standing::Standing;
pub use system::SystemVault;

use crate::config::{Config, url};
use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use weir_core::route::{KeySource, Provider};
use weir_proxy::ports::{Clock, KeyProblem, Keys as KeysPort};
use weir_proxy::secret::Secret;
use zeroize::Zeroizing;

/// Longest wait for the keychain, which may be showing its owner a prompt.
pub const KEYCHAIN_WAIT_MAX: Duration = Duration::from_secs(3);
/// After a keychain refused, requests do not ask it again for so long: each question may raise a
/// prompt, and a tool retries. The user's own `weir key …` asks at once.
const REST_NS: u64 = 30_000_000_000;
/// Longest key that is taken.
pub const KEY_BYTES_MAX: usize = 1024;
/// Windows stores no larger credential (CRED_MAX_CREDENTIAL_BLOB_SIZE). Held to everywhere, so
/// that keys which fit on one system fit on all.
pub const ITEM_BYTES_MAX: usize = 2560;

/// One key in the item.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(serialize_with = "expose", deserialize_with = "enclose")]
    key: Secret,
    origin: String,
}

fn expose<S: serde::Serializer>(key: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key.expose())
}

fn enclose<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

type Item = BTreeMap<String, Stored>;

/// Why a key was not stored or removed. `Display` names the fix and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum SetProblem {
    /// No such provider.
    #[error(
        "no provider is called {provider}. Known: {known}. Add [providers.{provider}] to config.toml first"
    )]
    UnknownProvider {
        /// What was named.
        provider: String,
        /// What there is.
        known: String,
    },
    /// The provider takes its key from elsewhere.
    #[error(
        "[providers.{provider}] has key = \"{written}\", so a stored key would not be used. Write key = \"keychain\" there first"
    )]
    NotKeychain {
        /// The provider.
        provider: String,
        /// Where it takes its key from.
        written: String,
    },
    /// The text cannot be a key.
    #[error("that is not a key: {reason}. Paste it again, without quotes")]
    NotAKey {
        /// Why.
        reason: &'static str,
    },
    /// No key is stored for it.
    #[error("no key is stored for {provider}. See: weir key list")]
    NoKey {
        /// The provider.
        provider: String,
    },
    /// The item would grow too large.
    #[error(
        "all keys together would need {bytes} bytes, and a keychain item holds {ITEM_BYTES_MAX}. Take some from the environment instead: key = \"env:NAME\""
    )]
    TooLarge {
        /// What it would need.
        bytes: usize,
    },
    /// The keychain.
    #[error("the keychain {0}")]
    Keychain(#[from] StoreProblem),
    /// The list of names beside the keychain.
    #[error("the key is stored, but {0}")]
    Index(#[from] crate::home::HomeProblem),
}

/// What an administrator's key is called: `anthropic-admin` for the reports of `anthropic`.
pub const ADMIN: &str = "-admin";

/// The provider whose reports a name's key is for, unless a provider is called so itself.
fn administered<'c>(config: &'c Config, name: &str) -> Option<&'c Provider> {
    let of = name.strip_suffix(ADMIN)?;
    if config.provider(name).is_some() { None } else { config.provider(of) }
}

/// The keys of one engine.
pub struct Keys {
    keychain: Keychain,
    index: Arc<Index>,
    config: Arc<ArcSwap<Config>>,
    /// The item as it was last read or written; `None` before the first time.
    item: Mutex<Option<Arc<Item>>>,
    clock: Arc<dyn Clock>,
    /// The last refusal, and when it was on the monotonic clock.
    refused: Mutex<Option<(StoreProblem, u64)>>,
    /// Whether somebody looks aside already, which is done once a run.
    looking: AtomicBool,
    /// Providers that refused their key when it was last tested, each with its status.
    rejected: Mutex<HashMap<String, u16>>,
}

impl Keys {
    /// Keys in `vault`. Nothing is read before the first key is asked for.
    pub fn new(
        vault: Arc<dyn Vault>,
        index: Arc<Index>,
        config: Arc<ArcSwap<Config>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            keychain: Keychain::new(vault),
            index,
            config,
            item: Mutex::new(None),
            clock,
            refused: Mutex::new(None),
            looking: AtomicBool::new(false),
            rejected: Mutex::default(),
        }
    }

    /// Whether a key is known to be stored for this provider. Asks the list of names, never the
    /// keychain.
    pub fn noted(&self, provider: &str) -> bool {
        self.index.holds(provider)
    }

    /// Remembers what a provider said of its key: the status it refused it with, or `None` where it took
    /// it. Another key is nothing it has said anything of.
    pub fn tested(&self, provider: &str, refused: Option<u16>) {
        let mut rejected = self.rejected.lock();
        match refused {
            Some(status) => rejected.insert(provider.to_owned(), status),
            None => rejected.remove(provider),
        };
    }

    /// Stores a key for the address the provider has now. Blocks for three seconds at most.
    ///
    /// # Errors
    /// See [`SetProblem`]; nothing is stored then, except where it says so.
    pub fn set(&self, provider: &str, key: &str) -> Result<(), SetProblem> {
        let config = self.config.load();
        let found = self.keychain_provider(&config, provider)?;
        let key = key.trim();
        check_key(key)?;
        let origin = origin_of(found);
        self.change(|item| {
            let stored = Stored { key: Secret::new(key.to_owned()), origin: origin.clone() };
            item.insert(provider.to_owned(), stored);
            Ok(())
        })?;
        self.tested(provider, None);
        self.index.note(provider, &origin)?;
        Ok(())
    }

    /// Removes a key from the keychain, from memory and from the list. The provider need not be
    /// configured any more.
    ///
    /// # Errors
    /// See [`SetProblem`].
    pub fn remove(&self, provider: &str) -> Result<(), SetProblem> {
        let none = || SetProblem::NoKey { provider: provider.to_owned() };
        let config = self.config.load();
        if !self.noted(provider)
            && config.provider(provider).is_none()
            && administered(&config, provider).is_none()
        {
            // A name that means nothing here is no reason to wake the keychain.
            return Err(none());
        }
        let removed = self.change(|item| match item.remove(provider) {
            Some(_) => Ok(()),
            None => Err(none()),
        });
        self.tested(provider, None);
        // A name without a key helps nobody, so it goes in either case.
        if removed.is_ok() || matches!(removed, Err(SetProblem::NoKey { .. })) {
            self.index.forget(provider)?;
        }
        removed
    }

    /// The key of a provider. Blocks for three seconds at most.
    ///
    /// # Errors
    /// A named state with its fix.
    pub fn find(&self, provider: &str) -> Result<Secret, KeyProblem> {
        let config = self.config.load();
        match Self::from_environment(&config, provider) {
            Some(found) => found,
            None => {
                let item = self.read().map_err(|found| self.or_missing(provider, found))?;
                self.pick(&config, provider, &item)
            }
        }
    }

    /// Every provider that has a key in the keychain, as the list of names says.
    pub fn stored(&self) -> Vec<Noted> {
        self.index.all()
    }

    /// Where no keychain runs and no key was ever stored, the missing key is the news: storing
    /// one then tells of the keychain.
    fn or_missing(&self, provider: &str, found: StoreProblem) -> KeyProblem {
        if found == StoreProblem::Absent && !self.noted(provider) {
            return KeyProblem::Missing { provider: provider.to_owned() };
        }
        problem(found)
    }

    /// The item for a request. A keychain that refused is left alone for a while, and one that is
    /// still showing its prompt is not waited for again.
    async fn item_for_request(&self) -> Result<Arc<Item>, StoreProblem> {
        if let Some(item) = self.item.lock().as_ref() {
            return Ok(Arc::clone(item));
        }
        let now = self.clock.monotonic_ns();
        if let Some((problem, at)) = *self.refused.lock() {
            let left_alone = match problem {
                StoreProblem::Timeout => self.keychain.busy(),
                _ => now.saturating_sub(at) < REST_NS,
            };
            if left_alone {
                return Err(problem);
            }
        }
        // Once a prompt was answered, its answer is there already.
        if let Some(late) = self.keychain.late() {
            return self.remember(late);
        }
        self.remember(self.keychain.read_async(KEYCHAIN_WAIT_MAX).await)
    }

    /// `Some` when the keychain is not what to ask.
    fn from_environment(config: &Config, provider: &str) -> Option<Result<Secret, KeyProblem>> {
        let missing = || KeyProblem::Missing { provider: provider.to_owned() };
        match config.provider(provider).map(|p| &p.key) {
            Some(KeySource::Keychain) => None,
            None if administered(config, provider).is_some() => {
                // A server without a keychain has it in its environment.
                let name = provider.to_uppercase().replace('-', "_") + "_KEY";
                let value = std::env::var(name).ok().filter(|v| !v.trim().is_empty());
                value.map(|v| Ok(Secret::new(v.trim().to_owned())))
            }
            Some(KeySource::Env(variable)) => {
                let value = std::env::var(variable).ok().filter(|v| !v.trim().is_empty());
                Some(value.map(|v| Secret::new(v.trim().to_owned())).ok_or_else(|| {
                    KeyProblem::EnvUnset {
                        provider: provider.to_owned(),
                        variable: variable.clone(),
                    }
                }))
            }
            Some(KeySource::Passthrough | KeySource::None) | None => Some(Err(missing())),
        }
    }

    fn pick(&self, config: &Config, provider: &str, item: &Item) -> Result<Secret, KeyProblem> {
        let missing = || KeyProblem::Missing { provider: provider.to_owned() };
        let stored = item.get(provider).ok_or_else(missing)?;
        let found = config.provider(provider).or_else(|| administered(config, provider));
        let origin = found.map(origin_of).ok_or_else(missing)?;
        match elsewhere(provider, &stored.origin, &origin) {
            Some(moved) => Err(moved),
            None => Ok(stored.key.clone()),
        }
    }

    fn keychain_provider<'c>(
        &self,
        config: &'c Config,
        provider: &str,
    ) -> Result<&'c Provider, SetProblem> {
        if let Some(found) = administered(config, provider) {
            return Ok(found);
        }
        let Some(found) = config.provider(provider) else {
            let known: Vec<&str> = config.providers.iter().map(|p| p.name.as_str()).collect();
            let (provider, known) = (provider.to_owned(), known.join(", "));
            return Err(SetProblem::UnknownProvider { provider, known });
        };
        if found.key != KeySource::Keychain {
            let written = crate::config::key_source(&found.key);
            return Err(SetProblem::NotKeychain { provider: provider.to_owned(), written });
        }
        Ok(found)
    }

    fn read(&self) -> Result<Arc<Item>, StoreProblem> {
        if let Some(item) = self.item.lock().as_ref() {
            return Ok(Arc::clone(item));
        }
        self.remember(self.keychain.read(KEYCHAIN_WAIT_MAX))
    }

    /// Keeps what the keychain answered: the item, or that it refused and when.
    fn remember(&self, answer: keychain::Answer) -> Result<Arc<Item>, StoreProblem> {
        let item = answer.and_then(|bytes| self.keep(bytes));
        *self.refused.lock() = item.as_ref().err().map(|e| (*e, self.clock.monotonic_ns()));
        item
    }

    fn keep(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> Result<Arc<Item>, StoreProblem> {
        let item = match bytes {
            None => Item::new(),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| StoreProblem::NotOurs)?,
        };
        // Names that are missing in the list, for whatever reason, are put back.
        for (provider, stored) in &item {
            if let Err(problem) = self.index.note(provider, &stored.origin) {
                tracing::warn!(%problem, "the list of keys was not brought up to date");
            }
        }
        let item = Arc::new(item);
        *self.item.lock() = Some(Arc::clone(&item));
        Ok(item)
    }

    fn change(
        &self,
        edit: impl FnOnce(&mut Item) -> Result<(), SetProblem>,
    ) -> Result<(), SetProblem> {
        // Read anew: another weir may have written since.
        let read = self.keychain.read(KEYCHAIN_WAIT_MAX).and_then(|bytes| match bytes {
            None => Ok(Item::new()),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| StoreProblem::NotOurs),
        });
        *self.refused.lock() = read.as_ref().err().map(|e| (*e, self.clock.monotonic_ns()));
        let mut item: Item = read?;
        edit(&mut item)?;
        if item.is_empty() {
            self.keychain.delete(KEYCHAIN_WAIT_MAX)?;
        } else {
            let json = serde_json::to_vec(&item).map_err(|_| StoreProblem::NotOurs)?;
            let json = Zeroizing::new(json);
            if json.len() > ITEM_BYTES_MAX {
                return Err(SetProblem::TooLarge { bytes: json.len() });
            }
            self.keychain.write(json, KEYCHAIN_WAIT_MAX)?;
        }
        *self.item.lock() = Some(Arc::new(item));
        Ok(())
    }
}

impl KeysPort for Keys {
    fn key<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Secret, KeyProblem>> {
        Box::pin(async move {
            let config = self.config.load_full();
            if let Some(found) = Self::from_environment(&config, provider) {
                return found;
            }
            let item = self.item_for_request().await;
            let item = item.map_err(|found| self.or_missing(provider, found))?;
            self.pick(&config, provider, &item)
        })
    }
}

/// What a key is bound to: it goes nowhere else.
fn origin_of(provider: &Provider) -> String {
    url::origin(&provider.base_url).map_or_else(|_| provider.base_url.clone(), |o| o.to_string())
}

/// What is said of a key whose provider has another address than the one it was stored for.
fn elsewhere(provider: &str, stored: &str, now: &str) -> Option<KeyProblem> {
    let fix = format!(
        "It was stored for {stored} and [providers.{provider}] now says {now}. If that is right, \
         run: weir key set {provider}"
    );
    let state = "holds this key for another address";
    (stored != now).then_some(KeyProblem::Keychain { state, fix })
}

fn check_key(key: &str) -> Result<(), SetProblem> {
    let reason = if key.is_empty() {
        "it is empty"
    } else if key.len() > KEY_BYTES_MAX {
        "it has more than 1024 characters"
    } else if !key.bytes().all(|b| b.is_ascii_graphic()) {
        "it holds a space or a character that no header may hold"
    } else {
        return Ok(());
    };
    Err(SetProblem::NotAKey { reason })
}

fn problem(problem: StoreProblem) -> KeyProblem {
    let (state, fix) = problem.parts();
    KeyProblem::Keychain { state, fix: fix.to_owned() }
}

#[cfg(test)]
mod tests;
