//! Tests of the terms of budgets: zones, clocks, tokens, shares, lifts, marks, the ladder.

use super::*;
use weir_core::budget::{Change, Lift, Place as Way, Step};
use weir_core::period::LocalDay;
use weir_core::route::Route;
use weir_proxy::ports::{LadderAsk, RungAsk};

const HOUR_MS: i64 = 3_600_000;
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
];

/// A ledger by day, as the real one keeps it: the day is reckoned when the request starts.
#[derive(Default)]
struct Days(std::cell::RefCell<std::collections::BTreeMap<LocalDay, i64>>);

impl Past for Days {
    fn spent(&self, _: &Scope, window: Window) -> Result<Spend, String> {
        let nano = self.0.borrow().range(window.from..window.to).map(|(_, n)| n).sum();
        Ok(Spend { cost: Money::from_nano(nano), tokens: 0 })
    }
    fn told(&self, _: &Budget, _: Window) -> Vec<Told> {
        Vec::new()
    }
}

/// What a clock does next.
#[derive(Clone, Debug)]
enum Jump {
    Hours(i64),
    Zone(usize),
    Spend(i64),
    Restart,
}

fn jumps() -> impl Strategy<Value = Vec<Jump>> {
    let one = prop_oneof![
        4 => (1i64..400).prop_map(Jump::Spend),
        2 => (0i64..30).prop_map(Jump::Hours),
        1 => (-50i64..0).prop_map(Jump::Hours),
        1 => (30i64..1_000).prop_map(Jump::Hours),
        1 => (0usize..ZONES.len()).prop_map(Jump::Zone),
        1 => Just(Jump::Restart),
    ];
    prop::collection::vec(one, 1..60)
}

proptest! {
    #[test]
    fn each_spend_is_in_one_window_whatever_zone_and_clock_do(
        steps in jumps(), start in 0i64..20_000, period in 0usize..3,
    ) {
        let period = [Period::Day, Period::Week, Period::Month][period];
        let own = Budget { period, ..budget(usd(1_000_000), AtLimit::Block) };
        let past = Days::default();
        let mut zone = TimeZone::get(ZONES[0]).unwrap();
        let mut balances = Balances::new(zone.clone(), std::slice::from_ref(&own));
        let mut now = start * HOUR_MS;
        let (mut n, mut open, mut all) = (0, Vec::new(), 0);
        for step in steps {
            match step {
                Jump::Hours(hours) => now = (now + hours * HOUR_MS).max(0),
                Jump::Zone(at) => {
                    zone = TimeZone::get(ZONES[at]).unwrap();
                    balances.set_zone(zone.clone());
                }
                Jump::Restart => {
                    // What was open becomes an orphan at its estimate, on the day it started.
                    for (_, day, cents) in open.drain(..) {
                        *past.0.borrow_mut().entry(day).or_default() += usd(cents).nano();
                    }
                    balances = Balances::new(zone.clone(), std::slice::from_ref(&own));
                }
                Jump::Spend(cents) => {
                    n += 1;
                    all += cents;
                    let one = Opening { at_ms: now, ..opening(n) };
                    let day = LocalDay::of(now, &zone);
                    balances.admit(&one, ask(cents), &past).unwrap();
                    open.push((one, day, cents));
                    // Every other one ends now, whenever "now" is by then.
                    if n.is_multiple_of(2) {
                        let (one, day, cents) = open.remove(0);
                        balances.close((one.id, 1), Some(usd(cents)), 0, None);
                        *past.0.borrow_mut().entry(day).or_default() += usd(cents).nano();
                    }
                }
            }
            let window = period.window(now, &zone);
            let seen = balances.standings(now, &past).unwrap()[0].standing;
            let held: i64 = open.iter().filter(|(_, day, _)| window.from <= *day && *day < window.to)
                .map(|(_, _, cents)| usd(*cents).nano()).sum();
            prop_assert_eq!(seen.spent, past.spent(&own.scope, window).unwrap().cost);
            prop_assert_eq!(seen.reserved.nano(), held);
        }
        let everything: i64 = past.0.borrow().values().sum();
        let held: i64 = open.iter().map(|(_, _, cents)| usd(*cents).nano()).sum();
        prop_assert_eq!(everything + held, usd(all).nano(), "each spend is counted once");
    }
}

