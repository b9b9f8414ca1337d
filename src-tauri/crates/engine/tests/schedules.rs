//! Every schedule of threads that reserve and settle against one budget, by a model checker: the
//! limit is never passed, nothing stays set aside, nothing is booked twice.

use jiff::tz::TimeZone;
use shuttle::sync::{Arc, Mutex};
use shuttle::{check_dfs, check_random, thread};
use weir_core::budget::{Ask, AtLimit, Budget, Limit, Origin, Scope, Standing, Told};
use weir_core::period::{Period, Window};
use weir_core::route::Reason;
use weir_core::{Endpoint, Money, RequestId};
use weir_engine::books::{Balances, Past, Spend};
use weir_proxy::ports::{Estimate, Opening};

const NOW: i64 = 1_795_334_400_000;
const LIMIT: i64 = 100;

struct Nothing;

impl Past for Nothing {
    fn spent(&self, _: &Scope, _: Window) -> Result<Spend, String> {
        Ok(Spend::default())
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
    }
}

/// What must hold whenever anybody looks.
fn within(books: &mut Balances) {
    for seen in books.standings(NOW, &Nothing).expect("known") {
        let Standing { spent, reserved, .. } = seen.standing;
        assert!(spent.nano() + reserved.nano() <= LIMIT, "{spent} {reserved}");
    }
}

/// One request's life as the books lead it: admitted under the lock, written outside of it,
/// settled or given back under it. `fails` stands for a ledger that cannot write.
fn live(books: &Mutex<Balances>, n: u32, cost: i64, fails: bool) -> i64 {
    let ask = Ask { cost: Some(Money::from_nano(40)), tokens: 0 };
    let admitted = {
        let mut books = books.lock().expect("a lock");
        let admitted = books.admit(&opening(n), ask, &Nothing).is_ok();
        within(&mut books);
        admitted
    };
    if !admitted {
        return 0;
    }
    let cost = if fails { 0 } else { cost };
    let place = (opening(n).id, 1);
    let mut books = books.lock().expect("a lock");
    books.close(place, Some(Money::from_nano(cost)), 0, Some(NOW));
    // A second settlement of the same attempt changes nothing.
    books.close(place, Some(Money::from_nano(cost)), 0, Some(NOW));
    within(&mut books);
    cost
}

fn race(threads: u32) {
    let all = [budget("day", LIMIT), budget("other", LIMIT + 50)];
    let books = Arc::new(Mutex::new(Balances::new(TimeZone::UTC, &all)));
    let started: Vec<_> = (1..=threads)
        .map(|n| {
            let books = Arc::clone(&books);
            thread::spawn(move || live(&books, n, i64::from(n % 4) * 10, n % 3 == 0))
        })
        .collect();
    let spent: i64 = started.into_iter().map(|t| t.join().expect("no panic")).sum();
    let mut books = books.lock().expect("a lock");
    for seen in books.standings(NOW, &Nothing).expect("known") {
        assert_eq!(seen.standing.spent.nano(), spent, "each settlement once");
        assert_eq!(seen.standing.reserved, Money::ZERO, "nothing stays set aside");
    }
    assert_eq!(books.open(), 0);
}

#[test]
fn three_requests_hold_the_limit_in_every_schedule_there_is() {
    check_dfs(|| race(3), None);
}

#[test]
fn eight_requests_hold_the_limit_in_two_thousand_schedules() {
    check_random(|| race(8), 2_000);
}
