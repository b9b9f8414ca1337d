//! What the vendors answer, in every dialect Weir carries, streamed and whole.
//! Owns the shapes; a test owns the figures.

use crate::encoding::Coding;
use crate::http1::{self, LAST_CHUNK};
use crate::provider::{Answer, Asked, Step, Told};
use crate::tokens::{EMBED, FLASH, HAIKU, MINI, QWEN, Tokens};
use serde_json::{Value, json};

/// What can be asked of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anthropic Messages.
    Messages,
    /// Anthropic's token count.
    MessagesCount,
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// OpenAI Embeddings.
    Embeddings,
    /// Gemini `generateContent` and `streamGenerateContent`.
    Gemini,
    /// Gemini's token count.
    GeminiCount,
    /// Ollama's own chat, which Weir speaks to servers and to no client.
    OllamaChat,
    /// OpenAI's or Anthropic's model list.
    Models,
    /// Gemini's model list.
    GeminiModels,
}

impl Kind {
    /// The four that answer with text and can stream.
    pub const TALKING: [Self; 4] = [Self::Messages, Self::Chat, Self::Responses, Self::Gemini];

    /// What a path asks for.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path {
            p if p.ends_with("/messages/count_tokens") => Self::MessagesCount,
            p if p.ends_with("/messages") => Self::Messages,
            p if p.ends_with("/chat/completions") => Self::Chat,
            p if p.ends_with("/responses") => Self::Responses,
            p if p.ends_with("/embeddings") => Self::Embeddings,
            p if p.ends_with(":generateContent") || p.ends_with(":streamGenerateContent") => {
                Self::Gemini
            }
            p if p.ends_with(":countTokens") => Self::GeminiCount,
            p if p.ends_with("/api/chat") => Self::OllamaChat,
            "/v1beta/models" => Self::GeminiModels,
            p if p.ends_with("/models") => Self::Models,
            _ => return None,
        })
    }

    /// The model the tests ask for here.
    pub fn model(self) -> &'static str {
        match self {
            Self::Messages | Self::MessagesCount => HAIKU,
            Self::Chat | Self::Responses | Self::Models => MINI,
            Self::Embeddings => EMBED,
            Self::OllamaChat => QWEN,
            Self::Gemini | Self::GeminiCount | Self::GeminiModels => FLASH,
        }
    }

    /// Where a client sends it; `stream` matters to Gemini alone, whose path says it.
    pub fn path(self, model: &str, stream: bool) -> String {
        match self {
            Self::Messages => "/v1/messages".into(),
            Self::MessagesCount => "/v1/messages/count_tokens".into(),
            Self::Chat => "/v1/chat/completions".into(),
            Self::Responses => "/v1/responses".into(),
            Self::Embeddings => "/v1/embeddings".into(),
            Self::Gemini if stream => {
                format!("/v1beta/models/{model}:streamGenerateContent?alt=sse")
            }
            Self::Gemini => format!("/v1beta/models/{model}:generateContent"),
            Self::GeminiCount => format!("/v1beta/models/{model}:countTokens"),
            Self::OllamaChat => "/api/chat".into(),
            Self::Models => "/v1/models".into(),
            Self::GeminiModels => "/v1beta/models".into(),
        }
    }

    /// A small request body of this kind.
    pub fn ask(self, model: &str, stream: bool, text: &str) -> Value {
        let said = json!([{"role": "user", "content": text}]);
        let contents = json!([{"role": "user", "parts": [{"text": text}]}]);
        match self {
            Self::Messages => {
                json!({"model": model, "max_tokens": 256, "stream": stream, "messages": said})
            }
            Self::MessagesCount => json!({"model": model, "messages": said}),
            Self::OllamaChat => json!({"model": model, "messages": said, "stream": stream}),
            Self::Chat => json!({"model": model, "stream": stream, "messages": said,
                "max_completion_tokens": 256}),
            Self::Responses => {
                json!({"model": model, "stream": stream, "input": text, "max_output_tokens": 256})
            }
            Self::Embeddings => json!({"model": model, "input": text}),
            Self::Gemini => {
                json!({"contents": contents, "generationConfig": {"maxOutputTokens": 256}})
            }
            Self::GeminiCount => json!({"contents": contents}),
            Self::Models | Self::GeminiModels => Value::Null,
        }
    }
}

