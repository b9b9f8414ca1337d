//! The few facts of a request body that Weir acts on, read in one pass over the bytes.
//! Owns what makes a body unacceptable (`BodyProblem`). Builds no document: the body travels on as
//! the bytes it came as.

use crate::endpoint::MODEL_BYTES_MAX;
use crate::json::{self, Flaw, FlawKind, Met, Value};
use std::ops::Range;
use weir_core::{Dialect, Endpoint};

pub use crate::json::JSON_DEPTH_MAX;

/// Longest session name kept, in bytes.
pub const SESSION_BYTES_MAX: usize = 256;

/// A value and the bytes of the body it stands in (a string's quotes included).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Where the chat body's `stream_options` stand, for the splice that asks for usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Options {
    /// There are none: the fields begin at this byte.
    Absent(usize),
    /// They are `null` or hold an `include_usage`: this value is replaced.
    Replace(Range<usize>, &'static str),
    /// They are an object without `include_usage`; it goes in at this byte.
    Into(usize, &'static str),
}

/// What a request body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The model; always there for endpoints that name it in the body, `None` for Gemini's.
    pub model: Option<Span<String>>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// `stream_options.include_usage`, when the client says.
    pub include_usage: Option<bool>,
    /// The most tokens the answer may have, when the client says; of two limits the larger.
    pub max_output_tokens: Option<u64>,
    /// How many answers are asked for (`n`, Gemini's `candidateCount`); 1 unless said otherwise.
    pub choices: u64,
    /// Whether the body marks a prompt cache, so that input may be billed as a cache write.
    /// OpenAI's newest models write caches without a mark.
    pub cache_marked: bool,
    /// The client's own name for the conversation: Anthropic's `metadata.user_id` session,
    /// OpenAI's `prompt_cache_key`.
    pub session: Option<String>,
    /// The service tier asked for.
    pub service_tier: Option<String>,
    pub(crate) options: Options,
}

/// Why a body cannot be used. `Display` is one sentence: what, where, how to fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    /// Nothing came.
    #[error("The request body is empty. Send a JSON object.")]
    Empty,
    /// It is not a JSON object.
    #[error(
        "The request body must be a JSON object, but byte {at} begins {found}. Send one object that starts with {{."
    )]
    NotAnObject {
        /// Byte offset.
        at: usize,
        /// What stands there.
        found: &'static str,
    },
    /// It ends too early.
    #[error(
        "The request body ends at byte {at}, before its JSON does. It was probably cut off on the way; send it again whole."
    )]
    CutOff {
        /// Byte offset.
        at: usize,
    },
    /// A string is not closed.
    #[error(
        "The string that opens at byte {at} of the request body never closes. Escape the quotes inside it, or send the body again whole."
    )]
    OpenString {
        /// Byte offset of the opening quote.
        at: usize,
    },
    /// Brackets do not pair.
    #[error(
        "The bracket at byte {at} of the request body closes another kind of bracket. Make the JSON's brackets pair."
    )]
    Mismatch {
        /// Byte offset.
        at: usize,
    },
    /// It is nested too deep.
    #[error(
        "The request body is nested deeper than {JSON_DEPTH_MAX} levels at byte {at}. Flatten it."
    )]
    TooDeep {
        /// Byte offset.
        at: usize,
    },
    /// It breaks JSON's grammar.
    #[error(
        "The request body is not valid JSON: expected {expected} at byte {at}. Correct it there."
    )]
    Grammar {
        /// Byte offset.
        at: usize,
        /// What had to stand there.
        expected: &'static str,
    },
    /// Something follows the object.
    #[error(
        "More text follows the JSON object at byte {at} of the request body. Send one object and nothing after it."
    )]
    Trailing {
        /// Byte offset.
        at: usize,
    },
    /// A key has a value of the wrong type.
    #[error(
        "`{key}` must be {wanted}, but byte {at} of the request body holds {found}. Correct that value."
    )]
    WrongType {
        /// The key.
        key: &'static str,
        /// The type it must have.
        wanted: &'static str,
        /// The type it has.
        found: &'static str,
        /// Byte offset.
        at: usize,
    },
    /// A key Weir acts on appears twice, so that two readers could understand two things.
    #[error(
        "`{key}` appears twice, the second time at byte {at} of the request body. Keep one of them."
    )]
    Twice {
        /// The key.
        key: &'static str,
        /// Byte offset of the second value.
        at: usize,
    },
    /// There is no model.
    #[error("The request body names no `model`. Add one, such as \"model\": \"weir-auto\".")]
    ModelMissing,
    /// The model is not a usable name.
    #[error(
        "`model` at byte {at} of the request body {why}. Name a model as `weir models` lists it."
    )]
    ModelName {
        /// Byte offset.
        at: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl BodyProblem {
    /// The key at fault, where one is.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::WrongType { key, .. } | Self::Twice { key, .. } => Some(key),
            Self::ModelMissing | Self::ModelName { .. } => Some("model"),
            _ => None,
        }
    }
}

