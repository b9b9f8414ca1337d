//! OpenAI Responses, read; with what Codex adds: tools that travel inside `input`, namespaces,
//! tools of free text.

use super::chat::push_result;
use super::openai::{self, ChoiceSpec, FormatSpec, Piece, ToolSpec};
use super::{document, join, lead_out, said, unknown};
use crate::hub::conversation::{Call, Conversation, Part, Role, Said, Thought, ToolResult, Turn};
use crate::hub::reading::{Content, Count, Text, object};
use crate::hub::seal::{self, Maker};
use crate::hub::{Drops, Rejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

object! {
    struct Body<'a> {
        model: IgnoredAny = "model",
        input: Content<'a, Item<'a>> = "input",
        messages: Content<'a, Item<'a>> = "messages",
        instructions: Text<'a> = "instructions",
        tools: Vec<ToolSpec<'a>> = "tools",
        tool_choice: &'a RawValue = "tool_choice",
        parallel: bool = "parallel_tool_calls",
        reasoning: &'a RawValue = "reasoning",
        text: &'a RawValue = "text",
        max_output_tokens: Count = "max_output_tokens",
        max_tool_calls: IgnoredAny = "max_tool_calls",
        temperature: f64 = "temperature",
        top_p: f64 = "top_p",
        top_logprobs: Count = "top_logprobs",
        stream: bool = "stream",
        stream_options: IgnoredAny = "stream_options",
        include: Vec<Text<'a>> = "include",
        store: bool = "store",
        background: bool = "background",
        previous_response_id: Text<'a> = "previous_response_id",
        conversation: IgnoredAny = "conversation",
        prompt: IgnoredAny = "prompt",
        metadata: &'a RawValue = "metadata",
        client_metadata: IgnoredAny = "client_metadata",
        user: Text<'a> = "user",
        safety_identifier: Text<'a> = "safety_identifier",
        prompt_cache_key: Text<'a> = "prompt_cache_key",
        service_tier: Text<'a> = "service_tier",
        truncation: Text<'a> = "truncation",
    }
}

object! {
    struct Item<'a> {
        kind: Text<'a> = "type",
        role: Text<'a> = "role",
        content: Content<'a, Piece<'a>> = "content",
        id: Text<'a> = "id",
        status: IgnoredAny = "status",
        phase: IgnoredAny = "phase",
        call_id: Text<'a> = "call_id",
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
        arguments: &'a RawValue = "arguments" | "action" | "operation",
        input: Text<'a> = "input",
        output: Content<'a, Piece<'a>> = "output",
        summary: Content<'a, Piece<'a>> = "summary",
        encrypted_content: Text<'a> = "encrypted_content",
        tools: Vec<ToolSpec<'a>> = "tools",
    }
}

object! {
    struct ReasoningSpec<'a> {
        effort: Text<'a> = "effort",
        summary: Text<'a> = "summary" | "generate_summary",
    }
}

object! {
    struct TextSpec<'a> {
        format: FormatSpec<'a> = "format",
        verbosity: Text<'a> = "verbosity",
    }
}

pub(super) fn read<'a>(body: &'a str, drops: &mut Drops) -> Result<Conversation<'a>, Rejected> {
    let mut body: Body<'a> = document(body)?;
    refuse_state(&body)?;
    let mut conversation = Conversation::default();
    asked_for(&mut conversation, &mut body, drops)?;
    if let Some(text) = said(body.instructions.take()) {
        conversation.system.push(Said::plain(text));
    }
    let Conversation { tools, foreign_tools, .. } = &mut conversation;
    openai::tools(body.tools.take().unwrap_or_default(), None, tools, foreign_tools, drops);
    match body.input.take().or(body.messages.take()) {
        None => {}
        Some(Content::Text(text)) => {
            conversation.turns.push(Turn { role: Role::User, parts: vec![Part::text(text.0)] });
        }
        Some(Content::Parts(items)) => {
            for item in items {
                one(item, &mut conversation, drops)?;
            }
        }
    }
    lead_out(&mut conversation);
    Ok(conversation)
}

