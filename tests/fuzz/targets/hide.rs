//! Whole events without the usage chunk: what passes does not depend on how the stream is cut, and without a usage
//! report nothing changes, but that half of a last event is left out.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use weir_wire::WholeEvents;

fn hide(pieces: &[&[u8]]) -> Vec<u8> {
    let mut hider = WholeEvents::new(true);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&hider.feed(Bytes::copy_from_slice(piece)));
    }
    out.extend_from_slice(&hider.finish());
    out
}

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let whole = hide(&[input.stream]);
    assert!(hide(&weir_fuzz::cut(input.stream, input.steer[0])) == whole);
    assert!(whole.len() <= input.stream.len());
    // A key can be spelled with escapes, so a backslash leaves room for one as well.
    let may_report = input.stream.windows(5).any(|w| w == b"usage") || input.stream.contains(&b'\\');
    let rest = input.stream.strip_prefix(whole.as_slice());
    assert!(may_report || rest.is_some_and(|rest| rest.is_empty() || rest.contains(&b'{')));
});
