//! A thousand clients that hang up at a byte nobody chose: before the head, inside it, in the
//! middle of an event, of a character, after the last byte. Each leaves exactly one finished row,
//! and the provider learns of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use weir_tests::auditor::Strictness;
use weir_tests::provider::{Attempt, Ended};
use weir_tests::{Kind, Provider, Rig, Seed, Step, answers, wait};

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
