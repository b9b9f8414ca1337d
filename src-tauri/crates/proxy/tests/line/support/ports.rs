//! Scripted ports: books that remember, a gate with one token, a clock that goes with the runtime's.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::Instant;
use weir_core::Failover;
use weir_core::route::Setup;
use weir_core::{Money, Pricing, RequestId};
use weir_proxy::ports::{
    Books, Caller, Clock, Closing, Events, Gate, KeyProblem, Keys, Listed, LocalModel, Locals,
    Opening, Refusal, Reservation, Routes, Settled,
};
use weir_proxy::secret::Secret;

pub struct Script {
    setup: Arc<Setup>,
    local: Mutex<LocalModel>,
    opened: Mutex<Vec<Opening>>,
    closed: Mutex<Vec<Closing>>,
    settled: Notify,
    panics: AtomicBool,
    ledger_broken: AtomicBool,
    told: Mutex<Vec<bool>>,
    failover: Mutex<Arc<Failover>>,
    began: Instant,
}

impl Script {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup: Arc::new(setup),
            local: Mutex::default(),
            opened: Mutex::default(),
            closed: Mutex::default(),
            settled: Notify::new(),
            panics: AtomicBool::new(false),
            ledger_broken: AtomicBool::new(false),
            told: Mutex::default(),
            failover: Mutex::default(),
            began: Instant::now(),
        }
    }

    pub fn openings(&self) -> Vec<Opening> {
        self.opened.lock().clone()
    }

    pub async fn closings(&self, count: usize) -> Vec<Closing> {
        loop {
            let waiting = self.settled.notified();
            let now = self.closed.lock().clone();
            assert!(now.len() <= count, "{} settlements, {count} expected", now.len());
            if now.len() == count {
                return now;
            }
            waiting.await;
        }
    }

    pub fn panic_on_next_event(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    pub fn know(&self, local: LocalModel) {
        *self.local.lock() = local;
    }

    /// Whether each attempt that ended was told to be its request's last.
    pub fn told_last(&self) -> Vec<bool> {
        self.told.lock().clone()
    }

    pub fn fail_over(&self, settings: Failover) {
        *self.failover.lock() = Arc::new(settings);
    }

    pub fn break_the_ledger(&self) {
        self.ledger_broken.store(true, Ordering::SeqCst);
    }
}

impl Books for Script {
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal> {
        if self.ledger_broken.load(Ordering::SeqCst) {
            return Err(Refusal::Ledger { reason: "disk full".into() });
        }
        self.opened.lock().push(opening.clone());
        Ok(Reservation { opening, reserved: Some(Money::from_nano(1_000)) })
    }

    fn settle(&self, _: Reservation, closing: Closing) -> Settled {
        self.closed.lock().push(closing);
        self.settled.notify_waiters();
        self.settled.notify_one();
        Settled { cost: Some(Money::from_nano(42)), pricing: Pricing::Exact }
    }
}

impl Events for Script {
    fn opened(&self, _: &Opening) {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "told to panic");
    }
    fn closed(&self, _: RequestId, closing: &Closing, _: Settled) {
        self.told.lock().push(closing.last);
    }
}

impl Gate for Script {
    fn caller(&self, token: &[u8]) -> Option<Caller> {
        (token == b"weir_right").then(|| Caller { name: "test".into() })
    }
}

impl Keys for Script {
    fn key<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Secret, KeyProblem>> {
        Box::pin(async move { Err(KeyProblem::Missing { provider: provider.to_owned() }) })
    }
}

impl Clock for Script {
    fn unix_ms(&self) -> i64 {
        1_795_334_400_000
    }
    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Locals for Script {
    fn model(&self, _: &str, _: &str) -> LocalModel {
        self.local.lock().clone()
    }
    fn answered(&self, _: &str, _: &str) {}
}

impl Routes for Script {
    fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup)
    }
    fn failover(&self) -> Arc<Failover> {
        Arc::clone(&self.failover.lock())
    }
    fn models(&self) -> Vec<Listed> {
        Vec::new()
    }
}