impl From<Flaw> for BodyProblem {
    fn from(flaw: Flaw) -> Self {
        let at = flaw.at;
        match flaw.kind {
            FlawKind::Ends => Self::CutOff { at },
            FlawKind::OpenString => Self::OpenString { at },
            FlawKind::Mismatch => Self::Mismatch { at },
            FlawKind::TooDeep => Self::TooDeep { at },
            FlawKind::Expected(expected) => Self::Grammar { at, expected },
        }
    }
}

/// Reads the facts of a body.
///
/// # Errors
/// The body is not one whole JSON object, or a key Weir acts on is missing, doubled or of a wrong
/// type. What only the provider cares about is left for the provider to judge.
pub fn read(endpoint: Endpoint, body: &[u8]) -> Result<Facts, BodyProblem> {
    let start = json::skip_space(body, 0);
    match body.get(start) {
        None => return Err(BodyProblem::Empty),
        Some(b'{') => {}
        found => {
            return Err(BodyProblem::NotAnObject { at: start, found: found_there(found) });
        }
    }
    let mut marked = false;
    let mut reader = Reader::new(endpoint, start + 1);
    let end = json::each_field(
        body,
        start,
        0,
        &mut |met| marked |= marks_cache(body, &met),
        |key, value| reader.field(body, &key, value),
    )?;
    let rest = json::skip_space(body, end);
    if rest < body.len() {
        return Err(BodyProblem::Trailing { at: rest });
    }
    reader.facts.cache_marked |= marked;
    reader.finish()
}

fn found_there(first: Option<&u8>) -> &'static str {
    match first {
        Some(b'<') => "what looks like HTML or XML",
        Some(0xef | 0xfe | 0xff) => "with a byte order mark",
        Some(0x1f | 0x28) => "what looks like a compressed body without a Content-Encoding",
        Some(b'"' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => json::kind_name(first),
        _ => "something else",
    }
}

/// Keys whose presence with a value asks for a prompt cache: Anthropic's, and OpenAI's explicit ones.
const CACHE_KEYS: [&[u8]; 3] =
    [b"cache_control", b"prompt_cache_breakpoint", b"prompt_cache_options"];

/// Called for every string of a body, nearly always in vain: the first line must be cheap.
#[inline(always)]
fn marks_cache(body: &[u8], met: &Met<'_>) -> bool {
    let right_length = CACHE_KEYS.iter().any(|k| k.len() == met.contents.len());
    (right_length || met.maybe_escaped()) && is_cache_key(body, met)
}

fn is_cache_key(body: &[u8], met: &Met<'_>) -> bool {
    // A key spelled with escapes is rare enough to read, a long text is no key.
    let named = |name: &[u8]| CACHE_KEYS.contains(&name);
    let spelled = || body.get(met.end) == Some(&b':') && named(&json::unescaped(met));
    if !named(met.contents) && !spelled() {
        return false;
    }
    let colon = json::skip_space(body, met.end);
    body.get(colon) == Some(&b':') && body.get(json::skip_space(body, colon + 1)) != Some(&b'n')
}

