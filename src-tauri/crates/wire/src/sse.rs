//! Server-sent events: an incremental, bounded splitter. It reads copies; it never re-encodes what
//! passes. Line ends are CR, LF or CRLF, a leading byte order mark is skipped, comments are
//! ignored, and an end without the last blank line still yields the last event.

use std::borrow::Cow;

/// One event: its `event:` name (empty when it has none) and its `data:` lines joined by LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The data.
    pub data: Cow<'a, [u8]>,
}

/// Finds where events end in a stream that comes in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    at_line_start: bool,
    /// The last byte seen was a CR, so an LF right after it belongs to the same line end.
    after_cr: bool,
}

impl Boundary {
    pub fn new() -> Self {
        Self { at_line_start: true, after_cr: false }
    }

    /// 1 when the chunk begins with the LF of a line end whose CR closed the chunk before.
    pub fn leading_lf(&mut self, chunk: &[u8]) -> usize {
        match chunk.first() {
            None => 0,
            Some(first) => {
                let joined = self.after_cr && *first == b'\n';
                self.after_cr = false;
                usize::from(joined)
            }
        }
    }

    /// The byte just past the blank line that ends the event in progress, if it is in `chunk`.
    /// Call `leading_lf` first on every new chunk. A CR that is the chunk's last byte ends its
    /// line at once: waiting for an LF would hold an event back.
    pub fn event_end(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < chunk.len() {
            let blank = self.at_line_start && matches!(chunk[at], b'\r' | b'\n');
            let line_end = if blank {
                at
            } else {
                self.at_line_start = false;
                at + memchr::memchr2(b'\r', b'\n', &chunk[at..])?
            };
            self.at_line_start = true;
            at = line_end + 1;
            if chunk[line_end] == b'\r' {
                match chunk.get(at) {
                    Some(b'\n') => at += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if blank {
                return Some(at);
            }
        }
        None
    }
}

/// Splits a stream into events. One of more than `max_bytes` is shortened: its long JSON strings
/// are emptied, so that the usage beside an answer's whole text or an image can still be read.
/// What stays too long is skipped and noted.
#[derive(Clone, Debug)]
pub struct Splitter {
    boundary: Boundary,
    frame: Vec<u8>,
    max_bytes: usize,
    /// The event in progress is too long and is being skipped.
    skipping: bool,
    first: bool,
    lost: bool,
}

/// The longest line end: CRLF.
pub(crate) const LINE_END_BYTES_MAX: usize = 2;

impl Splitter {
    /// A splitter at the beginning of a stream.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            boundary: Boundary::new(),
            frame: Vec::new(),
            max_bytes,
            skipping: false,
            first: true,
            lost: false,
        }
    }

    /// Takes the next bytes and calls `take` with each event they complete.
    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(Event<'_>)) {
        let joined = self.boundary.leading_lf(chunk);
        if !self.frame.is_empty() {
            self.hold(&chunk[..joined]);
        }
        let mut rest = &chunk[joined..];
        while let Some(end) = self.boundary.event_end(rest) {
            let (last, next) = rest.split_at(end);
            rest = next;
            let whole = self.frame.is_empty() && !self.skipping && last.len() <= self.max_bytes;
            if whole {
                self.emit(last, &mut take);
                continue;
            }
            self.hold(last);
            let mut frame = std::mem::take(&mut self.frame);
            if without_line_end(&frame).len() > self.max_bytes {
                self.skipping |= !shorten(&mut frame, self.max_bytes);
            }
            if std::mem::take(&mut self.skipping) {
                (self.lost, self.first) = (true, false);
            } else {
                self.emit(&frame, &mut take);
            }
            frame.clear();
            self.frame = frame;
        }
        self.hold(rest);
    }

