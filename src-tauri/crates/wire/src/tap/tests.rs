//! What holds for every dialect: the result does not depend on how the answer is cut, hostile
//! bytes do no harm, and encodings are seen through. The dialects' own rules are tested beside
//! them.

use super::*;
use crate::encoding::tests::encoded;
use crate::sse::tests::cut;
use proptest::prelude::*;
use weir_core::meter::End;

/// Reads an answer in one piece.
pub(super) fn read(endpoint: Endpoint, sse: bool, answer: impl AsRef<[u8]>) -> Metered {
    let mut tap = Tap::new(endpoint, sse, Encoding::Identity);
    tap.feed(answer.as_ref());
    tap.finish()
}

/// Joins data payloads to an SSE stream, as OpenAI and Gemini send them.
pub(super) fn data(payloads: &[&str]) -> String {
    payloads.iter().map(|p| format!("data: {p}\n\n")).collect()
}

/// Joins payloads to an SSE stream with their `type` as the event's name.
pub(super) fn named(payloads: &[&str]) -> String {
    let kind = |p: &str| {
        Value::whole(p.as_bytes()).and_then(|v| v.get("type")?.text()).unwrap_or_default()
    };
    payloads.iter().map(|p| format!("event: {}\ndata: {p}\n\n", kind(p))).collect()
}

/// Whether content has begun after each payload.
pub(super) fn started_after(endpoint: Endpoint, payloads: &[&str]) -> Vec<bool> {
    let mut tap = Tap::new(endpoint, true, Encoding::Identity);
    let step = |p: &&str| {
        tap.feed(data(&[p]).as_bytes());
        tap.content_started()
    };
    payloads.iter().map(step).collect()
}

const ALL: [Endpoint; 10] = [
    Endpoint::Messages,
    Endpoint::MessagesCount,
    Endpoint::Chat,
    Endpoint::Responses,
    Endpoint::Embeddings,
    Endpoint::Generate,
    Endpoint::GenerateStream,
    Endpoint::GenerateCount,
    Endpoint::Models,
    Endpoint::GeminiModels,
];

/// One full stream a dialect, each with every part the taps act on.
fn streams() -> Vec<(Endpoint, bool, String)> {
    vec![
        (Endpoint::Messages, true, super::anthropic::tests::stream()),
        (Endpoint::Chat, true, super::openai_chat::tests::stream()),
        (Endpoint::Responses, true, super::openai_responses::tests::stream()),
        (Endpoint::GenerateStream, true, data(&super::gemini::tests::CHUNKS)),
        (
            Endpoint::GenerateStream,
            false,
            format!("[{}]", super::gemini::tests::CHUNKS.join(",\r\n")),
        ),
        (Endpoint::Chat, false, super::openai_chat::tests::ANSWER.to_owned()),
    ]
}

fn fed(endpoint: Endpoint, sse: bool, encoding: Encoding, pieces: &[&[u8]]) -> Metered {
    let mut tap = Tap::new(endpoint, sse, encoding);
    pieces.iter().for_each(|piece| tap.feed(piece));
    tap.finish()
}

#[test]
fn every_single_cut_of_every_stream_gives_the_same_result() {
    for (endpoint, sse, stream) in streams() {
        let whole = read(endpoint, sse, &stream);
        assert_eq!(whole.end, End::Complete, "{endpoint:?}");
        assert!(whole.usage.is_some(), "{endpoint:?}");
        for at in 0..=stream.len() {
            let (head, tail) = stream.as_bytes().split_at(at);
            assert_eq!(
                fed(endpoint, sse, Encoding::Identity, &[head, tail]),
                whole,
                "{endpoint:?} at {at}"
            );
        }
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(
            fed(endpoint, sse, Encoding::Identity, &bytes),
            whole,
            "{endpoint:?} byte by byte"
        );
    }
}

#[test]
fn every_line_end_gives_the_same_result() {
    for (endpoint, sse, stream) in streams().into_iter().filter(|(_, sse, _)| *sse) {
        let whole = read(endpoint, sse, &stream);
        for end in ["\r", "\r\n"] {
            let other = format!("\u{feff}{}", stream.replace('\n', end));
            assert_eq!(read(endpoint, sse, &other), whole, "{endpoint:?} {end:?}");
            let bytes: Vec<&[u8]> = other.as_bytes().chunks(1).collect();
            assert_eq!(
                fed(endpoint, sse, Encoding::Identity, &bytes),
                whole,
                "{endpoint:?} {end:?}"
            );
        }
        assert_eq!(
            read(endpoint, sse, stream.trim_end()),
            whole,
            "{endpoint:?} without the last blank line"
        );
    }
}

