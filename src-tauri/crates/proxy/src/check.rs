//! Whether a provider takes a key: one call that costs nothing, made outside any request.

use crate::limits::CONNECT_WAIT_MAX;
use crate::secret::Secret;
use crate::upstream::{Outbound, Upstream, address, attach};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use std::time::Duration;
use weir_core::route::{Provider, ProviderKind};
use weir_core::{Dialect, Endpoint};
use weir_wire::endpoint::Target;

/// Longest wait for the answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);

/// What the provider said, with its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It takes the key.
    Accepted(u16),
    /// It does not (401 or 403).
    Refused(u16),
    /// Neither, such as 429 or 500.
    Unclear(u16),
    /// It did not answer; the text names no key.
    Unreachable(String),
}

/// Asks the provider. Blocks for 25 seconds at most; may be called from any thread.
pub fn key(provider: &Provider, key: &Secret) -> Checked {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| e.to_string())?
                .block_on(ask(provider, key))
        });
        match asked.join() {
            Ok(Ok(checked)) => checked,
            Ok(Err(why)) => Checked::Unreachable(why),
            Err(_) => Checked::Unreachable("the check failed".to_owned()),
        }
    })
}

async fn ask(provider: &Provider, key: &Secret) -> Result<Checked, String> {
    let upstream = Upstream::default();
    let endpoint = match provider.dialect {
        Dialect::Gemini => Endpoint::GeminiModels,
        Dialect::Anthropic => Endpoint::Messages,
        Dialect::OpenAi | Dialect::Ollama => Endpoint::Models,
    };
    let target = Target { endpoint, model: None, version: None, sse: false };
    let mut headers = HeaderMap::new();
    attach(&mut headers, provider, endpoint, key);
    let mut url = address(provider, &target, "", None);
    if provider.dialect == Dialect::Anthropic {
        // Anthropic's list lies beside its messages.
        url = url.replace("/v1/messages", "/v1/models");
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    if provider.kind == ProviderKind::OpenRouter {
        // Its model list is public; its key page is not.
        url = url.replace("/models", "/key");
    }
    let out =
        Outbound { url, method: Method::GET, headers, body: Bytes::new(), local: provider.local };
    let answer = tokio::time::timeout(CONNECT_WAIT_MAX + ANSWER_WAIT_MAX, upstream.send(out));
    let status = match answer.await {
        Err(_) => return Err("no answer in time".to_owned()),
        Ok(Err(problem)) => return Err(problem.to_string()),
        Ok(Ok(answer)) => answer.status.as_u16(),
    };
    Ok(match status {
        200..=299 => Checked::Accepted(status),
        401 | 403 => Checked::Refused(status),
        _ => Checked::Unclear(status),
    })
}
