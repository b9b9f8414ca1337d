//! The gate of the tunnel's listener, which strangers reach: three paths and nothing else, a token
//! of its own, a list of models, limits per minute and at once, and an end. Everything in a head is
//! a stranger's word: addresses are kept for the user's eyes and decide nothing.

mod paced;
mod probe;
mod visits;

pub use paced::Paced;
pub use probe::{Probe, Probed, probe};
pub use visits::{Turned, Visit, Visits};

use crate::accept::{Accepted, Entry, bare, check_frame_of_head, from_page};
use crate::limits::{TUNNEL_BODY_BYTES_MAX, WRONG_TOKENS_PER_MINUTE_MAX};
use crate::ports::Ports;
use crate::reply::Refused;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weir_core::{Dialect, Endpoint};
use weir_wire::Target;
use weir_wire::cursor::{self, cursor_target};
use weir_wire::error_body::ProblemKind;

/// Whom the ledger names for what came through the tunnel.
pub const TUNNEL_CLIENT: &str = "cursor-tunnel";
/// Whom the token of the self-test belongs to. It is answered by a made-up stream alone.
pub const SELF_TEST_CLIENT: &str = "cursor-tunnel-self-test";

/// What the configuration says about the tunnel, asked anew for each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The only models that can be asked for.
    pub models: Vec<String>,
    /// Requests with the right token in one minute.
    pub per_minute: u32,
    /// Requests under way at once.
    pub at_once: u32,
}

/// Where a request through the tunnel came to.
#[derive(Clone, Debug)]
pub struct Guest {
    gate: Arc<TunnelGate>,
    deployment: Option<String>,
}

/// The gate of one opening.
pub struct TunnelGate {
    /// The public name; any when `None`.
    host: Option<String>,
    until_ms: i64,
    closing: CancellationToken,
    rules: Box<dyn Fn() -> Rules + Send + Sync>,
    visits: Mutex<Visits>,
    asked: Mutex<PerMinute>,
    wrong: Mutex<PerMinute>,
}

impl std::fmt::Debug for TunnelGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TunnelGate").field("host", &self.host).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct PerMinute {
    minute: i64,
    count: u32,
}

