//! What Codex, Cursor and the OpenAI SDKs send, to targets that are not OpenAI's.

use super::{sent, times, translate};
use crate::hub::{Form, Rejected};
use serde_json::{Value, json};
use weir_core::Endpoint;

const SONNET: (Form, &str, bool) = (Form::Messages, "claude-sonnet-4-5", false);
const OPUS: (Form, &str, bool) = (Form::Messages, "claude-opus-5-5", false);
const QWEN: (Form, &str, bool) = (Form::Chat, "qwen3:8b", true);
const FLASH: (Form, &str, bool) = (Form::Gemini, "gemini-3.8-flash", false);

fn chat(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (key, value) in more.as_object().expect("fields") {
        body[key] = value.clone();
    }
    body
}

fn responses(more: Value) -> Value {
    let mut body = json!({"model": "m", "input": [{"role": "user", "content": "hi"}]});
    for (key, value) in more.as_object().expect("fields") {
        body[key] = value.clone();
    }
    body
}

#[track_caller]
fn refused(endpoint: Endpoint, body: &Value, target: (Form, &str, bool)) -> Rejected {
    translate(endpoint, body, target).map(|_| ()).expect_err("it is refused")
}

fn patch_tool() -> Value {
    json!({"type": "custom", "name": "apply_patch", "description": "Edits files.",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: line+"}})
}

#[test]
fn the_tools_codex_sends_inside_its_input_reach_the_target() {
    let body = responses(json!({"tools": [], "input": [
        {"type": "additional_tools", "role": "developer", "tools": [
            {"type": "function", "name": "shell", "parameters": {"type": "object", "properties": {}}},
            patch_tool(),
            {"type": "namespace", "name": "mcp__files", "tools": [
                {"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}]},
            {"type": "web_search"},
        ]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "dev"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    ]}));
    let (claude, dropped) = sent(Endpoint::Responses, &body, SONNET);
    let names: Vec<_> =
        claude["tools"].as_array().expect("tools").iter().map(|t| t["name"].clone()).collect();
    assert_eq!(names, ["shell", "apply_patch", "mcp__files__read"]);
    assert_eq!(claude["system"][0]["text"], "dev");
    assert_eq!(times(&claude, "start: line+"), 1);
    assert_eq!(dropped, ["server-tool:web_search"]);
    let back = translate(Endpoint::Responses, &body, SONNET).expect("translated").back;
    let tool = back.tool("mcp__files__read").expect("it is renamed");
    assert_eq!((tool.namespace.as_deref(), &*tool.name), (Some("mcp__files"), "read"));
    let patch = back.tool("apply_patch").expect("it is of another kind");
    assert!(patch.freeform && !patch.freeform_sent);
    assert!(back.tool("shell").is_none());
}

#[test]
fn free_text_goes_as_one_argument_and_as_itself_to_models_that_know_it() {
    let body = responses(json!({"tools": [patch_tool()], "input": [
        {"role": "user", "content": "hi"},
        {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "*** \"Begin\""},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "Done"},
    ]}));
    let (claude, _) = sent(Endpoint::Responses, &body, SONNET);
    assert_eq!(claude["messages"][1]["content"][0]["input"], json!({"input": "*** \"Begin\""}));
    assert_eq!(claude["tools"][0]["input_schema"]["required"], json!(["input"]));
    let (gpt, _) = sent(Endpoint::Responses, &body, (Form::Chat, "gpt-5.6-luna", false));
    assert_eq!(gpt["tools"][0]["type"], "custom");
    assert_eq!(gpt["tools"][0]["custom"]["format"]["grammar"]["syntax"], "lark");
    assert_eq!(gpt["messages"][1]["tool_calls"][0]["custom"]["input"], "*** \"Begin\"");
    assert_eq!(
        gpt["messages"][2],
        json!({"role": "tool", "tool_call_id": "c1", "content": "Done"})
    );
}

#[test]
fn what_only_openai_remembers_is_refused() {
    for more in [
        json!({"previous_response_id": "resp_1"}),
        json!({"conversation": "conv_1"}),
        json!({"prompt": {"id": "pmpt_1"}}),
        json!({"background": true}),
        json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
        json!({"input": [{"type": "compaction", "encrypted_content": "x"}]}),
    ] {
        assert_eq!(
            refused(Endpoint::Responses, &responses(more), SONNET).class,
            "conversation_state"
        );
    }
    let null = responses(json!({"previous_response_id": null, "store": false}));
    assert!(translate(Endpoint::Responses, &null, SONNET).is_ok());
}

#[test]
fn several_answers_to_one_request_are_refused_where_one_is_given() {
    let body = chat(json!({"n": 2}));
    assert_eq!(refused(Endpoint::Chat, &body, SONNET).class, "n");
    let (gemini, _) = sent(Endpoint::Chat, &body, FLASH);
    assert_eq!(gemini["generationConfig"]["candidateCount"], 2);
    assert!(translate(Endpoint::Chat, &chat(json!({"n": 1})), SONNET).is_ok());
}

#[test]
fn sampling_is_dropped_by_name_where_a_model_refuses_it() {
    let body = chat(json!({"temperature": 1.4, "top_p": 0.5, "seed": 7, "logprobs": true,
        "presence_penalty": 0.5, "top_k": 4, "max_tokens": 50}));
    let (opus, dropped) = sent(Endpoint::Chat, &body, OPUS);
    for field in ["temperature", "top_p", "top_k", "seed"] {
        assert!(opus.get(field).is_none(), "{field}");
    }
    assert_eq!(
        dropped,
        [
            "sampling:temperature",
            "sampling:top_p",
            "sampling:top_k",
            "sampling:presence_penalty",
            "sampling:seed",
            "logprobs"
        ]
    );
    // Older Claude takes temperature up to 1, and not together with top_p.
    let (sonnet, _) = sent(Endpoint::Chat, &body, SONNET);
    assert_eq!((sonnet["temperature"].as_f64(), sonnet.get("top_p")), (Some(1.0), None));
    let (flash, dropped) = sent(Endpoint::Chat, &body, FLASH);
    assert_eq!(flash["generationConfig"]["seed"], 7);
    assert_eq!(flash["generationConfig"]["temperature"], 1.4);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn a_limit_is_there_where_it_must_be_under_the_name_it_must_have_and_not_too_large() {
    let (claude, _) = sent(Endpoint::Chat, &chat(json!({})), SONNET);
    assert_eq!(claude["max_tokens"], 32_000);
    let ask = json!({"model": "m", "max_tokens": 128_000,
        "messages": [{"role": "user", "content": "hi"}]});
    let (gpt, dropped) = sent(Endpoint::Messages, &ask, (Form::Chat, "gpt-4o", false));
    assert_eq!(gpt["max_completion_tokens"], 16_384);
    assert_eq!(dropped, ["max-tokens"]);
    // A context of the user's own server is rarely so long: its own limit holds.
    let (qwen, dropped) = sent(Endpoint::Messages, &ask, QWEN);
    assert_eq!((qwen.get("max_tokens"), dropped), (None, vec!["max-tokens".to_owned()]));
    let probe = json!({"model": "m", "max_tokens": 1,
        "messages": [{"role": "user", "content": "hi"}]});
    let (gpt, _) = sent(Endpoint::Messages, &probe, (Form::Responses, "gpt-5.6-luna", false));
    assert_eq!(gpt["max_output_tokens"], 16);
}

#[test]
fn effort_and_budgets_stand_for_each_other() {
    let ask =
        |effort: &str| chat(json!({"reasoning_effort": effort, "max_completion_tokens": 60_000}));
    let (opus, _) = sent(Endpoint::Chat, &ask("minimal"), OPUS);
    assert_eq!(opus["thinking"], json!({"type": "adaptive"}));
    assert_eq!(opus["output_config"]["effort"], "low");
    let (sonnet, _) = sent(Endpoint::Chat, &ask("high"), SONNET);
    assert_eq!(sonnet["thinking"], json!({"type": "enabled", "budget_tokens": 24_000}));
    let (flash, _) = sent(Endpoint::Chat, &ask("xhigh"), FLASH);
    assert_eq!(flash["generationConfig"]["thinkingConfig"]["thinkingLevel"], "HIGH");
    let (older, dropped) =
        sent(Endpoint::Chat, &ask("none"), (Form::Gemini, "gemini-2.5-flash", false));
    assert_eq!(older["generationConfig"]["thinkingConfig"]["thinkingBudget"], 0);
    assert!(dropped.is_empty());
    let (pro, dropped) =
        sent(Endpoint::Chat, &ask("none"), (Form::Gemini, "gemini-2.5-pro", false));
    assert_eq!(pro["generationConfig"]["thinkingConfig"]["thinkingBudget"], 128);
    assert_eq!(dropped, ["thinking-off"]);
}

#[test]
fn thinking_gives_way_to_a_forced_call_and_to_a_limit_too_small_for_it() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let forced = chat(json!({"reasoning_effort": "high", "tools": tools,
        "tool_choice": {"type": "function", "function": {"name": "f"}}}));
    let (sonnet, dropped) = sent(Endpoint::Chat, &forced, SONNET);
    assert_eq!(sonnet["tool_choice"], json!({"type": "tool", "name": "f"}));
    assert!(sonnet.get("thinking").is_none());
    assert_eq!(dropped, ["thinking"]);
    let (opus, dropped) = sent(Endpoint::Chat, &forced, OPUS);
    assert_eq!(opus["tool_choice"], json!({"type": "auto"}));
    assert_eq!(dropped, ["tool-choice-forced"]);
    let short = chat(json!({"reasoning_effort": "high", "max_tokens": 1_000}));
    let (sonnet, dropped) = sent(Endpoint::Chat, &short, SONNET);
    assert!(sonnet.get("thinking").is_none());
    assert_eq!(dropped, ["thinking"]);
}

#[test]
fn a_loop_begun_without_thinking_goes_on_without_it_on_claude_before_4_6() {
    let body = json!({"model": "m", "reasoning_effort": "low", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [{"id": "a", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "x"}]});
    assert!(sent(Endpoint::Chat, &body, SONNET).0.get("thinking").is_none());
    assert!(sent(Endpoint::Chat, &body, OPUS).0.get("thinking").is_some());
}

#[test]
fn structured_output_travels_as_each_dialect_writes_it_byte_for_byte() {
    let body = br#"{"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{ "type":"object", "properties":{"b":{},"a":{}} }}}}"#;
    let raw = r#"{ "type":"object", "properties":{"b":{},"a":{}} }"#;
    for (form, model, before) in [
        (
            Form::Messages,
            "claude-sonnet-4-5",
            r#""output_config":{"format":{"type":"json_schema","schema":"#,
        ),
        (
            Form::Gemini,
            "gemini-3.8-flash",
            r#""responseMimeType":"application/json","responseJsonSchema":"#,
        ),
        (
            Form::Responses,
            "gpt-4o",
            r#""text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":"#,
        ),
        (Form::Ollama, "qwen3:8b", r#""format":"#),
    ] {
        let traits = crate::hub::Traits::of(form, model, false);
        let asked = crate::hub::Asked { endpoint: Endpoint::Chat, body, model: "m" };
        let translated = crate::hub::request(&asked, &crate::hub::Target { form, model, traits })
            .expect("translated");
        let text = String::from_utf8(translated.body).expect("text");
        assert!(text.contains(&format!("{before}{raw}")), "{text}");
        assert!(translated.back.structured);
    }
    let old = (Form::Messages, "claude-3-5-sonnet-20241022", false);
    let body: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(refused(Endpoint::Chat, &body, old).class, "structured_outputs_unsupported");
}

#[test]
fn arguments_that_are_no_json_are_kept_as_text() {
    let call = |arguments: &str| {
        json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "a", "content": "x"}]})
    };
    for (arguments, expected) in [
        ("", json!({})),
        ("{\"p\": 1}", json!({"p": 1})),
        ("{\"p\": ", json!({"arguments": "{\"p\":"})),
        ("[1]", json!({"arguments": "[1]"})),
        (" {\"p\":\n 1} ", json!({"p": 1})),
    ] {
        let (claude, _) = sent(Endpoint::Chat, &call(arguments), SONNET);
        assert_eq!(claude["messages"][1]["content"][0]["input"], expected, "{arguments}");
    }
}

#[test]
fn ids_no_vendor_would_write_are_the_same_in_call_and_result_and_kept_where_they_can_be() {
    let body = json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [
        {"id": "functions.read:0", "type": "function", "function": {"name": "fs.read", "arguments": "{}"}},
        {"id": "x".repeat(90), "type": "function", "function": {"name": "fs.read", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "functions.read:0", "content": "1"},
        {"role": "tool", "tool_call_id": "x".repeat(90), "content": "2"}],
        "tools": [{"type": "function", "function": {"name": "fs.read"}}]});
    let kept = [
        (SONNET, "weirx_functions_2eread_3a0"),
        ((Form::Responses, "gpt-4o", false), "functions.read:0"),
    ];
    for (target, short) in kept {
        let translated = translate(Endpoint::Chat, &body, target).expect("translated");
        let document: Value = serde_json::from_slice(&translated.body).expect("JSON");
        assert_eq!(times(&document, short), 2, "{document}");
        let sent_name = &translated.back.tools[0].sent;
        assert_eq!(times(&document, sent_name), 3, "{document}");
        assert_eq!(translated.back.tool_name(sent_name), "fs.read");
        let mut ids = Vec::new();
        super::strings(&document, &mut ids);
        assert!(ids.iter().all(|text| text != "fs.read"), "{document}");
        ids.retain(|text| text == short || text.starts_with("xxx"));
        assert_eq!(ids.len(), 4);
        assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 2));
    }
}

