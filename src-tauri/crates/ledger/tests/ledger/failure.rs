//! What the ledger does when the world around its file changes: a lock held elsewhere, files
//! moved or deleted, rights taken away.

use crate::fixture::{Home, NOON_MS, id, reserve, settle};
use jiff::tz::TimeZone;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use weir_core::budget::Scope;
use weir_ledger::{DayRange, Ledger, OpenProblem, WriteProblem};

/// Another program that holds the write lock.
fn hold(path: &Path) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(path).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    other
}

/// Waits for what a thread of the ledger does by itself.
fn becomes(what: &str, mut done: impl FnMut() -> bool) {
    let (tell, told) = mpsc::channel::<()>();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "never: {what}");
        // Nobody sends: a wait that needs no clock of its own.
        let _ = told.recv_timeout(Duration::from_millis(5));
    }
    drop(tell);
}

#[test]
fn a_lock_held_elsewhere_delays_no_reservation_and_lets_nothing_out_once_it_is_noticed() {
    let home = Home::new();
    let ledger = home.open();
    let other = hold(&home.path());
    let start = Instant::now();
    ledger.reserve(&reserve(id(1), 1)).expect("the journal is not locked");
    assert!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    becomes("noticed", || ledger.health().problem.is_some());
    let refused = ledger.reserve(&reserve(id(2), 1)).expect_err("busy");
    assert_eq!(refused, WriteProblem::Busy { path: home.path() });
    assert!(refused.to_string().contains("another program"));
    other.execute_batch("COMMIT").expect("unlocked");
    becomes("let out again without anybody asking", || ledger.reserve(&reserve(id(2), 1)).is_ok());
    assert_eq!(ledger.totals(DayRange::ALL, &Scope::default()).expect("totals").open, 2);
}

#[test]
fn settlements_wait_out_a_lock_and_questions_are_answered_meanwhile() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let other = hold(&home.path());
    ledger.settle(settle(id(1), 1));
    assert_eq!(ledger.totals(DayRange::ALL, &Scope::default()).expect("totals").open, 1);
    assert!(matches!(ledger.health().problem, Some(WriteProblem::Busy { .. })));
    other.execute_batch("COMMIT").expect("unlocked");
    becomes("written without anybody asking", || ledger.health().problem.is_none());
    assert_eq!(ledger.totals(DayRange::ALL, &Scope::default()).expect("totals").requests, 1);
}

#[test]
fn who_remembers_what_was_spent_is_not_told_less_while_settlements_cannot_be_written() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let other = hold(&home.path());
    ledger.settle(settle(id(1), 1));
    let said = ledger.settled(&Scope::default(), DayRange::ALL).expect_err("it is not there yet");
    assert!(said.to_string().contains("another program"), "{said}");
    other.execute_batch("COMMIT").expect("unlocked");
    let settled = ledger.settled(&Scope::default(), DayRange::ALL).expect("written").settled;
    assert_eq!(Some(settled), settle(id(1), 1).cost);
}

#[test]
fn a_ledger_deleted_under_the_running_program_lets_nothing_more_out() {
    for name in ["weir.db", "weir.db-wal", "weir.db.journal-1", "weir.db.journal-2"] {
        let home = Home::new();
        let ledger = home.open();
        ledger.reserve(&reserve(id(1), 1)).expect("reserved");
        ledger.flush().expect("written, so that every file is there");
        let (file, aside) = (home.dir.path().join(name), home.dir.path().join("aside"));
        std::fs::rename(&file, &aside).expect("moved");
        let mut n = 1;
        let mut refused = None;
        becomes("noticed", || {
            n += 1;
            refused = ledger.reserve(&reserve(id(n), 1)).err();
            refused.is_some()
        });
        let said = refused.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(refused, Some(WriteProblem::Gone { path: file.clone() }));
        assert!(said.contains(name) && said.contains("Put it back"), "{said}");
        std::fs::rename(&aside, &file).expect("put back");
        ledger.reserve(&reserve(id(90_000), 1)).expect("goes on when it is back");
        drop(ledger);
        // One was refused; every other is there.
        assert_eq!(home.open_at(NOON_MS).1.orphans, u64::from(n), "{name}");
    }
}

