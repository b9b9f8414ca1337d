//! What `weir doctor` says about tools: connected wrongly, edited since, overridden by the shell
//! or by a project's file. Looks only.

use super::document::{self, Format};
use super::gateway::Gateway;
use super::journal::Record;
use super::plan::text_of;
use super::tools::Tool;
use super::undo::meaning;
use super::work::{Standing, Workshop};
use crate::api::{Check, CheckState};

/// How a tool stands, as its journal and its files say.
pub(super) fn standing(shop: &Workshop<'_>, record: &Record) -> Standing {
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

/// Every check of the tools.
pub fn checks(shop: &Workshop<'_>, gateway: Option<&Gateway>) -> Vec<Check> {
    Tool::ALL.into_iter().filter_map(|tool| connected(shop, gateway, tool)).collect()
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
    match standing(shop, &record) {
        Standing::NotConnected => None,
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
