//! Sets money aside, sends, and waits for the head of an answer.

use super::{Course, Failed, Head, Open, Sent, Started, To};
use crate::answer::tap_for;
use crate::carry::{Way, output_assumed};
use crate::decline::{Failure, FailureKind, no_ledger};
use crate::limits::{HEAD_OF_ANSWER_WAIT_MAX, OUTPUT_TOKENS_ASSUMED, ROOM_LOOK, STALE_MAX};
use crate::pipeline::Context;
use crate::ports::{Estimate, Opening, Refusal, Waiting};
use crate::read::Asked;
use crate::reply::Refused;
use crate::settle::Ticket;
use crate::upstream::{NoAnswer, Outbound};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Sleep, sleep, timeout};
use weir_core::route::{Candidate, KeySource, Reason, Route};
use weir_core::verdict::{Fault, leaves_time};
use weir_core::{Endpoint, Metered, Outcome};
use weir_triage::{tokens_at_most, tokens_likely};
use weir_wire::hub::{Family, Form, Reasoning, Traits};

/// A prompt of so many tokens is given a second more.
const TOKENS_PER_SECOND: u64 = 8_000;

impl Course<'_> {
    pub(super) async fn send(
        &mut self,
        to: &To<'_>,
        out: Outbound,
        way: Way,
    ) -> Result<Sent, Refused> {
        let To { provider, candidate, .. } = to;
        let local = provider.local && !self.local.cloud;
        let bytes = out.body.len().max(self.asked.json().len());
        let endpoint = self.asked.accepted.target.endpoint;
        let assumed = output_assumed(endpoint, candidate, provider.local);
        let mut estimate = estimate(self.asked, bytes, assumed);
        estimate.cache_write |= way.marks_cache();
        let mut ticket = match self.set_aside(to, local, estimate, None) {
            Ok(ticket) => ticket,
            Err(unset) if matches!(*unset, Unset::Soon(_)) => {
                match Box::pin(self.set_aside_soon(to, local, estimate)).await {
                    Ok(ticket) => *ticket,
                    Err(unset) => return unset.told(),
                }
            }
            Err(unset) => return unset.told(),
        };
        ticket.dropped = way.dropped();
        ticket.sent = true;
        ticket.place = self.local.place.clone();
        ticket.credentials = out.credentials();
        let passing = self.strays(candidate);
        ticket.thread =
            self.planned.thread(&self.context.conversations, self.asked, candidate, passing);
        let mut limit = self.patience(to).map(|limit| Box::pin(sleep(limit)));
        let sent_ns = self.context.ports.clock.monotonic_ns();
        let sending = self.context.upstream.send(out);
        let mut sending = std::pin::pin!(timeout(HEAD_OF_ANSWER_WAIT_MAX, sending));
        let answer = loop {
            tokio::select! {
                answer = &mut sending => break answer.unwrap_or(Err(NoAnswer::Timeout)),
                () = passed(&mut limit) => {
                    if self.has_another().await {
                        break Err(NoAnswer::Timeout);
                    }
                    limit = None;
                }
            }
        };
        match answer {
            Ok(answer) => {
                ticket.status = answer.status.as_u16();
                if provider.key == KeySource::Passthrough {
                    // A tool's own login went through, so the answer may say how much of its plan
                    // is used, also where it is a refusal.
                    let now_ms = self.context.ports.clock.unix_ms();
                    let books = &self.context.ports.books;
                    books.heard_allowance(&provider.name, &answer.headers, now_ms);
                }
                if provider.local {
                    self.heard(candidate, answer.status.is_success());
                }
                Ok(Sent::Head(Box::new(Head { answer, ticket, way, limit })))
            }
            Err(problem) => {
                let waited_ns = self.context.ports.clock.monotonic_ns().saturating_sub(sent_ns);
                let stale = local
                    && matches!(problem, NoAnswer::Broke(_))
                    && Duration::from_nanos(waited_ns) < STALE_MAX;
                Ok(unanswered(to, ticket, &problem, stale))
            }
        }
    }

    /// What the answer of a local server says of its memory.
    fn heard(&self, candidate: &Candidate, success: bool) {
        let Route { provider, model } = &candidate.route;
        let locals = &self.context.ports.locals;
        locals.answered(provider, model);
        if let Some(context) = self.local.room.now.filter(|_| success) {
            locals.sized(provider, model, context);
        }
    }

    /// How long an attempt may take before somebody else is asked; `None` where nobody is left.
    fn patience(&self, to: &To<'_>) -> Option<Duration> {
        if !to.another {
            return None;
        }
        let settings = &self.context.failover;
        if !self.asked.streams() {
            return self.worth(settings.whole_answer);
        }
        let body = self.asked.json();
        let more = tokens_likely(body.len() as u64) / TOKENS_PER_SECOND;
        let base = match to.provider.local || thinks(&to.candidate, body) {
            true => settings.first_thought.max(settings.first_content),
            false => settings.first_content,
        };
        self.worth(base + Duration::from_secs(more))
    }

    /// A wait, unless it would be over too late for anybody else to be asked.
    fn worth(&self, wait: Duration) -> Option<Duration> {
        let (elapsed, longest) = (self.since(self.began_ns), self.longest);
        let limits = &self.context.failover.tries;
        leaves_time(wait, elapsed, longest, self.count, limits).then_some(wait)
    }

    /// Takes leave and sets money aside.
    fn set_aside(
        &mut self,
        to: &To<'_>,
        local: bool,
        estimate: Estimate,
        waiting: Option<&Waiting>,
    ) -> Result<Ticket, Box<Unset>> {
        let To { provider, candidate, .. } = to;
        let pass = match self.spare.take() {
            Some(pass) => pass,
            None => self
                .pass(provider, candidate, to.another)
                .map_err(|failure| Box::new(Unset::Failed(failure)))?,
        };
        match self.reserve(candidate, local, estimate, waiting) {
            Ok(mut ticket) => {
                ticket.pass = Some(pass);
                self.turned_away = None;
                Ok(ticket)
            }
            Err(Refusal::Budget { message, may_pass, .. }) => {
                self.turned_away = Some(estimate);
                let failure = Failure::of(candidate, Fault::Budget, message);
                let waits = may_pass && !self.room_wait.is_zero();
                Err(Box::new(if waits { Unset::Soon(failure) } else { Unset::Failed(failure) }))
            }
            Err(ledger @ Refusal::Ledger { .. }) => {
                Err(Box::new(Unset::Refused(no_ledger(&ledger))))
            }
        }
    }

    /// Waits in line where a budget that stops is only full of what is under way: a second request
    /// beside a first one is no reason to stop a tool. Nothing of a provider is held meanwhile.
    async fn set_aside_soon(
        &mut self,
        to: &To<'_>,
        local: bool,
        estimate: Estimate,
    ) -> Result<Box<Ticket>, Box<Unset>> {
        let context = self.context;
        let clock = &context.ports.clock;
        let waiting = Waiting { now_ms: clock.unix_ms(), ..Waiting::default() };
        let mut line = InLine { context, waiting };
        loop {
            match self.set_aside(to, local, estimate, Some(&line.waiting)) {
                Err(unset) if matches!(*unset, Unset::Soon(_)) => {}
                done => return done.map(Box::new),
            }
            let (began_ns, look) = (self.now_ns(), ROOM_LOOK.min(self.room_wait));
            let told = timeout(look, line.waiting.room.notified()).await.is_ok();
            let waited = self.since(began_ns);
            let waited = if told { waited } else { waited.max(look) };
            self.room_wait = self.room_wait.saturating_sub(waited);
            line.waiting.now_ms = clock.unix_ms();
        }
    }

    pub(super) fn reserve(
        &mut self,
        to: &Candidate,
        local: bool,
        estimate: Estimate,
        waiting: Option<&Waiting>,
    ) -> Result<Ticket, Refusal> {
        let context = self.context;
        let asked = self.asked;
        let metered = asked.accepted.target.endpoint.metered();
        let judgement = self.planned.judged.judgement;
        let opening = Opening {
            id: context.id,
            attempt: self.count + 1,
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
            lately: self.planned.lately,
        };
        let books = &context.ports.books;
        let reservation = match waiting {
            None => books.reserve(opening)?,
            Some(waiting) => books.reserve_in_line(opening, waiting)?,
        };
        self.count += 1;
        self.on_route += 1;
        if let Some(before) = self.untold.take() {
            before.tell(false);
        }
        let limits = context.failover.health;
        let mut ticket = Ticket::new(&context.ports, reservation, context.arrived_ns, limits);
        ticket.earlier = self.paid;
        Ok(ticket)
    }

    pub(super) fn demonstrate(&mut self, candidate: Candidate) -> Result<Started, Refused> {
        let estimate = estimate(self.asked, self.asked.json().len(), OUTPUT_TOKENS_ASSUMED);
        let mut ticket = self
            .reserve(&candidate, true, estimate, None)
            .map_err(|refusal| no_ledger(&refusal))?;
        ticket.sent = true;
        let answer = crate::demo::answer(&self.asked.accepted.target, self.asked);
        ticket.status = answer.status.as_u16();
        let tap = tap_for(self.asked.accepted.target.endpoint, &answer.headers);
        let way = Way::AsItCame { hides_usage: false, thoughts_left_out: false };
        let tried = None;
        Ok(Started { answer, tap, fed: 0, ticket, candidate, way, attempts: self.count, tried })
    }
}

