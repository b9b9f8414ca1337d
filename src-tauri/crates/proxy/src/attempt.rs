//! Stage five: reserve, send, judge, for one candidate after the other. Retry and failover live
//! only here, and only before the first byte has gone to the client.

use crate::carry::{Carried, NotCarried, Way, carry, wants_usage};
use crate::decline::{Failure, FailureKind, no_ledger, spent};
use crate::limits::{
    ERROR_BODY_BYTES_MAX, HEAD_OF_ANSWER_WAIT_MAX, OUTPUT_TOKENS_ASSUMED, STALE_MAX,
};
use crate::local::{Admitted, admit};
use crate::pipeline::Context;
use crate::plan::Planned;
use crate::ports::{Estimate, Opening, Refusal};
use crate::read::Asked;
use crate::reply::Refused;
use crate::settle::Ticket;
use crate::upstream::{Answer, AnswerBody, NoAnswer, Outbound};
use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use weir_core::route::{Candidate, Provider, ProviderKind, Reason};
use weir_core::{Endpoint, Metered, Outcome};
use weir_triage::tokens_at_most;

/// A request that a provider has begun to answer.
pub struct Started {
    /// The head and body of the answer.
    pub answer: Answer,
    /// The open reservation.
    pub ticket: Ticket,
    /// The candidate that answered.
    pub candidate: Candidate,
    /// How the answer comes back to the client.
    pub way: Way,
    /// How many attempts were made.
    pub attempts: u16,
}

/// Tries the candidates in order.
///
/// # Errors
/// A refusal that names every attempt.
pub async fn attempt(
    context: &Context,
    asked: &Asked,
    mut planned: Planned,
) -> Result<Started, Refused> {
    let mut failures: Vec<Failure> = Vec::new();
    let candidates = std::mem::take(&mut planned.candidates);
    let mut tries =
        Tries { context, asked, planned: &planned, count: 0, local: Admitted::default() };
    let mut instead = None;
    let last = candidates.len().saturating_sub(1);
    for (index, mut candidate) in candidates.into_iter().enumerate() {
        if let Some(reason) = instead.take() {
            candidate.reason = reason;
        }
        match tries.one(candidate, index == last).await? {
            Try::Started(started) => return Ok(*started),
            Try::Failed(failure) => {
                instead = failure.skipped;
                failures.push(failure);
            }
        }
    }
    Err(spent(asked, &failures))
}

enum Try {
    Started(Box<Started>),
    Failed(Failure),
}

struct Tries<'a> {
    context: &'a Context,
    asked: &'a Asked,
    planned: &'a Planned,
    count: u16,
    /// What the candidate at hand was granted by its local server.
    local: Admitted,
}

