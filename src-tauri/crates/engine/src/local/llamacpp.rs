//! llama.cpp's `llama-server`: with one model from its start, or as a router that loads models as
//! they are asked for. Pure. `/health`, `/props` and `/models` never wake a sleeping model.

use super::kind::{Answers, count, items, text};
use super::{Model, Reading};
use serde_json::Value;

/// The name in its `Server` header.
const SERVER: &str = "llama.cpp";

/// The build that is sure to refuse a prompt longer than its context, also with `--context-shift`.
pub const REFUSES_FROM: u32 = 6_900;

/// A key of `/props` since some build before 7,551 (ggml-org/llama.cpp#18228). A server built from an
/// archive calls itself `b0` or `b1`, however new it is.
const SINCE_SLEEP: &str = "is_sleeping";

/// It says its build in `/props` and its name in a header, also while it loads.
pub fn answers(answers: &Answers) -> bool {
    let props = answers.json("/props").is_some_and(|v| v.get("build_info").is_some());
    props || answers.any_server(SERVER) || loading(answers)
}

fn loading(answers: &Answers) -> bool {
    answers.of("/health").is_some_and(|heard| {
        heard.status == 503 && String::from_utf8_lossy(&heard.body).contains("Loading model")
    })
}

/// What the answers say.
pub fn read(answers: &Answers) -> Reading {
    let props = answers.json("/props").unwrap_or_default();
    let version = text(&props, "build_info");
    let listed = answers.json("/models");
    let routed: Vec<Model> = listed
        .as_ref()
        .and_then(|v| items(v, "data"))
        .map(|list| list.iter().filter_map(in_router).collect())
        .unwrap_or_default();
    let router = text(&props, "role").as_deref() == Some("router") || !routed.is_empty();
    let models = if router { routed } else { single(answers, &props) };
    let wants_key = answers.of("/props").is_some_and(|heard| matches!(heard.status, 401 | 403));
    let refuses = props.get(SINCE_SLEEP).is_some();
    Reading { version, loading: loading(answers), swaps: router, models, wants_key, refuses }
}

/// A model of a router; `None` for a list that gives no status, which is not a router's.
fn in_router(value: &Value) -> Option<Model> {
    let status = value.get("status")?;
    let state = text(status, "value")?;
    let loaded = matches!(state.as_str(), "loaded" | "sleeping");
    let arguments: Vec<&str> =
        items(status, "args").into_iter().flatten().filter_map(Value::as_str).collect();
    let number = |names: &[&str]| {
        let pair = arguments.windows(2).find(|pair| names.contains(&pair[0]));
        pair.and_then(|pair| pair[1].parse().ok()).filter(|number: &u64| *number > 0)
    };
    let context = number(&["-c", "-ctx", "--ctx-size"]);
    let slots = number(&["-np", "--parallel"]).and_then(|slots| slots.try_into().ok());
    Some(Model {
        name: text(value, "id")?,
        loaded: Some(loaded),
        context: context.filter(|_| loaded),
        // It is loaded with these arguments and no others.
        context_max: context,
        slots,
        capabilities: if state == "loaded" { Vec::new() } else { vec![state] },
        ..Model::default()
    })
}

