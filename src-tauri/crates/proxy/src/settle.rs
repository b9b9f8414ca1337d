//! The last stage: every reservation is closed exactly once, on every path. A `Ticket` that is
//! dropped — client gone, task cancelled, panic — settles with what is known by then.

use crate::conversations::Thread;
use crate::health::Pass;
use crate::ports::{Closing, Ports, Reservation, Settled};
use crate::upstream::Credentials;
use crate::workers::Place;
use std::sync::Arc;
use weir_core::health;
use weir_core::mask::Mask;
use weir_core::meter::End;
use weir_core::{Metered, Money, Outcome, RequestId};

/// An open reservation and what is known of its attempt so far.
pub struct Ticket {
    ports: Arc<Ports>,
    reservation: Option<Reservation>,
    arrived_ns: u64,
    /// The provider's status, 0 before it came.
    pub status: u16,
    /// Milliseconds from arrival to the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// Whether any byte can have reached the provider.
    pub sent: bool,
    /// The place at a local server, given back when the attempt is settled.
    pub place: Option<Arc<Place>>,
    /// What the request's attempts before this one came to; `None` when that is not known.
    pub earlier: Option<Money>,
    /// Whether an error came in the place of any content.
    pub empty: bool,
    /// Codes of what the provider could not be told, joined by commas.
    pub dropped: Option<String>,
    /// The conversation, which goes on from this answer.
    pub thread: Option<Thread>,
    /// The attempt's leave to go to its route, told when it is settled how it went.
    pub pass: Option<Pass>,
    /// What makes a route rest.
    pub limits: health::Limits,
    /// What the attempt was sent with: in no name that its provider gave is any of it kept.
    pub credentials: Credentials,
}

impl Ticket {
    /// Takes charge of a reservation.
    pub fn new(
        ports: &Arc<Ports>,
        reservation: Reservation,
        arrived_ns: u64,
        limits: health::Limits,
    ) -> Self {
        let ticket = Self {
            ports: Arc::clone(ports),
            reservation: Some(reservation),
            arrived_ns,
            status: 0,
            first_byte_ms: None,
            sent: false,
            place: None,
            earlier: Some(Money::ZERO),
            empty: false,
            dropped: None,
            thread: None,
            pass: None,
            limits,
            credentials: Credentials::default(),
        };
        // Only now: should a listener panic, the ticket settles on its way down.
        if let Some(reservation) = &ticket.reservation {
            ports.events.opened(&reservation.opening);
        }
        ticket
    }

    /// Notes the first byte of the answer.
    pub fn first_byte(&mut self) {
        if self.first_byte_ms.is_none() {
            self.first_byte_ms = Some(self.elapsed_ms());
        }
    }

    /// Closes the reservation. What it came to contains the attempts before it.
    pub fn close(mut self, outcome: Outcome, metered: Metered, last: bool) -> Option<Settled> {
        self.settle(outcome, metered, last)
    }

    /// Closes the reservation, and leaves it to the value that comes back to say whether another
    /// attempt followed.
    pub fn close_for_now(mut self, outcome: Outcome, metered: Metered) -> Option<Untold> {
        self.book(outcome, metered, false)
    }

    /// Closes from a place that can only borrow, such as a body that is being polled.
    pub fn close_in_place(&mut self, outcome: Outcome, metered: Metered) -> Option<Settled> {
        self.settle(outcome, metered, true)
    }

    /// Moves the reservation to a ticket of its own, from a place that can only borrow. Nothing is
    /// left to settle here.
    pub fn take_over(&mut self) -> Self {
        Self {
            ports: self.ports.clone(),
            reservation: self.reservation.take(),
            arrived_ns: self.arrived_ns,
            status: self.status,
            first_byte_ms: self.first_byte_ms,
            sent: self.sent,
            earlier: self.earlier,
            empty: self.empty,
            place: self.place.take(),
            dropped: self.dropped.take(),
            thread: self.thread.take(),
            pass: self.pass.take(),
            limits: self.limits,
            credentials: std::mem::take(&mut self.credentials),
        }
    }

