//! The journal: what it has outlives its writer, and is taken over once, by the next start.

use crate::fixture::{Home, NOON_MS, id, reserve, settle};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::process::Command;
use weir_core::Money;
use weir_core::budget::Scope;
use weir_ledger::{
    AttemptState, DayRange, Dimension, Ledger, LogFilter, OpenProblem, Totals, WriteProblem,
    salvage,
};

const JOURNALS: [&str; 2] = ["weir.db.journal-1", "weir.db.journal-2"];

fn totals(ledger: &Ledger) -> Totals {
    ledger.totals(DayRange::ALL, &Scope::default()).expect("totals")
}

/// The files as a kill leaves them at this moment. The database is copied first: what is carried
/// into it meanwhile is in the journal still.
fn killed(home: &Home) -> Home {
    let other = Home::new();
    for name in ["weir.db", "weir.db-wal"].iter().chain(&JOURNALS) {
        let from = home.dir.path().join(name);
        if from.exists() {
            std::fs::copy(from, other.dir.path().join(name)).expect("copied");
        }
    }
    other
}

fn journal(home: &Home) -> PathBuf {
    home.dir.path().join(JOURNALS[0])
}

/// How many bytes of the first file are records.
fn length(file: &Path) -> usize {
    let bytes = std::fs::read(file).expect("read");
    bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1)
}

#[test]
fn a_reservation_that_only_the_journal_has_is_an_orphan_after_a_kill_and_only_once() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=20 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
    }
    let after = killed(&home);
    let reading = Ledger::open_read_only(&after.path()).expect("opens");
    assert_eq!(totals(&reading).open, 20, "shown before anybody takes them over");
    let (ledger, opened) = after.open_at(NOON_MS + 5);
    assert_eq!(opened.orphans, 20);
    let row = ledger.request(id(7)).expect("read").expect("known");
    assert_eq!(
        (row.client.as_str(), row.asked_model.as_str()),
        ("claude-code", "claude-sonnet-4-5")
    );
    assert_eq!((row.session.as_deref(), row.confidence), (Some("session-1"), Some(870)));
    let attempt = row.last();
    assert_eq!((attempt.state, attempt.cost), (AttemptState::Orphan, attempt.reserved));
    let most = attempt.usage.map(|usage| (usage.input, usage.output));
    assert_eq!(most, Some((attempt.input_tokens, attempt.output_tokens)), "tokens as the money");
    assert_eq!((attempt.at_ms, attempt.ended_ms), (id(7).unix_ms() + 3, Some(NOON_MS + 5)));
    drop(ledger);
    assert_eq!(after.open_at(NOON_MS).1.orphans, 0);
}

#[test]
fn a_start_that_was_killed_half_way_is_done_again_without_a_second_row() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=600 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
    }
    let journal = std::fs::read(journal(&home)).expect("read");
    let after = killed(&home);
    drop(ledger);
    let first = totals(&after.open());
    assert_eq!((first.requests, first.open), (600, 0));
    // The journal is there again, as if it had not been emptied any more.
    for count in [600, 1] {
        let cut = journal.len() / 600 * count;
        std::fs::write(after.dir.path().join(JOURNALS[0]), &journal[..cut]).expect("put back");
        let (ledger, opened) = after.open_at(NOON_MS + 9);
        assert_eq!((opened.orphans, totals(&ledger)), (0, first));
    }
}

#[test]
fn a_record_cut_short_is_ignored_and_every_one_before_it_is_kept() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=3 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
    }
    let whole = std::fs::read(journal(&home)).expect("read");
    let end = length(&journal(&home));
    let after = killed(&home);
    for (cut, expected) in [(end, 3), (end - 1, 2), (end / 3 * 2 - 1, 1), (5, 0), (0, 0)] {
        let one = killed(&after);
        let mut bytes = whole[..cut].to_vec();
        bytes.resize(whole.len(), 0);
        std::fs::write(journal(&one), bytes).expect("cut");
        assert_eq!(one.open_at(NOON_MS).1.orphans, expected, "cut at {cut}");
    }
}

