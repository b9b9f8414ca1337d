//! The names of tasks, as headers, configuration and the ledger write them.

/// What the last instruction of a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Sort into classes.
    Classification,
    /// Pull facts out of a text.
    Extraction,
    /// Say it shorter.
    Summarization,
    /// Say it differently.
    Rewriting,
    /// Say it in another language.
    Translation,
    /// Answer a question.
    QuestionAnswering,
    /// Think in steps.
    Reasoning,
    /// Lay out work.
    Planning,
    /// Write prose.
    Writing,
    /// Write new code.
    CodeGeneration,
    /// Change code.
    CodeEditing,
    /// Explain code.
    CodeExplanation,
    /// Judge code.
    CodeReview,
    /// Write tests.
    TestGeneration,
    /// Find a fault.
    Debugging,
    /// Go on with code.
    CodeCompletion,
    /// Go on after a tool's result.
    AgentStep,
    /// Make a vector.
    Embedding,
}

impl Task {
    /// Every task, in the contract's order.
    pub const ALL: [Self; 18] = [
        Self::Classification,
        Self::Extraction,
        Self::Summarization,
        Self::Rewriting,
        Self::Translation,
        Self::QuestionAnswering,
        Self::Reasoning,
        Self::Planning,
        Self::Writing,
        Self::CodeGeneration,
        Self::CodeEditing,
        Self::CodeExplanation,
        Self::CodeReview,
        Self::TestGeneration,
        Self::Debugging,
        Self::CodeCompletion,
        Self::AgentStep,
        Self::Embedding,
    ];

    /// The name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Extraction => "extraction",
            Self::Summarization => "summarization",
            Self::Rewriting => "rewriting",
            Self::Translation => "translation",
            Self::QuestionAnswering => "question_answering",
            Self::Reasoning => "reasoning",
            Self::Planning => "planning",
            Self::Writing => "writing",
            Self::CodeGeneration => "code_generation",
            Self::CodeEditing => "code_editing",
            Self::CodeExplanation => "code_explanation",
            Self::CodeReview => "code_review",
            Self::TestGeneration => "test_generation",
            Self::Debugging => "debugging",
            Self::CodeCompletion => "code_completion",
            Self::AgentStep => "agent_step",
            Self::Embedding => "embedding",
        }
    }

    /// The task of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_reads_back_from_its_name() {
        for task in Task::ALL {
            assert_eq!(Task::parse(task.as_str()), Some(task));
        }
        assert_eq!(Task::parse("cooking"), None);
    }
}
