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

/// Who answered a turn of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The model that answered.
    pub route: &'a Route,
    /// The model that was to answer.
    pub planned: &'a Route,
    /// Whether that failed by what may be over at the next turn.
    pub passing: bool,
}

impl<'a> From<&'a Route> for By<'a> {
    /// The model that was to answer.
    fn from(route: &'a Route) -> Self {
        Self { route, planned: route, passing: false }
    }
}

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The model that answered last.
    pub route: Route,
    /// The model it belongs to, where that failed and another answers in its place.
    pub home: Option<Route>,
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
    pub fn begun<'a>(asked: &str, by: impl Into<By<'a>>, usage: &Usage, at_ms: i64) -> Self {
        let by = by.into();
        let mut standing = Self {
            route: by.route.clone(),
            home: None,
            asked: asked.to_owned(),
            warm: Vec::new(),
            output_tokens: usage.output,
            turns: 0,
            at_ms,
        };
        standing.answered(asked, by, usage, at_ms);
        standing
    }

    /// One more answer. `at_ms` is when it ended.
    pub fn answered<'a>(&mut self, asked: &str, by: impl Into<By<'a>>, usage: &Usage, at_ms: i64) {
        let by = by.into();
        let route = by.route;
        self.home = self.home_after(by);
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

    /// Where it belongs after an answer, unless to the model that gave it.
    fn home_after(&self, by: By<'_>) -> Option<Route> {
        let before = self.home.clone();
        let home = if by.route == by.planned {
            before.filter(|_| *by.route == self.route)
        } else if by.passing {
            before.or_else(|| Some(by.planned.clone()))
        } else {
            // What it belonged to cannot answer it: it belongs to whoever does.
            before.filter(|home| home != by.planned && *by.route == self.route)
        };
        home.filter(|home| home != by.route)
    }

    /// Whether no model has anything of its prompt in its cache any more.
    pub fn is_cold(&self, now_ms: i64) -> bool {
        self.warm.iter().all(|warm| now_ms > warm.until_ms)
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
    fn a_conversation_remembers_the_model_it_belongs_to_while_another_stands_in() {
        let (a, b, c) = (route("a"), route("b"), route("c"));
        let used = Usage::default();
        let failed = |by, planned| By { route: by, planned, passing: true };
        let mut standing = Standing::begun("m", failed(&b, &a), &used, 0);
        assert_eq!(standing.home.as_ref(), Some(&a));
        standing.answered("m", &b, &used, 1);
        assert_eq!(standing.home.as_ref(), Some(&a), "kept for now");
        standing.answered("m", failed(&c, &b), &used, 2);
        assert_eq!(standing.home.as_ref(), Some(&a), "the stand-in failed as well");
        standing.answered("m", failed(&c, &a), &used, 3);
        assert_eq!((&standing.route, standing.home.as_ref()), (&c, Some(&a)));
        standing.answered("m", &a, &used, 4);
        assert_eq!((&standing.route, standing.home.as_ref()), (&a, None), "it is back");
        standing.answered("m", failed(&b, &a), &used, 5);
        standing.answered("m", &c, &used, 6);
        assert_eq!(standing.home, None, "moved on purpose");
    }

    #[test]
    fn what_can_never_answer_a_conversation_is_not_its_home() {
        let (a, b) = (route("a"), route("b"));
        let used = Usage::default();
        let unfit = By { route: &b, planned: &a, passing: false };
        let mut standing = Standing::begun("m", unfit, &used, 0);
        assert_eq!(standing.home, None, "its prompt is too long there, say");
        standing.answered("m", By { passing: true, ..unfit }, &used, 1);
        assert_eq!(standing.home.as_ref(), Some(&a));
        standing.answered("m", unfit, &used, 2);
        assert_eq!(standing.home, None);
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
