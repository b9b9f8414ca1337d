//! What a Messages client sees, event by event.

use super::{back, data, events, heard, streamed, tool, whole};
use crate::hub::answer::{Piece, Stop};
use crate::hub::{Back, Form};
use serde_json::json;

fn names(text: &str) -> Vec<String> {
    events(text).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_text_comes_as_the_events_anthropic_s_sdks_expect() {
    let stream = data(&[
        r#"{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
        r#"{"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
        "[DONE]",
    ]);
    let text = streamed(&back(Form::Messages), Form::Chat, &stream);
    assert_eq!(
        names(&text),
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    let events = events(&text);
    assert_eq!(events[0].1["message"]["id"], "msg_1");
    assert_eq!(events[0].1["message"]["content"], json!([]));
    assert_eq!(events[1].1["content_block"], json!({"type": "text", "text": ""}));
    assert_eq!(events[2].1["delta"], json!({"type": "text_delta", "text": "Hi"}));
    assert_eq!(events[4].1["delta"], json!({"stop_reason": "end_turn", "stop_sequence": null}));
    assert_eq!(events[4].1["usage"]["input_tokens"], 9);
    assert_eq!(events[4].1["usage"]["output_tokens"], 2);
}

#[test]
fn parallel_calls_whose_deltas_are_mixed_come_one_after_the_other() {
    let stream = data(&[
        r#"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}},{"index":1,"id":"b","function":{"name":"f","arguments":"{\"y\""}}]}}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":":2}"}},{"index":0,"function":{"arguments":":1}"}}]}}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        "[DONE]",
    ]);
    let text = streamed(&back(Form::Messages), Form::Chat, &stream);
    let told = heard(Form::Messages, &text);
    let parts = &told.choices[0].parts;
    assert_eq!((parts[0].text.as_str(), parts[1].text.as_str()), ("{\"x\":1}", "{\"y\":2}"));
    let mut open = None;
    for (name, event) in events(&text) {
        match name.as_str() {
            "content_block_start" => assert_eq!(open.replace(event["index"].clone()), None),
            "content_block_delta" => assert_eq!(open.as_ref(), Some(&event["index"])),
            "content_block_stop" => assert_eq!(open.take(), Some(event["index"].clone())),
            _ => {}
        }
    }
}

#[test]
fn the_first_call_streams_on_while_its_arguments_come() {
    let mut stream = crate::hub::answer::Stream::new(
        back(Form::Messages),
        Form::Chat,
        crate::hub::answer::Framing::Sse,
    );
    let first = data(&[
        r#"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]}"#,
    ]);
    let out = String::from_utf8(stream.feed(first.as_bytes())).expect("text");
    assert!(out.contains(r#""partial_json":"{\"x\"""#), "{out}");
}

#[test]
fn the_usage_after_the_finish_reason_is_waited_for() {
    let mut stream = crate::hub::answer::Stream::new(
        back(Form::Messages),
        Form::Chat,
        crate::hub::answer::Framing::Sse,
    );
    let finish = data(&[
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
    ]);
    assert!(!String::from_utf8_lossy(&stream.feed(finish.as_bytes())).contains("message_stop"));
    let usage =
        data(&[r#"{"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#]);
    stream.feed(usage.as_bytes());
    let end = String::from_utf8(stream.feed(b"data: [DONE]\n\n")).expect("text");
    assert!(end.contains("\"input_tokens\":5") && end.contains("message_stop"), "{end}");
    assert!(stream.finish(crate::hub::answer::Ending::Clean).is_empty());
}

#[test]
fn a_finish_reason_without_done_is_a_clean_end() {
    let stream = data(&[
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"length"}]}"#,
    ]);
    let text = streamed(&back(Form::Messages), Form::Chat, &stream);
    assert!(text.contains("\"stop_reason\":\"max_tokens\"") && text.contains("message_stop"));
}

#[test]
fn stop_reasons_are_told_in_anthropic_s_words() {
    for (reason, extra, expected) in [
        ("stop", "", "end_turn"),
        ("length", "", "max_tokens"),
        ("content_filter", "", "refusal"),
        ("stop", r#","stop_reason":"END""#, "stop_sequence"),
        ("eos", "", "end_turn"),
    ] {
        let body = format!(
            r#"{{"id":"c","choices":[{{"index":0,"message":{{"content":"a"}},"finish_reason":"{reason}"{extra}}}]}}"#
        );
        let mut back = back(Form::Messages);
        back.stop = vec!["END".to_owned()];
        let answer = whole(&back, Form::Chat, &body);
        assert_eq!(answer["stop_reason"], expected);
        let sequence = if extra.is_empty() { json!(null) } else { json!("END") };
        assert_eq!(answer["stop_sequence"], sequence);
    }
}

#[test]
fn calls_end_as_tool_use_whatever_the_server_says() {
    for reason in ["stop", "tool_calls", "function_call"] {
        let body = format!(
            r#"{{"id":"c","choices":[{{"index":0,"message":{{"content":null,"tool_calls":[{{"id":"a","function":{{"name":"f","arguments":"{{}}"}}}}]}},"finish_reason":"{reason}"}}]}}"#
        );
        assert_eq!(whole(&back(Form::Messages), Form::Chat, &body)["stop_reason"], "tool_use");
    }
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"tool_calls"}]}"#;
    assert_eq!(whole(&back(Form::Messages), Form::Chat, body)["stop_reason"], "end_turn");
}

#[test]
fn a_refusal_is_a_text_that_ends_as_one() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]}"#;
    let answer = whole(&back(Form::Messages), Form::Chat, body);
    assert_eq!(answer["content"], json!([{"type": "text", "text": "I will not."}]));
    assert_eq!(answer["stop_reason"], "refusal");
}

