//! What a translation leaves out, by named rules, and what it refuses to leave out.
//! Rules go to `x-weir-dropped` and the ledger: names of fields, never what stood in them.

use super::Form;
use std::fmt;

/// Most rules one translation reports; more are counted into the last.
pub const DROPS_MAX: usize = 24;
/// Longest field name a rule repeats, in bytes.
const FIELD_BYTES_MAX: usize = 48;

/// A rule by which something was left out: `cache-control`, `sampling:top_k`, `unknown:FIELD`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Drop {
    /// The rule, a stable word in kebab-case.
    pub rule: &'static str,
    /// The field or kind it was applied to, where one rule covers several.
    pub what: Option<String>,
}

impl fmt::Display for Drop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Some(what) => write!(f, "{}:{what}", self.rule),
            None => f.write_str(self.rule),
        }
    }
}

/// The rules applied so far, each once, in the order they were first met.
#[derive(Clone, Debug, Default)]
pub struct Drops(Vec<Drop>);

impl Drops {
    /// Notes a rule.
    pub fn note(&mut self, rule: &'static str) {
        self.push(rule, None);
    }

    /// Notes a rule for one field or kind. A name no dialect would use is told as `other`.
    pub fn note_for(&mut self, rule: &'static str, what: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let sound = !what.is_empty() && what.len() <= FIELD_BYTES_MAX && what.chars().all(plain);
        self.push(rule, Some(if sound { what } else { "other" }));
    }

    fn push(&mut self, rule: &'static str, what: Option<&str>) {
        let known = |d: &Drop| d.rule == rule && d.what.as_deref() == what;
        if self.0.len() < DROPS_MAX && !self.0.iter().any(known) {
            self.0.push(Drop { rule, what: what.map(str::to_owned) });
        }
    }

    /// The rules.
    pub fn into_list(self) -> Vec<Drop> {
        self.0
    }
}

/// Why a request is not translated: losing what the target cannot carry would change the answer,
/// or the body is not one its own dialect allows. Always answered with status 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    /// A stable word for programs and the ledger.
    pub class: String,
    /// What the client is told, in words its own dialect would use.
    pub message: String,
}

/// The classes Claude Code knows: told one of them, it leaves that feature out and asks again.
/// Source: the gateway protocol embedded in Claude Code 2.1.330.
const CLAUDE_CODE_CLASSES: [&str; 8] = [
    "mid_conv_system",
    "cache_control_field",
    "thinking_signature",
    "structured_outputs_unsupported",
    "effort_unsupported",
    "media_budget",
    "image_block",
    "document_block",
];

impl Rejected {
    /// A capability the target lacks. A Messages client that knows the class is told it in the
    /// form it understands; everyone else gets the sentence.
    pub fn capability(client: Form, class: &str, sentence: &str) -> Self {
        let message = if client == Form::Messages && CLAUDE_CODE_CLASSES.contains(&class) {
            format!("capability_rejected: {class}")
        } else {
            sentence.to_owned()
        };
        Self { class: class.to_owned(), message }
    }

    /// A body its own dialect would refuse.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { class: "invalid_request".to_owned(), message: message.into() }
    }
}
