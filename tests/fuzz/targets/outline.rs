//! The outline of a body: never panics, keeps a few KB whatever comes, and finds the user's words of
//! a valid conversation as serde_json does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_core::Endpoint;
use weir_wire::outline;

const ENDPOINTS: [Endpoint; 5] = [
    Endpoint::Messages,
    Endpoint::Chat,
    Endpoint::Responses,
    Endpoint::Embeddings,
    Endpoint::GenerateStream,
];
/// No part of an outline is longer, in bytes: twice what is kept of the longest.
const TEXT_BYTES_MAX: usize = 17 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let endpoint = ENDPOINTS[usize::from(input.steer[1]) % ENDPOINTS.len()];
    let found = outline::read(endpoint, input.stream, |text| text.starts_with(b"<env>"));
    for excerpt in [&found.system, &found.first, &found.last, &found.before, &found.reply] {
        assert!(excerpt.text.len() <= TEXT_BYTES_MAX);
        assert!(excerpt.gap.is_none_or(|gap| excerpt.text.is_char_boundary(gap)));
    }
    assert_eq!(found.opening.is_some(), found.user_turns > 0);
    let Ok(document) = serde_json::from_slice::<Value>(input.stream) else { return };
    let Some([only]) = document["messages"].as_array().map(Vec::as_slice) else { return };
    let plain = only.as_object().is_some_and(|fields| fields.len() == 2)
        && document.as_object().is_some_and(|d| d.len() == 1);
    let Some(said) = only["content"].as_str().filter(|_| plain && only["role"] == "user") else {
        return;
    };
    let shown = |c: char| !c.is_whitespace() && !c.is_control();
    if said.len() < 500
        && said.chars().any(shown)
        && !said.starts_with("<env>")
        && !input.stream.contains(&b'\\')
    {
        assert_eq!(found.last.text, said);
    }
});
