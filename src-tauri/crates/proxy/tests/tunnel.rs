//! The tunnel's gate with a hand on its clock: what ends it, what it counts, and what it takes out
//! of a stranger's head. What a whole engine does with it is tested from outside.

use futures_util::future::BoxFuture;
use http::Request;
use http::request::Parts;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_util::sync::CancellationToken;
use weir_core::route::Setup;
use weir_core::{Endpoint, Money, Pricing, RequestId};
use weir_proxy::accept::Entry;
use weir_proxy::ports::*;
use weir_proxy::secret::Secret;
use weir_proxy::tunnel::{Rules, SELF_TEST_CLIENT, TUNNEL_CLIENT, TunnelGate, Turned};

const START_MS: i64 = 1_795_334_400_000;
const EIGHT_HOURS_MS: i64 = 8 * 3_600_000;

/// A world of which only the clock and two tokens matter.
#[derive(Default)]
struct World {
    later_ms: AtomicI64,
}

impl Clock for World {
    fn unix_ms(&self) -> i64 {
        START_MS + self.later_ms.load(Ordering::Relaxed)
    }
    fn monotonic_ns(&self) -> u64 {
        0
    }
}
impl Gate for World {
    fn caller(&self, token: &[u8]) -> Option<Caller> {
        match token {
            b"weir_right" => Some(Caller { name: TUNNEL_CLIENT.into() }),
            b"weir_test" => Some(Caller { name: SELF_TEST_CLIENT.into() }),
            _ => None,
        }
    }
}
impl Books for World {
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal> {
        Ok(Reservation { opening, reserved: None })
    }
    fn settle(&self, _: Reservation, _: Closing) -> Settled {
        Settled { cost: Some(Money::ZERO), pricing: Pricing::Exact }
    }
}
impl Keys for World {
    fn key<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Secret, KeyProblem>> {
        Box::pin(async move { Err(KeyProblem::Missing { provider: provider.to_owned() }) })
    }
}
impl Routes for World {
    fn setup(&self) -> Arc<Setup> {
        Arc::default()
    }
    fn models(&self) -> Vec<Listed> {
        Vec::new()
    }
}
impl Events for World {
    fn opened(&self, _: &Opening) {}
    fn closed(&self, _: RequestId, _: &Closing, _: Settled) {}
}
impl Locals for World {
    fn model(&self, _: &str, _: &str) -> LocalModel {
        LocalModel::default()
    }
    fn answered(&self, _: &str, _: &str) {}
}

struct Stage {
    world: Arc<World>,
    gate: Arc<TunnelGate>,
    closing: CancellationToken,
}

impl Stage {
    fn new(host: Option<&str>, per_minute: u32) -> Self {
        let closing = CancellationToken::new();
        let models = vec!["weir-low".to_owned(), "weir-high".to_owned()];
        let rules = Rules { models, per_minute, at_once: 2 };
        let until = START_MS + EIGHT_HOURS_MS;
        let host = host.map(str::to_owned);
        let gate = TunnelGate::new(host, until, closing.clone(), move || rules.clone());
        Self { world: Arc::default(), gate: Arc::new(gate), closing }
    }

    fn enter(&self, mut parts: Parts) -> (Entry, Parts) {
        let world = &self.world;
        let ports = Ports {
            books: world.clone(),
            gate: world.clone(),
            keys: world.clone(),
            clock: world.clone(),
            routes: world.clone(),
            events: world.clone(),
            locals: world.clone(),
        };
        let entry = self.gate.enter(&mut parts, &ports);
        (entry, parts)
    }

    fn status(&self, parts: Parts) -> u16 {
        match self.enter(parts).0 {
            Entry::Accepted(_) | Entry::SelfTest | Entry::Healthy => 200,
            Entry::Probe => 404,
            Entry::Refused(_, refused) => refused.status,
        }
    }
}

fn head(method: &str, path: &str, more: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(path);
    let usual = [
        ("host", "h.example"),
        ("authorization", "Bearer weir_right"),
        ("content-type", "application/json"),
    ];
    for (name, value) in usual.iter().filter(|(name, _)| !more.iter().any(|(m, _)| m == name)) {
        request = request.header(*name, *value);
    }
    for (name, value) in more.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a head").into_parts().0
}

fn chat(more: &[(&str, &str)]) -> Parts {
    head("POST", "/cursor/v1/chat/completions", more)
}

