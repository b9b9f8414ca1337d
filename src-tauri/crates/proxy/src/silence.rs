//! How long a provider may say nothing in the middle of an answer, and what its client hears
//! meanwhile. Owns the one timer of a relay; it looks at times and is not set anew by every piece.

use crate::limits::{ANSWER_SILENCE_MAX, LAST_WORD_WAIT_MAX, PING_SILENCE};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How often, at most, the longest silence is looked at while it runs.
const LOOKS: u32 = 8;

/// The watch over one answer.
pub struct Silence {
    timer: Pin<Box<Sleep>>,
    tick: Duration,
    /// Since the provider last said anything, in whole ticks.
    silent: Duration,
    /// Since the client last heard anything, in whole ticks.
    unheard: Duration,
    heard: bool,
    pings: bool,
    stall: Duration,
    stage: Stage,
}

/// Where the answer stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of its content has come.
    Before,
    /// Its content comes.
    Within,
    /// Its end was told.
    After,
}

/// What the silence has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing yet.
    Still,
    /// The client is to hear something.
    Ping,
    /// It is too long.
    TooLong,
}

impl Silence {
    /// A watch at the beginning of an answer; `pings` is whether its client can be kept waiting.
    pub fn new(stall: Duration, pings: bool) -> Self {
        let tick = (stall / LOOKS).max(Duration::from_millis(1));
        let tick = if pings { tick.min(PING_SILENCE) } else { tick };
        Self {
            timer: Box::pin(sleep(tick)),
            tick,
            silent: Duration::ZERO,
            unheard: Duration::ZERO,
            heard: false,
            pings,
            stall,
            stage: Stage::Before,
        }
    }

    /// The provider said something; `told` is whether the client heard of it.
    pub fn broken(&mut self, told: bool, stage: Stage) {
        self.silent = Duration::ZERO;
        self.heard |= told;
        if stage == Stage::After && self.stage != Stage::After {
            self.tick = LAST_WORD_WAIT_MAX.min(self.stall);
            self.timer.set(sleep(self.tick));
        }
        self.stage = stage;
    }

    /// Where the answer stands.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What there is to do now; else the task is woken when there may be.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Heard {
        while let Poll::Ready(()) = self.timer.as_mut().poll(context) {
            let next = self.timer.deadline() + self.tick;
            self.timer.as_mut().reset(next);
            self.silent += self.tick;
            self.unheard = if std::mem::take(&mut self.heard) {
                Duration::ZERO
            } else {
                self.unheard + self.tick
            };
            if self.silent >= self.longest() {
                return Heard::TooLong;
            }
            if self.pings && self.stage != Stage::After && self.unheard >= PING_SILENCE {
                self.unheard = Duration::ZERO;
                return Heard::Ping;
            }
        }
        Heard::Still
    }

    fn longest(&self) -> Duration {
        match self.stage {
            Stage::Before => ANSWER_SILENCE_MAX,
            Stage::Within => self.stall,
            Stage::After => LAST_WORD_WAIT_MAX.min(self.stall),
        }
    }
}
