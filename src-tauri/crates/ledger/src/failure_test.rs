//! What the ledger does when SQLite cannot write: limits and locks that only the inside can set.

use crate::connection::BUSY_MS_MAX;
use crate::journal;
use crate::ledger::Ledger;
use crate::problem::WriteProblem;
use crate::rows::{AttemptState, DayRange, Reserve, Settle};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use weir_core::budget::{Change, Lift, Scope};
use weir_core::route::Reason;
use weir_core::{Endpoint, Money, Outcome, Pricing, RequestId};

const NOON_MS: i64 = 1_795_348_800_000;

fn open(path: &Path) -> Ledger {
    Ledger::open(path, TimeZone::UTC, NOON_MS).expect("the ledger opens").0
}

fn id(n: u32) -> RequestId {
    RequestId::new(NOON_MS, n)
}

fn row(n: u32, session: &str) -> Reserve<'_> {
    Reserve {
        id: id(n),
        attempt: 1,
        at_ms: NOON_MS,
        client: "script",
        project: None,
        session: Some(session),
        category: None,
        endpoint: Endpoint::Chat,
        asked_model: "gpt-5",
        provider: "openai",
        model: "gpt-5",
        task: None,
        tier: None,
        reason: Reason::Asked,
        confidence: None,
        local: false,
        uncounted: false,
        reserved: Some(Money::from_nano(1_000)),
        input_tokens: 10,
        output_tokens: 10,
    }
}

fn end(n: u32) -> Settle {
    let mut row = Settle::new(id(n), 1, NOON_MS + 10, Outcome::Ok);
    (row.pricing, row.cost) = (Pricing::Exact, Some(Money::from_nano(700)));
    row
}

/// Sets how many pages the database may have; `None` lifts the limit.
fn limit_pages(ledger: &Ledger, pages: Option<i64>) {
    let writer = ledger.writer_for_test();
    let conn = &writer.conn;
    let now: i64 = conn.pragma_query_value(None, "page_count", |r| r.get(0)).expect("pages");
    let limit = pages.map_or(1_000_000, |more| now + more);
    conn.pragma_update_and_check(None, "max_page_count", limit, |_| Ok(())).expect("limited");
}

/// Reserves until it is refused, which is when the database has been tried or the journal has its
/// full length.
fn fill_up(ledger: &Ledger, from: u32) -> (u32, WriteProblem) {
    for n in from..from + 1_000_000 {
        let session = format!("a session that no other request has, number {n}");
        if let Err(problem) = ledger.reserve(&row(n, &session)) {
            return (n, problem);
        }
    }
    panic!("the disk never filled");
}

#[test]
fn a_full_disk_refuses_reservations_and_goes_on_when_there_is_space() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    limit_pages(&ledger, Some(8));
    let (count, problem) = fill_up(&ledger, 0);
    assert_eq!(problem, WriteProblem::Full { path: path.clone() });
    assert!(count > 10, "{count}");
    limit_pages(&ledger, None);
    goes_on_by_itself(&ledger);
    ledger.reserve(&row(count, "again")).expect("there is space again");
    drop(ledger);
    let (ledger, opened) =
        Ledger::open(&path, TimeZone::UTC, NOON_MS).expect("opens after a full disk");
    assert_eq!(opened.orphans, u64::from(count) + 1);
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!(totals.spent, Money::from_nano(1_000 * (i64::from(count) + 1)));
}

/// Waits until nothing hinders a reservation any more.
fn goes_on_by_itself(ledger: &Ledger) {
    let (tell, told) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while ledger.health().problem.is_some() {
                std::thread::yield_now();
            }
            tell.send(()).expect("somebody listens");
        });
        told.recv_timeout(std::time::Duration::from_secs(20)).expect("a thread tries again");
    });
}

#[test]
fn settlements_that_do_not_fit_are_kept_and_nothing_is_let_out_until_they_are_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    for n in 0..2_000 {
        ledger.reserve(&row(n, "one")).expect("reserved");
    }
    limit_pages(&ledger, Some(0));
    for n in 0..2_000 {
        ledger.settle(end(n));
    }
    assert_eq!(ledger.flush(), Err(WriteProblem::Full { path: path.clone() }));
    let health = ledger.health();
    assert!(health.waiting > 0, "{health:?}");
    assert_eq!(health.problem, Some(WriteProblem::Full { path }));
    assert!(matches!(ledger.reserve(&row(5_000, "one")), Err(WriteProblem::Full { .. })));
    limit_pages(&ledger, None);
    ledger.flush().expect("there is space again");
    assert_eq!(ledger.health().waiting, 0);
    ledger.reserve(&row(5_000, "one")).expect("let out again");
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!((totals.attempts, totals.spent), (2_000, Money::from_nano(2_000 * 700)));
}

