//! Codex: a model provider of Weir's in its configuration, and the key that chooses it. Its own
//! provider `openai` is left as it is; a login with ChatGPT is not used while Weir is chosen.

use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::gateway::{Gateway, Offered};
use crate::connect::plan::{FilePlan, Plan, Wanted, Wish, text_of};
use crate::connect::run::Launch;
use crate::connect::surroundings::Surroundings;
use crate::connect::tools::Tool;
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    around.folder_of("CODEX_HOME").unwrap_or_else(|| around.home.join(".codex"))
}

/// Its configuration.
pub fn settings(around: &Surroundings) -> PathBuf {
    folder(around).join("config.toml")
}

/// How often Codex sends a request again that Weir refused or could not get answered, and a stream that
/// broke; each of the second brings all of the first with it. Its own choice is 4 and 5, made for a
/// provider that it asks itself: 30 requests. Weir has tried again and asked the others by then, so what
/// is left for Codex is a stream that broke on the way, and a Weir that was just started anew.
const REQUEST_RETRIES: u64 = 1;
const STREAM_RETRIES: u64 = 2;

/// The key that says how many tokens the model takes.
const CONTEXT_KEY: &str = "model_context_window";

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let path = settings(wanted.around);
    // Any name but "OpenAI": with that one Codex tries web sockets and compaction on the server.
    let provider = json!({
        "name": "Weir",
        "base_url": format!("{}/v1", wanted.gateway.url()),
        "experimental_bearer_token": wanted.token,
        "wire_api": "responses",
        "requires_openai_auth": false,
        "supports_websockets": false,
        "request_max_retries": REQUEST_RETRIES,
        "stream_max_retries": STREAM_RETRIES,
    });
    let mut wishes = vec![Wish::of(&["model_provider"], "weir")];
    if let Some(model) = &wanted.ask.model {
        wishes.push(Wish::of(&["model"], model.as_str()));
    }
    let local = wanted.ask.model.as_deref().and_then(|model| wanted.gateway.local(model));
    // It would take a model that it does not know for a large one, and never shorten in time.
    if let Some(tokens) = local.and_then(|model| model.context) {
        wishes.push(Wish::of(&[CONTEXT_KEY], tokens));
    }
    wishes.push(Wish::of(&["model_providers", "weir"], provider));
    let mut notes = Vec::new();
    if let Some(Offered { id, loaded: Some(false), context: None, .. }) = local {
        let again = wanted.ask.command(Tool::Codex);
        notes.push(format!(
            "{id} is not loaded, so nobody knows how many tokens it takes: weir local load {id}, then \
             {again}"
        ));
    }
    let says = (wanted.says)(&path, Format::Toml);
    if let Some(profile) = says.get("profile").and_then(|p| p.as_str()) {
        notes.push(format!("Its profile {profile} may choose another provider, past Weir"));
    }
    notes.push("A login with ChatGPT is not used while Codex is connected; Weir's key pays".into());
    Plan { files: vec![FilePlan { path, format: Format::Toml, wishes, whole: None }], notes }
}

/// The model of a run: what its arguments say, then its configuration.
pub fn model_of_run(
    arguments: &[OsString],
    around: &Surroundings,
    files: &dyn Files,
) -> Option<String> {
    let setting = |text: &str| {
        let value = text.strip_prefix("model=")?.trim();
        Some(value.trim_matches(['"', '\'']).to_owned())
    };
    let mut given = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = given.next() {
        let found = match argument {
            "-m" | "--model" => return given.next().map(str::to_owned),
            "-c" | "--config" => given.next().and_then(setting),
            other => match other.strip_prefix("--model=") {
                Some(model) => Some(model.to_owned()),
                None => other.strip_prefix("--config=").and_then(setting),
            },
        };
        if found.is_some() {
            return found;
        }
    }
    let text = text_of(files.read(&settings(around)).ok()??).ok()?;
    Some(Format::Toml.read(&text).ok()?.get("model")?.as_str()?.to_owned())
}

/// The variable that holds the token of a run, so that it is in no list of processes.
const TOKEN_VARIABLE: &str = "WEIR_TOKEN";

/// What it needs before its arguments.
pub fn launch(launch: &mut Launch, gateway: &Gateway, token: &str, model: Option<&str>) {
    let provider = format!(
        "model_providers.weir={{ name = \"Weir\", base_url = \"{}/v1\", env_key = \"{TOKEN_VARIABLE}\", \
         wire_api = \"responses\", requires_openai_auth = false, supports_websockets = false, \
         request_max_retries = {REQUEST_RETRIES}, stream_max_retries = {STREAM_RETRIES} }}",
        gateway.url()
    );
    let context = model.and_then(|model| gateway.local(model)?.context);
    let context = context.map(|tokens| format!("{CONTEXT_KEY}={tokens}"));
    for given in [provider, "model_provider=\"weir\"".to_owned()].into_iter().chain(context) {
        launch.arguments.extend(["-c".to_owned(), given]);
    }
    launch.set.push((TOKEN_VARIABLE.into(), token.into()));
}
