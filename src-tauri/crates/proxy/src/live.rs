//! Counts of what is happening now: open requests and bytes of bodies held in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shared counters of one proxy.
#[derive(Clone, Debug, Default)]
pub struct Live {
    open: Arc<AtomicUsize>,
    held: Arc<AtomicUsize>,
}

/// One open request, or some held bytes; given back on drop.
#[derive(Debug)]
pub struct Held {
    counter: Arc<AtomicUsize>,
    amount: usize,
}

impl Live {
    /// Requests between accept and the last byte of their answer.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Marks a request open until the value is dropped.
    pub fn enter(&self) -> Held {
        self.open.fetch_add(1, Ordering::Relaxed);
        Held { counter: Arc::clone(&self.open), amount: 1 }
    }

    /// Starts counting the bytes of one body.
    pub fn body(&self) -> Held {
        Held { counter: Arc::clone(&self.held), amount: 0 }
    }
}

impl Held {
    /// Adds bytes; false when the total would pass `max`.
    pub fn grow(&mut self, bytes: usize, max: usize) -> bool {
        let before = self.counter.fetch_add(bytes, Ordering::Relaxed);
        self.amount += bytes;
        before + bytes <= max
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.amount, Ordering::Relaxed);
    }
}