#[test]
fn kept_settlements_are_written_without_anybody_asking() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = open(&dir.path().join("weir.db"));
    ledger.reserve(&row(1, "one")).expect("reserved");
    set_query_only(&ledger, true);
    ledger.settle(end(1));
    assert!(matches!(ledger.flush(), Err(WriteProblem::ReadOnly { .. })));
    set_query_only(&ledger, false);
    goes_on_by_itself(&ledger);
    assert_eq!(ledger.health().waiting, 0);
}

fn set_query_only(ledger: &Ledger, on: bool) {
    ledger.writer_for_test().conn.pragma_update(None, "query_only", on).expect("set");
}

#[test]
fn a_failure_that_is_over_when_it_is_noted_does_not_stop_the_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = open(&dir.path().join("weir.db"));
    for n in 0..200 {
        ledger.reserve(&row(n, "one")).expect("reserved");
        set_query_only(&ledger, true);
        std::thread::scope(|scope| {
            scope.spawn(|| drop(ledger.flush()));
            (0..n % 40).for_each(|_| std::thread::yield_now());
            set_query_only(&ledger, false);
            ledger.settle(end(n));
            // A question has what was settled written before it.
            let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
            assert_eq!(totals.requests, u64::from(n) + 1);
        });
        ledger.flush().expect("nothing is wrong any more");
        assert_eq!(ledger.health().problem, None, "after {n} requests");
    }
}

#[test]
fn a_writer_that_is_held_up_lets_the_journal_grow_to_its_limit_and_no_further() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    let writer = ledger.writer_for_test();
    let (count, problem) = fill_up(&ledger, 0);
    assert_eq!(problem, WriteProblem::Busy { path: path.clone() });
    for file in journal::paths(&path) {
        let bytes = std::fs::metadata(file).expect("there").len();
        assert!(bytes <= journal::JOURNAL_BYTES_MAX, "{bytes}");
    }
    drop(writer);
    ledger.flush().expect("written");
    drop(ledger);
    let (ledger, opened) = Ledger::open(&path, TimeZone::UTC, NOON_MS).expect("opens");
    assert_eq!(opened.orphans, u64::from(count));
    drop(ledger);
}

#[test]
fn a_read_only_ledger_refuses_and_forgets_no_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = open(&dir.path().join("weir.db"));
    set_query_only(&ledger, true);
    ledger.reserve(&row(1, "new")).expect("the journal can be written");
    assert!(matches!(ledger.flush(), Err(WriteProblem::ReadOnly { .. })));
    assert!(matches!(ledger.reserve(&row(2, "x")), Err(WriteProblem::ReadOnly { .. })));
    let shown = ledger.request(id(1)).expect("read").expect("what the journal has is shown");
    assert_eq!((shown.session.as_deref(), shown.last().state), (Some("new"), AttemptState::Open));
    set_query_only(&ledger, false);
    goes_on_by_itself(&ledger);
    // The numbers that the failed transaction gave must not be believed.
    ledger.reserve(&row(2, "other")).expect("reserved");
    ledger.reserve(&row(3, "new")).expect("reserved");
    ledger.flush().expect("written");
    let session = |n| ledger.request(id(n)).expect("read").expect("known").session;
    for (n, expected) in [(1, "new"), (2, "other"), (3, "new")] {
        assert_eq!(session(n).as_deref(), Some(expected));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_journal_that_cannot_be_written_is_told_until_a_reservation_can_be_noted_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    ledger.reserve(&row(1, "one")).expect("reserved");
    assert_eq!(ledger.health().problem, None);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("linux has it");
    let file = ledger.swap_journal_for_test(full);
    assert_eq!(ledger.reserve(&row(2, "one")), Err(WriteProblem::Full { path: path.clone() }));
    assert_eq!(ledger.health().problem, Some(WriteProblem::Full { path: path.clone() }));
    // What was reserved before can be settled, and that says nothing of the journal.
    ledger.settle(end(1));
    ledger.flush().expect("the database has space");
    // An attempt that is reserved already is refused for that alone.
    assert!(matches!(ledger.reserve(&row(1, "one")), Err(WriteProblem::Duplicate { .. })));
    assert_eq!(ledger.health().problem, Some(WriteProblem::Full { path }));
    ledger.swap_journal_for_test(file);
    ledger.reserve(&row(2, "one")).expect("it goes on by itself");
    assert_eq!(ledger.health().problem, None);
}

