//! `weir explain`: one request's whole decision in plain words.
//! Who asked, what, where it went and why, the attempts with their times, a bill that adds up,
//! and how all of it is known.

use super::bill::{Line, bill};
use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain, wrap};
use weir_engine::api::{Attempt, AttemptState, Explain, LogRow, Money, RequestUsage, Zone};

/// The story of a request.
pub fn explain(told: &Explain, zone: &Zone, paint: Paint) -> String {
    let row = &told.row;
    let mut out = format!("{}  {}\n\n", row.id, row.at.full(zone));
    let mut say = |text: String| out.push_str(&wrap(&plain(&text), words::WIDTH, "  "));
    say(row.summary.clone());
    say(asked(row));
    if row.outcome.as_deref() != Some("refused") {
        say(went(row));
    }
    if let Some(note) = &told.note {
        say(format!("{note}."));
    }
    if let Some(judged) = judged(row) {
        say(judged);
    }
    say(ended(row));
    if !row.dropped.is_empty() {
        say(format!("Left out in translation: {}.", row.dropped.join(", ")));
    }
    if !row.candidates.is_empty() {
        out.push_str("\nCandidates\n");
        out.push_str(&candidates(row).render(paint));
    }
    if !row.attempts.is_empty() {
        out.push_str("\nAttempts\n");
        out.push_str(&attempts(&row.attempts).render(paint));
        out.push('\n');
        out.push_str(&cost(told, paint));
    }
    out
}

fn asked(row: &LogRow) -> String {
    let hints: Vec<String> =
        [("project", &row.project), ("category", &row.category), ("session", &row.session)]
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}")))
            .collect();
    let hints = if hints.is_empty() { String::new() } else { format!(", {}", hints.join(", ")) };
    format!(
        "{} asked for {} ({}){hints}.",
        row.client,
        row.asked_model,
        row.endpoint.replace('_', " ")
    )
}

fn went(row: &LogRow) -> String {
    let place = if row.local { ", on this machine" } else { "" };
    format!("It went to {}{place}: {}.", row.route, words::reason(&row.reason))
}

