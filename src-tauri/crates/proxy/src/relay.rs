//! Stage six: the provider's answer to the client, untouched, with a tap that reads usage.
//! Ends in exactly one settlement: at the end of the stream, or on drop when the client left.

use crate::body::Broken;
use crate::live::Held;
use crate::settle::{Ticket, outcome_of};
use crate::upstream::AnswerBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use weir_core::meter::End;
use weir_core::{Endpoint, Outcome};
use weir_wire::error_body::{Problem, ProblemKind, error_event};
use weir_wire::hide::UsageHider;
use weir_wire::tap::Tap;

/// A running answer.
pub struct Relay {
    upstream: AnswerBody,
    tap: Option<Tap>,
    hider: Option<UsageHider>,
    ticket: Ticket,
    endpoint: Endpoint,
    /// Whether an error event can be added to the stream: SSE, not compressed, no fixed length.
    speakable: bool,
    /// Whether the dialect has an end that must be seen.
    must_end: bool,
    exact: Option<u64>,
    /// What to send after the provider's last byte.
    tail: Tail,
    _open: Held,
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
    /// Hides the usage chunk the client did not ask for.
    pub hider: Option<UsageHider>,
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
    /// Keeps the request counted as open.
    pub open: Held,
}

impl Relay {
    /// Starts relaying.
    pub fn new(parts: Parts) -> Self {
        Self {
            upstream: parts.upstream,
            tap: Some(parts.tap),
            hider: parts.hider,
            ticket: parts.ticket,
            endpoint: parts.endpoint,
            speakable: parts.speakable,
            must_end: parts.must_end,
            exact: parts.exact,
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
            match ready!(Pin::new(&mut self.upstream).poll_frame(context)) {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if data.is_empty() {
                        continue;
                    }
                    let shown = self.pass(data);
                    if !shown.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(shown))));
                    }
                }
                Some(Err(_)) => self.tail = self.end(true),
                None => self.tail = self.end(false),
            }
        }
    }

    fn pass(&mut self, data: Bytes) -> Bytes {
        self.ticket.first_byte();
        if let Some(tap) = &mut self.tap {
            tap.feed(&data);
        }
        match &mut self.hider {
            Some(hider) => hider.feed(data),
            None => data,
        }
    }

    /// Settles, and decides what the client sees last: a cut is never shown as an end.
    fn end(&mut self, broke: bool) -> Tail {
        let rest = self.hider.as_mut().map(UsageHider::finish).unwrap_or_default();
        let Some(tap) = self.tap.take() else { return Tail::Done };
        // An answer that could not be read (an encoding Weir does not know) may well have ended.
        let must_end = self.must_end && tap.readable();
        let metered = tap.finish();
        let complete = metered.end != End::Open;
        let outcome = match outcome_of(self.ticket.status, &metered, must_end) {
            Outcome::Ok if broke && !complete => Outcome::Truncated,
            other => other,
        };
        let cut = outcome == Outcome::Truncated || (broke && self.exact.is_some());
        self.ticket.close_in_place(outcome, metered);
        match (cut, self.speakable) {
            (false, _) if broke && !complete => Tail::Break,
            (false, _) if rest.is_empty() => Tail::Done,
            (false, _) => Tail::Frame(rest),
            (true, true) => {
                let problem = Problem {
                    kind: ProblemKind::Upstream,
                    status: 502,
                    message: "the provider's answer broke off before its end",
                    code: Some("upstream_cut"),
                    request_id: None,
                };
                let mut bytes = rest.to_vec();
                bytes.extend_from_slice(error_event(self.endpoint, &problem).as_bytes());
                Tail::Frame(Bytes::from(bytes))
            }
            (true, false) => Tail::Break,
        }
    }

    /// The provider's length, when nothing is hidden from the stream.
    pub fn size_hint(&self) -> SizeHint {
        match self.exact {
            Some(length) if self.hider.is_none() => SizeHint::with_exact(length),
            _ => SizeHint::default(),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The client left before the provider ended: whatever the tap has seen is what is known.
        if let Some(tap) = self.tap.take() {
            let metered = tap.finish();
            let outcome = match metered.end {
                End::Complete => outcome_of(self.ticket.status, &metered, self.must_end),
                End::Failed => Outcome::ErrorInStream,
                End::Open => Outcome::ClientGone,
            };
            self.ticket.close_in_place(outcome, metered);
        }
    }
}
