//! A request that Weir refused itself, told like any other: the ledger has no row of what nobody was
//! asked, so it is told from memory. Pure.

use crate::api::{Explain, LogRow, RouteCandidate, Stamp};
use weir_core::{Decision, Money, Weighed};
use weir_proxy::ports::Declined;

/// How such a request ended, beside the outcomes of attempts.
const REFUSED: &str = "refused";

/// The whole of what is known of it.
pub fn explain(of: Declined) -> Explain {
    let decision = of.decision.as_deref();
    let row = LogRow {
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
    };
    Explain { row, note: None, estimated_because: None, lines: Vec::new() }
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
