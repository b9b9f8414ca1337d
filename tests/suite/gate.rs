//! The hostile matrix over every route. Each case is one request that must be refused from its
//! head alone: it announces a body and never sends one. Nothing of it may reach the provider or
//! the ledger, and no answer may carry a CORS header.

use weir_tests::answers::Reply;
use weir_tests::{Client, Kind, Provider, Response, Rig, Seed};

/// How many cases of the full cross product are tried; `WEIR_GATE_CASES` sets another number.
const SAMPLE: usize = 6_000;

/// Every route that a tool with the right token may use, and its method.
const ROUTES: &[(&str, &str)] = &[
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages?beta=true"),
    ("POST", "/v1/messages/count_tokens"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/models"),
    ("GET", "/v1beta/models"),
    ("POST", "/v1beta/models/gemini-2.5-flash:generateContent"),
    ("POST", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
    ("POST", "/v1beta/models/gemini-2.5-flash:countTokens"),
    ("POST", "/v1/models/gemini-2.5-flash:generateContent"),
    ("POST", "/v1/models/gemini-2.5-flash:streamGenerateContent"),
    ("POST", "/v1/models/gemini-2.5-flash:countTokens"),
];

/// Hosts that are not this server. `PORT` is its port, `NEXT` another one.
const HOSTS: &[&str] = &[
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "127.0.0.1:NEXT",
    "localhost:NEXT",
    "[::1]:NEXT",
    "127.0.0.1:80",
    "127.0.0.1:PORT.evil.example",
    "127.0.0.1.evil.example:PORT",
    "localhost.evil.example:PORT",
    "evil.example@127.0.0.1:PORT",
    "127.0.0.1:PORT@evil.example",
    "127.0.0.1:PORT,evil.example",
    "0.0.0.0:PORT",
    "0:PORT",
    "127.1:PORT",
    "127.0.0.2:PORT",
    "127.000.000.001:PORT",
    "2130706433:PORT",
    "0x7f000001:PORT",
    "localhost.:PORT",
    "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "192.168.1.10:PORT",
    "169.254.169.254:PORT",
    "host.docker.internal:PORT",
    "weir.local:PORT",
    "127.0.0.1:0PORT",
    "127.0.0.1:",
    "",
];

/// Headers a browser adds for a page's request.
const FROM_A_PAGE: &[(&str, &str)] = &[
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("origin", ""),
    ("origin", "http://127.0.0.1:PORT"),
    ("origin", "http://localhost:PORT"),
    ("origin", "chrome-extension://abcdefghijklmnop"),
    ("origin", "tauri://localhost"),
    ("referer", "https://evil.example/page"),
    ("referer", "http://127.0.0.1:PORT/"),
    ("referer", ""),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
];

/// Methods that no route answers.
const METHODS: &[&str] =
    &["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "post", "GETX"];

/// Paths that look like a route and are none.
const PATHS: &[&str] = &[
    "//v1/messages",
    "/v1//messages",
    "/v1/../v1/messages",
    "//v1/../messages",
    "/./v1/messages",
    "/v1/%2e%2e/v1/messages",
    "/%76%31/messages",
    "/v1/messages/",
    "/v1/messages%00",
    "/v1/messages%2f",
    "/v1/messages;a=b",
    "/V1/messages",
    "/v1/Messages",
    "/v1/chat/completions/..",
    "/v1beta/models/a%2fb:deleteModel",
    "/v1/models/../messages",
    "/v1/files",
    "/v1/batches",
    "/v1/messages/batches",
    "/v1/realtime",
    "/v1/completions",
    "/admin",
    "/api/oauth/usage",
    "/metrics",
    "/t/",
    "/t//v1/messages",
    "/control",
    "/config.toml",
];

/// A way to prove who one is.
#[derive(Clone, Copy, Debug)]
enum Proof {
    Right,
    Missing,
    Empty,
    Wrong,
    Truncated,
    Longer,
    OtherCase,
    WrongInPath,
    RightBesideWrongOwn,
    Cookie,
    Query,
}

const WRONG_PROOFS: &[Proof] = &[
    Proof::Missing,
    Proof::Empty,
    Proof::Wrong,
    Proof::Truncated,
    Proof::Longer,
    Proof::OtherCase,
    Proof::WrongInPath,
    Proof::RightBesideWrongOwn,
    Proof::Cookie,
    Proof::Query,
];

#[derive(Clone, Debug)]
struct Case {
    method: String,
    path: String,
    host: Option<String>,
    page: Option<(String, String)>,
    proof: Proof,
}

/// A server whose provider counts contacts, with two routes that answer.
fn rig() -> Rig {
    Rig::with(Provider::answering(|_| Reply::json(200, "{}").answer()))
}

#[test]
fn a_wrong_host_is_refused_on_every_route_with_and_without_a_token() {
    let rig = rig();
    let mut cases = Vec::new();
    for (method, path) in ROUTES {
        for host in HOSTS {
            for proof in [Proof::Right, Proof::Missing] {
                cases.push(case(method, path, Some(host), None, proof));
            }
        }
        cases.push(case(method, path, None, None, Proof::Right));
    }
    refuse_all(&rig, &cases);
}

#[test]
fn a_request_of_a_page_is_refused_on_every_route() {
    let rig = rig();
    let pages = FROM_A_PAGE.iter();
    let cases: Vec<Case> = pages
        .flat_map(|page| {
            let good = Some("127.0.0.1:PORT");
            ROUTES.iter().map(move |(m, path)| case(m, path, good, Some(*page), Proof::Right))
        })
        .collect();
    refuse_all(&rig, &cases);
}

#[test]
fn a_wrong_proof_is_refused_on_every_route() {
    let rig = rig();
    let mut cases = Vec::new();
    for (method, path) in ROUTES {
        for proof in WRONG_PROOFS {
            cases.push(case(method, path, Some("127.0.0.1:PORT"), None, *proof));
        }
    }
    refuse_all(&rig, &cases);
}

#[test]
fn other_methods_and_other_paths_are_refused_with_the_right_token() {
    let rig = rig();
    let mut cases = Vec::new();
    for (_, path) in ROUTES {
        for method in METHODS {
            cases.push(case(method, path, Some("localhost:PORT"), None, Proof::Right));
        }
    }
    for path in PATHS {
        for method in ["GET", "POST"] {
            cases.push(case(method, path, Some("127.0.0.1:PORT"), None, Proof::Right));
        }
    }
    refuse_all(&rig, &cases);
}

#[test]
fn a_sample_of_the_whole_cross_product_is_refused() {
    let rig = rig();
    let mut chance = Seed::announced("gate");
    let count = std::env::var("WEIR_GATE_CASES").ok().and_then(|n| n.parse().ok());
    let mut cases = Vec::new();
    for _ in 0..count.unwrap_or(SAMPLE) {
        let (method, path) = *chance.pick(ROUTES);
        let mut case = case(method, path, Some("127.0.0.1:PORT"), None, Proof::Right);
        // At least one thing is wrong; often several.
        let wrong = chance.next() | 1 << chance.below(5);
        if wrong & 1 != 0 {
            case.host = Some((*chance.pick(HOSTS)).to_owned());
        }
        if wrong & 2 != 0 {
            let (name, value) = *chance.pick(FROM_A_PAGE);
            case.page = Some((name.into(), value.into()));
        }
        if wrong & 4 != 0 {
            case.method = (*chance.pick(METHODS)).to_owned();
        }
        if wrong & 8 != 0 {
            case.path = (*chance.pick(PATHS)).to_owned();
        }
        if wrong & 16 != 0 {
            case.proof = *chance.pick(WRONG_PROOFS);
        }
        cases.push(case);
    }
    refuse_all(&rig, &cases);
}

#[test]
fn every_place_of_the_right_token_is_accepted_and_the_token_never_leaves() {
    let rig = Rig::natural();
    let token = rig.token.clone();
    let bearer = format!("Bearer {token}");
    let places: &[(&str, &str)] = &[
        ("x-weir-token", &token),
        ("authorization", &bearer),
        ("x-api-key", &token),
        ("x-goog-api-key", &token),
    ];
    let client = rig.client();
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses, Kind::Embeddings, Kind::Gemini] {
        let body = kind.ask(kind.model(), false, "hello").to_string();
        let path = kind.path(kind.model(), false);
        for (name, value) in places {
            let request = bare_post(&client, &path, &format!("{name}: {value}\r\n"), &body);
            assert_eq!(client.send(&request).status, 200, "{name} on {path}");
        }
        let request = bare_post(&client, &format!("/t/{token}{path}"), "", &body);
        assert_eq!(client.send(&request).status, 200, "the path on {path}");
    }
    for attempt in rig.provider.truth() {
        let head = format!("{:?}", attempt.asked);
        assert!(!head.contains(&token), "the token left in {head}");
    }
}

#[test]
fn all_three_names_of_this_machine_are_good_hosts() {
    let rig = Rig::natural();
    for name in ["127.0.0.1", "localhost", "[::1]"] {
        let client = rig.client();
        let body = Kind::Messages.ask(Kind::Messages.model(), false, "hello").to_string();
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: {name}:{}\r\nx-weir-token: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            rig.server().port(),
            rig.token,
            body.len()
        );
        assert_eq!(client.send(head.as_bytes()).status, 200, "{name}");
    }
}

#[test]
fn health_answers_an_empty_200_without_a_token_and_nothing_else_does() {
    let rig = rig();
    let client = rig.client();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", client.host());
    let health = client.send(get("/healthz").as_bytes());
    assert_eq!((health.status, health.body.as_slice()), (200, &b""[..]));
    for path in ["/", "/healthz/", "/healthz/x", "//healthz", "/v1/models", "/favicon.ico"] {
        let status = client.send(get(path).as_bytes()).status;
        assert!((400..500).contains(&status), "{path} answered {status}");
    }
    let foreign = "GET /healthz HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    assert_eq!(client.send(foreign.as_bytes()).status, 403);
}

#[test]
fn probes_and_upgrades_of_real_clients_are_answered_as_they_need() {
    let rig = rig();
    let client = rig.client();
    for path in ["/", "/api/hello"] {
        let probe = format!("HEAD {path} HTTP/1.1\r\nhost: {}\r\n\r\n", client.host());
        let head = client.open(probe.as_bytes()).head().expect("a head");
        let status = weir_tests::client::status(&head);
        assert!([200, 204, 404].contains(&status), "HEAD {path} answered {status}");
    }
    let upgrade = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("openai-beta", "responses_websockets=2026-02-06"),
    ];
    let request = client.head("GET", "/v1/responses", &upgrade) + "\r\n";
    assert_eq!(client.send(request.as_bytes()).status, 426);
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn guessing_tokens_is_slowed_down_and_the_right_one_still_works() {
    let rig = Rig::natural();
    let client = rig.client();
    let mut statuses = Vec::new();
    for number in 0..60 {
        let guess = format!("x-weir-token: weir_{number:043}\r\n");
        let response = client.send(&bare_post(&client, "/v1/messages", &guess, "{}"));
        statuses.push(response.status);
        if response.status == 429 {
            let wait: u64 = response.header("retry-after").parse().expect("whole seconds");
            assert!((1..=60).contains(&wait), "retry-after {wait}");
        }
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(rig.client().ask(Kind::Messages, false, "still-open").status, 200);
}

#[test]
fn a_removed_token_is_refused_at_once() {
    let rig = Rig::natural();
    assert_eq!(rig.client().ask(Kind::Chat, false, "before").status, 200);
    rig.home.weir(&["client", "rm", "tests"]).ok();
    assert_eq!(rig.client().ask(Kind::Chat, false, "after").status, 401);
    assert!(rig.rows().iter().all(|row| row.session != "after"));
}

#[test]
fn a_content_type_that_a_page_can_send_is_refused() {
    let rig = rig();
    let client = rig.client();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let request = client.post("/v1/messages", &[("content-type", kind)], b"{}");
        assert_eq!(client.send(&request).status, 415, "{kind:?}");
    }
    assert_eq!(rig.provider.contacts(), 0);
}

#[test]
fn a_refusal_has_its_dialects_shape_and_says_what_to_do() {
    let rig = rig();
    let client = rig.client();
    for (path, kind) in [
        ("/v1/messages", Kind::Messages),
        ("/v1/chat/completions", Kind::Chat),
        ("/v1/responses", Kind::Responses),
        ("/v1beta/models/gemini-2.5-flash:generateContent", Kind::Gemini),
    ] {
        let response = client.send(&bare_post(&client, path, "", "{}"));
        assert_eq!(response.status, 401, "{path}");
        let message = crate::bad_input::message(kind, &response);
        assert!(message.contains("weir client add"), "{path}: {message}");
    }
}

fn bare_post(client: &Client, path: &str, proof: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\n{proof}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        client.host(),
        body.len()
    )
    .into_bytes()
}

