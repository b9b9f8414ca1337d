//! OpenAI Chat Completions, written: for OpenAI's own models, for the many that imitate it, and
//! for local servers, whose templates take less.

use super::{
    effort_of, lines, mime_of, nearest, offered, result_text, schema, text_arguments, texts,
    url_of, word,
};
use crate::hub::conversation::{
    Call, Choice, Conversation, Effort, Format, Media, MediaKind, Mode, Part, Role, Source, Tool,
    Turn,
};
use crate::hub::names::Names;
use crate::hub::out::Out;
use crate::hub::{Drops, Family, Form, Limit, Reasoning, Target, ids};

/// What Google documents for calls that its models did not make.
pub(super) const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// What a result says whose images follow in the next message.
const SEE_NEXT: &str = "The result is in the next message.";

pub(super) fn write(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    out.text_at("model", target.model);
    asked_for(out, conversation, target);
    thinking(out, conversation, target, drops);
    format(out, &conversation.format);
    tools(out, conversation, target, names);
    out.open_list_at("messages");
    if !conversation.system.is_empty() {
        let system = conversation.system.iter().map(|said| &*said.text);
        out.open();
        out.text_at("role", "system");
        out.key("content");
        out.texts(lines(system, "\n\n"));
        out.close();
    }
    for turn in &conversation.turns {
        match turn.role {
            Role::System => system(out, turn),
            Role::User => user(out, turn, target),
            Role::Assistant => assistant(out, turn, target, names, drops),
        }
    }
    out.close_list();
}

fn asked_for(out: &mut Out, conversation: &Conversation<'_>, target: &Target<'_>) {
    let sampling = &conversation.sampling;
    if conversation.stream {
        out.plain_at("stream", true);
        if target.traits.stream_usage {
            out.raw_at("stream_options", r#"{"include_usage":true}"#);
        }
    }
    let limit = match target.traits.limit {
        Limit::MaxTokens => "max_tokens",
        Limit::MaxCompletionTokens => "max_completion_tokens",
    };
    super::number(out, limit, conversation.max_tokens);
    super::number(out, "temperature", sampling.temperature);
    super::number(out, "top_p", sampling.top_p);
    super::number(out, "top_k", sampling.top_k);
    super::number(out, "min_p", sampling.min_p);
    super::number(out, "presence_penalty", sampling.presence_penalty);
    super::number(out, "frequency_penalty", sampling.frequency_penalty);
    super::number(out, "seed", sampling.seed);
    super::number(out, "n", conversation.choices);
    if sampling.logprobs {
        out.plain_at("logprobs", true);
        super::number(out, "top_logprobs", sampling.top_logprobs);
    }
    if !conversation.stop.is_empty() {
        out.open_list_at("stop");
        conversation.stop.iter().for_each(|stop| out.text(stop));
        out.close_list();
    }
    let texts = [
        ("prompt_cache_key", &conversation.cache_key),
        ("safety_identifier", &conversation.user),
        ("service_tier", &conversation.service_tier),
        ("verbosity", &conversation.verbosity),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            out.text_at(key, value);
        }
    }
}

/// The three efforts every vendor behind a Chat surface knows.
const COMMON: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];

fn thinking(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let thinking = conversation.thinking;
    let (levels, off) = match target.traits.reasoning {
        Reasoning::Efforts { levels, off } => (levels, off),
        Reasoning::Budget { off, .. } => (COMMON, off),
        Reasoning::Unsaid | Reasoning::Switch => {
            if thinking.mode != Mode::Unsaid || thinking.effort.is_some() {
                drops.note("thinking");
            }
            return;
        }
    };
    let beside_tools = offered(conversation).next().is_some();
    let wanted = match (thinking.mode, effort_of(thinking)) {
        (mode, effort) if beside_tools && !target.traits.thinks_with_tools => {
            if effort.is_some() || matches!(mode, Mode::Adaptive) {
                drops.note("thinking");
            }
            Some("none")
        }
        (Mode::Off, _) if off => Some("none"),
        (Mode::Off, _) => {
            drops.note("thinking-off");
            levels.first().map(|level| word(*level))
        }
        (_, Some(effort)) => Some(word(nearest(levels, effort))),
        (_, None) => None,
    };
    if let Some(wanted) = wanted {
        out.text_at("reasoning_effort", wanted);
    }
}

