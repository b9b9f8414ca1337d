//! The lines before local servers, for requests that wait: a place is held from before the request
//! leaves until its answer has ended, and is given back on drop, whatever ends it.
//! The order of a line is `weir_core::workers`; here is only the waiting.

use crate::limits::{LOCAL_BUSY_AGE_MAX, LOCAL_BUSY_LEN_MAX, LOCAL_LINE};
use crate::ports::Clock;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use weir_core::RequestId;
use weir_core::workers::{self, Entry, Line, Ticket};

/// The lines of one proxy, by provider.
pub struct Workers {
    rooms: Mutex<BTreeMap<String, Room>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Room {
    line: Line,
    doors: HashMap<Ticket, Door>,
    /// The longest context that running jobs asked for, in tokens, by model.
    contexts: HashMap<String, u64>,
}

struct Door {
    request: RequestId,
    open: oneshot::Sender<Place>,
}

/// A place at a server; given back on drop.
pub struct Place {
    workers: Arc<Workers>,
    server: String,
    model: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let model = std::mem::take(&mut self.model);
        self.workers.change(&self.server, |room, now| {
            let begun = room.line.done(&model, now, LOCAL_LINE);
            if !room.line.running().any(|(running, _)| running == model) {
                room.contexts.remove(&model);
            }
            begun
        });
    }
}

impl Place {
    /// The longest context that a running job of the same model asked for, in tokens: its server has
    /// the model in memory with that, or will have.
    pub fn context(&self) -> Option<u64> {
        let rooms = self.workers.rooms.lock();
        rooms.get(&self.server)?.contexts.get(&self.model).copied()
    }

    /// This job asks for a context of so many tokens.
    pub fn asks(&self, context: Option<u64>) {
        let mut rooms = self.workers.rooms.lock();
        if let (Some(context), Some(room)) = (context, rooms.get_mut(&self.server)) {
            let longest = room.contexts.entry(self.model.clone()).or_default();
            *longest = context.max(*longest);
        }
    }
}

/// A request that wants a place.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The request.
    pub request: RequestId,
    /// The provider.
    pub server: &'a str,
    /// The model.
    pub model: &'a str,
    /// Whether the model is in the server's memory.
    pub resident: bool,
    /// Jobs of that model that go together.
    pub parallel: usize,
}

impl<'a> Job<'a> {
    fn in_line(self) -> workers::Job<'a> {
        workers::Job { model: self.model, resident: self.resident, parallel: self.parallel }
    }
}

/// Why a request got no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded {
    /// Jobs that wait.
    pub waiting: usize,
    /// How long the oldest has waited.
    pub oldest: Duration,
    /// Whether the line is as long as it may be.
    pub full: bool,
}

/// A line as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The provider.
    pub server: String,
    /// Running jobs by model.
    pub running: Vec<(String, usize)>,
    /// Waiting jobs, the next first: the request, its model, how long it has waited.
    pub waiting: Vec<(RequestId, String, Duration)>,
}

