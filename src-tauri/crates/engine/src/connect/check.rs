//! What `weir doctor` says about tools: connected wrongly, edited since, overridden by the shell
//! or by a project's file, sent to a proxy. Looks only; never shows a value, which may be a secret.

use super::document::{self, Format};
use super::gateway::Gateway;
use super::journal::Record;
use super::plan::{Ask, Login, text_of};
use super::tools::{Beaten, Tool, Whose, host_of, with_loopback};
use super::undo::meaning;
use super::work::Workshop;
use crate::api::ToolStanding as Standing;
use crate::api::{Check, CheckState};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How a tool stands, as its journal and its files say.
pub(super) fn standing(shop: &Workshop<'_>, record: &Record) -> Standing {
    if record.away {
        return Standing::NotConnected;
    }
    if !record.done {
        return Standing::Unfinished;
    }
    for file in &record.files {
        let text = shop.files.read(&file.path).ok().flatten().and_then(|b| text_of(b).ok());
        let Some(text) = text else { return Standing::Edited };
        if file.format == Format::Whole {
            continue;
        }
        let Ok(tree) = file.format.read(&text) else { return Standing::Edited };
        let newest = file.edits.last().map(|edit| edit.steps.as_slice()).unwrap_or_default();
        for key in newest.iter().filter_map(|step| file.keys.get(step.key)) {
            let value = document::get(&tree, &key.path);
            if !value.is_some_and(|value| key.wrote.contains(&meaning(value))) {
                return Standing::Edited;
            }
        }
    }
    Standing::Connected
}

/// Every check of the tools, as seen from the shell the command was given in.
pub fn checks(shop: &Workshop<'_>, gateway: Option<&Gateway>) -> Vec<Check> {
    let mut checks = Vec::new();
    for tool in Tool::ALL {
        let Some(check) = connected(shop, gateway, tool) else { continue };
        let here = here(shop, gateway, tool);
        let mut past = beaten(shop, &here, tool);
        past.extend(project(shop, &here, tool));
        past.extend(hidden(shop, &here, tool));
        past.extend(overridden(shop, &here, tool));
        // What is led past Weir does not go through it, whatever its own settings say.
        if past.is_empty() || check.state != CheckState::Ok {
            checks.push(check);
        }
        checks.extend(past);
    }
    checks.extend(proxied(shop));
    checks.extend(elsewhere(shop, gateway));
    checks
}

/// Weir as a tool was pointed at it. Where nobody can say which port it has, it is the tool's.
fn here(shop: &Workshop<'_>, gateway: Option<&Gateway>, tool: Tool) -> Gateway {
    let record = shop.record(tool).ok().flatten().unwrap_or_default();
    let mut here =
        gateway.cloned().unwrap_or_else(|| Gateway { port: record.port, ..Gateway::default() });
    here.passes_login = match record.ask.login {
        Login::AsConfigured => here.passes_login,
        login => login == Login::Kept,
    };
    here
}

fn note(name: impl Into<String>, found: String, fix: String) -> Check {
    Check { name: name.into(), state: CheckState::Note, found, fix: Some(fix) }
}

fn connected(shop: &Workshop<'_>, gateway: Option<&Gateway>, tool: Tool) -> Option<Check> {
    let name = format!("tool {}", tool.name());
    let title = tool.title();
    let fail = |found: String, fix: String| {
        Some(Check { name: name.clone(), state: CheckState::Fail, found, fix: Some(fix) })
    };
    let record = match shop.record(tool) {
        Ok(record) => record?,
        Err(cause) => {
            let again = Ask::default().command(tool);
            return fail(format!("its journal cannot be read: {cause}"), again);
        }
    };
    let again = record.ask.command(tool);
    let running = gateway.is_none_or(|gateway| gateway.running);
    match standing(shop, &record) {
        Standing::NotConnected if gateway.is_some_and(|gateway| gateway.running) => fail(
            format!("{title} was put back when Weir ended, and not connected again since"),
            format!("{again}, or leave it so: weir disconnect {}", tool.name()),
        ),
        Standing::NotConnected => Some(note(
            name,
            format!("{title} is as it was before Weir, until Weir serves again"),
            format!("weir serve; to leave it so: weir disconnect {}", tool.name()),
        )),
        // A tool that is set up by hand has no file that could be put back.
        Standing::Connected if !running && !record.files.is_empty() => fail(
            format!("{title} goes through Weir, which is not running"),
            "weir serve, or put every tool back: weir restore".into(),
        ),
        Standing::Unfinished => fail(format!("connecting {title} was interrupted"), again),
        Standing::Edited => fail(
            format!("{title} was connected, and its settings were changed since"),
            format!("{again}, or put it back: weir disconnect {}", tool.name()),
        ),
        Standing::Connected => match gateway.filter(|gateway| gateway.port != record.port) {
            Some(gateway) => fail(
                format!("{title} calls port {}, and Weir has port {}", record.port, gateway.port),
                again,
            ),
            None => Some(Check {
                name,
                state: CheckState::Ok,
                found: format!("{title} goes through Weir"),
                fix: None,
            }),
        },
    }
}

