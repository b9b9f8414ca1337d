//! The one way out: reqwest clients, the address of an endpoint, and the key, attached at the last
//! moment. The only file that sees a secret. Redirects are never followed, so a key goes only to
//! the scheme, host and port it was stored for.

use crate::headers::{CREDENTIALS, is_secret};
use crate::limits::{CONNECT_WAIT_MAX, POOL_IDLE_MAX};
use crate::live::Held;
use crate::secret::Secret;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use reqwest::Url;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use weir_core::mask::Mask;
use weir_core::route::{Provider, ProviderKind};
use weir_core::{Dialect, Endpoint};
use weir_wire::endpoint::Target;

/// Connections to providers. A client is made when it is first needed, or by `warm`: reading the
/// system's certificates takes longer than the whole rest of a start.
#[derive(Clone, Debug, Default)]
pub struct Upstream {
    remote: Made,
    local: Made,
    urls: Arc<Mutex<HashMap<String, Url>>>,
}

/// Addresses that are kept parsed.
const URLS_LEN_MAX: usize = 64;
/// Longest address that is kept, in bytes; a client writes the query.
const URL_BYTES_KEPT_MAX: usize = 512;

type Made = Arc<OnceLock<Result<reqwest::Client, String>>>;

/// A request on its way to a provider.
pub struct Outbound {
    /// Where to.
    pub url: String,
    /// `GET` or `POST`.
    pub method: http::Method,
    /// What travels with it, credential included.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the provider is on the user's own machines.
    pub local: bool,
}

/// The secrets a request was sent with, so that they can be found again in what is said of it. The
/// values are those of its headers, not copies.
#[derive(Clone, Default)]
pub struct Credentials(Vec<HeaderValue>);

impl Credentials {
    /// What must not be told of the exchange.
    pub fn mask(&self) -> Mask<'_> {
        // Behind the name of its scheme, where it has one.
        let bare = |value| <[u8]>::rsplit(HeaderValue::as_bytes(value), |b| *b == b' ').next();
        Mask::of(self.0.iter().filter_map(bare))
    }
}

impl Outbound {
    /// What it is sent with that must not be told.
    pub fn credentials(&self) -> Credentials {
        let holds = |name: &HeaderName, value: &HeaderValue| {
            CREDENTIALS.contains(name) || is_secret(name.as_str(), value.len())
        };
        let found = self.headers.iter().filter(|(name, value)| holds(name, value));
        let mut values: Vec<HeaderValue> = found.map(|(_, value)| value.clone()).collect();
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if is_secret(&name.to_ascii_lowercase(), value.len()) {
                values.extend(HeaderValue::from_str(value));
            }
        }
        Credentials(values)
    }
}

/// The head of an answer.
pub struct Answer {
    /// Its status.
    pub status: http::StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: AnswerBody,
}

/// The body of an answer: a provider's, or the demonstration's.
pub enum AnswerBody {
    /// From the network.
    Remote(reqwest::Body),
    /// Made here, in pieces.
    Made(VecDeque<Bytes>),
    /// Pieces that were already read, and the rest.
    Resumed {
        /// What was read.
        pieces: VecDeque<Bytes>,
        /// What comes.
        rest: Box<AnswerBody>,
        /// Keeps the pieces counted.
        _held: Option<Held>,
    },
    /// It broke off while its start was read.
    Broken,
}

/// The provider's body broke off.
#[derive(Debug, thiserror::Error)]
#[error("the provider's answer broke off")]
pub struct Cut;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing of the request left.
    #[error("could not connect: {0}")]
    Connect(String),
    /// The provider took the request and said nothing in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke after the request had left.
    #[error("the connection broke before an answer: {0}")]
    Broke(String),
}

impl Upstream {
    /// Makes the client for providers outside this machine. Takes some 25 ms; call it where
    /// blocking is no harm.
    pub fn warm(&self) {
        if let Err(problem) = self.client(false) {
            tracing::error!(%problem, "no provider can be reached");
        }
    }

    fn client(&self, local: bool) -> Result<&reqwest::Client, NoAnswer> {
        let made = if local { &self.local } else { &self.remote };
        let client = made.get_or_init(|| build(local).map_err(|e| e.to_string()));
        client.as_ref().map_err(|why| NoAnswer::Connect(why.clone()))
    }

    fn url(&self, text: String) -> Result<Url, NoAnswer> {
        parsed(&mut self.urls.lock(), text)
    }

    /// Sends a request and waits for the answer's head.
    ///
    /// # Errors
    /// Why no head came; the text names no header and no key.
    pub async fn send(&self, out: Outbound) -> Result<Answer, NoAnswer> {
        let client = self.client(out.local)?;
        let posts = out.method == http::Method::POST;
        let mut request = reqwest::Request::new(out.method, self.url(out.url)?);
        *request.headers_mut() = out.headers;
        if posts {
            *request.body_mut() = Some(out.body.into());
        }
        let response = client.execute(request).await.map_err(classify)?;
        let response: http::Response<reqwest::Body> = response.into();
        let (parts, body) = response.into_parts();
        Ok(Answer { status: parts.status, headers: parts.headers, body: AnswerBody::Remote(body) })
    }
}

