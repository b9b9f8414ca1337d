//! Whatever happens in whatever order, the sums are what the rows add up to: checked against a
//! fold that is written here, over requests as the log shows them.

use crate::fixture::{Home, NOON_MS, settle, usage};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;
use weir_core::route::{Reason, Tier};
use weir_core::{Endpoint, Money, Outcome, Pricing, RequestId};
use weir_ledger::{
    AttemptRow, AttemptState, DayRange, Dimension, Ledger, RequestRow, Reserve, Settle, Totals,
    salvage,
};

const DAY_MS: i64 = 86_400_000;

#[derive(Clone, Debug)]
enum Step {
    Reserve { request: u32, attempt: u16, pick: [usize; 4], nano: Option<i64>, uncounted: bool },
    Settle { request: u32, attempt: u16, kind: u8, nano: i64 },
    Flush,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let place = || (0..12u32, 1..4u16);
    let reserve = (place(), any::<[u8; 4]>(), proptest::option::of(0..5_000i64), 0..8u8).prop_map(
        |((request, attempt), pick, nano, uncounted)| Step::Reserve {
            request,
            attempt,
            pick: pick.map(usize::from),
            nano,
            uncounted: uncounted == 0,
        },
    );
    let settle = (place(), 0..7u8, 0..9_000i64)
        .prop_map(|((request, attempt), kind, nano)| Step::Settle { request, attempt, kind, nano });
    prop_oneof![8 => reserve, 8 => settle, 1 => Just(Step::Flush), 1 => Just(Step::Restart)]
}

fn id(request: u32) -> RequestId {
    RequestId::new(NOON_MS + i64::from(request) * DAY_MS / 4, request)
}

fn reserve(
    request: u32,
    attempt: u16,
    pick: [usize; 4],
    nano: Option<i64>,
    uncounted: bool,
) -> Reserve<'static> {
    let local = pick[0].is_multiple_of(3);
    Reserve {
        id: id(request),
        attempt,
        // A later attempt can fall on another day.
        at_ms: id(request).unix_ms() + i64::from(attempt) * DAY_MS / 3,
        client: ["codex", "script"][pick[1] % 2],
        project: [None, Some("weir"), Some("")][pick[2] % 3],
        session: [None, Some("s-1"), Some("s-2")][pick[3] % 3],
        category: [None, Some("critical")][pick[2] % 2],
        endpoint: Endpoint::Chat,
        asked_model: "gpt-5",
        provider: if local { "ollama" } else { ["openai", "openrouter"][pick[0] % 2] },
        model: ["gpt-5", "gpt-5-mini", "llama3.2:3b"][pick[0] % 3],
        task: [None, Some("debugging")][pick[3] % 2],
        tier: [None, Some(Tier::Low), Some(Tier::High)][pick[1] % 3],
        reason: Reason::Asked,
        confidence: None,
        local,
        uncounted,
        reserved: nano.map(Money::from_nano),
        input_tokens: 5,
        output_tokens: 6,
    }
}

fn end(request: u32, attempt: u16, kind: u8, nano: i64) -> Settle {
    let mut row = settle(id(request), attempt);
    row.cost = Some(Money::from_nano(nano));
    row.saved = Money::from_nano(nano / 3);
    match kind {
        0 => row.pricing = Pricing::Estimated,
        1 => (row.pricing, row.cost) = (Pricing::Unpriced, None),
        2 => (row.outcome, row.status, row.usage) = (Outcome::UpstreamError, 500, None),
        3 => (row.outcome, row.sent) = (Outcome::Unreachable, false),
        4 => row.usage = None,
        _ => {}
    }
    row
}

fn run(home: &Home, mut ledger: Ledger, steps: &[Step]) -> Ledger {
    for step in steps {
        match *step {
            Step::Reserve { request, attempt, pick, nano, uncounted } => {
                let _ = ledger.reserve(&reserve(request, attempt, pick, nano, uncounted));
            }
            Step::Settle { request, attempt, kind, nano } => {
                ledger.settle(end(request, attempt, kind, nano));
            }
            Step::Flush => ledger.flush().expect("flushed"),
            Step::Restart => {
                drop(ledger);
                ledger = home.open();
            }
        }
    }
    ledger
}

/// Adds a request's part that lies in a group, as the words of `Totals` say it.
fn fold(totals: &mut Totals, row: &RequestRow, inside: &dyn Fn(&AttemptRow) -> bool) {
    let closed: Vec<&AttemptRow> =
        row.attempts.iter().filter(|a| a.state != AttemptState::Open).collect();
    for attempt in &row.attempts {
        if attempt.uncounted || !inside(attempt) {
            continue;
        }
        if attempt.state == AttemptState::Open {
            totals.open += 1;
            match attempt.reserved {
                Some(money) => totals.reserved = totals.reserved.saturating_add(money),
                None => totals.open_unpriced += 1,
            }
            continue;
        }
        totals.attempts += 1;
        totals.spent = totals.spent.saturating_add(attempt.cost.unwrap_or_default());
        totals.saved = totals.saved.saturating_add(attempt.saved);
        totals.usage = totals.usage.plus(&attempt.usage.unwrap_or_default());
    }
    let real: Vec<_> = closed.iter().filter(|a| !a.uncounted).collect();
    let Some(last) = real.last() else { return };
    if inside(last) {
        totals.requests += 1;
        totals.local_requests += u64::from(last.local);
        let any = |p| u64::from(real.iter().any(|a| a.pricing == Some(p)));
        totals.unpriced_requests += any(Pricing::Unpriced);
        totals.estimated_requests += any(Pricing::Estimated);
    }
}

