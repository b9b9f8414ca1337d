//! Stage five: reserve, send and wait for the first content, for one candidate after the other.
//! Retry and fail-over live only here, and only before the commit point: nothing has gone to the
//! client yet. What follows from a failure is `weir_core::verdict`'s to say.

mod again;
mod first;
mod kept;
mod send;

pub use kept::Kept;

use crate::carry::{Carried, NotCarried, Way, carry, wants_usage};
use crate::decline::{Failure, spent, tried};
use crate::health::Pass;
use crate::local::{Admitted, admit};
use crate::pipeline::Context;
use crate::plan::Planned;
use crate::read::Asked;
use crate::reply::Refused;
use crate::settle::Ticket;
use crate::upstream::Answer;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Sleep;
use weir_core::route::{Candidate, Provider, ProviderKind, Reason};
use weir_core::verdict::{Fault, Limits, Standing, Verdict, telling, unsent, verdict};
use weir_core::{Metered, Outcome};
use weir_wire::tap::Tap;

/// A request that a provider has begun to answer.
pub struct Started {
    /// The head and body of the answer.
    pub answer: Answer,
    /// Has read the beginning of the answer.
    pub tap: Tap,
    /// How many bytes of the body it has read.
    pub fed: usize,
    /// The open reservation.
    pub ticket: Ticket,
    /// The candidate that answered.
    pub candidate: Candidate,
    /// How the answer comes back to the client.
    pub way: Way,
    /// How many attempts were made.
    pub attempts: u16,
    /// The attempts before it and how they failed, for people.
    pub tried: Option<String>,
}

/// What the attempts came to.
pub enum Begun {
    /// An answer.
    Started(Box<Started>),
    /// A provider's own refusal, when nobody else is left.
    Refused(Box<Kept>),
}

/// What one attempt came to.
enum Try {
    Started(Box<Started>),
    Failed(Box<Failed>),
}

/// An attempt that failed, not settled yet.
struct Failed {
    failure: Failure,
    open: Open,
}

/// What is still open of it.
enum Open {
    /// Nothing was sent.
    Nothing,
    /// Its reservation.
    Ticket(Box<Ticket>, Outcome, Metered),
    /// An answer that the client gets as it is if nobody else is asked.
    Answer(Box<Started>, Outcome),
}

impl Failed {
    fn unsent(failure: Failure) -> Try {
        Try::Failed(Box::new(Self { failure, open: Open::Nothing }))
    }
}

impl Open {
    /// Settles it. `last` is whether the request ends with it.
    fn close(self, failure: &mut Failure, last: bool) {
        let (mut ticket, outcome, metered) = match self {
            Self::Nothing => return,
            Self::Ticket(ticket, outcome, metered) => (*ticket, outcome, metered),
            Self::Answer(started, outcome) => {
                let Started { answer, ticket, tap, way, candidate, .. } = *started;
                failure.kept = failure.peeked.take().map(|body| {
                    let Answer { status, headers, .. } = answer;
                    let (attempts, tried) = (0, None);
                    Box::new(Kept { status, headers, body, way, candidate, attempts, tried })
                });
                (ticket, outcome, tap.finish())
            }
        };
        tell(ticket.pass.take(), &ticket, failure);
        ticket.close(outcome, metered, last);
    }
}

fn tell(pass: Option<Pass>, ticket: &Ticket, failure: &Failure) {
    if let Some(pass) = pass {
        pass.failed(failure.fault, &failure.what, failure.wait, &ticket.limits);
    }
}

/// Tries the candidates in order.
///
/// # Errors
/// A refusal that names every attempt.
pub async fn attempt(
    context: &Context,
    asked: &Asked,
    mut planned: Planned,
) -> Result<Begun, Refused> {
    let mut queue = VecDeque::from(std::mem::take(&mut planned.candidates));
    let mut course = Course::new(context, asked, &planned);
    while let Some(mut candidate) = queue.pop_front() {
        if let Some(reason) = course.instead.take() {
            candidate.reason = reason;
        }
        course.on_route = 0;
        loop {
            let another = queue.iter().any(|next| course.could(next));
            let failed = match course.one(candidate.clone(), another).await? {
                Try::Started(started) => return Ok(Begun::Started(started)),
                Try::Failed(failed) => *failed,
            };
            let Failed { mut failure, open } = failed;
            failure.stands_in = course.stands_in(&failure.route);
            match course.verdict(&failure, another) {
                Verdict::Retry { after } => {
                    open.close(&mut failure, false);
                    course.failures.push(failure);
                    tokio::time::sleep(after).await;
                }
                onward @ (Verdict::Next | Verdict::NextLarger) => {
                    open.close(&mut failure, false);
                    course.instead = failure.skipped;
                    if onward == Verdict::NextLarger {
                        course.too_small(&candidate);
                    }
                    course.failures.push(failure);
                    break;
                }
                Verdict::GiveUp => return course.end(failure, open),
            }
        }
    }
    Err(spent(asked, &course.failures))
}

