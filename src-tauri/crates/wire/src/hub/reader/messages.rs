//! Anthropic Messages, read. Shapes are those of the vendor's SDK of November 2026, and of what
//! Claude Code adds to them.

use super::media::{self, kind_of};
use super::{document, said, unknown};
use crate::hub::conversation::{
    Call, Choice, Conversation, Effort, Format, Input, Mark, Media, MediaKind, Mode, Part, Role,
    Said, Source, Thought, Tool, ToolResult, Turn,
};
use crate::hub::reading::{Content, Count, Text, object};
use crate::hub::seal::{self, Maker};
use crate::hub::{Drops, Rejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How the block that Claude Code puts first for its own vendor begins. It names the client's
/// version and changes from run to run; to another vendor it would be prompt text.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

object! {
    struct Body<'a> {
        model: IgnoredAny = "model",
        messages: Vec<Message<'a>> = "messages",
        system: Content<'a, Block<'a>> = "system",
        max_tokens: Count = "max_tokens",
        stream: bool = "stream",
        temperature: f64 = "temperature",
        top_p: f64 = "top_p",
        top_k: Count = "top_k",
        stop: Vec<Text<'a>> = "stop_sequences",
        tools: Vec<ToolSpec<'a>> = "tools",
        choice: ToolChoice<'a> = "tool_choice",
        thinking: ThinkingSpec<'a> = "thinking",
        output: OutputSpec<'a> = "output_config",
        output_format: FormatSpec<'a> = "output_format",
        metadata: Metadata<'a> = "metadata",
        service_tier: Text<'a> = "service_tier",
        safeguards: IgnoredAny = "safeguards",
        context_management: IgnoredAny = "context_management",
        cache_control: CacheControl<'a> = "cache_control",
        container: IgnoredAny = "container",
        mcp_servers: Vec<IgnoredAny> = "mcp_servers",
        speed: IgnoredAny = "speed",
        betas: IgnoredAny = "betas",
    }
}

object! {
    struct Message<'a> {
        role: Text<'a> = "role",
        content: Content<'a, Block<'a>> = "content",
    }
}

object! {
    struct Block<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        source: Content<'a, SourceSpec<'a>> = "source",
        title: Text<'a> = "title",
        context: Text<'a> = "context",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        input: &'a RawValue = "input",
        tool_use_id: Text<'a> = "tool_use_id",
        tool_name: Text<'a> = "tool_name",
        content: Content<'a, Block<'a>> = "content",
        is_error: bool = "is_error",
        thinking: Text<'a> = "thinking",
        signature: Text<'a> = "signature",
        data: Text<'a> = "data",
        cache_control: CacheControl<'a> = "cache_control",
        citations: IgnoredAny = "citations",
    }
}

object! {
    struct SourceSpec<'a> {
        kind: Text<'a> = "type",
        media_type: Text<'a> = "media_type",
        data: Text<'a> = "data",
        url: Text<'a> = "url",
        file_id: Text<'a> = "file_id",
        content: Content<'a, Block<'a>> = "content",
    }
}

object! { struct CacheControl<'a> { ttl: Text<'a> = "ttl", } }
object! { struct Metadata<'a> { user_id: Text<'a> = "user_id", } }

object! {
    struct ToolSpec<'a> {
        kind: Text<'a> = "type",
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        input_schema: &'a RawValue = "input_schema",
        strict: bool = "strict",
        defer_loading: IgnoredAny = "defer_loading",
        eager_input_streaming: IgnoredAny = "eager_input_streaming",
        input_examples: IgnoredAny = "input_examples",
        allowed_callers: IgnoredAny = "allowed_callers",
        cache_control: CacheControl<'a> = "cache_control",
    }
}

object! {
    struct ToolChoice<'a> {
        kind: Text<'a> = "type",
        name: Text<'a> = "name",
        disable_parallel: bool = "disable_parallel_tool_use",
    }
}

object! {
    struct ThinkingSpec<'a> {
        kind: Text<'a> = "type",
        budget: Count = "budget_tokens",
        display: Text<'a> = "display",
    }
}

object! {
    struct OutputSpec<'a> {
        effort: Text<'a> = "effort",
        format: FormatSpec<'a> = "format",
        task_budget: IgnoredAny = "task_budget",
    }
}

object! { struct FormatSpec<'a> { schema: &'a RawValue = "schema", } }

