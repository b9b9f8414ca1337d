//! Rules of the configuration: what they match and where they lead. First match wins.

use super::{Ask, Route, Tier};
use crate::{Class, Task};

/// What a rule or an experiment is for; empty fields match anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The tool's name.
    pub client: Option<String>,
    /// Which part of a tool's work.
    pub class: Option<Class>,
    /// The model as the client named it; `*` stands for any text, `?` for one character.
    pub model: Option<String>,
    /// The judged task.
    pub task: Option<Task>,
    /// The judged tier.
    pub tier: Option<Tier>,
    /// `x-weir-category`.
    pub category: Option<String>,
    /// `x-weir-project`.
    pub project: Option<String>,
    /// Prompts above this many tokens.
    pub tokens_over: Option<u64>,
}

/// A tier, or a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// A tier's chain.
    Tier(Tier),
    /// A chain of its own.
    Chain(Vec<Route>),
}

/// `[[rules]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it matches.
    pub when: When,
    /// Where it leads.
    pub target: Use,
}

impl When {
    /// Whether a request is meant. What was not judged matches no judgement.
    pub fn matches(&self, ask: &Ask<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let judged = ask.judgement.as_ref();
        is(&self.client, Some(ask.client))
            && is(&self.category, ask.category)
            && is(&self.project, ask.project)
            && self.model.as_deref().is_none_or(|pattern| self.names(pattern, ask.model))
            && self.class.is_none_or(|class| judged.is_some_and(|j| j.class == class))
            && self.task.is_none_or(|task| judged.is_some_and(|j| j.task == task))
            && self.tier.is_none_or(|tier| judged.is_some_and(|j| j.tier == tier))
            && self.tokens_over.is_none_or(|over| judged.is_some_and(|j| j.prompt_tokens > over))
    }

    /// `provider/model` is the client's own word for where to go: only a pattern that speaks of
    /// providers overrules it.
    fn names(&self, pattern: &str, model: &str) -> bool {
        glob(pattern, model) && (pattern.contains('/') || !model.contains('/'))
    }

    /// Whether embeddings are meant: vectors of two models do not belong into one index, so a rule
    /// that moves them has to say so.
    pub(super) fn means_embeddings(&self) -> bool {
        self.task == Some(Task::Embedding) || self.model.is_some()
    }

    /// Whether the rule may send a named `provider/model` elsewhere.
    pub(super) fn speaks_of_providers(&self) -> bool {
        self.model.as_deref().is_some_and(|pattern| pattern.contains('/'))
    }
}

/// Whether a pattern with `*` (any text) and `?` (one character) is the whole of a text. Letter
/// case counts.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        for (pattern, text, expected) in [
            ("claude-*", "claude-opus-5-5", true),
            ("claude-*", "gpt-5", false),
            ("*mini", "gpt-5-mini", true),
            ("*mini", "gpt-5-mini-2", false),
            ("gpt-?", "gpt-5", true),
            ("gpt-?", "gpt-5.4", false),
            ("*", "", true),
            ("a*b*c", "a--b--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
