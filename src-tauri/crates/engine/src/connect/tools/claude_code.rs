//! Claude Code: the variables under `env` in its user settings, which beat the shell's. Those that
//! lead to Weir are set; those that give back what it turns off behind any other address are set
//! only where the user has not decided.

use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::gateway::{Gateway, Offered};
use crate::connect::plan::{FilePlan, Login, Plan, Wanted, Wish, text_of};
use crate::connect::run::Launch;
use crate::connect::surroundings::{Platform, Surroundings};
use crate::connect::tools::Tool;
use crate::connect::tools::past::{Beaten, Whose, switched_on};
use serde_json::Value;
use std::ffi::OsString;
use std::path::PathBuf;

/// Its folder.
pub fn folder(around: &Surroundings) -> PathBuf {
    around.folder_of("CLAUDE_CONFIG_DIR").unwrap_or_else(|| around.home.join(".claude"))
}

/// Its user settings.
pub fn settings(around: &Surroundings) -> PathBuf {
    folder(around).join("settings.json")
}

/// The settings that hold for everybody on this machine and count more than all others, the one that
/// counts most first: of those in the folder beside the one file the last, by name.
pub fn managed(around: &Surroundings, files: &dyn Files) -> Vec<PathBuf> {
    let folder = PathBuf::from(match around.platform {
        Platform::Linux => "/etc/claude-code",
        Platform::Mac => "/Library/Application Support/ClaudeCode",
        Platform::Windows => "C:\\Program Files\\ClaudeCode",
    });
    let mut more = files.names(&folder.join("managed-settings.d")).unwrap_or_default();
    more.retain(|path| path.extension().is_some_and(|end| end == "json"));
    more.sort();
    more.into_iter().rev().chain([folder.join("managed-settings.json")]).collect()
}

/// The model of its small background tasks. Without one they go to the main model, at its price.
pub const SMALL_MODEL: &str = "claude-haiku-5-5";

/// Whether Anthropic's own models can be asked beside this one, or this is one of them.
fn reached(model: &str, gateway: &Gateway, keeps_login: bool) -> bool {
    let name = model.strip_prefix("anthropic/").unwrap_or(model);
    // A bare name, such as its own `sonnet`, is one of Anthropic's models.
    let others = name.contains('/') || name.trim_start_matches("claude-").starts_with("weir-");
    !others || gateway.has("anthropic") || keeps_login
}

/// The names of its own models that another model can be given: its `/model sonnet`, and an agent that
/// asks for `opus`.
const OWN_NAMES: [&str; 3] = [
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
];

/// The variables beside address and token, for a model that was asked for or is set already: a file
/// gets the same ones as a run. A local model does the small tasks too; whatever was asked for does, and
/// all that its own names mean, where Anthropic cannot be asked now.
fn beside(
    model: Option<&str>,
    gateway: &Gateway,
    keeps_login: bool,
) -> Vec<(&'static str, String)> {
    let alone = model.filter(|model| !reached(model, gateway, keeps_login));
    let local = model.filter(|model| gateway.local(model).is_some());
    let small = local.or(alone).unwrap_or(SMALL_MODEL);
    let value =
        |value: &str| if value == SMALL_MODEL { small.to_owned() } else { value.to_owned() };
    let mut variables: Vec<_> = FEATURES.map(|(name, says)| (name, value(says))).into();
    variables
        .extend(alone.into_iter().flat_map(|model| OWN_NAMES.map(|name| (name, model.to_owned()))));
    // It takes a model that it does not know for one of a million tokens, and never shortens in time.
    let context = model.and_then(|model| gateway.local(model)?.context);
    let window = context.map(Window::of);
    variables.extend(window.map(|window| (CONTEXT_VARIABLE, window.told.to_string())));
    let answer = window.and_then(|window| window.answer);
    variables.extend(answer.map(|tokens| (ANSWER_VARIABLE, tokens.to_string())));
    variables
}

/// What somebody should know of a local model before the first prompt; its first one is long.
fn told_of(model: &Offered, again: &str) -> Option<String> {
    let id = &model.id;
    match model.context {
        // Its tools are in every prompt, so that what is left is for the conversation.
        Some(tokens) if shortens_at(tokens) < FIRST_PROMPT + CONVERSATION_MIN => Some(format!(
            "{id} takes {tokens} tokens as it is loaded, and the first prompt of Claude Code has some \
             {FIRST_PROMPT}: load it with more, then {again}"
        )),
        None if model.loaded == Some(false) => Some(format!(
            "{id} is not loaded, so nobody knows how many tokens it takes: weir local load {id}, then \
             {again}"
        )),
        _ => None,
    }
}

