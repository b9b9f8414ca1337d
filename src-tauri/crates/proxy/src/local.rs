//! Before a request leaves for a local server: whether the model is there, takes what is asked,
//! has room for the prompt, and has a place free. Everything but the wait for a place is answered
//! from memory.

use crate::decline::{Failure, FailureKind};
use crate::limits::{FIRST_LOOK_WAIT_MAX, LOCAL_BUSY_AGE_MAX, LOCAL_WAIT_MAX, TOOL_CONTEXT};
use crate::pipeline::Context;
use crate::ports::{LocalModel, Queued};
use crate::read::Asked;
use crate::workers::{Crowded, Job, Place};
use std::sync::Arc;
use weir_core::Endpoint;
use weir_core::route::{Candidate, Provider, Reason};
use weir_core::verdict::Fault;
use weir_triage::{Bounds, bounds};

/// The least that a server loads a model with which nobody told it a context for, in tokens: Ollama
/// before 0.6. Later ones and LM Studio begin with 4,096.
const CONTEXT_UNSAID: u64 = 2_048;
/// The shortest context that is asked for, in tokens.
const CONTEXT_ASKED_MIN: u64 = 4_096;
/// Room for an answer to which the client sets no limit, in tokens.
const ANSWER_TOKENS: u64 = 2_048;
/// The most room that is kept for an answer, in tokens: agents set limits no answer comes near.
const ANSWER_TOKENS_MAX: u64 = 4_096;

/// What an attempt at a local server has been granted.
#[derive(Clone, Default)]
pub struct Admitted {
    /// Whether the server only passes the model's requests on to a cloud.
    pub cloud: bool,
    /// The place at the server, kept until the answer has ended.
    pub place: Option<Arc<Place>>,
    /// The context to ask for, in tokens, where the server takes one with the request.
    pub room: Option<u64>,
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
    if known.cloud && context.setup.local_only {
        let what = "it runs in a cloud, and only local models are in use".to_owned();
        return Err(skipped(candidate, Reason::LocalUnfit, FailureKind::Unfit, what));
    }
    answers(&known, asked, candidate, last)?;
    takes(&known, asked, candidate)?;
    let room = fits(&known, asked, candidate)?;
    let works = asked.accepted.target.endpoint.metered();
    let place = match known.swaps && works {
        true => Some(place(context, &known, candidate, last).await?),
        false => None,
    };
    Ok(Admitted { cloud: known.cloud, place, room, able: (known.sees, known.thinks) })
}

/// What is known of a candidate's model before it is its turn.
pub fn able(context: &Context, provider: &Provider, candidate: &Candidate) -> Admitted {
    if !provider.local {
        return Admitted::default();
    }
    let known = context.ports.locals.model(&provider.name, &candidate.route.model);
    Admitted { able: (known.sees, known.thinks), ..Admitted::default() }
}

fn skipped(candidate: &Candidate, reason: Reason, kind: FailureKind, what: String) -> Failure {
    let fault = if kind == FailureKind::TooLong { Fault::LocalContext } else { Fault::Local };
    Failure { kind, skipped: Some(reason), ..Failure::of(candidate, fault, what) }
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

/// Whether there is room for the prompt, and the context to ask for. A prompt that surely does not fit
/// goes nowhere; one that may not fit goes only to a server that counts for itself and says so.
fn fits(known: &LocalModel, asked: &Asked, candidate: &Candidate) -> Result<Option<u64>, Failure> {
    let endpoint = asked.accepted.target.endpoint;
    // A list of texts to embed is not one prompt; a cloud has a context of its own.
    if !endpoint.metered() || endpoint == Endpoint::Embeddings || known.cloud {
        return Ok(None);
    }
    let native = candidate.endpoint == Endpoint::OllamaChat;
    let sized = known.sized && native;
    // What takes a context takes the wish not to be cut with it, and there alone.
    let refuses = known.refuses && (native || !known.sized);
    let unsaid = known.swaps.then_some(CONTEXT_UNSAID).filter(|_| !sized && !refuses);
    let limit = known.context.or(unsaid).or(known.context_max);
    if limit.is_none() && !sized {
        return Ok(None);
    }
    let length = bounds(asked.json());
    match limit {
        Some(most) if length.least > most || (length.most > most && !refuses) => {
            Err(too_long(known, candidate, length, most))
        }
        _ if !sized => Ok(None),
        // The same again, or the server would load the model anew.
        _ => Ok(known.context.or_else(|| wanted(known, asked, length))),
    }
}

/// The context that a model is to be loaded with for a prompt: in powers of two, so that the
/// conversation can go on in it. A coding tool gets what it was told at once, so that a small task does
/// not load the model with less than the long one after it needs; another short one leaves it to the
/// server.
fn wanted(known: &LocalModel, asked: &Asked, length: Bounds) -> Option<u64> {
    let answer = asked.facts.max_output_tokens.unwrap_or(ANSWER_TOKENS).min(ANSWER_TOKENS_MAX);
    let tool = asked.accepted.caller.is_coding_tool();
    let needed = (length.most + answer).max(if tool { TOOL_CONTEXT } else { 0 });
    if needed <= CONTEXT_UNSAID {
        return None;
    }
    let wanted = needed.next_power_of_two().max(CONTEXT_ASKED_MIN);
    Some(known.context_max.map_or(wanted, |most| wanted.min(most)))
}

fn too_long(known: &LocalModel, candidate: &Candidate, length: Bounds, most: u64) -> Failure {
    let Bounds { least, most: up_to } = length;
    let route = &candidate.route;
    let tokens = match least > most {
        true => format!("at least {least} tokens, which exceeds"),
        // Its server would not say so, but cut.
        false => format!("it may have {up_to} tokens, which exceeds"),
    };
    let what = match (known.context, known.context_max) {
        (None, Some(all)) if least > all => format!(
            "prompt is too long: {tokens} the context window of {all} tokens that {route} can have. \
             Shorten the conversation"
        ),
        (None, _) => format!(
            "prompt is too long: {tokens} the context window of {most} tokens that is certain while \
             {route} is not loaded, and its server cuts longer ones. Load it first: weir local load \
             {route}"
        ),
        (Some(_), _) => format!(
            "prompt is too long: {tokens} the context window of {most} tokens that {route} has now. \
             Shorten the conversation, or load the model with a longer context"
        ),
    };
    skipped(candidate, Reason::LocalContext, FailureKind::TooLong, what)
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
