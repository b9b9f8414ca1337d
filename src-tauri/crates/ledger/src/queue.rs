//! Settlements on their way to the writer: a bounded queue and the thread that empties it.
//! Owns the batching, what happens when a batch cannot be written, and the retry. Order is kept:
//! only who holds the writer's lock takes from the front.

use crate::connection::BUSY_MS_MAX;
use crate::entry::Entry;
use crate::journal::{AppendProblem, Journal};
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

/// Settlements written a transaction: a few milliseconds, which is how long a question waits.
pub(crate) const BATCH_ROWS_MAX: usize = 128;

/// Settlements that may wait before `settle` helps to write them itself.
const QUEUED_ROWS_MAX: usize = 2048;

/// Settlements kept while the ledger cannot be written; about 20 MB. As no attempt is let out
/// meanwhile, more than this can only come from attempts that were open before.
const KEPT_ROWS_MAX: usize = 65_536;

/// How long the thread lets settlements gather before it takes the lock. What a kill can turn
/// into an orphan is what ended within this time.
const GATHER_MS: u64 = 10;

/// How often a failed batch is tried again.
const RETRY_MS: u64 = 200;
/// How long what a person ordered waits for the writer, in milliseconds. Who gives the order must
/// wait longer for its answer: one carried out after that would be given a second time.
pub const ORDER_MS_MAX: u64 = 2_500;

/// What the writer's lock guards and what feeds it.
pub(crate) struct Desk {
    pub path: PathBuf,
    pub writer: Mutex<Writer>,
    pub journal: Journal,
    pub sync: Sync,
    pub place: Place,
    queue: Mutex<Queue>,
    wake: Condvar,
    stuck: AtomicBool,
    /// Why the journal could not be written last, until it can.
    unnoted: Mutex<Option<WriteProblem>>,
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
    pub fn new(path: PathBuf, writer: Writer, journal: Journal) -> Self {
        Self {
            place: Place::new(&path),
            path,
            writer: Mutex::new(writer),
            journal,
            sync: Sync::default(),
            queue: Mutex::default(),
            wake: Condvar::new(),
            stuck: AtomicBool::new(false),
            unnoted: Mutex::default(),
            refused: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Writes a reservation to the journal. Waits for the database only when the journal has
    /// grown to its limit.
    pub fn reserve(&self, entry: &Entry<'_>) -> Result<(), WriteProblem> {
        let mut done = self.journal.append(entry);
        if let Err(AppendProblem::Crowded) = done {
            // The likeliest cause: the database cannot be written, and nobody has noticed yet.
            drop(self.lock()?);
            self.carry()?;
            done = self.journal.append(entry);
        }
        if done.is_ok() {
            *self.unnoted.lock() = None;
        }
        done.map_err(|problem| match problem {
            AppendProblem::Duplicate => {
                WriteProblem::Duplicate { id: entry.request(), attempt: entry.attempt }
            }
            AppendProblem::Crowded => WriteProblem::Slow { path: self.path.clone() },
            AppendProblem::Io(error) => {
                let problem = WriteProblem::from_io(&self.path, &error);
                *self.unnoted.lock() = Some(problem.clone());
                problem
            }
        })
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
        if let Some(path) = self.place.gone() {
            return Some(WriteProblem::Gone { path });
        }
        if !self.stuck.load(Ordering::Acquire) {
            return None;
        }
        self.queue.lock().problem.clone()
    }

    /// Why the last reservation was not noted, if it was not. No reason to refuse the next one: it
    /// is what finds out that there is space again.
    pub fn unnoted(&self) -> Option<WriteProblem> {
        self.unnoted.lock().clone()
    }

    /// Settlements that wait, were refused, were given up.
    pub fn counts(&self) -> (usize, u64, u64) {
        let waiting = self.queue.lock().settles.len();
        (waiting, self.refused.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }

    /// Writes every settlement that waits now.
    pub fn drain(&self) -> Result<(), WriteProblem> {
        // Under the writer's lock no batch is in hand that may come back.
        let mut left = {
            let _writer = self.writer.lock();
            self.queue.lock().settles.len()
        };
        while left > 0 {
            match self.write_batch()? {
                0 => break,
                written => left = left.saturating_sub(written),
            }
        }
        Ok(())
    }

    /// Brings every reservation into the tables that is in the journal alone now.
    pub fn carry(&self) -> Result<(), WriteProblem> {
        let mut left = {
            let _writer = self.writer.lock();
            self.journal.queued()
        };
        while left > 0 {
            let mut writer = self.writer.lock();
            match writer.carry(&self.journal) {
                Ok(carried) if carried.taken == 0 => break,
                Ok(carried) => {
                    left = left.saturating_sub(carried.taken);
                    if carried.written > 0 {
                        self.unstick();
                    }
                }
                Err(error) => {
                    let problem = WriteProblem::from_sqlite(&self.path, &error);
                    // Still under the writer's lock: noted after somebody else's success, it would
                    // stay for ever where nothing is left to write.
                    self.stick(Vec::new(), &problem);
                    return Err(problem);
                }
            }
        }
        Ok(())
    }

    /// Writes one batch and returns its size.
    fn write_batch(&self) -> Result<usize, WriteProblem> {
        let mut writer = self.writer.lock();
        let rows: Vec<Settle> = {
            let mut queue = self.queue.lock();
            let count = queue.settles.len().min(BATCH_ROWS_MAX);
            queue.settles.drain(..count).collect()
        };
        if rows.is_empty() {
            return Ok(0);
        }
        match writer.settle(&rows, &self.journal) {
            Ok(batch) => {
                self.refused.fetch_add(batch.refused as u64, Ordering::Relaxed);
                self.unstick();
                drop(writer);
                self.sync.touch();
                Ok(rows.len())
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

    /// The thread: sleeps until something waits, lets it gather, writes. After a batch it lets the
    /// next one gather before it looks, so that under load no request has to wake it.
    pub fn run(&self) {
        let gather = Duration::from_millis(GATHER_MS);
        loop {
            let last_try = {
                let mut queue = self.queue.lock();
                if queue.settles.len() < BATCH_ROWS_MAX && !queue.stop {
                    self.wake.wait_for(&mut queue, gather);
                }
                while queue.settles.is_empty() && !queue.stop {
                    queue.asleep = true;
                    self.wake.wait(&mut queue);
                    queue.asleep = false;
                    if !queue.stop {
                        self.wake.wait_for(&mut queue, gather);
                    }
                }
                if queue.settles.is_empty() {
                    return;
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
        self.lock_for(BUSY_MS_MAX)
    }

    /// The same for what a person ordered: no request waits for it, and a machine under load may keep
    /// the writer at work for a while.
    pub fn lock_patiently(&self) -> Result<parking_lot::MutexGuard<'_, Writer>, WriteProblem> {
        self.lock_for(ORDER_MS_MAX)
    }

    fn lock_for(&self, ms: u64) -> Result<parking_lot::MutexGuard<'_, Writer>, WriteProblem> {
        self.writer
            .try_lock_for(Duration::from_millis(ms))
            .ok_or_else(|| WriteProblem::Busy { path: self.path.clone() })
    }
}
