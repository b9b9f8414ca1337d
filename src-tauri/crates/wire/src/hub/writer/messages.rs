//! Anthropic Messages, written.

use super::{budget_of, effort_of, mime_of, nearest, object_arguments, offered, schema, word};
use crate::hub::conversation::{
    Choice, Conversation, Format, Mark, Media, MediaKind, Mode, Part, Role, Said, Source, Tool,
    ToolResult, Turn,
};
use crate::hub::names::Names;
use crate::hub::out::Out;
use crate::hub::seal::Maker;
use crate::hub::{Drops, Form, Reasoning, Target, ids};

/// How thinking is asked for in this request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    Unsaid,
    Disabled,
    Budget(u64),
    Adaptive,
}

pub(super) fn write(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    out.text_at("model", target.model);
    let max_tokens = conversation.max_tokens.unwrap_or(target.traits.output_default);
    out.plain_at("max_tokens", max_tokens);
    let plan = plan(conversation, target, max_tokens, drops);
    asked_for(out, conversation, target, plan, drops);
    if let Some(user) = &conversation.user {
        out.open_at("metadata");
        out.text_at("user_id", user);
        out.close();
    }
    system(out, &conversation.system);
    tools(out, conversation, names);
    out.open_list_at("messages");
    for turn in &conversation.turns {
        message(out, turn, names, drops);
    }
    out.close_list();
}

/// Whether and how the model is asked to think. A forced call and thinking exclude each other; a
/// budget needs room below the limit, and a tool loop that began without thinking goes on so.
fn plan(
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    max_tokens: u64,
    drops: &mut Drops,
) -> Plan {
    let thinking = conversation.thinking;
    let asked =
        thinking.mode != Mode::Off && (thinking.mode != Mode::Unsaid || thinking.effort.is_some());
    let forced = matches!(
        conversation.choice,
        Choice::Any | Choice::Tool(_) | Choice::Among { must: true, .. }
    );
    let plan = match target.traits.reasoning {
        Reasoning::Budget { least, most, .. } if asked && !forced => {
            let wanted = budget_of(thinking).unwrap_or(least).clamp(least, most);
            let fits = if wanted < max_tokens { wanted } else { max_tokens / 2 };
            let possible = fits >= least && begun_with_thinking(conversation);
            if possible { Plan::Budget(fits) } else { Plan::Unsaid }
        }
        Reasoning::Efforts { .. } if asked && !forced => Plan::Adaptive,
        Reasoning::Efforts { off: true, .. } if thinking.mode == Mode::Off => Plan::Disabled,
        _ => Plan::Unsaid,
    };
    if asked && plan == Plan::Unsaid {
        drops.note("thinking");
    }
    let always = matches!(target.traits.reasoning, Reasoning::Efforts { off: false, .. });
    if always && thinking.mode == Mode::Off {
        drops.note("thinking-off");
    }
    plan
}

/// Whether the running tool loop, if there is one, has thinking at its start.
fn begun_with_thinking(conversation: &Conversation<'_>) -> bool {
    let last = conversation.turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    last.is_none_or(|turn| {
        let calls = turn.parts.iter().any(|part| matches!(part, Part::Call(_)));
        !calls || matches!(turn.parts.first(), Some(Part::Thought(_)))
    })
}

