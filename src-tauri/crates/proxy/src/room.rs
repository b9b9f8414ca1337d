//! Whether a prompt has room in a local model's context, and which context its server is asked for.
//! Decided from what is known, in memory; `local` knows when.

use crate::decline::{Failure, FailureKind};
use crate::limits::TOOL_CONTEXT;
use crate::local::skipped;
use crate::ports::LocalModel;
use crate::read::Asked;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use weir_core::Endpoint;
use weir_core::route::{Candidate, Reason, Route};
use weir_triage::{Bounds, bounds, bounds_of_text};

/// The least that a server loads a model with which nobody told it a context for, in tokens: Ollama
/// before 0.6. Later ones and LM Studio begin with 4,096.
pub const CONTEXT_UNSAID: u64 = 2_048;
/// The shortest context that is asked for, in tokens.
const CONTEXT_ASKED_MIN: u64 = 4_096;
/// Room for an answer to which the client sets no limit, in tokens.
const ANSWER_TOKENS: u64 = 2_048;
/// The most room that is kept for an answer, in tokens: agents set limits no answer comes near.
const ANSWER_TOKENS_MAX: u64 = 4_096;

/// The context that a server is asked for with a request, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// At first; `None` leaves it to the server.
    pub now: Option<u64>,
    /// Instead, should the server count the prompt and find that too short.
    pub more: Option<u64>,
}

/// The length of a prompt, measured when it is first asked for.
pub struct Length<'a> {
    asked: &'a Asked,
    known: Option<Bounds>,
}

impl<'a> Length<'a> {
    /// Of this request.
    pub fn of(asked: &'a Asked) -> Self {
        Self { asked, known: None }
    }

    fn bounds(&mut self) -> Bounds {
        *self.known.get_or_insert_with(|| bounds(self.asked.json()))
    }
}

/// Whether there is room for the prompt, and the context to ask for. A prompt that surely does not fit
/// goes nowhere; one that may not fit goes only to a server that counts for itself and says so. A model
/// that is loaded with too little is asked for with more, where its server takes that with the request.
pub fn fits(
    known: &LocalModel,
    asked: &Asked,
    candidate: &Candidate,
    length: &mut Length<'_>,
) -> Result<Room, Failure> {
    let endpoint = asked.accepted.target.endpoint;
    // A cloud has a context of its own.
    if !endpoint.metered() || known.cloud {
        return Ok(Room::default());
    }
    if endpoint == Endpoint::Embeddings {
        return embeds(known, asked.json(), candidate).map(|()| Room::default());
    }
    let native = candidate.endpoint == Endpoint::OllamaChat;
    let sized = known.sized && native;
    // What takes a context takes the wish not to be cut with it, and there alone.
    let refuses = known.refuses && (native || !known.sized);
    let unsaid = known.swaps.then_some(CONTEXT_UNSAID).filter(|_| !sized && !refuses);
    let limit = known.context.or(unsaid).or(known.context_max);
    if limit.is_none() && !sized {
        return Ok(Room::default());
    }
    let length = length.bounds();
    let short = |most: u64| length.least > most || (length.most > most && !refuses);
    let larger = known.context.filter(|_| sized);
    let larger = larger.and_then(|now| larger_than(now, known, asked, length));
    let grown = known.context.filter(|now| short(*now)).and(larger);
    match grown.or(limit) {
        Some(most) if short(most) => Err(too_long(known, asked, candidate, length, most)),
        _ if !sized => Ok(Room::default()),
        _ if grown.is_some() => Ok(Room { now: grown, more: None }),
        // The same again, or the server would load the model anew.
        _ => {
            let now = known.context.or_else(|| wanted(known, asked, length));
            Ok(Room {
                now,
                more: larger.filter(|_| length.most > known.context.unwrap_or(u64::MAX)),
            })
        }
    }
}

/// A longer context than the one that a model is loaded with, where it can have one.
fn larger_than(now: u64, known: &LocalModel, asked: &Asked, length: Bounds) -> Option<u64> {
    known.context_max.filter(|most| *most > now)?;
    wanted(known, asked, length).filter(|wanted| *wanted > now)
}

/// The context that a model is to be loaded with for a prompt: in powers of two, so that the
/// conversation can go on in it. A coding tool gets what it was told at once, so that a small task does
/// not load the model with less than the long one after it needs; another short one leaves it to the
/// server.
fn wanted(known: &LocalModel, asked: &Asked, length: Bounds) -> Option<u64> {
    let tool = asked.accepted.caller.is_coding_tool();
    let needed = needed(asked, length).max(if tool { TOOL_CONTEXT } else { 0 });
    if needed <= CONTEXT_UNSAID {
        return None;
    }
    let wanted = needed.next_power_of_two().max(CONTEXT_ASKED_MIN);
    Some(known.context_max.map_or(wanted, |most| wanted.min(most)))
}

