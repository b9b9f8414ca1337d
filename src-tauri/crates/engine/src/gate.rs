//! Tokens of tools: made once, kept only as SHA-256, compared in constant time with every entry.
//! Owns the token's form and the snapshot the data path asks; the ledger keeps the rows.

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use weir_proxy::ports::{Caller, Clock, Gate};

/// What every token begins with, so that a leaked one can be searched for.
pub const TOKEN_PREFIX: &str = weir_core::mask::TOKEN_PREFIX;
/// 256 bits, which is 43 digits of base64url without padding.
const TOKEN_BYTES: usize = 32;
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token's SHA-256. A plain hash is enough: the token holds 256 random bits.
pub type TokenHash = [u8; 32];

/// A new token. Shown to the user once; only its hash is kept.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{TOKEN_PREFIX}{}", base64url(&bytes)))
}

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0u32, |w, b| (w << 8) | u32::from(*b)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            let index = (word >> (18 - 6 * digit)) & 63;
            text.push(char::from(BASE64URL[index as usize]));
        }
    }
    text
}

/// What is kept of a token.
pub fn hash(token: &[u8]) -> TokenHash {
    Sha256::digest(token).into()
}

/// What parts a tool's name from a word that tells its tokens apart: `codex#run-4242` is a token of
/// the tool `codex`. Rules, budgets and reports see the tool.
pub const TOKEN_MARK: char = '#';

/// The tool a token's name stands for.
pub fn tool_of(name: &str) -> &str {
    let tool = name.split(TOKEN_MARK).next().unwrap_or_default();
    if tool.is_empty() { name } else { tool }
}

/// A tool's entry.
#[derive(Debug)]
pub struct Entry {
    name: Arc<str>,
    tool: Arc<str>,
    hash: TokenHash,
    last_used_ms: AtomicI64,
}

impl Entry {
    /// A tool and the hash of its token.
    pub fn new(name: &str, hash: TokenHash) -> Self {
        Self {
            name: name.into(),
            tool: tool_of(name).into(),
            hash,
            last_used_ms: AtomicI64::new(0),
        }
    }
}

/// The entries of the ledger's tools, without those that were removed.
pub fn entries(rows: &[weir_ledger::ClientRow]) -> Vec<Entry> {
    let current = rows.iter().filter(|row| row.removed_ms.is_none());
    current.map(|row| Entry::new(&row.name, row.token_sha256)).collect()
}

/// The tokens in force. Swapped whole when a tool is added or removed.
pub struct Tokens {
    entries: ArcSwap<Vec<Entry>>,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    /// Tokens that admit nobody until `replace` is called.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { entries: ArcSwap::from_pointee(Vec::new()), clock }
    }

    /// Puts other entries in force. When a tool that stays last called is not forgotten.
    pub fn replace(&self, entries: Vec<Entry>) {
        let before = self.entries.load();
        for entry in &entries {
            if let Some(same) = before.iter().find(|b| b.hash == entry.hash) {
                let at = same.last_used_ms.load(Ordering::Relaxed);
                entry.last_used_ms.store(at, Ordering::Relaxed);
            }
        }
        self.entries.store(Arc::new(entries));
    }

    /// How many tools have a token.
    pub fn count(&self) -> usize {
        self.entries.load().len()
    }

    /// When each tool last called in this run, in Unix milliseconds; the others are left out.
    /// Kept in memory so that no request pays for a write; the engine stores it when it stops
    /// or when somebody looks.
    pub fn last_used(&self) -> Vec<(Arc<str>, i64)> {
        let used = |e: &Entry| (Arc::clone(&e.name), e.last_used_ms.load(Ordering::Relaxed));
        self.entries.load().iter().map(used).filter(|(_, at)| *at > 0).collect()
    }
}

impl Gate for Tokens {
    fn caller(&self, token: &[u8]) -> Option<Caller> {
        let asked = hash(token);
        let entries = self.entries.load();
        let mut found = u64::MAX;
        // Every entry is compared, so that the time taken tells nothing about which one matched.
        for (index, entry) in entries.iter().enumerate() {
            let same: Choice = entry.hash.ct_eq(&asked);
            found.conditional_assign(&(index as u64), same);
        }
        let entry = entries.get(usize::try_from(found).ok()?)?;
        entry.last_used_ms.store(self.clock.unix_ms(), Ordering::Relaxed);
        Some(Caller { name: Arc::clone(&entry.tool) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn tokens(entries: Vec<Entry>) -> Tokens {
        let tokens = Tokens::new(Arc::new(SystemClock::new()));
        tokens.replace(entries);
        tokens
    }

    #[test]
    fn a_token_is_weir_and_43_base64url_characters_and_never_the_same_twice() {
        let token = new_token().unwrap();
        let digits = token.strip_prefix("weir_").unwrap();
        assert_eq!(digits.len(), 43);
        assert!(digits.bytes().all(|b| BASE64URL.contains(&b)));
        assert_ne!(token, new_token().unwrap());
    }

    #[test]
    fn the_digits_are_real_base64url() {
        assert_eq!(base64url(b"Man"), "TWFu");
        assert_eq!(base64url(b"Ma"), "TWE");
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn only_the_whole_token_admits_and_it_admits_its_own_tool() {
        let (a, b) = (new_token().unwrap(), new_token().unwrap());
        let gate = tokens(vec![
            Entry::new("claude-code", hash(a.as_bytes())),
            Entry::new("codex", hash(b.as_bytes())),
        ]);
        assert_eq!(gate.caller(b.as_bytes()).unwrap().name.as_ref(), "codex");
        assert_eq!(gate.caller(a.as_bytes()).unwrap().name.as_ref(), "claude-code");
        assert_eq!(gate.caller(&a.as_bytes()[..a.len() - 1]), None);
        assert_eq!(gate.caller(b""), None);
        assert_eq!(gate.caller(&hash(a.as_bytes())), None, "the stored hash opens nothing");
    }

    #[test]
    fn a_second_token_of_a_tool_is_the_tools() {
        let token = new_token().unwrap();
        let gate = tokens(vec![Entry::new("codex#run-42", hash(token.as_bytes()))]);
        assert_eq!(gate.caller(token.as_bytes()).unwrap().name.as_ref(), "codex");
        assert_eq!(&*gate.last_used()[0].0, "codex#run-42", "each token has its own last use");
        assert_eq!(tool_of("#x"), "#x");
    }

    #[test]
    fn an_empty_store_admits_nobody() {
        assert_eq!(tokens(vec![]).caller(b"weir_x"), None);
    }

    #[test]
    fn a_call_is_remembered_without_a_write() {
        let token = new_token().unwrap();
        let gate = tokens(vec![Entry::new("codex", hash(token.as_bytes()))]);
        assert!(gate.last_used().is_empty());
        gate.caller(token.as_bytes()).unwrap();
        let used = gate.last_used();
        assert_eq!(used.len(), 1);
        assert!(used[0].1 > 0);
    }
}
