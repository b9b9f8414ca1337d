//! Writers: a conversation that fits its target, as that target's request body. They know their
//! own dialect and nothing of where the request came from.

mod chat;
mod gemini;
mod messages;
mod ollama;
mod responses;
mod schema;

use super::conversation::{
    Call, Choice, Effort, Input, Media, MediaKind, Mode, Part, Source, Thinking, Tool,
};
use super::names::Names;
use super::out::Out;
use super::reading::{Text, object};
use super::surrogates::without_half_pairs;
use super::{Drops, Form, Rejected, Target, conversation::Conversation};
use std::borrow::Cow;

/// Writes a request body of about `room` bytes.
///
/// # Errors
/// When something in it has no place in the target's dialect after all.
pub(super) fn write(
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    room: usize,
    drops: &mut Drops,
) -> Result<Vec<u8>, Rejected> {
    let mut out = Out::with_capacity(room);
    out.open();
    match target.form {
        Form::Messages => messages::write(&mut out, conversation, target, names, drops),
        Form::Chat => chat::write(&mut out, conversation, target, names, drops),
        Form::Responses => responses::write(&mut out, conversation, target, names, drops),
        Form::Gemini => gemini::write(&mut out, conversation, target, names, drops),
        Form::Ollama => ollama::write(&mut out, conversation, target, names, drops),
    }
    out.close();
    Ok(out.into_bytes())
}

/// The key under which free text travels to a target that knows no tools of free text.
pub(super) const FREE_INPUT: &str = "input";

/// A call's arguments as a JSON object. What a model wrote that is no object is kept as a text.
fn object_arguments<'a>(call: &'a Call<'_>) -> Cow<'a, str> {
    let text = call.arguments.trim();
    if call.freeform {
        return wrapped(FREE_INPUT, &call.arguments);
    }
    if text.is_empty() || text == "null" {
        return Cow::Borrowed("{}");
    }
    let sound =
        text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !sound {
        return wrapped("arguments", text);
    }
    // What was a text in the body is JSON from here on.
    without_half_pairs(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn wrapped(key: &str, text: &str) -> Cow<'static, str> {
    let mut out = Out::with_capacity(text.len() + 32);
    out.open();
    out.text_at(key, text);
    out.close();
    Cow::Owned(String::from_utf8(out.into_bytes()).expect("JSON is written as UTF-8"))
}

/// A call's arguments as the JSON text that OpenAI's dialects carry in a string.
fn text_arguments<'a>(call: &'a Call<'_>) -> Cow<'a, str> {
    if call.freeform {
        return wrapped(FREE_INPUT, &call.arguments);
    }
    let text = call.arguments.trim();
    if text.is_empty() { Cow::Borrowed("{}") } else { Cow::Borrowed(text) }
}

/// The texts among some parts.
fn texts<'a>(parts: &'a [Part<'_>]) -> impl Iterator<Item = &'a str> + Clone {
    parts.iter().filter_map(|part| match part {
        Part::Text(said) => Some(&*said.text),
        _ => None,
    })
}

/// The pieces of a text of several, a line between each.
fn lines<'a>(texts: impl Iterator<Item = &'a str>, between: &'static str) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    for text in texts {
        if !pieces.is_empty() {
            pieces.push(between);
        }
        pieces.push(text);
    }
    pieces
}

/// How a failed tool's result begins where a dialect has no field for failure.
const FAILED: &str = "Error: ";

