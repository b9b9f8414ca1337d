//! A month as the ledger has it.

use super::cost::{Books, sums};
use super::month::Month;
use super::problem::ledger_read;
use crate::api::{ApiProblem, By, Report, ReportBudget, ReportPart, ReportWindow};
use crate::parts::Parts;
use jiff::tz::TimeZone;
use weir_core::budget::{Budget, Origin, Scope};
use weir_core::period::{LocalDay, Period, Window};

/// What a month is taken apart by.
const PARTS: [By; 4] = [By::Provider, By::Model, By::Task, By::Client];

/// A month; the one that runs without a name.
pub fn report(parts: &Parts, books: &Books<'_>, month: Option<&str>) -> Result<Report, ApiProblem> {
    let month = Month::of(month, books.now_ms, &books.zone)?;
    let totals = books.ledger.totals(month.range, &Scope::default()).map_err(ledger_read)?;
    let mut all = Vec::with_capacity(PARTS.len());
    for by in PARTS {
        all.push(ReportPart { by, groups: books.groups(month.range, by)? });
    }
    let seen = parts.books.standings(books.now_ms).map_err(ledger_read)?;
    let budgets: Result<Vec<_>, _> = seen
        .iter()
        .filter(|seen| seen.budget.origin != Origin::Tunnel)
        .map(|seen| budget(books, &seen.budget, &month))
        .collect();
    Ok(Report {
        from: month.range.from.date().to_string(),
        to: month.last.date().to_string(),
        over: month.over,
        sums: sums(&totals),
        parts: all,
        budgets: budgets?,
        month: month.name,
    })
}

fn budget(books: &Books<'_>, budget: &Budget, month: &Month) -> Result<ReportBudget, ApiProblem> {
    let mut windows = Vec::new();
    if budget.scope.session.is_none() {
        for window in within(budget.period, month, &books.zone) {
            let totals = books.ledger.totals(window.into(), &budget.scope).map_err(ledger_read)?;
            windows.push(ReportWindow {
                from: window.from.date().to_string(),
                to: LocalDay(window.to.0 - 1).date().to_string(),
                sums: sums(&totals),
            });
        }
    }
    Ok(ReportBudget {
        name: budget.name.clone(),
        period: budget.period.as_str().to_owned(),
        limit_usd: budget.limit.usd(),
        limit_tokens: budget.limit.tokens(),
        scope: super::budgets::scope_said(&budget.scope),
        windows,
    })
}

/// The windows that began in a month, up to its last day.
fn within(period: Period, month: &Month, zone: &TimeZone) -> Vec<Window> {
    let mut windows = Vec::new();
    let noon = |day: LocalDay| {
        let noon = zone.to_zoned(day.date().at(12, 0, 0, 0));
        noon.map_or(0, |noon| noon.timestamp().as_millisecond())
    };
    let mut day = month.range.from;
    while day <= month.last {
        let window = period.window(noon(day), zone);
        if window.from >= month.range.from {
            windows.push(window);
        }
        day = window.to;
    }
    windows
}
