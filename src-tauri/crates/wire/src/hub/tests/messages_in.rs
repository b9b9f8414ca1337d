//! What Claude Code and the Anthropic SDKs send, to targets that are not Anthropic's.

use super::{sent, times, translate};
use crate::hub::Form;
use serde_json::{Value, json};
use weir_core::Endpoint;

const GPT: (Form, &str, bool) = (Form::Chat, "gpt-4o", false);
const QWEN: (Form, &str, bool) = (Form::Chat, "qwen3:8b", true);

fn ask(more: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}]});
    for (key, value) in more.as_object().expect("fields") {
        body[key] = value.clone();
    }
    body
}

#[test]
fn the_billing_header_of_claude_code_never_leaves_for_a_foreign_model() {
    let body = ask(json!({"system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.330; cch=00000;"},
        {"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral"}},
    ]}));
    let (sent, dropped) = sent(Endpoint::Messages, &body, GPT);
    assert_eq!(times(&sent, "billing-header"), 0);
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "You are Claude Code."}));
    assert_eq!(dropped, ["billing-header", "cache-control"]);
}

#[test]
fn a_system_message_in_the_middle_reaches_the_target_where_it_stood() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "one"},
        {"role": "system", "content": "mid"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]});
    let (gpt, dropped) = sent(Endpoint::Messages, &body, GPT);
    assert_eq!(gpt["messages"][1], json!({"role": "system", "content": "mid"}));
    assert!(dropped.is_empty());
    let (qwen, dropped) = sent(Endpoint::Messages, &body, QWEN);
    let expected = "one\n\n<system-reminder>\nmid\n</system-reminder>";
    assert_eq!(qwen["messages"][0], json!({"role": "user", "content": expected}));
    assert_eq!(dropped, ["system-role"]);
}

#[test]
fn images_in_a_tool_result_move_to_a_user_message_behind_all_results() {
    let image = json!({"type": "image", "source":
        {"type": "base64", "media_type": "image/png", "data": "AAAA"}});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "shot", "input": {}},
            {"type": "tool_use", "id": "b", "name": "shot", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [image]},
            {"type": "tool_result", "tool_use_id": "b", "is_error": true, "content": "broke"},
            {"type": "text", "text": "go on"}]},
    ]});
    let (sent, _) = sent(Endpoint::Messages, &body, GPT);
    let messages = sent["messages"].as_array().expect("messages");
    assert_eq!(messages[2]["role"], "tool");
    assert_eq!(
        messages[3],
        json!({"role": "tool", "tool_call_id": "b", "content": "Error: broke"})
    );
    assert_eq!(messages[4]["role"], "user");
    assert_eq!(messages[4]["content"][0]["image_url"]["url"], "data:image/png;base64,AAAA");
    assert_eq!(messages[4]["content"][1]["text"], "go on");
}

#[test]
fn a_model_without_eyes_refuses_an_image_in_the_words_claude_code_understands() {
    let body = ask(json!({"messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A"}}]}]}));
    let rejected = translate(Endpoint::Messages, &body, QWEN).map(|_| ()).expect_err("refused");
    assert_eq!(rejected.message, "capability_rejected: image_block");
    let chat = json!({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]});
    let rejected = translate(Endpoint::Chat, &chat, QWEN).map(|_| ()).expect_err("refused");
    assert_eq!(rejected.class, "image_block");
    assert!(rejected.message.starts_with("qwen3:8b takes text only."), "{}", rejected.message);
}

#[test]
fn foreign_signatures_are_dropped_by_name_and_never_sent() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "SIG"},
            {"type": "redacted_thinking", "data": "RED"},
            {"type": "text", "text": "two"}]},
        {"role": "user", "content": "three"},
    ]});
    for target in [GPT, QWEN, (Form::Gemini, "gemini-3-pro", false)] {
        let (sent, dropped) = sent(Endpoint::Messages, &body, target);
        assert_eq!(times(&sent, "SIG") + times(&sent, "RED") + times(&sent, "hm"), 0);
        assert_eq!(dropped, ["thinking-signature"]);
    }
    let (claude, dropped) =
        sent(Endpoint::Messages, &body, (Form::Messages, "claude-opus-4-8", false));
    assert_eq!(claude["messages"][1]["content"][0]["signature"], "SIG");
    assert!(dropped.is_empty());
}

#[test]
fn search_results_a_client_gives_are_told_as_text() {
    let body = ask(json!({"messages": [{"role": "user", "content": [
        {"type": "search_result", "source": "https://example.org/a", "title": "Title",
            "content": [{"type": "text", "text": "found"}]},
        {"type": "text", "text": "so?"}]}]}));
    let (gpt, dropped) = sent(Endpoint::Messages, &body, GPT);
    for word in ["https://example.org/a", "Title", "found", "so?"] {
        assert_eq!(times(&gpt, word), 1, "{word}");
    }
    assert!(dropped.is_empty());
}

