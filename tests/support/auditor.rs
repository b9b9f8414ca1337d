//! The independent audit: the ledger against the truth log. What it checks is numbered as in
//! the reliability goals: I1 every attempt has one reservation and one end, I2 none is written
//! twice, I3 sums are the fold of rows, I4 what is booked is what the provider said, I5 unknown
//! is never zero, I7 every row belongs to one local day, I8 the file is whole.
//! (I6, hard limits, is a property of concurrent admission and has a test of its own.)

use crate::answers::Kind;
use crate::home::Home;
use crate::ledger::{self, Row};
use crate::provider::Attempt;
use std::collections::HashMap;
use std::path::Path;

/// Milliseconds in a day.
const DAY_MS: i64 = 86_400_000;

/// What may be open to doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Nothing was killed: every row has a line in the truth log and the other way round.
    NothingKilled,
    /// Clients hung up: what the provider had told may not have been read any more.
    ClientsGone,
    /// The process was killed: a reservation may exist for an attempt that never left.
    Killed,
}

/// Audits a home's ledger against everything the provider saw; returns what is wrong.
pub fn audit(home: &Home, truth: &[Attempt], strictness: Strictness) -> Vec<String> {
    let path = home.ledger();
    let mut found = ledger::damage(&path);
    let rows = ledger::rows(&path);
    found.extend(audit_rows(&rows, truth, strictness));
    found.extend(audit_sums(home, &path, &rows));
    found
}

/// I1, I4, I5 and I7 over the rows given.
pub fn audit_rows(rows: &[Row], truth: &[Attempt], strictness: Strictness) -> Vec<String> {
    let mut found = Vec::new();
    let mut booked: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        booked.entry(row.session.as_str()).or_default().push(row);
        found.extend(row_faults(row));
    }
    let mut seen: HashMap<&str, Vec<&Attempt>> = HashMap::new();
    for attempt in truth.iter().filter(|attempt| metered(attempt)) {
        seen.entry(attempt.asked.marker().unwrap_or_default()).or_default().push(attempt);
    }
    for (marker, attempts) in &seen {
        let rows = booked.get(marker).map(Vec::as_slice).unwrap_or_default();
        if rows.len() < attempts.len() {
            found.push(format!(
                "I1 lost: {marker} reached the provider {} times, the books know {}",
                attempts.len(),
                rows.len()
            ));
        }
        if attempts.len() == rows.len() {
            let pairs = attempts.iter().zip(rows);
            found.extend(pairs.flat_map(|(attempt, row)| truth_faults(attempt, row, strictness)));
        }
    }
    if strictness != Strictness::Killed {
        for (marker, rows) in booked.iter().filter(|(marker, _)| !marker.is_empty()) {
            let sent = rows.iter().filter(|row| went_out(row)).count();
            let seen = seen.get(marker).map_or(0, Vec::len);
            if sent > seen {
                found.push(format!("I1: {marker} has {sent} rows, the provider saw {seen}"));
            }
        }
    }
    found
}

fn metered(attempt: &Attempt) -> bool {
    let free = [Kind::MessagesCount, Kind::GeminiCount, Kind::Models, Kind::GeminiModels];
    let marked = attempt.asked.marker().is_some();
    marked && Kind::of(attempt.asked.path()).is_some_and(|kind| !free.contains(&kind))
}

fn went_out(row: &Row) -> bool {
    let free = ["messages_count", "generate_count", "models", "gemini_models"];
    let unreached = row.end.as_ref().is_some_and(|end| end.outcome == "unreachable");
    row.provider != "demo" && !unreached && !free.contains(&row.endpoint.as_str())
}

/// I5 and I7: what a row must say whatever happened, and I1's "exactly one end".
fn row_faults(row: &Row) -> Vec<String> {
    let mut found = Vec::new();
    let name = format!("{}/{} ({})", row.request, row.attempt, row.session);
    let Some(end) = &row.end else {
        return vec![format!("I1: {name} has no end")];
    };
    match (end.pricing.as_str(), end.cost) {
        ("exact" | "estimated", Some(cost)) if cost >= 0 => {}
        ("unpriced", None) => {}
        other => found.push(format!("I5: {name} says {other:?}")),
    }
    let uncounted = row.provider == "demo" || row.endpoint.ends_with("_count");
    if row.uncounted != uncounted {
        found.push(format!("I3: {name} is left out of the sums, or wrongly in them: {row:?}"));
    }
    let free = row.local || uncounted || end.kind == "void";
    let worked = end.tokens.is_some_and(|tokens| tokens.prompt() + tokens.output > 0);
    if !free && end.cost == Some(0) && (worked || end.pricing == "estimated") {
        found.push(format!("I5: {name} cost nothing and is not free: {end:?}"));
    }
    if end.kind == "orphan" && (end.pricing == "exact" || end.outcome != "orphan") {
        found.push(format!("I5: {name} is an orphan and not flagged as one: {end:?}"));
    }
    if end.kind == "orphan" && row.reserved.is_some() && end.cost != row.reserved {
        found.push(format!("I5: {name} is an orphan away from its estimate: {row:?}"));
    }
    if row.zone.is_empty() || row.day != row.at_ms.div_euclid(DAY_MS) {
        found.push(format!("I7: {name} is on day {} of zone {:?}", row.day, row.zone));
    }
    found
}

