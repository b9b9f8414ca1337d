//! The gate: whatever the head, what is accepted has this server's host, no page behind it, a
//! whole token in a place of the contract, and one of the contract's paths; checked by rules
//! written down again here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, OnceLock};
use weir_core::RequestId;
use weir_core::route::Setup;

// The gate's own files, without the rest of the data path: an HTTP client and its TLS would take
// ten minutes to build for fuzzing.
#[path = "../../../src-tauri/crates/proxy/src/accept.rs"]
mod accept;
#[path = "../../../src-tauri/crates/proxy/src/headers.rs"]
#[expect(dead_code, reason = "only the names of credentials are used")]
mod headers;
#[path = "../../../src-tauri/crates/proxy/src/limits.rs"]
#[expect(dead_code, reason = "the gate has three of them")]
mod limits;
#[path = "../../../src-tauri/crates/proxy/src/ports.rs"]
#[expect(dead_code, reason = "the gate asks two of them")]
mod ports;
#[path = "../../../src-tauri/crates/proxy/src/secret.rs"]
#[expect(dead_code, reason = "the gate sees no secret")]
mod secret;

use accept::{Entry, Gatekeeper};
use ports::*;
use secret::Secret;

/// What comes through the tunnel has a door of its own, which is not fuzzed here.
mod tunnel {
    #[derive(Debug)]
    pub struct Guest;
}

/// A refusal as the gate makes it; how it is written down is no part of the gate.
mod reply {
    use weir_wire::error_body::ProblemKind;

    #[derive(Debug)]
    pub struct Refused {
        pub status: u16,
    }

    impl Refused {
        pub fn new(_: ProblemKind, status: u16, _: impl Into<String>) -> Self {
            Self { status }
        }
        pub fn bad_request(_: impl Into<String>) -> Self {
            Self { status: 400 }
        }
        pub fn code(self, _: &'static str) -> Self {
            self
        }
        pub fn retry_after(self, _: u64) -> Self {
            self
        }
        pub fn close(self) -> Self {
            self
        }
    }
}

const PORT: u16 = 9347;
const HOSTS: [&str; 3] = ["127.0.0.1:9347", "localhost:9347", "[::1]:9347"];
const TOKEN: &str = "weir_AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK";
const BODY_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// A world with one tool and nothing else: the gate may ask for no more.
struct World;

impl Gate for World {
    fn caller(&self, token: &[u8]) -> Option<Caller> {
        (token == TOKEN.as_bytes()).then(|| Caller { name: "fuzz".into() })
    }
}
impl Clock for World {
    fn unix_ms(&self) -> i64 {
        1_795_334_400_000
    }
    fn monotonic_ns(&self) -> u64 {
        0
    }
}
impl Books for World {
    fn reserve(&self, _: Opening) -> Result<Reservation, Refusal> {
        panic!("the gate spends nothing")
    }
    fn settle(&self, _: Reservation, _: Closing) -> Settled {
        panic!("the gate spends nothing")
    }
}
impl Events for World {
    fn opened(&self, _: &Opening) {}
    fn closed(&self, _: RequestId, _: &Closing, _: Settled) {}
}
impl Keys for World {
    fn key<'a>(
        &'a self,
        _: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Secret, KeyProblem>> {
        panic!("the gate needs no key")
    }
}
impl Locals for World {
    fn model(&self, _: &str, _: &str) -> LocalModel {
        panic!("the gate asks no server")
    }
    fn answered(&self, _: &str, _: &str) {}
}
impl Routes for World {
    fn setup(&self) -> Arc<Setup> {
        Arc::default()
    }
    fn models(&self) -> Vec<Listed> {
        Vec::new()
    }
}

