//! The published JSON shapes: every field they name is there, under that name, and reads back.

use super::samples;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use weir_engine::api::*;

#[track_caller]
fn check<T: Serialize + DeserializeOwned>(value: &T, fields: &str) -> Value {
    let json = serde_json::to_value(value).expect("JSON");
    for field in fields.split_whitespace() {
        assert!(json.get(field).is_some(), "{field} is missing in {json}");
    }
    let back: T = serde_json::from_value(json.clone()).expect("reads back");
    assert_eq!(serde_json::to_value(&back).expect("JSON"), json);
    json
}

const SUMS: &str = "requests spent_usd saved_usd local_requests unpriced_requests \
    estimated_requests tokens";
const LOG: &str = "id at client project session asked_model route task tier confidence reason \
    attempts outcome pricing usage cost_usd saved_usd cache first_byte_ms total_ms dropped";

const DECISION: &str = "mode class conversation deterministic prompt_tokens candidates expected_usd \
    shadow summary";

#[test]
fn cost_summary_and_breakdown() {
    let summary = check(&samples::week(), &format!("period from to {SUMS}"));
    assert_eq!(summary["spent_usd"], "3.800000000");
    assert_eq!(summary["period"], "week");
    let tokens: Tokens = serde_json::from_value(summary["tokens"].clone()).expect("tokens");
    check(&tokens, "input cache_read cache_write_5m cache_write_1h output reasoning");
    let group = CostGroup { key: "anthropic".into(), sums: samples::week().sums };
    check(&group, &format!("key {SUMS}"));
    let breakdown = CostBreakdown {
        period: Span::All,
        from: None,
        to: None,
        by: By::Provider,
        groups: vec![group],
    };
    assert_eq!(check(&breakdown, "period by groups")["by"], "provider");
}

#[test]
fn log_and_its_attempts() {
    let row = check(&samples::row(), LOG);
    assert_eq!(row["id"], "wr_1m816n35r0007");
    assert_eq!(row["at"], "2026-11-22T08:41:07.000Z");
    assert_eq!(row["cost_usd"], "0.045300000");
    let attempt = &samples::row().attempts[0];
    let attempt = check(attempt, "route at outcome status reserved_usd settled_usd state");
    let states =
        [AttemptState::Open, AttemptState::Settled, AttemptState::Void, AttemptState::Orphan];
    assert_eq!(json!(states), json!(["open", "settled", "void", "orphan"]));
    assert_eq!(attempt["state"], "settled");
    check(&samples::explained(), &format!("{LOG} lines {DECISION}"));
}

#[test]
fn status() {
    let status = samples::status();
    check(&status, "pid port version uptime_s streams budgets providers local routing");
    check(
        &status.budgets[0],
        "name period limit_usd spent_usd reserved_usd percent thresholds reached resets_at at_limit",
    );
    check(&status.providers[0], "name state reason");
    check(&status.local[0], "server url state models");
    check(&status.local[0].models[0], "name loaded context cloud");
    check(&status.routing, "mode local_share tiers");
}

#[test]
fn route_test_and_price_cost() {
    let candidate = RouteCandidate {
        route: "openai/gpt-5".into(),
        reason: "asked".into(),
        expected_usd: Some(Money::from_nano(1)),
        unable: None,
    };
    check(&candidate, "route reason expected_usd");
    let test = RouteTest {
        task: None,
        tier: None,
        judged_tier: None,
        confidence: None,
        class: None,
        deterministic: false,
        conversation: None,
        asked_model: None,
        candidates: vec![candidate],
        problem: None,
    };
    check(&test, "task tier confidence conversation candidates");
    let line = PriceLine { kind: "input".into(), tokens: 1, nano_usd: 2 };
    check(&line, "kind tokens nano_usd");
    let cost = PriceCost {
        model: "gpt-5".into(),
        at: samples::now(),
        nano_usd: 2,
        lines: vec![line],
        provider: "openai".into(),
    };
    assert_eq!(check(&cost, "model at nano_usd lines")["nano_usd"], 2);
}
