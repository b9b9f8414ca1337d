//! One request from the client's dialect into the target's: read, fitted by rules, written.

use super::conversation::{Conversation, Format};
use super::names::Names;
use super::surrogates::without_half_pairs;
use super::{Asked, Back, Drops, Form, Rejected, Target, Translated, reader, rules, writer};
use std::hash::{DefaultHasher, Hash, Hasher};
use weir_core::Endpoint;

/// Longest stop sequence kept for the way back, in bytes.
pub(super) const STOP_BYTES_MAX: usize = 256;
/// The end of a body that goes into its seed, in bytes; with its length and the number of turns
/// it tells the turns of a conversation apart.
const SEED_BYTES: usize = 4_096;

/// Translates a request.
///
/// # Errors
/// When the body is not one its dialect allows, or when what the target lacks would change the
/// answer. The message is for the client.
pub fn request(asked: &Asked<'_>, target: &Target<'_>) -> Result<Translated, Rejected> {
    let Some(client) = Form::of(asked.endpoint) else {
        return Err(Rejected::invalid("This endpoint carries no conversation to translate."));
    };
    let body = text_of(asked.body)?;
    let mut drops = Drops::default();
    let mended = without_half_pairs(body);
    if mended.is_some() {
        drops.note("half-surrogate");
    }
    let body = mended.as_deref().unwrap_or(body);
    let mut conversation = reader::read(client, body, &mut drops)?;
    finish(asked, target, client, &mut conversation, drops)
}

fn finish(
    asked: &Asked<'_>,
    target: &Target<'_>,
    client: Form,
    conversation: &mut Conversation<'_>,
    mut drops: Drops,
) -> Result<Translated, Rejected> {
    if asked.endpoint == Endpoint::GenerateStream {
        conversation.stream = true;
    }
    rules::apply(conversation, client, target, &mut drops)?;
    let names = Names::of(conversation, target);
    let room = asked.body.len() + asked.body.len() / 8 + 512;
    let body = writer::write(conversation, target, &names, room, &mut drops)?;
    let back = back(asked, target, client, conversation, names);
    let endpoint = target.form.endpoint(conversation.stream);
    Ok(Translated { body, endpoint, back, dropped: drops.into_list() })
}

fn text_of(body: &[u8]) -> Result<&str, Rejected> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::str::from_utf8(body).map_err(|flaw| {
        Rejected::invalid(format!(
            "The request body is not UTF-8 text at byte {}. Send it as UTF-8.",
            flaw.valid_up_to()
        ))
    })
}

fn back(
    asked: &Asked<'_>,
    target: &Target<'_>,
    client: Form,
    conversation: &mut Conversation<'_>,
    names: Names,
) -> Back {
    let shown = conversation.thinking.shown;
    let stop = conversation.stop.iter().filter(|stop| stop.len() <= STOP_BYTES_MAX);
    let cuts: Vec<String> = conversation.cuts.iter().map(|stop| stop.to_string()).collect();
    Back {
        endpoint: asked.endpoint,
        client,
        target: target.form,
        model: asked.model.to_owned(),
        stream: conversation.stream,
        include_usage: conversation.include_usage,
        show_thinking: match client {
            Form::Messages | Form::Chat | Form::Ollama => shown != Some(false),
            Form::Responses | Form::Gemini => shown == Some(true),
        },
        keep_seals: conversation.keep_seals,
        structured: conversation.format != Format::Free,
        choices: conversation.choices.unwrap_or(1),
        logprobs: conversation.sampling.logprobs,
        stop: stop.map(|stop| stop.to_string()).chain(cuts.iter().cloned()).collect(),
        cuts,
        seed: seed(asked.body, conversation.turns.len()),
        at_s: 0,
        echo: conversation.echo.drain(..).map(|(field, json)| (field, json.to_owned())).collect(),
        tools: names.into_tools(),
    }
}

fn seed(body: &[u8], turns: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.len().hash(&mut hasher);
    turns.hash(&mut hasher);
    body[body.len().saturating_sub(SEED_BYTES)..].hash(&mut hasher);
    hasher.finish()
}
