//! Stage five: reserve, send, judge, for one candidate after the other. Retry and failover live
//! only here, and only before the first byte has gone to the client.

use crate::decline::{Failure, FailureKind, no_ledger, spent};
use crate::headers::{CREDENTIALS, without_credentials};
use crate::limits::{ERROR_BODY_BYTES_MAX, HEAD_OF_ANSWER_WAIT_MAX, OUTPUT_TOKENS_ASSUMED};
use crate::local::{Admitted, admit};
use crate::pipeline::Context;
use crate::ports::{Estimate, KeyProblem, Opening, Refusal};
use crate::read::Asked;
use crate::reply::Refused;
use crate::settle::Ticket;
use crate::upstream::{Answer, AnswerBody, NoAnswer, Outbound, address, attach};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use weir_core::route::{Candidate, KeySource, Provider, ProviderKind};
use weir_core::{Endpoint, Metered, Outcome};
use weir_triage::tokens_at_most;
use weir_wire::edits::with_both;

/// A request that a provider has begun to answer.
pub struct Started {
    /// The head and body of the answer.
    pub answer: Answer,
    /// The open reservation.
    pub ticket: Ticket,
    /// The candidate that answered.
    pub candidate: Candidate,
    /// Whether the usage chunk was asked for by Weir and must not be shown.
    pub hide_usage: bool,
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
    candidates: Vec<Candidate>,
) -> Result<Started, Refused> {
    let mut failures: Vec<Failure> = Vec::new();
    let mut tries = Tries { context, asked, count: 0, local: Admitted::default() };
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
    count: u16,
    /// What the candidate at hand was granted by its local server.
    local: Admitted,
}