#[test]
fn a_log_deleted_while_nothing_runs_costs_only_what_was_in_it() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    drop(ledger);
    let left = std::fs::read_dir(home.dir.path()).expect("listed").count();
    assert_eq!(left, 1, "a clean end leaves one file");
    std::fs::write(home.dir.path().join("weir.db-wal"), b"not a log at all").expect("written");
    assert_eq!(home.open_at(NOON_MS).1.orphans, 1);
}

#[test]
fn a_write_reaches_the_database_file_within_a_second_or_so_without_anybody_asking() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    becomes("checkpointed", || {
        let file = std::fs::read(home.path()).expect("read");
        file.windows(9).any(|w| w == b"session-1")
    });
}

#[test]
fn a_folder_that_is_missing_or_in_the_way_is_named() {
    let home = Home::new();
    let missing = home.dir.path().join("no such folder/weir.db");
    let open = |path: &Path| Ledger::open(path, TimeZone::UTC, NOON_MS).map(|_| ());
    let said = open(&missing).expect_err("missing").to_string();
    assert!(said.contains("no such folder/weir.db"), "{said}");
    std::fs::create_dir(home.path()).expect("made");
    assert!(open(&home.path()).is_err());
    assert!(Ledger::open_read_only(&home.dir.path().join("none.db")).is_err());
}

#[test]
fn a_ledger_whose_making_was_killed_half_way_is_made_at_the_next_start() {
    let (half, home) = (Home::new(), Home::new());
    let conn = rusqlite::Connection::open(half.path()).expect("made");
    conn.execute_batch(
        "PRAGMA cache_size = 1; BEGIN; CREATE TABLE t (x);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO t SELECT zeroblob(200) FROM n;",
    )
    .expect("half written");
    for name in ["weir.db", "weir.db-journal"] {
        std::fs::copy(half.dir.path().join(name), home.dir.path().join(name)).expect("copied");
    }
    assert!(std::fs::metadata(home.path()).expect("there").len() > 0);
    home.open().reserve(&reserve(id(1), 1)).expect("reserved");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_new_ledger_and_its_log() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    for name in ["weir.db", "weir.db-wal", "weir.db-shm", "weir.db.journal-1", "weir.db.journal-2"]
    {
        let file = std::fs::metadata(home.dir.path().join(name)).expect("there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// Rights mean nothing to root, so the writer runs as somebody else where the tests run as root.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_file_or_folder_is_refused_with_the_fix() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let home = Home::new();
    drop(home.open());
    let dir = home.dir.path();
    let writer = dir.join("writer");
    std::fs::copy(crate::kill::writer(), &writer).expect("copied");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    mode(&writer, 0o755);
    let root = std::fs::metadata(dir).expect("there").uid() == 0;
    for (file, folder) in [(0o444, 0o755), (0o644, 0o555), (0o444, 0o555)] {
        mode(&home.path(), file);
        mode(dir, folder);
        let mut command = if root { Command::new("setpriv") } else { Command::new(&writer) };
        if root {
            command.args(["--reuid=65534", "--clear-groups"]).arg(&writer);
        }
        let out = command.arg(home.path()).arg(NOON_MS.to_string()).output().expect("runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.starts_with("refused ") && said.contains("writable"), "{file:o}: {said}");
    }
    mode(dir, 0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_where_nothing_can_be_made_is_read_only_or_denied() {
    let open = Ledger::open(Path::new("/sys/weir.db"), TimeZone::UTC, NOON_MS).map(|_| ());
    assert!(matches!(open, Err(OpenProblem::ReadOnly { .. })), "{open:?}");
}
