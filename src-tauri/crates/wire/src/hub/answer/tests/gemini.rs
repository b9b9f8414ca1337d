//! Gemini on either side.

use super::{back, data, heard, run, streamed, whole};
use crate::hub::Form;
use crate::hub::answer::{Ending, Framing, Stop, Stream};
use serde_json::{Value as Json, json};

#[test]
fn a_call_goes_out_whole_when_its_arguments_are_complete() {
    let text = streamed(&back(Form::Gemini), Form::Chat, &super::samples::stream(Form::Chat));
    let calls: Vec<Json> = super::events(&text)
        .into_iter()
        .map(|(_, c)| c["candidates"][0]["content"]["parts"][0]["functionCall"].clone())
        .filter(|c| !c.is_null())
        .collect();
    assert_eq!(
        calls,
        [
            json!({"id": "call_1", "name": "look", "args": {"at": 1.0, "z": "ä"}}),
            json!({"id": "call_2", "name": "look", "args": {}}),
        ]
    );
}

#[test]
fn the_last_chunk_has_the_reason_and_the_usage() {
    let text =
        streamed(&back(Form::Gemini), Form::Messages, &super::samples::stream(Form::Messages));
    let chunks = super::events(&text);
    let last = &chunks[chunks.len() - 1].1;
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(last["usageMetadata"]["promptTokenCount"], 140);
    assert_eq!(last["usageMetadata"]["thoughtsTokenCount"], 12);
    assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 18);
    assert!(
        chunks[..chunks.len() - 1]
            .iter()
            .all(|(_, c)| c["candidates"][0]["finishReason"].is_null())
    );
}

#[test]
fn a_client_without_alt_sse_gets_one_json_array() {
    let sample = super::samples::stream(Form::Chat);
    for cut in [false, true] {
        let mut stream = Stream::new(back(Form::Gemini), Form::Chat, Framing::Sse).as_array();
        let input = if cut { &sample[..sample.len() / 2] } else { &sample };
        let mut out = stream.feed(input.as_bytes());
        out.extend(stream.finish(Ending::Clean));
        let array: Vec<Json> = serde_json::from_slice(&out).expect("an array");
        let last = array.last().expect("items");
        assert_eq!(last["error"].is_null(), !cut);
        assert_eq!(last["candidates"][0]["finishReason"] == "STOP", !cut);
        assert_eq!(stream.ping(), None);
    }
}

#[test]
fn an_array_from_the_provider_is_read_as_a_stream() {
    let items =
        super::samples::stream(Form::Gemini).replace("data: ", "").replace("}\n\n{", "},\r\n{");
    let array = format!("[{}]", items.trim());
    let mut stream = Stream::new(back(Form::Messages), Form::Gemini, Framing::JsonArray);
    let mut out = stream.feed(array.as_bytes());
    out.extend(stream.finish(Ending::Clean));
    let expected =
        streamed(&back(Form::Messages), Form::Gemini, &super::samples::stream(Form::Gemini));
    assert_eq!(String::from_utf8(out).expect("text"), expected);
}

#[test]
fn gemini_s_reasons_are_told_in_the_client_s_words() {
    for (reason, messages, chat) in [
        ("STOP", "end_turn", "stop"),
        ("MAX_TOKENS", "max_tokens", "length"),
        ("SAFETY", "refusal", "content_filter"),
        ("RECITATION", "refusal", "content_filter"),
    ] {
        let body = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"finishReason":"{reason}"}}],"responseId":"r"}}"#
        );
        assert_eq!(whole(&back(Form::Messages), Form::Gemini, &body)["stop_reason"], messages);
        assert_eq!(
            whole(&back(Form::Chat), Form::Gemini, &body)["choices"][0]["finish_reason"],
            chat
        );
    }
}

#[test]
fn a_blocked_prompt_is_a_refusal_and_no_empty_success() {
    let body = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3},"responseId":"r"}"#;
    assert_eq!(whole(&back(Form::Messages), Form::Gemini, body)["stop_reason"], "refusal");
    let told = heard(Form::Chat, &streamed(&back(Form::Chat), Form::Gemini, &data(&[body])));
    assert_eq!(told.choices[0].stop, Stop::Refused);
}

#[test]
fn a_call_the_model_could_not_form_is_an_error() {
    let chunk = r#"{"candidates":[{"content":{"parts":[]},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: print("}],"responseId":"r"}"#;
    let (text, failed) =
        run(&back(Form::Messages), Form::Gemini, &[data(&[chunk]).as_bytes()], Ending::Clean);
    assert!(failed);
    assert!(text.contains("event: error") && text.contains("MALFORMED_FUNCTION_CALL"), "{text}");
}

#[test]
fn a_call_s_seal_reaches_a_messages_client_as_a_thought_before_it() {
    let text = streamed(&back(Form::Messages), Form::Gemini, &super::samples::stream(Form::Gemini));
    let told = heard(Form::Messages, &text);
    let [.., thought, call] = &told.choices[0].parts[..] else { panic!("{told:?}") };
    let seal = thought.seal.clone().expect("a seal");
    assert_eq!(seal.data, "WeirSealGem1CiQB+/==");
    assert!(matches!(&call.piece, crate::hub::answer::Piece::Call(_)));
    let chat = streamed(&back(Form::Chat), Form::Gemini, &super::samples::stream(Form::Gemini));
    assert!(
        chat.contains(r#""extra_content":{"google":{"thought_signature":"CiQB+/=="}}"#),
        "{chat}"
    );
}

#[test]
fn images_reach_the_clients_that_can_hold_them() {
    let body = r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBO"}}]},"finishReason":"STOP"}],"responseId":"r"}"#;
    let chat = whole(&back(Form::Chat), Form::Gemini, body);
    assert_eq!(
        chat["choices"][0]["message"]["images"][0]["image_url"]["url"],
        "data:image/png;base64,iVBO"
    );
    let responses = whole(&back(Form::Responses), Form::Gemini, body);
    assert_eq!(responses["output"][0]["result"], "iVBO");
}
