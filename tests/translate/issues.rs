//! Public bugs of other translators, each as a case of ours; `issues.toml` says where the others
//! of the thirty are held, and which wait for what is not built yet.

use crate::answers::{back, clients, streamed};
use crate::cases::{self, CLIENTS, Given, Towards, ask_named, corpus, repository};
use crate::hear;
use crate::requests::translated;
use serde_json::{Value, json};
use weir_core::Endpoint;
use weir_wire::hub::{self, Asked, Back, Form, Target};

/// How many issues the list holds.
const ISSUES: usize = 30;

#[test]
fn every_issue_of_the_list_names_a_test_that_exists_or_says_what_is_missing() {
    let text = std::fs::read_to_string(corpus().join("issues.toml")).expect("the list");
    let list: toml::Table = text.parse().expect("the list is TOML");
    let issues = list["issue"].as_array().expect("a list");
    assert_eq!(issues.len(), ISSUES);
    for (index, issue) in issues.iter().enumerate() {
        assert_eq!(issue["number"].as_integer(), Some(index as i64 + 1), "in order");
        let tests = issue.get("test").and_then(toml::Value::as_array);
        let later = issue.get("later").and_then(toml::Value::as_str);
        assert!(tests.is_some() || later.is_some(), "{}: a test or a reason", issue["of"]);
        assert!(later.is_none_or(|why| why.len() > 20), "{}: a reason in words", issue["of"]);
        for test in tests.into_iter().flatten() {
            let test = test.as_str().unwrap_or_default();
            let (file, name) = test.split_once("::").expect("file::function");
            let code = std::fs::read_to_string(repository().join(file)).unwrap_or_default();
            assert!(code.contains(&format!("fn {name}(")), "{test} does not exist");
        }
    }
}

#[track_caller]
fn given(name: &str, framing: &str) -> Given {
    let found = cases::answers().into_iter().find(|g| g.name == name && g.framing == framing);
    found.unwrap_or_else(|| panic!("there is no {framing} answer {name}"))
}

fn heard(client: Form, given: &Given) -> hear::Heard {
    let back = back(client, given.form, true, &given.name);
    hear::stream(client, "sse", &streamed(back, given, &[&given.bytes]))
}

#[test]
fn issue_litellm_36917_a_system_message_in_the_middle_stays_in_its_place() {
    for name in [
        "messages/system_in_the_middle",
        "chat/developer_and_late_system",
        "responses/system_in_the_middle",
    ] {
        let ask = ask_named(name);
        let order = match ask.form {
            Form::Chat => {
                ["The top rule.", "The question.", "The note in the middle.", "The last note."]
            }
            Form::Responses => {
                ["The top rule.", "The question.", "The note in the middle.", "The last note."]
            }
            _ => ["The top rule.", "The question.", "The note after the result.", "The last note."],
        };
        for towards in Towards::others(ask.form) {
            let sent = translated(&ask, &towards).expect("it is translated");
            let sent: Value = serde_json::from_slice(&sent.body).expect("JSON");
            // Dialects with a field for the system write it where they like.
            let system = ["system", "instructions", "systemInstruction"];
            let first = system.iter().find_map(|key| sent.get(*key)).cloned().unwrap_or_default();
            let turns = ["messages", "input", "contents"];
            let turns = turns.iter().find_map(|key| sent.get(*key)).cloned().unwrap_or_default();
            let told = format!("{first}{turns}");
            let places: Vec<Option<usize>> = order.iter().map(|text| told.find(text)).collect();
            assert!(places.iter().all(Option::is_some), "{name} to {}: {told}", towards.label);
            assert!(places.is_sorted(), "{name} to {}: {places:?} in {told}", towards.label);
        }
    }
}

