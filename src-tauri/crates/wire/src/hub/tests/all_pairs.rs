//! One agent's conversation in each client's dialect, to every kind of target.

use super::{CLIENTS, TARGETS, sent, times, translate};
use crate::hub::{Form, Target, Traits};
use serde_json::{Value, json};
use weir_core::Endpoint;

/// The same conversation in every dialect: system, a question, a call of two tools at once, their
/// results, an answer, one more question.
pub(super) fn conversation(endpoint: Endpoint) -> Value {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    match endpoint {
        Endpoint::Messages => json!({
            "model": "m", "max_tokens": 1000, "stream": true, "system": "sys-1",
            "tools": [{"name": "read", "description": "desc-1", "input_schema": schema}],
            "messages": [
                {"role": "user", "content": "ask-1"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "say-1"},
                    {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "arg-1"}},
                    {"type": "tool_use", "id": "toolu_2", "name": "read", "input": {"path": "arg-2"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "res-1"},
                    {"type": "tool_result", "tool_use_id": "toolu_2", "content":
                        [{"type": "text", "text": "res-2"}]},
                ]},
                {"role": "assistant", "content": "say-2"},
                {"role": "user", "content": [{"type": "text", "text": "ask-2"}]},
            ],
        }),
        Endpoint::Chat => json!({
            "model": "m", "max_completion_tokens": 1000, "stream": true,
            "tools": [{"type": "function", "function":
                {"name": "read", "description": "desc-1", "parameters": schema}}],
            "messages": [
                {"role": "system", "content": "sys-1"},
                {"role": "user", "content": "ask-1"},
                {"role": "assistant", "content": "say-1", "tool_calls": [
                    {"id": "toolu_1", "type": "function", "function":
                        {"name": "read", "arguments": "{\"path\":\"arg-1\"}"}},
                    {"id": "toolu_2", "type": "function", "function":
                        {"name": "read", "arguments": "{\"path\":\"arg-2\"}"}},
                ]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "res-1"},
                {"role": "tool", "tool_call_id": "toolu_2", "content": "res-2"},
                {"role": "assistant", "content": "say-2"},
                {"role": "user", "content": "ask-2"},
            ],
        }),
        Endpoint::Responses => json!({
            "model": "m", "max_output_tokens": 1000, "stream": true, "instructions": "sys-1",
            "tools": [{"type": "function", "name": "read", "description": "desc-1",
                "parameters": schema}],
            "input": [
                {"type": "message", "role": "user", "content": "ask-1"},
                {"type": "message", "role": "assistant", "content":
                    [{"type": "output_text", "text": "say-1"}]},
                {"type": "function_call", "call_id": "toolu_1", "name": "read",
                    "arguments": "{\"path\":\"arg-1\"}"},
                {"type": "function_call", "call_id": "toolu_2", "name": "read",
                    "arguments": "{\"path\":\"arg-2\"}"},
                {"type": "function_call_output", "call_id": "toolu_1", "output": "res-1"},
                {"type": "function_call_output", "call_id": "toolu_2", "output": "res-2"},
                {"role": "assistant", "content": "say-2"},
                {"role": "user", "content": [{"type": "input_text", "text": "ask-2"}]},
            ],
        }),
        _ => json!({
            "generationConfig": {"maxOutputTokens": 1000},
            "systemInstruction": {"parts": [{"text": "sys-1"}]},
            "tools": [{"functionDeclarations": [
                {"name": "read", "description": "desc-1", "parametersJsonSchema": schema}]}],
            "contents": [
                {"role": "user", "parts": [{"text": "ask-1"}]},
                {"role": "model", "parts": [
                    {"text": "say-1"},
                    {"functionCall": {"id": "toolu_1", "name": "read", "args": {"path": "arg-1"}}},
                    {"functionCall": {"id": "toolu_2", "name": "read", "args": {"path": "arg-2"}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "toolu_1", "name": "read",
                        "response": {"output": "res-1"}}},
                    {"functionResponse": {"id": "toolu_2", "name": "read",
                        "response": {"output": "res-2"}}},
                ]},
                {"role": "model", "parts": [{"text": "say-2"}]},
                {"role": "user", "parts": [{"text": "ask-2"}]},
            ],
        }),
    }
}

