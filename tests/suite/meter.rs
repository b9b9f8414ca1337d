//! What is booked when things go as they should not: hang-ups, cut streams, missing usage,
//! providers that refuse what Weir adds. Each test names the public failure it must not repeat.

use std::time::{Duration, Instant};
use weir_tests::answers::Reply;
use weir_tests::encoding::Coding;
use weir_tests::provider::{Attempt, Ended};
use weir_tests::stream_frames;
use weir_tests::tokens::{HAIKU, MINI};
use weir_tests::wait;
use weir_tests::{Answer, Kind, Latch, Provider, Response, Rig, Step, Tokens, Turn};

/// How soon the provider must see that a client has gone.
const CANCEL_LIMIT: Duration = Duration::from_millis(1_000);

/// The first `count` events of a stream, then `last`.
fn cut_after(turn: &Turn, count: usize, last: Step) -> Answer {
    let reply = turn.stream();
    let head = reply.answer().steps.swap_remove(0);
    let Step::Send(head) = head else { unreachable!("an answer begins with its head") };
    let frames = reply.frames.iter().take(count).map(|f| weir_tests::http1::chunk(f).len());
    let size = head.len() + frames.sum::<usize>();
    reply.answer().up_to(size, last)
}

/// Events before the first one with text in it.
fn events_before_text(turn: &Turn) -> usize {
    let text = turn.text[0].trim_end();
    let frames = turn.stream().frames;
    let has = |frame: &Vec<u8>| weir_tests::http1::find(frame, text.as_bytes()).is_some();
    frames.iter().position(has).expect("a stream has text")
}

#[test]
fn a_client_that_hangs_up_before_the_last_event_is_charged_what_it_had() {
    // Seen elsewhere: no row at all, or a prompt billed at zero.
    let rig = Rig::scripted();
    for kind in Kind::TALKING {
        let turn = Turn::new(kind, Tokens::plain(400, 90));
        let before = events_before_text(&turn);
        for (what, events) in [("early", before), ("late", before + 2)] {
            let marker = format!("gone-{what}-{kind:?}");
            rig.provider.script(cut_after(&turn, events, Step::Stall));
            let mut exchange = rig.client().open(&rig.client().call(kind, true, &marker));
            if what == "late" || kind != Kind::Gemini {
                exchange.head().expect("the head comes with the first event");
            }
            rig.provider.until("the whole request", |truth| {
                truth.iter().any(|a| a.whole && a.asked.marker() == Some(&marker))
            });
            drop(exchange);
            rig.provider.until("that the client has gone", |truth| {
                let own = |a: &&Attempt| a.asked.marker() == Some(&marker);
                truth.iter().find(own).is_some_and(|a| a.ended == Ended::PeerGone)
            });
            let row = rig.row(&marker);
            let end = row.ended();
            assert_eq!(end.outcome, "client_gone", "{marker}: {end:?}");
            let tokens = end.tokens.unwrap_or_default();
            assert!(tokens.prompt() > 0, "{marker} has no prompt: {end:?}");
            assert!(row.cost() > 0, "{marker} cost nothing: {end:?}");
            assert_eq!(end.pricing, "estimated", "{marker}: {end:?}");
        }
    }
}

#[test]
fn a_client_that_hangs_up_during_a_whole_answer_cancels_it_upstream() {
    // Seen elsewhere: the provider goes on to the end and is paid for it.
    let rig = Rig::scripted();
    for kind in Kind::TALKING {
        let marker = format!("cancel-{kind:?}");
        rig.provider.script(Answer { steps: vec![Step::Stall], told: None });
        let exchange = rig.client().open(&rig.client().call(kind, false, &marker));
        let seen = |truth: &[Attempt]| {
            truth.last().is_some_and(|attempt| {
                attempt.whole && attempt.asked.marker() == Some(marker.as_str())
            })
        };
        rig.provider.until("the request", seen);
        let dropped = Instant::now();
        drop(exchange);
        rig.provider.until("the cancellation", |truth| {
            truth.last().is_some_and(|attempt| attempt.ended == Ended::PeerGone)
        });
        let gone = rig.provider.last().gone_at.expect("the peer has gone");
        let took = gone.saturating_duration_since(dropped);
        assert!(took < CANCEL_LIMIT, "{marker}: cancelled after {took:?}");
        let row = rig.row(&marker);
        assert_eq!(row.ended().outcome, "client_gone", "{:?}", row.ended());
        assert!(row.cost() > 0, "a sent prompt is not free: {:?}", row.ended());
    }
}

