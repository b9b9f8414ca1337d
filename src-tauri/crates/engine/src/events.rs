//! Live requests: what is open now, and a feed for the window and `weir log --follow`.
//! Owns its bounds; a slow listener misses events and is told how many, and never slows a request.

use crate::api::{LiveEvent, RequestUsage, Stamp};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::broadcast;
use weir_core::{Metered, RequestId};
use weir_proxy::ports::{Closing, Declined, Events as EventsPort, Opening, Queued, Settled};

/// Events a slow listener may lag behind.
const FEED_LEN_MAX: usize = 256;
/// Open requests that are listed; the proxy bounds them by its connections.
const OPEN_LEN_MAX: usize = 4_096;

/// Refusals of Weir's own that can still be explained.
pub const DECLINED_LEN_MAX: usize = 256;
/// What is kept of a text in one, in characters.
const DECLINED_CHARS_MAX: usize = 2_000;

/// The live requests of one engine, and those it refused itself.
pub struct Events {
    feed: broadcast::Sender<LiveEvent>,
    open: Mutex<BTreeMap<RequestId, LiveEvent>>,
    declined: Mutex<VecDeque<Declined>>,
}

impl Default for Events {
    fn default() -> Self {
        let (feed, _) = broadcast::channel(FEED_LEN_MAX);
        Self { feed, open: Mutex::default(), declined: Mutex::default() }
    }
}

/// A text that a client had a part in, cut to what is kept.
fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(DECLINED_CHARS_MAX) {
        text.truncate(end);
    }
}

impl Events {
    /// Where listeners subscribe.
    pub fn feed(&self) -> broadcast::Sender<LiveEvent> {
        self.feed.clone()
    }

    /// The requests that are open now, oldest first, each as it was when its attempt left.
    pub fn open(&self) -> Vec<LiveEvent> {
        self.open.lock().values().cloned().collect()
    }

    /// A request that was refused before anybody was asked, while it is remembered.
    pub fn find_declined(&self, id: RequestId) -> Option<Declined> {
        self.declined.lock().iter().find(|declined| declined.id == id).cloned()
    }

    /// The refusals that are remembered, for which `wanted` holds.
    pub fn all_declined(&self, wanted: impl Fn(&Declined) -> bool) -> Vec<Declined> {
        self.declined.lock().iter().filter(|declined| wanted(declined)).cloned().collect()
    }

    /// Tells that the set-up is another: configuration, keys, tools or pause.
    pub fn changed(&self) {
        self.send(LiveEvent::Changed);
    }

    fn send(&self, event: LiveEvent) {
        // Nobody listening is the usual case, and no error.
        let _ = self.feed.send(event);
    }
}

impl EventsPort for Events {
    fn opened(&self, opening: &Opening) {
        let event = LiveEvent::Opened {
            id: opening.id,
            attempt: opening.attempt,
            at: Stamp::from_ms(opening.at_ms),
            client: opening.client.to_string(),
            asked_model: opening.asked_model.clone(),
            route: format!("{}/{}", opening.provider, opening.model),
            reason: opening.reason.as_str().to_owned(),
            local: opening.local,
            demo: opening.demo,
        };
        if self.feed.receiver_count() > 0 {
            self.send(event.clone());
        }
        let mut open = self.open.lock();
        if open.len() < OPEN_LEN_MAX || open.contains_key(&opening.id) {
            open.insert(opening.id, event);
        }
    }

    fn queued(&self, queued: &Queued<'_>) {
        self.send(LiveEvent::Queued {
            id: queued.id,
            route: queued.route.to_string(),
            position: queued.position as u64,
        });
    }

    fn declined(&self, mut declined: Declined) {
        let Declined { message, asked_model, project, session, category, .. } = &mut declined;
        [message, asked_model].into_iter().for_each(cut);
        [project, session, category].into_iter().flatten().for_each(cut);
        let mut kept = self.declined.lock();
        if kept.len() == DECLINED_LEN_MAX {
            kept.pop_front();
        }
        kept.push_back(declined);
        drop(kept);
        self.changed();
    }

    fn closed(&self, id: RequestId, closing: &Closing, settled: Settled) {
        self.open.lock().remove(&id);
        if self.feed.receiver_count() == 0 {
            return;
        }
        self.send(LiveEvent::Closed {
            id,
            at: Stamp::from_ms(closing.at_ms),
            outcome: closing.outcome.as_str().to_owned(),
            status: Some(closing.status).filter(|s| *s > 0),
            pricing: settled.pricing.as_str().to_owned(),
            cost_usd: settled.cost,
            usage: usage(&closing.metered),
            first_byte_ms: closing.first_byte_ms,
            total_ms: closing.total_ms,
            last: closing.last,
        });
    }
}

fn usage(metered: &Metered) -> Option<RequestUsage> {
    metered.usage.map(|u| RequestUsage {
        input: u.input,
        cache_read: u.cache_read,
        cache_write_5m: u.cache_write_5m,
        cache_write_1h: u.cache_write_1h,
        output: u.output,
        reasoning: u.reasoning,
        web_searches: u.web_searches,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::Endpoint;

    fn declined(n: u32) -> Declined {
        Declined {
            id: RequestId::new(1, n),
            at_ms: 1,
            client: "script".into(),
            project: None,
            session: Some("s".repeat(5_000)),
            category: None,
            endpoint: Endpoint::Messages,
            asked_model: "m".into(),
            task: None,
            tier: None,
            confidence: None,
            decision: None,
            status: 503,
            message: "é".repeat(5_000),
        }
    }

    #[test]
    fn refusals_are_remembered_in_short_and_no_more_of_them_than_can_be_kept() {
        let events = Events::default();
        (0..=DECLINED_LEN_MAX as u32).for_each(|n| events.declined(declined(n)));
        assert!(events.find_declined(RequestId::new(1, 0)).is_none(), "the oldest is let go");
        let kept = events.find_declined(RequestId::new(1, 1)).expect("remembered");
        assert_eq!(kept.message.chars().count(), DECLINED_CHARS_MAX);
        assert_eq!(kept.session.map(|s| s.len()), Some(DECLINED_CHARS_MAX));
    }
}
