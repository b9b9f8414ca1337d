//! A spike and a forecast reach the user, each once, through the alerts' own thread.

use super::*;
use crate::alerts::{Alerts, Settings};

const HOUR_MS: i64 = 3_600_000;
/// What an answer token of gpt-5 costs: ten dollars a million.
const TOKEN_NANO: i64 = 10_000;

/// A start that spends so many cents at each moment and ends. What is told goes into the file `told`,
/// a line each.
fn run(dir: tempfile::TempDir, spent: &[(i64, i64)]) -> tempfile::TempDir {
    let Fixture { books, ledger, dir, .. } = reopen(dir);
    let books = Arc::new(books);
    let write = format!("cat >> {0}; echo >> {0}", dir.path().join("told").display());
    let command = ["sh", "-c", &write].map(str::to_owned).to_vec();
    let settings = Settings { desktop: false, webhook: None, command };
    let alerts =
        Alerts::start(&books, Arc::clone(&ledger), &settings, None, Box::new(|| {})).unwrap();
    for (n, (at_ms, cents)) in spent.iter().enumerate() {
        let id = RequestId::new(*at_ms, u32::try_from(n).unwrap());
        let opening = Opening { id, at_ms: *at_ms, ..opening(1) };
        let reservation = books.reserve(opening).unwrap();
        let output = u64::try_from(usd(*cents).nano() / TOKEN_NANO).unwrap();
        let usage = Usage { output, ..Usage::default() };
        books.settle(reservation, Closing { at_ms: *at_ms, ..closing(Some(usage)) });
    }
    // Tells what waits.
    alerts.end();
    dir
}

/// The sentences of a kind that were told.
fn told(dir: &tempfile::TempDir, kind: &str) -> Vec<String> {
    let text = std::fs::read_to_string(dir.path().join("told")).unwrap_or_default();
    let all = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    all.filter(|alert| alert["kind"] == kind)
        .map(|alert| alert["message"].as_str().unwrap().to_owned())
        .collect()
}

#[cfg(unix)]
#[test]
fn an_hour_of_twenty_usual_ones_is_told_once_a_day_also_after_a_restart() {
    let dir = fixture("", "").dir;
    let now = crate::clock::unix_ms();
    let usual: Vec<_> = (1..10).rev().map(|hours| (now - hours * HOUR_MS, 5)).collect();
    let dir = run(dir, &usual);
    assert_eq!(told(&dir, "spike"), Vec::<String>::new(), "a usual day is no news");
    // The habit is known from the ledger by then.
    let dir = run(dir, &[(now, 100), (now, 100)]);
    let heard = told(&dir, "spike");
    assert!(heard.len() == 1 && heard[0].starts_with("This hour cost $"), "{heard:?}");
    assert!(heard[0].ends_with("0 times the usual $0.05. See: weir log"), "{heard:?}");
    let dir = run(dir, &[(now + 1, 100)]);
    assert_eq!(told(&dir, "spike"), heard, "told before");
}

#[cfg(unix)]
#[test]
fn where_a_week_is_heading_is_told_once_also_after_a_restart() {
    let week = "[[budgets]]\nname = \"week\"\nperiod = \"week\"\nlimit_usd = 3.00\n\
                at_limit = \"notify\"\n";
    // All of a week but sixteen hours has gone by.
    let dir = run(fixture(week, "").dir, &[(NOW, 280)]);
    let heard = told(&dir, "forecast");
    assert!(heard.len() == 1 && heard[0].contains("the week ends at $3.0"), "{heard:?}");
    assert!(heard[0].contains("over by Sunday"), "{heard:?}");
    let dir = run(dir, &[(NOW + 61_000, 5)]);
    assert_eq!(told(&dir, "forecast"), heard, "once a window");
    assert_eq!(told(&dir, "threshold").len(), 2, "70 % and 90 %");
}
