//! opencode: a provider of Weir's with Weir's models, and the addresses of those of its own
//! providers that Weir has a key for. Its project files are laid over this one.

use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::gateway::{Gateway, Offered};
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish};
use crate::connect::run::Launch;
use crate::connect::surroundings::Surroundings;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Its folder, on every platform the same.
pub fn folder(around: &Surroundings) -> PathBuf {
    around.config_home().join("opencode")
}

/// The settings file in use; `opencode.json` when there is none.
pub fn settings(around: &Surroundings, files: &dyn Files) -> PathBuf {
    if let Some(named) = around.folder_of("OPENCODE_CONFIG") {
        return named;
    }
    let there = |name: &&str| {
        let path = folder(around).join(name);
        matches!(files.facts(&path), Ok(Some(_))) || matches!(files.link(&path), Ok(Some(_)))
    };
    let name = ["opencode.jsonc", "opencode.json", "config.json"].into_iter().find(there);
    folder(around).join(name.unwrap_or("opencode.json"))
}

/// Its own providers: the name, Weir's for it, and the version in the path its package wants.
const PROVIDERS: [(&str, &str, &str); 3] = [
    ("anthropic", "anthropic", "/v1"),
    ("openai", "openai", "/v1"),
    ("google", "gemini", "/v1beta"),
];

/// Whether a model that its settings choose is asked through Weir, once it is connected.
pub fn goes_through(gateway: &Gateway, model: &str) -> bool {
    let provider = model.split('/').next().unwrap_or_default();
    let has = |weirs: &str| gateway.usable.iter().any(|name| name == weirs);
    provider == "weir" || PROVIDERS.iter().any(|(own, weirs, _)| *own == provider && has(weirs))
}

fn models(gateway: &Gateway) -> Value {
    let model = |model: &Offered| {
        let id = &model.id;
        let limit =
            model.context.map(|context| json!({ "context": context, "output": context / 8 }));
        let mut entry = Map::from_iter([("name".to_owned(), json!(id))]);
        entry.extend(limit.map(|limit| ("limit".to_owned(), limit)));
        (id.clone(), Value::Object(entry))
    };
    Value::Object(gateway.listed().into_iter().map(model).collect())
}

fn provider(gateway: &Gateway, token: &str) -> Value {
    json!({
        "npm": "@ai-sdk/openai-compatible",
        "name": "Weir",
        "options": { "baseURL": format!("{}/v1", gateway.url()), "apiKey": token },
        "models": models(gateway),
    })
}

/// What to change.
pub fn plan(wanted: &Wanted<'_>, path: PathBuf) -> Plan {
    let mut wishes = Vec::new();
    if let Some(model) = &wanted.ask.model {
        wishes.push(Wish::of(&["model"], format!("weir/{model}")));
    }
    wishes.push(Wish::of(&["provider", "weir"], provider(wanted.gateway, wanted.token)));
    for (own, weirs, version) in PROVIDERS {
        if wanted.gateway.usable.iter().any(|name| name == weirs) {
            let url = format!("{}{version}", wanted.gateway.url());
            wishes.push(Wish::of(&["provider", own, "options", "baseURL"], url));
            wishes.push(Wish::of(&["provider", own, "options", "apiKey"], wanted.token));
        }
    }
    let notes = vec!["Weir's own models are in its list as weir/weir-auto and the like".to_owned()];
    Plan { files: vec![FilePlan { path, format: Format::Json, wishes, whole: None }], notes }
}

/// What it needs in its environment: settings that are laid over every file, for one start.
pub fn launch(launch: &mut Launch, gateway: &Gateway, token: &str) {
    let mut providers = Map::from_iter([("weir".to_owned(), provider(gateway, token))]);
    for (own, weirs, version) in PROVIDERS {
        if gateway.usable.iter().any(|name| name == weirs) {
            let url = format!("{}{version}", gateway.url());
            let entry = json!({ "options": { "baseURL": url, "apiKey": token } });
            providers.insert(own.to_owned(), entry);
        }
    }
    let content = json!({ "provider": providers }).to_string();
    launch.set.push(("OPENCODE_CONFIG_CONTENT".into(), content.into()));
}
