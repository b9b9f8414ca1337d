//! Reading one bounded line from a connection.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// What came.
pub(super) enum Line {
    /// A whole line is in the buffer, without its end.
    Whole,
    /// The connection ended between lines.
    End,
    /// The line is longer than allowed; the rest of it was not read.
    TooLong,
}

/// Reads a line of at most `bytes_max` bytes into `buffer`, which is cleared first. A last line
/// without an end counts.
pub(super) async fn read<R: AsyncBufRead + Unpin>(
    from: &mut R,
    buffer: &mut Vec<u8>,
    bytes_max: usize,
) -> io::Result<Line> {
    buffer.clear();
    loop {
        let chunk = from.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(if buffer.is_empty() { Line::End } else { Line::Whole });
        }
        let (part, used, ended) = match chunk.iter().position(|b| *b == b'\n') {
            Some(at) => (&chunk[..at], at + 1, true),
            None => (chunk, chunk.len(), false),
        };
        if buffer.len() + part.len() > bytes_max {
            return Ok(Line::TooLong);
        }
        buffer.extend_from_slice(part);
        from.consume(used);
        if ended {
            return Ok(Line::Whole);
        }
    }
}
