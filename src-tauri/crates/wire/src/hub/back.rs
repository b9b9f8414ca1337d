//! What the way back needs of a request: who asked, how, and under which names its tools travel.
//! Owns no bytes of the prompt.

use super::Form;
use weir_core::Endpoint;

/// A tool as it was sent, where the client knows it under another name or as another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTool {
    /// The name the target knows.
    pub sent: String,
    /// The client's name.
    pub name: String,
    /// The client's namespace (Responses), told apart from the name in its own calls.
    pub namespace: Option<String>,
    /// A tool whose input is free text (Codex's `apply_patch`). Sent as a function with one text
    /// argument, `input`, unless the target knows such tools itself.
    pub freeform: bool,
    /// The target knows free text tools: its calls come back as such already.
    pub freeform_sent: bool,
}

/// All the way back needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Back {
    /// Where the client asked.
    pub endpoint: Endpoint,
    /// The client's form.
    pub client: Form,
    /// The form of the answer.
    pub target: Form,
    /// The model as the client named it.
    pub model: String,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Chat: whether the client asked for the usage chunk of a stream.
    pub include_usage: bool,
    /// Whether the client wants to read the model's thinking: a Messages client unless it said
    /// `display: omitted`, a Responses client that asked for a summary, a Gemini client that set
    /// `includeThoughts`, a Chat client always.
    pub show_thinking: bool,
    /// Whether the client takes sealed thinking back into its history: Messages and Gemini
    /// clients always, a Responses client that asked for `reasoning.encrypted_content`.
    pub keep_seals: bool,
    /// Whether the client asked for JSON as the answer.
    pub structured: bool,
    /// How many answers were asked for.
    pub choices: u64,
    /// Whether token probabilities were asked for and the target can give them.
    pub logprobs: bool,
    /// Stop sequences, so that an answer can tell a stop at one of them.
    pub stop: Vec<String>,
    /// Stop sequences that the target was not told: the answer's text ends before the first of them.
    pub cuts: Vec<String>,
    /// A number that differs from turn to turn of a conversation: for ids the target does not give.
    pub seed: u64,
    /// When the answer begins, in seconds since 1970: for dialects that say it where the provider's
    /// does not. Whoever sends the request sets it; 0 until then.
    pub at_s: u64,
    /// Fields of a Responses request its answer repeats: name and JSON text.
    pub echo: Vec<(&'static str, String)>,
    /// Tools that travel under another name or as another kind.
    pub tools: Vec<SentTool>,
}

impl Back {
    /// The tool the target calls `sent`, where it is not simply a function of the same name.
    pub fn tool(&self, sent: &str) -> Option<&SentTool> {
        self.tools.iter().find(|tool| tool.sent == sent)
    }

    /// The client's name for what the target calls `sent`.
    pub fn tool_name<'a>(&'a self, sent: &'a str) -> &'a str {
        self.tool(sent).map_or(sent, |tool| &tool.name)
    }
}
