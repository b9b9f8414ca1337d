//! What goes into the ledger comes out of it: rows, sums, groups, open reservations.

use crate::fixture::{Home, NOON_MS, id, reserve, settle, usage};
use jiff::tz::TimeZone;
use weir_core::budget::Scope;
use weir_core::period::{LocalDay, Period};
use weir_core::route::Tier;
use weir_core::{Money, Outcome, Pricing, RequestId};
use weir_ledger::{
    AttemptState, ClientProblem, DayRange, Dimension, Ledger, LogFilter, TEXT_BYTES_MAX, Totals,
    WriteProblem,
};

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
fn days_by_provider_add_up_to_the_sums_of_the_days_and_of_the_providers() {
    let home = Home::new();
    let ledger = home.open();
    for (n, days_ago, local) in [(1, 0, false), (2, 0, true), (3, 1, false), (4, 9, false)] {
        let mut row = reserve(id(n), 1);
        row.at_ms -= days_ago * 86_400_000;
        (row.local, row.provider) = (local, if local { "ollama" } else { "anthropic" });
        row.task = if n == 3 { None } else { row.task };
        ledger.reserve(&row).expect("reserved");
        ledger.settle(settle(id(n), 1));
    }
    let week = DayRange { from: LocalDay(20_773), to: LocalDay(20_780) };
    let found = ledger.daily(week, Dimension::Provider).expect("days");
    let read: Vec<_> =
        found.iter().map(|g| (g.day.0, g.key.as_deref(), g.local, g.totals.requests)).collect();
    assert_eq!(
        read,
        [
            (20_778, Some("anthropic"), false, 1),
            (20_779, Some("anthropic"), false, 1),
            (20_779, Some("ollama"), true, 1)
        ]
    );
    let spent: i64 = found.iter().map(|g| g.totals.spent.nano()).sum();
    let total = ledger.totals(week, &everything()).expect("totals");
    assert_eq!((spent, 3), (total.spent.nano(), total.requests));
    assert_eq!(found[2].totals.local_requests, 1);
    assert_eq!(ledger.daily(week, Dimension::Task).expect("days")[0].key, None);
    assert_eq!(ledger.daily(week, Dimension::Session), Ok(Vec::new()));
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

#[test]
fn a_request_counts_where_its_highest_attempt_went_in_whatever_order_they_end() {
    for order in [[1u16, 2], [2, 1]] {
        let home = Home::new();
        let ledger = home.open();
        ledger.reserve(&reserve(id(1), 1)).expect("reserved");
        let mut second = reserve(id(1), 2);
        (second.provider, second.local) = ("ollama", true);
        ledger.reserve(&second).expect("reserved");
        for attempt in order {
            let mut end = settle(id(1), attempt);
            if attempt == 1 {
                (end.pricing, end.cost) = (Pricing::Unpriced, None);
            }
            ledger.settle(end);
        }
        let totals = ledger.totals(ALL, &everything()).expect("totals");
        assert_eq!((totals.requests, totals.attempts, totals.local_requests), (1, 2, 1));
        assert_eq!(totals.unpriced_requests, 1, "an unpriced attempt is not forgotten");
        let groups = ledger.by(ALL, Dimension::Provider, &everything()).expect("groups");
        let found: Vec<_> = groups
            .iter()
            .map(|g| (g.key.as_deref(), g.totals.requests, g.totals.attempts))
            .collect();
        assert_eq!(found, [(Some("ollama"), 1, 1), (Some("anthropic"), 0, 1)]);
    }
}

#[test]
fn what_never_left_or_was_refused_is_void_at_zero_and_what_may_have_worked_is_not() {
    let home = Home::new();
    let ledger = home.open();
    let cases: [(Outcome, bool, bool, AttemptState); 6] = [
        (Outcome::Unreachable, false, false, AttemptState::Void),
        (Outcome::UpstreamError, true, false, AttemptState::Void),
        (Outcome::UpstreamError, true, true, AttemptState::Settled),
        (Outcome::Unreachable, true, false, AttemptState::Settled),
        (Outcome::Timeout, true, false, AttemptState::Settled),
        (Outcome::ClientGone, true, false, AttemptState::Settled),
    ];
    for (n, (outcome, sent, used, state)) in (1u32..).zip(cases) {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
        let mut end = settle(id(n), 1);
        (end.outcome, end.sent, end.saved) = (outcome, sent, Money::from_nano(9));
        end.pricing = Pricing::Estimated;
        end.usage = used.then(usage);
        assert_eq!(end.is_void(), state == AttemptState::Void);
        ledger.settle(end);
        let row = ledger.request(id(n)).expect("read").expect("known");
        let last = row.last();
        assert_eq!(last.state, state, "{outcome:?} sent {sent}");
        if state == AttemptState::Void {
            assert_eq!((last.cost, last.pricing), (Some(Money::ZERO), Some(Pricing::Exact)));
            assert_eq!(last.saved, Money::ZERO);
        } else {
            assert_eq!(last.cost, Some(Money::from_nano(31_415_926)));
        }
    }
    let totals = ledger.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.requests, totals.estimated_requests), (6, 4));
}

