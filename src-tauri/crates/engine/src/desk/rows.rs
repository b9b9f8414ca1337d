//! Ledger rows as the API shows them. Pure: a row in, a row out.

use crate::api::{Attempt, AttemptState, LogRow, RequestUsage, RouteCandidate, Stamp};
use crate::told;
use weir_core::route::DEMO;
use weir_core::{Outcome, Usage};
use weir_ledger::{AttemptRow, RequestRow, WeighedRow};

/// One request.
pub fn row(request: &RequestRow) -> LogRow {
    let last = request.last();
    let open = last.state == weir_ledger::AttemptState::Open;
    let done = |text: String| (!open).then_some(text);
    let decision = request.decision.as_ref();
    let mut row = LogRow {
        id: request.id,
        at: Stamp::from_ms(request.at_ms()),
        client: request.client.clone(),
        project: request.project.clone(),
        session: request.session.clone(),
        category: request.category.clone(),
        endpoint: request.endpoint.clone(),
        asked_model: request.asked_model.clone(),
        route: format!("{}/{}", last.provider, last.model),
        task: request.task.clone(),
        tier: request.tier.map(|t| t.as_str().to_owned()),
        judged_tier: decision.and_then(|d| d.judged_tier).map(|t| t.as_str().to_owned()),
        confidence: request.confidence.map(|c| f64::from(c) / 1000.0),
        reason: last.reason.clone(),
        attempts: request.attempts.iter().map(attempt).collect(),
        outcome: last.outcome.map(|o| o.as_str().to_owned()),
        pricing: request.pricing().map(|p| p.as_str().to_owned()),
        usage: request.usage().map(usage),
        cost_usd: request.cost(),
        saved_usd: done(String::new()).map(|_| request.saved()),
        cache: last.cache.clone().unwrap_or_else(|| "off".to_owned()),
        first_byte_ms: last.first_byte_ms,
        total_ms: last.total_ms,
        dropped: last
            .dropped
            .as_deref()
            .map(|list| list.split(',').map(|s| s.trim().to_owned()).collect())
            .unwrap_or_default(),
        local: last.local,
        demo: last.uncounted && last.provider == DEMO,
        mode: decision.map(|d| d.mode.clone()),
        class: decision.map(|d| d.class.clone()),
        conversation: decision.and_then(|d| d.conversation).map(|key| key.to_string()),
        deterministic: decision.map(|d| d.deterministic),
        prompt_tokens: decision.map(|d| d.prompt_tokens),
        candidates: decision.map(|d| d.weighed.iter().map(candidate).collect()).unwrap_or_default(),
        expected_usd: None,
        shadow: decision.and_then(|d| d.shadow.as_ref()).map(candidate),
        way_back_usd: decision.and_then(|d| d.way_back),
        summary: String::new(),
    };
    row.expected_usd = told::expected_at(&row, &row.route);
    row.summary = told::summary(&row);
    row
}

fn candidate(row: &WeighedRow) -> RouteCandidate {
    RouteCandidate {
        route: format!("{}/{}", row.provider, row.model),
        reason: row.reason.clone(),
        expected_usd: row.expected,
        unable: None,
    }
}

fn attempt(row: &AttemptRow) -> Attempt {
    Attempt {
        route: format!("{}/{}", row.provider, row.model),
        at: Stamp::from_ms(row.at_ms),
        outcome: row.outcome.map(Outcome::as_str).map(str::to_owned),
        status: (row.status != 0).then_some(row.status),
        reserved_usd: row.reserved,
        settled_usd: row.cost,
        state: match row.state {
            weir_ledger::AttemptState::Open => AttemptState::Open,
            weir_ledger::AttemptState::Settled => AttemptState::Settled,
            weir_ledger::AttemptState::Void => AttemptState::Void,
            weir_ledger::AttemptState::Orphan => AttemptState::Orphan,
        },
        reason: row.reason.clone(),
        first_byte_ms: row.first_byte_ms,
        total_ms: row.total_ms,
    }
}

fn usage(usage: Usage) -> RequestUsage {
    RequestUsage {
        input: usage.input,
        cache_read: usage.cache_read,
        cache_write_5m: usage.cache_write_5m,
        cache_write_1h: usage.cache_write_1h,
        output: usage.output,
        reasoning: usage.reasoning,
        web_searches: usage.web_searches,
    }
}

#[cfg(test)]
mod tests;
