//! Gemini CLI: its address and key in its own `.env`, and in its settings the way to sign in that a
//! key means, without which it asks, and a run with `-p` fails.

use crate::connect::document::Format;
use crate::connect::gateway::Gateway;
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish};
use crate::connect::run::Launch;
use crate::connect::surroundings::Surroundings;
use std::path::PathBuf;

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    around.folder_of("GEMINI_CLI_HOME").unwrap_or_else(|| around.home.clone()).join(".gemini")
}

/// The file of its variables.
pub fn variables(around: &Surroundings) -> PathBuf {
    folder(around).join(".env")
}

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let mut wishes = vec![
        Wish::of(&["GOOGLE_GEMINI_BASE_URL"], wanted.gateway.url()),
        Wish::of(&["GEMINI_API_KEY"], wanted.token),
    ];
    if let Some(model) = &wanted.ask.model {
        wishes.push(Wish::of(&["GEMINI_MODEL"], model.as_str()));
    }
    let signing_in = vec![Wish::of(&["security", "auth", "selectedType"], "gemini-api-key")];
    let file = |path, format, wishes| FilePlan { path, format, wishes, whole: None };
    let settings = folder(wanted.around).join("settings.json");
    let files = vec![
        file(variables(wanted.around), Format::Dotenv, wishes),
        file(settings, Format::Json, signing_in),
    ];
    let notes = vec![
        "A login with Google is not used while it is connected; Weir's key pays".to_owned(),
        "A .env of a project is read instead of this one, and would lead past Weir".to_owned(),
    ];
    Plan { files, notes }
}

/// What it needs in its environment. The way to sign in is a setting: without it, or with another
/// one, it may ask once.
pub fn launch(launch: &mut Launch, gateway: &Gateway, token: &str) {
    for (name, value) in
        [("GOOGLE_GEMINI_BASE_URL", gateway.url().as_str()), ("GEMINI_API_KEY", token)]
    {
        launch.set.push((name.into(), value.into()));
    }
    // Either would choose another way in before the key.
    for name in ["GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_API_KEY"] {
        launch.unset.push(name.into());
    }
    // A default the user's settings override, so that nothing has to be written for a first start.
    launch.set.push(("GEMINI_DEFAULT_AUTH_TYPE".into(), "gemini-api-key".into()));
}
