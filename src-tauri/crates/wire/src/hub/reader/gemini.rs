//! Gemini `generateContent`, read. Google's servers take camel case and snake case alike.

use super::media::{self, kind_of};
use super::{document, said, schema, unknown};
use crate::hub::conversation::{
    Call, Choice, Conversation, Effort, Format, Input, Media, MediaKind, Mode, Part, Role, Source,
    Thought, Tool, ToolResult, Turn,
};
use crate::hub::reading::{Content, Count, Text, object};
use crate::hub::seal::{self, Maker};
use crate::hub::{Drops, Rejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What Google documents for histories of other models: not a seal.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

object! {
    struct Body<'a> {
        model: IgnoredAny = "model",
        contents: Content<'a, ContentSpec<'a>> = "contents",
        system: Content<'a, ContentSpec<'a>> = "systemInstruction" | "system_instruction",
        tools: Vec<ToolSpec<'a>> = "tools",
        tool_config: ToolConfig<'a> = "toolConfig" | "tool_config",
        generation: Generation<'a> = "generationConfig" | "generation_config",
        safety: IgnoredAny = "safetySettings" | "safety_settings",
        cached: Text<'a> = "cachedContent" | "cached_content",
        labels: IgnoredAny = "labels",
    }
}

object! { struct ContentSpec<'a> {
    role: Text<'a> = "role",
    parts: Content<'a, PartSpec<'a>> = "parts",
    text: Text<'a> = "text",
} }

object! {
    struct PartSpec<'a> {
        text: Text<'a> = "text",
        thought: bool = "thought",
        signature: Text<'a> = "thoughtSignature" | "thought_signature",
        inline: Blob<'a> = "inlineData" | "inline_data",
        file: Blob<'a> = "fileData" | "file_data",
        call: CallSpec<'a> = "functionCall" | "function_call",
        response: ResponseSpec<'a> = "functionResponse" | "function_response",
        code: CodeSpec<'a> = "executableCode" | "executable_code",
        code_result: CodeSpec<'a> = "codeExecutionResult" | "code_execution_result",
        video: IgnoredAny = "videoMetadata" | "video_metadata",
        resolution: IgnoredAny = "mediaResolution" | "media_resolution",
    }
}

object! {
    struct Blob<'a> {
        mime: Text<'a> = "mimeType" | "mime_type",
        data: Text<'a> = "data",
        uri: Text<'a> = "fileUri" | "file_uri",
        name: Text<'a> = "displayName" | "display_name",
    }
}

object! { struct CallSpec<'a> {
    id: Text<'a> = "id",
    name: Text<'a> = "name",
    args: &'a RawValue = "args",
} }

object! {
    struct ResponseSpec<'a> {
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        response: &'a RawValue = "response",
        parts: Vec<PartSpec<'a>> = "parts",
        will_continue: IgnoredAny = "willContinue" | "will_continue",
        scheduling: IgnoredAny = "scheduling",
    }
}

object! { struct CodeSpec<'a> { code: Text<'a> = "code" | "output", } }

object! {
    struct GivenBack<'a> {
        output: &'a RawValue = "output" | "result" | "content",
        error: &'a RawValue = "error",
    }
}

object! {
    struct ToolSpec<'a> {
        functions: Vec<FunctionSpec<'a>> = "functionDeclarations" | "function_declarations",
    }
}

object! {
    struct FunctionSpec<'a> {
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        parameters: &'a RawValue = "parameters",
        json_schema: &'a RawValue = "parametersJsonSchema" | "parameters_json_schema",
        response: IgnoredAny = "response",
        behavior: IgnoredAny = "behavior",
    }
}

object! { struct ToolConfig<'a> {
    calling: Calling<'a> = "functionCallingConfig" | "function_calling_config",
    retrieval: IgnoredAny = "retrievalConfig" | "retrieval_config",
} }

object! { struct Calling<'a> {
    mode: Text<'a> = "mode",
    names: Vec<Text<'a>> = "allowedFunctionNames" | "allowed_function_names",
} }