#[test]
fn a_flight_west_counts_the_day_twice_lived_once() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let daily = Budget { period: Period::Day, ..budget(usd(100), AtLimit::Block) };
    let mut balances = Balances::new(berlin, std::slice::from_ref(&daily));
    let past = Days::default();
    // 23 November 00:30 in Berlin, 22 November 18:30 in New York.
    let late = NOW + 15 * HOUR_MS + HOUR_MS / 2;
    let one = Opening { at_ms: late, ..opening(1) };
    balances.admit(&one, ask(60), &past).unwrap();
    balances.set_zone(TimeZone::get("America/New_York").unwrap());
    let there = Opening { at_ms: late + 1, ..opening(2) };
    balances.admit(&there, ask(100), &past).expect("it is still the 22nd there");
    let next = Opening { at_ms: late + 6 * HOUR_MS, ..opening(3) };
    assert!(balances.admit(&next, ask(41), &past).is_err(), "the 23rd has Berlin's half hour");
    balances.admit(&next, ask(40), &past).unwrap();
}

#[test]
fn a_machine_that_crosses_zones_while_it_runs_counts_each_request_on_the_day_it_began() {
    let f = fixture(
        "[[budgets]]\nname = \"day\"\nperiod = \"day\"\nlimit_usd = 1.00\nat_limit = \"block\"\n",
        "",
    );
    // Sunday 23:30 in UTC, Monday 08:30 in Tokyo.
    let late = NOW + 15 * HOUR_MS + HOUR_MS / 2;
    let begun = Opening { id: RequestId::new(late, 1), at_ms: late, ..opening(1) };
    let reserved = f.books.reserve(begun).unwrap();
    let held = reserved.reserved.unwrap();
    f.books.set_zone(TimeZone::get("Asia/Tokyo").unwrap());
    let day = |now_ms| f.books.standings(now_ms).unwrap()[0].standing;
    assert_eq!(day(late + 1), Standing::default(), "Monday has nothing yet");
    let settled = f.books.settle(reserved, closing(Some(used(100, 50))));
    assert!(settled.cost < Some(held));
    let next = Opening { id: RequestId::new(late + 2, 1), at_ms: late + 2, ..opening(2) };
    let reserved = f.books.reserve(next).unwrap();
    f.books.settle(reserved, closing(Some(used(200, 50))));
    let monday = day(late + 3).spent;
    f.books.set_zone(TimeZone::UTC);
    let sunday = day(late + 3).spent;
    assert_eq!(Some(sunday), settled.cost, "what began on Sunday stays there");
    assert_eq!(monday, Money::from_nano(200 * 1_250 + 50 * 10_000));
    let rows = f.ledger.settled(&Scope::default(), weir_ledger::DayRange::ALL).unwrap();
    assert_eq!(rows.settled, sunday.saturating_add(monday), "each once");
}

#[test]
fn a_budget_of_tokens_refuses_by_tokens_and_counts_what_was_used() {
    let f = fixture(
        "[[budgets]]\nname = \"tokens\"\nperiod = \"day\"\nlimit_tokens = 3000\n\
         at_limit = \"block\"\n",
        "",
    );
    let first = f.books.reserve(opening(1)).unwrap();
    let said = f.books.reserve(opening(2)).unwrap_err().to_string();
    assert!(
        said.contains("0 of 3,000 tokens spent") && said.contains("up to 2,000 tokens"),
        "{said}"
    );
    f.books.settle(first, closing(Some(used(100, 50))));
    let standing = f.books.standings(NOW).unwrap()[0].standing;
    assert_eq!((standing.spent_tokens, standing.reserved_tokens), (150, 0));
    let unpriced = Opening { model: "nobody-knows-1".into(), ..opening(3) };
    f.books.reserve(unpriced).expect("tokens need no price");
}

const SHARED: &str = "[[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 0.10\n\
                      at_limit = \"block\"\n[categories]\nof = \"week\"\nstandard = 30\nbatch = 20\n";

