//! Codex's logs: `$CODEX_HOME/sessions/**/rollout-*.jsonl`. `session_meta` names the session and
//! its folder, `turn_context` the model, and `token_count` the tokens of the session so far, which
//! is repeated whenever limits are told; a request is what the sum has grown by.

use super::{Entry, Reader, project, unix_ms};
use serde::Deserialize;
use weir_core::Usage;

/// A log as far as it was read.
#[derive(Default)]
pub struct Log {
    session: Option<String>,
    project: Option<String>,
    model: Option<String>,
    before: Option<Sum>,
}

#[derive(Deserialize)]
struct Line {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    cwd: Option<String>,
    model: Option<String>,
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    total_token_usage: Option<Sum>,
    last_token_usage: Option<Sum>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Sum {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    cached_input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    reasoning_output_tokens: u64,
}

impl Reader for Log {
    fn line(&mut self, line: &str, each: &mut dyn FnMut(Entry)) -> bool {
        let ours = ["\"session_meta\"", "\"turn_context\"", "\"token_count\""];
        if !ours.iter().any(|mark| line.contains(mark)) {
            return true;
        }
        let Ok(Line { timestamp, kind, payload }) = serde_json::from_str(line) else {
            return false;
        };
        match kind.as_str() {
            "session_meta" => {
                self.session = payload.id.or(self.session.take());
                self.project = payload.cwd.as_deref().and_then(project).or(self.project.take());
                true
            }
            "turn_context" => {
                self.model = payload.model.or(self.model.take());
                self.project = payload.cwd.as_deref().and_then(project).or(self.project.take());
                true
            }
            "event_msg" if payload.kind.as_deref() == Some("token_count") => {
                payload.info.is_none_or(|info| self.count(timestamp, &info, each))
            }
            _ => true,
        }
    }
}

impl Log {
    fn count(
        &mut self,
        timestamp: Option<String>,
        info: &Info,
        each: &mut dyn FnMut(Entry),
    ) -> bool {
        let Some(total) = info.total_token_usage else { return true };
        if self.before == Some(total) {
            return true;
        }
        let grown = match self.before {
            Some(before) => total.minus(&before).or(info.last_token_usage),
            // A resumed session begins with the sum of all before it.
            None => info.last_token_usage.or(Some(total)),
        };
        self.before = Some(total);
        let (Some(at_ms), Some(grown)) = (timestamp.as_deref().and_then(unix_ms), grown) else {
            return false;
        };
        // Early versions name no model; what it was nobody can tell any more.
        let (Some(model), Some(session)) = (self.model.clone(), self.session.clone()) else {
            return false;
        };
        let so_far = total.input_tokens.saturating_add(total.output_tokens);
        each(Entry {
            key: format!("{session}:{so_far}"),
            at_ms,
            project: self.project.clone(),
            session: Some(session),
            model,
            usage: grown.usage(),
        });
        true
    }
}

impl Sum {
    fn minus(&self, before: &Self) -> Option<Self> {
        Some(Self {
            input_tokens: self.input_tokens.checked_sub(before.input_tokens)?,
            cached_input_tokens: self
                .cached_input_tokens
                .checked_sub(before.cached_input_tokens)?,
            output_tokens: self.output_tokens.checked_sub(before.output_tokens)?,
            reasoning_output_tokens: self
                .reasoning_output_tokens
                .checked_sub(before.reasoning_output_tokens)?,
        })
    }

    /// OpenAI counts cached tokens as a part of the input, and reasoning as a part of the output.
    fn usage(&self) -> Usage {
        let cached = self.cached_input_tokens.min(self.input_tokens);
        Usage {
            input: self.input_tokens - cached,
            cache_read: cached,
            output: self.output_tokens,
            reasoning: self.reasoning_output_tokens.min(self.output_tokens),
            ..Usage::default()
        }
    }
}
