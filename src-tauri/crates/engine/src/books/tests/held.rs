//! Tests of what budgets keep in memory and how they find what counts a call.

use super::*;
use crate::books::hold::{About, subject};
use crate::books::index::Index;
use weir_core::budget::Subject;
use weir_core::route::Tier;

const MINUTE_MS: i64 = 60_000;
const TIERS: [Tier; 3] = [Tier::Low, Tier::Medium, Tier::High];

#[test]
fn what_is_held_in_memory_does_not_grow_with_the_number_of_requests() {
    let scoped = |client: &str| Scope { client: Some(client.into()), ..Scope::default() };
    let one = |period, scope| Budget { period, scope, ..budget(Money::MAX, AtLimit::Block) };
    let budgets = [
        one(Period::Day, Scope::default()),
        one(Period::Week, scoped("codex")),
        one(Period::Month, scoped("somebody else")),
    ];
    let mut balances = Balances::new(TimeZone::UTC, &budgets);
    let past = nothing();
    // Every request is of a session, a project and a model of its own, a minute after the last.
    let at = |n: u32| Opening {
        id: RequestId::new(NOW + i64::from(n) * MINUTE_MS, n),
        at_ms: NOW + i64::from(n) * MINUTE_MS,
        session: Some(format!("session-{n}")),
        project: Some(format!("project-{n}")),
        model: format!("model-{n}"),
        ..opening(n)
    };
    let mut kept_early = 0;
    for n in 0..20_000 {
        balances.admit(&at(n), ask(1), &past).unwrap();
        if n >= 200 {
            balances.close((at(n - 200).id, 1), Some(usd(1)), 5, Some(at(n).at_ms));
        }
        if n == 5_000 {
            kept_early = balances.kept();
        }
    }
    assert_eq!(balances.open(), 200, "those in flight");
    assert_eq!(balances.kept(), kept_early, "two weeks on");
}

#[test]
fn the_first_budget_of_the_configuration_is_named_also_where_the_index_finds_it_last() {
    let scope = Scope { client: Some("codex".into()), ..Scope::default() };
    let named = |name: &str, scope| Budget {
        name: name.into(),
        scope,
        ..budget(usd(1), AtLimit::Downgrade)
    };
    let budgets = [named("codex alone", scope), named("all", Scope::default())];
    let mut balances = Balances::new(TimeZone::UTC, &budgets);
    let past = nothing();
    let denied = balances.admit(&opening(1), ask(2), &past).unwrap_err();
    assert!(matches!(denied, Denied::Full(seen) if seen.budget.name == "codex alone"));
    let one = opening(1);
    let weighed = balances.weigh(&subject(&one), NOW, ask(2).into(), &past).unwrap();
    let names: Vec<&str> =
        weighed.against.iter().map(|(_, seen, _)| seen.budget.name.as_str()).collect();
    assert_eq!(names, ["codex alone", "all"]);
}

/// Few words, so that scopes and calls often agree.
fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[ab]{0,2}")
}

prop_compose! {
    fn scopes()(
        provider in word(), model in word(), category in word(), client in word(),
        project in word(), session in word(),
        tier in prop::option::of(0usize..3), local in prop::option::of(any::<bool>()),
        few in 0u8..64,
    ) -> Scope {
        // Most name one or two facts.
        let kept = |bit: u8, text: Option<String>| text.filter(|_| few >> bit & 1 == 1);
        Scope {
            provider: kept(0, provider), model: kept(1, model), category: kept(2, category),
            client: kept(3, client), project: kept(4, project), session: kept(5, session),
            tier: tier.map(|at| TIERS[at].as_str().to_owned()), local,
        }
    }
}

prop_compose! {
    fn openings()(
        provider in "[ab]{0,2}", model in "[ab]{0,2}", client in "[ab]{0,2}",
        category in word(), project in word(), session in word(),
        tier in prop::option::of(0usize..3), local in any::<bool>(),
    ) -> Opening {
        Opening {
            provider, model, client: client.as_str().into(), category, project, session, local,
            tier: tier.map(|at| TIERS[at]), ..opening(1)
        }
    }
}

proptest! {
    #[test]
    fn an_open_reservation_is_about_what_its_attempt_was_about(opening in openings()) {
        let about = About::of(&opening);
        prop_assert_eq!(about.subject(), subject(&opening));
    }

    #[test]
    fn a_budget_is_found_once_exactly_where_its_scope_holds_the_call(
        scopes in prop::collection::vec(scopes(), 0..12), opening in openings(),
    ) {
        let subject: Subject<'_> = subject(&opening);
        let index = Index::of(scopes.iter());
        let near = index.near(&subject);
        let mut found: Vec<usize> = near
            .filter(|near| near.surely || scopes[near.place].holds(&subject))
            .map(|near| near.place)
            .collect();
        found.sort_unstable();
        let all: Vec<usize> = (0..scopes.len()).filter(|at| scopes[*at].holds(&subject)).collect();
        prop_assert_eq!(found, all);
    }
}
