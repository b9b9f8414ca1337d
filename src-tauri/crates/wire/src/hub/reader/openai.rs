//! What Chat and Responses share: content parts, tools, tool choice. Both spellings of each are
//! read on both paths, and Anthropic's blocks too, because Cursor sends them on the Chat path.

use super::media::{at_url, file};
use super::{said, unknown};
use crate::hub::conversation::{
    Call, Choice, Effort, Format, Input, Mark, Media, MediaKind, Mode, Part, Said, Source,
    Thinking, Tool, ToolResult,
};
use crate::hub::reading::{Content, Text, object};
use crate::hub::{Drops, Rejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

object! {
    pub(super) struct Piece<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        refusal: Text<'a> = "refusal",
        stdout: Text<'a> = "stdout",
        stderr: Text<'a> = "stderr",
        image_url: Content<'a, UrlSpec<'a>> = "image_url",
        detail: Text<'a> = "detail",
        input_audio: AudioSpec<'a> = "input_audio",
        file: FileSpec<'a> = "file",
        file_data: Text<'a> = "file_data",
        file_url: Text<'a> = "file_url",
        file_id: Text<'a> = "file_id",
        filename: Text<'a> = "filename",
        source: SourceSpec<'a> = "source",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        input: &'a RawValue = "input",
        tool_use_id: Text<'a> = "tool_use_id",
        content: Content<'a, Piece<'a>> = "content",
        is_error: bool = "is_error",
        cache_control: IgnoredAny = "cache_control",
        breakpoint: IgnoredAny = "prompt_cache_breakpoint",
    }
}

object! { pub(super) struct UrlSpec<'a> { url: Text<'a> = "url", detail: Text<'a> = "detail", } }
object! { pub(super) struct AudioSpec<'a> { data: Text<'a> = "data", format: Text<'a> = "format", } }

object! {
    pub(super) struct FileSpec<'a> {
        file_data: Text<'a> = "file_data",
        file_id: Text<'a> = "file_id",
        filename: Text<'a> = "filename",
    }
}

object! {
    pub(super) struct SourceSpec<'a> {
        media_type: Text<'a> = "media_type",
        data: Text<'a> = "data",
        url: Text<'a> = "url",
    }
}

/// The parts of a message or of a tool's output.
pub(super) fn parts<'a>(
    content: Content<'a, Piece<'a>>,
    drops: &mut Drops,
) -> Result<Vec<Part<'a>>, Rejected> {
    match content {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Part::text(text.0)]),
        Content::Parts(pieces) => {
            let mut parts = Vec::with_capacity(pieces.len());
            for piece in pieces {
                one(piece, &mut parts, drops)?;
            }
            Ok(parts)
        }
    }
}

fn one<'a>(piece: Piece<'a>, parts: &mut Vec<Part<'a>>, drops: &mut Drops) -> Result<(), Rejected> {
    let marked = piece.cache_control.is_some() || piece.breakpoint.is_some();
    let mark = marked.then_some(Mark::Short);
    match piece.kind.as_deref().unwrap_or("text") {
        "image_url" | "input_image" => parts.push(Part::Media(image(piece, mark)?)),
        "image" => {
            let source = piece.source.unwrap_or_default();
            let place = match (source.data, source.url) {
                (Some(data), _) => Source::Base64(data.0),
                (_, Some(url)) => Source::Url(url.0),
                _ => return Err(Rejected::invalid("image: data or url is required.")),
            };
            let mime = said(source.media_type);
            parts.push(Part::Media(Media { mime, mark, ..file(MediaKind::Image, place) }));
        }
        "input_audio" => {
            let audio = piece.input_audio.unwrap_or_default();
            let data =
                audio.data.ok_or_else(|| Rejected::invalid("input_audio: data is required."))?;
            let mime = audio.format.map(|format| Cow::Owned(format!("audio/{}", &*format)));
            let media = file(MediaKind::Audio, Source::Base64(data.0));
            parts.push(Part::Media(Media { mime, mark, ..media }));
        }
        "file" | "input_file" => parts.push(Part::Media(document(piece, mark)?)),
        "tool_use" => parts.push(Part::Call(Call {
            id: piece.id.map(|id| id.0),
            name: piece.name.unwrap_or_default().0,
            namespace: None,
            arguments: Cow::Borrowed(piece.input.map_or("{}", RawValue::get)),
            freeform: false,
            seal: None,
            mark,
        })),
        "tool_result" => parts.push(Part::Result(ToolResult {
            id: piece.tool_use_id.map(|id| id.0),
            name: None,
            namespace: None,
            parts: self::parts(piece.content.unwrap_or_default(), drops)?,
            failed: piece.is_error.unwrap_or(false),
            freeform: false,
            mark,
        })),
        kind => {
            let text = said(piece.text).or(said(piece.refusal));
            let known = ["text", "input_text", "output_text", "summary_text", "refusal"];
            if !known.contains(&kind) {
                drops.note_for("block", kind);
            }
            if let Some(text) = text {
                parts.push(Part::Text(Said { text, mark }));
            }
            // A shell's output has its two streams in place of a text.
            parts.extend(said(piece.stdout).map(Part::text));
            parts.extend(said(piece.stderr).map(Part::text));
        }
    }
    Ok(())
}

