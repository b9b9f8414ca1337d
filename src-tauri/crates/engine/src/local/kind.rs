//! The kinds of local server: how each is told from the others and what it is asked.
//! Pure: paths out, recorded answers in. Only looks that change nothing and wake no model are here.

use super::{Reading, llamacpp, lmstudio, ollama, openai};
use serde_json::Value;
use weir_proxy::probe::Heard;

/// What a local server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// LM Studio.
    LmStudio,
    /// Ollama.
    Ollama,
    /// llama.cpp's `llama-server`.
    LlamaCpp,
    /// vLLM.
    Vllm,
    /// Anything else that lists models as OpenAI does.
    Generic,
}

/// Answers by the path that was asked.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<(&'static str, Heard)>);

impl Answers {
    /// Adds what came back from a path.
    pub fn add(&mut self, path: &'static str, heard: Heard) {
        self.0.push((path, heard));
    }

    /// Whether nothing came back from anywhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What came back from a path.
    pub fn of(&self, path: &str) -> Option<&Heard> {
        self.0.iter().find(|(asked, _)| *asked == path).map(|(_, heard)| heard)
    }

    /// The JSON that came back with a success.
    pub fn json(&self, path: &str) -> Option<Value> {
        let heard = self.of(path).filter(|heard| (200..300).contains(&heard.status))?;
        serde_json::from_slice(&heard.body).ok()
    }

    /// Whether any answer names its server so.
    pub fn any_server(&self, name: &str) -> bool {
        self.0.iter().any(|(_, heard)| heard.server.as_deref() == Some(name))
    }
}

impl Kind {
    /// The kinds in the order they are told apart: LM Studio answers any path with 200, and several
    /// servers imitate Ollama's lists.
    pub const ALL: [Self; 5] =
        [Self::LmStudio, Self::Ollama, Self::LlamaCpp, Self::Vllm, Self::Generic];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LmStudio => "lmstudio",
            Self::Ollama => "ollama",
            Self::LlamaCpp => "llamacpp",
            Self::Vllm => "vllm",
            Self::Generic => "openai-compatible",
        }
    }

    /// The name people know it by.
    pub fn title(self) -> &'static str {
        match self {
            Self::LmStudio => "LM Studio",
            Self::Ollama => "Ollama",
            Self::LlamaCpp => "llama.cpp",
            Self::Vllm => "vLLM",
            Self::Generic => "an OpenAI-compatible server",
        }
    }

    /// The kind a preset's name stands for.
    pub fn of_preset(name: &str) -> Option<Self> {
        [Self::LmStudio, Self::Ollama, Self::LlamaCpp, Self::Vllm]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    /// What it is asked, all at once: its marks first, then what it holds. Every one is a GET that
    /// neither loads a model nor keeps one in memory.
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Self::LmStudio => {
                &["/lmstudio-greeting", "/api/v1/models", "/api/v0/models", "/v1/models"]
            }
            Self::Ollama => &["/api/version", "/", "/api/tags", "/api/ps"],
            Self::LlamaCpp => &["/props", "/health", "/models", "/v1/models"],
            Self::Vllm => &["/version", "/metrics", "/health", "/v1/models"],
            Self::Generic => &["/v1/models"],
        }
    }

    /// What is asked of a server nobody knows yet: the marks of every kind.
    pub const MARKS: [&'static str; 8] = [
        "/lmstudio-greeting",
        "/api/version",
        "/",
        "/props",
        "/health",
        "/version",
        "/metrics",
        "/v1/models",
    ];

    /// Whether a server of this kind and version answers a prompt that is longer than its context with
    /// an error. Ollama does where it is asked to (`truncate`, ollama/ollama#12061 and the release
    /// after); llama.cpp whatever its switches say (ggml-org/llama.cpp#16693); vLLM always. LM Studio
    /// leaves out the middle, and of others nobody knows.
    pub fn refuses(self, version: Option<&str>) -> bool {
        let mut numbers = version
            .unwrap_or_default()
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map_while(|digits| digits.parse::<u32>().ok());
        let mut next = || numbers.next().unwrap_or_default();
        match self {
            Self::Ollama => [next(), next(), next()] >= ollama::REFUSES_FROM,
            Self::LlamaCpp => next() >= llamacpp::REFUSES_FROM,
            Self::Vllm => true,
            Self::LmStudio | Self::Generic => false,
        }
    }

    /// Whether the answers are this kind's.
    pub fn answers(self, answers: &Answers) -> bool {
        match self {
            Self::LmStudio => lmstudio::answers(answers),
            Self::Ollama => ollama::answers(answers),
            Self::LlamaCpp => llamacpp::answers(answers),
            Self::Vllm => openai::vllm_answers(answers),
            Self::Generic => openai::answers(answers),
        }
    }

    /// The kind that answers so.
    pub fn told(answers: &Answers) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.answers(answers))
    }

    /// What the answers say.
    pub fn read(self, answers: &Answers) -> Reading {
        match self {
            Self::LmStudio => lmstudio::read(answers),
            Self::Ollama => ollama::read(answers),
            Self::LlamaCpp => llamacpp::read(answers),
            Self::Vllm => openai::read_vllm(answers),
            Self::Generic => openai::read(answers),
        }
    }

    /// Whether a request's model name means the listed one.
    pub fn same(self, listed: &str, asked: &str) -> bool {
        match self {
            // Ollama takes a name without a tag for its newest.
            Self::Ollama => ollama::tagged(listed) == ollama::tagged(asked),
            _ => listed == asked,
        }
    }
}

