//! Requests that two parsers could read differently. Refused ones end the connection, so that
//! nothing behind them is taken for a request; the provider sees exactly what was authorised.

use weir_tests::answers::Reply;
use weir_tests::{Client, Kind, Provider, Rig};

/// A rig that answers anything, so that a smuggled request would show.
fn rig() -> Rig {
    Rig::with(Provider::answering(|_| Reply::json(200, "{}").answer()))
}

/// Sends bytes, with a good request smuggled behind them, and expects an end without either.
#[track_caller]
fn refused(rig: &Rig, what: &str, head: &str, body: &str) {
    let client = rig.client();
    let behind = String::from_utf8(client.call(Kind::Messages, false, "smuggled")).expect("text");
    let mut exchange = client.open(format!("{head}\r\n{body}{behind}").as_bytes());
    let status = exchange.response().map(|response| response.status);
    assert!(matches!(status, Err(_) | Ok(400..=499 | 501 | 505)), "{what} was answered {status:?}");
    assert!(exchange.ends(), "{what}: the connection stays open");
    assert_eq!(rig.provider.contacts(), 0, "{what} reached the provider");
    assert_eq!(rig.rows(), [], "{what} reached the ledger");
}

/// A head of `POST /v1/messages` with the right host and token and these lines.
fn head(client: &Client, lines: &str) -> String {
    client.head("POST", "/v1/messages", &[("content-type", "application/json")]) + lines
}

const BODY: &str = r#"{"model":"claude-haiku-4-5","max_tokens":9,"messages":[]}"#;

/// Sends bytes, with a good request behind them, and expects that they are served by one reading
/// alone: the body as the chunks say, then the end of the connection.
#[track_caller]
fn one_reading(what: &str, lines: &str) {
    let rig = Rig::natural();
    let client = rig.client();
    let behind = String::from_utf8(client.call(Kind::Messages, false, "behind")).expect("text");
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let request = head(&client, lines) + "\r\n" + &chunked + &behind;
    let mut exchange = client.open(request.as_bytes());
    let status = exchange.response().map(|response| response.status);
    assert!(matches!(status, Ok(200)), "{what}: {status:?}");
    assert!(exchange.ends(), "{what}: the connection stays open");
    let bodies: Vec<String> = rig.provider.truth().iter().map(|a| a.asked.text()).collect();
    assert_eq!(bodies, [BODY], "{what}");
}

#[test]
fn a_length_beside_chunks_never_leaves_two_readings() {
    let length = BODY.len();
    one_reading(
        "CL then TE",
        &format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
    );
    one_reading(
        "TE then CL",
        &format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
    );
    one_reading("CL 0 then TE", "content-length: 0\r\ntransfer-encoding: chunked\r\n");
    one_reading("TE then CL 3", "transfer-encoding: chunked\r\ncontent-length: 3\r\n");
    one_reading("TE in odd case", "Transfer-Encoding: Chunked\r\nContent-Length: 9\r\n");
}

#[test]
fn lengths_that_disagree_are_refused() {
    let rig = rig();
    let client = rig.client();
    let length = BODY.len();
    for (what, lines) in [
        ("a longer one", format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 1)),
        ("a shorter one", format!("content-length: {length}\r\ncontent-length: 0\r\n")),
        ("a list", format!("content-length: {length}, {length}\r\n")),
        ("a list of two", format!("content-length: {length}, 0\r\n")),
    ] {
        refused(&rig, what, &head(&client, &lines), BODY);
    }
}

#[test]
fn lengths_that_are_no_numbers_are_refused() {
    let rig = rig();
    let client = rig.client();
    let too_many = "9".repeat(30);
    for length in ["-1", "+5", "0x10", "1e2", "", "5 5", "５", &too_many] {
        let lines = format!("content-length: {length}\r\n");
        refused(&rig, &format!("length {length:?}"), &head(&client, &lines), BODY);
    }
}

