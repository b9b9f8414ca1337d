//! Conversations that were going on when Weir was stopped: read back from the ledger at a start, so
//! that they stay on the models that have their prompts warm.

use weir_core::Outcome;
use weir_core::route::{By, Reason, Route};
use weir_ledger::{Ledger, LogFilter};
use weir_proxy::Proxy;

/// How far back conversations are recalled, in milliseconds: an hour is the longest a provider
/// keeps a prompt in its cache.
const RECALLED_MS: i64 = 60 * 60_000;
/// Requests read for it at most.
const RECALLED_LEN_MAX: usize = 2_000;

/// Tells the proxy which conversations were going on before it began: they stay on their models.
pub fn recall(ledger: &Ledger, proxy: &Proxy, now_ms: i64) {
    let filter = LogFilter {
        since_ms: Some(now_ms - RECALLED_MS),
        limit: RECALLED_LEN_MAX,
        ..LogFilter::default()
    };
    let rows = match ledger.log(&filter) {
        Ok(rows) => rows,
        Err(problem) => return tracing::warn!(%problem, "conversations were not recalled"),
    };
    for row in rows.iter().rev() {
        let last = row.last();
        let key = row.decision.as_ref().and_then(|decision| decision.conversation);
        // Where a budget or a window sent it for as long as it must, its conversation is not at home.
        if is_makeshift(&last.reason) {
            continue;
        }
        if let (Some(key), Some(Outcome::Ok)) = (key, last.outcome) {
            let route = Route { provider: last.provider.clone(), model: last.model.clone() };
            let ended_ms = row.at_ms() + i64::from(last.total_ms.unwrap_or(0));
            // The last attempt's own: what failed before it is warm elsewhere, if anywhere.
            let usage = last.usage.unwrap_or_default();
            let first = row.decision.as_ref().and_then(|decision| decision.weighed.first());
            let first =
                first.map(|w| Route { provider: w.provider.clone(), model: w.model.clone() });
            let planned = first.as_ref().unwrap_or(&route);
            let by = By { route: &route, planned, passing: stands_in(&last.reason) };
            proxy.recall(key, &row.client, &row.asked_model, by, &usage, ended_ms);
        }
    }
}

/// Whether a model that was not the first answered because others could not just then. A row does not
/// tell a prompt that was too long for them from a failure: then they are asked once more.
fn stands_in(code: &str) -> bool {
    use Reason::{Asked, Fallback, LocalAbsent, LocalBusy, Resting};
    let reasons = [Asked, Fallback, LocalAbsent, LocalBusy, Resting];
    reasons.iter().any(|reason| reason.as_str() == code)
}

fn is_makeshift(code: &str) -> bool {
    Reason::ALL.iter().any(|reason| reason.as_str() == code && reason.is_makeshift())
}
