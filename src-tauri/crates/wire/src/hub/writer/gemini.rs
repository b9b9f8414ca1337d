//! Gemini `generateContent`, written. The model stands in the path, not in the body.

use super::chat::NO_SIGNATURE;
use super::{
    budget_of, effort_of, lines, mime_of, nearest, object_arguments, offered, schema, texts, word,
};
use crate::hub::conversation::{
    Choice, Conversation, Format, Input, Media, Mode, Part, Role, Source, Tool, ToolResult, Turn,
};
use crate::hub::names::Names;
use crate::hub::out::Out;
use crate::hub::{Drops, Form, Reasoning, Target, ids};

pub(super) fn write(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    names: &Names,
    drops: &mut Drops,
) {
    if !conversation.system.is_empty() {
        out.open_at("systemInstruction");
        out.open_list_at("parts");
        for said in &conversation.system {
            text(out, &said.text, None);
        }
        out.close_list();
        out.close();
    }
    tools(out, conversation, names);
    generation(out, conversation, target, drops);
    out.open_list_at("contents");
    for turn in &conversation.turns {
        content(out, turn, target, names);
    }
    out.close_list();
}

fn text(out: &mut Out, text: &str, signature: Option<&str>) {
    out.open();
    out.text_at("text", text);
    if let Some(signature) = signature {
        out.text_at("thoughtSignature", signature);
    }
    out.close();
}

fn tools(out: &mut Out, conversation: &Conversation<'_>, names: &Names) {
    // With `ANY` Google takes the names of those allowed; otherwise only they are shown.
    let must = matches!(conversation.choice, Choice::Among { must: true, .. });
    let shown: Vec<&Tool<'_>> =
        if must { conversation.tools.iter().collect() } else { offered(conversation).collect() };
    if shown.is_empty() {
        return;
    }
    out.open_list_at("tools");
    out.open();
    out.open_list_at("functionDeclarations");
    for tool in shown {
        out.open();
        out.text_at("name", &names.sent(tool.namespace.as_deref(), &tool.name));
        let description = schema::description(tool);
        if !description.is_empty() {
            out.key("description");
            out.texts(description);
        }
        if tool.input != Input::Nothing {
            out.raw_at("parametersJsonSchema", &schema::of(tool));
        }
        out.close();
    }
    out.close_list();
    out.close();
    out.close_list();
    let (mode, allowed): (&str, Vec<&str>) = match &conversation.choice {
        Choice::Unsaid => return,
        Choice::Auto | Choice::Among { must: false, .. } => ("AUTO", Vec::new()),
        Choice::Any => ("ANY", Vec::new()),
        Choice::Nothing => ("NONE", Vec::new()),
        Choice::Tool(name) => ("ANY", vec![&**name]),
        Choice::Among { names, must: true } => ("ANY", names.iter().map(|name| &**name).collect()),
    };
    out.open_at("toolConfig");
    out.open_at("functionCallingConfig");
    out.text_at("mode", mode);
    if !allowed.is_empty() {
        out.open_list_at("allowedFunctionNames");
        for name in allowed {
            out.text(&super::chosen(conversation, names, name));
        }
        out.close_list();
    }
    out.close();
    out.close();
}

fn generation(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let sampling = &conversation.sampling;
    out.open_at("generationConfig");
    super::number(out, "temperature", sampling.temperature);
    super::number(out, "topP", sampling.top_p);
    super::number(out, "topK", sampling.top_k);
    super::number(out, "presencePenalty", sampling.presence_penalty);
    super::number(out, "frequencyPenalty", sampling.frequency_penalty);
    super::number(out, "seed", sampling.seed);
    super::number(out, "candidateCount", conversation.choices);
    super::number(out, "maxOutputTokens", conversation.max_tokens);
    if sampling.logprobs {
        out.plain_at("responseLogprobs", true);
        super::number(out, "logprobs", sampling.top_logprobs);
    }
    if !conversation.stop.is_empty() {
        out.open_list_at("stopSequences");
        conversation.stop.iter().for_each(|stop| out.text(stop));
        out.close_list();
    }
    match &conversation.format {
        Format::Free => {}
        Format::Json => out.text_at("responseMimeType", "application/json"),
        Format::Schema { schema, .. } => {
            out.text_at("responseMimeType", "application/json");
            out.raw_at("responseJsonSchema", schema);
        }
    }
    thinking(out, conversation, target, drops);
    out.close();
}

