//! Rules of the repository, checked by reading it. Exceptions stand here, with their reason, and
//! one that is no longer needed fails too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use weir_tests::home::repository;

/// Longest file, in lines without its tests.
const FILE_LINES_MAX: usize = 500;

/// Which crate may name which. Anything else is an arrow the design does not have.
const ARROWS: &[(&str, &[&str])] = &[
    ("weir-core", &[]),
    ("weir-triage", &["weir-core", "weir-wire"]),
    ("weir-wire", &["weir-core"]),
    ("weir-ledger", &["weir-core"]),
    ("weir-proxy", &["weir-core", "weir-triage", "weir-wire"]),
    ("weir-engine", &["weir-core", "weir-ledger", "weir-proxy", "weir-triage", "weir-wire"]),
    ("weir-resident", &["weir-engine"]),
    ("weir-cli", &["weir-engine", "weir-resident"]),
    ("weir-tray", &["weir-engine", "weir-resident"]),
    ("weir-tests", &[]),
    ("weir-bench", &[]),
    ("weir-translate", &["weir-core", "weir-wire"]),
];

/// File and type names that collect rubbish.
const BANNED_FILES: &[&str] =
    &["utils.rs", "util.rs", "helpers.rs", "types.rs", "common.rs", "misc.rs", "manager.rs"];
const BANNED_WORDS: &[&str] = &["Manager", "Helper", "Util", "Service"];

/// Every file of the repository that git would track.
fn tracked() -> Vec<PathBuf> {
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(repository())
        .output()
        .expect("git lists the repository");
    assert!(listed.status.success(), "git ls-files");
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let present = |name: &&str| !name.is_empty() && repository().join(name).is_file();
    names.split('\0').filter(present).map(PathBuf::from).collect()
}

fn read(path: &Path) -> String {
    fs::read(repository().join(path))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

fn ends_with(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

fn rust() -> Vec<PathBuf> {
    tracked().into_iter().filter(|path| ends_with(path, "rs")).collect()
}

/// Rust of the product: everything but tests.
fn product() -> Vec<PathBuf> {
    let of_product = |path: &PathBuf| path.starts_with("src-tauri") && !only_tests(path);
    rust().into_iter().filter(of_product).collect()
}

/// Whether a file is no part of the product: a test by its name, or a program to measure with.
fn only_tests(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let by_name = name == "tests" || name.ends_with("_test") || name.ends_with("_tests");
    by_name || path.iter().any(|part| part == "tests" || part == "examples")
}

/// A file without what only its tests see.
fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]")
        .flat_map(|part| part.split("#[cfg(all(test,"))
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The lines of code of a file: no comments, no tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    without_tests(&read(path))
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect()
}

#[track_caller]
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn crates_point_only_where_the_design_lets_them() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in tracked().iter().filter(|path| path.ends_with("Cargo.toml")) {
        if path.starts_with("tests/fuzz") {
            continue;
        }
        let text = read(path);
        let manifest: toml::Table = text.parse().expect("a Cargo.toml is TOML");
        let Some(name) = manifest.get("package").and_then(|p| p.get("name")) else { continue };
        let name = name.as_str().unwrap_or_default().to_owned();
        let allowed = ARROWS.iter().find(|(crate_name, _)| *crate_name == name);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{name} is a crate the design does not know"));
            continue;
        };
        seen.insert(name.clone());
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let named = manifest.get(section).and_then(toml::Value::as_table);
            for dependency in named.into_iter().flatten().map(|(dependency, _)| dependency) {
                if dependency.starts_with("weir-") && !allowed.contains(&dependency.as_str()) {
                    wrong.push(format!("{name} → {dependency} in [{section}]"));
                }
            }
        }
    }
    none("arrows", &wrong);
    let known: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> = known.difference(&seen).filter(|name| *name != "weir-tray").collect();
    assert!(missing.is_empty(), "the list of arrows is stale: {missing:?}");
}

#[test]
fn every_dependency_is_pinned_exactly_and_in_one_place() {
    let root: toml::Table = read(Path::new("Cargo.toml")).parse().expect("TOML");
    let shared = root["workspace"]["dependencies"].as_table().expect("a table");
    let mut loose = Vec::new();
    for (name, value) in shared {
        let version = value.as_str().or_else(|| value.get("version").and_then(|v| v.as_str()));
        let own = value.get("path").is_some();
        if !own && !version.is_some_and(|version| version.starts_with('=')) {
            loose.push(format!("{name} = {value}"));
        }
    }
    for path in tracked().iter().filter(|path| path.ends_with("Cargo.toml")) {
        if path.starts_with("tests/fuzz") {
            continue;
        }
        let manifest: toml::Table = read(path).parse().expect("TOML");
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let named = manifest.get(section).and_then(toml::Value::as_table);
            for (name, value) in named.into_iter().flatten() {
                if value.get("workspace").is_none() {
                    loose.push(format!("{}: {name} = {value}", path.display()));
                }
            }
        }
    }
    none("dependencies not pinned in [workspace.dependencies]", &loose);
}

