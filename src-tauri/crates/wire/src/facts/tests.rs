//! Tests of reading a request's facts, as sentences.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn chat(body: &str) -> Result<Facts, BodyProblem> {
    read(Endpoint::Chat, body.as_bytes())
}

#[test]
fn a_claude_code_body_gives_its_facts() {
    let body = br#"{"model":"claude-opus-5-5","max_tokens":128000,"stream":true,
      "metadata":{"user_id":"{\"device_id\":\"d1\",\"account_uuid\":\"a1\",\"session_id\":\"5f0c-1\"}"},
      "system":[{"type":"text","text":"x \"cache_control\": y"},{"type":"text","text":"z","cache_control":{"type":"ephemeral"}}],
      "messages":[{"role":"user","content":"hi"}],"service_tier":"auto"}"#;
    let facts = read(Endpoint::Messages, body).expect("a sound body");
    let model = facts.model.expect("a model");
    assert_eq!(model.value, "claude-opus-5-5");
    assert_eq!(&body[model.range], b"\"claude-opus-5-5\"");
    assert!(facts.stream && facts.cache_marked);
    assert_eq!(facts.max_output_tokens, Some(128_000));
    assert_eq!(facts.session.as_deref(), Some("5f0c-1"));
    assert_eq!(facts.service_tier.as_deref(), Some("auto"));
}

#[test]
fn the_old_form_of_the_session_is_read_too() {
    let body = r#"{"model":"m","metadata":{"user_id":"user_ab12_account_c0-1_session_9e8d-7"}}"#;
    let facts = read(Endpoint::Messages, body.as_bytes()).expect("a sound body");
    assert_eq!(facts.session.as_deref(), Some("9e8d-7"));
    let body = r#"{"model":"m","metadata":{"user_id":"somebody"}}"#;
    let facts = read(Endpoint::Messages, body.as_bytes()).expect("a sound body");
    assert_eq!(facts.session, None);
}

