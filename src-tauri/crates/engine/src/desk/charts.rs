//! Charts of a home: what the ledger has, handed to `charts`.
//! Owns which days and rows a chart is drawn from.

use super::cost::{Books, sums};
use super::month::Month;
use super::problem::{bad, ledger_read, not_found};
use crate::api::{ApiProblem, By, Chart, ChartKind, ChartQuery, Money, Sums};
use crate::books::Seen;
use crate::charts::{self, Burn, BurnPoint, Cell, Days, Latency, Palette, Picture, Size};
use crate::parts::Parts;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use weir_core::budget::{Scope, forecast};
use weir_core::period::{LocalDay, Period, Window};
use weir_core::{Outcome, RequestId};
use weir_ledger::{DayRange, Dimension, LOG_REQUESTS_MAX, LogFilter};

/// Requests looked at for the times of models: the last ones of the time covered.
const LATENCY_REQUESTS: usize = LOG_REQUESTS_MAX;
/// Days that say how much quieter or busier the rest of a window may be.
const HABIT_DAYS: i32 = 14;

/// Draws what is asked for.
pub fn chart(parts: &Parts, books: &Books<'_>, query: &ChartQuery) -> Result<Chart, ApiProblem> {
    let palette = Palette::of(query.theme);
    let size = Size::of(query.width);
    picture(parts, books, query, palette, size)?.chart(palette)
}

fn picture(
    parts: &Parts,
    books: &Books<'_>,
    query: &ChartQuery,
    palette: &Palette,
    size: Size,
) -> Result<Picture, ApiProblem> {
    let month = match &query.month {
        Some(text) => Some(Month::of(Some(text), books.now_ms, &books.zone)?),
        None => None,
    };
    if query.kind == ChartKind::Budget {
        return budget(parts, books, query, month.as_ref(), palette, size);
    }
    let (from, to) = match &month {
        Some(month) => (month.range.from, month.last),
        None => books.window(query.span)?,
    };
    let by = match (query.kind, query.by) {
        (ChartKind::Tasks, _) => Dimension::Task,
        (ChartKind::Spend, By::Tier) => Dimension::Tier,
        (ChartKind::Spend, By::Provider) | (ChartKind::Local | ChartKind::Savings, _) => {
            Dimension::Provider
        }
        (ChartKind::Spend, other) => {
            let name = other.as_str();
            return Err(bad(format!("spend by {name} is not drawn. Use provider or tier")));
        }
        (ChartKind::Latency | ChartKind::Budget, _) => {
            return latency(books, from, to, palette, size);
        }
    };
    let days = days(books, from, to, by)?;
    Ok(match query.kind {
        ChartKind::Local => charts::local(&days, palette, size),
        ChartKind::Tasks => charts::tasks(&days, palette, size),
        ChartKind::Savings => charts::savings(&days, palette, size),
        _ => charts::spend(&days, query.by, palette, size),
    })
}

/// What happened on some days, by one dimension.
fn days(
    books: &Books<'_>,
    from: LocalDay,
    to: LocalDay,
    by: Dimension,
) -> Result<Days, ApiProblem> {
    let range = DayRange { from, to: LocalDay(to.0 + 1) };
    let groups = books.ledger.daily(range, by).map_err(ledger_read)?;
    let cell = |group: weir_ledger::DayGroup| Cell {
        day: group.day,
        key: group.key.unwrap_or_default(),
        local: group.local,
        sums: sums(&group.totals),
    };
    Ok(Days { from, to, cells: groups.into_iter().map(cell).collect() })
}

// === times of models ===

fn latency(
    books: &Books<'_>,
    from: LocalDay,
    to: LocalDay,
    palette: &Palette,
    size: Size,
) -> Result<Picture, ApiProblem> {
    let filter = LogFilter {
        limit: LATENCY_REQUESTS,
        since_ms: Some(day(from, &books.zone).start_ms),
        before: Some(RequestId::floor(day(to, &books.zone).end_ms)),
        ..LogFilter::default()
    };
    let rows = books.ledger.log(&filter).map_err(ledger_read)?;
    let limit = (rows.len() >= LATENCY_REQUESTS).then_some(LATENCY_REQUESTS);
    let mut times: HashMap<(String, String, bool), Vec<u64>> = HashMap::new();
    // A second attempt's first byte is counted from the request's arrival, the first one with it.
    let firsts = rows.iter().filter_map(|row| row.attempts.first());
    for attempt in firsts.filter(|a| a.outcome == Some(Outcome::Ok) && !a.uncounted) {
        if let Some(ms) = attempt.first_byte_ms {
            let key = (attempt.provider.clone(), attempt.model.clone(), attempt.local);
            times.entry(key).or_default().push(u64::from(ms));
        }
    }
    let one = |((provider, model, local), mut ms): ((String, String, bool), Vec<u64>)| {
        ms.sort_unstable();
        Latency {
            route: format!("{provider}/{model}"),
            provider,
            local,
            requests: ms.len() as u64,
            half_ms: charts::quantile(&ms, 50),
            most_ms: charts::quantile(&ms, 90),
        }
    };
    let times = charts::ordered(times.into_iter().map(one).collect());
    let said = Days { from, to, cells: Vec::new() }.said();
    Ok(charts::latency(&times, &said, limit, palette, size))
}