pub(super) fn read<'a>(body: &'a str, drops: &mut Drops) -> Result<Conversation<'a>, Rejected> {
    let mut body: Body<'a> = document(body)?;
    if body.safeguards.is_some() {
        return Err(Rejected {
            class: "safeguards".to_owned(),
            message: "safeguards: Extra inputs are not permitted".to_owned(),
        });
    }
    let mut conversation = Conversation::default();
    asked_for(&mut conversation, &mut body, drops);
    tools(&mut conversation, body.tools.take().unwrap_or_default(), drops);
    choice(&mut conversation, body.choice.take())?;
    for part in parts(body.system.take().unwrap_or_default(), drops)? {
        match part {
            Part::Text(said) if said.text.starts_with(BILLING_HEADER) => {
                drops.note("billing-header");
            }
            Part::Text(said) => conversation.system.push(said),
            _ => return Err(Rejected::invalid("system: only text blocks are allowed.")),
        }
    }
    let messages = body.messages.take().unwrap_or_default();
    for message in messages {
        message.unknown.iter().for_each(|field| drops.note_for("message-field", field));
        let role = match message.role.as_deref() {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("system") => Role::System,
            _ => {
                return Err(Rejected::invalid(
                    "messages: role must be `user`, `assistant` or `system`.",
                ));
            }
        };
        let parts = parts(message.content.unwrap_or_default(), drops)?;
        conversation.turns.push(Turn { role, parts });
    }
    Ok(conversation)
}

/// How the answer shall be made.
fn asked_for<'a>(conversation: &mut Conversation<'a>, body: &mut Body<'a>, drops: &mut Drops) {
    conversation.max_tokens = body.max_tokens.map(|count| count.0);
    conversation.stream = body.stream.unwrap_or(false);
    conversation.sampling.temperature = body.temperature;
    conversation.sampling.top_p = body.top_p;
    conversation.sampling.top_k = body.top_k.map(|count| count.0);
    conversation.stop = body.stop.take().unwrap_or_default().into_iter().map(|t| t.0).collect();
    conversation.keep_seals = true;
    conversation.user = said(body.metadata.take().and_then(|metadata| metadata.user_id));
    conversation.service_tier = said(body.service_tier.take());
    if let Some(thinking) = body.thinking.take() {
        conversation.thinking.mode = match thinking.kind.as_deref() {
            Some("disabled") => Mode::Off,
            Some("enabled") => Mode::Budget(thinking.budget.map_or(0, |count| count.0)),
            _ => Mode::Adaptive,
        };
        conversation.thinking.shown = thinking.display.map(|display| &*display != "omitted");
    }
    let output = body.output.take().unwrap_or_default();
    conversation.thinking.effort = output.effort.as_deref().and_then(effort);
    let format = output.format.or(body.output_format.take()).and_then(|format| format.schema);
    if let Some(schema) = format {
        let schema = Cow::Borrowed(schema.get());
        conversation.format =
            Format::Schema { name: None, description: None, schema, strict: None };
    }
    let left_out = [
        ("context-management", body.context_management.is_some()),
        ("task-budget", output.task_budget.is_some()),
        ("container", body.container.is_some()),
        ("speed", body.speed.is_some()),
        ("cache-control", body.cache_control.is_some()),
    ];
    for (rule, _) in left_out.iter().filter(|(_, there)| *there) {
        drops.note(rule);
    }
    if body.mcp_servers.as_ref().is_some_and(|servers| !servers.is_empty()) {
        drops.note_for("server-tool", "mcp");
    }
    unknown(drops, &body.unknown);
}

fn effort(word: &str) -> Option<Effort> {
    Some(match word {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return None,
    })
}

fn mark(control: Option<&CacheControl<'_>>) -> Option<Mark> {
    let hour = control?.ttl.as_deref() == Some("1h");
    Some(if hour { Mark::Hour } else { Mark::Short })
}

fn tools<'a>(conversation: &mut Conversation<'a>, tools: Vec<ToolSpec<'a>>, drops: &mut Drops) {
    for tool in tools {
        let Some(name) = said(tool.name) else { continue };
        let kind = tool.kind.as_deref().unwrap_or("custom");
        if kind != "custom" && tool.input_schema.is_none() {
            // The vendor runs it, or its model knows its arguments by heart.
            drops.note_for("server-tool", &name);
            conversation.foreign_tools.push(name);
            continue;
        }
        let fields = [
            ("defer_loading", tool.defer_loading.is_some()),
            ("eager_input_streaming", tool.eager_input_streaming.is_some()),
            ("input_examples", tool.input_examples.is_some()),
            ("allowed_callers", tool.allowed_callers.is_some()),
            // Each vendor has rules of its own for what may be strict.
            ("strict", tool.strict.is_some()),
        ];
        for (field, _) in fields.iter().filter(|(_, there)| *there) {
            drops.note_for("tool-field", field);
        }
        conversation.tools.push(Tool {
            name,
            namespace: None,
            description: said(tool.description),
            input: match tool.input_schema {
                Some(schema) => Input::Schema(Cow::Borrowed(schema.get())),
                None => Input::Nothing,
            },
            strict: None,
            mark: mark(tool.cache_control.as_ref()),
        });
    }
}