#[test]
fn an_unknown_cost_is_never_zero() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=2 {
        let mut row = reserve(id(n), 1);
        row.reserved = None;
        ledger.reserve(&row).expect("reserved");
    }
    let mut end = settle(id(1), 1);
    (end.pricing, end.cost, end.usage) = (Pricing::Exact, None, None);
    ledger.settle(end);
    let row = ledger.request(id(1)).expect("read").expect("known");
    assert_eq!((row.cost(), row.pricing(), row.usage()), (None, Some(Pricing::Unpriced), None));
    let totals = ledger.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.unpriced_requests, totals.open, totals.open_unpriced), (1, 1, 1));
    let spent = ledger.spent(&everything(), ALL).expect("standing");
    assert_eq!(
        (spent.settled, spent.reserved, spent.unpriced_requests),
        (Money::ZERO, Money::ZERO, 2)
    );
}

#[test]
fn the_demonstration_is_in_the_log_and_in_no_sum() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=2 {
        let mut row = reserve(id(n), 1);
        (row.uncounted, row.provider) = (true, "uncounted");
        ledger.reserve(&row).expect("reserved");
    }
    ledger.settle(settle(id(1), 1));
    assert_eq!(ledger.totals(ALL, &everything()), Ok(Totals::default()));
    for dimension in [Dimension::Provider, Dimension::Day, Dimension::Session] {
        assert_eq!(ledger.by(ALL, dimension, &everything()), Ok(Vec::new()));
    }
    let log = ledger.log(&LogFilter::default()).expect("log");
    assert_eq!(log.len(), 2);
    assert!(log[0].last().uncounted);
}

#[test]
fn a_budget_sees_only_its_scope_and_its_days() {
    let home = Home::new();
    let ledger = home.open();
    let week = Period::Week.window(NOON_MS, &TimeZone::UTC);
    // The 22nd is a Sunday: a day later is next week.
    for (n, client, later) in [(1, "codex", 0), (2, "codex", 1), (3, "aider", 0)] {
        let mut row = reserve(id(n), 1);
        (row.client, row.at_ms) = (client, NOON_MS + later * 86_400_000);
        ledger.reserve(&row).expect("reserved");
        if n != 1 {
            ledger.settle(settle(id(n), 1));
        }
    }
    let scope = |client: &str| Scope { client: Some(client.into()), ..Scope::default() };
    let standing = |client| ledger.spent(&scope(client), week.into()).expect("standing");
    assert_eq!(standing("codex").reserved, Money::from_nano(90_000_000));
    assert_eq!(standing("codex").settled, Money::ZERO);
    assert_eq!(standing("aider").settled, Money::from_nano(31_415_926));
    assert_eq!(standing("nobody"), weir_ledger::Spent::default());
    let local = Scope { local: Some(true), ..Scope::default() };
    assert_eq!(ledger.spent(&local, ALL).expect("standing"), weir_ledger::Spent::default());
}