/// The keys that may stand only once, because two readers of a doubled key may disagree.
const SINGLE: [&str; 6] = [
    "model",
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "stream_options",
];

struct Reader {
    endpoint: Endpoint,
    facts: Facts,
    seen: [bool; SINGLE.len()],
}

impl Reader {
    fn new(endpoint: Endpoint, fields: usize) -> Self {
        let facts = Facts {
            model: None,
            stream: endpoint == Endpoint::GenerateStream,
            include_usage: None,
            max_output_tokens: None,
            choices: 1,
            cache_marked: false,
            session: None,
            service_tier: None,
            options: Options::Absent(fields),
        };
        Self { endpoint, facts, seen: [false; SINGLE.len()] }
    }

    fn gemini(&self) -> bool {
        self.endpoint.dialect() == Dialect::Gemini
    }

    fn field(&mut self, body: &[u8], key: &Met<'_>, value: Value<'_>) -> Result<(), BodyProblem> {
        let name = json::unescaped(key);
        self.single(&name, value.start)?;
        if self.gemini() {
            self.gemini_field(&name, value);
            return Ok(());
        }
        match name.as_ref() {
            b"model" => self.model(value)?,
            b"stream" => self.facts.stream = flag("stream", value)?.unwrap_or(false),
            b"max_tokens" => self.limit("max_tokens", value)?,
            b"max_completion_tokens" => self.limit("max_completion_tokens", value)?,
            b"max_output_tokens" => self.limit("max_output_tokens", value)?,
            b"messages" if self.takes_messages() && !value.is_array() && !value.is_null() => {
                return Err(wrong("messages", "an array", value));
            }
            b"stream_options" if self.endpoint == Endpoint::Chat => self.options(body, value)?,
            b"n" if self.endpoint == Endpoint::Chat => {
                self.facts.choices = value.count().unwrap_or(1).max(1);
            }
            b"metadata" if self.endpoint == Endpoint::Messages => {
                self.facts.session =
                    value.get("user_id").and_then(|v| v.text()).and_then(anthropic_session);
            }
            b"prompt_cache_key" => self.facts.session = value.text().and_then(session_name),
            b"service_tier" => self.facts.service_tier = value.text(),
            b"cache_control" | b"prompt_cache_options" => {
                self.facts.cache_marked |= !value.is_null()
            }
            _ => {}
        }
        Ok(())
    }

    fn takes_messages(&self) -> bool {
        matches!(self.endpoint, Endpoint::Messages | Endpoint::MessagesCount | Endpoint::Chat)
    }

    /// Refuses a second key of the same name; letter case is ignored, since Go's readers ignore it.
    fn single(&mut self, name: &[u8], at: usize) -> Result<(), BodyProblem> {
        if self.gemini() {
            return Ok(());
        }
        if let Some(slot) = SINGLE.iter().position(|k| k.as_bytes().eq_ignore_ascii_case(name)) {
            if self.seen[slot] {
                return Err(BodyProblem::Twice { key: SINGLE[slot], at });
            }
            self.seen[slot] = true;
        }
        Ok(())
    }

    fn model(&mut self, value: Value<'_>) -> Result<(), BodyProblem> {
        let at = value.start;
        let bad = |why| Err(BodyProblem::ModelName { at, why });
        if !value.is_text() {
            return Err(wrong("model", "a string", value));
        }
        let Some(name) = value.text() else { return bad("is not valid text") };
        if name.is_empty() {
            return bad("is empty");
        }
        if name.len() > MODEL_BYTES_MAX {
            return bad("is longer than 256 bytes");
        }
        if name.chars().any(char::is_control) {
            return bad("holds a control character");
        }
        self.facts.model = Some(Span { value: name, range: value.start..value.end });
        Ok(())
    }

