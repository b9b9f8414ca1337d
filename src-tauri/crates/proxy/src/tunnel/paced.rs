//! The stream of the self-test: a few chunks of Chat with a pause before each, so that whoever
//! reads it at the other end can see whether they arrive one by one. Asks no model.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::Frame;
use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

/// The pause before each piece but the first.
pub const PAUSE: Duration = Duration::from_millis(250);
/// Pieces of text.
pub const WORDS: [&str; 5] = ["The ", "water ", "arrives ", "piece ", "by piece."];

/// A body that takes its time.
pub struct Paced {
    pieces: VecDeque<Bytes>,
    pause: Option<BoxFuture<'static, ()>>,
}

impl Paced {
    /// The self-test's.
    pub fn stream() -> Self {
        let chunk = |delta: serde_json::Value, end: Option<&str>| {
            let chunk = serde_json::json!({
                "id": "chatcmpl-self-test", "object": "chat.completion.chunk", "created": 0,
                "model": "self-test",
                "choices": [{"index": 0, "delta": delta, "finish_reason": end}]});
            Bytes::from(format!("data: {chunk}\n\n"))
        };
        let mut pieces: VecDeque<Bytes> =
            WORDS.iter().map(|word| chunk(serde_json::json!({"content": word}), None)).collect();
        pieces.push_back(chunk(serde_json::json!({}), Some("stop")));
        pieces.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        Self { pieces, pause: None }
    }

    /// Whether all has been given.
    pub fn is_over(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The next piece, when its time has come.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(context));
        }
        self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
        Poll::Ready(self.pieces.pop_front().map(Frame::data))
    }
}
