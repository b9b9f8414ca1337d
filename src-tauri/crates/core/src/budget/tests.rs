//! Tests of budgets as values, as sentences.

use super::*;
use crate::period::{LocalDay, Window};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Monday, 16 November 2026, 00:00 UTC.
const MONDAY: i64 = 1_794_787_200_000;
const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
];

fn usd(cents: i64) -> Money {
    Money::from_nano(cents * 10_000_000)
}

fn ask(cents: i64) -> Ask {
    Ask { cost: Some(usd(cents)), tokens: 100 }
}

fn budget(at_limit: AtLimit) -> Budget {
    Budget {
        name: "week".into(),
        period: Period::Week,
        limit: Limit::Usd(usd(200)),
        scope: Scope::default(),
        thresholds: vec![70, 90, 100],
        at_limit,
        origin: Origin::Written,
    }
}

fn terms(budget: &Budget) -> InForce {
    in_force(budget, [], MONDAY)
}

fn window() -> Window {
    Period::Week.window(MONDAY, &TimeZone::UTC)
}

fn spent(cents: i64) -> Standing {
    Standing { spent: usd(cents), ..Standing::default() }
}

// === fits ===

#[test]
fn what_reaches_the_limit_exactly_fits_and_a_nano_dollar_more_does_not() {
    let money = Money::from_nano;
    let standing = Standing { spent: money(60), reserved: money(30), ..Standing::default() };
    let asks = |nano| Ask { cost: Some(money(nano)), tokens: 0 };
    assert_eq!(standing.fits(asks(10), Limit::Usd(money(100))), Fit::Fits);
    assert_eq!(standing.fits(asks(11), Limit::Usd(money(100))), Fit::Full);
    let most = asks(Money::MAX.nano());
    assert_eq!(standing.fits(most, Limit::Usd(Money::MAX)), Fit::Full, "sums do not wrap");
}

#[test]
fn what_costs_nothing_fits_an_overdrawn_budget_and_what_has_no_price_fits_none() {
    let over = spent(300);
    assert_eq!(over.fits(ask(0), Limit::Usd(usd(200))), Fit::Fits);
    assert_eq!(over.fits(ask(1), Limit::Usd(usd(200))), Fit::Full);
    let unknown = Ask { cost: None, tokens: 1 };
    assert_eq!(Standing::default().fits(unknown, Limit::Usd(usd(200))), Fit::Unpriced);
}

#[test]
fn a_budget_of_tokens_counts_tokens_whatever_they_cost() {
    let standing = Standing { spent_tokens: 800, reserved_tokens: 100, ..Standing::default() };
    let limit = Limit::Tokens(1_000);
    assert_eq!(standing.fits(Ask { cost: None, tokens: 100 }, limit), Fit::Fits);
    assert_eq!(standing.fits(Ask { cost: Some(Money::ZERO), tokens: 101 }, limit), Fit::Full);
    assert_eq!(standing.percent(limit), 80);
}

// === scopes ===

#[test]
fn a_scope_holds_only_what_agrees_in_every_fact_it_names() {
    let call = Subject {
        provider: "anthropic",
        model: "claude-haiku-4-5",
        tier: Some("low"),
        category: Some("batch"),
        client: "codex",
        project: Some("weir"),
        session: Some("s1"),
        local: false,
    };
    let mut whole = Scope::default();
    assert!(whole.holds(&call) && whole.is_everything() && whole.rarest().is_none());
    whole.provider = Some("anthropic".into());
    whole.model = Some("claude-haiku-4-5".into());
    whole.tier = Some("low".into());
    whole.category = Some("batch".into());
    whole.client = Some("codex".into());
    whole.project = Some("weir".into());
    whole.session = Some("s1".into());
    whole.local = Some(false);
    assert!(whole.holds(&call));
    let others = [
        Subject { provider: "openai", ..call },
        Subject { model: "x", ..call },
        Subject { tier: None, ..call },
        Subject { category: Some("critical"), ..call },
        Subject { client: "aider", ..call },
        Subject { project: None, ..call },
        Subject { session: Some("s2"), ..call },
        Subject { local: true, ..call },
    ];
    assert!(others.iter().all(|other| !whole.holds(other)));
    assert_eq!(whole.rarest(), Some((6, "s1")));
}

// === shares and caps ===

