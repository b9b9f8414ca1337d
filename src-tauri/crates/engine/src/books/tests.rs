//! Tests of the books, as sentences.

use super::*;
use crate::clock::SystemClock;
use crate::config;
use proptest::prelude::*;
use std::cell::Cell;
use weir_core::budget::{AtLimit, Limit, Origin, Standing};
use weir_core::meter::End;
use weir_core::period::Period;
use weir_core::route::{Lately, Reason};
use weir_core::{Endpoint, Metered, Pricing, RequestId, Usage};
use weir_ledger::AttemptState;
use weir_proxy::ports::Estimate;

const NOW: i64 = 1_795_334_400_000; // Sunday, 22 November 2026, 08:00 UTC

fn usd(cents: i64) -> Money {
    Money::from_nano(cents * 10_000_000)
}

fn opening(sequence: u32) -> Opening {
    Opening {
        service_tier: None,
        id: RequestId::new(NOW, sequence),
        attempt: 1,
        at_ms: NOW,
        client: "codex".into(),
        project: None,
        session: None,
        category: None,
        endpoint: Endpoint::Chat,
        asked_model: "gpt-5".into(),
        provider: "openai".into(),
        model: "gpt-5".into(),
        local: false,
        demo: false,
        task: None,
        tier: None,
        confidence: None,
        reason: Reason::Asked,
        decision: None,
        estimate: Estimate {
            input_tokens: 1_000,
            output_tokens: 1_000,
            cache_write: false,
            choices: 1,
        },
        lately: Lately::default(),
    }
}

fn closing(usage: Option<Usage>) -> Closing {
    Closing {
        at_ms: NOW + 900,
        outcome: Outcome::Ok,
        status: 200,
        metered: Metered { usage, end: End::Complete, ..Metered::default() },
        sent: true,
        empty: false,
        dropped: None,
        last: true,
        first_byte_ms: Some(300),
        total_ms: 900,
    }
}

fn budget(limit: Money, at_limit: AtLimit) -> Budget {
    Budget {
        name: "week".into(),
        period: Period::Week,
        limit: Limit::Usd(limit),
        scope: Scope::default(),
        thresholds: vec![70, 90, 100],
        at_limit,
        origin: Origin::Written,
    }
}

/// What a ledger would say: always the same amount.
struct Always(Money, Cell<u32>);

impl Past for Always {
    fn spent(&self, _: &Scope, _: Window) -> Result<Spend, String> {
        self.1.set(self.1.get() + 1);
        Ok(Spend { cost: self.0, tokens: 0 })
    }
    fn told(&self, _: &Budget, _: Window) -> Vec<Told> {
        Vec::new()
    }
}

/// So many cents, and no tokens.
fn ask(cents: i64) -> Ask {
    Ask { cost: Some(usd(cents)), tokens: 0 }
}

fn nothing() -> Always {
    Always(Money::ZERO, Cell::new(0))
}

// === balances ===

#[test]
fn a_reservation_that_does_not_fit_is_refused_and_leaves_no_trace() {
    let mut balances = Balances::new(
        TimeZone::UTC,
        &[budget(usd(1000), AtLimit::Block), budget(usd(100), AtLimit::Block)],
    );
    let past = nothing();
    balances.admit(&opening(1), ask(60), &past).unwrap();
    let denied = balances.admit(&opening(2), ask(41), &past).unwrap_err();
    assert!(matches!(denied, Denied::Soon(seen) if seen.terms.limit == Limit::Usd(usd(100))));
    let seen = balances.standings(NOW, &past).unwrap();
    assert!(
        seen.iter().all(|s| s.standing == Standing { reserved: usd(60), ..Standing::default() })
    );
    balances.admit(&opening(3), ask(40), &past).unwrap();
    assert_eq!(past.1.get(), 2, "the ledger is asked once a budget and window");
}

#[test]
fn what_is_given_back_can_be_spent_and_nothing_is_booked_twice() {
    let mut balances = Balances::new(TimeZone::UTC, &[budget(usd(100), AtLimit::Block)]);
    let past = nothing();
    balances.admit(&opening(1), ask(90), &past).unwrap();
    balances.close((opening(1).id, 1), Some(usd(10)), 0, None);
    balances.close((opening(1).id, 1), Some(usd(10)), 0, None);
    balances.admit(&opening(2), ask(90), &past).unwrap();
    assert!(balances.admit(&opening(3), ask(1), &past).is_err());
}

