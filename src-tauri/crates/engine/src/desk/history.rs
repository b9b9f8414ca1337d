//! What others keep of the same spend: imports of session logs, reports of providers.

use super::problem::{bad, ledger_read, not_found};
use crate::api::{ApiProblem, Code, ImportDone, Reconciled};
use crate::history::{self, Source};
use crate::parts::Parts;
use crate::reconcile::{Month, PAGES_MAX, Report, Sums, add, compare, refusal};
use crate::secrets::ADMIN;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use weir_core::Money;

/// What is younger than this may still grow in a tool's log; the next run takes it.
const SETTLED_MS: i64 = 10 * 60_000;

/// Takes over what a tool's logs tell.
pub fn import(
    parts: &Parts,
    source: &str,
    folder: &Path,
    paid_by_plan: bool,
    now_ms: i64,
) -> Result<ImportDone, ApiProblem> {
    let source = Source::parse(source).ok_or_else(|| {
        bad(format!("{source} has no session logs that Weir reads. Use claude-code or codex"))
    })?;
    let mut found = history::read(source, folder).map_err(|cause| {
        let (place, tool) = (folder.display(), source.as_str());
        not_found(format!(
            "{place} cannot be read: {cause}. Is {tool} used here? Another folder: weir import {tool} \
             --folder DIR"
        ))
    })?;
    let all = found.entries.len();
    found.entries.retain(|entry| is_settled(entry.at_ms, now_ms));
    let recent = (all - found.entries.len()) as u64;
    let base_url = parts.routing.base_url(source.provider());
    let rows = history::priced(source, &parts.prices, &base_url, paid_by_plan, found.entries);
    let done = parts.ledger.import(source.as_str(), &rows).map_err(ledger_read)?;
    parts.books.forget(now_ms);
    parts.events.changed();
    Ok(ImportDone {
        source: source.as_str().to_owned(),
        files: found.files,
        added: done.added,
        known: done.known,
        carried: done.carried,
        unpriced: done.unpriced,
        recent,
        skipped: found.skipped,
        left_out: found.left_out,
        cost_usd: done.cost,
    })
}

fn is_settled(at_ms: i64, now_ms: i64) -> bool {
    at_ms <= now_ms.saturating_sub(SETTLED_MS)
}

/// A provider's report beside the ledger.
pub fn reconcile(
    parts: &Parts,
    name: &str,
    month: Option<&str>,
    now_ms: i64,
) -> Result<Reconciled, ApiProblem> {
    let config = parts.config.load();
    let (Some(report), Some(provider)) = (Report::of(name), config.provider(name)) else {
        let known = "anthropic, openai, openrouter";
        return Err(not_found(format!("no report of {name} is known. Use one of {known}")));
    };
    let month = Month::of(month, now_ms).map_err(bad)?;
    if month.bounds_ms().0 > now_ms {
        return Err(bad(format!("{} has not begun", month.name())));
    }
    let month = report.covered(month, now_ms).map_err(bad)?;
    let admin = format!("{name}{ADMIN}");
    let key = parts.keys.find(&admin).map_err(|problem| {
        let hint = "an administrator's key is needed, which is not the one requests are sent with";
        ApiProblem::new(Code::Key, format!("{problem}; {hint}"))
    })?;
    let mut reported = Sums::new();
    let mut page = None;
    for _ in 0..PAGES_MAX {
        let url = report.url(&provider.base_url, &month, page.as_deref());
        // What cannot be read is told in its own words.
        let failed = |why: String| unreadable(name, &key.mask().words(&why));
        let said = weir_proxy::fetch::report(provider, &url, &key).map_err(failed)?;
        if !(200..300).contains(&said.status) {
            let words = refusal(&said.body, &key.mask());
            return Err(failed(format!("status {}{words}", said.status)));
        }
        let read = report.read(&said.body, &month).map_err(failed)?;
        for ((day, model), cost) in read.sums {
            add(&mut reported, &day, &model, cost);
        }
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    if page.is_some() {
        return Err(unreadable(name, &format!("it goes on after {PAGES_MAX} pages")));
    }
    let (own, unpriced) = ledger(parts, name, &month)?;
    Ok(compare(name, &month, &own, &reported, unpriced))
}

fn unreadable(name: &str, why: &str) -> ApiProblem {
    ApiProblem::new(Code::Unavailable, format!("{name} gave no usage report: {why}"))
}

/// What the ledger has of a provider by UTC day and model, and how many requests have no price.
fn ledger(parts: &Parts, provider: &str, month: &Month) -> Result<(Sums, u64), ApiProblem> {
    let (from_ms, to_ms) = month.bounds_ms();
    let (mut sums, mut unpriced) = (Sums::new(), 0);
    let mut count = |at_ms: i64, model: &str, cost: Option<Money>| match cost {
        Some(cost) => add(&mut sums, &utc_day(at_ms), model, cost),
        None => unpriced += 1,
    };
    for request in parts.ledger.export(from_ms, to_ms) {
        let request = request.map_err(ledger_read)?;
        let own = request
            .attempts
            .iter()
            .filter(|a| a.provider == provider && !a.uncounted && a.ended_ms.is_some());
        own.for_each(|attempt| count(attempt.at_ms, &attempt.model, attempt.cost));
    }
    let imported = parts.ledger.imported_costs(provider, from_ms, to_ms).map_err(ledger_read)?;
    imported.iter().for_each(|row| count(row.at_ms, &row.model, row.cost));
    Ok((sums, unpriced))
}

fn utc_day(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_wrote_in_the_last_ten_minutes_is_left_to_the_next_import() {
        let now_ms = 1_795_334_400_000;
        assert!(is_settled(now_ms - 600_000, now_ms));
        assert!(!is_settled(now_ms - 599_999, now_ms));
        assert!(!is_settled(now_ms + 5, now_ms), "a tool whose clock is ahead");
    }
}
