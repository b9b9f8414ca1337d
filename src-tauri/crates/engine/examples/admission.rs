//! How long an admission takes with 50 budgets and 200 requests in flight.
//! Run: `cargo run --release -p weir-engine --example admission`

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program to measure with")]

use jiff::tz::TimeZone;
use std::time::Instant;
use weir_core::budget::{Ask, AtLimit, Budget, Limit, Origin, Scope, Told};
use weir_core::period::{Period, Window};
use weir_core::route::Reason;
use weir_core::{Endpoint, Money, RequestId};
use weir_engine::books::{Balances, Past, Spend};
use weir_proxy::ports::{Estimate, Opening};

const NOW: i64 = 1_795_334_400_000;
const BUDGETS: usize = 50;
const IN_FLIGHT: u32 = 200;
const ROUNDS: u32 = 200_000;

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
        estimate: Estimate::default(),
    }
}

fn measure(name: &str, budgets: &[Budget]) {
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
    took.sort_unstable();
    let at = |percent: usize| took[took.len() * percent / 100];
    println!("{name}: p50 {} ns, p99 {} ns ({} in flight)", at(50), at(99), balances.open());
}

fn main() {
    measure("50 budgets, 19 in scope", &budgets(false));
    measure("50 budgets, all in scope", &budgets(true));
}