fn single(answers: &Answers, props: &Value) -> Vec<Model> {
    let context = props.get("default_generation_settings").and_then(|v| count(v, "n_ctx"));
    let context = context.or_else(|| count(props, "n_ctx"));
    let able = |name: &str| {
        let modalities = props.get("modalities")?;
        (modalities.get(name)?.as_bool() == Some(true)).then(|| name.to_owned())
    };
    let listed = answers.json("/v1/models");
    let mut models: Vec<Model> = listed
        .as_ref()
        .and_then(|v| items(v, "data"))
        .into_iter()
        .flatten()
        .filter_map(|v| {
            let meta = v.get("meta").unwrap_or(&Value::Null);
            Some(Model {
                name: text(v, "id")?,
                context_max: count(meta, "n_ctx_train"),
                size_bytes: count(meta, "size"),
                ..Model::default()
            })
        })
        .collect();
    let named = text(props, "model_alias").or_else(|| text(props, "model_path"));
    if models.is_empty() {
        models.extend(named.map(|name| Model { name, ..Model::default() }));
    }
    let slots = count(props, "total_slots").and_then(|slots| slots.try_into().ok());
    for model in &mut models {
        model.slots = slots;
        model.loaded = Some(!loading(answers));
        model.context = context;
        model.capabilities = ["vision", "audio"].into_iter().filter_map(able).collect();
    }
    models
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::kind::tests::answers;
    use super::*;
    use weir_proxy::probe::Heard;

    #[test]
    fn a_server_with_one_model_says_the_context_of_a_slot() {
        let read = read(&answers(&[
            (
                "/props",
                200,
                r#"{"build_info":"b7000-abc","total_slots":4,"model_alias":"tiny","model_path":"/m/tiny.gguf","default_generation_settings":{"n_ctx":2048},"modalities":{"vision":true,"audio":false}}"#,
            ),
            ("/health", 200, r#"{"status":"ok"}"#),
            (
                "/v1/models",
                200,
                r#"{"data":[{"id":"tiny","owned_by":"llamacpp","meta":{"n_ctx_train":8192,"size":90000}}]}"#,
            ),
        ]));
        assert_eq!(read.version.as_deref(), Some("b7000-abc"));
        let [tiny] = read.models.as_slice() else { panic!("one: {read:?}") };
        assert_eq!(
            (tiny.loaded, tiny.context, tiny.context_max),
            (Some(true), Some(2048), Some(8192))
        );
        assert_eq!(tiny.capabilities, ["vision"]);
        assert_eq!(tiny.slots, Some(4));
        assert!(!read.swaps);
    }

    #[test]
    fn a_new_server_without_a_build_number_is_known_to_refuse_what_is_too_long() {
        let refuses = |props: &str| read(&answers(&[("/props", 200, props)])).refuses;
        assert!(refuses(r#"{"build_info":"b0-unknown","is_sleeping":false}"#));
        assert!(!refuses(r#"{"build_info":"b0-unknown"}"#));
    }

    #[test]
    fn a_server_that_is_still_loading_is_known_and_says_so() {
        let body = r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#;
        let heard = answers(&[("/health", 503, body), ("/props", 503, body)]);
        assert_eq!(Kind::told(&heard), Some(Kind::LlamaCpp));
        assert!(read(&heard).loading);
        let mut keyed = Answers::default();
        let server = Some("llama.cpp".to_owned());
        keyed.add("/props", Heard { status: 401, server, body: Vec::new() });
        assert_eq!(Kind::told(&keyed), Some(Kind::LlamaCpp));
        assert!(read(&keyed).wants_key);
    }

    #[test]
    fn a_router_says_which_of_its_models_are_in_memory() {
        let read = read(&answers(&[
            ("/props", 200, r#"{"role":"router","build_info":"b7000"}"#),
            (
                "/models",
                200,
                r#"{"data":[
                {"id":"a:Q4","status":{"value":"loaded","args":["llama-server","-c","4096","-np","2"]}},
                {"id":"b:Q4","status":{"value":"unloaded","args":["llama-server","--ctx-size","8192"]}},
                {"id":"c:Q4","status":{"value":"loading"}}]}"#,
            ),
        ]));
        let seen: Vec<_> = read.models.iter().map(|m| (m.loaded, m.context)).collect();
        assert_eq!(seen, [(Some(true), Some(4096)), (Some(false), None), (Some(false), None)]);
        let most: Vec<_> = read.models.iter().map(|m| m.context_max).collect();
        assert_eq!(most, [Some(4096), Some(8192), None], "what the others will be loaded with");
        let slots: Vec<_> = read.models.iter().map(|m| m.slots).collect();
        assert_eq!(slots, [Some(2), None, None]);
        assert!(read.swaps);
    }
}
