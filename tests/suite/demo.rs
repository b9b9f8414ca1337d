//! The first minute: without a configuration and without a key, every dialect is answered, so
//! that the first `curl` works. Such answers are marked, and no sum counts them.

use weir_tests::{Client, Home, Kind, Weir, ledger, wait};

#[test]
fn every_dialect_is_answered_streamed_and_whole_and_no_sum_counts_it() {
    let mut home = Home::bare();
    let token = home.token("newcomer");
    let weir = Weir::start(&home);
    let client = Client::new(weir.port(), &token);
    let mut calls = 0;
    for kind in Kind::TALKING {
        for stream in [false, true] {
            for model in ["weir-auto", kind.model()] {
                let marker = format!("demo-{kind:?}-{stream}-{model}");
                let response = client.send(&client.call_model(kind, model, stream, &marker));
                assert_eq!(response.status, 200, "{marker}: {}", response.text());
                assert!(response.complete, "{marker}");
                assert!(response.header("x-weir-route").starts_with("demo/"), "{marker}");
                let streamed = response.header("content-type").starts_with("text/event-stream");
                assert_eq!(streamed, stream, "{marker}");
                assert!(ended(kind, stream, &response.text()), "{marker}: {}", response.text());
                calls += 1;
            }
        }
    }
    wait::until("the rows", || {
        let rows = ledger::rows(&home.ledger());
        rows.len() == calls && rows.iter().all(|row| row.end.is_some())
    });
    assert!(ledger::rows(&home.ledger()).iter().all(|row| row.uncounted && row.provider == "demo"));
    let summary = home.weir(&["cost", "summary", "--period", "all", "--json"]).json();
    assert_eq!((&summary["requests"], &summary["spent_usd"]), (&0.into(), &"0.000000000".into()));
    assert_eq!(summary["tokens"]["output"], 0);
    let breakdown =
        home.weir(&["cost", "breakdown", "--period", "all", "--by", "provider", "--json"]);
    assert_eq!(breakdown.json()["groups"], serde_json::json!([]));
    let log = home.weir(&["log", "--limit", "100", "--json"]).json();
    assert_eq!(log.as_array().map(Vec::len), Some(calls), "the log shows them");
}

/// Whether an answer has its dialect's end.
fn ended(kind: Kind, stream: bool, text: &str) -> bool {
    let mark = match (kind, stream) {
        (Kind::Messages, true) => "message_stop",
        (Kind::Messages, false) => "end_turn",
        (Kind::Chat, true) => "data: [DONE]",
        (Kind::Chat, false) => "\"finish_reason\":\"stop\"",
        (Kind::Responses, true) => "response.completed",
        (Kind::Responses, false) => "\"completed\"",
        _ => "STOP",
    };
    text.contains(mark)
}

#[test]
fn the_demonstration_says_what_it_is() {
    let mut home = Home::bare();
    let token = home.token("newcomer");
    let weir = Weir::start(&home);
    let client = Client::new(weir.port(), &token);
    let text = client.ask(Kind::Messages, false, "what").text().to_lowercase();
    assert!(text.contains("demo"), "{text}");
}

#[test]
fn with_a_key_the_demonstration_answers_only_by_name() {
    let rig = weir_tests::Rig::natural();
    let asked = rig.client().ask(Kind::Messages, false, "real");
    assert!(asked.header("x-weir-route").starts_with("anthropic/"));
    let named = rig.client().call_model(Kind::Messages, "demo/anything", false, "named-demo");
    let response = rig.client().send(&named);
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(response.header("x-weir-route").starts_with("demo/"));
    assert_eq!(rig.provider.count(), 1);
}

#[test]
fn a_first_start_offers_a_budget_in_words_that_work_and_later_ones_do_not() {
    let mut home = Home::bare();
    let token = home.token("newcomer");
    let offer = "weir budget set week --period week --limit 5.00 --at-limit local";
    let weir = Weir::start(&home);
    wait::until("the offer", || weir.log().contains(offer));
    assert!(weir.stop().success());
    let words: Vec<&str> = offer.split(' ').skip(1).collect();
    let set = home.weir(&words).ok();
    assert!(set.starts_with("Budget week is set: $5.00 a week;"), "{set}");
    let weir = Weir::start(&home);
    // The offer is made before anybody is answered.
    let client = Client::new(weir.port(), &token);
    assert_eq!(client.ask(Kind::Chat, false, "hello").status, 200);
    assert!(!weir.log().contains(offer), "{}", weir.log());
}
