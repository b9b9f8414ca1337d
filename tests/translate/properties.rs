//! Properties over conversations and answers nobody recorded. A failing run prints its seed and
//! the smallest case; `PROPTEST_CASES` asks for more of them.

use crate::answers::{back, clients, framing, stop, streamed, tapped};
use crate::cases::{self, CLIENTS, Given, Towards, named};
use crate::hear::{self, Counts, Heard};
use crate::json::{Node, canonical};
use crate::say::answers::{Answer, PROVIDERS, any_answer};
use crate::say::asks::any_talk;
use crate::{grammar, spans};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use weir_wire::hub::{self, Asked, Form, Stream, Target};

/// Cases of each property where nothing else is said.
const CASES: u32 = 96;

fn given(form: Form, framing: &str, bytes: Vec<u8>) -> Given {
    Given {
        name: format!("{}/made", named(form)),
        folder: PathBuf::new(),
        stem: "made".into(),
        form,
        framing: framing.into(),
        bytes,
    }
}

fn ask(asked: &Asked<'_>, towards: &Towards) -> Result<hub::Translated, hub::Rejected> {
    let traits = towards.traits();
    hub::request(asked, &Target { form: towards.form, model: &towards.model, traits })
}

/// The calls a request holds, in order: name and arguments.
fn calls_of(form: Form, body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body).into_owned();
    let node = Node::parse(&text).expect("a body is JSON");
    let mut found = Vec::new();
    let word = |node: Option<&Node<'_>>| node.and_then(Node::text).unwrap_or_default();
    fn list<'a>(node: Option<&Node<'a>>) -> Vec<Node<'a>> {
        node.map(|n| n.items().to_vec()).unwrap_or_default()
    }
    match form {
        Form::Messages => {
            for message in list(node.get("messages")) {
                for block in list(message.get("content")) {
                    if word(block.get("type")) == "tool_use" {
                        let input = block.get("input").map_or(String::new(), Node::canonical);
                        found.push((word(block.get("name")), input));
                    }
                }
            }
        }
        Form::Chat | Form::Ollama => {
            for message in list(node.get("messages")) {
                for call in list(message.get("tool_calls")) {
                    let function = call.get("function");
                    let arguments = function.and_then(|f| f.get("arguments"));
                    let arguments = match arguments {
                        Some(Node::Atom(_)) => canonical(&word(arguments)),
                        other => other.map_or(String::new(), Node::canonical),
                    };
                    found.push((word(function.and_then(|f| f.get("name"))), arguments));
                }
            }
        }
        Form::Responses => {
            for item in list(node.get("input")) {
                if word(item.get("type")) == "function_call" {
                    let arguments = canonical(&word(item.get("arguments")));
                    found.push((word(item.get("name")), arguments));
                }
            }
        }
        Form::Gemini => {
            for content in list(node.get("contents")) {
                for part in list(content.get("parts")) {
                    if let Some(call) = part.get("functionCall") {
                        let args = call.get("args").map_or("{}".to_owned(), Node::canonical);
                        found.push((word(call.get("name")), args));
                    }
                }
            }
        }
    }
    found
}

