//! Requests between every pair of dialects: no body makes a translation panic, what is sent is
//! JSON, what is refused is refused in one sentence, and rules never repeat what stood in a field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_core::Endpoint;
use weir_wire::hub::{Asked, Form, Target, Traits, request, without_marked};

const CLIENTS: [Endpoint; 5] = [
    Endpoint::Messages,
    Endpoint::Chat,
    Endpoint::Responses,
    Endpoint::Generate,
    Endpoint::GenerateStream,
];

const MODELS: [&str; 8] = [
    "claude-sonnet-4-5",
    "claude-opus-5-5",
    "gpt-4o",
    "gpt-5.6-luna",
    "gemini-2.5-flash",
    "gemini-3.8-flash",
    "qwen2.5vl:7b",
    "gpt-oss:20b",
];

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = weir_fuzz::input(bytes) else { return };
    let endpoint = CLIENTS[usize::from(input.steer[0]) % CLIENTS.len()];
    let model = MODELS[usize::from(input.steer[1]) % MODELS.len()];
    let local = input.steer[2] % 2 == 1;
    for form in Form::ALL {
        let asked = Asked { endpoint, body: input.stream, model: "as-asked" };
        let target = Target { form, model, traits: Traits::of(form, model, local) };
        match request(&asked, &target) {
            Ok(translated) => {
                match serde_json::from_slice::<Value>(&translated.body) {
                    Ok(sent) => assert!(sent.is_object()),
                    // What is nested too deep for serde_json came so.
                    Err(flaw) => assert!(flaw.to_string().starts_with("recursion limit"), "{flaw}"),
                }
                for rule in translated.dropped {
                    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
                    assert!(rule.to_string().chars().all(plain));
                }
            }
            Err(rejected) => assert!(!rejected.message.is_empty() && !rejected.class.is_empty()),
        }
    }
    if let Some(left) = without_marked(endpoint, input.stream) {
        let before = serde_json::from_slice::<Value>(input.stream).is_ok();
        assert_eq!(serde_json::from_slice::<Value>(&left).is_ok() || !before, true);
        assert_eq!(without_marked(endpoint, &left), None);
    }
});
