//! The one form of a request between the dialects: what is said, by whom, with which tools, and
//! how the answer shall be made. Borrows from the body it was read from.
//! Dialects are read into it and written from it; it knows none of them.

use super::seal::Seal;
use std::borrow::Cow;

/// A request, whatever dialect it came in.
#[derive(Clone, Debug, Default)]
pub struct Conversation<'a> {
    /// What the system says before the first turn, block by block.
    pub system: Vec<Said<'a>>,
    /// The turns, in order. Neighbours may have the same role.
    pub turns: Vec<Turn<'a>>,
    /// The tools the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Tools only the client's own vendor can run. They are left out, unless one is forced.
    pub foreign_tools: Vec<Cow<'a, str>>,
    /// Whether it may, must or must not call one.
    pub choice: Choice<'a>,
    /// Whether several calls in one answer are allowed; `None` where the client does not say.
    pub parallel: Option<bool>,
    /// The most tokens the answer may have.
    pub max_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Texts at which the answer stops.
    pub stop: Vec<Cow<'a, str>>,
    /// Those of them that the target cannot be told: the answer is cut there on its way home.
    pub cuts: Vec<Cow<'a, str>>,
    /// How much the model thinks.
    pub thinking: Thinking,
    /// The form the answer must have.
    pub format: Format<'a>,
    /// The client's name for the user or the conversation, which is no prompt text.
    pub user: Option<Cow<'a, str>>,
    /// OpenAI's `prompt_cache_key`.
    pub cache_key: Option<Cow<'a, str>>,
    /// The service tier asked for.
    pub service_tier: Option<Cow<'a, str>>,
    /// OpenAI's `verbosity`.
    pub verbosity: Option<Cow<'a, str>>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Chat: whether the client asked for the usage chunk.
    pub include_usage: bool,
    /// Whether the client takes sealed thinking back; see `Back::keep_seals`.
    pub keep_seals: bool,
    /// How many answers are asked for, when more than one.
    pub choices: Option<u64>,
    /// Fields a Responses answer repeats, as JSON text.
    pub echo: Vec<(&'static str, &'a str)>,
}

/// A text and what hangs on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether a prompt cache may end here.
    pub mark: Option<Mark>,
}

/// A prompt cache's end. Anthropic's names for how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As long as the provider keeps it by itself: five minutes.
    Short,
    /// One hour.
    Hour,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The system, in the middle of a conversation.
    System,
    /// The user; results of tools stand in its turns.
    User,
    /// The model.
    Assistant,
}

/// What one side says in one go.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn<'a> {
    /// Who.
    pub role: Role,
    /// What, in order.
    pub parts: Vec<Part<'a>>,
}

