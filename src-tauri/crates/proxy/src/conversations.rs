//! Where conversations stand: which model answered last, and what of the prompt is cached where.
//! Kept in memory, bounded; what it costs to stay or to move is decided in `core::route`.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use weir_core::route::{By, Route, Standing};
use weir_core::{Conversation, Usage};

/// Conversations remembered. When there are more, the ones that rested longest are forgotten.
const CONVERSATIONS_LEN_MAX: usize = 4_096;
/// How many are forgotten at once, so that finding them is rare.
const FORGOTTEN_AT_ONCE: usize = CONVERSATIONS_LEN_MAX / 8;

/// One line of a conversation: a tool that asks two models in one session has two of them, and two
/// tools that call their sessions alike share none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(Conversation, u64);

impl Key {
    /// The line of a conversation that a tool asks a model in.
    pub fn of(conversation: Conversation, client: &str, asked: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (client, asked).hash(&mut hasher);
        Self(conversation, hasher.finish())
    }
}

/// Every conversation of one proxy.
#[derive(Debug, Default)]
pub struct Conversations {
    known: Mutex<HashMap<Key, Known>>,
}

/// What is known of one.
#[derive(Clone, Debug)]
pub struct Known {
    /// As it is.
    pub real: Standing,
    /// As it would be had shadow mode acted.
    pub shadow: Option<Standing>,
}

impl Conversations {
    /// Where a conversation stands.
    pub fn standing(&self, key: Key) -> Option<Known> {
        self.known.lock().get(&key).cloned()
    }

    fn note(&self, key: Key, thread: &Thread, usage: &Usage, at_ms: i64) {
        let mut known = self.known.lock();
        if known.len() >= CONVERSATIONS_LEN_MAX && !known.contains_key(&key) {
            forget(&mut known);
        }
        let step = |standing: Option<Standing>, by: By<'_>| match standing {
            Some(mut standing) => {
                standing.answered(&thread.asked, by, usage, at_ms);
                standing
            }
            None => Standing::begun(&thread.asked, by, usage, at_ms),
        };
        let before = known.remove(&key);
        let (real, shadow) = before.map_or((None, None), |k| (Some(k.real), k.shadow));
        let shadow = thread.shadow.as_ref().map(|route| {
            // What was really cached would have been cached there just as well.
            step(shadow, route.into())
        });
        let Thread { route, planned, passing, .. } = thread;
        let by = By { route, planned, passing: *passing };
        known.insert(key, Known { real: step(real, by), shadow });
    }
}

fn forget(known: &mut HashMap<Key, Known>) {
    let mut ages: Vec<i64> = known.values().map(|k| k.real.at_ms).collect();
    let at = FORGOTTEN_AT_ONCE.min(ages.len() - 1);
    let (_, newest, _) = ages.select_nth_unstable(at);
    let newest = *newest;
    known.retain(|_, k| k.real.at_ms > newest);
}

/// The conversation of one attempt, which moves on when the attempt is answered.
#[derive(Debug)]
pub struct Thread {
    conversations: Arc<Conversations>,
    key: Key,
    asked: String,
    route: Route,
    /// The model that was to answer.
    planned: Route,
    /// Whether that failed by what may be over soon.
    passing: bool,
    shadow: Option<Route>,
}

impl Thread {
    /// The thread of an attempt for a client that asked for `asked`.
    pub fn new<'a>(
        conversations: &Arc<Conversations>,
        key: Key,
        asked: &str,
        by: impl Into<By<'a>>,
        shadow: Option<&Route>,
    ) -> Self {
        let by = by.into();
        Self {
            conversations: Arc::clone(conversations),
            key,
            asked: asked.to_owned(),
            route: by.route.clone(),
            planned: by.planned.clone(),
            passing: by.passing,
            shadow: shadow.cloned(),
        }
    }

    /// An answer from before this process began; what has come since is newer.
    pub fn recalled(&self, usage: &Usage, at_ms: i64) {
        let newer = |known: Known| known.real.at_ms > at_ms;
        if !self.conversations.standing(self.key).is_some_and(newer) {
            self.answered(usage, at_ms);
        }
    }

    /// Its answer came to an end at `at_ms`.
    pub fn answered(&self, usage: &Usage, at_ms: i64) {
        self.conversations.note(self.key, self, usage, at_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(model: &str) -> Route {
        Route { provider: "p".into(), model: model.into() }
    }

    #[test]
    fn a_conversation_remembers_who_answered_last_and_where_it_would_have_been() {
        let all = Arc::new(Conversations::default());
        let key = Key::of(Conversation(1), "tool", "big");
        let shadow = route("small");
        let thread = Thread::new(&all, key, "big", &route("big"), Some(&shadow));
        thread.answered(&Usage { cache_read: 5, ..Usage::default() }, 10);
        let known = all.standing(key).unwrap();
        assert_eq!(known.real.route, route("big"));
        assert_eq!(known.shadow.unwrap().route, shadow);
        Thread::new(&all, key, "big", &route("other"), None).answered(&Usage::default(), 20);
        let known = all.standing(key).unwrap();
        assert_eq!((known.real.route, known.real.turns), (route("other"), 2));
        assert!(known.shadow.is_none());
    }

    #[test]
    fn a_conversation_that_another_model_answered_remembers_where_it_belongs() {
        let all = Arc::new(Conversations::default());
        let key = Key::of(Conversation(1), "tool", "big");
        let (home, other) = (route("home"), route("other"));
        let by = By { route: &other, planned: &home, passing: true };
        Thread::new(&all, key, "big", by, None).answered(&Usage::default(), 10);
        let known = all.standing(key).unwrap().real;
        assert_eq!((known.route, known.home), (other, Some(home)));
    }

    #[test]
    fn another_model_in_the_same_session_leaves_the_conversation_where_it_is() {
        let all = Arc::new(Conversations::default());
        let key = |client, asked| Key::of(Conversation(1), client, asked);
        let usage = Usage { cache_read: 80_000, ..Usage::default() };
        Thread::new(&all, key("cc", "opus"), "opus", &route("opus"), None).answered(&usage, 10);
        let aside = Thread::new(&all, key("cc", "haiku"), "haiku", &route("haiku"), None);
        aside.answered(&Usage::default(), 20);
        assert_eq!(all.standing(key("cc", "opus")).unwrap().real.route, route("opus"));
        assert!(all.standing(key("other", "opus")).is_none());
    }

    #[test]
    fn what_is_recalled_late_does_not_undo_what_came_since() {
        let all = Arc::new(Conversations::default());
        let key = Key::of(Conversation(1), "tool", "m");
        Thread::new(&all, key, "m", &route("new"), None).answered(&Usage::default(), 20);
        Thread::new(&all, key, "m", &route("old"), None).recalled(&Usage::default(), 10);
        assert_eq!(all.standing(key).unwrap().real.route, route("new"));
    }

    #[test]
    fn the_ones_that_rested_longest_are_forgotten_first() {
        let all = Arc::new(Conversations::default());
        let of = |n: u64| Key::of(Conversation(n), "tool", "m");
        for n in 0..=CONVERSATIONS_LEN_MAX as u64 {
            let thread = Thread::new(&all, of(n), "m", &route("m"), None);
            thread.answered(&Usage::default(), n as i64);
        }
        assert!(all.known.lock().len() <= CONVERSATIONS_LEN_MAX);
        assert!(all.standing(of(0)).is_none());
        assert!(all.standing(of(CONVERSATIONS_LEN_MAX as u64)).is_some());
    }
}
