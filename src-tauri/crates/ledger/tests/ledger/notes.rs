//! What is kept beside the rows: what was told, what is lifted, what was imported.

use crate::fixture::{Home, NOON_MS, id, reserve, settle, usage};
use weir_core::budget::{Change, Lift, Limit, Scope, Told};
use weir_core::period::{LocalDay, Period};
use weir_core::{Money, Pricing, Usage};
use weir_ledger::{DayRange, Dimension, ImportRow, Imported};

#[test]
fn what_was_told_is_told_once_a_window_also_after_a_restart() {
    let home = Home::new();
    let day = LocalDay(20_779);
    let note = |ledger: &weir_ledger::Ledger, day, what| {
        ledger.note_told("week", Period::Week, day, what, NOON_MS).expect("noted")
    };
    let ledger = home.open();
    assert!(note(&ledger, day, Told::Percent(70)));
    assert!(!note(&ledger, day, Told::Percent(70)));
    drop(ledger);
    let ledger = home.open();
    assert!(!note(&ledger, day, Told::Percent(70)));
    assert!(note(&ledger, day, Told::Forecast));
    let told = |day| ledger.told("week", Period::Week, day).expect("read");
    assert_eq!(told(day), [Told::Percent(70), Told::Forecast]);
    assert!(told(LocalDay(day.0 + 7)).is_empty(), "a new window begins untold");
    assert!(note(&ledger, LocalDay(day.0 + 700), Told::Percent(70)));
    assert!(told(day).is_empty(), "long past windows are forgotten");
}

#[test]
fn a_lift_outlives_a_restart_and_can_be_ended() {
    let home = Home::new();
    let lift = |budget: &str, until_ms, change| Lift {
        budget: budget.into(),
        from_ms: NOON_MS,
        until_ms,
        change,
    };
    let hour = lift("week", NOON_MS + 3_600_000, Change::Raise(Limit::Usd(Money::from_nano(7))));
    let tokens = lift("day", NOON_MS + 10, Change::Raise(Limit::Tokens(9)));
    let local = lift("month", NOON_MS + 3_600_000, Change::Local);
    let ledger = home.open();
    for lift in [&hour, &tokens, &local] {
        ledger.add_lift(lift).expect("written");
    }
    drop(ledger);
    let ledger = home.open();
    let mut found = ledger.lifts(NOON_MS).expect("read");
    found.sort_by(|a, b| a.budget.cmp(&b.budget));
    assert_eq!(found, [tokens, local.clone(), hour]);
    assert!(ledger.end_lifts("week", NOON_MS + 5).expect("ended"));
    assert!(!ledger.end_lifts("week", NOON_MS + 5).expect("nothing left"));
    assert_eq!(ledger.lifts(NOON_MS + 10).expect("read"), [local]);
}

fn told_by_a_tool(key: &str, at_ms: i64, usage: Usage, cost: Option<i64>) -> ImportRow {
    ImportRow {
        key: key.into(),
        at_ms,
        project: Some("weir".into()),
        session: Some("s".into()),
        provider: "anthropic".into(),
        model: "claude-sonnet-4-5-20250929".into(),
        usage,
        pricing: if cost.is_some() { Pricing::Exact } else { Pricing::Unpriced },
        cost: cost.map(Money::from_nano),
    }
}

#[test]
fn an_import_joins_the_sums_once_and_never_counts_what_weir_carried() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    let plain = Usage { input: 5, output: 6, ..Usage::default() };
    let rows = [
        told_by_a_tool("msg_1", NOON_MS, plain, Some(1_000)),
        told_by_a_tool("msg_2", NOON_MS - 86_400_000, plain, None),
        // The tool's own account of what Weir carried, written when the answer had ended.
        told_by_a_tool("msg_3", NOON_MS + 4_000, usage(), Some(99_999_999)),
        // A second request of the same counts was not carried by Weir.
        told_by_a_tool("msg_4", NOON_MS + 5_000, usage(), Some(10)),
    ];
    let done = ledger.import("claude-code", &rows).expect("imported");
    let cost = Money::from_nano(1_010);
    assert_eq!(done, Imported { added: 3, known: 0, carried: 1, unpriced: 1, cost });
    let again = ledger.import("claude-code", &rows).expect("imported");
    assert_eq!(again, Imported { known: 4, ..Imported::default() });
    let other = ledger.import("codex", &rows[..1]).expect("imported");
    assert_eq!(other.added, 1, "keys are a source's own");
    let totals = ledger.totals(DayRange::ALL, &Scope::default()).expect("totals");
    let own = settle(id(1), 1).cost.expect("priced").nano();
    assert_eq!(totals.spent, Money::from_nano(own + 2_010));
    assert_eq!((totals.requests, totals.unpriced_requests), (5, 1));
    let scope = Scope { client: Some("codex".into()), ..Scope::default() };
    assert_eq!(
        ledger.spent(&scope, DayRange::ALL).expect("spent").settled,
        Money::from_nano(1_000)
    );
    let costs = ledger.imported_costs("anthropic", NOON_MS, NOON_MS + 10_000).expect("costs");
    let costs: Vec<_> = costs.iter().map(|c| c.cost.map(Money::nano)).collect();
    assert_eq!(costs, [Some(1_000), Some(10), Some(1_000)], "what Weir carried is not among them");
    let days = ledger.by(DayRange::ALL, Dimension::Day, &Scope::default()).expect("days");
    assert_eq!(days.len(), 2, "a row counts on the day it happened");
    let of = |client: Option<&str>, range| {
        let scope = Scope {
            session: Some("s".into()),
            client: client.map(str::to_owned),
            ..Scope::default()
        };
        ledger.settled(&scope, range).expect("spent").settled.nano()
    };
    assert_eq!(of(None, DayRange::ALL), 2_010, "and in its session");
    assert_eq!(of(Some("codex"), DayRange::ALL), 1_000);
    let ahead = DayRange { from: LocalDay(20_780), to: LocalDay(i32::MAX) };
    assert_eq!(of(None, ahead), 0);
    let before = DayRange { from: LocalDay(i32::MIN), to: LocalDay(20_779) };
    assert_eq!(of(None, before), 0, "the one of the day before has no price");
}

#[test]
fn a_budget_of_one_session_reads_what_that_session_spent() {
    let home = Home::new();
    let ledger = home.open();
    for (n, session) in [(1, "a"), (2, "a"), (3, "b")] {
        let mut row = reserve(id(n), 1);
        row.session = Some(session);
        ledger.reserve(&row).expect("reserved");
        ledger.settle(settle(id(n), 1));
    }
    let scope = Scope { session: Some("a".into()), ..Scope::default() };
    let spent = ledger.settled(&scope, DayRange::ALL).expect("spent");
    let one = settle(id(1), 1).cost.expect("priced").nano();
    assert_eq!(spent.settled, Money::from_nano(2 * one));
    assert_eq!(spent.tokens, 2 * (usage().prompt() + usage().output));
}
