//! The plan of a configuration as a planner: the same decisions a running engine takes, from what
//! the ledger knows of a request.

use super::past::Past;
use super::replay::{Choice, Planner, Standing};
use super::tariff::Tariff;
use std::collections::HashMap;
use weir_core::route::{self, Ask, Caching, Candidate, Quotes, Route, Setup, plan};
use weir_core::{Conversation, Endpoint, Judgement, Money, Usage};

/// Knows how many tokens a local model's context holds, where that is known.
pub type Contexts<'a> = &'a dyn Fn(&Route) -> Option<u64>;

/// Plans as an engine with this set-up would.
pub struct Routed<'a> {
    setup: Setup,
    tariff: &'a dyn Tariff,
    contexts: Contexts<'a>,
    /// Requests of each conversation: whether more are to come is seen in a body, which is gone.
    standings: HashMap<(Conversation, String), route::Standing>,
}

struct At<'a>(&'a dyn Tariff, i64);

impl Quotes for At<'_> {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        self.0.cost(route, self.1, usage)
    }
}

impl<'a> Routed<'a> {
    /// A planner over a set-up.
    pub fn new(setup: Setup, tariff: &'a dyn Tariff, contexts: Contexts<'a>) -> Self {
        // Past traffic was real, whoever has a key today.
        let setup = Setup { demo_answers: false, paused: false, ..setup };
        Self { setup, tariff, contexts, standings: HashMap::new() }
    }

    /// Whether a local model can hold the prompt.
    fn fits(&self, candidate: &Candidate, past: &Past) -> bool {
        past.endpoint == Endpoint::Embeddings
            || (self.contexts)(&candidate.route).is_none_or(|context| past.prompt_tokens <= context)
    }
}

impl Planner for Routed<'_> {
    fn plan(
        &mut self,
        past: &Past,
        _: Option<&Standing>,
        _: &dyn Fn(&Route, u64) -> Option<Money>,
    ) -> Option<Choice> {
        let judgement = past.task.zip(past.tier).map(|(task, tier)| Judgement {
            task,
            tier,
            confidence: past.confidence.unwrap_or(0),
            class: past.class,
            deterministic: past.deterministic,
            prompt_tokens: past.prompt_tokens,
        });
        let by_marks = self.tariff.caching(&past.route) == Caching::Marked;
        let marked = |used: Usage| {
            used.cache_write_5m.saturating_add(used.cache_write_1h) > 0
                || by_marks && used.cache_read > 0
        };
        let standing = past.conversation;
        let standing =
            standing.and_then(|key| self.standings.get(&(key, past.asked_model.clone())));
        let ask = Ask {
            endpoint: past.endpoint,
            model: &past.asked_model,
            streams: past.endpoint == Endpoint::GenerateStream,
            judgement,
            hinted: past.named_tier,
            client: &past.client,
            category: past.category.as_deref(),
            project: past.project.as_deref(),
            conversation: past.conversation,
            standing,
            shadow_standing: None,
            max_output: None,
            cache_marked: past.usage.is_some_and(marked),
            now_ms: past.at_ms,
            quotes: &At(self.tariff, past.at_ms),
        };
        let planned = plan(&self.setup, &ask).ok()?;
        let mut ways = planned.candidates.into_iter().filter(|way| self.fits(way, past));
        ways.next().map(|way| Choice { route: way.route, reason: way.reason.as_str() })
    }

    fn went(&mut self, past: &Past, route: &Route, usage: &Usage) {
        let Some(key) = past.conversation else { return };
        let asked = past.asked_model.as_str();
        // A tool that asks two models in one session has two lines of it, as in service.
        let key = (key, asked.to_owned());
        match self.standings.get_mut(&key) {
            Some(standing) => standing.answered(asked, route, usage, past.ended_ms),
            None => {
                let begun = route::Standing::begun(asked, route, usage, past.ended_ms);
                self.standings.insert(key, begun);
            }
        }
    }
}