// === a budget ===

fn budget(
    parts: &Parts,
    books: &Books<'_>,
    query: &ChartQuery,
    month: Option<&Month>,
    palette: &Palette,
    size: Size,
) -> Result<Picture, ApiProblem> {
    let all = parts.books.standings(books.now_ms).map_err(ledger_read)?;
    let name = query.budget.as_deref().unwrap_or_default();
    let found = all.into_iter().find(|seen| seen.budget.name == name);
    let Some(seen) = found else {
        return Err(not_found(format!("no budget is called {name:?}. See: weir budget list")));
    };
    let limit = seen.terms.limit.usd().ok_or_else(|| {
        bad(format!("budget {name} counts tokens; only a budget of dollars is drawn"))
    })?;
    if seen.budget.scope.session.is_some() {
        return Err(bad(format!(
            "budget {name} counts one conversation, which is not kept by day"
        )));
    }
    let window = match month {
        None => seen.window,
        Some(month) if seen.budget.period == Period::Month => {
            Period::Month.window(day(month.last, &books.zone).start_ms, &books.zone)
        }
        Some(_) => {
            return Err(bad(format!(
                "budget {name} has no window of a month. Leave the month out"
            )));
        }
    };
    let burn = burned(books, &seen, window, limit)?;
    let ends = (charts::day(window.from), charts::day(LocalDay(window.to.0 - 1)));
    let ends =
        if window.to.0 - window.from.0 == 1 { ("00:00", "24:00") } else { (&*ends.0, &*ends.1) };
    Ok(charts::burn(&burn, ends, palette, size))
}

fn burned(
    books: &Books<'_>,
    seen: &Seen,
    window: Window,
    limit: Money,
) -> Result<Burn, ApiProblem> {
    let scope = &seen.budget.scope;
    let by_day = by_day(books, window.into(), scope)?;
    let now = books.now_ms;
    let last = LocalDay::of(now, &books.zone).0.min(window.to.0 - 1);
    let (mut spent, mut all, mut points) = (Money::ZERO, Sums::default(), Vec::new());
    for at in (window.from.0..=last).map(LocalDay) {
        let sums = by_day.get(&at).copied().unwrap_or_default();
        spent = spent.saturating_add(sums.spent_usd);
        all = all.with(&sums);
        let ends = day(at, &books.zone).end_ms;
        let label = if ends > now { "now".to_owned() } else { charts::day(at) };
        points.push(BurnPoint { at_ms: ends.min(now), label, spent, day: sums });
    }
    let ahead = forecast(spent, Some(limit), window, now);
    let ahead = match ahead {
        Some(ahead) if now < window.end_ms => {
            let past = habit(books, scope)?;
            Some(charts::ahead(spent, ahead.at_end, window.end_ms - now, &past))
        }
        _ => None,
    };
    Ok(Burn {
        name: seen.budget.name.clone(),
        limit,
        window_ms: (window.start_ms, window.end_ms),
        points,
        ahead,
        sums: all,
    })
}

/// What the last whole days came to, from the first of them that has anything.
fn habit(books: &Books<'_>, scope: &Scope) -> Result<Vec<Money>, ApiProblem> {
    let today = LocalDay::of(books.now_ms, &books.zone);
    let from = LocalDay(today.0 - HABIT_DAYS);
    let found = by_day(books, DayRange { from, to: today }, scope)?;
    let first = found.keys().next().copied().unwrap_or(today);
    let spent = |at: i32| found.get(&LocalDay(at)).map_or(Money::ZERO, |sums| sums.spent_usd);
    Ok((first.0..today.0).map(spent).collect())
}

fn by_day(
    books: &Books<'_>,
    range: DayRange,
    scope: &Scope,
) -> Result<BTreeMap<LocalDay, Sums>, ApiProblem> {
    let groups = books.ledger.by(range, Dimension::Day, scope).map_err(ledger_read)?;
    let one = |group: weir_ledger::Group| {
        let date: jiff::civil::Date = group.key?.parse().ok()?;
        (group.totals.attempts > 0).then(|| (LocalDay::from_date(date), sums(&group.totals)))
    };
    Ok(groups.into_iter().filter_map(one).collect())
}

/// A day's instants.
fn day(day: LocalDay, zone: &TimeZone) -> Window {
    // Noon is in every day, also where the clock is changed.
    let noon = zone.to_zoned(day.date().at(12, 0, 0, 0));
    Period::Day.window(noon.map_or(0, |noon| noon.timestamp().as_millisecond()), zone)
}
