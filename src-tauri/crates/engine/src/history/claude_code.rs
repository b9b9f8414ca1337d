//! Claude Code's logs: `~/.claude/projects/**/*.jsonl`, a line an event. An answer of the model is
//! an event of type `assistant` with the provider's message and its usage, written once for each
//! part of the answer under the same message id.

use super::{Entry, Reader, project, unix_ms};
use serde::Deserialize;
use weir_core::Usage;

/// What stands for an answer the tool made itself.
const SYNTHETIC: &str = "<synthetic>";

/// A log; its lines need nothing of each other.
pub struct Log;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    timestamp: Option<String>,
    session_id: Option<String>,
    cwd: Option<String>,
    request_id: Option<String>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<Creation>,
    server_tool_use: Option<ServerTools>,
    speed: Option<String>,
    inference_geo: Option<String>,
}

#[derive(Deserialize)]
struct Creation {
    #[serde(default)]
    ephemeral_5m_input_tokens: u64,
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

#[derive(Deserialize)]
struct ServerTools {
    #[serde(default)]
    web_search_requests: u64,
}

impl Reader for Log {
    fn line(&mut self, line: &str, each: &mut dyn FnMut(Entry)) -> bool {
        // Most lines are prompts and results of tools; reading those as JSON would take most of
        // the time.
        if !line.contains("\"usage\"") || !line.contains("\"assistant\"") {
            return true;
        }
        let Ok(line) = serde_json::from_str::<Line>(line) else { return false };
        let Some(Message { id: Some(id), model: Some(model), usage: Some(usage) }) = line.message
        else {
            return true;
        };
        let Some(at_ms) = line.timestamp.as_deref().and_then(unix_ms) else { return false };
        if model == SYNTHETIC {
            return true;
        }
        let key = match line.request_id {
            Some(request) => format!("{id}:{request}"),
            None => id,
        };
        each(Entry {
            key,
            at_ms,
            copied: false,
            project: line.cwd.as_deref().and_then(project),
            session: line.session_id,
            model,
            usage: usage.usage(),
            speed: usage.speed,
            inference_geo: usage.inference_geo,
        });
        true
    }
}

impl Counts {
    fn usage(&self) -> Usage {
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        let hour = self.cache_creation.as_ref().map_or(0, |c| c.ephemeral_1h_input_tokens);
        let short = self.cache_creation.as_ref().map_or(0, |c| c.ephemeral_5m_input_tokens);
        Usage {
            input: self.input_tokens,
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            // Older logs tell the sum alone, which was of five minutes.
            cache_write_5m: short.max(written.saturating_sub(hour)),
            cache_write_1h: hour,
            output: self.output_tokens,
            web_searches: self.server_tool_use.as_ref().map_or(0, |s| s.web_search_requests),
            ..Usage::default()
        }
    }
}
