//! Budgets as they are shown and changed: for good in config.toml, for a time in the ledger.

use super::problem::{bad, ledger_read, not_found};
use crate::api::BudgetTerms;
use crate::api::{
    AllowanceView, ApiProblem, BudgetDone, BudgetOrder, BudgetStanding, BudgetView, Budgets,
    PastWindow, Stamp,
};
use crate::books::Seen;
use crate::config::edit::{self, EditProblem, Wanted};
use crate::config::{any_local, read_file};
use crate::parts::Parts;
use jiff::tz::TimeZone;
use weir_core::Money;
use weir_core::budget::{
    AtLimit, Budget, Change, Lift, Limit, Origin, Pace, Scope, at_limit, forecast, said,
    shown_moment,
};
use weir_core::period::Period;
use weir_core::route::Route;

/// Past windows shown at most.
const HISTORY_LEN_MAX: usize = 11;
/// Longest time for which anything is changed: a month.
const LIFT_S_MAX: u64 = 31 * 24 * 3_600;
const MS_PER_S: i64 = 1_000;
const NO_LOCAL: &str = "only local models answer, and no tier has one: see [tiers] in config.toml";

/// Where every budget stands, but for the tunnel's, which has a place of its own.
pub fn standings(parts: &Parts, now_ms: i64) -> Result<Vec<BudgetStanding>, ApiProblem> {
    Ok(seen(parts, now_ms)?.iter().map(|seen| standing(seen, now_ms)).collect())
}

/// What the marks that are reached and the forecasts say, one line each.
pub fn notices(parts: &Parts, now_ms: i64) -> Vec<String> {
    let zone = parts.zone();
    let all = seen(parts, now_ms).unwrap_or_default();
    let echo = |seen: &&Seen| !all.iter().any(|other| other.says_more_than(seen));
    all.iter().filter(echo).flat_map(|seen| lines(seen, now_ms, &zone)).collect()
}

fn lines(seen: &Seen, now_ms: i64, zone: &TimeZone) -> Vec<String> {
    let Seen { budget, terms, standing, window, turned } = seen;
    let percent = standing.percent(terms.limit);
    let mark = budget.thresholds.iter().rev().find(|t| percent >= u64::from(**t));
    let held_back = turned.filter(|_| percent < 100 && !terms.closed && seen.holds_back());
    let told = match (held_back, mark) {
        (Some(ask), _) => Some(at_limit(budget, terms, standing, *window, ask, zone)),
        (None, Some(mark)) => Some(said(budget, terms, standing, *window, *mark, zone)),
        (None, None) => None,
    };
    let ahead = forecast(standing.spent, terms.limit.usd(), *window, now_ms);
    let ahead = ahead.filter(|_| percent < 100).and_then(|a| a.said(budget, zone));
    told.into_iter().chain(ahead).collect()
}

fn seen(parts: &Parts, now_ms: i64) -> Result<Vec<Seen>, ApiProblem> {
    let mut all = parts.books.standings(now_ms).map_err(ledger_read)?;
    all.retain(|seen| seen.budget.origin != Origin::Tunnel);
    Ok(all)
}

fn standing(seen: &Seen, now_ms: i64) -> BudgetStanding {
    let Seen { budget, terms, window, standing, .. } = seen;
    let percent = standing.percent(terms.limit);
    let ahead = forecast(standing.spent, terms.limit.usd(), *window, now_ms);
    let ahead = ahead.filter(|_| terms.limit.usd().is_some());
    let marks = budget.thresholds.iter().copied();
    BudgetStanding {
        name: budget.name.clone(),
        period: budget.period.as_str().to_owned(),
        limit_usd: terms.limit.usd(),
        limit_tokens: terms.limit.tokens(),
        spent_usd: standing.spent,
        reserved_usd: standing.reserved,
        spent_tokens: standing.spent_tokens,
        reserved_tokens: standing.reserved_tokens,
        percent,
        thresholds: budget.thresholds.clone(),
        reached: marks.filter(|t| percent >= u64::from(*t)).collect(),
        resets_at: Stamp::from_ms(window.end_ms),
        at_limit: terms.at_limit.as_str().to_owned(),
        origin: origin(budget.origin).to_owned(),
        counts_all: budget.scope.is_everything(),
        step: step(seen).to_owned(),
        changed_until: terms.until_ms.map(Stamp::from_ms),
        forecast_usd: ahead.map(|a| a.at_end),
        over_at: ahead.and_then(|a| a.over_ms).map(Stamp::from_ms),
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Written => "written",
        Origin::Share => "share",
        Origin::Cap => "cap",
        Origin::Tunnel => "tunnel",
    }
}

