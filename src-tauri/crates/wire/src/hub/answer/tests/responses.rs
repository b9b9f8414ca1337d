//! What a Responses client sees; Codex above all.

use super::samples::{FROM, stream};
use super::{back, events, heard, named, streamed, tool, whole};
use crate::hub::Form;
use crate::hub::answer::{Ending, Piece};
use serde_json::json;

#[test]
fn sequence_numbers_grow_by_one_from_zero() {
    for from in FROM {
        let text = streamed(&back(Form::Responses), from, &stream(from));
        for (at, (name, event)) in events(&text).iter().enumerate() {
            assert_eq!(event["sequence_number"], at, "{from:?} {name}");
            assert_eq!(event["type"], name.as_str());
        }
    }
}

#[test]
fn every_item_is_added_filled_and_done_and_the_last_event_repeats_them() {
    for from in FROM {
        let text = streamed(&back(Form::Responses), from, &stream(from));
        let events = events(&text);
        assert_eq!(events[0].0, "response.created");
        assert_eq!(events[1].0, "response.in_progress");
        let mut done = Vec::new();
        let mut open = None;
        for (name, event) in &events {
            match name.as_str() {
                "response.output_item.added" => {
                    assert_eq!(open.replace(event["item"]["id"].clone()), None);
                    assert_eq!(event["output_index"], done.len());
                }
                "response.output_item.done" => {
                    assert_eq!(open.take(), Some(event["item"]["id"].clone()));
                    done.push(event["item"].clone());
                }
                _ => {
                    if let Some(id) = event.get("item_id") {
                        assert_eq!(open.as_ref(), Some(id), "{name}");
                    }
                }
            }
        }
        let (name, last) = &events[events.len() - 1];
        assert_eq!(name, "response.completed");
        assert_eq!(last["response"]["output"], json!(done), "{from:?}");
        assert_eq!(last["response"]["status"], "completed");
        assert_eq!(last["response"]["usage"]["input_tokens"], 140);
    }
}

#[test]
fn deltas_of_an_item_add_up_to_its_end() {
    for from in FROM {
        let text = streamed(&back(Form::Responses), from, &stream(from));
        let mut sum = String::new();
        let mut ends = 0;
        for (name, event) in events(&text) {
            if name.ends_with(".delta") {
                sum.push_str(event["delta"].as_str().expect("a delta"));
            }
            let whole = match name.as_str() {
                "response.output_text.done" | "response.reasoning_summary_text.done" => "text",
                "response.function_call_arguments.done" => "arguments",
                _ => continue,
            };
            assert_eq!(event[whole], std::mem::take(&mut sum).as_str());
            ends += 1;
        }
        assert!(ends >= 3, "{from:?}");
    }
}

