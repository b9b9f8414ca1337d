//! Framing of answers that are not SSE: one JSON body, or the JSON array Gemini streams without
//! `alt=sse`. Owns their bounds.

/// Bytes up to which a buffer may double; above it grows by a quarter, so that a large body never
/// needs twice its size.
const DOUBLING_BYTES_MAX: usize = 1 << 20;

/// The end of a body over its limit that is kept, in bytes: the usage stands there, and beside it a
/// few names and ids.
const TAIL_BYTES_MAX: usize = 8 << 10;

/// Collects one body, up to a limit; of a longer one its end.
pub(super) struct Body {
    bytes: Vec<u8>,
    max_bytes: usize,
    lost: bool,
}

impl Body {
    pub fn new(max_bytes: usize) -> Self {
        Self { bytes: Vec::new(), max_bytes, lost: false }
    }

    pub fn feed(&mut self, chunk: &[u8]) {
        if self.lost || self.bytes.len() + chunk.len() > self.max_bytes {
            self.lost = true;
            return self.keep_end(chunk);
        }
        append(&mut self.bytes, chunk);
    }

    /// Lets go of all but the last bytes of what is kept and what comes.
    fn keep_end(&mut self, chunk: &[u8]) {
        let new = &chunk[chunk.len().saturating_sub(TAIL_BYTES_MAX)..];
        let old = self.bytes.len().min(TAIL_BYTES_MAX - new.len());
        let mut end = Vec::with_capacity(TAIL_BYTES_MAX);
        end.extend_from_slice(&self.bytes[self.bytes.len() - old..]);
        end.extend_from_slice(new);
        self.bytes = end;
    }

    /// Of a body that was too long to keep, its last fields from `key` on, as a document of their
    /// own. `None` unless they stand at the top of the body and it ended after them. A key cannot
    /// be mistaken for a text: within one its quotes would be escaped.
    pub fn last_fields(&self, key: &str) -> Option<Vec<u8>> {
        let name = format!("\"{key}\"");
        let at = memchr::memmem::rfind(&self.bytes, name.as_bytes()).filter(|_| self.lost)?;
        let mut document = vec![b'{'];
        document.extend_from_slice(&self.bytes[at..]);
        Some(document)
    }

    /// The body so far; `None` when it was too long to keep.
    pub fn bytes(&self) -> Option<&[u8]> {
        (!self.lost).then_some(&self.bytes)
    }

    pub fn lost(&self) -> bool {
        self.lost
    }
}

fn append(bytes: &mut Vec<u8>, chunk: &[u8]) {
    if bytes.len() > DOUBLING_BYTES_MAX && bytes.capacity() - bytes.len() < chunk.len() {
        bytes.reserve_exact(chunk.len().max(bytes.len() / 4));
    }
    bytes.extend_from_slice(chunk);
}

/// Cuts a JSON array into its objects as they come; a lone object counts as one item.
pub(crate) struct Items {
    item: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    skipping: bool,
    max_bytes: usize,
    lost: bool,
}

impl Items {
    pub fn new(max_bytes: usize) -> Self {
        Self {
            item: Vec::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            skipping: false,
            max_bytes,
            lost: false,
        }
    }

    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) {
        // chunk[start..] belongs to the item in progress.
        let mut start = 0;
        let mut at = 0;
        while at < chunk.len() {
            if self.in_string {
                at = self.string(chunk, at);
                continue;
            }
            match chunk[at] {
                b'{' => {
                    if self.depth == 0 {
                        start = at;
                    }
                    self.depth = self.depth.saturating_add(1);
                }
                b'[' if self.depth > 0 => self.depth = self.depth.saturating_add(1),
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.complete(&chunk[start..=at], &mut take);
                    }
                }
                b'"' => self.in_string = true,
                _ => {}
            }
            at += 1;
        }
        if self.depth > 0 {
            self.hold(&chunk[start..]);
        }
    }

    /// Walks on inside a string; returns where to go on.
    fn string(&mut self, chunk: &[u8], at: usize) -> usize {
        if std::mem::take(&mut self.escaped) {
            return at + 1;
        }
        let Some(hit) = memchr::memchr2(b'"', b'\\', &chunk[at..]) else { return chunk.len() };
        if chunk[at + hit] == b'"' {
            self.in_string = false;
        } else {
            self.escaped = true;
        }
        at + hit + 1
    }

    fn complete(&mut self, last: &[u8], take: &mut impl FnMut(&[u8])) {
        if self.item.is_empty() && !self.skipping && last.len() <= self.max_bytes {
            return take(last);
        }
        self.hold(last);
        if !std::mem::take(&mut self.skipping) {
            take(&self.item);
        }
        self.item.clear();
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.skipping {
            return;
        }
        if self.item.len() + bytes.len() > self.max_bytes {
            (self.skipping, self.lost) = (true, true);
            self.item = Vec::new();
        } else {
            append(&mut self.item, bytes);
        }
    }

    pub fn lost(&self) -> bool {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::tests::cut;
    use proptest::prelude::*;

    fn items(chunks: &[&[u8]], max: usize) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let mut items = Items::new(max);
        for chunk in chunks {
            items.feed(chunk, |item| found.push(String::from_utf8_lossy(item).into_owned()));
        }
        (found, items.lost())
    }

    #[test]
    fn an_array_gives_its_objects_and_a_lone_object_itself() {
        let stream = br#"[{"a":"]}\"{"} ,
{"b":[{},[1]]}]"#;
        assert_eq!(items(&[stream], 99).0, [r#"{"a":"]}\"{"}"#, r#"{"b":[{},[1]]}"#]);
        assert_eq!(items(&[b"{\"error\":{}}"], 99).0, ["{\"error\":{}}"]);
    }

    #[test]
    fn an_item_over_the_limit_is_skipped_and_the_next_one_is_read() {
        let stream = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(50));
        for size in [1, 5, 200] {
            let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            assert_eq!(items(&chunks, 20), (vec!["{\"b\":1}".to_owned()], true), "{size}");
        }
    }

    #[test]
    fn a_body_over_the_limit_is_let_go() {
        let mut body = Body::new(10);
        body.feed(b"12345");
        assert_eq!(body.bytes(), Some(&b"12345"[..]));
        body.feed(b"678901");
        assert_eq!((body.bytes(), body.lost()), (None, true));
    }

    #[test]
    fn of_a_body_over_the_limit_the_last_bytes_are_kept_however_it_comes() {
        let text: Vec<u8> = (0..50_000u32).map(|n| b'a' + (n % 23) as u8).collect();
        let end = &text[text.len() - TAIL_BYTES_MAX..];
        for size in [1, 7, TAIL_BYTES_MAX - 1, TAIL_BYTES_MAX, 9_000, 50_000] {
            let mut body = Body::new(10);
            text.chunks(size).for_each(|chunk| body.feed(chunk));
            assert_eq!((body.bytes.as_slice(), body.bytes()), (end, None), "{size}");
        }
    }

    proptest! {
        #[test]
        fn items_do_not_depend_on_how_the_stream_is_cut(
            stream in "[\\[\\]{}\",\\\\a ]{0,80}", cuts in prop::collection::vec(any::<usize>(), 0..9), max in 1usize..40,
        ) {
            let whole = items(&[stream.as_bytes()], max);
            prop_assert_eq!(items(&cut(stream.as_bytes(), &cuts), max), whole);
        }
    }
}