#[test]
fn a_share_is_a_limit_of_its_own_and_what_names_no_category_is_standard() {
    let f = fixture(SHARED, "");
    let of =
        |n, category: Option<&str>| Opening { category: category.map(str::to_owned), ..opening(n) };
    // One request reserves $0.01125; batch has $0.02, standard $0.03.
    f.books.reserve(of(1, Some("batch"))).unwrap();
    let said = f.books.reserve(of(2, Some("batch"))).unwrap_err().to_string();
    assert!(said.contains("Budget week/batch"), "{said}");
    f.books.reserve(of(3, None)).unwrap();
    f.books.reserve(of(4, Some("odd"))).unwrap();
    let said = f.books.reserve(of(5, Some("standard"))).unwrap_err().to_string();
    assert!(said.contains("Budget week/standard"), "{said}");
    assert_eq!(
        f.ledger.request(opening(3).id).unwrap().unwrap().category.as_deref(),
        Some("standard")
    );
    let lent = fixture(&SHARED.replace("of = \"week\"", "of = \"week\"\nlend = true"), "");
    for n in 1..=8 {
        lent.books.reserve(of(n, Some("batch"))).expect("what others leave is lent");
    }
    let said = lent.books.reserve(of(9, Some("batch"))).unwrap_err().to_string();
    assert!(said.contains("Budget week:"), "the whole still holds: {said}");
}

#[test]
fn a_lift_lets_more_through_until_it_ends_and_outlives_a_restart() {
    let f = fixture(WEEK, "");
    let _held = f.books.reserve(opening(1)).unwrap();
    f.books.reserve(opening(2)).expect_err("$0.02 hold one of $0.01125");
    let now_ms = clock::unix_ms();
    let lift = Lift {
        budget: "week".into(),
        from_ms: NOW,
        until_ms: now_ms.max(NOW) + HOUR_MS,
        change: Change::Raise(Limit::Usd(usd(2))),
    };
    f.books.lift(&lift).unwrap();
    let held = f.books.reserve(opening(3)).expect("raised");
    f.books.settle(held, closing(Some(used(1, 1))));
    let Fixture { books, ledger, dir, .. } = f;
    drop((books, ledger));
    let f = reopen(dir);
    f.books.reserve(opening(4)).expect("still raised");
    let late = Opening { at_ms: lift.until_ms, ..opening(5) };
    let week = Period::Week.window(NOW, &TimeZone::UTC);
    if lift.until_ms < week.end_ms {
        f.books.reserve(late).expect_err("it ended by itself");
    }
    assert!(f.books.end_lifts("week", NOW + 1).unwrap());
    let after = Opening { at_ms: NOW + 2, ..opening(6) };
    f.books.reserve(after).expect_err("and can be ended");
}

#[test]
fn a_budget_set_to_local_only_lets_free_work_through_and_nothing_paid() {
    let f = fixture(&WEEK.replace("0.02", "20"), "");
    let lift = Lift {
        budget: "week".into(),
        from_ms: NOW,
        until_ms: clock::unix_ms().max(NOW) + HOUR_MS,
        change: Change::Local,
    };
    f.books.lift(&lift).unwrap();
    let said = f.books.reserve(opening(1)).unwrap_err().to_string();
    assert!(said.contains("local models only"), "{said}");
    let local = Opening { provider: "ollama".into(), local: true, ..opening(2) };
    f.books.reserve(local).expect("local work goes on");
}