/// Why nothing was set aside.
enum Unset {
    /// Not yet: there may be room soon.
    Soon(Failure),
    /// Not at this candidate.
    Failed(Failure),
    /// For none.
    Refused(Refused),
}

impl Unset {
    fn told(self) -> Result<Sent, Refused> {
        match self {
            Self::Soon(failure) | Self::Failed(failure) => Ok(Sent::nothing(failure)),
            Self::Refused(refused) => Err(refused),
        }
    }
}

/// A place in the line for room, given up when its request goes on or away.
struct InLine<'a> {
    context: &'a Context,
    waiting: Waiting,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.context.ports.books.leave_line(self.context.id);
    }
}

impl Sent {
    fn nothing(failure: Failure) -> Self {
        Self::Failed(Box::new(Failed { failure, open: Open::Nothing }))
    }
}

/// Waits until a limit has passed; for ever where there is none.
pub(super) async fn passed(limit: &mut Option<Pin<Box<Sleep>>>) {
    match limit {
        Some(limit) => limit.await,
        None => std::future::pending().await,
    }
}

fn unanswered(to: &To<'_>, mut ticket: Ticket, problem: &NoAnswer, stale: bool) -> Sent {
    let To { provider, candidate, .. } = to;
    let (fault, outcome) = match problem {
        NoAnswer::Connect(_) => (Fault::Connect, Outcome::Unreachable),
        NoAnswer::Timeout => (Fault::Silent, Outcome::Timeout),
        NoAnswer::Broke(_) => (Fault::Broke, Outcome::Unreachable),
    };
    ticket.sent = fault != Fault::Connect;
    let mut failure = Failure::of(candidate, fault, problem.to_string());
    if provider.local && !ticket.sent {
        failure.what = format!("{} is not running at {}", provider.name, provider.base_url);
        failure.kind = FailureKind::NotRunning;
    }
    if stale {
        ticket.close(outcome, Metered::default(), false);
        return Sent::Stale(Box::new(Failed { failure, open: Open::Nothing }));
    }
    let open = Open::Ticket(Box::new(ticket), outcome, Metered::default());
    Sent::Failed(Box::new(Failed { failure, open }))
}

