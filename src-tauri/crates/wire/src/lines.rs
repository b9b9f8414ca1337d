//! Cuts a stream at its line ends: NDJSON, as Ollama streams. Empty lines are nothing; a line over
//! the limit is told as lost, not shortened and never joined with the next.

/// Finds lines in a stream that comes in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    line: Vec<u8>,
    max_bytes: usize,
    over: bool,
}

impl Lines {
    /// A splitter at the beginning of a stream.
    pub fn new(max_bytes: usize) -> Self {
        Self { line: Vec::new(), max_bytes, over: false }
    }

    /// Takes the next bytes and calls `take` with each line they complete; `None` for one that was
    /// over the limit.
    pub fn feed(&mut self, mut chunk: &[u8], mut take: impl FnMut(Option<&[u8]>)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (last, rest) = chunk.split_at(end);
            chunk = &rest[1..];
            if self.line.is_empty() && !self.over && last.len() <= self.max_bytes {
                give(last, false, &mut take);
                continue;
            }
            self.hold(last);
            give(&self.line, self.over, &mut take);
            self.line.clear();
            self.over = false;
        }
        self.hold(chunk);
    }

    /// The line that the stream would end with, were it to end here.
    pub fn pending(&self, take: impl FnOnce(Option<&[u8]>)) {
        give(&self.line, self.over, take);
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.over || self.line.len() + bytes.len() > self.max_bytes {
            self.over = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }
}

fn give(line: &[u8], over: bool, take: impl FnOnce(Option<&[u8]>)) {
    let line = line.trim_ascii();
    if over {
        take(None);
    } else if !line.is_empty() {
        take(Some(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::tests::cut;
    use proptest::prelude::*;

    fn lines(chunks: &[&[u8]], max: usize) -> Vec<Option<String>> {
        let mut found = Vec::new();
        let mut lines = Lines::new(max);
        let text = |line: Option<&[u8]>| line.map(|l| String::from_utf8_lossy(l).into_owned());
        for chunk in chunks {
            lines.feed(chunk, |line| found.push(text(line)));
        }
        lines.pending(|line| found.push(text(line)));
        found
    }

    #[test]
    fn a_line_over_the_limit_is_lost_and_the_next_one_is_read() {
        let found = lines(&[b"{}\r\n\n{\"long\":1}\n[1]"], 6);
        assert_eq!(found, [Some("{}".to_owned()), None, Some("[1]".to_owned())]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_stream_is_cut(
            stream in "[a\\n\\r {}]{0,60}", cuts in prop::collection::vec(any::<usize>(), 0..9), max in 1usize..9,
        ) {
            let whole = lines(&[stream.as_bytes()], max);
            prop_assert_eq!(lines(&cut(stream.as_bytes(), &cuts), max), whole);
        }
    }
}
