//! What goes wrong, in the client's dialect: before an answer, inside one, and at its end.

use super::samples::{FROM, stream};
use super::{CLIENTS, back, data, named, run};
use crate::hub::Form;
use crate::hub::answer::{Ending, Framing, Stream, answer, failure, too_long_untold};
use serde_json::{Value as Json, json};

fn failed(client: Form, from: Form, status: u16, body: &str) -> (u16, Json) {
    let failure = failure(&back(client), from, status, body.as_bytes());
    (failure.status, serde_json::from_slice(&failure.body).expect("JSON"))
}

#[test]
fn a_prompt_that_is_too_long_keeps_its_words() {
    for (from, status, body, words) in [
        (
            Form::Chat,
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            "This model's maximum context length is 8192 tokens.",
        ),
        (
            Form::Messages,
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            "prompt is too long: 210000 tokens > 200000 maximum",
        ),
        (
            Form::Chat,
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error"}}"#,
            "the request exceeds the available context size, try increasing it",
        ),
        (
            Form::Gemini,
            400,
            r#"{"error":{"code":400,"message":"The input token count exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
            "The input token count exceeds the maximum number of tokens allowed (1048576).",
        ),
    ] {
        let (code, body_out) = failed(Form::Messages, from, status, body);
        assert_eq!(code, 400);
        assert_eq!(body_out["error"], json!({"type": "invalid_request_error", "message": words}));
        let (_, body_out) = failed(Form::Responses, from, status, body);
        assert_eq!(body_out["error"]["code"], "context_length_exceeded");
        assert_eq!(body_out["error"]["message"], words);
        let (_, body_out) = failed(Form::Gemini, from, status, body);
        assert_eq!(body_out["error"]["status"], "INVALID_ARGUMENT");
        assert_eq!(body_out["error"]["message"], words);
    }
}

/// As llama.cpp's server says it at every path.
const OF_LLAMA: &str = r#"{"error":{"code":400,"message":"request (34914 tokens) exceeds the available context size (32768 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":34914,"n_ctx":32768}}"#;

#[test]
fn the_numbers_of_a_prompt_that_is_too_long_are_told_as_claude_code_reads_them() {
    let (code, body) = failed(Form::Messages, Form::Chat, 400, OF_LLAMA);
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.starts_with("prompt is too long: 34914 tokens > 32768 maximum: "), "{message}");
    assert!(message.ends_with("context size (32768 tokens), try increasing it"), "{message}");
    assert_eq!((code, &body["type"]), (400, &json!("error")));
}

#[test]
fn a_refusal_for_length_that_a_tool_would_not_know_is_told_as_its_own_api_tells_it() {
    let told = |client, body: &str| {
        let failure = too_long_untold(client, 400, body.as_bytes())?;
        let body: Json = serde_json::from_slice(&failure.body).expect("JSON");
        Some((failure.status, body))
    };
    for client in [Form::Chat, Form::Responses] {
        let (status, body) = told(client, OF_LLAMA).expect("no code of theirs");
        assert_eq!((status, &body["error"]["code"]), (400, &json!("context_length_exceeded")));
    }
    let (status, body) = told(Form::Messages, OF_LLAMA).expect("no error of theirs");
    assert_eq!((status, &body["type"]), (400, &json!("error")));
    assert_eq!(body["error"]["type"], "invalid_request_error");
    let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#;
    let openai = r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
    let of_vllm = r#"{"error":{"message":"'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 12 input tokens","type":"BadRequestError","code":400}}"#;
    assert_eq!(told(Form::Chat, of_vllm), None, "a shorter conversation would not help");
    let other =
        r#"{"error":{"code":400,"message":"no such field","type":"invalid_request_error"}}"#;
    assert_eq!(told(Form::Messages, anthropic), None, "its own words stay");
    assert_eq!(told(Form::Chat, openai), None);
    assert_eq!(told(Form::Responses, openai), None);
    for client in CLIENTS {
        assert_eq!(told(client, other), None, "of anything else");
    }
    assert_eq!(told(Form::Gemini, OF_LLAMA), None);
}

