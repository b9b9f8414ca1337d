//! Every check of the set-up, each with its fix in one line. Looks, changes nothing, and asks no
//! provider: a doctor must not cost money.

use super::keys;
use crate::api::{Check, CheckState, Doctor, KeyState};
use crate::guard::{GUARD_VARIABLE, Mode, State};
use crate::parts::Parts;
use std::path::Path;
use weir_core::budget::Origin;
use weir_core::route::KeySource;
use weir_ledger::{ReadProblem, WriteProblem};

/// Runs the checks.
pub fn doctor(parts: &Parts) -> Doctor {
    parts.routing.look();
    let mut checks = vec![home(parts), config(parts), ledger(parts), server(parts), tokens(parts)];
    checks.extend(guardian(parts));
    checks.push(budgets(parts));
    checks.extend(notes(parts));
    checks.extend(provider_keys(parts));
    checks.extend(super::doctor_local::checks(parts));
    checks.extend(super::ill_tiers::checks(parts));
    checks.push(prices(parts));
    Doctor::of(checks)
}

fn ok(name: impl Into<String>, found: impl Into<String>) -> Check {
    Check { name: name.into(), state: CheckState::Ok, found: found.into(), fix: None }
}

fn note(name: impl Into<String>, found: impl Into<String>, fix: Option<String>) -> Check {
    Check { name: name.into(), state: CheckState::Note, found: found.into(), fix }
}

fn fail(name: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name: name.into(), state: CheckState::Fail, found: found.into(), fix: Some(fix.into()) }
}