/// A result as one text; a failure says so unless its own words do.
fn result_text<'a>(parts: &'a [Part<'_>], failed: bool) -> Vec<&'a str> {
    let mut pieces = lines(texts(parts), "\n");
    let first = pieces.first().copied().unwrap_or_default().trim_start();
    let told = first.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"))
        || first.starts_with("<tool_use_error>");
    if failed && !told {
        pieces.insert(0, FAILED);
    }
    pieces
}

/// A file as the URL OpenAI's dialects carry it in: an address, or its bytes.
fn url_of<'a>(media: &'a Media<'_>) -> Vec<&'a str> {
    match &media.source {
        Source::Base64(data) => vec!["data:", mime_of(media), ";base64,", data],
        Source::Url(url) => vec![url],
        Source::File(id) => vec![id],
        Source::Text(text) => vec![text],
    }
}

/// A file's MIME type, or the usual one of its kind.
fn mime_of<'a>(media: &'a Media<'_>) -> &'a str {
    media.mime.as_deref().unwrap_or(match media.kind {
        MediaKind::Image => "image/png",
        MediaKind::Document => "application/pdf",
        MediaKind::Audio => "audio/wav",
        MediaKind::Video => "video/mp4",
    })
}

/// The effort a budget of tokens stands for; the steps Anthropic and OpenAI name for their own.
fn effort_of(thinking: Thinking) -> Option<Effort> {
    thinking.effort.or(match thinking.mode {
        Mode::Budget(tokens) => Some(match tokens {
            0..1_025 => Effort::Minimal,
            1_025..4_097 => Effort::Low,
            4_097..16_385 => Effort::Medium,
            _ => Effort::High,
        }),
        Mode::Unsaid | Mode::Off | Mode::Adaptive => None,
    })
}

/// The budget an effort stands for, in tokens.
fn budget_of(thinking: Thinking) -> Option<u64> {
    match (thinking.mode, thinking.effort) {
        (Mode::Budget(tokens), _) => Some(tokens),
        (_, Some(effort)) => Some(match effort {
            Effort::Minimal => 1_024,
            Effort::Low => 4_096,
            Effort::Medium => 10_000,
            Effort::High => 24_000,
            Effort::Xhigh | Effort::Max => 32_000,
        }),
        (Mode::Adaptive, None) => Some(10_000),
        (Mode::Unsaid | Mode::Off, None) => None,
    }
}

/// The allowed level nearest to the one asked for: itself, else the next lower, else the lowest.
fn nearest(levels: &[Effort], asked: Effort) -> Effort {
    let below = levels.iter().rev().find(|level| **level <= asked);
    *below.or(levels.first()).unwrap_or(&asked)
}

/// OpenAI's and Anthropic's word for an effort.
fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}

/// The tools the model is shown: all, or those a choice among some leaves.
fn offered<'a>(conversation: &'a Conversation<'_>) -> impl Iterator<Item = &'a Tool<'a>> {
    let among = match &conversation.choice {
        Choice::Among { names, .. } => Some(names),
        _ => None,
    };
    conversation
        .tools
        .iter()
        .filter(move |tool| among.is_none_or(|names| names.contains(&tool.name)))
}

/// The name a chosen tool travels under.
fn chosen<'a>(conversation: &Conversation<'_>, names: &'a Names, name: &'a str) -> Cow<'a, str> {
    let tool = conversation.tools.iter().find(|tool| tool.name == name);
    names.sent(tool.and_then(|tool| tool.namespace.as_deref()), name)
}

/// `key: number` where there is one.
fn number(out: &mut Out, key: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        out.plain_at(key, value);
    }
}

/// A free text tool's format, where the client gave one. Responses writes a grammar flat, Chat in
/// an object of its own; a client of the one may come for the other.
fn free_format(out: &mut Out, tool: &Tool<'_>, nested: bool) {
    let Input::Free(Some(format)) = &tool.input else { return };
    let Ok(given) = serde_json::from_str::<FreeFormat<'_>>(format) else { return };
    let inner = given.grammar.unwrap_or(Grammar {
        syntax: given.syntax,
        definition: given.definition,
        unknown: Vec::new(),
    });
    let (Some(syntax), Some(definition)) = (inner.syntax, inner.definition) else { return };
    out.open_at("format");
    out.text_at("type", "grammar");
    if nested {
        out.open_at("grammar");
    }
    out.text_at("syntax", &syntax);
    out.text_at("definition", &definition);
    if nested {
        out.close();
    }
    out.close();
}

object! {
    struct FreeFormat<'a> {
        syntax: Text<'a> = "syntax",
        definition: Text<'a> = "definition",
        grammar: Grammar<'a> = "grammar",
    }
}

object! { struct Grammar<'a> { syntax: Text<'a> = "syntax", definition: Text<'a> = "definition", } }
