//! The usage taps: no bytes of any provider make them panic, and what they learn does not depend
//! on how the answer is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_core::meter::End;
use weir_core::{Endpoint, Metered};
use weir_wire::{Encoding, Tap};

const ENDPOINTS: [Endpoint; 8] = [
    Endpoint::Messages,
    Endpoint::Chat,
    Endpoint::Responses,
    Endpoint::Embeddings,
    Endpoint::Generate,
    Endpoint::GenerateStream,
    Endpoint::MessagesCount,
    Endpoint::Models,
];

fn read(endpoint: Endpoint, sse: bool, pieces: &[&[u8]]) -> Metered {
    let mut tap = Tap::new(endpoint, sse, Encoding::Identity);
    let mut begun = false;
    for piece in pieces {
        tap.feed(piece);
        assert!(!begun || tap.content_started(), "content does not begin twice");
        begun = tap.content_started();
    }
    tap.finish()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let endpoint = ENDPOINTS[usize::from(input.steer[1]) % ENDPOINTS.len()];
    let sse = input.steer[2] & 1 == 1;
    let whole = read(endpoint, sse, &[input.stream]);
    assert_eq!(read(endpoint, sse, &weir_fuzz::cut(input.stream, input.steer[0])), whole);
    assert_eq!(whole.end == End::Failed, whole.error.is_some());
    if let Some(usage) = whole.usage {
        assert!(usage.reasoning <= usage.output);
    }
});