fn format(out: &mut Out, format: &Format<'_>) {
    match format {
        Format::Free => {}
        Format::Json => out.raw_at("response_format", r#"{"type":"json_object"}"#),
        Format::Schema { name, description, schema, strict } => {
            out.open_at("response_format");
            out.text_at("type", "json_schema");
            out.open_at("json_schema");
            out.text_at("name", name.as_deref().unwrap_or("answer"));
            if let Some(description) = description {
                out.text_at("description", description);
            }
            super::number(out, "strict", strict.or(schema::binding(schema)));
            out.raw_at("schema", schema);
            out.close();
            out.close();
        }
    }
}

fn tools(out: &mut Out, conversation: &Conversation<'_>, target: &Target<'_>, names: &Names) {
    let own = target.traits.family == Family::Gpt;
    // Local servers know the words of `tool_choice` only: one forced tool is shown alone.
    let alone = match &conversation.choice {
        Choice::Tool(name) if target.traits.local => Some(name),
        _ => None,
    };
    let shown: Vec<&Tool<'_>> = match (&conversation.choice, alone) {
        (Choice::Among { .. }, _) if own => conversation.tools.iter().collect(),
        (_, Some(name)) => conversation.tools.iter().filter(|tool| tool.name == *name).collect(),
        _ => offered(conversation).collect(),
    };
    if shown.is_empty() {
        return;
    }
    out.open_list_at("tools");
    for tool in shown {
        one_tool(out, tool, names);
    }
    out.close_list();
    if conversation.parallel == Some(false) || (own && conversation.parallel.is_some()) {
        super::number(out, "parallel_tool_calls", conversation.parallel);
    }
    match &conversation.choice {
        Choice::Unsaid => {}
        Choice::Among { names: allowed, must } if own => {
            out.open_at("tool_choice");
            out.text_at("type", "allowed_tools");
            out.open_at("allowed_tools");
            out.text_at("mode", if *must { "required" } else { "auto" });
            out.open_list_at("tools");
            for name in allowed {
                chosen(out, conversation, names, name);
            }
            out.close_list();
            out.close();
            out.close();
        }
        Choice::Tool(name) if alone.is_none() => {
            out.key("tool_choice");
            chosen(out, conversation, names, name);
        }
        Choice::Auto | Choice::Among { must: false, .. } => out.text_at("tool_choice", "auto"),
        Choice::Nothing => out.text_at("tool_choice", "none"),
        Choice::Any | Choice::Tool(_) | Choice::Among { must: true, .. } => {
            out.text_at("tool_choice", "required");
        }
    }
}

fn chosen(out: &mut Out, conversation: &Conversation<'_>, names: &Names, name: &str) {
    let tool = conversation.tools.iter().find(|tool| tool.name == name);
    let space = tool.and_then(|tool| tool.namespace.as_deref());
    let kind = if names.freeform_sent(space, name) { "custom" } else { "function" };
    out.open();
    out.text_at("type", kind);
    out.open_at(kind);
    out.text_at("name", &names.sent(space, name));
    out.close();
    out.close();
}

fn one_tool(out: &mut Out, tool: &Tool<'_>, names: &Names) {
    let free = names.freeform_sent(tool.namespace.as_deref(), &tool.name);
    let kind = if free { "custom" } else { "function" };
    out.open();
    out.text_at("type", kind);
    out.open_at(kind);
    out.text_at("name", &names.sent(tool.namespace.as_deref(), &tool.name));
    if free {
        if let Some(description) = &tool.description {
            out.text_at("description", description);
        }
        super::free_format(out, tool, true);
    } else {
        let description = schema::description(tool);
        if !description.is_empty() {
            out.key("description");
            out.texts(description);
        }
        out.raw_at("parameters", &schema::of(tool));
        super::number(out, "strict", tool.strict);
    }
    out.close();
    out.close();
}

fn system(out: &mut Out, turn: &Turn<'_>) {
    let pieces = lines(texts(&turn.parts), "\n\n");
    if pieces.is_empty() {
        return;
    }
    out.open();
    out.text_at("role", "system");
    out.key("content");
    out.texts(pieces);
    out.close();
}

