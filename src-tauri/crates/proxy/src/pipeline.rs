//! The line a request travels, in order; nothing else happens to a request.
//! accept → read → triage and plan → attempt → relay → settle, with `reply` as the way out for an
//! error.

use crate::accept::{Accepted, Entry, Gatekeeper};
use crate::attempt::{Begun, attempt};
use crate::body::ReplyBody;
use crate::conversations::Conversations;
use crate::declined::{Asker, declined};
use crate::health::Health;
use crate::live::{Held, Live};
use crate::ports::Ports;
use crate::quirks::Quirks;
use crate::read::{Asked, has_body, read};
use crate::reply::{Refused, reply};
use crate::tunnel::{Paced, TunnelGate};
use crate::upstream::Upstream;
use crate::workers::Workers;
use crate::{answer, count, models, opinion, plan, triage};
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::task::TaskTracker;
use weir_core::route::{NoRoute, Setup};
use weir_core::{Dialect, Failover, RequestId};
use weir_wire::error_body::ProblemKind;

/// What every request of one listener shares.
pub struct Line {
    pub(crate) door: Door,
    pub(crate) ports: Arc<Ports>,
    pub(crate) upstream: Upstream,
    pub(crate) quirks: Arc<Quirks>,
    pub(crate) workers: Arc<Workers>,
    pub(crate) conversations: Arc<Conversations>,
    pub(crate) health: Arc<Health>,
    pub(crate) live: Live,
    pub(crate) sequence: Arc<AtomicU32>,
    pub(crate) tasks: TaskTracker,
}

/// Who is let in.
pub enum Door {
    /// The user's tools.
    Tools(Gatekeeper),
    /// Cursor's servers, through the tunnel.
    Tunnel(Arc<TunnelGate>),
}

/// What one request carries through the stages besides its own value.
#[derive(Clone)]
pub struct Context {
    /// The request.
    pub id: RequestId,
    /// When it arrived, in Unix milliseconds.
    pub arrived_ms: i64,
    /// When it arrived, on the monotonic clock.
    pub arrived_ns: u64,
    /// The world.
    pub ports: Arc<Ports>,
    /// The set-up it is handled under, from start to end.
    pub setup: Arc<Setup>,
    /// The way out.
    pub upstream: Upstream,
    /// What providers were found not to take.
    pub upstream_quirks: Arc<Quirks>,
    /// The lines before local servers.
    pub workers: Arc<Workers>,
    /// Where conversations stand.
    pub conversations: Arc<Conversations>,
    /// How providers and their models stand.
    pub health: Arc<Health>,
    /// The settings of fail-over, from start to end.
    pub failover: Arc<Failover>,
    /// Numbers requests.
    pub sequence: Arc<AtomicU32>,
    /// The proxy's tasks, which a stop waits for.
    pub tasks: TaskTracker,
    /// Counts what is held in memory.
    pub live: Live,
    /// Whether it may wait for room in a budget that stops.
    pub patient: bool,
}

impl Line {
    /// Handles one request; never fails, never panics outwards.
    pub async fn handle(&self, request: Request<Incoming>) -> Response<ReplyBody> {
        let chunked = crate::accept::chunked(request.headers());
        let travelled = AssertUnwindSafe(self.travel(request)).catch_unwind().await;
        let mut response = travelled.unwrap_or_else(|_| {
            let refused = Refused::new(ProblemKind::Internal, 500, "Weir failed on this request");
            reply(refused.may_retry().close(), Dialect::OpenAi, None)
        });
        if chunked {
            // Two framings are how one request is read as two (RFC 9112, 6.1). The parser takes a
            // Content-Length beside the Transfer-Encoding out, so that every request in chunks may
            // have had one: nothing behind it on its connection is read any more.
            let close = http::HeaderValue::from_static("close");
            response.headers_mut().insert(http::header::CONNECTION, close);
        }
        if matches!(self.door, Door::Tunnel(_)) {
            crate::tunnel::modest(response.headers_mut());
        }
        response
    }