/// Settings that count more than the keys that Weir wrote, or send everything past them.
fn beaten(shop: &Workshop<'_>, here: &Gateway, tool: Tool) -> Vec<Check> {
    let told = |beaten: Beaten| {
        let (path, key, fix) = (beaten.path.display(), &beaten.key, beaten.way_out(tool));
        let name = format!("tool {}", tool.name());
        match beaten.whose {
            Whose::Project => note(name, sets(&beaten.path, key), fix),
            _ => Check {
                name,
                state: CheckState::Fail,
                found: format!("{path} sets {key}, and leads {} past Weir", tool.title()),
                fix: Some(fix),
            },
        }
    };
    let found = tool.beaten(here, shop.around, shop.files).into_iter();
    // Of keys that Weir wrote itself it is told already that they were changed since.
    found.filter(|beaten| !beaten.is_mended_by_connecting()).map(told).collect()
}

fn sets(path: &Path, key: &str) -> String {
    format!("{} sets {key} for this project, and leads past Weir", path.display())
}

/// The files of this folder and those around it that are laid over a tool's own, the nearest first.
/// The user's own folder holds the user's own settings.
fn laid_over(shop: &Workshop<'_>, tool: Tool) -> Vec<(PathBuf, Value, &'static [&'static str])> {
    let folders = shop.around.folder.ancestors().take_while(|folder| *folder != shop.around.home);
    let files = folders.flat_map(|folder| tool.project_files(folder));
    let read = |(path, format, keys): (PathBuf, Format, _)| {
        let text = text_of(shop.files.read(&path).ok().flatten()?).ok()?;
        Some((path, format.read(&text).ok()?, keys))
    };
    let own = tool.file(shop.around, shop.files);
    files.filter(|(path, ..)| own.as_ref() != Some(path)).filter_map(read).collect()
}

/// A project's own file that is laid over the user's settings and leads past Weir.
fn project(shop: &Workshop<'_>, here: &Gateway, tool: Tool) -> Vec<Check> {
    let told = |(path, tree, keys): (PathBuf, Value, &'static [&'static str])| {
        let value = |key: &str| {
            let key: Vec<String> = key.split('.').map(str::to_owned).collect();
            document::get(&tree, &key)
        };
        let mut given = keys.iter().filter_map(|key| Some((*key, value(key)?)));
        let (key, value) = given.find(|(key, value)| tool.past(here, key, value))?;
        let run = if tool.run_helps(key, value) { tool.or_run() } else { String::new() };
        let name = format!("tool {}", tool.name());
        Some(note(name, sets(&path, key), format!("take it out{run}")))
    };
    laid_over(shop, tool).into_iter().filter_map(told).collect()
}

/// Gemini CLI reads one file of variables alone, and a project's before its own. It may hold anything, so
/// nobody is told to take it out.
fn hidden(shop: &Workshop<'_>, here: &Gateway, tool: Tool) -> Option<Check> {
    let own = tool.file(shop.around, shop.files).filter(|_| tool == Tool::GeminiCli)?;
    let (path, tree, _) = laid_over(shop, tool).into_iter().next()?;
    let address = tree.get("GOOGLE_GEMINI_BASE_URL").and_then(Value::as_str);
    if address.is_some_and(|address| here.leads_here(address)) {
        return None;
    }
    let found = format!(
        "{} is read here instead of {}, so {} finds neither Weir's address nor its key",
        path.display(),
        own.display(),
        tool.title()
    );
    Some(note(
        format!("tool {}", tool.name()),
        found,
        format!("in this folder: weir run {}", tool.name()),
    ))
}

/// Variables of the shell that beat the tool's settings.
fn overridden(shop: &Workshop<'_>, here: &Gateway, tool: Tool) -> Vec<Check> {
    let past = |name: &&&str| {
        shop.around.text(name).is_some_and(|value| tool.overrides(here, name, value))
    };
    let told = |name: &&str| {
        note(
            format!("tool {}", tool.name()),
            format!("{name} is set in this shell and leads {} past Weir", tool.title()),
            format!("unset {name}"),
        )
    };
    tool.overriding().iter().filter(past).map(told).collect()
}

/// A proxy would get the calls to this machine too.
fn proxied(shop: &Workshop<'_>) -> Option<Check> {
    let names =
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let name = names.into_iter().find(|name| shop.around.variable(name).is_some())?;
    let lists = ["NO_PROXY", "no_proxy"].map(|name| shop.around.text(name).unwrap_or_default());
    if lists.iter().any(|list| with_loopback(list).is_none()) {
        return None;
    }
    let list = with_loopback(lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default())?;
    let found = format!("{name} is set, and calls to this machine would go to that proxy");
    Some(note("proxy", found, format!("export NO_PROXY={list}")))
}

/// Variables that send what is not connected around Weir.
fn elsewhere(shop: &Workshop<'_>, gateway: Option<&Gateway>) -> Vec<Check> {
    let names =
        ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GOOGLE_GEMINI_BASE_URL"];
    let set = |name| Some((name, shop.around.text(name)?));
    let away = |(_, value): &(&str, &str)| match gateway {
        Some(gateway) => !gateway.leads_here(value),
        None => !super::loopback(&Value::from(*value)),
    };
    let told = |(name, value): (&str, &str)| {
        // Only the host: an address may carry a credential.
        note(name, format!("points at {}, not at Weir", host_of(value)), format!("unset {name}"))
    };
    names.into_iter().filter_map(set).filter(away).map(told).collect()
}
