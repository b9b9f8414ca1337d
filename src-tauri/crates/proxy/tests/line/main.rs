//! The data path against scripted neighbours: what happens to a reservation on every way out.
//! Black-box behaviour over the real engine is tested in the workspace's `tests` package; here are
//! the cases that need a hand on the clock, the books or the neighbours.

#![expect(clippy::disallowed_methods, reason = "a test's neighbours end with its runtime")]

mod chains;
mod crossing;
mod support;

use support::{Neighbour, Stage, chat, get_status};
use tokio::io::AsyncWriteExt;
use weir_core::Outcome;
use weir_core::route::{KeySource, Reason, Route};
use weir_proxy::ports::LocalModel;

#[tokio::test]
async fn an_answer_settles_once_with_the_usage_the_provider_sent() {
    let provider = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 200);
    assert!(response.contains("x-weir-route: openai/gpt-5\r\n"), "{response}");
    assert!(response.contains("x-weir-cost-usd: 0.000000042\r\n"), "{response}");
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::Ok);
    let usage = closed.metered.usage.expect("usage was sent");
    assert_eq!((usage.input, usage.output), (11, 5));
}

#[tokio::test]
async fn a_dead_first_candidate_is_voided_and_the_second_answers() {
    let second = Neighbour::answers(&chat_answer());
    let dead = Neighbour::refuses();
    let stage = Stage::start(&[("first", dead), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
    })
    .await;
    let response = stage.send(&chat("weir-low", false)).await;
    assert_eq!(get_status(&response), 200);
    assert!(response.contains("x-weir-attempts: 2\r\n"), "{response}");
    assert!(response.contains("x-weir-reason: fallback\r\n"), "{response}");
    let closings = stage.closings(2).await;
    assert_eq!(closings[0].outcome, Outcome::Unreachable);
    assert!(!closings[0].sent && !closings[0].last);
    assert!(closings[1].last);
    assert_eq!(stage.openings()[0].reason, Reason::Tier);
    assert!(second.seen().contains(r#""model":"b""#), "only the model name changes");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_cancels_the_provider_and_is_settled() {
    let provider = Neighbour::silent();
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let socket = stage.send_and_keep(&chat("gpt-5", true)).await;
    provider.wait_for_request().await;
    drop(socket);
    provider.wait_for_hang_up().await;
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::ClientGone);
    assert!(closed.sent);
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_with_an_error_event_and_never_as_a_success() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let first = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
    let provider = Neighbour::answers(&format!("{head}{first}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", true)).await;
    assert!(response.contains(first.trim_end()), "{response}");
    assert!(response.contains("\"error\""), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Truncated);
}

#[tokio::test]
async fn a_chat_client_that_hangs_up_at_the_finish_reason_is_booked_with_the_usage_that_follows() {
    let first = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                 data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    let rest = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5}}\n\n\
                data: [DONE]\n\n";
    let provider = Neighbour::answers_in_two(first, rest);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let mut socket = stage.send_and_keep(&chat("gpt-5", true)).await;
    Stage::read_until(&mut socket, "finish_reason").await;
    drop(socket);
    stage.idle().await;
    provider.go_on();
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::Ok);
    let usage = closed.metered.usage.expect("the usage came after the client had left");
    assert_eq!((usage.input, usage.output), (11, 5));
}

#[tokio::test(start_paused = true)]
async fn a_usage_that_never_comes_is_waited_for_half_a_second() {
    let first = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                 data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    let provider = Neighbour::answers_in_two(first, "data: [DONE]\n\n");
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let mut socket = stage.send_and_keep(&chat("gpt-5", true)).await;
    Stage::read_until(&mut socket, "finish_reason").await;
    drop(socket);
    let closed = stage.only_closing().await;
    assert_eq!((closed.outcome, closed.metered.usage), (Outcome::Ok, None));
}