fn step(seen: &Seen) -> &'static str {
    if !seen.holds_back() {
        return "open";
    }
    match seen.terms.at_limit {
        AtLimit::Notify => "open",
        AtLimit::Downgrade => "cheaper",
        AtLimit::Local => "local",
        AtLimit::Block => "stop",
    }
}

/// Everything about budgets and subscriptions.
pub fn list(parts: &Parts, now_ms: i64) -> Result<Budgets, ApiProblem> {
    let zone = parts.zone();
    let views: Result<Vec<_>, _> =
        seen(parts, now_ms)?.iter().map(|seen| view(parts, seen, now_ms, &zone)).collect();
    Ok(Budgets { budgets: views?, allowances: allowances(parts, now_ms) })
}

fn view(
    parts: &Parts,
    seen: &Seen,
    now_ms: i64,
    zone: &TimeZone,
) -> Result<BudgetView, ApiProblem> {
    let scope = &seen.budget.scope;
    let named = scope_said(scope);
    let mut history = Vec::new();
    let mut before = seen.window;
    // A session lasts no eleven weeks, and its rows have to be added up one by one.
    let windows = if scope.session.is_some() { 0 } else { HISTORY_LEN_MAX };
    for _ in 0..windows {
        before = seen.budget.period.window(before.start_ms - 1, zone);
        let spent = parts.ledger.spent(scope, before.into()).map_err(ledger_read)?;
        history.push(PastWindow {
            from: before.from.date().to_string(),
            spent_usd: spent.settled,
            tokens: spent.tokens,
        });
    }
    history.reverse();
    let first = history.iter().position(|w| w.tokens > 0 || w.spent_usd.nano() > 0);
    history.drain(..first.unwrap_or(history.len()));
    let Budget { limit, at_limit, .. } = seen.budget;
    let written = BudgetTerms {
        limit_usd: limit.usd(),
        limit_tokens: limit.tokens(),
        at_limit: at_limit.as_str().to_owned(),
    };
    Ok(BudgetView { standing: standing(seen, now_ms), written, scope: named, history })
}

/// What a budget counts, as `key=value`; empty for everything.
pub fn scope_said(scope: &Scope) -> Vec<String> {
    let texts = scope.texts().into_iter();
    let mut named: Vec<String> = texts.filter_map(|(k, v)| Some(format!("{k}={}", v?))).collect();
    named.extend(scope.local.map(|local| format!("local={local}")));
    named
}

/// The windows of subscriptions, as providers told them last.
pub fn allowances(parts: &Parts, now_ms: i64) -> Vec<AllowanceView> {
    let known = parts.books.allowances();
    let paced = parts.config.load().pace;
    let view = |(provider, allowance): (String, weir_core::budget::Allowance)| {
        let pace = match known.pace(&provider, now_ms) {
            _ if !paced => "keep",
            Pace::Keep => "keep",
            Pace::Early => "early",
            Pace::Spent(_) => "spent",
        };
        AllowanceView {
            provider,
            window: allowance.window,
            percent: u64::from(allowance.used) / 10,
            resets_at: allowance.resets_ms.map(Stamp::from_ms),
            state: allowance.state.as_str().to_owned(),
            pace: pace.to_owned(),
        }
    };
    known.current(now_ms).into_iter().map(view).collect()
}