object! {
    struct Generation<'a> {
        temperature: f64 = "temperature",
        top_p: f64 = "topP" | "top_p",
        top_k: f64 = "topK" | "top_k",
        candidates: Count = "candidateCount" | "candidate_count",
        max_tokens: Count = "maxOutputTokens" | "max_output_tokens",
        stop: Vec<Text<'a>> = "stopSequences" | "stop_sequences",
        presence: f64 = "presencePenalty" | "presence_penalty",
        frequency: f64 = "frequencyPenalty" | "frequency_penalty",
        seed: i64 = "seed",
        mime: Text<'a> = "responseMimeType" | "response_mime_type",
        schema: &'a RawValue = "responseSchema" | "response_schema",
        json_schema: &'a RawValue = "responseJsonSchema" | "response_json_schema"
            | "_responseJsonSchema",
        logprobs_wanted: bool = "responseLogprobs" | "response_logprobs",
        logprobs: Count = "logprobs",
        thinking: ThinkingSpec<'a> = "thinkingConfig" | "thinking_config",
        modalities: Vec<Text<'a>> = "responseModalities" | "response_modalities",
        resolution: IgnoredAny = "mediaResolution" | "media_resolution",
    }
}

object! {
    struct ThinkingSpec<'a> {
        level: Text<'a> = "thinkingLevel" | "thinking_level",
        budget: i64 = "thinkingBudget" | "thinking_budget",
        shown: bool = "includeThoughts" | "include_thoughts",
    }
}

pub(super) fn read<'a>(body: &'a str, drops: &mut Drops) -> Result<Conversation<'a>, Rejected> {
    let mut body: Body<'a> = document(body)?;
    if body.cached.as_deref().is_some_and(|name| !name.is_empty()) {
        return Err(Rejected {
            class: "cached_content".to_owned(),
            message: "`cachedContent` is held by Google, but this request goes to another \
                      provider. Send its contents with the request."
                .to_owned(),
        });
    }
    let mut conversation = Conversation { keep_seals: true, ..Conversation::default() };
    let generation = body.generation.take().unwrap_or_default();
    asked_for(&mut conversation, generation, drops)?;
    tools(&mut conversation, &mut body, drops)?;
    for content in contents(body.system.take()) {
        for part in turn(content, drops)?.parts {
            if let Part::Text(said) = part {
                conversation.system.push(said);
            }
        }
    }
    for content in contents(body.contents.take()) {
        let turn = turn(content, drops)?;
        conversation.turns.push(turn);
    }
    if body.labels.is_some() {
        drops.note("labels");
    }
    if body.safety.is_some() {
        drops.note("safety-settings");
    }
    unknown(drops, &body.unknown);
    Ok(conversation)
}

fn contents<'a>(content: Option<Content<'a, ContentSpec<'a>>>) -> Vec<ContentSpec<'a>> {
    match content {
        None => Vec::new(),
        Some(Content::Text(text)) => {
            vec![ContentSpec { text: Some(text), ..ContentSpec::default() }]
        }
        Some(Content::Parts(contents)) => contents,
    }
}

fn asked_for<'a>(
    conversation: &mut Conversation<'a>,
    generation: Generation<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let other = |word: &Text<'_>| !word.eq_ignore_ascii_case("text");
    if generation.modalities.as_ref().is_some_and(|list| list.iter().any(other)) {
        return Err(Rejected {
            class: "modalities".to_owned(),
            message: "This model answers in text only. Ask for the modality TEXT, or name a \
                      model that makes images or speaks."
                .to_owned(),
        });
    }
    let sampling = &mut conversation.sampling;
    sampling.temperature = generation.temperature;
    sampling.top_p = generation.top_p;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let top_k = generation.top_k.map(|k| k as u64);
    sampling.top_k = top_k;
    sampling.presence_penalty = generation.presence;
    sampling.frequency_penalty = generation.frequency;
    sampling.seed = generation.seed;
    sampling.logprobs = generation.logprobs_wanted.unwrap_or(false);
    sampling.top_logprobs = generation.logprobs.map(|count| count.0);
    conversation.max_tokens = generation.max_tokens.map(|count| count.0);
    conversation.choices = generation.candidates.map(|count| count.0).filter(|n| *n > 1);
    conversation.stop =
        generation.stop.unwrap_or_default().into_iter().map(|text| text.0).collect();
    let thinking = generation.thinking.unwrap_or_default();
    conversation.thinking.shown = thinking.shown;
    conversation.thinking.mode = match thinking.budget {
        None => Mode::Unsaid,
        Some(0) => Mode::Off,
        Some(tokens) => u64::try_from(tokens).map_or(Mode::Adaptive, Mode::Budget),
    };
    conversation.thinking.effort = thinking.level.as_deref().and_then(effort);
    let schema = match (generation.json_schema, generation.schema) {
        (Some(schema), _) => Some(Cow::Borrowed(schema.get())),
        (None, Some(schema)) => Some(schema::from_openapi(schema.get())),
        (None, None) => None,
    };
    conversation.format = match (schema, generation.mime.as_deref()) {
        (Some(schema), _) => Format::Schema { name: None, description: None, schema, strict: None },
        (None, Some("application/json")) => Format::Json,
        _ => Format::Free,
    };
    if generation.resolution.is_some() {
        drops.note("media-resolution");
    }
    for field in &generation.unknown {
        drops.note_for("unknown", field);
    }
    Ok(())
}