fn choice<'a>(
    conversation: &mut Conversation<'a>,
    choice: Option<ToolChoice<'a>>,
) -> Result<(), Rejected> {
    let Some(choice) = choice else { return Ok(()) };
    conversation.parallel = choice.disable_parallel.map(|disabled| !disabled);
    conversation.choice = match (choice.kind.as_deref(), choice.name) {
        (Some("auto"), _) => Choice::Auto,
        (Some("any"), _) => Choice::Any,
        (Some("none"), _) => Choice::Nothing,
        (Some("tool"), Some(name)) => Choice::Tool(name.0),
        _ => {
            return Err(Rejected::invalid(
                "tool_choice: type must be `auto`, `any`, `none`, or `tool` with a name.",
            ));
        }
    };
    Ok(())
}

fn parts<'a>(
    content: Content<'a, Block<'a>>,
    drops: &mut Drops,
) -> Result<Vec<Part<'a>>, Rejected> {
    match content {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Part::text(text.0)]),
        Content::Parts(blocks) => {
            let mut parts = Vec::with_capacity(blocks.len());
            for block in blocks {
                one(block, &mut parts, drops)?;
            }
            Ok(parts)
        }
    }
}

fn one<'a>(block: Block<'a>, parts: &mut Vec<Part<'a>>, drops: &mut Drops) -> Result<(), Rejected> {
    if block.citations.is_some() {
        drops.note("citations");
    }
    let mark = mark(block.cache_control.as_ref());
    match block.kind.as_deref().unwrap_or("text") {
        "image" => parts.push(Part::Media(file(block, MediaKind::Image, mark)?)),
        "document" => document_block(block, mark, parts, drops)?,
        "tool_use" => parts.push(Part::Call(Call {
            id: block.id.map(|id| id.0),
            name: block.name.unwrap_or_default().0,
            namespace: None,
            arguments: Cow::Borrowed(block.input.map_or("{}", RawValue::get)),
            freeform: false,
            seal: None,
            mark,
        })),
        "tool_result" => {
            let result = ToolResult {
                id: block.tool_use_id.map(|id| id.0),
                name: None,
                namespace: None,
                parts: self::parts(block.content.unwrap_or_default(), drops)?,
                failed: block.is_error.unwrap_or(false),
                freeform: false,
                mark,
            };
            parts.push(Part::Result(result));
        }
        "thinking" => parts.push(Part::Thought(Thought {
            text: block.thinking.unwrap_or_default().0,
            seal: said(block.signature).map(|data| seal::read(data, Maker::Anthropic)),
        })),
        "redacted_thinking" => parts.push(Part::Thought(Thought {
            text: Cow::Borrowed(""),
            seal: said(block.data).map(|data| seal::read(data, Maker::AnthropicRedacted)),
        })),
        // Found by a tool search: the tools are in the list, and all of them are shown.
        "tool_reference" => {
            if let Some(name) = said(block.tool_name) {
                parts.push(Part::text(format!("The tool {name} can be called now.")));
            }
        }
        "search_result" => {
            parts.extend(said(block.title).map(Part::text));
            if let Some(Content::Text(place)) = block.source {
                parts.push(Part::text(place.0));
            }
            parts.extend(self::parts(block.content.unwrap_or_default(), drops)?);
        }
        "compaction" => parts.extend(self::parts(block.content.unwrap_or_default(), drops)?),
        kind => {
            if kind != "text" {
                drops.note_for("block", kind);
            }
            if let Some(text) = said(block.text) {
                parts.push(Part::Text(Said { text, mark }));
            }
        }
    }
    Ok(())
}

fn document_block<'a>(
    mut block: Block<'a>,
    mark: Option<Mark>,
    parts: &mut Vec<Part<'a>>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    if let Some(context) = said(block.context.take()) {
        parts.push(Part::text(context));
    }
    let blocks = match &mut block.source {
        Some(Content::Parts(one)) => one.first_mut().and_then(|source| source.content.take()),
        _ => None,
    };
    match blocks {
        Some(content) => {
            parts.extend(said(block.title).map(Part::text));
            parts.extend(self::parts(content, drops)?);
        }
        None => parts.push(Part::Media(file(block, MediaKind::Document, mark)?)),
    }
    Ok(())
}

fn file<'a>(block: Block<'a>, kind: MediaKind, mark: Option<Mark>) -> Result<Media<'a>, Rejected> {
    let source = match block.source {
        Some(Content::Parts(mut one)) => one.pop().unwrap_or_default(),
        Some(Content::Text(url)) => SourceSpec { url: Some(url), ..SourceSpec::default() },
        None => SourceSpec::default(),
    };
    let mime = said(source.media_type);
    let place = match (source.kind.as_deref(), source.data, source.url, source.file_id) {
        (Some("text"), Some(data), _, _) => Source::Text(data.0),
        (_, Some(data), _, _) => Source::Base64(data.0),
        (_, _, Some(url), _) => Source::Url(url.0),
        (_, _, _, Some(id)) => Source::File(id.0),
        _ => return Err(Rejected::invalid("source: one of data, url or file_id is required.")),
    };
    let kind = match (&place, &mime) {
        (Source::Base64(_), Some(mime)) => kind_of(mime),
        _ => kind,
    };
    Ok(Media { mime, name: said(block.title), mark, ..media::file(kind, place) })
}
