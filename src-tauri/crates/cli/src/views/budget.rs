//! `weir budget`, `weir import` and `weir reconcile` as text.

use super::status::standing;
use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::{
    AllowanceView, BudgetDone, BudgetView, Budgets, ImportDone, Money, Reconciled, Stamp, Zone,
};

const NONE: &str = "No budgets. Set one:\n    weir budget set week --period week --limit 5.00\n";

/// Every budget, what it does, and the windows of subscriptions.
pub fn list(all: &Budgets, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let mut out = String::new();
    if all.budgets.is_empty() {
        out.push_str(NONE);
    } else {
        let mut table =
            Table::new(&[("", Fit::Cut(6)), ("", Fit::Left), ("", Fit::Right), ("", Fit::Cut(20))]);
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
    let mut table =
        Table::new(&[("", Fit::Cut(6)), ("", Fit::Left), ("", Fit::Right), ("", Fit::Cut(20))]);
    for one in all {
        let tone = match one.percent {
            0..=69 => Tone::Plain,
            70..=89 => Tone::Warn,
            _ => Tone::Bad,
        };
        let resets = one.resets_at.map(|at| format!("resets {}", at.ahead(now, zone)));
        let pace = match one.pace.as_str() {
            "early" => Some("simple work goes local".to_owned()),
            "spent" => Some("all work goes local".to_owned()),
            _ => None,
        };
        let said: Vec<String> = resets.into_iter().chain(pace).collect();
        table.row([
            format!("{} {}", one.provider, one.window).into(),
            Cell::new(words::level(one.percent), tone),
            Cell::new(format!("{} %", one.percent), tone),
            said.join(", ").into(),
        ]);
    }
    table
}

/// What `weir cost alert` did.
pub fn alert(done: &BudgetDone) -> String {
    let Some(BudgetView { standing, .. }) = &done.budget else {
        return format!("{}\n", done.message);
    };
    let marks: Vec<String> = standing.thresholds.iter().map(|t| format!("{t} %")).collect();
    let limit = standing.limit_usd.map(Money::short).unwrap_or_default();
    format!(
        "You are told at {} of {limit} a {}. Nothing is stopped. To take it back: weir budget rm {}\n",
        marks.join(", "),
        standing.period,
        standing.name
    )
}

/// What an import came to.
pub fn imported(done: &ImportDone) -> String {
    let requests = |n| words::count(n, "request", "requests");
    let mut out = format!(
        "{} of {} added from {}, {} at the list prices of their days.\n",
        requests(done.added),
        done.source,
        words::count(done.files, "log", "logs"),
        done.cost_usd.short()
    );
    for (n, what) in [
        (done.known, "imported before"),
        (done.carried, "carried by Weir itself, and in its sums already"),
        (done.unpriced, "without a known price (weir price show MODEL)"),
    ] {
        if n > 0 {
            out.push_str(&format!("  {} {what}\n", requests(n)));
        }
    }
    if done.skipped > 0 {
        let lines = words::count(done.skipped, "line", "lines");
        out.push_str(&format!("  {lines} could not be read\n"));
    }
    out
}

/// A provider's report beside the ledger.
pub fn reconciled(found: &Reconciled, paint: Paint) -> String {
    let gap = &found.gap;
    let mut out = format!(
        "{} in {}: the ledger has {}, {} reports {}, a gap of {}\n",
        found.provider,
        found.month,
        gap.ledger_usd.short(),
        found.provider,
        gap.reported_usd.short(),
        gap.gap_usd.short()
    );
    if found.unpriced_requests > 0 {
        let n = words::count(found.unpriced_requests, "request has", "requests have");
        out.push_str(&format!("{n} no known price and are in no sum\n"));
    }
    if found.days.is_empty() {
        return out;
    }
    let mut table = Table::new(&[
        ("day", Fit::Left),
        ("model", Fit::Cut(12)),
        ("ledger", Fit::Point),
        ("reported", Fit::Point),
        ("gap", Fit::Point),
    ]);
    for day in &found.days {
        let model = if day.model.is_empty() {
            Cell::new("(none)", Tone::Quiet)
        } else {
            day.model.as_str().into()
        };
        let tone = if day.gap_usd == Money::ZERO { Tone::Plain } else { Tone::Warn };
        table.row([
            day.day.as_str().into(),
            model,
            day.ledger_usd.short().into(),
            day.reported_usd.short().into(),
            Cell::new(day.gap_usd.short(), tone),
        ]);
    }
    out.push('\n');
    out.push_str(&table.render(paint));
    out
}
