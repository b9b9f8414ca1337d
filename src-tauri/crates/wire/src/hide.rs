//! Takes the usage-only chunk out of an OpenAI chat stream for a client that did not ask for it.
//! Every other event passes with its bytes unchanged, over any cutting of the stream.

use crate::json::Value;
use crate::sse::{self, Boundary, LINE_END_BYTES_MAX};
use bytes::Bytes;

/// Longest event that can be a usage-only chunk, in bytes; a longer one passes as it comes.
pub const HIDE_EVENT_BYTES_MAX: usize = 64 << 10;

/// Filters one stream. Holds at most the event in progress.
#[derive(Debug)]
pub struct UsageHider {
    boundary: Boundary,
    held: Vec<u8>,
    /// The event in progress is too long to be the one to hide, and its bytes have begun to pass.
    passing: bool,
    /// The last complete event was taken out; so is an LF that still belongs to its end.
    removed: bool,
    first: bool,
}

impl Default for UsageHider {
    fn default() -> Self {
        Self::new()
    }
}

impl UsageHider {
    /// A filter at the beginning of a stream.
    pub fn new() -> Self {
        Self {
            boundary: Boundary::new(),
            held: Vec::new(),
            passing: false,
            removed: false,
            first: true,
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
            let hide = !self.passing && self.hides(&chunk[event_start..end]);
            if hide {
                out.extend_from_slice(&chunk[run..event_start]);
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
        if self.passing || self.held.len() + tail.len() > HIDE_EVENT_BYTES_MAX + LINE_END_BYTES_MAX
        {
            self.passing = true;
            out.append(&mut self.held);
            passed = chunk.len();
        } else {
            self.held.extend_from_slice(tail);
        }
        if out.is_empty() {
            return chunk.slice(run..passed);
        }
        out.extend_from_slice(&chunk[run..passed]);
        out.into()
    }

    /// Gives what is held back, when the stream has ended.
    pub fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        if is_usage_only(&held, self.first) { Bytes::new() } else { held.into() }
    }

    fn hides(&mut self, last: &[u8]) -> bool {
        if self.held.is_empty() {
            return is_usage_only(last, self.first);
        }
        if self.held.len() + last.len() > HIDE_EVENT_BYTES_MAX + LINE_END_BYTES_MAX {
            return false;
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
    if sse::without_line_end(frame).len() > HIDE_EVENT_BYTES_MAX {
        return false;
    }
    let Some(event) = sse::event(frame, first) else { return false };
    let Some(chunk) = Value::whole(&event.data) else { return false };
    let [choices, usage] = chunk.pick(["choices", "usage"]);
    usage.is_some_and(|u| u.is_object()) && choices.is_some_and(|c| c.is_array() && c.items() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::tests::cut;
    use proptest::prelude::*;

    const USAGE: &str =
        r#"data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;

    fn hide(chunks: &[&[u8]]) -> Vec<u8> {
        let mut hider = UsageHider::new();
        let mut out: Vec<u8> = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&hider.feed(Bytes::copy_from_slice(chunk)));
        }
        out.extend_from_slice(&hider.finish());
        out
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
        let out = UsageHider::new().feed(chunk.clone());
        assert_eq!(out.as_ptr(), chunk.as_ptr());
        assert_eq!(out, chunk);
    }

    #[test]
    fn an_event_that_is_not_complete_is_held_no_longer_than_needed() {
        let mut hider = UsageHider::new();
        let long = format!("data: {}", "x".repeat(HIDE_EVENT_BYTES_MAX));
        assert_eq!(hider.feed(Bytes::from_static(b"data: {")), "");
        assert_eq!(hider.feed(Bytes::from_static(b"}\n\nda")), "data: {}\n\n");
        assert_eq!(hider.feed(Bytes::from(long.clone())), format!("da{long}"));
        assert_eq!(hider.feed(Bytes::from_static(b"y\n\n")), "y\n\n");
        assert_eq!(hider.feed(Bytes::from(format!("{USAGE}\n\n"))), "");
        assert_eq!(hider.finish(), "");
    }

    proptest! {
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