/// Reading an address takes longer than sending to it; few are used.
fn parsed(urls: &mut HashMap<String, Url>, text: String) -> Result<Url, NoAnswer> {
    if let Some(url) = urls.get(&text) {
        return Ok(url.clone());
    }
    let url = Url::parse(&text).map_err(|why| NoAnswer::Connect(format!("its address: {why}")))?;
    if urls.len() >= URLS_LEN_MAX {
        urls.clear();
    }
    if text.len() <= URL_BYTES_KEPT_MAX {
        urls.insert(text, url.clone());
    }
    Ok(url)
}

fn build(local: bool) -> Result<reqwest::Client, reqwest::Error> {
    let base = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .connect_timeout(CONNECT_WAIT_MAX)
        .pool_idle_timeout(POOL_IDLE_MAX);
    // A corporate HTTP_PROXY must not swallow what is meant for this machine.
    let base = if local { base.no_proxy().http1_only() } else { base };
    base.build()
}

fn classify(error: reqwest::Error) -> NoAnswer {
    let error = error.without_url();
    let cause = cause(&error);
    if error.is_connect() {
        NoAnswer::Connect(cause)
    } else if error.is_timeout() {
        NoAnswer::Timeout
    } else {
        NoAnswer::Broke(cause)
    }
}

/// The innermost cause, which is the one a person can act on ("connection refused").
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// The address of an endpoint on a provider.
pub fn address(provider: &Provider, target: &Target, model: &str, query: Option<&str>) -> String {
    let base = provider.base_url.trim_end_matches('/');
    let versionless = base.strip_suffix("/v1").unwrap_or(base);
    let openai = match provider.dialect {
        // OpenAI-style addresses are written with their version.
        Dialect::OpenAi => base.to_owned(),
        _ => format!("{versionless}/v1"),
    };
    let path = match target.endpoint {
        Endpoint::Messages => format!("{versionless}/v1/messages"),
        Endpoint::MessagesCount => format!("{versionless}/v1/messages/count_tokens"),
        Endpoint::Chat => format!("{openai}/chat/completions"),
        Endpoint::Responses => format!("{openai}/responses"),
        Endpoint::Embeddings => format!("{openai}/embeddings"),
        Endpoint::Models => format!("{openai}/models"),
        Endpoint::GeminiModels => format!("{base}/v1beta/models"),
        Endpoint::OllamaChat => format!("{versionless}/api/chat"),
        Endpoint::Generate | Endpoint::GenerateStream | Endpoint::GenerateCount => {
            let version = target.version.unwrap_or("v1beta");
            format!("{base}/{version}/models/{}:{}", path_segment(model), verb(target.endpoint))
        }
    };
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

fn verb(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::GenerateStream => "streamGenerateContent",
        Endpoint::GenerateCount => "countTokens",
        _ => "generateContent",
    }
}

/// Percent-encodes what a model name may not put into a path.
fn path_segment(model: &str) -> String {
    let mut out = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Puts a provider's key where that provider looks for it.
pub fn attach(headers: &mut HeaderMap, provider: &Provider, endpoint: Endpoint, key: &Secret) {
    let text = key.expose();
    let (name, value) = match (provider.kind, endpoint.dialect()) {
        (ProviderKind::Plain, Dialect::Anthropic) => {
            (HeaderName::from_static("x-api-key"), text.to_owned())
        }
        (ProviderKind::Plain, Dialect::Gemini) => {
            (HeaderName::from_static("x-goog-api-key"), text.to_owned())
        }
        _ => (header::AUTHORIZATION, format!("Bearer {text}")),
    };
    if let Ok(mut value) = HeaderValue::from_str(&value) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

fn length(pieces: &VecDeque<Bytes>) -> u64 {
    pieces.iter().map(|piece| piece.len() as u64).sum()
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Remote(body) => {
                Pin::new(body).poll_frame(context).map(|o| o.map(|r| r.map_err(|_| Cut)))
            }
            Self::Broken => Poll::Ready(Some(Err(Cut))),
            Self::Made(pieces) => Poll::Ready(pieces.pop_front().map(|b| Ok(Frame::data(b)))),
            Self::Resumed { pieces, rest, .. } => match pieces.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None => Pin::new(rest.as_mut()).poll_frame(context),
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Remote(body) => body.size_hint(),
            Self::Made(pieces) => SizeHint::with_exact(length(pieces)),
            Self::Resumed { pieces, rest, .. } => rest
                .size_hint()
                .exact()
                .map_or_else(SizeHint::default, |left| SizeHint::with_exact(left + length(pieces))),
            Self::Broken => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_is_sent_with_is_known_again_in_whatever_is_said() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer own-login-1"),
            ("x-gateway-auth", "Basic gateway-login"),
            ("x-max-tokens", "4096"),
            ("content-type", "application/json"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let url = "https://h/v1?beta=true-and-long&Access_Token=query-secret".to_owned();
        let method = http::Method::POST;
        let out = Outbound { url, method, headers, body: Bytes::new(), local: false };
        let credentials = out.credentials();
        let told = credentials.mask().words(
            "no own-login-1, gateway-login, query-secret; 4096, application/json, true-and-long",
        );
        let expected = "no [hidden], [hidden], [hidden]; 4096, application/json, true-and-long";
        assert_eq!(told, expected);
    }
}