#[test]
fn a_notify_budget_refuses_nothing_and_a_hard_one_refuses_what_has_no_price() {
    let past = nothing();
    let mut soft = Balances::new(TimeZone::UTC, &[budget(usd(1), AtLimit::Notify)]);
    soft.admit(&opening(1), ask(500), &past).unwrap();
    soft.admit(&opening(2), Ask::default(), &past).unwrap();
    for at_limit in [AtLimit::Block, AtLimit::Local, AtLimit::Downgrade] {
        let mut hard = Balances::new(TimeZone::UTC, &[budget(usd(100), at_limit)]);
        assert!(matches!(hard.admit(&opening(1), Ask::default(), &past), Err(Denied::Unpriced(_))));
        assert!(matches!(hard.admit(&opening(2), ask(101), &past), Err(Denied::Full(_))));
        hard.admit(&opening(3), ask(0), &past).expect("what is free always fits");
    }
}

#[test]
fn a_scope_holds_only_what_it_names() {
    let scope = Scope { client: Some("codex".into()), local: Some(false), ..Scope::default() };
    let scoped = Budget { scope, ..budget(usd(1), AtLimit::Block) };
    let mut balances = Balances::new(TimeZone::UTC, &[scoped]);
    let past = nothing();
    assert!(balances.admit(&opening(1), ask(2), &past).is_err());
    let other = Opening { client: "aider".into(), ..opening(2) };
    balances.admit(&other, ask(2), &past).unwrap();
    let local = Opening { local: true, ..opening(3) };
    balances.admit(&local, ask(2), &past).unwrap();
}

#[test]
fn a_request_belongs_to_the_window_it_started_in() {
    let mut balances = Balances::new(TimeZone::UTC, &[budget(usd(100), AtLimit::Block)]);
    let past = nothing();
    let sunday = opening(1);
    balances.admit(&sunday, ask(100), &past).unwrap();
    let monday_ms = NOW + 24 * 3_600_000;
    let monday = Opening { at_ms: monday_ms, ..opening(2) };
    balances.admit(&monday, ask(100), &past).expect("a new week begins on Monday");
    balances.close((sunday.id, 1), Some(usd(70)), 0, None);
    let standing = |b: &mut Balances, at| b.standings(at, &past).unwrap()[0].standing;
    assert_eq!(standing(&mut balances, NOW).spent, usd(70));
    assert_eq!(standing(&mut balances, monday_ms).spent, Money::ZERO);
}

#[test]
fn a_clock_that_jumps_ahead_and_back_forgets_nothing() {
    let mut balances = Balances::new(TimeZone::UTC, &[budget(usd(100), AtLimit::Block)]);
    let past = nothing();
    balances.admit(&opening(1), ask(90), &past).unwrap();
    for weeks in 1..9 {
        let ahead = Opening { at_ms: NOW + weeks * 7 * 24 * 3_600_000, ..opening(10) };
        balances.admit(&Opening { attempt: weeks as u16, ..ahead }, ask(1), &past).unwrap();
    }
    assert!(balances.admit(&opening(2), ask(11), &past).is_err(), "still held by the first");
}

#[test]
fn other_budgets_count_what_is_open_already() {
    let mut balances = Balances::new(TimeZone::UTC, &[]);
    let past = Always(usd(30), Cell::new(0));
    balances.admit(&opening(1), ask(60), &past).unwrap();
    balances.replace(&[budget(usd(100), AtLimit::Block)]);
    let denied = balances.admit(&opening(2), ask(11), &past).unwrap_err();
    assert!(
        matches!(denied, Denied::Soon(s) if s.standing == Standing { spent: usd(30), reserved: usd(60), ..Standing::default() })
    );
}

#[test]
fn days_of_23_and_25_hours_are_one_window_each() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let daily = Budget { period: Period::Day, ..budget(usd(100), AtLimit::Block) };
    // 28 March and 24 October 2027 lie before the changes; hours from their midnights.
    for (day, hours) in [("2027-03-28", 23), ("2027-10-31", 25)] {
        let midnight: jiff::civil::Date = day.parse().unwrap();
        let start = midnight.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond();
        let mut balances = Balances::new(zone.clone(), std::slice::from_ref(&daily));
        let past = nothing();
        let at = |hour: i64, n| Opening { at_ms: start + hour * 3_600_000, ..opening(n) };
        balances.admit(&at(0, 1), ask(100), &past).unwrap();
        assert!(balances.admit(&at(hours - 1, 2), ask(1), &past).is_err(), "{day}");
        balances.admit(&at(hours, 3), ask(100), &past).expect("the next day has begun");
    }
}

