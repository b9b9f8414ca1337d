//! OpenAI Responses, written: stateless, with encrypted reasoning asked for where it exists.

use super::{
    effort_of, lines, mime_of, nearest, offered, result_text, schema, text_arguments, texts,
    url_of, word,
};
use crate::hub::conversation::{
    Call, Choice, Conversation, Format, Media, MediaKind, Mode, Part, Role, Source, Tool,
    ToolResult, Turn,
};
use crate::hub::names::Names;
use crate::hub::out::Out;
use crate::hub::{Drops, Family, Form, Reasoning, Target, ids};

/// The least limit OpenAI takes, in tokens.
const OUTPUT_MIN: u64 = 16;

pub(super) fn write(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    out.text_at("model", target.model);
    out.plain_at("store", false);
    if !conversation.system.is_empty() {
        out.key("instructions");
        out.texts(lines(conversation.system.iter().map(|said| &*said.text), "\n\n"));
    }
    asked_for(out, conversation, target, drops);
    tools(out, conversation, target, names);
    out.open_list_at("input");
    for turn in &conversation.turns {
        items(out, turn, names, drops);
    }
    out.close_list();
}

fn asked_for(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let own = target.traits.family == Family::Gpt;
    let sampling = &conversation.sampling;
    if conversation.stream {
        out.plain_at("stream", true);
    }
    let least = if own { OUTPUT_MIN } else { 1 };
    super::number(out, "max_output_tokens", conversation.max_tokens.map(|max| max.max(least)));
    super::number(out, "temperature", sampling.temperature);
    super::number(out, "top_p", sampling.top_p);
    let thinks = matches!(target.traits.reasoning, Reasoning::Efforts { .. });
    if (own && thinks) || sampling.logprobs {
        out.open_list_at("include");
        if own && thinks {
            out.text("reasoning.encrypted_content");
        }
        if sampling.logprobs {
            out.text("message.output_text.logprobs");
        }
        out.close_list();
    }
    if sampling.logprobs {
        super::number(out, "top_logprobs", sampling.top_logprobs);
    }
    thinking(out, conversation, target, drops);
    text(out, conversation);
    let texts = [
        ("prompt_cache_key", &conversation.cache_key),
        ("safety_identifier", &conversation.user),
        ("service_tier", &conversation.service_tier),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            out.text_at(key, value);
        }
    }
}

fn thinking(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let thinking = conversation.thinking;
    let asked = thinking.mode != Mode::Unsaid || thinking.effort.is_some();
    let Reasoning::Efforts { levels, off } = target.traits.reasoning else {
        if asked {
            drops.note("thinking");
        }
        return;
    };
    let effort = match (thinking.mode, effort_of(thinking)) {
        (Mode::Off, _) if off => Some("none"),
        (Mode::Off, _) => {
            drops.note("thinking-off");
            levels.first().map(|level| word(*level))
        }
        (_, Some(effort)) => Some(word(nearest(levels, effort))),
        (_, None) => None,
    };
    let thinks = thinking.mode != Mode::Off;
    let summary = thinks && (thinking.shown == Some(true) || (asked && thinking.shown.is_none()));
    if effort.is_some() || summary {
        out.open_at("reasoning");
        if let Some(effort) = effort {
            out.text_at("effort", effort);
        }
        if summary {
            out.text_at("summary", "auto");
        }
        out.close();
    }
}

fn text(out: &mut Out, conversation: &Conversation<'_>) {
    if conversation.verbosity.is_none() && conversation.format == Format::Free {
        return;
    }
    out.open_at("text");
    if let Some(verbosity) = &conversation.verbosity {
        out.text_at("verbosity", verbosity);
    }
    match &conversation.format {
        Format::Free => {}
        Format::Json => out.raw_at("format", r#"{"type":"json_object"}"#),
        Format::Schema { name, description, schema, strict } => {
            out.open_at("format");
            out.text_at("type", "json_schema");
            out.text_at("name", name.as_deref().unwrap_or("answer"));
            if let Some(description) = description {
                out.text_at("description", description);
            }
            super::number(out, "strict", strict.or(schema::binding(schema)));
            out.raw_at("schema", schema);
            out.close();
        }
    }
    out.close();
}

fn tools(out: &mut Out, conversation: &Conversation<'_>, target: &Target<'_>, names: &Names) {
    let own = target.traits.family == Family::Gpt;
    let among = matches!(conversation.choice, Choice::Among { .. });
    let shown: Vec<&Tool<'_>> = if own && among {
        conversation.tools.iter().collect()
    } else {
        offered(conversation).collect()
    };
    if shown.is_empty() {
        return;
    }
    out.open_list_at("tools");
    for tool in shown {
        one_tool(out, tool, names);
    }
    out.close_list();
    super::number(out, "parallel_tool_calls", conversation.parallel);
    match &conversation.choice {
        Choice::Unsaid => {}
        Choice::Among { names: allowed, must } if own => {
            out.open_at("tool_choice");
            out.text_at("type", "allowed_tools");
            out.text_at("mode", if *must { "required" } else { "auto" });
            out.open_list_at("tools");
            for name in allowed {
                chosen(out, conversation, names, name);
            }
            out.close_list();
            out.close();
        }
        Choice::Tool(name) => {
            out.key("tool_choice");
            chosen(out, conversation, names, name);
        }
        Choice::Auto | Choice::Among { must: false, .. } => out.text_at("tool_choice", "auto"),
        Choice::Nothing => out.text_at("tool_choice", "none"),
        Choice::Any | Choice::Among { must: true, .. } => out.text_at("tool_choice", "required"),
    }
}

