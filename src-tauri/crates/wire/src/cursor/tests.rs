//! Every shape Cursor was seen to send, and what becomes of it; names, paths and variants.

use super::*;
use proptest::prelude::*;
use serde_json::json;
use weir_core::Endpoint;

#[track_caller]
fn becomes(sent: serde_json::Value, expected: serde_json::Value) {
    let sent = sent.to_string();
    let shaped = normalise(sent.as_bytes()).expect("it has a place in Chat");
    assert!(matches!(shaped, Cow::Owned(_)), "it is not plain: {sent}");
    let got: serde_json::Value = serde_json::from_slice(&shaped).expect("JSON");
    assert_eq!(got, expected, "\n{got:#}");
    let again = normalise(&shaped).expect("plain");
    assert!(matches!(again, Cow::Borrowed(_)), "what came out is plain Chat: {got}");
    crate::facts::read(Endpoint::Chat, &shaped).expect("a chat body");
}

#[test]
fn plain_chat_keeps_every_byte() {
    for body in [
        r#"{ "model":"weir-low", "messages":[{"role":"user","content":"hi"}], "metadata":{"a":"b"}, "user":"u" }"#,
        r#"{"messages":[{"role":"developer","content":[{"type":"text","text":"x"}]},
            {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"c","content":"done"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"custom","custom":{"name":"p"}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"stream_options":{"include_usage":true},"model":"m"}"#,
        r#"{"messages":[],"tool_choice":"auto"}"#,
        "not json",
        "[1]",
        "",
    ] {
        assert_eq!(normalise(body.as_bytes()), Ok(Cow::Borrowed(body.as_bytes())), "{body}");
    }
}

#[test]
fn a_responses_body_becomes_messages() {
    becomes(
        json!({
            "model": "weir-high", "stream": true, "store": false, "previous_response_id": null,
            "instructions": "Be brief.", "truncation": "auto", "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "high", "summary": "auto"}, "max_output_tokens": 900,
            "metadata": {"cursor": "1"}, "user": "u", "parallel_tool_calls": true,
            "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true}},
            "input": [
                {"role": "developer", "content": "Rules"},
                {"type": "message", "role": "user", "content": [
                    {"type": "input_text", "text": "Read it"},
                    {"type": "input_image", "image_url": "https://x.example/a.png", "detail": "low"}]},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "zzz"},
                {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
                 "content": [{"type": "output_text", "text": "Reading", "annotations": []}]},
                {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "read", "arguments": "{\"a\":1}"},
                {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** Begin"},
                {"type": "function_call_output", "call_id": "c1", "output": "text of it"},
                {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "ok"}]},
                {"role": "user", "content": "go on"}],
            "tools": [
                {"type": "function", "name": "read", "description": "d", "parameters": {"type": "object"}, "strict": false},
                {"type": "custom", "name": "patch", "description": "p",
                 "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
                {"type": "web_search"}],
            "tool_choice": {"type": "function", "name": "read"},
        }),
        json!({
            "model": "weir-high", "stream": true, "user": "u", "parallel_tool_calls": true,
            "max_completion_tokens": 900, "reasoning_effort": "high", "verbosity": "low",
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": true}},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": "Rules"},
                {"role": "user", "content": [
                    {"type": "text", "text": "Read it"},
                    {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}}]},
                {"role": "assistant", "content": "Reading", "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"a\":1}"}},
                    {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "text of it"},
                {"role": "tool", "tool_call_id": "c2", "content": "ok"},
                {"role": "user", "content": "go on"}],
            "tools": [
                {"type": "function", "function": {"name": "read", "description": "d", "parameters": {"type": "object"}, "strict": false}},
                {"type": "custom", "custom": {"name": "patch", "description": "p",
                 "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}}}],
            "tool_choice": {"type": "function", "function": {"name": "read"}},
        }),
    );
}

#[test]
fn an_input_of_one_text_is_the_users_message() {
    becomes(
        json!({"model": "m", "input": "hi"}),
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
    );
}

