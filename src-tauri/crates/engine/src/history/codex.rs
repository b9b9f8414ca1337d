//! Codex's logs: `rollout-*.jsonl`. `session_meta` names the session and its folder, `turn_context`
//! the model, and `token_count` the tokens of the session so far, which is repeated whenever limits
//! are told; a request is what the sum has grown by. A forked session's log may begin with a copy of
//! its parent's, stamped with the moment of the copy (Codex 0.142; 0.153 and later refer to it
//! instead): what was copied is known by its turn, which is older than the session.

use super::{Entry, Reader, project, unix_ms};
use serde::Deserialize;
use serde_json::Value;
use weir_core::Usage;

/// A copy is written within so many milliseconds of its session's beginning. It is what tells where
/// turns have no time in their ids, and no answer of a model comes as soon.
const COPIED_WITHIN_MS: i64 = 2_000;

/// A log as far as it was read.
#[derive(Default)]
pub struct Log {
    /// The session that the log is of, then those it says it comes from.
    sessions: Vec<Session>,
    project: Option<String>,
    model: Option<String>,
    /// When the turn began that is being read, in Unix milliseconds.
    turn_ms: Option<i64>,
    before: Option<Sum>,
}

struct Session {
    id: String,
    began_ms: Option<i64>,
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
    timestamp: Option<String>,
    forked_from_id: Option<String>,
    parent_thread_id: Option<String>,
    source: Option<Value>,
    turn_id: Option<String>,
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
        let ours = ["\"session_meta\"", "\"turn_context\"", "\"task_started\"", "\"token_count\""];
        if !ours.iter().any(|mark| line.contains(mark)) {
            return true;
        }
        let Ok(Line { timestamp, kind, payload }) = serde_json::from_str(line) else {
            return false;
        };
        match (kind.as_str(), payload.kind.as_deref()) {
            ("session_meta", _) => {
                self.project = payload.cwd.as_deref().and_then(project).or(self.project.take());
                self.named(payload);
                true
            }
            ("turn_context", _) => {
                self.turn_ms = payload.turn_id.as_deref().and_then(made_ms).or(self.turn_ms);
                self.model = payload.model.or(self.model.take());
                self.project = payload.cwd.as_deref().and_then(project).or(self.project.take());
                true
            }
            ("event_msg", Some("task_started")) => {
                self.turn_ms = payload.turn_id.as_deref().and_then(made_ms).or(self.turn_ms);
                true
            }
            ("event_msg", Some("token_count")) => {
                payload.info.is_none_or(|info| self.count(timestamp, &info, each))
            }
            _ => true,
        }
    }
}

impl Log {
    /// The first to be named is whose log it is; a copy brings those it was copied from.
    fn named(&mut self, meta: Payload) {
        let spawned = meta
            .source
            .as_ref()
            .and_then(|source| source.pointer("/subagent/thread_spawn/parent_thread_id")?.as_str())
            .map(str::to_owned);
        let stamped = meta.timestamp.as_deref().and_then(unix_ms);
        let own = meta.id.map(|id| (id, stamped));
        let parents = [meta.forked_from_id, meta.parent_thread_id, spawned];
        let parents = parents.into_iter().flatten().map(|id| (id, None));
        for (id, stamped) in own.into_iter().chain(parents) {
            let began_ms = made_ms(&id).or(stamped);
            match self.sessions.iter_mut().find(|session| session.id == id) {
                Some(known) => known.began_ms = known.began_ms.or(began_ms),
                None => self.sessions.push(Session { id, began_ms }),
            }
        }
    }

    /// Whose request was told of at that time, and whether that is another session than the log's.
    /// A wrong guess gives a request to another session; it is counted once all the same.
    fn asked_by(&self, at_ms: i64) -> Option<(&str, bool)> {
        let (own, parents) = self.sessions.split_first()?;
        let began = self.turn_ms.unwrap_or(at_ms.saturating_sub(COPIED_WITHIN_MS));
        let existed = |session: &&Session| session.began_ms.is_none_or(|ms| ms <= began);
        if parents.is_empty() || existed(&own) {
            return Some((&own.id, false));
        }
        let parent = parents.iter().filter(existed).max_by_key(|session| session.began_ms);
        parent.or(parents.first()).map(|session| (session.id.as_str(), true))
    }

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
        if grown == Sum::default() {
            // A session that goes on from another's sum may tell that sum before it asks anything.
            return true;
        }
        // Early versions name no model; what it was nobody can tell any more.
        let (Some(model), Some((session, copied))) = (self.model.clone(), self.asked_by(at_ms))
        else {
            return false;
        };
        let so_far = total.input_tokens.saturating_add(total.output_tokens);
        each(Entry {
            key: format!("{session}:{so_far}"),
            // A copy's own time is that of the copying.
            at_ms: self.turn_ms.filter(|_| copied).unwrap_or(at_ms),
            copied,
            project: self.project.clone(),
            session: Some(session.to_owned()),
            model,
            usage: grown.usage(),
            speed: None,
            inference_geo: None,
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

/// When an id was made, in Unix milliseconds, where it says so (a UUID of version 7 begins with it).
fn made_ms(id: &str) -> Option<i64> {
    let plain: String = id.chars().filter(|c| *c != '-').collect();
    let is_dated = plain.len() == 32 && plain.as_bytes().get(12) == Some(&b'7');
    i64::from_str_radix(plain.get(..12).filter(|_| is_dated)?, 16).ok()
}