#[test]
fn a_damaged_page_under_a_running_ledger_is_named_in_reads_and_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    for n in 0..20_000 {
        ledger.reserve(&row(n, "one")).expect("reserved");
        ledger.settle(end(n));
    }
    drop(ledger);
    overwrite(&path, 40..400);
    // Above the size that is checked at the start, so the page is met later.
    assert!(std::fs::metadata(&path).expect("there").len() < 4 * 1024 * 1024);
    let refused = Ledger::open(&path, TimeZone::UTC, NOON_MS).map(|_| ());
    let text = refused.expect_err("damaged").to_string();
    assert!(text.contains("damaged") && text.contains("weir doctor --salvage"), "{text}");
}

fn overwrite(path: &Path, pages: std::ops::Range<usize>) {
    let mut bytes = std::fs::read(path).expect("read");
    let end = (pages.end * 4096).min(bytes.len());
    bytes[pages.start * 4096..end].fill(0xa5);
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn a_large_damaged_ledger_opens_and_names_the_damage_where_it_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    let mut n = 0;
    while std::fs::metadata(&path).expect("there").len() < 5 * 1024 * 1024 {
        for _ in 0..10_000 {
            ledger.reserve(&row(n, "one")).expect("reserved");
            ledger.settle(end(n));
            n += 1;
        }
        ledger.checkpoint_for_test();
    }
    drop(ledger);
    overwrite(&path, 60..64);
    let ledger = open(&path);
    let said = ledger.check().expect_err("damaged").to_string();
    assert!(said.contains("weir doctor --salvage"), "{said}");
    let found: Result<Vec<_>, _> = ledger.export(0, i64::MAX).collect();
    assert!(found.is_err());
}

#[test]
fn an_orphan_of_an_unpriced_attempt_stays_unpriced() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("weir.db");
    let ledger = open(&path);
    let mut unpriced = row(1, "one");
    unpriced.reserved = None;
    ledger.reserve(&unpriced).expect("reserved");
    ledger.reserve(&row(2, "one")).expect("reserved");
    drop(ledger);
    let (ledger, opened) = Ledger::open(&path, TimeZone::UTC, NOON_MS + 5).expect("opens");
    assert_eq!(opened.orphans, 2);
    let row = |n| ledger.request(id(n)).expect("read").expect("known");
    assert_eq!((row(1).cost(), row(1).pricing()), (None, Some(Pricing::Unpriced)));
    assert_eq!(row(2).cost(), Some(Money::from_nano(1_000)));
    assert_eq!(row(2).pricing(), Some(Pricing::Estimated));
    assert_eq!(row(2).last().state, AttemptState::Orphan);
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!((totals.unpriced_requests, totals.estimated_requests), (1, 1));
    assert_eq!((totals.open, totals.spent), (0, Money::from_nano(1_000)));
}

#[test]
fn what_a_person_orders_waits_for_a_writer_that_is_at_work() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = open(&dir.path().join("weir.db"));
    let lift = Lift {
        budget: "week".into(),
        from_ms: NOON_MS,
        until_ms: NOON_MS + 1_000,
        change: Change::Local,
    };
    let writer = ledger.writer_for_test();
    std::thread::scope(|scope| {
        let order = scope.spawn(|| ledger.add_lift(&lift));
        // Longer than a settlement waits for another program's lock.
        std::thread::park_timeout(Duration::from_millis(2 * BUSY_MS_MAX));
        drop(writer);
        order.join().expect("no panic").expect("written");
    });
    assert_eq!(ledger.lifts(NOON_MS).expect("read"), [lift]);
}

#[test]
fn an_order_that_was_refused_because_the_writer_was_at_work_is_not_carried_out_afterwards() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = open(&dir.path().join("weir.db"));
    let (from_ms, until_ms) = (NOON_MS, NOON_MS + 1_000);
    let lift = Lift { budget: "week".into(), from_ms, until_ms, change: Change::Local };
    let writer = ledger.writer_for_test();
    std::thread::scope(|scope| {
        let lifted = scope.spawn(|| ledger.add_lift(&lift));
        let added = scope.spawn(|| ledger.add_client("codex", &[7; 32], NOON_MS));
        let busy = lifted.join().expect("no panic").expect_err("nobody lets it in");
        assert!(matches!(busy, WriteProblem::Busy { .. }), "{busy}");
        added.join().expect("no panic").expect_err("nobody lets it in");
    });
    drop(writer);
    ledger.flush().expect("written");
    assert_eq!(ledger.lifts(NOON_MS).expect("read"), []);
    assert!(ledger.clients().expect("read").is_empty());
}
