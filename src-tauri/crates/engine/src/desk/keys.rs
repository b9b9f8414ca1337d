//! The state of every provider's key, and the test that asks a provider whether it takes one.

use super::problem::{bad, not_found};
use crate::api::{ApiProblem, Code, KeyRow, KeyState, KeyTest};
use crate::config::key_source;
use crate::parts::Parts;
use crate::secrets::{SetProblem, Standing, StoreProblem};
use std::sync::Arc;
use weir_core::Dialect;
use weir_core::route::{KeySource, Provider};
use weir_proxy::check::{self, Checked};

/// Every provider's key. The keychain is read for it once a run, where a key is noted: a refusal is
/// remembered and asks nobody again. Blocks for three seconds at most, that once.
pub fn list(parts: &Parts) -> Vec<KeyRow> {
    look(parts);
    parts.config.load().providers.iter().map(|provider| row(parts, provider)).collect()
}

/// Has the keychain read once a run, where a key is noted.
pub fn look(parts: &Parts) {
    if parts.keys.any_noted() {
        parts.keys.read_once();
    }
}

/// The same without waiting for it; whoever looks at a status is told when it is known.
pub fn look_aside(parts: &Parts) {
    if parts.serving.is_some() && parts.keys.any_noted() {
        let events = Arc::clone(&parts.events);
        parts.keys.look_aside(move || events.changed());
    }
}

fn row(parts: &Parts, provider: &Provider) -> KeyRow {
    let (state, fix) = state(parts, provider);
    KeyRow { provider: provider.name.clone(), source: key_source(&provider.key), state, fix }
}

/// The state of one key, with the fix where there is one to make. Asks no keychain.
pub fn state(parts: &Parts, provider: &Provider) -> (KeyState, Option<String>) {
    match provider.key {
        KeySource::None | KeySource::Passthrough => return (KeyState::NotNeeded, None),
        KeySource::Keychain if !parts.keys.noted(&provider.name) => {
            return (KeyState::Missing, Some(format!("weir key set {}", provider.name)));
        }
        KeySource::Keychain | KeySource::Env(_) => {}
    }
    match parts.keys.standing(&provider.name) {
        Standing::Ready => (KeyState::Ready, None),
        Standing::Stored => (KeyState::Stored, None),
        Standing::Lacking(problem) => (KeyState::Missing, Some(problem.to_string())),
        Standing::Rejected(status) => {
            let fix = match &provider.key {
                KeySource::Env(name) => format!("set another one in {name} and start Weir again"),
                _ => format!("weir key set {}", provider.name),
            };
            let said = format!("{} refused it when it was tested (status {status})", provider.name);
            (KeyState::Rejected, Some(format!("{said}: {fix}")))
        }
        Standing::Moved(problem) => (KeyState::Moved, Some(problem.to_string())),
        Standing::Refused(problem) => (state_of(problem), Some(format!("the keychain {problem}"))),
    }
}

fn state_of(problem: StoreProblem) -> KeyState {
    match problem {
        StoreProblem::Locked => KeyState::Locked,
        StoreProblem::Absent => KeyState::Absent,
        // No keychain says the latter of an item that is only read.
        StoreProblem::Denied | StoreProblem::TooLong => KeyState::Denied,
        StoreProblem::Timeout => KeyState::Silent,
        StoreProblem::NotOurs => KeyState::Foreign,
    }
}

/// Whether a provider can be asked now, as far as is known without asking the keychain.
pub fn usable(parts: &Parts, provider: &Provider) -> bool {
    match &provider.key {
        KeySource::None => parts.config.load().written.contains(&provider.name),
        KeySource::Passthrough => true,
        KeySource::Keychain => parts.keys.noted(&provider.name),
        KeySource::Env(name) => std::env::var_os(name).is_some_and(|v| !v.is_empty()),
    }
}

/// Asks the provider for its model list with the key: the one call that costs nothing.
pub fn test(parts: &Parts, name: &str) -> Result<KeyTest, ApiProblem> {
    let config = parts.config.load();
    let Some(provider) = config.providers.iter().find(|p| p.name == name) else {
        let known: Vec<&str> = config.providers.iter().map(|p| p.name.as_str()).collect();
        let known = known.join(", ");
        return Err(not_found(format!("no provider is called {name}. Known: {known}")));
    };
    if provider.dialect == Dialect::Ollama || matches!(provider.key, KeySource::None) {
        return Err(bad(format!("{name} takes no key")));
    }
    let key =
        parts.keys.find(name).map_err(|problem| ApiProblem::new(Code::Key, problem.to_string()))?;
    let started = parts.now_ms();
    let checked = check::key(provider, &key);
    let ms = u32::try_from(parts.now_ms().saturating_sub(started)).unwrap_or(0);
    match checked {
        Checked::Accepted(_) => parts.keys.tested(name, None),
        Checked::Refused(status) => parts.keys.tested(name, Some(status)),
        Checked::Unclear(_) | Checked::Unreachable(_) => {}
    }
    parts.events.changed();
    let (ok, status, message) = match checked {
        Checked::Accepted(status) => (true, Some(status), format!("{name} accepts the key")),
        Checked::Refused(status) => {
            (false, Some(status), format!("{name} refuses the key (status {status})"))
        }
        Checked::Unclear(status) => {
            (false, Some(status), format!("{name} answered with status {status}; try again later"))
        }
        Checked::Unreachable(why) => (false, None, format!("{name} could not be reached: {why}")),
    };
    Ok(KeyTest { provider: name.to_owned(), ok, status, message, ms })
}

/// A key that was not stored, in the API's terms.
pub fn set_problem(problem: SetProblem) -> ApiProblem {
    let code = match problem {
        SetProblem::UnknownProvider { .. } | SetProblem::NoKey { .. } => Code::NotFound,
        SetProblem::NotKeychain { .. } | SetProblem::NotAKey { .. } => Code::BadRequest,
        _ => Code::Key,
    };
    ApiProblem::new(code, problem.to_string())
}
