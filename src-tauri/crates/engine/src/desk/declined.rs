//! A request that Weir refused itself, told like any other: the ledger has no row of what nobody was
//! asked, so it is told from memory.

use crate::api::{Explain, LogQuery, LogRow, RouteCandidate, Stamp};
use crate::events::Events;
use weir_core::{Decision, Money, Weighed};
use weir_proxy::ports::Declined;

/// How such a request ended, beside the outcomes of attempts.
const REFUSED: &str = "refused";

/// A page of the ledger's rows, newest first, with the refusals that are remembered in their places. A
/// page that is not full reaches to the beginning, and so do they.
pub fn among(found: Vec<LogRow>, query: &LogQuery, events: &Events) -> Vec<LogRow> {
    let limit = query.rows() as usize;
    let last = found.last().filter(|_| found.len() >= limit).map(|row| row.id);
    let wanted = |declined: &Declined| {
        query.before.is_none_or(|before| declined.id < before)
            && query.since.is_none_or(|since| declined.at_ms >= since.ms())
            && last.is_none_or(|last| declined.id > last)
    };
    let mut all = found;
    all.extend(events.all_declined(wanted).into_iter().map(row));
    all.sort_by_key(|row| std::cmp::Reverse(row.id));
    all.truncate(limit);
    all
}

/// The whole of what is known of it.
pub fn explain(of: Declined) -> Explain {
    Explain { row: row(of), note: None, estimated_because: None, lines: Vec::new() }
}

fn row(of: Declined) -> LogRow {
    let decision = of.decision.as_deref();
    LogRow {
        id: of.id,
        at: Stamp::from_ms(of.at_ms),
        client: of.client.to_string(),
        project: of.project,
        session: of.session,
        category: of.category,
        endpoint: of.endpoint.as_str().to_owned(),
        asked_model: of.asked_model,
        route: String::new(),
        task: of.task.map(|task| task.as_str().to_owned()),
        tier: of.tier.map(|tier| tier.as_str().to_owned()),
        judged_tier: decision.and_then(|d| d.judged_tier).map(|tier| tier.as_str().to_owned()),
        confidence: of.confidence.map(|sure| f64::from(sure) / 1000.0),
        reason: REFUSED.to_owned(),
        attempts: Vec::new(),
        outcome: Some(REFUSED.to_owned()),
        pricing: None,
        usage: None,
        cost_usd: Some(Money::ZERO),
        saved_usd: None,
        cache: "off".to_owned(),
        first_byte_ms: None,
        total_ms: None,
        dropped: Vec::new(),
        local: false,
        demo: false,
        mode: decision.map(|d| d.mode.as_str().to_owned()),
        class: decision.map(|d| d.class.as_str().to_owned()),
        conversation: decision.and_then(|d| d.conversation).map(|key| key.to_string()),
        deterministic: decision.map(|d| d.deterministic),
        prompt_tokens: decision.map(|d| d.prompt_tokens),
        candidates: decision.map_or_else(Vec::new, candidates),
        expected_usd: None,
        shadow: None,
        way_back_usd: None,
        summary: format!("Weir refused it ({}): {}", of.status, of.message),
    }
}

fn candidates(decision: &Decision) -> Vec<RouteCandidate> {
    let one = |weighed: &Weighed| RouteCandidate {
        route: weighed.route.to_string(),
        reason: weighed.reason.as_str().to_owned(),
        expected_usd: weighed.expected,
        unable: None,
    };
    decision.weighed.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::{Endpoint, RequestId};
    use weir_proxy::ports::Events as _;

    fn declined(at_ms: i64) -> Declined {
        Declined {
            id: RequestId::new(at_ms, 0),
            at_ms,
            client: "claude-code".into(),
            project: None,
            session: None,
            category: None,
            endpoint: Endpoint::Messages,
            asked_model: "claude-opus-5-5".into(),
            task: None,
            tier: None,
            confidence: None,
            decision: None,
            status: 402,
            message: "Budget week: $5.00 of $5.00 spent".into(),
        }
    }

    fn shown(found: &[i64], query: &LogQuery, refused: &[i64]) -> Vec<i64> {
        let events = Events::default();
        refused.iter().for_each(|at| events.declined(declined(*at)));
        let found = found.iter().map(|at| row(declined(*at))).collect();
        among(found, query, &events).iter().map(|row| row.at.ms()).collect()
    }

    #[test]
    fn a_refusal_stands_among_the_requests_at_its_place_and_on_one_page_alone() {
        let page = |limit, before: Option<i64>| LogQuery {
            limit,
            before: before.map(|at| RequestId::new(at, 0)),
            refused: true,
            ..LogQuery::default()
        };
        assert_eq!(shown(&[9, 5], &page(10, None), &[7, 2]), [9, 7, 5, 2], "to the beginning");
        assert_eq!(shown(&[9, 5], &page(2, None), &[7, 2]), [9, 7], "5 comes on the next page");
        assert_eq!(shown(&[5, 3], &page(2, Some(7)), &[7, 2]), [5, 3]);
        assert_eq!(shown(&[], &page(2, Some(3)), &[7, 2]), [2], "and the last on the last");
        let since = LogQuery { since: Some(Stamp::from_ms(6)), ..page(10, None) };
        assert_eq!(shown(&[9], &since, &[7, 2]), [9, 7]);
    }
}
