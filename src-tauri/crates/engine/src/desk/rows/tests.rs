//! A request from its ledger to the row that people and scripts see.

use super::*;
use jiff::tz::TimeZone;
use std::sync::Arc;
use weir_core::route::{Mode, Reason, Route, Tier};
use weir_core::{Class, Conversation, Decision, Endpoint, Money, Pricing, RequestId, Weighed};
use weir_ledger::{Ledger, Reserve, Settle};

fn weighed(provider: &str, model: &str, reason: Reason, nano: Option<i64>) -> Weighed {
    let route = Route { provider: provider.into(), model: model.into() };
    Weighed { route, reason, expected: nano.map(Money::from_nano) }
}

fn reserve(id: RequestId) -> Reserve<'static> {
    Reserve {
        id,
        attempt: 1,
        at_ms: id.unix_ms(),
        client: "script",
        project: None,
        session: None,
        category: None,
        endpoint: Endpoint::Chat,
        asked_model: "weir-auto",
        provider: "ollama",
        model: "llama3.2:3b",
        task: Some("extraction"),
        tier: Some(Tier::Low),
        reason: Reason::Tier,
        confidence: Some(940),
        local: true,
        uncounted: false,
        reserved: Some(Money::ZERO),
        input_tokens: 10,
        output_tokens: 10,
    }
}

#[test]
fn a_decision_is_shown_with_what_was_expected_beside_what_it_came_to() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::open(&dir.path().join("weir.db"), TimeZone::UTC, 0).expect("opens").0;
    let id = RequestId::new(1_795_348_800_000, 1);
    ledger.reserve(&reserve(id)).expect("reserved");
    let open = row(&ledger.request(id).expect("read").expect("known"));
    assert_eq!((open.mode, open.candidates.len()), (None, 0));
    assert_eq!(open.summary, "Under way at llama3.2:3b.");
    let mut end = Settle::new(id, 1, id.unix_ms() + 5, Outcome::Ok);
    (end.pricing, end.cost) = (Pricing::Exact, Some(Money::ZERO));
    end.saved = Money::from_nano(12_100_000);
    end.decision = Some(Arc::new(Decision {
        mode: Mode::Shadow,
        class: Class::Auxiliary,
        deterministic: true,
        prompt_tokens: 640,
        conversation: Some(Conversation(0xc0ffee)),
        weighed: vec![
            weighed("anthropic", "claude-haiku-4-5", Reason::Fallback, Some(70)),
            weighed("ollama", "llama3.2:3b", Reason::Tier, Some(0)),
            weighed("vllm", "mistral", Reason::Fallback, None),
        ],
        shadow: Some(weighed("ollama", "qwen2.5:7b", Reason::Tier, None)),
        judged_tier: Some(weir_core::route::Tier::Medium),
        way_back: Some(Money::from_nano(9)),
    }));
    ledger.settle(end);
    let shown = row(&ledger.request(id).expect("read").expect("known"));
    assert_eq!(
        (shown.mode.as_deref(), shown.class.as_deref()),
        (Some("shadow"), Some("auxiliary"))
    );
    assert_eq!(shown.conversation.as_deref(), Some("0000000000c0ffee"));
    assert_eq!(shown.judged_tier.as_deref(), Some("medium"));
    assert_eq!(shown.way_back_usd, Some(Money::from_nano(9)));
    assert_eq!((shown.deterministic, shown.prompt_tokens), (Some(true), Some(640)));
    let routes: Vec<&str> = shown.candidates.iter().map(|c| c.route.as_str()).collect();
    assert_eq!(routes, ["anthropic/claude-haiku-4-5", "ollama/llama3.2:3b", "vllm/mistral"]);
    assert_eq!(shown.candidates[2].expected_usd, None);
    assert_eq!((shown.expected_usd, shown.cost_usd), (Some(Money::ZERO), Some(Money::ZERO)));
    let shadow = shown.shadow.expect("there");
    assert_eq!((shadow.route.as_str(), shadow.reason.as_str()), ("ollama/qwen2.5:7b", "tier"));
    assert_eq!(
        shown.summary,
        "Local: extraction, medium, sure (0.94), asked for low. Saved $0.0121 against weir-auto. \
         In shadow: ollama/qwen2.5:7b, no price known."
    );
}
