//! A provider's refusal that is kept while others are asked: should they all fail, it is what the
//! client gets, in the provider's own words.

use super::Head;
use crate::answer::text;
use crate::carry::Way;
use crate::limits::{ERROR_BODY_BYTES_MAX, ERROR_BODY_WAIT_MAX};
use crate::upstream::AnswerBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use weir_core::route::Candidate;
use weir_wire::encoding::{Encoding, decode_start};
use weir_wire::hub;

/// Most of a provider's compressed error that is read, in bytes once decoded.
pub(super) const ERROR_DECODED_BYTES_MAX: usize = 256 * 1024;

/// A refusal, whole.
pub struct Kept {
    /// Its status.
    pub status: StatusCode,
    /// The provider's headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// How it comes back to the client.
    pub way: Way,
    /// Who refused.
    pub candidate: Candidate,
    /// How many attempts were made in all.
    pub attempts: u16,
    /// The attempts and how they failed, for people.
    pub tried: Option<String>,
}

impl Kept {
    /// An error that came inside a stream, as the response it would have been.
    pub(super) fn of_stream(
        failure: hub::Failure,
        headers: &HeaderMap,
        way: Way,
        candidate: Candidate,
    ) -> Self {
        let mut headers = headers.clone();
        for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            status: StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_GATEWAY),
            headers,
            body: Bytes::from(failure.body),
            way,
            candidate,
            attempts: 0,
            tried: None,
        }
    }
}

/// The start of an error body.
pub(super) struct Peeked {
    /// What was read of it.
    pub start: Bytes,
    /// Whether that is all.
    pub whole: bool,
}

impl Head {
    /// Reads the start of an error body and puts it back, before whatever follows.
    pub(super) async fn peek(&mut self) -> Peeked {
        let body = std::mem::replace(&mut self.answer.body, AnswerBody::Broken);
        let (body, peeked) = peek(body).await;
        self.answer.body = body;
        peeked
    }

    /// The same as text, whatever encoding it came in.
    pub(super) async fn peek_plain(&mut self) -> Vec<u8> {
        let start = self.peek().await.start;
        let encoding = Encoding::parse(text(&self.answer.headers, header::CONTENT_ENCODING));
        decode_start(encoding, &start, ERROR_DECODED_BYTES_MAX)
    }
}

async fn peek(mut body: AnswerBody) -> (AnswerBody, Peeked) {
    let mut start = BytesMut::new();
    let rest = loop {
        if start.len() >= ERROR_BODY_BYTES_MAX {
            break Some(body);
        }
        match tokio::time::timeout(ERROR_BODY_WAIT_MAX, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    start.extend_from_slice(&data);
                }
            }
            Ok(Some(Err(_))) | Err(_) => break Some(AnswerBody::Broken),
            Ok(None) => break None,
        }
    };
    let start = start.freeze();
    let pieces = VecDeque::from([start.clone()]);
    let whole = rest.is_none();
    let body = match rest {
        Some(rest) => AnswerBody::Resumed { pieces, rest: Box::new(rest), _held: None },
        None => AnswerBody::Made(pieces),
    };
    (body, Peeked { start, whole })
}