fn effort(level: &str) -> Option<Effort> {
    Some(match level.to_ascii_uppercase().as_str() {
        "MINIMAL" => Effort::Minimal,
        "LOW" => Effort::Low,
        "MEDIUM" => Effort::Medium,
        "HIGH" => Effort::High,
        "XHIGH" => Effort::Xhigh,
        _ => return None,
    })
}

fn tools<'a>(
    conversation: &mut Conversation<'a>,
    body: &mut Body<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    for spec in body.tools.take().unwrap_or_default() {
        for other in spec.unknown {
            drops.note_for("server-tool", &other);
            conversation.foreign_tools.push(other.0);
        }
        for function in spec.functions.unwrap_or_default() {
            conversation.tools.push(Tool {
                name: function.name.unwrap_or_default().0,
                namespace: None,
                description: said(function.description),
                input: match (function.json_schema, function.parameters) {
                    (Some(schema), _) => Input::Schema(Cow::Borrowed(schema.get())),
                    (None, Some(schema)) => Input::Schema(schema::from_openapi(schema.get())),
                    (None, None) => Input::Nothing,
                },
                strict: None,
                mark: None,
            });
        }
    }
    let Some(calling) = body.tool_config.take().and_then(|config| config.calling) else {
        return Ok(());
    };
    let mut names: Vec<Cow<'a, str>> =
        calling.names.unwrap_or_default().into_iter().map(|name| name.0).collect();
    let mode = calling.mode.map(|mode| mode.to_ascii_uppercase());
    conversation.choice = match (mode.as_deref(), names.len()) {
        (Some("ANY"), 1) => Choice::Tool(names.remove(0)),
        (Some("ANY"), 0) => Choice::Any,
        (Some("ANY"), _) => Choice::Among { names, must: true },
        (Some("NONE"), _) => Choice::Nothing,
        (Some("VALIDATED"), 1..) => Choice::Among { names, must: false },
        (None | Some("AUTO" | "VALIDATED" | "MODE_UNSPECIFIED"), _) => Choice::Auto,
        _ => return Err(Rejected::invalid("functionCallingConfig: this mode is not known.")),
    };
    Ok(())
}

fn turn<'a>(content: ContentSpec<'a>, drops: &mut Drops) -> Result<Turn<'a>, Rejected> {
    let role = match content.role.as_deref() {
        None | Some("user" | "function" | "tool" | "system" | "") => Role::User,
        Some("model" | "assistant") => Role::Assistant,
        Some(_) => return Err(Rejected::invalid("contents: role must be `user` or `model`.")),
    };
    let mut parts: Vec<Part<'a>> = said(content.text).map(Part::text).into_iter().collect();
    match content.parts.unwrap_or_default() {
        Content::Text(text) => parts.extend(said(Some(text)).map(Part::text)),
        Content::Parts(specs) => {
            for spec in specs {
                one(spec, &mut parts, drops)?;
            }
        }
    }
    Ok(Turn { role, parts })
}

