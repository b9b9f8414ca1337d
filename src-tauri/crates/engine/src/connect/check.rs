//! What `weir doctor` says about tools: connected wrongly, edited since, overridden by the shell
//! or by a project's file, sent to a proxy. Looks only; never shows a value, which may be a secret.

use super::document::{self, Format};
use super::gateway::Gateway;
use super::journal::Record;
use super::plan::text_of;
use super::tools::{Tool, host_of, with_loopback};
use super::undo::meaning;
use super::work::Workshop;
use crate::api::ToolStanding as Standing;
use crate::api::{Check, CheckState};
use serde_json::Value;
use std::path::Path;

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
        checks.push(check);
        checks.extend(project(shop, tool));
        checks.extend(overridden(shop, tool));
    }
    checks.extend(proxied(shop));
    checks.extend(elsewhere(shop));
    checks
}

fn note(name: impl Into<String>, found: String, fix: String) -> Check {
    Check { name: name.into(), state: CheckState::Note, found, fix: Some(fix) }
}

fn connected(shop: &Workshop<'_>, gateway: Option<&Gateway>, tool: Tool) -> Option<Check> {
    let name = format!("tool {}", tool.name());
    let title = tool.title();
    let again = format!("weir connect {}", tool.name());
    let fail = |found: String, fix: String| {
        Some(Check { name: name.clone(), state: CheckState::Fail, found, fix: Some(fix) })
    };
    let record = match shop.record(tool) {
        Ok(record) => record?,
        Err(cause) => return fail(format!("its journal cannot be read: {cause}"), again),
    };
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

/// A project's own file that is laid over the user's settings and leads past Weir.
fn project(shop: &Workshop<'_>, tool: Tool) -> Vec<Check> {
    let own = |path: &Path| tool.file(shop.around, shop.files).as_deref() == Some(path);
    let mut found = Vec::new();
    // The user's own folder holds the user's own settings.
    let folders = shop.around.folder.ancestors().take_while(|folder| *folder != shop.around.home);
    for (path, format, keys) in folders.flat_map(|folder| tool.project_files(folder)) {
        if own(&path) {
            continue;
        }
        let Some(text) = shop.files.read(&path).ok().flatten().and_then(|b| text_of(b).ok()) else {
            continue;
        };
        let Ok(tree) = format.read(&text) else { continue };
        let leads = |key: &&str| {
            let key: Vec<String> = key.split('.').map(str::to_owned).collect();
            document::get(&tree, &key).is_some_and(|value| !super::loopback(value))
        };
        let hit = match keys.as_slice() {
            // Its mere presence hides the user's own file.
            ["*"] => Some("is read here instead of your own".to_owned()),
            keys => {
                let key = keys.iter().find(|key| leads(key));
                key.map(|key| format!("sets {key} for this project"))
            }
        };
        if let Some(what) = hit {
            found.push(note(
                format!("tool {}", tool.name()),
                format!("{} {what}, and leads past Weir", path.display()),
                format!("take it out{}", tool.or_run()),
            ));
        }
    }
    found
}

/// Variables of the shell that beat the tool's settings.
fn overridden(shop: &Workshop<'_>, tool: Tool) -> Vec<Check> {
    let set = |name: &&&str| {
        let value = shop.around.text(name).unwrap_or_default();
        !value.is_empty() && !super::loopback(&Value::from(value))
    };
    let told = |name: &&str| {
        note(
            format!("tool {}", tool.name()),
            format!("{name} is set in this shell and leads {} past Weir", tool.title()),
            format!("unset {name}"),
        )
    };
    tool.overriding().iter().filter(set).map(told).collect()
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
fn elsewhere(shop: &Workshop<'_>) -> Vec<Check> {
    let names =
        ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GOOGLE_GEMINI_BASE_URL"];
    let set = |name| Some((name, shop.around.text(name)?));
    let away = |(_, value): &(&str, &str)| !super::loopback(&Value::from(*value));
    let told = |(name, value): (&str, &str)| {
        // Only the host: an address may carry a credential.
        note(name, format!("points at {}, not at Weir", host_of(value)), format!("unset {name}"))
    };
    names.into_iter().filter_map(set).filter(away).map(told).collect()
}