/// One piece of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<'a> {
    /// Text.
    Text(Said<'a>),
    /// An image, a document, a sound.
    Media(Media<'a>),
    /// The model's thinking.
    Thought(Thought<'a>),
    /// A call of a tool.
    Call(Call<'a>),
    /// What a tool gave back.
    Result(ToolResult<'a>),
}

/// A file the model sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Media<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source<'a>,
    /// Its MIME type, where the client says.
    pub mime: Option<Cow<'a, str>>,
    /// Its name or title.
    pub name: Option<Cow<'a, str>>,
    /// How closely to look (OpenAI: `low`, `high`, `auto`).
    pub detail: Option<Cow<'a, str>>,
    /// Whether a prompt cache may end here.
    pub mark: Option<Mark>,
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// An image.
    Image,
    /// A document: a PDF, a text.
    Document,
    /// Sound.
    Audio,
    /// Moving images.
    Video,
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    /// Here, in base64.
    Base64(Cow<'a, str>),
    /// At a URL.
    Url(Cow<'a, str>),
    /// At the provider the client believes to talk to, under an id.
    File(Cow<'a, str>),
    /// Here, as plain text (documents).
    Text(Cow<'a, str>),
}

/// Thinking of an earlier turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Thought<'a> {
    /// What can be read of it; often a summary, often nothing.
    pub text: Cow<'a, str>,
    /// What its maker needs to take it back.
    pub seal: Option<Seal<'a>>,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'a> {
    /// Its id; Gemini and Ollama may give none.
    pub id: Option<Cow<'a, str>>,
    /// The tool.
    pub name: Cow<'a, str>,
    /// The tool's namespace (Responses).
    pub namespace: Option<Cow<'a, str>>,
    /// The arguments: JSON text as the model wrote it, or free text for a tool of that kind.
    pub arguments: Cow<'a, str>,
    /// Whether the input is free text.
    pub freeform: bool,
    /// The seal of the thinking before it (Gemini).
    pub seal: Option<Seal<'a>>,
    /// Whether a prompt cache may end here.
    pub mark: Option<Mark>,
}

/// What a tool gave back.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult<'a> {
    /// The call's id.
    pub id: Option<Cow<'a, str>>,
    /// The tool, where the dialect says (Gemini, Ollama); `None` is found by the id.
    pub name: Option<Cow<'a, str>>,
    /// The tool's namespace; found by the id.
    pub namespace: Option<Cow<'a, str>>,
    /// Text and files.
    pub parts: Vec<Part<'a>>,
    /// Whether the tool failed.
    pub failed: bool,
    /// Whether the call's input was free text.
    pub freeform: bool,
    /// Whether a prompt cache may end here.
    pub mark: Option<Mark>,
}

/// A tool the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its namespace (Responses).
    pub namespace: Option<Cow<'a, str>>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// What it takes.
    pub input: Input<'a>,
    /// Whether arguments must follow the schema to the letter.
    pub strict: Option<bool>,
    /// Whether a prompt cache may end here.
    pub mark: Option<Mark>,
}

/// What a tool takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// Nothing it names.
    Nothing,
    /// An object that follows this JSON Schema: byte for byte as the client wrote it, unless it was
    /// written in Gemini's own subset of OpenAPI.
    Schema(Cow<'a, str>),
    /// Free text, perhaps of this grammar (OpenAI's `format`, as JSON text).
    Free(Option<&'a str>),
}

/// Whether the model may, must or must not call a tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Choice<'a> {
    /// The client does not say.
    #[default]
    Unsaid,
    /// As it likes.
    Auto,
    /// It must call one.
    Any,
    /// It must not.
    Nothing,
    /// It must call this one.
    Tool(Cow<'a, str>),
    /// It may (or must) call one of these.
    Among {
        /// The tools' names.
        names: Vec<Cow<'a, str>>,
        /// Whether it must.
        must: bool,
    },
}

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 is always the likeliest.
    pub temperature: Option<f64>,
    /// The share of likely tokens drawn from.
    pub top_p: Option<f64>,
    /// How many likely tokens are drawn from.
    pub top_k: Option<u64>,
    /// The least likelihood, relative to the likeliest.
    pub min_p: Option<f64>,
    /// Against words that occurred.
    pub presence_penalty: Option<f64>,
    /// Against words that occurred often.
    pub frequency_penalty: Option<f64>,
    /// So that the same request draws the same tokens.
    pub seed: Option<i64>,
    /// Whether probabilities of tokens are asked for.
    pub logprobs: bool,
    /// Of how many other tokens.
    pub top_logprobs: Option<u64>,
}

/// How much the model thinks before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thinking {
    /// Whether.
    pub mode: Mode,
    /// How hard.
    pub effort: Option<Effort>,
    /// Whether the client wants to read it; `None` where it does not say.
    pub shown: Option<bool>,
}

/// Whether the model thinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The client does not say.
    #[default]
    Unsaid,
    /// Not at all.
    Off,
    /// As the model sees fit.
    Adaptive,
    /// At most so many tokens.
    Budget(u64),
}

/// How hard a model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// Barely.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// Hard.
    High,
    /// Harder.
    Xhigh,
    /// As hard as it can.
    Max,
}

/// The form the answer must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format<'a> {
    /// Any.
    #[default]
    Free,
    /// One JSON object.
    Json,
    /// JSON that follows a schema.
    Schema {
        /// Its name (OpenAI wants one).
        name: Option<Cow<'a, str>>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The JSON Schema; see `Input::Schema`.
        schema: Cow<'a, str>,
        /// Whether it is kept to the letter.
        strict: Option<bool>,
    },
}

impl<'a> Said<'a> {
    /// A text on which nothing hangs.
    pub fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), mark: None }
    }
}

impl<'a> Part<'a> {
    /// A text on which nothing hangs.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(Said::plain(text))
    }
}
