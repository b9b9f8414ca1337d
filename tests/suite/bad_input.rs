//! Bad requests, absent keys, absent and broken providers: a clear message in the caller's
//! dialect, the right status, the fix by name, and nothing lost or invented in the books.

use serde_json::Value;
use weir_tests::answers::Reply;
use weir_tests::encoding::Coding;
use weir_tests::home::providers;
use weir_tests::{Answer, Home, Kind, Provider, Response, Rig, Step};

/// The largest request body, in bytes.
const BODY_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The message of an error, after checking that it has its dialect's shape.
#[track_caller]
pub fn message(kind: Kind, response: &Response) -> String {
    let body = response.json();
    let error = &body["error"];
    match kind {
        Kind::Messages | Kind::MessagesCount => {
            assert_eq!(body["type"], "error", "{body}");
            assert!(error["type"].is_string(), "{body}");
        }
        Kind::Gemini | Kind::GeminiCount | Kind::GeminiModels => {
            assert_eq!(error["code"], response.status, "{body}");
            assert!(error["status"].is_string(), "{body}");
        }
        _ => assert!(error["type"].is_string() && error.get("code").is_some(), "{body}"),
    }
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.len() >= 15, "a message says what and where: {body}");
    message
}

/// Asserts that a body is refused with `status` on every route, and reaches nobody.
fn refused_everywhere(rig: &Rig, what: &str, body: &[u8], status: u16) {
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses, Kind::Embeddings, Kind::Gemini] {
        let client = rig.client();
        let response = client.send(&client.post(&kind.path(kind.model(), false), &[], body));
        assert_eq!(response.status, status, "{what} on {kind:?}: {}", response.text());
        message(kind, &response);
    }
    assert_eq!(rig.provider.contacts(), 0, "{what} reached the provider");
    assert_eq!(rig.rows(), [], "{what} reached the ledger");
}

#[test]
fn malformed_json_is_refused_before_it_leaves() {
    let rig = Rig::scripted();
    let bodies: [&[u8]; 16] = [
        b"",
        b" ",
        b"{",
        b"{\"model\":\"a\"",
        b"{\"model\":\"a\",}",
        b"{\"model\" \"a\"}",
        b"{model:\"a\"}",
        b"{'model':'a'}",
        b"[]",
        b"null",
        b"\"text\"",
        b"{\"model\":\"a\"} {}",
        b"{\"model\":\"a\"}x",
        b"{\"model\":\"a\"]",
        b"{\"model\":\"a",
        b"\x00\x01\x02",
    ];
    for body in bodies {
        let what = format!("{:?}", String::from_utf8_lossy(body));
        refused_everywhere(&rig, &what, body, 400);
    }
}

