//! How a provider's key stands, as far as is known without asking the keychain: from the item or the
//! refusal that is remembered, else from the list of names. What is drawn again and again uses this
//! alone, so that no redraw raises a prompt. Owns also the one read a run begins for what it shows.

use super::{Keys, StoreProblem, administered, elsewhere, origin_of};
use crate::config::Config;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use weir_core::route::KeySource;
use weir_proxy::ports::KeyProblem;

/// How a key stands.
#[derive(Debug)]
pub enum Standing {
    /// It is there.
    Ready,
    /// One is noted; the keychain was not read in this run.
    Stored,
    /// None is stored, or the variable is not set.
    Lacking(KeyProblem),
    /// It is there, and its provider refused it with this status when it was last tested.
    Rejected(u16),
    /// It is there for another address.
    Moved(KeyProblem),
    /// The keychain did not serve when it was last asked.
    Refused(StoreProblem),
}

impl Keys {
    /// How the key of a provider stands. Never asks the keychain.
    pub fn standing(&self, provider: &str) -> Standing {
        let rejected = self.rejected.lock().get(provider).copied();
        match (self.kept(provider), rejected) {
            (Standing::Ready | Standing::Stored, Some(status)) => Standing::Rejected(status),
            (standing, _) => standing,
        }
    }

    /// The same by what is kept here alone.
    fn kept(&self, provider: &str) -> Standing {
        let config = self.config.load();
        match Self::from_environment(&config, provider) {
            Some(Ok(_)) => return Standing::Ready,
            Some(Err(problem)) => return Standing::Lacking(problem),
            None => {}
        }
        if let Some(late) = self.keychain.late() {
            // Whatever it is, it is remembered for what follows.
            let _ = self.remember(late);
        }
        let item = self.item.lock().clone();
        if let Some(item) = item {
            return match self.pick(&config, provider, &item) {
                Ok(_) => Standing::Ready,
                Err(problem @ KeyProblem::Keychain { .. }) => Standing::Moved(problem),
                Err(problem) => Standing::Lacking(problem),
            };
        }
        // The address is in the list of names, so this is known however the keychain is.
        if let Some(moved) = self.noted_elsewhere(&config, provider) {
            return Standing::Moved(moved);
        }
        let refused = *self.refused.lock();
        match refused {
            Some((StoreProblem::Absent, _)) if !self.noted(provider) => {
                Standing::Lacking(KeyProblem::Missing { provider: provider.to_owned() })
            }
            Some((problem, _)) => Standing::Refused(problem),
            None if self.noted(provider) => Standing::Stored,
            None => Standing::Lacking(KeyProblem::Missing { provider: provider.to_owned() }),
        }
    }

    /// Reads the item if nobody did in this run. Blocks for three seconds at most, and at once when
    /// there is an answer, whatever it was.
    pub fn read_once(&self) {
        if !self.asked() {
            // How it went is remembered.
            let _ = self.read();
        }
    }

    /// The same on a thread of its own, and `tell` when there is an answer: once when it is known
    /// how the keychain stands, and once more when a prompt was answered that had stood for longer.
    pub fn look_aside(self: &Arc<Self>, tell: impl Fn() + Send + 'static) {
        if self.asked() || self.looking.swap(true, Ordering::Relaxed) {
            return;
        }
        let keys = Arc::clone(self);
        let look = move || {
            keys.read_once();
            tell();
            if keys.wait_for_late() {
                tell();
            }
        };
        if let Err(problem) = std::thread::Builder::new().name("weir-keys".into()).spawn(look) {
            tracing::warn!(%problem, "the keychain is not looked at before a key is needed");
        }
    }

    /// Waits until a read that was given up is answered. Whether there was one.
    pub(super) fn wait_for_late(&self) -> bool {
        self.keychain.wait_for_late()
    }

    /// Whether any key is noted that would be read from the keychain.
    pub fn any_noted(&self) -> bool {
        let config = self.config.load();
        let noted = |name: &str| self.noted(name);
        config.providers.iter().any(|p| p.key == KeySource::Keychain && noted(&p.name))
    }

    fn asked(&self) -> bool {
        self.item.lock().is_some() || self.refused.lock().is_some()
    }

    fn noted_elsewhere(&self, config: &Config, provider: &str) -> Option<KeyProblem> {
        let now = config.provider(provider).or_else(|| administered(config, provider))?;
        let noted = self.index.all().into_iter().find(|noted| noted.provider == provider)?;
        elsewhere(provider, &noted.origin, &origin_of(now))
    }
}
