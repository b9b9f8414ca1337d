//! What holds for every conversation: nothing said is lost or doubled, calls survive the way there
//! and back, and no body makes a translation panic.

use super::{CLIENTS, TARGETS, sent, times};
use crate::hub::{Asked, Form, Target, Traits, request};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_core::Endpoint;

/// A conversation in Messages: each turn some texts, calls and results, each with a number of its
/// own.
fn conversation() -> impl Strategy<Value = (Value, usize)> {
    let turn = (0usize..3, 0usize..3, any::<bool>(), any::<bool>());
    (proptest::collection::vec(turn, 1..6), 0usize..3).prop_map(|(turns, system)| {
        let mut count = 0;
        let mut word = || {
            count += 1;
            format!("span{count}.")
        };
        let text = |word: String| json!({"type": "text", "text": word});
        let system: Vec<Value> = (0..system).map(|_| text(word())).collect();
        let mut messages = vec![json!({"role": "user", "content": word()})];
        let mut call = 0;
        for (texts, calls, reminder, failed) in turns {
            let mut said: Vec<Value> = (0..texts).map(|_| text(word())).collect();
            let mut results = Vec::new();
            for _ in 0..calls {
                call += 1;
                let id = format!("toolu_{call}");
                said.push(json!({"type": "tool_use", "id": id, "name": "read",
                    "input": {"path": word(), "n": call}}));
                results.push(json!({"type": "tool_result", "tool_use_id": id, "is_error": failed,
                    "content": [text(word())]}));
            }
            if said.is_empty() {
                said.push(text(word()));
            }
            messages.push(json!({"role": "assistant", "content": said}));
            if reminder {
                messages.push(json!({"role": "system", "content": word()}));
            }
            results.push(text(word()));
            messages.push(json!({"role": "user", "content": results}));
        }
        (json!({"model": "m", "max_tokens": 100, "system": system, "messages": messages}), count)
    })
}

/// What a client of Messages would see of a request sent in a target's form: its calls, in order.
fn calls(form: Form, sent: &Value) -> Vec<(String, Value)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parsed = |value: &Value| serde_json::from_str(&text(value)).unwrap_or(Value::Null);
    let mut found = Vec::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match form {
        Form::Messages => {
            for block in list(&sent["messages"]).iter().flat_map(|m| list(&m["content"])) {
                if block["type"] == "tool_use" {
                    found.push((text(&block["id"]), block["input"].clone()));
                }
            }
        }
        Form::Chat => {
            for call in list(&sent["messages"]).iter().flat_map(|m| list(&m["tool_calls"])) {
                found.push((text(&call["id"]), parsed(&call["function"]["arguments"])));
            }
        }
        Form::Responses => {
            for item in list(&sent["input"]).iter().filter(|i| i["type"] == "function_call") {
                found.push((text(&item["call_id"]), parsed(&item["arguments"])));
            }
        }
        Form::Gemini => {
            for part in list(&sent["contents"]).iter().flat_map(|c| list(&c["parts"])) {
                if let Some(call) = part.get("functionCall") {
                    found.push((text(&call["id"]), call["args"].clone()));
                }
            }
        }
        Form::Ollama => {}
    }
    found
}

fn endpoint_of(form: Form) -> Option<Endpoint> {
    CLIENTS.into_iter().find(|endpoint| Form::of(*endpoint) == Some(form))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_span_of_text_reaches_every_target_exactly_once((body, spans) in conversation()) {
        for target in TARGETS {
            let (sent, _) = sent(Endpoint::Messages, &body, target);
            for span in 1..=spans {
                let word = format!("span{span}.");
                prop_assert_eq!(times(&sent, &word), 1, "{} {:?}\n{}", word, target, sent);
            }
        }
    }

    #[test]
    fn calls_survive_the_way_to_any_form_and_back((body, _) in conversation()) {
        let (origin, _) =
            sent(Endpoint::Messages, &body, (Form::Messages, "claude-sonnet-4-5", false));
        let expected = calls(Form::Messages, &origin);
        for target in TARGETS {
            let Some(endpoint) = endpoint_of(target.0) else { continue };
            let (there, _) = sent(Endpoint::Messages, &body, target);
            prop_assert_eq!(&calls(target.0, &there), &expected, "{:?}", target);
            let (back, _) = sent(endpoint, &there, (Form::Messages, "claude-sonnet-4-5", false));
            prop_assert_eq!(&calls(Form::Messages, &back), &expected, "back from {:?}", target);
        }
    }

    #[test]
    fn no_json_makes_a_translation_panic_and_what_is_sent_is_json(
        key in "[a-z_]{1,12}", text in "\\PC{0,12}", pick in 0usize..12, depth in 0usize..4,
    ) {
        let mut value = match pick % 4 {
            0 => json!(text),
            1 => json!([text, null, 1.5, -1]),
            2 => json!({"type": text, "role": "user", "text": text, "parts": [], "content": 1}),
            _ => Value::Null,
        };
        for _ in 0..depth {
            value = json!({"type": key, "content": [value.clone()], "role": "user"});
        }
        for endpoint in CLIENTS {
            for field in ["messages", "input", "contents", "system", "tools", "tool_choice", &key] {
                let mut body = super::all_pairs::conversation(endpoint);
                body[field] = value.clone();
                for (form, model, local) in TARGETS {
                    let body = body.to_string();
                    let asked = Asked { endpoint, body: body.as_bytes(), model: "m" };
                    let traits = Traits::of(form, model, local);
                    if let Ok(translated) = request(&asked, &Target { form, model, traits }) {
                        let sent: Result<Value, _> = serde_json::from_slice(&translated.body);
                        prop_assert!(sent.is_ok());
                    }
                }
            }
        }
    }
}