#[test]
fn kinds_of_errors_keep_their_meaning() {
    let openai = |code: &str| {
        format!(r#"{{"error":{{"message":"m","type":"t","param":null,"code":"{code}"}}}}"#)
    };
    let anthropic =
        |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}}}}"#);
    for (from, status, body, client, status_out, field, word) in [
        (
            Form::Chat,
            429,
            openai("rate_limit_exceeded"),
            Form::Messages,
            429,
            "type",
            "rate_limit_error",
        ),
        (
            Form::Chat,
            429,
            openai("insufficient_quota"),
            Form::Messages,
            402,
            "type",
            "billing_error",
        ),
        (
            Form::Chat,
            401,
            openai("invalid_api_key"),
            Form::Messages,
            401,
            "type",
            "authentication_error",
        ),
        (
            Form::Chat,
            404,
            openai("model_not_found"),
            Form::Messages,
            404,
            "type",
            "not_found_error",
        ),
        (Form::Chat, 503, openai("x"), Form::Messages, 529, "type", "overloaded_error"),
        (Form::Messages, 529, anthropic("overloaded_error"), Form::Chat, 503, "code", "overloaded"),
        (
            Form::Messages,
            529,
            anthropic("overloaded_error"),
            Form::Gemini,
            503,
            "status",
            "UNAVAILABLE",
        ),
        (
            Form::Messages,
            402,
            anthropic("billing_error"),
            Form::Chat,
            429,
            "code",
            "insufficient_quota",
        ),
        (
            Form::Messages,
            403,
            anthropic("permission_error"),
            Form::Gemini,
            403,
            "status",
            "PERMISSION_DENIED",
        ),
        (Form::Messages, 500, anthropic("api_error"), Form::Chat, 500, "type", "server_error"),
        (
            Form::Messages,
            413,
            anthropic("request_too_large"),
            Form::Chat,
            413,
            "type",
            "invalid_request_error",
        ),
        (
            Form::Messages,
            400,
            anthropic("invalid_request_error"),
            Form::Chat,
            400,
            "type",
            "invalid_request_error",
        ),
        (
            Form::Ollama,
            404,
            r#"{"error":"model 'x' not found"}"#.to_owned(),
            Form::Messages,
            404,
            "type",
            "not_found_error",
        ),
    ] {
        let (code, out) = failed(client, from, status, &body);
        assert_eq!(code, status_out, "{body} for {client:?}");
        assert_eq!(out["error"][field], word, "{body} for {client:?}");
    }
}