/// One request's way through its candidates.
struct Course<'a> {
    context: &'a Context,
    asked: &'a Asked,
    planned: &'a Planned,
    began_ns: u64,
    failures: Vec<Failure>,
    /// Attempts in all, and at the route at hand.
    count: u16,
    on_route: u16,
    /// Why the next candidate answers instead.
    instead: Option<Reason>,
    /// Contexts that were too small, in tokens, and the models they belong to.
    outgrown: Vec<(String, Option<u64>)>,
    /// What the candidate at hand was granted by its local server.
    local: Admitted,
    /// Whether the answer is released only when it is complete.
    holds: bool,
}

impl<'a> Course<'a> {
    fn new(context: &'a Context, asked: &'a Asked, planned: &'a Planned) -> Self {
        let client = &asked.accepted.caller.name;
        let held = || context.failover.held.iter().any(|name| **name == **client);
        Self {
            context,
            asked,
            planned,
            began_ns: context.ports.clock.monotonic_ns(),
            failures: Vec::new(),
            count: 0,
            on_route: 0,
            instead: None,
            outgrown: Vec::new(),
            local: Admitted::default(),
            holds: asked.hints.hold.unwrap_or_else(held),
        }
    }

    fn provider(&self, candidate: &Candidate) -> Option<&'a Provider> {
        let known = self.context.setup.provider(&candidate.route.provider);
        known.filter(|p| p.kind != ProviderKind::Demo)
    }

    /// Whether a later candidate can be asked, as far as is known now.
    fn could(&self, candidate: &Candidate) -> bool {
        self.provider(candidate).is_none_or(|provider| {
            let in_chain = candidate.reason.in_chain();
            self.is_larger(candidate)
                && self.context.health.would(&candidate.route, provider, in_chain)
        })
    }

    fn verdict(&self, failure: &Failure, another: bool) -> Verdict {
        let elapsed_ns = self.context.ports.clock.monotonic_ns().saturating_sub(self.began_ns);
        let standing = Standing {
            attempts: self.count,
            on_route: self.on_route,
            elapsed: Duration::from_nanos(elapsed_ns),
            another,
            stands_in: failure.stands_in,
            asked_wait: failure.wait,
            told_to_stop: failure.told_to_stop,
        };
        let limits: &Limits = &self.context.failover.tries;
        let random = mixed(self.context.arrived_ns.wrapping_add(u64::from(self.count) << 48));
        verdict(failure.fault, &standing, limits, random)
    }

    /// Whether another route was asked before and failed by itself.
    fn stands_in(&self, for_route: &str) -> bool {
        self.failures.iter().any(|f| !unsent(f.fault) && f.route != for_route)
    }

    /// Notes that a candidate's context is too small.
    fn too_small(&mut self, candidate: &Candidate) {
        let window = self.window(candidate);
        self.outgrown.push((candidate.route.model.clone(), window));
        self.instead = Some(Reason::LargerContext);
    }

    fn window(&self, candidate: &Candidate) -> Option<u64> {
        let Some(provider) = self.provider(candidate).filter(|p| p.local) else {
            return self.context.ports.routes.window(&candidate.route);
        };
        self.context.ports.locals.model(&provider.name, &candidate.route.model).context
    }

    /// Whether a candidate may take what was too long for those before it. One whose size nobody
    /// knows is asked: a refusal costs nothing.
    fn is_larger(&self, candidate: &Candidate) -> bool {
        if self.outgrown.is_empty() {
            return true;
        }
        let window = self.window(candidate);
        self.outgrown.iter().all(|(model, small)| {
            let known_small = window.zip(*small).is_some_and(|(this, that)| this <= that);
            candidate.route.model != *model && !known_small
        })
    }

    /// Nobody else is asked: the client gets what tells it most.
    fn end(mut self, mut failure: Failure, open: Open) -> Result<Begun, Refused> {
        let own = telling(failure.fault, failure.stands_in);
        let kept = self.failures.iter().enumerate().filter(|(_, f)| f.kept.is_some());
        let best = kept.map(|(index, f)| (telling(f.fault, f.stands_in), index)).max();
        let earlier = best.filter(|(rank, _)| *rank > own).map(|(_, index)| index);
        let open = match open {
            Open::Answer(mut started, _) if earlier.is_none() => {
                tell(started.ticket.pass.take(), &started.ticket, &failure);
                started.tried = tried(&self.failures);
                return Ok(Begun::Started(started));
            }
            open => open,
        };
        open.close(&mut failure, true);
        self.failures.push(failure);
        let shown = earlier.unwrap_or(self.failures.len() - 1);
        let told = tried(&self.failures);
        match self.failures[shown].kept.take() {
            Some(kept) => {
                Ok(Begun::Refused(Box::new(Kept { attempts: self.count, tried: told, ..*kept })))
            }
            None => Err(spent(self.asked, &self.failures)),
        }
    }

    /// One attempt at one candidate, and what its provider's quirks add to it.
    async fn one(&mut self, mut candidate: Candidate, another: bool) -> Result<Try, Refused> {
        let Some(provider) = self.provider(&candidate) else {
            return self.demonstrate(candidate).map(|s| Try::Started(Box::new(s)));
        };
        if let Err(failure) = self.may_go(provider, &candidate) {
            return Ok(Failed::unsent(failure));
        }
        self.local = Admitted::default();
        match admit(self.context, self.asked, provider, &candidate, !another).await {
            Ok(admitted) => self.local = admitted,
            Err(failure) => return Ok(Failed::unsent(failure)),
        }
        let quirks = &self.context.upstream_quirks;
        let own = self.own_dialect(provider, &candidate);
        if let Some(own) = own
            && quirks.lacks(&provider.name, candidate.endpoint)
        {
            candidate.endpoint = own;
        }
        let asks = wants_usage(self.asked, &candidate) && !quirks.rejects_usage(&provider.name);
        let to = To { provider, candidate, another };
        let head = match self.ask(&to, asks).await? {
            Sent::Head(head) => *head,
            Sent::Stale(_) => match self.ask(&to, asks).await? {
                Sent::Head(head) => *head,
                Sent::Failed(failed) | Sent::Stale(failed) => return Ok(Try::Failed(failed)),
            },
            Sent::Failed(failed) => return Ok(Try::Failed(failed)),
        };
        if asks && head.answer.status == 400 {
            return self.without_usage(to, head).await;
        }
        if own.is_some_and(|own| own != to.candidate.endpoint) && head.is_absent() {
            return self.in_own_dialect(to, head).await;
        }
        Ok(self.begin(&to, head).await)
    }

    /// Whether a candidate is asked at all: not while it rests, nor with a prompt that was too long
    /// for a context as large.
    fn may_go(&self, provider: &Provider, candidate: &Candidate) -> Result<(), Failure> {
        if !self.is_larger(candidate) {
            let what = "its context is no larger".to_owned();
            let failure = Failure::of(candidate, Fault::NoLarger, what);
            return Err(Failure { skipped: Some(Reason::LargerContext), ..failure });
        }
        let in_chain = candidate.reason.in_chain();
        if self.context.health.would(&candidate.route, provider, in_chain) {
            return Ok(());
        }
        self.pass(provider, candidate).map(drop)
    }

    fn pass(&self, provider: &Provider, candidate: &Candidate) -> Result<Pass, Failure> {
        let in_chain = candidate.reason.in_chain();
        self.context.health.admit(&candidate.route, provider, in_chain).map_err(|rest| {
            let secs = rest.wait.as_millis().div_ceil(1_000);
            let what = format!("resting for another {secs} s after {}", rest.reason);
            let failure = Failure::of(candidate, Fault::Resting, what);
            Failure { rests: Some(rest.wait), skipped: Some(Reason::Resting), ..failure }
        })
    }

    /// Reserves, translates if dialects differ, and sends.
    async fn ask(&mut self, to: &To<'_>, asks_usage: bool) -> Result<Sent, Refused> {
        match carry(self.context, self.asked, to.provider, &to.candidate, asks_usage).await {
            Ok(Carried { out, way }) => self.send(to, out, way).await,
            Err(problem) => {
                let (fault, what) = match problem {
                    NotCarried::Key(problem) => (Fault::Key, problem.to_string()),
                    NotCarried::Rejected(rejected) => (Fault::Untranslatable, rejected.message),
                };
                let failure = Failure::of(&to.candidate, fault, what);
                Ok(Sent::Failed(Box::new(Failed { failure, open: Open::Nothing })))
            }
        }
    }
}

/// Where an attempt goes.
struct To<'a> {
    provider: &'a Provider,
    candidate: Candidate,
    /// Whether somebody else can be asked after it.
    another: bool,
}

/// What sending came to.
enum Sent {
    /// The head of an answer.
    Head(Box<Head>),
    /// A local server broke at once: most likely it had closed the kept connection that was used.
    Stale(Box<Failed>),
    Failed(Box<Failed>),
}

/// The head of an answer, and what waits for its end.
struct Head {
    answer: Answer,
    ticket: Ticket,
    way: Way,
    /// When the attempt has taken too long; never, where nobody else can be asked.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Head {
    /// Whether a server says that it has no such endpoint.
    fn is_absent(&self) -> bool {
        matches!(self.answer.status.as_u16(), 404 | 405 | 501)
    }
}

/// Spreads numbers that follow each other over the whole range (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