#[test]
fn a_named_cache_becomes_marks_at_claude() {
    let body = json!({"prompt_cache_key": "k", "messages": [
        {"role": "system", "content": "sys"}, {"role": "user", "content": "hi"}]});
    let (claude, dropped) = sent(Endpoint::Chat, &body, OPUS);
    assert_eq!(claude["system"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(claude["messages"][0]["content"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert!(dropped.is_empty());
    assert_eq!(sent(Endpoint::Chat, &body, FLASH).1, ["prompt-cache-key"]);
}

#[test]
fn what_cursor_mixes_into_a_chat_body_is_understood() {
    let body = json!({"model": "m", "system": "ignored by name", "messages": [
        {"role": "system", "content": [{"type": "text", "text": "sys", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"p": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "out"}]}],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}}],
        "tool_choice": {"type": "auto"}});
    let (gpt, dropped) = sent(Endpoint::Chat, &body, (Form::Chat, "gpt-4o", false));
    assert_eq!(gpt["tools"][0]["function"]["name"], "f");
    assert_eq!(gpt["messages"][3], json!({"role": "tool", "tool_call_id": "t1", "content": "out"}));
    assert_eq!(gpt["tool_choice"], "auto");
    assert_eq!(dropped, ["unknown:system", "cache-control"]);
    let responses = json!({"model": "m", "stream": true, "instructions": "sys", "input": "hi"});
    let (gpt, _) = sent(Endpoint::Chat, &responses, (Form::Chat, "gpt-4o", false));
    assert_eq!(gpt["messages"][1], json!({"role": "user", "content": "hi"}));
}

#[test]
fn allowed_tools_are_named_where_that_is_known_and_else_only_they_are_shown() {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let body = chat(json!({"tools": [tool("a"), tool("b"), tool("c")], "tool_choice":
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool("a"), tool("b")]}}}));
    let (gpt, _) = sent(Endpoint::Chat, &body, (Form::Responses, "gpt-4o", false));
    assert_eq!(gpt["tool_choice"]["mode"], "required");
    assert_eq!(gpt["tools"].as_array().map(Vec::len), Some(3));
    let (claude, _) = sent(Endpoint::Chat, &body, SONNET);
    assert_eq!(claude["tools"].as_array().map(Vec::len), Some(2));
    assert_eq!(claude["tool_choice"], json!({"type": "any"}));
    let (flash, _) = sent(Endpoint::Chat, &body, FLASH);
    assert_eq!(
        flash["toolConfig"]["functionCallingConfig"],
        json!({"mode": "ANY", "allowedFunctionNames": ["a", "b"]})
    );
}