#[test]
fn anthropic_blocks_become_calls_results_and_parts() {
    becomes(
        json!({
            "model": "weir-medium", "max_tokens": 100, "stop_sequences": ["END"], "top_k": 5,
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "system": [{"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "B"}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "ls", "input": {"path": "/", "depth": 1.50}},
                    {"type": "tool_use", "id": "toolu_2", "name": "shot", "input": {}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a b"},
                    {"type": "tool_result", "tool_use_id": "toolu_2", "content": [
                        {"type": "text", "text": "one shot"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}]},
                    {"type": "text", "text": "Now?"}]}],
            "tools": [
                {"name": "ls", "description": "d", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
                {"type": "custom", "name": "shot", "input_schema": {"type": "object"}},
                {"type": "web_search_20250305", "name": "web_search"}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        }),
        json!({
            "model": "weir-medium", "max_tokens": 100, "stop": ["END"], "reasoning_effort": "low",
            "parallel_tool_calls": false,
            "messages": [
                {"role": "system", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]},
                {"role": "user", "content": "look"},
                {"role": "assistant", "content": "I look.", "tool_calls": [
                    {"id": "toolu_1", "type": "function", "function": {"name": "ls", "arguments": "{\"depth\":1.5,\"path\":\"/\"}"}},
                    {"id": "toolu_2", "type": "function", "function": {"name": "shot", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "a b"},
                {"role": "tool", "tool_call_id": "toolu_2", "content": "one shot"},
                {"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
                    {"type": "text", "text": "Now?"}]}],
            "tools": [
                {"type": "function", "function": {"name": "ls", "description": "d", "parameters": {"type": "object"}}},
                {"type": "function", "function": {"name": "shot", "parameters": {"type": "object"}}}],
            "tool_choice": "required",
        }),
    );
}

#[test]
fn the_choice_of_one_tool_is_said_chats_way() {
    for (given, expected) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "none"}), json!("none")),
        (
            json!({"type": "tool", "name": "f"}),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
        (
            json!({"type": "custom", "name": "p"}),
            json!({"type": "custom", "custom": {"name": "p"}}),
        ),
        (json!({"type": "allowed_tools", "mode": "required", "tools": []}), json!("required")),
    ] {
        let tools = json!([{"type": "function", "function": {"name": "f"}}]);
        becomes(
            json!({"model": "m", "messages": [], "tools": tools, "tool_choice": given}),
            json!({"model": "m", "messages": [], "tools": tools, "tool_choice": expected}),
        );
    }
}

#[test]
fn texts_of_responses_inside_chat_messages_are_texts() {
    becomes(
        json!({"model": "m", "messages": [
            {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "c"}], "name": "n"}]}),
        json!({"model": "m", "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c", "name": "n"}]}),
    );
}

#[test]
fn documents_travel_as_files_and_plain_ones_as_text() {
    let part = |part: serde_json::Value| json!({"model": "m", "messages": [{"role": "user", "content": [part]}]});
    let source = json!({"type": "base64", "media_type": "application/pdf", "data": "QQ=="});
    becomes(
        part(json!({"type": "document", "title": "a.pdf", "source": source})),
        part(
            json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="}}),
        ),
    );
    becomes(
        part(
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}}),
        ),
        part(json!({"type": "text", "text": "words"})),
    );
    becomes(
        part(json!({"type": "input_file", "file_id": "file-1"})),
        part(json!({"type": "file", "file": {"file_id": "file-1"}})),
    );
}

#[test]
fn a_tools_schema_keeps_its_order() {
    let body = r#"{"model":"m","messages":[],"tools":[{"name":"t","input_schema":{"z":1,"a":2.50,"m":[]}}]}"#;
    let shaped = normalise(body.as_bytes()).expect("shaped");
    let text = std::str::from_utf8(&shaped).expect("text");
    assert!(text.contains(r#""parameters":{"z":1,"a":2.50,"m":[]}"#), "{text}");
}

#[test]
fn what_has_no_place_is_said_and_not_dropped() {
    let refused = |body: serde_json::Value| {
        normalise(body.to_string().as_bytes()).expect_err("refused").to_string()
    };
    let text = refused(json!({"model": "m", "input": "x", "previous_response_id": "resp_1"}));
    assert!(text.contains("whole conversation"), "{text}");
    let text = refused(json!({"model": "m", "input": [{"type": "item_reference", "id": "x"}]}));
    assert!(text.contains("\"item_reference\""), "{text}");
    let text = refused(
        json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "hologram"}]}]}),
    );
    assert!(text.contains("\"hologram\""), "{text}");
}

