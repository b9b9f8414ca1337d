//! A client of one dialect and a provider of another, over sockets: that the answer comes home in
//! the client's dialect, is settled once with the provider's usage, and never looks whole when it
//! was not. What each dialect's words become is tested in `wire` and in the workspace's `tests`.

use crate::support::{Neighbour, Stage, chat, get_status};
use weir_core::Outcome;

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const HELLO: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const STOP: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\
                     \"completion_tokens\":5,\"total_tokens\":16}}\n\ndata: [DONE]\n\n";

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: HOST\r\nx-api-key: weir_right\r\nuser-agent: tool/1\r\n\
         anthropic-beta: secret-feature\r\nx-stainless-lang: rust\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn messages(model: &str, stream: bool) -> String {
    let body = format!(
        r#"{{"model":"{model}","max_tokens":100,"stream":{stream},"system":[{{"type":"text","text":"Be brief.","cache_control":{{"type":"ephemeral"}}}}],"messages":[{{"role":"user","content":"hello"}}]}}"#
    );
    post("/v1/messages?beta=true", &body)
}

fn json(status: &str, body: &str) -> String {
    let head = "content-type: application/json\r\nconnection: close";
    format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_messages_client_reads_a_chat_providers_stream_as_its_own() {
    let provider = Neighbour::answers(&format!("{STREAM}{HELLO}{STOP}{USAGE}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", true)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    for event in ["message_start", "content_block_delta", "message_delta", "message_stop"] {
        assert!(response.contains(&format!("event: {event}\n")), "{event} in {response}");
    }
    assert!(response.contains("\"text\":\"Hello\"") && response.contains("\"end_turn\""));
    assert!(response.contains("x-weir-dropped: cache-control\r\n"), "{response}");
    assert!(response.contains("x-weir-route: openai/gpt-5\r\n"), "{response}");
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::Ok);
    assert_eq!(closed.dropped.as_deref(), Some("cache-control"));
    assert_eq!(closed.metered.usage.map(|u| (u.input, u.output)), Some((11, 5)));
    let seen = provider.seen();
    assert!(seen.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\"model\":\"gpt-5\"") && seen.contains("Be brief."), "{seen}");
    assert!(seen.contains("\"include_usage\":true"), "{seen}");
    let lower = seen.to_ascii_lowercase();
    assert!(lower.contains("user-agent: tool/1"), "{seen}");
    for stays in ["anthropic-beta", "x-stainless", "weir_right", "x-api-key", "beta=true"] {
        assert!(!lower.contains(stays), "{stays} left: {seen}");
    }
}

#[tokio::test]
async fn a_whole_answer_comes_home_with_its_cost() {
    let body = r#"{"id":"x","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}],"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16}}"#;
    let provider = Neighbour::answers(&json("200 OK", body));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", false)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("\"stop_reason\":\"max_tokens\""), "{response}");
    assert!(response.contains("\"input_tokens\":11"), "{response}");
    assert!(response.contains("x-weir-cost-usd: 0.000000042\r\n"), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Ok);
}

#[tokio::test]
async fn a_translated_stream_that_is_cut_ends_in_an_error_of_the_clients_dialect() {
    let provider = Neighbour::answers(&format!("{STREAM}{HELLO}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", true)).await;
    assert!(response.contains("event: error\n"), "{response}");
    assert!(!response.contains("message_stop"), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Truncated);
}