fn folded(rows: &[RequestRow], inside: &dyn Fn(&RequestRow, &AttemptRow) -> bool) -> Totals {
    let mut totals = Totals::default();
    for row in rows {
        fold(&mut totals, row, &|attempt| inside(row, attempt));
    }
    totals
}

fn check(ledger: &Ledger) {
    let all = Scope::default();
    let rows: Vec<RequestRow> = ledger.export(0, i64::MAX).collect::<Result<_, _>>().expect("read");
    let first = LocalDay::of(NOON_MS, &TimeZone::UTC).0;
    let ranges = [
        DayRange::ALL,
        DayRange { from: LocalDay(first), to: LocalDay(first + 1) },
        DayRange { from: LocalDay(first + 1), to: LocalDay(first + 3) },
    ];
    for range in ranges {
        let inside = |a: &AttemptRow| range.holds(a.day);
        assert_eq!(ledger.totals(range, &all), Ok(folded(&rows, &|_, a| inside(a))));
        let scope = Scope { local: Some(true), client: Some("codex".into()), ..Scope::default() };
        let scoped = folded(&rows, &|r, a| inside(a) && a.local && r.client == "codex");
        // The client is the request's, the scope an attempt's: the same but for requests whose
        // attempts disagree, which the fixture makes and no proxy does.
        if rows.iter().all(|r| r.attempts.len() == 1) {
            assert_eq!(ledger.totals(range, &scope), Ok(scoped));
        }
        let provider = Scope { provider: Some("openai".into()), ..Scope::default() };
        let one = folded(&rows, &|_, a| inside(a) && a.provider == "openai");
        assert_eq!(ledger.totals(range, &provider), Ok(one));
        let days = ledger.by(range, Dimension::Day, &provider).expect("groups");
        for group in days {
            let day = |a: &AttemptRow| Some(a.day.date().to_string()) == group.key;
            let on = folded(&rows, &|_, a| inside(a) && a.provider == "openai" && day(a));
            assert_eq!(group.totals, on, "{:?}", group.key);
        }
        let by_attempt: [(Dimension, fn(&AttemptRow) -> Option<String>); 3] = [
            (Dimension::Provider, |a| Some(a.provider.clone())),
            (Dimension::Model, |a| Some(a.model.clone())),
            (Dimension::Day, |a| Some(a.day.date().to_string())),
        ];
        for (dimension, key) in by_attempt {
            let mut keys: BTreeMap<Option<String>, ()> = BTreeMap::new();
            let kept = rows.iter().flat_map(|r| &r.attempts).filter(|a| !a.uncounted && inside(a));
            keys.extend(kept.map(|a| (key(a), ())));
            let groups = ledger.by(range, dimension, &all).expect("groups");
            assert_eq!(groups.len(), keys.len(), "{dimension:?}");
            for group in groups {
                let expected = folded(&rows, &|_, a| inside(a) && key(a) == group.key);
                assert_eq!(group.totals, expected, "{dimension:?} {:?}", group.key);
            }
        }
    }
}

/// Sums by session are made of rows, those by client of rollups; over everything they agree.
fn sessions_add_up(ledger: &Ledger) {
    let sum = |dimension| {
        let groups = ledger.by(DayRange::ALL, dimension, &Scope::default()).expect("groups");
        groups.iter().fold((0, 0, 0, 0, Money::ZERO, Money::ZERO), |s, g| {
            let t = &g.totals;
            let money = (s.4.saturating_add(t.spent), s.5.saturating_add(t.reserved));
            (
                s.0 + t.requests,
                s.1 + t.attempts,
                s.2 + t.unpriced_requests,
                s.3 + t.open,
                money.0,
                money.1,
            )
        })
    };
    assert_eq!(sum(Dimension::Session), sum(Dimension::Client));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_what_the_rows_add_up_to(steps in proptest::collection::vec(step(), 1..60)) {
        let home = Home::new();
        let ledger = run(&home, home.open(), &steps);
        check(&ledger);
        sessions_add_up(&ledger);
        let live = ledger.totals(DayRange::ALL, &Scope::default());
        let reading = Ledger::open_read_only(&home.path()).expect("opens beside a writer");
        prop_assert_eq!(reading.totals(DayRange::ALL, &Scope::default()), live);
        check(&reading);
        drop((ledger, reading));
        let closed = home.open().totals(DayRange::ALL, &Scope::default());
        let found = salvage(&home.path(), &TimeZone::UTC, NOON_MS).expect("salvaged");
        prop_assert!(found.whole);
        prop_assert_eq!(home.open().totals(DayRange::ALL, &Scope::default()), closed);
    }
}

#[test]
fn absurd_amounts_stop_at_the_end_of_their_range_and_stop_nothing_else() {
    let home = Home::new();
    let ledger = home.open();
    for request in 0..40 {
        ledger.reserve(&reserve(request, 1, [1; 4], Some(i64::MAX), false)).expect("reserved");
        let mut row = end(request, 1, 9, i64::MAX);
        let mut all = usage();
        (all.input, all.output) = (u64::MAX, u64::MAX);
        row.usage = Some(all);
        ledger.settle(row);
    }
    ledger.flush().expect("written");
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    assert_eq!(totals.attempts, 40);
    assert_eq!(totals.spent, Money::from_nano(40 * 1_000_000_000_000_000));
    assert_eq!(totals.usage.input, 40 * 10_000_000_000);
}
