//! Golden exchanges: every file of `tests/wire` is played through a running server. The provider
//! must have got exactly the client's bytes, the client exactly the provider's, but for host,
//! credential, hop-by-hop fields, cookies, forwarding traces and Weir's own headers.

use serde_json::Value;
use weir_tests::auditor::nano;
use weir_tests::client::Response;
use weir_tests::encoding::Coding;
use weir_tests::home::repository;
use weir_tests::http1::{self, Head, LAST_CHUNK};
use weir_tests::provider::{Answer, Asked, Step};
use weir_tests::transcript::{self, Transcript};
use weir_tests::{Home, Rig};

/// Fields of one connection, in requests and answers.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[test]
fn anthropic_exchanges_pass_unchanged_and_are_booked() {
    play_all("anthropic", 30);
}

#[test]
fn openai_exchanges_pass_unchanged_and_are_booked() {
    play_all("openai", 25);
}

#[test]
fn gemini_exchanges_pass_unchanged_and_are_booked() {
    play_all("gemini", 14);
}

fn play_all(dialect: &str, least: usize) {
    let cases = transcript::all(&repository().join("tests/wire").join(dialect));
    assert!(cases.len() >= least, "{dialect} has {} cases, {least} are promised", cases.len());
    let rig = Rig::scripted();
    let mut failed = Vec::new();
    for mut case in cases {
        let name = case.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        mark(&mut case.request, &name);
        let faults = play(&rig, &case, &name);
        failed.extend(faults.into_iter().map(|fault| format!("{dialect}/{name}: {fault}")));
    }
    assert!(failed.is_empty(), "{} faults:\n{}", failed.len(), failed.join("\n"));
}

/// Puts the case's name where the truth log looks for it.
fn mark(request: &mut Head, name: &str) {
    let own = request.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case("user-agent"));
    match own {
        Some((_, agent)) => agent.push_str(&format!(" marker/{name}")),
        None => request.headers.push(("user-agent".into(), format!("golden marker/{name}"))),
    }
}

fn play(rig: &Rig, case: &Transcript, name: &str) -> Vec<String> {
    let before = rig.provider.count();
    rig.provider.script(answer(case));
    let names: Vec<&str> = case.answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    let client = rig.client().expecting(&names);
    let response = client.send(&request(rig, case, name));
    let mut faults = Vec::new();
    match rig.provider.truth_from(before).as_slice() {
        [attempt] => {
            let asked = &attempt.asked;
            faults.extend(upstream_faults(&rig.home, case, asked, &rig.token));
        }
        seen => faults.push(format!("the provider saw {} requests", seen.len())),
    }
    faults.extend(client_faults(case, &response));
    let rows = rig.rows();
    match &case.booked {
        None => {
            let costs = rows.iter().filter(|row| row.session == name);
            let costs: i64 =
                costs.filter_map(|row| row.end.as_ref()).filter_map(|end| end.cost).sum();
            if costs != 0 {
                faults.push(format!("{costs} nano were booked for a free call"));
            }
        }
        Some(booked) => {
            let row = rig.row(name);
            let end = row.ended();
            if (end.outcome.as_str(), end.pricing.as_str())
                != (booked.outcome.as_str(), booked.pricing.as_str())
            {
                faults.push(format!("booked as {end:?}"));
            }
            if booked.tokens.is_some() && end.tokens != booked.tokens {
                faults.push(format!("booked {:?}, told {:?}", end.tokens, booked.tokens));
            }
            if booked.nano.is_some() && end.cost.map(i128::from) != booked.nano {
                faults.push(format!("booked {:?} nano, {:?} are right", end.cost, booked.nano));
            }
            let told = response.head.header("x-weir-cost-usd").and_then(nano);
            let streamed =
                response.head.header("content-type").is_some_and(|t| t.contains("event"));
            let array = case.request.first.contains("streamGenerateContent");
            if !streamed && !array && response.status == 200 && told != end.cost.map(i128::from) {
                faults.push(format!("x-weir-cost-usd {told:?}, booked {:?}", end.cost));
            }
        }
    }
    faults
}

