//! Ollama: what its lists say, and which of its models are not local at all.
//! Pure. Shapes as of Ollama 0.33: `/api/tags` lists what is installed, `/api/ps` what is in memory
//! with the context it was really loaded with, `/api/show` one model's limits.

use super::kind::{Answers, count, items, text};
use super::{Model, Reading};
use serde_json::{Value, json};

/// The version that is sure to know `truncate: false` in `/api/chat`; older ones do not look at it.
pub const REFUSES_FROM: [u32; 3] = [0, 13, 0];

/// Ollama says its name in words and its version in JSON; imitators do one of the two.
pub fn answers(answers: &Answers) -> bool {
    let version = answers.json("/api/version").is_some_and(|v| text(&v, "version").is_some());
    let named = answers
        .of("/")
        .is_some_and(|heard| heard.body.starts_with(b"Ollama is running") && heard.status == 200);
    version && named
}

/// What the lists say.
pub fn read(answers: &Answers) -> Reading {
    let installed = answers.json("/api/tags");
    let running = answers.json("/api/ps");
    let empty = Vec::new();
    let list = |value: &Option<Value>| {
        value.as_ref().and_then(|v| items(v, "models")).unwrap_or(&empty).clone()
    };
    let running_known = running.is_some();
    let running = list(&running);
    let mut models: Vec<Model> = list(&installed).iter().filter_map(model).collect();
    for one in &running {
        let Some(name) = name(one) else { continue };
        if !models.iter().any(|m| tagged(&m.name) == tagged(&name)) {
            models.extend(model(one));
        }
    }
    for model in &mut models {
        let here = running
            .iter()
            .find(|r| name(r).is_some_and(|name| tagged(&name) == tagged(&model.name)));
        model.loaded = running_known.then_some(here.is_some());
        model.context = here.and_then(|r| count(r, "context_length"));
    }
    Reading {
        version: answers.json("/api/version").and_then(|v| text(&v, "version")),
        swaps: true,
        models,
        ..Reading::default()
    }
}

fn name(value: &Value) -> Option<String> {
    text(value, "name").or_else(|| text(value, "model"))
}

fn model(value: &Value) -> Option<Model> {
    let name = name(value)?;
    let mut model = Model {
        cloud: in_cloud(&name)
            || text(value, "remote_host").is_some()
            || text(value, "remote_model").is_some(),
        size_bytes: count(value, "size"),
        digest: text(value, "digest"),
        name,
        ..Model::default()
    };
    if let Some(listed) = items(value, "capabilities") {
        able(&mut model, listed);
    }
    Some(model)
}

fn able(model: &mut Model, listed: &[Value]) {
    model.capabilities = listed.iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
    let has = |name: &str| model.capabilities.iter().any(|c| c == name);
    let known = !model.capabilities.is_empty();
    (model.chats, model.embeds) =
        (known.then(|| has("completion")), known.then(|| has("embedding")));
}

/// Whether the tag says that Ollama passes the model's requests on to its cloud.
pub fn in_cloud(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(":cloud") || name.ends_with("-cloud")
}

/// What Ollama reads into a name that does not say it.
const REGISTRY: &str = "registry.ollama.ai/";
const NAMESPACE: &str = "library/";

/// The one form of all names that Ollama takes for the same model: it knows no case, and its own
/// registry, namespace and newest tag need not be written.
pub fn tagged(name: &str) -> String {
    let mut name = name.to_ascii_lowercase();
    for unsaid in [REGISTRY, NAMESPACE] {
        if let Some(rest) = name.strip_prefix(unsaid) {
            name = rest.to_owned();
        }
    }
    let last = name.rsplit('/').next().unwrap_or(&name);
    if last.contains(':') { name } else { format!("{name}:latest") }
}

/// The question for one model's limits. It reads the model's file and loads nothing.
pub fn show(name: &str) -> String {
    json!({ "model": name }).to_string()
}

/// What `/api/show` says of a model that its list does not.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    capabilities: Vec<Value>,
    elsewhere: bool,
    context_max: Option<u64>,
}

/// Reads the answer of `/api/show`; most of it, such as the licence, is left.
pub fn limits(answer: &Value) -> Limits {
    let info = answer.get("model_info").and_then(Value::as_object);
    let limit = info.into_iter().flatten().find(|(key, _)| key.ends_with(".context_length"));
    Limits {
        capabilities: items(answer, "capabilities").cloned().unwrap_or_default(),
        elsewhere: text(answer, "remote_host").or_else(|| text(answer, "remote_model")).is_some(),
        context_max: limit.and_then(|(_, v)| v.as_u64()).filter(|n| *n > 0),
    }
}