#[test]
fn exact_usage_seen_before_a_hang_up_is_booked_as_exact() {
    let rig = Rig::scripted();
    let turn = Turn::new(Kind::Messages, Tokens { cache_read: 700, ..Tokens::plain(30, 44) });
    let events = turn.stream().frames.len() - 1;
    rig.provider.script(cut_after(&turn, events, Step::Stall));
    let call = rig.client().call(Kind::Messages, true, "gone-after-usage");
    let mut exchange = rig.client().open(&call);
    exchange.head().expect("a head");
    let enough = turn.stream().frames[..events].concat().len();
    exchange.bytes(enough);
    drop(exchange);
    let row = rig.row("gone-after-usage");
    assert_eq!(row.ended().outcome, "client_gone");
    assert_eq!(Some(row.cost()), turn.tokens.nano(HAIKU), "{:?}", row.ended());
    assert_eq!(row.ended().pricing, "exact");
}

#[test]
fn a_provider_that_rejects_usage_in_streams_is_asked_once_more_without_and_remembered() {
    // Some compress an error whatever they were asked for.
    for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli] {
        rejects_usage(coding);
    }
}

fn rejects_usage(coding: Coding) {
    // Seen elsewhere: every stream to such a provider fails.
    let rig = Rig::with(Provider::answering(move |asked| {
        if asked.text().contains("stream_options") {
            let body = r#"{"error":{"message":"Unknown parameter: 'stream_options'.","type":"invalid_request_error","param":"stream_options","code":"unknown_parameter"}}"#;
            return Reply::json(400, body).coded(coding).answer();
        }
        weir_tests::answers::natural(asked)
    }));
    let client = rig.client();
    let first = client.ask(Kind::Chat, true, "rejects-1");
    assert_eq!((first.status, first.complete), (200, true), "{}", first.text());
    assert_eq!(rig.provider.count(), 2, "once with, once without");
    let call = client.call(Kind::Chat, true, "rejects-1");
    assert!(call.ends_with(&rig.provider.last().asked.body), "the second is the client's own");
    let second = client.ask(Kind::Chat, true, "rejects-2");
    assert_eq!(second.status, 200);
    assert_eq!(rig.provider.count(), 3, "remembered");
    for marker in ["rejects-1", "rejects-2"] {
        let rows = rig.settled(marker);
        let last = rows.last().expect("a row").ended();
        assert_eq!((last.outcome.as_str(), last.pricing.as_str()), ("ok", "estimated"));
        assert!(last.cost.is_some_and(|cost| cost > 0), "{last:?}");
    }
    let rows = rig.settled("rejects-1");
    assert_eq!(rows.len(), 2, "each attempt has a row of its own");
    assert_eq!((rows[0].ended().kind.as_str(), rows[0].cost()), ("void", 0), "{rows:?}");
    assert_eq!(rig.settled("rejects-2").len(), 1);
}

#[test]
fn a_client_that_asks_for_usage_itself_gets_the_providers_refusal() {
    let rig = Rig::scripted();
    let refusal = r#"{"error":{"message":"Unknown parameter: 'stream_options'.","type":"invalid_request_error","param":"stream_options","code":"unknown_parameter"}}"#;
    rig.provider.script(Reply::json(400, refusal).answer());
    let mut body = Kind::Chat.ask(MINI, true, "hello");
    body["stream_options"] = serde_json::json!({"include_usage": true});
    let headers = [("user-agent", "tests marker/own-options"), ("x-weir-session", "own-options")];
    let client = rig.client();
    let request = client.post("/v1/chat/completions", &headers, body.to_string().as_bytes());
    let response = client.send(&request);
    assert_eq!((response.status, response.text().as_str()), (400, refusal));
}

