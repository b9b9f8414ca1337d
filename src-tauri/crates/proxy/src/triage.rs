//! Stage three: what a request is. Hints of the client win over what is judged.

use crate::read::Asked;
use weir_core::route::Tier;
use weir_core::{Class, Conversation, Judgement};
use weir_triage::{Task, tokens_likely};

/// What triage made of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    /// Task and tier; `None` for what is not judged, such as model lists.
    pub judgement: Option<Judgement>,
    /// The conversation it belongs to.
    pub conversation: Option<Conversation>,
    /// Whether more requests over the same prompt are to be expected: tools, or turns before.
    pub goes_on: bool,
}

/// Judges a request.
pub fn judge(asked: &Asked) -> Judged {
    let hints = &asked.hints;
    let judgement = Judgement {
        task: hints.task.unwrap_or(Task::QuestionAnswering),
        tier: hints.tier.unwrap_or(Tier::Medium),
        confidence: 0,
        class: Class::Main,
        deterministic: false,
        prompt_tokens: tokens_likely(asked.json().len() as u64),
    };
    Judged { judgement: Some(judgement), conversation: None, goes_on: false }
}
