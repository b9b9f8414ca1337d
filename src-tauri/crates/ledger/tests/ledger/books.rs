//! What goes into the ledger comes out of it: rows, sums, groups, open reservations.

use crate::fixture::{Home, NOON_MS, id, reserve, settle, usage};
use jiff::tz::TimeZone;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;
use weir_core::route::Tier;
use weir_core::{Money, Outcome, Pricing};
use weir_ledger::{AttemptState, DayRange, Dimension, WriteProblem};

const ALL: DayRange = DayRange::ALL;

fn everything() -> Scope {
    Scope::default()
}

#[test]
fn a_row_comes_out_as_it_went_in() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let mut end = settle(id(1), 1);
    end.saved = Money::from_nano(77);
    end.cache = Some("miss".into());
    end.dropped = Some("thinking".into());
    end.service = Some("priority".into());
    end.note = Some("none".into());
    ledger.settle(end);
    let row = ledger.request(id(1)).expect("read").expect("known");
    assert_eq!((row.id, row.client.as_str()), (id(1), "claude-code"));
    assert_eq!(row.project.as_deref(), Some("weir"));
    assert_eq!(row.session.as_deref(), Some("session-1"));
    assert_eq!(row.category, None);
    assert_eq!(
        (row.endpoint.as_str(), row.asked_model.as_str()),
        ("messages", "claude-sonnet-4-5")
    );
    assert_eq!((row.task.as_deref(), row.tier), (Some("code_editing"), Some(Tier::Medium)));
    assert_eq!(row.confidence, Some(870));
    let attempt = row.last();
    assert_eq!((attempt.attempt, attempt.at_ms), (1, id(1).unix_ms() + 3));
    assert_eq!(
        (attempt.day, attempt.zone.as_str()),
        (LocalDay::of(NOON_MS, &TimeZone::UTC), "UTC")
    );
    assert_eq!((attempt.provider.as_str(), attempt.reason.as_str()), ("anthropic", "asked"));
    assert_eq!(attempt.reserved, Some(Money::from_nano(90_000_000)));
    assert_eq!((attempt.input_tokens, attempt.output_tokens), (12_000, 4_096));
    assert_eq!((attempt.state, attempt.outcome), (AttemptState::Settled, Some(Outcome::Ok)));
    assert_eq!((attempt.status, attempt.pricing), (200, Some(Pricing::Exact)));
    assert_eq!(attempt.cost, Some(Money::from_nano(31_415_926)));
    assert_eq!(attempt.saved, Money::from_nano(77));
    assert_eq!(attempt.usage, Some(usage()));
    assert_eq!((attempt.first_byte_ms, attempt.total_ms), (Some(812), Some(4_210)));
    assert_eq!(attempt.ended_ms, Some(id(1).unix_ms() + 4_210));
    assert_eq!(
        (attempt.cache.as_deref(), attempt.dropped.as_deref()),
        (Some("miss"), Some("thinking"))
    );
    assert_eq!(
        (attempt.service.as_deref(), attempt.note.as_deref()),
        (Some("priority"), Some("none"))
    );
}

#[test]
fn sums_and_groups_count_what_was_settled_and_show_what_is_reserved() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=3 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
    }
    let mut local = reserve(id(4), 1);
    (local.provider, local.model, local.local) = ("ollama", "llama3.2:3b", true);
    local.reserved = Some(Money::ZERO);
    ledger.reserve(&local).expect("reserved");
    ledger.settle(settle(id(1), 1));
    ledger.settle(settle(id(2), 1));
    let mut free = settle(id(4), 1);
    free.cost = Some(Money::ZERO);
    ledger.settle(free);
    let totals = ledger.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.requests, totals.attempts, totals.local_requests), (3, 3, 1));
    assert_eq!(totals.spent, Money::from_nano(2 * 31_415_926));
    assert_eq!((totals.open, totals.reserved), (1, Money::from_nano(90_000_000)));
    assert_eq!(totals.usage.cache_read, 30_000);
    let groups = ledger.by(ALL, Dimension::Provider, &everything()).expect("groups");
    let keys: Vec<_> = groups.iter().map(|g| (g.key.as_deref(), g.totals.requests)).collect();
    assert_eq!(keys, [(Some("anthropic"), 2), (Some("ollama"), 1)]);
    let days = ledger.by(ALL, Dimension::Day, &everything()).expect("days");
    assert_eq!(days[0].key.as_deref(), Some("2026-11-22"));
    assert_eq!(ledger.by(ALL, Dimension::Category, &everything()).expect("groups")[0].key, None);
}

#[test]
fn a_second_settlement_changes_nothing_and_is_counted() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    let mut again = settle(id(1), 1);
    again.cost = Some(Money::from_nano(5));
    ledger.settle(again.clone());
    ledger.flush().expect("flushed");
    ledger.settle(again);
    ledger.settle(settle(id(9), 1));
    let totals = ledger.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.attempts, totals.spent), (1, Money::from_nano(31_415_926)));
    assert_eq!(ledger.health().refused, 3);
    let twice = ledger.reserve(&reserve(id(1), 1));
    assert_eq!(twice, Err(WriteProblem::Duplicate { id: id(1), attempt: 1 }));
}