impl Tries<'_> {
    async fn one(&mut self, mut candidate: Candidate, last: bool) -> Result<Try, Refused> {
        let setup = &self.context.setup;
        let known = setup.provider(&candidate.route.provider);
        let Some(provider) = known.filter(|p| p.kind != ProviderKind::Demo) else {
            return self.demonstrate(candidate).map(|s| Try::Started(Box::new(s)));
        };
        self.local = Admitted::default();
        match admit(self.context, self.asked, provider, &candidate, last).await {
            Ok(admitted) => self.local = admitted,
            Err(failure) => return Ok(Try::Failed(failure)),
        }
        let own = provider.own(candidate.endpoint, &candidate.route.model, self.asked.streams());
        let own = own.filter(|own| *own != candidate.endpoint && !provider.is_the_vendor());
        if let Some(own) = own
            && self.context.upstream_quirks.lacks(&provider.name, candidate.endpoint)
        {
            candidate.endpoint = own;
        }
        let asks = wants_usage(self.asked, &candidate)
            && !self.context.upstream_quirks.rejects_usage(&provider.name);
        let carried = match self.carried(provider, &candidate, asks).await {
            Ok(carried) => carried,
            Err(failure) => return Ok(Try::Failed(failure)),
        };
        let Carried { out, way } = carried;
        match self.send(provider, &candidate, out, &way, last).await? {
            Sent::Answer(answer, ticket) if asks && answer.status == 400 => {
                self.without_usage(provider, candidate, *answer, *ticket, way, last).await
            }
            Sent::Answer(answer, ticket)
                if own.is_some_and(|own| own != candidate.endpoint) && is_absent(&answer) =>
            {
                self.in_own_dialect(provider, candidate, *answer, *ticket, way, last).await
            }
            Sent::Answer(answer, ticket) => Ok(self.judge(candidate, *answer, *ticket, way, last)),
            Sent::Stale(_) => self.again(provider, candidate, asks, last).await,
            Sent::Nothing(failure) => Ok(Try::Failed(failure)),
        }
    }

    /// A server that may have no such endpoint, though its kind usually does (Responses at an
    /// OpenAI-compatible server, Messages at an older local one): asked once more in its first
    /// dialect, and remembered when that is there. A 404 that speaks of the model goes to the
    /// client as it is, and so does one to a request that cannot be said in that dialect.
    async fn in_own_dialect(
        &mut self,
        provider: &Provider,
        candidate: Candidate,
        answer: Answer,
        ticket: Ticket,
        way: Way,
        last: bool,
    ) -> Result<Try, Refused> {
        let (answer, text) = peek(answer).await;
        let of_the_model = memchr::memmem::find(&text.to_ascii_lowercase(), b"model").is_some();
        let own = provider.own(candidate.endpoint, &candidate.route.model, self.asked.streams());
        let Some(own) = own.filter(|_| !of_the_model) else {
            return Ok(self.judge(candidate, answer, ticket, way, last));
        };
        let instead = Candidate { endpoint: own, ..candidate.clone() };
        let asks = wants_usage(self.asked, &instead)
            && !self.context.upstream_quirks.rejects_usage(&provider.name);
        let Ok(Carried { out, way }) = self.carried(provider, &instead, asks).await else {
            return Ok(self.judge(candidate, answer, ticket, way, last));
        };
        ticket.close(Outcome::UpstreamError, Metered::default(), false);
        let (answer, ticket) = match self.send(provider, &instead, out, &way, last).await? {
            Sent::Answer(answer, ticket) => (*answer, *ticket),
            Sent::Nothing(failure) | Sent::Stale(failure) => return Ok(Try::Failed(failure)),
        };
        // Where nothing is there, what stands before the server may be down.
        if !is_absent(&answer) && !answer.status.is_server_error() {
            self.context.upstream_quirks.note_lacks(&provider.name, candidate.endpoint);
        }
        if asks && answer.status == 400 {
            return self.without_usage(provider, instead, answer, ticket, way, last).await;
        }
        Ok(self.judge(instead, answer, ticket, way, last))
    }

    /// Sends to the same provider once more, in another form.
    async fn again(
        &mut self,
        provider: &Provider,
        candidate: Candidate,
        asks_usage: bool,
        last: bool,
    ) -> Result<Try, Refused> {
        let Carried { out, way } = match self.carried(provider, &candidate, asks_usage).await {
            Ok(carried) => carried,
            Err(failure) => return Ok(Try::Failed(failure)),
        };
        match self.send(provider, &candidate, out, &way, last).await? {
            Sent::Answer(answer, ticket) => Ok(self.judge(candidate, *answer, *ticket, way, last)),
            Sent::Nothing(failure) | Sent::Stale(failure) => Ok(Try::Failed(failure)),
        }
    }

    async fn carried(
        &self,
        provider: &Provider,
        candidate: &Candidate,
        asks_usage: bool,
    ) -> Result<Carried, Failure> {
        let carried = carry(self.context, self.asked, provider, candidate, asks_usage).await;
        carried.map_err(|problem| match problem {
            NotCarried::Key(problem) => {
                let failure = Failure::of(candidate, problem.to_string());
                Failure { kind: FailureKind::Key, ..failure }
            }
            NotCarried::Rejected(rejected) => {
                let failure = Failure::of(candidate, rejected.message);
                Failure { kind: FailureKind::Rejected, ..failure }
            }
        })
    }

    /// A 400 that may be about the `stream_options` Weir added: asked once more without, and
    /// remembered for the provider. Any other 400 goes to the client as it is.
    async fn without_usage(
        &mut self,
        provider: &Provider,
        candidate: Candidate,
        answer: Answer,
        ticket: Ticket,
        way: Way,
        last: bool,
    ) -> Result<Try, Refused> {
        let (answer, text) = peek(answer).await;
        let ours = [b"stream_options".as_slice(), b"include_usage"]
            .iter()
            .any(|needle| memchr::memmem::find(&text, needle).is_some());
        if !ours {
            return Ok(self.judge(candidate, answer, ticket, way, last));
        }
        self.context.upstream_quirks.note_rejects_usage(&provider.name);
        ticket.close(Outcome::UpstreamError, Metered::default(), false);
        self.again(provider, candidate, false, last).await
    }

    /// Whether the answer settles the matter, or the next candidate is asked.
    fn judge(
        &self,
        candidate: Candidate,
        answer: Answer,
        ticket: Ticket,
        way: Way,
        last: bool,
    ) -> Try {
        let status = answer.status.as_u16();
        // A redirect is not followed, and not passed on either: a client that followed it would
        // take its token and its prompt to a host nobody stored.
        let redirect = (300..400).contains(&status);
        let in_chain = candidate.reason.in_chain();
        let next_may_do_better = matches!(status, 401 | 403 | 408 | 429 | 500..=599)
            // A link whose model is not there, such as one that was never pulled.
            || (status == 404 && in_chain);
        if redirect || (!last && next_may_do_better) {
            ticket.close(Outcome::UpstreamError, Metered::default(), false);
            let retry_after = answer.headers.get(header::RETRY_AFTER).cloned();
            let what = if redirect {
                format!("a redirect (status {status}), which is not followed. Correct its base_url")
            } else {
                format!("status {status}")
            };
            return Try::Failed(Failure { retry_after, ..Failure::of(&candidate, what) });
        }
        let attempts = self.count;
        Try::Started(Box::new(Started { answer, ticket, candidate, way, attempts }))
    }

    async fn send(
        &mut self,
        provider: &Provider,
        candidate: &Candidate,
        out: Outbound,
        way: &Way,
        last: bool,
    ) -> Result<Sent, Refused> {
        let local = provider.local && !self.local.cloud;
        let bytes = out.body.len().max(self.asked.json().len());
        let mut estimate = estimate(self.asked, bytes, way.output_assumed());
        estimate.cache_write |= way.marks_cache();
        let mut ticket = match self.reserve(candidate, local, estimate) {
            Ok(ticket) => ticket,
            // A later link may be free, or in no budget.
            Err(Refusal::Budget { message, .. }) => {
                let failure = Failure::of(candidate, message);
                return Ok(Sent::Nothing(Failure { kind: FailureKind::Budget, ..failure }));
            }
            Err(ledger @ Refusal::Ledger { .. }) => return Err(no_ledger(&ledger)),
        };
        ticket.dropped = way.dropped();
        ticket.sent = true;
        ticket.place = self.local.place.clone();
        ticket.thread =
            self.planned.thread(&self.context.conversations, self.asked, &candidate.route);
        let sent_ns = self.context.ports.clock.monotonic_ns();
        let answer = tokio::time::timeout(HEAD_OF_ANSWER_WAIT_MAX, self.context.upstream.send(out));
        match answer.await.unwrap_or(Err(NoAnswer::Timeout)) {
            Ok(answer) => {
                ticket.status = answer.status.as_u16();
                if provider.local {
                    self.context.ports.locals.answered(&provider.name, &candidate.route.model);
                }
                Ok(Sent::Answer(Box::new(answer), Box::new(ticket)))
            }
            Err(problem) => {
                let (outcome, sent) = match &problem {
                    NoAnswer::Connect(_) => (Outcome::Unreachable, false),
                    NoAnswer::Timeout => (Outcome::Timeout, true),
                    NoAnswer::Broke(_) => (Outcome::Unreachable, true),
                };
                let waited_ns = self.context.ports.clock.monotonic_ns().saturating_sub(sent_ns);
                let stale = local
                    && matches!(problem, NoAnswer::Broke(_))
                    && Duration::from_nanos(waited_ns) < STALE_MAX;
                ticket.sent = sent;
                ticket.close(outcome, Metered::default(), last && !stale);
                let mut failure = Failure::of(candidate, problem.to_string());
                if problem == NoAnswer::Timeout {
                    failure.kind = FailureKind::Timeout;
                }
                if provider.local && !sent {
                    failure.what =
                        format!("{} is not running at {}", provider.name, provider.base_url);
                    failure.kind = FailureKind::NotRunning;
                }
                Ok(if stale { Sent::Stale(failure) } else { Sent::Nothing(failure) })
            }
        }
    }

    fn reserve(
        &mut self,
        to: &Candidate,
        local: bool,
        estimate: Estimate,
    ) -> Result<Ticket, Refusal> {
        self.count += 1;
        let context = self.context;
        let asked = self.asked;
        let metered = asked.accepted.target.endpoint.metered();
        let judgement = self.planned.judged.judgement;
        let opening = Opening {
            id: context.id,
            attempt: self.count,
            at_ms: context.arrived_ms,
            client: asked.accepted.caller.name.clone(),
            project: asked.hints.project.clone(),
            session: asked.hints.session.clone().or_else(|| asked.facts.session.clone()),
            category: asked.hints.category.clone(),
            endpoint: asked.accepted.target.endpoint,
            asked_model: asked.model.clone(),
            provider: to.route.provider.clone(),
            model: to.route.model.clone(),
            local,
            demo: to.reason == Reason::Demo,
            service_tier: asked.facts.service_tier.clone(),
            task: judgement.map(|j| j.task.as_str().to_owned()),
            tier: judgement.map(|j| j.tier),
            confidence: judgement.map(|j| j.confidence),
            reason: to.reason,
            decision: Some(Arc::clone(&self.planned.decision)),
            estimate: if metered { estimate } else { Estimate::default() },
        };
        let reservation = context.ports.books.reserve(opening)?;
        Ok(Ticket::new(&context.ports, reservation, context.arrived_ns))
    }

    fn demonstrate(&mut self, candidate: Candidate) -> Result<Started, Refused> {
        let estimate = estimate(self.asked, self.asked.json().len(), OUTPUT_TOKENS_ASSUMED);
        let mut ticket =
            self.reserve(&candidate, true, estimate).map_err(|refusal| no_ledger(&refusal))?;
        ticket.sent = true;
        let answer = crate::demo::answer(&self.asked.accepted.target, self.asked);
        ticket.status = answer.status.as_u16();
        let way = Way::AsItCame { hides_usage: false, thoughts_left_out: false };
        Ok(Started { answer, ticket, candidate, way, attempts: self.count })
    }
}

