//! A thousand clients that hang up at a byte nobody chose: before the head, inside it, in the
//! middle of an event, of a character, after the last byte. Each leaves exactly one finished row,
//! and the provider learns of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use weir_tests::auditor::Strictness;
use weir_tests::provider::{Attempt, Ended};
use weir_tests::{Answer, Asked, Kind, Provider, Rig, Seed, Step, Tokens, Turn, answers, wait};

/// How many clients hang up; `WEIR_DISCONNECTS` sets another number.
const COUNT: usize = 1_000;
/// Clients at once.
const THREADS: usize = 8;

#[test]
fn a_thousand_hang_ups_leave_exactly_one_finished_row_each() {
    let chance = Seed::announced("disconnects");
    let count = std::env::var("WEIR_DISCONNECTS").ok().and_then(|n| n.parse().ok());
    let count: usize = count.unwrap_or(COUNT);
    // How far the provider gets stands in the marker: `…-at-BYTES`.
    let mut rig = Rig::with(Provider::answering(|asked| {
        let marker = asked.marker().unwrap_or_default();
        let at = marker.rsplit('-').next().and_then(|at| at.parse().ok()).unwrap_or(0);
        answers::natural(asked).up_to(at, Step::Stall)
    }));
    rig.strictness = Strictness::ClientsGone;
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (rig, next) = (&rig, &next);
            let mut chance = chance.clone();
            for _ in 0..thread {
                chance.next();
            }
            let mut chance = Seed::fixed(chance.next());
            scope.spawn(move || {
                while next.fetch_add(1, Ordering::SeqCst) < count {
                    hang_up_once(rig, &mut chance);
                }
            });
        }
    });
    wait::until("the provider to see every client gone", || {
        rig.provider.truth().iter().all(|attempt| attempt.ended != Ended::Open)
    });
    rig.quiet();
    let rows = rig.rows();
    let truth = rig.provider.truth();
    assert_eq!(rows.len(), truth.len(), "one row an attempt");
    assert!(truth.len() >= count * 9 / 10, "{} of {count} reached the provider", truth.len());
    for row in &rows {
        let end = row.ended();
        let known = ["client_gone", "ok", "truncated"].contains(&end.outcome.as_str());
        assert!(known, "{}: {end:?}", row.session);
        assert!(row.cost() > 0, "{}: {end:?}", row.session);
    }
}

/// What the provider of the next test says with every piece; four tokens at four bytes each.
const PIECE: &str = "words of water, ";
/// Calls of the next test.
const BILLED_CALLS: u64 = 240;

/// How many pieces an answer has, and how many of them are sent before the client leaves.
fn pieces(marker: &str) -> (usize, usize) {
    let mut numbers = marker.split('-').filter_map(|word| word.parse().ok());
    (numbers.next().expect("pieces"), numbers.next().expect("sent"))
}

fn billed(asked: &Asked) -> Answer {
    let (all, sent) = pieces(asked.marker().expect("a marker"));
    let kind = Kind::of(asked.path()).expect("a known path");
    let tokens = Tokens::plain(asked.body_bytes as u64 / 4, 4 * all as u64);
    let turn = Turn { text: vec![PIECE.to_owned(); all], ..Turn::new(kind, tokens) };
    let answer = turn.stream().answer();
    if sent == all {
        return answer;
    }
    let text = String::from_utf8_lossy(&answer.bytes()).into_owned();
    let at = text.match_indices(PIECE).nth(sent - 1).expect("so many pieces").0 + PIECE.len();
    answer.up_to(at, Step::Stall)
}

#[test]
fn issue_bifrost_3357_with_every_tenth_call_cancelled_the_books_are_within_two_percent() {
    let mut chance = Seed::announced("bill");
    let mut rig = Rig::with(Provider::answering(billed));
    rig.strictness = Strictness::ClientsGone;
    for number in 0..BILLED_CALLS {
        let kind = *chance.pick(&Kind::TALKING);
        let all = 40 + chance.below(160);
        let cancelled = number % 10 == 9;
        let sent = if cancelled { 1 + chance.below(all - 1) } else { all };
        let marker = format!("bill-{all}-{sent}-{number}n");
        let prompt = "how the water finds its level ".repeat(20 + chance.below(200));
        let headers =
            [("user-agent", format!("tests marker/{marker}")), ("x-weir-session", marker.clone())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let body = kind.ask(kind.model(), true, &prompt).to_string();
        let path = kind.path(kind.model(), true);
        let call = rig.client().post(&path, &headers, body.as_bytes());
        if cancelled {
            let mut exchange = rig.client().open(&call);
            // All there is so far, but for what a chunk's border may stand in.
            let mut heard = Vec::new();
            while heard.windows(PIECE.len()).filter(|w| *w == PIECE.as_bytes()).count() + 2 < sent {
                let more = exchange.bytes(1);
                assert!(!more.is_empty(), "{marker} ended early");
                heard.extend(more);
            }
            seen(&rig, &marker, Attempt::rests);
        } else {
            assert_eq!(rig.client().send(&call).status, 200, "{marker}");
        }
    }
    rig.quiet();
    let truth = rig.provider.truth();
    assert_eq!(truth.len() as u64, BILLED_CALLS);
    let bill: i128 = truth
        .iter()
        .map(|attempt| {
            let (_, sent) = pieces(attempt.asked.marker().expect("a marker"));
            let kind = Kind::of(attempt.asked.path()).expect("a known path");
            let used = Tokens::plain(attempt.asked.body_bytes as u64 / 4, 4 * sent as u64);
            used.nano(kind.model()).expect("a price")
        })
        .sum();
    let rows = rig.rows();
    let gone = rows.iter().filter(|row| row.ended().outcome == "client_gone").count() as u64;
    assert_eq!(gone, BILLED_CALLS / 10, "every tenth was cancelled");
    let booked: i128 = rows.iter().map(|row| row.cost()).sum();
    let off = (booked - bill).abs() as f64 / bill as f64;
    assert!(off <= 0.02, "billed {bill}, booked {booked} nano-dollars: {:.2} % apart", off * 100.0);
}

fn hang_up_once(rig: &Rig, chance: &mut Seed) {
    let kind = *chance.pick(&Kind::TALKING);
    let stream = chance.below(4) != 0;
    let model = kind.model();
    // An answer is 600 to 2,500 bytes long; some offsets lie behind its end.
    let at = chance.below(2_600);
    let marker = format!("hang-{:x}-{at}", chance.next());
    let call = rig.client().call_model(kind, model, stream, &marker);
    let mut exchange = rig.client().open(&call);
    match chance.below(3) {
        // Gone as soon as the provider has the request.
        0 => seen(rig, &marker, |attempt| attempt.whole),
        // Gone when the provider has sent all it will send.
        1 => seen(rig, &marker, Attempt::rests),
        // Gone after some bytes of the answer, if any came.
        _ => {
            seen(rig, &marker, Attempt::rests);
            if stream && at > 700 {
                exchange.bytes(chance.below(300) + 1);
            }
        }
    }
}

fn seen(rig: &Rig, marker: &str, enough: impl Fn(&Attempt) -> bool) {
    rig.provider.until(marker, |truth| {
        truth.iter().rev().any(|a| a.asked.marker() == Some(marker) && enough(a))
    });
}