#[test]
fn after_eight_hours_nobody_is_let_in_and_the_listener_is_told_to_close() {
    let stage = Stage::new(None, 60);
    stage.world.later_ms.store(EIGHT_HOURS_MS - 1, Ordering::Relaxed);
    assert_eq!(stage.status(chat(&[])), 200);
    assert!(!stage.closing.is_cancelled());
    stage.world.later_ms.store(EIGHT_HOURS_MS, Ordering::Relaxed);
    assert_eq!(stage.status(chat(&[])), 404);
    assert!(stage.closing.is_cancelled());
    stage.world.later_ms.store(0, Ordering::Relaxed);
    assert_eq!(stage.status(chat(&[])), 404, "a clock set back opens nothing again");
}

#[test]
fn a_path_that_is_not_cursors_is_nowhere_with_or_without_a_token() {
    let stage = Stage::new(Some("h.example"), 60);
    for path in
        ["/v1/chat/completions", "/v1/models", "/healthz", "/", "/t/weir_right/cursor/v1/models"]
    {
        for token in ["Bearer weir_right", "Bearer wrong", ""] {
            for method in ["GET", "POST", "OPTIONS", "HEAD"] {
                assert_eq!(stage.status(head(method, path, &[("authorization", token)])), 404);
            }
        }
    }
    assert_eq!(stage.gate.visits().welcome, 0);
}

#[test]
fn the_host_must_be_the_one_that_was_said_and_a_page_is_never_let_in() {
    let stage = Stage::new(Some("h.example"), 60);
    for (host, status) in [
        ("h.example", 200),
        ("H.Example:443", 200),
        ("h.example:8443", 403),
        ("127.0.0.1:9348", 403),
        ("h.example.evil", 403),
        ("", 403),
    ] {
        assert_eq!(stage.status(chat(&[("host", host)])), status, "{host}");
    }
    for (name, value) in [
        ("origin", "https://h.example"),
        ("referer", "https://x"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(stage.status(chat(&[(name, value)])), 403, "{name}");
    }
    assert_eq!(stage.gate.visits().last_turned.map(|(_, why)| why), Some(Turned::Page));
    let any = Stage::new(None, 60);
    assert_eq!(any.status(chat(&[("host", "whatever.example")])), 200);
    assert_eq!(any.status(chat(&[("host", "")])), 403, "but there must be one");
}

#[test]
fn only_the_tunnels_token_is_let_in_and_guessing_is_slowed() {
    let stage = Stage::new(None, 1_000);
    for (name, value, status) in [
        ("authorization", "Bearer weir_right", 200),
        ("authorization", "weir_right", 200),
        ("authorization", "Bearer weir_wrong", 401),
        ("authorization", "", 401),
    ] {
        assert_eq!(stage.status(chat(&[(name, value)])), status, "{value}");
    }
    let azure = chat(&[("authorization", ""), ("api-key", "weir_right")]);
    assert_eq!(stage.status(azure), 200, "Azure's header");
    let elsewhere = chat(&[("authorization", ""), ("x-weir-token", "weir_right")]);
    assert_eq!(stage.status(elsewhere), 401);
    let wrong = || stage.status(chat(&[("authorization", "Bearer weir_wrong")]));
    let refusals: Vec<u16> = (0..40).map(|_| wrong()).collect();
    assert!(refusals.contains(&401) && refusals.ends_with(&[429]), "{refusals:?}");
    assert_eq!(stage.status(chat(&[])), 200, "who has the token is not shut out by who has not");
}

#[test]
fn requests_a_minute_are_limited_and_the_next_minute_begins_anew() {
    let stage = Stage::new(None, 3);
    let all: Vec<u16> = (0..5).map(|_| stage.status(chat(&[]))).collect();
    assert_eq!(all, [200, 200, 200, 429, 429]);
    assert_eq!(stage.gate.visits().last_turned.map(|(_, why)| why), Some(Turned::Rate));
    stage.world.later_ms.store(60_000, Ordering::Relaxed);
    assert_eq!(stage.status(chat(&[])), 200);
}

#[test]
fn hints_and_the_tunnels_own_headers_do_not_get_past_the_gate() {
    let stage = Stage::new(None, 60);
    let (entry, parts) = stage.enter(chat(&[
        ("x-weir-tier", "high"),
        ("x-weir-project", "p"),
        ("cf-connecting-ip", "203.0.113.7"),
        ("cf-ray", "r"),
        ("openai-organization", "another"),
        ("openai-project", "another"),
        ("cookie", "a=b"),
        ("tailscale-user-login", "u@example"),
        ("user-agent", "kept"),
    ]));
    let Entry::Accepted(accepted) = entry else { panic!("let in") };
    assert!(!accepted.own_credential && accepted.query.is_none());
    assert_eq!(&*accepted.caller.name, TUNNEL_CLIENT);
    let mut left: Vec<&str> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["authorization", "content-type", "host", "user-agent"]);
    let last = stage.gate.visits().last.expect("a visit");
    assert_eq!(last.source.as_deref(), Some("203.0.113.7"));
}