fn image<'a>(piece: Piece<'a>, mark: Option<Mark>) -> Result<Media<'a>, Rejected> {
    let mut detail = said(piece.detail);
    let url = match piece.image_url {
        Some(Content::Text(url)) => Some(url),
        Some(Content::Parts(mut one)) => one.pop().and_then(|one| {
            detail = detail.take().or(said(one.detail));
            one.url
        }),
        None => None,
    };
    let media = match (url, piece.file_id) {
        (Some(url), _) => at_url(MediaKind::Image, url.0),
        (_, Some(id)) => file(MediaKind::Image, Source::File(id.0)),
        _ => return Err(Rejected::invalid("image_url: a URL is required.")),
    };
    Ok(Media { detail, mark, ..media })
}

fn document<'a>(piece: Piece<'a>, mark: Option<Mark>) -> Result<Media<'a>, Rejected> {
    let inner = piece.file.unwrap_or_default();
    let name = said(inner.filename.or(piece.filename));
    let data = inner.file_data.or(piece.file_data);
    let media = match (data, piece.file_url, inner.file_id.or(piece.file_id)) {
        (Some(data), _, _) if data.starts_with("data:") => at_url(MediaKind::Document, data.0),
        (Some(data), _, _) => file(MediaKind::Document, Source::Base64(data.0)),
        (_, Some(url), _) => file(MediaKind::Document, Source::Url(url.0)),
        (_, _, Some(id)) => file(MediaKind::Document, Source::File(id.0)),
        _ => return Err(Rejected::invalid("file: file_data or file_id is required.")),
    };
    Ok(Media { name, mark, ..media })
}

object! {
    pub(super) struct ToolSpec<'a> {
        kind: Text<'a> = "type",
        function: FunctionSpec<'a> = "function",
        custom: FunctionSpec<'a> = "custom",
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        parameters: &'a RawValue = "parameters" | "input_schema",
        format: &'a RawValue = "format",
        strict: bool = "strict",
        tools: Vec<ToolSpec<'a>> = "tools",
        defer_loading: IgnoredAny = "defer_loading",
        cache_control: IgnoredAny = "cache_control",
        output_schema: IgnoredAny = "output_schema",
    }
}

object! {
    pub(super) struct FunctionSpec<'a> {
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        parameters: &'a RawValue = "parameters" | "input_schema",
        format: &'a RawValue = "format",
        strict: bool = "strict",
    }
}

/// The tools a list names; those only OpenAI can run go to `foreign`.
pub(super) fn tools<'a>(
    specs: Vec<ToolSpec<'a>>,
    namespace: Option<&Cow<'a, str>>,
    tools: &mut Vec<Tool<'a>>,
    foreign: &mut Vec<Cow<'a, str>>,
    drops: &mut Drops,
) {
    for mut spec in specs {
        if spec.defer_loading.is_some() {
            drops.note_for("tool-field", "defer_loading");
        }
        let kind = spec.kind.take().unwrap_or(Text(Cow::Borrowed("function"))).0;
        let nested = spec.function.take().or(spec.custom.take());
        let inner = nested.unwrap_or_else(|| FunctionSpec {
            name: spec.name.take(),
            description: spec.description.take(),
            parameters: spec.parameters,
            format: spec.format,
            strict: spec.strict,
            unknown: Vec::new(),
        });
        let mark = spec.cache_control.map(|_| Mark::Short);
        match (&*kind, said(inner.name)) {
            ("namespace", Some(name)) => {
                if tools_nested_too_deep(namespace) {
                    continue;
                }
                if said(inner.description).is_some() {
                    drops.note("namespace-description");
                }
                let within = spec.tools.unwrap_or_default();
                self::tools(within, Some(&name), tools, foreign, drops);
            }
            ("function" | "custom", Some(name)) => {
                unknown(drops, &spec.unknown);
                tools.push(Tool {
                    name,
                    namespace: namespace.cloned(),
                    description: said(inner.description),
                    input: match (&*kind, inner.parameters) {
                        ("custom", _) if inner.parameters.is_none() => {
                            Input::Free(inner.format.map(RawValue::get))
                        }
                        (_, Some(schema)) => Input::Schema(Cow::Borrowed(schema.get())),
                        _ => Input::Nothing,
                    },
                    strict: inner.strict,
                    mark,
                });
            }
            _ => {
                drops.note_for("server-tool", &kind);
                foreign.push(kind);
            }
        }
    }
}