    /// The event that the bytes so far would end with, were the stream to end here.
    pub fn pending(&self) -> Option<Event<'_>> {
        if self.skipping { None } else { event(&self.frame, self.first) }
    }

    /// Whether an event was skipped for its length.
    pub fn lost(&self) -> bool {
        self.lost
    }

    /// Adds to the event in progress, in steps that do not depend on how the stream is cut.
    fn hold(&mut self, mut bytes: &[u8]) {
        let limit = self.max_bytes + LINE_END_BYTES_MAX;
        while !self.skipping {
            let room = limit - self.frame.len();
            if bytes.len() <= room {
                self.frame.extend_from_slice(bytes);
                return;
            }
            self.frame.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
            if !shorten(&mut self.frame, self.max_bytes) {
                (self.skipping, self.lost) = (true, true);
                self.frame = Vec::new();
            }
        }
    }

    fn emit(&mut self, frame: &[u8], take: &mut impl FnMut(Event<'_>)) {
        if let Some(event) = event(frame, self.first) {
            take(event);
        }
        self.first = false;
    }
}

/// Strings longer than this are emptied when an event is too long, in bytes.
const STRING_KEPT_BYTES_MAX: usize = 1 << 10;

/// Empties the long JSON strings of a frame; `false` when that leaves more than half of
/// `max_bytes`, so that shortening again and again stays linear. A string still open at the end
/// stays open; a backslash that escapes what comes next is kept.
fn shorten(frame: &mut Vec<u8>, max_bytes: usize) -> bool {
    let mut kept = Vec::with_capacity(max_bytes / 4);
    let mut rest = frame.as_slice();
    while let Some(open) = memchr::memchr(b'"', rest) {
        kept.extend_from_slice(&rest[..=open]);
        rest = &rest[open + 1..];
        let (length, escaping) = string_length(rest);
        if length <= STRING_KEPT_BYTES_MAX {
            kept.extend_from_slice(&rest[..length]);
        } else if escaping {
            kept.push(b'\\');
        }
        // The closing quote, or the line end that cuts a string no JSON can hold.
        let closed = usize::from(length < rest.len());
        kept.extend_from_slice(&rest[length..length + closed]);
        rest = &rest[length + closed..];
    }
    kept.extend_from_slice(rest);
    let short = kept.len() <= max_bytes / 2;
    *frame = kept;
    short
}

/// Bytes up to the end of the string that has just opened, and whether the last is an open escape.
fn string_length(text: &[u8]) -> (usize, bool) {
    let mut at = 0;
    while let Some(hit) = memchr::memchr3(b'"', b'\\', b'\n', &text[at..]) {
        if text[at + hit] != b'\\' {
            return (at + hit, false);
        }
        at += hit + 2;
        if at > text.len() {
            return (text.len(), true);
        }
    }
    (text.len(), false)
}

/// A frame without its last line end, so that its length does not depend on how a CRLF was cut.
pub(crate) fn without_line_end(frame: &[u8]) -> &[u8] {
    let frame = frame.strip_suffix(b"\n").unwrap_or(frame);
    frame.strip_suffix(b"\r").unwrap_or(frame)
}

