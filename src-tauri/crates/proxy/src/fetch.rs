//! One small exchange outside any request: a webhook that is told, a provider's report that is
//! read. Owns its bounds; redirects are not followed, so what is sent goes only where it was
//! meant to go.

use crate::limits::CONNECT_WAIT_MAX;
use crate::secret::Secret;
use crate::upstream::{Answer, Outbound, Upstream, attach};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::BodyExt;
use std::time::Duration;
use weir_core::route::Provider;
use weir_core::{Dialect, Endpoint};

/// Longest wait for an answer's head, and again for its body.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
/// A longer answer is no report.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Asks, and waits for the whole answer. Blocks for a minute at most; may be called from any
/// thread. `local` says that the address is on this machine.
///
/// # Errors
/// Why no answer came; the text names no header.
pub fn fetch(
    method: Method,
    url: &str,
    headers: HeaderMap,
    body: Bytes,
    local: bool,
) -> Result<Fetched, String> {
    let out = Outbound { url: url.to_owned(), method, headers, body, local };
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| e.to_string())?
                .block_on(exchange(out))
        });
        asked.join().unwrap_or_else(|_| Err("the exchange failed".to_owned()))
    })
}

async fn exchange(out: Outbound) -> Result<Fetched, String> {
    let upstream = Upstream::default();
    let head = tokio::time::timeout(CONNECT_WAIT_MAX + ANSWER_WAIT_MAX, upstream.send(out)).await;
    let answer = head.map_err(|_| "no answer in time".to_owned())?.map_err(|e| e.to_string())?;
    let body = tokio::time::timeout(ANSWER_WAIT_MAX, whole(answer)).await;
    body.map_err(|_| "the answer did not end in time".to_owned())?
}

async fn whole(answer: Answer) -> Result<Fetched, String> {
    let status = answer.status.as_u16();
    let mut body = answer.body;
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| e.to_string())?;
        if let Ok(data) = frame.into_data() {
            all.extend_from_slice(&data);
        }
        if all.len() > ANSWER_BYTES_MAX {
            return Err("the answer is longer than 16 MiB".to_owned());
        }
    }
    Ok(Fetched { status, body: all.freeze() })
}

/// Reads a provider's own report with an administrator's key, which is not in what comes back. Blocks
/// like `fetch`.
///
/// # Errors
/// Why no answer came; the text names no key.
pub fn report(provider: &Provider, url: &str, key: &Secret) -> Result<Fetched, String> {
    let mut headers = HeaderMap::new();
    let endpoint = match provider.dialect {
        Dialect::Anthropic => Endpoint::Messages,
        Dialect::OpenAi | Dialect::Gemini | Dialect::Ollama => Endpoint::Models,
    };
    attach(&mut headers, provider, endpoint, key);
    if provider.dialect == Dialect::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    let said = fetch(Method::GET, url, headers, Bytes::new(), provider.local)?;
    let mut body = Vec::from(said.body);
    key.mask().blot(&mut body);
    Ok(Fetched { body: Bytes::from(body), ..said })
}
