//! Stage six: the provider's answer to the client, untouched or event by event in another dialect,
//! with a tap that reads usage. Ends in exactly one settlement: at the end of the stream, or on
//! drop when the client left.

use crate::body::Broken;
use crate::limits::{LAST_LOOK_BYTES_MAX, LAST_LOOK_MAX};
use crate::live::Held;
use crate::settle::{Ticket, outcome_of};
use crate::silence::{Heard, Silence, Stage};
use crate::upstream::AnswerBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_util::task::TaskTracker;
use weir_core::meter::End;
use weir_core::{Endpoint, Metered, Outcome};
use weir_wire::damaged::without_damaged;
use weir_wire::error_body::{Problem, ProblemKind, error_event};
use weir_wire::events::WholeEvents;
use weir_wire::hub::{self, Ending};
use weir_wire::tap::Tap;

/// A running answer.
pub struct Relay {
    upstream: AnswerBody,
    tap: Option<Tap>,
    /// Bytes to come that the tap has read already.
    fed: usize,
    shape: Shape,
    /// How long the provider has said nothing, in a stream whose end must be seen.
    silence: Option<Silence>,
    ticket: Ticket,
    endpoint: Endpoint,
    /// Whether an error event can be added to the stream: SSE that is not compressed.
    speakable: bool,
    /// Whether the dialect has an end that must be seen.
    must_end: bool,
    exact: Option<u64>,
    /// Bytes of the provider's that were handed on.
    passed: u64,
    /// Where a last look for the usage goes on when the client has gone.
    tasks: TaskTracker,
    /// What to send after the provider's last byte.
    tail: Tail,
    _open: Held,
}

/// What a stream's bytes become on their way to the client.
pub enum Shape {
    /// The same bytes, as they come.
    AsItCame,
    /// The same, an event at a time; without the usage chunk where the client did not ask for it.
    Events(WholeEvents),
    /// The client's dialect.
    Translated(Box<hub::Stream>),
}

/// How the provider's bytes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Clean,
    Broke,
    /// It said nothing for too long.
    Stalled,
}

enum Tail {
    None,
    Frame(Bytes),
    Break,
    Done,
}

/// What a relay is made of.
pub struct Parts {
    /// The provider's body.
    pub upstream: AnswerBody,
    /// Reads the usage.
    pub tap: Tap,
    /// Bytes of the body it has read already.
    pub fed: usize,
    /// The longest silence inside the answer.
    pub stall: Duration,
    /// What its bytes become.
    pub shape: Shape,
    /// The open reservation.
    pub ticket: Ticket,
    /// What was asked.
    pub endpoint: Endpoint,
    /// Whether the answer is a plain event stream.
    pub speakable: bool,
    /// Whether the dialect has an end that must be seen.
    pub must_end: bool,
    /// The answer's length, when the provider said it.
    pub exact: Option<u64>,
    /// The proxy's tasks, which a stop waits for.
    pub tasks: TaskTracker,
    /// Keeps the request counted as open.
    pub open: Held,
}

impl Relay {
    /// Starts relaying.
    pub fn new(parts: Parts) -> Self {
        let pings = matches!(&parts.shape, Shape::Translated(stream) if stream.ping().is_some());
        let silence = parts.must_end.then(|| Silence::new(parts.stall, pings));
        Self {
            upstream: parts.upstream,
            tap: Some(parts.tap),
            fed: parts.fed,
            shape: parts.shape,
            silence,
            ticket: parts.ticket,
            endpoint: parts.endpoint,
            speakable: parts.speakable,
            must_end: parts.must_end,
            exact: parts.exact,
            passed: 0,
            tasks: parts.tasks,
            tail: Tail::None,
            _open: parts.open,
        }
    }

