//! What the judgement is measured against: a plain keyword heuristic, written in minutes as anybody
//! would, and random choice with the corpus's own mix.

use crate::corpus::{Labelled, Turn};
use weir_core::Task;
use weir_core::route::Tier;

const WORDS: [(Task, &[&str]); 15] = [
    (Task::Translation, &["translate", "translation"]),
    (Task::Summarization, &["summarize", "summarise", "summary", "tl;dr"]),
    (Task::Classification, &["classify", "categorize", "label", "sentiment"]),
    (Task::Extraction, &["extract", "parse", "list all"]),
    (Task::TestGeneration, &["unit test", "write tests", "test case"]),
    (Task::CodeReview, &["review", "audit"]),
    (Task::Debugging, &["error", "bug", "fix", "crash", "fails"]),
    (Task::CodeEditing, &["refactor", "rename", "add ", "change"]),
    (Task::CodeExplanation, &["explain", "how does"]),
    (Task::Planning, &["plan", "roadmap", "steps"]),
    (Task::Rewriting, &["rewrite", "rephrase", "improve", "grammar"]),
    (Task::Reasoning, &["calculate", "prove", "step by step", "how many"]),
    (Task::CodeGeneration, &["function", "script", "code", "implement", "sql", "regex"]),
    (Task::Writing, &["write", "draft", "email"]),
    (Task::QuestionAnswering, &["what", "how", "which", "why", "?"]),
];

/// The first keyword that is found decides; the tier follows the task and the length.
pub fn keywords(labelled: &Labelled) -> (Task, Tier) {
    let record = &labelled.record;
    if matches!(record.turns.last(), Some(Turn::Tool(_))) {
        return (Task::AgentStep, Tier::Medium);
    }
    if record.kind == "embed" {
        return (Task::Embedding, Tier::Low);
    }
    let mut text = record.system.clone().unwrap_or_default();
    if let Some(Turn::User(said)) = record.turns.last() {
        text.push_str(said);
    }
    let text = text.to_lowercase();
    let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    let task = found.map_or(Task::QuestionAnswering, |(task, _)| *task);
    let usual = match task {
        Task::Classification | Task::Extraction | Task::Translation | Task::Rewriting => Tier::Low,
        Task::Reasoning | Task::Planning => Tier::High,
        _ => Tier::Medium,
    };
    (task, if text.len() > 4_000 { Tier::High } else { usual })
}