#[test]
fn issue_litellm_24005_an_overload_inside_a_200_is_an_error_in_every_dialect() {
    for (name, framing) in [
        ("messages/error_at_once", "sse"),
        ("messages/error_in_the_middle", "sse"),
        ("chat/error_at_once", "sse"),
        ("chat/openrouter_error_in_the_middle", "sse"),
        ("responses/failed", "sse"),
        ("responses/error_event", "sse"),
        ("gemini/error_at_once", "sse"),
        ("gemini/error_in_the_middle", "sse"),
        ("ollama/error_at_once", "ndjson"),
        ("ollama/error_in_the_middle", "ndjson"),
    ] {
        let given = given(name, framing);
        let words = hear::stream(given.form, framing, &given.bytes).failed;
        let words = words.expect("the provider fails");
        for (label, client) in clients(given.form) {
            let heard = heard(client, &given);
            assert_eq!(heard.failed.as_ref(), Some(&words), "{name} to {label}");
            assert!(!heard.ended || heard.failed.is_some(), "{name} to {label} ends well");
        }
    }
    for name in ["chat/error_in_200", "ollama/error_in_200"] {
        let given = given(name, "json");
        for (label, client) in clients(given.form) {
            let back = back(client, given.form, false, name);
            let bad = hub::answer(&back, given.form, &given.bytes).expect_err("it is an error");
            let failure = bad.failure(&back);
            assert!(failure.status >= 500, "{name} to {label}: {}", failure.status);
            assert!(hear::whole(client, &failure.body).failed.is_some(), "{name} to {label}");
        }
    }
}

/// What providers say when a prompt does not fit, and the status they say it with.
const TOO_LONG: [(Form, u16, &str); 6] = [
    (
        Form::Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210001 tokens > 200000 maximum"},"request_id":"req_1"}"#,
    ),
    (
        Form::Chat,
        400,
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
    ),
    (
        Form::Chat,
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}"#,
    ),
    (
        Form::Responses,
        400,
        r#"{"error":{"message":"Your input exceeds the context window of this model. Please adjust your input and try again.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#,
    ),
    (
        Form::Gemini,
        400,
        r#"{"error":{"code":400,"message":"The input token count exceeds the maximum number of tokens allowed 1048576.","status":"INVALID_ARGUMENT"}}"#,
    ),
    (
        Form::Ollama,
        400,
        r#"{"error":"the input length exceeds the context length: prompt too long"}"#,
    ),
];

#[test]
fn issue_helm_api_702_a_prompt_that_is_too_long_is_told_in_the_provider_s_words() {
    for (from, status, body) in TOO_LONG {
        let document: Value = serde_json::from_str(body).expect("JSON");
        let error = &document["error"];
        let words = error["message"].as_str().or(error.as_str()).expect("a text");
        for (label, client) in clients(from) {
            let back = back(client, from, true, "too_long");
            let failure = hub::failure(&back, from, status, body.as_bytes());
            assert_eq!(failure.status, 400, "{words} to {label}");
            let told = hear::whole(client, &failure.body).failed;
            // Ollama's and llama.cpp's are known to no tool; what tools act on stands before them.
            let known = match (from, error["n_prompt_tokens"].as_u64().zip(error["n_ctx"].as_u64()))
            {
                (Form::Ollama, _) => format!("prompt is too long: {words}"),
                (_, Some((asked, room))) => {
                    format!("prompt is too long: {asked} tokens > {room} maximum: {words}")
                }
                _ => words.to_owned(),
            };
            assert_eq!(told, Some(known), "to {label}");
        }
    }
}

#[test]
fn issue_bifrost_6123_text_and_a_call_end_as_a_call_in_every_dialect() {
    for (name, framing) in [
        ("messages/text_and_parallel_calls", "sse"),
        ("chat/text_and_parallel_calls", "sse"),
        ("chat/call_ending_in_stop", "sse"),
        ("responses/text_and_parallel_calls", "sse"),
        ("gemini/text_and_parallel_calls", "sse"),
        ("gemini/call_ending_in_stop", "sse"),
        ("ollama/text_and_parallel_calls", "ndjson"),
    ] {
        let given = given(name, framing);
        for (label, client) in clients(given.form) {
            let heard = heard(client, &given);
            assert_eq!(heard.first().stop, "calls", "{name} to {label}");
            assert!(heard.ended, "{name} to {label}");
        }
    }
}