/// One answer's figures.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What is asked.
    pub kind: Kind,
    /// The model that answers.
    pub model: String,
    /// What it says, one piece a delta.
    pub text: Vec<String>,
    /// What it used.
    pub tokens: Tokens,
    /// Whether an OpenAI chat stream ends with the usage chunk.
    pub usage_chunk: bool,
}

impl Turn {
    /// A turn of `kind` with its usual model and three pieces of text.
    pub fn new(kind: Kind, tokens: Tokens) -> Self {
        let text = ["Water ", "finds its ", "level."].map(str::to_owned).to_vec();
        Self { kind, model: kind.model().into(), text, tokens, usage_chunk: true }
    }

    /// The whole answer, not streamed.
    pub fn whole(&self) -> Reply {
        let body = whole_body(self).to_string().into_bytes();
        Reply::json(200, body).telling(0, self)
    }

    /// The answer as a stream of server-sent events.
    pub fn stream(&self) -> Reply {
        let (frames, usage) = crate::stream_frames::frames(self);
        let mime = match self.kind {
            Kind::OllamaChat => "application/x-ndjson",
            _ => "text/event-stream; charset=utf-8",
        };
        Reply {
            status: 200,
            headers: vec![("content-type".into(), mime.into())],
            frames,
            told: None,
            coding: Coding::Identity,
            sized: false,
        }
        .telling_maybe(usage, self)
    }
}

/// An answer before it is framed.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers but those of the framing.
    pub headers: Vec<(String, String)>,
    /// The body in the pieces it is written in.
    pub frames: Vec<Vec<u8>>,
    /// The frame that completes the usage, and the usage.
    pub told: Option<(usize, String, Tokens)>,
    /// The content coding.
    pub coding: Coding,
    /// Whether it is sent with a content length instead of in chunks.
    pub sized: bool,
}

impl Reply {
    /// A JSON body with a content length.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            frames: vec![body.into()],
            told: None,
            coding: Coding::Identity,
            sized: true,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Compressed, as a whole.
    #[must_use]
    pub fn coded(mut self, coding: Coding) -> Self {
        self.coding = coding;
        self
    }

    fn telling(self, frame: usize, turn: &Turn) -> Self {
        self.telling_maybe(Some(frame), turn)
    }

    fn telling_maybe(mut self, frame: Option<usize>, turn: &Turn) -> Self {
        self.told = frame.map(|frame| (frame, turn.model.clone(), turn.tokens));
        self
    }

    /// The body's bytes as they travel, without the framing.
    pub fn body(&self) -> Vec<u8> {
        self.coding.encode(&self.frames.concat())
    }

    /// The answer on the wire: a head, then a piece for every frame.
    pub fn answer(&self) -> Answer {
        let mut frames = self.frames.clone();
        let mut told_at = self.told.as_ref().map(|(frame, _, _)| *frame);
        if self.coding != Coding::Identity {
            frames = vec![self.body()];
            told_at = told_at.map(|_| 0);
        }
        let mut head = format!("HTTP/1.1 {} Said\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.coding != Coding::Identity {
            head.push_str(&format!("content-encoding: {}\r\n", self.coding.name()));
        }
        match self.sized {
            true => head.push_str(&format!("content-length: {}\r\n\r\n", frames.concat().len())),
            false => head.push_str("transfer-encoding: chunked\r\n\r\n"),
        }
        let mut sent = head.len();
        let mut steps = vec![Step::Send(head.into_bytes())];
        let mut told = None;
        for (index, frame) in frames.iter().enumerate() {
            let piece = if self.sized { frame.clone() } else { http1::chunk(frame) };
            sent += piece.len();
            steps.push(Step::Send(piece));
            if told_at == Some(index) {
                told = self.told.as_ref().map(|(_, model, tokens)| Told {
                    model: model.clone(),
                    tokens: *tokens,
                    at: sent,
                });
            }
        }
        if !self.sized {
            steps.push(Step::Send(LAST_CHUNK.to_vec()));
        }
        Answer { steps, told }
    }
}

