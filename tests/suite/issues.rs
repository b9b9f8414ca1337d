//! Public bugs of other gateways that are about money and fail-over, each as a case of ours; the
//! whole list stands in `tests/translate/issues.toml`.

use weir_tests::answers::Reply;
use weir_tests::tokens::HAIKU;
use weir_tests::{Home, Kind, Provider, Rig, home};

/// A rig whose `weir-low` is a chain of two routes to the same scripted provider.
fn chained() -> Rig {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    let mut text = home::providers(&provider.url());
    text.push_str(&format!(
        "[providers.first]\ndialect = \"anthropic\"\nbase_url = \"{}\"\n\
         key = \"env:CANARY_ANTHROPIC_KEY\"\nlocal = false\n\n\
         [tiers]\nlow = [\"first/{HAIKU}\", \"anthropic/{HAIKU}\"]\n",
        provider.url()
    ));
    home.configure(&text);
    Rig::in_home(home, provider)
}

const OVERLOADED: &str =
    r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;

#[test]
fn issue_litellm_27509_a_call_without_a_limit_reserves_a_bounded_amount() {
    // One call must not set aside all that a budget has left.
    let rig = Rig::natural();
    let body = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hello"}]}"#;
    let marked = [("user-agent", "tests marker/unlimited"), ("x-weir-session", "unlimited")];
    let call = rig.client().post("/v1/chat/completions", &marked, body.as_bytes());
    assert_eq!(rig.client().send(&call).status, 200);
    let row = rig.row("unlimited");
    let reserved = row.reserved.expect("a priced model is reserved");
    // 16,384 tokens, the most this model writes, at 60 cents a million, and a prompt of a few.
    assert!(reserved > 0 && reserved < 20_000_000, "{reserved} nano-dollars");
}

#[test]
fn issue_litellm_38610_when_every_provider_fails_the_client_gets_a_status_and_no_stream() {
    let rig = chained();
    for _ in 0..2 {
        rig.provider.script(Reply::json(529, OVERLOADED).answer());
    }
    let request = rig.client().call_model(Kind::Messages, "weir-low", true, "both-fail");
    let response = rig.client().send(&request);
    assert!(response.status >= 400, "{}", response.status);
    let text = response.text();
    assert!(text.starts_with('{') && !text.contains("event:"), "{text}");
    assert!(rig.settled("both-fail").iter().all(|row| row.cost() == 0));
}

#[test]
fn issue_free_coding_models_148_a_529_moves_on_to_the_next_of_the_chain() {
    let rig = chained();
    rig.provider.script(Reply::json(529, OVERLOADED).answer());
    let turn = weir_tests::Turn::new(Kind::Messages, weir_tests::Tokens::plain(11, 22));
    rig.provider.script(turn.stream().answer());
    let request = rig.client().call_model(Kind::Messages, "weir-low", true, "after-529");
    let response = rig.client().send(&request);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-attempts"), "2");
    let rows = rig.settled("after-529");
    assert_eq!((rows.len(), rows[0].cost()), (2, 0));
    assert_eq!(rows[1].ended().outcome, "ok");
}

#[test]
fn issue_semantic_router_2130_an_error_is_never_replayed_as_a_success() {
    // A refusal that was kept came back as a 200, and an answer was replayed for what had failed.
    let rig = Rig::scripted();
    let refused = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let turn = weir_tests::Turn::new(Kind::Messages, weir_tests::Tokens::plain(11, 22));
    rig.provider.script(Reply::json(400, refused).answer());
    rig.provider.script(turn.whole().answer());
    rig.provider.script(Reply::json(400, refused).answer());
    let call = rig.client().call(Kind::Messages, false, "same");
    let answers: Vec<(u16, String)> = (0..3)
        .map(|_| rig.client().send(&call))
        .map(|response| (response.status, response.header("x-weir-cache").to_owned()))
        .collect();
    let off = || "off".to_owned();
    assert_eq!(answers, [(400, off()), (200, off()), (400, off())]);
    assert_eq!(rig.provider.count(), 3, "every one was asked of the provider");
    rig.settled("same");
}
