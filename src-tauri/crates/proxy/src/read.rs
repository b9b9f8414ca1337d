//! Stage two: the body, and the few facts in it that Weir acts on. The bytes are kept as they came.

use crate::accept::{Accepted, too_large};
use crate::limits::{
    BODIES_BYTES_MAX, BODY_BYTES_MAX, BODY_SILENCE_MAX, HINT_BYTES_MAX, TUNNEL_BODY_BYTES_MAX,
};
use crate::live::{Held, Live};
use crate::reply::Refused;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use weir_core::Endpoint;
use weir_core::route::Tier;
use weir_triage::Task;
use weir_wire::encoding::{Encoding, decode_body};
use weir_wire::error_body::ProblemKind;
use weir_wire::facts::{self, Facts};

const TIER: HeaderName = HeaderName::from_static("x-weir-tier");
const TASK: HeaderName = HeaderName::from_static("x-weir-task");
const CATEGORY: HeaderName = HeaderName::from_static("x-weir-category");
const PROJECT: HeaderName = HeaderName::from_static("x-weir-project");
const HOLD: HeaderName = HeaderName::from_static("x-weir-hold");
const SESSION: HeaderName = HeaderName::from_static("x-weir-session");
/// Where tools name their conversation themselves.
const TOOL_SESSIONS: [HeaderName; 3] = [
    HeaderName::from_static("x-claude-code-session-id"),
    HeaderName::from_static("session-id"),
    HeaderName::from_static("session_id"),
];

/// What the client said beside the body.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `x-weir-tier`
    pub tier: Option<Tier>,
    /// `x-weir-task`
    pub task: Option<Task>,
    /// `x-weir-category`
    pub category: Option<String>,
    /// `x-weir-project`
    pub project: Option<String>,
    /// `x-weir-session`, or the tool's own session header.
    pub session: Option<String>,
    /// `x-weir-hold`: whether the answer is released only when it is complete.
    pub hold: Option<bool>,
}

/// A request that was read.
#[derive(Debug)]
pub struct Asked {
    /// From the gate.
    pub accepted: Accepted,
    /// The client's headers, without those that never leave.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
    /// The body decompressed, when it came compressed.
    pub plain: Option<Bytes>,
    /// The facts.
    pub facts: Facts,
    /// The model asked for.
    pub model: String,
    /// The hints.
    pub hints: Hints,
    /// Keeps the body's bytes counted while they are held.
    pub(crate) _held: Held,
}

impl Asked {
    /// The body as JSON text.
    pub fn json(&self) -> &Bytes {
        self.plain.as_ref().unwrap_or(&self.body)
    }

    /// Whether the client asked for a stream.
    pub fn streams(&self) -> bool {
        self.facts.stream || self.accepted.target.endpoint == Endpoint::GenerateStream
    }
}

/// Reads a request to its end.
///
/// # Errors
/// Anything wrong with the body or the hint headers, named.
pub async fn read(
    accepted: Accepted,
    mut headers: HeaderMap,
    incoming: Incoming,
    live: &Live,
) -> Result<Asked, Refused> {
    let hints = hints(&headers)?;
    let mut held = live.body();
    let max = accepted.guest.as_ref().map_or(BODY_BYTES_MAX, |_| TUNNEL_BODY_BYTES_MAX);
    let body = collect(incoming, &mut held, max).await?;
    let encoding = Encoding::parse(content_encoding(&headers));
    let plain = match encoding {
        Encoding::Identity => None,
        Encoding::Unknown => {
            return Err(Refused::new(
                ProblemKind::UnsupportedMediaType,
                415,
                "the Content-Encoding is not one of gzip, deflate, br, zstd",
            ));
        }
        known => match decode_body(known, &body, max) {
            Ok(bytes) if held.grow(bytes.len(), BODIES_BYTES_MAX) => Some(Bytes::from(bytes)),
            Ok(_) => return Err(crowded()),
            Err(problem) => return Err(Refused::bad_request(problem.to_string())),
        },
    };
    let (body, plain) = match &accepted.guest {
        Some(guest) => {
            headers.remove(header::CONTENT_ENCODING);
            (guest.shape(plain.as_ref().unwrap_or(&body))?, None)
        }
        None => (body, plain),
    };
    let endpoint = accepted.target.endpoint;
    let facts = facts::read(endpoint, plain.as_ref().unwrap_or(&body))
        .map_err(|problem| Refused::bad_request(problem.to_string()).code("invalid_body"))?;
    crate::headers::outbound(&mut headers);
    let named =
        accepted.target.model.clone().or_else(|| facts.model.as_ref().map(|m| m.value.clone()));
    let Some(model) = named.filter(|m| !m.is_empty()) else {
        return Err(Refused::bad_request("the body has no \"model\"; name the model to ask"));
    };
    Ok(Asked { accepted, headers, body, plain, facts, model, hints, _held: held })
}

