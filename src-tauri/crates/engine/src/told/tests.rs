//! One sentence a case, as the window and the terminal show it.

use super::*;
use crate::api::{RequestUsage, Stamp};
use weir_core::RequestId;

fn usd(text: &str) -> Money {
    text.parse().expect("an amount")
}

fn candidate(route: &str, reason: &str, expected: Option<&str>) -> RouteCandidate {
    let (route, reason) = (route.to_owned(), reason.to_owned());
    RouteCandidate { route, reason, expected_usd: expected.map(usd), unable: None }
}

fn row(route: &str, reason: &str) -> LogRow {
    LogRow {
        id: RequestId::new(1, 1),
        at: Stamp::from_ms(1),
        client: "script".into(),
        project: None,
        session: None,
        category: None,
        endpoint: "messages".into(),
        asked_model: "claude-sonnet-5-5".into(),
        route: route.into(),
        task: Some("extraction".into()),
        tier: Some("low".into()),
        judged_tier: None,
        confidence: Some(0.94),
        reason: reason.into(),
        attempts: Vec::new(),
        outcome: Some("ok".into()),
        pricing: Some("exact".into()),
        usage: None,
        cost_usd: Some(Money::ZERO),
        saved_usd: Some(Money::ZERO),
        cache: "off".into(),
        first_byte_ms: None,
        total_ms: None,
        dropped: Vec::new(),
        local: route.starts_with("ollama/"),
        demo: false,
        mode: None,
        class: None,
        conversation: None,
        deterministic: None,
        prompt_tokens: None,
        candidates: Vec::new(),
        expected_usd: None,
        shadow: None,
        way_back_usd: None,
        summary: String::new(),
    }
}

#[test]
fn a_local_answer_says_what_was_judged_and_what_was_saved() {
    let mut local = row("ollama/llama3.2:3b", "tier");
    local.saved_usd = Some(usd("0.0121"));
    let said = "Local: extraction, low, sure (0.94). Saved $0.0121 against claude-sonnet-5-5.";
    assert_eq!(summary(&local), said);
    local.reason = "deterministic".into();
    local.task = None;
    assert!(
        summary(&local).starts_with("Local: the answer follows from the input by a fixed form,")
    );
}

#[test]
fn a_kept_conversation_says_what_a_switch_would_have_cost() {
    let mut kept = row("anthropic/claude-opus-5-5", "kept");
    kept.candidates = vec![
        candidate("anthropic/claude-opus-5-5", "kept", Some("0.04")),
        candidate("anthropic/claude-haiku-5", "tier", Some("0.35")),
    ];
    kept.usage = Some(RequestUsage { cache_read: 82_000, ..RequestUsage::default() });
    let said = "Kept on claude-opus-5-5: switching would have cost $0.31 more (82K cached tokens).";
    assert_eq!(summary(&kept), said);
    // Kept although the other was cheaper for this one call, or unpriced: no sum is claimed.
    kept.candidates[1].expected_usd = None;
    assert_eq!(
        summary(&kept),
        "Kept on claude-opus-5-5: no price is known for claude-haiku-5, and without one nothing \
         moves (82K cached tokens)."
    );
    kept.candidates[1].expected_usd = Some(usd("0.01"));
    assert!(summary(&kept).contains("its conversation stays on its model"));
    kept.candidates.truncate(1);
    assert!(summary(&kept).contains("its conversation stays on its model"));
}

#[test]
fn a_conversation_that_is_kept_beside_a_cheaper_way_says_what_coming_back_would_cost() {
    let mut kept = row("anthropic/claude-haiku-4-5", "kept");
    kept.candidates = vec![
        candidate("anthropic/claude-haiku-4-5", "kept", Some("0.0012")),
        candidate("openai/gpt-5-mini", "fallback", Some("0.0007")),
    ];
    kept.way_back_usd = Some(usd("0.0021"));
    assert_eq!(
        summary(&kept),
        "Kept on claude-haiku-4-5: gpt-5-mini would have cost $0.0005 less now, and coming back \
         $0.0021."
    );
    kept.candidates[1].expected_usd = Some(usd("0.0022"));
    assert!(
        summary(&kept).contains("switching would have cost $0.0031 more, the way back included")
    );
}

#[test]
fn a_tier_that_was_asked_for_is_not_told_as_the_judgement() {
    let mut told = row("openai/gpt-5", "tier");
    (told.tier, told.judged_tier) = (Some("high".into()), Some("low".into()));
    assert_eq!(summary(&told), "To gpt-5: extraction, low, sure (0.94), asked for high.");
}