    async fn travel(&self, request: Request<Incoming>) -> Response<ReplyBody> {
        let (mut parts, incoming) = request.into_parts();
        let entry = match &self.door {
            Door::Tools(gatekeeper) => gatekeeper.enter(&parts, &self.ports),
            Door::Tunnel(gate) => gate.enter(&mut parts, &self.ports),
        };
        let accepted = match entry {
            Entry::Accepted(accepted) => accepted,
            Entry::Healthy => return Response::new(ReplyBody::empty()),
            Entry::SelfTest => return self_test(),
            Entry::Probe => return bare(StatusCode::NOT_FOUND),
            Entry::Refused(dialect, refused) => return reply(refused, dialect, None),
        };
        let open = self.live.enter();
        let room = accepted.guest.as_ref().map(|guest| guest.check_room(self.live.open()));
        if let Some(Err(refused)) = room {
            return reply(refused, Dialect::OpenAi, None);
        }
        let context = self.context();
        let dialect = dialect(&accepted, &parts.headers);
        if !has_body(accepted.target.endpoint) {
            return models::list(&context, &accepted, dialect);
        }
        let asker = Asker::of(&accepted);
        let asked = match read(accepted, parts.headers, incoming, &self.live).await {
            Ok(asked) => asked,
            Err(refused) => {
                asker.unread(&context, &refused);
                return reply(refused, dialect, Some(context.id));
            }
        };
        match forward(&context, asked, &self.live, open).await {
            Ok(response) => response,
            Err(refused) => reply(refused, dialect, Some(context.id)),
        }
    }

    fn context(&self) -> Context {
        let arrived_ms = self.ports.clock.unix_ms();
        Context {
            id: RequestId::new(arrived_ms, self.sequence.fetch_add(1, Ordering::Relaxed)),
            arrived_ms,
            arrived_ns: self.ports.clock.monotonic_ns(),
            ports: Arc::clone(&self.ports),
            setup: self.ports.routes.setup(),
            upstream: self.upstream.clone(),
            upstream_quirks: Arc::clone(&self.quirks),
            workers: Arc::clone(&self.workers),
            conversations: Arc::clone(&self.conversations),
            health: Arc::clone(&self.health),
            failover: self.ports.routes.failover(),
            sequence: Arc::clone(&self.sequence),
            tasks: self.tasks.clone(),
            live: self.live.clone(),
            patient: true,
        }
    }
}

impl Context {
    /// The same world for a request of Weir's own beside this one, under a number of its own. It waits
    /// for no room.
    pub fn beside(&self) -> Self {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let id = RequestId::new(self.arrived_ms, sequence);
        Self { id, patient: false, ..self.clone() }
    }
}

async fn forward(
    context: &Context,
    asked: Asked,
    live: &Live,
    open: Held,
) -> Result<Response<ReplyBody>, Refused> {
    let judged = triage::judge(&asked);
    let judged = opinion::second(context, &asked, judged, live).await;
    let planned = match plan::planned(context, &asked, judged) {
        Ok(planned) => planned,
        Err(problem) if count::stands_in(&asked, &problem) => {
            return Ok(count::estimate(context, &asked));
        }
        Err(problem) => {
            let refused = nowhere(&problem);
            declined(context, &asked, &judged, None, &refused);
            return Err(refused);
        }
    };
    let decision = Arc::clone(&planned.decision);
    let begun = attempt(context, &asked, planned).await.inspect_err(|refused| {
        declined(context, &asked, &judged, Some(decision), refused);
    })?;
    match begun {
        Begun::Started(started) => answer::answer(context, asked, judged, *started, open).await,
        Begun::Refused(kept) => Ok(answer::refusal(context, &judged, *kept)),
    }
}

fn nowhere(problem: &NoRoute) -> Refused {
    match problem {
        NoRoute::UnknownProvider { .. } => {
            Refused::new(ProblemKind::NotFound, 404, problem.to_string()).code("unknown_provider")
        }
        NoRoute::LocalOff { .. } => Refused::bad_request(problem.to_string()).code("local_off"),
        NoRoute::LocalModelOff { .. } => {
            Refused::bad_request(problem.to_string()).code("local_model_off")
        }
        NoRoute::LocalOnly { .. } => Refused::bad_request(problem.to_string()).code("local_only"),
        _ => Refused::bad_request(problem.to_string()).code("no_route"),
    }
}

/// `/v1/models` is asked by both families; Anthropic's clients always name their API version.
fn dialect(accepted: &Accepted, headers: &http::HeaderMap) -> Dialect {
    let endpoint = accepted.target.endpoint;
    if endpoint == weir_core::Endpoint::Models && headers.contains_key("anthropic-version") {
        return Dialect::Anthropic;
    }
    endpoint.dialect()
}

fn bare(status: StatusCode) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = status;
    response
}

fn self_test() -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::Paced(Paced::stream()));
    let kind = http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