#[test]
fn marks_are_told_once_a_window_also_after_a_restart_and_a_raise() {
    let f = fixture(WEEK, "");
    let inbox = Arc::new(Inbox::default());
    f.books.tell(Arc::clone(&inbox));
    let spend = |books: &Books, n, output| {
        let reserved = books.reserve(opening(n)).unwrap();
        books.settle(reserved, closing(Some(used(0, output))));
    };
    // $10 a million tokens: 800 of them are 40 % of $0.02.
    spend(&f.books, 1, 800);
    spend(&f.books, 2, 800);
    let marks = |inbox: &Inbox| -> Vec<Told> {
        inbox.spent(NOW, Money::from_nano(1));
        inbox.take().crossed.iter().map(|c| c.told).collect()
    };
    assert_eq!(marks(&inbox), [Told::Percent(70)]);
    let window = Period::Week.window(NOW, &TimeZone::UTC);
    assert!(f.ledger.note_told("week", Period::Week, window.from, Told::Percent(70), NOW).unwrap());
    let more = Lift {
        budget: "week".into(),
        from_ms: NOW,
        until_ms: NOW + HOUR_MS,
        change: Change::Raise(Limit::Usd(usd(2))),
    };
    f.books.lift(&more).unwrap();
    spend(&f.books, 3, 1_000);
    assert_eq!(marks(&inbox), [], "65 % of the raised limit, and 70 was told");
    let Fixture { books, ledger, dir, .. } = f;
    drop((books, ledger));
    let f = reopen(dir);
    let inbox = Arc::new(Inbox::default());
    f.books.tell(Arc::clone(&inbox));
    f.books.end_lifts("week", NOW).unwrap();
    f.books.look_for_news(NOW);
    assert_eq!(marks(&inbox), [Told::Percent(90), Told::Percent(100)]);
}

fn way(route: &str, local: bool) -> RungAsk {
    let (provider, model) = route.split_once('/').unwrap();
    let route = Route { provider: provider.into(), model: model.into() };
    RungAsk { route, local, estimate: opening(1).estimate }
}

fn asked<'a>(own: &'a [RungAsk], below: &'a [RungAsk]) -> LadderAsk<'a> {
    LadderAsk {
        at_ms: NOW,
        client: "codex",
        project: None,
        session: None,
        category: None,
        tier: None,
        endpoint: Endpoint::Chat,
        service_tier: None,
        patient: false,
        own,
        below,
    }
}

#[test]
fn the_ladder_over_standing_budgets_steps_down_to_what_fits() {
    let own = [way("anthropic/claude-opus-4-5", false), way("openai/gpt-5", false)];
    let below = [way("openai/gpt-5-mini", false), way("ollama/llama3.2:3b", true)];
    // Opus may cost $0.03, gpt-5 $0.01125, gpt-5-mini $0.00225.
    for (limit, act, expected) in [
        ("20", "downgrade", vec![(Way::Own(0), Step::Planned), (Way::Own(1), Step::Planned)]),
        (
            "0.02",
            "downgrade",
            vec![
                (Way::Own(1), Step::Cheaper),
                (Way::Below(0), Step::TierBelow),
                (Way::Below(1), Step::Local),
            ],
        ),
        (
            "0.005",
            "downgrade",
            vec![(Way::Below(0), Step::TierBelow), (Way::Below(1), Step::Local)],
        ),
        ("0.02", "local", vec![(Way::Below(1), Step::Local)]),
        ("0.02", "block", vec![]),
        ("0.001", "notify", vec![(Way::Own(0), Step::Planned), (Way::Own(1), Step::Planned)]),
    ] {
        let text = WEEK.replace("0.02", limit).replace("\"block\"", &format!("\"{act}\""));
        let f = fixture(&text, "");
        let ladder = f.books.ladder(&asked(&own, &below));
        let left: Vec<_> = ladder.allowed.iter().map(|pick| (pick.place, pick.step)).collect();
        assert_eq!(left, expected, "{limit} {act}");
        let told = ladder.held_by().map(|full| full.says.as_str());
        assert_eq!(told.is_some(), expected.first() != Some(&(Way::Own(0), Step::Planned)));
        assert!(told.is_none_or(|says| says.contains("Budget week") && says.contains("lift week")));
        assert_eq!(f.books.open(), 0, "nothing is set aside");
    }
}

#[test]
fn a_cap_of_one_model_steps_down_from_it_alone() {
    let f = fixture("[caps]\n\"anthropic/claude-opus-4-5\" = 0.01\n", "");
    let own = [way("anthropic/claude-opus-4-5", false), way("openai/gpt-5", false)];
    let ladder = f.books.ladder(&asked(&own, &[]));
    assert_eq!(ladder.allowed[0].place, Way::Own(1));
    assert_eq!(ladder.held_by().unwrap().name, "cap anthropic/claude-opus-4-5");
    let free = LadderAsk { endpoint: Endpoint::MessagesCount, ..asked(&own, &[]) };
    assert!(!f.books.ladder(&free).steps_down(), "what is never metered is held by no budget");
}