/// The variable that says how many tokens the model takes.
const CONTEXT_VARIABLE: &str = "CLAUDE_CODE_MAX_CONTEXT_TOKENS";
/// The variable that says how long an answer may be, in tokens.
const ANSWER_VARIABLE: &str = "CLAUDE_CODE_MAX_OUTPUT_TOKENS";
/// Tokens of its first prompt, with its instructions and tools.
const FIRST_PROMPT: u64 = 15_000;
/// The least that a conversation needs beside it, in tokens.
const CONVERSATION_MIN: u64 = 3_000;
/// The longest answer it asks for of a model that it does not know, in tokens.
const ANSWER_ASKED: u64 = 32_000;
/// What it keeps clear for an answer at most, and for its summary, in tokens: it shortens a conversation
/// that comes nearer than both together to what it was told the model takes.
const KEPT_FOR_ANSWER_MAX: u64 = 20_000;
const KEPT_FOR_SUMMARY: u64 = 13_000;

/// What it is told of a model's context, in tokens.
#[derive(Clone, Copy)]
struct Window {
    told: u64,
    answer: Option<u64>,
}

impl Window {
    /// Of a large one the truth. Of 32,768 tokens it would keep all but nothing for the conversation,
    /// shorten it at every step and give up after three: there a quarter is for the answer, and so much
    /// is told that it shortens when the other three are full.
    fn of(context: u64) -> Self {
        let answer = context / 4;
        if answer >= ANSWER_ASKED {
            return Self { told: context, answer: None };
        }
        let kept = answer.min(KEPT_FOR_ANSWER_MAX) + KEPT_FOR_SUMMARY;
        Self { told: shortens_at(context) + kept, answer: Some(answer) }
    }
}

/// How long a conversation may become in a small context before it is shortened, in tokens.
fn shortens_at(context: u64) -> u64 {
    context - context / 4
}

/// Features it turns off when its address is not Anthropic's, and what turns them on again.
pub const FEATURES: [(&str, &str); 4] = [
    ("ANTHROPIC_DEFAULT_HAIKU_MODEL", SMALL_MODEL),
    ("CLAUDE_CODE_GATEWAY_HINT_HEADERS", "1"),
    ("ENABLE_TOOL_SEARCH", "true"),
    ("CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING", "1"),
];

/// Names that a proxy must leave alone.
pub const LOOPBACK_NAMES: &str = "127.0.0.1,localhost";

/// Variables that send it to a cloud platform, past any base address.
pub const CLOUDS: [&str; 6] = [
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    "CLAUDE_CODE_USE_MANTLE",
];

/// Whether its own login stays in force.
pub fn keeps_login(wanted: &Wanted<'_>) -> bool {
    match wanted.ask.login {
        Login::Kept => true,
        Login::Replaced => false,
        Login::AsConfigured => wanted.gateway.passes_login,
    }
}

/// What to change.
pub fn plan(wanted: &Wanted<'_>) -> Plan {
    let path = settings(wanted.around);
    let says = (wanted.says)(&path, Format::Json);
    let env = |name: &str| says.get("env").and_then(|env| env.get(name)).and_then(Value::as_str);
    let base = wanted.gateway.url();
    let mut notes = Vec::new();
    let mut wishes = Vec::new();
    if keeps_login(wanted) {
        // A header of Weir's own carries the token, so that the login's header stays free. Where
        // the user has headers of their own there, the token goes into the path instead.
        if env("ANTHROPIC_CUSTOM_HEADERS").is_some() {
            let base = format!("{base}/t/{}", wanted.token);
            wishes.push(Wish::of(&["env", "ANTHROPIC_BASE_URL"], base));
        } else {
            wishes.push(Wish::of(&["env", "ANTHROPIC_BASE_URL"], base));
            let header = format!("x-weir-token: {}", wanted.token);
            wishes.push(Wish::of(&["env", "ANTHROPIC_CUSTOM_HEADERS"], header));
        }
        notes.push("Your own login stays in force and your plan pays".to_owned());
        if !wanted.gateway.passes_login {
            notes.push(
                "For that, config.toml needs key = \"passthrough\" in [providers.anthropic]".into(),
            );
        }
    } else {
        wishes.push(Wish::of(&["env", "ANTHROPIC_BASE_URL"], base));
        wishes.push(Wish::of(&["env", "ANTHROPIC_AUTH_TOKEN"], wanted.token));
    }
    if let Some(model) = &wanted.ask.model {
        wishes.push(Wish::of(&["env", "ANTHROPIC_MODEL"], model.as_str()));
    }
    let model = wanted.ask.model.as_deref();
    let variables = beside(model, wanted.gateway, keeps_login(wanted));
    wishes.extend(variables.into_iter().map(|(name, value)| Wish::gently(&["env", name], value)));
    let again = wanted.ask.command(Tool::ClaudeCode);
    let local = model.and_then(|model| wanted.gateway.local(model));
    notes.extend(local.and_then(|model| told_of(model, &again)));
    wishes.extend(no_proxy(&env));
    if let Some(was) = env("ANTHROPIC_BASE_URL").filter(|url| !url.contains("api.anthropic.com")) {
        let host = host_of(was);
        notes.push(format!(
            "It went to {host} before; that comes back with: weir disconnect claude-code"
        ));
    }
    for cloud in CLOUDS.into_iter().filter(|name| env(name).is_some_and(switched_on)) {
        notes.push(format!("{cloud} is set in the file and sends everything past Weir"));
    }
    notes.push("Remote Control is off while any address but Anthropic's is set".into());
    Plan { files: vec![FilePlan { path, format: Format::Json, wishes, whole: None }], notes }
}

