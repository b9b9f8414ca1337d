//! An event of a stream whose JSON is broken: no client can read it, and most give the whole answer
//! up over it. Finds such events in a piece that passes and leaves them out; every other byte stays.

use crate::hub::answer::unreadable;
use crate::sse::{self, Boundary};
use bytes::Bytes;

/// Longest event that is looked through, in bytes: damage happens to small ones, and looking costs
/// time.
pub const CHECKED_EVENT_BYTES_MAX: usize = 64 << 10;

/// Whether the data of an event is JSON that nobody can read. A word that is no JSON at all
/// (`[DONE]`, `ping`) is not.
pub(crate) fn is_damaged(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.first() == Some(&b'{') && data.len() <= CHECKED_EVENT_BYTES_MAX && unreadable(data)
}

/// Whether the data of a stream's last event is a part of a JSON object, of any length.
pub(crate) fn is_half(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.first() == Some(&b'{') && unreadable(data)
}

/// Whether the body of an answer is nothing, or a part of a JSON document. A body that is no JSON at
/// all is not.
pub fn is_torn(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    body.is_empty() || matches!(body[0], b'{' | b'[') && unreadable(body)
}

/// A piece of a stream that begins between two events, without its damaged ones.
pub fn without_damaged(piece: Bytes) -> Bytes {
    let mut boundary = Boundary::new();
    let mut out = Vec::with_capacity(piece.len());
    let mut at = 0;
    while let Some(length) = boundary.event_end(&piece[at..]) {
        let event = &piece[at..at + length];
        let damaged = sse::event(event, at == 0).is_some_and(|e| is_damaged(&e.data));
        if !damaged {
            out.extend_from_slice(event);
        }
        at += length;
    }
    if out.len() == at {
        return piece;
    }
    out.extend_from_slice(&piece[at..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(text: &str) -> String {
        String::from_utf8_lossy(&without_damaged(Bytes::copy_from_slice(text.as_bytes()))).into()
    }

    #[test]
    fn a_damaged_event_is_left_out_and_its_neighbours_stay_as_they_are() {
        let text = "data: {\"a\":1}\n\nevent: x\ndata: {\"a\":\n\n: note\n\ndata: [DONE]\r\n\r\ndata: {\"b\"";
        assert_eq!(passed(text), "data: {\"a\":1}\n\n: note\n\ndata: [DONE]\r\n\r\ndata: {\"b\"");
    }

    #[test]
    fn half_a_document_is_torn_and_what_was_never_one_is_not() {
        for torn in ["", " \n", "{\"content\": [{\"te", "[1,", "{} {"] {
            assert!(is_torn(torn.as_bytes()), "{torn}");
        }
        for whole in ["{}", "[]\n", "{\"a\": NaN}", "null", "Internal error", "<html>"] {
            assert!(!is_torn(whole.as_bytes()), "{whole}");
        }
    }

    #[test]
    fn what_clients_can_read_passes() {
        for text in [
            "data: {\"logprob\":NaN}\n\n",
            "data: ping\n\n",
            "data: [DONE]\n\n",
            "event: ping\n\n",
            "data: {\"a\":\ndata: 1}\n\n",
            "data: {\"cut",
        ] {
            assert_eq!(passed(text), text);
        }
    }
}