#[test]
fn the_same_usage_costs_the_same_streamed_and_whole() {
    // Seen elsewhere: cache reads billed as full input in streams alone.
    let rig = Rig::scripted();
    for kind in Kind::TALKING {
        let tokens = match kind {
            Kind::Messages => Tokens {
                cache_read: 90_000,
                cache_write_5m: 2_000,
                cache_write_1h: 300,
                ..Tokens::plain(1_200, 3_000)
            },
            _ => Tokens { cache_read: 90_000, reasoning: 800, ..Tokens::plain(1_200, 3_000) },
        };
        let turn = Turn::new(kind, tokens);
        rig.provider.script(turn.stream().answer());
        rig.provider.script(turn.whole().answer());
        let (streamed, whole) = (format!("streamed-{kind:?}"), format!("whole-{kind:?}"));
        rig.client().ask(kind, true, &streamed);
        rig.client().ask(kind, false, &whole);
        let expected = tokens.nano(kind.model());
        assert_eq!(Some(rig.row(&streamed).cost()), expected, "{streamed}");
        assert_eq!(Some(rig.row(&whole).cost()), expected, "{whole}");
    }
}

#[test]
fn cache_counts_in_the_first_or_in_the_last_event_give_equal_rows() {
    // Seen elsewhere: counts that come in message_delta alone are lost.
    let rig = Rig::scripted();
    let tokens = Tokens { cache_read: 5_000, cache_write_5m: 70, ..Tokens::plain(33, 44) };
    let turn = Turn::new(Kind::Messages, tokens);
    let both = turn.stream();
    let mut last_only = both.clone();
    let zero = Turn { tokens: Tokens::default(), ..turn.clone() };
    last_only.frames[0] = stream_frames::frames(&zero).0[0].clone();
    let mut first_mostly = both.clone();
    let delta = b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":44}}\n\n";
    let at = first_mostly.frames.len() - 2;
    first_mostly.frames[at] = delta.to_vec();
    for (marker, reply) in [("both", both), ("last", last_only), ("first", first_mostly)] {
        rig.provider.script(reply.answer());
        rig.client().ask(Kind::Messages, true, marker);
        let row = rig.row(marker);
        assert_eq!(row.ended().tokens, Some(tokens), "{marker}");
        assert_eq!(Some(row.cost()), tokens.nano(HAIKU), "{marker}");
    }
}

#[test]
fn a_stream_that_ends_without_its_end_is_told_to_the_client_and_is_no_success() {
    // Seen elsewhere: a cut answer looks complete.
    let rig = Rig::scripted();
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses] {
        for (how, last) in [("cut", Step::Cut), ("reset", Step::Reset)] {
            let turn = Turn::new(kind, Tokens::plain(100, 50));
            let marker = format!("{how}-{kind:?}");
            let count = events_before_text(&turn) + 2;
            rig.provider.script(cut_after(&turn, count, last));
            let response = rig.client().ask(kind, true, &marker);
            let end = rig.row(&marker).ended().clone();
            assert_eq!(end.outcome, "truncated", "{marker}: {end:?}");
            assert_eq!(end.pricing, "estimated", "{marker}: {end:?}");
            assert!(end.cost.is_some_and(|cost| cost > 0), "{marker}: {end:?}");
            let told = !response.complete || response.text().contains("error");
            assert!(told, "{marker}: the client cannot tell: {}", response.text());
        }
    }
}

#[test]
fn a_cut_stream_never_gets_a_second_answer_spliced_on() {
    let rig = Rig::natural();
    let turn = Turn::new(Kind::Messages, Tokens::plain(10, 10));
    rig.provider.script(cut_after(&turn, events_before_text(&turn) + 1, Step::Reset));
    let response = rig.client().ask(Kind::Messages, true, "no-splice");
    assert!(response.text().matches("message_start\",").count() <= 1);
    assert_eq!(rig.provider.count(), 1, "not sent again after the client has text");
}

