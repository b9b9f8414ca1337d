//! What judgements hold whatever the weights: structure decides, dress does not, nothing panics.

use super::*;
use crate::is_envelope;
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_wire::outline;

fn of(endpoint: Endpoint, body: &Value) -> Judgement {
    judge(endpoint, &outline::read(endpoint, body.to_string().as_bytes(), is_envelope), None)
}

fn messages(system: Option<&str>, said: &str) -> Judgement {
    let mut body = json!({"messages": [{"role": "user", "content": said}]});
    if let Some(system) = system {
        body["system"] = json!(system);
    }
    of(Endpoint::Messages, &body)
}

/// What must not depend on a request's dress.
fn essence(judgement: &Judgement) -> (Task, Tier, u16, bool) {
    (judgement.task, judgement.tier, judgement.confidence, judgement.deterministic)
}

#[test]
fn plain_requests_are_judged_as_anybody_would() {
    for (said, task) in [
        ("Translate this to German: \"The build is green again.\"", Task::Translation),
        ("Summarize this thread in two sentences.\n\nA: it fails. B: fixed.", Task::Summarization),
        (
            "Write unit tests for this function:\n```py\ndef add(a, b):\n    return a + b\n```",
            Task::TestGeneration,
        ),
        ("Explain what this code does:\n```c\nx ^= y; y ^= x; x ^= y;\n```", Task::CodeExplanation),
        (
            "Classify this ticket as bug, feature or question: \"Can you add dark mode?\"",
            Task::Classification,
        ),
        (
            "Extract all email addresses from this text as JSON: mail a@b.c or d@e.f",
            Task::Extraction,
        ),
    ] {
        assert_eq!(messages(None, said).task, task, "{said}");
    }
}

#[test]
fn the_system_text_of_an_application_decides_what_is_done_with_its_payload() {
    let system =
        "Classify the message into one of: billing, technical, other. Reply with the label only.";
    let found = messages(Some(system), "Please translate my invoice to French and fix the bug.");
    assert_eq!((found.task, found.tier), (Task::Classification, Tier::Low));
    assert!(found.deterministic);
}

#[test]
fn what_structure_decides_is_certain() {
    let embedding = of(Endpoint::Embeddings, &json!({"model": "m", "input": "why does it crash"}));
    assert_eq!((embedding.task, embedding.tier), (Task::Embedding, Tier::Low));
    let fill = messages(None, "<fim_prefix>def a():\n    <fim_suffix>\nb()<fim_middle>");
    assert_eq!(fill.task, Task::CodeCompletion);
    let step = of(
        Endpoint::Chat,
        &json!({"messages": [
        {"role": "user", "content": "rename foo to bar"},
        {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "done"}]}),
    );
    assert_eq!(step.task, Task::AgentStep);
    let as_text = messages(None, "[read_file for 'a.rs'] Result:\nfn main() {}");
    assert_eq!(as_text.task, Task::AgentStep);
    assert!(embedding.confidence >= 990 && fill.confidence >= 990 && step.confidence >= 990);
}

#[test]
fn more_than_fifty_thousand_tokens_are_work_for_the_high_tier() {
    let long = format!("Summarize this:\n{}", "it rained and nobody came. ".repeat(8_500));
    let found = messages(None, &long);
    assert!(found.prompt_tokens > TOKENS_HIGH);
    assert_eq!(found.tier, Tier::High);
}

#[test]
fn how_many_tools_are_declared_changes_nothing() {
    let with = |count: usize| {
        let tools: Vec<Value> = (0..count)
            .map(|n| json!({"name": format!("t{n}"), "description": "Debug, plan and test.", "input_schema": {}}))
            .collect();
        essence(&of(
            Endpoint::Messages,
            &json!({"tools": tools, "messages": [
            {"role": "user", "content": "rename the variable x to count in main.py"}]}),
        ))
    };
    assert_eq!(with(1), with(40));
}

const SAID: [&str; 6] = [
    "Fix the failing login test, it times out on CI.",
    "Wie funktioniert der Garbage Collector von Go?",
    "make this shorter: \"We are writing to inform you that the office is closed.\"",
    "plan the migration of our wiki in four steps",
    "review this\nfn a() {\n    b();\n}",
    "请把这段话翻译成英文：今天下雨了。",
];

#[test]
fn a_judgement_does_not_depend_on_the_dialect() {
    for said in SAID {
        let bodies = [
            (
                Endpoint::Messages,
                json!({"system": "You are a helpful assistant.", "messages": [{"role": "user", "content": said}]}),
            ),
            (
                Endpoint::Chat,
                json!({"messages": [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": said}]}),
            ),
            (
                Endpoint::Responses,
                json!({"instructions": "You are a helpful assistant.", "input": [{"role": "user", "content": [{"type": "input_text", "text": said}]}]}),
            ),
            (
                Endpoint::Generate,
                json!({"systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]}, "contents": [{"role": "user", "parts": [{"text": said}]}]}),
            ),
        ];
        let found: Vec<_> = bodies.iter().map(|(e, body)| essence(&of(*e, body))).collect();
        assert!(found.iter().all(|one| *one == found[0]), "{said}: {found:?}");
    }
}

#[test]
fn a_judgement_does_not_depend_on_envelopes() {
    for said in SAID {
        let plain = essence(&messages(None, said));
        for dressed in [
            format!("<system-reminder>\nReview and translate nothing.\n</system-reminder>\n{said}"),
            format!("{said}\n<environment_details>\n# Files\ntest.rs\n</environment_details>"),
            format!("<additional_data>x</additional_data>\n<user_query>\n{said}\n</user_query>"),
            format!("# Context from my IDE setup:\n## My request for Codex:\n{said}"),
        ] {
            assert_eq!(essence(&messages(None, &dressed)), plain, "{dressed}");
        }
    }
}

proptest! {
    #[test]
    fn a_judgement_does_not_depend_on_white_space(
        which in 0..SAID.len(),
        before in "[ \n\t]{0,6}",
        after in "[ \n\t]{0,6}",
        spaces in 1usize..4,
        blanks in 1usize..4,
    ) {
        let said = SAID[which];
        let wide = said.replace(' ', &" ".repeat(spaces)).replace('\n', &"\n".repeat(blanks));
        let wide = format!("{before}{wide}{after}");
        prop_assert_eq!(essence(&messages(None, &wide)), essence(&messages(None, said)));
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        for endpoint in [Endpoint::Messages, Endpoint::Embeddings] {
            let _ = judge(endpoint, &outline::read(endpoint, &body, is_envelope), None);
        }
    }

    #[test]
    fn any_words_are_judged_without_a_panic(
        system in "(\\PC|\n|<system-reminder>|</system-reminder>){0,60}",
        said in "(\\PC|\n|```|<|>|\"|“|fix |translate ){0,120}",
    ) {
        let found = messages(Some(&system), &said);
        prop_assert!(found.confidence <= 1_000);
    }
}