impl PerMinute {
    /// Counts one; the seconds until the minute is over when that is more than `max`.
    fn over(&mut self, max: u32, now_ms: i64) -> Option<u64> {
        let minute = now_ms.div_euclid(60_000);
        if self.minute != minute {
            *self = Self { minute, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        let left = 60 - now_ms.rem_euclid(60_000) / 1_000;
        (self.count > max).then_some(left.unsigned_abs())
    }
}

impl TunnelGate {
    /// A gate that lets nobody in from `until_ms` (Unix milliseconds) on, and cancels `closing`
    /// when somebody tries. `host` is the public name, with its port unless that is 443.
    pub fn new(
        host: Option<String>,
        until_ms: i64,
        closing: CancellationToken,
        rules: impl Fn() -> Rules + Send + Sync + 'static,
    ) -> Self {
        Self {
            host,
            until_ms,
            closing,
            rules: Box::new(rules),
            visits: Mutex::default(),
            asked: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    /// Who came so far.
    pub fn visits(&self) -> Visits {
        self.visits.lock().clone()
    }

    /// The models that can be asked for.
    pub fn models(&self) -> Vec<String> {
        (self.rules)().models
    }

    /// Judges a request's head, in the order end, path, host, page, token, rate, type and size.
    /// Takes out of it what the tunnel's own machinery added and what only tools may say.
    pub fn enter(self: &Arc<Self>, parts: &mut Parts, ports: &Ports) -> Entry {
        let now_ms = ports.clock.unix_ms();
        if now_ms >= self.until_ms || self.closing.is_cancelled() {
            self.closing.cancel();
            return Entry::Probe;
        }
        let source = visits::source(&parts.headers);
        let turned = |why, entry: Entry| {
            self.visits.lock().turn(why, source.clone(), now_ms);
            entry
        };
        let refuse =
            |why, refused: Refused| turned(why, Entry::Refused(Dialect::OpenAi, refused.close()));
        let Some(target) = cursor_target(parts.method.as_str(), parts.uri.path()) else {
            return turned(Turned::Path, Entry::Probe);
        };
        if let Err(problem) = check_frame_of_head(parts) {
            return refuse(Turned::Frame, problem);
        }
        if !self.is_host(parts) {
            return refuse(Turned::Host, forbidden());
        }
        if from_page(&parts.headers) {
            return refuse(Turned::Page, forbidden());
        }
        let caller = crate::headers::CREDENTIALS
            .iter()
            .filter_map(|name| parts.headers.get(name))
            .find_map(|value| ports.gate.caller(bare(value.as_bytes())));
        let Some(caller) = caller else {
            return refuse(Turned::Token, self.wrong_token(now_ms));
        };
        if let Some(left) = self.asked.lock().over((self.rules)().per_minute, now_ms) {
            let text = "too many requests in one minute through the tunnel ([tunnel] per_minute)";
            let refused = Refused::new(ProblemKind::RateLimited, 429, text).retry_after(left);
            return refuse(Turned::Rate, refused);
        }
        if let Err((why, problem)) = check_body(&parts.headers, target.endpoint) {
            return refuse(why, problem);
        }
        self.visits.lock().welcome(source, now_ms);
        if &*caller.name == SELF_TEST_CLIENT && target.endpoint == Endpoint::Chat {
            return Entry::SelfTest;
        }
        undress(&mut parts.headers);
        Entry::Accepted(Accepted {
            caller,
            target: Target { endpoint: target.endpoint, model: None, sse: false, version: None },
            query: None,
            own_credential: false,
            guest: Some(Guest { gate: Arc::clone(self), deployment: target.deployment }),
        })
    }

    fn is_host(&self, parts: &Parts) -> bool {
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next().and_then(|h| h.to_str().ok()), hosts.next()) else {
            return false;
        };
        let same = |given: &str| {
            let given = given.strip_suffix(":443").unwrap_or(given);
            self.host.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(given))
        };
        same(host) && parts.uri.authority().is_none_or(|authority| same(authority.as_str()))
    }

    /// One constant answer without a hint at what stands behind it.
    fn wrong_token(&self, now_ms: i64) -> Refused {
        let text = "this key is not valid here";
        match self.wrong.lock().over(WRONG_TOKENS_PER_MINUTE_MAX, now_ms) {
            Some(left) => Refused::new(ProblemKind::RateLimited, 429, text).retry_after(left),
            None => Refused::new(ProblemKind::Unauthorized, 401, text).code("invalid_api_key"),
        }
    }
}

impl Guest {
    /// Whether one more fits; `open` counts it already.
    pub fn check_room(&self, open: usize) -> Result<(), Refused> {
        if open <= self.gate.at_once() {
            return Ok(());
        }
        self.gate.visits.lock().take_back(Turned::Busy);
        let text = "too many requests at once through the tunnel ([tunnel] at_once)";
        Err(Refused::new(ProblemKind::RateLimited, 429, text).retry_after(1).close())
    }

    /// The models that can be asked for.
    pub fn models(&self) -> Vec<String> {
        self.gate.models()
    }

    /// The body as plain Chat, for a model of the list.
    ///
    /// # Errors
    /// A body that has no place in Chat, or a model that is not on the list.
    pub fn shape(&self, body: &Bytes) -> Result<Bytes, Refused> {
        self.shaped(body).map_err(|(why, refused)| {
            self.gate.visits.lock().take_back(why);
            refused
        })
    }

    fn shaped(&self, body: &Bytes) -> Result<Bytes, (Turned, Refused)> {
        let chat = cursor::normalise(body)
            .map_err(|p| (Turned::Shape, Refused::bad_request(p.to_string()).code("no_place")))?;
        let chat = match cursor::bounded(&chat) {
            Cow::Owned(made) => Cow::Owned(made),
            Cow::Borrowed(_) => chat,
        };
        let said = cursor::model(&chat);
        let Some(asked) = self.deployment.clone().or_else(|| said.clone()) else {
            // The next stage says what is wrong with the body.
            return Ok(owned(chat, body));
        };
        let models = self.gate.models();
        let Some(variant) = cursor::variant(&asked, |name| models.iter().any(|m| m == name)) else {
            let text = format!(
                "this tunnel does not answer for {asked}. It answers for: {}. The list is [tunnel] \
                 models in config.toml",
                models.join(", ")
            );
            let refused = Refused::new(ProblemKind::NotFound, 404, text).code("model_not_found");
            return Err((Turned::Model, refused));
        };
        if variant.effort.is_none() && said.as_deref() == Some(variant.base) {
            return Ok(owned(chat, body));
        }
        Ok(Bytes::from(cursor::with_model(&chat, variant.base, variant.effort)))
    }
}

impl TunnelGate {
    fn at_once(&self) -> usize {
        usize::try_from((self.rules)().at_once).unwrap_or(usize::MAX)
    }
}

fn owned(chat: Cow<'_, [u8]>, body: &Bytes) -> Bytes {
    match chat {
        Cow::Borrowed(_) => body.clone(),
        Cow::Owned(made) => Bytes::from(made),
    }
}

fn forbidden() -> Refused {
    Refused::new(ProblemKind::Forbidden, 403, "refused")
}

fn check_body(headers: &HeaderMap, endpoint: Endpoint) -> Result<(), (Turned, Refused)> {
    if endpoint == Endpoint::Models {
        return Ok(());
    }
    crate::accept::check_json(headers, TUNNEL_BODY_BYTES_MAX).map_err(|refused| {
        (if refused.status == 413 { Turned::Size } else { Turned::Type }, refused)
    })
}

/// Headers of the tunnel's machinery, which speak of the stranger and the way here; hints that only
/// the user's own tools may give (a tier would lead around the list of models); and what a provider
/// would take for a choice of the account or the project that pays.
fn undress(headers: &mut HeaderMap) {
    const STARTS: [&str; 11] = [
        "x-weir-",
        "cf-",
        "cdn-",
        "ngrok-",
        "tailscale-",
        "true-client-",
        "x-client-ip",
        "openai-",
        "anthropic-",
        "x-goog-",
        "cookie",
    ];
    let taken = |name: &str| STARTS.iter().any(|start| name.starts_with(start));
    let found: Vec<HeaderName> =
        headers.keys().filter(|name| taken(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// What of an answer's head goes back through the tunnel: what is needed to read it. Nothing that
/// names the provider's account, the route or the cost.
pub(crate) fn modest(headers: &mut HeaderMap) {
    let kept = |name: &HeaderName| {
        matches!(
            *name,
            header::CONTENT_TYPE
                | header::CONTENT_LENGTH
                | header::CONTENT_ENCODING
                | header::CONNECTION
                | header::RETRY_AFTER
                | header::X_CONTENT_TYPE_OPTIONS
        ) || matches!(name.as_str(), "x-weir-request-id" | "x-should-retry")
    };
    let found: Vec<HeaderName> = headers.keys().filter(|name| !kept(name)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
    // Whatever stands between must not hold a stream back.
    let value = HeaderValue::from_static("no-store, no-transform");
    headers.insert(header::CACHE_CONTROL, value);
    let name = HeaderName::from_static("x-accel-buffering");
    headers.insert(name, HeaderValue::from_static("no"));
}