fn case(
    method: &str,
    path: &str,
    host: Option<&str>,
    page: Option<(&str, &str)>,
    proof: Proof,
) -> Case {
    Case {
        method: method.into(),
        path: path.into(),
        host: host.map(str::to_owned),
        page: page.map(|(name, value)| (name.into(), value.into())),
        proof,
    }
}

fn refuse_all(rig: &Rig, cases: &[Case]) {
    let client = rig.client();
    let mut faults = Vec::new();
    for case in cases {
        let mut exchange = client.open(&bytes(rig, case));
        match exchange.response() {
            Ok(response) => faults.extend(faults_of(&response).map(|f| format!("{case:?}: {f}"))),
            // The parser may close without a word on what is not HTTP.
            Err(error) if case.host.as_deref() == Some("") || case.method == "CONNECT" => {
                drop(error);
            }
            Err(error) => faults.push(format!("{case:?}: no answer ({error})")),
        }
    }
    let shown: Vec<_> = faults.iter().take(20).collect();
    assert!(faults.is_empty(), "{} of {}: {shown:#?}", faults.len(), cases.len());
    assert_eq!(rig.provider.contacts(), 0, "something reached the provider");
    assert_eq!(rig.rows(), [], "something reached the ledger");
}

fn faults_of(response: &Response) -> Option<String> {
    if !(400..500).contains(&response.status) {
        return Some(format!("answered {}: {}", response.status, response.text()));
    }
    let headers = &response.head.headers;
    let cors = headers.iter().find(|(n, _)| n.to_ascii_lowercase().starts_with("access-control"));
    cors.map(|header| format!("a CORS header: {header:?}"))
}