#[test]
fn odd_transfer_codings_are_refused() {
    let rig = rig();
    let client = rig.client();
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    for coding in [
        "chunked, identity",
        "identity",
        "gzip",
        "chunked, gzip",
        "xchunked",
        "chunked;q=1, identity",
        "\"chunked\"",
        "cow, identity",
    ] {
        let lines = format!("transfer-encoding: {coding}\r\n");
        refused(&rig, &format!("TE {coding:?}"), &head(&client, &lines), &chunked);
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n";
    refused(&rig, "TE twice", &head(&client, twice), &chunked);
    let blank = "transfer-encoding : chunked\r\n";
    refused(&rig, "a blank before the colon", &head(&client, blank), &chunked);
}

#[test]
fn broken_lines_are_refused() {
    let rig = rig();
    let client = rig.client();
    let length = format!("content-length: {}\r\n", BODY.len());
    for (what, lines) in [
        ("a folded line", format!("x-a: one\r\n two\r\n{length}")),
        ("a line without colon", format!("no colon here\r\n{length}")),
        ("a NUL in a value", format!("x-a: b\0c\r\n{length}")),
        ("a bare CR in a value", format!("x-a: b\rc\r\n{length}")),
        ("a blank in a name", format!("x a: b\r\n{length}")),
        ("an empty name", format!(": b\r\n{length}")),
        ("a leading blank", format!(" x-a: b\r\n{length}")),
    ] {
        refused(&rig, what, &head(&client, &lines), BODY);
    }
}

#[test]
fn a_bare_line_feed_never_ends_a_head_for_one_parser_and_not_for_another() {
    let rig = rig();
    let client = rig.client();
    // A bare LF inside the head hides a length from a parser that insists on CRLF.
    let lines = format!("x-a: b\ncontent-length: 0\r\ncontent-length: {}\r\n", BODY.len());
    refused(&rig, "a bare line feed before a second length", &head(&client, &lines), BODY);
}

#[test]
fn bad_chunks_are_refused_and_close() {
    let rig = rig();
    let client = rig.client();
    let lines = "transfer-encoding: chunked\r\n";
    for (what, body) in [
        ("a size that is no number", format!("zz\r\n{BODY}\r\n0\r\n\r\n")),
        ("a size too large", format!("ffffffffffffffffff\r\n{BODY}\r\n0\r\n\r\n")),
        ("a negative size", format!("-5\r\n{BODY}\r\n0\r\n\r\n")),
        ("a chunk longer than its size", format!("5\r\n{BODY}\r\n0\r\n\r\n")),
    ] {
        refused(&rig, what, &head(&client, lines), &body);
    }
}

#[test]
fn other_targets_and_versions_are_refused() {
    let rig = rig();
    let client = rig.client();
    let host = client.host();
    let rest = format!(
        "x-weir-token: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        client.token(),
        BODY.len()
    );
    for (what, first) in [
        ("an absolute form to elsewhere", "POST http://evil.example/v1/messages HTTP/1.1".into()),
        (
            "an absolute form with credentials",
            format!("POST http://a:b@{host}/v1/messages HTTP/1.1"),
        ),
        ("an authority form", "CONNECT evil.example:443 HTTP/1.1".to_owned()),
        ("an asterisk", "OPTIONS * HTTP/1.1".into()),
        ("HTTP/2 in words", "POST /v1/messages HTTP/2.0".into()),
        ("HTTP/0.9", "POST /v1/messages HTTP/0.9".into()),
        ("no version", "POST /v1/messages".into()),
        ("two blanks", "POST  /v1/messages HTTP/1.1".into()),
        ("a NUL in the target", "POST /v1/messages\0 HTTP/1.1".into()),
        ("a raw blank in the target", "POST /v1/mess ages HTTP/1.1".into()),
        ("a tab for a blank", "POST\t/v1/messages HTTP/1.1".into()),
    ] {
        refused(&rig, what, &format!("{first}\r\nhost: {host}\r\n{rest}"), BODY);
    }
}

#[test]
fn http_1_0_with_a_transfer_coding_or_without_a_host_is_refused() {
    let rig = rig();
    let client = rig.client();
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let ours = format!("x-weir-token: {}\r\ncontent-type: application/json\r\n", client.token());
    let host = client.host();
    let first = "POST /v1/messages HTTP/1.0\r\n";
    let coded = format!("{first}host: {host}\r\n{ours}transfer-encoding: chunked\r\n");
    refused(&rig, "HTTP/1.0 in chunks", &coded, &chunked);
    let hostless = format!("{first}{ours}content-length: {}\r\n", BODY.len());
    refused(&rig, "HTTP/1.0 without a host", &hostless, BODY);
}

#[test]
fn two_hosts_are_refused() {
    let rig = rig();
    let client = rig.client();
    let lines = format!("host: evil.example\r\ncontent-length: {}\r\n", BODY.len());
    refused(&rig, "two hosts", &head(&client, &lines), BODY);
    let same = format!("host: {}\r\ncontent-length: {}\r\n", client.host(), BODY.len());
    refused(&rig, "the same host twice", &head(&client, &same), BODY);
}

#[test]
fn a_head_of_70_kib_or_200_lines_is_refused() {
    let rig = rig();
    let client = rig.client();
    let length = format!("content-length: {}\r\n", BODY.len());
    let long = format!("x-long: {}\r\n{length}", "a".repeat(70 * 1024));
    refused(&rig, "a head of 70 KiB", &head(&client, &long), BODY);
    let many: String = (0..200).map(|number| format!("x-{number}: a\r\n")).collect();
    refused(&rig, "200 header lines", &head(&client, &(many + &length)), BODY);
}

#[test]
fn a_long_but_allowed_head_is_served() {
    let rig = Rig::natural();
    let client = rig.client();
    let beta = "a-beta-2026-01-01,".repeat(1500);
    let body = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
    let headers = [("anthropic-beta", beta.as_str()), ("user-agent", "tests")];
    let request = client.post("/v1/messages", &headers, body.as_bytes());
    assert_eq!(client.send(&request).status, 200);
    assert_eq!(rig.provider.last().asked.head.header("anthropic-beta"), Some(beta.as_str()));
}

#[test]
fn pipelined_requests_reach_the_provider_once_each_and_in_order() {
    let rig = Rig::natural();
    let client = rig.client();
    let mut both = client.call(Kind::Messages, false, "first-in-pipe");
    both.extend(client.call(Kind::Chat, false, "second-in-pipe"));
    let mut exchange = client.open(&both);
    assert_eq!(exchange.response().expect("the first answer").status, 200);
    assert_eq!(exchange.response().expect("the second answer").status, 200);
    let order: Vec<String> = rig
        .provider
        .truth()
        .iter()
        .filter_map(|attempt| attempt.asked.marker().map(str::to_owned))
        .collect();
    assert_eq!(order, ["first-in-pipe", "second-in-pipe"]);
}

#[test]
fn a_request_behind_a_refused_one_with_a_body_is_never_read() {
    let rig = rig();
    let client = rig.client();
    // The body of the refused request is itself a good request.
    let inside = String::from_utf8(client.call(Kind::Messages, false, "inside")).expect("text");
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: evil.example\r\nx-weir-token: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        client.token(),
        inside.len()
    );
    refused(&rig, "a request in the body of a refused one", &head, &inside);
}