proptest! {
    #[test]
    fn spent_and_reserved_never_pass_a_hard_limit(
        limit in 1i64..500,
        steps in prop::collection::vec((0u32..40, 0i64..60, 0i64..=100, any::<bool>()), 1..200),
    ) {
        let limit = usd(limit);
        let mut balances = Balances::new(TimeZone::UTC, &[budget(limit, AtLimit::Block)]);
        let past = nothing();
        let mut open = std::collections::HashMap::new();
        let mut spent = Money::ZERO;
        for (n, cents, part, ends) in steps {
            if ends {
                if let Some(ask) = open.remove(&n) {
                    let cost = Money::from_nano(Money::nano(ask) / 100 * part);
                    balances.close((opening(n).id, 1), Some(cost), 0, None);
                    spent = spent.saturating_add(cost);
                }
            } else if !open.contains_key(&n)
                && balances.admit(&opening(n), ask(cents), &past).is_ok()
            {
                open.insert(n, usd(cents));
            }
            let standing = balances.standings(NOW, &past).unwrap()[0].standing;
            let held = open.values().fold(Money::ZERO, |s, a| s.saturating_add(*a));
            prop_assert_eq!(standing, Standing { spent, reserved: held, ..Standing::default() });
            prop_assert!(spent.saturating_add(held) <= limit);
        }
    }
}

mod ahead;
mod held;
mod terms;
mod told;

// === over a ledger ===

struct Fixture {
    books: Books,
    ledger: Arc<Ledger>,
    terms: Terms,
    dir: tempfile::TempDir,
}

fn fixture(config: &str, prices: &str) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    std::fs::write(dir.path().join("prices.toml"), prices).unwrap();
    reopen(dir)
}

fn reopen(dir: tempfile::TempDir) -> Fixture {
    let (ledger, _) = Ledger::open(&dir.path().join("weir.db"), TimeZone::UTC, NOW).unwrap();
    let ledger = Arc::new(ledger);
    let file = dir.path().join("config.toml");
    let terms = config::Config::load(&file).unwrap().terms();
    let clock = Arc::new(SystemClock::new());
    let prices = Arc::new(Prices::open(Some(&dir.path().join("prices.toml")), None).unwrap());
    let routing =
        Routing::open(crate::Home::at(dir.path()), clock, Arc::clone(&prices), |_: &str| true)
            .unwrap();
    let books =
        Books::new(Arc::clone(&ledger), prices, Arc::new(routing), TimeZone::UTC, terms.clone());
    Fixture { books, ledger, terms, dir }
}

const WEEK: &str =
    "[[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 0.02\nat_limit = \"block\"\n";

