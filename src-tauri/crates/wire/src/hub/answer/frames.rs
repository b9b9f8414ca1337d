//! The framings a provider's stream can have, and how large one event of it may be. What is over
//! the limit is lost, and a translated stream that lost an event fails: it is never merged.

use crate::lines::Lines;
use crate::sse::{self, Boundary, LINE_END_BYTES_MAX};
use crate::tap::Items;

/// Longest event of a stream that is translated, in bytes. Images come whole in one event.
pub const EVENT_BYTES_MAX: usize = 32 << 20;

/// How a provider's stream is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON array (Gemini without `alt=sse`).
    JsonArray,
    /// One JSON object a line (Ollama).
    Lines,
}

/// One event: its name and its data; `None` for one that was over the limit.
pub(super) type Frame<'a> = Option<(&'a [u8], &'a [u8])>;

pub(super) enum Frames {
    Sse(Events),
    Items(Box<Items>),
    Lines(Lines),
}

impl Frames {
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => Self::Sse(Events::new(EVENT_BYTES_MAX)),
            Framing::JsonArray => Self::Items(Box::new(Items::new(EVENT_BYTES_MAX))),
            Framing::Lines => Self::Lines(Lines::new(EVENT_BYTES_MAX)),
        }
    }

    /// Takes the next bytes and calls `take` with each event they complete.
    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(Frame<'_>)) {
        match self {
            Self::Sse(events) => events.feed(chunk, take),
            Self::Items(items) => {
                items.feed(chunk, |item| take(Some((b"", item))));
                if items.lost() {
                    take(None);
                }
            }
            Self::Lines(lines) => lines.feed(chunk, |line| take(line.map(|l| (&b""[..], l)))),
        }
    }

    /// The event the stream ends with, where its own end is missing.
    pub fn pending(&self, take: impl FnOnce(Frame<'_>)) {
        match self {
            Self::Sse(events) if events.over => take(None),
            Self::Sse(events) => {
                if let Some(event) = sse::event(&events.frame, events.first) {
                    take(Some((event.name, &event.data)));
                }
            }
            Self::Items(_) => {}
            Self::Lines(lines) => lines.pending(|line| take(line.map(|l| (&b""[..], l)))),
        }
    }
}

/// Cuts server-sent events apart.
#[derive(Debug)]
pub(super) struct Events {
    boundary: Boundary,
    frame: Vec<u8>,
    max_bytes: usize,
    over: bool,
    first: bool,
}

impl Events {
    pub fn new(max_bytes: usize) -> Self {
        Self { boundary: Boundary::new(), frame: Vec::new(), max_bytes, over: false, first: true }
    }

    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(Frame<'_>)) {
        let joined = self.boundary.leading_lf(chunk);
        if !self.frame.is_empty() {
            self.hold(&chunk[..joined]);
        }
        let mut rest = &chunk[joined..];
        while let Some(end) = self.boundary.event_end(rest) {
            let (last, next) = rest.split_at(end);
            rest = next;
            if self.frame.is_empty() && !self.over {
                self.tell(last, &mut take);
            } else {
                self.hold(last);
                let frame = std::mem::take(&mut self.frame);
                self.tell(&frame, &mut take);
                self.frame = frame;
                self.frame.clear();
            }
            (self.over, self.first) = (false, false);
        }
        self.hold(rest);
    }

    fn tell(&self, frame: &[u8], take: &mut impl FnMut(Frame<'_>)) {
        if self.over || sse::without_line_end(frame).len() > self.max_bytes {
            take(None);
        } else if let Some(event) = sse::event(frame, self.first) {
            take(Some((event.name, &event.data)));
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.over || self.frame.len() + bytes.len() > self.max_bytes + LINE_END_BYTES_MAX {
            self.over = true;
            self.frame = Vec::new();
        } else {
            self.frame.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::tests::cut;
    use proptest::prelude::*;

    fn events(chunks: &[&[u8]], max: usize) -> Vec<Option<String>> {
        let mut found = Vec::new();
        let mut frames = Frames::Sse(Events::new(max));
        let text =
            |frame: Frame<'_>| frame.map(|(_, data)| String::from_utf8_lossy(data).into_owned());
        for chunk in chunks {
            frames.feed(chunk, |frame| found.push(text(frame)));
        }
        frames.pending(|frame| found.push(text(frame)));
        found
    }

    #[test]
    fn an_event_over_the_limit_is_told_as_lost_in_its_place() {
        let stream = b"data: 1\n\ndata: 2345678\n\ndata: 9";
        assert_eq!(events(&[stream], 8), [Some("1".to_owned()), None, Some("9".to_owned())]);
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_stream_is_cut(
            stream in "(data: ?[a-c]{0,9}|event: x|: c|\r|\n|\r\n|\n\n){0,20}",
            cuts in prop::collection::vec(any::<usize>(), 0..12),
        ) {
            let whole = events(&[stream.as_bytes()], 1_000);
            prop_assert_eq!(events(&cut(stream.as_bytes(), &cuts), 1_000), whole);
        }
    }
}