#[test]
fn an_upgrade_is_not_honoured_and_nothing_behind_it_is_forwarded() {
    let rig = rig();
    let client = rig.client();
    for (token, connection) in [("websocket", "upgrade"), ("h2c", "upgrade, http2-settings")] {
        let lines = client.head(
            "GET",
            "/v1/models",
            &[("upgrade", token), ("connection", connection), ("http2-settings", "AAMAAABkAAQ")],
        ) + "\r\n";
        let response = client.send(lines.as_bytes());
        assert_ne!(response.status, 101, "{token}");
    }
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn the_second_http_preface_is_not_spoken() {
    let rig = rig();
    let mut exchange = rig.client().open(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let status = exchange.response().map(|response| response.status);
    assert!(matches!(status, Err(_) | Ok(400..=505)), "{status:?}");
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_body_that_expects_a_100_is_asked_for_and_arrives_whole() {
    let rig = Rig::natural();
    let client = rig.client();
    let body = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
    let request = client.post("/v1/messages", &[("expect", "100-continue")], body.as_bytes());
    let split = request.len() - body.len();
    let mut exchange = client.open(&request[..split]);
    let interim = exchange.head().expect("a head");
    assert_eq!(weir_tests::client::status(&interim), 100);
    exchange.send(body.as_bytes()).expect("the body can be sent");
    assert_eq!(exchange.response().expect("an answer").status, 200);
    assert_eq!(rig.provider.last().asked.body, body.as_bytes());
}
