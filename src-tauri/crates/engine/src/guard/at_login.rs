//! After a power failure, or when engine and guardian were both killed, nobody is left to put the
//! tools back. So while a tool leads to Weir the desktop is told to start, at login, this program with
//! a word that makes it good. Owns that entry: one a home, gone with the last tool.

use crate::autostart::Entry;
use crate::connect;
use crate::home::Home;
use sha2::{Digest, Sha256};
use std::path::Path;

/// What a desktop starts at login, behind `guard`.
pub const AT_LOGIN: &str = "at-login";
/// Bytes of the home's hash in the entry's name, which tell homes apart.
const HASH_BYTES: usize = 4;

/// Has it started at login while a tool leads to Weir, and no longer. `program` is the one that
/// watches. What cannot be written is logged: it is the last of several nets.
pub fn keep(home: &Home, program: &Path) {
    let leads = !connect::remember(home).all_away();
    if let Err(problem) = entry(home, program).set(leads) {
        tracing::warn!(%problem, "after a power failure, tools wait for the next start of Weir");
    }
}

/// Takes the entry away if no tool leads to Weir any more.
pub fn tidy(home: &Home) {
    if connect::remember(home).all_away() {
        drop_entry(home);
    }
}

/// Takes the entry away: the tools are to stay as they are.
pub fn drop_entry(home: &Home) {
    // Which program does not matter, but some systems want one that is there.
    let program = std::env::current_exe().unwrap_or_default();
    if let Err(problem) = entry(home, &program).set(false) {
        tracing::warn!(%problem, "what is started at login could not be taken away");
    }
}

fn entry(home: &Home, program: &Path) -> Entry {
    let root = std::path::absolute(home.root()).unwrap_or_else(|_| home.root().to_owned());
    let root = root.display().to_string();
    let hash = Sha256::digest(root.as_bytes());
    let hash: String = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let arguments = [super::GUARD_ARGUMENT, AT_LOGIN, "--home", &root].map(str::to_owned);
    Entry {
        name: format!("weir-put-back-{hash}"),
        comment: "Puts tools back that Weir left connected when the machine went down".into(),
        program: program.to_owned(),
        arguments: arguments.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_have_an_entry_each_and_one_home_has_one() {
        let name = |home: &str| entry(&Home::at(home), Path::new("/usr/bin/weir")).name;
        assert_eq!(name("/h/a"), name("/h/a"));
        assert_ne!(name("/h/a"), name("/h/b"));
        let arguments = entry(&Home::at("/h/a"), Path::new("/usr/bin/weir")).arguments;
        assert_eq!(arguments, ["guard", "at-login", "--home", "/h/a"]);
    }
}