/// Answers any request of any dialect as its vendor would; the figures follow from the marker,
/// so that a test that knows the marker knows the cost.
pub fn natural(asked: &Asked) -> Answer {
    let Some(kind) = Kind::of(asked.path()) else {
        return Reply::json(404, r#"{"error":{"message":"no such path"}}"#).answer();
    };
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let mut turn = Turn::new(kind, figures(kind, asked.marker().unwrap_or_default()));
    turn.usage_chunk = body["stream_options"]["include_usage"] == true;
    let named = asked.path().rsplit('/').next().and_then(|last| last.split(':').next());
    match (kind, body["model"].as_str(), named) {
        (Kind::Gemini | Kind::GeminiCount, _, Some(model)) => turn.model = model.into(),
        (_, Some(model), _) => turn.model = model.into(),
        _ => {}
    }
    let streamed = body["stream"] == true || asked.path().ends_with(":streamGenerateContent");
    if streamed { turn.stream().answer() } else { turn.whole().answer() }
}

/// Figures that follow from a marker, different for almost every marker.
pub fn figures(kind: Kind, marker: &str) -> Tokens {
    let mut seed = crate::Seed::fixed(
        marker
            .bytes()
            .fold(7, |sum: u64, byte| sum.wrapping_mul(1_000_003).wrapping_add(u64::from(byte))),
    );
    let mut some = |most: usize| seed.below(most) as u64 + 1;
    let mut tokens = Tokens::plain(some(900), some(400));
    match kind {
        Kind::Messages => {
            tokens.cache_read = some(5000);
            tokens.cache_write_5m = some(300);
            tokens.cache_write_1h = some(300);
        }
        Kind::Embeddings => tokens.output = 0,
        Kind::OllamaChat => {}
        Kind::Chat | Kind::Responses | Kind::Gemini => {
            tokens.cache_read = some(5000);
            tokens.reasoning = some(tokens.output as usize).min(tokens.output);
        }
        _ => tokens = Tokens::default(),
    }
    tokens
}

fn whole_body(turn: &Turn) -> Value {
    let text = turn.text.concat();
    let model = &turn.model;
    match turn.kind {
        Kind::Messages => json!({"id": "msg_1", "type": "message", "role": "assistant",
            "model": model, "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": crate::usage_blocks::anthropic(&turn.tokens)}),
        Kind::MessagesCount => json!({"input_tokens": 17}),
        Kind::Chat => json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1,
            "model": model, "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": text}}],
            "usage": crate::usage_blocks::chat(&turn.tokens)}),
        Kind::Responses => crate::stream_frames::response(turn, "completed"),
        Kind::Embeddings => json!({"object": "list", "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
            "usage": {"prompt_tokens": turn.tokens.input, "total_tokens": turn.tokens.input}}),
        Kind::Gemini => crate::stream_frames::gemini(turn, &text, true),
        Kind::GeminiCount => json!({"totalTokens": 17}),
        Kind::OllamaChat => crate::stream_frames::ollama(turn, &text, true),
        Kind::Models => json!({"object": "list", "data": [
            {"id": MINI, "object": "model", "created": 1, "owned_by": "someone"}]}),
        Kind::GeminiModels => json!({"models": [{"name": format!("models/{FLASH}")}]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, Provider};

    #[test]
    fn every_dialect_answers_streamed_and_whole_and_the_log_knows_what_was_told() {
        let provider = Provider::answering(natural);
        let client = Client::new(provider.port(), "none");
        for kind in Kind::TALKING {
            for stream in [false, true] {
                let marker = format!("{kind:?}-{stream}");
                let mut call = client.call(kind, stream, &marker);
                if kind == Kind::Chat && stream {
                    let text = String::from_utf8(call).expect("text");
                    let (head, _) = text.split_once("content-length").expect("a length");
                    let body = r#"{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true}}"#;
                    call = format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into();
                }
                let response = client.send(&call);
                assert_eq!((response.status, response.complete), (200, true), "{marker}");
                provider.until("the end of the answer", |truth| {
                    truth.last().is_some_and(|a| a.ended == crate::provider::Ended::Done)
                });
                let attempt = provider.last();
                assert_eq!(attempt.asked.marker(), Some(marker.as_str()));
                let told = attempt.told.expect("usage was told");
                assert_eq!(told.tokens, figures(kind, &marker));
                assert!(told.at <= attempt.sent_bytes, "{marker}");
            }
        }
    }

    #[test]
    fn a_cut_answer_tells_its_usage_only_when_it_got_that_far() {
        let answer = Turn::new(Kind::Messages, Tokens::plain(1, 2)).stream().answer();
        let at = answer.told.as_ref().expect("usage is told").at;
        assert!(answer.clone().up_to(at, Step::Cut).told.is_some());
        assert!(answer.up_to(at - 1, Step::Cut).told.is_none());
    }
}
