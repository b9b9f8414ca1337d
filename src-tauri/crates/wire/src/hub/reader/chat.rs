//! OpenAI Chat Completions, read; with what OpenRouter, DeepSeek and Cursor add to it.

use super::openai::{self, ChoiceSpec, FormatSpec, Piece, ToolSpec};
use super::{document, lead_out, responses, said, unknown};
use crate::hub::conversation::{
    Call, Conversation, Input, Mode, Part, Role, Thought, Tool, ToolResult, Turn,
};
use crate::hub::reading::{Content, Count, Text, object};
use crate::hub::seal::{self, Maker, Seal};
use crate::hub::{Drops, Rejected};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

object! {
    struct Body<'a> {
        model: IgnoredAny = "model",
        messages: Vec<Message<'a>> = "messages",
        input: IgnoredAny = "input",
        stream: bool = "stream",
        stream_options: StreamOptions<'a> = "stream_options",
        max_tokens: Count = "max_tokens",
        max_completion_tokens: Count = "max_completion_tokens",
        temperature: f64 = "temperature",
        top_p: f64 = "top_p",
        top_k: Count = "top_k",
        min_p: f64 = "min_p",
        n: Count = "n",
        stop: Content<'a, Text<'a>> = "stop",
        presence_penalty: f64 = "presence_penalty",
        frequency_penalty: f64 = "frequency_penalty",
        seed: i64 = "seed",
        logprobs: bool = "logprobs",
        top_logprobs: Count = "top_logprobs",
        logit_bias: IgnoredAny = "logit_bias",
        tools: Vec<ToolSpec<'a>> = "tools",
        tool_choice: Content<'a, ChoiceSpec<'a>> = "tool_choice",
        functions: Vec<FunctionSpec<'a>> = "functions",
        function_call: Content<'a, ChoiceSpec<'a>> = "function_call",
        parallel: bool = "parallel_tool_calls",
        reasoning_effort: Text<'a> = "reasoning_effort",
        reasoning: ReasoningSpec<'a> = "reasoning",
        response_format: FormatSpec<'a> = "response_format",
        user: Text<'a> = "user",
        safety_identifier: Text<'a> = "safety_identifier",
        prompt_cache_key: Text<'a> = "prompt_cache_key",
        service_tier: Text<'a> = "service_tier",
        verbosity: Text<'a> = "verbosity",
        modalities: Vec<Text<'a>> = "modalities",
        store: bool = "store",
        metadata: IgnoredAny = "metadata",
        prediction: IgnoredAny = "prediction",
        web_search_options: IgnoredAny = "web_search_options",
        usage: IgnoredAny = "usage",
    }
}

object! { struct StreamOptions<'a> { include_usage: bool = "include_usage", } }

object! {
    struct ReasoningSpec<'a> {
        effort: Text<'a> = "effort",
        max_tokens: Count = "max_tokens",
        enabled: bool = "enabled",
        exclude: bool = "exclude",
    }
}

object! {
    struct FunctionSpec<'a> {
        name: Text<'a> = "name",
        description: Text<'a> = "description",
        parameters: &'a RawValue = "parameters",
    }
}

object! {
    struct Message<'a> {
        role: Text<'a> = "role",
        content: Content<'a, Piece<'a>> = "content",
        name: Text<'a> = "name",
        refusal: Text<'a> = "refusal",
        tool_calls: Vec<CallSpec<'a>> = "tool_calls",
        tool_call_id: Text<'a> = "tool_call_id",
        function_call: NamedCall<'a> = "function_call",
        reasoning: Text<'a> = "reasoning_content" | "reasoning",
        reasoning_details: Vec<Detail<'a>> = "reasoning_details",
        annotations: IgnoredAny = "annotations",
        audio: IgnoredAny = "audio",
    }
}

object! {
    struct CallSpec<'a> {
        id: Text<'a> = "id",
        kind: IgnoredAny = "type",
        index: IgnoredAny = "index",
        function: NamedCall<'a> = "function",
        custom: FreeCall<'a> = "custom",
        extra: Extra<'a> = "extra_content",
    }
}

object! { struct NamedCall<'a> { name: Text<'a> = "name", arguments: &'a RawValue = "arguments", } }
object! { struct FreeCall<'a> { name: Text<'a> = "name", input: Text<'a> = "input", } }
object! { struct Extra<'a> { google: Google<'a> = "google", } }
object! { struct Google<'a> { signature: Text<'a> = "thought_signature", } }

object! {
    struct Detail<'a> {
        kind: Text<'a> = "type",
        format: Text<'a> = "format",
        text: Text<'a> = "text" | "summary",
        signature: Text<'a> = "signature",
        data: Text<'a> = "data",
    }
}

