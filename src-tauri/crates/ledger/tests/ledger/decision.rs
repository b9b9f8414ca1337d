//! Decisions: written once with the first settlement, read back as they were, carried over by a
//! migration and a salvage.

use crate::fixture::{Home, NOON_MS, id, reserve, settle};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::sync::Arc;
use weir_core::route::{Mode, Reason, Route, Tier};
use weir_core::{Class, Conversation, Decision, Money, RequestId, Weighed};
use weir_ledger::{DecisionRow, Ledger, LogFilter, Settle, WeighedRow, salvage};

fn weighed(provider: &str, model: &str, reason: Reason, nano: Option<i64>) -> Weighed {
    let route = Route { provider: provider.into(), model: model.into() };
    Weighed { route, reason, expected: nano.map(Money::from_nano) }
}

fn decided(n: u64) -> Decision {
    Decision {
        mode: Mode::Tiered,
        class: Class::Subagent,
        deterministic: n.is_multiple_of(2),
        prompt_tokens: 900 + n,
        conversation: Some(Conversation(u64::MAX - n)),
        weighed: vec![
            weighed("ollama", "llama3.2:3b", Reason::Tier, Some(0)),
            weighed("anthropic", "claude-haiku-4-5", Reason::Fallback, Some(12_100_000)),
            weighed("vllm", "mistral", Reason::Fallback, None),
        ],
        shadow: Some(weighed("ollama", "qwen2.5:7b", Reason::Tier, Some(n.cast_signed()))),
        judged_tier: Some(Tier::Low),
        way_back: Some(Money::from_nano(7 + n.cast_signed())),
    }
}

fn told(decision: &Decision) -> DecisionRow {
    let told = |w: &Weighed| WeighedRow {
        provider: w.route.provider.clone(),
        model: w.route.model.clone(),
        reason: w.reason.as_str().to_owned(),
        expected: w.expected,
    };
    DecisionRow {
        mode: decision.mode.as_str().to_owned(),
        class: decision.class.as_str().to_owned(),
        deterministic: decision.deterministic,
        prompt_tokens: decision.prompt_tokens,
        conversation: decision.conversation,
        weighed: decision.weighed.iter().map(told).collect(),
        shadow: decision.shadow.as_ref().map(told),
        judged_tier: decision.judged_tier,
        way_back: decision.way_back,
    }
}

fn ended(id: RequestId, attempt: u16, decision: &Decision) -> Settle {
    Settle { decision: Some(Arc::new(decision.clone())), ..settle(id, attempt) }
}

fn stored(ledger: &Ledger, id: RequestId) -> Option<DecisionRow> {
    ledger.request(id).expect("read").expect("known").decision
}

#[test]
fn a_decision_is_written_with_the_first_settlement_and_never_twice() {
    let home = Home::new();
    let ledger = home.open();
    let (first, other) = (decided(1), decided(2));
    for attempt in 1..=2 {
        ledger.reserve(&reserve(id(1), attempt)).expect("reserved");
    }
    assert_eq!(stored(&ledger, id(1)), None, "nothing is settled yet");
    ledger.settle(ended(id(1), 2, &first));
    ledger.flush().expect("written");
    ledger.settle(ended(id(1), 1, &other));
    assert_eq!(stored(&ledger, id(1)), Some(told(&first)));
    // A settlement that is refused brings nothing either.
    ledger.settle(ended(id(7), 1, &other));
    ledger.flush().expect("written");
    assert_eq!(ledger.request(id(7)), Ok(None));
    let rows = ledger.log(&LogFilter::default()).expect("read");
    assert_eq!(rows[0].decision, Some(told(&first)), "the log shows it as well");
    let exported: Vec<_> = ledger.export(0, i64::MAX).map(|r| r.expect("read").decision).collect();
    assert_eq!(exported, [Some(told(&first))]);
    drop(ledger);
    assert_eq!(stored(&home.open(), id(1)), Some(told(&first)));
}

#[test]
fn where_nothing_was_decided_there_is_no_row() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    assert_eq!(stored(&ledger, id(1)), None);
    drop(ledger);
    let conn = rusqlite::Connection::open(home.path()).expect("opens");
    let rows: i64 = conn.query_row("SELECT count(*) FROM decision", [], |r| r.get(0)).expect("n");
    assert_eq!(rows, 0);
}

#[test]
fn a_decision_never_changes_and_is_never_deleted() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(ended(id(1), 1, &decided(1)));
    drop(ledger);
    let conn = rusqlite::Connection::open(home.path()).expect("opens");
    assert!(conn.execute("UPDATE decision SET prompt_tokens = 0", []).is_err());
    assert!(conn.execute("DELETE FROM decision", []).is_err());
}

