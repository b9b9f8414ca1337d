//! Prompt caches of providers, as far as money sees them: one a conversation and model, with a
//! life and a least length. What a request would have read from one, written to it, or paid whole.
//! A cache is the model's own and lives 5 minutes or an hour from its last use; how each provider
//! caches, and from what length on, is `weir_core::route`'s to know.

use std::collections::HashMap;
use weir_core::route::{Caching, Route, prefix_min};
use weir_core::{Conversation, Usage};

/// How long a cache lives after its last use, in milliseconds.
const SHORT_MS: i64 = 5 * 60_000;
/// The same where the request asks for an hour.
const HOUR_MS: i64 = 60 * 60_000;

/// Caches remembered before the cold ones are let go.
const CACHES_LEN_MAX: usize = 8_192;

#[derive(Clone, Copy, Debug)]
struct Warm {
    tokens: u64,
    until_ms: i64,
    life_ms: i64,
}

impl Warm {
    /// What a call leaves behind; one that wrote nothing keeps alive what was there, as it was.
    fn after(call: &Call<'_>, tokens: u64, before: Option<&Self>) -> Self {
        let used = call.really;
        let life_ms = match before {
            _ if used.cache_write_1h > 0 => HOUR_MS,
            Some(before) if used.cache_write_5m == 0 => before.life_ms,
            _ => SHORT_MS,
        };
        Self { tokens, until_ms: call.at_ms.saturating_add(life_ms), life_ms }
    }
}

/// A call as a cache sees it: what really happened is the measure of what can be cached.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The conversation.
    pub conversation: Conversation,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What the call really used, wherever it really went.
    pub really: &'a Usage,
    /// How the place it really went to caches.
    pub really_cached: Caching,
}

impl Call<'_> {
    /// The part of the prompt that a cache of this kind could hold, in tokens. Marks are the
    /// client's: where it set none, or where nobody could see whether it did, there is none.
    fn cacheable(&self, caching: Caching) -> u64 {
        let used = self.really;
        match (caching, self.really_cached) {
            (Caching::None, _) => 0,
            (Caching::Unasked, _) => used.prompt(),
            (Caching::Marked, Caching::Marked) => used.prompt().saturating_sub(used.input),
            (Caching::Marked, _) => 0,
        }
    }
}

/// Every cache of every conversation.
#[derive(Debug)]
pub struct Caches {
    warm: HashMap<(Conversation, Route), Warm>,
    /// What the real path of a conversation could have read next, and until when.
    real: HashMap<Conversation, (Route, Warm)>,
    /// Where each is looked through for what is cold.
    warm_max: usize,
    real_max: usize,
}

impl Default for Caches {
    fn default() -> Self {
        let (warm, real) = (HashMap::new(), HashMap::new());
        Self { warm, real, warm_max: CACHES_LEN_MAX, real_max: CACHES_LEN_MAX }
    }
}

/// Lets go of what is cold once there is much of it, and says when to look again: at twice what is
/// left, so that looking costs each entry a constant.
fn trimmed<K, V>(map: &mut HashMap<K, V>, max: usize, alive: impl Fn(&V) -> bool) -> usize {
    if map.len() <= max {
        return max;
    }
    map.retain(|_, value| alive(value));
    CACHES_LEN_MAX.max(map.len() * 2)
}

impl Caches {
    /// Tokens that are warm for a conversation at a route now.
    pub fn warm(&self, conversation: Conversation, route: &Route, at_ms: i64) -> u64 {
        let warm = self.warm.get(&(conversation, route.clone()));
        warm.filter(|warm| at_ms <= warm.until_ms).map_or(0, |warm| warm.tokens)
    }

    /// What the call would have used at a route, as its caches stand. Nothing is changed.
    pub fn usage(&self, call: &Call<'_>, route: &Route, caching: Caching) -> Usage {
        let used = call.really;
        let prompt = used.prompt();
        let whole = Usage { cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, ..*used };
        let cacheable = call.cacheable(caching);
        if cacheable < prefix_min(&route.model) {
            return Usage { input: prompt, ..whole };
        }
        let warm = self.warm(call.conversation, route, call.at_ms).min(cacheable);
        let read = if warm >= prefix_min(&route.model) { warm } else { 0 };
        let written = if caching == Caching::Marked { cacheable - read } else { 0 };
        let lives = self.warm.get(&(call.conversation, route.clone()));
        let hour = Warm::after(call, 0, lives).life_ms == HOUR_MS;
        let (short, hour) = if hour { (0, written) } else { (written, 0) };
        Usage {
            input: prompt - read - written,
            cache_read: read,
            cache_write_5m: short,
            cache_write_1h: hour,
            ..whole
        }
    }

    /// The call went to a route: its prefix is warm there from now on.
    pub fn went(&mut self, call: &Call<'_>, route: &Route, caching: Caching) {
        let tokens = call.cacheable(caching);
        let key = (call.conversation, route.clone());
        if tokens < prefix_min(&route.model) {
            return;
        }
        let warm = match caching {
            Caching::Marked => Warm::after(call, tokens, self.warm.get(&key)),
            _ => Warm { tokens, until_ms: call.at_ms.saturating_add(SHORT_MS), life_ms: SHORT_MS },
        };
        self.warm.insert(key, warm);
        self.warm_max = trimmed(&mut self.warm, self.warm_max, |warm| call.at_ms <= warm.until_ms);
    }

    /// What really happened, at the place it really went to: where it read less than was warm, the
    /// conversation's prompt had changed, and no cache of it holds more than that.
    pub fn seen(&mut self, call: &Call<'_>, route: &Route) {
        let tokens = call.cacheable(call.really_cached);
        let before = self.real.get(&call.conversation).filter(|(last, _)| last == route);
        let now = Warm::after(call, tokens, before.map(|(_, warm)| warm));
        let before = self.real.insert(call.conversation, (route.clone(), now));
        let alive = |(_, warm): &(Route, Warm)| call.at_ms <= warm.until_ms;
        self.real_max = trimmed(&mut self.real, self.real_max, alive);
        let Some((last, warm)) = before else { return };
        let changed = call.really_cached == Caching::Marked
            && last == *route
            && call.at_ms <= warm.until_ms
            && call.really.cache_read < warm.tokens;
        if changed {
            let held = call.really.cache_read;
            let of_it = |key: &(Conversation, Route)| key.0 == call.conversation;
            let caches = self.warm.iter_mut().filter(|(key, _)| of_it(key));
            caches.for_each(|(_, warm)| warm.tokens = warm.tokens.min(held));
        }
    }
}
