//! Migrations: the backup before one, the refusal of what is newer or foreign, an interrupted one.

use crate::ledger::Ledger;
use crate::migration::{MIGRATIONS, beside, migrate};
use crate::problem::OpenProblem;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

const ADD_A_TABLE: &str = "CREATE TABLE alert (id INTEGER PRIMARY KEY) STRICT;";

fn made() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = Ledger::open(&path, TimeZone::UTC, 0).expect("made").0;
    ledger.add_client("codex", &[7; 32], 1).expect("added");
    drop(ledger);
    (dir, path)
}

fn run(path: &Path, migrations: &[&str]) -> Result<Option<PathBuf>, OpenProblem> {
    migrate(&mut Connection::open(path).expect("opens"), path, migrations)
}

fn version(path: &Path) -> i64 {
    let conn = Connection::open(path).expect("opens");
    conn.pragma_query_value(None, "user_version", |r| r.get(0)).expect("a version")
}

fn clients(path: &Path) -> i64 {
    let conn = Connection::open(path).expect("opens");
    conn.query_row("SELECT count(*) FROM client", [], |r| r.get(0)).expect("a count")
}

#[test]
fn a_new_ledger_gets_the_newest_version_and_no_backup() {
    let (_dir, path) = made();
    assert_eq!(version(&path), MIGRATIONS.len() as i64);
    assert!(!beside(&path, ".bak-v0").exists());
}

#[test]
fn an_older_ledger_is_backed_up_then_migrated_then_left_alone() {
    let (_dir, path) = made();
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    let backup = run(&path, &newer).expect("migrated").expect("backed up");
    assert_eq!(backup, beside(&path, ".bak-v1"));
    assert_eq!((version(&backup), clients(&backup)), (1, 1));
    assert_eq!((version(&path), clients(&path)), (2, 1));
    assert_eq!(run(&path, &newer), Ok(None));
}

#[test]
fn a_failed_migration_leaves_the_ledger_as_it_was() {
    let (_dir, path) = made();
    let broken = "CREATE TABLE alert (id INTEGER) STRICT; CREATE TABLE alert (id INTEGER) STRICT;";
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([broken]).collect();
    assert!(run(&path, &newer).is_err());
    assert_eq!((version(&path), clients(&path)), (1, 1));
    let good: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    run(&path, &good).expect("a later try succeeds, over the first one's backup");
    assert_eq!(version(&path), 2);
}

#[test]
fn without_a_good_backup_nothing_is_migrated() {
    let (_dir, path) = made();
    // A folder in the backup's place: the copy cannot get its name.
    std::fs::create_dir_all(beside(&path, ".bak-v1").join("in the way")).expect("made");
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    assert!(matches!(run(&path, &newer), Err(OpenProblem::Backup { .. })));
    assert_eq!(version(&path), 1);
}

#[test]
fn a_newer_ledger_is_refused_with_both_versions_and_the_fix() {
    let (_dir, path) = made();
    Connection::open(&path).expect("opens").pragma_update(None, "user_version", 7).expect("set");
    let before = std::fs::read(&path).expect("read");
    let problem = Ledger::open(&path, TimeZone::UTC, 0).map(|_| ()).expect_err("newer");
    assert_eq!(problem, OpenProblem::Newer { path: path.clone(), found: 7, known: 1 });
    let text = problem.to_string();
    assert!(text.contains("version 7") && text.contains("up to 1"), "{text}");
    assert!(text.contains("Install the newer Weir"), "{text}");
    assert!(Ledger::open_read_only(&path).is_err());
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

#[test]
fn another_programs_database_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let other = Connection::open(&path).expect("made");
    other.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);").expect("filled");
    drop(other);
    let before = std::fs::read(&path).expect("read");
    let problem = Ledger::open(&path, TimeZone::UTC, 0).map(|_| ()).expect_err("foreign");
    assert_eq!(problem, OpenProblem::NotALedger { path: path.clone(), found: 0 });
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

#[test]
fn two_starts_at_once_make_one_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&path, MIGRATIONS))).collect();
        // One that loses the race may be told that the file is busy, never anything worse.
        for start in starts {
            let done = start.join().expect("no panic");
            assert!(matches!(done, Ok(None) | Err(OpenProblem::Busy { .. })), "{done:?}");
        }
    });
    assert_eq!(version(&path), 1);
}