#[test]
fn everything_said_reaches_every_target_exactly_once_and_nothing_is_dropped() {
    for endpoint in CLIENTS {
        for target in TARGETS {
            let (sent, dropped) = sent(endpoint, &conversation(endpoint), target);
            for word in [
                "sys-1", "ask-1", "say-1", "arg-1", "arg-2", "res-1", "res-2", "say-2", "ask-2",
                "desc-1",
            ] {
                assert_eq!(times(&sent, word), 1, "{word} {endpoint:?} {target:?}\n{sent:#}");
            }
            assert!(dropped.is_empty(), "{endpoint:?} {target:?} {dropped:?}");
        }
    }
}

#[test]
fn a_target_is_sent_the_same_whichever_dialect_the_conversation_came_in() {
    for target in TARGETS {
        let (first, _) = sent(Endpoint::Messages, &conversation(Endpoint::Messages), target);
        for endpoint in CLIENTS {
            let (mut other, _) = sent(endpoint, &conversation(endpoint), target);
            // Gemini says in its path whether it streams.
            for field in ["stream", "stream_options"] {
                if let Some(value) = first.get(field) {
                    other[field] = value.clone();
                }
            }
            assert_eq!(other, first, "{endpoint:?} {target:?}");
        }
    }
}

#[test]
fn calls_and_results_keep_their_ids_and_order() {
    let (chat, _) =
        sent(Endpoint::Messages, &conversation(Endpoint::Messages), (Form::Chat, "gpt-4o", false));
    let messages = chat["messages"].as_array().expect("messages");
    let roles: Vec<_> = messages.iter().map(|m| m["role"].as_str().unwrap_or("")).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "assistant", "user"]);
    assert_eq!(messages[2]["tool_calls"][1]["id"], "toolu_2");
    assert_eq!(messages[2]["tool_calls"][1]["function"]["arguments"], "{\"path\":\"arg-2\"}");
    assert_eq!(messages[3]["tool_call_id"], "toolu_1");

    let target = (Form::Messages, "claude-sonnet-4-5", false);
    let (claude, _) = sent(Endpoint::Chat, &conversation(Endpoint::Chat), target);
    let messages = claude["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 5);
    assert_eq!(messages[1]["content"][2]["id"], "toolu_2");
    assert_eq!(messages[1]["content"][2]["input"], json!({"path": "arg-2"}));
    let results = messages[2]["content"].as_array().expect("one message of results");
    assert_eq!(results.len(), 2);
    assert_eq!(results[1]["tool_use_id"], "toolu_2");
}

#[test]
fn the_endpoint_follows_the_form_and_the_stream() {
    for (endpoint, form, expected) in [
        (Endpoint::Messages, Form::Chat, Endpoint::Chat),
        (Endpoint::Messages, Form::Gemini, Endpoint::GenerateStream),
        (Endpoint::Generate, Form::Responses, Endpoint::Responses),
        (Endpoint::Generate, Form::Gemini, Endpoint::Generate),
        (Endpoint::GenerateStream, Form::Gemini, Endpoint::GenerateStream),
        (Endpoint::Chat, Form::Ollama, Endpoint::OllamaChat),
    ] {
        let translated = translate(endpoint, &conversation(endpoint), (form, "m", false));
        assert_eq!(translated.map(|t| t.endpoint), Ok(expected), "{endpoint:?} {form:?}");
    }
}

#[test]
fn what_is_no_conversation_is_refused_in_words() {
    let target =
        Target { form: Form::Chat, model: "m", traits: Traits::of(Form::Chat, "m", false) };
    for (endpoint, body) in [
        (Endpoint::Embeddings, &b"{}"[..]),
        (Endpoint::Messages, b"{}"),
        (Endpoint::Chat, b"[]"),
        (Endpoint::Responses, b"{\"input\":[]}"),
        (Endpoint::Generate, b"\xff"),
        (Endpoint::Chat, b"{\"messages\":[{\"role\":\"pirate\"}]}"),
    ] {
        let asked = crate::hub::Asked { endpoint, body, model: "m" };
        let rejected = crate::hub::request(&asked, &target).map(|_| ()).expect_err("it is refused");
        assert_eq!(rejected.class, "invalid_request");
        assert!(rejected.message.ends_with('.'), "{}", rejected.message);
    }
}
