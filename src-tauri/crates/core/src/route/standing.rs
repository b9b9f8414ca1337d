//! Where a conversation stands: the model it is on, and what of its prompt which model has in its
//! cache, by the providers' own reports. A value; whoever keeps it hands it in.

use super::Route;
use crate::Usage;

/// Caches of one conversation that are remembered.
const WARM_LEN_MAX: usize = 4;
/// How long a short-lived prompt cache is kept after its last use, in milliseconds: Anthropic's
/// five minutes, and the shortest that OpenAI and Gemini name.
const SHORT_TTL_MS: i64 = 5 * 60_000;
/// The same of an hour-long one.
const LONG_TTL_MS: i64 = 60 * 60_000;
/// Of an answer's length, how much the newest one counts in the average: one part in so many.
const AVERAGE_PARTS: u64 = 4;

/// What one model has of a conversation's prompt in its cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warm {
    /// The model.
    pub route: Route,
    /// Tokens that it reported to have read from its cache or written to it; zero where it says
    /// nothing.
    pub reported: u64,
    /// The whole prompt, in tokens.
    pub prompt: u64,
    /// Until when it is kept, in Unix milliseconds.
    pub until_ms: i64,
}

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The model that answered last.
    pub route: Route,
    /// The model the client asked for then: another name is a change by hand.
    pub asked: String,
    /// What is cached where.
    pub warm: Vec<Warm>,
    /// The usual length of an answer, in tokens.
    pub output_tokens: u64,
    /// Answers so far.
    pub turns: u32,
    /// When it was answered last, in Unix milliseconds.
    pub at_ms: i64,
}

impl Standing {
    /// A conversation's first answer.
    pub fn begun(asked: &str, route: &Route, usage: &Usage, at_ms: i64) -> Self {
        let mut standing = Self {
            route: route.clone(),
            asked: asked.to_owned(),
            warm: Vec::new(),
            output_tokens: usage.output,
            turns: 0,
            at_ms,
        };
        standing.answered(asked, route, usage, at_ms);
        standing
    }

    /// One more answer. `at_ms` is when it ended.
    pub fn answered(&mut self, asked: &str, route: &Route, usage: &Usage, at_ms: i64) {
        let written = usage.cache_write_5m + usage.cache_write_1h;
        let long = usage.cache_write_1h > 0
            || self.at(route).is_some_and(|w| w.until_ms - self.at_ms > SHORT_TTL_MS);
        let warm = Warm {
            route: route.clone(),
            reported: usage.cache_read + written,
            prompt: usage.input + usage.cache_read + written,
            until_ms: at_ms.saturating_add(if long { LONG_TTL_MS } else { SHORT_TTL_MS }),
        };
        self.warm.retain(|w| w.route != *route);
        self.warm.insert(0, warm);
        self.warm.truncate(WARM_LEN_MAX);
        self.output_tokens = match self.turns {
            0 => usage.output,
            _ => (self.output_tokens * (AVERAGE_PARTS - 1) + usage.output) / AVERAGE_PARTS,
        };
        self.route = route.clone();
        asked.clone_into(&mut self.asked);
        self.turns = self.turns.saturating_add(1);
        self.at_ms = at_ms;
    }

    /// What a model had of the prompt when it was last asked.
    pub fn at(&self, route: &Route) -> Option<&Warm> {
        self.warm.iter().find(|w| w.route == *route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(model: &str) -> Route {
        Route { provider: "anthropic".into(), model: model.into() }
    }

    #[test]
    fn each_model_keeps_what_it_reported_and_for_how_long() {
        let first = Usage { input: 10, cache_write_5m: 8_000, output: 100, ..Usage::default() };
        let mut standing = Standing::begun("m", &route("a"), &first, 1_000);
        assert_eq!(standing.at(&route("a")).map(|w| (w.reported, w.prompt)), Some((8_000, 8_010)));
        let long = Usage { cache_read: 8_000, cache_write_1h: 500, ..Usage::default() };
        standing.answered("m", &route("b"), &long, 2_000);
        assert_eq!(standing.route, route("b"));
        assert_eq!(standing.at(&route("b")).map(|w| w.until_ms), Some(2_000 + LONG_TTL_MS));
        assert_eq!(standing.at(&route("a")).map(|w| w.until_ms), Some(1_000 + SHORT_TTL_MS));
        let read = Usage { cache_read: 8_500, ..Usage::default() };
        standing.answered("m", &route("b"), &read, 3_000);
        assert_eq!(
            standing.at(&route("b")).map(|w| w.until_ms),
            Some(3_000 + LONG_TTL_MS),
            "an hour's cache stays one"
        );
    }

    #[test]
    fn no_more_caches_are_remembered_than_a_conversation_can_use() {
        let mut standing = Standing::begun("m", &route("0"), &Usage::default(), 0);
        for n in 1..20 {
            standing.answered("m", &route(&n.to_string()), &Usage::default(), n);
        }
        assert_eq!(standing.warm.len(), WARM_LEN_MAX);
        assert_eq!(standing.warm[0].route, route("19"));
    }
}