#[test]
fn a_stream_cut_anywhere_is_never_complete_before_its_end_and_never_panics() {
    for (endpoint, sse, stream) in streams().into_iter().filter(|(_, sse, _)| *sse) {
        let whole = read(endpoint, sse, &stream);
        let mut tap = Tap::new(endpoint, sse, Encoding::Identity);
        for byte in stream.as_bytes().chunks(1) {
            let so_far = tap.metered();
            assert!(so_far.output_bytes <= whole.output_bytes);
            tap.feed(byte);
        }
        let third = &stream[..stream.floor_char_boundary(stream.len() / 3)];
        assert_eq!(read(endpoint, sse, third).end, End::Open, "{endpoint:?}");
    }
}

#[test]
fn half_of_the_event_that_ends_a_stream_is_no_end() {
    let ended = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Messages | Endpoint::Responses);
    for (endpoint, sse, stream) in streams().into_iter().filter(|(e, sse, _)| *sse && ended(e)) {
        let last = stream.rfind("data: {").expect("an event with data");
        for length in ["data: {".len(), "data: {\"type\":\"".len()] {
            assert_eq!(
                read(endpoint, sse, &stream[..last + length]).end,
                End::Open,
                "{endpoint:?}"
            );
        }
    }
}

#[test]
fn every_encoding_is_seen_through_and_events_are_not_held_back_by_it() {
    let (endpoint, sse, stream) = streams().remove(0);
    let whole = read(endpoint, sse, &stream);
    for encoding in crate::encoding::tests::ALL {
        let packed = encoded(encoding, stream.as_bytes());
        let pieces: Vec<&[u8]> = packed.chunks(7).collect();
        assert_eq!(fed(endpoint, sse, encoding, &pieces), whole, "{encoding:?}");
        let mut cut_off = Tap::new(endpoint, sse, encoding);
        cut_off.feed(&packed[..packed.len() / 2]);
        assert!(cut_off.readable(), "{encoding:?}");
        assert_eq!(cut_off.metered().end, End::Open, "{encoding:?}");
    }
    // What a server flushed is read at once.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tap = Tap::new(endpoint, sse, Encoding::Gzip);
    io::Write::write_all(&mut packed, stream.as_bytes())
        .and_then(|()| io::Write::flush(&mut packed))
        .expect("a Vec takes all");
    tap.feed(packed.get_ref());
    assert!(tap.content_started());
    assert_eq!(tap.metered(), whole);
}

#[test]
fn an_answer_that_cannot_be_decoded_says_so_and_knows_nothing() {
    let (endpoint, sse, stream) = streams().remove(0);
    for encoding in [Encoding::Unknown, Encoding::Gzip, Encoding::Zstd] {
        let mut tap = Tap::new(endpoint, sse, encoding);
        tap.feed(stream.as_bytes());
        assert!(!tap.readable(), "{encoding:?}");
        assert_eq!(tap.finish(), Metered::default(), "{encoding:?}");
    }
    let bomb = encoded(Encoding::Gzip, &vec![b'a'; 64 << 20]);
    let mut tap = Tap::new(endpoint, true, Encoding::Gzip);
    tap.feed(&bomb);
    assert!(!tap.readable());
}

#[test]
fn a_page_of_html_is_no_answer() {
    for endpoint in ALL {
        for sse in [false, true] {
            let metered =
                read(endpoint, sse, "<html><body>Please log in: {\"usage\":1}</body></html>");
            assert_eq!(metered, Metered::default(), "{endpoint:?} {sse}");
        }
    }
}

