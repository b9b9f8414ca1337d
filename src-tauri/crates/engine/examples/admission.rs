//! How long an admission takes with 50 budgets and 200 requests in flight: the decision alone, the
//! ladder before it, and the whole reservation with its record in the journal, over an empty ledger and
//! over one with a hundred thousand requests.
//! Run: `cargo run --release -p weir-engine --example admission`

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program to measure with")]

use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Instant;
use weir_core::budget::{Ask, AtLimit, Budget, Limit, Origin, Scope, Told};
use weir_core::meter::End;
use weir_core::period::{Period, Window};
use weir_core::route::{Reason, Route};
use weir_core::{Endpoint, Metered, Money, Outcome, RequestId, Usage};
use weir_engine::books::{Balances, Books, Past, Spend, Terms};
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
const ROUNDS: u32 = 200_000;
const ROUNDS_WRITTEN: u32 = 20_000;
const ROWS: u32 = 100_000;

struct Nothing;

impl Past for Nothing {
    fn spent(&self, _: &Scope, _: Window) -> Result<Spend, String> {
        Ok(Spend::default())
    }
    fn told(&self, _: &Budget, _: Window) -> Vec<Told> {
        Vec::new()
    }
}

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
        estimate: Estimate { input_tokens: 2_000, output_tokens: 1_000, cache_write: false },
    }
}

fn show(name: &str, mut took: Vec<u128>, open: usize) {
    took.sort_unstable();
    let at = |percent: usize| took[took.len() * percent / 100];
    println!("{name}: p50 {} ns, p99 {} ns ({open} in flight)", at(50), at(99));
}

fn decision(name: &str, budgets: &[Budget]) {
    let mut balances = Balances::new(TimeZone::UTC, budgets);
    let ask = Ask { cost: Some(Money::from_nano(1_000)), tokens: 1_000 };
    let mut took = Vec::with_capacity(ROUNDS as usize);
    for n in 0..ROUNDS {
        let opening = opening(n);
        let begun = Instant::now();
        let admitted = balances.admit(&opening, ask, &Nothing).is_ok();
        took.push(begun.elapsed().as_nanos());
        assert!(admitted, "there is room");
        if n >= IN_FLIGHT {
            let oldest = self::opening(n - IN_FLIGHT);
            balances.close((oldest.id, 1), Some(Money::from_nano(10)), 500, None);
        }
    }
    show(name, took, balances.open());
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

/// Reserves with 200 in flight, from the request of that number on; how long each took.
fn reserve(books: &Books, from: u32, rounds: u32) -> Vec<u128> {
    let mut open: std::collections::VecDeque<Reservation> = std::collections::VecDeque::new();
    let mut took = Vec::with_capacity(rounds as usize);
    for n in from..from + rounds {
        let opening = opening(n);
        let begun = Instant::now();
        let reservation = books.reserve(opening).expect("there is room");
        took.push(begun.elapsed().as_nanos());
        open.push_back(reservation);
        if open.len() > IN_FLIGHT as usize {
            books.settle(open.pop_front().expect("not empty"), closing());
        }
    }
    for reservation in open {
        let _ = books.settle(reservation, closing());
    }
    took
}

/// The ladder over a chain of three; how long each took.
fn ladder(books: &Books) -> Vec<u128> {
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
        own: &own,
        below: &[],
    };
    let one = |_| {
        let begun = Instant::now();
        let left = books.ladder(&ask).allowed.len();
        assert_eq!(left, own.len(), "there is room");
        begun.elapsed().as_nanos()
    };
    (0..ROUNDS_WRITTEN).map(one).collect()
}

fn whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "").expect("written");
    let (ledger, _) =
        Ledger::open(&folder.path().join("weir.db"), TimeZone::UTC, NOW).expect("opens");
    let prices = Arc::new(Prices::open(None, None).expect("the built-in table"));
    let clock = Arc::new(SystemClock::new());
    let home = weir_engine::Home::at(folder.path());
    let routing =
        Routing::open(home, clock, Arc::clone(&prices), |_: &str| true).expect("a set-up");
    let terms = Terms { budgets: budgets(false), ..Terms::default() };
    let books = Books::new(Arc::new(ledger), prices, Arc::new(routing), TimeZone::UTC, terms);
    show("the ladder of a chain of three", ladder(&books), 0);
    let took = reserve(&books, 0, ROUNDS_WRITTEN);
    show("a whole reservation, empty ledger", took, IN_FLIGHT as usize);
    reserve(&books, ROUNDS_WRITTEN, ROWS);
    let took = reserve(&books, ROUNDS_WRITTEN + ROWS, ROUNDS_WRITTEN);
    show("a whole reservation, 120,000 requests in the ledger", took, IN_FLIGHT as usize);
    show("the ladder of a chain of three, 140,000 requests in the ledger", ladder(&books), 0);
}

fn main() {
    decision("the decision, 50 budgets, 19 in scope", &budgets(false));
    decision("the decision, 50 budgets, all in scope", &budgets(true));
    whole();
}