fn judged(row: &LogRow) -> Option<String> {
    let said = words::judged(row.into())?;
    let class = row.class.as_deref().filter(|class| *class != "main");
    let facts = [
        row.mode.as_ref().map(|mode| format!("mode {mode}")),
        class.map(|class| format!("{class} request")),
        row.deterministic.filter(|follows| *follows).map(|_| "work of a fixed form".to_owned()),
        row.conversation.as_ref().map(|key| format!("conversation {key}")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    Some(match facts.is_empty() {
        true => format!("{said}."),
        false => format!("{said}. Routing: {}.", facts.join(", ")),
    })
}

fn ended(row: &LogRow) -> String {
    let Some(outcome) = row.outcome.as_deref() else {
        return "It is under way.".into();
    };
    if outcome == "refused" {
        return "Nothing was sent and nothing was spent, so it is in no list and no sum. Weir \
                remembers it until it stops."
            .into();
    }
    let mut text = format!("It ended: {}", words::outcome(outcome));
    if outcome == ORPHAN {
        return text + ". Weir stopped while it was open, so when its answer came is not known.";
    }
    match (row.first_byte_ms, row.total_ms) {
        (Some(first), Some(total)) => text.push_str(&format!(
            "; first byte after {}, done after {}",
            words::lasted(first.into()),
            words::lasted(total.into())
        )),
        (None, Some(total)) => {
            text.push_str(&format!("; no byte came, over after {}", words::lasted(total.into())));
        }
        _ => {}
    }
    match row.cache.as_str() {
        "off" | "miss" | "" => {}
        cache => text.push_str(&format!("; from the cache ({cache})")),
    }
    text + "."
}

fn candidates(row: &LogRow) -> Table {
    let mut table = Table::new(&[
        ("", Fit::Right),
        ("could go to", Fit::Route(12)),
        ("why", Fit::Cut(12)),
        ("expected", Fit::Point),
    ])
    .indented(2);
    let shadow = row.shadow.iter().map(|shadow| ("shadow".to_owned(), shadow));
    let numbered = (1..).zip(&row.candidates).map(|(n, candidate)| (n.to_string(), candidate));
    for (number, candidate) in numbered.chain(shadow) {
        table.row([
            number.into(),
            candidate.route.as_str().into(),
            words::brief(&candidate.reason).into(),
            candidate.expected_usd.map_or_else(
                || Cell::new("unpriced", Tone::Warn),
                |expected| expected.short().into(),
            ),
        ]);
    }
    table
}

fn attempts(attempts: &[Attempt]) -> Table {
    let mut table = Table::new(&[
        ("", Fit::Right),
        ("went to", Fit::Route(12)),
        ("ended", Fit::Cut(12)),
        ("first byte", Fit::Right),
        ("end", Fit::Right),
        ("reserved", Fit::Point),
        ("cost", Fit::Point),
    ])
    .indented(2);
    for (i, attempt) in attempts.iter().enumerate() {
        let time =
            |ms: Option<u32>| Cell::from(ms.map(|ms| words::lasted(ms.into())).unwrap_or_default());
        let money = |money: Option<weir_engine::api::Money>| money.map(|m| m.short());
        table.row([
            (i + 1).to_string().into(),
            attempt.route.as_str().into(),
            ending(attempt),
            time(attempt.first_byte_ms),
            time(attempt.total_ms),
            money(attempt.reserved_usd).unwrap_or_else(|| "unpriced".into()).into(),
            match (attempt.state, money(attempt.settled_usd)) {
                (_, Some(cost)) => cost.into(),
                (AttemptState::Open, None) => "".into(),
                (AttemptState::Void, None) => "$0".into(),
                (_, None) => Cell::new("unpriced", Tone::Warn),
            },
        ]);
    }
    table
}

fn ending(attempt: &Attempt) -> Cell {
    let short = match attempt.outcome.as_deref() {
        None => return "under way".into(),
        Some("ok") => return "complete".into(),
        Some("upstream_error") => "error",
        Some("error_in_stream") => "broke off",
        Some("truncated") => "cut short",
        Some("client_gone") => "client left",
        Some("unreachable") => "unreachable",
        Some("timeout") => "too late",
        Some("internal") => "Weir failed",
        Some("orphan") => "interrupted",
        Some(other) => other,
    };
    match attempt.status {
        Some(status) if status != 200 => Cell::new(format!("{short} {status}"), Tone::Bad),
        _ => Cell::new(short, Tone::Bad),
    }
}

fn cost(told: &Explain, paint: Paint) -> String {
    let row = &told.row;
    let mut out = String::new();
    if row.demo {
        return "Cost\n  None: the demonstration answered, and no sum counts it.\n".into();
    }
    if let Some(total) = row.cost_usd {
        out.push_str("Cost\n");
        let name = |line: &weir_engine::api::BillLine| match &line.model {
            Some(model) => format!("{} on {model}", line.kind),
            None => line.kind.clone(),
        };
        let interrupted = row.outcome.as_deref() == Some(ORPHAN);
        let line = |l: &_| Line { kind: name(l), units: Some(l.tokens), cost: l.cost_usd };
        // What an interrupted attempt used is not known; its kinds would be made up.
        let lines: Vec<Line> = told.lines.iter().filter(|_| !interrupted).map(line).collect();
        let rest = if interrupted { "set aside for it" } else { "other attempts and fees" };
        out.push_str(&bill(&lines, total, rest, paint));
        out.push('\n');
    }
    out.push_str(&wrap(&known(told), words::WIDTH, ""));
    if let Some((expected, real)) = row.expected_usd.zip(row.cost_usd) {
        out.push_str(&format!("Expected {}, came to {}.\n", expected.short(), real.short()));
    }
    if let Some(saved) = row.saved_usd.filter(|saved| saved.nano() > 0) {
        out.push_str(&format!("Saved {} against the model asked for.\n", saved.short()));
    }
    out
}

/// The outcome of a request that was open when Weir was killed.
const ORPHAN: &str = "orphan";

fn nothing_used(row: &LogRow) -> bool {
    row.usage.unwrap_or_default() == RequestUsage::default()
        && row.cost_usd.is_none_or(|cost| cost == Money::ZERO)
}

fn known(told: &Explain) -> String {
    let row = &told.row;
    if let Some(reason) = &told.estimated_because {
        return format!("About: the provider reported the usage, but {reason}.");
    }
    let text = match row.pricing.as_deref() {
        // A refusal, or an attempt of which nothing was sent.
        Some("exact") if row.outcome.as_deref() != Some("ok") && nothing_used(row) => {
            "Exact: no answer came, so nothing was used and nothing is billed."
        }
        Some("exact") => "Exact: the provider reported the usage, and its price is known.",
        Some("estimated") if row.outcome.as_deref() == Some(ORPHAN) => {
            "About, and at the most: what it used is not known, so it counts at the most it could \
             cost. The provider's own bill may be far lower: weir reconcile compares."
        }
        Some("estimated") => {
            "About: the provider's report of the usage never came, so Weir estimated it from what \
             passed through. The price is known."
        }
        Some("unpriced") => {
            "Unpriced: no price is known for this model, so it is in no sum. Set one in prices.toml \
             in the home folder."
        }
        _ => "The cost is known when it ends.",
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;

    #[test]
    fn a_request_that_was_rescued_is_told_whole() {
        let expected = "\
wr_1m816n35r0007  2026-11-22 09:41:07.000 +01:00

Kept on claude-opus-5-5: switching would have cost $0.31 more (82K cached
  tokens). Saved $0.0121 against claude-opus-5-5.
claude-code asked for claude-opus-5-5 (messages), project weir.
It went to anthropic/claude-opus-5-5: its conversation stays on its model.
Judged: agent step, high, sure (0.94). Routing: mode tiered, conversation
  00c0ffee00c0ffee.
It ended: complete; first byte after 820 ms, done after 4.2 s.

Candidates
     could go to                why                       expected
  1  anthropic/claude-opus-5-5  the conversation's model   $0.0431
  2  anthropic/claude-haiku-5   first of the tier          $0.3531
  3  vllm/mistral               next in the chain         unpriced

Attempts
     went to                    ended      first byte     end  reserved     cost
  1  anthropic/claude-opus-5-5  error 529      120 ms  130 ms   $0.4201  $0
  2  anthropic/claude-opus-5-5  complete       820 ms   4.2 s   $0.4201  $0.0453

Cost
               units      cost
  input        1,234  $0.00617
  cache read  82,000  $0.03690
  output       1,170  $0.00223
  total               $0.04530

Exact: the provider reported the usage, and its price is known.
Expected $0.0431, came to $0.0453.
Saved $0.0121 against the model asked for.
";
        let shown = explain(&samples::explained(), &samples::zone(), Paint::OFF);
        assert_eq!(shown, expected);
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH));
    }

    #[test]
    fn an_interrupted_request_claims_nothing_that_nobody_saw() {
        let mut told = samples::explained();
        told.row.outcome = Some("orphan".into());
        told.row.pricing = Some("estimated".into());
        told.row.first_byte_ms = None;
        told.row.total_ms = Some(0);
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(shown.contains("Weir stopped while it was open"), "{shown}");
        assert!(shown.contains("set aside for it") && shown.contains("at the most"), "{shown}");
        for false_word in ["no byte came", "passed through", "other attempts", "over after"] {
            assert!(!shown.contains(false_word), "{false_word}: {shown}");
        }
    }

    #[test]
    fn what_else_there_is_to_know_stands_below_where_it_went() {
        let mut told = samples::explained();
        told.note = Some("That model is below the high tier".into());
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(
            shown.contains("stays on its model.\nThat model is below the high tier.\n"),
            "{shown}"
        );
    }

    #[test]
    fn what_weir_refused_itself_is_told_without_a_route_an_attempt_or_a_bill() {
        let mut told = samples::explained();
        (told.row.outcome, told.row.route) = (Some("refused".into()), String::new());
        (told.row.attempts, told.lines) = (Vec::new(), Vec::new());
        told.row.summary = "Weir refused it (503): openai/gpt-5: resting for another 9 s.".into();
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(shown.contains("Weir refused it (503)") && shown.contains("Nothing was sent"));
        assert!(shown.contains("could go to"), "{shown}");
        for word in ["It went to", "Attempts", "Cost", "Exact"] {
            assert!(!shown.contains(word), "{word} in {shown}");
        }
    }

    #[test]
    fn an_attempt_that_used_nothing_is_exact_without_a_report() {
        let mut told = samples::explained();
        told.row.outcome = Some("upstream_error".into());
        (told.row.usage, told.row.cost_usd) = (None, Some(Money::ZERO));
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(shown.contains("Exact: no answer came, so nothing was used"), "{shown}");
        assert!(!shown.contains("reported"), "{shown}");
    }

    #[test]
    fn an_estimate_of_a_reported_usage_says_why_it_is_one() {
        let mut told = samples::explained();
        told.row.pricing = Some("estimated".into());
        told.estimated_because = Some("no price is known for sound".into());
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(
            shown.contains(
                "About: the provider reported the usage, but no price is known for sound.\n"
            ),
            "{shown}"
        );
        assert!(!shown.contains("never came"), "{shown}");
    }

    #[test]
    fn an_unpriced_request_says_so_and_shows_no_bill() {
        let mut told = samples::explained();
        told.row.cost_usd = None;
        told.row.saved_usd = None;
        told.row.pricing = Some("unpriced".into());
        let shown = explain(&told, &samples::zone(), Paint::OFF);
        assert!(shown.ends_with("Set one in\nprices.toml in the home folder.\n"), "{shown}");
        assert!(!shown.contains("total"));
    }
}
