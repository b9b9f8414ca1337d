//! How providers cache prompts, as far as money sees it: which prefix of a request can be cached at a
//! route, from what length on, and what a request would have used at the model that was asked for.
//! The facts: Anthropic writes a cache only where the request marks it and bills the write, others
//! write unasked and free; a prefix below the model's least length is silently not cached.

use super::{Ask, Route, Setup, Standing};
use crate::{Dialect, Usage};

/// The least prefix that is cached, in tokens, where nothing else is known of the model.
const PREFIX_TOKENS_MIN: u64 = 1_024;

/// How a provider caches prompts for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Only where the request marks it, and the write is billed.
    Marked,
    /// Unasked; what is not read is billed as input.
    Unasked,
    /// Not at all, or free: a model on the user's own machine.
    None,
}

impl Caching {
    /// How prompts are cached at a provider that speaks a dialect.
    pub fn of(dialect: Dialect, local: bool) -> Self {
        match dialect {
            _ if local => Self::None,
            Dialect::Anthropic => Self::Marked,
            _ => Self::Unasked,
        }
    }
}

/// The least prefix a model caches, in tokens; a shorter one is silently not cached.
/// Source: the vendors' own lists, by model family.
pub fn prefix_min(model: &str) -> u64 {
    const KNOWN: [(&str, u64); 8] = [
        ("claude-opus-5", 512),
        ("claude-opus-4-8", 1_024),
        ("claude-opus-4-7", 2_048),
        ("claude-opus-4-6", 4_096),
        ("claude-opus-4-5", 4_096),
        ("claude-haiku-4-5", 4_096),
        ("claude-sonnet", 1_024),
        ("gpt-", 1_024),
    ];
    KNOWN.into_iter().find(|(start, _)| model.starts_with(start)).map_or(PREFIX_TOKENS_MIN, |k| k.1)
}

/// How a route caches what this request asks; `None` also for marks that the request does not set.
pub(super) fn caching(setup: &Setup, ask: &Ask<'_>, route: &Route) -> Caching {
    let provider = setup.provider(&route.provider);
    match provider.map_or(Caching::None, |p| Caching::of(p.dialect, p.local)) {
        Caching::Marked if !ask.cache_marked => Caching::None,
        caching => caching,
    }
}

/// What of a conversation's last prompt is still warm somewhere, in tokens. Had the model that was
/// asked for answered every turn so far, it would have as much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// What the model that answered reported to have read from its cache or written to it; zero
    /// where it caches nothing.
    pub reported: u64,
    /// The whole prompt.
    pub prompt: u64,
}

impl Lately {
    /// Of a conversation, at a moment in Unix milliseconds.
    pub fn of(standing: Option<&Standing>, now_ms: i64) -> Self {
        let last = standing.and_then(|s| s.warm.first()).filter(|w| now_ms <= w.until_ms);
        last.map_or_else(Self::default, |w| Self { reported: w.reported, prompt: w.prompt })
    }
}

/// What a request would have used at a model that caches like this, by what it used at the one that
/// answered. `marked` says whether the request marked its prompt. As much as can have been cached
/// there is taken to be: what was saved is told rather too small.
/// A write is a mark that was set on the way.
pub fn would_use(
    model: &str,
    caching: Caching,
    marked: bool,
    lately: Lately,
    used: &Usage,
) -> Usage {
    let prompt = used.prompt();
    let written = used.cache_write_5m.saturating_add(used.cache_write_1h);
    let cached = used.cache_read.saturating_add(written);
    let either = |reported: u64, whole: u64| if reported > 0 { reported } else { whole };
    let (cacheable, held) = match caching {
        Caching::Marked if marked || written > 0 => {
            (either(cached, prompt), either(lately.reported, lately.prompt))
        }
        Caching::Unasked => (prompt, lately.prompt),
        Caching::Marked | Caching::None => (0, 0),
    };
    let floor = prefix_min(model);
    let whole = Usage { cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, ..*used };
    if cacheable < floor {
        return Usage { input: prompt, ..whole };
    }
    let read = used.cache_read.max(held).min(cacheable);
    let read = if read < floor { 0 } else { read };
    let writes = if caching == Caching::Marked { cacheable - read } else { 0 };
    let (short, hour) = if used.cache_write_1h > 0 { (0, writes) } else { (writes, 0) };
    Usage {
        input: prompt - read - writes,
        cache_read: read,
        cache_write_5m: short,
        cache_write_1h: hour,
        ..whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SONNET: &str = "claude-sonnet-4-5";

    fn used(input: u64, read: u64, write: u64) -> Usage {
        let (cache_read, cache_write_5m) = (read, write);
        Usage { input, cache_read, cache_write_5m, output: 30, ..Usage::default() }
    }

    #[test]
    fn what_a_small_model_could_not_cache_would_have_been_read_where_it_was_asked() {
        let lately = Lately { reported: 0, prompt: 3_300 };
        let there = would_use(SONNET, Caching::Marked, true, lately, &used(3_400, 0, 0));
        assert_eq!(there, used(0, 3_300, 100));
        let first = would_use(SONNET, Caching::Marked, true, Lately::default(), &used(3_400, 0, 0));
        assert_eq!(first, used(0, 0, 3_400), "the first turn writes");
    }

    #[test]
    fn nothing_is_cached_without_a_mark_below_the_least_prefix_or_on_ones_own_machine() {
        let lately = Lately { reported: 0, prompt: 3_300 };
        let whole = used(3_400, 0, 0);
        assert_eq!(would_use(SONNET, Caching::Marked, false, lately, &whole), whole);
        assert_eq!(would_use(SONNET, Caching::None, true, lately, &whole), whole);
        let haiku = would_use("claude-haiku-4-5", Caching::Marked, true, lately, &whole);
        assert_eq!(haiku, whole);
    }

    #[test]
    fn a_cache_that_nobody_marks_is_read_and_its_write_is_free() {
        let lately = Lately { reported: 2_000, prompt: 3_300 };
        let there = would_use("gpt-5", Caching::Unasked, false, lately, &used(1_400, 2_000, 0));
        assert_eq!(there, used(100, 3_300, 0));
    }

    #[test]
    fn what_was_marked_is_known_by_what_the_other_model_cached_and_no_token_is_lost() {
        let lately = Lately { reported: 5_000, prompt: 9_000 };
        let there = would_use(SONNET, Caching::Marked, true, lately, &used(4_000, 0, 5_200));
        assert_eq!(there, used(4_000, 5_000, 200));
        let mut hour = used(4_000, 0, 0);
        hour.cache_write_1h = 5_200;
        let there = would_use(SONNET, Caching::Marked, true, Lately::default(), &hour);
        assert_eq!(there, hour);
    }

    #[test]
    fn what_has_gone_cold_would_have_been_written_again() {
        let usage = used(3_300, 0, 0);
        let route = Route { provider: "anthropic".into(), model: "m".into() };
        let standing = Standing::begun("m", &route, &usage, 0);
        assert_eq!(Lately::of(Some(&standing), 60_000).prompt, 3_300);
        assert_eq!(Lately::of(Some(&standing), 301_000), Lately::default());
    }
}
