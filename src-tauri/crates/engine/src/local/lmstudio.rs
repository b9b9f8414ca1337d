//! LM Studio: what its lists say. Pure.
//! `/api/v1/models` since 0.4.0, `/api/v0/models` before it. With loading on demand `/v1/models`
//! names everything that was downloaded, so being listed there says nothing about memory.

use super::kind::{Answers, count, items, text};
use super::{Model, Reading};
use serde_json::Value;

/// Ports where the application greets, whether or not its server for others is on; the last is
/// that server's own by default.
pub const GREETING_PORTS: [u16; 6] = [41343, 52993, 16141, 39414, 22931, 1234];

/// Exactly this greeting is what LM Studio's own command line looks for.
pub fn answers(answers: &Answers) -> bool {
    let greeting = answers.json("/lmstudio-greeting");
    greeting.is_some_and(|v| v.get("lmstudio").and_then(Value::as_bool) == Some(true))
}

/// What the lists say.
pub fn read(answers: &Answers) -> Reading {
    let list = |path: &str, key: &str| -> Option<Vec<Value>> {
        answers.json(path).and_then(|v| items(&v, key).cloned())
    };
    let models: Vec<Model> = if let Some(models) = list("/api/v1/models", "models") {
        models.iter().filter_map(model).collect()
    } else if let Some(models) = list("/api/v0/models", "data") {
        models.iter().filter_map(older).collect()
    } else {
        let named = |v: &Value| Some(Model { name: text(v, "id")?, ..Model::default() });
        list("/v1/models", "data").unwrap_or_default().iter().filter_map(named).collect()
    };
    let refused = |path: &str| answers.of(path).is_some_and(|h| matches!(h.status, 401 | 403));
    let wants_key = refused("/api/v1/models") || refused("/v1/models");
    Reading { swaps: true, models, wants_key, ..Reading::default() }
}

fn model(value: &Value) -> Option<Model> {
    let mut model = Model {
        name: text(value, "key")?,
        context_max: count(value, "max_context_length"),
        size_bytes: count(value, "size_bytes"),
        ..Model::default()
    };
    purpose(&mut model, value);
    if let Some(able) = value.get("capabilities").and_then(Value::as_object) {
        let said = able.iter().filter(|(_, v)| **v == Value::Bool(true));
        model.capabilities.extend(said.map(|(name, _)| name.clone()));
    }
    if let Some(running) = items(value, "loaded_instances") {
        model.loaded = Some(!running.is_empty());
        model.instances = running.iter().filter_map(|i| text(i, "id")).collect();
        let contexts = running.iter().filter_map(|i| count(i.get("config")?, "context_length"));
        // Any of them may answer, so the shortest is what surely fits.
        model.context = contexts.min();
    }
    Some(model)
}

fn older(value: &Value) -> Option<Model> {
    let name = text(value, "id")?;
    let loaded = text(value, "state").map(|state| state == "loaded");
    let mut model = Model {
        context_max: count(value, "max_context_length"),
        context: count(value, "loaded_context_length").filter(|_| loaded == Some(true)),
        instances: if loaded == Some(true) { vec![name.clone()] } else { Vec::new() },
        loaded,
        name,
        ..Model::default()
    };
    purpose(&mut model, value);
    Some(model)
}

fn purpose(model: &mut Model, value: &Value) {
    let Some(kind) = text(value, "type") else { return };
    let embeds = kind.starts_with("embedding");
    (model.embeds, model.chats) = (Some(embeds), Some(!embeds));
    model.capabilities.push(if embeds { "embedding".into() } else { "completion".into() });
    if kind == "vlm" {
        model.capabilities.push("vision".into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::tests::answers;
    use super::*;

    #[test]
    fn a_listed_model_is_loaded_only_where_an_instance_runs() {
        let list = r#"{"models":[
            {"type":"llm","key":"qwen/qwen3-8b","display_name":"Qwen3 8B","size_bytes":4700000000,"max_context_length":40960,
             "loaded_instances":[{"id":"qwen/qwen3-8b","config":{"context_length":8192}},{"id":"qwen/qwen3-8b:2","config":{"context_length":4096}}],
             "capabilities":{"vision":false,"trained_for_tool_use":true}},
            {"type":"embedding","key":"nomic","max_context_length":2048,"loaded_instances":[]}]}"#;
        let read = read(&answers(&[("/api/v1/models", 200, list)]));
        let [qwen, nomic] = read.models.as_slice() else { panic!("two: {read:?}") };
        assert_eq!(
            (qwen.loaded, qwen.context, qwen.context_max),
            (Some(true), Some(4096), Some(40960))
        );
        assert_eq!(qwen.instances, ["qwen/qwen3-8b", "qwen/qwen3-8b:2"]);
        assert_eq!(qwen.capabilities, ["completion", "trained_for_tool_use"]);
        assert_eq!(
            (nomic.loaded, nomic.embeds, nomic.chats),
            (Some(false), Some(true), Some(false))
        );
    }

    #[test]
    fn an_older_version_is_read_from_its_own_list() {
        let unexpected = r#"{"error":"Unexpected endpoint or method."}"#;
        let list = r#"{"object":"list","data":[
            {"id":"a","type":"llm","state":"loaded","max_context_length":32768,"loaded_context_length":4096},
            {"id":"b","type":"embeddings","state":"not-loaded","max_context_length":2048}]}"#;
        let read =
            read(&answers(&[("/api/v1/models", 200, unexpected), ("/api/v0/models", 200, list)]));
        assert_eq!((read.models[0].loaded, read.models[0].context), (Some(true), Some(4096)));
        assert_eq!((read.models[1].loaded, read.models[1].embeds), (Some(false), Some(true)));
    }
}
