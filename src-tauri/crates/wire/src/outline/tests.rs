//! Outlines of every dialect's bodies.

use super::{Outline, fingerprint, read};
use proptest::prelude::*;
use serde_json::json;
use weir_core::Endpoint;

fn envelope(text: &[u8]) -> bool {
    text.starts_with(b"<system-reminder>")
}

fn of(endpoint: Endpoint, body: &serde_json::Value) -> Outline {
    read(endpoint, body.to_string().as_bytes(), envelope)
}

/// One conversation in the four dialects: system text, a question, an answer, a second question.
fn four() -> [(Endpoint, serde_json::Value); 4] {
    let (system, first, reply, last) = ("Be brief.", "What is it?", "A \"fish\".", "And\nnow?");
    [
        (
            Endpoint::Messages,
            json!({"model": "m", "max_tokens": 100, "system": [{"type": "text", "text": system}],
                "messages": [{"role": "user", "content": first},
                    {"role": "assistant", "content": [{"type": "text", "text": reply}]},
                    {"content": [{"type": "text", "text": "<system-reminder>x</system-reminder>"},
                        {"type": "text", "text": last}], "role": "user"}]}),
        ),
        (
            Endpoint::Chat,
            json!({"model": "m", "max_completion_tokens": 100, "messages": [
                {"role": "system", "content": system}, {"role": "user", "content": first},
                {"role": "assistant", "content": reply},
                {"role": "user", "content": [{"type": "text", "text": last}]}]}),
        ),
        (
            Endpoint::Responses,
            json!({"model": "m", "max_output_tokens": 100, "instructions": system, "input": [
                {"role": "user", "content": [{"type": "input_text", "text": first}]},
                {"type": "reasoning", "summary": []},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": reply}]},
                {"type": "message", "role": "user", "content": last}]}),
        ),
        (
            Endpoint::Generate,
            json!({"systemInstruction": {"parts": [{"text": system}]},
                "generationConfig": {"maxOutputTokens": 100}, "contents": [
                {"role": "user", "parts": [{"text": first}]},
                {"role": "model", "parts": [{"text": "hm", "thought": true}, {"text": reply}]},
                {"role": "user", "parts": [{"text": last}]}]}),
        ),
    ]
}

#[test]
fn every_dialect_gives_the_same_outline() {
    for (endpoint, body) in four() {
        let found = of(endpoint, &body);
        assert_eq!(found.system.text, "Be brief.", "{endpoint:?}");
        assert_eq!(found.last.text, "And\nnow?", "{endpoint:?}");
        assert_eq!(found.before.text, "What is it?", "{endpoint:?}");
        assert_eq!(found.reply.text, "A \"fish\".", "{endpoint:?}");
        assert_eq!((found.user_turns, found.replies), (2, 1), "{endpoint:?}");
        assert_eq!(found.max_tokens, Some(100), "{endpoint:?}");
        assert!(!found.tools && !found.tool_result_last && !found.structured, "{endpoint:?}");
    }
}

#[test]
fn a_tools_result_at_the_end_leaves_the_users_instruction_the_last() {
    let bodies = [
        (
            Endpoint::Messages,
            json!({"messages": [{"role": "user", "content": "fix it"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {"text": "x"}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "data"}]},
                    {"type": "text", "text": "<system-reminder>be quick</system-reminder>"}]}]}),
        ),
        (
            Endpoint::Chat,
            json!({"messages": [{"role": "user", "content": "fix it"},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "t", "type": "function", "function": {"name": "Read", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "t", "content": "data"}]}),
        ),
        (
            Endpoint::Responses,
            json!({"input": [{"type": "additional_tools", "tools": [{"type": "function", "name": "shell"}]},
                {"role": "user", "content": "fix it"},
                {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"},
                {"type": "function_call_output", "call_id": "c", "output": "data"}]}),
        ),
        (
            Endpoint::Generate,
            json!({"contents": [{"role": "user", "parts": [{"text": "fix it"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"text": "data"}}}]}]}),
        ),
    ];
    for (endpoint, body) in bodies {
        let found = of(endpoint, &body);
        assert!(found.tool_result_last, "{endpoint:?}");
        assert_eq!(found.last.text, "fix it", "{endpoint:?}");
        assert_eq!(found.tool_results, 1, "{endpoint:?}");
        assert_eq!(found.tools, endpoint == Endpoint::Responses, "{endpoint:?}");
    }
}