/// A text of a JSON object.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A count of a JSON object; 0 is "not known".
pub(super) fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64().filter(|count| *count > 0)
}

/// The items of a list in a JSON object.
pub(super) fn items<'v>(value: &'v Value, key: &str) -> Option<&'v Vec<Value>> {
    value.get(key)?.as_array()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Recorded answers: path, status, body.
    pub fn answers(recorded: &[(&'static str, u16, &str)]) -> Answers {
        let mut all = Answers::default();
        for (path, status, body) in recorded {
            let heard = Heard { status: *status, server: None, body: body.as_bytes().to_vec() };
            all.add(path, heard);
        }
        all
    }

    #[test]
    fn an_imitation_of_ollamas_lists_is_not_ollama() {
        let both =
            [("/api/version", 200, r#"{"version":"0.33.0"}"#), ("/", 200, "Ollama is running")];
        assert_eq!(Kind::told(&answers(&both)), Some(Kind::Ollama));
        assert_eq!(Kind::told(&answers(&both[..1])), None);
        let imitation = [
            ("/api/version", 200, r#"{"version":"0.33.0"}"#),
            ("/", 200, "<html>hello</html>"),
            ("/v1/models", 200, r#"{"object":"list","data":[{"id":"m"}]}"#),
        ];
        assert_eq!(Kind::told(&answers(&imitation)), Some(Kind::Generic));
    }

    #[test]
    fn lm_studio_is_known_although_it_answers_every_path() {
        let unexpected = r#"{"error":"Unexpected endpoint or method. (GET /props)"}"#;
        let recorded = [
            ("/lmstudio-greeting", 200, r#"{"lmstudio":true}"#),
            ("/api/version", 200, unexpected),
            ("/", 200, unexpected),
            ("/props", 200, unexpected),
            ("/version", 200, unexpected),
            ("/metrics", 200, unexpected),
            ("/v1/models", 200, r#"{"data":[]}"#),
        ];
        assert_eq!(Kind::told(&answers(&recorded)), Some(Kind::LmStudio));
        assert_eq!(Kind::told(&answers(&recorded[1..])), Some(Kind::Generic));
    }

    #[test]
    fn a_page_that_is_no_model_server_is_nothing() {
        let page = [("/", 200, "<html></html>"), ("/health", 200, "ok"), ("/v1/models", 404, "")];
        assert_eq!(Kind::told(&answers(&page)), None);
        let other = [("/v1/models", 200, "<html></html>"), ("/version", 200, r#"{"version":"1"}"#)];
        assert_eq!(Kind::told(&answers(&other)), None);
    }
}