#[test]
fn a_word_in_a_prompt_marks_no_cache_but_a_key_does_in_any_spelling() {
    let marked =
        |body: &str| read(Endpoint::Messages, body.as_bytes()).expect("sound").cache_marked;
    assert!(!marked(r#"{"model":"m","messages":[{"content":"cache_control"}]}"#));
    assert!(!marked(r#"{"model":"m","messages":[{"content":"\"cache_control\":{}"}]}"#));
    assert!(!marked(r#"{"model":"m","messages":[{"cache_control" : null}]}"#));
    assert!(marked(r#"{"model":"m","messages":[{"cache_control" : {"type":"ephemeral"}}]}"#));
    assert!(marked(r#"{"model":"m","messages":[{"cache\u005fcontrol":{}}]}"#));
    assert!(marked(r#"{"model":"m","cache_control":{"type":"ephemeral"}}"#));
    assert!(marked(r#"{"model":"m","input":[{"prompt_cache_breakpoint":{"ttl":"30m"}}]}"#));
}

#[test]
fn openai_limits_sessions_and_choices_are_read() {
    let facts = chat(r#"{"model":"gpt-5","max_tokens":10,"max_completion_tokens":20,"n":3,"prompt_cache_key":"k"}"#).expect("sound");
    assert_eq!((facts.max_output_tokens, facts.choices), (Some(20), 3));
    assert_eq!(facts.session.as_deref(), Some("k"));
    assert!(!facts.stream);
    let facts = read(
        Endpoint::Responses,
        br#"{"model":"gpt-6.1-sol","max_output_tokens":5,"stream":true,"input":"x"}"#,
    )
    .expect("sound");
    assert_eq!((facts.max_output_tokens, facts.stream), (Some(5), true));
    let facts = chat(r#"{"model":"m","max_tokens":null,"stream":null,"n":null}"#).expect("sound");
    assert_eq!((facts.max_output_tokens, facts.stream, facts.choices), (None, false, 1));
}

#[test]
fn gemini_bodies_need_no_model_and_take_both_spellings() {
    for body in [
        r#"{"contents":[],"generationConfig":{"maxOutputTokens":64,"candidateCount":2}}"#,
        r#"{"contents":[],"generation_config":{"max_output_tokens":64,"candidate_count":2}}"#,
    ] {
        let facts = read(Endpoint::GenerateStream, body.as_bytes()).expect("sound");
        assert_eq!((facts.max_output_tokens, facts.choices), (Some(64), 2));
        assert!(facts.stream && facts.model.is_none());
    }
    assert!(!read(Endpoint::Generate, b"{}").expect("sound").stream);
}

#[test]
fn every_kind_of_broken_body_says_what_where_and_how_to_fix_it() {
    let deep = format!(r#"{{"model":"m","x":{}{}}}"#, "[".repeat(128), "]".repeat(128));
    for (body, says) in [
        ("", "The request body is empty. Send a JSON object."),
        ("  ", "is empty"),
        ("<html>", "byte 0 begins what looks like HTML"),
        ("[1]", "byte 0 begins an array"),
        ("\u{feff}{}", "byte 0 begins with a byte order mark"),
        (r#"{"model":"m""#, "ends at byte 12, before its JSON does"),
        (r#"{"model":"m","x":[{"#, "ends at byte 19"),
        (r#"{"model":"m"#, "string that opens at byte 9 of the request body never closes"),
        (r#"{"model":"m","x":[1}}"#, "bracket at byte 19"),
        (r#"{"model":"m"} x"#, "More text follows the JSON object at byte 14"),
        (r#"{"model":"m"}{"model":"n"}"#, "at byte 13"),
        (r#"{"model":"m",}"#, "expected a key in double quotes at byte 13"),
        (r#"{"model" "m"}"#, "expected a colon after the key at byte 9"),
        (r#"{"model":"m" "x":1}"#, "expected a comma or a closing brace at byte 13"),
        (r#"{"model":"m","x":nope}"#, "expected a value at byte 17"),
        (r#"{"model":"m","x":01}"#, "expected a value at byte 17"),
        (&deep, "nested deeper than 128 levels at byte 144"),
        (r#"{"messages":[]}"#, "names no `model`. Add one"),
        (
            r#"{"model":5}"#,
            "`model` must be a string, but byte 9 of the request body holds a number",
        ),
        (
            r#"{"model":null}"#,
            "`model` must be a string, but byte 9 of the request body holds null",
        ),
        (r#"{"model":""}"#, "`model` at byte 9 of the request body is empty"),
        (r#"{"model":"a\nb"}"#, "holds a control character"),
        (r#"{"model":"\ud800"}"#, "is not valid text"),
        (
            r#"{"model":"m","stream":"yes"}"#,
            "`stream` must be true or false, but byte 22 of the request body holds a string",
        ),
        (r#"{"model":"m","max_tokens":"9"}"#, "`max_tokens` must be a whole number of tokens"),
        (
            r#"{"model":"m","max_tokens":-1}"#,
            "holds a number that is negative, fractional or too large",
        ),
        (r#"{"model":"m","max_tokens":1e999}"#, "`max_tokens` must be"),
        (
            r#"{"model":"m","messages":{}}"#,
            "`messages` must be an array, but byte 24 of the request body holds an object",
        ),
        (r#"{"model":"m","stream_options":7}"#, "`stream_options` must be an object"),
        (
            r#"{"model":"m","stream_options":{"include_usage":1}}"#,
            "`include_usage` must be true or false",
        ),
    ] {
        let problem = chat(body).expect_err(body).to_string();
        assert!(problem.contains(says), "{body}: {problem}");
        assert!(problem.ends_with('.') && !problem.contains('\n'), "{problem}");
    }
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(257));
    assert!(chat(&long).expect_err("too long").to_string().contains("longer than 256 bytes"));
}

#[test]
fn a_doubled_key_cannot_smuggle_a_second_model() {
    for body in [
        r#"{"model":"cheap","model":"dear"}"#,
        r#"{"model":"cheap","mod\u0065l":"dear"}"#,
        r#"{"model":"cheap","Model":"dear"}"#,
    ] {
        assert_eq!(chat(body).expect_err(body).key(), Some("model"), "{body}");
    }
    assert_eq!(
        chat(r#"{"model":"m","stream":true,"stream":false}"#).expect_err("twice").key(),
        Some("stream")
    );
    assert!(chat(r#"{"model":"m","x":{"model":"n"},"y":[{"model":"o"}]}"#).is_ok());
}

#[test]
fn a_hundred_thousand_open_brackets_are_refused_at_the_limit() {
    let body = format!(r#"{{"model":"m","x":{}"#, "[".repeat(100_000));
    assert!(matches!(chat(&body), Err(BodyProblem::TooDeep { .. })));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for endpoint in [Endpoint::Messages, Endpoint::Chat, Endpoint::Responses, Endpoint::GenerateStream] {
            let _ = read(endpoint, &body);
        }
    }

    #[test]
    fn arbitrary_near_json_never_panics(tail in "[\\[\\]{}\",:\\\\a1tn ]{0,60}") {
        let _ = chat(&format!(r#"{{"model":"m","stream_options":{tail}"#));
        let _ = chat(&tail);
    }

    #[test]
    fn facts_agree_with_a_whole_parse(
        model in "\\PC{1,30}", stream: Option<bool>, max in proptest::option::of(0u64..1_000_000_000),
        words in prop::collection::vec("\\PC{0,20}", 0..6), pretty: bool, first: bool,
    ) {
        let mut doc = json!({"messages": words, "nested": {"model": "inner", "stream": true}});
        let fields = doc.as_object_mut().expect("an object");
        fields.insert("model".into(), json!(model));
        if let Some(stream) = stream { fields.insert("stream".into(), json!(stream)); }
        if let Some(max) = max { fields.insert("max_tokens".into(), json!(max)); }
        if first { fields.insert("a".into(), json!([[], {}, [{"b": "]}"}]])); }
        let text = if pretty { serde_json::to_string_pretty(&doc) } else { serde_json::to_string(&doc) }.expect("text");
        let facts = chat(&text).expect("a valid document");
        prop_assert_eq!(facts.model.map(|m| m.value), Some(model));
        prop_assert_eq!(facts.stream, stream.unwrap_or(false));
        prop_assert_eq!(facts.max_output_tokens, max);
    }
}
