//! The self-test's other end: calls the public address as Cursor's servers would, and sees whether
//! the model list comes and whether a stream arrives in pieces.

use super::paced::{PAUSE, WORDS};
use crate::limits::CONNECT_WAIT_MAX;
use crate::ports::Clock;
use crate::upstream::{Answer, AnswerBody, Outbound, Upstream};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use std::net::IpAddr;
use std::time::Duration;

/// Longest wait for each of the two answers, the paced stream included.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
/// Most of an answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Where and with what to call.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    /// The public base address, `https://HOST/cursor/v1`.
    pub base_url: &'a str,
    /// The self-test's token.
    pub token: &'a str,
    /// Whether the address is this machine's own.
    pub local: bool,
}

/// What the public address did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probed {
    /// The answer is ours.
    Reached {
        /// Models on the list.
        models: usize,
        /// Milliseconds between the first and the last piece of the stream.
        span_ms: u64,
        /// Whether that is long enough for the pieces to have come one by one.
        in_pieces: bool,
        /// Where the name leads on this machine, when that is no address of the public internet: then
        /// the call shows nothing of how others get there.
        inside: Option<IpAddr>,
    },
    /// Something answered, and not as this tunnel does: the status.
    Foreign(u16),
    /// Nothing answered; why, without any secret.
    Unreachable(String),
}

/// Calls the public address. Blocks for a minute at most; may be called from any thread.
pub fn probe(probe: Probe<'_>, clock: &dyn Clock) -> Probed {
    let on_a_thread = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|e| e.to_string())?.block_on(ask(probe, clock))
    };
    let asked = std::thread::scope(|scope| scope.spawn(on_a_thread).join());
    match asked {
        Ok(Ok(probed)) => probed,
        Ok(Err(why)) => Probed::Unreachable(why),
        Err(_) => Probed::Unreachable("the self-test failed".to_owned()),
    }
}

async fn ask(probe: Probe<'_>, clock: &dyn Clock) -> Result<Probed, String> {
    let upstream = Upstream::default();
    let list = send(&upstream, probe, Method::GET, "/models").await?;
    let status = list.status.as_u16();
    let (text, _) = body(list.body, clock).await?;
    let models = count_models(&text);
    let Some(models) = models.filter(|_| status == 200) else {
        return Ok(Probed::Foreign(status));
    };
    let answer = send(&upstream, probe, Method::POST, "/chat/completions").await?;
    let status = answer.status.as_u16();
    let (text, span_ms) = body(answer.body, clock).await?;
    let whole = WORDS.iter().all(|word| text.contains(word.trim())) && text.contains("[DONE]");
    if status != 200 || !whole {
        return Ok(Probed::Foreign(status));
    }
    // Half of the pauses is far more than jitter and far less than one flush at the end.
    let pauses = WORDS.len() as u64 + 1;
    let in_pieces = span_ms >= pauses * u64::try_from(PAUSE.as_millis()).unwrap_or(0) / 2;
    let inside = inside(probe.base_url).await;
    Ok(Probed::Reached { models, span_ms, in_pieces, inside })
}

/// The address a name leads to, where all that it leads to are inside: `tailscale serve` without Funnel
/// answers on this machine as if the world could call.
async fn inside(base_url: &str) -> Option<IpAddr> {
    let uri: http::Uri = base_url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let looked = tokio::net::lookup_host((host, uri.port_u16().unwrap_or(443)));
    let found = tokio::time::timeout(CONNECT_WAIT_MAX, looked).await.ok()?.ok()?;
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    found.iter().all(|address| is_inside(*address)).then(|| found.first().copied()).flatten()
}

/// Whether an address is of this machine, a private network or a tailnet, and so not for Cursor's
/// servers to call.
fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && second & 0xc0 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || first == 0 || shared
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            let local = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
            v6.is_loopback() || v6.is_unspecified() || local
        }
    }
}

async fn send(
    upstream: &Upstream,
    probe: Probe<'_>,
    method: Method,
    path: &str,
) -> Result<Answer, String> {
    let mut headers = HeaderMap::new();
    let bearer = HeaderValue::from_str(&format!("Bearer {}", probe.token));
    let mut bearer = bearer.map_err(|_| "the token is no header".to_owned())?;
    bearer.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, bearer);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    let body = Bytes::from_static(br#"{"model":"self-test","stream":true,"messages":[]}"#);
    let url = format!("{}{path}", probe.base_url);
    let out = Outbound { url, method, headers, body, local: probe.local };
    let answer = tokio::time::timeout(CONNECT_WAIT_MAX + ANSWER_WAIT_MAX, upstream.send(out)).await;
    match answer {
        Err(_) => Err("no answer in time".to_owned()),
        Ok(Err(problem)) => Err(problem.to_string()),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// A body's text, and the milliseconds between its first and its last piece.
async fn body(mut body: AnswerBody, clock: &dyn Clock) -> Result<(String, u64), String> {
    let mut text = Vec::new();
    let (mut first, mut last) = (None, 0);
    loop {
        let frame = tokio::time::timeout(ANSWER_WAIT_MAX, body.frame());
        match frame.await.map_err(|_| "the answer stopped half-way".to_owned())? {
            None => break,
            Some(Err(cut)) => return Err(cut.to_string()),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                last = clock.monotonic_ns();
                first.get_or_insert(last);
                text.extend_from_slice(&data);
                if text.len() > ANSWER_BYTES_MAX {
                    return Err("the answer is not this tunnel's".to_owned());
                }
            }
        }
    }
    let span_ns = last.saturating_sub(first.unwrap_or(last));
    Ok((String::from_utf8_lossy(&text).into_owned(), span_ns / 1_000_000))
}

fn count_models(text: &str) -> Option<usize> {
    let list: serde_json::Value = serde_json::from_str(text).ok()?;
    let data = list.get("data")?.as_array()?;
    let ours = data.iter().all(|model| model.get("owned_by").is_some_and(|by| by == "weir"));
    ours.then_some(data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_only_a_network_of_ones_own_reaches_is_inside() {
        for (address, within) in [
            ("100.101.102.103", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("100.63.255.255", false),
            ("192.168.1.7", true),
            ("10.0.0.1", true),
            ("172.31.0.1", true),
            ("127.0.0.1", true),
            ("169.254.1.1", true),
            ("8.8.8.8", false),
            ("::1", true),
            ("fd7a:115c:a1e0::1", true),
            ("fe80::1", true),
            ("::ffff:100.100.1.1", true),
            ("2606:4700::1111", false),
        ] {
            let parsed = address.parse().expect("an address");
            assert_eq!(is_inside(parsed), within, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_up_and_a_literal_stands_for_itself() {
        let loopback = |found: Option<IpAddr>| found.is_some_and(|address| address.is_loopback());
        assert!(loopback(inside("http://localhost:4000/cursor/v1").await));
        assert!(loopback(inside("http://[::1]:4000/cursor/v1").await));
        assert_eq!(inside("https://8.8.8.8/cursor/v1").await, None);
    }
}