fn thinking(
    out: &mut Out,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
    drops: &mut Drops,
) {
    let thinking = conversation.thinking;
    let asked = thinking.mode != Mode::Unsaid || thinking.effort.is_some();
    if !asked && thinking.shown.is_none() {
        return;
    }
    let thinks = thinking.mode != Mode::Off;
    let shown = thinks && thinking.shown.unwrap_or(asked);
    let mut config = Out::with_capacity(64);
    config.open();
    match target.traits.reasoning {
        Reasoning::Unsaid | Reasoning::Switch => {
            drops.note("thinking");
            return;
        }
        Reasoning::Efforts { levels, .. } => {
            let level = if thinks { effort_of(thinking) } else { levels.first().copied() };
            if !thinks {
                drops.note("thinking-off");
            }
            if let Some(level) = level {
                let level = word(nearest(levels, level)).to_ascii_uppercase();
                config.text_at("thinkingLevel", &level);
            }
        }
        Reasoning::Budget { least, most, off } => match (thinking.mode, thinking.effort) {
            (Mode::Off, _) if off => config.plain_at("thinkingBudget", 0),
            (Mode::Off, _) => {
                drops.note("thinking-off");
                config.plain_at("thinkingBudget", least);
            }
            (Mode::Adaptive, None) => config.plain_at("thinkingBudget", -1),
            _ => {
                // Thoughts count as output: an effort leaves half of the limit to the answer.
                let half = conversation.max_tokens.filter(|_| thinking.effort.is_some());
                let room = half.map_or(most, |limit| (limit / 2).clamp(least, most));
                let budget = budget_of(thinking).map(|tokens| tokens.clamp(least, room));
                super::number(&mut config, "thinkingBudget", budget);
            }
        },
    }
    if shown {
        config.plain_at("includeThoughts", true);
    }
    config.close();
    let config = String::from_utf8(config.into_bytes()).expect("JSON is written as UTF-8");
    out.raw_at("thinkingConfig", &config);
}

fn content(out: &mut Out, turn: &Turn<'_>, target: &Target<'_>, names: &Names) {
    out.open();
    out.text_at("role", if turn.role == Role::Assistant { "model" } else { "user" });
    out.open_list_at("parts");
    let mut signed = false;
    let mut waiting: Option<&str> = None;
    for part in &turn.parts {
        match part {
            Part::Text(said) => text(out, &said.text, waiting.take()),
            Part::Media(file) => media(out, file),
            Part::Thought(thought) => waiting = thought.seal.as_ref().map(|seal| &*seal.data),
            Part::Call(call) => {
                out.open();
                out.open_at("functionCall");
                let id = call.id.as_deref().unwrap_or_default();
                out.text_at("id", &ids::call_id(Form::Gemini, id));
                out.text_at("name", &names.sent(call.namespace.as_deref(), &call.name));
                out.raw_at("args", &object_arguments(call));
                out.close();
                // Of calls made together only the first is signed; none may lack it.
                let own = call.seal.as_ref().map(|seal| &*seal.data);
                let stand_in = (target.traits.signatures && !signed).then_some(NO_SIGNATURE);
                if let Some(signature) = own.or(stand_in) {
                    out.text_at("thoughtSignature", signature);
                }
                signed = true;
                out.close();
            }
            Part::Result(tool_result) => result(out, tool_result, target, names),
        }
    }
    out.close_list();
    out.close();
}

fn result(out: &mut Out, result: &ToolResult<'_>, target: &Target<'_>, names: &Names) {
    let files = || {
        result.parts.iter().filter_map(|part| match part {
            Part::Media(file) => Some(file),
            _ => None,
        })
    };
    // Since Gemini 3 a result holds its files; before, they stand beside it.
    let inside = target.traits.signatures;
    out.open();
    out.open_at("functionResponse");
    out.text_at("id", &ids::call_id(Form::Gemini, result.id.as_deref().unwrap_or_default()));
    let name = result.name.as_deref().unwrap_or("unknown");
    out.text_at("name", &names.sent(result.namespace.as_deref(), name));
    out.open_at("response");
    out.key(if result.failed { "error" } else { "output" });
    out.texts(lines(texts(&result.parts), "\n"));
    out.close();
    if inside && files().next().is_some() {
        out.open_list_at("parts");
        files().for_each(|file| media(out, file));
        out.close_list();
    }
    out.close();
    out.close();
    if !inside {
        files().for_each(|file| media(out, file));
    }
}

fn media(out: &mut Out, media: &Media<'_>) {
    out.open();
    match &media.source {
        Source::Base64(data) => {
            out.open_at("inlineData");
            out.text_at("mimeType", mime_of(media));
            out.text_at("data", data);
        }
        Source::Url(place) | Source::File(place) | Source::Text(place) => {
            out.open_at("fileData");
            out.text_at("mimeType", mime_of(media));
            out.text_at("fileUri", place);
        }
    }
    out.close();
    out.close();
}