#[test]
fn a_day_is_the_local_day_of_the_moment_the_attempt_left_and_stays_so() {
    let home = Home::new();
    let zone = |name| TimeZone::get(name).expect("a zone");
    // 22:00 UTC is already Monday in Tokyo and still Sunday in New York.
    let late = NOON_MS + 10 * 3_600_000;
    let (ledger, _) = Ledger::open(&home.path(), zone("Asia/Tokyo"), late).expect("opens");
    let mut row = reserve(id(1), 1);
    row.at_ms = late;
    ledger.reserve(&row).expect("reserved");
    ledger.set_zone(zone("America/New_York"));
    let mut row = reserve(id(2), 1);
    row.at_ms = late;
    ledger.reserve(&row).expect("reserved");
    for n in 1..=2 {
        ledger.settle(settle(id(n), 1));
    }
    let day = |n| {
        let row = ledger.request(id(n)).expect("read").expect("known");
        (row.last().day.date().to_string(), row.last().zone.clone())
    };
    assert_eq!(day(1), ("2026-11-23".into(), "Asia/Tokyo".into()));
    assert_eq!(day(2), ("2026-11-22".into(), "America/New_York".into()));
    drop(ledger);
    let days = home.open().by(ALL, Dimension::Day, &everything()).expect("days");
    let days: Vec<_> = days.iter().map(|g| g.key.as_deref()).collect();
    assert_eq!(days, [Some("2026-11-22"), Some("2026-11-23")]);
}

#[test]
fn every_hour_of_a_day_with_a_clock_change_lies_in_one_day() {
    let home = Home::new();
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    // 2026-10-25 has 25 hours there; it began at 22:00 UTC the day before.
    let start = 1_792_879_200_000;
    let (ledger, _) = Ledger::open(&home.path(), zone, start).expect("opens");
    for hour in 0..26u32 {
        let mut row = reserve(RequestId::new(start, hour), 1);
        row.at_ms = start + i64::from(hour) * 3_600_000;
        ledger.reserve(&row).expect("reserved");
        ledger.settle(settle(RequestId::new(start, hour), 1));
    }
    let days = ledger.by(ALL, Dimension::Day, &everything()).expect("days");
    let found: Vec<_> = days.iter().map(|g| (g.key.as_deref(), g.totals.requests)).collect();
    assert_eq!(found, [(Some("2026-10-25"), 25), (Some("2026-10-26"), 1)]);
}

#[test]
fn a_hostile_text_is_cut_on_a_character_and_costs_no_more_than_its_bound() {
    let home = Home::new();
    let ledger = home.open();
    let long = "é".repeat(100_000);
    let mut row = reserve(id(1), 1);
    row.asked_model = &long;
    row.session = Some(&long);
    row.project = Some(&long);
    ledger.reserve(&row).expect("reserved");
    let mut end = settle(id(1), 1);
    (end.note, end.dropped) = (Some(long.clone()), Some(format!("x{long}")));
    ledger.settle(end);
    let row = ledger.request(id(1)).expect("read").expect("known");
    assert_eq!(row.asked_model, "é".repeat(TEXT_BYTES_MAX / 2));
    assert_eq!(row.last().note.as_deref().map(str::len), Some(TEXT_BYTES_MAX));
    assert_eq!(row.last().dropped.as_deref().map(str::len), Some(TEXT_BYTES_MAX - 1));
    let quotes = "'; DROP TABLE reserve; --\0\u{202e}";
    let mut row = reserve(id(2), 1);
    row.project = Some(quotes);
    ledger.reserve(&row).expect("reserved");
    let scope = Scope { project: Some(quotes.into()), ..Scope::default() };
    assert_eq!(ledger.totals(ALL, &scope).expect("totals").open, 1);
}