/// Cases of a property, and a seed that is printed: `WEIR_SEED` runs it again, `PROPTEST_CASES`
/// asks for more.
#[expect(clippy::print_stderr, reason = "a failing run must say how to repeat itself")]
#[expect(clippy::disallowed_methods, reason = "a fresh seed needs something that changes")]
fn announced() -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let fresh = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.as_nanos() as u64
    };
    let seed = number("WEIR_SEED").unwrap_or_else(fresh);
    eprintln!("WEIR_SEED={seed}");
    ProptestConfig {
        cases: number("PROPTEST_CASES").map_or(CASES, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(announced())]

    #[test]
    fn any_conversation_reaches_any_target_whole_and_by_its_rules(talk in any_talk()) {
        for (name, client) in CLIENTS {
            let (endpoint, body) = talk.asked(client);
            let asked = Asked { endpoint, body: body.as_bytes(), model: "m" };
            for towards in Towards::others(client) {
                let at = format!("{name} to {}: {body}", towards.label);
                let sent = ask(&asked, &towards);
                let sent = sent.map_err(|r| TestCaseError::fail(format!("{at}: {}", r.message)))?;
                let faults =
                    grammar::faults(towards.form, &towards.model, towards.local, &sent.body);
                let told = String::from_utf8_lossy(&sent.body).into_owned();
                prop_assert!(faults.is_empty(), "{}\n{:?}\n{}", at, faults, told);
                let before: Value = serde_json::from_str(&body).expect("JSON");
                let after: Value = serde_json::from_slice(&sent.body).expect("JSON");
                let astray = spans::astray(client, &before, &after);
                prop_assert!(astray.is_empty(), "{}\n{:?}\n{}", at, astray, told);
                let calls: Vec<(String, String)> = talk
                    .calls()
                    .iter()
                    .map(|call| (call.name.clone(), canonical(&call.arguments)))
                    .collect();
                prop_assert_eq!(calls_of(towards.form, &sent.body), calls, "{}\n{}", at, told);
                prop_assert_eq!(sent.back.stream, talk.stream);
            }
        }
    }

    #[test]
    fn any_answer_is_heard_alike_whole_and_streamed_however_it_is_split(
        answer in any_answer(),
        step in 1..40_usize,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        for (form, framing_name) in PROVIDERS {
            let whole = given(form, "json", answer.whole(form).into_bytes());
            let stream = given(form, framing_name, answer.stream(form, step).into_bytes());
            let mut places: Vec<usize> = cuts.iter().map(|c| c.index(stream.bytes.len())).collect();
            places.sort_unstable();
            for (label, client) in clients(form) {
                let at = format!("{} to {label}", named(form));
                let one = back(client, form, false, "made");
                let told = hub::answer(&one, form, &whole.bytes)
                    .map_err(|bad| TestCaseError::fail(format!("{at}: {bad}")))?;
                let one = hear::whole(client, &told);
                let mut pieces = Vec::new();
                let mut from = 0;
                for place in &places {
                    pieces.push(&stream.bytes[from..*place]);
                    from = *place;
                }
                pieces.push(&stream.bytes[from..]);
                let told = streamed(back(client, form, true, "made"), &stream, &pieces);
                let together = streamed(back(client, form, true, "made"), &stream, &[&stream.bytes]);
                prop_assert_eq!(&told, &together, "{}: split at {:?}", at, places);
                let other = hear::stream(client, "sse", &told);
                says(&at, &answer, form, &one)?;
                says(&at, &answer, form, &other)?;
                prop_assert!(other.ended, "{}", at);
                prop_assert_eq!(one.usage, other.usage, "{}", at);
                let booked = tapped(&stream).usage.map(|u| Counts {
                    prompt: u.prompt(), cached: u.cache_read, output: u.output, reasoning: u.reasoning,
                });
                prop_assert_eq!(one.usage, booked, "{}", at);
                prop_assert_eq!(tapped(&whole).usage, tapped(&stream).usage, "{}", at);
            }
        }
    }

    #[test]
    fn a_tool_loop_comes_back_with_its_ids_and_arguments(answer in any_answer()) {
        prop_assume!(!answer.calls.is_empty());
        for (form, _) in PROVIDERS {
            for (name, client) in clients(form) {
                let at = format!("{} to {name} and back", named(form));
                let told = hub::answer(&back(client, form, false, "made"), form,
                    answer.whole(form).as_bytes());
                let heard = hear::whole(client, &told.expect("it is an answer"));
                let history = history(client, &heard);
                let asked =
                    Asked { endpoint: client.endpoint(false), body: history.as_bytes(), model: "m" };
                for towards in Towards::all().iter().filter(|towards| towards.form == form) {
                    let sent = ask(&asked, towards);
                    let sent =
                        sent.map_err(|r| TestCaseError::fail(format!("{at}: {}", r.message)))?;
                    let faults =
                        grammar::faults(towards.form, &towards.model, towards.local, &sent.body);
                    let told = String::from_utf8_lossy(&sent.body).into_owned();
                    prop_assert!(faults.is_empty(), "{}: {:?}\n{}", at, faults, told);
                    let calls: Vec<(String, String)> = answer
                        .calls
                        .iter()
                        .map(|call| (call.name.clone(), canonical(&call.arguments)))
                        .collect();
                    prop_assert_eq!(calls_of(form, &sent.body), calls, "{}\n{}", at, told);
                    for id in original_ids(form, &answer) {
                        prop_assert!(told.matches(&id).count() == 2, "{}: {} in {}", at, id, told);
                    }
                }
            }
        }
    }

    #[test]
    fn damaged_requests_and_answers_panic_nobody_and_clients_hear_good_grammar(
        case in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..4),
        taken in 0..9_usize,
    ) {
        let damage = |bytes_before: &[u8]| {
            let mut damaged = bytes_before.to_vec();
            let from = at.index(damaged.len().max(1));
            let to = (from + taken).min(damaged.len());
            damaged.splice(from..to, bytes.iter().copied());
            damaged
        };
        let all = cases::asks();
        let one = &all[case.index(all.len())];
        let body = damage(one.body.as_bytes());
        for towards in Towards::others(one.form) {
            let asked = Asked { endpoint: one.endpoint, body: &body, model: &one.model };
            if let Ok(sent) = ask(&asked, &towards) {
                let sound = serde_json::from_slice::<Value>(&sent.body).is_ok();
                prop_assert!(sound, "{}", String::from_utf8_lossy(&sent.body));
            }
        }
        let all = cases::answers();
        let one = &all[case.index(all.len())];
        let body = damage(&one.bytes);
        for (label, client) in clients(one.form) {
            let whole = back(client, one.form, false, &one.name);
            let _ = hub::answer(&whole, one.form, &body);
            let back = back(client, one.form, true, &one.name);
            let mut stream = Stream::new(back, one.form, framing(&one.framing));
            let mut out = stream.feed(&body);
            out.extend(stream.finish(hub::Ending::Cut));
            let mut heard = hear::stream(client, "sse", &out);
            // Arguments pass as they come; that they are no object shows only at their end.
            heard.faults.retain(|fault| fault != "the input is an object");
            prop_assert!(heard.faults.is_empty(), "{} to {}: {:?}\n{}",
                one.name, label, heard.faults, String::from_utf8_lossy(&out));
            prop_assert!(heard.ended || heard.failed.is_some(), "{} to {}", one.name, label);
        }
    }
}

