//! Stage one: who is calling, from where, for what. Everything here is decided from the request's
//! head; the body is not touched. Refusals are constant and cheap.

use crate::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, WRONG_TOKENS_PER_MINUTE_MAX};
use crate::ports::{Caller, Ports};
use crate::reply::Refused;
use crate::tunnel::Guest;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};
use parking_lot::Mutex;
use weir_core::{Dialect, Endpoint};
use weir_wire::endpoint::{Target, dialect_of, target};
use weir_wire::error_body::ProblemKind;

const OWN_TOKEN: HeaderName = HeaderName::from_static("x-weir-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that may be read.
#[derive(Debug)]
pub struct Accepted {
    /// The tool.
    pub caller: Caller,
    /// What it asks for.
    pub target: Target,
    /// Its query string, without the leading `?` and without any key in it.
    pub query: Option<String>,
    /// Whether the token came in a place of Weir's own, so that the client's own credential
    /// headers may be its provider's.
    pub own_credential: bool,
    /// Set for what came through the tunnel.
    pub guest: Option<Guest>,
}

/// What the gate decides.
#[derive(Debug)]
pub enum Entry {
    /// Go on.
    Accepted(Accepted),
    /// `GET /healthz`: an empty 200.
    Healthy,
    /// A probe without a body (`HEAD /`, `HEAD /api/hello`), or a path the tunnel does not know:
    /// 404 without one.
    Probe,
    /// The tunnel's self-test: its made-up stream.
    SelfTest,
    /// Refused, in this dialect.
    Refused(Dialect, Refused),
}

/// The gate of one listener: the hosts it answers to and its count of wrong tokens.
#[derive(Debug)]
pub struct Gatekeeper {
    hosts: Vec<String>,
    wrong: Mutex<WrongTokens>,
}

#[derive(Debug, Default)]
struct WrongTokens {
    minute: i64,
    count: u32,
}

impl Gatekeeper {
    /// The gate of a port: exact names, exact port, nothing else.
    pub fn new(port: u16) -> Self {
        let hosts = ["127.0.0.1", "localhost", "[::1]"]
            .into_iter()
            .map(|host| format!("{host}:{port}"))
            .collect();
        Self { hosts, wrong: Mutex::new(WrongTokens::default()) }
    }

    /// Judges a request's head, in the order method, host, origin, path, token, size, type.
    pub fn enter(&self, parts: &Parts, ports: &Ports) -> Entry {
        let full_path = parts.uri.path();
        let (path_token, path) = split_token(full_path);
        let dialect = dialect_of(path);
        let refused = |refused: Refused| Entry::Refused(dialect, refused.close());
        if let Err(problem) = self.check_frame(parts) {
            return refused(problem);
        }
        if full_path == "/healthz" && matches!(parts.method, Method::GET | Method::HEAD) {
            return Entry::Healthy;
        }
        if parts.method == Method::HEAD {
            return Entry::Probe;
        }
        let (caller, own_credential) = match self.identify(path_token, &parts.headers, ports) {
            Ok(found) => found,
            Err(problem) => return refused(problem),
        };
        let query = parts.uri.query();
        let Some(target) = target(parts.method.as_str(), path, query) else {
            return refused(no_such_path(parts, path));
        };
        if let Err(problem) = check_body_head(&parts.headers, &target) {
            return refused(problem);
        }
        let query = query.and_then(without_key);
        Entry::Accepted(Accepted { caller, target, query, own_credential, guest: None })
    }

    fn check_frame(&self, parts: &Parts) -> Result<(), Refused> {
        if !matches!(parts.method, Method::GET | Method::POST | Method::HEAD) {
            return Err(Refused::new(
                ProblemKind::MethodNotAllowed,
                if parts.method == Method::OPTIONS { 403 } else { 405 },
                "only GET and POST are answered here",
            ));
        }
        check_frame_of_head(parts)?;
        let forbidden = |message: &str| Refused::new(ProblemKind::Forbidden, 403, message);
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|h| h.to_str().ok()).unwrap_or("");
        let known = |h: &str| self.hosts.iter().any(|own| own == h);
        // An absolute-form target carries a host of its own, which must not disagree.
        let authority_ok = parts.uri.authority().is_none_or(|a| known(a.as_str()));
        if !known(host) || hosts.next().is_some() || !authority_ok {
            return Err(forbidden(
                "the Host header is not this server's address. Use http://127.0.0.1 with its port",
            ));
        }
        if from_page(&parts.headers) {
            return Err(forbidden(
                "requests from web pages (Origin, Referer or Sec-Fetch-Site) are refused",
            ));
        }
        Ok(())
    }

    fn identify(
        &self,
        path_token: Option<&str>,
        headers: &HeaderMap,
        ports: &Ports,
    ) -> Result<(Caller, bool), Refused> {
        let own =
            path_token.map(str::as_bytes).or_else(|| headers.get(OWN_TOKEN).map(|v| v.as_bytes()));
        let tokens: Vec<&[u8]> = match own {
            Some(token) => vec![token],
            None => crate::headers::CREDENTIALS
                .iter()
                .filter_map(|name| headers.get(name))
                .map(|value| bare(value.as_bytes()))
                // Some clients send two credentials; only ours is looked at.
                .filter(|token| token.starts_with(b"weir_"))
                .collect(),
        };
        if let Some(caller) = tokens.iter().find_map(|token| ports.gate.caller(token)) {
            return Ok((caller, own.is_some()));
        }
        Err(self.wrong_token(ports.clock.unix_ms()))
    }

    /// One constant answer, and 429 when somebody is guessing; loopback is no exception.
    fn wrong_token(&self, now_ms: i64) -> Refused {
        let minute = now_ms.div_euclid(60_000);
        let mut wrong = self.wrong.lock();
        if wrong.minute != minute {
            *wrong = WrongTokens { minute, count: 0 };
        }
        wrong.count = wrong.count.saturating_add(1);
        if wrong.count > WRONG_TOKENS_PER_MINUTE_MAX {
            let left = 60 - now_ms.rem_euclid(60_000) / 1_000;
            return Refused::new(
                ProblemKind::RateLimited,
                429,
                "too many wrong tokens; wait a minute",
            )
            .retry_after(left.unsigned_abs());
        }
        Refused::new(
            ProblemKind::Unauthorized,
            401,
            "no valid Weir token. Make one with: weir client add NAME, and send it as the API key",
        )
        .code("weir_token")
    }
}

