//! Answers of providers that cannot be told where to stop end there all the same.

use super::{back, data, events, heard, run, streamed, understood, whole};
use crate::hub::answer::{Ending, Stop, Told};
use crate::hub::{Back, Form};
use serde_json::json;

fn cutting(client: Form, cuts: &[&str]) -> Back {
    let cuts: Vec<String> = cuts.iter().map(|cut| (*cut).to_owned()).collect();
    Back { stop: cuts.clone(), cuts, ..back(client) }
}

fn chat(texts: &[&str]) -> String {
    let delta =
        |text: &&str| json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]});
    let mut chunks: Vec<String> = texts.iter().map(|text| delta(text).to_string()).collect();
    let end = json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    chunks.push(end.to_string());
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    data(&chunks)
}

fn said(told: &Told) -> (String, Stop) {
    let choice = &told.choices[0];
    (choice.parts.iter().map(|part| part.text.as_str()).collect(), choice.stop.clone())
}

#[test]
fn an_answer_ends_before_the_first_stop_sequence_wherever_its_pieces_are_split() {
    let client = cutting(Form::Messages, &["END", "\n\nHuman:"]);
    for texts in [
        &["one two END three"][..],
        &["one two E", "ND three"],
        &["one two ", "E", "N", "D", " three", "END"],
        &["one two END", " three\n\nHuman: four"],
    ] {
        let stream = streamed(&client, Form::Chat, &chat(texts));
        assert_eq!(said(&heard(Form::Messages, &stream)).0, "one two ", "{texts:?}");
        let told = events(&stream);
        let (_, last) = told.iter().find(|(name, _)| name == "message_delta").expect("its end");
        assert_eq!(last["delta"]["stop_reason"], "stop_sequence", "{texts:?}");
        assert_eq!(last["delta"]["stop_sequence"], "END", "{texts:?}");
    }
}

#[test]
fn what_only_began_like_a_stop_sequence_is_told_to_its_last_letter() {
    let client = cutting(Form::Messages, &["END", "\n\nHuman:"]);
    for texts in [&["one EN", "d two E"][..], &["one ENd two E"], &["one E", "Nd", " two E"]] {
        let told = heard(Form::Messages, &streamed(&client, Form::Chat, &chat(texts)));
        assert_eq!(said(&told), ("one ENd two E".to_owned(), Stop::End), "{texts:?}");
    }
    let told = heard(Form::Messages, &streamed(&client, Form::Chat, &chat(&["größer \u{1f30a}E"])));
    assert_eq!(said(&told).0, "größer \u{1f30a}E");
}

#[test]
fn a_whole_answer_is_cut_as_its_stream_is_and_calls_after_the_cut_are_none() {
    let client = cutting(Form::Messages, &["END"]);
    let call = json!({"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": "one END two", "tool_calls": [call]}}]});
    let answer = whole(&client, Form::Chat, &body.to_string());
    assert_eq!(
        (&answer["stop_reason"], &answer["stop_sequence"]),
        (&json!("stop_sequence"), &json!("END"))
    );
    let told = understood(Form::Messages, &answer);
    assert_eq!(said(&told).0, "one ");
    assert_eq!(told.choices[0].parts.len(), 1);
}

#[test]
fn a_stream_that_breaks_off_after_the_cut_is_no_success_of_its_own() {
    let stream = chat(&["one END two"]);
    let until = stream.find("finish_reason").expect("its end");
    let client = cutting(Form::Messages, &["END"]);
    let (_, failed) = run(&client, Form::Chat, &[&stream.as_bytes()[..until]], Ending::Cut);
    assert!(failed, "the provider never said that it was over");
}
