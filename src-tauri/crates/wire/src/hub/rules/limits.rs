//! How the answer shall be made: sampling, length, stops, the number of answers, its form, and
//! whether a tool must be called. What the target refuses is taken out here, before it can.

use crate::hub::conversation::{Choice, Conversation, Format, Part, Role, Said};
use crate::hub::request::STOP_BYTES_MAX;
use crate::hub::{Drops, Family, Form, Reasoning, Rejected, Sampled, Target};

/// Applies every rule of this file but that of the last turn.
pub(super) fn apply(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    choice(conversation, client, target, drops)?;
    format(conversation, client, target)?;
    choices(conversation, client, target)?;
    sampling(conversation, target, drops);
    length(conversation, target, drops);
    extras(conversation, client, target, drops);
    Ok(())
}

/// Whether a tool must be called.
fn choice(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    if let Choice::Tool(name) = &conversation.choice
        && conversation.foreign_tools.contains(name)
        && !conversation.tools.iter().any(|tool| tool.name == *name)
    {
        let sentence = format!(
            "The tool `{name}` is run by its own provider, but this request goes to {}. Ask \
             without it, or name a model of that provider.",
            target.model
        );
        return Err(Rejected::capability(client, "server_tool", &sentence));
    }
    if conversation.tools.is_empty() {
        conversation.choice = Choice::Unsaid;
        conversation.parallel = None;
        return Ok(());
    }
    let forced = matches!(
        conversation.choice,
        Choice::Any | Choice::Tool(_) | Choice::Among { must: true, .. }
    );
    if forced && !target.traits.forced_choice {
        drops.note("tool-choice-forced");
        match std::mem::replace(&mut conversation.choice, Choice::Auto) {
            Choice::Among { names, .. } => {
                conversation.choice = Choice::Among { names, must: false };
            }
            // A target without tool choice at all is shown the one tool only.
            Choice::Tool(name) if target.form == Form::Ollama => {
                conversation.choice = Choice::Among { names: vec![name], must: false };
            }
            _ => {}
        }
    }
    Ok(())
}

