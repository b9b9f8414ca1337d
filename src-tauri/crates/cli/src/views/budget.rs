//! `weir budget` and `weir import` as text.

use super::status::standing;
use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::{
    AllowanceView, BudgetDone, BudgetView, Budgets, ImportDone, Money, Stamp, Zone,
};

const NONE: &str = "No budgets. Set one:\n    weir budget set week --period week --limit 5.00\n";

/// Every budget, what it does, and the windows of subscriptions.
pub fn list(all: &Budgets, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let mut out = String::new();
    if all.budgets.is_empty() {
        out.push_str(NONE);
    } else {
        let mut table = levels();
        for budget in &all.budgets {
            table.row(standing(&budget.standing, now, zone));
        }
        out.push_str(&table.render(paint));
        for line in all.budgets.iter().flat_map(|budget| beside(budget, now, zone)) {
            out.push_str(&words::wrap(&words::plain(&line), words::WIDTH, "  "));
        }
    }
    if !all.allowances.is_empty() {
        out.push_str("\nSubscriptions\n");
        out.push_str(&allowances(&all.allowances, now, zone).indented(2).render(paint));
    }
    out
}

/// What a line of the table has no place for.
fn beside(budget: &BudgetView, now: Stamp, zone: &Zone) -> Vec<String> {
    let standing = &budget.standing;
    let name = &standing.name;
    let mut lines = Vec::new();
    if !budget.scope.is_empty() {
        lines.push(format!("{name} counts {}", budget.scope.join(", ")));
    }
    if let Some(until) = standing.changed_until {
        lines.push(format!("{name} is changed until {}", until.ahead(now, zone)));
    }
    if let (Some(at_end), Some(over)) = (standing.forecast_usd, standing.over_at) {
        lines.push(format!(
            "{name} ends at {} at this pace, over by {}",
            at_end.short(),
            over.ahead(now, zone)
        ));
    }
    let spent: Vec<Money> = budget.history.iter().map(|window| window.spent_usd).collect();
    if spent.len() > 1 && spent.iter().any(|s| *s > Money::ZERO) {
        lines.push(format!("{name} before: {}", words::sparkline(&spent)));
    }
    lines
}

/// The windows of subscriptions, a line each.
pub fn allowances(all: &[AllowanceView], now: Stamp, zone: &Zone) -> Table {
    let mut table = levels();
    for one in all {
        let resets = one.resets_at.map(|at| format!("resets {}", at.ahead(now, zone)));
        let pace = match one.pace.as_str() {
            "early" => Some("simple work goes local".to_owned()),
            "spent" => Some("all work goes local".to_owned()),
            _ => None,
        };
        let said: Vec<String> = resets.into_iter().chain(pace).collect();
        table.row(level(format!("{} {}", one.provider, one.window), one.percent, said.join(", ")));
    }
    table
}

/// A table of what fills up, for lines by `level`.
pub fn levels() -> Table {
    Table::new(&[("", Fit::Cut(6)), ("", Fit::Left), ("", Fit::Right), ("", Fit::Cut(20))])
}

/// A line of it: whose level, how full, and what else there is to say.
pub fn level(name: String, percent: u64, more: String) -> [Cell; 4] {
    let tone = match percent {
        0..=69 => Tone::Plain,
        70..=89 => Tone::Warn,
        _ => Tone::Bad,
    };
    let (bar, number) = (words::level(percent), format!("{percent} %"));
    [name.into(), Cell::new(bar, tone), Cell::new(number, tone), more.into()]
}

/// What `weir cost alert` did. `before` is the amount it took the place of.
pub fn alert(done: &BudgetDone, before: Option<Money>) -> String {
    let Some(BudgetView { standing, .. }) = &done.budget else {
        return format!("{}\n", done.message);
    };
    let marks: Vec<String> = standing.thresholds.iter().map(|t| format!("{t} %")).collect();
    let limit = standing.limit_usd.map(Money::short).unwrap_or_default();
    let before = before.filter(|before| Some(*before) != standing.limit_usd);
    let before = before.map_or(String::new(), |usd| format!(" It was {}.", usd.short()));
    format!(
        "You are told at {} of {limit} a {}.{before} Nothing is stopped. To take it back: weir budget \
         rm {}\n",
        marks.join(", "),
        standing.period,
        standing.name
    )
}