/// Does what is ordered.
pub fn order(parts: &Parts, order: &BudgetOrder, now_ms: i64) -> Result<BudgetDone, ApiProblem> {
    match order {
        BudgetOrder::Set { .. } => set(parts, order, now_ms),
        BudgetOrder::Remove { name } => remove(parts, name),
        BudgetOrder::Lift { name, for_s, by_usd, by_tokens } => {
            let budget = find(parts, name)?;
            let by = match (budget.limit, by_usd, by_tokens) {
                (Limit::Usd(_), Some(by), None) if by.nano() > 0 => Limit::Usd(*by),
                (Limit::Tokens(_), None, Some(by)) if *by > 0 => Limit::Tokens(*by),
                (own, None, None) => own,
                (Limit::Usd(_), ..) => {
                    let how = "raise it by dollars above 0, such as --by 2.00";
                    return Err(bad(format!("{name} is a budget of dollars: {how}")));
                }
                (Limit::Tokens(_), ..) => {
                    let how = "raise it by tokens above 0, such as --by-tokens 100000";
                    return Err(bad(format!("{name} is a budget of tokens: {how}")));
                }
            };
            for_a_time(parts, &budget, *for_s, Change::Raise(by), now_ms)
        }
        BudgetOrder::Local { name, for_s } => {
            for_a_time(parts, &find(parts, name)?, *for_s, Change::Local, now_ms)
        }
        BudgetOrder::End { name } => {
            find(parts, name)?;
            let ended = parts.books.end_lifts(name, now_ms).map_err(ledger_read)?;
            parts.events.changed();
            let message = if ended {
                format!("Budget {name} holds as it is written again")
            } else {
                format!("Budget {name} holds as it is written; nothing was changed for a time")
            };
            done(parts, name, message, now_ms)
        }
    }
}

fn find(parts: &Parts, name: &str) -> Result<Budget, ApiProblem> {
    let terms = parts.books.terms();
    let found = terms.budgets.iter().find(|b| b.name == name);
    found
        .cloned()
        .ok_or_else(|| not_found(format!("no budget is called {name}. See: weir budget list")))
}

fn for_a_time(
    parts: &Parts,
    budget: &Budget,
    for_s: Option<u64>,
    change: Change,
    now_ms: i64,
) -> Result<BudgetDone, ApiProblem> {
    let zone = parts.zone();
    let until_ms = match for_s {
        None => Period::Day.window(now_ms, &zone).end_ms,
        Some(s) if (1..=LIFT_S_MAX).contains(&s) => {
            now_ms.saturating_add(i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(MS_PER_S))
        }
        Some(_) => return Err(bad("for how long is a time from a second to 31 days, such as 1h")),
    };
    let lift = Lift { budget: budget.name.clone(), from_ms: now_ms, until_ms, change };
    parts.books.lift(&lift).map_err(ledger_read)?;
    parts.events.changed();
    let until = shown_moment(until_ms, &zone);
    let message = match change {
        Change::Local => format!("Budget {}: only local models until {until}", budget.name),
        Change::Raise(_) => {
            let terms = parts.books.standings(now_ms).map_err(ledger_read)?;
            let own = terms.iter().find(|seen| seen.budget.name == budget.name);
            let limit = own.map_or(budget.limit, |seen| seen.terms.limit);
            format!("Budget {} is raised to {} until {until}", budget.name, limit.short())
        }
    };
    done(parts, &budget.name, message, now_ms)
}

fn done(parts: &Parts, name: &str, message: String, now_ms: i64) -> Result<BudgetDone, ApiProblem> {
    let zone = parts.zone();
    let all = parts.books.standings(now_ms).map_err(ledger_read)?;
    let own = all.iter().find(|seen| seen.budget.name == name);
    let budget = own.map(|seen| view(parts, seen, now_ms, &zone)).transpose()?;
    Ok(BudgetDone { message, budget })
}

// === for good ===

fn set(parts: &Parts, order: &BudgetOrder, now_ms: i64) -> Result<BudgetDone, ApiProblem> {
    let BudgetOrder::Set { name, period, limit_usd, limit_tokens, scope, thresholds, at_limit } =
        order
    else {
        return Err(bad("nothing to set"));
    };
    let wanted = Wanted {
        scope: scope.as_deref().cloned(),
        thresholds: thresholds.clone(),
        ..wanted(name, period.as_deref(), (*limit_usd, *limit_tokens), at_limit.as_deref())?
    };
    let known = parts.config.load().budgets.iter().any(|b| b.name == *name);
    if !known && (wanted.period.is_none() || wanted.limit.is_none()) {
        return Err(bad(format!(
            "{name} is new, so it needs a period and a limit: weir budget set {name} --period week \
             --limit 5.00"
        )));
    }
    write(parts, |old| edit::put(old, &wanted))?;
    let verb = if known { "changed" } else { "set" };
    let budget = find(parts, name)?;
    let terms = terms_said(parts, &budget);
    done(parts, name, format!("Budget {name} is {verb}: {terms}{}", room_said(&budget)), now_ms)
}

/// A limit below this has little room beside the longest answers that tools allow themselves.
const ROOMY: Money = Money::from_nano(20_000_000_000);