#[test]
fn the_log_is_newest_first_filtered_and_paged() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=30 {
        let session = ["s-even", "s-odd"][(n % 2) as usize];
        for attempt in 1..=1 + (n % 3 == 0) as u16 {
            let mut row = reserve(id(n), attempt);
            row.session = Some(session);
            row.provider = if attempt == 2 { "openai" } else { "anthropic" };
            ledger.reserve(&row).expect("reserved");
            ledger.settle(settle(id(n), attempt));
        }
    }
    let ids = |filter: &LogFilter| -> Vec<u32> {
        let rows = ledger.log(filter).expect("log");
        rows.iter().map(|r| (r.id.unix_ms() - NOON_MS) as u32).collect()
    };
    let all = LogFilter::default();
    assert_eq!(ids(&LogFilter { limit: 3, ..all.clone() }), [30, 29, 28]);
    assert_eq!(ids(&LogFilter { limit: 2, before: Some(id(28)), ..all.clone() }), [27, 26]);
    assert_eq!(ids(&LogFilter { since_ms: Some(NOON_MS + 29), ..all.clone() }), [30, 29]);
    let session = Some("s-odd".to_owned());
    assert_eq!(ids(&LogFilter { limit: 2, session, ..all.clone() }), [29, 27]);
    let scope = Scope { provider: Some("openai".into()), ..Scope::default() };
    assert_eq!(ids(&LogFilter { limit: 2, scope, ..all.clone() }), [30, 27]);
    assert_eq!(ids(&LogFilter { task: Some("cooking".into()), ..all.clone() }), Vec::<u32>::new());
    assert_eq!(ids(&LogFilter { limit: 0, ..all.clone() }), Vec::<u32>::new());
    let first = &ledger.log(&all).expect("log")[0];
    let attempts: Vec<_> =
        first.attempts.iter().map(|a| (a.attempt, a.provider.as_str())).collect();
    assert_eq!(attempts, [(1, "anthropic"), (2, "openai")]);
    assert_eq!(first.cost(), Some(Money::from_nano(2 * 31_415_926)));
}

#[test]
fn an_export_is_every_request_once_oldest_first_also_over_many_pages() {
    let home = Home::new();
    let ledger = home.open();
    for n in 1..=1_000 {
        for attempt in 1..=1 + (n % 5 == 0) as u16 {
            ledger.reserve(&reserve(id(n), attempt)).expect("reserved");
        }
    }
    let all: Vec<_> = ledger.export(0, i64::MAX).map(|r| r.expect("read")).collect();
    assert_eq!(
        all.iter().map(|r| r.id).collect::<Vec<_>>(),
        (1..=1_000).map(id).collect::<Vec<_>>()
    );
    assert_eq!(all.iter().map(|r| r.attempts.len()).sum::<usize>(), 1_200);
    let some = ledger.export(NOON_MS + 10, NOON_MS + 13).map(|r| r.expect("read").id);
    assert_eq!(some.collect::<Vec<_>>(), [id(10), id(11), id(12)]);
    assert_eq!(ledger.export(5, 5).count() + ledger.export(-9, -1).count(), 0);
}

#[test]
fn an_upload_that_took_long_is_found_when_it_was_left_open() {
    let home = Home::new();
    let (ledger, _) = home.open_at(NOON_MS);
    for n in 100..200 {
        ledger.reserve(&reserve(id(n), 1)).expect("reserved");
        ledger.settle(settle(id(n), 1));
    }
    drop(ledger);
    // Everything was closed, so the next start need not look below this. A request that
    // arrived before and is reserved only now must be looked for all the same.
    let (ledger, opened) = home.open_at(NOON_MS);
    assert_eq!(opened.orphans, 0);
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let reading = Ledger::open_read_only(&home.path()).expect("opens");
    assert_eq!(reading.totals(ALL, &everything()).expect("totals").open, 1);
    drop((ledger, reading));
    let (ledger, opened) = home.open_at(NOON_MS + 9);
    assert_eq!(opened.orphans, 1);
    let row = ledger.request(id(1)).expect("read").expect("known");
    assert_eq!((row.last().state, row.last().ended_ms), (AttemptState::Orphan, Some(NOON_MS + 9)));
    drop(ledger);
    assert_eq!(home.open_at(NOON_MS).1.orphans, 0, "an orphan is made once");
}