/// The head of a case, announcing a body that never comes.
fn bytes(rig: &Rig, case: &Case) -> Vec<u8> {
    let port = rig.server().port();
    let filled = |text: &str| {
        text.replace("PORT", &port.to_string()).replace("NEXT", &(port ^ 1).to_string())
    };
    let token = &rig.token;
    let wrong = format!("weir_{}", "A".repeat(43));
    let mut path = case.path.clone();
    let mut lines = String::new();
    if let Some(host) = &case.host {
        lines.push_str(&format!("host: {}\r\n", filled(host)));
    }
    if let Some((name, value)) = &case.page {
        lines.push_str(&format!("{name}: {}\r\n", filled(value)));
    }
    let mut own = |value: &str| lines.push_str(&format!("x-weir-token: {value}\r\n"));
    match case.proof {
        Proof::Right => own(token),
        Proof::Missing => {}
        Proof::Empty => own(""),
        Proof::Wrong => own(&wrong),
        Proof::Truncated => own(&token[..token.len() - 1]),
        Proof::Longer => own(&format!("{token}A")),
        Proof::OtherCase => own(&token.to_uppercase()),
        Proof::WrongInPath => path = format!("/t/{wrong}{path}"),
        Proof::RightBesideWrongOwn => {
            own(&wrong);
            lines.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        Proof::Cookie => {
            lines.push_str(&format!("cookie: token={token}; x-weir-token={token}\r\n"))
        }
        Proof::Query => {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&format!("token={token}&key={token}"));
        }
    }
    let body = if case.method == "GET" { "" } else { "content-length: 1000000\r\n" };
    let method = &case.method;
    format!("{method} {path} HTTP/1.1\r\n{lines}content-type: application/json\r\n{body}\r\n")
        .into_bytes()
}