#[test]
fn an_answer_without_usage_is_estimated_and_never_zero() {
    let rig = Rig::scripted();
    for kind in Kind::TALKING {
        for stream in [false, true] {
            let turn = Turn { usage_chunk: false, ..Turn::new(kind, Tokens::plain(1, 1)) };
            let reply = if stream { turn.stream() } else { turn.whole() };
            let blind: Vec<Vec<u8>> =
                reply.frames.iter().map(|frame| without_usage(frame)).collect();
            rig.provider.script(Reply { frames: blind, told: None, ..reply }.answer());
            let marker = format!("blind-{kind:?}-{stream}");
            assert_eq!(rig.client().ask(kind, stream, &marker).status, 200);
            let end = rig.row(&marker).ended().clone();
            assert_eq!(end.pricing, "estimated", "{marker}: {end:?}");
            assert!(end.cost.is_some_and(|cost| cost > 0), "{marker}: {end:?}");
        }
    }
}

/// A frame whose usage blocks go by another name.
fn without_usage(frame: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(frame).replace("\"usage", "\"no_usage").into_bytes()
}

#[test]
fn an_unknown_model_is_unpriced_and_counted_as_such() {
    // Seen elsewhere: a model nobody knows costs nothing, and no budget ever fires.
    let rig = Rig::natural();
    let request = rig.client().call_model(Kind::Chat, "gpt-never-heard-of", false, "unknown");
    let response = rig.client().send(&request);
    assert_eq!(response.status, 200);
    assert_eq!(response.head.header("x-weir-cost-usd"), None, "unknown is not a number");
    let row = rig.row("unknown");
    assert_eq!((row.reserved, row.ended().cost), (None, None));
    assert_eq!(row.ended().pricing, "unpriced");
    let summary = rig.home.weir(&["cost", "summary", "--period", "all", "--json"]).json();
    assert_eq!(summary["unpriced_requests"], 1);
    assert_eq!(summary["spent_usd"], "0.000000000");
}

#[test]
fn a_reservation_covers_what_the_call_comes_to() {
    let rig = Rig::natural();
    for kind in Kind::TALKING {
        let marker = format!("covered-{kind:?}");
        rig.provider.script(Turn::new(kind, Tokens::plain(12, 256)).whole().answer());
        rig.client().ask(kind, false, &marker);
        let row = rig.row(&marker);
        let reserved = row.reserved.map(i128::from);
        assert!(reserved >= Some(row.cost()), "{marker}: {reserved:?} < {}", row.cost());
    }
}

#[test]
fn the_row_is_durable_before_the_attempt_leaves() {
    let rig = Rig::scripted();
    let latch = Latch::default();
    let mut answer = Turn::new(Kind::Messages, Tokens::plain(3, 4)).whole().answer();
    answer.steps.insert(0, Step::Hold(latch.clone()));
    rig.provider.script(answer);
    let call = rig.client().call(Kind::Messages, false, "reserved-first");
    let mut exchange = rig.client().open(&call);
    rig.provider.until("the request's head", |truth| truth.len() == 1);
    // The provider has only just seen the head: the row must be readable by now.
    let rows = rig.rows();
    assert_eq!(rows.len(), 1, "no attempt without a row");
    assert!(rows[0].end.is_none() && rows[0].reserved.is_some_and(|nano| nano > 0));
    latch.open();
    assert_eq!(exchange.response().expect("an answer").status, 200);
}

#[test]
fn an_error_inside_a_200_is_not_logged_as_success() {
    // Seen elsewhere: an overload told in the stream's first event counts as a good answer.
    let rig = Rig::scripted();
    let turn = Turn::new(Kind::Messages, Tokens::plain(10, 10));
    let overloaded = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    for (marker, keep) in [("error-first", 0), ("error-after-text", events_before_text(&turn) + 1)]
    {
        let mut reply = turn.stream();
        reply.frames.truncate(keep);
        reply.frames.push(overloaded.to_vec());
        reply.told = None;
        rig.provider.script(reply.answer());
        let response = rig.client().ask(Kind::Messages, true, marker);
        assert!(response.text().contains("overloaded_error"), "{marker}: {}", response.text());
        let end = rig.row(marker).ended().clone();
        assert_ne!(end.outcome, "ok", "{marker}");
        assert!(end.pricing != "exact" || end.cost == Some(0), "{marker}: {end:?}");
    }
}

