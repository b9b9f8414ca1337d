//! A request made ready for judging: envelopes off, taken apart, and what is certain by structure.

use crate::envelope;
use crate::features::{Before, Features, Situation, View};
use crate::marks::{Looked, MARKS, Tally, marks};
use crate::model::SIZES;
use crate::parts::{Parts, fills, parts};
use weir_core::{Endpoint, Task};
use weir_wire::{Excerpt, Outline};

/// A system text longer than this in a request with tools is a harness's, in bytes.
const HARNESS_BYTES_MIN: u64 = 1_500;

/// A request made ready.
#[derive(Clone, Debug)]
pub struct Request {
    said: Parts,
    system: Parts,
    said_tally: Tally,
    system_tally: Tally,
    before: Option<Before>,
    reply_bytes: u64,
    certain: Option<Task>,
    tools: bool,
    user_turns: u32,
    tool_results: u32,
    structured: bool,
}

impl Request {
    /// Makes an outline ready.
    pub fn of(endpoint: Endpoint, outline: &Outline) -> Self {
        let (mut said, mut gap) = envelope::words(&outline.last);
        let mut bytes = outline.last.bytes;
        let mut before = &outline.before;
        let sent_as_text = envelope::is_result(&said);
        if sent_as_text {
            // The instruction stands before: the first one, where the turn before is a result too.
            let (other, other_gap) = envelope::words(&outline.before);
            let first = other.is_empty() || envelope::is_result(&other);
            let (found, found_gap) =
                if first { envelope::words(&outline.first) } else { (other, other_gap) };
            (said, gap, bytes) = (found, found_gap, outline.before.bytes);
            before = &outline.first;
        }
        let certain = if endpoint == Endpoint::Embeddings {
            Some(Task::Embedding)
        } else if outline.tool_result_last || sent_as_text {
            Some(Task::AgentStep)
        } else if fills(&said) || fills(&outline.system.text) {
            Some(Task::CodeCompletion)
        } else {
            None
        };
        let (system, system_gap) = envelope::words(&outline.system);
        Self {
            said: parts(&said, gap, bytes),
            system: parts(&system, system_gap, outline.system.bytes),
            said_tally: Tally::of(&said),
            system_tally: Tally::of(&system),
            reply_bytes: outline.reply.bytes,
            before: (outline.user_turns > 1).then(|| said_before(before, &outline.reply)),
            certain,
            tools: outline.tools,
            user_turns: outline.user_turns,
            tool_results: outline.tool_results,
            structured: outline.structured,
        }
    }

    /// The task, where structure alone decides it.
    pub fn certain(&self) -> Option<Task> {
        self.certain
    }

    /// Whether tools are declared.
    pub fn tools(&self) -> bool {
        self.tools
    }

    /// Whether the answer is asked for as JSON.
    pub fn structured(&self) -> bool {
        self.structured
    }

    /// Whether what the instruction is about is mostly data.
    pub fn over_data(&self) -> bool {
        let shape = &self.said.shape;
        shape.data > 20 && shape.data * 2 > shape.prose + shape.code + shape.log
    }

    /// Whether there is a system text that could hold the instruction.
    pub fn may_be_application(&self) -> bool {
        let harness = self.tools && self.system.shape.bytes > HARNESS_BYTES_MIN;
        !harness && !self.system.prose.is_empty()
    }

    /// The features that tell whether it does.
    pub fn gate(&self) -> Features {
        Features::of_gate(&self.system, &self.said, self.user_turns, self.tools)
    }

    /// The situation, once it is known whether the system text holds the instruction.
    pub fn situation(&self, application: bool) -> Situation {
        if application {
            Situation::Application
        } else if self.tools || self.system.shape.bytes > HARNESS_BYTES_MIN {
            Situation::Agent
        } else {
            Situation::Chat
        }
    }

    /// The features of the request in a situation.
    pub fn features(&self, situation: Situation) -> Features {
        let application = situation == Situation::Application;
        let view = View {
            told: if application { &self.system } else { &self.said },
            about: application.then_some(&self.said),
            before: self.before.as_ref().filter(|_| !application),
            user_turns: self.user_turns,
            tool_results: self.tool_results,
            structured: self.structured,
        };
        Features::of(&view, situation)
    }

    /// The marks of how hard it is.
    pub fn marks(&self, situation: Situation) -> [f32; MARKS] {
        let said = (&self.said, &self.said_tally);
        let application = situation == Situation::Application;
        marks(&Looked {
            told: if application { (&self.system, &self.system_tally) } else { said },
            said,
            before: self.before.as_ref(),
            reply_bytes: self.reply_bytes,
            situation,
            turns: (self.user_turns, self.tool_results),
        })
    }

    /// Signs of size, for the heads behind the linear part.
    pub fn sizes(&self, situation: Situation) -> [f32; SIZES] {
        let shape = &self.said.shape;
        let told = match situation {
            Situation::Application => &self.system.shape,
            _ => shape,
        };
        let yes = |is: bool| f32::from(u8::from(is));
        [
            1.0,
            size(shape.bytes),
            yes(situation == Situation::Application),
            yes(situation == Situation::Agent),
            size(u64::from(shape.code)),
            yes(self.before.is_some()),
            size(u64::from(shape.lines)),
            (shape.foreign as f32 / shape.prose.max(1) as f32).min(1.0),
            size(told.bytes),
            size(u64::from(told.clauses)),
            size(u64::from(told.digits)),
            yes(self.certain == Some(Task::AgentStep)),
        ]
    }
}

/// A length on a scale on which most lengths lie between -1 and 2.
fn size(n: u64) -> f32 {
    ((n as f32 + 1.0).ln() - 4.0) / 3.0
}

fn said_before(told: &Excerpt, reply: &Excerpt) -> Before {
    let (text, gap) = envelope::words(told);
    Before {
        told: parts(&text, gap, told.bytes),
        reply: reply.text.to_lowercase(),
        reply_code: reply.text.contains("```"),
    }
}
