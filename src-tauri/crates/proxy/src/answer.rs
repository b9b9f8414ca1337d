//! From a started answer to the response: a stream is relayed as it comes; anything else is
//! collected first, so that its cost can travel as a header and a break can still be told.

use crate::attempt::{Kept, Started};
use crate::body::ReplyBody;
use crate::carry::Way;
use crate::crossed;
use crate::headers::inbound;
use crate::limits::ANSWER_COLLECT_BYTES_MAX;
use crate::live::Held;
use crate::pipeline::Context;
use crate::ports::Settled;
use crate::read::Asked;
use crate::relay::{Parts, Relay, Shape};
use crate::reply::Refused;
use crate::settle::{Ticket, outcome_of};
use crate::triage::Judged;
use crate::upstream::{Answer, AnswerBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body::Body;
use http_body_util::BodyExt;
use std::collections::VecDeque;
use weir_core::route::Candidate;
use weir_core::{Endpoint, Metered, Outcome};
use weir_wire::encoding::Encoding;
use weir_wire::error_body::ProblemKind;
use weir_wire::events::WholeEvents;
use weir_wire::tap::Tap;

const TASK: HeaderName = HeaderName::from_static("x-weir-task");
const DROPPED: HeaderName = HeaderName::from_static("x-weir-dropped");
const TIER: HeaderName = HeaderName::from_static("x-weir-tier");
/// Headers that `told` adds, the task, the tier, what was dropped and the cost.
const TOLD_LEN: usize = 10;

/// Answers the client.
///
/// # Errors
/// When a collected answer breaks off before the client has seen any of it.
pub async fn answer(
    context: &Context,
    asked: Asked,
    judged: Judged,
    started: Started,
    open: Held,
) -> Result<Response<ReplyBody>, Refused> {
    let Started { answer, tap, fed, ticket, candidate, way, attempts, tried } = started;
    let read = Read { tap, fed };
    let dropped = way.dropped().map(Bytes::from).map(HeaderValue::from_maybe_shared);
    let response = match way {
        Way::AsItCame { hides_usage, .. } => {
            same(context, asked, answer, ticket, hides_usage, read, open).await
        }
        Way::Translated(crossing) => {
            crossed::answer(context, asked, answer, ticket, *crossing, read, open).await
        }
    };
    response.map(|mut response| {
        let headers = response.headers_mut();
        told(headers, context, &candidate, attempts, tried);
        taken_for(headers, &judged);
        if let Some(Ok(dropped)) = dropped {
            headers.insert(DROPPED, dropped);
        }
        response
    })
}

/// What the request was taken for.
fn taken_for(headers: &mut HeaderMap, judged: &Judged) {
    let task = judged.judgement.map_or("unknown", |j| j.task.as_str());
    headers.insert(TASK, HeaderValue::from_static(task));
    let tier = judged.judgement.map_or("unknown", |j| j.tier.as_str());
    headers.insert(TIER, HeaderValue::from_static(tier));
}

/// The answer of a provider that speaks the client's dialect: its bytes.
async fn same(
    context: &Context,
    asked: Asked,
    mut answer: Answer,
    ticket: Ticket,
    hides_usage: bool,
    read: Read,
    open: Held,
) -> Result<Response<ReplyBody>, Refused> {
    let endpoint = asked.accepted.target.endpoint;
    let sse = is_event_stream(&answer.headers);
    let encoding = Encoding::parse(text(&answer.headers, header::CONTENT_ENCODING));
    let streams = asked.streams();
    let mut head = Response::new(());
    *head.status_mut() = answer.status;
    *head.headers_mut() = std::mem::take(&mut answer.headers);
    inbound(head.headers_mut());
    let mut exact = answer.body.size_hint().exact();
    let success = answer.status.is_success();
    // Event by event, so that after a break in the middle of one the error can still be told.
    let by_event = sse && success && encoding == Encoding::Identity;
    if by_event {
        head.headers_mut().remove(header::CONTENT_LENGTH);
        exact = None;
    }
    // The request's body is no longer needed; a long stream must not hold it.
    drop(asked);
    let relayed = |upstream: AnswerBody, Read { tap, fed }: Read, ticket: Ticket, shape, open| {
        ReplyBody::Relay(Box::new(Relay::new(Parts {
            upstream,
            tap,
            fed,
            stall: context.failover.stall,
            shape,
            ticket,
            endpoint,
            speakable: by_event,
            must_end: success && (sse || streams),
            exact,
            tasks: context.tasks.clone(),
            open,
        })))
    };
    if sse || streams && success {
        let shape = match by_event {
            true => Shape::Events(WholeEvents::new(hides_usage)),
            false => Shape::AsItCame,
        };
        return Ok(head.map(|()| relayed(answer.body, read, ticket, shape, open)));
    }
    match collect(answer.body, read, ticket).await? {
        Collected::Whole { bytes, metered, ticket } => {
            // A 200 that is not the dialect's JSON (a captive portal's page, say) is no success.
            let outcome = outcome_of(ticket.status, &metered, success);
            let settled = ticket.close(outcome, *metered, true);
            tell_cost(head.headers_mut(), settled);
            Ok(head.map(|()| ReplyBody::full(bytes)))
        }
        Collected::TooLong(body, ticket) => {
            // The relay feeds its tap from the first piece again.
            let read = Read { tap: Tap::new(endpoint, sse, encoding), fed: 0 };
            Ok(head.map(|()| relayed(body, read, *ticket, Shape::AsItCame, open)))
        }
    }
}

/// A provider's refusal, when nobody else is left to ask.
pub fn refusal(context: &Context, judged: &Judged, kept: Kept) -> Response<ReplyBody> {
    let Kept { status, headers, body, way, candidate, attempts, tried } = kept;
    let mut response = match way {
        Way::AsItCame { .. } => {
            let mut response = Response::new(ReplyBody::full(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            inbound(response.headers_mut());
            response
        }
        Way::Translated(crossing) => crossed::refusal(&crossing, status, &headers, &body),
    };
    let headers = response.headers_mut();
    told(headers, context, &candidate, attempts, tried);
    taken_for(headers, judged);
    response
}

/// Where the answer comes from and why, on every answer.
fn told(
    headers: &mut HeaderMap,
    context: &Context,
    candidate: &Candidate,
    attempts: u16,
    tried: Option<String>,
) {
    const ID: HeaderName = HeaderName::from_static("x-weir-request-id");
    const ROUTE: HeaderName = HeaderName::from_static("x-weir-route");
    const REASON: HeaderName = HeaderName::from_static("x-weir-reason");
    const ATTEMPTS: HeaderName = HeaderName::from_static("x-weir-attempts");
    const TRIED: HeaderName = HeaderName::from_static("x-weir-tried");
    const CACHE: HeaderName = HeaderName::from_static("x-weir-cache");
    headers.reserve(TOLD_LEN);
    let route = [candidate.route.provider.as_str(), "/", &candidate.route.model].concat();
    for (name, value) in [(ID, context.id.to_string()), (ROUTE, route)] {
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REASON, HeaderValue::from_static(candidate.reason.as_str()));
    headers.insert(ATTEMPTS, HeaderValue::from(attempts));
    headers.insert(CACHE, HeaderValue::from_static("off"));
    if let Some(Ok(tried)) = tried.map(Bytes::from).map(HeaderValue::from_maybe_shared) {
        headers.insert(TRIED, tried);
    }
}

/// An answer that was read.
pub(crate) enum Collected {
    /// To its end. Not settled yet.
    Whole {
        /// The body.
        bytes: Bytes,
        /// What the tap learned.
        metered: Box<Metered>,
        /// The open reservation.
        ticket: Box<Ticket>,
    },
    /// It is longer than what is collected; nothing of it is lost.
    TooLong(AnswerBody, Box<Ticket>),
}

/// Reads an answer to its end.
///
/// # Errors
/// It broke off; the reservation is settled then.
pub(crate) async fn collect(
    mut body: AnswerBody,
    Read { mut tap, mut fed }: Read,
    mut ticket: Ticket,
) -> Result<Collected, Refused> {
    let mut pieces: VecDeque<Bytes> = VecDeque::new();
    let mut total = 0usize;
    loop {
        let data = match body.frame().await {
            None => break,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(_) => continue,
            },
            Some(Err(cut)) => {
                ticket.close(Outcome::Truncated, tap.finish(), true);
                let text = format!("{cut} before its end");
                let refused = Refused::new(ProblemKind::Upstream, 502, text);
                return Err(refused.code("upstream_cut").may_retry());
            }
        };
        ticket.first_byte();
        total += data.len();
        if total > ANSWER_COLLECT_BYTES_MAX {
            pieces.push_back(data);
            let body = AnswerBody::Resumed { pieces, rest: Box::new(body), _held: None };
            return Ok(Collected::TooLong(body, Box::new(ticket)));
        }
        let known = fed.min(data.len());
        fed -= known;
        tap.feed(&data[known..]);
        pieces.push_back(data);
    }
    let bytes = joined(pieces, total);
    Ok(Collected::Whole { bytes, metered: Box::new(tap.finish()), ticket: Box::new(ticket) })
}

fn joined(mut pieces: VecDeque<Bytes>, total: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop_front().unwrap_or_default();
    }
    let mut all = Vec::with_capacity(total);
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    Bytes::from(all)
}

/// The cost as a header, where it is known.
pub(crate) fn tell_cost(headers: &mut HeaderMap, settled: Option<Settled>) {
    if let Some(cost) = settled.and_then(|s| s.cost)
        && let Ok(value) = HeaderValue::from_str(&cost.to_string())
    {
        headers.insert(HeaderName::from_static("x-weir-cost-usd"), value);
    }
}

/// What the attempt has read of an answer already.
pub(crate) struct Read {
    /// The tap that read it.
    pub tap: Tap,
    /// How many bytes of the body that is.
    pub fed: usize,
}

/// The tap for a provider's answer.
pub(crate) fn tap_for(endpoint: Endpoint, headers: &HeaderMap) -> Tap {
    let encoding = Encoding::parse(text(headers, header::CONTENT_ENCODING));
    Tap::new(endpoint, is_event_stream(headers), encoding)
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE)
        .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
