//! The state of every provider's key, and the test that asks a provider whether it takes one.

use super::problem::{bad, not_found};
use crate::api::{ApiProblem, Code, KeyRow, KeyState, KeyTest};
use crate::config::key_source;
use crate::parts::Parts;
use crate::secrets::SetProblem;
use weir_core::Dialect;
use weir_core::route::{KeySource, Provider};
use weir_proxy::check::{self, Checked};
use weir_proxy::ports::KeyProblem;

/// Every provider's key. Asks the keychain only when something is stored there, so that listing
/// never raises a prompt for nothing.
pub fn list(parts: &Parts) -> Vec<KeyRow> {
    parts.config.load().providers.iter().map(|provider| row(parts, provider)).collect()
}

fn row(parts: &Parts, provider: &Provider) -> KeyRow {
    let (state, fix) = state(parts, provider);
    KeyRow { provider: provider.name.clone(), source: key_source(&provider.key), state, fix }
}

/// The state of one key, with the fix where there is one to make.
pub fn state(parts: &Parts, provider: &Provider) -> (KeyState, Option<String>) {
    let noted = parts.keys.noted(&provider.name);
    match provider.key {
        KeySource::None | KeySource::Passthrough => (KeyState::NotNeeded, None),
        KeySource::Keychain if !noted => {
            (KeyState::Missing, Some(format!("weir key set {}", provider.name)))
        }
        KeySource::Keychain | KeySource::Env(_) => match parts.keys.find(&provider.name) {
            Ok(_) => (KeyState::Ready, None),
            Err(problem) => (state_of(&problem), Some(problem.to_string())),
        },
    }
}

fn state_of(problem: &KeyProblem) -> KeyState {
    match problem {
        KeyProblem::Missing { .. }
        | KeyProblem::EnvUnset { .. }
        | KeyProblem::Moved { .. }
        | KeyProblem::NoCredential { .. } => KeyState::Missing,
        KeyProblem::Keychain { state, .. } if state.contains("locked") => KeyState::Locked,
        KeyProblem::Keychain { .. } => KeyState::Unavailable,
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
