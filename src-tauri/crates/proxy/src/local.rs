//! Before a request leaves for a local server: whether the model is there, takes what is asked,
//! has room for the prompt, and has a place free. Everything but the wait for a place is answered
//! from memory.

use crate::decline::{Failure, FailureKind};
use crate::limits::{LOCAL_BUSY_AGE_MAX, LOCAL_WAIT_MAX};
use crate::pipeline::Context;
use crate::ports::{LocalModel, Queued};
use crate::read::Asked;
use crate::workers::{Crowded, Job, Place};
use std::sync::Arc;
use weir_core::Endpoint;
use weir_core::route::{Candidate, Provider, Reason};
use weir_core::verdict::Fault;
use weir_triage::tokens_likely;
use weir_wire::text::text_bytes;

/// What an attempt at a local server has been granted.
#[derive(Clone, Default)]
pub struct Admitted {
    /// Whether the server only passes the model's requests on to a cloud.
    pub cloud: bool,
    /// The place at the server, kept until the answer has ended.
    pub place: Option<Arc<Place>>,
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
    if last && known.absent.is_some() {
        context.ports.locals.look_again(&provider.name).await;
        known = context.ports.locals.model(&provider.name, &candidate.route.model);
    }
    if known.cloud && context.setup.local_only {
        let what = "it runs in a cloud, and only local models are in use".to_owned();
        return Err(skipped(candidate, Reason::LocalUnfit, FailureKind::Unfit, what));
    }
    answers(&known, candidate, last)?;
    takes(&known, asked, candidate)?;
    fits(&known, asked, candidate)?;
    let works = asked.accepted.target.endpoint.metered();
    let place = match known.swaps && works {
        true => Some(place(context, &known, candidate, last).await?),
        false => None,
    };
    Ok(Admitted { cloud: known.cloud, place })
}

fn skipped(candidate: &Candidate, reason: Reason, kind: FailureKind, what: String) -> Failure {
    let fault = if kind == FailureKind::TooLong { Fault::LocalContext } else { Fault::Local };
    Failure { kind, skipped: Some(reason), ..Failure::of(candidate, fault, what) }
}

fn answers(known: &LocalModel, candidate: &Candidate, last: bool) -> Result<(), Failure> {
    let gone = |why: &String| {
        Err(skipped(candidate, Reason::LocalAbsent, FailureKind::NotRunning, why.clone()))
    };
    match (&known.stranger, &known.absent) {
        // A prompt is not sent to a program nobody knows.
        (Some(why), _) => gone(why),
        // It may be back by now; a chain does not wait to find out.
        (None, Some(why)) if !last => gone(why),
        _ => Ok(()),
    }
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

/// A prompt that is longer than the loaded context would be cut silently by some servers. Measured
/// by its text at four bytes a token, which in ordinary text is a little below the true count: what
/// surely fits is never refused.
fn fits(known: &LocalModel, asked: &Asked, candidate: &Candidate) -> Result<(), Failure> {
    let endpoint = asked.accepted.target.endpoint;
    // A list of texts to embed is not one prompt.
    let prompt = endpoint.metered() && endpoint != Endpoint::Embeddings;
    let Some(context) = known.context.filter(|_| prompt) else { return Ok(()) };
    let body = asked.json();
    if tokens_likely(body.len() as u64) <= context {
        return Ok(());
    }
    let likely = tokens_likely(text_bytes(body));
    if likely <= context {
        return Ok(());
    }
    let what = format!(
        "prompt is too long: about {likely} tokens, which exceeds the context window of {context} \
         tokens that {} has now. Shorten the conversation, or load the model with a longer context",
        candidate.route
    );
    Err(skipped(candidate, Reason::LocalContext, FailureKind::TooLong, what))
}

async fn place(
    context: &Context,
    known: &LocalModel,
    candidate: &Candidate,
    last: bool,
) -> Result<Arc<Place>, Failure> {
    let job = Job {
        request: context.id,
        server: &candidate.route.provider,
        model: &candidate.route.model,
        resident: known.resident,
    };
    if !last && let Some(crowded) = context.workers.busy(job) {
        return Err(busy(candidate, crowded));
    }
    let patience = if last { LOCAL_WAIT_MAX } else { LOCAL_BUSY_AGE_MAX };
    let told = |position| {
        let queued = Queued { id: context.id, route: &candidate.route, position };
        context.ports.events.queued(&queued);
    };
    let entered = context.workers.enter(job, patience, told).await;
    entered.map(Arc::new).map_err(|crowded| busy(candidate, crowded))
}

fn busy(candidate: &Candidate, crowded: Crowded) -> Failure {
    let Crowded { waiting, oldest, full } = crowded;
    let line = match waiting {
        1 => "1 request waits".to_owned(),
        n => format!("{n} requests wait"),
    };
    let state = if full { "its line is full" } else { "it is busy with another model" };
    let what = format!(
        "{state}: {line} for {}, the oldest for {} s. Try again later, or ask for a model that is \
         loaded",
        candidate.route.provider,
        oldest.as_secs()
    );
    skipped(candidate, Reason::LocalBusy, FailureKind::Busy, what)
}
