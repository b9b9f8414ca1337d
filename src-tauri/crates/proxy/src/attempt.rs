//! Stage five: reserve, send and wait for the first content, for one candidate after the other.
//! Retry and fail-over live only here, and only before the commit point: nothing has gone to the
//! client yet. What follows from a failure is `weir_core::verdict`'s to say.

mod again;
mod ahead;
mod down;
mod first;
mod kept;
mod send;

pub use kept::Kept;
pub(crate) use send::estimate;

use crate::carry::{Carried, Way, carry, wants_usage};
use crate::decline::{Failure, spent, tried};
use crate::health::{How, Pass};
use crate::limits::ROOM_WAIT_MAX;
use crate::local::{Admitted, admit};
use crate::pipeline::Context;
use crate::plan::Planned;
use crate::ports::Estimate;
use crate::read::Asked;
use crate::reply::Refused;
use crate::settle::{Ticket, Untold};
use crate::upstream::Answer;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Sleep;
use weir_core::meter::End;
use weir_core::route::{Candidate, KeySource, Provider, ProviderKind, Reason};
use weir_core::verdict::{Fault, Limits, Says, Standing, Verdict, telling, unsent, verdict};
use weir_core::{Metered, Money, Outcome};
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
#[expect(clippy::large_enum_variant, reason = "one a failed attempt, taken apart at once")]
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
    /// Settles it. Whether the request ends with it is told by the value that comes back.
    fn close(self, failure: &mut Failure) -> Option<Untold> {
        let (mut ticket, outcome, metered) = match self {
            Self::Nothing => return None,
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
        // An error in the place of an answer: nothing was written that could cost.
        ticket.empty |= metered.end == End::Failed && metered.output_bytes == 0;
        ticket.close_for_now(outcome, metered)
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
    let queue = VecDeque::from(std::mem::take(&mut planned.candidates));
    let mut course = Course::new(context, asked, &planned, queue);
    while let Some(mut candidate) = course.queue.pop_front() {
        if let Some(reason) = course.instead.take() {
            candidate.reason = reason;
        }
        course.on_route = 0;
        loop {
            let began_ns = course.now_ns();
            let failed = match course.one(candidate.clone()).await? {
                Try::Started(started) => return Ok(Begun::Started(started)),
                Try::Failed(failed) => *failed,
            };
            course.longest = course.longest.max(course.since(began_ns));
            let Failed { mut failure, open } = failed;
            if failure.fault == Fault::Budget {
                course.go_down(candidate, failure);
                if course.queue.is_empty() {
                    return course.over();
                }
                break;
            }
            let own = course.logs_in(&candidate);
            if own && is_limit(failure.fault) {
                course.go_local(&candidate);
            }
            // Refused, a login speaks to its tool, whoever was asked before.
            failure.stands_in =
                course.stands_in(&failure.route) && !(own && is_auth(failure.fault));
            let another = course.has_another().await;
            match course.verdict(&failure, another, own) {
                Verdict::Retry { after } => {
                    course.close(open, &mut failure);
                    course.failures.push(failure);
                    tokio::time::sleep(after).await;
                }
                onward @ (Verdict::Next | Verdict::NextLarger) => {
                    course.close(open, &mut failure);
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
    Err(course.spent())
}

fn is_auth(fault: Fault) -> bool {
    matches!(fault, Fault::Refused(Says::Auth) | Fault::InStream(Says::Auth))
}

/// Whether a provider says that there is no more for now.
fn is_limit(fault: Fault) -> bool {
    use Says::{Quota, RateLimited};
    matches!(fault, Fault::Refused(RateLimited | Quota) | Fault::InStream(RateLimited | Quota))
}

/// One request's way through its candidates.
struct Course<'a> {
    context: &'a Context,
    asked: &'a Asked,
    planned: &'a Planned,
    /// Who has not been asked yet.
    queue: VecDeque<Candidate>,
    began_ns: u64,
    /// The longest attempt.
    longest: Duration,
    failures: Vec<Failure>,
    /// Later candidates that were found to be of no use, by their route; told, and never asked.
    useless: Vec<Failure>,
    /// Ways that a budget turned away; told, and never asked.
    held: Vec<Failure>,
    /// The most that the candidate a budget has just turned away can use.
    turned_away: Option<Estimate>,
    /// How long it may still wait for room in a budget that stops.
    room_wait: Duration,
    /// How often a reservation was refused.
    downs: u8,
    /// Later candidates that were found able to be asked.
    able: Vec<Candidate>,
    /// The leave of an attempt that is made anew at the same route.
    spare: Option<Pass>,
    /// The last attempt that was sent, until it is known whether another one follows; else it was
    /// the request's last.
    untold: Option<Untold>,
    /// What the attempts so far came to; `None` when that is not known.
    paid: Option<Money>,
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
    fn new(
        context: &'a Context,
        asked: &'a Asked,
        planned: &'a Planned,
        queue: VecDeque<Candidate>,
    ) -> Self {
        let client = &asked.accepted.caller.name;
        let held = || context.failover.held.iter().any(|name| **name == **client);
        Self {
            context,
            asked,
            planned,
            queue,
            began_ns: context.ports.clock.monotonic_ns(),
            longest: Duration::ZERO,
            failures: Vec::new(),
            useless: Vec::new(),
            held: planned.held.iter().map(down::held).collect(),
            turned_away: None,
            room_wait: if context.patient { ROOM_WAIT_MAX } else { Duration::ZERO },
            downs: 0,
            able: Vec::new(),
            spare: None,
            untold: None,
            paid: Some(Money::ZERO),
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

    fn now_ns(&self) -> u64 {
        self.context.ports.clock.monotonic_ns()
    }

    fn since(&self, ns: u64) -> Duration {
        Duration::from_nanos(self.now_ns().saturating_sub(ns))
    }

    fn logs_in(&self, candidate: &Candidate) -> bool {
        self.provider(candidate).is_some_and(|p| p.key == KeySource::Passthrough)
    }

    fn close(&mut self, open: Open, failure: &mut Failure) {
        if let Some(untold) = open.close(failure) {
            self.paid = untold.whole.cost;
            self.untold = Some(untold);
        }
    }

    /// What is left to say when nobody answered.
    fn spent(&self) -> Refused {
        let told = |route: &str| self.failures.iter().any(|f| f.route == route);
        let useless = self.useless.iter().filter(|f| !told(&f.route));
        spent(self.asked, self.held.iter().chain(useless).chain(&self.failures))
    }

    fn verdict(&self, failure: &Failure, another: bool, logs_in: bool) -> Verdict {
        let standing = Standing {
            attempts: self.count,
            on_route: self.on_route,
            elapsed: self.since(self.began_ns).saturating_sub(self.longest),
            another,
            stands_in: failure.stands_in,
            asked_wait: failure.wait,
            told_to_stop: failure.told_to_stop,
            logs_in,
        };
        let limits: &Limits = &self.context.failover.tries;
        let random = mixed(self.context.arrived_ns.wrapping_add(u64::from(self.count) << 48));
        verdict(failure.fault, &standing, limits, random)
    }

    /// Whether another route was asked before and failed by itself.
    fn stands_in(&self, for_route: &str) -> bool {
        self.failures.iter().any(|f| !unsent(f.fault) && f.route != for_route)
    }

    /// The kept refusal that tells most, with how much and where it stands.
    fn kept(&self) -> Option<(u8, usize)> {
        let kept = self.failures.iter().enumerate().filter(|(_, f)| f.kept.is_some());
        kept.map(|(index, f)| (telling(f.fault, f.stands_in), index)).max()
    }

    /// Nobody else is asked: the client gets what tells it most.
    fn end(mut self, mut failure: Failure, open: Open) -> Result<Begun, Refused> {
        let own = telling(failure.fault, failure.stands_in);
        let earlier = self.kept().filter(|(rank, _)| *rank > own).map(|(_, index)| index);
        let open = match open {
            Open::Answer(mut started, _) if earlier.is_none() => {
                tell(started.ticket.pass.take(), &started.ticket, &failure);
                started.tried = tried(&self.failures);
                return Ok(Begun::Started(started));
            }
            open => open,
        };
        self.close(open, &mut failure);
        self.failures.push(failure);
        let last = self.failures.len() - 1;
        self.told(earlier.unwrap_or(last))
    }

    /// The client gets one failure in its provider's own words, or the names of all.
    fn told(mut self, shown: usize) -> Result<Begun, Refused> {
        let told = tried(&self.failures);
        match self.failures.get_mut(shown).and_then(|failure| failure.kept.take()) {
            Some(kept) => {
                Ok(Begun::Refused(Box::new(Kept { attempts: self.count, tried: told, ..*kept })))
            }
            None => Err(self.spent()),
        }
    }

    /// One attempt at one candidate, and what its provider's quirks add to it.
    async fn one(&mut self, mut candidate: Candidate) -> Result<Try, Refused> {
        let Some(provider) = self.provider(&candidate) else {
            return self.demonstrate(candidate).map(|s| Try::Started(Box::new(s)));
        };
        let mut another = self.may_have_another();
        let how = How { in_chain: candidate.reason.in_chain(), alone: false };
        if another
            && (provider.local || !self.context.health.would(&candidate.route, provider, how))
        {
            another = self.has_another().await;
        }
        if let Err(failure) = self.may_go(provider, &candidate, another) {
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
        if self.local.room.more.is_some() && !head.answer.status.is_success() {
            return Box::pin(self.with_more_room(to, head)).await;
        }
        if asks && head.answer.status == 400 {
            return Box::pin(self.without_usage(to, head)).await;
        }
        if own.is_some_and(|own| own != to.candidate.endpoint) && head.is_absent() {
            return Box::pin(self.in_own_dialect(to, head)).await;
        }
        Ok(self.begin(&to, head).await)
    }

    /// Whether a candidate is asked at all: not while it rests, nor with a prompt that was too long
    /// for a context as large.
    fn may_go(
        &self,
        provider: &Provider,
        candidate: &Candidate,
        another: bool,
    ) -> Result<(), Failure> {
        if !self.is_larger(candidate) {
            let what = "its context is no larger".to_owned();
            let failure = Failure::of(candidate, Fault::NoLarger, what);
            return Err(Failure { skipped: Some(Reason::LargerContext), ..failure });
        }
        let how = How { in_chain: candidate.reason.in_chain(), alone: !another };
        if self.context.health.would(&candidate.route, provider, how) {
            return Ok(());
        }
        self.pass(provider, candidate, another).map(drop)
    }

    fn pass(
        &self,
        provider: &Provider,
        candidate: &Candidate,
        another: bool,
    ) -> Result<Pass, Failure> {
        let how = How { in_chain: candidate.reason.in_chain(), alone: !another };
        self.context.health.admit(&candidate.route, provider, how).map_err(|rest| {
            let secs = rest.wait.as_millis().div_ceil(1_000);
            let what = format!("resting for another {secs} s after {}", rest.reason);
            let failure = Failure::of(candidate, Fault::Resting, what);
            Failure { rests: Some(rest.wait), skipped: Some(Reason::Resting), ..failure }
        })
    }

    /// Reserves, translates if dialects differ, and sends.
    async fn ask(&mut self, to: &To<'_>, asks_usage: bool) -> Result<Sent, Refused> {
        let local = self.local.clone();
        match carry(self.context, self.asked, to.provider, &to.candidate, asks_usage, &local).await
        {
            Ok(Carried { out, way }) => self.send(to, out, way).await,
            Err(problem) => {
                let failure = problem.failure(&to.candidate);
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