#[test]
fn only_cursors_two_paths_and_the_azure_form_are_known() {
    let found = |method, path| cursor_target(method, path).map(|t| (t.endpoint, t.deployment));
    assert_eq!(found("GET", "/cursor/v1/models"), Some((Endpoint::Models, None)));
    assert_eq!(found("POST", "/cursor/v1/chat/completions"), Some((Endpoint::Chat, None)));
    for path in [
        "/openai/deployments/weir-high/chat/completions",
        "/cursor/openai/deployments/weir-high/chat/completions",
    ] {
        assert_eq!(found("POST", path), Some((Endpoint::Chat, Some("weir-high".into()))));
        assert_eq!(found("GET", path), None);
    }
    for (method, path) in [
        ("POST", "/cursor/v1/models"),
        ("GET", "/cursor/v1/chat/completions"),
        ("OPTIONS", "/cursor/v1/chat/completions"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("POST", "/v1/messages"),
        ("POST", "/cursor/v1/chat/completions/"),
        ("POST", "/cursor/v1/../v1/chat/completions"),
        ("POST", "/openai/deployments//chat/completions"),
        ("POST", "/openai/deployments/../chat/completions"),
        ("POST", "/openai/deployments/a%2e%2e/chat/completions"),
        ("GET", "/healthz"),
        ("GET", "/"),
    ] {
        assert_eq!(found(method, path), None, "{method} {path}");
    }
}

#[test]
fn what_would_lead_around_the_list_or_cost_more_is_taken_out() {
    let left = |body: &str| String::from_utf8(bounded(body.as_bytes()).into_owned()).expect("text");
    let plain = r#"{ "model":"a", "temperature":1.50,"user":"models"}"#;
    assert_eq!(left(plain), plain);
    for roaming in [
        r#""models":["gpt-5-pro"]"#,
        r#""Models":["gpt-5-pro"]"#,
        r#""\u006dodels":["gpt-5-pro"]"#,
        r#""route":"fallback""#,
        r#""provider":{"order":["x"]}"#,
        r#""plugins":[{"id":"web"}]"#,
        r#""web_search_options":{}"#,
        r#""service_tier":"priority""#,
        r#""reasoning_effort":null"#,
    ] {
        let body = format!(r#"{{"model":"a",{roaming},"messages":[]}}"#);
        assert_eq!(left(&body), r#"{"model":"a","messages":[]}"#, "{roaming}");
    }
    assert_eq!(left("[1]"), "[1]");
    assert_eq!(left("{"), "{");
}

#[test]
fn a_variant_leads_to_its_model_and_an_effort() {
    let known = |name: &str| ["weir-low", "weir-high", "openai/gpt-5"].contains(&name);
    let read = |name| variant(name, known).map(|v| (v.base, v.effort));
    assert_eq!(read("weir-high"), Some(("weir-high", None)), "a name of ours is not shortened");
    assert_eq!(read("weir-low"), Some(("weir-low", None)));
    assert_eq!(read("weir-high-thinking"), Some(("weir-high", Some("medium"))));
    assert_eq!(read("weir-low-high-thinking"), Some(("weir-low", Some("high"))));
    assert_eq!(read("openai/gpt-5-extra"), Some(("openai/gpt-5", Some("xhigh"))));
    assert_eq!(read("openai/gpt-5-extra-high"), Some(("openai/gpt-5", Some("xhigh"))));
    assert_eq!(read("openai/gpt-5-xhigh-fast"), Some(("openai/gpt-5", Some("xhigh"))));
    assert_eq!(read("openai/gpt-5-fast"), Some(("openai/gpt-5", None)));
    for foreign in
        ["gpt-4o", "weir", "weir-medium", "weir-medium-high", "", "-high", "openai/gpt-5-mini"]
    {
        assert_eq!(read(foreign), None, "{foreign}");
    }
}

#[test]
fn a_model_and_an_effort_are_put_in_without_touching_the_rest() {
    let put = |body: &str, effort| {
        String::from_utf8(with_model(body.as_bytes(), "b", effort)).expect("text")
    };
    assert_eq!(put(r#"{ "model":"a","x":1.50}"#, None), r#"{ "model":"b","x":1.50}"#);
    assert_eq!(put(r#"{"model":"a"}"#, Some("low")), r#"{"reasoning_effort":"low","model":"b"}"#);
    assert_eq!(put(r#"{"messages":[]}"#, None), r#"{"model":"b","messages":[]}"#);
    assert_eq!(put("{ }", Some("low")), r#"{"model":"b","reasoning_effort":"low" }"#);
    assert_eq!(put(r#"{"model":null,"x":1}"#, None), r#"{"model":"b","x":1}"#);
    assert_eq!(put("[1]", Some("low")), "[1]");
    assert_eq!(model(br#"{"model":"a"}"#).as_deref(), Some("a"));
    let said = r#"{"model":"a","reasoning_effort":"high"}"#;
    assert_eq!(put(said, Some("low")), said.replace("\"a\"", "\"b\""));
}

proptest! {
    #[test]
    fn any_bytes_are_shaped_without_a_panic(body in "[\\[\\]{}\",:\\\\a1 ]{0,80}") {
        let _ = normalise(body.as_bytes());
    }

    #[test]
    fn every_text_of_a_thread_reaches_chat_once(turns in prop::collection::vec(("(user|assistant|developer)", "[a-z]{1,6}"), 1..8)) {
        let input: Vec<_> = turns.iter().enumerate()
            .map(|(i, (role, text))| json!({"type": "message", "role": role, "content": [{"type": "input_text", "text": format!("{text}#{i}#")}]}))
            .collect();
        let shaped = normalise(json!({"model": "m", "input": input}).to_string().as_bytes()).expect("shaped").into_owned();
        let text = String::from_utf8(shaped).expect("text");
        for i in 0..turns.len() {
            let mark = format!("#{i}#");
            prop_assert_eq!(text.matches(mark.as_str()).count(), 1);
        }
    }
}
