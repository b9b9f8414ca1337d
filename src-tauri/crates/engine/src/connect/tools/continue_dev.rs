//! Continue: one more model on top of its list, which is then the one it begins with. The older
//! `config.json` is not edited, and no `config.yaml` is made beside it: it would hide the other.

use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish};
use crate::connect::surroundings::Surroundings;
use serde_json::json;
use std::path::PathBuf;

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    around.folder_of("CONTINUE_GLOBAL_DIR").unwrap_or_else(|| around.home.join(".continue"))
}

/// Its settings.
pub fn settings(around: &Surroundings) -> PathBuf {
    folder(around).join("config.yaml")
}

/// The older settings, when they are the ones in use.
pub fn older(around: &Surroundings, files: &dyn Files) -> Option<PathBuf> {
    let there = |path: &PathBuf| matches!(files.facts(path), Ok(Some(_)));
    let older = Some(folder(around).join("config.json")).filter(there);
    older.filter(|_| !there(&settings(around)))
}

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let model = wanted.ask.model.clone().unwrap_or_else(|| "weir-auto".into());
    let entry = json!({
        "name": "Weir",
        "provider": "openai",
        "model": model,
        "apiBase": format!("{}/v1", wanted.gateway.url()),
        "apiKey": wanted.token,
        "roles": ["chat", "edit", "apply"],
    });
    let wishes = vec![
        Wish::gently(&["name"], "My settings"),
        Wish::gently(&["version"], "1.0.0"),
        Wish::gently(&["schema"], "v1"),
        Wish::of(&["models", "[name=Weir]"], entry),
    ];
    let path = settings(wanted.around);
    let notes = vec!["Choose the model Weir in Continue; its other models stay as they are".into()];
    Plan { files: vec![FilePlan { path, format: Format::Yaml, wishes, whole: None }], notes }
}