#[tokio::test]
async fn an_answer_whose_dialects_last_word_is_cut_off_is_whole_for_client_and_books() {
    let events = [
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[],"usage":{"input_tokens":11,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
    ];
    let said = |n: usize| {
        let said: String = events[..n].iter().map(|e| format!("data: {e}\n\n")).collect();
        Neighbour::answers(&format!("{STREAM}{said}"))
    };
    for (n, outcome, last) in [(5, Outcome::Ok, "[DONE]"), (4, Outcome::Truncated, "\"error\"")] {
        let provider = said(n);
        let stage = Stage::start(&[("anthropic", provider.url())], |setup| {
            setup.providers[0].dialect = weir_core::Dialect::Anthropic;
        })
        .await;
        let response = stage.send(&chat("anthropic/claude-haiku-4-5", true)).await;
        assert!(response.contains(last), "{response}");
        assert_eq!(stage.only_closing().await.outcome, outcome);
    }
}

#[tokio::test]
async fn a_providers_refusal_keeps_its_words_and_takes_the_clients_shape() {
    let words = "This model's maximum context length is 8192 tokens.";
    let body = format!(
        r#"{{"error":{{"message":"{words}","type":"invalid_request_error","code":"context_length_exceeded"}}}}"#
    );
    let provider = Neighbour::answers(&json("400 Bad Request", &body));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", true)).await;
    assert_eq!(get_status(&response), 400, "{response}");
    assert!(response.contains(words) && response.contains("\"type\":\"error\""), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::UpstreamError);
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_a_success_is_told_as_the_error_it_is_after_it_was_tried_again() {
    let body = r#"{"error":{"message":"Rate limited upstream","code":429}}"#;
    let provider = Neighbour::answers(&json("200 OK", body));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", false)).await;
    assert_eq!(get_status(&response), 429, "{response}");
    assert!(response.contains("Rate limited upstream"), "{response}");
    assert!(response.contains("rate_limit_error"), "{response}");
    for closing in stage.closings(3).await {
        assert_eq!(closing.outcome, Outcome::ErrorInStream);
    }
}

#[tokio::test]
async fn what_a_provider_cannot_be_told_is_refused_before_anything_leaves() {
    let provider = Neighbour::answers(&json("200 OK", "{}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let body = r#"{"model":"openai/gpt-5","input":"go on","previous_response_id":"resp_1"}"#;
    stage.send(&post("/v1/responses", body)).await;
    stage.only_closing().await;
    let stage = Stage::start(&[("anthropic", provider.url())], |setup| {
        setup.providers[0].dialect = weir_core::Dialect::Anthropic;
    })
    .await;
    let body = body.replace("openai/gpt-5", "anthropic/claude-haiku-4-5");
    let response = stage.send(&post("/v1/responses", &body)).await;
    assert_eq!(get_status(&response), 400, "{response}");
    assert!(response.contains("previous_response_id"), "{response}");
    assert!(stage.openings().is_empty(), "nothing was reserved, so nothing left");
}

#[tokio::test]
async fn a_server_without_the_responses_endpoint_is_asked_in_chat_from_then_on() {
    let none = json("404 Not Found", r#"{"detail":"Not Found"}"#);
    let answer = json(
        "200 OK",
        r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":5}}"#,
    );
    let provider = Neighbour::answers_in_turn(&[&none, &answer, &answer]);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let request = post("/v1/responses", r#"{"model":"openai/qwen","input":"hello"}"#);
    let response = stage.send(&request).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("\"object\":\"response\""), "{response}");
    assert!(response.contains("x-weir-attempts: 2\r\n"), "{response}");
    let response = stage.send(&request).await;
    assert!(response.contains("x-weir-attempts: 1\r\n"), "{response}");
    assert_eq!(provider.seen().matches("POST /v1/responses ").count(), 1);
    stage.closings(3).await;
}

#[tokio::test]
async fn a_missing_model_is_told_as_it_is_and_no_endpoint_is_given_up_for_it() {
    let words = r#"{"error":{"message":"The model `qwen` does not exist"}}"#;
    let provider = Neighbour::answers(&json("404 Not Found", words));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let request = post("/v1/responses", r#"{"model":"openai/qwen","input":"hello"}"#);
    for _ in 0..2 {
        let response = stage.send(&request).await;
        assert_eq!(get_status(&response), 404, "{response}");
        assert!(response.contains(words), "{response}");
    }
    assert_eq!(provider.seen().matches("POST /v1/responses ").count(), 2);
    stage.closings(2).await;
}

#[tokio::test]
async fn a_count_that_the_provider_cannot_make_is_estimated_and_says_so() {
    let stage = Stage::start(&[("openai", Neighbour::refuses())], |_| {}).await;
    let body = r#"{"model":"openai/gpt-5","messages":[{"role":"user","content":"hello"}]}"#;
    let response = stage.send(&post("/v1/messages/count_tokens", body)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("\"input_tokens\":"), "{response}");
    assert!(response.contains("x-weir-reason: estimate\r\n"), "{response}");
    assert!(stage.openings().is_empty());
}

#[tokio::test(start_paused = true)]
async fn silence_of_a_translated_stream_is_broken_by_the_ping_its_client_knows() {
    let first = format!("{STREAM}{HELLO}");
    let provider = Neighbour::answers_in_two(&first, &format!("{STOP}{USAGE}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let mut socket = stage.send_and_keep(&messages("openai/gpt-5", true)).await;
    Stage::read_until(&mut socket, "event: ping").await;
    provider.go_on();
    Stage::read_until(&mut socket, "message_stop").await;
    assert_eq!(stage.only_closing().await.outcome, Outcome::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_only_says_it_works_does_not_keep_the_client_waiting_in_silence() {
    let first = format!("{STREAM}{HELLO}");
    let provider = Neighbour::answers_and_mutters(&first, ": PROCESSING\n\n");
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let mut socket = stage.send_and_keep(&messages("openai/gpt-5", true)).await;
    Stage::read_until(&mut socket, "event: ping").await;
}

#[tokio::test(start_paused = true)]
async fn pings_do_not_hold_a_client_at_a_provider_that_never_goes_on() {
    let provider = Neighbour::answers_in_two(&format!("{STREAM}{HELLO}"), "never said");
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let socket = stage.send_and_keep(&messages("openai/gpt-5", true)).await;
    let end = tokio::time::timeout(std::time::Duration::from_secs(3_600), Stage::rest(socket));
    let response = end.await.expect("it ends by itself");
    assert!(response.contains("event: error\n") && !response.contains("message_stop"));
    assert_eq!(stage.only_closing().await.outcome, Outcome::Timeout);
}

#[tokio::test]
async fn a_404_about_something_else_is_told_as_it_is_and_no_endpoint_is_given_up_for_it() {
    let words = r#"{"error":{"message":"Response with id 'resp_1' not found."}}"#;
    let provider = Neighbour::answers(&json("404 Not Found", words));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let body = r#"{"model":"openai/qwen","input":"go on","previous_response_id":"resp_1"}"#;
    for _ in 0..2 {
        let response = stage.send(&post("/v1/responses", body)).await;
        assert_eq!(get_status(&response), 404, "{response}");
        assert!(response.contains(words), "{response}");
    }
    assert_eq!(provider.seen().matches("POST /v1/responses ").count(), 2);
    stage.closings(2).await;
}

#[tokio::test]
async fn an_endpoint_is_given_up_only_for_one_that_is_there() {
    let none = json("404 Not Found", "page not found");
    let answer = json(
        "200 OK",
        r#"{"id":"resp_1","object":"response","status":"completed","model":"qwen","output":[],"usage":{"input_tokens":11,"output_tokens":5}}"#,
    );
    // Something in front of the server was down for a moment.
    let provider = Neighbour::answers_in_turn(&[&none, &none, &answer]);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let request = post("/v1/responses", r#"{"model":"openai/qwen","input":"hello"}"#);
    let response = stage.send(&request).await;
    assert_eq!(get_status(&response), 404, "{response}");
    let response = stage.send(&request).await;
    assert!(response.ends_with(&answer[answer.find('{').expect("a body")..]), "{response}");
    stage.closings(3).await;
}

#[tokio::test]
async fn a_server_that_lacks_the_endpoint_and_refuses_the_usage_option_answers_at_once() {
    let none = json("404 Not Found", r#"{"detail":"Not Found"}"#);
    let refused = json("400 Bad Request", r#"{"error":{"message":"unknown: stream_options"}}"#);
    let answer = format!("{STREAM}{HELLO}{STOP}data: [DONE]\n\n");
    let provider = Neighbour::answers_in_turn(&[&none, &refused, &answer]);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let body = r#"{"model":"openai/qwen","input":"hello","stream":true}"#;
    let response = stage.send(&post("/v1/responses", body)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("response.completed"), "{response}");
    stage.closings(3).await;
}

#[tokio::test]
async fn a_refusal_nobody_can_read_is_free_and_an_answer_too_long_to_translate_is_not() {
    let refusal =
        json("403 Forbidden", "no gzip").replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n");
    let provider = Neighbour::answers(&refusal);
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", false)).await;
    assert_eq!(get_status(&response), 502, "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::UpstreamError);
    let provider = Neighbour::answers(&json("200 OK", &" ".repeat(33 << 20)));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&messages("openai/gpt-5", false)).await;
    assert_eq!(get_status(&response), 502, "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Truncated);
}

#[tokio::test]
async fn what_is_set_aside_covers_the_cache_marks_that_a_translation_adds() {
    let answer = r#"{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"cache_creation_input_tokens":10,"output_tokens":5}}"#;
    let provider = Neighbour::answers(&json("200 OK", answer));
    let stage = Stage::start(&[("anthropic", provider.url())], |setup| {
        setup.providers[0].dialect = weir_core::Dialect::Anthropic;
        setup.providers[0].local = false;
    })
    .await;
    let body = r#"{"model":"anthropic/claude-haiku-4-5","input":"hello","prompt_cache_key":"one"}"#;
    let response = stage.send(&post("/v1/responses", body)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(provider.seen().contains("\"cache_control\":"), "{}", provider.seen());
    assert!(stage.openings()[0].estimate.cache_write);
    stage.only_closing().await;
}

#[tokio::test]
async fn the_same_dialect_is_never_translated() {
    let provider = Neighbour::answers(&format!("{STREAM}{HELLO}{STOP}{USAGE}"));
    let stage = Stage::start(&[("openai", provider.url())], |_| {}).await;
    let response = stage.send(&chat("gpt-5", true)).await;
    assert!(response.contains(HELLO.trim_end()), "{response}");
    assert!(!response.contains("x-weir-dropped"), "{response}");
    stage.only_closing().await;
}

#[tokio::test]
async fn thoughts_of_another_vendor_stay_out_of_a_request_that_goes_on_in_its_own_dialect() {
    let provider = Neighbour::answers(&json("200 OK", "{}"));
    let stage = Stage::start(&[("anthropic", provider.url())], |setup| {
        setup.providers[0].dialect = weir_core::Dialect::Anthropic;
        setup.providers[0].base_url = provider.url().replace("/v1", "");
    })
    .await;
    let foreign = r#"{"type":"thinking","thinking":"","signature":"WeirSealOai1QUJD"},"#;
    let body = |thought: &str| {
        format!(
            r#"{{"max_tokens":9,"messages":[{{"role":"user","content":"a"}},{{"role":"assistant","content":[{thought}{{"type":"text","text":"b"}}]}},{{"role":"user","content":"c"}}],"model":"claude-haiku-4-5"}}"#
        )
    };
    let response = stage.send(&post("/v1/messages", &body(foreign))).await;
    assert!(response.contains("x-weir-dropped: foreign-thinking\r\n"), "{response}");
    assert_eq!(stage.only_closing().await.dropped.as_deref(), Some("foreign-thinking"));
    let (_, sent) = provider.seen().split_once("\r\n\r\n").map(own).expect("a body");
    assert_eq!(sent, body(""));
}

fn own((head, body): (&str, &str)) -> (String, String) {
    (head.to_owned(), body.to_owned())
}