    /// The next piece for the client.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            match std::mem::replace(&mut self.tail, Tail::Done) {
                Tail::None => self.tail = Tail::None,
                Tail::Frame(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Tail::Break => return Poll::Ready(Some(Err(Broken))),
                Tail::Done => return Poll::Ready(None),
            }
            let polled = match Pin::new(&mut self.upstream).poll_frame(context) {
                Poll::Ready(polled) => polled,
                Poll::Pending => {
                    match self.silence.as_mut().map(|s| (s.poll(context), s.stage())) {
                        None | Some((Heard::Still, _)) => return Poll::Pending,
                        Some((Heard::Ping, _)) => match self.ping() {
                            Some(ping) => return Poll::Ready(Some(Ok(Frame::data(ping)))),
                            None => continue,
                        },
                        Some((Heard::TooLong, stage)) => {
                            // Told its end, it only failed to close.
                            let over = stage == Stage::After;
                            self.tail = self.end(if over { Ended::Clean } else { Ended::Stalled });
                            continue;
                        }
                    }
                }
            };
            match polled {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if data.is_empty() {
                        continue;
                    }
                    let shown = self.pass(data);
                    if self.gave_up() {
                        // The client was told; what the provider still makes of it is paid in vain.
                        self.tail = self.end(Ended::Clean);
                    }
                    if !shown.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(shown))));
                    }
                }
                Some(Err(_)) => self.tail = self.end(Ended::Broke),
                None => self.tail = self.end(Ended::Clean),
            }
        }
    }

    /// What keeps a translated stream's client waiting, in its own way.
    fn ping(&self) -> Option<Bytes> {
        match &self.shape {
            Shape::Translated(stream) => stream.ping().map(Bytes::from_static),
            _ => None,
        }
    }

    /// Whether the client has been told that its answer failed.
    fn gave_up(&self) -> bool {
        matches!(&self.shape, Shape::Translated(stream) if stream.failed())
    }

    fn pass(&mut self, data: Bytes) -> Bytes {
        self.ticket.first_byte();
        self.passed = self.passed.saturating_add(data.len() as u64);
        let known = self.fed.min(data.len());
        self.fed -= known;
        let mut stage = Stage::Within;
        let mut damaged = false;
        if let Some(tap) = &mut self.tap {
            tap.feed(&data[known..]);
            damaged = tap.met_damage();
            stage = match tap.end() {
                End::Open if !tap.content_started() => Stage::Before,
                End::Open => Stage::Within,
                End::Complete | End::Failed => Stage::After,
            };
        }
        let shown = match &mut self.shape {
            Shape::AsItCame => data,
            Shape::Events(events) => {
                let begun = events.is_inside();
                let whole = events.feed(data);
                if damaged && !begun {
                    tracing::warn!("an event of a provider's stream was damaged and is left out");
                    without_damaged(whole)
                } else {
                    whole
                }
            }
            Shape::Translated(stream) => Bytes::from(stream.feed(&data)),
        };
        if let Some(silence) = &mut self.silence {
            // A provider's own "still working" says nothing to the client of a translation.
            silence.broken(!shown.is_empty(), stage);
        }
        shown
    }

    /// Settles, and decides what the client sees last: a cut is never shown as an end.
    fn end(&mut self, ended: Ended) -> Tail {
        let broke = ended != Ended::Clean;
        let Some(tap) = self.tap.take() else { return Tail::Done };
        self.ticket.empty = tap.end() == End::Failed && !tap.content_started();
        // An answer that could not be read (an encoding Weir does not know) may well have ended.
        let must_end = self.must_end && tap.readable();
        let metered = tap.finish();
        let complete = metered.end != End::Open;
        let outcome = match outcome_of(self.ticket.status, &metered, must_end) {
            Outcome::Ok if broke && !complete => Outcome::Truncated,
            other => other,
        };
        let cut = outcome == Outcome::Truncated || (broke && self.exact.is_some());
        let booked = match (outcome, ended) {
            (Outcome::Truncated, Ended::Stalled) => Outcome::Timeout,
            (outcome, _) => outcome,
        };
        let rest = match &mut self.shape {
            Shape::AsItCame => Bytes::new(),
            Shape::Events(events) if cut && events.is_inside() => {
                self.speakable = false;
                Bytes::new()
            }
            Shape::Events(_) if cut => Bytes::new(),
            Shape::Events(events) => events.finish(),
            Shape::Translated(stream) => {
                let rest = stream.finish(if cut { Ending::Cut } else { Ending::Clean });
                let outcome = match (booked, stream.failed()) {
                    // What could not be told is no success, whatever the provider thinks.
                    (Outcome::Ok, true) => Outcome::ErrorInStream,
                    // Told and counted whole: only the last word of its dialect never came.
                    (Outcome::Truncated | Outcome::Timeout, false) if metered.usage_is_final => {
                        Outcome::Ok
                    }
                    (outcome, _) => outcome,
                };
                self.ticket.close_in_place(outcome, metered);
                return Tail::Frame(Bytes::from(rest));
            }
        };
        self.ticket.close_in_place(booked, metered);
        match (cut, self.speakable) {
            (false, _) if broke && !complete => Tail::Break,
            (false, _) if rest.is_empty() => Tail::Done,
            (false, _) => Tail::Frame(rest),
            (true, true) => Tail::Frame(self.told_cut(ended)),
            (true, false) => Tail::Break,
        }
    }

    /// The event that says the rest is missing.
    fn told_cut(&self, ended: Ended) -> Bytes {
        let (kind, status, message, code) = match ended {
            Ended::Stalled => {
                (ProblemKind::Timeout, 504, "the provider fell silent", "upstream_stalled")
            }
            _ => (ProblemKind::Upstream, 502, "the provider's answer broke off", "upstream_cut"),
        };
        let problem = Problem {
            kind,
            status,
            message: &format!("{message} before its end"),
            code: Some(code),
            request_id: None,
        };
        Bytes::from(error_event(self.endpoint, &problem))
    }

    /// Whether the client was given every byte of an answer whose length was said.
    fn is_whole(&self) -> bool {
        matches!(self.shape, Shape::AsItCame) && self.exact.is_some_and(|all| self.passed >= all)
    }

    /// The provider's length, when nothing is hidden from the stream.
    pub fn size_hint(&self) -> SizeHint {
        match self.exact {
            Some(length) if matches!(self.shape, Shape::AsItCame) => SizeHint::with_exact(length),
            _ => SizeHint::default(),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // An answer with a length is over at its last byte, and nobody asks for what comes after it.
        if self.tap.is_some() && self.is_whole() {
            self.end(Ended::Clean);
            return;
        }
        // The client left before the provider ended: whatever the tap has seen is what is known.
        let Some(tap) = self.tap.take() else { return };
        let known = tap.metered();
        let hiding = matches!(&self.shape, Shape::Events(events) if events.hides());
        if hiding && known.end == End::Complete && known.usage.is_none() {
            let upstream = std::mem::replace(&mut self.upstream, AnswerBody::Broken);
            let must_end = self.must_end;
            self.tasks.spawn(last_look(upstream, tap, self.ticket.take_over(), must_end));
            return;
        }
        let outcome = left_with(self.ticket.status, &known, self.must_end);
        self.ticket.close_in_place(outcome, tap.finish());
    }
}

/// Many Chat clients hang up at `finish_reason`, a moment before the usage Weir asked for.
async fn last_look(mut upstream: AnswerBody, mut tap: Tap, ticket: Ticket, must_end: bool) {
    let mut left = LAST_LOOK_BYTES_MAX;
    let look = async {
        while let Some(Ok(frame)) = upstream.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            left = left.saturating_sub(data.len());
            tap.feed(&data);
            if left == 0 || tap.metered().usage.is_some() {
                break;
            }
        }
    };
    // A late usage stays unknown, and the row an estimate.
    let _ = tokio::time::timeout(LAST_LOOK_MAX, look).await;
    let metered = tap.finish();
    ticket.close(left_with(200, &metered, must_end), metered, true);
}

/// How an answer ended whose client did not stay for it.
pub fn left_with(status: u16, metered: &Metered, must_end: bool) -> Outcome {
    match metered.end {
        End::Complete => outcome_of(status, metered, must_end),
        End::Failed => Outcome::ErrorInStream,
        End::Open => Outcome::ClientGone,
    }
}