#[test]
fn every_rust_file_says_first_what_it_owns() {
    let silent = |path: &&PathBuf| {
        let text = read(path);
        let head = text.lines().take_while(|line| line.starts_with("//!")).count();
        head == 0 && !text.starts_with("#!") || head > 16
    };
    let found: Vec<String> =
        rust().iter().filter(silent).map(|path| path.display().to_string()).collect();
    none("files without a short //! at their top", &found);
}

#[test]
fn no_file_is_longer_than_500_lines_without_its_tests() {
    let long: Vec<String> = rust()
        .iter()
        .filter(|path| !only_tests(path) || path.starts_with("tests/support"))
        .map(|path| (path, without_tests(&read(path)).lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(path, lines)| format!("{}: {lines}", path.display()))
        .collect();
    none("files that are too long", &long);
}

#[test]
fn names_say_what_a_thing_is() {
    let mut found = Vec::new();
    for path in rust() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if BANNED_FILES.contains(&name.as_str()) {
            found.push(path.display().to_string());
        }
        for (number, line) in code(&path) {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let declares = words.by_ref().any(|w| matches!(w, "struct" | "enum" | "trait"));
            let named = words.next().unwrap_or_default();
            if declares && BANNED_WORDS.iter().any(|word| named.ends_with(word)) {
                found.push(format!("{}:{number}: {named}", path.display()));
            }
        }
    }
    none("names that say nothing", &found);
}

#[test]
fn nothing_is_left_undone_ignored_or_allowed_away() {
    // In pieces, so that this file does not find itself.
    let marks = [
        concat!("todo", "!("),
        concat!("unimpl", "emented!("),
        concat!("#[ig", "nore"),
        concat!("#[all", "ow("),
        concat!("#![all", "ow("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("dbg", "!("),
    ];
    let mut found = Vec::new();
    for path in rust().iter().filter(|path| !path.starts_with("tests/fuzz")) {
        for (number, line) in read(path).lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{}: {mark}", path.display(), number + 1));
            }
        }
    }
    none("left over", &found);
}

#[test]
fn no_file_names_this_machine_a_registry_or_how_it_was_made() {
    let marks = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("index.cra", "tes.io"),
        concat!("registry.npm", "js.org"),
        concat!("pypi", ".org"),
        concat!("files.python", "hosted.org"),
        concat!("deb.deb", "ian.org"),
        concat!("Co-Authored", "-By"),
        concat!("as an A", "I"),
        concat!("language model assist", "ant"),
    ];
    // Lock files are written by their tools.
    let generated = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.ends_with(".lock") || name == "package-lock.json" || ends_with(path, "png")
    };
    let mut found = Vec::new();
    for path in tracked().iter().filter(|path| !generated(path)) {
        for (number, line) in read(path).lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{}: {mark}", path.display(), number + 1));
            }
        }
    }
    none("names of a machine", &found);
}