#[test]
fn a_share_is_a_budget_of_its_own_and_what_it_leaves_is_lent_only_when_asked_for() {
    let mut shares = Shares {
        of: "week".into(),
        shares: vec![("critical".into(), 40), ("standard".into(), 35), ("batch".into(), 25)],
        lend: false,
        default: Some("standard".into()),
    };
    let made = shares.budgets(&budget(AtLimit::Block));
    let limits: Vec<_> = made.iter().map(|b| (b.name.as_str(), b.limit)).collect();
    assert_eq!(limits[0], ("week/critical", Limit::Usd(usd(80))));
    assert_eq!(limits[1], ("week/standard", Limit::Usd(usd(70))));
    assert_eq!(limits[2], ("week/batch", Limit::Usd(usd(50))));
    assert!(made.iter().all(Budget::is_hard));
    assert_eq!(made[2].scope.category.as_deref(), Some("batch"));
    shares.lend = true;
    assert!(shares.budgets(&budget(AtLimit::Block)).iter().all(|b| !b.is_hard()));
    assert_eq!(shares.category(Some("batch")), Some("batch"));
    assert_eq!(shares.category(Some("odd")), Some("standard"));
    assert_eq!(shares.category(None), Some("standard"));
    shares.default = None;
    assert_eq!((shares.category(None), shares.category(Some("odd"))), (None, Some("odd")));
}

#[test]
fn a_cap_is_a_daily_budget_of_one_model_that_steps_down() {
    let cap = Cap { provider: Some("anthropic".into()), model: "opus".into(), daily: usd(200) };
    let budget = cap.budget();
    assert_eq!(budget.name, "cap anthropic/opus");
    assert_eq!((budget.period, budget.at_limit), (Period::Day, AtLimit::Downgrade));
    let here = Subject { provider: "anthropic", model: "opus", ..Subject::default() };
    assert!(budget.scope.holds(&here));
    assert!(!budget.scope.holds(&Subject { model: "haiku", ..here }));
}

// === lifts ===

#[test]
fn a_lift_holds_for_its_time_and_ends_by_itself() {
    let own = budget(AtLimit::Block);
    let lift =
        |from_ms, until_ms, change| Lift { budget: "week".into(), from_ms, until_ms, change };
    let raised = lift(0, 100, Change::Raise(Limit::Usd(usd(100))));
    let again = lift(50, 200, Change::Raise(Limit::Usd(usd(50))));
    let other = Lift { budget: "day".into(), ..raised.clone() };
    let lifts = [raised, again, other];
    let limit = |at| in_force(&own, &lifts, at).limit;
    assert_eq!(limit(-1), Limit::Usd(usd(200)));
    assert_eq!(limit(0), Limit::Usd(usd(300)));
    assert_eq!(limit(99), Limit::Usd(usd(350)));
    assert_eq!(limit(100), Limit::Usd(usd(250)));
    assert_eq!(limit(200), Limit::Usd(usd(200)));
    let local = [lift(0, 10, Change::Local)];
    let closed = in_force(&own, &local, 5);
    assert!(closed.closed && closed.at_limit == AtLimit::Local);
    assert!(!in_force(&own, &local, 10).closed);
    let tokens = [lift(0, 10, Change::Raise(Limit::Tokens(5)))];
    let terms = in_force(&own, &tokens, 5);
    assert_eq!(
        (terms.limit, terms.until_ms),
        (own.limit, None),
        "what does not apply is no change"
    );
}

#[test]
fn a_budget_that_was_closed_says_how_it_is_opened_again() {
    let own = Budget { name: "my week".into(), ..budget(AtLimit::Block) };
    let lift = |change| Lift { budget: own.name.clone(), from_ms: 0, until_ms: 10, change };
    // A raise alone does not open it.
    let lifts = [lift(Change::Local), lift(Change::Raise(Limit::Usd(usd(100))))];
    let terms = in_force(&own, &lifts, 5);
    assert!(terms.closed);
    let window = Period::Week.window(0, &TimeZone::UTC);
    let ask = Ask { cost: Some(usd(1)), tokens: 1 };
    let said = full(&own, &terms, &Standing::default(), window, ask, &TimeZone::UTC);
    assert!(said.ends_with("weir budget lift 'my week' --end"), "{said}");
}

// === ladder ===

const NO_LOCAL: bool = false;