#[test]
fn issue_praxis_266_mixed_deltas_of_parallel_calls_are_told_apart() {
    let given = given("chat/text_and_parallel_calls", "sse");
    let expected = [
        ("get_weather", r#"{"town":"Bern"}"#),
        ("get_weather", r#"{"town":"Thun"}"#),
        ("read_file", r#"{"file_path":"notes.txt"}"#),
    ];
    for (label, client) in clients(given.form) {
        let calls = heard(client, &given).first().calls;
        let calls: Vec<(&str, &str)> =
            calls.iter().map(|(name, args)| (name.as_str(), args.as_str())).collect();
        assert_eq!(calls, expected, "to {label}");
    }
}

#[test]
fn issue_hermes_agent_111686_two_calls_of_one_name_without_ids_stay_two() {
    for name in [
        "chat/two_calls_of_one_name_without_ids",
        "chat/calls_without_index",
        "chat/calls_all_at_index_zero",
    ] {
        let given = given(name, "sse");
        for (label, client) in clients(given.form) {
            let first = heard(client, &given).first();
            assert_eq!(first.calls.len(), 2, "{name} to {label}: {:?}", first.calls);
            assert_eq!(first.calls[1].1, r#"{"town":"Thun"}"#, "{name} to {label}");
            assert_ne!(first.ids[0], first.ids[1], "{name} to {label}");
        }
    }
    // The way out: responses without ids belong to the calls in their order.
    let ask = ask_named("gemini/calls_without_ids");
    for towards in Towards::others(ask.form).iter().filter(|t| t.form != Form::Ollama) {
        let sent = translated(&ask, towards).expect("it is translated");
        let text = String::from_utf8(sent.body).expect("text");
        let places: Vec<Option<usize>> =
            ["Fog in Aarau", "Sun in Baden", "Wind in Chiasso"].map(|t| text.find(t)).to_vec();
        assert!(places.is_sorted() && places[0].is_some(), "{}: {text}", towards.label);
    }
}

/// The next request of a client that sends back what it was given, word for word.
fn echo(client: Form, answer: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    let schema = json!({"type": "object", "properties": {"town": {"type": "string"}}});
    let body = match client {
        Form::Messages | Form::Ollama => json!({}),
        Form::Chat => {
            let message = answer["choices"][0]["message"].clone();
            let id = message["tool_calls"][0]["id"].clone();
            let tool = json!({"type": "function", "function": {"name": "get_weather", "parameters": schema}});
            json!({"model": "m", "tools": [tool], "messages": [{"role": "user", "content": "Begin."},
                message, {"role": "tool", "tool_call_id": id, "content": "done"}]})
        }
        Form::Responses => {
            let mut items = vec![json!({"role": "user", "content": "Begin."})];
            items.extend(answer["output"].as_array().cloned().unwrap_or_default());
            let id = items.last().map(|item| item["call_id"].clone());
            items.push(json!({"type": "function_call_output", "call_id": id, "output": "done"}));
            let tool = json!({"type": "function", "name": "get_weather", "strict": false, "parameters": schema});
            json!({"model": "m", "tools": [tool], "input": items, "store": false,
                "include": ["reasoning.encrypted_content"]})
        }
        Form::Gemini => {
            let content = answer["candidates"][0]["content"].clone();
            let call = content["parts"].as_array().into_iter().flatten();
            let id =
                call.filter_map(|part| part.get("functionCall")).map(|c| c["id"].clone()).next();
            let response = json!({"functionResponse": {"id": id, "name": "get_weather",
                "response": {"output": "done"}}});
            let tool = json!({"functionDeclarations": [{"name": "get_weather", "parametersJsonSchema": schema}]});
            json!({"tools": [tool], "contents": [{"role": "user", "parts": [{"text": "Begin."}]},
                content, {"role": "user", "parts": [response]}]})
        }
    };
    body.to_string()
}

/// What goes back to the provider after a client has sent its answer back.
fn returned(client: Form, given: &Given, model: &str) -> Value {
    let back = Back { show_thinking: true, ..back(client, given.form, false, &given.name) };
    let told = hub::answer(&back, given.form, &given.bytes).expect("an answer");
    let history = echo(client, &told);
    let endpoint: Endpoint = client.endpoint(false);
    let asked = Asked { endpoint, body: history.as_bytes(), model: "m" };
    let traits = hub::Traits::of(given.form, model, false);
    let sent = hub::request(&asked, &Target { form: given.form, model, traits });
    serde_json::from_slice(&sent.expect("it is translated").body).expect("JSON")
}

#[test]
fn issue_litellm_41361_signed_thinking_returns_to_its_maker_to_the_byte() {
    let thinking = given("messages/thinking_then_call", "json");
    for client in [Form::Responses, Form::Gemini] {
        let sent = returned(client, &thinking, "claude-opus-5-5");
        let content = sent["messages"][1]["content"].as_array().cloned().unwrap_or_default();
        let expected = json!({"type": "thinking", "thinking": "The town is known.", "signature": "EqQBc2lnbmVk"});
        assert_eq!(content.first(), Some(&expected), "through {client:?}: {sent}");
    }
    // A Gemini signature is required back on the call it came with.
    let call = given("gemini/call_ending_in_stop", "json");
    for client in [Form::Messages, Form::Chat, Form::Responses] {
        if client == Form::Messages {
            continue;
        }
        let sent = returned(client, &call, "gemini-3.8-flash").to_string();
        assert!(
            sent.contains("\"thoughtSignature\":\"c2lnbmF0dXJl\""),
            "through {client:?}: {sent}"
        );
    }
    // OpenAI's encrypted reasoning.
    let reasoning = given("responses/reasoning_then_call", "json");
    let sent = returned(Form::Gemini, &reasoning, "gpt-6.1-sol").to_string();
    assert!(sent.contains("\"encrypted_content\":\"gAAAAABpEnc2\""), "{sent}");
}

#[test]
fn a_seal_never_reaches_a_vendor_that_did_not_make_it() {
    for (name, seal) in [
        ("messages/thinking_then_call", "EqQBc2lnbmVk"),
        ("responses/reasoning_then_call", "gAAAAABpEnc2"),
        ("gemini/call_ending_in_stop", "c2lnbmF0dXJl"),
    ] {
        let given = given(name, "json");
        for (_, client) in clients(given.form).filter(|(_, client)| *client != Form::Messages) {
            let back = back(client, given.form, false, name);
            let told = hub::answer(&back, given.form, &given.bytes).expect("an answer");
            let history = echo(client, &told);
            for towards in Towards::others(given.form) {
                let asked = Asked {
                    endpoint: client.endpoint(false),
                    body: history.as_bytes(),
                    model: "m",
                };
                let traits = towards.traits();
                let target = Target { form: towards.form, model: &towards.model, traits };
                let sent = hub::request(&asked, &target).expect("it is translated");
                let sent = String::from_utf8(sent.body).expect("text");
                assert!(!sent.contains(seal), "{name} by {client:?} to {}: {sent}", towards.label);
            }
        }
    }
}

#[test]
fn issue_headroom_2026_a_usage_chunk_comes_only_when_it_was_asked_for() {
    for (name, framing) in
        [("messages/text", "sse"), ("gemini/text", "sse"), ("ollama/text", "ndjson")]
    {
        let given = given(name, framing);
        let counted = |include_usage| {
            let back = Back { include_usage, ..back(Form::Chat, given.form, true, name) };
            let heard = hear::stream(Form::Chat, "sse", &streamed(back, &given, &[&given.bytes]));
            assert!(heard.faults.is_empty(), "{name}: {:?}", heard.faults);
            heard.usage.is_some()
        };
        assert!(counted(true) && !counted(false), "{name}");
    }
}

#[test]
fn the_billing_block_of_claude_code_reaches_no_foreign_model() {
    for name in ["messages/claude_code_first_turn", "messages/claude_code_title"] {
        let ask = ask_named(name);
        assert!(ask.body.contains("x-anthropic-billing-header"), "{name} has one");
        for towards in Towards::others(ask.form) {
            let sent = translated(&ask, &towards).expect("it is translated");
            let sent = String::from_utf8(sent.body).expect("text");
            assert!(!sent.contains("billing-header"), "{name} to {}", towards.label);
            assert!(!sent.contains("9c1185a5c5e9fc54"), "the device's id to {}", towards.label);
        }
    }
    assert_eq!(CLIENTS.len(), 4);
}