/// The event a frame of lines holds; `None` when it has no data. `first` frames may open with a
/// byte order mark.
pub(crate) fn event(frame: &[u8], first: bool) -> Option<Event<'_>> {
    let mut rest = match frame.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if first => rest,
        _ => frame,
    };
    let mut name: &[u8] = b"";
    let mut data: Option<Cow<'_, [u8]>> = None;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => name = value,
            b"data" => {
                data = Some(match data {
                    None => Cow::Borrowed(value),
                    Some(before) => {
                        let mut joined = before.into_owned();
                        joined.push(b'\n');
                        joined.extend_from_slice(value);
                        Cow::Owned(joined)
                    }
                });
            }
            _ => {}
        }
    }
    data.filter(|data| !data.is_empty()).map(|data| Event { name, data })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cuts `stream` at the given offsets (taken modulo its length).
    pub(crate) fn cut<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
        let mut at: Vec<usize> = cuts.iter().map(|c| c % (stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect()
    }

    fn split(chunks: &[&[u8]], max: usize) -> (Vec<(String, String)>, bool) {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mut events = Vec::new();
        let mut splitter = Splitter::new(max);
        for chunk in chunks {
            splitter.feed(chunk, |e| events.push((text(e.name), text(&e.data))));
        }
        events.extend(splitter.pending().map(|e| (text(e.name), text(&e.data))));
        (events, splitter.lost())
    }

    fn one(stream: &str) -> Vec<(String, String)> {
        split(&[stream.as_bytes()], 1000).0
    }

    fn events(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(n, d)| ((*n).to_owned(), (*d).to_owned())).collect()
    }

    #[test]
    fn every_kind_of_line_end_separates_events() {
        let expected = events(&[("a", "1"), ("", "2\n3")]);
        for end in ["\n", "\r", "\r\n"] {
            let stream = [
                "event: a",
                "data: 1",
                "",
                ": a comment",
                "data:2",
                "data: 3",
                "retry: 9",
                "id",
                "",
                "",
            ]
            .join(end);
            assert_eq!(one(&stream), expected, "{end:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_only_at_the_very_beginning() {
        assert_eq!(one("\u{feff}data: 1\n\ndata: 2\n\n"), events(&[("", "1"), ("", "2")]));
        assert_eq!(one("data: 1\n\n\u{feff}data: 2\n\n"), events(&[("", "1")]));
    }

    #[test]
    fn an_event_without_its_last_blank_line_still_counts() {
        assert_eq!(one("data: 1\n\ndata: [DONE]"), events(&[("", "1"), ("", "[DONE]")]));
        assert_eq!(one("data: 1\n"), events(&[("", "1")]));
    }

    #[test]
    fn blank_lines_and_comments_alone_are_no_events() {
        assert_eq!(one("\n\n\r\n: ping\n\nevent: x\n\ndata:\n\n"), events(&[]));
    }

    #[test]
    fn a_long_event_loses_its_long_strings_and_keeps_the_rest() {
        for long in ["y".repeat(40_000), "\\\"\\\\\\u00e9".repeat(5_000)] {
            let long = format!("{{\"a\":\"{long}\",\"u\":[1]}}");
            let stream = format!("data: {long}\n\ndata: {long}\r\rdata: {{}}\n\n");
            let whole = split(&[stream.as_bytes()], 8_192);
            assert_eq!((whole.0.len(), whole.1), (3, false));
            for (_, data) in &whole.0[..2] {
                let data: serde_json::Value = serde_json::from_str(data).expect("still JSON");
                assert_eq!(data["u"][0], 1);
                assert!(data["a"].as_str().is_some_and(|a| a.len() < 8_192));
            }
            for size in [1, 3, 4096] {
                let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
                assert!(split(&chunks, 8_192) == whole, "{size}");
            }
        }
    }

    #[test]
    fn an_event_over_the_limit_is_skipped_and_the_next_one_is_read() {
        let long = "y".repeat(100);
        let stream = format!("data: 1\n\ndata: {long}\n\ndata: 2\n\n");
        for size in [1, 3, 7, 64, stream.len()] {
            let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            assert_eq!(split(&chunks, 50), (events(&[("", "1"), ("", "2")]), true), "{size}");
        }
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_stream_is_cut(
            stream in "(data: ?[a-c]{0,3}|event: x|: c|\u{feff}|é|\r|\n|\r\n|\n\n){0,30}",
            cuts in prop::collection::vec(any::<usize>(), 0..12), max in 1usize..30,
        ) {
            let whole = split(&[stream.as_bytes()], max);
            prop_assert_eq!(split(&cut(stream.as_bytes(), &cuts), max), whole);
        }

        #[test]
        fn any_bytes_split_without_a_panic(stream in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..9) {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            prop_assert_eq!(split(&chunks, 64), split(&[&stream], 64));
        }
    }
}