fn world() -> &'static Ports {
    static PORTS: OnceLock<Ports> = OnceLock::new();
    PORTS.get_or_init(|| {
        let world = Arc::new(World);
        Ports {
            books: world.clone(),
            gate: world.clone(),
            keys: world.clone(),
            clock: world.clone(),
            routes: world.clone(),
            events: world.clone(),
            locals: world,
        }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let mut words = first.splitn(2, |byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let mut request =
        http::Request::builder().method(method).uri(words.next().unwrap_or_default());
    for line in lines {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        request = request.header(&line[..at], line[at + 1..].trim_ascii());
    }
    let Ok(request) = request.body(()) else { return };
    let (parts, ()) = request.into_parts();
    // A gate of its own for every input: wrong tokens of others must not decide.
    match Gatekeeper::new(PORT).enter(&parts, world()) {
        Entry::Accepted(_) => {
            ours(&parts);
            token(&parts);
            route(&parts);
        }
        Entry::Healthy => {
            ours(&parts);
            assert_eq!(parts.uri.path(), "/healthz");
        }
        Entry::Probe => {
            ours(&parts);
            assert_eq!(parts.method, "HEAD");
        }
        Entry::SelfTest => panic!("only the tunnel tests itself"),
        Entry::Refused(_, refused) => assert!((400..500).contains(&refused.status)),
    }
});

fn values<'a>(parts: &'a http::request::Parts, name: &str) -> Vec<&'a [u8]> {
    parts.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
}

/// The host is this server's, and no page is behind the request.
fn ours(parts: &http::request::Parts) {
    let hosts = values(parts, "host");
    assert!(hosts.len() == 1 && HOSTS.iter().any(|own| own.as_bytes() == hosts[0]), "{parts:?}");
    assert!(parts.uri.authority().is_none_or(|a| HOSTS.contains(&a.as_str())), "{parts:?}");
    assert!(values(parts, "origin").is_empty() && values(parts, "referer").is_empty());
    let sites = values(parts, "sec-fetch-site");
    assert!(sites.iter().take(1).all(|site| *site != b"cross-site" && *site != b"same-site"));
}

/// The token stands whole in one of the places of the contract.
fn token(parts: &http::request::Parts) {
    let token = TOKEN.as_bytes();
    let in_path = parts.uri.path().starts_with(&format!("/t/{TOKEN}/"));
    let bare = |name: &str| values(parts, name).contains(&token);
    let bearer = values(parts, "authorization").iter().any(|value| {
        value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
            && value[7..].trim_ascii() == token
    });
    // Some clients put the bare token there; the contract's other headers carry nothing else.
    let headers = ["x-weir-token", "x-api-key", "x-goog-api-key", "api-key", "authorization"];
    assert!(in_path || bearer || headers.into_iter().any(bare), "{parts:?}");
}

/// The path is one of the contract's, as it stands, and a body is JSON of a bearable length.
fn route(parts: &http::request::Parts) {
    let whole = parts.uri.path();
    let path = whole.strip_prefix("/t/").and_then(|p| p.find('/').map(|at| &p[at..]));
    let path = path.unwrap_or(whole);
    if parts.method == "GET" {
        assert!(["/v1/models", "/v1beta/models"].contains(&path), "{path}");
        return;
    }
    assert_eq!(parts.method, "POST");
    let fixed = [
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/embeddings",
    ];
    let model = ["/v1/models/", "/v1beta/models/"].iter().find_map(|p| path.strip_prefix(*p));
    let verb = |model: &str| {
        let (name, verb) = model.rsplit_once(':').unwrap_or_default();
        let verbs = ["generateContent", "streamGenerateContent", "countTokens"];
        // A provider/model name has a slash; what climbs or repeats one is no name.
        let plain = !name.split('/').any(|part| matches!(part, "" | "." | ".."));
        plain && verbs.contains(&verb)
    };
    assert!(fixed.contains(&path) || model.is_some_and(verb), "{path}");
    let kinds = values(parts, "content-type");
    let kind = String::from_utf8_lossy(kinds.first().copied().unwrap_or_default()).into_owned();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    assert_eq!(essence, "application/json");
    let lengths = values(parts, "content-length");
    let length = lengths.first().and_then(|l| std::str::from_utf8(l).ok()?.parse::<u64>().ok());
    assert!(length.is_none_or(|length| length <= BODY_BYTES_MAX));
}