impl Workers {
    /// No line yet.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { rooms: Mutex::default(), clock })
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ns() / 1_000_000
    }

    /// Every line in which something happens.
    pub fn standings(&self) -> Vec<Standing> {
        let now = self.now_ms();
        let rooms = self.rooms.lock();
        let shown = rooms.iter().map(|(server, room)| Standing {
            server: server.clone(),
            running: room.line.running().map(|(model, n)| (model.to_owned(), n)).collect(),
            waiting: room
                .line
                .waiting()
                .filter_map(|job| {
                    let age = Duration::from_millis(now.saturating_sub(job.since_ms));
                    Some((room.doors.get(&job.ticket)?.request, job.model.clone(), age))
                })
                .collect(),
        });
        shown.filter(|s| !s.running.is_empty() || !s.waiting.is_empty()).collect()
    }

    /// Whether a job would have to wait in a line that is long or slow already.
    pub fn busy(&self, job: Job<'_>) -> Option<Crowded> {
        let now = self.now_ms();
        let rooms = self.rooms.lock();
        let line = &rooms.get(job.server)?.line;
        if line.free_for(job.in_line(), now, LOCAL_LINE) {
            return None;
        }
        let crowded = crowd(line, now, false);
        let busy = crowded.waiting >= LOCAL_BUSY_LEN_MAX || crowded.oldest >= LOCAL_BUSY_AGE_MAX;
        busy.then_some(crowded)
    }

    /// Waits for a place, for `patience` at most. `told` hears the position when there is a wait.
    /// Dropping the future leaves the line.
    ///
    /// # Errors
    /// How the line stood when it was full or the patience was over.
    pub async fn enter(
        self: &Arc<Self>,
        job: Job<'_>,
        patience: Duration,
        told: impl FnOnce(usize),
    ) -> Result<Place, Crowded> {
        let now = self.now_ms();
        let (open, opened) = oneshot::channel();
        let (ticket, position) = {
            let mut rooms = self.rooms.lock();
            let room = rooms.entry(job.server.to_owned()).or_default();
            match room.line.ask(job.in_line(), now, LOCAL_LINE) {
                Entry::Begins => return Ok(self.place(job.server, job.model)),
                Entry::Full => return Err(crowd(&room.line, now, true)),
                Entry::Waits(ticket) => {
                    room.doors.insert(ticket, Door { request: job.request, open });
                    (ticket, room.line.waiting().len())
                }
            }
        };
        // From here on the line is left on every way out, also when this future is dropped.
        let waiting = InLine { workers: self, server: job.server, ticket };
        told(position);
        let came = tokio::time::timeout(patience, opened).await;
        match came {
            Ok(Ok(place)) => Ok(place),
            _ => {
                let crowded = self
                    .rooms
                    .lock()
                    .get(job.server)
                    .map(|room| crowd(&room.line, self.now_ms(), false));
                drop(waiting);
                Err(crowded.unwrap_or(Crowded { waiting: 0, oldest: patience, full: false }))
            }
        }
    }

    fn place(self: &Arc<Self>, server: &str, model: &str) -> Place {
        Place { workers: Arc::clone(self), server: server.to_owned(), model: model.to_owned() }
    }

    /// Changes a line and opens the door to those whose turn it is.
    fn change(self: &Arc<Self>, server: &str, change: impl FnOnce(&mut Room, u64) -> Vec<Ticket>) {
        let now = self.now_ms();
        let mut let_in = Vec::new();
        {
            let mut rooms = self.rooms.lock();
            let Some(room) = rooms.get_mut(server) else { return };
            let models: HashMap<Ticket, String> =
                room.line.waiting().map(|job| (job.ticket, job.model.clone())).collect();
            for ticket in change(room, now) {
                if let (Some(door), Some(model)) = (room.doors.remove(&ticket), models.get(&ticket))
                {
                    let_in.push((door.open, self.place(server, model)));
                }
            }
        }
        // Outside the lock: a door whose owner has gone gives the place back at once.
        for (open, place) in let_in {
            drop(open.send(place));
        }
    }
}

/// A job in a line; leaves it on drop. One that was let in is in no line any more.
struct InLine<'a> {
    workers: &'a Arc<Workers>,
    server: &'a str,
    ticket: Ticket,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let ticket = self.ticket;
        // Under one lock: a job in line without a door would be given a place that nobody gives back.
        self.workers.change(self.server, |room, now| {
            room.doors.remove(&ticket);
            room.line.leave(ticket, now, LOCAL_LINE)
        });
    }
}

