//! Killed at random moments, the ledger loses no reservation it acknowledged, settles nothing
//! twice, stays whole, and closes what was open at its estimate.

use crate::fixture::{Home, NOON_MS, id, reserve, settle};
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use weir_core::Money;
use weir_core::budget::Scope;
use weir_ledger::{AttemptRow, AttemptState, DayRange, Ledger, RequestRow};

const KILLS: u32 = 100;

/// The example of that name, which cargo builds with the tests.
pub fn writer() -> PathBuf {
    let mut path = std::env::current_exe().expect("a test has a file");
    path.pop();
    path.set_file_name("examples");
    path.push(format!("ledger_writer{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "build it first: cargo build -p weir-ledger --example ledger_writer");
    path
}

#[derive(Default)]
struct Acknowledged {
    opened: Option<u64>,
    reserved: HashSet<(i64, u16)>,
    settled: HashSet<(i64, u16)>,
}

/// Runs the writer and kills it `after` its first line.
fn run_and_kill(path: &Path, now_ms: i64, after: Duration) -> Acknowledged {
    let mut child = Command::new(writer())
        .args([path.as_os_str(), now_ms.to_string().as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let stdout = child.stdout.take().expect("piped");
    let (tell, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let mut told: Vec<String> = Vec::new();
    let deadline = std::time::Instant::now() + after;
    while let Some(left) = deadline.checked_duration_since(std::time::Instant::now()) {
        match lines.recv_timeout(left) {
            Ok(line) => told.push(line),
            Err(_) => break,
        }
    }
    child.kill().expect("killed");
    child.wait().expect("reaped");
    reader.join().expect("no panic");
    told.extend(lines.try_iter());
    let mut found = Acknowledged::default();
    for line in told {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |n: usize| words[n].parse::<i64>().expect("a number");
        match words[0] {
            "open" => found.opened = Some(number(1).cast_unsigned()),
            "r" => drop(found.reserved.insert((number(1), number(2) as u16))),
            "s" => drop(found.settled.insert((number(1), number(2) as u16))),
            _ => panic!("the writer said: {line}"),
        }
    }
    found
}

/// What the file must hold after a kill, before anything repairs it.
fn open_after_kill(path: &Path, told: &Acknowledged) -> u64 {
    let ledger = Ledger::open_read_only(path).expect("opens after a kill");
    ledger.check().expect("every page is whole");
    let mut rows: HashMap<(i64, u16), AttemptRow> = HashMap::new();
    for row in ledger.export(0, i64::MAX) {
        let row = row.expect("read");
        decided_with_its_first_settlement(&row);
        rows.extend(row.attempts.into_iter().map(|a| ((row.id.raw(), a.attempt), a)));
    }
    for (id, attempt) in &told.reserved {
        assert!(rows.contains_key(&(*id, *attempt)), "lost {id} {attempt}");
    }
    for (id, attempt) in &told.settled {
        let row = rows.get(&(*id, *attempt)).expect("not lost");
        let cost = Money::from_nano(500 + i64::from(*attempt));
        assert_eq!((row.state, row.cost), (AttemptState::Settled, Some(cost)));
    }
    ledger.totals(DayRange::ALL, &Scope::default()).expect("totals").open
}

/// A decision is there exactly when a settlement that brought it is: they are of one transaction.
fn decided_with_its_first_settlement(row: &RequestRow) {
    let settled = row.attempts.iter().any(|a| a.state == AttemptState::Settled);
    let told = row.decision.as_ref().map(|decision| decision.prompt_tokens);
    let expected = settled.then(|| row.id.raw().unsigned_abs() % 1_000_000);
    assert_eq!(told, expected, "{}", row.id);
}

/// Every attempt has one end, and the sums are what the rows add up to.
fn all_closed(ledger: &Ledger) -> u64 {
    let (mut requests, mut attempts, mut spent) = (0, 0, 0);
    for row in ledger.export(0, i64::MAX) {
        let row = row.expect("read");
        decided_with_its_first_settlement(&row);
        requests += 1;
        for attempt in &row.attempts {
            let nano = match attempt.state {
                AttemptState::Settled => 500 + i64::from(attempt.attempt),
                AttemptState::Orphan => 1_000_000 + i64::from(attempt.attempt),
                state => panic!("{} is {state:?}", row.id),
            };
            assert_eq!(attempt.cost, Some(Money::from_nano(nano)), "{}", row.id);
            attempts += 1;
            spent += nano;
        }
    }
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!((totals.requests, totals.attempts), (requests, attempts));
    assert_eq!((totals.spent, totals.open), (Money::from_nano(spent), 0));
    attempts
}

#[test]
fn no_kill_loses_or_doubles_a_row() {
    let home = Home::new();
    let path = home.path();
    let mut dice: u64 = 0x9e37_79b9;
    let (mut orphans, mut acknowledged) = (0, 0);
    let mut expected: Option<u64> = None;
    for kill in 0..KILLS {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        // The first milliseconds are the start itself: migration, recovery, orphans.
        let after = Duration::from_micros(dice % 60_000);
        let now_ms = NOON_MS + i64::from(kill) * 60_000;
        let told = run_and_kill(&path, now_ms, after);
        acknowledged += told.reserved.len();
        if let (Some(found), Some(expected)) = (told.opened, expected) {
            assert_eq!(found, expected, "orphans at start {kill}");
        }
        if told.opened.is_none() && Ledger::open_read_only(&path).is_err() {
            // Killed before the ledger was made; nothing was acknowledged.
            assert!(told.reserved.is_empty());
            continue;
        }
        let open = open_after_kill(&path, &told);
        expected = Some(open);
        // Every other kill the next writer closes what is open; else this process does.
        if kill % 2 == 0 {
            let (ledger, opened) =
                Ledger::open(&path, TimeZone::UTC, now_ms + 30_000).expect("opens after a kill");
            assert_eq!(opened.orphans, open);
            orphans += opened.orphans;
            expected = Some(0);
            if kill % 10 == 0 {
                all_closed(&ledger);
            }
        }
    }
    let (ledger, _) = home.open_at(NOON_MS + 100_000_000);
    let attempts = all_closed(&ledger);
    assert!(
        acknowledged > 1_000 && orphans > 100,
        "{acknowledged} acknowledged, {orphans} orphans"
    );
    assert!(attempts as usize >= acknowledged, "{attempts} of {acknowledged}");
}

#[test]
fn no_kill_during_the_migration_from_the_second_version_loses_a_row_or_leaves_half_a_schema() {
    const ROWS: u32 = 3_000;
    let old = Home::new();
    let ledger = old.open();
    for n in 0..ROWS {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
        ledger.settle(settle(id(n), 1));
    }
    drop(ledger);
    let conn = rusqlite::Connection::open(old.path()).expect("opens");
    conn.execute_batch("DROP TABLE decision; DROP TABLE told; DROP TABLE lift; DROP TABLE imported; PRAGMA user_version = 2;").expect("made old");
    drop(conn);
    let mut dice: u64 = 0x2545_f491;
    let (mut before, mut after) = (0, 0);
    // How long a start takes is the machine's affair: killed later and later until one has got
    // past it, then at any moment up to twice that.
    let mut longest = 1_000;
    let mut rounds = 0;
    while after == 0 || rounds < 40 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let micros = if after == 0 { longest } else { dice % longest };
        (longest, rounds) = if after == 0 { (longest * 2, 0) } else { (longest, rounds + 1) };
        assert!(longest < 120_000_000, "the writer never starts");
        let home = Home::new();
        std::fs::copy(old.path(), home.path()).expect("copied");
        let after_ms = NOON_MS + 3_600_000;
        let told = run_and_kill(&home.path(), after_ms, Duration::from_micros(micros));
        let conn = rusqlite::Connection::open(home.path()).expect("opens");
        let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).expect("n");
        let tables = "SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'decision'";
        let tables: i64 = conn.query_row(tables, [], |r| r.get(0)).expect("a count");
        // The table and the two triggers that keep it.
        assert!(matches!((version, tables), (2, 0) | (3.., 3)), "{version} {tables}");
        drop(conn);
        before += u32::from(version == 2);
        after += u32::from(version > 2);
        assert!(version > 2 || told.reserved.is_empty());
        let (ledger, _) = home.open_at(after_ms + 60_000);
        ledger.check().expect("every page is whole");
        let rows = ledger.export(0, i64::MAX).map(|row| row.expect("read"));
        let old =
            rows.filter(|row| row.decision.is_none() && row.last().cost == settle(id(0), 1).cost);
        assert_eq!(old.count(), ROWS as usize);
    }
    assert!(before > 0 && after > 0, "{before} killed before it was done, {after} after");
}
