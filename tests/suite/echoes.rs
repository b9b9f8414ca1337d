//! Providers that say a secret back. What one says goes to the client that asked and to nobody else:
//! no status, no other tool's answer, no file holds it, in whatever form and place it came.

use weir_tests::answers::Reply;
use weir_tests::encoding::{self, Coding};
use weir_tests::home::bare_providers;
use weir_tests::{Answer, Asked, Client, Home, Kind, Provider, Seed, Step, Weir, canary, wait};

/// Failures are kept from the first on, and two make a route rest.
const FAILOVER: &str = "[failover]\nattempts_per_route = 1\nfailures = 2\n\n";

/// A way to say `key` back, by its name.
type Echo = (&'static str, fn(&str) -> Answer);

fn told(key: &str) -> String {
    format!(r#"{{"error":{{"message":"no such key: {key}","type":"server_error"}}}}"#)
}

fn events(body: &str) -> Answer {
    let mut reply = Reply::json(200, body);
    reply.headers = vec![("content-type".into(), "text/event-stream".into())];
    reply.answer()
}

fn coded(key: &str, coding: Coding) -> Answer {
    Reply::json(500, told(key)).coded(coding).answer()
}

const FAILURES: &[Echo] = &[
    ("in the message", |key| Reply::json(500, told(key)).answer()),
    ("with a wrong key", |key| Reply::json(401, told(key)).answer()),
    ("as the code", |key| Reply::json(500, format!(r#"{{"error":{{"code":"{key}"}}}}"#)).answer()),
    ("as the type", |key| {
        Reply::json(500, format!(r#"{{"error":{{"type":"{key}","message":""}}}}"#)).answer()
    }),
    ("as a text", |key| Reply::json(500, format!(r#"{{"error":"bad {key}"}}"#)).answer()),
    ("with escapes", |key| {
        let escaped: String = key.bytes().map(|b| format!("\\u00{b:02x}")).collect();
        Reply::json(500, told(&escaped)).answer()
    }),
    ("without JSON", |key| Reply::json(500, format!("no such key: {key}")).answer()),
    ("in gzip", |key| coded(key, Coding::Gzip)),
    ("in deflate", |key| coded(key, Coding::Deflate)),
    ("in brotli", |key| coded(key, Coding::Brotli)),
    ("in zstd", |key| coded(key, Coding::Zstd)),
    ("in base64", |key| {
        Reply::json(500, told(&encoding::base64(format!("x:{key}").as_bytes()))).answer()
    }),
    ("in hexadecimal", |key| Reply::json(500, told(&encoding::hex(key.as_bytes()))).answer()),
    ("percent-encoded", |key| Reply::json(500, told(&encoding::percent(key.as_bytes()))).answer()),
    ("backwards", |key| Reply::json(500, told(&key.chars().rev().collect::<String>())).answer()),
    ("its last characters", |key| Reply::json(500, told(&key[key.len() - 12..])).answer()),
    ("over the end of what is told", |key| {
        Reply::json(500, told(&format!("{} {key}", "w".repeat(262)))).answer()
    }),
    ("over the end of what is read", |key| {
        let before = "w ".repeat(32 * 1024 - 24);
        Reply::json(500, format!("{before}{key} {before}")).answer()
    }),
    ("over the end of the connection", |key| {
        let answer = Reply::json(500, format!("no such key: {key} in our books")).answer();
        let length = answer.bytes().len() - " in our books".len() - 3;
        answer.up_to(length, Step::Cut)
    }),
    ("in headers", |key| {
        let reply = Reply::json(500, "{}").with("x-request-id", key).with("retry-after", key);
        reply.with("www-authenticate", key).answer()
    }),
    ("from behind a router", |key| {
        let raw = format!(
            r#"{{"error":{{"message":"Provider returned error","metadata":{{"raw":"no {key}"}}}}}}"#
        );
        Reply::json(500, raw).answer()
    }),
    ("in an event", |key| events(&format!("data: {}\n\n", told(key)))),
    ("as the code of an event", |key| {
        events(&format!("data: {{\"error\":{{\"code\":\"{key}\",\"message\":\"\"}}}}\n\n"))
    }),
];

/// Answers in which something is said back beside or behind what is paid for.
const ANSWERS: &[Echo] = &[
    ("a text in the place of an answer", |key| {
        Reply::json(200, format!(r#"{{"error":"invalid key {key}"}}"#)).answer()
    }),
    ("a bare key in the place of an answer", |key| {
        Reply::json(200, format!(r#"{{"error":"{key}"}}"#)).answer()
    }),
    ("a code in the place of an answer", |key| {
        Reply::json(200, format!(r#"{{"error":{{"code":"{key}","type":"{key}"}}}}"#)).answer()
    }),
    ("names in an answer", |key| {
        let usage = r#"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}"#;
        let choice =
            r#"{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}"#;
        let body = format!(
            r#"{{"id":"{key}","object":"chat.completion","model":"{key}","service_tier":"{key}","choices":[{choice}],"usage":{usage}}}"#
        );
        Reply::json(200, body).answer()
    }),
    ("an error behind content", |key| {
        let content = r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#;
        let error = format!(r#"{{"error":{{"code":"{key}","message":"no {key}"}}}}"#);
        events(&format!("data: {content}\n\ndata: {error}\n\n"))
    }),
];

/// The credential of a call.
fn credential(asked: &Asked) -> String {
    let header = |name| asked.head.header(name).map(str::to_owned);
    let found = header("authorization").or_else(|| header("x-api-key"));
    found.map(|value| value.trim_start_matches("Bearer ").to_owned()).unwrap_or_default()
}

/// A provider that says its credential back as the number in the model's name asks for.
fn echoing(echoes: &'static [Echo]) -> Provider {
    Provider::answering(move |asked| {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let number =
            body["model"].as_str().and_then(|model| model.rsplit('-').next()?.parse().ok());
        let echo = number.and_then(|number: usize| echoes.get(number)).unwrap_or(&echoes[0]);
        echo.1(&credential(asked))
    })
}

/// A home with a provider for every echo, all at one address and with one key.
fn home_of(provider: &Provider, echoes: &[Echo], key: &str) -> Home {
    let home = Home::pointing_at(provider);
    let one = |number: usize| {
        format!(
            "[providers.p{number}]\ndialect = \"openai\"\nbase_url = \"{}/v1\"\nkey = \"{key}\"\n\n",
            provider.url()
        )
    };
    let all: String = (0..echoes.len()).map(one).collect();
    home.configure(&format!("{FAILOVER}{}{all}", bare_providers(&provider.url())));
    home
}

/// Everything a user asks afterwards.
fn ask_everything(home: &Home) {
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["log", "--limit", "200"],
        &["log", "--json", "--limit", "200"],
        &["export", "--format", "csv"],
        &["export", "--format", "json"],
        &["cost", "breakdown", "--period", "all", "--by", "model"],
        &["models"],
        &["key", "test", "p0"],
        &["key", "list"],
    ] {
        home.weir(args);
    }
}

#[test]
fn what_a_failing_provider_says_back_stays_with_the_tool_that_asked() {
    let provider = echoing(FAILURES);
    let mut home = home_of(&provider, FAILURES, "env:CANARY_OPENAI_KEY");
    let tokens = [home.token("one"), home.token("two")];
    let weir = Weir::start(&home);
    let [one, two] = tokens.map(|token| {
        let named = ["x-request-id", "www-authenticate", "x-weir-dropped"];
        Client::new(weir.port(), &token).expecting(&named)
    });
    for (number, (how, _)) in FAILURES.iter().enumerate() {
        let model = format!("p{number}/m-{number}");
        let call = |client: &Client| {
            client.send(&client.call_model(Kind::Chat, &model, how.contains("event"), how))
        };
        let rests = |_: &usize| call(&one).text().contains("resting");
        assert!((0..6).any(|round| rests(&round)), "{how}: it never rests");
        let response = call(&two);
        assert!(response.text().contains("resting"), "{how}: {}", response.text());
        home.heard(format!("{how}: {:?} {}", response.head, response.text()).as_bytes());
        let id = response.head.header("x-weir-request-id").unwrap_or_default().to_owned();
        home.weir(&["explain", &id]).ok();
    }
    ask_everything(&home);
    assert_eq!(canary::search_home(&home), [], "while it runs");
    weir.kill();
    assert_eq!(canary::search_home(&home), [], "after a kill");
}

#[test]
fn what_an_answer_says_back_is_in_no_row() {
    let provider = echoing(ANSWERS);
    let mut home = home_of(&provider, ANSWERS, "env:CANARY_OPENAI_KEY");
    let token = home.token("one");
    let weir = Weir::start(&home);
    let client = Client::new(weir.port(), &token);
    for (number, (how, _)) in ANSWERS.iter().enumerate() {
        let model = format!("p{number}/m-{number}");
        let response =
            client.send(&client.call_model(Kind::Chat, &model, how.contains("behind"), how));
        let key = home.secret("CANARY_OPENAI_KEY");
        assert!(
            response.text().contains(key),
            "{how}: its own client is told: {}",
            response.text()
        );
    }
    wait::until("the books to be closed", || {
        weir_tests::ledger::rows(&home.ledger()).iter().all(|row| row.end.is_some())
    });
    let log = home.weir(&["log", "--json", "--limit", "100"]).json();
    for row in log.as_array().expect("a list") {
        home.weir(&["explain", row["id"].as_str().expect("an id")]).ok();
    }
    ask_everything(&home);
    assert_eq!(canary::search_home(&home), [], "while it runs");
    assert!(weir.stop().success());
    assert_eq!(canary::search_home(&home), [], "after a stop");
}

#[test]
fn a_login_that_a_provider_says_back_reaches_no_other_tool() {
    let provider = echoing(FAILURES);
    let mut home = home_of(&provider, &FAILURES[..1], "passthrough");
    let tokens = [home.token("one"), home.token("two")];
    let logins = ["one", "two"].map(|name| {
        // Like no key that is known by its beginning.
        let login = Seed::announced(name).word(24);
        home.hide(name, login.clone());
        format!("Bearer {login}")
    });
    let weir = Weir::start(&home);
    let call = |at: usize| {
        let client = Client::new(weir.port(), &tokens[at]);
        let body = Kind::Chat.ask("p0/m-0", false, "hello").to_string();
        let headers = [("authorization", logins[at].as_str())];
        client.send(&client.post("/v1/chat/completions", &headers, body.as_bytes()))
    };
    assert!((0..6).any(|_| call(0).text().contains("resting")), "it never rests");
    let response = call(1);
    assert!(response.text().contains("resting"), "{}", response.text());
    home.heard(response.text().as_bytes());
    ask_everything(&home);
    assert_eq!(canary::search_home(&home), []);
    weir.kill();
}