fn home(parts: &Parts) -> Check {
    let root = parts.home.root();
    match open_to_others(root) {
        Some(mode) => fail(
            "home",
            format!("{} is open to other users (mode {mode:o})", root.display()),
            format!("chmod 700 {}", root.display()),
        ),
        None => ok("home", format!("{} is yours alone", root.display())),
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<u32> {
    None
}

fn config(parts: &Parts) -> Check {
    let file = parts.home.config();
    if !file.exists() {
        return ok("config", format!("no {}; the defaults are in force", file.display()));
    }
    match parts.routing.problem() {
        Some(problem) => fail("config", problem, format!("weir config check {}", file.display())),
        None => ok("config", format!("{} is good", file.display())),
    }
}

fn notes(parts: &Parts) -> Vec<Check> {
    let config = parts.config.load();
    config.notes.iter().map(|text| note("config", text.clone(), None)).collect()
}

fn ledger(parts: &Parts) -> Check {
    let path = parts.ledger.path().display().to_string();
    if let Some(problem) = parts.ledger.health().problem {
        return unwritten(&problem, &path);
    }
    match parts.ledger.check() {
        Ok(()) => ok("ledger", format!("{path} is whole")),
        Err(problem) => ill_ledger(&problem),
    }
}

/// What is wrong with a ledger that cannot be read, and the one way out of it: a start refuses a
/// damaged one.
fn ill_ledger(problem: &ReadProblem) -> Check {
    match problem {
        // SQLite writes several lines; one is enough to tell what it is.
        ReadProblem::Damaged { path, reason } => damaged(path, reason),
        ReadProblem::Behind(behind) => unwritten(behind, "the ledger"),
        ReadProblem::Io { path, .. } => {
            fail("ledger", problem.to_string(), format!("make {} readable for you", path.display()))
        }
    }
}

fn damaged(path: &Path, reason: &str) -> Check {
    let reason = reason.lines().next().unwrap_or_default();
    fail(
        "ledger",
        format!("{} is damaged ({reason})", path.display()),
        "stop Weir, then: weir doctor --salvage (keeps a copy, carries over every readable row)",
    )
}

fn unwritten(problem: &WriteProblem, path: &str) -> Check {
    match problem {
        WriteProblem::Damaged { path } => damaged(path, "met while it was written"),
        _ => fail("ledger", problem.to_string(), format!("make room or access for {path}")),
    }
}

fn server(parts: &Parts) -> Check {
    match &parts.serving {
        Some(serving) => ok("server", format!("listening on http://127.0.0.1:{}", serving.port)),
        None => {
            note("server", "not running", Some("weir serve, or start Weir from the tray".into()))
        }
    }
}

fn guardian(parts: &Parts) -> Option<Check> {
    let guard = parts.serving.as_ref()?.guard.as_ref()?;
    let name = "guardian";
    Some(match guard.state() {
        State::NotNeeded => return None,
        State::Watching { pid } => {
            ok(name, format!("pid {pid} starts Weir again if it dies, or puts the tools back"))
        }
        State::NotOurs(Mode::Off) => note(
            name,
            format!("{GUARD_VARIABLE} is off: tools are left as they are when Weir ends"),
            Some(format!("unset {GUARD_VARIABLE} and start Weir again")),
        ),
        State::NotOurs(_) => ok(name, "its supervisor starts Weir again if it dies"),
        State::Lost(why) => fail(name, why, "stop Weir and start it again"),
    })
}

fn tokens(parts: &Parts) -> Check {
    match parts.tokens.count() {
        0 => note("tokens", "no tool has a token yet", Some("weir client add NAME".into())),
        1 => ok("tokens", "1 tool has a token"),
        n => ok("tokens", format!("{n} tools have a token")),
    }
}

/// Without a budget nothing stops a loop that costs money, so one is offered.
fn budgets(parts: &Parts) -> Check {
    let terms = parts.books.terms();
    let own = terms.budgets.iter().filter(|budget| budget.origin != Origin::Tunnel);
    let (holding, telling): (Vec<_>, Vec<_>) = own.partition(|budget| budget.is_hard());
    let fix = "weir budget set week --period week --limit 5.00 --at-limit local";
    match (holding.as_slice(), telling.len()) {
        ([], 0) => note("budgets", "none, so nothing stops a costly loop", Some(fix.into())),
        ([], _) => note("budgets", "they only tell, and none holds", Some(fix.into())),
        ([one], _) => ok("budgets", format!("{} holds", one.name)),
        (all, _) => ok("budgets", format!("{} hold", all.len())),
    }
}

fn provider_keys(parts: &Parts) -> Vec<Check> {
    keys::look(parts);
    let config = parts.config.load();
    let mut checks = Vec::new();
    let mut any = false;
    for provider in config.providers.iter().filter(|p| keyed(&p.key)) {
        let (state, fix) = keys::state(parts, provider);
        let name = format!("key {}", provider.name);
        let written = config.written.contains(&provider.name);
        match state {
            KeyState::Ready => {
                any = true;
                checks.push(ok(name, "found"));
            }
            // A preset nobody uses is no finding.
            KeyState::Missing if !written => {}
            KeyState::Missing => {
                checks.push(fail(name, "missing", fix.unwrap_or_default()));
            }
            KeyState::Stored => {
                any = true;
                checks.push(ok(name, "stored"));
            }
            KeyState::Rejected => {
                checks.push(fail(name, "refused by the provider", fix.unwrap_or_default()));
            }
            KeyState::Moved => {
                checks.push(fail(name, "stored for another address", fix.unwrap_or_default()));
            }
            KeyState::Locked
            | KeyState::Absent
            | KeyState::Denied
            | KeyState::Silent
            | KeyState::Foreign
            | KeyState::NotNeeded => {
                checks.push(fail(name, "not readable", fix.unwrap_or_default()));
            }
        }
    }
    if !any && checks.is_empty() {
        checks.push(note(
            "keys",
            "no provider has a key; the demonstration answers weir-auto",
            Some("weir key set anthropic".into()),
        ));
    }
    checks
}

fn keyed(source: &KeySource) -> bool {
    matches!(source, KeySource::Keychain | KeySource::Env(_))
}

fn prices(parts: &Parts) -> Check {
    if let Some(problem) = parts.prices.problem() {
        let file = parts.home.price_overrides();
        return fail("prices", problem, format!("repair {}", file.display()));
    }
    let table = parts.prices.source();
    let own = match parts.prices.own_rows_count() {
        0 => String::new(),
        1 => ", and 1 row of prices.toml".to_owned(),
        n => format!(", and {n} rows of prices.toml"),
    };
    ok("prices", format!("{} models, {}{own}", table.models, table.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_damaged_ledger_has_one_cure_that_works_and_takes_one_line() {
        let path = PathBuf::from("/home/a/weir.db");
        let reason = "*** in database main ***\nTree 2 page 3: btreeInitPage() returns error";
        let read = ReadProblem::Damaged { path: path.clone(), reason: reason.into() };
        let write = WriteProblem::Damaged { path };
        let behind = ReadProblem::Behind(write.clone());
        for check in [ill_ledger(&read), ill_ledger(&behind), unwritten(&write, "weir.db")] {
            let fix = check.fix.expect("a fix");
            assert!(fix.starts_with("stop Weir, then: weir doctor --salvage"), "{fix}");
            let said = format!("{} {fix}", check.found);
            assert_eq!(said.matches("--salvage").count(), 1, "{said}");
            assert!(!said.contains('\n') && !said.contains("start it"), "{said}");
        }
    }
}