/// What the client heard is what was said.
fn says(at: &str, answer: &Answer, form: Form, heard: &Heard) -> Result<(), TestCaseError> {
    prop_assert!(heard.faults.is_empty(), "{}: {:?}", at, heard.faults);
    prop_assert_eq!(&heard.failed, &None, "{}", at);
    let first = heard.first();
    prop_assert_eq!(&first.text, &answer.text, "{}", at);
    prop_assert_eq!(&first.thinking, &answer.thinking, "{}", at);
    let calls: Vec<(String, String)> =
        answer.calls.iter().map(|c| (c.name.clone(), canonical(&c.arguments))).collect();
    prop_assert_eq!(&first.calls, &calls, "{}", at);
    let expected = match (answer.cut_short, calls.is_empty()) {
        (true, _) => "length",
        (_, false) => "calls",
        _ => "end",
    };
    prop_assert_eq!(stop(&first), expected, "{} of {:?}", at, form);
    Ok(())
}

/// The ids a provider gave its calls; Ollama gives none.
fn original_ids(form: Form, answer: &Answer) -> Vec<String> {
    let ids = answer.calls.iter().map(|call| &call.id);
    let plain = |id: &&String| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let json = |id: &String| Value::String(id.clone()).to_string();
    match form {
        // Others than these are not Anthropic's, and it refuses them.
        Form::Messages => ids.filter(plain).map(|id| format!("\"toolu_{id}\"")).collect(),
        Form::Chat | Form::Responses | Form::Gemini => ids.map(json).collect(),
        Form::Ollama => Vec::new(),
    }
}

