//! vLLM, and any other server that lists models as OpenAI does. Pure.
//! vLLM serves what it was started with, so everything it lists is in memory. Of a server nobody
//! knows only the names are certain, and a context where it says one.

use super::kind::{Answers, count, items, text};
use super::{Model, Reading};
use serde_json::Value;

/// Keys under which servers tell a model's context, in tokens.
const CONTEXT_KEYS: [&str; 5] =
    ["max_model_len", "context_length", "context_window", "max_context_length", "n_ctx"];

/// vLLM names its metrics; where they are closed off, it names itself as the models' owner.
pub fn vllm_answers(answers: &Answers) -> bool {
    let version = answers.json("/version").is_some_and(|v| text(&v, "version").is_some());
    let metrics = answers
        .of("/metrics")
        .is_some_and(|heard| heard.body.windows(5).any(|five| five == b"vllm:"));
    version && (metrics || owned_by_vllm(answers))
}

fn owned_by_vllm(answers: &Answers) -> bool {
    let listed = answers.json("/v1/models");
    let data = listed.as_ref().and_then(|v| items(v, "data"));
    data.into_iter().flatten().any(|m| text(m, "owned_by").as_deref() == Some("vllm"))
}

/// A list of models, or a server that wants a key before it shows one.
pub fn answers(answers: &Answers) -> bool {
    answers.json("/v1/models").is_some_and(|v| items(&v, "data").is_some()) || wants_key(answers)
}

fn wants_key(answers: &Answers) -> bool {
    answers.of("/v1/models").is_some_and(|heard| matches!(heard.status, 401 | 403))
}

/// What vLLM says.
pub fn read_vllm(answers: &Answers) -> Reading {
    let mut reading = read(answers);
    reading.version = answers.json("/version").and_then(|v| text(&v, "version"));
    reading.loading = answers.of("/health").is_some_and(|heard| heard.status == 503);
    for model in &mut reading.models {
        model.loaded = Some(true);
    }
    reading
}

/// What an OpenAI-compatible server says.
pub fn read(answers: &Answers) -> Reading {
    let listed = answers.json("/v1/models");
    let data = listed.as_ref().and_then(|v| items(v, "data"));
    let models = data.into_iter().flatten().filter_map(model).collect();
    Reading { models, wants_key: wants_key(answers), ..Reading::default() }
}

fn model(value: &Value) -> Option<Model> {
    let of = |value: &Value| CONTEXT_KEYS.iter().find_map(|key| count(value, key));
    let context = of(value).or_else(|| of(value.get("meta")?));
    Some(Model { name: text(value, "id")?, context, ..Model::default() })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::kind::tests::answers;
    use super::*;

    #[test]
    fn vllm_is_known_by_its_metrics_and_holds_what_it_lists() {
        let heard = answers(&[
            ("/version", 200, r#"{"version":"0.32.0"}"#),
            ("/metrics", 200, "# HELP vllm:num_requests_running Number of requests\n"),
            ("/health", 200, ""),
            (
                "/v1/models",
                200,
                r#"{"object":"list","data":[{"id":"Qwen/Qwen3-8B","owned_by":"vllm","max_model_len":32768}]}"#,
            ),
        ]);
        assert_eq!(Kind::told(&heard), Some(Kind::Vllm));
        let read = Kind::Vllm.read(&heard);
        assert_eq!(read.version.as_deref(), Some("0.32.0"));
        assert_eq!((read.models[0].loaded, read.models[0].context), (Some(true), Some(32768)));
    }

    #[test]
    fn of_an_unknown_server_memory_is_not_guessed() {
        let heard = answers(&[(
            "/v1/models",
            200,
            r#"{"data":[{"id":"m","owned_by":"me"},{"id":"n","meta":{"n_ctx":4096}}]}"#,
        )]);
        assert_eq!(Kind::told(&heard), Some(Kind::Generic));
        let read = read(&heard);
        assert_eq!((read.models[0].loaded, read.models[0].context), (None, None));
        assert_eq!(read.models[1].context, Some(4096));
    }

    #[test]
    fn a_server_that_wants_a_key_is_a_server() {
        let heard = answers(&[("/v1/models", 401, r#"{"error":"no key"}"#)]);
        assert_eq!(Kind::told(&heard), Some(Kind::Generic));
        assert!(Kind::Generic.read(&heard).wants_key);
    }
}
