//! Migrations: the backup before one, the refusal of what is newer or foreign, an interrupted one.

use crate::entry::Entry;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::migration::{MIGRATIONS, beside, migrate};
use crate::problem::OpenProblem;
use crate::rows::{DayRange, Dimension, Reserve, Settle};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use weir_core::budget::Scope;
use weir_core::route::Reason;
use weir_core::{Endpoint, Money, Outcome, Pricing, RequestId};

const ADD_A_TABLE: &str = "CREATE TABLE alert (id INTEGER PRIMARY KEY) STRICT;";

/// The version this program makes.
const KNOWN: i64 = MIGRATIONS.len() as i64;

fn bak(path: &Path) -> PathBuf {
    beside(path, &format!(".bak-v{KNOWN}"))
}

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
    assert_eq!(version(&path), KNOWN);
    assert!(!beside(&path, ".bak-v0").exists());
}

#[test]
fn an_older_ledger_is_backed_up_then_migrated_then_left_alone() {
    let (_dir, path) = made();
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    let backup = run(&path, &newer).expect("migrated").expect("backed up");
    assert_eq!(backup, bak(&path));
    assert_eq!((version(&backup), clients(&backup)), (KNOWN, 1));
    assert_eq!((version(&path), clients(&path)), (KNOWN + 1, 1));
    assert_eq!(run(&path, &newer), Ok(None));
}

#[test]
fn a_failed_migration_leaves_the_ledger_as_it_was() {
    let (_dir, path) = made();
    let broken = "CREATE TABLE alert (id INTEGER) STRICT; CREATE TABLE alert (id INTEGER) STRICT;";
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([broken]).collect();
    let told = run(&path, &newer).expect_err("broken").to_string();
    assert_eq!((version(&path), clients(&path)), (KNOWN, 1));
    assert!(!told.contains("CREATE TABLE") && !told.contains('\n'), "{told}");
    assert!(told.contains(&bak(&path).display().to_string()), "{told}");
    assert!(told.contains("is as it was") && told.contains("already exists"), "{told}");
    let good: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    run(&path, &good).expect("a later try succeeds, over the first one's backup");
    assert_eq!(version(&path), KNOWN + 1);
}

#[cfg(unix)]
#[test]
fn a_backup_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = made();
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    let backup = run(&path, &newer).expect("migrated").expect("backed up");
    for file in [backup, path] {
        let mode = std::fs::metadata(&file).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn without_a_good_backup_nothing_is_migrated() {
    let (_dir, path) = made();
    // A folder in the backup's place: the copy cannot get its name.
    std::fs::create_dir_all(bak(&path).join("in the way")).expect("made");
    let newer: Vec<&str> = MIGRATIONS.iter().copied().chain([ADD_A_TABLE]).collect();
    assert!(matches!(run(&path, &newer), Err(OpenProblem::Backup { .. })));
    assert_eq!(version(&path), KNOWN);
}

#[test]
fn a_newer_ledger_is_refused_with_both_versions_and_the_fix() {
    let (_dir, path) = made();
    Connection::open(&path).expect("opens").pragma_update(None, "user_version", 7).expect("set");
    let before = std::fs::read(&path).expect("read");
    let problem = Ledger::open(&path, TimeZone::UTC, 0).map(|_| ()).expect_err("newer");
    assert_eq!(problem, OpenProblem::Newer { path: path.clone(), found: 7, known: KNOWN });
    let text = problem.to_string();
    assert!(text.contains("version 7") && text.contains(&format!("up to {KNOWN}")), "{text}");
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
    assert_eq!(version(&path), KNOWN);
}

#[test]
fn a_ledger_of_the_first_version_gets_its_breakdowns_from_its_sums_and_its_journal_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = Ledger::open(&path, TimeZone::UTC, 0).expect("made").0;
    for n in 0..200 {
        ledger.reserve(&row(n)).expect("reserved");
        ledger.settle(end(n));
    }
    let by = |ledger: &Ledger| {
        [Dimension::Provider, Dimension::Client, Dimension::Task].map(|dimension| {
            ledger.by(DayRange::ALL, dimension, &Scope::default()).expect("groups")
        })
    };
    let before = by(&ledger);
    assert_eq!(before[0].len(), 3);
    drop(ledger);
    let old = Connection::open(&path).expect("opens");
    let later =
        ["part_total", "decision", "told", "lift", "imported"].map(|t| format!("DROP TABLE {t};"));
    old.execute_batch(&later.concat()).expect("made old");
    old.pragma_update(None, "user_version", 1).expect("made old");
    drop(old);
    let record = Journal::start(&path).expect("a journal");
    let entry = row(900);
    let day = weir_core::period::LocalDay::of(0, &TimeZone::UTC);
    assert!(record.append(&Entry::of(&entry, day, "UTC")).is_ok());
    drop(record);
    let (ledger, opened) = Ledger::open(&path, TimeZone::UTC, 0).expect("brought up to date");
    let backup = opened.backup.expect("a copy");
    assert_eq!((version(&backup), opened.orphans), (1, 1));
    assert!(beside(&backup, ".journal-1").exists(), "the copy has the journal beside it");
    let after = by(&ledger);
    for (before, after) in before.iter().zip(after) {
        let spent = |groups: &[crate::rows::Group]| {
            groups.iter().map(|g| g.totals.spent.nano()).sum::<i64>()
        };
        assert_eq!(spent(&after), spent(before) + 77, "the orphan came to it");
        assert_eq!(before.len(), after.len());
    }
}

fn row(n: u32) -> Reserve<'static> {
    let provider = ["openai", "anthropic", "ollama"][n as usize % 3];
    Reserve {
        id: RequestId::new(1_795_348_800_000, n),
        attempt: 1,
        at_ms: 1_795_348_800_000 + i64::from(n) * 10_000_000,
        client: ["codex", "aider"][n as usize % 2],
        project: None,
        session: None,
        category: None,
        endpoint: Endpoint::Chat,
        asked_model: "gpt-5",
        provider,
        model: "gpt-5",
        task: ["debugging", "planning"].get(n as usize % 4).copied(),
        tier: None,
        reason: Reason::Asked,
        confidence: None,
        local: provider == "ollama",
        uncounted: false,
        reserved: Some(Money::from_nano(77)),
        input_tokens: 1,
        output_tokens: 1,
    }
}

fn end(n: u32) -> Settle {
    let mut end = Settle::new(row(n).id, 1, row(n).at_ms, Outcome::Ok);
    (end.pricing, end.cost) = (Pricing::Exact, Some(Money::from_nano(i64::from(n))));
    end
}
