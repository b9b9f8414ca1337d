//! Where conversations stand: which model answered last, and what of the prompt is cached where.
//! Kept in memory, bounded; what it costs to stay or to move is decided in `core::route`.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use weir_core::route::{Route, Standing};
use weir_core::{Conversation, Usage};

/// Conversations remembered. When there are more, the ones that rested longest are forgotten.
const CONVERSATIONS_LEN_MAX: usize = 4_096;
/// How many are forgotten at once, so that finding them is rare.
const FORGOTTEN_AT_ONCE: usize = CONVERSATIONS_LEN_MAX / 8;

/// Every conversation of one proxy.
#[derive(Debug, Default)]
pub struct Conversations {
    known: Mutex<HashMap<Conversation, Known>>,
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
    pub fn standing(&self, key: Conversation) -> Option<Known> {
        self.known.lock().get(&key).cloned()
    }

    fn note(&self, key: Conversation, thread: &Thread, usage: &Usage, at_ms: i64) {
        let mut known = self.known.lock();
        if known.len() >= CONVERSATIONS_LEN_MAX && !known.contains_key(&key) {
            forget(&mut known);
        }
        let step = |standing: Option<Standing>, route: &Route, usage: &Usage| match standing {
            Some(mut standing) => {
                standing.answered(&thread.asked, route, usage, at_ms);
                standing
            }
            None => Standing::begun(&thread.asked, route, usage, at_ms),
        };
        let before = known.remove(&key);
        let (real, shadow) = before.map_or((None, None), |k| (Some(k.real), k.shadow));
        let shadow = thread.shadow.as_ref().map(|route| {
            // What was really cached would have been cached there just as well.
            step(shadow, route, usage)
        });
        known.insert(key, Known { real: step(real, &thread.route, usage), shadow });
    }
}

fn forget(known: &mut HashMap<Conversation, Known>) {
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
    key: Conversation,
    asked: String,
    route: Route,
    shadow: Option<Route>,
}

impl Thread {
    /// The thread of an attempt at `route` for a client that asked for `asked`.
    pub fn new(
        conversations: &Arc<Conversations>,
        key: Conversation,
        asked: &str,
        route: &Route,
        shadow: Option<&Route>,
    ) -> Self {
        Self {
            conversations: Arc::clone(conversations),
            key,
            asked: asked.to_owned(),
            route: route.clone(),
            shadow: shadow.cloned(),
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
        let key = Conversation(1);
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
    fn the_ones_that_rested_longest_are_forgotten_first() {
        let all = Arc::new(Conversations::default());
        for n in 0..=CONVERSATIONS_LEN_MAX as u64 {
            let thread = Thread::new(&all, Conversation(n), "m", &route("m"), None);
            thread.answered(&Usage::default(), n as i64);
        }
        assert!(all.known.lock().len() <= CONVERSATIONS_LEN_MAX);
        assert!(all.standing(Conversation(0)).is_none());
        assert!(all.standing(Conversation(CONVERSATIONS_LEN_MAX as u64)).is_some());
    }
}
