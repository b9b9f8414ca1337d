//! Ollama's own `/api/chat`, written: the one way to set a context length there and to be refused
//! instead of silently cut.

use super::{
    effort_of, lines, nearest, object_arguments, offered, result_text, schema, texts, word,
};
use crate::hub::conversation::{
    Choice, Conversation, Format, Mode, Part, Role, Source, Tool, Turn,
};
use crate::hub::names::Names;
use crate::hub::out::Out;
use crate::hub::{Drops, Reasoning, Target};

pub(super) fn write(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    out.text_at("model", target.model);
    out.plain_at("stream", conversation.stream);
    // A prompt longer than the context is an error, not a prompt without its beginning.
    out.plain_at("truncate", false);
    thinking(out, conversation, target, drops);
    match &conversation.format {
        Format::Free => {}
        Format::Json => out.text_at("format", "json"),
        Format::Schema { schema, .. } => out.raw_at("format", schema),
    }
    options(out, conversation, target);
    tools(out, conversation, names);
    out.open_list_at("messages");
    if !conversation.system.is_empty() {
        message(out, "system", lines(conversation.system.iter().map(|said| &*said.text), "\n\n"));
        out.close();
    }
    for turn in &conversation.turns {
        match turn.role {
            Role::System => {
                message(out, "system", lines(texts(&turn.parts), "\n\n"));
                out.close();
            }
            Role::User => user(out, turn, names),
            Role::Assistant => assistant(out, turn, names, drops),
        }
    }
    out.close_list();
}

/// Opens a message of this role and text.
fn message(out: &mut Out, role: &str, text: Vec<&str>) {
    out.open();
    out.text_at("role", role);
    out.key("content");
    out.texts(text);
}

fn thinking(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let thinking = conversation.thinking;
    let asked = thinking.mode != Mode::Unsaid || thinking.effort.is_some();
    if !asked {
        return;
    }
    match target.traits.reasoning {
        Reasoning::Efforts { levels, .. } => {
            let effort = if thinking.mode == Mode::Off {
                drops.note("thinking-off");
                levels.first().copied()
            } else {
                effort_of(thinking).map(|effort| nearest(levels, effort))
            };
            if let Some(effort) = effort {
                out.text_at("think", word(effort));
            }
        }
        Reasoning::Switch => out.plain_at("think", thinking.mode != Mode::Off),
        Reasoning::Unsaid | Reasoning::Budget { .. } => {
            if thinking.mode != Mode::Off {
                drops.note("thinking");
            }
        }
    }
}

fn options(out: &mut Out, conversation: &Conversation<'_>, target: &Target<'_>) {
    let sampling = &conversation.sampling;
    out.open_at("options");
    super::number(out, "num_ctx", target.traits.context);
    super::number(out, "num_predict", conversation.max_tokens);
    super::number(out, "temperature", sampling.temperature);
    super::number(out, "top_p", sampling.top_p);
    super::number(out, "top_k", sampling.top_k);
    super::number(out, "min_p", sampling.min_p);
    super::number(out, "presence_penalty", sampling.presence_penalty);
    super::number(out, "frequency_penalty", sampling.frequency_penalty);
    super::number(out, "seed", sampling.seed);
    if !conversation.stop.is_empty() {
        out.open_list_at("stop");
        conversation.stop.iter().for_each(|stop| out.text(stop));
        out.close_list();
    }
    out.close();
}

fn tools(out: &mut Out, conversation: &Conversation<'_>, names: &Names) {
    // There is no tool choice: a tool that must not be called is not shown.
    if conversation.choice == Choice::Nothing {
        return;
    }
    let shown: Vec<&Tool<'_>> = offered(conversation).collect();
    if shown.is_empty() {
        return;
    }
    out.open_list_at("tools");
    for tool in shown {
        out.open();
        out.text_at("type", "function");
        out.open_at("function");
        out.text_at("name", &names.sent(tool.namespace.as_deref(), &tool.name));
        out.key("description");
        out.texts(schema::description(tool));
        out.raw_at("parameters", &schema::of(tool));
        out.close();
        out.close();
    }
    out.close_list();
}

fn user(out: &mut Out, turn: &Turn<'_>, names: &Names) {
    let mut images: Vec<&str> = Vec::new();
    let image = |part: &&'_ Part<'_>| matches!(part, Part::Media(_));
    let mut rest: Vec<&Part<'_>> = Vec::new();
    for part in &turn.parts {
        let Part::Result(result) = part else {
            rest.push(part);
            continue;
        };
        rest.extend(result.parts.iter().filter(image));
        message(out, "tool", result_text(&result.parts, result.failed));
        if let Some(name) = &result.name {
            out.text_at("tool_name", &names.sent(result.namespace.as_deref(), name));
        }
        out.close();
    }
    let mut said: Vec<&str> = Vec::new();
    for part in rest {
        match part {
            Part::Text(text) => said.push(&text.text),
            Part::Media(file) => {
                if let Source::Base64(data) = &file.source {
                    images.push(data);
                }
            }
            Part::Thought(_) | Part::Call(_) | Part::Result(_) => {}
        }
    }
    if said.is_empty() && images.is_empty() {
        return;
    }
    message(out, "user", lines(said.into_iter(), "\n\n"));
    if !images.is_empty() {
        out.open_list_at("images");
        images.into_iter().for_each(|data| out.text(data));
        out.close_list();
    }
    out.close();
}

fn assistant(out: &mut Out, turn: &Turn<'_>, names: &Names, drops: &mut Drops) {
    message(out, "assistant", lines(texts(&turn.parts), "\n\n"));
    let thoughts = turn.parts.iter().filter_map(|part| match part {
        Part::Thought(thought) => Some(&*thought.text),
        _ => None,
    });
    let thoughts = lines(thoughts, "\n\n");
    if !thoughts.is_empty() {
        out.key("thinking");
        out.texts(thoughts);
    }
    let mut open = false;
    for part in &turn.parts {
        match part {
            Part::Call(call) => {
                if !open {
                    out.open_list_at("tool_calls");
                    open = true;
                }
                out.open();
                out.open_at("function");
                out.text_at("name", &names.sent(call.namespace.as_deref(), &call.name));
                out.raw_at("arguments", &object_arguments(call));
                out.close();
                out.close();
            }
            Part::Media(_) => drops.note("assistant-media"),
            Part::Text(_) | Part::Thought(_) | Part::Result(_) => {}
        }
    }
    if open {
        out.close_list();
    }
    out.close();
}