pub(super) fn read<'a>(body: &'a str, drops: &mut Drops) -> Result<Conversation<'a>, Rejected> {
    let mut parsed: Body<'a> = document(body)?;
    if parsed.messages.is_none() && parsed.input.is_some() {
        // Cursor sends Responses bodies to the Chat path for models with OpenAI's names.
        return responses::read(body, drops);
    }
    let mut conversation = Conversation::default();
    asked_for(&mut conversation, &mut parsed, drops)?;
    sampling(&mut conversation, &mut parsed);
    thinking(&mut conversation, &mut parsed);
    tools(&mut conversation, &mut parsed, drops)?;
    for message in parsed.messages.take().unwrap_or_default() {
        one(message, &mut conversation.turns, drops)?;
    }
    lead_out(&mut conversation);
    Ok(conversation)
}

fn asked_for<'a>(
    conversation: &mut Conversation<'a>,
    body: &mut Body<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let speaks = |modality: &Text<'_>| &**modality != "text";
    if body.modalities.as_ref().is_some_and(|list| list.iter().any(speaks)) {
        return Err(Rejected {
            class: "modalities".to_owned(),
            message: "This model answers in text only. Ask for the modality `text`, or name a \
                      model that speaks."
                .to_owned(),
        });
    }
    conversation.stream = body.stream.unwrap_or(false);
    let options = body.stream_options.take().unwrap_or_default();
    conversation.include_usage = options.include_usage.unwrap_or(false);
    conversation.max_tokens = body.max_completion_tokens.or(body.max_tokens).map(|count| count.0);
    conversation.choices = body.n.map(|n| n.0).filter(|n| *n > 1);
    if let Some(format) = body.response_format.take() {
        conversation.format = openai::format(format)?;
    }
    conversation.user = said(body.safety_identifier.take()).or(said(body.user.take()));
    conversation.cache_key = said(body.prompt_cache_key.take());
    conversation.service_tier = said(body.service_tier.take());
    conversation.verbosity = said(body.verbosity.take());
    let left_out = [
        ("logit-bias", body.logit_bias.is_some()),
        ("store", body.store == Some(true)),
        ("metadata", body.metadata.is_some()),
        ("prediction", body.prediction.is_some()),
    ];
    for (rule, _) in left_out.iter().filter(|(_, there)| *there) {
        drops.note(rule);
    }
    if body.web_search_options.is_some() {
        drops.note_for("server-tool", "web_search");
    }
    unknown(drops, &body.unknown);
    Ok(())
}

fn sampling<'a>(conversation: &mut Conversation<'a>, body: &mut Body<'a>) {
    let sampling = &mut conversation.sampling;
    sampling.temperature = body.temperature;
    sampling.top_p = body.top_p;
    sampling.top_k = body.top_k.map(|count| count.0);
    sampling.min_p = body.min_p;
    sampling.presence_penalty = body.presence_penalty;
    sampling.frequency_penalty = body.frequency_penalty;
    sampling.seed = body.seed;
    sampling.logprobs = body.logprobs.unwrap_or(false);
    sampling.top_logprobs = body.top_logprobs.map(|count| count.0);
    conversation.stop = match body.stop.take() {
        None => Vec::new(),
        Some(Content::Text(text)) => vec![text.0],
        Some(Content::Parts(texts)) => texts.into_iter().map(|text| text.0).collect(),
    };
}

fn thinking<'a>(conversation: &mut Conversation<'a>, body: &mut Body<'a>) {
    let thinking = &mut conversation.thinking;
    if let Some(word) = body.reasoning_effort.take() {
        openai::effort(&word, thinking);
    }
    if let Some(reasoning) = body.reasoning.take() {
        if let Some(word) = reasoning.effort {
            openai::effort(&word, thinking);
        }
        match (reasoning.enabled, reasoning.max_tokens) {
            (Some(false), _) => thinking.mode = Mode::Off,
            (_, Some(tokens)) => thinking.mode = Mode::Budget(tokens.0),
            (Some(true), None) => thinking.mode = Mode::Adaptive,
            (None, None) => {}
        }
        thinking.shown = reasoning.exclude.map(|exclude| !exclude);
    }
}