async fn collect(mut incoming: Incoming, held: &mut Held, max: usize) -> Result<Bytes, Refused> {
    let expected = incoming.size_hint().exact().unwrap_or(0).min(max as u64) as usize;
    // A body in one piece is kept without a copy.
    let mut first: Option<Bytes> = None;
    let mut all = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(BODY_SILENCE_MAX, incoming.frame()).await {
            Err(_) => {
                let text = format!("no part of the body came for {} s", BODY_SILENCE_MAX.as_secs());
                return Err(Refused::new(ProblemKind::Timeout, 408, text).close());
            }
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                return Err(Refused::bad_request("the request body broke off").close());
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if !held.grow(data.len(), BODIES_BYTES_MAX) {
            return Err(crowded());
        }
        let so_far = first.as_ref().map_or(all.len(), Bytes::len);
        if so_far + data.len() > max {
            return Err(too_large(max));
        }
        match first.take() {
            None if all.is_empty() => first = Some(data),
            Some(head) => {
                all.reserve(expected.max(head.len() + data.len()));
                all.extend_from_slice(&head);
                all.extend_from_slice(&data);
            }
            None => all.extend_from_slice(&data),
        }
    }
    Ok(first.unwrap_or_else(|| all.freeze()))
}

fn crowded() -> Refused {
    let text = "too many large request bodies at once; try again in a moment";
    Refused::new(ProblemKind::Unavailable, 503, text).retry_after(1).close()
}

fn content_encoding(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"))
}

pub(crate) fn hints(headers: &HeaderMap) -> Result<Hints, Refused> {
    let tier = match text(headers, &TIER)? {
        None => None,
        Some(name) => Some(Tier::parse(&name).ok_or_else(|| {
            Refused::bad_request(format!("x-weir-tier: {name} is not one of low, medium, high"))
        })?),
    };
    let task = match text(headers, &TASK)? {
        None => None,
        Some(name) => Some(Task::parse(&name).ok_or_else(|| {
            let all: Vec<&str> = Task::ALL.iter().map(|t| t.as_str()).collect();
            Refused::bad_request(format!("x-weir-task: {name} is not one of {}", all.join(" ")))
        })?),
    };
    let mut session = text(headers, &SESSION)?;
    for name in TOOL_SESSIONS {
        if session.is_none() {
            session = text(headers, &name).unwrap_or(None);
        }
    }
    let hold = match text(headers, &HOLD)?.as_deref() {
        None => None,
        Some("on") => Some(true),
        Some("off") => Some(false),
        Some(other) => {
            return Err(Refused::bad_request(format!("x-weir-hold: {other} is not on or off")));
        }
    };
    Ok(Hints {
        hold,
        tier,
        task,
        category: text(headers, &CATEGORY)?,
        project: text(headers, &PROJECT)?,
        session,
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if text.len() <= HINT_BYTES_MAX => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        _ => Err(Refused::bad_request(format!(
            "{name}: write at most {HINT_BYTES_MAX} plain ASCII characters"
        ))),
    }
}

/// Whether an endpoint has a body to read.
pub fn has_body(endpoint: Endpoint) -> bool {
    !matches!(endpoint, Endpoint::Models | Endpoint::GeminiModels)
}