#[test]
fn hard_work_that_stays_on_a_small_model_says_so_and_what_to_write() {
    let mut setup = weir_core::route::Setup::default();
    let route = |provider: &str, model: &str| weir_core::route::Route {
        provider: provider.into(),
        model: model.into(),
    };
    setup.low = vec![route("ollama", "llama3.2:3b")];
    setup.high = vec![route("anthropic", "claude-sonnet-4-5")];
    let mut kept = row("ollama/llama3.2:3b", "kept");
    kept.tier = Some("high".into());
    let said = stays_below(&kept, &setup).expect("told");
    assert!(said.contains("below the high tier") && said.contains("escalate = true"), "{said}");
    kept.tier = Some("low".into());
    assert_eq!(stays_below(&kept, &setup), None, "where it belongs");
    kept.tier = Some("high".into());
    kept.reason = "tier".into();
    assert_eq!(stays_below(&kept, &setup), None, "not kept");
    kept.reason = "kept".into();
    setup.escalate = true;
    assert_eq!(stays_below(&kept, &setup), None, "it would move");
}

#[test]
fn a_moved_conversation_says_what_staying_would_have_cost() {
    let mut moved = row("openai/gpt-5-mini", "moved");
    moved.candidates = vec![
        candidate("openai/gpt-5-mini", "moved", Some("0.01")),
        candidate("anthropic/claude-opus-5-5", "kept", Some("0.13")),
    ];
    assert_eq!(
        summary(&moved),
        "Moved to gpt-5-mini: staying on claude-opus-5-5 would have cost $0.12 more."
    );
    moved.candidates.clear();
    assert!(summary(&moved).starts_with("Moved to gpt-5-mini: its conversation is cheaper"));
}

#[test]
fn what_went_elsewhere_for_a_reason_says_that_reason_and_a_loss_is_told_as_one() {
    let mut rescued = row("openai/gpt-5", "fallback");
    rescued.saved_usd = Some(Money::from_nano(-30_000_000));
    assert_eq!(
        summary(&rescued),
        "To gpt-5: what comes before it in the chain did not answer. Cost $0.03 more than \
         claude-sonnet-5-5 would have."
    );
    assert_eq!(
        summary(&row("anthropic/claude-sonnet-5-5", "asked")),
        "As asked: extraction, low, sure (0.94)."
    );
    let mut plain = row("anthropic/claude-sonnet-5-5", "asked");
    plain.task = None;
    assert_eq!(summary(&plain), "As asked: claude-sonnet-5-5.");
    plain.outcome = None;
    assert_eq!(summary(&plain), "Under way at claude-sonnet-5-5.");
    plain.demo = true;
    assert!(summary(&plain).starts_with("Demonstration: no key"));
}

#[test]
fn shadow_mode_says_where_it_would_have_gone() {
    let mut asked = row("anthropic/claude-sonnet-5-5", "asked");
    asked.shadow = Some(candidate("ollama/llama3.2:3b", "tier", Some("0")));
    let said = "As asked: extraction, low, sure (0.94). In shadow: ollama/llama3.2:3b, about $0.";
    assert_eq!(summary(&asked), said);
    asked.shadow = Some(candidate("anthropic/claude-sonnet-5-5", "tier", None));
    assert!(summary(&asked).ends_with(" In shadow: the same."));
    asked.shadow = Some(candidate("vllm/mistral", "tier", None));
    assert!(summary(&asked).ends_with(" In shadow: vllm/mistral, no price known."));
}

#[test]
fn every_code_has_words_and_an_unknown_one_is_shown_as_it_is() {
    for code in weir_core::route::Reason::ALL.map(weir_core::route::Reason::as_str) {
        assert!(reason(code).contains(' ') && brief(code).contains(' '), "{code}");
    }
    assert_eq!(
        (reason("from-tomorrow"), brief("from-tomorrow")),
        ("from-tomorrow", "from-tomorrow")
    );
    assert_eq!(summary(&row("openai/gpt-5", "from-tomorrow")), "To gpt-5: from-tomorrow.");
}

#[test]
fn counts_in_a_sentence_are_round() {
    let shown = [999, 1_000, 82_400, 999_499, 999_500, 1_240_000].map(round);
    assert_eq!(shown, ["999", "1K", "82K", "999K", "1.0M", "1.2M"]);
}