/// The next request of a client that ran the tools it was asked to run.
fn history(client: Form, heard: &Heard) -> String {
    use serde_json::json;
    let first = heard.first();
    let calls: Vec<(&String, &String, &String)> =
        first.ids.iter().zip(&first.calls).map(|(id, (name, args))| (id, name, args)).collect();
    let raw: Vec<String> = calls.iter().map(|(_, _, args)| (*args).clone()).collect();
    let hole = crate::say::placeholder;
    let schema = json!({"type": "object", "properties": {}});
    let tools = ["get_weather", "read_file"];
    let body = match client {
        Form::Messages => {
            let call = |(n, (id, name, _)): (usize, &(&String, &String, &String))| json!({"type": "tool_use", "id": id, "name": name, "input": hole(n)});
            let result = |(id, _, _): &(&String, &String, &String)| json!({"type": "tool_result", "tool_use_id": id, "content": "done"});
            json!({"model": "m", "max_tokens": 99,
                "tools": tools.map(|t| json!({"name": t, "input_schema": schema})),
                "messages": [{"role": "user", "content": "Begin."},
                    {"role": "assistant", "content": calls.iter().enumerate().map(call).collect::<Vec<_>>()},
                    {"role": "user", "content": calls.iter().map(result).collect::<Vec<_>>()}]})
        }
        Form::Chat | Form::Ollama => {
            let call = |(id, name, args): &(&String, &String, &String)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": args}});
            let mut messages = vec![
                json!({"role": "user", "content": "Begin."}),
                json!({"role": "assistant", "content": null,
                    "tool_calls": calls.iter().map(call).collect::<Vec<_>>()}),
            ];
            messages.extend(
                calls.iter().map(
                    |(id, _, _)| json!({"role": "tool", "tool_call_id": id, "content": "done"}),
                ),
            );
            let tool =
                |t| json!({"type": "function", "function": {"name": t, "parameters": schema}});
            json!({"model": "m", "messages": messages, "tools": tools.map(tool)})
        }
        Form::Responses => {
            let mut items = vec![json!({"role": "user", "content": "Begin."})];
            items.extend(calls.iter().map(|(id, name, args)| {
                json!({"type": "function_call", "call_id": id, "name": name, "arguments": args})
            }));
            items.extend(calls.iter().map(|(id, _, _)| {
                json!({"type": "function_call_output", "call_id": id, "output": "done"})
            }));
            let tool =
                |t| json!({"type": "function", "name": t, "strict": false, "parameters": schema});
            json!({"model": "m", "input": items, "tools": tools.map(tool)})
        }
        Form::Gemini => {
            let call = |(n, (id, name, _)): (usize, &(&String, &String, &String))| json!({"functionCall": {"id": id, "name": name, "args": hole(n)}});
            let result = |(id, name, _): &(&String, &String, &String)| json!({"functionResponse": {"id": id, "name": name, "response": {"output": "done"}}});
            let tool = |t| json!({"name": t, "parametersJsonSchema": schema});
            json!({"tools": [{"functionDeclarations": tools.map(tool)}],
                "contents": [{"role": "user", "parts": [{"text": "Begin."}]},
                    {"role": "model", "parts": calls.iter().enumerate().map(call).collect::<Vec<_>>()},
                    {"role": "user", "parts": calls.iter().map(result).collect::<Vec<_>>()}]})
        }
    };
    crate::say::fill(&body, &raw)
}
