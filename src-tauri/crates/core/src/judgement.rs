//! What a request is: its task, how hard it is, how sure that is, and which part of a tool's work
//! it belongs to. Owns the vocabulary that triage speaks and routing acts on; judging is `triage`.

use crate::Task;
use crate::route::Tier;
use serde::{Deserialize, Serialize};

/// Which part of a tool's work a request belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The conversation itself, or any request that says nothing else.
    #[default]
    Main,
    /// A subagent of a coding tool, with a conversation of its own.
    Subagent,
    /// The tool has its conversation summarised, to go on with the summary.
    Compaction,
    /// What a tool asks beside the conversation: titles, topics, suggestions, safety checks.
    Auxiliary,
}

impl Class {
    /// The names, in the order they are documented.
    pub const NAMES: [&'static str; 4] = ["main", "subagent", "compaction", "auxiliary"];

    /// The name used in rules and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Subagent => "subagent",
            Self::Compaction => "compaction",
            Self::Auxiliary => "auxiliary",
        }
    }

    /// The class of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "main" => Some(Self::Main),
            "subagent" => Some(Self::Subagent),
            "compaction" => Some(Self::Compaction),
            "auxiliary" => Some(Self::Auxiliary),
            _ => None,
        }
    }
}

/// What triage made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What the last instruction asks for.
    pub task: Task,
    /// How hard it is; unsure goes up.
    pub tier: Tier,
    /// How sure both are, in thousandths: 940 is 0.94. What a hint said is 1000.
    pub confidence: u16,
    /// Which part of a tool's work it is.
    pub class: Class,
    /// Whether the answer follows from the input by rule: structured in, structured out.
    pub deterministic: bool,
    /// What the prompt probably comes to, in tokens, by its length.
    pub prompt_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back_from_its_name() {
        for name in Class::NAMES {
            assert_eq!(Class::parse(name).map(Class::as_str), Some(name));
        }
        assert_eq!(Class::parse("other"), None);
    }
}