#[test]
fn the_next_of_a_chain_answers_when_the_first_fails_before_any_text() {
    let provider = Provider::answering(weir_tests::answers::natural);
    let home = weir_tests::Home::pointing_at(&provider);
    let mut text = weir_tests::home::providers(&provider.url());
    text.push_str(&format!(
        "[providers.dead]\ndialect = \"anthropic\"\nbase_url = \"http://127.0.0.1:{}\"\n\
         key = \"env:CANARY_ANTHROPIC_KEY\"\nlocal = false\n\n\
         [tiers]\nlow = [\"dead/{HAIKU}\", \"anthropic/{HAIKU}\"]\n",
        closed_port()
    ));
    home.configure(&text);
    let rig = Rig::in_home(home, provider);
    let request = rig.client().call_model(Kind::Messages, "weir-low", true, "chain");
    let response: Response = rig.client().send(&request);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-attempts"), "2");
    assert_eq!(response.header("x-weir-route"), format!("anthropic/{HAIKU}"));
    let rows = rig.settled("chain");
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].ended().outcome.as_str(), rows[0].cost()), ("unreachable", 0));
    assert_eq!(rows[0].ended().kind, "void");
    assert_eq!(rows[1].ended().outcome, "ok");
}

/// A port nobody listens on.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

#[test]
fn a_hard_budget_is_never_passed_by_many_requests_at_once() {
    // Seen elsewhere: check first, count later, and overspend by the number of callers.
    // A prompt is never longer in tokens than its body is in bytes: 40 is below any estimate.
    let provider =
        Provider::answering(|_| Turn::new(Kind::Messages, Tokens::plain(40, 256)).whole().answer());
    let home = weir_tests::Home::pointing_at(&provider);
    let text = weir_tests::home::providers(&provider.url())
        + "[[budgets]]\nname = \"day\"\nperiod = \"day\"\nlimit_usd = 0.02\nat_limit = \"block\"\n";
    home.configure(&text);
    let rig = Rig::in_home(home, provider);
    let client = rig.client();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let call = |number: usize| {
            let client = client.clone();
            move || client.ask(Kind::Messages, false, &format!("race-{number}")).status
        };
        let threads: Vec<_> = (0..60).map(|number| scope.spawn(call(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a caller")).collect()
    });
    assert!(statuses.iter().all(|status| [200, 402, 429].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200) && statuses.iter().any(|status| *status != 200));
    rig.quiet();
    let spent: i64 = rig.rows().iter().filter_map(|row| row.end.as_ref()?.cost).sum();
    assert!(spent <= 20_000_000, "spent {spent} nano of 20,000,000");
    let refused = client.ask(Kind::Messages, false, "race-over");
    if refused.status != 200 {
        let message = crate::bad_input::message(Kind::Messages, &refused);
        assert!(message.contains("day") && message.contains("0.02"), "{message}");
        assert_eq!(refused.header("x-should-retry"), "false");
    }
}

#[test]
fn a_slow_reader_gets_every_byte_and_the_books_wait_for_it() {
    let rig = Rig::scripted();
    let mut turn = Turn::new(Kind::Messages, Tokens::plain(9, 9_999));
    turn.text = (0..20_000).map(|number| format!("drop {number} of water, ")).collect();
    let reply = turn.stream();
    rig.provider.script(reply.answer());
    let mut exchange = rig.client().open(&rig.client().call(Kind::Messages, true, "slow"));
    // The client reads nothing until the pipe is full and the provider is held back.
    let mut last = 0;
    wait::within(Duration::from_secs(3), || {
        let now = rig.provider.progress();
        std::thread::park_timeout(Duration::from_millis(100));
        let still = now == last;
        last = now;
        (still && now > 10).then_some(())
    });
    let response = exchange.response().expect("an answer");
    assert!(response.complete);
    assert_eq!(response.body, reply.body());
    assert_eq!(rig.row("slow").ended().outcome, "ok");
}