    fn limit(&mut self, key: &'static str, value: Value<'_>) -> Result<(), BodyProblem> {
        if value.is_null() {
            return Ok(());
        }
        let Some(limit) = value.count() else {
            return Err(wrong(key, "a whole number of tokens", value));
        };
        self.facts.max_output_tokens = self.facts.max_output_tokens.max(Some(limit));
        Ok(())
    }

    fn options(&mut self, body: &[u8], value: Value<'_>) -> Result<(), BodyProblem> {
        if value.is_null() {
            self.facts.options =
                Options::Replace(value.start..value.end, "{\"include_usage\":true}");
            return Ok(());
        }
        if !value.is_object() {
            return Err(wrong("stream_options", "an object", value));
        }
        let inside = value.start + 1;
        let empty = body.get(json::skip_space(body, inside)) == Some(&b'}');
        self.facts.options = Options::Into(
            inside,
            if empty { "\"include_usage\":true" } else { "\"include_usage\":true," },
        );
        json::each_field(body, value.start, 1, &mut |_| {}, |key, value| {
            if json::unescaped(&key).as_ref() != b"include_usage" {
                return Ok(());
            }
            if matches!(self.facts.options, Options::Replace(..)) {
                return Err(BodyProblem::Twice { key: "include_usage", at: value.start });
            }
            self.facts.include_usage = flag("include_usage", value)?;
            self.facts.options = Options::Replace(value.start..value.end, "true");
            Ok(())
        })?;
        Ok(())
    }

    /// Gemini's keys come in both of protobuf's JSON spellings.
    fn gemini_field(&mut self, name: &[u8], value: Value<'_>) {
        match name {
            b"generationConfig" | b"generation_config" => {
                let [max, max_snake, count, count_snake] = value.pick([
                    "maxOutputTokens",
                    "max_output_tokens",
                    "candidateCount",
                    "candidate_count",
                ]);
                let limit = max.or(max_snake).and_then(|v| v.count());
                self.facts.max_output_tokens = self.facts.max_output_tokens.max(limit);
                let choices = count.or(count_snake).and_then(|v| v.count());
                self.facts.choices = self.facts.choices.max(choices.unwrap_or(1));
            }
            b"serviceTier" | b"service_tier" => self.facts.service_tier = value.text(),
            _ => {}
        }
    }

    fn finish(self) -> Result<Facts, BodyProblem> {
        let in_body = matches!(
            self.endpoint,
            Endpoint::Messages
                | Endpoint::MessagesCount
                | Endpoint::Chat
                | Endpoint::Responses
                | Endpoint::Embeddings
        );
        if in_body && self.facts.model.is_none() {
            return Err(BodyProblem::ModelMissing);
        }
        Ok(self.facts)
    }
}

fn wrong(key: &'static str, wanted: &'static str, value: Value<'_>) -> BodyProblem {
    let found = match value.kind() {
        "a number" if wanted.contains("number") => {
            "a number that is negative, fractional or too large"
        }
        other => other,
    };
    BodyProblem::WrongType { key, wanted, found, at: value.start }
}

fn flag(key: &'static str, value: Value<'_>) -> Result<Option<bool>, BodyProblem> {
    if value.is_null() {
        return Ok(None);
    }
    value.flag().map(Some).ok_or_else(|| wrong(key, "true or false", value))
}

/// The session in Anthropic's `metadata.user_id`: a JSON object in a string since Claude Code 2.1,
/// `user_HASH_account_UUID_session_UUID` before.
fn anthropic_session(user_id: String) -> Option<String> {
    if user_id.starts_with('{') {
        let session = Value::whole(user_id.as_bytes())?.get("session_id")?.text()?;
        return session_name(session);
    }
    let (_, session) = user_id.rsplit_once("_session_")?;
    session_name(session.to_owned())
}

fn session_name(name: String) -> Option<String> {
    let sound =
        !name.is_empty() && name.len() <= SESSION_BYTES_MAX && !name.chars().any(char::is_control);
    sound.then_some(name)
}

#[cfg(test)]
mod tests;