#[test]
fn names_and_ids_are_the_client_s_own_again() {
    let mut back = back(Form::Messages);
    back.tools.push(tool("fs_read_1234", "fs.read"));
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"call:1/x","function":{"name":"fs_read_1234","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let call = whole(&back, Form::Chat, body)["content"][0].clone();
    assert_eq!(call["name"], "fs.read");
    let id = call["id"].as_str().expect("an id");
    assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{id}");
}

#[test]
fn calls_without_ids_get_ids_of_their_own_that_stay_the_same() {
    let body = r#"{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"f","arguments":{"a":2}}}]},"done":true}"#;
    let ids = |seed| {
        let mut back = back(Form::Messages);
        back.seed = seed;
        let answer = whole(&back, Form::Ollama, body);
        [answer["content"][0]["id"].clone(), answer["content"][1]["id"].clone()]
    };
    let [a, b] = ids(1);
    assert_ne!(a, b);
    assert_eq!(ids(1), [a.clone(), b.clone()]);
    assert!(!ids(2).contains(&a) && !ids(2).contains(&b), "another turn has other ids");
}

#[test]
fn arguments_that_are_no_object_are_shown_and_not_made_up() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"path\": \"/a"}}]},"finish_reason":"length"}]}"#;
    let answer = whole(&back(Form::Messages), Form::Chat, body);
    assert_eq!(answer["content"][0]["input"], json!({"invalid_arguments": "{\"path\": \"/a"}));
    assert_eq!(answer["stop_reason"], "max_tokens");
}

#[test]
fn thinking_between_texts_becomes_blocks_in_the_same_order() {
    let delta = |field: &str, text: &str| {
        format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{{"{field}":"{text}"}}}}]}}"#)
    };
    let stream = data(&[
        &delta("reasoning", "a"),
        &delta("content", "b"),
        &delta("reasoning", "c"),
        &delta("content", "d"),
        r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    ]);
    let told = heard(Form::Messages, &streamed(&back(Form::Messages), Form::Chat, &stream));
    let parts: Vec<_> =
        told.choices[0].parts.iter().map(|p| (p.piece.clone(), p.text.as_str())).collect();
    assert_eq!(
        parts,
        [(Piece::Thinking, "a"), (Piece::Text, "b"), (Piece::Thinking, "c"), (Piece::Text, "d")]
    );
    assert_eq!(told.choices[0].stop, Stop::End);
}

#[test]
fn redacted_thinking_stays_redacted_thinking() {
    let body = r#"{"id":"msg_1","type":"message","content":[{"type":"redacted_thinking","data":"Em+/wA=="},{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let answer = whole(&back(Form::Messages), Form::Messages, body);
    assert_eq!(answer["content"][0], json!({"type": "redacted_thinking", "data": "Em+/wA=="}));
}

#[test]
fn a_sequence_nobody_asked_for_is_the_model_s_own_end() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop","stop_reason":"<|im_end|>"}]}"#;
    assert_eq!(whole(&back(Form::Messages), Form::Chat, body)["stop_reason"], "end_turn");
}

#[test]
fn an_image_in_an_answer_is_said_where_it_cannot_be_carried() {
    let body = json!({"candidates": [{"content": {"role": "model", "parts": [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}, "finishReason": "STOP"}]});
    let client = Back { target: Form::Gemini, ..back(Form::Messages) };
    let answer = whole(&client, Form::Gemini, &body.to_string());
    let words = "[The model answered with an image, which this API cannot carry.]";
    assert_eq!(answer["content"][0]["text"], words, "{answer}");
    let stream = streamed(&client, Form::Gemini, &data(&[&body.to_string()]));
    assert_eq!(heard(Form::Messages, &stream).choices[0].parts[0].text, words, "{stream}");
}
