//! What Gemini CLI and the Google SDKs send to others, and what Gemini is sent by others.

use super::{sent, times, translate};
use crate::hub::Form;
use serde_json::json;
use weir_core::Endpoint;

const SONNET: (Form, &str, bool) = (Form::Messages, "claude-sonnet-4-5", false);
const GPT: (Form, &str, bool) = (Form::Chat, "gpt-4o", false);
const FLASH: (Form, &str, bool) = (Form::Gemini, "gemini-3.8-flash", false);

#[test]
fn calls_without_ids_are_paired_with_their_results_by_name_and_order() {
    let call = |n: u32| json!({"functionCall": {"name": "read", "args": {"n": n}}});
    let result = |n: u32| json!({"functionResponse": {"name": "read", "response": {"output": format!("r{n}")}}});
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [call(1), call(2)]},
        {"role": "user", "parts": [result(1), result(2)]},
        {"role": "model", "parts": [call(3)]},
        {"role": "user", "parts": [result(3)]}]});
    let (gpt, _) = sent(Endpoint::Generate, &body, GPT);
    let messages = gpt["messages"].as_array().expect("messages");
    for (call, result, text) in [(0, 2, "r1"), (1, 3, "r2")] {
        assert_eq!(messages[1]["tool_calls"][call]["id"], messages[result]["tool_call_id"]);
        assert_eq!(messages[result]["content"], text);
    }
    assert_eq!(messages[4]["tool_calls"][0]["id"], messages[5]["tool_call_id"]);
    assert_ne!(messages[2]["tool_call_id"], messages[3]["tool_call_id"]);
}

#[test]
fn a_failed_function_is_an_error_everywhere_and_an_object_is_told_as_json() {
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"id": "a", "name": "f"}}, {"functionCall": {"id": "b", "name": "f"}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "a", "name": "f", "response": {"error": "broke"}}},
            {"functionResponse": {"id": "b", "name": "f", "response": {"x": [1]}}}]}]});
    let (claude, _) = sent(Endpoint::Generate, &body, SONNET);
    let results = &claude["messages"][2]["content"];
    assert_eq!((&results[0]["is_error"], &results[0]["content"]), (&json!(true), &json!("broke")));
    assert_eq!(results[1]["content"], "{\"x\":[1]}");
    let (gpt, _) = sent(Endpoint::Generate, &body, GPT);
    assert_eq!(gpt["messages"][2]["content"], "Error: broke");
}

#[test]
fn google_s_own_schemas_become_json_schema() {
    let body = json!({"contents": [{"parts": [{"text": "hi"}]}],
        "tools": [{"function_declarations": [{"name": "f", "parameters":
            {"type": "OBJECT", "properties": {"p": {"type": "STRING"}}}}]}],
        "generation_config": {"response_mime_type": "application/json",
            "response_schema": {"type": "ARRAY", "items": {"type": "INTEGER"}}}});
    let (gpt, _) = sent(Endpoint::Generate, &body, GPT);
    assert_eq!(gpt["tools"][0]["function"]["parameters"]["properties"]["p"]["type"], "string");
    assert_eq!(gpt["response_format"]["json_schema"]["schema"]["items"]["type"], "integer");
}

#[test]
fn what_google_alone_holds_or_runs_is_refused_or_dropped_by_name() {
    let hi = json!([{"parts": [{"text": "hi"}]}]);
    let cached = json!({"contents": hi, "cachedContent": "cachedContents/1"});
    let rejected = translate(Endpoint::Generate, &cached, GPT).map(|_| ()).expect_err("refused");
    assert_eq!(rejected.class, "cached_content");
    let search = json!({"contents": hi, "tools": [{"googleSearch": {}}], "safetySettings": []});
    let (_, dropped) = sent(Endpoint::Generate, &search, GPT);
    assert_eq!(dropped, ["server-tool:googleSearch", "safety-settings"]);
}

#[test]
fn gemini_3_is_given_a_signature_with_the_first_call_of_each_turn_its_own_or_the_stand_in() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "t", "signature": "WeirSealGem1CiQB"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            {"type": "tool_use", "id": "b", "name": "f", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {"type": "tool_result", "tool_use_id": "b", "content": "2"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "3"}]}]});
    let (flash, dropped) = sent(Endpoint::Messages, &body, FLASH);
    let contents = &flash["contents"];
    assert_eq!(contents[1]["parts"][0]["thoughtSignature"], "CiQB");
    assert!(contents[1]["parts"][1].get("thoughtSignature").is_none());
    assert_eq!(contents[3]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator");
    assert_eq!(contents[2]["parts"][0]["functionResponse"]["name"], "f");
    assert!(dropped.is_empty(), "{dropped:?}");
    let (older, _) = sent(Endpoint::Messages, &body, (Form::Gemini, "gemini-2.5-flash", false));
    assert_eq!(times(&older, "skip_thought"), 0);
    let (compatible, _) = sent(Endpoint::Messages, &body, (Form::Chat, "gemini-3.8-flash", false));
    let calls = &compatible["messages"][1]["tool_calls"];
    assert_eq!(calls[0]["extra_content"]["google"]["thought_signature"], "CiQB");
}

#[test]
fn seals_of_claude_return_to_claude_through_a_gemini_client() {
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [
            {"text": "t", "thought": true, "thoughtSignature": "WeirSealAnt1Eq-_"},
            {"functionCall": {"id": "a", "name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "a", "name": "f", "response": {"output": "x"}}}]}]});
    let (claude, _) = sent(Endpoint::Generate, &body, SONNET);
    assert_eq!(
        claude["messages"][1]["content"][0],
        json!({"type": "thinking", "thinking": "t", "signature": "Eq+/"})
    );
}

#[test]
fn a_file_without_a_type_is_what_its_address_says() {
    let at = |uri: &str| json!({"contents": [{"parts": [{"fileData": {"fileUri": uri}}, {"text": "what?"}]}]});
    let (claude, _) = sent(Endpoint::Generate, &at("https://x.example/y.png"), SONNET);
    assert_eq!(claude["messages"][0]["content"][0]["type"], "image");
    let refused = translate(Endpoint::Generate, &at("https://www.youtube.com/watch?v=1"), SONNET);
    assert_eq!(refused.expect_err("it is refused").class, "video_block");
}

#[test]
fn a_part_nobody_knows_and_a_resolution_are_named_when_they_are_left_out() {
    let body = json!({"contents": [{"parts": [{"text": "hi"}, {"toolCall": {"id": "x"}}]}],
        "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}});
    let (_, dropped) = sent(Endpoint::Generate, &body, SONNET);
    assert_eq!(dropped, ["media-resolution", "unknown:toolCall"]);
}