#[test]
fn unknown_fields_are_dropped_by_their_name_and_odd_names_as_other() {
    let body = chat(json!({"brand_new": 1, "a b\n": 2}));
    assert_eq!(sent(Endpoint::Chat, &body, SONNET).1, ["unknown:other", "unknown:brand_new"]);
}

#[test]
fn sealed_reasoning_returns_to_its_maker_through_a_responses_client() {
    let body = responses(json!({"include": ["reasoning.encrypted_content"], "input": [
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "WeirSealAnt1Eq+/"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "x"}]}));
    let (claude, dropped) = sent(Endpoint::Responses, &body, OPUS);
    assert_eq!(
        claude["messages"][1]["content"][0],
        json!({"type": "thinking", "thinking": "hm", "signature": "Eq+/"})
    );
    assert_eq!((times(&claude, "gAAAA"), dropped), (0, vec!["thinking-signature".to_owned()]));
    let (gpt, _) = sent(Endpoint::Responses, &body, (Form::Responses, "gpt-5.6-luna", false));
    assert_eq!(gpt["input"][1]["encrypted_content"], "gAAAA");
    assert_eq!(times(&gpt, "Eq+/"), 0);
}

#[test]
fn ids_a_client_uses_twice_stand_for_two_calls() {
    let turn = |n: u32| {
        [
            json!({"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function",
                "function": {"name": "f", "arguments": "{}"}}]}),
            json!({"role": "tool", "tool_call_id": "call_1", "content": format!("r{n}")}),
        ]
    };
    let mut messages = vec![json!({"role": "user", "content": "hi"})];
    messages.extend(turn(1));
    messages.extend(turn(2));
    let (claude, _) = sent(Endpoint::Chat, &json!({"messages": messages}), SONNET);
    let turns = &claude["messages"];
    let ids = [&turns[1]["content"][0]["id"], &turns[3]["content"][0]["id"]];
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0], &turns[2]["content"][0]["tool_use_id"]);
    assert_eq!(ids[1], &turns[4]["content"][0]["tool_use_id"]);
}