fn used(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// The row of one attempt as the ledger has it.
fn attempt(f: &Fixture, id: RequestId) -> weir_ledger::AttemptRow {
    f.ledger.request(id).unwrap().expect("the ledger has it").attempts.remove(0)
}

#[test]
fn a_reported_usage_is_booked_exactly_at_its_price() {
    let f = fixture("", "");
    let reserved = f.books.reserve(opening(1)).unwrap();
    // gpt-5: $1.25 and $10 a million tokens.
    assert_eq!(reserved.reserved, Some(Money::from_nano(1_250_000 + 10_000_000)));
    let settled = f.books.settle(reserved, closing(Some(used(100, 50))));
    assert_eq!(settled.cost, Some(Money::from_nano(125_000 + 500_000)));
    assert_eq!(settled.pricing, Pricing::Exact);
    let row = attempt(&f, opening(1).id);
    assert_eq!((row.state, row.cost), (AttemptState::Settled, settled.cost));
    assert_eq!(f.books.open(), 0);
}

#[test]
fn a_hard_budget_refuses_with_its_name_its_standing_and_its_reset() {
    let f = fixture(WEEK, "");
    let first = f.books.reserve(opening(1)).unwrap();
    let refused = f.books.reserve(opening(2)).unwrap_err();
    let Refusal::Budget { message, resets_at, budget, at_limit, may_pass } = refused else {
        panic!("{refused:?}")
    };
    for part in ["Budget week", "$0.02", "set aside", "Monday 23 November 00:00", "limit_usd"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert!(may_pass, "the first one may end");
    assert_eq!(resets_at, 1_795_392_000);
    assert_eq!((budget.as_str(), at_limit), ("week", AtLimit::Block));
    assert!(f.ledger.request(opening(2).id).unwrap().is_none(), "nothing was sent, so no row");
    f.books.settle(first, closing(Some(used(1, 1))));
    f.books.reserve(opening(3)).expect("the rest was given back");
}

#[test]
fn a_model_without_a_price_is_refused_by_a_hard_budget_with_the_way_out() {
    let odd = Opening { model: "nobody-knows-1".into(), ..opening(1) };
    let f = fixture(WEEK, "");
    let said = f.books.reserve(odd.clone()).unwrap_err().to_string();
    assert!(said.contains("openai/nobody-knows-1") && said.contains("prices.toml"), "{said}");
    let free = fixture("", "");
    let reserved = free.books.reserve(odd).unwrap();
    assert_eq!(reserved.reserved, None);
    let settled = free.books.settle(reserved, closing(Some(used(10, 10))));
    assert_eq!((settled.cost, settled.pricing), (None, Pricing::Unpriced));
}

#[test]
fn what_memory_says_of_a_budget_is_what_the_ledger_says_at_every_moment() {
    let f = fixture(&WEEK.replace("0.02", "20"), "");
    let agree = |f: &Fixture| {
        let seen = f.books.standings(NOW).unwrap().remove(0);
        let spent = f.ledger.spent(&seen.budget.scope, seen.window.into()).unwrap();
        let known = (seen.standing.spent, seen.standing.reserved, seen.standing.spent_tokens);
        assert_eq!(known, (spent.settled, spent.reserved, spent.tokens));
    };
    let mut open = std::collections::VecDeque::new();
    for n in 1..=60 {
        open.push_back(f.books.reserve(opening(n)).unwrap());
        if !n.is_multiple_of(3) {
            let usage = (!n.is_multiple_of(4)).then(|| used(u64::from(n), 7));
            f.books.settle(open.pop_front().unwrap(), closing(usage));
        }
        agree(&f);
    }
    assert_eq!(f.books.open(), 20);
    f.books.replace(f.terms.clone());
    agree(&f);
}

#[test]
fn a_restart_finds_what_was_spent_and_what_was_left_open() {
    let f = fixture(WEEK, "");
    let one = f.books.reserve(opening(1)).unwrap();
    f.books.settle(one, closing(Some(used(100, 50))));
    let left_open = f.books.reserve(opening(2)).unwrap();
    let estimate = left_open.reserved.unwrap();
    let Fixture { books, ledger, dir, .. } = f;
    drop((books, ledger));
    let f = reopen(dir);
    let seen = f.books.standings(NOW).unwrap().remove(0);
    assert_eq!(seen.standing.spent, Money::from_nano(625_000).saturating_add(estimate));
    assert_eq!(attempt(&f, opening(2).id).state, AttemptState::Orphan);
}

#[test]
fn what_turns_out_to_have_no_price_counts_at_what_was_set_aside() {
    let f = fixture(WEEK, "");
    let reserved = f.books.reserve(opening(1)).unwrap();
    let estimate = reserved.reserved;
    let beside = vec![(Some("nobody-knows-1".into()), used(10, 10))];
    let metered = Metered {
        usage: Some(used(10, 10)),
        extra: beside,
        end: End::Complete,
        ..Metered::default()
    };
    let settled = f.books.settle(reserved, Closing { metered, ..closing(None) });
    assert_eq!((settled.cost, settled.pricing), (estimate, Pricing::Estimated));
    let standing = f.books.standings(NOW).unwrap()[0].standing;
    assert_eq!(Some(standing.spent), estimate, "what is not known is not nothing");
}

#[test]
fn a_budget_of_tokens_counts_what_was_open_at_a_kill() {
    let tokens = WEEK.replace("limit_usd = 0.02", "limit_tokens = 10_000");
    let f = fixture(&tokens, "");
    let open = f.books.reserve(opening(1)).unwrap();
    let held = f.books.standings(NOW).unwrap()[0].standing.reserved_tokens;
    assert_eq!(held, 2_000);
    let Fixture { books, ledger, dir, .. } = f;
    drop((open, books, ledger));
    let f = reopen(dir);
    let standing = f.books.standings(NOW).unwrap()[0].standing;
    assert_eq!((standing.spent_tokens, standing.reserved_tokens), (held, 0));
}

#[test]
fn a_budget_starts_from_what_was_imported_into_its_window_and_from_nothing_before() {
    let f = fixture(WEEK, "");
    let before = f.books.standings(NOW).unwrap()[0].standing;
    assert_eq!(before, Standing::default());
    let row = |key: &str, at_ms| weir_ledger::ImportRow {
        key: key.into(),
        at_ms,
        project: None,
        session: None,
        provider: "anthropic".into(),
        model: "claude-haiku-4-5".into(),
        usage: used(1_000, 100),
        pricing: Pricing::Exact,
        cost: Some(Money::from_nano(15_000_000)),
    };
    let last_week = NOW - 7 * 24 * 3_600_000;
    let rows = [row("yesterday", NOW - 24 * 3_600_000), row("last week", last_week)];
    f.ledger.import("claude-code", &rows).unwrap();
    f.books.forget(NOW);
    let spent = f.books.standings(NOW).unwrap()[0].standing;
    let counted = (spent.spent, spent.spent_tokens);
    assert_eq!(counted, (Money::from_nano(15_000_000), 1_100));
    // A half cent is left of two, and this may cost more than one.
    let refused = f.books.reserve(opening(1)).unwrap_err().to_string();
    assert!(refused.contains("Budget week") && refused.contains("$0.015 of $0.02"), "{refused}");
}

#[test]
fn what_never_left_and_what_was_refused_upstream_cost_nothing() {
    let f = fixture(WEEK, "");
    let unsent = Closing { sent: false, outcome: Outcome::Unreachable, ..closing(None) };
    let refused = Closing { status: 529, outcome: Outcome::UpstreamError, ..closing(None) };
    for (n, closing) in [(1, unsent), (2, refused)] {
        let reserved = f.books.reserve(opening(n)).unwrap();
        let settled = f.books.settle(reserved, closing);
        assert_eq!((settled.cost, settled.pricing), (Some(Money::ZERO), Pricing::Exact));
        assert_eq!(attempt(&f, opening(n).id).state, AttemptState::Void);
    }
}

#[test]
fn an_answer_that_was_cut_is_estimated_from_what_was_seen_and_never_free() {
    let f = fixture("", "");
    let anthropic = Opening {
        endpoint: Endpoint::Messages,
        provider: "anthropic".into(),
        model: "claude-haiku-4-5".into(),
        asked_model: "claude-haiku-4-5".into(),
        ..opening(1)
    };
    let reserved = f.books.reserve(anthropic).unwrap();
    let metered =
        Metered { usage: Some(used(1_000, 1)), output_bytes: 4_000, ..Metered::default() };
    let cut = Closing { outcome: Outcome::ClientGone, metered, ..closing(None) };
    let settled = f.books.settle(reserved, cut);
    assert_eq!(settled.pricing, Pricing::Estimated);
    let row = attempt(&f, opening(1).id);
    assert_eq!(row.usage, Some(used(1_000, 1_100)), "the prompt as reported, the answer by length");

    let reserved = f.books.reserve(opening(2)).unwrap();
    let metered = Metered { output_bytes: 400, ..Metered::default() };
    let silent = Closing { metered, ..closing(None) };
    let settled = f.books.settle(reserved, silent);
    assert_eq!(settled.pricing, Pricing::Estimated);
    let row = attempt(&f, opening(2).id);
    assert_eq!(row.usage, Some(used(726, 110)));
    assert!(settled.cost.unwrap() > Money::ZERO);
}

#[test]
fn the_last_report_is_exact_although_the_client_left_and_a_running_count_is_not() {
    let f = fixture("", "");
    let metered = |usage_is_final| Metered {
        usage: Some(used(100, 50)),
        output_bytes: 9_999,
        usage_is_final,
        ..Metered::default()
    };
    let left = |metered| Closing { outcome: Outcome::ClientGone, metered, ..closing(None) };
    let reserved = f.books.reserve(opening(1)).unwrap();
    let settled = f.books.settle(reserved, left(metered(true)));
    assert_eq!(settled, Settled { cost: Some(Money::from_nano(625_000)), pricing: Pricing::Exact });
    let reserved = f.books.reserve(opening(2)).unwrap();
    let settled = f.books.settle(reserved, left(metered(false)));
    assert_eq!(settled.pricing, Pricing::Estimated);
    assert!(settled.cost.unwrap() > Money::from_nano(625_000), "what was seen counts");
}

#[test]
fn an_answer_nobody_could_read_is_taken_to_have_a_length() {
    let f = fixture("", "");
    let reserved = f.books.reserve(opening(1)).unwrap();
    let gone = Closing { outcome: Outcome::ClientGone, ..closing(None) };
    f.books.settle(reserved, gone);
    let usage = attempt(&f, opening(1).id).usage.unwrap();
    let limit = opening(1).estimate.output_tokens;
    assert_eq!(usage.output, limit.min(1_024));
    assert!(usage.output > 0);
}

#[test]
fn an_error_in_the_place_of_any_content_is_booked_without_an_answer() {
    let f = fixture("", "");
    let reserved = f.books.reserve(opening(1)).unwrap();
    let metered = Metered { end: End::Failed, ..Metered::default() };
    let failed = Closing { outcome: Outcome::ErrorInStream, metered, empty: true, ..closing(None) };
    f.books.settle(reserved, failed);
    let usage = attempt(&f, opening(1).id).usage.unwrap();
    assert_eq!(usage.output, 0);
    assert!(usage.input > 0, "the prompt may have been read");
}

#[test]
fn the_demonstration_and_token_counts_touch_no_budget() {
    let f = fixture(WEEK, "");
    let demo = Opening { demo: true, provider: "demo".into(), ..opening(1) };
    let count = Opening { endpoint: Endpoint::MessagesCount, ..opening(2) };
    let unpriced = Opening { model: "nobody-knows-1".into(), ..count.clone() };
    for opening in [demo, count, Opening { id: RequestId::new(NOW, 9), ..unpriced }] {
        let reserved = f.books.reserve(opening).unwrap();
        assert_eq!(reserved.reserved, Some(Money::ZERO));
        let settled = f.books.settle(reserved, closing(Some(used(5, 5))));
        assert_eq!(settled.cost, Some(Money::ZERO));
    }
    assert_eq!(f.books.standings(NOW).unwrap()[0].standing, Standing::default());
}

#[test]
fn a_local_answer_to_a_dear_question_shows_what_it_saved() {
    let f = fixture("", "");
    let local = Opening {
        provider: "ollama".into(),
        model: "llama3.2:3b".into(),
        local: true,
        ..opening(1)
    };
    let reserved = f.books.reserve(local).unwrap();
    let settled = f.books.settle(reserved, closing(Some(used(100, 50))));
    assert_eq!(settled.cost, Some(Money::ZERO));
    assert_eq!(attempt(&f, opening(1).id).saved, Money::from_nano(625_000));
}

#[test]
fn what_was_saved_counts_cached_tokens_at_the_asked_models_price_for_them() {
    let f = fixture("", "");
    let asked = Opening { asked_model: "claude-opus-4-5".into(), ..opening(1) };
    let cheaper = Opening {
        provider: "anthropic".into(),
        model: "claude-haiku-4-5".into(),
        endpoint: Endpoint::Messages,
        ..asked
    };
    let reserved = f.books.reserve(cheaper).unwrap();
    let usage = Usage { cache_read: 1_000_000, cache_write_5m: 100_000, ..used(100, 50) };
    let settled = f.books.settle(reserved, closing(Some(usage)));
    // A million tokens: $1, $0.10 read, $1.25 written, $5 output; and $5, $0.50, $6.25, $25.
    let haiku = 100 * 1_000 + 1_000_000 * 100 + 100_000 * 1_250 + 50 * 5_000;
    assert_eq!(settled.cost, Some(Money::from_nano(haiku)));
    let saved = attempt(&f, opening(1).id).saved;
    assert_eq!(saved, Money::from_nano(haiku * 4), "opus costs five times as much in every kind");
}

#[test]
fn what_was_saved_counts_the_cache_that_the_asked_model_would_have_had() {
    let f = fixture("", "");
    // Haiku caches no prompt as short as that, and Sonnet would have read it.
    let turn = Opening {
        asked_model: "claude-sonnet-4-5".into(),
        provider: "anthropic".into(),
        model: "claude-haiku-4-5".into(),
        endpoint: Endpoint::Messages,
        estimate: Estimate { cache_write: true, ..opening(1).estimate },
        lately: Lately { reported: 0, prompt: 3_300 },
        ..opening(1)
    };
    let first = Opening { id: RequestId::new(NOW, 2), lately: Lately::default(), ..turn.clone() };
    let saved = |opening: Opening| {
        let id = opening.id;
        let reserved = f.books.reserve(opening).unwrap();
        f.books.settle(reserved, closing(Some(used(3_400, 30))));
        attempt(&f, id).saved.nano()
    };
    let haiku = 3_400 * 1_000 + 30 * 5_000;
    let warm = 3_300 * 300 + 100 * 3_750 + 30 * 15_000;
    assert_eq!(saved(turn), warm - haiku, "it was dearer, and says so");
    assert_eq!(saved(first), 3_400 * 3_750 + 30 * 15_000 - haiku);
}

#[test]
fn local_work_costs_its_electricity_where_the_user_says_what_it_draws() {
    let f = fixture(&format!("{WEEK}[local]\nwatts = 120\nkwh_usd = 0.30\n"), "");
    let local = Opening {
        provider: "ollama".into(),
        model: "llama3.2:3b".into(),
        local: true,
        ..opening(1)
    };
    let reserved = f.books.reserve(local.clone()).unwrap();
    assert_eq!(reserved.reserved, Some(Money::ZERO), "nobody knows before how long it takes");
    let settled = f.books.settle(reserved, closing(Some(used(100, 50))));
    // 120 W for 0.9 s is 0.03 Wh, at 30 cents the kilowatt-hour.
    assert_eq!(settled.cost, Some(Money::from_nano(9_000)));
    assert_eq!(settled.pricing, Pricing::Estimated);
    let second = Opening { id: RequestId::new(NOW, 2), ..local };
    let unsent = Closing { sent: false, outcome: Outcome::Unreachable, ..closing(None) };
    let reserved = f.books.reserve(second).unwrap();
    assert_eq!(f.books.settle(reserved, unsent).cost, Some(Money::ZERO));
    assert_eq!(
        f.ledger.settled(&Scope::default(), weir_ledger::DayRange::ALL).unwrap().settled,
        Money::from_nano(9_000)
    );
    assert_eq!(f.books.standings(NOW).unwrap()[0].standing.spent, Money::from_nano(9_000));
}

#[test]
fn a_ledger_that_cannot_write_lets_nothing_out_and_holds_nothing_back() {
    let f = fixture(WEEK, "");
    let first = f.books.reserve(opening(1)).unwrap();
    f.books.settle(first, closing(Some(used(1, 1))));
    let twice = f.books.reserve(opening(1)).unwrap_err();
    assert!(matches!(twice, Refusal::Ledger { .. }), "{twice:?}");
    assert_eq!(f.books.standings(NOW).unwrap()[0].standing.reserved, Money::ZERO);
}

#[test]
fn each_budget_gives_back_what_it_set_aside() {
    let stops = budget(usd(500), AtLimit::Block);
    let steps = Budget { name: "steps".into(), ..budget(usd(100), AtLimit::Downgrade) };
    let mut balances = Balances::new(TimeZone::UTC, &[stops, steps]);
    let past = Always(Money::ZERO, Cell::new(0));
    let ask = |cents| Ask { cost: Some(usd(cents)), tokens: 0 };
    let asks = Asks { most: ask(269), likely: ask(27) };
    balances.admit(&opening(1), asks, &past).expect("room in both");
    let reserved = |balances: &mut Balances| -> Vec<Money> {
        let all = balances.standings(NOW, &past).expect("known");
        all.iter().map(|seen| seen.standing.reserved).collect()
    };
    assert_eq!(reserved(&mut balances), [usd(269), usd(27)]);
    balances.forget();
    assert_eq!(reserved(&mut balances), [usd(269), usd(27)], "and the same when it is read anew");
    let denied = balances.admit(&opening(2), asks, &past).expect_err("no room beside it");
    let Denied::Soon(seen) = denied else { panic!("{denied:?}") };
    assert_eq!(seen.budget.name, "week");
    balances.close((opening(1).id, 1), Some(usd(6)), 0, None);
    assert_eq!(reserved(&mut balances), [Money::ZERO, Money::ZERO]);
    balances.admit(&opening(2), asks, &past).expect("room again");
}

fn large() -> Asks {
    Ask { cost: Some(usd(269)), tokens: 0 }.into()
}

/// Whether somebody was told that there may be room.
fn is_told(waiting: &Waiting) -> bool {
    futures_util::FutureExt::now_or_never(waiting.room.notified()).is_some()
}

#[test]
fn who_waits_longest_has_the_room_first_and_who_leaves_holds_nobody_up() {
    let mut balances = Balances::new(TimeZone::UTC, &[budget(usd(500), AtLimit::Block)]);
    let past = Always(Money::ZERO, Cell::new(0));
    let at = || Waiting { now_ms: NOW, ..Waiting::default() };
    let (second, third) = (at(), at());
    balances.admit(&opening(1), large(), &past).expect("room");
    for (n, waiting) in [(2, &second), (3, &third)] {
        let denied = balances.admit_in_line(&opening(n), large(), Some(waiting), &past);
        assert!(matches!(denied, Err(Denied::Soon(_))), "{denied:?}");
    }
    balances.close((opening(1).id, 1), Some(usd(6)), 0, None);
    assert!(is_told(&second) && !is_told(&third), "the first in line");
    let late = balances.admit(&opening(4), large(), &past);
    assert!(matches!(late, Err(Denied::Soon(_))), "who comes later does not overtake: {late:?}");
    let free = Ask { cost: Some(Money::ZERO), tokens: 10 };
    balances.admit(&opening(5), free, &past).expect("what costs nothing waits for nobody");
    balances.leave_line(opening(2).id);
    assert!(is_told(&third), "the next one, where the first went away");
    balances.admit_in_line(&opening(3), large(), Some(&third), &past).expect("its turn");
    balances.close((opening(3).id, 1), Some(usd(6)), 0, None);
    balances.admit(&opening(4), large(), &past).expect("nobody is left in line");
}

#[test]
fn a_limit_that_is_raised_while_a_request_waits_is_raised_for_it() {
    let mut balances = Balances::new(TimeZone::UTC, &[budget(usd(500), AtLimit::Block)]);
    let past = Always(Money::ZERO, Cell::new(0));
    let mut waiting = Waiting { now_ms: NOW, ..Waiting::default() };
    balances.admit(&opening(1), large(), &past).expect("room");
    let change = weir_core::budget::Change::Raise(Limit::Usd(usd(500)));
    let (from_ms, until_ms) = (NOW + 2_000, NOW + 60_000);
    balances.set_lifts(vec![Lift { budget: "week".into(), from_ms, until_ms, change }]);
    let denied = balances.admit_in_line(&opening(2), large(), Some(&waiting), &past);
    assert!(matches!(denied, Err(Denied::Soon(_))), "not yet: {denied:?}");
    waiting.now_ms = NOW + 3_000;
    balances.admit_in_line(&opening(2), large(), Some(&waiting), &past).expect("raised");
}

#[test]
fn what_will_not_pass_is_named_before_what_may() {
    let busy = budget(usd(500), AtLimit::Block);
    let spent =
        Budget { name: "day".into(), period: Period::Day, ..budget(usd(10), AtLimit::Block) };
    let mut balances = Balances::new(TimeZone::UTC, &[busy, spent]);
    let past = Always(Money::ZERO, Cell::new(0));
    let local = Opening { provider: "anthropic".into(), ..opening(1) };
    balances.admit(&local, Ask { cost: Some(usd(5)), tokens: 0 }, &past).expect("room");
    let denied = balances.admit(&opening(2), large(), &past).expect_err("neither has room");
    let Denied::Full(seen) = denied else { panic!("{denied:?}") };
    assert_eq!(seen.budget.name, "day");
}

#[test]
fn an_answer_is_likely_as_long_as_usual_answers_are_and_each_choice_is_one() {
    let whole =
        Estimate { input_tokens: 90_000, output_tokens: 128_000, cache_write: true, choices: 1 };
    let usual = likely(whole);
    assert_eq!(usual.output_tokens, 8_192);
    assert!(usual.input_tokens < whole.input_tokens && usual.cache_write, "{usual:?}");
    let eight = Estimate { output_tokens: 8 * 4_096, choices: 8, ..whole };
    assert_eq!(likely(eight).output_tokens, 8 * 4_096, "none is longer than usual");
    let short = Estimate { output_tokens: 256, ..whole };
    assert_eq!(likely(short).output_tokens, 256);
}
