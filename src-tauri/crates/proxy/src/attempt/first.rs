//! The commit point. What a provider sends before its first content is held back, so that an error,
//! a cut or a silence up to there can still be made good by somebody else. An answer that is not
//! streamed, or is to be held, is read to its end here.

use super::kept::ERROR_DECODED_BYTES_MAX;
use super::send::passed;
use super::{Course, Failed, Head, Kept, Open, Started, To, Try};
use crate::answer::{is_event_stream, tap_for, text};
use crate::carry::Way;
use crate::decline::Failure;
use crate::limits::{
    ANSWER_COLLECT_BYTES_MAX, ANSWER_SILENCE_MAX, FIRST_ALONE_WAIT_MAX, FIRST_BYTES_MAX,
    FIRST_EVENTS_MAX, HELD_ANSWERS_BYTES_MAX,
};
use crate::live::Held;
use crate::relay::left_with;
use crate::settle::Ticket;
use crate::upstream::{Answer, AnswerBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use weir_core::meter::End;
use weir_core::retry_after::asked_wait;
use weir_core::verdict::{Fault, Says};
use weir_core::{Endpoint, Metered, Outcome};
use weir_wire::damaged::{is_torn, without_damaged};
use weir_wire::encoding::{Encoding, decode_body, decode_start};
use weir_wire::hub::{self, Form, Framing};
use weir_wire::tap::{TAP_BODY_BYTES_MAX, Tap};

/// What the beginning of an answer came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Content, or as much as is held back.
    Enough,
    /// The end of the body.
    End,
    /// The connection broke.
    Cut,
    /// An error event.
    Error,
    /// Nothing in time.
    Late,
}

/// The beginning of an answer.
struct First {
    body: AnswerBody,
    tap: Tap,
    pieces: VecDeque<Bytes>,
    bytes: usize,
    events: usize,
    /// Read to the end, not to the first content.
    whole: bool,
    /// An event of it was damaged.
    damaged: bool,
    /// Counts what is held.
    held: Held,
}

/// The beginning of an answer while it is read. Its client may leave meanwhile: then whatever was
/// read is what is known.
struct Watched<'a> {
    first: &'a mut First,
    ticket: &'a mut Ticket,
    over: bool,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if self.over || std::thread::panicking() {
            return;
        }
        let metered = self.first.tap.metered();
        self.ticket.empty = metered.end == End::Failed && !self.first.tap.content_started();
        let outcome = left_with(self.ticket.status, &metered, true);
        self.ticket.close_in_place(outcome, metered);
    }
}

