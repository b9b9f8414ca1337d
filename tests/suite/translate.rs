//! Every tool's dialect to every other provider's, through a running server: words, streams,
//! errors and breaks reach the client in its own dialect, and the books hold the provider's own
//! count. What each translation says in detail is held by `tests/translate`.

use serde_json::{Value, json};
use weir_tests::answers::{self, Reply};
use weir_tests::auditor::nano;
use weir_tests::provider::{Attempt, Ended, Step};
use weir_tests::tokens::{FLASH, HAIKU, MINI, QWEN};
use weir_tests::{Answer, Asked, Client, Home, Kind, Provider, Response, Rig, Tokens, Turn, home};

/// What every provider of these tests says.
const WORDS: &str = "Water finds its level.";

/// Providers by name, their model, and what they are asked at when a stranger asks.
const PROVIDERS: [(&str, &str, Kind); 4] = [
    ("anthropic", HAIKU, Kind::Messages),
    ("openai", MINI, Kind::Chat),
    ("gemini", FLASH, Kind::Gemini),
    ("ollama", QWEN, Kind::OllamaChat),
];

/// Every client with every provider that does not speak its dialect.
fn pairs() -> Vec<Pair> {
    let own = |client: Kind| match client {
        Kind::Messages => "anthropic",
        Kind::Gemini => "gemini",
        _ => "openai",
    };
    let mut found = Vec::new();
    for client in Kind::TALKING {
        for (provider, model, kind) in PROVIDERS {
            if provider != own(client) {
                found.push((client, provider, model, kind));
            }
        }
    }
    assert_eq!(found.len(), 12);
    found
}