#[test]
fn a_read_only_ledger_answers_while_another_writes_and_writes_nothing() {
    let home = Home::new();
    let ledger = home.open();
    ledger.reserve(&reserve(id(1), 1)).expect("reserved");
    let reading = Ledger::open_read_only(&home.path()).expect("opens");
    assert_eq!(reading.totals(ALL, &everything()).expect("totals").open, 1);
    ledger.settle(settle(id(1), 1));
    ledger.flush().expect("written");
    let totals = reading.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.open, totals.requests), (0, 1));
    assert!(matches!(
        reading.reserve(&reserve(id(2), 1)),
        Err(WriteProblem::ReadOnlyHandle { .. })
    ));
    reading.settle(settle(id(2), 1));
    assert!(reading.add_client("x", &[1; 32], 0).is_err());
    drop(ledger);
    assert_eq!(reading.log(&LogFilter::default()).expect("log").len(), 1);
}

#[test]
fn tools_have_unique_names_and_a_removed_one_stays_on_record() {
    let home = Home::new();
    let ledger = home.open();
    ledger.add_client("codex", &[1; 32], NOON_MS).expect("added");
    let again = ledger.add_client("codex", &[2; 32], NOON_MS).expect_err("taken");
    assert_eq!(again, ClientProblem::Exists { name: "codex".into() });
    assert!(again.to_string().contains("weir client rm codex"));
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    for bad in ["", "  ", "a\nb", &long] {
        assert_eq!(ledger.add_client(bad, &[3; 32], 0), Err(ClientProblem::BadName), "{bad:?}");
    }
    ledger.touch_client("codex", NOON_MS).expect("touched");
    ledger.touch_client("codex", NOON_MS - 86_400_000).expect("a clock set back changes nothing");
    assert_eq!(ledger.remove_client("codex", NOON_MS + 1), Ok(true));
    assert_eq!(ledger.remove_client("codex", NOON_MS + 2), Ok(false));
    ledger.add_client("codex", &[2; 32], NOON_MS + 3).expect("the name is free again");
    let rows = ledger.clients().expect("listed");
    let found: Vec<_> =
        rows.iter().map(|r| (r.token_sha256[0], r.last_used, r.removed_ms)).collect();
    let today = Some(LocalDay::of(NOON_MS, &TimeZone::UTC));
    assert_eq!(found, [(2, None, None), (1, today, Some(NOON_MS + 1))]);
}

#[test]
fn many_threads_lose_nothing_and_see_no_attempt_twice() {
    let home = Home::new();
    let ledger = home.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4u32)
            .map(|thread| {
                let ledger = &ledger;
                scope.spawn(move || {
                    for n in 0..500 {
                        let id = id(thread * 10_000 + n);
                        ledger.reserve(&reserve(id, 1)).expect("reserved");
                        ledger.settle(settle(id, 1));
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut before = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let totals = ledger.totals(ALL, &everything()).expect("totals");
                let all = totals.attempts + totals.open;
                assert!(all >= before, "an attempt was in neither sum");
                assert_eq!(totals.reserved.nano(), 90_000_000 * totals.open as i64);
                before = all;
            }
        });
        writers.into_iter().for_each(|w| w.join().expect("no panic"));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let totals = ledger.totals(ALL, &everything()).expect("totals");
    assert_eq!((totals.requests, totals.open), (2_000, 0));
    assert_eq!(totals.spent, Money::from_nano(2_000 * 31_415_926));
}