#[test]
fn an_error_that_is_no_json_is_told_as_it_came() {
    let (status, body) = failed(Form::Messages, Form::Chat, 502, "<h1>Bad gateway</h1>\n");
    assert_eq!((status, &body["error"]["message"]), (502, &json!("<h1>Bad gateway</h1>")));
    assert_eq!(body["error"]["type"], "api_error");
    let (_, body) = failed(Form::Chat, Form::Chat, 500, "");
    assert!(body["error"]["message"].as_str().is_some_and(|m| m.contains("500")));
    let (_, body) = failed(
        Form::Chat,
        Form::Gemini,
        429,
        r#"[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]"#,
    );
    assert_eq!(
        body["error"],
        json!({"message": "slow", "type": "rate_limit_error", "param": null, "code": "rate_limit_exceeded"})
    );
    let (_, body) = failed(Form::Chat, Form::Chat, 422, r#"{"detail":"Field required"}"#);
    assert_eq!(body["error"]["message"], "Field required");
}

#[test]
fn a_stream_that_ends_early_is_an_error_and_never_a_short_success() {
    for from in FROM {
        let sample = stream(from);
        let half = &sample[..sample.len() / 2];
        for client in CLIENTS {
            for end in [Ending::Clean, Ending::Cut] {
                let (text, failed) = run(&back(client), from, &[half.as_bytes()], end);
                assert!(failed, "{from:?} for {client:?}");
                let mark = if client == Form::Messages { "event: error" } else { "\"error\":{" };
                assert!(text.contains(mark), "{from:?} for {client:?}: {text}");
                for success in ["message_stop", "response.completed", "[DONE]", "finishReason"] {
                    assert!(!text.contains(success), "{from:?} for {client:?}");
                }
            }
        }
    }
}

#[test]
fn an_error_inside_a_stream_is_an_error_of_the_client_s_dialect() {
    let chat = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    for (from, text) in [
        (Form::Chat, data(&[chat, r#"{"error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#, "[DONE]"])),
        (Form::Chat, data(&[chat, r#"{"object":"error","message":"Provider disconnected","type":"InternalServerError","code":500}"#])),
        (Form::Messages, named(&[r#"{"type":"message_start","message":{"id":"m"}}"#, r#"{"type":"error","error":{"type":"api_error","message":"Provider disconnected"}}"#])),
        (Form::Responses, named(&[r#"{"type":"response.created","response":{"id":"r"}}"#, r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"server_error","message":"Provider disconnected"}}}"#])),
        (Form::Gemini, data(&[r#"{"error":{"code":500,"message":"Provider disconnected","status":"INTERNAL"}}"#])),
        (Form::Ollama, "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"Provider disconnected\"}\n".to_owned()),
    ] {
        for client in CLIENTS {
            let (out, failed) = run(&back(client), from, &[text.as_bytes()], Ending::Clean);
            assert!(failed && out.contains("Provider disconnected"), "{from:?} for {client:?}: {out}");
            assert!(!out.contains("[DONE]") && !out.contains("message_stop"), "{out}");
            assert_eq!(out.matches("event: error").count(), usize::from(matches!(client, Form::Messages | Form::Responses)));
        }
    }
}

#[test]
fn an_error_before_any_content_leaves_room_for_another_provider() {
    let text = named(&[
        r#"{"type":"message_start","message":{"id":"m"}}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    ]);
    let mut stream = Stream::new(back(Form::Chat), Form::Messages, Framing::Sse);
    stream.feed(text.as_bytes());
    assert!(stream.failed() && !stream.content_started());
}

#[test]
fn a_damaged_piece_fails_the_stream_and_a_stray_word_does_not() {
    let good = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    let end = r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    for (piece, breaks) in [
        (r#"{"id":"c","choices":[{"index":0,"delta":{"content":"b"}]}"#, true),
        (r#"{"id":"c","choices":[{"index":0,"delta":{"content":b}}]}"#, true),
        (r#"{"id":"c","choices":[{"index":0,"delta":{"content":"b"}}],"speed":NaN}"#, false),
        ("ping", false),
        ("\"keep-alive\"", false),
    ] {
        let (_, failed) = run(
            &back(Form::Messages),
            Form::Chat,
            &[data(&[good, piece, end]).as_bytes()],
            Ending::Clean,
        );
        assert_eq!(failed, breaks, "{piece}");
    }
}

#[test]
fn a_whole_answer_that_is_an_error_or_no_answer_is_not_translated() {
    for (from, body) in [
        (Form::Chat, r#"{"error":{"message":"no","type":"invalid_request_error"}}"#),
        (Form::Chat, r#"{"id":"c","choices":[]}"#),
        (
            Form::Messages,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ),
        (
            Form::Responses,
            r#"{"id":"r","status":"failed","error":{"code":"server_error","message":"no"},"output":[]}"#,
        ),
        (Form::Gemini, "{}"),
        (Form::Ollama, r#"{"error":"no such model"}"#),
        (Form::Chat, "<html>"),
        (Form::Chat, r#"{"choices":[{"index":0,"message":{"content":"a"}"#),
    ] {
        for client in CLIENTS {
            let bad = answer(&back(client), from, body.as_bytes()).expect_err("not an answer");
            let failure = bad.failure(&back(client));
            assert!(failure.status >= 400, "{from:?} {body}");
            serde_json::from_slice::<Json>(&failure.body).expect("JSON");
        }
    }
}

#[test]
fn silence_is_filled_with_what_the_client_s_dialect_has() {
    let ping = |client| Stream::new(back(client), Form::Chat, Framing::Sse).ping();
    assert_eq!(ping(Form::Messages), Some(&b"event: ping\ndata: {\"type\": \"ping\"}\n\n"[..]));
    assert_eq!(ping(Form::Chat), Some(&b": keep-alive\n\n"[..]));
    assert_eq!(ping(Form::Responses), Some(&b": keep-alive\n\n"[..]));
    assert_eq!(ping(Form::Gemini), None);
}

#[test]
fn gemini_s_delay_reaches_the_client_as_seconds() {
    let body = |delay: &str| {
        format!(
            r#"{{"error":{{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{{"@type":"x"}},{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}]}}}}"#
        )
    };
    for (delay, seconds) in
        [("34s", Some(34)), ("34.07s", Some(35)), ("0.000s", Some(0)), ("soon", None)]
    {
        let failure = failure(&back(Form::Messages), Form::Gemini, 429, body(delay).as_bytes());
        assert_eq!(failure.retry_after_s, seconds, "{delay}");
    }
}

#[test]
fn an_end_that_says_error_is_never_a_success() {
    for text in [
        data(&[
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"error"}]}"#,
            "[DONE]",
        ]),
        "event: error\ndata: Internal Server Error\n\n".to_owned(),
        data(&["[DONE]"]),
    ] {
        let (out, failed) =
            run(&back(Form::Messages), Form::Chat, &[text.as_bytes()], Ending::Clean);
        assert!(failed && out.contains("event: error") && !out.contains("message_stop"), "{out}");
    }
}

#[test]
fn a_call_without_a_name_is_an_error() {
    let chunk = r#"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let (_, failed) =
        run(&back(Form::Messages), Form::Chat, &[data(&[chunk]).as_bytes()], Ending::Clean);
    assert!(failed);
}

#[test]
fn a_router_s_error_carries_the_provider_s_own_words() {
    let body = r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}","provider_name":"Anthropic"}}}"#;
    let (status, body) = failed(Form::Responses, Form::Chat, 400, body);
    assert_eq!((status, &body["error"]["code"]), (400, &json!("context_length_exceeded")));
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(
        message.starts_with("Provider returned error: ") && message.contains("prompt is too long")
    );
}

#[test]
fn only_what_a_person_must_see_to_stops_a_client_from_trying_again() {
    for (status, stops) in
        [(401, true), (402, true), (403, true), (429, false), (503, false), (400, false)]
    {
        let failure =
            failure(&back(Form::Messages), Form::Chat, status, b"{\"error\":{\"message\":\"m\"}}");
        assert_eq!(failure.stop, stops, "{status}");
    }
}

#[test]
fn nothing_is_told_after_an_end() {
    let mut stream = Stream::new(back(Form::Messages), Form::Chat, Framing::Sse);
    stream.feed(data(&["{\"choices\":[{]}"]).as_bytes());
    assert!(stream.over() && stream.failed() && stream.ping().is_none());
    assert!(stream.feed(super::samples::stream(Form::Chat).as_bytes()).is_empty());
    assert!(stream.finish(Ending::Cut).is_empty());
}

#[test]
fn a_broken_line_is_never_joined_with_the_next() {
    let lines = "{\"message\":{\"content\":\"a\"\n,\"x\":{}},\"done\":false}\n";
    let (text, failed) =
        run(&back(Form::Messages), Form::Ollama, &[lines.as_bytes()], Ending::Clean);
    assert!(failed && !text.contains("\"a\""), "{text}");
}

#[test]
fn calls_that_wait_for_their_turn_have_a_limit() {
    use crate::hub::answer::HELD_BYTES_MAX;
    let mut stream = Stream::new(back(Form::Messages), Form::Chat, Framing::Sse);
    let call = |index: u32, arguments: &str| {
        data(&[&json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "id": format!("i{index}"), "function": {"name": "f", "arguments": arguments}}]}}]}).to_string()])
    };
    stream.feed(call(0, "{").as_bytes());
    let piece = "x".repeat(1 << 20);
    let most = HELD_BYTES_MAX / piece.len();
    for _ in 0..most {
        stream.feed(call(1, &piece).as_bytes());
        assert!(!stream.failed());
    }
    let text = String::from_utf8(stream.feed(call(1, "x").as_bytes())).expect("text");
    assert!(stream.failed() && text.contains("longer than 16 MB"), "{text}");
}
