//! The answer of a provider that speaks another dialect than the client: a stream is translated
//! event by event, anything else is collected and translated whole, errors included.

use crate::answer::{Collected, Read, collect, is_event_stream, tell_cost, text};
use crate::body::ReplyBody;
use crate::carry::Crossing;
use crate::live::Held;
use crate::pipeline::Context;
use crate::read::Asked;
use crate::relay::{Parts, Relay, Shape};
use crate::reply::Refused;
use crate::settle::{Ticket, outcome_of};
use crate::upstream::Answer;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use weir_core::{Endpoint, Outcome};
use weir_wire::encoding::{Encoding, decode_body};
use weir_wire::error_body::ProblemKind;
use weir_wire::hub::{self, Framing};
use weir_wire::tap::TAP_BODY_BYTES_MAX;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Answers the client in its own dialect.
///
/// # Errors
/// The answer broke off, or cannot be said in the client's dialect.
pub async fn answer(
    context: &Context,
    asked: Asked,
    answer: Answer,
    ticket: Ticket,
    mut crossing: Crossing,
    read: Read,
    open: Held,
) -> Result<Response<ReplyBody>, Refused> {
    crossing.back.at_s = u64::try_from(context.arrived_ms / 1_000).unwrap_or(0);
    let mut head = Response::new(());
    *head.status_mut() = answer.status;
    let streams = asked.streams();
    let array =
        asked.accepted.target.endpoint == Endpoint::GenerateStream && !asked.accepted.target.sse;
    // The request's body is no longer needed; a long stream must not hold it.
    drop(asked);
    let arriving = arriving(&crossing, &answer.headers);
    let encoding = Encoding::parse(text(&answer.headers, header::CONTENT_ENCODING));
    if let Some(framing) = arriving.filter(|_| streams && answer.status.is_success()) {
        if encoding != Encoding::Identity {
            return Err(unreadable(ticket, "it came compressed, which it was asked not to be"));
        }
        let kind = if array { JSON } else { EVENTS };
        head.headers_mut().insert(header::CONTENT_TYPE, kind);
        head.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        return Ok(
            head.map(|()| relayed(context, answer, ticket, crossing, (framing, array), read, open))
        );
    }
    let (headers, body) = (answer.headers, answer.body);
    let (bytes, metered, ticket) = match collect(body, read, ticket).await? {
        Collected::Whole { bytes, metered, ticket } => (bytes, metered, ticket),
        Collected::TooLong(_, ticket) => return Err(unreadable(*ticket, TOO_LONG)),
    };
    let Ok(bytes) = decode_body(encoding, &bytes, TAP_BODY_BYTES_MAX) else {
        return Err(unreadable(*ticket, "its compression cannot be undone"));
    };
    let outcome = outcome_of(ticket.status, &metered, true);
    let wanted = match (streams, array) {
        (true, true) => Wanted::Array,
        (true, false) => Wanted::Events,
        (false, _) => Wanted::Document,
    };
    let said = say(&crossing, head.status(), &bytes, wanted);
    let broke = outcome == Outcome::Ok && !said.status.is_success();
    let outcome = if broke { Outcome::ErrorInStream } else { outcome };
    let settled = ticket.close(outcome, *metered, true);
    let mut response = said.response(&headers);
    tell_cost(response.headers_mut(), settled);
    Ok(response)
}