/// Lines of the product outside `owners` that hold one of `words`.
fn outside(owners: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in product() {
        if owners.iter().any(|owner| path.starts_with(owner) || path.ends_with(owner)) {
            continue;
        }
        for (number, line) in code(&path) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    found
}

#[test]
fn only_the_ledger_holds_sql() {
    let words = ["rusqlite", "SELECT ", "INSERT INTO", "DELETE FROM", "PRAGMA ", "CREATE TABLE"];
    none("SQL outside the ledger", &outside(&["src-tauri/crates/ledger"], &words));
}

#[test]
fn only_the_clock_asks_the_time() {
    let words = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
    none("the time asked elsewhere", &outside(&["engine/src/clock.rs"], &words));
}

#[test]
fn only_the_root_names_tauri() {
    none("tauri elsewhere", &outside(&["src-tauri/src", "src-tauri/build.rs"], &["tauri::"]));
    for path in tracked().iter().filter(|path| path.ends_with("Cargo.toml")) {
        if path.starts_with("src-tauri") || path.starts_with("tests") {
            let names = read(path).lines().any(|line| line.starts_with("tauri"));
            assert!(!names, "{} names tauri", path.display());
        }
    }
}

#[test]
fn only_reply_makes_an_error_response() {
    let mut found = Vec::new();
    for path in product().iter().filter(|path| path.starts_with("src-tauri/crates/proxy")) {
        if path.ends_with("reply.rs") || path.ends_with("relay.rs") {
            continue;
        }
        for (number, line) in code(path) {
            if line.contains("error_body(") || line.contains("error_event(") {
                found.push(format!("{}:{number}", path.display()));
            }
        }
    }
    none("errors made elsewhere", &found);
}

/// Who reads the text of a secret, and why. A reader that no longer does must leave the list.
const READERS_OF_SECRETS: &[(&str, &str)] = &[
    ("proxy/src/secret.rs", "is the type"),
    ("proxy/src/upstream.rs", "attaches a key at the last moment"),
    ("cli/src/commands/keys.rs", "prints a new token once and trims a typed key"),
    ("cli/src/commands/run.rs", "hands a run's token to the tool it starts"),
    ("engine/src/connect/gateway.rs", "takes a new token to the tool's own settings file"),
    ("engine/src/desk/mod.rs", "hands a typed key to the keychain"),
    ("cli/src/commands/tunnel.rs", "prints a new key once"),
    ("engine/src/tunnel.rs", "calls the public name with a token made for one test"),
    ("engine/src/secrets.rs", "holds the keys it took from the keychain"),
];

#[test]
fn secrets_are_read_by_those_alone_who_must() {
    let files: Vec<&str> = READERS_OF_SECRETS.iter().map(|(file, _)| *file).collect();
    none("secrets read elsewhere", &outside(&files, &[".expose()"]));
    for file in files {
        let path = Path::new("src-tauri/crates").join(file);
        assert!(read(&path).contains("expose"), "{file} needs no exception any more");
    }
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    none("unwrap or panic", &outside(&[], &[".unwrap()", "panic!("]));
}

#[test]
fn the_changelog_is_written_newest_first_for_people() {
    let text = read(Path::new("CHANGELOG.md"));
    assert!(text.starts_with("# Changelog\n"), "its first line is its name");
    let versions: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(!versions.is_empty(), "it names at least one version");
    let root: toml::Table = read(Path::new("Cargo.toml")).parse().expect("TOML");
    let current = root["workspace"]["package"]["version"].as_str().expect("a version");
    assert!(versions[0].starts_with(current), "{} is not {current}", versions[0]);
    let key = |version: &str| -> Vec<u32> {
        let number = version.split(' ').next().unwrap_or_default();
        number.split('.').filter_map(|part| part.parse().ok()).collect()
    };
    let sorted = versions.windows(2).all(|pair| key(pair[0]) > key(pair[1]));
    assert!(sorted, "newest first: {versions:?}");
}

#[test]
fn every_suite_is_listed_with_its_promise() {
    let main = read(Path::new("tests/suite/main.rs"));
    for path in rust().iter().filter(|path| path.parent() == Some(Path::new("tests/suite"))) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "main" {
            continue;
        }
        let listed = main.contains(&format!("mod {name};"));
        assert!(listed, "{name} is not in main.rs");
        let at = main.find(&format!("mod {name};")).unwrap_or_default();
        let before = main[..at].trim_end().lines().last().unwrap_or_default();
        assert!(before.starts_with("///"), "{name} has no promise in main.rs");
    }
}

#[test]
fn every_test_that_the_documents_name_as_proof_is_there() {
    let text = read(Path::new("docs/budgets.md"));
    let rows = text.lines().skip_while(|line| !line.starts_with("| way |")).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "the table of every way spend can arise has {} rows", rows.len());
    let all: Vec<(PathBuf, String)> =
        rust().into_iter().map(|path| (path.clone(), read(&path))).collect();
    let mut missing = Vec::new();
    for row in rows {
        let proof = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        for name in proof.split('`').skip(1).step_by(2) {
            let (module, function) = name.split_once("::").unwrap_or(("", name));
            let declared = format!("fn {function}(");
            let inside = |path: &Path| {
                let file = Path::new("tests/suite").join(module);
                module.is_empty() || path.with_extension("") == file || path.starts_with(&file)
            };
            if !all.iter().any(|(path, text)| inside(path) && text.contains(&declared)) {
                missing.push(name.to_owned());
            }
        }
    }
    none("tests that docs/budgets.md names and nobody wrote", &missing);
}