/// A way to answer that counts in budget 0, which may stand against it.
fn rung(place: Place, cents: Option<i64>, local: bool, held: Option<AtLimit>) -> Rung {
    let full = held.map(|at_limit| Full {
        budget: 0,
        name: "week".into(),
        at_limit,
        unpriced: cents.is_none(),
        soon: false,
        says: "Budget week".into(),
        resets_ms: 0,
    });
    Rung {
        place,
        local,
        cost: cents.map(usd),
        asks: Asks::default(),
        counts_in: vec![0],
        full: full.into_iter().collect(),
    }
}

fn places(ladder: &Ladder) -> Vec<(Place, Step)> {
    ladder.allowed.iter().map(|pick| (pick.place, pick.step)).collect()
}

use Place::{Below, Own};

#[test]
fn what_fits_stays_as_it_was_planned() {
    let own = [rung(Own(0), Some(30), NO_LOCAL, None), rung(Own(1), Some(5), NO_LOCAL, None)];
    let below = [rung(Below(0), Some(1), NO_LOCAL, None)];
    let out = ladder(&own, &below);
    assert_eq!(places(&out), [(Own(0), Step::Planned), (Own(1), Step::Planned)]);
    assert!(!out.steps_down() && out.held_by().is_none());
}

#[test]
fn a_downgrade_takes_the_next_cheaper_link_then_the_tier_below_and_never_a_dearer_one() {
    let held = Some(AtLimit::Downgrade);
    let own = [
        rung(Own(0), Some(30), NO_LOCAL, held),
        rung(Own(1), Some(40), NO_LOCAL, None),
        rung(Own(2), Some(10), NO_LOCAL, None),
    ];
    let below = [rung(Below(0), Some(2), NO_LOCAL, None), rung(Below(1), Some(35), NO_LOCAL, None)];
    let out = ladder(&own, &below);
    assert_eq!(places(&out), [(Own(2), Step::Cheaper), (Below(0), Step::TierBelow)]);
    assert_eq!(out.held_by().map(|full| full.name.as_str()), Some("week"));
    assert!(out.steps_down());
    assert_eq!(out.allowed[0].step.code(), Some("budget-cheaper"));
}

#[test]
fn a_local_limit_leaves_local_models_only_wherever_they_stand() {
    let held = Some(AtLimit::Local);
    let own = [
        rung(Own(0), Some(30), NO_LOCAL, held),
        rung(Own(1), Some(1), NO_LOCAL, None),
        rung(Own(2), Some(0), true, None),
    ];
    let below = [rung(Below(0), Some(1), NO_LOCAL, None), rung(Below(1), Some(0), true, None)];
    let out = ladder(&own, &below);
    assert_eq!(places(&out), [(Own(2), Step::Local), (Below(1), Step::Local)]);
}

#[test]
fn a_block_stops_the_request_whatever_cheaper_link_would_still_fit() {
    let held = Some(AtLimit::Block);
    let own = [
        rung(Own(0), Some(30), NO_LOCAL, held),
        rung(Own(1), Some(1), NO_LOCAL, None),
        rung(Own(2), Some(0), true, None),
    ];
    let below = [rung(Below(0), Some(0), true, None)];
    let out = ladder(&own, &below);
    assert!(out.allowed.is_empty(), "{:?}", out.allowed);
    assert_eq!(out.held_by().map(|full| full.at_limit), Some(AtLimit::Block));
    let told = out.refused.iter().filter(|(_, full)| full.is_some()).count();
    assert_eq!((out.refused.len(), told), (3, 1), "the others are closed by the first");
}

#[test]
fn what_a_blocking_budget_does_not_count_goes_on_also_where_it_is_dearer() {
    let capped = rung(Own(0), Some(30), NO_LOCAL, Some(AtLimit::Block));
    let elsewhere =
        |at, cents, local| Rung { counts_in: vec![1], ..rung(Own(at), Some(cents), local, None) };
    let own =
        [capped, elsewhere(1, 20, NO_LOCAL), elsewhere(2, 40, NO_LOCAL), elsewhere(3, 0, true)];
    let expected = [(Own(1), Step::Cheaper), (Own(2), Step::Other), (Own(3), Step::Local)];
    assert_eq!(places(&ladder(&own, &[])), expected);
}

