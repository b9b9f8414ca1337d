//! An event stream on its way to a client of the same dialect: its bytes stay as they are, and pass
//! in whole events, so that after a break inside one the client can still be told in an event. On
//! request the usage-only chunk of an OpenAI chat stream is taken out, for a client that did not ask
//! for it. What passes does not depend on how the stream is cut.

use crate::damaged::is_half;
use crate::json::Value;
use crate::sse::{self, Boundary, LINE_END_BYTES_MAX};
use bytes::Bytes;

/// Longest event that is held back until it is complete, in bytes; a longer one passes as it comes.
pub const HELD_EVENT_BYTES_MAX: usize = 64 << 10;

/// Lets one stream pass. Holds at most the event in progress, and comments not at all.
#[derive(Debug)]
pub struct WholeEvents {
    boundary: Boundary,
    held: Vec<u8>,
    /// The event in progress is too long to be held, and its bytes have begun to pass.
    passing: bool,
    /// The last complete event was taken out; so is an LF that still belongs to its end.
    removed: bool,
    first: bool,
    /// Whether the usage-only chunk is taken out.
    hides: bool,
}

impl WholeEvents {
    /// At the beginning of a stream; `hides` is whether its usage-only chunk is taken out.
    pub fn new(hides: bool) -> Self {
        Self {
            boundary: Boundary::new(),
            held: Vec::new(),
            passing: false,
            removed: false,
            first: true,
            hides,
        }
    }

    /// Takes the next bytes and gives what may pass now; the same buffer when all of it may.
    pub fn feed(&mut self, chunk: Bytes) -> Bytes {
        let mut out = Vec::new();
        // chunk[run..at] passes and has not been copied to `out`.
        let (mut run, mut at) = (0, self.boundary.leading_lf(&chunk));
        let between = self.held.is_empty() && !self.passing;
        if at == 1 && between && self.removed {
            run = 1;
        }
        let mut event_start = if between { at } else { 0 };
        while let Some(length) = self.boundary.event_end(&chunk[at..]) {
            let end = at + length;
            let hide = !self.passing && self.takes_out(&chunk[event_start..end]);
            if hide {
                out.extend_from_slice(&chunk[run..event_start]);
                self.held.extend_from_slice(&chunk[event_start..end]);
                out.extend_from_slice(&self.held[..comments(&self.held)]);
                run = end;
            } else {
                out.append(&mut self.held);
            }
            self.held.clear();
            (self.passing, self.removed, self.first) = (false, hide, false);
            (event_start, at) = (end, end);
        }
        let tail = &chunk[event_start..];
        let mut passed = event_start;
        if self.passing || self.held.len() + tail.len() > HELD_EVENT_BYTES_MAX + LINE_END_BYTES_MAX
        {
            self.passing = true;
            out.append(&mut self.held);
            passed = chunk.len();
        } else {
            self.held.extend_from_slice(tail);
        }
        // A provider that only says that it still works is heard at once.
        let said = comments(&self.held);
        self.removed &= said == 0;
        if out.is_empty() && said == 0 {
            return chunk.slice(run..passed);
        }
        out.extend_from_slice(&chunk[run..passed]);
        out.extend(self.held.drain(..said));
        out.into()
    }

    /// Gives what is held back, when the stream has ended: readers take a last event without its
    /// blank line for one, and half of one for damage, so that this is left out. After a break
    /// nothing of it may pass.
    pub fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        let torn = sse::event(&held, self.first).is_some_and(|event| is_half(&event.data));
        let hidden = self.hides && is_usage_only(&held, self.first);
        if torn || hidden { Bytes::new() } else { held.into() }
    }

    /// Whether a part of an event has passed whose rest has not: no event can be added now.
    pub fn is_inside(&self) -> bool {
        self.passing
    }

    /// Whether the usage-only chunk is taken out.
    pub fn hides(&self) -> bool {
        self.hides
    }

    fn takes_out(&mut self, last: &[u8]) -> bool {
        if !self.hides {
            return false;
        }
        if self.held.is_empty() {
            return is_usage_only(last, self.first);
        }
        let before = self.held.len();
        self.held.extend_from_slice(last);
        let hide = is_usage_only(&self.held, self.first);
        self.held.truncate(before);
        hide
    }
}

