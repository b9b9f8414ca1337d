//! Before a request leaves for a local server: whether the model is there, takes what is asked,
//! has room for the prompt, and has a place free. Everything but the wait for a place is answered
//! from memory.

use crate::decline::{Failure, FailureKind};
use crate::limits::{FIRST_LOOK_WAIT_MAX, LOCAL_BUSY_AGE_MAX, LOCAL_PARALLEL, LOCAL_WAIT_MAX};
use crate::pipeline::Context;
use crate::ports::{LocalModel, Queued};
use crate::read::Asked;
use crate::room::{CONTEXT_UNSAID, Length, Room, fits};
use crate::workers::{Crowded, Job, Place};
use std::sync::Arc;
use weir_core::Endpoint;
use weir_core::route::{Candidate, Provider, Reason};
use weir_core::verdict::Fault;
use weir_triage::bounds;

/// What an attempt at a local server has been granted.
#[derive(Clone, Default)]
pub struct Admitted {
    /// Whether the server only passes the model's requests on to a cloud.
    pub cloud: bool,
    /// The place at the server, kept until the answer has ended.
    pub place: Option<Arc<Place>>,
    /// The context to ask for, where the server takes one with the request.
    pub room: Room,
    /// Whether the model sees images and whether it thinks, where its server says so.
    pub able: (Option<bool>, Option<bool>),
}

/// Admits a candidate, or says why not. `last` is whether nobody else can answer: then a busy
/// server is waited for.
pub async fn admit(
    context: &Context,
    asked: &Asked,
    provider: &Provider,
    candidate: &Candidate,
    last: bool,
) -> Result<Admitted, Failure> {
    if !provider.local {
        return Ok(Admitted::default());
    }
    let mut known = context.ports.locals.model(&provider.name, &candidate.route.model);
    if known.unseen || (last && known.absent.is_some()) {
        let look = context.ports.locals.look_again(&provider.name);
        // One that takes too long leaves things as they were known.
        let _looked = tokio::time::timeout(FIRST_LOOK_WAIT_MAX, look).await;
        known = context.ports.locals.model(&provider.name, &candidate.route.model);
    }
    in_use(&known, candidate)?;
    if known.cloud && context.setup.local_only {
        let what = "it runs in a cloud, and only local models are in use".to_owned();
        return Err(skipped(candidate, Reason::LocalUnfit, FailureKind::Unfit, what));
    }
    answers(&known, asked, candidate, last)?;
    takes(&known, asked, candidate)?;
    let mut length = Length::of(asked);
    let mut room = fits(&known, asked, candidate, &mut length)?;
    let works = asked.accepted.target.endpoint.metered();
    let place = match parallel(&known).filter(|_| works) {
        Some(parallel) => Some(place(context, &known, candidate, last, parallel).await?),
        None => None,
    };
    if let Some(place) = &place {
        // While it waited, another request may have had the model loaded anew, or be about to.
        let now = context.ports.locals.model(&provider.name, &candidate.route.model);
        in_use(&now, candidate)?;
        known.context = now.context.max(place.context());
        room = fits(&known, asked, candidate, &mut length)?;
        place.asks(room.now);
    }
    Ok(Admitted { cloud: known.cloud, place, room, able: (known.sees, known.thinks) })
}

impl Admitted {
    /// Asks for the longer context that the model can have, once its server has found the present one
    /// too short. `false` where there is none.
    pub fn grows(&mut self) -> bool {
        let Some(more) = self.room.more.take() else { return false };
        self.room.now = Some(more);
        if let Some(place) = &self.place {
            place.asks(Some(more));
        }
        true
    }
}

/// What is known of a candidate's model before it is its turn.
pub fn able(context: &Context, provider: &Provider, candidate: &Candidate) -> Admitted {
    if !provider.local {
        return Admitted::default();
    }
    let known = context.ports.locals.model(&provider.name, &candidate.route.model);
    Admitted { able: (known.sees, known.thinks), ..Admitted::default() }
}

pub fn skipped(candidate: &Candidate, reason: Reason, kind: FailureKind, what: String) -> Failure {
    let fault = if kind == FailureKind::TooLong { Fault::LocalContext } else { Fault::Local };
    Failure { kind, skipped: Some(reason), ..Failure::of(candidate, fault, what) }
}