#[test]
fn a_journal_of_another_version_is_refused_and_left_as_it_is() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let after = killed(&home);
    let file = journal(&after);
    let mut bytes = std::fs::read(&file).expect("read");
    let end = length(&file);
    bytes[10..12].copy_from_slice(&7u16.to_le_bytes());
    let sum = crc32(&bytes[8..end]);
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&file, &bytes).expect("changed");
    for opened in [
        Ledger::open(&after.path(), TimeZone::UTC, NOON_MS).map(|_| ()),
        Ledger::open_read_only(&after.path()).map(|_| ()),
    ] {
        let problem = opened.expect_err("refused");
        let expected = OpenProblem::Journal { path: file.clone(), found: 7, known: 1 };
        assert_eq!(problem, expected);
        assert!(problem.to_string().contains("Start and stop that version once"), "{problem}");
    }
    assert_eq!(std::fs::read(&file).expect("read"), bytes);
}

/// CRC-32 as everybody computes it, a bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |s, _| {
            if s & 1 == 1 { (s >> 1) ^ 0xedb8_8320 } else { s >> 1 }
        })
    })
}

#[test]
fn an_open_attempt_is_in_every_answer_the_moment_it_is_reserved() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    ledger.reserve(&reserve(id(1), 2)).expect("a second attempt of the same request");
    let mut other = reserve(id(2), 1);
    (other.client, other.provider, other.local) = ("never-seen-before", "ollama", true);
    ledger.reserve(&other).expect("reserved");
    let reading = Ledger::open_read_only(&home.path()).expect("opens");
    ledger.flush().expect("written");
    ledger.reserve(&reserve(id(3), 1)).expect("reserved");
    for ledger in [&ledger, &reading] {
        assert_eq!((totals(ledger).open, totals(ledger).attempts), (3, 1));
        let scope = Scope { client: Some("never-seen-before".into()), ..Scope::default() };
        assert_eq!(ledger.totals(DayRange::ALL, &scope).expect("totals").open, 1);
        let local = Scope { local: Some(true), ..Scope::default() };
        assert_eq!(
            ledger.spent(&local, DayRange::ALL).expect("standing").reserved.nano(),
            90_000_000
        );
        for dimension in
            [Dimension::Provider, Dimension::Client, Dimension::Session, Dimension::Day]
        {
            let groups = ledger.by(DayRange::ALL, dimension, &Scope::default()).expect("groups");
            assert_eq!(groups.iter().map(|g| g.totals.open).sum::<u64>(), 3, "{dimension:?}");
        }
        let log = ledger.log(&LogFilter::default()).expect("log");
        let shown: Vec<_> = log.iter().map(|r| (r.id, r.attempts.len())).collect();
        assert_eq!(shown, [(id(3), 1), (id(2), 1), (id(1), 2)]);
        let one = LogFilter { scope, limit: 1, ..LogFilter::default() };
        assert_eq!(ledger.log(&one).expect("log")[0].id, id(2));
        let row = ledger.request(id(3)).expect("read").expect("known");
        assert_eq!((row.last().state, row.last().zone.as_str()), (AttemptState::Open, "UTC"));
        let all: Vec<_> = ledger.export(0, i64::MAX).map(|r| r.expect("read").id).collect();
        assert_eq!(all, [id(1), id(2), id(3)]);
    }
}

#[test]
fn a_reservation_is_refused_a_second_time_whether_open_settled_or_of_an_earlier_run() {
    let home = Home::new();
    let ledger = home.open();
    let twice = Err(WriteProblem::Duplicate { id: id(1), attempt: 1 });
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    assert_eq!(ledger.reserve(&reserve(id(1), 1)), twice);
    ledger.flush().expect("written");
    assert_eq!(ledger.reserve(&reserve(id(1), 1)), twice);
    ledger.settle(settle(id(1), 1));
    ledger.flush().expect("written");
    assert_eq!(ledger.reserve(&reserve(id(1), 1)), twice);
    drop(ledger);
    let ledger = home.open();
    assert_eq!(ledger.reserve(&reserve(id(1), 1)), twice);
    assert_eq!(totals(&ledger).attempts, 1);
    let unplaced = ledger.reserve(&reserve(id(2), 0)).expect_err("attempts begin at 1");
    assert!(unplaced.to_string().contains("counted from 1"), "{unplaced}");
}

