//! The decoders: no bytes make them panic, grow without bound or depend on how they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_core::Endpoint;
use weir_wire::{Encoding, Tap, decode_body};

const ENCODINGS: [Encoding; 6] = [
    Encoding::Gzip,
    Encoding::Deflate,
    Encoding::Brotli,
    Encoding::Zstd,
    Encoding::Identity,
    Encoding::Unknown,
];
const DECODED_BYTES_MAX: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let encoding = ENCODINGS[usize::from(input.steer[1]) % ENCODINGS.len()];
    let decoded = decode_body(encoding, input.stream, DECODED_BYTES_MAX);
    assert!(decoded.as_ref().is_ok_and(|d| d.len() <= DECODED_BYTES_MAX) || decoded.is_err());
    let read = |pieces: &[&[u8]]| {
        let mut tap = Tap::new(Endpoint::Chat, true, encoding);
        pieces.iter().for_each(|piece| tap.feed(piece));
        (tap.readable(), tap.finish())
    };
    let whole = read(&[input.stream]);
    let cut = read(&weir_fuzz::cut(input.stream, input.steer[0]));
    assert_eq!(cut.0, whole.0, "damage is seen however the data comes");
    // How much of damaged data comes out before the damage is seen is the decoder's own affair.
    assert!(!whole.0 || cut.1 == whole.1);
});
