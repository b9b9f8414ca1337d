//! Where news wait for the thread that tells them. Owns its bounds: whoever puts something in
//! returns at once.

use crate::books::{Crossed, Reached};
use parking_lot::{Condvar, Mutex};
use std::time::Duration;
use weir_core::Money;

/// Amounts kept one by one; past that they are added to the last.
const SPENT_LEN_MAX: usize = 4_096;
/// How long what was spent waits for more of it. A pace is not a matter of moments, and a thread
/// woken at every settlement takes its core from the requests.
const GATHER: Duration = Duration::from_millis(250);

/// What has happened since the thread looked last.
#[derive(Default)]
pub struct News {
    /// Marks of budgets. Each comes once a window, so their number is bounded by the budgets.
    pub crossed: Vec<Crossed>,
    /// Marks of subscriptions.
    pub reached: Vec<Reached>,
    /// What was settled, and when, in Unix milliseconds.
    pub spent: Vec<(i64, Money)>,
    /// Whether the thread ends.
    pub ended: bool,
}

/// The inbox of one engine.
#[derive(Default)]
pub struct Inbox {
    news: Mutex<News>,
    wake: Condvar,
}

impl Inbox {
    /// Marks that were passed.
    pub fn crossed(&self, crossed: Vec<Crossed>) {
        if !crossed.is_empty() {
            self.news.lock().crossed.extend(crossed);
            self.wake.notify_one();
        }
    }

    /// Marks of subscriptions that were passed.
    pub fn allowances(&self, reached: Vec<Reached>) {
        if !reached.is_empty() {
            self.news.lock().reached.extend(reached);
            self.wake.notify_one();
        }
    }

    /// Something was settled.
    pub fn spent(&self, at_ms: i64, cost: Money) {
        if cost <= Money::ZERO {
            return;
        }
        let mut news = self.news.lock();
        let full = news.spent.len() >= SPENT_LEN_MAX;
        match news.spent.last_mut().filter(|_| full) {
            Some(last) => last.1 = last.1.saturating_add(cost),
            None => news.spent.push((at_ms, cost)),
        }
        let first = news.spent.len() == 1;
        drop(news);
        if first {
            self.wake.notify_one();
        }
    }

    /// Ends the thread once it has told what waits.
    pub fn end(&self) {
        self.news.lock().ended = true;
        self.wake.notify_one();
    }

    /// Whether the thread shall end.
    pub fn has_ended(&self) -> bool {
        self.news.lock().ended
    }

    /// Waits for news and takes them. Marks are taken at once, what was only spent together.
    pub fn take(&self) -> News {
        let mut news = self.news.lock();
        while news.crossed.is_empty() && news.reached.is_empty() && !news.ended {
            if news.spent.is_empty() {
                self.wake.wait(&mut news);
            } else if self.wake.wait_for(&mut news, GATHER).timed_out() {
                break;
            }
        }
        let ended = news.ended;
        std::mem::replace(&mut news, News { ended, ..News::default() })
    }
}
