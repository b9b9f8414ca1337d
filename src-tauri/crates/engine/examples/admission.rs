//! How long an admission takes with 50 budgets and 200 requests in flight: the decision alone, the
//! ladder before it, and the whole reservation with its record in the journal, over a ledger of ten
//! requests and over one of a million.
//! Run: `cargo run --release -p weir-engine --example admission`, with another number of requests
//! behind `--` where a million take too long.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program to measure with")]

use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use weir_core::budget::{Ask, AtLimit, Budget, Limit, Origin, Scope};
use weir_core::meter::End;
use weir_core::period::Period;
use weir_core::route::{Lately, Reason, Route};
use weir_core::{Endpoint, Metered, Money, Outcome, RequestId, Usage};
use weir_engine::books::{Balances, Books, FromLedger, Terms};
use weir_engine::clock::SystemClock;
use weir_engine::prices::Prices;
use weir_engine::routing::Routing;
use weir_ledger::Ledger;
use weir_proxy::ports::{
    Books as BooksPort, Closing, Estimate, LadderAsk, Opening, Reservation, RungAsk,
};

const NOW: i64 = 1_795_334_400_000;
const BUDGETS: usize = 50;
const IN_FLIGHT: u32 = 200;
const ROUNDS: u32 = 100_000;
const ROUNDS_WRITTEN: u32 = 10_000;
const FEW_ROWS: u32 = 10;
const MANY_ROWS: u32 = 1_000_000;

/// A third hold everything and the others one client or one project each, or all hold everything.
fn budgets(all_in_scope: bool) -> Vec<Budget> {
    let scope = |n: usize| match n % 3 {
        1 if !all_in_scope => Scope { client: Some(format!("client-{n}")), ..Scope::default() },
        2 if !all_in_scope => Scope { project: Some(format!("project-{n}")), ..Scope::default() },
        _ => Scope::default(),
    };
    let one = |n: usize| Budget {
        name: format!("budget-{n}"),
        period: [Period::Day, Period::Week, Period::Month][n % 3],
        limit: Limit::Usd(Money::MAX),
        scope: scope(n),
        thresholds: vec![70, 90, 100],
        at_limit: AtLimit::Block,
        origin: Origin::Written,
    };
    (0..BUDGETS).map(one).collect()
}

fn opening(n: u32) -> Opening {
    Opening {
        service_tier: None,
        id: RequestId::new(NOW + i64::from(n / 1_000), n % 1_000),
        attempt: 1,
        at_ms: NOW,
        client: "client-1".into(),
        project: Some("project-2".into()),
        session: Some("a-session-of-a-usual-length-0001".into()),
        category: None,
        endpoint: Endpoint::Messages,
        asked_model: "claude-sonnet-4-5".into(),
        provider: "anthropic".into(),
        model: "claude-sonnet-4-5".into(),
        local: false,
        demo: false,
        task: None,
        tier: None,
        confidence: None,
        reason: Reason::Asked,
        decision: None,
        estimate: Estimate {
            input_tokens: 2_000,
            output_tokens: 1_000,
            cache_write: false,
            choices: 1,
        },
        lately: Lately::default(),
    }
}

/// Prints one line for each ledger, in the order of their sizes.
fn show(name: &str, stages: &[Stage], took: Vec<Vec<u128>>) {
    println!("{name}");
    for (stage, mut took) in stages.iter().zip(took) {
        took.sort_unstable();
        let at = |percent: usize| took[took.len() * percent / 100] as f64 / 1_000.0;
        let rows = stage.rows;
        println!("  {rows:>9} in the ledger: p50 {:>7.2} µs   p99 {:>7.2} µs", at(50), at(99));
    }
}

/// Does the same over every ledger in turn, so that what else the machine does befalls all alike;
/// how long each took.
fn in_turn<S>(stages: Vec<S>, rounds: u32, mut one: impl FnMut(&S, u32) -> u128) -> Vec<Vec<u128>> {
    let mut took = vec![Vec::with_capacity(rounds as usize); stages.len()];
    for n in 0..rounds {
        for (stage, took) in stages.iter().zip(&mut took) {
            took.push(one(stage, n));
        }
    }
    took
}