/// A proxy in the settings would get the calls to this machine too.
fn no_proxy<'v>(env: &dyn Fn(&str) -> Option<&'v str>) -> Option<Wish> {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].iter().find_map(|name| env(name))?;
    let name = if env("no_proxy").is_some() { "no_proxy" } else { "NO_PROXY" };
    let list = with_loopback(env(name).unwrap_or_default())?;
    Some(Wish::of(&["env", name], list))
}

/// A list of names a proxy leaves alone, with this machine's; `None` when they are in it.
pub fn with_loopback(list: &str) -> Option<String> {
    let names: Vec<&str> = list.split([',', ' ']).map(str::trim).collect();
    if names.contains(&"*") || (names.contains(&"127.0.0.1") && names.contains(&"localhost")) {
        return None;
    }
    match list.trim() {
        "" => Some(LOOPBACK_NAMES.to_owned()),
        list => Some(format!("{list},{LOOPBACK_NAMES}")),
    }
}

/// The host of an address; never its path, which may hold a credential.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or(host)
}

/// What in these settings leads past Weir; their variables beat the environment's. Of files that set the
/// same variable, the first counts.
pub fn beaten(gateway: &Gateway, paths: &[(PathBuf, Whose)], files: &dyn Files) -> Vec<Beaten> {
    let env = |path: &PathBuf| {
        let text = text_of(files.read(path).ok().flatten()?).ok()?;
        Some(Format::Json.read(&text).ok()?.get("env")?.clone())
    };
    let says: Vec<(&PathBuf, Whose, Value)> =
        paths.iter().filter_map(|(path, whose)| Some((path, *whose, env(path)?))).collect();
    let past = |name: &str, value: &str| match name {
        // An empty one is the address it has without any.
        "ANTHROPIC_BASE_URL" => !gateway.leads_here(value),
        // The login of somebody who keeps it is what the run passes on.
        "ANTHROPIC_AUTH_TOKEN" => {
            let foreign = !value.is_empty() && crate::connect::tokens_in(value).is_empty();
            foreign && !gateway.passes_login
        }
        _ => switched_on(value),
    };
    let found = |name: &str| {
        let counts = |(path, whose, env): &(&PathBuf, Whose, Value)| {
            Some(((*path).clone(), *whose, said(env.get(name)?)?))
        };
        let (path, whose, value) = says.iter().find_map(counts)?;
        past(name, &value).then(|| Beaten { path, key: format!("env.{name}"), whose })
    };
    let names = ["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"];
    names.into_iter().chain(CLOUDS).filter_map(found).collect()
}

/// A variable as it stands in the environment; numbers and truth values become text.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The model of a run: what its arguments say, then the variable, which its settings beat, then its
/// settings, the nearest first.
pub fn model_of_run(
    arguments: &[OsString],
    around: &Surroundings,
    paths: impl Iterator<Item = PathBuf>,
    files: &dyn Files,
) -> Option<String> {
    let mut given = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = given.next() {
        if argument == "--model" {
            return given.next().map(str::to_owned);
        }
        if let Some(model) = argument.strip_prefix("--model=") {
            return Some(model.to_owned());
        }
    }
    let settings: Vec<Value> = paths
        .filter_map(|path| Format::Json.read(&text_of(files.read(&path).ok()??).ok()?).ok())
        .collect();
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let in_env = settings.iter().find_map(|says| text(says.pointer("/env/ANTHROPIC_MODEL")));
    in_env
        .or_else(|| around.text("ANTHROPIC_MODEL").map(str::to_owned))
        .or_else(|| settings.iter().find_map(|says| text(says.get("model"))))
}

/// What it needs in its environment. A settings file that is connected beats this one, with the
/// same effect.
pub fn launch(
    launch: &mut Launch,
    gateway: &Gateway,
    token: &str,
    around: &Surroundings,
    model: Option<&str>,
) {
    let mut set = |name: &str, value: &str| launch.set.push((name.into(), value.into()));
    set("ANTHROPIC_BASE_URL", &gateway.url());
    if gateway.passes_login {
        let own = around.text("ANTHROPIC_CUSTOM_HEADERS");
        let own = own.map(|own| format!("{own}\n")).unwrap_or_default();
        set("ANTHROPIC_CUSTOM_HEADERS", &format!("{own}x-weir-token: {token}"));
    } else {
        set("ANTHROPIC_AUTH_TOKEN", token);
        // Its own key would be sent beside the token.
        launch.unset.push("ANTHROPIC_API_KEY".into());
    }
    let variables = beside(model, gateway, gateway.passes_login);
    let unset = variables.into_iter().filter(|(name, _)| around.variable(name).is_none());
    launch.set.extend(unset.map(|(name, value)| (name.into(), value.into())));
    launch.unset.extend(CLOUDS.map(str::to_owned));
}
