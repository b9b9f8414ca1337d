//! Settlements on their way to the writer: a bounded queue and the thread that empties it.
//! Owns the batching, what happens when a batch cannot be written, and the retry. Order is kept:
//! only who holds the writer's lock takes from the front.

use crate::connection::BUSY_MS_MAX;
use crate::place::Place;
use crate::problem::WriteProblem;
use crate::rows::Settle;
use crate::sync::Sync;
use crate::writer::Writer;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Settlements written a transaction, so that a reservation never waits long for the lock.
pub(crate) const BATCH_ROWS_MAX: usize = 12;

/// Settlements that may wait before `settle` helps to write them itself.
const QUEUED_ROWS_MAX: usize = 1024;

/// Settlements kept while the ledger cannot be written; about 20 MB. As no attempt is let out
/// meanwhile, more than this can only come from attempts that were open before.
const KEPT_ROWS_MAX: usize = 65_536;

/// How long the thread lets settlements gather before it takes the lock. What a kill can turn
/// into an orphan is what ended within this time.
const GATHER_MS: u64 = 10;

/// How often a failed batch is tried again.
const RETRY_MS: u64 = 200;

/// What the writer's lock guards and what feeds it.
pub(crate) struct Desk {
    pub path: PathBuf,
    pub writer: Mutex<Writer>,
    pub sync: Sync,
    pub place: Place,
    queue: Mutex<Queue>,
    wake: Condvar,
    stuck: AtomicBool,
    refused: AtomicU64,
    lost: AtomicU64,
}

#[derive(Default)]
struct Queue {
    settles: VecDeque<Settle>,
    problem: Option<WriteProblem>,
    asleep: bool,
    stop: bool,
}

impl Desk {
    pub fn new(path: PathBuf, writer: Writer) -> Self {
        Self {
            place: Place::new(&path),
            path,
            writer: Mutex::new(writer),
            sync: Sync::default(),
            queue: Mutex::default(),
            wake: Condvar::new(),
            stuck: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Takes a settlement. Does not wait for a disk unless `QUEUED_ROWS_MAX` are waiting.
    pub fn push(&self, row: Settle) {
        let crowded = {
            let mut queue = self.queue.lock();
            if queue.settles.len() >= KEPT_ROWS_MAX {
                self.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(id = %row.id, attempt = row.attempt,
                    "a settlement was given up: too many wait for the ledger. It will be an orphan at its estimate");
                return;
            }
            queue.settles.push_back(row);
            if queue.asleep {
                queue.asleep = false;
                self.wake.notify_one();
            }
            queue.settles.len() > QUEUED_ROWS_MAX && queue.problem.is_none()
        };
        if crowded {
            // A failure is kept in the queue's state; the thread tries again.
            let _ = self.write_batch();
        }
    }

    /// Why nothing may be let out now: the files are gone, or settlements cannot be written.
    pub fn problem(&self) -> Option<WriteProblem> {
        if self.place.is_gone() {
            return Some(WriteProblem::Gone { path: self.path.clone() });
        }
        if !self.stuck.load(Ordering::Acquire) {
            return None;
        }
        self.queue.lock().problem.clone()
    }

    /// Settlements that wait, were refused, were given up.
    pub fn counts(&self) -> (usize, u64, u64) {
        let waiting = self.queue.lock().settles.len();
        (waiting, self.refused.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }

    /// Writes everything that waits.
    pub fn drain(&self) -> Result<(), WriteProblem> {
        while self.write_batch()? {}
        Ok(())
    }

    /// Writes one batch. False when nothing waited.
    fn write_batch(&self) -> Result<bool, WriteProblem> {
        let mut writer = self.writer.lock();
        let rows: Vec<Settle> = {
            let mut queue = self.queue.lock();
            let count = queue.settles.len().min(BATCH_ROWS_MAX);
            queue.settles.drain(..count).collect()
        };
        if rows.is_empty() {
            return Ok(false);
        }
        match writer.settle(&rows) {
            Ok(batch) => {
                self.refused.fetch_add(batch.refused as u64, Ordering::Relaxed);
                self.unstick();
                drop(writer);
                self.sync.touch();
                Ok(true)
            }
            Err(error) => {
                let problem = WriteProblem::from_sqlite(&self.path, &error);
                // Still under the writer's lock, so nobody can have taken later ones.
                self.stick(rows, &problem);
                Err(problem)
            }
        }
    }

    fn stick(&self, rows: Vec<Settle>, problem: &WriteProblem) {
        let mut queue = self.queue.lock();
        for row in rows.into_iter().rev() {
            queue.settles.push_front(row);
        }
        if queue.problem.as_ref() != Some(problem) {
            tracing::error!(waiting = queue.settles.len(), "{problem}");
        }
        queue.problem = Some(problem.clone());
        self.stuck.store(true, Ordering::Release);
        // The thread may have found the queue empty while these rows were out of it.
        if queue.asleep {
            queue.asleep = false;
            self.wake.notify_one();
        }
    }

    fn unstick(&self) {
        if self.stuck.swap(false, Ordering::AcqRel) {
            self.queue.lock().problem = None;
            tracing::info!(path = %self.path.display(), "the ledger can be written again");
        }
    }

    /// The thread: sleeps until something waits, lets it gather, writes.
    pub fn run(&self) {
        loop {
            let last_try = {
                let mut queue = self.queue.lock();
                while queue.settles.is_empty() && !queue.stop {
                    queue.asleep = true;
                    self.wake.wait(&mut queue);
                    queue.asleep = false;
                }
                if queue.settles.is_empty() {
                    return;
                }
                if !queue.stop && queue.settles.len() < BATCH_ROWS_MAX {
                    let pause = if queue.problem.is_some() { RETRY_MS } else { GATHER_MS };
                    self.wake.wait_for(&mut queue, Duration::from_millis(pause));
                }
                queue.stop
            };
            if self.write_batch().is_err() {
                if last_try {
                    return;
                }
                let mut queue = self.queue.lock();
                if !queue.stop {
                    self.wake.wait_for(&mut queue, Duration::from_millis(RETRY_MS));
                }
            }
        }
    }

    /// Lets the thread finish what waits and end.
    pub fn stop(&self) {
        self.queue.lock().stop = true;
        self.wake.notify_all();
    }

    /// The writer's lock, waited for no longer than for another program's.
    pub fn lock(&self) -> Result<parking_lot::MutexGuard<'_, Writer>, WriteProblem> {
        self.writer
            .try_lock_for(Duration::from_millis(BUSY_MS_MAX))
            .ok_or_else(|| WriteProblem::Busy { path: self.path.clone() })
    }
}