#[test]
fn words_of_the_user_beside_a_tools_result_are_the_last_instruction() {
    let found = of(
        Endpoint::Messages,
        &json!({"messages": [{"role": "user", "content": "fix it"},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "data"},
                {"type": "text", "text": "no, explain it"}]}]}),
    );
    assert!(!found.tool_result_last);
    assert_eq!(found.last.text, "no, explain it");
}

#[test]
fn a_structured_answer_is_seen_in_every_dialect() {
    let asked = [
        json!({"response_format": {"type": "json_object"}}),
        json!({"response_format": {"type": "json_schema", "json_schema": {}}}),
        json!({"output_config": {"format": {"type": "json_schema", "schema": {}}, "effort": "low"}}),
        json!({"text": {"format": {"type": "json_schema"}, "verbosity": "low"}}),
        json!({"generationConfig": {"responseMimeType": "application/json"}}),
        json!({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}),
    ];
    for body in asked {
        assert!(of(Endpoint::Chat, &body).structured, "{body}");
    }
    assert!(!of(Endpoint::Chat, &json!({"response_format": {"type": "text"}})).structured);
}

#[test]
fn what_an_embedder_is_given_is_the_last_text() {
    for input in [json!("a text"), json!(["a text"])] {
        assert_eq!(of(Endpoint::Embeddings, &json!({ "input": input })).last.text, "a text");
    }
}

#[test]
fn the_opening_stays_while_a_conversation_grows_and_differs_between_conversations() {
    let grown = |first: &str, system: &str, more: bool| {
        let mut messages = vec![json!({"role": "user", "content": [
            {"type": "text", "text": first, "cache_control": {"type": "ephemeral"}}]})];
        if more {
            messages[0] = json!({"role": "user", "content": first});
            messages.push(json!({"role": "assistant", "content": "yes"}));
            messages.push(json!({"role": "user", "content": "go on"}));
        }
        of(
            Endpoint::Messages,
            &json!({"system": system, "tools": [{"name": "Read"}], "messages": messages}),
        )
        .opening
    };
    let opening = grown("hello", "be brief", false);
    assert!(opening.is_some());
    assert_eq!(opening, grown("hello", "be brief", true));
    assert_ne!(opening, grown("hello!", "be brief", true));
    assert_ne!(opening, grown("hello", "be long", true));
    assert_eq!(of(Endpoint::Messages, &json!({"messages": []})).opening, None);
    assert_ne!(fingerprint(0, b""), fingerprint(0, b"\0"));
}

#[test]
fn binary_matter_is_no_text() {
    let image = "iVBORw0KGgo/".repeat(1_000);
    let found = of(
        Endpoint::Messages,
        &json!({"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "data": image}},
            {"type": "text", "text": "what is it"}]}]}),
    );
    assert!(found.text_bytes < 200, "{}", found.text_bytes);
    assert_eq!(found.last.text, "what is it");
}

#[test]
fn a_body_that_breaks_off_is_read_as_far_as_it_goes() {
    for (endpoint, body) in four() {
        let text = body.to_string();
        for cut in 0..text.len() {
            let _ = read(endpoint, &text.as_bytes()[..cut], envelope);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_outlined_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(Endpoint::Chat, &body, envelope);
    }

    #[test]
    fn near_bodies_are_outlined_without_a_panic(
        inside in "(\\{|\\}|\\[|\\]|,|:|\"messages\"|\"role\"|\"user\"|\"content\"|\"text\"|\"type\"|\"a\\\\u00e\"|1|null| ){0,40}",
    ) {
        let body = format!("{{\"messages\":[{{{inside}");
        let _ = read(Endpoint::Messages, body.as_bytes(), envelope);
    }
}