#[test]
fn events_of_any_nonsense_are_passed_over() {
    let nonsense = [
        "null",
        "[]",
        "{}",
        "\"x\"",
        "1e999",
        "{\"usage\":null}",
        "{\"usage\":[]}",
        "{\"usage\":1e999}",
        "{\"choices\":null,\"candidates\":{},\"type\":7,\"delta\":[],\"message\":\"x\"}",
        "{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":NaN}}",
        "{\"type\":\"message_delta\"",
    ];
    let deep = format!("{{\"usage\":{}", "[".repeat(100_000));
    let stream = format!("{}data: {deep}\n\ndata: \u{0}\u{ff}\n\n", data(&nonsense));
    for endpoint in ALL {
        assert_eq!(read(endpoint, true, &stream).usage, None, "{endpoint:?}");
    }
}

#[test]
fn token_counts_and_lists_cost_nothing_but_end_and_fail_like_others() {
    for (endpoint, body) in [
        (Endpoint::MessagesCount, r#"{"input_tokens":2095}"#),
        (Endpoint::GenerateCount, r#"{"totalTokens":31,"promptTokensDetails":[]}"#),
        (Endpoint::Models, r#"{"object":"list","data":[{"id":"gpt-5","object":"model"}]}"#),
        (Endpoint::GeminiModels, r#"{"models":[]}"#),
    ] {
        let metered = read(endpoint, false, body);
        assert_eq!((metered.end, metered.usage), (End::Complete, None), "{endpoint:?}");
    }
    let failed = read(
        Endpoint::Models,
        false,
        r#"{"error":{"message":"no","type":"invalid_request_error"}}"#,
    );
    assert_eq!((failed.end, failed.error.as_deref()), (End::Failed, Some("invalid_request_error")));
}

#[test]
fn of_a_body_over_the_limit_the_usage_at_its_end_is_read_and_nothing_else() {
    let large = |endpoint, end: &str| {
        let mut tap = Tap::new(endpoint, false, Encoding::Identity);
        tap.feed(br#"{"model":"m","data":[""#);
        let text = vec![b'x'; 1 << 20];
        (0..33).for_each(|_| tap.feed(&text));
        tap.feed(end.as_bytes());
        assert!(!tap.readable());
        tap.finish()
    };
    let end = r#""],"object":"list","usage":{"prompt_tokens":8,"completion_tokens":1,"total_tokens":9},"service_tier":"flex"}"#;
    let metered = large(Endpoint::Embeddings, end);
    assert_eq!((metered.end, metered.usage.map(|u| u.input)), (End::Complete, Some(8)));
    // A usage that is a part of something, one in a text, and one of a body that was cut, are none.
    for other in [
        r#"",{"usage":{"prompt_tokens":8,"completion_tokens":1}}]}"#,
        r#"\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":1}"]}"#,
        r#""],"usage":{"prompt_tokens":8,"completion_tokens":1}"#,
        r#""],"usage":{"prompt_tokens":8,"comple"#,
        r#""]}"#,
    ] {
        assert_eq!(large(Endpoint::Embeddings, other), Metered::default(), "{other}");
    }
    // Searches and tools are billed beside the usage of an answer in words, and were not kept.
    for endpoint in [Endpoint::Responses, Endpoint::Chat, Endpoint::Messages, Endpoint::Generate] {
        let words = r#""],"usage":{"input_tokens":8,"output_tokens":1}}"#;
        assert_eq!(large(endpoint, words), Metered::default(), "{endpoint:?}");
    }
}

proptest! {
    #[test]
    fn cuts_do_not_change_the_result(which in 0usize..6, cuts in prop::collection::vec(any::<usize>(), 0..40)) {
        let (endpoint, sse, stream) = streams().swap_remove(which);
        let pieces = cut(stream.as_bytes(), &cuts);
        prop_assert_eq!(fed(endpoint, sse, Encoding::Identity, &pieces), read(endpoint, sse, &stream));
    }

    #[test]
    fn damaged_streams_do_no_harm_and_do_not_depend_on_cuts(
        which in 0usize..6, at: usize, with: Vec<u8>, drop in 0usize..40, cuts in prop::collection::vec(any::<usize>(), 0..9),
    ) {
        let (endpoint, sse, stream) = streams().swap_remove(which);
        let mut bytes = stream.into_bytes();
        let at = at % bytes.len();
        let to = (at + drop).min(bytes.len());
        bytes.splice(at..to, with);
        let pieces = cut(&bytes, &cuts);
        prop_assert_eq!(fed(endpoint, sse, Encoding::Identity, &pieces), read(endpoint, sse, &bytes));
    }
}