fn chosen(out: &mut Out, conversation: &Conversation<'_>, names: &Names, name: &str) {
    let tool = conversation.tools.iter().find(|tool| tool.name == name);
    let space = tool.and_then(|tool| tool.namespace.as_deref());
    let kind = if names.freeform_sent(space, name) { "custom" } else { "function" };
    out.open();
    out.text_at("type", kind);
    out.text_at("name", &names.sent(space, name));
    out.close();
}

fn one_tool(out: &mut Out, tool: &Tool<'_>, names: &Names) {
    let free = names.freeform_sent(tool.namespace.as_deref(), &tool.name);
    out.open();
    out.text_at("type", if free { "custom" } else { "function" });
    out.text_at("name", &names.sent(tool.namespace.as_deref(), &tool.name));
    if free {
        if let Some(description) = &tool.description {
            out.text_at("description", description);
        }
        super::free_format(out, tool, false);
    } else {
        let description = schema::description(tool);
        if !description.is_empty() {
            out.key("description");
            out.texts(description);
        }
        out.raw_at("parameters", &schema::of(tool));
        // Said either way: left out it means true here, and a schema made for another vendor
        // rarely keeps the rules of strictness.
        out.plain_at("strict", tool.strict.unwrap_or(false));
    }
    out.close();
}

/// The items of one turn. What is said between two calls or results is a message of its own.
fn items(out: &mut Out, turn: &Turn<'_>, names: &Names, drops: &mut Drops) {
    let mut open = false;
    for part in &turn.parts {
        let says = match part {
            Part::Text(_) => true,
            Part::Media(_) if turn.role == Role::Assistant => {
                drops.note("assistant-media");
                continue;
            }
            Part::Media(_) => true,
            Part::Thought(_) | Part::Call(_) | Part::Result(_) => false,
        };
        if open && !says {
            close_message(out);
            open = false;
        }
        if says && !open {
            open_message(out, turn.role);
            open = true;
        }
        match part {
            Part::Text(said) => {
                out.open();
                let assistant = turn.role == Role::Assistant;
                out.text_at("type", if assistant { "output_text" } else { "input_text" });
                out.text_at("text", &said.text);
                out.close();
            }
            Part::Media(file) => media(out, file),
            Part::Call(tool_call) => call(out, tool_call, names),
            Part::Result(tool_result) => result(out, tool_result, names),
            Part::Thought(thought) => {
                let Some(seal) = &thought.seal else { continue };
                out.open();
                out.text_at("type", "reasoning");
                out.open_list_at("summary");
                if !thought.text.is_empty() {
                    out.open();
                    out.text_at("type", "summary_text");
                    out.text_at("text", &thought.text);
                    out.close();
                }
                out.close_list();
                out.text_at("encrypted_content", &seal.data);
                out.close();
            }
        }
    }
    if open {
        close_message(out);
    }
}

fn open_message(out: &mut Out, role: Role) {
    out.open();
    out.text_at("type", "message");
    out.text_at(
        "role",
        match role {
            Role::System => "developer",
            Role::User => "user",
            Role::Assistant => "assistant",
        },
    );
    out.open_list_at("content");
}

fn close_message(out: &mut Out) {
    out.close_list();
    out.close();
}

fn call(out: &mut Out, call: &Call<'_>, names: &Names) {
    let space = call.namespace.as_deref();
    let free = call.freeform && names.freeform_sent(space, &call.name);
    out.open();
    out.text_at("type", if free { "custom_tool_call" } else { "function_call" });
    out.text_at("call_id", &ids::call_id(Form::Responses, call.id.as_deref().unwrap_or_default()));
    out.text_at("name", &names.sent(space, &call.name));
    if free {
        out.text_at("input", &call.arguments);
    } else {
        out.text_at("arguments", &text_arguments(call));
    }
    out.close();
}

fn result(out: &mut Out, result: &ToolResult<'_>, names: &Names) {
    let name = result.name.as_deref().unwrap_or_default();
    let free = result.freeform && names.freeform_sent(result.namespace.as_deref(), name);
    out.open();
    out.text_at("type", if free { "custom_tool_call_output" } else { "function_call_output" });
    let id = result.id.as_deref().unwrap_or_default();
    out.text_at("call_id", &ids::call_id(Form::Responses, id));
    if result.parts.iter().any(|part| matches!(part, Part::Media(_))) {
        out.open_list_at("output");
        if result.failed && texts(&result.parts).next().is_none() {
            out.raw(r#"{"type":"input_text","text":"Error: "}"#);
        }
        for part in &result.parts {
            match part {
                Part::Text(said) => {
                    out.open();
                    out.text_at("type", "input_text");
                    out.text_at("text", &said.text);
                    out.close();
                }
                Part::Media(file) => media(out, file),
                Part::Thought(_) | Part::Call(_) | Part::Result(_) => {}
            }
        }
        out.close_list();
    } else {
        out.key("output");
        out.texts(result_text(&result.parts, result.failed));
    }
    out.close();
}

fn media(out: &mut Out, media: &Media<'_>) {
    out.open();
    match media.kind {
        MediaKind::Image => {
            out.text_at("type", "input_image");
            if let Source::File(id) = &media.source {
                out.text_at("file_id", id);
            } else {
                out.key("image_url");
                out.texts(url_of(media));
            }
            out.text_at("detail", media.detail.as_deref().unwrap_or("auto"));
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
            out.text_at("type", "input_file");
            match &media.source {
                Source::File(id) => out.text_at("file_id", id),
                Source::Url(url) => out.text_at("file_url", url),
                Source::Base64(_) | Source::Text(_) => {
                    out.text_at("filename", media.name.as_deref().unwrap_or("document.pdf"));
                    out.key("file_data");
                    out.texts(url_of(media));
                }
            }
        }
    }
    out.close();
}