fn decision(name: &str, budgets: &[Budget], stages: &[Stage]) {
    let ask = Ask { cost: Some(Money::from_nano(1_000)), tokens: 1_000 };
    let each = |stage| (RefCell::new(Balances::new(TimeZone::UTC, budgets)), stage);
    let all: Vec<(RefCell<Balances>, &Stage)> = stages.iter().map(each).collect();
    let took = in_turn(all, ROUNDS, |(balances, stage), n| {
        let (opening, past) = (opening(n), FromLedger(&stage.ledger));
        let mut balances = balances.borrow_mut();
        let begun = Instant::now();
        let admitted = balances.admit(&opening, ask, &past).is_ok();
        let took = begun.elapsed().as_nanos();
        assert!(admitted, "there is room");
        if n >= IN_FLIGHT {
            let oldest = self::opening(n - IN_FLIGHT).id;
            balances.close((oldest, 1), Some(Money::from_nano(10)), 500, None);
            assert_eq!(balances.open(), IN_FLIGHT as usize, "nothing that ended is kept");
        }
        took
    });
    show(name, stages, took);
}

fn closing() -> Closing {
    let usage = Some(Usage { input: 40, output: 20, ..Usage::default() });
    Closing {
        at_ms: NOW + 900,
        outcome: Outcome::Ok,
        status: 200,
        metered: Metered { usage, end: End::Complete, ..Metered::default() },
        sent: true,
        empty: false,
        last: true,
        dropped: None,
        first_byte_ms: Some(300),
        total_ms: 900,
    }
}

/// The ladder over a chain of three; how long it took.
fn ladder(books: &Books) -> u128 {
    let own: Vec<RungAsk> = ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"]
        .map(|model| RungAsk {
            route: Route { provider: "anthropic".into(), model: model.into() },
            local: false,
            estimate: opening(0).estimate,
        })
        .into();
    let ask = LadderAsk {
        at_ms: NOW,
        client: "client-1",
        project: Some("project-2"),
        session: None,
        category: None,
        tier: None,
        endpoint: Endpoint::Messages,
        service_tier: None,
        patient: true,
        own: &own,
        below: &[],
    };
    let begun = Instant::now();
    let left = books.ladder(&ask).allowed.len();
    let took = begun.elapsed().as_nanos();
    assert_eq!(left, own.len(), "there is room");
    took
}

/// The books of an engine over a ledger with so many requests.
struct Stage {
    rows: u32,
    ledger: Arc<Ledger>,
    books: Books,
    open: RefCell<VecDeque<Reservation>>,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn with(rows: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.toml"), "").expect("written");
        let (ledger, _) =
            Ledger::open(&folder.path().join("weir.db"), TimeZone::UTC, NOW).expect("opens");
        let ledger = Arc::new(ledger);
        let prices = Arc::new(Prices::open(None, None).expect("the built-in table"));
        let clock = Arc::new(SystemClock::new());
        let home = weir_engine::Home::at(folder.path());
        let routing =
            Routing::open(home, clock, Arc::clone(&prices), |_: &str| true).expect("a set-up");
        let terms = Terms { budgets: budgets(false), ..Terms::default() };
        let (own, routing) = (Arc::clone(&ledger), Arc::new(routing));
        let books = Books::new(own, prices, routing, TimeZone::UTC, terms);
        let stage = Self { rows, ledger, books, open: RefCell::default(), _folder: folder };
        for n in 0..rows + IN_FLIGHT {
            let _ = stage.reserve(n, if n < rows { 0 } else { IN_FLIGHT });
        }
        // The ledger's own threads would be measured too.
        stage.ledger.flush().expect("written");
        stage
    }

    /// Reserves the request of that number and settles the oldest past those that stay in flight.
    fn reserve(&self, n: u32, in_flight: u32) -> u128 {
        let opening = opening(n);
        let begun = Instant::now();
        let reservation = self.books.reserve(opening).expect("there is room");
        let took = begun.elapsed().as_nanos();
        let mut open = self.open.borrow_mut();
        open.push_back(reservation);
        while open.len() > in_flight as usize {
            let _ = self.books.settle(open.pop_front().expect("not empty"), closing());
        }
        took
    }
}

fn main() {
    let many = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(MANY_ROWS);
    let stages = [FEW_ROWS, many].map(Stage::with);
    println!("{BUDGETS} budgets, {IN_FLIGHT} requests in flight");
    decision("the decision, 19 budgets in scope", &budgets(false), &stages);
    decision("the decision, 50 budgets in scope", &budgets(true), &stages);
    let climbed = in_turn(stages.iter().collect(), ROUNDS_WRITTEN, |s, _| ladder(&s.books));
    show("the ladder of a chain of three, 19 budgets in scope", &stages, climbed);
    let written = in_turn(stages.iter().collect(), ROUNDS_WRITTEN, |s, n| {
        s.reserve(s.rows + IN_FLIGHT + n, IN_FLIGHT)
    });
    show("a whole reservation with its record in the journal", &stages, written);
}