impl Course<'_> {
    /// Whether an answer settles the matter; it is not let go before its first content.
    pub(super) async fn begin(&mut self, to: &To<'_>, mut head: Head) -> Try {
        let status = head.answer.status;
        if status.is_redirection() {
            return redirected(to, head);
        }
        if !status.is_success() {
            let peeked = head.peek().await;
            return self.refused(to, head, &peeked.start, peeked.whole);
        }
        let endpoint = to.candidate.endpoint;
        if is_page(&head.answer.headers) && endpoint.metered() {
            return page(to, head).await;
        }
        if let Some(pass) = &head.ticket.pass {
            pass.headed();
        }
        let whole = self.holds || !self.asked.streams();
        let mut first = First::of(&mut head, endpoint, whole, self.context.live.body());
        if !endpoint.metered() {
            return Try::Started(self.started(to, head, first));
        }
        let came = self.read(&mut first, &mut head.ticket, &mut head.limit).await;
        self.judge(to, head, first, came)
    }

    async fn read(
        &mut self,
        first: &mut First,
        ticket: &mut Ticket,
        limit: &mut Option<Pin<Box<Sleep>>>,
    ) -> Came {
        let mut watched = Watched { first, ticket, over: false };
        let came = self.watch(&mut watched, limit).await;
        watched.over = true;
        came
    }

    async fn watch(
        &mut self,
        watched: &mut Watched<'_>,
        limit: &mut Option<Pin<Box<Sleep>>>,
    ) -> Came {
        let Watched { first, ticket, .. } = watched;
        // Alone, and streaming live, the client hears of its answer before it loses patience.
        let alone = limit.is_none() && !first.whole;
        let mut alone = alone.then(|| Box::pin(sleep(FIRST_ALONE_WAIT_MAX)));
        loop {
            if self.asked.streams() && first.tap.content_started() {
                // Only a held answer is still read here. It is on its way: silences are what counts.
                *limit = None;
            }
            let silence = self.silence(limit.is_none(), first);
            tokio::select! {
                came = first.next(ticket, silence) => if let Some(came) = came { return came },
                () = passed(limit) => {
                    if self.has_another().await {
                        return Came::Late;
                    }
                    if !first.whole {
                        return Came::Enough;
                    }
                    *limit = None;
                }
                () = passed(&mut alone) => return Came::Enough,
            }
        }
    }

    /// The longest silence that is waited through; `alone` is whether nobody else would be asked.
    fn silence(&self, alone: bool, first: &First) -> Duration {
        if alone && !first.tap.content_started() {
            ANSWER_SILENCE_MAX
        } else {
            self.context.failover.stall
        }
    }

    fn judge(&self, to: &To<'_>, head: Head, mut first: First, came: Came) -> Try {
        // A translation cannot know what it said; its client has seen nothing yet.
        let torn = first.damaged && matches!(head.way, Way::Translated(_));
        let (fault, outcome, what) = match came {
            Came::Enough | Came::End | Came::Cut if torn => {
                let what = "a piece of the provider's stream is damaged".to_owned();
                (Fault::Cut, Outcome::Truncated, what)
            }
            Came::Late if first.tap.content_started() => {
                (Fault::Slow, Outcome::Timeout, "the provider fell silent".to_owned())
            }
            Came::Late => (Fault::Slow, Outcome::Timeout, "no content in time".to_owned()),
            Came::Error => return self.told_in_stream(to, head, first),
            Came::Enough => return self.let_go(to, head, first),
            Came::End | Came::Cut => match first.tap.metered().end {
                End::Complete if came == Came::Cut && has_length(&head.answer.headers) => {
                    let what = "the provider's answer is shorter than it said".to_owned();
                    (Fault::Cut, Outcome::Truncated, what)
                }
                End::Complete => {
                    // All that was to come has come, also where its framing broke off behind it.
                    first.close();
                    return self.let_go(to, head, first);
                }
                End::Failed => return self.told_in_stream(to, head, first),
                // In an encoding nobody here knows it may well have ended.
                End::Open if came == Came::End && !first.tap.readable() => {
                    return self.let_go(to, head, first);
                }
                // A part of an answer whose framing says that it is all of it has broken off as well.
                End::Open
                    if came == Came::End && !self.asked.streams() && !first.is_torn(&head) =>
                {
                    let what = "an answer that is none".to_owned();
                    let failure = Failure::of(&to.candidate, Fault::Garbled, what);
                    let started = self.started(to, head, first);
                    return failed(failure, Open::Answer(started, Outcome::Truncated));
                }
                End::Open => {
                    let what = "the provider's answer broke off before its end".to_owned();
                    (Fault::Cut, Outcome::Truncated, what)
                }
            },
        };
        let failure = Failure::of(&to.candidate, fault, what);
        let metered = first.tap.finish();
        failed(failure, Open::Ticket(Box::new(head.ticket), outcome, metered))
    }

    /// The answer goes to the client from here on, first what was held back.
    fn let_go(&self, to: &To<'_>, head: Head, first: First) -> Try {
        // Its beginning alone, let go for a client that would not wait, is no sign of health.
        if let Some(pass) = head.ticket.pass.as_ref().filter(|_| first.tap.content_started()) {
            pass.began();
        }
        Try::Started(self.started(to, head, first))
    }

    fn started(&self, to: &To<'_>, head: Head, first: First) -> Box<Started> {
        let Head { answer, ticket, way, .. } = head;
        let (body, tap, fed) = first.resumed(matches!(way, Way::AsItCame { .. }));
        Box::new(Started {
            answer: Answer { body, ..answer },
            tap,
            fed,
            ticket,
            candidate: to.candidate.clone(),
            way,
            attempts: self.count,
            tried: crate::decline::tried(&self.failures),
        })
    }

    /// An error status.
    fn refused(&self, to: &To<'_>, mut head: Head, start: &Bytes, whole: bool) -> Try {
        let status = head.answer.status.as_u16();
        let headers = &head.answer.headers;
        let encoding = Encoding::parse(text(headers, header::CONTENT_ENCODING));
        let plain = decode_body(encoding, start, ERROR_DECODED_BYTES_MAX);
        let mask = head.ticket.credentials.mask();
        let complaint = hub::complaint(status, plain.as_deref().unwrap_or_default(), &mask);
        let fault = Fault::Refused(complaint.says);
        let what = said(status, &complaint.words);
        let mut failure = self.with_wait(Failure::of(&to.candidate, fault, what), headers);
        failure.wait = failure.wait.or(complaint.wait);
        failure.peeked = whole.then(|| start.clone());
        let first = First::of(&mut head, to.candidate.endpoint, true, self.context.live.body());
        failed(failure, Open::Answer(self.started(to, head, first), Outcome::UpstreamError))
    }

    /// An error event inside a 200, before any content: the response it would have been.
    fn told_in_stream(&self, to: &To<'_>, head: Head, first: First) -> Try {
        let Head { answer, ticket, way, .. } = head;
        let endpoint = to.candidate.endpoint;
        let form = Form::of(endpoint).unwrap_or(Form::Chat);
        let encoding = Encoding::parse(text(&answer.headers, header::CONTENT_ENCODING));
        let bytes = decode_start(encoding, &first.all(), ERROR_DECODED_BYTES_MAX);
        let framing = framing(endpoint, &answer.headers);
        let found = hub::complaint_in(form, form, framing, &bytes, &ticket.credentials.mask());
        let says = found.as_ref().map_or(Says::Failed, |(complaint, _)| complaint.says);
        let words = found.as_ref().map_or("an error without a text", |(c, _)| c.words.as_str());
        let what = format!("an error inside the answer: {words}");
        let failure = Failure::of(&to.candidate, Fault::InStream(says), what);
        let mut failure = self.with_wait(failure, &answer.headers);
        if let Some((_, told)) = found {
            let kept = Kept::of_stream(told, &answer.headers, way, to.candidate.clone());
            failure.kept = Some(Box::new(kept));
        }
        // In an answer that was held, content had come and is billed: not asked of the same again.
        failure.told_to_stop |= first.tap.content_started();
        let metered = first.tap.finish();
        failed(failure, Open::Ticket(Box::new(ticket), Outcome::ErrorInStream, metered))
    }

    /// What the provider's headers say of trying again.
    fn with_wait(&self, failure: Failure, headers: &HeaderMap) -> Failure {
        const MILLIS: HeaderName = HeaderName::from_static("retry-after-ms");
        const SHOULD: HeaderName = HeaderName::from_static("x-should-retry");
        let of = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        let now_ms = self.context.ports.clock.unix_ms();
        Failure {
            retry_after: headers.get(header::RETRY_AFTER).cloned(),
            wait: asked_wait(of(MILLIS), of(header::RETRY_AFTER), now_ms),
            told_to_stop: of(SHOULD) == Some("false"),
            ..failure
        }
    }
}

