//! The ways compatible servers stream Chat, and what a Chat client sees.

use super::{back, data, events, heard, streamed, tool, whole};
use crate::hub::Form;
use crate::hub::answer::{Piece, Told};
use serde_json::json;

fn calls(told: &Told) -> Vec<(String, String)> {
    let call = |part: &crate::hub::answer::Part| match &part.piece {
        Piece::Call(call) => Some((call.name.clone(), part.text.clone())),
        _ => None,
    };
    told.choices[0].parts.iter().filter_map(call).collect()
}

fn read(deltas: &[&str]) -> Vec<(String, String)> {
    let mut chunks: Vec<String> = deltas
        .iter()
        .map(|d| format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{{"tool_calls":{d}}}}}]}}"#))
        .collect();
    chunks.push(
        r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#.into(),
    );
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    calls(&heard(Form::Messages, &streamed(&back(Form::Messages), Form::Chat, &data(&chunks))))
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn calls_of_the_same_tool_without_ids_stay_two_calls() {
    let expected = pairs(&[("f", r#"{"a":1}"#), ("f", r#"{"a":2}"#)]);
    // All in one delta, without an index.
    assert_eq!(
        read(&[
            r#"[{"function":{"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"f","arguments":"{\"a\":2}"}}]"#
        ]),
        expected
    );
    // All under index 0, each with an id of its own.
    assert_eq!(
        read(&[
            r#"[{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\":1}"}}]"#,
            r#"[{"index":0,"id":"y","function":{"name":"f","arguments":"{\"a\":2}"}}]"#
        ]),
        expected
    );
    // All under index 0 without ids.
    assert_eq!(
        read(&[
            r#"[{"index":0,"function":{"name":"f","arguments":"{\"a\":1}"}}]"#,
            r#"[{"index":0,"function":{"name":"f","arguments":"{\"a\":2}"}}]"#
        ]),
        expected
    );
}

#[test]
fn a_name_repeated_with_every_piece_is_one_call() {
    assert_eq!(
        read(&[
            r#"[{"index":0,"id":"x","function":{"name":"f","arguments":"{\"a\""}}]"#,
            r#"[{"index":0,"id":"x","function":{"name":"f","arguments":":1}"}}]"#
        ]),
        pairs(&[("f", r#"{"a":1}"#)])
    );
}

#[test]
fn arguments_before_the_name_and_arguments_as_an_object_are_read() {
    assert_eq!(
        read(&[
            r#"[{"index":0,"id":"x","function":{"arguments":"{\"a\""}}]"#,
            r#"[{"index":0,"function":{"name":"f","arguments":":1}"}}]"#
        ]),
        pairs(&[("f", r#"{"a":1}"#)])
    );
    assert_eq!(
        read(&[r#"[{"index":0,"id":"x","function":{"name":"f","arguments":{"a":1}}}]"#]),
        pairs(&[("f", r#"{"a":1}"#)])
    );
    assert_eq!(
        read(&[r#"[{"index":0,"id":"x","function":{"name":"f","arguments":""}}]"#]),
        pairs(&[("f", "{}")])
    );
}

#[test]
fn one_thought_under_two_names_is_told_once() {
    let body = r#"{"id":"gen-1","choices":[{"index":0,"message":{"content":"a","reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"Eu==","format":"anthropic-claude-v1"}]},"finish_reason":"stop"}]}"#;
    let answer = whole(&back(Form::Messages), Form::Chat, body);
    assert_eq!(
        answer["content"][0],
        json!({"type": "thinking", "thinking": "Hm", "signature": "Eu=="})
    );
    assert_eq!(answer["content"].as_array().map(Vec::len), Some(2));
}

#[test]
fn content_in_parts_is_read() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"a"}]},"finish_reason":"stop"}]}"#;
    let answer = whole(&back(Form::Messages), Form::Chat, body);
    assert_eq!(answer["content"][0]["thinking"], "Hm");
    assert_eq!(answer["content"][1]["text"], "a");
}

#[test]
fn a_chat_client_gets_chunks_with_the_role_once_and_usage_only_if_asked() {
    let mut back = back(Form::Chat);
    let stream = super::samples::stream(Form::Messages);
    let text = streamed(&back, Form::Messages, &stream);
    let chunks = events(&text);
    let roles = chunks.iter().filter(|(_, c)| c["choices"][0]["delta"]["role"] == "assistant");
    assert_eq!(roles.count(), 1);
    assert!(
        chunks
            .iter()
            .all(|(_, c)| c["id"] == "chatcmpl-01X" && c["object"] == "chat.completion.chunk")
    );
    let last = &chunks[chunks.len() - 1].1;
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["prompt_tokens"], 140);
    assert_eq!(last["usage"]["prompt_tokens_details"]["cached_tokens"], 40);
    assert!(text.ends_with("data: [DONE]\n\n"));
    back.include_usage = false;
    assert!(!streamed(&back, Form::Messages, &stream).contains("usage"));
}

#[test]
fn several_answers_keep_their_places() {
    let gemini = data(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},{"content":{"parts":[{"text":"b"}]},"index":1}],"responseId":"r"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"c"}]},"index":1,"finishReason":"STOP"}],"responseId":"r"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"d"}]},"index":0,"finishReason":"MAX_TOKENS"}],"responseId":"r"}"#,
    ]);
    let told = heard(Form::Chat, &streamed(&back(Form::Chat), Form::Gemini, &gemini));
    let texts: Vec<_> =
        told.choices.iter().map(|c| (c.index, c.parts[0].text.as_str(), c.stop.clone())).collect();
    use crate::hub::answer::Stop;
    assert_eq!(texts, [(0, "ad", Stop::Length), (1, "bc", Stop::End)]);
}

