//! What a body would be judged and where it would go, without sending it: one body, or many.

use super::problem::bad;
use crate::api::{ApiProblem, RouteCandidate, RouteTest};
use crate::prices::{Prices, Quoted};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use weir_core::route::{Ask, Candidate, Route, Setup, plan, routed};
use weir_core::{Dialect, Endpoint};
use weir_proxy::triage::{Judged, judge_body};
use weir_wire::facts::{self, BodyProblem, Facts};

/// The set-up a trial is made under.
pub struct Trial<'a> {
    /// The set-up in force.
    pub setup: &'a Setup,
    /// The prices in force.
    pub prices: &'a Prices,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Why a way cannot answer now, if it cannot, and whether it is the only one.
    pub unable: &'a dyn Fn(&Route, bool) -> Option<String>,
}

/// A body with what it would come with.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(default)]
    dialect: Option<Dialect>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Trial<'_> {
    /// The judgement and the plan for a body, or for a `{"dialect", "headers", "body"}` around one.
    pub fn of(&self, text: &str, dialect: Option<Dialect>) -> Result<RouteTest, ApiProblem> {
        let keys = Keys::of(text)?;
        if !keys.is_wrapper() {
            return self.body(text, &keys, dialect, &BTreeMap::new());
        }
        let wrapped: Wrapped<'_> = serde_json::from_str(text)
            .map_err(|e| bad(format!("the wrapper around `body`: {e}")))?;
        let body = wrapped.body.get();
        self.body(body, &Keys::of(body)?, wrapped.dialect.or(dialect), &wrapped.headers)
    }

    fn body(
        &self,
        body: &str,
        keys: &Keys,
        dialect: Option<Dialect>,
        headers: &BTreeMap<String, String>,
    ) -> Result<RouteTest, ApiProblem> {
        let endpoint = keys.endpoint(dialect)?;
        let facts = read(endpoint, body)?;
        let named = facts.model.as_ref().map(|m| m.value.clone());
        let model = named.clone().unwrap_or_else(|| "weir-auto".to_owned());
        let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let judged = judge_body(endpoint, &model, body.as_bytes(), facts.session.as_deref(), given)
            .map_err(bad)?;
        let hinted = headers.keys().any(|name| name.eq_ignore_ascii_case("x-weir-tier"));
        let ask = Ask {
            judgement: judged.judgement,
            hinted,
            conversation: judged.conversation,
            max_output: facts.max_output_tokens,
            cache_marked: facts.cache_marked,
            now_ms: self.now_ms,
            quotes: &Quoted { prices: self.prices, setup: self.setup, at_ms: self.now_ms },
            ..Ask::bare(endpoint, &model, facts.stream)
        };
        let (candidates, problem) = match plan(self.setup, &ask) {
            Ok(plan) => (plan.candidates, None),
            Err(nowhere) => (Vec::new(), Some(nowhere.to_string())),
        };
        Ok(told(named, judged, candidates, problem, self.unable))
    }
}

fn told(
    asked_model: Option<String>,
    judged: Judged,
    candidates: Vec<Candidate>,
    problem: Option<String>,
    unable: &dyn Fn(&Route, bool) -> Option<String>,
) -> RouteTest {
    let alone = candidates.len() == 1;
    let one = |candidate: Candidate| RouteCandidate {
        unable: unable(&candidate.route, alone),
        route: candidate.route.to_string(),
        reason: candidate.reason.as_str().to_owned(),
        expected_usd: candidate.expected,
    };
    let judgement = judged.judgement;
    let tier = asked_model.as_deref().and_then(routed).flatten();
    RouteTest {
        task: judgement.map(|j| j.task.as_str().to_owned()),
        tier: judgement.map(|j| j.tier).or(tier).map(|t| t.as_str().to_owned()),
        judged_tier: judged.judged_tier.map(|t| t.as_str().to_owned()),
        confidence: judgement.map(|j| f64::from(j.confidence) / 1_000.0),
        class: judgement.map(|j| j.class.as_str().to_owned()),
        deterministic: judgement.is_some_and(|j| j.deterministic),
        conversation: judged.conversation.map(|key| key.to_string()),
        asked_model,
        candidates: candidates.into_iter().map(one).collect(),
        problem,
    }
}

/// The facts of a body; one that names no model asks for whichever is right.
fn read(endpoint: Endpoint, body: &str) -> Result<Facts, ApiProblem> {
    match facts::read(endpoint, body.as_bytes()) {
        Err(BodyProblem::ModelMissing) => {
            let open = body.find('{').map_or(0, |at| at + 1);
            let named = format!("{{\"model\":\"weir-auto\",{}", &body[open..]);
            facts::read(endpoint, named.as_bytes()).map_err(bad)
        }
        read => read.map_err(bad),
    }
}