impl First {
    fn of(head: &mut Head, endpoint: Endpoint, whole: bool, held: Held) -> Self {
        let headers = &head.answer.headers;
        let tap = tap_for(endpoint, headers);
        let body = std::mem::replace(&mut head.answer.body, AnswerBody::Broken);
        Self {
            body,
            tap,
            pieces: VecDeque::new(),
            bytes: 0,
            events: 0,
            whole,
            damaged: false,
            held,
        }
    }

    /// Reads one piece more. Giving it up half-way loses nothing.
    async fn next(&mut self, ticket: &mut Ticket, silence: Duration) -> Option<Came> {
        let Ok(piece) = tokio::time::timeout(silence, self.body.frame()).await else {
            return Some(Came::Late);
        };
        let data = match piece {
            None => {
                self.close();
                return Some(Came::End);
            }
            Some(Err(_)) => return Some(Came::Cut),
            Some(Ok(frame)) => frame.into_data().ok().filter(|data| !data.is_empty())?,
        };
        ticket.first_byte();
        self.tap.feed(&data);
        self.damaged |= self.tap.met_damage();
        self.bytes += data.len();
        let room = self.held.grow(data.len(), HELD_ANSWERS_BYTES_MAX);
        self.events += memchr::memmem::find_iter(&data, b"\n\n").count();
        self.pieces.push_back(data);
        if self.whole {
            let full = !room || self.bytes > ANSWER_COLLECT_BYTES_MAX;
            return full.then_some(Came::Enough);
        }
        let full = self.bytes > FIRST_BYTES_MAX || self.events > FIRST_EVENTS_MAX;
        match self.tap.end() {
            _ if self.tap.content_started() => Some(Came::Enough),
            End::Failed => Some(Came::Error),
            _ => full.then_some(Came::Enough),
        }
    }

