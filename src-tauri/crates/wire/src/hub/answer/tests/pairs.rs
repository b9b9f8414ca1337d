//! Every provider's answer for every client.

use super::samples::{FROM, document, stream};
use super::{CLIENTS, back, heard, squeezed, streamed, understood, whole};
use crate::hub::Form;
use crate::hub::answer::{Piece, Stop, Told};
use crate::hub::seal::Maker;
use crate::{Encoding, Tap};
use weir_core::Usage;

/// What the client should have understood, piece by piece.
fn told_texts(told: &Told) -> Vec<(&'static str, String)> {
    let [choice] = &told.choices[..] else { panic!("one choice: {told:?}") };
    let name = |piece: &Piece| match piece {
        Piece::Text => "text",
        Piece::Refusal => "refusal",
        Piece::Thinking => "thinking",
        Piece::Call(_) => "call",
        Piece::Image(_) => "image",
    };
    choice.parts.iter().map(|p| (name(&p.piece), p.text.clone())).collect()
}

#[test]
fn every_client_reads_every_provider_s_thought_text_and_calls() {
    for from in FROM {
        for client in CLIENTS {
            let told = heard(client, &streamed(&back(client), from, &stream(from)));
            let mut texts = told_texts(&told);
            // A seal on Gemini's call travels as a thought of its own where calls have no place for it.
            texts.retain(|(kind, text)| *kind != "thinking" || !text.is_empty());
            let arguments = r#"{"at": 1.0, "z":"ä"}"#;
            let mut expected =
                vec![("thinking", "Let me think"), ("text", "Hello 😀"), ("call", arguments)];
            if from == Form::Chat {
                expected.push(("call", "{}"));
            }
            let texts: Vec<_> = texts.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            if client == Form::Gemini {
                // Arguments are an object there; its spacing is the provider's too.
                assert_eq!(texts.len(), expected.len(), "{from:?} {client:?}");
            }
            assert_eq!(normal(&texts), normal(&expected), "{from:?} for {client:?}");
            assert_eq!(told.choices[0].stop, Stop::Calls, "{from:?} for {client:?}");
        }
    }
}

/// Without the spaces that JSON lets go.
fn normal(texts: &[(&str, &str)]) -> Vec<(String, String)> {
    let squeeze = |kind: &str, text: &str| {
        if kind == "call" { text.replace(' ', "") } else { text.to_owned() }
    };
    texts.iter().map(|(k, t)| ((*k).to_owned(), squeeze(k, t))).collect()
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same_to_every_client() {
    for from in FROM {
        for client in CLIENTS {
            let back = back(client);
            let from_stream = squeezed(heard(client, &streamed(&back, from, &stream(from))));
            let from_whole = squeezed(understood(client, &whole(&back, from, document(from))));
            assert_eq!(from_stream, from_whole, "{from:?} for {client:?}");
        }
    }
}

#[test]
fn the_client_is_told_the_usage_that_is_billed() {
    for from in FROM {
        let reads = |form: Form, sse: bool, text: &str| {
            let mut tap =
                Tap::new(form.endpoint(sse), sse && form != Form::Ollama, Encoding::Identity);
            tap.feed(text.as_bytes());
            tap.finish().usage
        };
        let billed = reads(from, true, &stream(from));
        assert!(billed.is_some(), "{from:?}");
        assert_eq!(reads(from, false, document(from)), billed, "{from:?}");
        for client in CLIENTS {
            let told = reads(client, true, &streamed(&back(client), from, &stream(from)));
            assert_eq!(told, billed, "{from:?} for {client:?}");
            let body = whole(&back(client), from, document(from)).to_string();
            assert_eq!(reads(client, false, &body), billed, "{from:?} for {client:?}");
        }
        let expected = if from == Form::Ollama {
            Usage { input: 140, output: 30, ..Usage::default() }
        } else {
            Usage { input: 100, cache_read: 40, output: 30, reasoning: 12, ..Usage::default() }
        };
        assert_eq!(billed, Some(expected), "{from:?}");
    }
}

#[test]
fn a_seal_goes_bare_to_its_own_dialect_and_marked_to_any_other() {
    for (from, data, own, client_field) in [
        (Form::Messages, "Eu+/AQ==", Form::Messages, "signature"),
        (Form::Responses, "gAAAA-b_c=", Form::Responses, "encrypted_content"),
        (Form::Gemini, "CiQB+/==", Form::Gemini, "thoughtSignature"),
    ] {
        for (client, field) in [
            (Form::Messages, "signature"),
            (Form::Responses, "encrypted_content"),
            (Form::Gemini, "thoughtSignature"),
        ] {
            let text = streamed(&back(client), from, &stream(from));
            let bare = format!("\"{field}\":\"{data}\"");
            assert_eq!(text.contains(&bare), client == own, "{from:?} for {client:?}: {text}");
            assert!(text.contains(data), "{from:?} for {client:?} {client_field}");
        }
    }
}

#[test]
fn thinking_that_nobody_sealed_is_marked_so_that_it_never_reaches_anthropic() {
    for from in [Form::Chat, Form::Ollama] {
        let text = streamed(&back(Form::Messages), from, &stream(from));
        let told = heard(Form::Messages, &text);
        let seal = told.choices[0].parts[0].seal.clone().expect("a seal");
        let read = crate::hub::seal::read(seal.data, Maker::Anthropic);
        assert_eq!(read.by, Maker::Nobody);
    }
}

#[test]
fn a_client_that_hides_thinking_gets_none_of_it() {
    for from in FROM {
        for client in CLIENTS {
            let mut back = back(client);
            (back.show_thinking, back.keep_seals) = (false, false);
            let text = streamed(&back, from, &stream(from));
            assert!(!text.contains("think\""), "{from:?} for {client:?}");
            let body = whole(&back, from, document(from)).to_string();
            assert!(!body.contains("Let me think"), "{from:?} for {client:?}");
        }
    }
}

#[test]
fn an_answer_carries_the_model_s_name_as_it_was_asked_for() {
    for from in FROM {
        for client in CLIENTS {
            let text = streamed(&back(client), from, &stream(from));
            let body = whole(&back(client), from, document(from)).to_string();
            for said in [&text, &body] {
                assert!(said.contains("claude-weir-low"), "{from:?} for {client:?}");
                assert!(
                    !said.contains("gpt-") && !said.contains("qwen3"),
                    "{from:?} for {client:?}"
                );
            }
        }
    }
}