#[test]
fn a_tool_only_anthropic_runs_is_dropped_by_name_and_refused_when_it_must_be_called() {
    let tools = json!([{"type": "web_search_20250305", "name": "web_search"}]);
    let (gpt, dropped) = sent(Endpoint::Messages, &ask(json!({"tools": tools})), GPT);
    assert!(gpt.get("tools").is_none());
    assert_eq!(dropped, ["server-tool:web_search"]);
    let forced =
        ask(json!({"tools": tools, "tool_choice": {"type": "tool", "name": "web_search"}}));
    let rejected = translate(Endpoint::Messages, &forced, GPT).map(|_| ()).expect_err("refused");
    assert_eq!(rejected.class, "server_tool");
}

#[test]
fn half_an_emoji_is_mended_in_text_and_in_arguments_alike() {
    let body = r#"{"max_tokens":9,"messages":[{"role":"user","content":"cut \ud83d"},
        {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"p":"\uD83D!"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"ok \ud83d\ude00"}]}]}"#;
    let asked =
        crate::hub::Asked { endpoint: Endpoint::Messages, body: body.as_bytes(), model: "m" };
    let traits = crate::hub::Traits::of(GPT.0, GPT.1, GPT.2);
    let target = crate::hub::Target { form: GPT.0, model: GPT.1, traits };
    let translated = crate::hub::request(&asked, &target).expect("it is mended");
    let sent: Value = serde_json::from_slice(&translated.body).expect("JSON");
    assert_eq!(sent["messages"][0]["content"], "cut \u{fffd}");
    assert_eq!(
        sent["messages"][1]["tool_calls"][0]["function"]["arguments"],
        "{\"p\":\"\\ufffd!\"}"
    );
    assert_eq!(sent["messages"][2]["content"], "ok \u{1f600}");
    assert_eq!(translated.dropped[0].to_string(), "half-surrogate");
}

#[test]
fn of_calls_with_one_id_each_gets_one_that_no_other_has() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let result =
        |id: &str, text: &str| json!({"type": "tool_result", "tool_use_id": id, "content": text});
    let body = json!({"max_tokens": 9, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [call("a"), call("a"), call("a_2"), call("a_3")]},
        {"role": "user", "content": [
            result("a", "one"), result("a", "two"), result("a_2", "three"), result("a_3", "four"),
        ]},
    ]});
    let (sent, _) = sent(Endpoint::Messages, &body, GPT);
    let calls = sent["messages"][1]["tool_calls"].as_array().expect("calls").iter();
    let ids: Vec<&Value> = calls.map(|call| &call["id"]).collect();
    assert_eq!(ids, ["a", "a_4", "a_2", "a_3"]);
    for (at, text) in ["one", "two", "three", "four"].into_iter().enumerate() {
        let told = &sent["messages"][2 + at];
        assert_eq!((&told["tool_call_id"], &told["content"]), (ids[at], &json!(text)));
    }
}

#[test]
fn newer_models_of_openai_think_beside_tools_in_responses_and_not_in_chat() {
    let body = ask(json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"},
        "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]}));
    let (chat, dropped) = sent(Endpoint::Messages, &body, (Form::Chat, "gpt-5.6-terra", false));
    assert_eq!((&chat["reasoning_effort"], dropped), (&json!("none"), vec!["thinking".to_owned()]));
    let (responses, dropped) =
        sent(Endpoint::Messages, &body, (Form::Responses, "gpt-5.6-terra", false));
    assert_eq!(responses["reasoning"]["effort"], "high");
    assert!(dropped.is_empty());
    let (router, _) = sent(Endpoint::Messages, &body, (Form::Chat, "openai/gpt-5.6-terra", false));
    assert_eq!(router["reasoning_effort"], "high");
}

#[test]
fn a_text_that_comes_as_the_bytes_of_a_file_is_told_as_text_and_what_claude_cannot_read_is_refused()
{
    let file = |mime: &str, data: &str| {
        json!({"model": "m", "input": [{"role": "user", "content": [
            {"type": "input_file", "filename": "a", "file_data": format!("data:{mime};base64,{data}")}]}]})
    };
    let claude = (Form::Messages, "claude-sonnet-4-5", false);
    // "größe,1" in UTF-8.
    let csv = file("text/csv", "Z3LDtsOfZSwx");
    let (there, _) = sent(Endpoint::Responses, &csv, claude);
    let source = &there["messages"][0]["content"][0]["source"];
    assert_eq!(source["type"], "text", "{there}");
    assert_eq!(source["data"], "gr\u{f6}\u{df}e,1", "{there}");
    let (there, _) = sent(Endpoint::Responses, &csv, (Form::Ollama, "qwen3:8b", true));
    assert_eq!(times(&there, "gr\u{f6}\u{df}e,1"), 1, "{there}");
    let word =
        file("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "AAAA");
    let refused = translate(Endpoint::Responses, &word, claude).map(|_| ());
    assert_eq!(refused.expect_err("it is refused").class, "document_block");
    let (pdf, _) = sent(Endpoint::Responses, &file("application/pdf", "JVBERi0="), claude);
    assert_eq!(pdf["messages"][0]["content"][0]["source"]["media_type"], "application/pdf");
}