/// Whether a server says that it has no such endpoint.
fn is_absent(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 404 | 405 | 501)
}

enum Sent {
    Answer(Box<Answer>, Box<Ticket>),
    Nothing(Failure),
    /// A local server broke at once: most likely it had closed the kept connection that was used.
    Stale(Failure),
}

/// `bytes` is the length of the prompt, in the longer of its two forms; `assumed` the answer's
/// limit where the client names none, in tokens.
fn estimate(asked: &Asked, bytes: usize, assumed: u64) -> Estimate {
    let output = match asked.accepted.target.endpoint {
        Endpoint::Embeddings => 0,
        _ => asked.facts.max_output_tokens.unwrap_or(assumed),
    };
    Estimate {
        input_tokens: tokens_at_most(bytes as u64),
        output_tokens: output.saturating_mul(asked.facts.choices),
        cache_write: asked.facts.cache_marked,
    }
}

/// Reads the start of an error body and puts it back, before whatever follows.
async fn peek(answer: Answer) -> (Answer, Bytes) {
    let Answer { status, headers, mut body } = answer;
    let mut start = BytesMut::new();
    let rest = loop {
        if start.len() >= ERROR_BODY_BYTES_MAX {
            break Some(body);
        }
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    start.extend_from_slice(&data);
                }
            }
            Some(Err(_)) => break Some(AnswerBody::Broken),
            None => break None,
        }
    };
    let start = start.freeze();
    let pieces = VecDeque::from([start.clone()]);
    let body = match rest {
        Some(rest) => AnswerBody::Resumed { pieces, rest: Box::new(rest) },
        None => AnswerBody::Made(pieces),
    };
    (Answer { status, headers, body }, start)
}