fn crowd(line: &Line, now_ms: u64, full: bool) -> Crowded {
    let oldest = Duration::from_millis(line.oldest_ms(now_ms));
    Crowded { waiting: line.waiting().len(), oldest, full }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::task::JoinSet;

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn unix_ms(&self) -> i64 {
            0
        }
        fn monotonic_ns(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn job(model: &'static str, n: u32) -> Job<'static> {
        Job { request: RequestId::new(0, n), server: "ollama", model, resident: false, parallel: 4 }
    }

    const LONG: Duration = Duration::from_secs(600);

    async fn settled(workers: &Arc<Workers>, waiting: usize) {
        while workers.standings().first().map_or(0, |s| s.waiting.len()) != waiting {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_second_model_waits_until_the_first_has_ended() {
        let workers = Workers::new(Arc::new(Hand::default()));
        let first = workers.enter(job("a", 1), LONG, |_| {}).await.expect("free");
        let mut tasks = JoinSet::new();
        let waits = Arc::clone(&workers);
        tasks.spawn(async move { waits.enter(job("b", 2), LONG, |n| assert_eq!(n, 1)).await });
        settled(&workers, 1).await;
        let standing = workers.standings().remove(0);
        assert_eq!(standing.running, [("a".to_owned(), 1)]);
        assert_eq!(standing.waiting[0].0, RequestId::new(0, 2));
        drop(first);
        let second = tasks.join_next().await.expect("one").expect("no panic").expect("a place");
        assert_eq!(workers.standings()[0].running, [("b".to_owned(), 1)]);
        drop(second);
        assert!(workers.standings().is_empty());
    }

    #[tokio::test]
    async fn a_client_that_leaves_the_line_takes_no_place_with_it() {
        let workers = Workers::new(Arc::new(Hand::default()));
        let first = workers.enter(job("a", 1), LONG, |_| {}).await.expect("free");
        for n in 0..20 {
            let mut tasks = JoinSet::new();
            let waits = Arc::clone(&workers);
            tasks.spawn(async move { waits.enter(job("b", n), LONG, |_| {}).await.is_ok() });
            settled(&workers, 1).await;
            tasks.shutdown().await;
            settled(&workers, 0).await;
        }
        drop(first);
        assert!(workers.enter(job("b", 99), LONG, |_| {}).await.is_ok(), "the place is free");
    }

    #[tokio::test]
    async fn a_place_that_was_given_to_one_who_has_gone_is_given_on() {
        let workers = Workers::new(Arc::new(Hand::default()));
        let first = workers.enter(job("a", 1), LONG, |_| {}).await.expect("free");
        let gone = Box::pin(workers.enter(job("b", 2), LONG, |_| {}));
        let mut gone = Some(gone);
        futures_util::future::poll_immediate(gone.as_mut().expect("there")).await;
        drop(first);
        assert_eq!(workers.standings()[0].running, [("b".to_owned(), 1)], "given, not yet taken");
        drop(gone.take());
        assert!(workers.standings().is_empty());
    }

    #[tokio::test]
    async fn a_client_that_leaves_at_the_moment_of_its_turn_loses_no_place() {
        let workers = Workers::new(Arc::new(Hand::default()));
        for n in 0..2_000 {
            let first = workers.enter(job("a", n), Duration::ZERO, |_| {}).await;
            let first = first.unwrap_or_else(|c| panic!("turn {n}: a place was lost: {c:?}"));
            let mut waits = Box::pin(workers.enter(job("b", n), LONG, |_| {}));
            assert!(futures_util::future::poll_immediate(waits.as_mut()).await.is_none());
            let ready = AtomicU64::new(0);
            let meet = |late: u32| {
                ready.fetch_add(1, Ordering::SeqCst);
                while ready.load(Ordering::SeqCst) < 2 {
                    std::thread::yield_now();
                }
                // The two meet at another moment every time.
                (0..late).for_each(|_| std::hint::spin_loop());
            };
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    meet(n % 64);
                    drop(first);
                });
                meet(64 - n % 61);
                drop(waits);
            });
        }
        assert!(workers.standings().is_empty(), "{:?}", workers.standings());
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_the_line_is_left() {
        let workers = Workers::new(Arc::new(Hand::default()));
        let first = workers.enter(job("a", 1), LONG, |_| {}).await.expect("free");
        let crowded = workers.enter(job("b", 2), Duration::from_secs(1), |_| {}).await;
        let crowded = crowded.err().expect("still taken");
        assert_eq!((crowded.waiting, crowded.full), (1, false));
        assert!(workers.standings()[0].waiting.is_empty());
        drop(first);
    }

    #[tokio::test]
    async fn a_line_is_busy_by_its_length_or_its_age() {
        let clock = Arc::new(Hand::default());
        let workers = Workers::new(Arc::clone(&clock) as _);
        assert!(workers.busy(job("a", 1)).is_none(), "nobody is there");
        let _first = workers.enter(job("a", 1), LONG, |_| {}).await.expect("free");
        assert!(workers.busy(job("a", 2)).is_none(), "it would begin at once");
        assert!(workers.busy(job("b", 2)).is_none(), "it would wait, but the line is short");
        let mut tasks = JoinSet::new();
        let waits = Arc::clone(&workers);
        tasks.spawn(async move { waits.enter(job("b", 2), LONG, |_| {}).await.is_ok() });
        settled(&workers, 1).await;
        let age = u64::try_from(LOCAL_BUSY_AGE_MAX.as_nanos()).expect("short");
        clock.0.store(age, Ordering::SeqCst);
        assert_eq!(workers.busy(job("c", 3)).expect("busy").oldest, LOCAL_BUSY_AGE_MAX);
        clock.0.store(0, Ordering::SeqCst);
        for n in 3..=LOCAL_BUSY_LEN_MAX as u32 + 1 {
            let waits = Arc::clone(&workers);
            tasks.spawn(async move { waits.enter(job("b", n), LONG, |_| {}).await.is_ok() });
        }
        settled(&workers, LOCAL_BUSY_LEN_MAX).await;
        assert_eq!(workers.busy(job("c", 9)).expect("busy").waiting, LOCAL_BUSY_LEN_MAX);
    }
}
