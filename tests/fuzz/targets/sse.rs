//! The SSE splitter: what it finds does not depend on how the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_wire::sse::Splitter;

type Found = (Vec<(Vec<u8>, Vec<u8>)>, bool);

fn split(pieces: &[&[u8]], max_bytes: usize) -> Found {
    let mut found = Vec::new();
    let mut splitter = Splitter::new(max_bytes);
    for piece in pieces {
        splitter.feed(piece, |e| found.push((e.name.to_vec(), e.data.into_owned())));
    }
    found.extend(splitter.pending().map(|e| (e.name.to_vec(), e.data.into_owned())));
    (found, splitter.lost())
}

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let max_bytes = 1 + usize::from(input.steer[1]) * 16;
    let whole = split(&[input.stream], max_bytes);
    assert!(split(&weir_fuzz::cut(input.stream, input.steer[0]), max_bytes) == whole);
});
