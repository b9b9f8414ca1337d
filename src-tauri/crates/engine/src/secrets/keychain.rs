//! A keychain behind a worker thread: a locked one shows its owner a prompt and blocks the caller
//! for as long as the prompt stands, which no request and no start may wait for.
//! Owns the wait, the named states, and that at most one call is under way.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// The one item all keys live in. Calls may block; they are made on a thread of their own.
pub trait Vault: Send + Sync + 'static {
    /// The item's bytes, `None` when there is none.
    ///
    /// # Errors
    /// The keychain's state.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreProblem>;
    /// Replaces the item's bytes.
    ///
    /// # Errors
    /// The keychain's state.
    fn write(&self, item: &[u8]) -> Result<(), StoreProblem>;
    /// Removes the item; one that is not there is removed already.
    ///
    /// # Errors
    /// The keychain's state.
    fn delete(&self) -> Result<(), StoreProblem>;
}

/// Why a keychain did not serve. `Display` continues "the keychain …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreProblem {
    /// Its owner has not unlocked it.
    #[error("{}", sentence(*self))]
    Locked,
    /// This system has none running.
    #[error("{}", sentence(*self))]
    Absent,
    /// It refused.
    #[error("{}", sentence(*self))]
    Denied,
    /// It did not answer in time; it may be showing a prompt.
    #[error("{}", sentence(*self))]
    Timeout,
    /// The item is there and is not Weir's.
    #[error("{}", sentence(*self))]
    NotOurs,
    /// The item is larger than this keychain takes.
    #[error("{}", sentence(*self))]
    TooLong,
}

fn sentence(problem: StoreProblem) -> String {
    let (state, fix) = problem.parts();
    format!("{state}. {fix}")
}

impl StoreProblem {
    /// The state, and what to do about it.
    pub fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Locked => (
                "is locked",
                "Unlock it and try again, or take the key from the environment: key = \"env:NAME\"",
            ),
            Self::Absent => (
                "is not available",
                "No keychain service runs here. Take the key from the environment: \
                 key = \"env:NAME\" in config.toml",
            ),
            Self::Denied => (
                "refused access",
                "Allow Weir in the keychain's own settings, or take the key from the environment: \
                 key = \"env:NAME\"",
            ),
            Self::Timeout => (
                "did not answer within 3 s",
                "It may be asking to be unlocked: look for its window, answer it and try again, or \
                 take the key from the environment: key = \"env:NAME\"",
            ),
            Self::NotOurs => (
                "holds an item \"provider keys\" that Weir did not write",
                "Remove that item in the keychain's own program, then store the keys again",
            ),
            Self::TooLong => (
                "takes no item that large",
                "Take some keys from the environment instead: key = \"env:NAME\"",
            ),
        }
    }
}

/// What a call came to: the item, where one was read.
pub type Answer = Result<Option<Zeroizing<Vec<u8>>>, StoreProblem>;

/// A call under way and, once it is there, its answer.
#[derive(Default)]
struct Pending {
    /// Whether it reads: only then does its answer say what the item is.
    reads: bool,
    answer: Mutex<Option<Answer>>,
    done: Condvar,
    notify: Notify,
}

/// A vault and its worker.
pub struct Keychain {
    vault: Arc<dyn Vault>,
    /// The call that has not come back yet. While there is one, no other thread is started: a
    /// keychain that blocks would otherwise cost a thread with every request.
    pending: Arc<Mutex<Option<Arc<Pending>>>>,
    /// The read that was last given up. Its answer may still come, when the prompt is answered.
    given_up: Mutex<Option<Arc<Pending>>>,
}

enum Work {
    Read,
    Write(Zeroizing<Vec<u8>>),
    Delete,
}

impl Keychain {
    /// A worker for a vault. No thread runs between calls.
    pub fn new(vault: Arc<dyn Vault>) -> Self {
        Self { vault, pending: Arc::default(), given_up: Mutex::default() }
    }

    /// Whether a call has not come back yet.
    pub fn busy(&self) -> bool {
        self.pending.lock().is_some()
    }