/// Whether a web page made the request.
pub(crate) fn from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
        || headers.contains_key(header::REFERER)
        || headers
            .get(FETCH_SITE)
            .is_some_and(|site| !matches!(site.as_bytes(), b"none" | b"same-origin"))
}

/// The size of a head, which hyper bounds only roughly. Its framing is hyper's: of a Content-Length
/// beside a Transfer-Encoding it shows nothing, and reads the chunks; `pipeline.rs` closes the connection
/// behind every such request.
pub(crate) fn check_frame_of_head(parts: &Parts) -> Result<(), Refused> {
    let lines: usize = parts.headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if lines + target > HEAD_BYTES_MAX {
        let text = format!("the request's head is over {} KiB", HEAD_BYTES_MAX / 1024);
        return Err(Refused::new(ProblemKind::BadRequest, 431, text));
    }
    Ok(())
}

/// Whether the body comes in chunks.
pub(crate) fn chunked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
}

fn no_such_path(parts: &Parts, path: &str) -> Refused {
    let websocket = parts
        .headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if websocket && path == "/v1/responses" {
        // Codex asks for a WebSocket first and falls back to POST on exactly this status.
        return Refused::new(
            ProblemKind::BadRequest,
            426,
            "WebSockets are not served here; send POST /v1/responses",
        );
    }
    Refused::new(ProblemKind::NotFound, 404, format!("{} {path} is not served here", parts.method))
        .code("not_found")
}

fn check_body_head(headers: &HeaderMap, target: &Target) -> Result<(), Refused> {
    if matches!(target.endpoint, Endpoint::Models | Endpoint::GeminiModels) {
        return Ok(());
    }
    check_json(headers, BODY_BYTES_MAX)
}

/// Whether a head announces JSON of at most `max` bytes.
pub(crate) fn check_json(headers: &HeaderMap, max: usize) -> Result<(), Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refused::new(
            ProblemKind::UnsupportedMediaType,
            415,
            "the Content-Type must be application/json",
        ));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|n| n > max as u64) {
        return Err(too_large(max));
    }
    Ok(())
}

/// The answer to a body over `max` bytes, known from its head or found while reading.
pub fn too_large(max: usize) -> Refused {
    let mib = max / (1024 * 1024);
    Refused::new(ProblemKind::TooLarge, 413, format!("the request body is over {mib} MiB"))
        .code("body_too_large")
        .close()
}

/// A credential without its scheme.
pub(crate) fn bare(value: &[u8]) -> &[u8] {
    match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer ") => value[7..].trim_ascii(),
        _ => value,
    }
}

/// `/t/TOKEN/rest` → the token and `/rest`.
fn split_token(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix("/t/") else { return (None, path) };
    match rest.find('/') {
        Some(slash) => (Some(&rest[..slash]), &rest[slash..]),
        None => (Some(rest), "/"),
    }
}

/// The query without `key=…`: Gemini clients may put a credential there, and it never leaves.
fn without_key(query: &str) -> Option<String> {
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.starts_with("key=") && *pair != "key").collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_token_is_taken_off_before_routing() {
        assert_eq!(split_token("/t/weir_x/v1/messages"), (Some("weir_x"), "/v1/messages"));
        assert_eq!(split_token("/v1/messages"), (None, "/v1/messages"));
        assert_eq!(split_token("/t/weir_x"), (Some("weir_x"), "/"));
    }

    #[test]
    fn a_key_in_the_query_is_dropped_and_the_rest_kept_as_it_was() {
        assert_eq!(without_key("beta=true"), Some("beta=true".into()));
        assert_eq!(without_key("alt=sse&key=AIza"), Some("alt=sse".into()));
        assert_eq!(without_key("key=AIza"), None);
    }
}