#[tokio::test]
async fn a_local_server_that_had_closed_its_connection_is_asked_once_more() {
    let provider = Neighbour::answers_in_turn(&["", &chat_answer()]);
    let stage = Stage::start(&[("ollama", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    let closings = stage.closings(2).await;
    assert_eq!(closings[0].outcome, Outcome::Unreachable);
    assert!(!closings[0].last && closings[1].last);

    let provider = Neighbour::answers_in_turn(&["", &chat_answer()]);
    let stage = Stage::start(&[("openai", provider.url())], |setup| {
        setup.providers[0].local = false;
    })
    .await;
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 200, "a provider is asked again as well, after a pause");
    let closings = stage.closings(2).await;
    assert_eq!((closings[0].outcome, closings[0].sent), (Outcome::Unreachable, true));

    let provider = Neighbour::answers_in_turn(&["", "", &chat_answer()]);
    let stage = Stage::start(&[("openai", provider.url())], |setup| {
        setup.providers[0].local = false;
    })
    .await;
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 502, "what may have been worked on is not sent thrice");
    stage.closings(2).await;
}

#[tokio::test]
async fn an_answer_too_large_to_read_whole_that_the_client_got_whole_is_booked_as_such() {
    let text = "A".repeat((32 << 20) + 100_000);
    let end = r#""}],"model":"m","usage":{"prompt_tokens":2048,"total_tokens":2048}}"#;
    let told = format!(r#"{{"object":"list","data":[{{"embedding":"{text}{end}"#);
    // One that no usage can be read of is whole all the same.
    let untold = told.replace("usage", "used");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for (body, input) in [(told, Some(2_048)), (untold, None)] {
        for framing in [
            format!("{head}content-length: {}\r\n\r\n{body}", body.len()),
            format!(
                "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            ),
        ] {
            let provider = Neighbour::answers(&framing);
            let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
            let ask = chat("m", false).replace("chat/completions", "embeddings");
            let ask = ask.replace(r#""messages":[{"role":"user","content":"hello"}]"#, EMBEDDED);
            let response = stage.send(&ask).await;
            assert_eq!(get_status(&response), 200, "{}", &response[..response.len().min(400)]);
            assert!(response.len() > body.len(), "it came whole");
            let closed = stage.only_closing().await;
            assert_eq!(closed.outcome, Outcome::Ok, "{input:?}");
            assert_eq!(closed.metered.usage.map(|usage| usage.input), input);
        }
    }
}

/// As long as the messages of [`chat`], which says its length.
const EMBEDDED: &str = r#""input":"a text to embed of some length......""#;

#[tokio::test]
async fn a_panic_in_one_request_settles_it_and_the_next_one_is_served() {
    let provider = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    stage.panic_on_next_event();
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 500);
    assert_eq!(stage.only_closing().await.outcome, Outcome::Internal);
    assert_eq!(get_status(&stage.send(&chat("gpt-5", false)).await), 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_refused_after_half_a_minute() {
    let stage = Stage::start(&[], |_| {}).await;
    let whole = chat("gpt-5", false);
    let socket = stage.send_and_keep(&whole[..whole.len() - 4]).await;
    let response = Stage::rest(socket).await;
    assert_eq!(get_status(&response), 408);
    assert!(stage.openings().is_empty());
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down_and_the_right_token_still_works() {
    let provider = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let wrong = chat("gpt-5", false).replace("weir_right", "weir_wrong");
    for _ in 0..30 {
        assert_eq!(get_status(&stage.send(&wrong).await), 401);
    }
    let refused = stage.send(&wrong).await;
    assert_eq!(get_status(&refused), 429);
    assert!(refused.contains("retry-after: "), "{refused}");
    assert_eq!(get_status(&stage.send(&chat("gpt-5", false)).await), 200);
}

#[tokio::test]
async fn a_ledger_that_cannot_write_stops_the_request_before_it_leaves() {
    let provider = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    stage.break_the_ledger();
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 503);
    assert!(response.contains("disk full"), "{response}");
    assert_eq!(provider.seen(), "");
}

#[tokio::test]
async fn usage_is_asked_for_once_more_without_when_the_provider_rejects_the_question() {
    let rejects = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
                   content-length: 44\r\n\r\n{\"error\":{\"message\":\"no stream_options here\"}}";
    let rejects = rejects
        .replace("44", &"{\"error\":{\"message\":\"no stream_options here\"}}".len().to_string());
    let plain = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                 data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n\
                 data: [DONE]\n\n";
    let provider = Neighbour::answers_in_turn(&[&rejects, plain, plain]);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", true)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    let closings = stage.closings(2).await;
    assert_eq!(closings[0].outcome, Outcome::UpstreamError);
    assert_eq!(closings[1].outcome, Outcome::Ok);
    stage.send(&chat("gpt-5", true)).await;
    let asked = provider.seen().matches("include_usage").count();
    assert_eq!(asked, 1, "the provider's refusal is remembered");
}

#[tokio::test]
async fn a_redirect_is_neither_followed_nor_passed_on() {
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/v1/chat\r\n\
                    content-length: 0\r\n\r\n";
    let provider = Neighbour::answers(redirect);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", false)).await;
    assert_eq!(get_status(&response), 502, "{response}");
    assert!(!response.contains("location:") && response.contains("307"), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::UpstreamError);
}

#[tokio::test]
async fn a_long_refusal_of_a_stream_reaches_the_client_whole() {
    let text = "x".repeat(200_000);
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n";
    let framings = [
        format!("{head}content-length: {}\r\n\r\n{text}", text.len()),
        format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n", text.len()),
    ];
    for framing in framings {
        let provider = Neighbour::answers(&framing);
        let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
        let response = stage.send(&chat("gpt-5", true)).await;
        assert_eq!(get_status(&response), 400);
        assert_eq!(response.matches('x').count() - head_xs(&response), text.len());
        stage.only_closing().await;
    }
}

#[tokio::test]
async fn a_refusal_of_a_stream_that_breaks_off_is_not_shown_as_whole() {
    let cut = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
               transfer-encoding: chunked\r\n\r\nff\r\n{\"error\":";
    let provider = Neighbour::answers(cut);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", true)).await;
    assert_eq!(get_status(&response), 502, "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Truncated);
}

/// How often the letter x stands in the head of a response.
fn head_xs(response: &str) -> usize {
    response.split("\r\n\r\n").next().map_or(0, |head| head.matches('x').count())
}

#[tokio::test]
async fn a_link_whose_model_is_missing_leads_to_the_next_and_every_failure_is_named() {
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let (first, second) = (Neighbour::answers(missing), Neighbour::answers(&chat_answer()));
    let both = [("first", first.url()), ("second", second.url())];
    let stage = Stage::start(&both, |setup| {
        setup.low = vec![route("first", "gone"), route("second", "b")];
    })
    .await;
    assert_eq!(get_status(&stage.send(&chat("weir-low", false)).await), 200);
    stage.closings(2).await;

    let dead = Neighbour::refuses();
    let stage = Stage::start(&[("first", dead), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers[1].key = KeySource::Keychain;
    })
    .await;
    let refused = stage.send(&chat("weir-low", false)).await;
    assert_eq!(get_status(&refused), 403, "a key is what is missing: {refused}");
    assert!(refused.contains("first/a") && refused.contains("second/b"), "{refused}");
    stage.closings(3).await;
}

fn chat_answer() -> String {
    let body = r#"{"id":"x","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16}}"#;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn route(provider: &str, model: &str) -> Route {
    Route { provider: provider.into(), model: model.into() }
}

#[tokio::test]
async fn a_prompt_longer_than_the_loaded_context_goes_to_the_next_link_unsent() {
    let (small, large) = (Neighbour::answers(&chat_answer()), Neighbour::answers(&chat_answer()));
    let stage = Stage::start(&[("small", small.url()), ("large", large.url())], |setup| {
        setup.providers[1].local = false;
        setup.low = vec![route("small", "a"), route("large", "b")];
    })
    .await;
    stage.know(LocalModel { context: Some(8), ..LocalModel::default() });
    let response = stage.send(&chat("weir-low", false)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("x-weir-route: large/b\r\n"), "{response}");
    assert!(response.contains("x-weir-reason: local-context\r\n"), "{response}");
    assert!(response.contains("x-weir-attempts: 1\r\n"), "nothing was sent: {response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Ok);
}

#[tokio::test]
async fn a_prompt_too_long_for_the_only_candidate_is_refused_in_words_the_tools_know() {
    let small = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("small", small.url())], |_| {}).await;
    stage.know(LocalModel { context: Some(8), ..LocalModel::default() });
    let response = stage.send(&chat("small/a", false)).await;
    assert_eq!(get_status(&response), 400, "{response}");
    assert!(response.contains("prompt is too long"), "{response}");
    assert!(response.contains("exceeds the context window"), "{response}");
    assert!(response.contains("context_length_exceeded"), "{response}");
    assert!(stage.openings().is_empty(), "nothing was reserved");
}

#[tokio::test]
async fn a_model_that_a_local_server_passes_on_to_a_cloud_is_booked_as_no_local_one() {
    let neighbour = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("ollama", neighbour.url())], |_| {}).await;
    stage.know(LocalModel { cloud: true, ..LocalModel::default() });
    let response = stage.send(&chat("ollama/big-cloud", false)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    stage.only_closing().await;
    assert!(!stage.openings()[0].local);
}

#[tokio::test]
async fn nothing_is_sent_to_a_program_that_took_a_local_servers_place() {
    let stranger = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("ollama", stranger.url())], |_| {}).await;
    let why = Some("127.0.0.1:11434 was Ollama".to_owned());
    stage.know(LocalModel { stranger: why, ..LocalModel::default() });
    let response = stage.send(&chat("ollama/a", false)).await;
    assert_eq!(get_status(&response), 502, "{response}");
    assert!(response.contains("was Ollama"), "{response}");
    assert!(stage.openings().is_empty());
}

#[tokio::test]
async fn the_place_at_a_local_server_is_given_back_when_its_client_leaves() {
    let silent = Neighbour::silent();
    let stage = Stage::start(&[("ollama", silent.url())], |_| {}).await;
    stage.know(LocalModel { swaps: true, ..LocalModel::default() });
    let first = stage.send_and_keep(&chat("ollama/a", true)).await;
    silent.wait_for_request().await;
    let mut waiting = stage.send_and_keep(&chat("ollama/b", true)).await;
    stage.in_line(1).await;
    drop(first);
    silent.wait_for_hang_up().await;
    stage.in_line(0).await;
    let closed = stage.closings(1).await.remove(0);
    assert_eq!(closed.outcome, Outcome::ClientGone);
    waiting.shutdown().await.expect("still open");
}