/// `choices` is empty and `usage` is there. Azure's opening chunk has no choices either, but no
/// usage; some servers put usage beside a last choice, and that chunk is the client's.
fn is_usage_only(frame: &[u8], first: bool) -> bool {
    let frame = &frame[comments(frame)..];
    if sse::without_line_end(frame).len() > HELD_EVENT_BYTES_MAX {
        return false;
    }
    let Some(event) = sse::event(frame, first) else { return false };
    let Some(chunk) = Value::whole(&event.data) else { return false };
    let [choices, usage] = chunk.pick(["choices", "usage"]);
    usage.is_some_and(|u| u.is_object()) && choices.is_some_and(|c| c.is_array() && c.items() == 0)
}

/// How many bytes at the beginning are whole comment lines.
fn comments(bytes: &[u8]) -> usize {
    let mut at = 0;
    while bytes.get(at) == Some(&b':') {
        let Some(end) = memchr::memchr2(b'\r', b'\n', &bytes[at..]) else { break };
        at += end + 1;
        if bytes[at - 1] == b'\r' && bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::tests::cut;
    use proptest::prelude::*;

    const USAGE: &str =
        r#"data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;

    fn hide(chunks: &[&[u8]]) -> Vec<u8> {
        passed(true, chunks)
    }

    fn passed(hides: bool, chunks: &[&[u8]]) -> Vec<u8> {
        let mut events = WholeEvents::new(hides);
        let mut out: Vec<u8> = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&events.feed(Bytes::copy_from_slice(chunk)));
        }
        out.extend_from_slice(&events.finish());
        out
    }

    #[test]
    fn half_of_a_last_event_is_left_out_and_a_whole_one_without_its_blank_line_is_not() {
        let whole = "data: {\"a\":1}\n\n";
        let end = |tail: &str| {
            let all = passed(false, &[format!("{whole}{tail}").as_bytes()]);
            String::from_utf8(all).expect("text")
        };
        assert_eq!(end("data: {\"choices\":[],\"usage\":{\"pro"), whole);
        for sound in ["data: [DONE]", "data: {\"a\":2}\n"] {
            assert_eq!(end(sound), format!("{whole}{sound}"));
        }
    }

    fn hidden(stream: &str) -> String {
        String::from_utf8(hide(&[stream.as_bytes()])).expect("text")
    }

    #[test]
    fn only_the_usage_chunk_goes() {
        let before =
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n: ping\n\n";
        let after = "data: [DONE]\n\n";
        assert_eq!(hidden(&format!("{before}{USAGE}\n\n{after}")), format!("{before}{after}"));
        assert_eq!(hidden(&format!("{before}{USAGE}")), before);
        assert_eq!(hidden(&format!("{before}{USAGE}\r\n\r\n{after}")), format!("{before}{after}"));
    }

    #[test]
    fn chunks_that_only_look_like_it_pass() {
        for stream in [
            "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
            "data: {\"choices\":[],\"usage\":null}\n\n",
            "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: {\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}\n\n",
            "event: x\rdata: \"choices usage\"\r\r",
        ] {
            assert_eq!(hidden(stream), stream);
        }
    }

    #[test]
    fn a_chunk_with_nothing_to_hide_passes_without_a_copy() {
        let chunk = Bytes::from_static(b"data: {\"choices\":[{}]}\n\n");
        let out = WholeEvents::new(true).feed(chunk.clone());
        assert_eq!(out.as_ptr(), chunk.as_ptr());
        assert_eq!(out, chunk);
    }

    #[test]
    fn an_event_that_is_not_complete_is_held_no_longer_than_needed() {
        let mut hider = WholeEvents::new(true);
        let long = format!("data: {}", "x".repeat(HELD_EVENT_BYTES_MAX));
        assert_eq!(hider.feed(Bytes::from_static(b"data: {")), "");
        assert_eq!(hider.feed(Bytes::from_static(b"}\n\nda")), "data: {}\n\n");
        assert_eq!(hider.feed(Bytes::from(long.clone())), format!("da{long}"));
        assert!(hider.is_inside());
        assert_eq!(hider.feed(Bytes::from_static(b"y\n\n")), "y\n\n");
        assert_eq!(hider.feed(Bytes::from(format!("{USAGE}\n\n"))), "");
        assert_eq!(hider.finish(), "");
    }

    #[test]
    fn half_an_event_is_held_and_a_comment_is_not() {
        let mut events = WholeEvents::new(false);
        let mut feed = |text: &'static str| events.feed(Bytes::from_static(text.as_bytes()));
        assert_eq!(feed("data: 1\n\nevent: x\nda"), "data: 1\n\n");
        assert_eq!(feed("ta: 2\n"), "");
        assert_eq!(feed("\n: wor"), "event: x\ndata: 2\n\n");
        assert_eq!(feed("king\n"), ": working\n");
        assert_eq!(feed(": still\r\ndata"), ": still\r\n");
        assert!(!events.is_inside());
        assert_eq!(events.finish(), "data");
    }

    #[test]
    fn a_usage_chunk_passes_where_the_client_asked_for_it() {
        let stream = format!("{USAGE}\n\ndata: [DONE]\n\n");
        assert_eq!(passed(false, &[stream.as_bytes()]), stream.as_bytes());
    }

    proptest! {
        #[test]
        fn what_has_passed_before_the_end_is_whole_events(
            parts in prop::collection::vec(0usize..7, 0..14), cuts in prop::collection::vec(any::<usize>(), 0..12),
        ) {
            let pieces = ["data: x", "\n", "\r", "\r\n", "\n\n", ": note", "event: y"];
            let stream: String = parts.iter().map(|p| pieces[*p]).collect();
            let mut events = WholeEvents::new(false);
            let mut out = Vec::new();
            for piece in cut(stream.as_bytes(), &cuts) {
                out.extend_from_slice(&events.feed(Bytes::copy_from_slice(piece)));
                // What an event of our own would be joined to.
                let open = String::from_utf8_lossy(&out).replace("\r\n", "\n").replace('\r', "\n");
                let begun = open.rsplit_once("\n\n").map_or(open.as_str(), |(_, begun)| begun);
                prop_assert!(begun.lines().all(|line| line.is_empty() || line.starts_with(':')), "{open:?}");
                prop_assert!(open.is_empty() || open.ends_with('\n'), "{open:?}");
            }
            out.extend_from_slice(&events.finish());
            prop_assert_eq!(out, stream.as_bytes());
        }

        #[test]
        fn what_passes_does_not_depend_on_how_the_stream_is_cut(
            parts in prop::collection::vec(0usize..9, 0..14), cuts in prop::collection::vec(any::<usize>(), 0..12),
        ) {
            let pieces = [USAGE, "data: {\"choices\":[{}]}", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ": usage", "data: [DONE]"];
            let stream: String = parts.iter().map(|p| pieces[*p]).collect();
            let whole = hide(&[stream.as_bytes()]);
            prop_assert_eq!(hide(&cut(stream.as_bytes(), &cuts)), whole);
        }

        #[test]
        fn a_stream_without_a_usage_chunk_passes_byte_for_byte(
            stream in prop::collection::vec(any::<u8>(), 0..200), cuts in prop::collection::vec(any::<usize>(), 0..9),
        ) {
            prop_assert_eq!(hide(&cut(&stream, &cuts)), stream);
        }
    }
}