/// What stands at OpenAI only cannot be asked of anyone else.
fn refuse_state(body: &Body<'_>) -> Result<(), Rejected> {
    let leans = [
        ("previous_response_id", body.previous_response_id.is_some()),
        ("conversation", body.conversation.is_some()),
        ("prompt", body.prompt.is_some()),
        ("background", body.background == Some(true)),
    ];
    match leans.iter().find(|(_, there)| *there) {
        None => Ok(()),
        Some((field, _)) => Err(state(field)),
    }
}

fn state(field: &str) -> Rejected {
    Rejected {
        class: "conversation_state".to_owned(),
        message: format!(
            "`{field}` refers to something OpenAI holds, but this request goes to another \
             provider. Send the whole conversation in `input`, with `store` set to false."
        ),
    }
}

fn asked_for<'a>(
    conversation: &mut Conversation<'a>,
    body: &mut Body<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    conversation.stream = body.stream.unwrap_or(false);
    conversation.max_tokens = body.max_output_tokens.map(|count| count.0);
    conversation.sampling.temperature = body.temperature;
    conversation.sampling.top_p = body.top_p;
    conversation.sampling.top_logprobs = body.top_logprobs.map(|count| count.0);
    let include = body.include.take().unwrap_or_default();
    let includes = |what: &str| include.iter().any(|field| &**field == what);
    conversation.keep_seals = includes("reasoning.encrypted_content");
    conversation.sampling.logprobs = includes("message.output_text.logprobs");
    conversation.parallel = body.parallel;
    conversation.user = said(body.safety_identifier.take()).or(said(body.user.take()));
    conversation.cache_key = said(body.prompt_cache_key.take());
    conversation.service_tier = said(body.service_tier.take());
    if let Some(raw) = body.tool_choice {
        let spec: Content<'a, ChoiceSpec<'a>> = document(raw.get())?;
        conversation.choice = openai::choice(spec)?;
        conversation.echo.push(("tool_choice", raw.get()));
    }
    if let Some(raw) = body.reasoning {
        let spec: ReasoningSpec<'a> = document(raw.get())?;
        if let Some(word) = spec.effort {
            openai::effort(&word, &mut conversation.thinking);
        }
        conversation.thinking.shown = spec.summary.map(|summary| &*summary != "none");
        conversation.echo.push(("reasoning", raw.get()));
    }
    if let Some(raw) = body.text {
        let spec: TextSpec<'a> = document(raw.get())?;
        if let Some(format) = spec.format {
            conversation.format = openai::format(format)?;
        }
        conversation.verbosity = said(spec.verbosity);
        conversation.echo.push(("text", raw.get()));
    }
    if let Some(raw) = body.metadata {
        conversation.echo.push(("metadata", raw.get()));
    }
    if body.truncation.as_deref() == Some("auto") {
        drops.note("truncation");
    }
    if body.store == Some(true) {
        drops.note("store");
    }
    if body.max_tool_calls.is_some() {
        drops.note("max-tool-calls");
    }
    unknown(drops, &body.unknown);
    Ok(())
}