/// Whether a model is likely to think for a while before it says anything that is told.
fn thinks(candidate: &Candidate, body: &[u8]) -> bool {
    let Some(form) = Form::of(candidate.endpoint) else { return false };
    let traits = Traits::of(form, &candidate.route.model, false);
    match (traits.reasoning, traits.family) {
        (Reasoning::Unsaid, _) => false,
        // Claude thinks when it is told to, the others unless they are told not to.
        (_, Family::Claude) => [b"\"thinking\"".as_slice(), b"\"effort\"", b"\"reasoning"]
            .iter()
            .any(|word| memchr::memmem::find(body, word).is_some()),
        _ => true,
    }
}

/// `bytes` is the length of the prompt, in the longer of its two forms; `assumed` the answer's
/// limit where the client names none, in tokens.
pub(crate) fn estimate(asked: &Asked, bytes: usize, assumed: u64) -> Estimate {
    let output = match asked.accepted.target.endpoint {
        Endpoint::Embeddings => 0,
        _ => asked.facts.max_output_tokens.unwrap_or(assumed),
    };
    Estimate {
        input_tokens: tokens_at_most(bytes as u64),
        output_tokens: output.saturating_mul(asked.facts.choices),
        cache_write: asked.facts.cache_marked,
        choices: asked.facts.choices,
    }
}