#[test]
fn a_ledger_of_the_second_version_keeps_its_rows_and_takes_decisions_from_then_on() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(settle(id(1), 1));
    ledger.reserve(&reserve(id(2), 1)).expect("reserved");
    drop(ledger);
    let conn = rusqlite::Connection::open(home.path()).expect("opens");
    conn.execute_batch("DROP TABLE decision; DROP TABLE told; DROP TABLE lift; DROP TABLE imported; PRAGMA user_version = 2;").expect("made old");
    drop(conn);
    let (ledger, opened) = home.open_at(NOON_MS);
    assert!(opened.backup.is_some_and(|path| path.to_string_lossy().ends_with(".bak-v2")));
    assert_eq!(opened.orphans, 1);
    assert_eq!((stored(&ledger, id(1)), stored(&ledger, id(2))), (None, None));
    ledger.reserve(&reserve(id(3), 1)).expect("reserved");
    ledger.settle(ended(id(3), 1, &decided(3)));
    assert_eq!(stored(&ledger, id(3)), Some(told(&decided(3))));
}

#[test]
fn a_salvage_carries_decisions_over_and_names_what_it_cannot_read() {
    let home = Home::new();
    let ledger = home.open();
    for n in 0..300 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
        ledger.settle(ended(id(n), 1, &decided(n.into())));
    }
    drop(ledger);
    let whole = std::fs::read(home.path()).expect("read");
    let mut harmed = whole.clone();
    harmed[..100].fill(0);
    std::fs::write(home.path(), &harmed).expect("written");
    let found = salvage(&home.path(), &TimeZone::UTC, NOON_MS).expect("salvaged");
    assert_eq!((found.reserves, found.settles, found.decisions), (300, 300, 300));
    let ledger = home.open();
    for n in 0..300 {
        assert_eq!(stored(&ledger, id(n)), Some(told(&decided(n.into()))));
    }
    drop(ledger);
    // The same with every name lost: no new text may be given a number that a candidate has.
    std::fs::write(home.path(), &whole).expect("written");
    for page in crate::salvage::leaves(&home.path(), "name") {
        crate::salvage::harm(&home.path(), (page - 1) * 4096, &[0xff; 4096]);
    }
    salvage(&home.path(), &TimeZone::UTC, NOON_MS).expect("salvaged");
    let ledger = home.open();
    let mut row = reserve(id(90_000), 1);
    row.client = "a new tool";
    ledger.reserve(&row).expect("reserved");
    ledger.flush().expect("written");
    let lost = stored(&ledger, id(5)).expect("its row was readable");
    assert_eq!(lost.weighed.len(), 3);
    for candidate in lost.weighed.iter().chain(&lost.shadow) {
        assert!(candidate.model.starts_with("(lost"), "{candidate:?}");
    }
    assert_eq!(lost.weighed[1].expected, Some(Money::from_nano(12_100_000)));
}

#[test]
fn an_absurd_decision_is_held_to_its_bounds() {
    let home = Home::new();
    let ledger = home.open();
    let mut much = decided(0);
    much.prompt_tokens = u64::MAX;
    let long = "m".repeat(5_000);
    much.weighed = vec![weighed(&long, &long, Reason::Tier, Some(i64::MAX)); 400];
    much.shadow = Some(weighed("", "", Reason::Tier, Some(-5)));
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    ledger.settle(ended(id(1), 1, &much));
    let row = stored(&ledger, id(1)).expect("written");
    assert_eq!(row.weighed.len(), 24);
    assert_eq!(row.weighed[0].model.len(), weir_ledger::TEXT_BYTES_MAX);
    assert_eq!(row.shadow.expect("there").expected, Some(Money::ZERO));
}

fn any_weighed() -> impl Strategy<Value = Weighed> {
    let reasons = prop_oneof![Just(Reason::Asked), Just(Reason::Tier), Just(Reason::LocalBusy)];
    ("[a-z]{1,9}", "[a-z0-9:.-]{1,30}", reasons, proptest::option::of(0..1_000_000_000_000_000i64))
        .prop_map(|(provider, model, reason, nano)| weighed(&provider, &model, reason, nano))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_decided_reads_back(
        weighed in proptest::collection::vec(any_weighed(), 0..9),
        shadow in proptest::option::of(any_weighed()),
        conversation in proptest::option::of(any::<u64>()),
        prompt_tokens in 0..10_000_000u64,
        deterministic in any::<bool>(),
        beside in (
            proptest::option::of(prop::sample::select(&[Tier::Low, Tier::Medium, Tier::High][..])),
            proptest::option::of(0..1_000_000_000_000i64),
        ),
    ) {
        let (judged_tier, way_back) = (beside.0, beside.1.map(Money::from_nano));
        let (mode, class) = (Mode::Shadow, Class::Auxiliary);
        let conversation = conversation.map(Conversation);
        let decision = Decision {
            mode,
            class,
            deterministic,
            prompt_tokens,
            conversation,
            weighed,
            shadow,
            judged_tier,
            way_back,
        };
        let home = Home::new();
        let ledger = home.open();
        ledger.reserve(&reserve(id(1), 1)).expect("reserved");
        ledger.settle(ended(id(1), 1, &decision));
        prop_assert_eq!(stored(&ledger, id(1)), Some(told(&decision)));
    }
}