/// A rig with a fourth provider: a local server so old that it knows Ollama's own chat alone.
fn rig() -> Rig {
    let provider = Provider::answering(|asked: &Asked| match asked.path() {
        "/old/" | "/old" => Reply::json(200, "Ollama is running").answer(),
        "/old/api/version" => Reply::json(200, r#"{"version":"0.12.0"}"#).answer(),
        "/old/api/tags" => {
            Reply::json(200, format!(r#"{{"models":[{{"name":"{QWEN}"}}]}}"#)).answer()
        }
        "/old/api/ps" => Reply::json(200, r#"{"models":[]}"#).answer(),
        path if path.starts_with("/old") && !path.ends_with("/api/chat") => {
            Reply::json(404, "404 page not found").answer()
        }
        _ => answers::natural(asked),
    });
    let home = Home::pointing_at(&provider);
    let local = format!(
        "[providers.ollama]\ndialect = \"ollama\"\nbase_url = \"{}/old\"\nkey = \"none\"\n\
         local = true\n",
        provider.url()
    );
    home.configure(&(home::providers(&provider.url()) + &local));
    Rig::in_home(home, provider)
}

/// A client, a provider and its model, and what it is asked at.
type Pair = (Kind, &'static str, &'static str, Kind);

/// OpenAI behind an address of somebody's own that answers one of its two APIs alone, with the clients
/// that speak anything else: Responses as Azure may have it, Chat as most others do.
fn one_api() -> [(Rig, Vec<Pair>); 2] {
    let rig = |api: &str| {
        let provider = Provider::answering(answers::natural);
        let home = Home::pointing_at(&provider);
        let config = home::providers(&provider.url());
        let only = format!("dialect = \"openai\"\napi = \"{api}\"\n");
        home.configure(&config.replace("dialect = \"openai\"\n", &only));
        Rig::in_home(home, provider)
    };
    let pair = |client: Kind, asked: Kind| (client, "openai", MINI, asked);
    let strangers = [Kind::Messages, Kind::Chat, Kind::Gemini];
    [
        (rig("responses"), strangers.map(|client| pair(client, Kind::Responses)).to_vec()),
        (rig("chat"), vec![pair(Kind::Responses, Kind::Chat)]),
    ]
}

/// What the client reads, put together from whatever its dialect streams.
fn said(client: Kind, stream: bool, response: &Response) -> String {
    let text = response.text();
    if !stream {
        let answer = response.json();
        let words = match client {
            Kind::Messages => &answer["content"][0]["text"],
            Kind::Chat => &answer["choices"][0]["message"]["content"],
            Kind::Responses => &answer["output"][0]["content"][0]["text"],
            _ => &answer["candidates"][0]["content"]["parts"][0]["text"],
        };
        return words.as_str().unwrap_or_default().to_owned();
    }
    let mut words = String::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let piece = match client {
            Kind::Messages => &event["delta"]["text"],
            Kind::Chat => &event["choices"][0]["delta"]["content"],
            Kind::Responses => match event["type"].as_str() {
                Some("response.output_text.delta") => &event["delta"],
                _ => &Value::Null,
            },
            _ => &event["candidates"][0]["content"]["parts"][0]["text"],
        };
        words.push_str(piece.as_str().unwrap_or_default());
    }
    words
}

/// A client that also knows what only translated answers carry.
fn client(rig: &Rig) -> Client {
    rig.client().expecting(&["x-weir-dropped", "retry-after"])
}

fn ask(rig: &Rig, of: Kind, route: &str, stream: bool, marker: &str) -> Response {
    client(rig).send(&client(rig).call_model(of, route, stream, marker))
}

#[test]
fn every_tool_reaches_every_other_provider_and_is_booked_as_the_provider_counted() {
    for (rig, pairs) in [(rig(), pairs())].into_iter().chain(one_api()) {
        reaches(&rig, pairs);
    }
}

fn reaches(rig: &Rig, pairs: Vec<Pair>) {
    for (client, provider, model, kind) in pairs {
        for stream in [false, true] {
            let marker = format!("{client:?}-{provider}-{stream}");
            let route = format!("{provider}/{model}");
            let response = ask(rig, client, &route, stream, &marker);
            assert_eq!(response.status, 200, "{marker}: {}", response.text());
            assert_eq!(Kind::of(rig.provider.last().asked.path()), Some(kind), "{marker}");
            assert!(response.complete, "{marker}");
            assert_eq!(response.header("x-weir-route"), route, "{marker}");
            assert_eq!(said(client, stream, &response), WORDS, "{marker}: {}", response.text());
            let row = rig.settled(&marker).pop().expect("a row");
            let end = row.ended();
            assert_eq!((end.outcome.as_str(), end.pricing.as_str()), ("ok", "exact"), "{marker}");
            let told = answers::figures(kind, &marker);
            assert_eq!(end.tokens, Some(told), "{marker}");
            let cost = if provider == "ollama" { Some(0) } else { told.nano(model) };
            assert_eq!(end.cost.map(i128::from), cost, "{marker}");
            if !stream {
                let header = response.head.header("x-weir-cost-usd").and_then(nano);
                assert_eq!(header, cost, "{marker}");
            }
        }
    }
}

#[test]
fn what_a_provider_cannot_be_told_is_named_in_the_answer_and_in_the_log() {
    let rig = rig();
    let body = json!({"model": format!("openai/{MINI}"), "max_tokens": 64, "top_k": 5,
        "system": [{"type": "text", "text": "Short.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "How does water find its level?"}]});
    let marked = [("user-agent", "tests marker/dropped"), ("x-weir-session", "dropped")];
    let call = rig.client().post("/v1/messages", &marked, body.to_string().as_bytes());
    let response = client(&rig).send(&call);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("x-weir-dropped"), "sampling:top_k,cache-control");
    rig.row("dropped");
    let log = rig.home.weir(&["log", "--limit", "1", "--json"]).json();
    assert_eq!(log[0]["dropped"], json!(["sampling:top_k", "cache-control"]), "{log}");
}

#[test]
fn what_would_change_the_answer_is_refused_before_it_leaves_and_costs_nothing() {
    let rig = rig();
    let before = rig.provider.count();
    let body = json!({"model": format!("openai/{MINI}"), "max_tokens": 64, "messages": [
        {"role": "user", "content": [{"type": "document",
            "source": {"type": "url", "url": "https://example.org/town.pdf"}}]}]});
    let marked = [("user-agent", "tests marker/blind"), ("x-weir-session", "blind")];
    let call = rig.client().post("/v1/messages", &marked, body.to_string().as_bytes());
    let response = client(&rig).send(&call);
    assert_eq!(response.status, 400, "{}", response.text());
    // The words on which Claude Code leaves documents out and asks again.
    let message = response.json()["error"]["message"].clone();
    assert_eq!(message, "capability_rejected: document_block");
    let asked = rig.provider.truth_from(before);
    assert!(asked.iter().all(|attempt| attempt.asked.marker() != Some("blind")), "nothing left");
    let rows = rig.rows();
    let costs = rows.iter().filter(|row| row.session == "blind");
    assert!(costs.filter_map(|row| row.end.as_ref()).all(|end| end.cost.unwrap_or(0) == 0));
}

/// What each provider says when it has too much to do, and its words for it.
fn refusal(kind: Kind) -> (String, &'static str) {
    let words = "Too much to do, come back later";
    let body = match kind {
        Kind::Messages => {
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": words}})
        }
        Kind::Gemini => {
            json!({"error": {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED"}})
        }
        _ => json!({"error": {"message": words, "type": "requests", "param": null,
            "code": "rate_limit_exceeded"}}),
    };
    (body.to_string(), words)
}

/// Pairs of vendors, in a rig that answers scripts: nothing else asks the provider anything.
fn remote() -> impl Iterator<Item = (Rig, Vec<Pair>)> {
    let mut remote = pairs();
    remote.retain(|(_, provider, _, _)| *provider != "ollama");
    [(Rig::natural(), remote)].into_iter().chain(one_api())
}

/// The same, one after the other.
fn each_remote(play: impl Fn(&Rig, Pair)) {
    for (rig, pairs) in remote() {
        pairs.into_iter().for_each(|pair| play(&rig, pair));
    }
}

#[test]
fn a_providers_refusal_comes_in_the_clients_dialect_with_the_providers_words() {
    each_remote(|rig, (client, provider, model, kind)| {
        let marker = format!("refused-{client:?}-{provider}");
        let (body, words) = refusal(kind);
        rig.provider.script(Reply::json(429, body).with("retry-after", "7").answer());
        let response = ask(rig, client, &format!("{provider}/{model}"), true, &marker);
        assert_eq!(response.status, 429, "{marker}: {}", response.text());
        assert_eq!(response.header("retry-after"), "7", "{marker}");
        let error = response.json();
        assert_eq!(error["error"]["message"], words, "{marker}: {error}");
        let shaped = match client {
            Kind::Messages => {
                error["type"] == "error" && error["error"]["type"] == "rate_limit_error"
            }
            Kind::Gemini => error["error"]["status"] == "RESOURCE_EXHAUSTED",
            _ => error["error"]["code"] == "rate_limit_exceeded",
        };
        assert!(shaped, "{marker}: {error}");
        assert_eq!(rig.row(&marker).cost(), 0, "{marker}");
    });
}

#[test]
fn a_stream_that_breaks_ends_in_an_error_of_the_clients_dialect() {
    each_remote(|rig, (client, provider, model, kind)| {
        let marker = format!("broken-{client:?}-{provider}");
        let turn = Turn::new(kind, Tokens::plain(40, 30));
        let mut reply = turn.stream();
        let keep = reply.frames.len() - if kind == Kind::Gemini { 1 } else { 3 };
        reply.frames.truncate(keep);
        reply.told = None;
        let mut steps = reply.answer().steps;
        steps.pop();
        steps.push(Step::Cut);
        rig.provider.script(Answer { steps, told: None });
        let response = ask(rig, client, &format!("{provider}/{model}"), true, &marker);
        let text = response.text();
        let told = match client {
            Kind::Messages => text.contains("event: error"),
            Kind::Responses => text.contains("event: response.failed"),
            _ => text.contains("\"error\""),
        };
        assert!(told, "{marker}: {text}");
        let ends = ["message_stop", "[DONE]", "response.completed", "finishReason\":\"STOP"];
        assert!(ends.iter().all(|end| !text.contains(end)), "{marker}: {text}");
        let row = rig.row(&marker);
        assert_ne!(row.ended().outcome, "ok", "{marker}");
        assert!(row.cost() > 0, "{marker}: what was said before the break is not free");
    });
}

#[test]
fn a_damaged_stream_is_told_at_once_and_its_provider_is_left() {
    each_remote(|rig, (client, provider, model, kind)| {
        let marker = format!("damaged-{client:?}-{provider}");
        let turn = Turn::new(kind, Tokens::plain(40, 30));
        let mut reply = turn.stream();
        reply.frames.truncate(reply.frames.len() - if kind == Kind::Gemini { 1 } else { 3 });
        reply.frames.push("data: {\"half\": \n\n".into());
        reply.told = None;
        let mut steps = reply.answer().steps;
        steps.pop();
        steps.push(Step::Stall);
        rig.provider.script(Answer { steps, told: None });
        let response = ask(rig, client, &format!("{provider}/{model}"), true, &marker);
        let text = response.text();
        assert!(text.contains("damaged"), "{marker}: {text}");
        let left = |truth: &[Attempt]| truth.last().is_some_and(|a| a.ended == Ended::PeerGone);
        rig.provider.until("the cancellation", left);
        let row = rig.row(&marker);
        assert_ne!(row.ended().outcome, "ok", "{marker}");
        assert!(row.cost() > 0, "{marker}: what was said before is not free");
    });
}

#[test]
fn the_tools_own_headers_and_login_stay_with_its_own_vendor() {
    let rig = rig();
    let headers = [
        ("user-agent", "claude-cli/2.1.330 marker/headers"),
        ("x-weir-session", "headers"),
        ("authorization", "Bearer sk-ant-oat01-the-clients-own"),
        ("anthropic-beta", "oauth-2025-04-20"),
        ("anthropic-version", "2023-06-01"),
        ("x-stainless-lang", "js"),
        ("cookie", "session=secret"),
    ];
    let body = Kind::Messages.ask(&format!("openai/{MINI}"), false, "Hello?").to_string();
    let call = rig.client().post("/v1/messages?beta=true", &headers, body.as_bytes());
    assert_eq!(client(&rig).send(&call).status, 200);
    let asked = rig.provider.truth().into_iter().map(|attempt| attempt.asked);
    // Weir looks at the local server below /old whenever it likes.
    let mut asked = asked.filter(|asked| !asked.target.starts_with("/old"));
    let asked = asked.next_back().expect("the provider was asked");
    assert_eq!(asked.target, "/v1/chat/completions");
    let sent: Vec<String> =
        asked.head.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    for name in ["anthropic-beta", "anthropic-version", "x-stainless-lang", "cookie"] {
        assert!(!sent.iter().any(|known| known == name), "{name} went to a stranger: {sent:?}");
    }
    let all = format!("{:?}", asked.head.headers);
    assert!(!all.contains("sk-ant-oat01"), "{all}");
    assert!(all.contains(rig.home.secret("CANARY_OPENAI_KEY")), "{all}");
}