#[test]
fn an_address_is_shown_only_as_harmless_text() {
    let stage = Stage::new(None, 60);
    let long = "1".repeat(500);
    for (said, shown) in [
        ("203.0.113.9, 10.0.0.1", Some("203.0.113.9")),
        ("<b>1.2.3.4</b>", Some("b1.2.3.4b")),
        (long.as_str(), Some(&long[..64])),
        ("\u{9}", None),
    ] {
        stage.status(chat(&[("x-forwarded-for", said)]));
        assert_eq!(stage.gate.visits().last.expect("a visit").source.as_deref(), shown, "{said}");
    }
}

#[test]
fn a_body_over_the_limit_or_of_another_type_is_refused_from_its_head() {
    let stage = Stage::new(None, 60);
    assert_eq!(stage.status(chat(&[("content-length", "33554433")])), 413);
    assert_eq!(stage.status(chat(&[("content-length", "33554432")])), 200);
    assert_eq!(stage.status(chat(&[("content-type", "text/plain")])), 415);
}

#[test]
fn the_self_tests_token_gets_the_list_and_its_own_stream_alone() {
    let stage = Stage::new(None, 60);
    let test = [("authorization", "Bearer weir_test")];
    assert!(matches!(stage.enter(chat(&test)).0, Entry::SelfTest));
    let list = stage.enter(head("GET", "/cursor/v1/models", &test)).0;
    let Entry::Accepted(accepted) = list else { panic!("the list") };
    assert_eq!(accepted.target.endpoint, Endpoint::Models);
    assert_eq!(accepted.guest.expect("a guest").models(), ["weir-low", "weir-high"]);
    let azure = head("POST", "/openai/deployments/weir-high/chat/completions", &test);
    assert!(matches!(stage.enter(azure).0, Entry::SelfTest), "no way to a model");
}

#[test]
fn only_models_of_the_list_are_answered_and_variants_of_them() {
    let stage = Stage::new(None, 60);
    let guest = |path: &str| match stage.enter(head("POST", path, &[])).0 {
        Entry::Accepted(accepted) => accepted.guest.expect("a guest"),
        other => panic!("{other:?}"),
    };
    let plain = guest("/cursor/v1/chat/completions");
    let shape = |body: &'static str| plain.shape(&body.into()).map_err(|refused| refused.status);
    let body = r#"{ "model":"weir-low", "messages":[] }"#;
    assert_eq!(shape(body), Ok(body.into()), "untouched");
    assert_eq!(
        shape(r#"{"model":"weir-low-high","messages":[]}"#),
        Ok(r#"{"reasoning_effort":"high","model":"weir-low","messages":[]}"#.into())
    );
    assert_eq!(
        shape(r#"{"model":"weir-low","models":["gpt-5"],"service_tier":"priority","messages":[]}"#),
        Ok(r#"{"model":"weir-low","messages":[]}"#.into()),
        "no second list"
    );
    assert_eq!(shape(r#"{"model":"gpt-5","messages":[]}"#), Err(404));
    assert_eq!(shape(r#"{"model":"demo/x","messages":[]}"#), Err(404));
    assert_eq!(shape(r#"{"model":"weir-low","input":[{"type":"item_reference"}]}"#), Err(400));
    let azure = guest("/openai/deployments/weir-high/chat/completions");
    let named = azure.shape(&r#"{"model":"weir-low","messages":[]}"#.into()).expect("shaped");
    assert_eq!(named, r#"{"model":"weir-high","messages":[]}"#, "the path decides");
    let visits = stage.gate.visits();
    assert_eq!(visits.turned, 3);
    assert_eq!(visits.last_turned.map(|(_, why)| why), Some(Turned::Shape));
}

#[test]
fn a_guest_that_is_one_too_many_waits() {
    let stage = Stage::new(None, 60);
    let Entry::Accepted(accepted) = stage.enter(chat(&[])).0 else { panic!("let in") };
    let guest = accepted.guest.expect("a guest");
    assert!(guest.check_room(2).is_ok());
    assert_eq!(guest.check_room(3).map_err(|refused| refused.status), Err(429));
}