/// Whether each text to embed has room: they are not one prompt, and each is cut for itself. Ollama's
/// endpoint for them takes neither a context nor the wish not to be cut, so it refuses nothing.
fn embeds(known: &LocalModel, body: &[u8], candidate: &Candidate) -> Result<(), Failure> {
    let refuses = known.refuses && !known.sized;
    // An Ollama that is new enough to refuse prompts begins with more.
    let begins = if known.refuses { CONTEXT_ASKED_MIN } else { CONTEXT_UNSAID };
    let begins = known.context_max.map_or(begins, |most| most.min(begins));
    let unsaid = known.swaps.then_some(begins).filter(|_| !refuses);
    let Some(most) = known.context.or(unsaid).or(known.context_max) else { return Ok(()) };
    let too_long = |length: &Bounds| length.least > most || (length.most > most && !refuses);
    let found = texts(body).into_iter().enumerate().find(|(_, length)| too_long(length));
    let Some((index, length)) = found else { return Ok(()) };
    let tokens = match length.least > most {
        true => format!("at least {} tokens, which exceeds", length.least),
        false => format!("it may have {} tokens, which exceeds", length.most),
    };
    let route = &candidate.route;
    let longer = known.context_max.filter(|all| *all > most);
    let fix = match longer {
        Some(all) if known.sized => {
            let tokens = length.most.next_power_of_two().min(all);
            format!(", or start Ollama with OLLAMA_CONTEXT_LENGTH={tokens}")
        }
        Some(_) if known.swaps => {
            format!(", or give the model more: {}", load(route, known, length.most))
        }
        _ => String::new(),
    };
    let what = format!(
        "input {} is too long: {tokens} the context window of {most} tokens that is certain of {route}. \
         Split the text{fix}",
        index + 1
    );
    Err(skipped(candidate, Reason::LocalContext, FailureKind::TooLong, what))
}

/// How long each text of a request for embeddings is: a string, or the tokens themselves; one or a list.
/// Of anything else its server has to say what is wrong.
fn texts(body: &[u8]) -> Vec<Bounds> {
    let text = |raw: &RawValue| bounds_of_text(raw.get().as_bytes());
    let exactly = |tokens: u64| Bounds { least: tokens, most: tokens };
    let keys: Option<BTreeMap<String, &RawValue>> = serde_json::from_slice(body).ok();
    let Some(input) = keys.and_then(|keys| keys.get("input").copied()) else { return Vec::new() };
    if input.get().starts_with('"') {
        return vec![text(input)];
    }
    let items = list(input);
    if items.first().is_some_and(|first| first.get().starts_with(|c: char| c.is_ascii_digit())) {
        return vec![exactly(items.len() as u64)];
    }
    let one = |raw: &&RawValue| match raw.get().starts_with('[') {
        true => exactly(list(raw).len() as u64),
        false => text(raw),
    };
    items.iter().map(one).collect()
}

fn list(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// What a prompt and its answer surely have room in, in tokens.
fn needed(asked: &Asked, length: Bounds) -> u64 {
    let answer = asked.facts.max_output_tokens.unwrap_or(ANSWER_TOKENS).min(ANSWER_TOKENS_MAX);
    length.most + answer
}

fn too_long(
    known: &LocalModel,
    asked: &Asked,
    candidate: &Candidate,
    length: Bounds,
    most: u64,
) -> Failure {
    let Bounds { least, most: up_to } = length;
    let route = &candidate.route;
    // Tools read these numbers: Claude Code takes the form of Anthropic's own words, and shortens by
    // what is too much.
    let (tokens, room) = match (least > most, known.context_max.filter(|all| least > *all)) {
        (_, Some(all)) => (format!("at least {least} tokens"), all),
        (true, None) => (format!("at least {least} tokens"), most),
        // Its server would not say so, but cut.
        (false, None) => (format!("it may have {up_to} tokens"), most),
    };
    let fix = match (known.context, known.context_max) {
        (_, Some(all)) if least > all => {
            format!("that {route} can have. Shorten the conversation")
        }
        (None, _) => format!(
            "that is certain while {route} is not loaded, and its server cuts longer ones. Load it \
             first: {}",
            load(route, known, needed(asked, length))
        ),
        (Some(now), Some(all)) if known.swaps && !known.sized && all > now => format!(
            "that {route} has now. Shorten the conversation, or give the model more: {}",
            load(route, known, needed(asked, length).max(now + 1))
        ),
        (Some(_), _) if known.swaps => format!(
            "that {route} has now. Shorten the conversation, or load the model with a longer context"
        ),
        (Some(_), _) => format!(
            "that {route} has now. Shorten the conversation, or start its server with a longer context"
        ),
    };
    let what = format!(
        "prompt is too long: {tokens} > {room} maximum. It exceeds the context window {fix}"
    );
    skipped(candidate, Reason::LocalContext, FailureKind::TooLong, what)
}

/// The command that loads a model with room for so many tokens, or with all it can have.
fn load(route: &Route, known: &LocalModel, needed: u64) -> String {
    let tokens = needed.next_power_of_two().max(TOOL_CONTEXT);
    match known.context_max {
        // Ollama takes it with each request, and where Weir cannot say it there, goes back to its own.
        Some(most) if !known.sized => {
            format!("weir local load {route} --context {}", tokens.min(most))
        }
        _ => format!("weir local load {route}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_to_embed_is_measured_for_itself_and_tokens_are_counted() {
        let lengths = |input: &str| {
            let body = format!("{{\"mod\\u0065l\":\"m\",\"input\":{input}}}");
            texts(body.as_bytes()).iter().map(|l| (l.least, l.most)).collect::<Vec<_>>()
        };
        let [one] = lengths(r#""12345""#)[..] else { panic!("one text") };
        assert!(one.1 >= 5 && one.1 < 10, "{one:?}");
        assert_eq!(lengths(r#"["12345","12345"]"#), [one, one]);
        assert_eq!(lengths("[1, 2, 3]"), [(3, 3)]);
        assert_eq!(lengths("[[1, 2], [3]]"), [(2, 2), (1, 1)]);
        for strange in ["[]", "{}", "null", "7"] {
            assert!(lengths(strange).is_empty(), "{strange}");
        }
        assert!(texts(b"no JSON").is_empty());
    }
}