#[test]
fn a_local_limit_lets_no_cloud_model_through_because_it_costs_nothing() {
    let own = [
        rung(Own(0), Some(30), NO_LOCAL, Some(AtLimit::Local)),
        rung(Own(1), Some(0), NO_LOCAL, None),
        rung(Own(2), Some(0), true, None),
    ];
    assert_eq!(places(&ladder(&own, &[])), [(Own(2), Step::Local)]);
}

#[test]
fn a_link_without_a_price_is_one_that_does_not_fit() {
    let chain =
        |held| [rung(Own(0), None, NO_LOCAL, Some(held)), rung(Own(1), Some(5), NO_LOCAL, None)];
    let stopped = ladder(&chain(AtLimit::Block), &[]);
    assert!(stopped.allowed.is_empty());
    assert!(stopped.held_by().is_some_and(|full| full.unpriced));
    let down = ladder(&chain(AtLimit::Downgrade), &[]);
    assert_eq!(places(&down), [(Own(1), Step::Other)], "nobody knows that it is cheaper");
    assert!(ladder(&chain(AtLimit::Local), &[]).allowed.is_empty());
}

proptest! {
    #[test]
    fn nothing_that_does_not_fit_is_ever_offered_and_the_order_is_kept(
        rungs in prop::collection::vec(
            (prop::option::of(0i64..50), any::<bool>(), prop::option::of(0usize..3)), 0..8),
        split in 0usize..8,
    ) {
        let acts = [AtLimit::Downgrade, AtLimit::Local, AtLimit::Block];
        let split = split.min(rungs.len());
        let made: Vec<Rung> = rungs.iter().enumerate().map(|(at, (cents, local, held))| {
            let place = if at < split { Own(at) } else { Below(at - split) };
            rung(place, if *local { Some(0) } else { *cents }, *local, held.map(|h| acts[h]))
        }).collect();
        let out = ladder(&made[..split], &made[split..]);
        let at = |place: Place| match place { Own(n) => n, Below(n) => split + n };
        let order: Vec<usize> = out.allowed.iter().map(|pick| at(pick.place)).collect();
        prop_assert!(order.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(order.iter().all(|n| made[*n].full.is_empty()));
        // Every one counts in the same budget here, so what it closed stays closed.
        let closed = |n: usize, by: AtLimit| {
            made[..n.min(split)].iter().flat_map(|r| &r.full).any(|full| full.at_limit == by)
        };
        prop_assert!(order.iter().all(|n| !closed(*n, AtLimit::Block)));
        prop_assert!(order.iter().all(|n| made[*n].local || !closed(*n, AtLimit::Local)));
        let refused_first = split > 0 && !made[0].full.is_empty();
        prop_assert_eq!(out.steps_down(), refused_first && !out.allowed.is_empty()
            || (!refused_first && split == 0 && !out.allowed.is_empty()));
    }
}

// === what is told ===

#[test]
fn a_mark_reads_as_a_person_would_say_it() {
    let own = budget(AtLimit::Local);
    let at =
        |cents, percent| said(&own, &terms(&own), &spent(cents), window(), percent, &TimeZone::UTC);
    assert_eq!(
        at(180, 90),
        "Week budget at 90 %: $1.80 of $2.00. From $2.00 on, only local models until Monday."
    );
    assert_eq!(
        at(201, 100),
        "Week budget at 100 %: $2.01 of $2.00. Only local models until Monday."
    );
}

#[test]
fn a_budget_that_only_tells_is_called_an_alert_and_stops_nothing() {
    let own = Budget { name: "alert-week".into(), ..budget(AtLimit::Notify) };
    let text = said(&own, &terms(&own), &spent(180), window(), 90, &TimeZone::UTC);
    assert_eq!(
        text,
        "Week alert at 90 %: $1.80 of $2.00. Nothing is stopped; it starts anew on Monday."
    );
    let named = Budget { name: "alert-".into(), period: Period::Day, ..own };
    let text = said(&named, &terms(&named), &spent(180), window(), 90, &TimeZone::UTC);
    assert!(text.starts_with("Alert- budget at 90 %"), "{text}");
    assert!(text.ends_with("it starts anew tomorrow."), "{text}");
}

#[test]
fn the_first_request_that_does_not_fit_says_what_answers_instead() {
    let at = |act, standing| {
        let own = budget(act);
        at_limit(&own, &terms(&own), &standing, window(), ask(12), &TimeZone::UTC)
    };
    assert_eq!(
        at(AtLimit::Local, spent(197)),
        "Week budget at its limit: $1.97 of $2.00, and a request that is likely to cost $0.12 does \
         not fit. Local models answer instead until Monday."
    );
    let busy = Standing { reserved: usd(30), ..spent(160) };
    assert_eq!(
        at(AtLimit::Block, busy),
        "Week budget at its limit: $1.60 of $2.00, $0.30 set aside for requests under way, and a \
         request that may cost $0.12 does not fit. What does not fit is refused until Monday."
    );
    assert!(
        at(AtLimit::Downgrade, spent(197)).ends_with("Cheaper models answer instead until Monday.")
    );
}

#[test]
fn a_refusal_names_the_budget_its_standing_its_reset_and_the_way_on() {
    let own = budget(AtLimit::Block);
    let standing = Standing { reserved: usd(30), ..spent(160) };
    let text = full(&own, &terms(&own), &standing, window(), ask(20), &TimeZone::UTC);
    assert_eq!(
        text,
        "Budget week: $1.60 of $2.00 spent, $0.30 set aside for requests under way, and this \
         request may cost up to $0.20. There is room when those have ended: send it again then. It \
         starts anew on Monday 23 November 00:00. To lift it for an hour: weir budget lift week \
         --for 1h; for good, raise its limit_usd in config.toml; or ask for a local model"
    );
}

#[test]
fn each_mark_is_told_once_and_a_jump_tells_all_it_passed() {
    assert_eq!(crossed(&[70, 90, 100], 69, |_| false), Vec::<u8>::new());
    assert_eq!(crossed(&[70, 90, 100], 95, |_| false), [70, 90]);
    assert_eq!(crossed(&[70, 90, 100], 230, |told| told <= 90), [100]);
    for told in [Told::Percent(70), Told::Percent(100), Told::AtLimit, Told::Forecast, Told::Spike]
    {
        assert_eq!(Told::of(told.code()), Some(told));
    }
}

#[test]
fn a_forecast_says_where_the_week_ends_and_when_the_limit_is_passed() {
    let own = budget(AtLimit::Notify);
    let wednesday = MONDAY + 2 * DAY_MS + 12 * HOUR_MS;
    let made = forecast(usd(111), Some(usd(200)), window(), wednesday).expect("a pace");
    assert_eq!(made.at_end, Money::from_nano(3_108_000_000));
    let text = made.said(&own, &TimeZone::UTC).expect("over");
    assert_eq!(text, "Budget week: at this pace the week ends at $3.11, over by Friday.");
    let calm = forecast(usd(11), Some(usd(200)), window(), wednesday).expect("a pace");
    assert_eq!((calm.over_ms, calm.said(&own, &TimeZone::UTC)), (None, None));
    assert_eq!(forecast(usd(111), None, window(), MONDAY + HOUR_MS), None, "too early");
    assert_eq!(forecast(usd(0), None, window(), wednesday), None);
    assert_eq!(forecast(usd(1), None, window(), window().end_ms + 1), None);
}

#[test]
fn a_spike_is_five_usual_hours_and_no_habit_knows_no_spike() {
    let mut hours = Hours::default();
    for hour in 0..7 {
        hours.add(MONDAY + hour * HOUR_MS, usd(10));
    }
    hours.add(MONDAY + 10 * HOUR_MS, usd(500));
    assert_eq!(hours.spike(MONDAY + 10 * HOUR_MS), None, "seven hours are no habit");
    hours.add(MONDAY + 8 * HOUR_MS, usd(10));
    let said = hours.spike(MONDAY + 10 * HOUR_MS).expect("a spike");
    assert_eq!(said, "This hour cost $5.00, 50 times the usual $0.10. See: weir log");
    hours.add(MONDAY + 11 * HOUR_MS, usd(49));
    assert_eq!(hours.spike(MONDAY + 11 * HOUR_MS), None);
    hours.add(MONDAY + 20 * DAY_MS, usd(1));
    assert_eq!(hours.usual(MONDAY + 20 * DAY_MS), None, "two weeks are kept");
}

proptest! {
    #[test]
    fn a_forecast_never_ends_below_what_was_spent(
        cents in 1i64..100_000, limit in 1i64..100_000, at in 0i64..7 * DAY_MS,
    ) {
        if let Some(made) = forecast(usd(cents), Some(usd(limit)), window(), MONDAY + at) {
            prop_assert!(made.at_end >= usd(cents));
            prop_assert_eq!(made.over_ms.is_some(), made.at_end > usd(limit));
            if let Some(over) = made.over_ms {
                prop_assert!(over >= MONDAY + at && over <= window().end_ms);
            }
        }
    }
}

// === windows ===

proptest! {
    #[test]
    fn every_moment_of_every_zone_is_in_one_window_and_windows_leave_no_gap(
        zone in 0usize..ZONES.len(),
        at in 0i64..130 * 365 * DAY_MS,
        period in 0usize..3,
    ) {
        let zone = TimeZone::get(ZONES[zone]).expect("a known zone");
        let period = [Period::Day, Period::Week, Period::Month][period];
        let window = period.window(at, &zone);
        let day = LocalDay::of(at, &zone);
        prop_assert!(window.from <= day && day < window.to);
        prop_assert!(window.start_ms <= at && at < window.end_ms, "{window:?} {at}");
        let next = period.window(window.end_ms, &zone);
        prop_assert_eq!(next.start_ms, window.end_ms);
        prop_assert_eq!(next.from, window.to);
        prop_assert_eq!(period.window(window.end_ms - 1, &zone), window);
    }
}

// === allowances ===

fn allowance(used: u16, hours_left: i64) -> Allowance {
    Allowance {
        window: "5h".into(),
        length_ms: Some(5 * HOUR_MS),
        used,
        resets_ms: Some(MONDAY + hours_left * HOUR_MS),
        state: AllowanceState::Open,
        heard_ms: MONDAY,
    }
}

#[test]
fn work_goes_local_early_when_use_runs_ahead_of_time_and_wholly_when_it_is_spent() {
    assert_eq!(pace(&[], MONDAY), Pace::Keep);
    assert_eq!(pace(&[allowance(240, 5)], MONDAY), Pace::Keep, "a window that has just begun");
    assert_eq!(pace(&[allowance(400, 3)], MONDAY), Pace::Keep, "40 % used, 40 % gone");
    assert_eq!(pace(&[allowance(460, 3)], MONDAY), Pace::Early);
    let spent = Allowance { state: AllowanceState::Spent, ..allowance(300, 2) };
    let until = Pace::Spent(Some(MONDAY + 2 * HOUR_MS));
    assert_eq!(pace(&[allowance(460, 3), spent.clone()], MONDAY), until);
    assert_eq!(pace(&[allowance(1_000, 2)], MONDAY), until);
    assert_eq!(pace(&[spent], MONDAY + 2 * HOUR_MS), Pace::Keep, "the window has started anew");
}

proptest! {
    #[test]
    fn pacing_never_relaxes_as_more_is_used(used in 0u16..1_100, more in 0u16..500, left in 0i64..6) {
        let rank = |p: Pace| match p { Pace::Keep => 0, Pace::Early => 1, Pace::Spent(_) => 2 };
        let less = pace(&[allowance(used, left)], MONDAY);
        let higher = pace(&[allowance(used + more, left)], MONDAY);
        prop_assert!(rank(less) <= rank(higher));
    }
}

#[test]
fn a_limit_that_stops_counts_on_the_most_and_one_that_steps_down_on_what_is_likely() {
    let ask = |cents| Ask { cost: Some(usd(cents)), tokens: 0 };
    let asks = Asks { most: ask(269), likely: ask(27) };
    assert_eq!(asks.under(AtLimit::Block), ask(269));
    assert_eq!(asks.under(AtLimit::Notify), ask(269));
    assert_eq!(asks.under(AtLimit::Downgrade), ask(27));
    assert_eq!(asks.under(AtLimit::Local), ask(27));
}

#[test]
fn only_what_is_under_way_may_pass() {
    let limit = Limit::Usd(usd(500));
    let standing = Standing { spent: usd(40), reserved: usd(269), ..Standing::default() };
    let ask = |cents| Ask { cost: Some(usd(cents)), tokens: 0 };
    assert!(standing.may_pass(ask(269), limit), "there is room when the other one has ended");
    assert!(!standing.may_pass(ask(100), limit), "it fits now");
    assert!(!standing.may_pass(ask(470), limit), "there never is room");
    assert!(!standing.may_pass(Ask { cost: None, tokens: 0 }, limit), "a price does not come");
}
