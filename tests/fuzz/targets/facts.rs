//! The fact reader: never panics, agrees with serde_json on valid documents, and an edited body
//! differs from the original in nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use weir_core::Endpoint;
use weir_wire::{edits, facts};

const ENDPOINTS: [Endpoint; 5] = [
    Endpoint::Messages,
    Endpoint::Chat,
    Endpoint::Responses,
    Endpoint::Embeddings,
    Endpoint::GenerateStream,
];

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let endpoint = ENDPOINTS[usize::from(input.steer[1]) % ENDPOINTS.len()];
    let facts = match facts::read(endpoint, input.stream) {
        Ok(facts) => facts,
        Err(problem) => {
            let text = problem.to_string();
            assert!(text.ends_with('.') && !text.contains('\n'));
            return;
        }
    };
    let Ok(document) = serde_json::from_slice::<Value>(input.stream) else { return };
    if endpoint == Endpoint::GenerateStream {
        return;
    }
    assert_eq!(facts.model.as_ref().map(|m| m.value.as_str()), document["model"].as_str());
    assert_eq!(facts.stream, document["stream"].as_bool().unwrap_or(false));
    let limits = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
    let limit = limits.iter().filter_map(|key| document[key].as_u64()).max();
    // Only whole numbers in plain spelling are compared: serde_json reads 1e3 as a float.
    if limits.iter().all(|key| document[key].is_u64() || document[key].is_null()) {
        assert_eq!(facts.max_output_tokens, limit);
    }
    let edited = edits::with_both(input.stream, &facts, Some("new \"model\""), endpoint == Endpoint::Chat);
    let mut expected = document;
    expected["model"] = json!("new \"model\"");
    if endpoint == Endpoint::Chat {
        if expected["stream_options"].is_null() {
            expected["stream_options"] = json!({});
        }
        expected["stream_options"]["include_usage"] = json!(true);
    }
    assert_eq!(serde_json::from_slice::<Value>(&edited).ok(), Some(expected));
});