    fn settle(&mut self, outcome: Outcome, metered: Metered, last: bool) -> Option<Settled> {
        Some(self.book(outcome, metered, last)?.tell(last))
    }

    fn book(&mut self, outcome: Outcome, metered: Metered, last: bool) -> Option<Untold> {
        let reservation = self.reservation.take()?;
        if let Some(pass) = self.pass.take() {
            pass.settled(outcome, &self.limits);
        }
        self.place = None;
        self.go_on(outcome, &metered);
        let metered =
            without_secrets(metered, &self.credentials.mask(), &reservation.opening.model);
        let id = reservation.opening.id;
        let closing = Closing {
            at_ms: self.ports.clock.unix_ms(),
            outcome,
            status: self.status,
            metered,
            sent: self.sent,
            empty: self.empty,
            last,
            dropped: self.dropped.take(),
            first_byte_ms: self.first_byte_ms,
            total_ms: self.elapsed_ms(),
        };
        let settled = self.ports.books.settle(reservation, closing.clone());
        let cost = settled.cost.zip(self.earlier).map(|(own, earlier)| own.saturating_add(earlier));
        let ports = Some(Arc::clone(&self.ports));
        let whole = Settled { cost, ..settled };
        Some(Untold { ports, id, closing: Box::new(closing), settled, whole })
    }

    /// A conversation goes on from what was answered; an attempt that failed says nothing of it.
    fn go_on(&mut self, outcome: Outcome, metered: &Metered) {
        let Some(thread) = self.thread.take() else { return };
        if outcome == Outcome::Ok || metered.usage_is_final {
            thread.answered(&metered.usage.unwrap_or_default(), self.ports.clock.unix_ms());
        }
    }

    fn elapsed_ms(&self) -> u32 {
        let ns = self.ports.clock.monotonic_ns().saturating_sub(self.arrived_ns);
        u32::try_from(ns / 1_000_000).unwrap_or(u32::MAX)
    }
}

/// An attempt that is booked, and of which the listeners do not know yet whether it was the last.
pub struct Untold {
    ports: Option<Arc<Ports>>,
    id: RequestId,
    closing: Box<Closing>,
    settled: Settled,
    /// What the request has come to so far.
    pub whole: Settled,
}

impl Untold {
    /// Tells the listeners.
    pub fn tell(mut self, last: bool) -> Settled {
        self.closed(last);
        self.whole
    }

    fn closed(&mut self, last: bool) {
        if let Some(ports) = self.ports.take() {
            self.closing.last = last;
            ports.events.closed(self.id, &self.closing, self.settled);
        }
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.closed(true);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let outcome =
            if std::thread::panicking() { Outcome::Internal } else { Outcome::ClientGone };
        self.settle(outcome, Metered::default(), true);
    }
}

/// What is booked is read by others than the client that asked. The name of the model that was asked is
/// known here, and keys that stand for none (`lm-studio`) may be a part of it.
fn without_secrets(metered: Metered, mask: &Mask<'_>, asked: &str) -> Metered {
    let name = |name: String| if name == asked { name } else { mask.name(name) };
    let masked = |told: Option<String>| told.map(name);
    Metered {
        extra: metered.extra.into_iter().map(|(model, usage)| (masked(model), usage)).collect(),
        model: masked(metered.model),
        service_tier: masked(metered.service_tier),
        speed: masked(metered.speed),
        inference_geo: masked(metered.inference_geo),
        error: metered.error.map(|code| mask.words(&code)),
        ..metered
    }
}

/// How an answer that ran to its end is called.
pub fn outcome_of(status: u16, metered: &Metered, must_end: bool) -> Outcome {
    match metered.end {
        // Redirects are not followed, so one is no answer either.
        _ if status >= 300 => Outcome::UpstreamError,
        End::Failed => Outcome::ErrorInStream,
        End::Complete => Outcome::Ok,
        End::Open if must_end => Outcome::Truncated,
        End::Open => Outcome::Ok,
    }
}