/// What surprises whoever sets a small limit that stops.
fn room_said(budget: &Budget) -> &'static str {
    let small = budget.limit.usd().is_some_and(|limit| limit < ROOMY);
    if !small || budget.at_limit != AtLimit::Block {
        return "";
    }
    ". A limit that stops keeps room for the longest answer a request allows; Claude Code allows \
     128,000 tokens, with a large model two dollars and more at once. --at-limit downgrade counts on a usual \
     answer"
}

/// What is said of a budget, as values.
pub fn wanted(
    name: &str,
    period: Option<&str>,
    limit: (Option<Money>, Option<u64>),
    at_limit: Option<&str>,
) -> Result<Wanted, ApiProblem> {
    let period = period.map(|text| {
        [Period::Day, Period::Week, Period::Month]
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| bad(format!("{text} is no period. Use day, week or month")))
    });
    let at_limit = at_limit.map(|text| {
        let names = AtLimit::NAMES.join(", ");
        AtLimit::parse(text).ok_or_else(|| bad(format!("{text} is none of {names}")))
    });
    let limit = match limit {
        (Some(_), Some(_)) => return Err(bad("a budget has one limit: dollars or tokens")),
        (Some(usd), None) => Some(Limit::Usd(usd)),
        (None, tokens) => tokens.map(Limit::Tokens),
    };
    Ok(Wanted {
        name: name.to_owned(),
        period: period.transpose()?,
        limit,
        at_limit: at_limit.transpose()?,
        ..Wanted::default()
    })
}

/// What whoever writes a budget's terms should know: what goes on for a time all the same, and that
/// nothing may be left to answer.
pub fn notes(parts: &Parts, name: &str, at_limit: Option<&str>, now_ms: i64) -> Vec<String> {
    let all = parts.books.standings(now_ms).unwrap_or_default();
    let own = all.iter().find(|seen| seen.budget.name == name);
    let until = own.and_then(|seen| seen.terms.until_ms).map(|ms| shown_moment(ms, &parts.zone()));
    let until = until.map(|until| {
        format!("What was changed for a time goes on until {until}; then what is written holds")
    });
    let lost = at_limit == Some(AtLimit::Local.as_str()) && !has_local(parts);
    let lost = lost.then(|| format!("At its limit {NO_LOCAL}"));
    until.into_iter().chain(lost).collect()
}

/// Whether a tier leads to a local model, whichever is there.
fn has_local(parts: &Parts) -> bool {
    let config = parts.config.load();
    let local = |route: &Route| {
        *route == any_local() || config.provider(&route.provider).is_some_and(|p| p.local)
    };
    [&config.low, &config.medium, &config.high].into_iter().flatten().any(local)
}

/// What a budget allows, of what, and what happens then.
fn terms_said(parts: &Parts, budget: &Budget) -> String {
    let of = match scope_said(&budget.scope) {
        all if all.is_empty() => String::new(),
        some => format!(" of {}", some.join(", ")),
    };
    let then = match budget.at_limit {
        AtLimit::Notify => "you are only told",
        AtLimit::Downgrade => "cheaper models answer",
        AtLimit::Local if has_local(parts) => "only local models answer",
        AtLimit::Local => NO_LOCAL,
        AtLimit::Block => "paid requests are refused",
    };
    format!("{} a {}{of}; at its limit {then}", budget.limit.short(), budget.period.as_str())
}

fn remove(parts: &Parts, name: &str) -> Result<BudgetDone, ApiProblem> {
    let found = find(parts, name)?;
    if found.origin != Origin::Written {
        let section = match found.origin {
            Origin::Share => "[categories]",
            Origin::Cap => "[caps]",
            Origin::Tunnel | Origin::Written => "[tunnel]",
        };
        return Err(bad(format!("{name} comes from {section} of config.toml. Change it there")));
    }
    write(parts, |old| edit::remove(old, name))?;
    Ok(BudgetDone { message: format!("Budget {name} is gone"), budget: None })
}

/// Edits config.toml and puts it in force: checked whole before the file is touched.
fn write(
    parts: &Parts,
    edit: impl FnOnce(&str) -> Result<String, EditProblem>,
) -> Result<(), ApiProblem> {
    let file = parts.home.config();
    let old = read_file(&file).map_err(bad)?.unwrap_or_default();
    let new = edit(&old).map_err(|problem| match problem {
        EditProblem::Unknown(_) => not_found(problem),
        other => bad(other),
    })?;
    super::edits::take(parts, &file, &new)
}