    /// Reads the item.
    ///
    /// # Errors
    /// The keychain's state.
    pub fn read(&self, wait: Duration) -> Answer {
        loop {
            // A read that is under way already serves this caller too; a write is waited for.
            let (pending, _) = self.begin(Work::Read);
            let answer = wait_for(&pending, wait);
            if pending.reads || matches!(answer, Err(StoreProblem::Timeout)) {
                return self.heard(&pending, answer);
            }
        }
    }

    /// Reads the item without blocking the thread.
    ///
    /// # Errors
    /// The keychain's state.
    pub async fn read_async(&self, wait: Duration) -> Answer {
        loop {
            let (pending, _) = self.begin(Work::Read);
            let answered = tokio::time::timeout(wait, async {
                loop {
                    let notified = pending.notify.notified();
                    if let Some(answer) = pending.answer.lock().clone() {
                        return answer;
                    }
                    notified.await;
                }
            });
            let answer = answered.await.unwrap_or(Err(StoreProblem::Timeout));
            if pending.reads || matches!(answer, Err(StoreProblem::Timeout)) {
                return self.heard(&pending, answer);
            }
        }
    }

    /// The answer of a read that was given up, if it has come since. It is handed out once.
    pub fn late(&self) -> Option<Answer> {
        let mut given_up = self.given_up.lock();
        let answer = given_up.as_ref()?.answer.lock().clone()?;
        *given_up = None;
        Some(answer)
    }

    /// Waits for as long as it takes until a read that was given up is answered. Whether there was one.
    pub fn wait_for_late(&self) -> bool {
        let Some(pending) = self.given_up.lock().clone() else { return false };
        let mut answer = pending.answer.lock();
        pending.done.wait_while(&mut answer, |a| a.is_none());
        true
    }

    /// Remembers a read that nobody waits for any more.
    fn heard(&self, pending: &Arc<Pending>, answer: Answer) -> Answer {
        let unanswered = pending.reads && matches!(answer, Err(StoreProblem::Timeout));
        *self.given_up.lock() = unanswered.then(|| Arc::clone(pending));
        answer
    }

    /// Replaces the item.
    ///
    /// # Errors
    /// The keychain's state.
    pub fn write(&self, item: Zeroizing<Vec<u8>>, wait: Duration) -> Result<(), StoreProblem> {
        self.alone(Work::Write(item), wait)
    }

    /// Removes the item.
    ///
    /// # Errors
    /// The keychain's state.
    pub fn delete(&self, wait: Duration) -> Result<(), StoreProblem> {
        self.alone(Work::Delete, wait)
    }

    fn alone(&self, work: Work, wait: Duration) -> Result<(), StoreProblem> {
        match self.begin(work) {
            (pending, true) => wait_for(&pending, wait).map(drop),
            // Something else still blocks; this was not begun.
            (_, false) => Err(StoreProblem::Timeout),
        }
    }

    /// The call under way, and whether it is this one.
    fn begin(&self, work: Work) -> (Arc<Pending>, bool) {
        let mut slot = self.pending.lock();
        if let Some(pending) = slot.as_ref() {
            return (Arc::clone(pending), false);
        }
        let reads = matches!(work, Work::Read);
        let pending = Arc::new(Pending { reads, ..Pending::default() });
        *slot = Some(Arc::clone(&pending));
        let worker = {
            let (vault, slot, pending) =
                (Arc::clone(&self.vault), Arc::clone(&self.pending), Arc::clone(&pending));
            move || {
                let answer = match work {
                    Work::Read => vault.read(),
                    Work::Write(item) => vault.write(&item).map(|()| None),
                    Work::Delete => vault.delete().map(|()| None),
                };
                *slot.lock() = None;
                *pending.answer.lock() = Some(answer);
                pending.done.notify_all();
                pending.notify.notify_waiters();
            }
        };
        let named = std::thread::Builder::new().name("weir-keychain".into());
        if named.spawn(worker).is_err() {
            *slot = None;
            *pending.answer.lock() = Some(Err(StoreProblem::Denied));
        }
        (pending, true)
    }
}

fn wait_for(pending: &Pending, wait: Duration) -> Answer {
    let mut answer = pending.answer.lock();
    if answer.is_none() {
        pending.done.wait_while_for(&mut answer, |a| a.is_none(), wait);
    }
    answer.clone().unwrap_or(Err(StoreProblem::Timeout))
}
