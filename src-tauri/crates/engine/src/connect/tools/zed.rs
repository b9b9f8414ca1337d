//! Zed: addresses of its providers, with the token in the path, because Zed keeps keys in the
//! system's keychain, where nobody else should write. Whatever key it has there is not used.

use crate::connect::document::Format;
use crate::connect::gateway::Offered;
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish};
use crate::connect::surroundings::{Platform, Surroundings};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    match around.platform {
        Platform::Linux => around.config_home().join("zed"),
        Platform::Mac => around.home.join(".config").join("zed"),
        Platform::Windows => around.roaming().join("Zed"),
    }
}

/// Its settings.
pub fn settings(around: &Surroundings) -> PathBuf {
    folder(around).join("settings.json")
}

/// Tokens of context where a model's are not known.
const CONTEXT_GUESSED: u64 = 128_000;
/// The same for a local model in no memory whose server chooses: what LM Studio begins with.
const CONTEXT_UNLOADED: u64 = 4_096;

/// Its own providers: the name, Weir's for it, and the version in the path it wants.
const PROVIDERS: [(&str, &str, &str); 3] =
    [("anthropic", "anthropic", ""), ("openai", "openai", "/v1"), ("google", "gemini", "")];

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let base = format!("{}/t/{}", wanted.gateway.url(), wanted.token);
    let model = |model: &Offered| {
        json!({
            "name": model.id,
            "display_name": model.id,
            "max_tokens": model.context.unwrap_or(match model.loaded {
                Some(false) => CONTEXT_UNLOADED,
                _ => CONTEXT_GUESSED,
            }),
            "capabilities": {
                "tools": true, "images": true, "parallel_tool_calls": true, "prompt_cache_key": false,
            },
        })
    };
    let models: Vec<Value> = wanted.gateway.listed().into_iter().map(model).collect();
    let weir = json!({ "api_url": format!("{base}/v1"), "available_models": models });
    let mut wishes = vec![Wish::of(&["language_models", "openai_compatible", "Weir"], weir)];
    for (own, weirs, version) in PROVIDERS {
        if wanted.gateway.has(weirs) {
            let url = format!("{base}{version}");
            wishes.push(Wish::of(&["language_models", own, "api_url"], url));
        }
    }
    let mut notes = vec![
        "Zed asks once for the key of a provider it has none of: enter any word, for example weir; \
         the token is in the address"
            .to_owned(),
    ];
    if wanted.ask.model.is_some() {
        notes.push("Choose the model in Zed's agent panel; --model has no effect here".to_owned());
    }
    let path = settings(wanted.around);
    Plan { files: vec![FilePlan { path, format: Format::Json, wishes, whole: None }], notes }
}
