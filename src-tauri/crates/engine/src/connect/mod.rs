//! Client set-up: a tool's own settings file is pointed at Weir and put back again, without ever
//! breaking the tool. Only Weir's own keys are edited, byte for byte; a journal is written before.
//! One file a format, one file a tool; `plan` says what would change, `work` carries it out,
//! `undo` takes it back with nothing running.

mod away;
mod bench;
mod check;
pub(crate) mod diff;
mod document;
mod dotenv;
mod files;
mod gateway;
mod journal;
mod json;
mod login;
mod plan;
mod problem;
mod run;
mod surroundings;
mod toml;
mod tools;
mod undo;
mod work;
mod yaml;

pub use crate::api::{
    ToolFile as Changed, ToolReport as Report, ToolRow, ToolStanding as Standing,
};
pub use away::{Away, Remembered, connect_again, leave, marks, put_away, remember};
pub use bench::Bench;
pub use check::checks;
pub use files::{Disk, Files};
pub use gateway::{Gateway, Issued, Offered, Tokens, take_back};
pub use plan::{Ask, Given, Login};
pub use problem::ConnectProblem;
pub use run::{Launch, LaunchProblem, launch};
pub use surroundings::{Platform, Surroundings};
pub use tools::{Beaten, Tool, Whose};
pub use work::Workshop;

use crate::gate::TOKEN_PREFIX;
use serde_json::Value;

/// Characters of a token behind its prefix.
const TOKEN_CHARS: usize = 43;

/// The tokens of Weir in a text.
pub(crate) fn tokens_in(text: &str) -> Vec<&str> {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let whole = |(at, _): (usize, &str)| {
        let token = text.get(at..at + TOKEN_PREFIX.len() + TOKEN_CHARS)?;
        token.bytes().all(|byte| digit(&byte)).then_some(token)
    };
    text.match_indices(TOKEN_PREFIX).filter_map(whole).collect()
}

/// Whether a value was written by some Weir: it holds a token of its form.
pub(crate) fn marked(value: &Value) -> bool {
    match value {
        Value::String(text) => !tokens_in(text).is_empty(),
        Value::Array(items) => items.iter().any(marked),
        Value::Object(map) => map.values().any(marked),
        _ => false,
    }
}

/// Whether a value is an address on this machine.
pub(crate) fn loopback(value: &Value) -> bool {
    let rest = value.as_str().and_then(|text| text.split_once("://")).map(|(_, rest)| rest);
    rest.is_some_and(|rest| {
        // The whole host: `localhost.example.com` is a stranger, and so is what follows an `@`.
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let host = authority.rsplit_once(':').filter(|(_, end)| port(end));
        let host = host.map_or(authority, |(host, _)| host);
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|here| host.eq_ignore_ascii_case(here))
    })
}

#[cfg(test)]
mod tests;