#[test]
fn the_journal_stays_bounded_and_loses_nothing_while_its_files_take_turns() {
    let home = Home::new();
    let ledger = home.open();
    let mut n = 0;
    let mut turned = 0;
    let mut last = [0; 2];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while turned < 4 {
        assert!(std::time::Instant::now() < deadline, "turned {turned} times");
        for _ in 0..500 {
            n += 1;
            ledger.reserve(&reserve(id(n), 1)).expect("reserved");
            if !n.is_multiple_of(50) {
                ledger.settle(settle(id(n), 1));
            }
        }
        let now = JOURNALS.map(|name| length(&home.dir.path().join(name)));
        // A file that is shorter than it was has been emptied.
        turned += (0..2).filter(|at| now[*at] < last[*at]).count();
        last = now;
        for name in JOURNALS {
            let bytes = std::fs::metadata(home.dir.path().join(name)).expect("there").len();
            assert!(bytes <= 16 * 1024 * 1024, "{bytes}");
        }
    }
    let open = u64::from(n / 50);
    let after = killed(&home);
    assert_eq!(totals(&ledger).open, open);
    assert_eq!(totals(&ledger).attempts, u64::from(n) - open);
    drop(ledger);
    // Whatever moment the copy was taken at, every attempt is in it.
    assert_eq!(totals(&after.open()).attempts, u64::from(n));
}

#[test]
fn a_salvage_and_the_start_after_it_keep_what_only_the_journal_has() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    ledger.flush().expect("written");
    ledger.reserve(&reserve(id(2), 1)).expect("reserved");
    let after = killed(&home);
    std::fs::write(after.path(), vec![0x5a; 8192]).expect("damaged");
    let found = salvage(&after.path(), &TimeZone::UTC, NOON_MS).expect("salvaged");
    let mut copy = found.copy.into_os_string();
    copy.push(".journal-1");
    assert!(length(Path::new(&copy)) > 0, "the copy has the journal beside it");
    let (ledger, opened) = after.open_at(NOON_MS + 5);
    assert_eq!(opened.orphans, 1);
    assert_eq!(
        ledger.request(id(2)).expect("read").expect("kept").last().state,
        AttemptState::Orphan
    );
    assert_eq!(totals(&ledger).attempts, 2);
}

/// Runs the writer under a limit on the length of any file it writes; what it says.
#[cfg(unix)]
fn limited(home: &Home, blocks: u32, orders: &str) -> String {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$1\" {NOON_MS} {orders}");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(crate::kill::writer()).arg(home.path());
    let out = command.output().expect("runs");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[cfg(unix)]
#[test]
fn a_journal_that_cannot_grow_refuses_and_what_it_took_is_not_lost() {
    let home = Home::new();
    drop(home.open());
    // 2 MiB, in the 512 bytes of POSIX or the 1024 of bash.
    let said = limited(&home, 2_048, "fill");
    let (count, problem) = said.trim().split_once(' ').expect("a count and a problem");
    assert!(problem.starts_with("disk full") && problem.contains("weir.db"), "{said}");
    let count: u64 = count.parse().expect("a count");
    assert!(count > 1_000, "{said}");
    let (ledger, opened) = home.open_at(NOON_MS + 5);
    assert_eq!(opened.orphans, count);
    assert_eq!(totals(&ledger).spent, Money::from_nano(1_000_001 * count.cast_signed()));
}

/// A disk of its own, a megabyte and a half small. Only root may make one.
#[cfg(target_os = "linux")]
struct Disk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Disk {
    fn mounted() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1536k", "none"]).arg(dir.path());
        let done = mount.output().is_ok_and(|out| out.status.success());
        done.then(|| Self(dir))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_refuses_every_reservation_until_there_is_space_and_then_goes_on() {
    let Some(disk) = Disk::mounted() else { return };
    let path = disk.0.path().join("weir.db");
    let ledger = Ledger::open(&path, TimeZone::UTC, NOON_MS).expect("opens").0;
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let ballast = disk.0.path().join("ballast");
    let _ = std::fs::write(&ballast, vec![1; 4 * 1024 * 1024]).expect_err("fills the disk");
    let mut n = 1;
    let refused = loop {
        n += 1;
        if let Err(problem) = ledger.reserve(&reserve(id(n), 1)) {
            break problem;
        }
    };
    assert!(matches!(refused, WriteProblem::Full { .. }), "{refused:?}");
    std::fs::remove_file(ballast).expect("removed");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while ledger.reserve(&reserve(id(n), 1)).is_err() {
        assert!(std::time::Instant::now() < deadline, "never let out again");
        std::thread::yield_now();
    }
    ledger.flush().expect("written");
    drop(ledger);
    let (ledger, opened) = Ledger::open(&path, TimeZone::UTC, NOON_MS + 5).expect("opens");
    assert_eq!(opened.orphans, u64::from(n));
    assert_eq!(totals(&ledger).requests, u64::from(n));
    drop(ledger);
}