#[test]
fn tools_with_types_of_their_own_stay_in_history_as_calls_and_results() {
    let body = responses(json!({"tools": [{"type": "local_shell"}], "input": [
        {"role": "user", "content": "hi"},
        {"type": "shell_call", "call_id": "a", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "call_id": "a",
            "output": [{"stdout": "notes.txt", "stderr": "warned"}]},
        {"type": "web_search_call", "id": "ws_1", "action": {"query": "q"}}]}));
    let (claude, dropped) = sent(Endpoint::Responses, &body, SONNET);
    let call = &claude["messages"][1]["content"][0];
    assert_eq!((&call["name"], &call["input"]), (&json!("shell"), &json!({"commands": ["ls"]})));
    assert_eq!((times(&claude, "notes.txt"), times(&claude, "warned")), (1, 1));
    assert_eq!(dropped, ["server-tool:local_shell", "item:web_search_call"]);
}

#[test]
fn a_search_for_tools_keeps_its_answer_and_what_it_found_can_be_called() {
    let late = json!({"type": "function", "name": "late", "parameters": {"type": "object", "properties": {}}});
    let body = responses(json!({"input": [
        {"role": "user", "content": "hi"},
        {"type": "tool_search_call", "call_id": "c1", "execution": "client", "arguments": {"query": "x"}},
        {"type": "tool_search_output", "call_id": "c1", "execution": "client", "tools": [
            {"type": "namespace", "name": "mcp__s", "tools": [late]}]},
        {"role": "user", "content": "now"}]}));
    let (claude, dropped) = sent(Endpoint::Responses, &body, SONNET);
    assert_eq!(claude["messages"][1]["content"][0]["id"], "c1");
    assert_eq!(claude["messages"][2]["content"][0]["tool_use_id"], "c1");
    assert_eq!(claude["tools"][0]["name"], "mcp__s__late");
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn the_output_of_a_local_shell_answers_its_call_by_the_name_openai_gives_the_id() {
    let body = responses(json!({"input": [
        {"role": "user", "content": "hi"},
        {"type": "local_shell_call", "id": "l", "call_id": "c1", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "local_shell_call_output", "id": "c1", "output": "files"}]}));
    for target in [SONNET, QWEN, FLASH] {
        let (there, dropped) = sent(Endpoint::Responses, &body, target);
        assert_eq!(times(&there, "files"), 1, "{there}");
        assert_eq!(dropped, Vec::<String>::new());
    }
}

#[test]
fn what_only_openai_has_a_field_for_is_named_when_it_is_left_out() {
    let tool = json!({"type": "function", "function": {"name": "f", "strict": true,
        "parameters": {"type": "object", "properties": {}}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "description": "d",
        "schema": {"type": "object", "properties": {}}}});
    let body = chat(json!({"tools": [tool], "response_format": format}));
    for target in [SONNET, FLASH] {
        let (_, dropped) = sent(Endpoint::Chat, &body, target);
        assert_eq!(dropped, ["tool-field:strict", "format-description"]);
    }
}

#[test]
fn where_a_target_cannot_be_told_to_stop_the_answer_is_cut_on_its_way_home() {
    let body = chat(json!({"stop": ["END", "\n"]}));
    let o3 = (Form::Responses, "gpt-5.6-sol", false);
    let there = translate(Endpoint::Chat, &body, o3).expect("translated");
    assert_eq!(there.back.cuts, ["END", "\n"]);
    assert_eq!(there.back.stop, ["END", "\n"], "the client hears at which");
    assert!(there.dropped.is_empty(), "{:?}", there.dropped);
    let there = translate(Endpoint::Chat, &body, SONNET).expect("translated");
    assert_eq!((there.back.cuts, there.back.stop.len()), (vec!["\n".to_owned()], 2));
}

#[test]
fn sound_of_an_earlier_answer_and_fields_nobody_knows_are_named_when_they_are_left_out() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi", "mood": "good"},
        {"role": "assistant", "content": "yes", "audio": {"id": "a1"}}, {"role": "user", "content": "go on"}]});
    let (_, dropped) = sent(Endpoint::Chat, &body, SONNET);
    assert_eq!(dropped, ["message-field:mood", "message-field:audio"]);
}