#[test]
fn a_free_text_tool_comes_as_a_custom_tool_call_with_its_events() {
    let mut back = back(Form::Responses);
    let mut patch = tool("apply_patch", "apply_patch");
    patch.freeform = true;
    back.tools.push(patch);
    let stream = named(&[
        r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"input\": \"*** Be"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"gin\"}"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    let events = events(&streamed(&back, Form::Messages, &stream));
    let find = |name: &str| &events.iter().find(|(n, _)| n == name).expect("the event").1;
    assert_eq!(find("response.output_item.added")["item"]["type"], "custom_tool_call");
    assert_eq!(find("response.custom_tool_call_input.delta")["delta"], "*** Begin");
    assert_eq!(find("response.custom_tool_call_input.done")["input"], "*** Begin");
    let item = &find("response.output_item.done")["item"];
    assert_eq!((&item["input"], &item["call_id"]), (&json!("*** Begin"), &json!("toolu_1")));
}

#[test]
fn a_tool_s_namespace_is_told_apart_from_its_name_again() {
    let mut back = back(Form::Responses);
    let mut sent = tool("mcp__files__read", "read");
    sent.namespace = Some("mcp__files".to_owned());
    back.tools.push(sent);
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"a","function":{"name":"mcp__files__read","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let item = whole(&back, Form::Chat, body)["output"][0].clone();
    assert_eq!((&item["name"], &item["namespace"]), (&json!("read"), &json!("mcp__files")));
}

#[test]
fn a_cut_answer_is_incomplete_with_its_reason() {
    let stream = named(&[
        r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":5}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    let events = events(&streamed(&back(Form::Responses), Form::Messages, &stream));
    let (name, last) = &events[events.len() - 1];
    assert_eq!(name, "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
}

#[test]
fn fields_of_the_request_are_repeated_and_the_rest_has_its_defaults() {
    let mut back = back(Form::Responses);
    back.echo = vec![("instructions", "\"Be brief\"".to_owned()), ("tools", "[{}]".to_owned())];
    let answer = whole(&back, Form::Chat, super::samples::document(Form::Chat));
    assert_eq!(answer["instructions"], "Be brief");
    assert_eq!(answer["tools"], json!([{}]));
    assert_eq!(answer["tool_choice"], "auto");
    assert_eq!(answer["created_at"], 1_795_334_400);
}

#[test]
fn what_no_delta_told_is_taken_from_the_items_and_from_the_end() {
    let created = r#"{"type":"response.created","response":{"id":"resp_1"}}"#;
    let message =
        r#"{"id":"m","type":"message","content":[{"type":"output_text","text":"Hello"}]}"#;
    let call =
        r#"{"id":"f","type":"function_call","call_id":"c","name":"look","arguments":"{\"a\":1}"}"#;
    let done = |index: u32, item: &str| {
        format!(r#"{{"type":"response.output_item.done","output_index":{index},"item":{item}}}"#)
    };
    let completed = format!(
        r#"{{"type":"response.completed","response":{{"id":"resp_1","status":"completed","output":[{message},{call}]}}}}"#
    );
    for stream in [
        named(&[created, &done(0, message), &done(1, call), &completed]),
        named(&[created, &completed]),
    ] {
        let told =
            heard(Form::Messages, &streamed(&back(Form::Messages), Form::Responses, &stream));
        let texts: Vec<_> = told.choices[0].parts.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts, ["Hello", "{\"a\":1}"]);
    }
}

#[test]
fn paragraphs_of_one_summary_are_one_thought() {
    let delta = |part: u32, text: &str| {
        format!(
            r#"{{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":{part},"delta":"{text}"}}"#
        )
    };
    let stream = named(&[
        r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
        &delta(0, "a"),
        &delta(1, "b"),
        r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}"#,
    ]);
    let told = heard(Form::Messages, &streamed(&back(Form::Messages), Form::Responses, &stream));
    let parts: Vec<_> = told.choices[0].parts.iter().map(|p| (&p.piece, p.text.as_str())).collect();
    assert_eq!(parts, [(&Piece::Thinking, "a\n\nb")]);
    let document = r#"{"id":"resp_1","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}]}]}"#;
    assert_eq!(
        whole(&back(Form::Messages), Form::Responses, document)["content"][0]["thinking"],
        "a\n\nb"
    );
}

#[test]
fn a_failed_stream_ends_with_an_error_and_a_failed_response() {
    let stream = named(&[
        r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    ]);
    let (text, failed) =
        super::run(&back(Form::Responses), Form::Messages, &[stream.as_bytes()], Ending::Clean);
    assert!(failed);
    let events = events(&text);
    let [.., (error, first), (last, response)] = &events[..] else { panic!("{text}") };
    assert_eq!((error.as_str(), last.as_str()), ("error", "response.failed"));
    assert_eq!(first["message"], "Overloaded");
    assert_eq!(response["response"]["error"]["code"], "server_is_overloaded");
    assert_eq!(response["response"]["status"], "failed");
}

#[test]
fn texts_of_items_that_come_mixed_are_never_joined() {
    let delta = |item: u32, text: &str| {
        format!(
            r#"{{"type":"response.output_text.delta","output_index":{item},"content_index":0,"delta":"{text}"}}"#
        )
    };
    let stream = named(&[
        r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
        &delta(0, "a"),
        &delta(1, "b"),
        r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}"#,
    ]);
    let told = heard(Form::Messages, &streamed(&back(Form::Messages), Form::Responses, &stream));
    let texts: Vec<_> = told.choices[0].parts.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn the_time_is_the_provider_s_where_it_says_one() {
    let mut back = back(Form::Responses);
    back.at_s = 5;
    let at = |from| whole(&back, from, super::samples::document(from))["created_at"].clone();
    assert_eq!((at(Form::Chat), at(Form::Messages)), (json!(1_795_334_400), json!(5)));
}