    /// Nothing more comes.
    fn close(&mut self) {
        self.body = AnswerBody::Made(VecDeque::new());
    }

    fn all(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.iter().copied()).collect()
    }

    /// Whether what came is no JSON from its first byte to its last.
    fn is_torn(&self, head: &Head) -> bool {
        let encoding = Encoding::parse(text(&head.answer.headers, header::CONTENT_ENCODING));
        let plain = decode_body(encoding, &self.all(), TAP_BODY_BYTES_MAX);
        plain.is_ok_and(|plain| is_torn(&plain))
    }

    /// The body from its beginning, the tap that has read what was held back, and how much that is.
    /// `own` is whether the client reads the provider's own events.
    fn resumed(mut self, own: bool) -> (AnswerBody, Tap, usize) {
        if self.damaged && own {
            let held = without_damaged(Bytes::from(self.all()));
            self.bytes = held.len();
            self.pieces = VecDeque::from([held]);
        }
        let body = AnswerBody::Resumed {
            pieces: self.pieces,
            rest: Box::new(self.body),
            _held: Some(self.held),
        };
        (body, self.tap, self.bytes)
    }
}

fn failed(failure: Failure, open: Open) -> Try {
    Try::Failed(Box::new(Failed { failure, open }))
}

/// Not passed on: who asked for a stream would find no event in it, and take it for an empty answer.
/// No model's interface answers with a page, so one that calls itself a page and reads as one came
/// from somebody else and costs nothing. What only calls itself one may have been an answer.
async fn page(to: &To<'_>, mut head: Head) -> Try {
    let is_page = is_markup(&head.peek_plain().await);
    let outcome = if is_page { Outcome::UpstreamError } else { Outcome::Truncated };
    let what = "a web page instead of an answer. Correct its base_url, or sign in to the network";
    let failure = Failure::of(&to.candidate, Fault::Garbled, what.to_owned());
    failed(failure, Open::Ticket(Box::new(head.ticket), outcome, Metered::default()))
}

fn redirected(to: &To<'_>, head: Head) -> Try {
    // Not followed, and not passed on either: a client that followed it would take its token and
    // its prompt to a host nobody stored.
    let status = head.answer.status.as_u16();
    let what = format!("a redirect (status {status}), which is not followed. Correct its base_url");
    let failure = Failure::of(&to.candidate, Fault::Redirect, what);
    failed(failure, Open::Ticket(Box::new(head.ticket), Outcome::UpstreamError, Metered::default()))
}

fn said(status: u16, words: &str) -> String {
    if words.is_empty() { format!("status {status}") } else { format!("status {status} ({words})") }
}

/// A captive portal's page, or that of a gateway before the provider.
fn is_page(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

fn is_markup(body: &[u8]) -> bool {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start().first() == Some(&b'<')
}

/// Whether it was said how long the body is. One that breaks off has not come to that length, and a
/// client that was told of it would wait for the rest.
fn has_length(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_LENGTH)
}

fn framing(endpoint: Endpoint, headers: &HeaderMap) -> Framing {
    match endpoint {
        _ if is_event_stream(headers) => Framing::Sse,
        Endpoint::GenerateStream => Framing::JsonArray,
        _ => Framing::Lines,
    }
}