#[test]
fn absurd_nesting_is_refused_without_effort() {
    let rig = Rig::scripted();
    for depth in [200, 5_000, 1_000_000] {
        let deep =
            format!("{{\"model\":\"m\",\"contents\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        refused_everywhere(&rig, &format!("depth {depth}"), deep.as_bytes(), 400);
        let objects = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        refused_everywhere(&rig, &format!("objects {depth} deep"), objects.as_bytes(), 400);
    }
}

#[test]
fn wrong_types_are_refused_and_the_key_is_named() {
    let rig = Rig::scripted();
    for (kind, body, key) in [
        (Kind::Messages, r#"{"model":5,"max_tokens":9,"messages":[]}"#, "model"),
        (Kind::Messages, r#"{"model":null,"max_tokens":9,"messages":[]}"#, "model"),
        (Kind::Messages, r#"{"model":["a"],"max_tokens":9,"messages":[]}"#, "model"),
        (Kind::Messages, r#"{"max_tokens":9,"messages":[]}"#, "model"),
        (Kind::Messages, r#"{"model":"","max_tokens":9,"messages":[]}"#, "model"),
        (Kind::Messages, r#"{"model":"m","max_tokens":"many","messages":[]}"#, "max_tokens"),
        (Kind::Messages, r#"{"model":"m","max_tokens":9,"messages":{}}"#, "messages"),
        (Kind::Messages, r#"{"model":"m","max_tokens":9,"stream":"yes","messages":[]}"#, "stream"),
        (Kind::Chat, r#"{"model":{},"messages":[]}"#, "model"),
        (Kind::Chat, r#"{"messages":[]}"#, "model"),
        (Kind::Chat, r#"{"model":"m","stream":1,"messages":[]}"#, "stream"),
        (Kind::Chat, r#"{"model":"m","messages":"hi"}"#, "messages"),
        (Kind::Chat, r#"{"model":"m","model":"n","messages":[]}"#, "model"),
        (Kind::Responses, r#"{"model":true,"input":"hi"}"#, "model"),
        (Kind::Responses, r#"{"model":"m","stream":"no","input":"hi"}"#, "stream"),
        (Kind::Embeddings, r#"{"model":7,"input":"hi"}"#, "model"),
        (Kind::Embeddings, r#"{"input":"hi"}"#, "model"),
    ] {
        let client = rig.client();
        let path = kind.path(kind.model(), false);
        let response = client.send(&client.post(&path, &[], body.as_bytes()));
        assert_eq!(response.status, 400, "{body}: {}", response.text());
        let message = message(kind, &response);
        assert!(message.contains(key), "{body}: {message:?} does not name {key}");
    }
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_body_of_100_mib_and_one_byte_is_refused_from_its_head() {
    let rig = Rig::scripted();
    for kind in Kind::TALKING {
        let client = rig.client();
        let path = kind.path(kind.model(), false);
        let length = (BODY_BYTES_MAX + 1).to_string();
        let headers = [("content-type", "application/json"), ("content-length", &length)];
        let head = client.head("POST", &path, &headers) + "\r\n";
        let mut exchange = client.open(head.as_bytes());
        let response = exchange.response().expect("refused without the body");
        assert_eq!(response.status, 413);
        assert!(message(kind, &response).contains("100 MiB"), "{}", response.text());
        assert!(exchange.ends(), "the connection closes, for the body may still come");
    }
    assert_eq!(rig.provider.contacts(), 0);
    assert_eq!(rig.rows(), []);
}

#[test]
fn a_chunked_body_over_100_mib_is_refused_while_it_comes() {
    let rig = Rig::scripted();
    let client = rig.client();
    let headers = [("content-type", "application/json"), ("transfer-encoding", "chunked")];
    let head = client.head("POST", "/v1/messages", &headers) + "\r\n";
    let mut exchange = client.open(head.as_bytes());
    let piece = weir_tests::http1::chunk(&vec![b' '; 1024 * 1024]);
    let mut sent = 0;
    while sent <= BODY_BYTES_MAX + 2 * piece.len() && exchange.send(&piece).is_ok() {
        sent += 1024 * 1024;
    }
    // The refusal may be lost when the server closes on bytes it does not want to read.
    if let Ok(response) = exchange.response() {
        assert_eq!(response.status, 413, "{}", response.text());
    }
    assert!(sent > 90 * 1024 * 1024, "refused after {sent} bytes");
    assert_eq!(rig.provider.contacts(), 0);
    assert_eq!(rig.rows(), []);
}

#[test]
fn a_body_of_exactly_100_mib_passes_unchanged() {
    let rig = Rig::natural();
    let client = rig.client();
    let mut body =
        br#"{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":""#
            .to_vec();
    body.resize(BODY_BYTES_MAX - 4, b'w');
    body.extend_from_slice(br#""}]}"#);
    assert_eq!(body.len(), BODY_BYTES_MAX);
    let headers = [("user-agent", "tests marker/huge"), ("x-weir-session", "huge")];
    let response = client.send(&client.post("/v1/messages", &headers, &body));
    assert_eq!(response.status, 200, "{}", response.text());
    let asked = rig.provider.last().asked;
    let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&body).into();
    assert_eq!((asked.body_bytes, asked.body_hash), (BODY_BYTES_MAX, hash));
}

#[test]
fn compressed_bodies_that_lie_or_explode_are_refused() {
    let rig = Rig::scripted();
    let client = rig.client();
    let good = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
    let bomb = vec![b' '; BODY_BYTES_MAX + 1];
    for coding in Coding::COMPRESSED {
        let name = coding.name();
        let send = |body: &[u8]| {
            client.send(&client.post("/v1/messages", &[("content-encoding", name)], body))
        };
        let lie = send(good.as_bytes());
        assert_eq!(lie.status, 400, "{name}: {}", lie.text());
        message(Kind::Messages, &lie);
        let whole = coding.encode(good.as_bytes());
        let cut = send(&whole[..whole.len() - 5]);
        assert_eq!(cut.status, 400, "{name} cut: {}", cut.text());
        let exploded = send(&coding.encode(&bomb));
        assert!([400, 413].contains(&exploded.status), "{name}: {}", exploded.text());
    }
    let unknown = client.post("/v1/messages", &[("content-encoding", "rot13")], good.as_bytes());
    let response = client.send(&unknown);
    assert!([400, 415].contains(&response.status), "{}", response.text());
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_client_that_stops_in_the_middle_of_its_body_costs_nothing() {
    let rig = Rig::scripted();
    let client = rig.client();
    let call = client.call(Kind::Messages, false, "half");
    let mut exchange = client.open(&call[..call.len() - 10]);
    exchange.finish_sending();
    let _ = exchange.response();
    drop(exchange);
    // A whole call afterwards shows that the server has dealt with the half one.
    rig.provider.script(Reply::json(200, "{}").answer());
    client.ask(Kind::Chat, false, "whole");
    rig.settled("whole");
    assert_eq!(rig.provider.count(), 1);
    assert!(rig.rows().iter().all(|row| row.session != "half"));
}

#[test]
fn an_unknown_provider_is_named_with_the_known_ones() {
    let rig = Rig::scripted();
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses, Kind::Embeddings] {
        let response =
            rig.client().send(&rig.client().call_model(kind, "nobody/model", false, "unknown"));
        assert_eq!(response.status, 404, "{}", response.text());
        let message = message(kind, &response);
        assert!(message.contains("nobody") && message.contains("anthropic"), "{message}");
    }
    assert_eq!(rig.provider.contacts(), 0);
    assert_eq!(rig.rows(), []);
}

#[test]
fn what_a_provider_has_nothing_for_is_refused_with_the_reason() {
    let rig = Rig::scripted();
    let call = rig.client().call_model(Kind::Embeddings, "anthropic/claude-opus-5-5", false, "x");
    let response = rig.client().send(&call);
    assert_eq!(response.status, 400, "{}", response.text());
    let message = message(Kind::Embeddings, &response);
    assert!(message.contains("anthropic does not answer embeddings"), "{message}");
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_missing_key_is_named_with_its_fix_and_nothing_is_sent() {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    home.configure(&providers(&provider.url()).replace("CANARY_OPENAI_KEY", "NOT_SET_ANYWHERE"));
    let rig = Rig::in_home(home, provider);
    for kind in [Kind::Chat, Kind::Responses, Kind::Embeddings] {
        let response = rig.client().ask(kind, false, "keyless");
        assert!([401, 403, 500, 503].contains(&response.status), "{}", response.status);
        let message = message(kind, &response);
        assert!(message.contains("NOT_SET_ANYWHERE") && message.contains("openai"), "{message}");
        assert_eq!(response.header("x-should-retry"), "false");
    }
    assert_eq!(rig.provider.contacts(), 0);
    let cost: i64 = rig.rows().iter().filter_map(|row| row.end.as_ref()?.cost).sum();
    assert_eq!(cost, 0);
}

#[test]
fn a_keychain_without_a_key_answers_with_the_command_that_stores_one() {
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    home.configure(&providers(&provider.url()).replace("env:CANARY_ANTHROPIC_KEY", "keychain"));
    let rig = Rig::in_home(home, provider);
    let began = std::time::Instant::now();
    let response = rig.client().ask(Kind::Messages, false, "keychain");
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "{:?}", began.elapsed());
    let message = message(Kind::Messages, &response);
    assert!(message.contains("key") && message.contains("anthropic"), "{message}");
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_provider_that_is_down_is_named_with_its_address_and_costs_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let provider = Provider::scripted();
    let home = Home::pointing_at(&provider);
    home.configure(&providers(&format!("http://127.0.0.1:{port}")));
    let rig = Rig::in_home(home, provider);
    for kind in Kind::TALKING {
        for stream in [false, true] {
            let marker = format!("down-{kind:?}-{stream}");
            let response = rig.client().ask(kind, stream, &marker);
            assert!([502, 503].contains(&response.status), "{marker}: {}", response.status);
            let message = message(kind, &response);
            let dialect = rig.row(&marker).provider;
            assert!(message.contains(&dialect), "{message}");
            let row = rig.row(&marker);
            assert_eq!((row.ended().outcome.as_str(), row.cost()), ("unreachable", 0));
        }
    }
}

#[test]
fn a_provider_that_breaks_before_its_answer_is_a_502() {
    let rig = Rig::scripted();
    let broken: [(&str, Answer); 6] = [
        ("end", Answer { steps: vec![Step::Cut], told: None }),
        ("reset", Answer { steps: vec![Step::Reset], told: None }),
        ("garbage", Answer::raw("\x16\x03\x01 this is not HTTP\r\n\r\n")),
        ("half a head", Answer::raw("HTTP/1.1 200 OK\r\ncontent-ty")),
        (
            "two lengths",
            Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        ),
        (
            "bad chunk",
            Answer::raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            ),
        ),
    ];
    for (what, answer) in broken {
        // A connection that was kept open may be tried again once before any answer.
        rig.provider.script(answer);
        let marker = format!("broken {what}").replace(' ', "-");
        let response = rig.client().ask(Kind::Messages, false, &marker);
        assert_eq!(response.status, 502, "{what}: {}", response.text());
        message(Kind::Messages, &response);
        let rows = rig.settled(&marker);
        assert!(rows.iter().all(|row| row.ended().outcome != "ok"), "{what}: {rows:?}");
    }
}

#[test]
fn a_whole_answer_that_is_cut_is_never_passed_as_complete() {
    let rig = Rig::scripted();
    let whole = weir_tests::Turn::new(Kind::Chat, weir_tests::Tokens::plain(5, 5)).whole().answer();
    let size = whole.bytes().len();
    rig.provider.script(whole.up_to(size - 20, Step::Cut));
    let response = rig.client().ask(Kind::Chat, false, "short");
    assert!(response.status == 502 || !response.complete, "{}", response.text());
    assert_eq!(rig.row("short").ended().outcome, "truncated");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Provider::scripted();
    let rig = Rig::scripted();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/v1/messages", elsewhere.url());
        rig.provider.script(Reply::json(status, "{}").with("location", &location).answer());
        let marker = format!("redirect-{status}");
        let client = rig.client().expecting(&["location"]);
        let response = client.ask(Kind::Messages, false, &marker);
        assert!(response.status == status || response.status == 502, "{}", response.status);
        assert_ne!(rig.row(&marker).ended().outcome, "ok");
    }
    assert_eq!(elsewhere.contacts(), 0, "the key went elsewhere");
}

#[test]
fn a_web_page_in_place_of_an_answer_is_told_and_costs_nothing_as_no_model_gave_it() {
    let rig = Rig::scripted();
    let page = "\u{feff}\n <html><body>Sign in to the hotel network</body></html>";
    for coding in [Coding::Identity, Coding::Gzip] {
        let mut reply = Reply::json(200, page).coded(coding);
        reply.headers = vec![("content-type".into(), "text/html; charset=utf-8".into())];
        rig.provider.script(reply.answer());
        let marker = format!("captive-{}", coding.name());
        let response = rig.client().ask(Kind::Messages, false, &marker);
        assert_eq!(response.status, 502, "{}", response.text());
        assert!(message(Kind::Messages, &response).contains("a web page"), "{}", response.text());
        let end = rig.row(&marker).ended().clone();
        assert_eq!((end.pricing.as_str(), end.cost), ("exact", Some(0)), "{end:?}");
    }
}

#[test]
fn what_only_calls_itself_a_web_page_may_have_cost_and_is_estimated() {
    let rig = Rig::scripted();
    for (marker, body) in [("json", r#"{"done":true}"#), ("none", ""), ("words", "Well, <b>")] {
        let mut reply = Reply::json(200, body);
        reply.headers = vec![("content-type".into(), "text/html".into())];
        rig.provider.script(reply.answer());
        let response = rig.client().ask(Kind::Messages, false, marker);
        assert_eq!(response.status, 502, "{marker}: {}", response.text());
        let end = rig.row(marker).ended().clone();
        let cost = end.cost.unwrap_or_default();
        assert!(end.pricing == "estimated" && cost > 0, "{marker}: {end:?}");
    }
}

#[test]
fn usage_that_makes_no_sense_breaks_nothing() {
    let rig = Rig::scripted();
    let huge = "9".repeat(40);
    for (number, usage) in [
        r#"{"input_tokens":-1,"output_tokens":5}"#,
        r#"{"input_tokens":1e999,"output_tokens":5}"#,
        r#"{"input_tokens":18446744073709551616,"output_tokens":5}"#,
        r#"{"input_tokens":18446744073709551615,"output_tokens":18446744073709551615}"#,
        r#"{"input_tokens":"7","output_tokens":null}"#,
        r#"{"input_tokens":1.5,"output_tokens":5}"#,
        r#"[]"#,
        r#"null"#,
        &format!(r#"{{"input_tokens":{huge},"output_tokens":{huge}}}"#),
    ]
    .iter()
    .enumerate()
    {
        let body = format!(
            r#"{{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{{"type":"text","text":"hi"}}],"stop_reason":"end_turn","usage":{usage}}}"#
        );
        rig.provider.script(Reply::json(200, body.clone()).answer());
        let marker = format!("odd-{number}");
        let response = rig.client().ask(Kind::Messages, false, &marker);
        assert_eq!((response.status, response.text()), (200, body), "{usage}");
        let end = rig.row(&marker).ended().clone();
        assert!(end.cost.is_none_or(|cost| cost >= 0), "{usage}: {end:?}");
        assert!(end.cost != Some(0), "{usage} is free: {end:?}");
    }
}

#[test]
fn a_line_of_8_mb_in_a_stream_passes_unchanged() {
    let rig = Rig::scripted();
    let turn = weir_tests::Turn::new(Kind::Messages, weir_tests::Tokens::plain(5, 6));
    let mut reply = turn.stream();
    let monster = format!("event: monster\ndata: {}\n\n", "m".repeat(8 * 1024 * 1024));
    reply.frames.insert(3, monster.into_bytes());
    reply.told = reply.told.map(|(frame, model, tokens)| (frame + 1, model, tokens));
    rig.provider.script(reply.answer());
    let response = rig.client().ask(Kind::Messages, true, "monster");
    assert!(response.body == reply.body(), "{} bytes came", response.body.len());
    assert_eq!(rig.row("monster").ended().outcome, "ok");
}

#[test]
fn an_unknown_path_answers_404_in_the_dialect_of_its_family() {
    let rig = Rig::scripted();
    let client = rig.client();
    for (path, kind) in [
        ("/v1/messages/batches", Kind::Messages),
        ("/v1/realtime/sessions", Kind::Chat),
        ("/v1beta/cachedContents", Kind::Gemini),
    ] {
        let response = client.send(&client.post(path, &[], b"{}"));
        assert_eq!(response.status, 404, "{path}");
        let text = message(kind, &response);
        assert!(text.contains(path), "{text}");
    }
    let models: Value =
        client.send((client.head("GET", "/v1/models?limit=1000", &[]) + "\r\n").as_bytes()).json();
    assert!(models["data"].as_array().is_some_and(|data| !data.is_empty()), "{models}");
}
