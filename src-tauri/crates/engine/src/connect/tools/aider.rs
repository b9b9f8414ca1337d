//! aider: address and key of the OpenAI dialect in its own settings, and of Anthropic's where Weir
//! has a key for it. Weir's own models are asked for as `openai/weir-auto`.

use crate::connect::document::Format;
use crate::connect::gateway::Gateway;
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish};
use crate::connect::run::Launch;
use crate::connect::surroundings::Surroundings;
use serde_json::Value;
use std::path::PathBuf;

/// Its settings for this user; those of a repository are laid over them.
pub fn settings(around: &Surroundings) -> PathBuf {
    around.home.join(".aider.conf.yml")
}

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let gateway = wanted.gateway;
    let mut wishes = Vec::new();
    if let Some(model) = &wanted.ask.model {
        wishes.push(Wish::of(&["model"], format!("openai/{model}")));
    }
    wishes.push(Wish::of(&["openai-api-base"], format!("{}/v1", gateway.url())));
    wishes.push(Wish::of(&["openai-api-key"], wanted.token));
    if gateway.has("anthropic") {
        wishes.push(Wish::of(&["anthropic-api-key"], wanted.token));
        let item = format!("ANTHROPIC_BASE_URL={}", gateway.url());
        wishes.push(Wish::of(&["set-env", "[^ANTHROPIC_BASE_URL=]"], item));
    }
    let path = settings(wanted.around);
    let notes = vec!["Weir's own models are asked for as openai/weir-auto and the like".to_owned()];
    Plan { files: vec![FilePlan { path, format: Format::Yaml, wishes, whole: None }], notes }
}

/// What a list of variables in its settings says of Anthropic's address.
fn address(list: &Value) -> Option<&str> {
    let items = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
    items.iter().find_map(|item| item.as_str()?.strip_prefix("ANTHROPIC_BASE_URL="))
}

/// Whether such a list names an address at all.
pub fn names_address(list: &Value) -> bool {
    address(list).is_some()
}

/// Whether such a list, which takes the place of the user's own, leaves Anthropic's address with Weir.
pub fn keeps_address(gateway: &Gateway, list: &Value) -> bool {
    match address(list) {
        Some(url) => gateway.leads_here(url),
        None => !gateway.has("anthropic"),
    }
}

/// What it needs in its environment.
pub fn launch(launch: &mut Launch, gateway: &Gateway, token: &str) {
    let base = format!("{}/v1", gateway.url());
    // Its own names beat its settings files, where the library's would not.
    for (name, value) in [
        ("AIDER_OPENAI_API_BASE", base.as_str()),
        ("AIDER_OPENAI_API_KEY", token),
        ("OPENAI_API_BASE", &base),
        ("OPENAI_API_KEY", token),
    ] {
        launch.set.push((name.into(), value.into()));
    }
    if gateway.has("anthropic") {
        for (name, value) in [
            ("AIDER_ANTHROPIC_API_KEY", token),
            ("ANTHROPIC_API_KEY", token),
            ("ANTHROPIC_BASE_URL", &gateway.url()),
        ] {
            launch.set.push((name.into(), value.into()));
        }
    }
}