/// The top-level keys that tell one dialect's body from another's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Keys {
    model: Option<Model>,
    messages: Option<IgnoredAny>,
    contents: Option<IgnoredAny>,
    input: Option<Input>,
    body: Option<IgnoredAny>,
    system: Option<IgnoredAny>,
    max_tokens: Option<IgnoredAny>,
    encoding_format: Option<IgnoredAny>,
    dimensions: Option<IgnoredAny>,
    instructions: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Model {
    Name(String),
    Other(IgnoredAny),
}

/// Texts or numbers to embed are a list of just these; a conversation's items are objects.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Texts(Vec<TextOrNumber>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(IgnoredText),
    Number(#[expect(dead_code, reason = "only its being a number counts")] f64),
}

/// A string that is passed over.
struct IgnoredText;

impl<'de> Deserialize<'de> for IgnoredText {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from).map(|_| Self)
    }
}

/// Names that only models have which make embeddings.
const EMBEDDERS: [&str; 7] = ["embed", "bge-", "gte-", "minilm", "e5-", "voyage-", "arctic-"];

impl Keys {
    fn of(text: &str) -> Result<Self, ApiProblem> {
        serde_json::from_str(text).map_err(|e| bad(format!("the body is not a JSON object: {e}")))
    }

    fn is_wrapper(&self) -> bool {
        let own = self.messages.is_some() || self.contents.is_some() || self.input.is_some();
        self.body.is_some() && !own
    }

    fn model_has(&self, parts: &[&str]) -> bool {
        let Some(Model::Name(name)) = &self.model else { return false };
        let name = name.to_ascii_lowercase();
        parts.iter().any(|part| name.contains(part))
    }

    fn embeds(&self) -> bool {
        matches!(&self.input, Some(Input::Texts(texts)) if !texts.is_empty())
            || self.encoding_format.is_some()
            || self.dimensions.is_some()
            || self.instructions.is_none() && self.model_has(&EMBEDDERS)
    }

    /// The endpoint a body was written for: the dialect's own, told apart by its top-level keys.
    fn endpoint(&self, dialect: Option<Dialect>) -> Result<Endpoint, ApiProblem> {
        let messages = self.messages.is_some();
        let openai = match &self.input {
            Some(_) if messages => Endpoint::Chat,
            Some(_) if self.embeds() => Endpoint::Embeddings,
            Some(_) => Endpoint::Responses,
            None => Endpoint::Chat,
        };
        let claude = self.model_has(&["claude"])
            || self.system.is_some() && (self.max_tokens.is_some() || self.model.is_none());
        Ok(match dialect {
            Some(Dialect::Anthropic) => Endpoint::Messages,
            Some(Dialect::Gemini) => Endpoint::Generate,
            Some(Dialect::OpenAi | Dialect::Ollama) => openai,
            None if self.contents.is_some() => Endpoint::Generate,
            None if messages && claude => Endpoint::Messages,
            None if messages || self.input.is_some() => openai,
            None => {
                return Err(bad(
                    "the body has none of messages, input and contents, so its dialect is \
                     unclear; name it with --dialect",
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(body: &str, dialect: Option<Dialect>) -> Option<Endpoint> {
        Keys::of(body).expect("an object").endpoint(dialect).ok()
    }

    #[test]
    fn a_body_tells_its_endpoint_by_its_keys() {
        for (body, expected) in [
            (r#"{"contents":[]}"#, Endpoint::Generate),
            (r#"{"model":"claude-x","messages":[]}"#, Endpoint::Messages),
            (r#"{"max_tokens":5,"system":"x","messages":[]}"#, Endpoint::Messages),
            (r#"{"model":"gpt-5","messages":[]}"#, Endpoint::Chat),
            (r#"{"model":"gpt-5","input":"x"}"#, Endpoint::Responses),
            (r#"{"model":"gpt-5","input":[{"role":"user","content":"x"}]}"#, Endpoint::Responses),
            (r#"{"model":"text-embedding-3-small","input":"x"}"#, Endpoint::Embeddings),
            (r#"{"model":"m","input":["x","y"]}"#, Endpoint::Embeddings),
            (r#"{"model":"m","input":"x","encoding_format":"float"}"#, Endpoint::Embeddings),
        ] {
            assert_eq!(endpoint(body, None), Some(expected), "{body}");
        }
        assert_eq!(endpoint(r#"{"a":1}"#, None), None);
        let same = r#"{"model":"m","messages":[]}"#;
        assert_eq!(endpoint(same, Some(Dialect::Anthropic)), Some(Endpoint::Messages));
    }

    #[test]
    fn a_body_without_a_model_asks_for_whichever_is_right() {
        let facts = read(Endpoint::Chat, r#" {"messages":[]}"#).expect("readable");
        assert_eq!(facts.model.map(|m| m.value).as_deref(), Some("weir-auto"));
        assert!(read(Endpoint::Chat, r#"{"messages":5,"model":"m"}"#).is_err());
    }
}