fn one<'a>(
    item: Item<'a>,
    conversation: &mut Conversation<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let turns = &mut conversation.turns;
    match item.kind.as_deref().unwrap_or("message") {
        "message" => message(item, turns, drops)?,
        "function_call" => join(
            turns,
            Role::Assistant,
            Part::Call(Call {
                id: said(item.call_id),
                name: item.name.unwrap_or_default().0,
                namespace: said(item.namespace),
                arguments: openai::arguments(item.arguments),
                freeform: false,
                seal: None,
                mark: None,
            }),
        ),
        "custom_tool_call" => join(
            turns,
            Role::Assistant,
            Part::Call(Call {
                id: said(item.call_id),
                name: item.name.unwrap_or_default().0,
                namespace: said(item.namespace),
                arguments: item.input.unwrap_or_default().0,
                freeform: true,
                seal: None,
                mark: None,
            }),
        ),
        kind @ ("function_call_output" | "custom_tool_call_output") => {
            let freeform = kind == "custom_tool_call_output";
            let result = Part::Result(ToolResult {
                id: said(item.call_id),
                name: said(item.name),
                namespace: None,
                parts: openai::parts(item.output.unwrap_or_default(), drops)?,
                failed: false,
                freeform,
                mark: None,
            });
            push_result(turns, result);
        }
        "reasoning" => {
            let text = readable(item.summary.or(item.content))?;
            let seal = said(item.encrypted_content).map(|data| seal::read(data, Maker::OpenAi));
            join(turns, Role::Assistant, Part::Thought(Thought { text, seal }));
        }
        "additional_tools" => {
            let Conversation { tools, foreign_tools, .. } = conversation;
            openai::tools(item.tools.unwrap_or_default(), None, tools, foreign_tools, drops);
        }
        "tool_search_output" => {
            // What was found can be called from here on, as the tools of `additional_tools` can.
            let found = item.tools.unwrap_or_default();
            let Conversation { tools, foreign_tools, .. } = conversation;
            openai::tools(found, None, tools, foreign_tools, drops);
            if let Some(id) = said(item.call_id) {
                let parts = vec![Part::text("The tools that were found can be called now.")];
                push_result(&mut conversation.turns, output(Some(id), parts));
            }
        }
        "item_reference" => return Err(state("item_reference")),
        kind @ ("compaction" | "compaction_summary" | "context_compaction") => {
            return Err(state(kind));
        }
        "compaction_trigger" => return Err(state("compaction_trigger")),
        // OpenAI's own name for the id of the call is `id` here.
        "local_shell_call_output" => {
            let parts = openai::parts(item.output.unwrap_or_default(), drops)?;
            push_result(turns, output(said(item.call_id).or(said(item.id)), parts));
        }
        kind if own_tool(kind) && item.call_id.is_some() => vendor_tool(item, turns, drops)?,
        kind => {
            drops.note_for("item", kind);
            let parts = openai::parts(item.content.unwrap_or_default(), drops)?;
            if !parts.is_empty() {
                turns.push(Turn { role: Role::User, parts });
            }
        }
    }
    Ok(())
}

/// Whether an item is a call of a tool with a type of its own, or its output: the client runs them
/// all the same (`local_shell`, `shell`, `apply_patch`).
fn own_tool(kind: &str) -> bool {
    kind.ends_with("_call") || kind.ends_with("_call_output")
}

/// Such a call, or its output, as that of a function with the type's name.
fn vendor_tool<'a>(
    item: Item<'a>,
    turns: &mut Vec<Turn<'a>>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let kind = item.kind.unwrap_or_default();
    if let Some(name) = kind.strip_suffix("_call") {
        let call = Part::Call(Call {
            id: said(item.call_id),
            name: Cow::Owned(name.to_owned()),
            namespace: None,
            arguments: openai::arguments(item.arguments),
            freeform: false,
            seal: None,
            mark: None,
        });
        join(turns, Role::Assistant, call);
        return Ok(());
    }
    let parts = openai::parts(item.output.unwrap_or_default(), drops)?;
    push_result(turns, output(said(item.call_id), parts));
    Ok(())
}

/// What the tool of a vendor's own type gave back.
fn output<'a>(id: Option<Cow<'a, str>>, parts: Vec<Part<'a>>) -> Part<'a> {
    Part::Result(ToolResult {
        id,
        name: None,
        namespace: None,
        parts,
        failed: false,
        freeform: false,
        mark: None,
    })
}

fn message<'a>(
    item: Item<'a>,
    turns: &mut Vec<Turn<'a>>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let parts = openai::parts(item.content.unwrap_or_default(), drops)?;
    match item.role.as_deref() {
        Some("assistant") => {
            for part in parts {
                join(turns, Role::Assistant, part);
            }
        }
        Some("user") => turns.push(Turn { role: Role::User, parts }),
        Some("system" | "developer") => turns.push(Turn { role: Role::System, parts }),
        _ => {
            return Err(Rejected::invalid(
                "input: role must be system, developer, user or assistant.",
            ));
        }
    }
    Ok(())
}

/// The readable part of a reasoning item, as one text.
fn readable<'a>(content: Option<Content<'a, Piece<'a>>>) -> Result<Cow<'a, str>, Rejected> {
    let mut texts = Vec::new();
    // Kinds of thinking nobody knows yet lose nothing that another vendor's model could use.
    let mut unheeded = Drops::default();
    for part in openai::parts(content.unwrap_or_default(), &mut unheeded)? {
        if let Part::Text(said) = part {
            texts.push(said.text);
        }
    }
    Ok(match texts.len() {
        1 => texts.remove(0),
        _ => Cow::Owned(texts.join("\n\n")),
    })
}