/// The results of tools, each a message; then what the user says, after the images of the results,
/// which a tool's message cannot hold.
fn user(out: &mut Out, turn: &Turn<'_>, target: &Target<'_>) {
    let mut content: Vec<&Part<'_>> = Vec::new();
    for part in &turn.parts {
        let Part::Result(result) = part else { continue };
        let files = result.parts.iter().filter(|part| matches!(part, Part::Media(_)));
        let before = content.len();
        content.extend(files);
        out.open();
        out.text_at("role", "tool");
        let id = result.id.as_deref().unwrap_or_default();
        out.text_at("tool_call_id", &ids::call_id(Form::Chat, id));
        let mut text = result_text(&result.parts, result.failed);
        if text.is_empty() && content.len() > before {
            text.push(SEE_NEXT);
        }
        out.key("content");
        out.texts(text);
        out.close();
    }
    content.extend(turn.parts.iter().filter(|part| !matches!(part, Part::Result(_))));
    if content.is_empty() {
        return;
    }
    out.open();
    out.text_at("role", "user");
    let texts: Vec<&str> = content
        .iter()
        .filter_map(|part| match part {
            Part::Text(said) => Some(&*said.text),
            _ => None,
        })
        .collect();
    let only_text = texts.len() == content.len();
    if only_text && (texts.len() == 1 || !target.traits.parts) {
        out.key("content");
        out.texts(lines(texts.into_iter(), "\n\n"));
    } else {
        out.open_list_at("content");
        for part in content {
            match part {
                Part::Text(said) => {
                    out.open();
                    out.text_at("type", "text");
                    out.text_at("text", &said.text);
                    out.close();
                }
                Part::Media(file) => media(out, file),
                Part::Thought(_) | Part::Call(_) | Part::Result(_) => {}
            }
        }
        out.close_list();
    }
    out.close();
}

fn media(out: &mut Out, media: &Media<'_>) {
    out.open();
    match media.kind {
        MediaKind::Image => {
            out.text_at("type", "image_url");
            out.open_at("image_url");
            out.key("url");
            out.texts(url_of(media));
            if let Some(detail) = &media.detail {
                out.text_at("detail", detail);
            }
            out.close();
        }
        MediaKind::Audio => {
            out.text_at("type", "input_audio");
            out.open_at("input_audio");
            out.key("data");
            match &media.source {
                Source::Base64(data) => out.text(data),
                _ => out.texts(url_of(media)),
            }
            let format = mime_of(media).rsplit('/').next().unwrap_or("wav");
            out.text_at("format", format.trim_start_matches("x-"));
            out.close();
        }
        MediaKind::Document | MediaKind::Video => {
            out.text_at("type", "file");
            out.open_at("file");
            if let Source::File(id) = &media.source {
                out.text_at("file_id", id);
            } else {
                out.text_at("filename", media.name.as_deref().unwrap_or("document.pdf"));
                out.key("file_data");
                out.texts(url_of(media));
            }
            out.close();
        }
    }
    out.close();
}

fn assistant(
    out: &mut Out,
    turn: &Turn<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    let calls: Vec<&Call<'_>> = turn
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Call(call) => Some(call),
            _ => None,
        })
        .collect();
    if turn.parts.iter().any(|part| matches!(part, Part::Media(_))) {
        drops.note("assistant-media");
    }
    out.open();
    out.text_at("role", "assistant");
    let thoughts = turn.parts.iter().filter_map(|part| match part {
        Part::Thought(thought) if thought.seal.is_none() => Some(&*thought.text),
        _ => None,
    });
    let thoughts = lines(thoughts, "\n\n");
    if !thoughts.is_empty() {
        out.key("reasoning_content");
        out.texts(thoughts);
    }
    let said = lines(texts(&turn.parts), "\n\n");
    if said.is_empty() && !calls.is_empty() {
        out.raw_at("content", "null");
    } else {
        out.key("content");
        out.texts(said);
    }
    if !calls.is_empty() {
        out.open_list_at("tool_calls");
        for (at, call) in calls.into_iter().enumerate() {
            one_call(out, call, at == 0, target, names);
        }
        out.close_list();
    }
    out.close();
}

fn one_call(out: &mut Out, call: &Call<'_>, first: bool, target: &Target<'_>, names: &Names) {
    let space = call.namespace.as_deref();
    let free = call.freeform && names.freeform_sent(space, &call.name);
    out.open();
    out.text_at("id", &ids::call_id(Form::Chat, call.id.as_deref().unwrap_or_default()));
    let kind = if free { "custom" } else { "function" };
    out.text_at("type", kind);
    out.open_at(kind);
    out.text_at("name", &names.sent(space, &call.name));
    if free {
        out.text_at("input", &call.arguments);
    } else {
        out.text_at("arguments", &text_arguments(call));
    }
    out.close();
    let signature = call.seal.as_ref().map(|seal| &*seal.data);
    let required = (target.traits.signatures && first).then_some(NO_SIGNATURE);
    if let Some(signature) = signature.or(required) {
        out.open_at("extra_content");
        out.open_at("google");
        out.text_at("thought_signature", signature);
        out.close();
        out.close();
    }
    out.close();
}