impl Tries<'_> {
    async fn one(&mut self, candidate: Candidate, last: bool) -> Result<Try, Refused> {
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
        let headers = match self.credentials(provider).await {
            Ok(headers) => headers,
            Err(problem) => {
                let failure = Failure::of(&candidate, problem.to_string());
                return Ok(Try::Failed(Failure { kind: FailureKind::Key, ..failure }));
            }
        };
        let asks =
            self.wants_usage() && !self.context.upstream_quirks.rejects_usage(&provider.name);
        let again = asks.then(|| headers.clone());
        let out = self.outbound(provider, &candidate, headers, asks);
        match (self.send(provider, &candidate, out, last).await?, again) {
            (Sent::Answer(answer, ticket), Some(headers)) if answer.status == 400 => {
                self.without_usage(provider, candidate, headers, *answer, *ticket, last).await
            }
            (Sent::Answer(answer, ticket), _) => {
                Ok(self.judge(candidate, *answer, *ticket, asks, last))
            }
            (Sent::Nothing(failure), _) => Ok(Try::Failed(failure)),
        }
    }

    /// A 400 that may be about the `stream_options` Weir added: asked once more without, and
    /// remembered for the provider. Any other 400 goes to the client as it is.
    async fn without_usage(
        &mut self,
        provider: &Provider,
        candidate: Candidate,
        headers: HeaderMap,
        answer: Answer,
        ticket: Ticket,
        last: bool,
    ) -> Result<Try, Refused> {
        let (answer, text) = peek(answer).await;
        let ours = [b"stream_options".as_slice(), b"include_usage"]
            .iter()
            .any(|needle| memchr::memmem::find(&text, needle).is_some());
        if !ours {
            return Ok(self.judge(candidate, answer, ticket, true, last));
        }
        self.context.upstream_quirks.note_rejects_usage(&provider.name);
        ticket.close(Outcome::UpstreamError, Metered::default(), false);
        let out = self.outbound(provider, &candidate, headers, false);
        match self.send(provider, &candidate, out, last).await? {
            Sent::Answer(answer, ticket) => {
                Ok(self.judge(candidate, *answer, *ticket, false, last))
            }
            Sent::Nothing(failure) => Ok(Try::Failed(failure)),
        }
    }

    /// Whether the answer settles the matter, or the next candidate is asked.
    fn judge(
        &self,
        candidate: Candidate,
        answer: Answer,
        ticket: Ticket,
        hide_usage: bool,
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
        Try::Started(Box::new(Started { answer, ticket, candidate, hide_usage, attempts }))
    }

    async fn send(
        &mut self,
        provider: &Provider,
        candidate: &Candidate,
        out: Outbound,
        last: bool,
    ) -> Result<Sent, Refused> {
        let local = provider.local && !self.local.cloud;
        let mut ticket = match self.reserve(candidate, local, false) {
            Ok(ticket) => ticket,
            // A later link may be free, or in no budget.
            Err(Refusal::Budget { message, .. }) => {
                let failure = Failure::of(candidate, message);
                return Ok(Sent::Nothing(Failure { kind: FailureKind::Budget, ..failure }));
            }
            Err(ledger @ Refusal::Ledger { .. }) => return Err(no_ledger(&ledger)),
        };
        ticket.sent = true;
        ticket.place = self.local.place.clone();
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
                ticket.sent = sent;
                ticket.close(outcome, Metered::default(), last);
                let mut failure = Failure::of(candidate, problem.to_string());
                if problem == NoAnswer::Timeout {
                    failure.kind = FailureKind::Timeout;
                }
                if provider.local && !sent {
                    failure.what =
                        format!("{} is not running at {}", provider.name, provider.base_url);
                    failure.kind = FailureKind::NotRunning;
                }
                Ok(Sent::Nothing(failure))
            }
        }
    }

    fn reserve(&mut self, to: &Candidate, local: bool, demo: bool) -> Result<Ticket, Refusal> {
        self.count += 1;
        let context = self.context;
        let asked = self.asked;
        let metered = asked.accepted.target.endpoint.metered();
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
            demo,
            service_tier: asked.facts.service_tier.clone(),
            task: asked.hints.task.map(|t| t.as_str().to_owned()),
            tier: asked.hints.tier,
            confidence: None,
            reason: to.reason,
            estimate: if metered { estimate(asked) } else { Estimate::default() },
        };
        let reservation = context.ports.books.reserve(opening)?;
        Ok(Ticket::new(&context.ports, reservation, context.arrived_ns))
    }

    fn demonstrate(&mut self, candidate: Candidate) -> Result<Started, Refused> {
        let mut ticket =
            self.reserve(&candidate, true, true).map_err(|refusal| no_ledger(&refusal))?;
        ticket.sent = true;
        let answer = crate::demo::answer(&self.asked.accepted.target, self.asked);
        ticket.status = answer.status.as_u16();
        Ok(Started { answer, ticket, candidate, hide_usage: false, attempts: self.count })
    }

    /// Whether Weir has to ask for the usage that this client did not ask for.
    fn wants_usage(&self) -> bool {
        let facts = &self.asked.facts;
        self.asked.accepted.target.endpoint == Endpoint::Chat
            && facts.stream
            && facts.include_usage != Some(true)
    }

    async fn credentials(&self, provider: &Provider) -> Result<HeaderMap, KeyProblem> {
        let accepted = &self.asked.accepted;
        let through = provider.key == KeySource::Passthrough && accepted.own_credential;
        let mut headers = self.asked.headers.clone();
        if !through {
            without_credentials(&mut headers);
        }
        match provider.key {
            KeySource::Passthrough
                if !CREDENTIALS.iter().any(|name| headers.contains_key(name)) =>
            {
                Err(KeyProblem::NoCredential { provider: provider.name.clone() })
            }
            KeySource::Passthrough | KeySource::None => Ok(headers),
            KeySource::Keychain | KeySource::Env(_) => {
                let key = self.context.ports.keys.key(&provider.name).await?;
                // Keys are bound to an address, and this request may have begun under another one.
                let now = self.context.ports.routes.setup();
                if now.provider(&provider.name).is_none_or(|p| p.base_url != provider.base_url) {
                    return Err(KeyProblem::Moved { provider: provider.name.clone() });
                }
                attach(&mut headers, provider, accepted.target.endpoint, &key);
                Ok(headers)
            }
        }
    }

    fn outbound(
        &self,
        provider: &Provider,
        candidate: &Candidate,
        mut headers: HeaderMap,
        asks_usage: bool,
    ) -> Outbound {
        let asked = self.asked;
        let target = &asked.accepted.target;
        let renames = candidate.rewrite && target.model.is_none();
        let body = if renames || asks_usage {
            let model = renames.then_some(candidate.route.model.as_str());
            Bytes::from(with_both(asked.json(), &asked.facts, model, asks_usage))
        } else {
            asked.body.clone()
        };
        if (renames || asks_usage) && asked.plain.is_some() {
            headers.remove(header::CONTENT_ENCODING);
        }
        if asks_usage {
            // The added chunk must be found and taken out again, which needs plain text.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Outbound {
            url: address(provider, target, &candidate.route.model, asked.accepted.query.as_deref()),
            method: Method::POST,
            headers,
            body,
            // Plain http is only ever configured for this machine and its own network.
            local: provider.local || provider.base_url.starts_with("http://"),
        }
    }
}

enum Sent {
    Answer(Box<Answer>, Box<Ticket>),
    Nothing(Failure),
}

fn estimate(asked: &Asked) -> Estimate {
    let output = match asked.accepted.target.endpoint {
        Endpoint::Embeddings => 0,
        _ => asked.facts.max_output_tokens.unwrap_or(OUTPUT_TOKENS_ASSUMED),
    };
    Estimate {
        input_tokens: tokens_at_most(asked.json().len() as u64),
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
