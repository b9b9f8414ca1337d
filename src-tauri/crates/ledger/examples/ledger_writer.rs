//! A writer to be killed: opens a ledger, reserves and settles on several threads, and says on
//! stdout what it was told is durable. `ledger_writer FILE NOW_MS [fill]`
//! Lines: `open ORPHANS`, `r ID ATTEMPT` after a reservation, `s ID ATTEMPT` when a settlement was
//! flushed, `refused PROBLEM` and the end when the ledger does not open. With `fill` it reserves
//! until it is refused and says how often that went well, and why no longer.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use weir_core::route::{Mode, Reason, Route};
use weir_core::{Class, Decision, Endpoint, Money, Outcome, Pricing, RequestId, Weighed};
use weir_ledger::{Ledger, Reserve, Settle};

const THREADS: u32 = 3;

/// One write a line, so that a kill never leaves half a line that was meant.
fn say(line: String) {
    let done = std::io::stdout().lock().write_all(line.as_bytes());
    done.expect("the parent reads until the end");
}

fn reserve(id: RequestId, attempt: u16, session: &str) -> Reserve<'_> {
    Reserve {
        id,
        attempt,
        at_ms: id.unix_ms(),
        client: "killed",
        project: None,
        session: Some(session),
        category: None,
        endpoint: Endpoint::Responses,
        asked_model: "gpt-5",
        provider: "openai",
        model: "gpt-5",
        task: None,
        tier: None,
        reason: Reason::Asked,
        confidence: None,
        local: false,
        uncounted: false,
        reserved: Some(Money::from_nano(1_000_000 + i64::from(attempt))),
        input_tokens: 100,
        output_tokens: 100,
    }
}

fn settle(id: RequestId, attempt: u16) -> Settle {
    let mut row = Settle::new(id, attempt, id.unix_ms() + 9, Outcome::Ok);
    (row.pricing, row.cost) = (Pricing::Exact, Some(Money::from_nano(500 + i64::from(attempt))));
    row.decision = Some(Arc::new(decided(id)));
    row
}

/// A decision that can be told from every other one.
fn decided(id: RequestId) -> Decision {
    let route = Route { provider: "anthropic".into(), model: "claude-haiku-4-5".into() };
    let expected = Some(Money::from_nano(id.raw() % 1_000_000));
    Decision {
        mode: Mode::Tiered,
        class: Class::Main,
        deterministic: false,
        prompt_tokens: id.raw().unsigned_abs() % 1_000_000,
        conversation: None,
        weighed: vec![Weighed { route, reason: Reason::Tier, expected }],
        shadow: None,
        judged_tier: None,
        way_back: None,
    }
}

fn work(ledger: &Ledger, now_ms: i64, next: &AtomicU32) {
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let id = RequestId::new(now_ms + i64::from(n / 8), n);
        let session = format!("session-{}", n / 5);
        let attempts = if n.is_multiple_of(7) { 2 } else { 1 };
        for attempt in 1..=attempts {
            ledger.reserve(&reserve(id, attempt, &session)).expect("the ledger can be written");
            say(format!("r {} {attempt}\n", id.raw()));
            // Every eleventh stays open, as a long answer does.
            if !n.is_multiple_of(11) {
                ledger.settle(settle(id, attempt));
            }
        }
        if n.is_multiple_of(13) && !n.is_multiple_of(11) {
            ledger.flush().expect("the ledger can be written");
            say(format!("s {} {attempts}\n", id.raw()));
        }
    }
}

/// Reserves until it is refused, then ends as a kill does.
fn fill(ledger: Ledger, now_ms: i64) {
    for n in 0u32.. {
        let id = RequestId::new(now_ms + i64::from(n / 8), n);
        if let Err(problem) = ledger.reserve(&reserve(id, 1, &format!("session {n} {:90}", ""))) {
            say(format!("{n} {problem}\n"));
            std::mem::forget(ledger);
            return;
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("a file");
    let now_ms = args.next().and_then(|n| n.parse().ok()).expect("the time");
    match Ledger::open(Path::new(&path), jiff::tz::TimeZone::UTC, now_ms) {
        Ok((ledger, _)) if args.next().as_deref() == Some("fill") => fill(ledger, now_ms),
        Ok((ledger, opened)) => {
            say(format!("open {}\n", opened.orphans));
            let next = AtomicU32::new(0);
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| work(&ledger, now_ms, &next));
                }
            });
        }
        Err(problem) => say(format!("refused {problem}\n")),
    }
}