/// Adds what is known of a model.
pub fn limit(model: &mut Model, limits: &Limits) {
    if !limits.capabilities.is_empty() {
        able(model, &limits.capabilities);
    }
    model.cloud |= limits.elsewhere;
    model.context_max = limits.context_max.or(model.context_max);
}

#[cfg(test)]
mod tests {
    use super::super::kind::tests::answers;
    use super::*;

    const TAGS: &str = r#"{"models":[
        {"name":"qwen3:8b","model":"qwen3:8b","size":5225388164,"digest":"500a","details":{"family":"qwen3"},"capabilities":["completion","tools","thinking"]},
        {"name":"nomic-embed-text:latest","model":"nomic-embed-text:latest","size":274302450,"digest":"0a10","capabilities":["embedding"]},
        {"name":"gpt-oss:120b-cloud","model":"gpt-oss:120b-cloud","remote_model":"gpt-oss:120b","remote_host":"https://ollama.com:443","size":384,"digest":"569e"},
        {"name":"kimi:latest","model":"kimi:latest","remote_host":"https://ollama.com:443","size":10,"digest":"77aa"},
        {"name":"old:7b","model":"old:7b","size":4000000000,"digest":"11bb"}]}"#;
    const PS: &str = r#"{"models":[{"name":"qwen3:8b","model":"qwen3:8b","size":6654289920,"size_vram":6654289920,"context_length":4096,"expires_at":"2026-11-22T10:05:00Z"}]}"#;

    #[test]
    fn what_is_installed_loaded_and_in_a_cloud_is_told_apart() {
        let read = read(&answers(&[
            ("/api/version", 200, r#"{"version":"0.33.0"}"#),
            ("/api/tags", 200, TAGS),
            ("/api/ps", 200, PS),
        ]));
        assert_eq!(read.version.as_deref(), Some("0.33.0"));
        let of = |name: &str| read.models.iter().find(|m| m.name == name).unwrap();
        let qwen = of("qwen3:8b");
        assert_eq!((qwen.loaded, qwen.context), (Some(true), Some(4096)));
        assert_eq!((qwen.chats, qwen.embeds, qwen.cloud), (Some(true), Some(false), false));
        let embed = of("nomic-embed-text:latest");
        assert_eq!((embed.loaded, embed.context), (Some(false), None));
        assert_eq!((embed.chats, embed.embeds), (Some(false), Some(true)));
        assert!(of("gpt-oss:120b-cloud").cloud, "by its tag");
        assert!(of("kimi:latest").cloud, "by where it is run");
        assert_eq!((of("old:7b").chats, of("old:7b").embeds), (None, None), "an older Ollama");
    }

    #[test]
    fn without_the_list_of_running_models_nothing_is_said_about_memory() {
        let read = read(&answers(&[("/api/tags", 200, TAGS), ("/api/ps", 500, "")]));
        assert!(read.models.iter().all(|m| m.loaded.is_none() && m.context.is_none()));
    }

    #[test]
    fn a_name_without_a_tag_is_the_newest() {
        assert_eq!(tagged("llama3.2"), "llama3.2:latest");
        assert_eq!(tagged("hf.co/a/b:Q4"), "hf.co/a/b:q4");
        for same in ["QWEN3:8b", "library/qwen3:8b", "registry.ollama.ai/library/qwen3:8b"] {
            assert_eq!(tagged(same), "qwen3:8b", "Ollama runs the same model");
        }
        assert!(in_cloud("GPT-oss:120b-CLOUD"));
        assert_eq!(tagged("host:5000/a/b"), "host:5000/a/b:latest");
    }

    #[test]
    fn the_longest_context_is_in_the_models_own_description() {
        let mut model = Model { name: "qwen3:8b".into(), ..Model::default() };
        let answer = json!({
            "capabilities": ["completion", "tools"],
            "model_info": { "general.architecture": "qwen3", "qwen3.context_length": 40960 }
        });
        limit(&mut model, &limits(&answer));
        assert_eq!((model.context_max, model.chats), (Some(40960), Some(true)));
    }
}
