//! Every schedule of threads that reserve and settle against one budget, by a model checker: the
//! limit is never passed, nothing stays set aside, nothing is booked twice.
#![expect(clippy::print_stdout, reason = "how many schedules there were is what a long run is for")]

use jiff::tz::TimeZone;
use shuttle::sync::{Arc, Mutex};
use shuttle::{check_dfs, check_random, thread};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use weir_core::budget::{Ask, Asks, AtLimit, Budget, Limit, Origin, Scope, Standing, Told};
use weir_core::period::{Period, Window};
use weir_core::route::{Lately, Reason};
use weir_core::{Endpoint, Money, RequestId};
use weir_engine::books::{Balances, Past, Spend};
use weir_proxy::ports::{Estimate, Opening};

const NOW: i64 = 1_795_334_400_000;
const LIMIT: i64 = 100;

/// What a ledger has of what ended. Written under the lock of the books, as the real one is.
#[derive(Clone, Default)]
struct Rows(Arc<AtomicI64>);

impl Past for Rows {
    fn spent(&self, _: &Scope, _: Window) -> Result<Spend, String> {
        Ok(Spend { cost: Money::from_nano(self.0.load(Ordering::SeqCst)), tokens: 0 })
    }
    fn told(&self, _: &Budget, _: Window) -> Vec<Told> {
        Vec::new()
    }
}

fn budget(name: &str, limit: i64) -> Budget {
    Budget {
        name: name.into(),
        period: Period::Day,
        limit: Limit::Usd(Money::from_nano(limit)),
        scope: Scope::default(),
        thresholds: vec![70, 90, 100],
        at_limit: AtLimit::Block,
        origin: Origin::Written,
    }
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
        estimate: Estimate::default(),
        lately: Lately::default(),
    }
}

/// What must hold whenever anybody looks.
fn within(books: &mut Balances, rows: &Rows) {
    for seen in books.standings(NOW, rows).expect("known") {
        let Standing { spent, reserved, .. } = seen.standing;
        assert!(spent.nano() + reserved.nano() <= LIMIT, "{spent} {reserved}");
    }
}

/// One request's life as the books lead it: admitted under the lock, written outside of it,
/// settled or given back under it. `fails` stands for a ledger that cannot write.
fn live(books: &Mutex<Balances>, rows: &Rows, n: u32, cost: i64, fails: bool) -> i64 {
    let ask = Asks::from(Ask { cost: Some(Money::from_nano(40)), tokens: 0 });
    let admitted = {
        let mut books = books.lock().expect("a lock");
        let admitted = books.admit(&opening(n), ask, rows).is_ok();
        if !admitted {
            books.turn_away("day", NOW, ask);
        }
        within(&mut books, rows);
        admitted
    };
    if !admitted {
        return 0;
    }
    let cost = if fails { 0 } else { cost };
    let place = (opening(n).id, 1);
    let mut books = books.lock().expect("a lock");
    books.close(place, Some(Money::from_nano(cost)), 0, Some(NOW));
    rows.0.fetch_add(cost, Ordering::SeqCst);
    // A second settlement of the same attempt changes nothing.
    books.close(place, Some(Money::from_nano(cost)), 0, Some(NOW));
    within(&mut books, rows);
    cost
}

fn budgets() -> [Budget; 2] {
    [budget("day", LIMIT), budget("other", LIMIT + 50)]
}

/// What else happens to the books meanwhile: an import, or another configuration.
fn disturb(books: &Mutex<Balances>, rows: &Rows) {
    {
        let mut books = books.lock().expect("a lock");
        books.forget();
        within(&mut books, rows);
    }
    let mut books = books.lock().expect("a lock");
    books.replace(&budgets());
    within(&mut books, rows);
}

fn race(threads: u32, disturbed: bool) {
    SCHEDULES.fetch_add(1, Ordering::Relaxed);
    let rows = Rows::default();
    let books = Arc::new(Mutex::new(Balances::new(TimeZone::UTC, &budgets())));
    let started: Vec<_> = (1..=threads)
        .map(|n| {
            let (books, rows) = (Arc::clone(&books), rows.clone());
            thread::spawn(move || live(&books, &rows, n, i64::from(n % 4) * 10, n % 3 == 0))
        })
        .collect();
    if disturbed {
        disturb(&books, &rows);
    }
    let spent: i64 = started.into_iter().map(|t| t.join().expect("no panic")).sum();
    let mut books = books.lock().expect("a lock");
    for seen in books.standings(NOW, &rows).expect("known") {
        assert_eq!(seen.standing.spent.nano(), spent, "each settlement once");
        assert_eq!(seen.standing.reserved, Money::ZERO, "nothing stays set aside");
    }
    assert_eq!(books.open(), 0);
}

static SCHEDULES: AtomicU64 = AtomicU64::new(0);

/// How many schedules a check went through.
fn schedules(check: impl FnOnce()) -> u64 {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = SCHEDULES.load(Ordering::Relaxed);
    check();
    SCHEDULES.load(Ordering::Relaxed) - before
}

/// Schedules that are tried where there are too many for all of them; `WEIR_SCHEDULES` sets another
/// number for a long run.
fn tried() -> usize {
    let wanted = std::env::var("WEIR_SCHEDULES").ok().and_then(|n| n.parse().ok());
    wanted.unwrap_or(2_000)
}

#[test]
fn two_requests_hold_the_limit_in_every_schedule_there_is() {
    let all = schedules(|| {
        check_dfs(|| race(2, false), None);
    });
    println!("{all} schedules");
    assert!(all > 10, "{all}");
}

#[test]
fn three_requests_hold_the_limit_in_the_first_schedules_of_all_there_are() {
    let all = schedules(|| {
        check_dfs(|| race(3, false), Some(10 * tried()));
    });
    println!("{all} schedules");
}

#[test]
fn a_request_holds_the_limit_while_the_books_are_read_anew_in_every_schedule_there_is() {
    let all = schedules(|| {
        check_dfs(|| race(1, true), None);
    });
    println!("{all} schedules");
    assert!(all > 10, "{all}");
}

#[test]
fn eight_requests_hold_the_limit_in_thousands_of_schedules() {
    let all = schedules(|| {
        check_random(|| race(8, false), tried());
        check_random(|| race(8, true), tried());
    });
    println!("{all} schedules");
    assert_eq!(all, 2 * tried() as u64);
}
