//! What a request is expected to use on a route, and so to cost: its prompt by length, what of it
//! is warm there, and the answer by the task's usual length.

use super::caching::prefix_min;
use super::{Ask, Route, Setup};
use crate::{Dialect, Money, Task, Usage};

/// What an answer usually comes to, in tokens, by its task: medians that only have to be right
/// enough to compare routes with. A conversation's own average is taken where there is one.
fn usual_output(task: Task) -> u64 {
    match task {
        Task::Embedding => 0,
        Task::Classification => 20,
        Task::CodeCompletion => 60,
        Task::Extraction => 200,
        Task::Summarization | Task::Rewriting | Task::QuestionAnswering | Task::AgentStep => 300,
        Task::Translation => 400,
        Task::CodeExplanation => 600,
        Task::Writing => 700,
        Task::CodeEditing | Task::CodeReview => 800,
        Task::Debugging => 900,
        Task::Reasoning => 1_000,
        Task::Planning | Task::CodeGeneration | Task::TestGeneration => 1_200,
    }
}

/// The answer's expected length, in tokens.
pub fn output_expected(ask: &Ask<'_>) -> u64 {
    let usual = match (ask.standing, &ask.judgement) {
        (Some(standing), _) if standing.turns > 0 => standing.output_tokens,
        (_, Some(judged)) => usual_output(judged.task),
        (_, None) => usual_output(Task::QuestionAnswering),
    };
    ask.max_output.map_or(usual, |max| usual.min(max))
}

/// What the request is expected to use on a route.
pub(super) fn usage(setup: &Setup, ask: &Ask<'_>, route: &Route) -> Usage {
    let prompt = ask.judgement.map_or(0, |j| j.prompt_tokens);
    let warm = warm(setup, ask, route).min(prompt);
    let cold = prompt - warm;
    // A shorter prefix is not cached, whatever is marked.
    let marked = ask.cache_marked && prompt >= prefix_min(&route.model);
    let written = marked || warm > 0 && reports(ask, route);
    Usage {
        input: if written { 0 } else { cold },
        cache_read: warm,
        cache_write_5m: if written { cold } else { 0 },
        output: output_expected(ask),
        ..Usage::default()
    }
}

/// Tokens of the prompt that a route has in its cache now.
pub(super) fn warm(setup: &Setup, ask: &Ask<'_>, route: &Route) -> u64 {
    let Some(warm) = ask.standing.and_then(|s| s.at(route)) else { return 0 };
    if ask.now_ms > warm.until_ms {
        return 0;
    }
    // Anthropic caches what is marked and says so; the others cache unasked, and some say nothing
    // of what they write.
    let marks = setup.provider(&route.provider).is_some_and(|p| p.dialect == Dialect::Anthropic);
    match warm.reported {
        0 if marks || warm.prompt < prefix_min(&route.model) => 0,
        0 => warm.prompt,
        reported => reported,
    }
}

fn reports(ask: &Ask<'_>, route: &Route) -> bool {
    ask.standing.and_then(|s| s.at(route)).is_some_and(|w| w.reported > 0)
}

/// What the request is expected to cost on a route; `None` when its price is not known.
pub fn expected(setup: &Setup, ask: &Ask<'_>, route: &Route) -> Option<Money> {
    ask.quotes.cost(route, &usage(setup, ask, route))
}
