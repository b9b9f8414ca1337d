//! Public bugs of other gateways that are about money and fail-over, each as a case of ours; the
//! whole list stands in `tests/translate/issues.toml`.

use crate::failover::course::{Course, Given, LANES, given, ms, safe, whole};
use std::time::Instant;
use weir_tests::answers::Reply;
use weir_tests::tokens::HAIKU;
use weir_tests::{Asked, Home, Kind, Provider, Rig, home, wait};

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

#[test]
fn issue_litellm_34399_no_other_name_of_an_account_is_asked_for_a_model_that_asked_for_a_pause() {
    // A model whose price the audit does not reckon: it is asked under names nobody knows.
    const MODEL: &str = "claude-sonnet-4-5";
    // Two names for one account, and then another provider: the one in between is passed over.
    let provider = Provider::answering(|asked: &Asked| {
        let lane = LANES[0];
        if asked.path().starts_with("/one/") {
            return lane
                .error(429, "rate_limit_error", "slow down")
                .with("retry-after", "3")
                .answer();
        }
        lane.turn("fall", MODEL).stream().answer()
    });
    let home = Home::pointing_at(&provider);
    let mut text = home::bare_providers(&provider.url());
    for (name, path) in [("first", "one"), ("second", "one"), ("third", "two")] {
        text.push_str(&format!(
            "[providers.{name}]\ndialect = \"anthropic\"\nbase_url = \"{}/{path}\"\n\
             key = \"env:CANARY_ANTHROPIC_KEY\"\nlocal = false\n\n",
            provider.url()
        ));
    }
    let chain = ["first", "second", "third"].map(|name| format!("\"{name}/{MODEL}\""));
    home.configure(&format!("{text}[tiers]\nlow = [{}]\n", chain.join(", ")));
    let rig = Rig::in_home(home, provider);
    for number in 0..4 {
        let marker = format!("sibling-{number}");
        let call = rig.client().call_model(Kind::Messages, "weir-low", true, &marker);
        let response = rig.client().send(&call);
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("x-weir-route"), format!("third/{MODEL}"));
    }
    let asked = rig.provider.truth();
    let limited = asked.iter().filter(|a| a.asked.path().starts_with("/one/")).count();
    assert_eq!(limited, 1, "one attempt inside the window, and by the first name alone");
}

#[test]
fn issue_litellm_34836_a_provider_that_fails_on_and_on_leaves_rotation_and_one_probe_looks() {
    let lane = LANES[1];
    let down = move |_, _: &Asked| lane.error(500, "server_error", "down").answer();
    let course = Course::of(lane, false, down);
    let began = Instant::now();
    for number in 0..25 {
        whole(&course, &course.ask(&format!("rotation-{number}")), "fall");
    }
    // On a slow machine its first rest may be over before the last of them.
    let probes =
        usize::from(began.elapsed() > ms(10_000)) + usize::from(began.elapsed() > ms(30_000));
    let asked = course.primary().len();
    assert!(asked >= 3 && asked <= 3 + probes, "{asked} attempts in {:?}", began.elapsed());
    // Its rest over, many come at once, and one of them looks.
    let looked = Instant::now() + ms(25_500);
    wait::within(ms(40_000), || (Instant::now() >= looked).then_some(()));
    std::thread::scope(|scope| {
        for number in 0..12 {
            let course = &course;
            scope.spawn(move || whole(course, &course.ask(&format!("at-once-{number}")), "fall"));
        }
    });
    assert_eq!(course.primary().len(), asked + 1);
}

#[test]
fn issue_litellm_24005_an_overload_before_the_first_content_is_made_good_by_the_next() {
    for lane in LANES {
        let overloaded = move |_, _: &Asked| {
            let turn = lane.turn("prim", lane.models()[0]);
            let mut reply = crate::failover::course::up_to(turn.stream(), "prim00");
            reply.frames.pop();
            let body = String::from_utf8(
                lane.error(200, "overloaded_error", "Overloaded").frames.concat(),
            );
            let body = body.expect("text");
            let event = if lane.served == Kind::Messages { "event: error\n" } else { "" };
            reply.frames.push(format!("{event}data: {body}\n\n").into_bytes());
            reply.answer()
        };
        let course = Course::of(lane, false, overloaded);
        whole(&course, &course.ask("overload"), "fall");
        assert_eq!(course.rig.settled("overload")[0].ended().outcome, "error_in_stream");
        // Alone it leaves as the status it is, and not as a stream that has begun.
        let course = Course::of(lane, false, overloaded);
        let timed = course.ask_alone("overload-alone");
        safe(&course, &timed);
        assert!(matches!(timed.response.status, 503 | 529), "{}", timed.response.status);
        assert!(timed.response.text().contains("Overloaded"));
    }
}

#[test]
fn issue_portkey_1797_a_stream_that_ends_without_its_end_is_an_error_in_the_client_s_dialect() {
    for lane in LANES {
        let short = move |_, _: &Asked| {
            let turn = lane.turn("prim", lane.models()[0]);
            crate::failover::course::up_to(turn.stream(), "prim39").answer()
        };
        let course = Course::of(lane, false, short);
        let timed = course.ask_alone("short");
        assert_eq!(given(lane.client, &timed.response), Given::Error);
    }
}

#[test]
fn issue_helm_api_702_a_spent_chain_tells_the_prompt_is_too_long_in_the_first_one_s_words() {
    let words = "prompt is too long: 210000 tokens > 200000 maximum";
    for lane in LANES {
        let long = move |_, _: &Asked| lane.error(400, "invalid_request_error", words).answer();
        let down = |lane: crate::failover::course::Lane, _: &Asked| {
            lane.error(503, "overloaded_error", "down").answer()
        };
        let course = Course::with(lane, false, "", long, down);
        let timed = course.ask("too-long");
        safe(&course, &timed);
        assert_eq!(timed.response.status, 400);
        assert_eq!(timed.response.json()["error"]["message"], words);
    }
}