fn one<'a>(
    spec: PartSpec<'a>,
    parts: &mut Vec<Part<'a>>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    unknown(drops, &spec.unknown);
    if spec.resolution.is_some() {
        drops.note("media-resolution");
    }
    let sealed = said(spec.signature).filter(|data| data != NO_SIGNATURE);
    let mut seal = sealed.map(|data| seal::read(data, Maker::Gemini));
    if let Some(call) = spec.call {
        // Of another model's seals only Gemini's own hang on a call.
        if let Some(foreign) = seal.take_if(|seal| seal.by != Maker::Gemini) {
            parts.push(Part::Thought(Thought { text: Cow::Borrowed(""), seal: Some(foreign) }));
        }
        parts.push(Part::Call(Call {
            id: said(call.id),
            name: call.name.unwrap_or_default().0,
            namespace: None,
            arguments: Cow::Borrowed(call.args.map_or("{}", RawValue::get)),
            freeform: false,
            seal,
            mark: None,
        }));
    } else if let Some(response) = spec.response {
        parts.push(Part::Result(result(response, drops)?));
    } else if let Some(blob) = spec.inline.or(spec.file) {
        parts.push(Part::Media(file(blob)?));
    } else if spec.thought == Some(true) {
        let text = spec.text.unwrap_or_default().0;
        parts.push(Part::Thought(Thought { text, seal }));
    } else {
        if seal.is_some() {
            parts.push(Part::Thought(Thought { text: Cow::Borrowed(""), seal }));
        }
        if spec.code.is_some() || spec.code_result.is_some() {
            drops.note_for("server-tool", "codeExecution");
        }
        let code = spec.code.or(spec.code_result).and_then(|code| code.code);
        parts.extend(said(spec.text.or(code)).map(Part::text));
    }
    Ok(())
}

fn file<'a>(blob: Blob<'a>) -> Result<Media<'a>, Rejected> {
    let by_name = || blob.uri.as_deref().and_then(media::mime_by_name).map(Cow::Borrowed);
    let mime = said(blob.mime).or_else(by_name);
    let watched = blob.uri.as_deref().is_some_and(video_page);
    let place = match (blob.data, blob.uri) {
        (Some(data), _) => Source::Base64(data.0),
        // Google's own file service; everything else is an address anyone may read.
        (_, Some(uri)) if uri.contains("generativelanguage.googleapis.com") => Source::File(uri.0),
        (_, Some(uri)) if uri.starts_with("gs://") || uri.starts_with("files/") => {
            Source::File(uri.0)
        }
        (_, Some(uri)) => Source::Url(uri.0),
        _ => return Err(Rejected::invalid("inlineData: data is required.")),
    };
    let kind = match &mime {
        None if watched => MediaKind::Video,
        mime => kind_of(mime.as_deref().unwrap_or_default()),
    };
    Ok(Media { mime, name: said(blob.name), ..media::file(kind, place) })
}

/// Google watches what stands at these addresses, whatever type is named or not.
fn video_page(uri: &str) -> bool {
    ["https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/"]
        .iter()
        .any(|start| uri.starts_with(start))
}

fn result<'a>(spec: ResponseSpec<'a>, drops: &mut Drops) -> Result<ToolResult<'a>, Rejected> {
    let mut parts = Vec::new();
    let mut failed = false;
    if let Some(raw) = spec.response {
        let given: GivenBack<'a> = document(raw.get())?;
        let one = match (given.output, given.error) {
            (Some(output), None) => Some((output, false)),
            (None, Some(error)) => Some((error, true)),
            _ => None,
        };
        // A lone text is that text; anything more is told as the JSON it is.
        let text = one.filter(|_| given.unknown.is_empty()).map(|(value, error)| {
            failed = error;
            match serde_json::from_str::<Text<'a>>(value.get()) {
                Ok(text) => text.0,
                Err(_) => Cow::Borrowed(value.get()),
            }
        });
        parts.push(Part::text(text.unwrap_or(Cow::Borrowed(raw.get()))));
    }
    for part in spec.parts.unwrap_or_default() {
        one(part, &mut parts, drops)?;
    }
    Ok(ToolResult {
        id: said(spec.id),
        name: said(spec.name),
        namespace: None,
        parts,
        failed,
        freeform: false,
        mark: None,
    })
}