/// The plan knows a model that is switched off by its name; its server may know it by others.
fn in_use(known: &LocalModel, candidate: &Candidate) -> Result<(), Failure> {
    if !known.off {
        return Ok(());
    }
    let (server, asked) = (&candidate.route.provider, &candidate.route.model);
    let name = known.name.as_ref().unwrap_or(asked);
    let what = format!("it is switched off. Switch it on: weir local on {server}/{name}");
    Err(skipped(candidate, Reason::LocalModelOff, FailureKind::Off, what))
}

fn answers(
    known: &LocalModel,
    asked: &Asked,
    candidate: &Candidate,
    last: bool,
) -> Result<(), Failure> {
    let gone = |why: &String| {
        Err(skipped(candidate, Reason::LocalAbsent, FailureKind::NotRunning, why.clone()))
    };
    match (&known.stranger, &known.absent) {
        // A prompt is not sent to a program nobody knows.
        (Some(why), _) => gone(why),
        // Nor to one that may cut it without a word.
        _ if known.unseen => gone(&format!(
            "it did not say in time what it is and how long a prompt it takes. Look at it: weir local \
             status, then try again ({} s were waited)",
            FIRST_LOOK_WAIT_MAX.as_secs()
        )),
        // It may be back by now; a chain does not wait to find out. What it would be back with, nobody
        // knows.
        (None, Some(why)) if !last || (!known.loading && !known.refuses && long(asked)) => {
            gone(why)
        }
        _ => Ok(()),
    }
}

/// Whether a prompt may be longer than what every server surely takes.
fn long(asked: &Asked) -> bool {
    let endpoint = asked.accepted.target.endpoint;
    let one = endpoint.metered() && endpoint != Endpoint::Embeddings;
    one && bounds(asked.json()).most > CONTEXT_UNSAID
}

/// In a chain, a model is not asked for what it is known not to do. One that was named is taken at
/// its word, and its server answers.
fn takes(known: &LocalModel, asked: &Asked, candidate: &Candidate) -> Result<(), Failure> {
    let embeddings = asked.accepted.target.endpoint == Endpoint::Embeddings;
    let able = if embeddings { known.embeds } else { known.chats };
    if able != Some(false) || !candidate.reason.in_chain() {
        return Ok(());
    }
    let what = match embeddings {
        true => "it makes no embeddings. Add a model that does to the chain",
        false => "it only makes embeddings. Add a model that answers with text to the chain",
    };
    Err(skipped(candidate, Reason::LocalUnfit, FailureKind::Unfit, what.to_owned()))
}

/// How many requests of a model go to its server together; `None` where there is no line: a server that
/// batches what comes, as much as its memory takes, is only held back by one.
fn parallel(known: &LocalModel) -> Option<usize> {
    let unsaid = known.swaps.then_some(LOCAL_PARALLEL);
    known.slots.or(unsaid).filter(|_| !known.cloud)
}

async fn place(
    context: &Context,
    known: &LocalModel,
    candidate: &Candidate,
    last: bool,
    parallel: usize,
) -> Result<Arc<Place>, Failure> {
    let job = Job {
        request: context.id,
        server: &candidate.route.provider,
        model: known.name.as_ref().unwrap_or(&candidate.route.model),
        // What is never let go is always there.
        resident: known.resident || !known.swaps,
        parallel,
    };
    let busy = |crowded| busy(known, candidate, crowded);
    if !last && let Some(crowded) = context.workers.busy(job) {
        return Err(busy(crowded));
    }
    let patience = if last { LOCAL_WAIT_MAX } else { LOCAL_BUSY_AGE_MAX };
    let told = |position| {
        let queued = Queued { id: context.id, route: &candidate.route, position };
        context.ports.events.queued(&queued);
    };
    let entered = context.workers.enter(job, patience, told).await;
    entered.map(Arc::new).map_err(busy)
}

fn busy(known: &LocalModel, candidate: &Candidate, crowded: Crowded) -> Failure {
    let Crowded { waiting, oldest, full } = crowded;
    let line = match waiting {
        1 => "1 request waits".to_owned(),
        n => format!("{n} requests wait"),
    };
    let state = if full { "its line is full" } else { "it is busy" };
    let fix = match known.swaps {
        true => "Try again later, or ask for a model that is loaded",
        false => "Try again later",
    };
    let what = format!(
        "{state}: {line} for {}, the oldest for {} s. {fix}",
        candidate.route.provider,
        oldest.as_secs()
    );
    skipped(candidate, Reason::LocalBusy, FailureKind::Busy, what)
}
