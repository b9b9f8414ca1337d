//! What holds for every answer and every cutting of it.

use super::samples::{FROM, document, stream};
use super::{CLIENTS, back, heard, run, squeezed, streamed, understood, whole};
use crate::hub::Form;
use crate::hub::answer::{Ending, replay};
use crate::sse::tests::cut;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn a_replayed_whole_answer_is_the_stream_it_would_have_been() {
    for from in FROM {
        for client in CLIENTS {
            let bytes = replay(&back(client), from, document(from).as_bytes()).expect("an answer");
            let replayed = String::from_utf8(bytes).expect("text");
            let told = heard(client, &replayed);
            let expected = understood(client, &whole(&back(client), from, document(from)));
            assert_eq!(squeezed(told), squeezed(expected), "{from:?} for {client:?}");
        }
    }
}

/// Chat deltas of an answer in any order that servers use: thinking, text, calls.
fn answer() -> impl Strategy<Value = (String, String)> {
    let text = prop::collection::vec("[a-z é\\\\\"\n😀]{1,8}", 0..4);
    let arguments = prop::collection::vec("[a-z\\\\\"]{0,6}", 1..3);
    (text.clone(), text, prop::collection::vec(arguments, 0..3), 0usize..3).prop_map(
        |(thinking, text, calls, finish)| {
            let finish = ["stop", "length", "content_filter"][finish];
            let mut deltas = Vec::new();
            deltas.extend(thinking.iter().map(|t| json!({"reasoning_content": t})));
            deltas.extend(text.iter().map(|t| json!({"content": t})));
            let mut whole = Vec::new();
            for (at, values) in calls.iter().enumerate() {
                let arguments = json!({ "v": values.concat(), "n": 1 }).to_string();
                let (head, tail) = arguments.split_at(3);
                let id = format!("call_{at}");
                deltas.push(json!({"tool_calls": [{"index": at, "id": id, "function": {"name": "f", "arguments": head}}]}));
                whole.push(json!({"id": id, "function": {"name": "f", "arguments": arguments}}));
                deltas.push(json!({"tool_calls": [{"index": at, "function": {"arguments": tail}}]}));
            }
            let mut chunks: Vec<String> = deltas
                .iter()
                .map(|d| json!({"id": "c", "created": 5, "choices": [{"index": 0, "delta": d}]}).to_string())
                .collect();
            chunks.push(json!({"id": "c", "created": 5, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}).to_string());
            let mut stream: String = chunks.iter().map(|c| format!("data: {c}\n\n")).collect();
            stream.push_str("data: [DONE]\n\n");
            let message = json!({"content": text.concat(), "reasoning_content": thinking.concat(), "tool_calls": whole});
            let document = json!({"id": "c", "created": 5, "choices": [{"index": 0, "message": message, "finish_reason": finish}]});
            (stream, document.to_string())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cutting_a_stream_anywhere_changes_no_byte(
        from in 0usize..5, client in 0usize..4, cuts in prop::collection::vec(any::<usize>(), 0..40), lost in 0usize..40,
    ) {
        let (from, client) = (FROM[from], CLIENTS[client]);
        let sample = stream(from);
        // Also a stream that ends early.
        let sample = &sample.as_bytes()[..sample.len() - lost];
        let end = if lost == 0 { Ending::Clean } else { Ending::Cut };
        let whole = run(&back(client), from, &[sample], end);
        prop_assert_eq!(run(&back(client), from, &cut(sample, &cuts), end), whole);
    }

    #[test]
    fn any_answer_says_the_same_as_a_stream_and_as_a_whole((stream, document) in answer(), client in 0usize..4) {
        let client = CLIENTS[client];
        let back = back(client);
        let streamed = heard(client, &streamed(&back, Form::Chat, &stream));
        let told = understood(client, &whole(&back, Form::Chat, &document));
        prop_assert_eq!(squeezed(streamed), squeezed(told));
    }

    #[test]
    fn any_bytes_translate_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), from in 0usize..5, client in 0usize..4, size in 1usize..9,
    ) {
        let (from, client) = (FROM[from], CLIENTS[client]);
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        let piecewise = run(&back(client), from, &chunks, Ending::Clean);
        prop_assert_eq!(run(&back(client), from, &[&bytes], Ending::Clean), piecewise);
        let _ = crate::hub::answer(&back(client), from, &bytes);
        let _ = crate::hub::failure(&back(client), from, 400, &bytes);
    }
}