#[test]
fn a_free_text_tool_is_called_with_its_text_again() {
    let mut patch = tool("apply_patch", "apply_patch");
    patch.freeform = true;
    for client in [Form::Chat, Form::Responses] {
        let mut back = back(client);
        back.tools.push(patch.clone());
        let body = r#"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"a","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin\\n+a\"}"}}]},"finish_reason":"tool_calls"}]}"#;
        let answer = whole(&back, Form::Chat, body);
        let input = match client {
            Form::Chat => &answer["choices"][0]["message"]["tool_calls"][0]["custom"]["input"],
            _ => &answer["output"][0]["input"],
        };
        assert_eq!(input, "*** Begin\n+a", "{answer}");
    }
}

#[test]
fn token_probabilities_pass_between_chat_responses_and_gemini() {
    let gemini = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0,"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a","tokenId":1,"logProbability":-0.25}],"topCandidates":[{"candidates":[{"token":"a","logProbability":-0.25},{"token":"b","logProbability":-1.5}]}]}}],"responseId":"r"}"#;
    let chat = whole(&back(Form::Chat), Form::Gemini, gemini);
    let token = &chat["choices"][0]["logprobs"]["content"][0];
    assert_eq!(token["token"], "a");
    assert_eq!(token["logprob"], -0.25);
    assert_eq!(token["top_logprobs"][1]["token"], "b");
    let back_again = whole(&back(Form::Gemini), Form::Chat, &chat.to_string());
    let result = &back_again["candidates"][0]["logprobsResult"];
    assert_eq!(result["chosenCandidates"][0]["logProbability"], -0.25);
    assert_eq!(result["topCandidates"][0]["candidates"][1]["token"], "b");
    let responses = whole(&back(Form::Responses), Form::Chat, &chat.to_string());
    assert_eq!(responses["output"][0]["content"][0]["logprobs"][0]["token"], "a");
}

#[test]
fn a_refusal_in_words_stops_as_openai_s_own_do() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]}"#;
    let answer = whole(&back(Form::Responses), Form::Chat, body);
    assert_eq!(answer["status"], "completed");
    assert_eq!(answer["output"][0]["content"][0]["refusal"], "I will not.");
    let responses = answer.to_string();
    let chat = whole(&back(Form::Chat), Form::Responses, &responses);
    assert_eq!(chat["choices"][0]["message"]["refusal"], "I will not.");
    assert_eq!(chat["choices"][0]["finish_reason"], "stop");
}
