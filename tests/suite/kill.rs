//! SIGKILL under load, again and again on the same home. After every kill the server is started
//! again and the books are held against the truth log: nothing lost, nothing twice, nothing
//! changed that was already written, the file whole.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use weir_tests::auditor::{self, Strictness};
use weir_tests::ledger::{self, Row};
use weir_tests::{Answer, Asked, Client, Home, Kind, Provider, Seed, Step, Weir, answers, wait};

/// How many kills; `WEIR_KILLS` sets another number.
const KILLS: usize = 300;
/// Clients at once.
const CLIENTS: usize = 12;
/// How many of them ask for answers that may stop somewhere and hang until the kill.
const HANGING: usize = 5;
/// A start on a home with work left behind, on a machine that runs other tests too.
const START_P99: Duration = Duration::from_millis(2_500);

#[test]
fn no_attempt_is_lost_or_counted_twice_by_any_kill() {
    let mut chance = Seed::announced("kill");
    let kills = std::env::var("WEIR_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let provider = Provider::answering(answer);
    let mut home = Home::pointing_at(&provider);
    let token = home.token("tests");
    let mut weir = Weir::start(&home);
    let mut starts: Vec<Duration> = Vec::with_capacity(kills);
    let mut book = Book::default();
    for round in 0..kills {
        let seen_before = provider.count();
        let progress = provider.progress() + 5 + chance.below(400) as u64;
        load(&weir, &token, round, || provider.progress() >= progress, || weir.pid());
        weir.kill();
        let began = Instant::now();
        weir = Weir::start(&home);
        starts.push(began.elapsed());
        // Requests of the killed process are over once the provider has seen its sockets close.
        wait::until("the provider to see the kill", || {
            provider
                .truth_from(seen_before)
                .iter()
                .all(|attempt| attempt.ended != weir_tests::provider::Ended::Open || !attempt.whole)
        });
        let faults = book.check(&home, &provider, seen_before);
        assert!(faults.is_empty(), "after kill {round}: {faults:#?}\n{}", weir.log());
    }
    starts.sort();
    let p99 = starts[(starts.len() * 99 / 100).min(starts.len() - 1)];
    assert!(p99 < START_P99, "start p99 {p99:?}, worst {:?}", starts.last());
    assert!(weir.stop().success());
    let faults = auditor::audit(&home, &provider.truth(), Strictness::Killed);
    assert!(faults.is_empty(), "at the end: {faults:#?}");
    let unchanged = book.unchanged(&ledger::rows(&home.ledger()));
    assert_eq!(unchanged, Vec::<String>::new(), "written rows changed");
    report(kills, &provider, &book, p99);
}

#[expect(clippy::print_stderr, reason = "the figures of a run are worth reading")]
fn report(kills: usize, provider: &Provider, book: &Book, p99: Duration) {
    eprintln!(
        "{kills} kills, {} attempts seen by the provider ({} late), {} rows, {} orphans, \
         start p99 {p99:?}",
        provider.count(),
        book.late,
        book.ends.len(),
        book.orphans
    );
}

/// Answers as a vendor would, but where the marker says so it may stop somewhere and hang.
fn answer(asked: &Asked) -> Answer {
    let whole = answers::natural(asked);
    let marker = asked.marker().unwrap_or_default();
    let mut chance = Seed::fixed(
        marker.bytes().fold(3, |sum: u64, b| sum.wrapping_mul(31).wrapping_add(u64::from(b))),
    );
    if !marker.ends_with("hanging") || chance.below(3) > 0 {
        return whole;
    }
    let size = whole.bytes().len();
    whole.up_to(chance.below(size), Step::Stall)
}

/// Keeps twelve clients busy until `enough`, then kills the process under them.
fn load(weir: &Weir, token: &str, round: usize, enough: impl Fn() -> bool, pid: impl Fn() -> u32) {
    let client = Client::new(weir.port(), token);
    let over = AtomicBool::new(false);
    let number = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for nth in 0..CLIENTS {
            let (client, over, number) = (&client, &over, &number);
            scope.spawn(move || {
                let how = if nth < HANGING { "hanging" } else { "whole" };
                while !over.load(Ordering::SeqCst) {
                    let number = number.fetch_add(1, Ordering::SeqCst);
                    let kind = Kind::TALKING[number % Kind::TALKING.len()];
                    let call =
                        client.call(kind, number % 5 != 0, &format!("k{round}-{number}-{how}"));
                    let Ok(mut exchange) = client.try_open(&call) else { return };
                    // Whatever comes, comes: the truth log and the ledger are what is compared.
                    let _ = exchange.response();
                }
            });
        }
        let reached = wait::within(wait::SOON, || enough().then_some(()));
        over.store(true, Ordering::SeqCst);
        signal_kill(pid());
        assert!(reached.is_some(), "no progress under load in round {round}");
    });
}

fn signal_kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -KILL {pid}");
}

/// What the books said at earlier checks.
#[derive(Default)]
struct Book {
    ends: HashMap<(i64, i64), (Option<i64>, String)>,
    /// Every marker that was ever booked.
    sessions: HashSet<String>,
    newest: i64,
    orphans: usize,
    late: usize,
}

impl Book {
    /// Checks the rows written since the last kill against the truth log since then.
    fn check(&mut self, home: &Home, provider: &Provider, seen_before: usize) -> Vec<String> {
        let path = home.ledger();
        let mut faults = ledger::damage(&path);
        let rows = ledger::rows_after(&path, self.newest);
        self.sessions.extend(rows.iter().map(|row| row.session.clone()));
        // What a killed process had written to a socket may be read by the provider only now:
        // such a late attempt is in the books of the round before.
        let (late, own): (Vec<_>, Vec<_>) =
            provider.truth_from(seen_before).into_iter().partition(|attempt| {
                let marker = attempt.asked.marker().unwrap_or_default();
                self.sessions.contains(marker) && !rows.iter().any(|row| row.session == marker)
            });
        self.late += late.len();
        faults.extend(auditor::audit_rows(&rows, &own, Strictness::Killed));
        for row in &rows {
            let Some(end) = &row.end else { continue };
            self.newest = self.newest.max(row.request);
            self.orphans += usize::from(end.kind == "orphan");
            let key = (row.request, row.attempt);
            if self.ends.insert(key, (end.cost, end.kind.clone())).is_some() {
                faults.push(format!("twice in the books: {row:?}"));
            }
        }
        faults
    }

    /// Rows that no longer say what they said.
    fn unchanged(&self, rows: &[Row]) -> Vec<String> {
        let now: HashMap<(i64, i64), &Row> =
            rows.iter().map(|row| ((row.request, row.attempt), row)).collect();
        let same = |(key, (cost, kind)): &(&(i64, i64), &(Option<i64>, String))| {
            now.get(key)
                .and_then(|row| row.end.as_ref())
                .is_some_and(|end| (&end.cost, &end.kind) == (cost, kind))
        };
        self.ends.iter().filter(|entry| !same(entry)).map(|(key, _)| format!("{key:?}")).collect()
    }
}