fn asked_for(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    plan: Plan,
    drops: &mut Drops,
) {
    if conversation.stream {
        out.plain_at("stream", true);
    }
    let sampling = &conversation.sampling;
    if matches!(plan, Plan::Budget(_) | Plan::Adaptive) {
        let set = [
            ("temperature", sampling.temperature.is_some()),
            ("top_p", sampling.top_p.is_some()),
            ("top_k", sampling.top_k.is_some()),
        ];
        // A model that thinks takes none of them.
        for (field, _) in set.iter().filter(|(_, there)| *there) {
            drops.note_for("sampling", field);
        }
    } else {
        super::number(out, "temperature", sampling.temperature);
        super::number(out, "top_p", sampling.top_p);
        super::number(out, "top_k", sampling.top_k);
    }
    if !conversation.stop.is_empty() {
        out.open_list_at("stop_sequences");
        conversation.stop.iter().for_each(|stop| out.text(stop));
        out.close_list();
    }
    match plan {
        Plan::Unsaid => {}
        Plan::Disabled => out.raw_at("thinking", r#"{"type":"disabled"}"#),
        Plan::Adaptive if conversation.thinking.shown == Some(true) => {
            out.raw_at("thinking", r#"{"type":"adaptive","display":"summarized"}"#);
        }
        Plan::Adaptive => out.raw_at("thinking", r#"{"type":"adaptive"}"#),
        Plan::Budget(tokens) => {
            out.open_at("thinking");
            out.text_at("type", "enabled");
            out.plain_at("budget_tokens", tokens);
            out.close();
        }
    }
    let effort = match target.traits.reasoning {
        Reasoning::Efforts { levels, .. } if plan == Plan::Adaptive => {
            effort_of(conversation.thinking).map(|effort| nearest(levels, effort))
        }
        _ => None,
    };
    let schema = match &conversation.format {
        Format::Schema { schema, .. } => Some(schema),
        Format::Free | Format::Json => None,
    };
    if effort.is_some() || schema.is_some() {
        out.open_at("output_config");
        if let Some(effort) = effort {
            out.text_at("effort", word(effort));
        }
        if let Some(schema) = schema {
            out.open_at("format");
            out.text_at("type", "json_schema");
            out.raw_at("schema", schema);
            out.close();
        }
        out.close();
    }
}

fn cache(out: &mut Out, mark: Option<Mark>) {
    match mark {
        None => {}
        Some(Mark::Short) => out.raw_at("cache_control", r#"{"type":"ephemeral"}"#),
        Some(Mark::Hour) => out.raw_at("cache_control", r#"{"type":"ephemeral","ttl":"1h"}"#),
    }
}

fn text(out: &mut Out, said: &Said<'_>) {
    out.open();
    out.text_at("type", "text");
    out.text_at("text", &said.text);
    cache(out, said.mark);
    out.close();
}

fn system(out: &mut Out, system: &[Said<'_>]) {
    if system.is_empty() {
        return;
    }
    out.open_list_at("system");
    system.iter().for_each(|said| text(out, said));
    out.close_list();
}

fn tools(out: &mut Out, conversation: &Conversation<'_>, names: &Names) {
    let tools: Vec<&Tool<'_>> = offered(conversation).collect();
    if tools.is_empty() {
        return;
    }
    out.open_list_at("tools");
    for tool in tools {
        out.open();
        out.text_at("name", &names.sent(tool.namespace.as_deref(), &tool.name));
        let description = schema::description(tool);
        if !description.is_empty() {
            out.key("description");
            out.texts(description);
        }
        out.raw_at("input_schema", &schema::of(tool));
        cache(out, tool.mark);
        out.close();
    }
    out.close_list();
    let disabled = conversation.parallel == Some(false);
    let (kind, name) = match &conversation.choice {
        Choice::Unsaid if !disabled => return,
        Choice::Unsaid | Choice::Auto | Choice::Among { must: false, .. } => ("auto", None),
        Choice::Any | Choice::Among { must: true, .. } => ("any", None),
        Choice::Nothing => ("none", None),
        Choice::Tool(name) => ("tool", Some(super::chosen(conversation, names, name))),
    };
    out.open_at("tool_choice");
    out.text_at("type", kind);
    if let Some(name) = name {
        out.text_at("name", &name);
    }
    if disabled && kind != "none" {
        out.plain_at("disable_parallel_tool_use", true);
    }
    out.close();
}

fn message(out: &mut Out, turn: &Turn<'_>, names: &Names, drops: &mut Drops) {
    out.open();
    out.text_at("role", if turn.role == Role::Assistant { "assistant" } else { "user" });
    out.open_list_at("content");
    // Results stand first: Anthropic looks for them there.
    let is_result = |part: &&Part<'_>| matches!(part, Part::Result(_));
    for part in turn.parts.iter().filter(is_result) {
        one(out, part, names, turn.role, drops);
    }
    for part in turn.parts.iter().filter(|part| !is_result(part)) {
        one(out, part, names, turn.role, drops);
    }
    out.close_list();
    out.close();
}

fn one(out: &mut Out, part: &Part<'_>, names: &Names, role: Role, drops: &mut Drops) {
    match part {
        Part::Text(said) => text(out, said),
        Part::Media(_) if role == Role::Assistant => drops.note("assistant-media"),
        Part::Media(file) => media(out, file),
        Part::Thought(thought) => {
            let Some(seal) = &thought.seal else { return };
            out.open();
            if seal.by == Maker::AnthropicRedacted {
                out.text_at("type", "redacted_thinking");
                out.text_at("data", &seal.data);
            } else {
                out.text_at("type", "thinking");
                out.text_at("thinking", &thought.text);
                out.text_at("signature", &seal.data);
            }
            out.close();
        }
        Part::Call(call) => {
            out.open();
            out.text_at("type", "tool_use");
            let id = call.id.as_deref().unwrap_or_default();
            out.text_at("id", &ids::call_id(Form::Messages, id));
            out.text_at("name", &names.sent(call.namespace.as_deref(), &call.name));
            out.raw_at("input", &object_arguments(call));
            cache(out, call.mark);
            out.close();
        }
        Part::Result(tool_result) => result(out, tool_result),
    }
}

fn result(out: &mut Out, result: &ToolResult<'_>) {
    out.open();
    out.text_at("type", "tool_result");
    let id = result.id.as_deref().unwrap_or_default();
    out.text_at("tool_use_id", &ids::call_id(Form::Messages, id));
    match &result.parts[..] {
        [] => {}
        [Part::Text(said)] => out.text_at("content", &said.text),
        parts => {
            out.open_list_at("content");
            for part in parts {
                match part {
                    Part::Text(said) => text(out, said),
                    Part::Media(file) => media(out, file),
                    Part::Thought(_) | Part::Call(_) | Part::Result(_) => {}
                }
            }
            out.close_list();
        }
    }
    if result.failed {
        out.plain_at("is_error", true);
    }
    cache(out, result.mark);
    out.close();
}

fn media(out: &mut Out, media: &Media<'_>) {
    out.open();
    let image = media.kind == MediaKind::Image;
    out.text_at("type", if image { "image" } else { "document" });
    out.open_at("source");
    match &media.source {
        Source::Base64(data) => {
            out.text_at("type", "base64");
            out.text_at("media_type", mime_of(media));
            out.text_at("data", data);
        }
        Source::Url(url) => {
            out.text_at("type", "url");
            out.text_at("url", url);
        }
        Source::File(id) => {
            out.text_at("type", "file");
            out.text_at("file_id", id);
        }
        Source::Text(text) => {
            out.text_at("type", "text");
            out.text_at("media_type", "text/plain");
            out.text_at("data", text);
        }
    }
    out.close();
    if let (Some(name), false) = (&media.name, image) {
        out.text_at("title", name);
    }
    cache(out, media.mark);
    out.close();
}