/// The form of the answer.
fn format(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
) -> Result<(), Rejected> {
    let refused = || {
        let sentence =
            format!("{} cannot be held to a JSON schema with this request.", target.model);
        Err(Rejected::capability(client, "structured_outputs_unsupported", &sentence))
    };
    match (&conversation.format, target.form) {
        (Format::Free, _) => Ok(()),
        (Format::Schema { .. }, _) if !target.traits.structured => refused(),
        // Before Gemini 3 a schema and tools exclude each other.
        (_, Form::Gemini) if !target.traits.signatures && !conversation.tools.is_empty() => {
            refused()
        }
        (Format::Json, Form::Messages) => {
            // Anthropic knows schemas only; any JSON is asked for in words.
            conversation.system.push(Said::plain("Answer with one JSON object and nothing else."));
            conversation.format = Format::Free;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How many answers.
fn choices(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
) -> Result<(), Rejected> {
    if conversation.choices.is_none() || matches!(target.form, Form::Chat | Form::Gemini) {
        return Ok(());
    }
    let field = if client == Form::Gemini { "candidateCount" } else { "n" };
    let sentence = format!(
        "{} gives one answer to a request, so `{field}` must be 1. Ask several times instead.",
        target.model
    );
    Err(Rejected::capability(client, "n", &sentence))
}

fn sampling(conversation: &mut Conversation<'_>, target: &Target<'_>, drops: &mut Drops) {
    let traits = &target.traits;
    let form = target.form;
    let sampling = &mut conversation.sampling;
    let any = traits.sampled != Sampled::Nothing;
    let open = any && matches!(form, Form::Gemini | Form::Ollama);
    let openly = open || (any && form == Form::Chat && traits.local);
    let gemini_like = any && (form != Form::Messages && form != Form::Responses);
    let mut refuse = |kept: bool, there: bool, field: &str| {
        if there && !kept {
            drops.note_for("sampling", field);
        }
        !kept
    };
    if refuse(any, sampling.temperature.is_some(), "temperature") {
        sampling.temperature = None;
    }
    let both = traits.sampled == Sampled::OneOf && sampling.temperature.is_some();
    if refuse(any && !both, sampling.top_p.is_some(), "top_p") {
        sampling.top_p = None;
    }
    let top_k = openly || (any && form == Form::Messages);
    if refuse(top_k, sampling.top_k.is_some(), "top_k") {
        sampling.top_k = None;
    }
    let min_p = form == Form::Ollama || (openly && form == Form::Chat);
    if refuse(min_p, sampling.min_p.is_some(), "min_p") {
        sampling.min_p = None;
    }
    if refuse(gemini_like, sampling.presence_penalty.is_some(), "presence_penalty") {
        sampling.presence_penalty = None;
    }
    if refuse(gemini_like, sampling.frequency_penalty.is_some(), "frequency_penalty") {
        sampling.frequency_penalty = None;
    }
    let seed = matches!(form, Form::Chat | Form::Gemini | Form::Ollama);
    if refuse(seed, sampling.seed.is_some(), "seed") {
        sampling.seed = None;
    }
    let hot = form == Form::Messages && sampling.temperature.is_some_and(|t| t > 1.0);
    if refuse(!hot, hot, "temperature") {
        sampling.temperature = Some(1.0);
    }
    let logprobs = any && matches!(form, Form::Chat | Form::Responses | Form::Gemini);
    if sampling.logprobs && !logprobs {
        drops.note("logprobs");
    }
    if !logprobs {
        sampling.logprobs = false;
        sampling.top_logprobs = None;
    }
}

/// A limit above this, in tokens, is an agent's blanket one. A server of the user's own often has a
/// context no longer than that, and some refuse a request that could outgrow it.
const LOCAL_LIMIT_MAX: u64 = 16_384;

/// Most stop sequences that an answer is searched for on its way home; no API takes more.
const CUTS_MAX: usize = 32;

/// How long, and where to stop.
fn length(conversation: &mut Conversation<'_>, target: &Target<'_>, drops: &mut Drops) {
    if let (Some(asked), Some(most)) = (conversation.max_tokens, target.traits.output_max)
        && asked > most
    {
        drops.note("max-tokens");
        conversation.max_tokens = Some(most);
    }
    let blanket = conversation.max_tokens.is_some_and(|asked| asked > LOCAL_LIMIT_MAX);
    let unknown = target.traits.local && target.traits.output_max.is_none();
    if blanket && unknown && target.form != Form::Messages {
        drops.note("max-tokens");
        conversation.max_tokens = None;
    }
    let most = if target.form == Form::Responses { 0 } else { target.traits.stops };
    stops(conversation, target.form, most, drops);
}

/// What a target cannot be told to stop at is cut on the way home, so that the answer ends there all the
/// same. `most` is how many the target takes.
fn stops(conversation: &mut Conversation<'_>, form: Form, most: usize, drops: &mut Drops) {
    let (mut told, mut cuts) = (Vec::new(), Vec::new());
    for stop in std::mem::take(&mut conversation.stop) {
        // A stop of blanks alone is an error at Anthropic.
        let taken = told.len() < most && (form != Form::Messages || !stop.trim().is_empty());
        if taken {
            told.push(stop);
        } else if stop.is_empty() {
            // It stops nowhere.
        } else if stop.len() <= STOP_BYTES_MAX && cuts.len() < CUTS_MAX {
            cuts.push(stop);
        } else {
            drops.note("stop-sequences");
        }
    }
    (conversation.stop, conversation.cuts) = (told, cuts);
}

/// What is no part of the conversation.
fn extras(
    conversation: &mut Conversation<'_>,
    client: Form,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let openai = |form| matches!(form, Form::Chat | Form::Responses);
    let same_vendor = openai(client) && openai(target.form) && target.traits.family == Family::Gpt;
    if !same_vendor && conversation.service_tier.take().is_some() {
        drops.note("service-tier");
    }
    let verbose = target.traits.family == Family::Gpt
        && openai(target.form)
        && target.traits.reasoning != Reasoning::Unsaid;
    if !verbose && conversation.verbosity.take().is_some() {
        drops.note("verbosity");
    }
    told_to_openai_alone(conversation, target, drops);
    // A client's name for its user may say more than another vendor should know.
    let session = conversation.user.as_deref().and_then(session_of);
    let takes_key = target.traits.family == Family::Gpt && openai(target.form);
    if takes_key && conversation.cache_key.is_none() {
        conversation.cache_key = session.map(Into::into);
    }
    if !takes_key && target.form != Form::Messages && conversation.cache_key.take().is_some() {
        drops.note("prompt-cache-key");
    }
    let keeps_user = same_vendor
        || (openai(client) && target.form == Form::Messages && target.traits.vendor_fields);
    if !keeps_user && conversation.user.take().is_some() {
        drops.note("user");
    }
    if conversation.parallel.is_some() && matches!(target.form, Form::Gemini | Form::Ollama) {
        if conversation.parallel == Some(false) {
            drops.note("parallel-tool-calls");
        }
        conversation.parallel = None;
    }
}

/// What only OpenAI's dialects have a field for.
fn told_to_openai_alone(
    conversation: &mut Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    if matches!(target.form, Form::Chat | Form::Responses) {
        return;
    }
    if conversation.tools.iter().any(|tool| tool.strict == Some(true)) {
        drops.note_for("tool-field", "strict");
    }
    if let Format::Schema { description, .. } = &mut conversation.format
        && description.take().is_some()
    {
        drops.note("format-description");
    }
}

/// The session in Claude Code's `metadata.user_id`: a JSON text, in old releases one with
/// underscores.
fn session_of(user: &str) -> Option<String> {
    let session = match serde_json::from_str::<serde_json::Value>(user) {
        Ok(document) => document.get("session_id")?.as_str()?.to_owned(),
        Err(_) => user.rsplit_once("_session_")?.1.to_owned(),
    };
    // OpenAI's limit for the key.
    (!session.is_empty() && session.len() <= 64).then_some(session)
}

/// A last turn of the model asks it to go on where it stopped; newer models refuse that.
pub(super) fn last_turn(
    conversation: &Conversation<'_>,
    client: Form,
    target: &Target<'_>,
) -> Result<(), Rejected> {
    let Some(last) = conversation.turns.last() else {
        return Err(Rejected::invalid("The conversation is empty. Send at least one message."));
    };
    let begun = last.role == Role::Assistant && matches!(last.parts.last(), Some(Part::Text(_)));
    if begun && !target.traits.prefill {
        let sentence = format!(
            "{} does not continue an answer that was begun for it. The conversation must end \
             with a message of the user.",
            target.model
        );
        return Err(Rejected::capability(client, "prefill", &sentence));
    }
    Ok(())
}