/// I4: an answer whose usage was told is booked exactly as told, unless its client hung up before
/// that could be read; then it is an estimate and says so.
fn truth_faults(attempt: &Attempt, row: &Row, strictness: Strictness) -> Vec<String> {
    let (Some(told), Some(end)) = (&attempt.told, &row.end) else {
        return Vec::new();
    };
    if end.outcome != "ok" {
        return Vec::new();
    }
    if attempt.sent_bytes < told.at {
        return vec![format!("I4: {} was not complete and is booked as ok", row.session)];
    }
    if strictness == Strictness::ClientsGone && end.pricing == "estimated" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let truth = told.tokens.nano(&told.model);
    if end.tokens != Some(told.tokens) {
        let said = &told.tokens;
        found.push(format!("I4: {} told {said:?}, booked {:?}", row.session, end.tokens));
    }
    if let Some(truth) = truth
        && (end.pricing != "exact" || end.cost.map(i128::from) != Some(truth))
    {
        found.push(format!(
            "I4: {} on {} costs {truth} nano, booked {:?} {}",
            row.session, told.model, end.cost, end.pricing
        ));
    }
    found
}

/// I3: what the program reports is the fold of the rows, to the nano-dollar.
fn audit_sums(home: &Home, path: &Path, rows: &[Row]) -> Vec<String> {
    if !path.exists() {
        return Vec::new();
    }
    let ran = home.weir(&["cost", "summary", "--period", "all", "--json"]);
    if ran.code != 0 {
        return vec![format!("I3: cost summary failed: {} {}", ran.stdout, ran.stderr)];
    }
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let counted = rows.iter().filter(|row| !row.uncounted).filter_map(|row| row.end.as_ref());
    let spent: i128 = counted.clone().filter_map(|end| end.cost).map(i128::from).sum();
    let output: u64 = counted.filter_map(|end| end.tokens).map(|tokens| tokens.output).sum();
    let mut found = Vec::new();
    if summary["spent_usd"].as_str().and_then(nano) != Some(spent) {
        found.push(format!("I3: rows add up to {spent} nano, the summary says {summary}"));
    }
    if summary["tokens"]["output"].as_u64() != Some(output) {
        found.push(format!("I3: rows hold {output} output tokens, the summary says {summary}"));
    }
    found
}

/// A decimal string of dollars as nano-dollars; `None` for anything but nine decimals.
pub fn nano(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() != 9 {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = fraction.parse().ok()?;
    Some(whole * 1_000_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Head;
    use crate::ledger::End;
    use crate::provider::{Asked, Ended, Told};
    use crate::tokens::{HAIKU, Tokens};

    fn seen(marker: &str) -> Attempt {
        let agent = ("user-agent".to_owned(), format!("tests marker/{marker}"));
        let head = Head { first: String::new(), headers: vec![agent] };
        let target = "/v1/messages".to_owned();
        let told = Told { model: HAIKU.into(), tokens: Tokens::plain(10, 20), at: 100 };
        Attempt {
            asked: Asked { target, head, ..Asked::default() },
            whole: true,
            told: Some(told),
            sent_bytes: 200,
            waiting: false,
            ended: Ended::Done,
            gone_at: None,
        }
    }

    fn row(marker: &str) -> Row {
        let end = End {
            kind: "settle".into(),
            outcome: "ok".into(),
            status: 200,
            pricing: "exact".into(),
            cost: Some(110_000),
            tokens: Some(Tokens::plain(10, 20)),
        };
        Row {
            request: 1,
            attempt: 1,
            at_ms: DAY_MS * 20_000 + 5,
            day: 20_000,
            zone: "UTC".into(),
            client: "tests".into(),
            project: String::new(),
            session: marker.into(),
            category: String::new(),
            endpoint: "messages".into(),
            asked_model: HAIKU.into(),
            provider: "anthropic".into(),
            model: HAIKU.into(),
            uncounted: false,
            local: false,
            reserved: Some(500_000),
            end: Some(end),
        }
    }

    fn faults(change: impl FnOnce(&mut Row)) -> Vec<String> {
        let mut row = row("a");
        change(&mut row);
        audit_rows(&[row], &[seen("a")], Strictness::NothingKilled)
    }

    fn end(row: &mut Row) -> &mut End {
        row.end.as_mut().expect("the sample has an end")
    }

    #[test]
    fn books_that_agree_have_no_faults() {
        assert_eq!(faults(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn an_attempt_without_a_row_is_lost() {
        let found = audit_rows(&[], &[seen("a")], Strictness::Killed);
        assert!(found[0].starts_with("I1 lost"), "{found:?}");
    }

    #[test]
    fn a_row_without_an_attempt_is_invented_unless_something_was_killed() {
        let rows = [row("a"), Row { request: 2, ..row("a") }];
        assert_eq!(audit_rows(&rows, &[seen("a")], Strictness::NothingKilled).len(), 1);
        assert_eq!(audit_rows(&rows, &[seen("a")], Strictness::Killed).len(), 0);
    }

    #[test]
    fn every_wrong_figure_is_a_fault() {
        let wrong: [fn(&mut Row); 10] = [
            |row| row.end = None,
            |row| end(row).cost = Some(110_001),
            |row| end(row).cost = Some(0),
            |row| end(row).cost = None,
            |row| end(row).pricing = "estimated".into(),
            |row| end(row).tokens = Some(Tokens::plain(10, 21)),
            |row| row.uncounted = true,
            |row| row.day = 20_001,
            |row| row.zone = String::new(),
            |row| end(row).kind = "orphan".into(),
        ];
        for (number, change) in wrong.into_iter().enumerate() {
            assert!(!faults(change).is_empty(), "fault {number} is not found");
        }
    }

    #[test]
    fn an_answer_that_was_cut_cannot_be_ok() {
        let cut = Attempt { sent_bytes: 50, ..seen("a") };
        assert!(!audit_rows(&[row("a")], &[cut], Strictness::NothingKilled).is_empty());
    }

    #[test]
    fn dollars_are_read_to_the_nano() {
        assert_eq!(nano("1.234567890"), Some(1_234_567_890));
        assert_eq!((nano("1.23"), nano("1"), nano("x.123456789")), (None, None, None));
    }
}