/// What an import came to. `paid_by_plan` is whether its dollars were left out.
pub fn imported(done: &ImportDone, folder: &str, paid_by_plan: bool) -> String {
    let requests = |n| words::count(n, "request", "requests");
    if done.files == 0 {
        return format!(
            "No session logs of {} in {folder}. Another place: --folder DIR\n",
            done.source
        );
    }
    let priced = done.added > done.unpriced;
    let cost = match paid_by_plan {
        true if done.added > 0 => ", paid by a plan and so without dollars".into(),
        false if priced => format!(", {} at the list prices of their days", done.cost_usd.short()),
        _ => String::new(),
    };
    let logs = words::count(done.files, "log", "logs");
    let mut out = format!("{} of {} added from {logs}{cost}.\n", requests(done.added), done.source);
    for (n, what) in [
        (done.known, "imported before"),
        (done.carried, "carried by Weir itself, and in its sums already"),
        (done.unpriced, "without a known price (weir price show MODEL)"),
    ] {
        if n > 0 {
            out.push_str(&format!("  {} {what}\n", requests(n)));
        }
    }
    if done.recent > 0 {
        let they = if done.recent == 1 { "it" } else { "they" };
        let n = requests(done.recent);
        let line =
            format!("  {n} of the last ten minutes left to the next import: {they} may grow\n");
        out.push_str(&line);
    }
    if done.skipped > 0 {
        let lines = words::count(done.skipped, "line", "lines");
        out.push_str(&format!("  {lines} could not be read\n"));
    }
    if done.left_out > 0 {
        let logs = words::count(done.left_out, "log", "logs");
        out.push_str(&format!(
            "  {logs} left out, the oldest: too many at once. A part of them: --folder DIR\n"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(files: u64, added: u64, known: u64) -> ImportDone {
        ImportDone {
            source: "codex".into(),
            files,
            added,
            known,
            carried: 0,
            unpriced: 0,
            recent: 0,
            skipped: 0,
            left_out: 0,
            cost_usd: Money::from_nano(36_000_000),
        }
    }

    #[test]
    fn an_import_says_what_it_took_what_it_cost_and_where_nothing_was() {
        let said = |files, added, known, plan| imported(&done(files, added, known), "/logs", plan);
        assert_eq!(
            said(1, 2, 0, false),
            "2 requests of codex added from 1 log, $0.036 at the list prices of their days.\n"
        );
        assert_eq!(
            said(2, 2, 0, true),
            "2 requests of codex added from 2 logs, paid by a plan and so without dollars.\n"
        );
        assert_eq!(
            said(1, 0, 2, false),
            "0 requests of codex added from 1 log.\n  2 requests imported before\n"
        );
        assert_eq!(
            said(0, 0, 0, false),
            "No session logs of codex in /logs. Another place: --folder DIR\n"
        );
    }

    #[test]
    fn an_import_never_shows_as_free_what_has_no_price_and_says_what_it_left_out() {
        let some = ImportDone { unpriced: 1, recent: 2, skipped: 1, left_out: 3, ..done(1, 2, 0) };
        let lines = "  1 request without a known price (weir price show MODEL)\n  \
                     2 requests of the last ten minutes left to the next import: they may grow\n  \
                     1 line could not be read\n  \
                     3 logs left out, the oldest: too many at once. A part of them: --folder DIR\n";
        let first =
            "2 requests of codex added from 1 log, $0.036 at the list prices of their days.";
        assert_eq!(imported(&some, "/logs", false), format!("{first}\n{lines}"));
        let none = ImportDone { unpriced: 2, cost_usd: Money::ZERO, ..done(1, 2, 0) };
        let said = imported(&none, "/logs", false);
        assert!(said.starts_with("2 requests of codex added from 1 log.\n"), "{said}");
    }
}