fn request(rig: &Rig, case: &Transcript, name: &str) -> Vec<u8> {
    let body = case.request_coding.encode(&case.request_body);
    let filled = |text: &str| text.replace("{TOKEN}", &rig.token);
    let mut head = format!("{}\r\nhost: {}\r\n", filled(&case.request.first), rig.client().host());
    head.push_str(&format!("x-weir-session: {name}\r\n"));
    for (header, value) in &case.request.headers {
        head.push_str(&format!("{header}: {}\r\n", filled(value)));
    }
    if !case.request.headers.iter().any(|(_, value)| value.contains("{TOKEN}"))
        && !case.request.first.contains("{TOKEN}")
    {
        head.push_str(&format!("x-weir-token: {}\r\n", rig.token));
    }
    if case.request_coding != Coding::Identity {
        head.push_str(&format!("content-encoding: {}\r\n", case.request_coding.name()));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    bytes
}

fn answer(case: &Transcript) -> Answer {
    let body = case.answer_coding.encode(&case.answer_body);
    let mut head = format!("{}\r\n", case.answer.first);
    for (name, value) in &case.answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if case.answer_coding != Coding::Identity {
        head.push_str(&format!("content-encoding: {}\r\n", case.answer_coding.name()));
    }
    match case.sized {
        true => head.push_str(&format!("content-length: {}\r\n\r\n", body.len())),
        false => head.push_str("transfer-encoding: chunked\r\n\r\n"),
    }
    let mut steps = vec![Step::Send(head.into_bytes())];
    let mut rest = body.as_slice();
    let mut sizes = case.pieces.iter();
    let mut size = 1;
    while !rest.is_empty() {
        size = sizes.next().copied().unwrap_or(size);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        steps.push(Step::Send(if case.sized { piece.to_vec() } else { http1::chunk(piece) }));
        rest = after;
    }
    if !case.sized {
        steps.push(Step::Send(LAST_CHUNK.to_vec()));
    }
    Answer { steps, told: None }
}

fn upstream_faults(home: &Home, case: &Transcript, asked: &Asked, token: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let target = case.request.first.split(' ').nth(1).unwrap_or_default();
    let target = target.replace("/t/{TOKEN}", "").replace("&key={TOKEN}", "");
    if asked.target != target {
        faults.push(format!("the provider got {} instead of {target}", asked.target));
    }
    let key = if target.contains("/models/") {
        ("x-goog-api-key", home.secret("CANARY_GEMINI_KEY").to_owned())
    } else if target.contains("/messages") {
        ("x-api-key", home.secret("CANARY_ANTHROPIC_KEY").to_owned())
    } else {
        ("authorization", format!("Bearer {}", home.secret("CANARY_OPENAI_KEY")))
    };
    let mut expected = kept(&case.request);
    expected.push((key.0.into(), key.1));
    if case.request_coding != Coding::Identity {
        expected.push(("content-encoding".into(), case.request_coding.name().into()));
    }
    expected.sort();
    let mut got = kept(&asked.head);
    got.retain(|(name, _)| name != "host");
    if case.usage_asked {
        // An answer that must be edited must not come compressed.
        got.retain(|(name, value)| {
            (name.as_str(), value.as_str()) != ("accept-encoding", "identity")
        });
    }
    got.sort();
    if got != expected {
        let extra: Vec<_> = got.iter().filter(|pair| !expected.contains(pair)).collect();
        let lost: Vec<_> = expected.iter().filter(|pair| !got.contains(pair)).collect();
        faults.push(format!("headers upstream: {extra:?} too many, {lost:?} missing"));
    }
    if asked.head.headers.iter().any(|(_, value)| value.contains(token)) {
        faults.push("the tool's own token left".into());
    }
    let sent = case.request_coding.encode(&case.upstream_body);
    if case.usage_asked {
        if let Some(fault) = usage_asked_fault(&case.request_body, &asked.body) {
            faults.push(fault);
        }
    } else if asked.body != sent {
        let got = String::from_utf8_lossy(&asked.body).into_owned();
        faults.push(format!("the body upstream differs: {got:?}"));
    }
    faults
}

/// The body must be the client's, but for `stream_options.include_usage` set in one place.
fn usage_asked_fault(sent: &[u8], got: &[u8]) -> Option<String> {
    let mut expected: Value = serde_json::from_slice(sent).unwrap_or_default();
    expected["stream_options"]["include_usage"] = Value::Bool(true);
    let parsed: Value = serde_json::from_slice(got).unwrap_or_default();
    let same = |(a, b): &(&u8, &u8)| a == b;
    let front = sent.iter().zip(got).take_while(same).count();
    let back = sent.iter().rev().zip(got.iter().rev()).take_while(same).count();
    let untouched = front + back + "false".len() >= sent.len();
    let text = String::from_utf8_lossy(got);
    (parsed != expected || !untouched).then(|| format!("usage was not asked for alone: {text}"))
}

/// Headers that must travel, with lower-case names.
fn kept(head: &Head) -> Vec<(String, String)> {
    let named: Vec<String> = head
        .all("connection")
        .iter()
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let stays = |name: &str, value: &str| {
        HOP_BY_HOP.contains(&name)
            || named.iter().any(|n| n == name)
            || name.starts_with("x-forwarded-")
            || name.starts_with("x-weir-")
            || value.contains("{TOKEN}")
            || matches!(name, "cookie" | "forwarded" | "via" | "x-real-ip" | "expect")
    };
    head.headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, value)| !stays(name, value))
        .collect()
}

fn client_faults(case: &Transcript, response: &Response) -> Vec<String> {
    let mut faults = Vec::new();
    if !case.answer.first.contains(&format!(" {} ", response.status)) {
        faults.push(format!("the client got status {}", response.status));
    }
    for (name, value) in kept(&case.answer) {
        let dropped = ["set-cookie", "alt-svc", "strict-transport-security"];
        let got = response.head.all(&name);
        if dropped.contains(&name.as_str()) != got.is_empty()
            || (!got.is_empty() && !got.contains(&value.as_str()))
        {
            faults.push(format!("the client got {name}: {got:?} for {value}"));
        }
    }
    for name in ["x-weir-request-id", "x-weir-route", "x-weir-reason", "x-weir-attempts"] {
        if response.head.all(name).len() != 1 {
            faults.push(format!("the client got {:?} {name}", response.head.all(name)));
        }
    }
    if !response.complete {
        faults.push("the answer did not end".into());
    }
    let expected = case.answer_coding.encode(&case.client_body);
    let same = if case.client_body == case.answer_body {
        response.body == expected
    } else {
        case.answer_coding.decode(&response.body).as_deref() == Some(&case.client_body[..])
    };
    if !same {
        faults.push(format!("the client got another body: {:?}", response.text()));
    }
    faults
}
