//! The body of every response: a whole one, or a relay that is still running.

use crate::relay::Relay;
use crate::tunnel::Paced;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What is sent to the client.
pub enum ReplyBody {
    /// All of it, at once.
    Full(Option<Bytes>),
    /// Piece by piece, as the provider sends it.
    Relay(Box<Relay>),
    /// The tunnel's self-test, with pauses.
    Paced(Paced),
}

/// The provider broke in a way that has no form inside the stream: the connection is cut, so that
/// nobody takes what came for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct Broken;

impl ReplyBody {
    /// A whole body.
    pub fn full(bytes: Bytes) -> Self {
        Self::Full(if bytes.is_empty() { None } else { Some(bytes) })
    }

    /// No body.
    pub fn empty() -> Self {
        Self::Full(None)
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Self::Relay(relay) => relay.poll(context),
            Self::Paced(paced) => paced.poll(context).map(|frame| frame.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_none(),
            Self::Relay(_) => false,
            Self::Paced(paced) => paced.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Relay(relay) => relay.size_hint(),
            Self::Paced(_) => SizeHint::default(),
        }
    }
}
