//! Gemini CLI: its address and key in its own `.env`, and in its settings the way to sign in that a
//! key means, without which it asks, and a run with `-p` fails.

use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::gateway::Gateway;
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish, text_of};
use crate::connect::run::Launch;
use crate::connect::surroundings::{Platform, Surroundings};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What it takes for the user's folder.
fn user(around: &Surroundings) -> PathBuf {
    around.folder_of("GEMINI_CLI_HOME").unwrap_or_else(|| around.home.clone())
}

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    user(around).join(".gemini")
}

/// The file of its variables.
pub fn variables(around: &Surroundings) -> PathBuf {
    folder(around).join(".env")
}

/// The `.env` of the user's folder, where that is the one in use. It reads a single file, the one in its
/// own folder first, so that one made there would take all variables of this one away.
pub fn hidden(around: &Surroundings, files: &dyn Files) -> Option<PathBuf> {
    if matches!(files.facts(&variables(around)), Ok(Some(_))) {
        return None;
    }
    let path = user(around).join(".env");
    let says = Format::Dotenv.read(&text_of(files.read(&path).ok()??).ok()?).ok()?;
    says.as_object().is_some_and(|says| !says.is_empty()).then_some(path)
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
        "In a folder with a .env of its own, and in one that it was not told to trust, it reads none of \
         this and finds no key: there use weir run gemini-cli"
            .to_owned(),
    ];
    Plan { files, notes }
}

/// Where an administrator's settings are, which beat the user's.
fn administrator(around: &Surroundings) -> PathBuf {
    match around.platform {
        Platform::Linux => "/etc/gemini-cli/settings.json".into(),
        Platform::Mac => "/Library/Application Support/GeminiCli/settings.json".into(),
        Platform::Windows => "C:\\ProgramData\\gemini-cli\\settings.json".into(),
    }
}

/// What it needs in its environment. The way to sign in is a setting and no variable, so a file in
/// Weir's own home says it, in the place of an administrator's; where there is one of those, only
/// below the user's own settings.
pub fn launch(
    launch: &mut Launch,
    gateway: &Gateway,
    token: &str,
    around: &Surroundings,
    home: &Path,
) {
    let settings = home.join("run").join("gemini-cli.json");
    let taken = around.variable("GEMINI_CLI_SYSTEM_SETTINGS_PATH").is_some()
        || administrator(around).exists();
    let place = match taken {
        true => "GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
        false => "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
    };
    launch.set.push((place.into(), settings.clone().into()));
    let says = json!({ "security": { "auth": { "selectedType": "gemini-api-key" } } });
    launch.files.push((settings, says.to_string()));
    for (name, value) in
        [("GOOGLE_GEMINI_BASE_URL", gateway.url().as_str()), ("GEMINI_API_KEY", token)]
    {
        launch.set.push((name.into(), value.into()));
    }
    // Either would choose another way in before the key.
    for name in ["GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_API_KEY"] {
        launch.unset.push(name.into());
    }
}