/// A provider's refusal in the client's dialect.
pub fn refusal(
    crossing: &Crossing,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<ReplyBody> {
    let encoding = Encoding::parse(text(headers, header::CONTENT_ENCODING));
    let plain = decode_body(encoding, body, TAP_BODY_BYTES_MAX).unwrap_or_default();
    say(crossing, status, &plain, Wanted::Document).response(headers)
}

impl Said {
    /// `from` are the provider's headers.
    fn response(self, from: &HeaderMap) -> Response<ReplyBody> {
        let Self { status, kind, body, retry_after_s, stop } = self;
        let mut response = Response::new(ReplyBody::full(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if stop {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        keep_retry(from, headers);
        response
    }
}

/// Told `false`, the SDKs and Claude Code do not try again by themselves.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

const TOO_LONG: &str = "it is longer than can be translated (32 MiB). Ask for less, or name a \
                        provider that speaks this dialect";

/// How the client reads an answer.
#[derive(Clone, Copy)]
enum Wanted {
    Document,
    Events,
    /// A Gemini client that streams without server-sent events: a JSON array.
    Array,
}

struct Said {
    status: StatusCode,
    kind: HeaderValue,
    body: Bytes,
    /// When to try again, where only the provider's body says so.
    retry_after_s: Option<u64>,
    /// Trying again cannot help.
    stop: bool,
}

/// A whole answer, or a refusal, in the client's dialect. An error inside a success is told as the
/// error it is.
fn say(crossing: &Crossing, status: StatusCode, bytes: &[u8], wanted: Wanted) -> Said {
    let (back, form) = (&crossing.back, crossing.form);
    if !status.is_success() {
        return refused(hub::failure(back, form, status.as_u16(), bytes));
    }
    let said = match wanted {
        Wanted::Document => hub::answer(back, form, bytes).map(|body| (JSON, body)),
        Wanted::Events => hub::replay(back, form, bytes).map(|body| (EVENTS, body)),
        Wanted::Array => hub::answer(back, form, bytes)
            .map(|body| (JSON, [b"[".as_slice(), &body, b"]"].concat())),
    };
    match said {
        Ok((kind, body)) => {
            let body = Bytes::from(body);
            Said { status, kind, body, retry_after_s: None, stop: false }
        }
        Err(problem) => refused(problem.failure(back)),
    }
}

fn refused(failure: hub::Failure) -> Said {
    let hub::Failure { status, body, retry_after_s, stop } = failure;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    Said { status, kind: JSON, body: Bytes::from(body), retry_after_s, stop }
}

/// How a stream of this provider is framed; `None` when the answer is one document.
fn arriving(crossing: &Crossing, headers: &HeaderMap) -> Option<Framing> {
    if is_event_stream(headers) {
        return Some(Framing::Sse);
    }
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    match crossing.endpoint {
        Endpoint::OllamaChat if kind.contains("ndjson") => Some(Framing::Lines),
        Endpoint::GenerateStream => Some(Framing::JsonArray),
        _ => None,
    }
}

fn relayed(
    context: &Context,
    answer: Answer,
    ticket: Ticket,
    crossing: Crossing,
    (framing, array): (Framing, bool),
    read: Read,
    open: Held,
) -> ReplyBody {
    let Read { tap, fed } = read;
    let stream = hub::Stream::new(crossing.back, crossing.form, framing);
    let stream = if array { stream.as_array() } else { stream };
    ReplyBody::Relay(Box::new(Relay::new(Parts {
        upstream: answer.body,
        tap,
        fed,
        stall: context.failover.stall,
        shape: Shape::Translated(Box::new(stream)),
        ticket,
        endpoint: crossing.endpoint,
        speakable: true,
        must_end: true,
        exact: None,
        tasks: context.tasks.clone(),
        open,
    })))
}

/// The provider answered, and nobody can read it: it may have worked, so it is booked as broken
/// off and estimated; unless it refused, which is free.
fn unreadable(ticket: Ticket, why: &str) -> Refused {
    let metered = weir_core::Metered::default();
    let outcome = outcome_of(ticket.status, &metered, true);
    ticket.close(outcome, metered, true);
    let text = format!("the provider's answer cannot be read: {why}");
    Refused::new(ProblemKind::Upstream, 502, text).code("answer_unreadable")
}

/// When to try again is the same in every dialect; the other limits are the provider's own.
fn keep_retry(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [header::RETRY_AFTER, SHOULD_RETRY] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
}