fn tools<'a>(
    conversation: &mut Conversation<'a>,
    body: &mut Body<'a>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    let Conversation { tools, foreign_tools, .. } = conversation;
    openai::tools(body.tools.take().unwrap_or_default(), None, tools, foreign_tools, drops);
    for function in body.functions.take().unwrap_or_default() {
        tools.push(Tool {
            name: function.name.unwrap_or_default().0,
            namespace: None,
            description: said(function.description),
            input: function
                .parameters
                .map_or(Input::Nothing, |schema| Input::Schema(Cow::Borrowed(schema.get()))),
            strict: None,
            mark: None,
        });
    }
    conversation.parallel = body.parallel;
    if let Some(choice) = body.tool_choice.take().or(body.function_call.take()) {
        if let Content::Parts(specs) = &choice {
            let disabled = specs.first().and_then(|spec| spec.disable_parallel);
            conversation.parallel = conversation.parallel.or(disabled.map(|disabled| !disabled));
        }
        conversation.choice = openai::choice(choice)?;
    }
    Ok(())
}

fn one<'a>(
    message: Message<'a>,
    turns: &mut Vec<Turn<'a>>,
    drops: &mut Drops,
) -> Result<(), Rejected> {
    if message.name.is_some() && message.role.as_deref() == Some("user") {
        drops.note_for("message-field", "name");
    }
    if message.audio.is_some() {
        drops.note_for("message-field", "audio");
    }
    message.unknown.iter().for_each(|field| drops.note_for("message-field", field));
    let parts = openai::parts(message.content.unwrap_or_default(), drops)?;
    let role = match message.role.as_deref() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => {
            let mut all = thoughts(message.reasoning, message.reasoning_details);
            all.extend(parts);
            all.extend(said(message.refusal).map(Part::text));
            all.extend(message.tool_calls.unwrap_or_default().into_iter().map(call));
            all.extend(message.function_call.map(|legacy| named(None, legacy, None)));
            turns.push(Turn { role: Role::Assistant, parts: all });
            return Ok(());
        }
        Some("tool" | "function") => {
            let result = Part::Result(ToolResult {
                id: message.tool_call_id.map(|id| id.0),
                name: said(message.name),
                namespace: None,
                parts,
                failed: false,
                freeform: false,
                mark: None,
            });
            push_result(turns, result);
            return Ok(());
        }
        _ => {
            return Err(Rejected::invalid(
                "messages: role must be system, developer, user, assistant or tool.",
            ));
        }
    };
    turns.push(Turn { role, parts });
    Ok(())
}

/// A result joins those just before it: together they answer one turn's calls.
pub(super) fn push_result<'a>(turns: &mut Vec<Turn<'a>>, result: Part<'a>) {
    let after_results = |turn: &&mut Turn<'a>| {
        turn.role == Role::User && matches!(turn.parts.last(), Some(Part::Result(_)))
    };
    match turns.last_mut().filter(after_results) {
        Some(turn) => turn.parts.push(result),
        None => turns.push(Turn { role: Role::User, parts: vec![result] }),
    }
}

fn thoughts<'a>(text: Option<Text<'a>>, details: Option<Vec<Detail<'a>>>) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = details
        .unwrap_or_default()
        .into_iter()
        .map(|detail| {
            let format = detail.format.as_deref().unwrap_or_default();
            let by = match (format, detail.kind.as_deref()) {
                (f, Some("reasoning.encrypted")) if f.starts_with("anthropic") => {
                    Maker::AnthropicRedacted
                }
                (f, _) if f.starts_with("anthropic") => Maker::Anthropic,
                (f, _) if f.starts_with("openai") || f.starts_with("azure") => Maker::OpenAi,
                (f, _) if f.starts_with("google") => Maker::Gemini,
                _ => Maker::Nobody,
            };
            let data = said(detail.signature).or(said(detail.data));
            let seal = data.map(|data| seal::read(data, by));
            Part::Thought(Thought { text: detail.text.unwrap_or_default().0, seal })
        })
        .collect();
    if parts.is_empty() {
        parts.extend(said(text).map(|text| Part::Thought(Thought { text, seal: None })));
    }
    parts
}

fn call<'a>(spec: CallSpec<'a>) -> Part<'a> {
    let signature = spec.extra.and_then(|extra| extra.google).and_then(|google| google.signature);
    let seal = said(signature).map(|data| seal::read(data, Maker::Gemini));
    match spec.custom {
        Some(custom) => Part::Call(Call {
            id: said(spec.id),
            name: custom.name.unwrap_or_default().0,
            namespace: None,
            arguments: custom.input.unwrap_or_default().0,
            freeform: true,
            seal,
            mark: None,
        }),
        None => named(spec.id, spec.function.unwrap_or_default(), seal),
    }
}

fn named<'a>(id: Option<Text<'a>>, call: NamedCall<'a>, seal: Option<Seal<'a>>) -> Part<'a> {
    Part::Call(Call {
        id: said(id),
        name: call.name.unwrap_or_default().0,
        namespace: None,
        arguments: openai::arguments(call.arguments),
        freeform: false,
        seal,
        mark: None,
    })
}