/// A namespace stands in no other.
fn tools_nested_too_deep(namespace: Option<&Cow<'_, str>>) -> bool {
    namespace.is_some()
}

object! {
    pub(super) struct ChoiceSpec<'a> {
        kind: Text<'a> = "type",
        name: Text<'a> = "name",
        function: NameSpec<'a> = "function",
        custom: NameSpec<'a> = "custom",
        allowed: AllowedSpec<'a> = "allowed_tools",
        mode: Text<'a> = "mode",
        tools: Vec<ChoiceSpec<'a>> = "tools",
        disable_parallel: bool = "disable_parallel_tool_use",
    }
}

object! { pub(super) struct NameSpec<'a> { name: Text<'a> = "name", } }

object! {
    pub(super) struct AllowedSpec<'a> {
        mode: Text<'a> = "mode",
        tools: Vec<ChoiceSpec<'a>> = "tools",
    }
}

impl<'a> ChoiceSpec<'a> {
    fn tool(self) -> Option<Cow<'a, str>> {
        let inner = self.function.or(self.custom).and_then(|inner| inner.name);
        said(self.name.or(inner)).or(said(self.kind))
    }
}

/// The tool choice, whichever of its many spellings.
pub(super) fn choice<'a>(spec: Content<'a, ChoiceSpec<'a>>) -> Result<Choice<'a>, Rejected> {
    let word = |word: &str| match word {
        "auto" => Some(Choice::Auto),
        "none" => Some(Choice::Nothing),
        "required" | "any" => Some(Choice::Any),
        _ => None,
    };
    let wrong = || Rejected::invalid("tool_choice: this value is not known.");
    let mut spec = match spec {
        Content::Text(text) => return word(&text).ok_or_else(wrong),
        Content::Parts(mut one) => one.pop().ok_or_else(wrong)?,
    };
    let kind = spec.kind.as_deref().unwrap_or("function");
    if let Some(choice) = word(kind) {
        return Ok(choice);
    }
    if kind == "allowed_tools" {
        let allowed = spec.allowed.take().unwrap_or(AllowedSpec {
            mode: spec.mode,
            tools: spec.tools,
            unknown: Vec::new(),
        });
        let must = allowed.mode.as_deref() == Some("required");
        let tools = allowed.tools.unwrap_or_default();
        let names = tools.into_iter().filter_map(ChoiceSpec::tool).collect();
        return Ok(Choice::Among { names, must });
    }
    spec.tool().map(Choice::Tool).ok_or_else(wrong)
}

/// The effort a word names; `none` switches thinking off.
pub(super) fn effort(word: &str, thinking: &mut Thinking) {
    thinking.effort = match word {
        "minimal" => Some(Effort::Minimal),
        "low" => Some(Effort::Low),
        "medium" => Some(Effort::Medium),
        "high" => Some(Effort::High),
        "xhigh" => Some(Effort::Xhigh),
        "max" => Some(Effort::Max),
        _ => None,
    };
    if word == "none" {
        thinking.mode = Mode::Off;
    }
}

object! {
    pub(super) struct FormatSpec<'a> {
        kind: Text<'a> = "type",
        json_schema: SchemaSpec<'a> = "json_schema",
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        schema: &'a RawValue = "schema",
        strict: bool = "strict",
    }
}

object! {
    pub(super) struct SchemaSpec<'a> {
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        schema: &'a RawValue = "schema",
        strict: bool = "strict",
    }
}

/// The form of the answer: Chat's nested spelling or Responses' flat one.
pub(super) fn format<'a>(spec: FormatSpec<'a>) -> Result<Format<'a>, Rejected> {
    let inner = spec.json_schema.unwrap_or(SchemaSpec {
        name: spec.name,
        description: spec.description,
        schema: spec.schema,
        strict: spec.strict,
        unknown: Vec::new(),
    });
    match spec.kind.as_deref() {
        None | Some("text") => Ok(Format::Free),
        Some("json_object") => Ok(Format::Json),
        Some("json_schema") => match inner.schema {
            None => Ok(Format::Json),
            Some(schema) => Ok(Format::Schema {
                name: said(inner.name),
                description: said(inner.description),
                schema: Cow::Borrowed(schema.get()),
                strict: inner.strict,
            }),
        },
        Some(_) => Err(Rejected {
            class: "response_format".to_owned(),
            message: "This model gives text or JSON; a grammar cannot be asked of it.".to_owned(),
        }),
    }
}

/// Arguments of a call: a text that holds JSON, or, from lenient clients, the JSON itself.
pub(super) fn arguments(raw: Option<&RawValue>) -> Cow<'_, str> {
    let Some(raw) = raw else { return Cow::Borrowed("{}") };
    match serde_json::from_str::<Text<'_>>(raw.get()) {
        Ok(text) => text.0,
        Err(_) => Cow::Borrowed(raw.get()),
    }
}
