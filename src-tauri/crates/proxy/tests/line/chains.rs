//! Chains of candidates in virtual time: who is waited for and how long, what counts as another
//! candidate, and what is booked of an answer that its client does not stay for.

use super::{chat_answer, route};
use crate::support::{Neighbour, Stage, chat, get_status, slowly};
use std::time::Duration;
use weir_core::route::KeySource;
use weir_core::{Failover, Outcome};
use weir_proxy::ports::LocalModel;

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const HELLO: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const WORLD: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" world\"}}]}\n\n";
const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                   data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5}}\n\n\
                   data: [DONE]\n\n";

/// A chain of two remote providers.
async fn chain(first: &Neighbour, second: &Neighbour) -> Stage {
    Stage::start(&[("first", first.url()), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers.iter_mut().for_each(|p| p.local = false);
    })
    .await
}

fn held(request: &str) -> String {
    request.replacen("connection: close", "x-weir-hold: on\r\nconnection: close", 1)
}

#[tokio::test(start_paused = true)]
async fn a_held_answer_that_has_begun_takes_as_long_as_it_takes() {
    let first = Neighbour::says_slowly(STREAM, &[(1_000, HELLO), (19_000, WORLD), (1_000, END)]);
    let second = Neighbour::answers(&chat_answer());
    let stage = chain(&first, &second).await;
    let response = stage.send(&held(&chat("weir-low", true))).await;
    assert!(response.contains("x-weir-route: first/a\r\n"), "{response}");
    assert!(response.contains(" world"), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Ok);
    assert_eq!(second.seen(), "");
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_that_never_ended_the_next_candidate_is_still_asked() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let first = Neighbour::says_slowly(head, &[(3_000_000, "")]);
    let second = Neighbour::answers(&chat_answer());
    let stage = chain(&first, &second).await;
    let response = stage.send(&chat("weir-low", false)).await;
    assert!(response.contains("x-weir-route: second/b\r\n"), "{response}");
    assert_eq!(stage.closings(2).await[0].outcome, Outcome::Timeout);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_which_nobody_can_be_asked_any_more_is_waited_for() {
    let first = Neighbour::silent();
    let second = Neighbour::answers(&slowly("", &[(400_000, &chat_answer())]));
    let third = Neighbour::answers(&chat_answer());
    let all = [("first", first.url()), ("second", second.url()), ("third", third.url())];
    let stage = Stage::start(&all, |setup| {
        setup.low = vec![route("first", "a"), route("second", "b"), route("third", "c")];
        setup.providers.iter_mut().for_each(|p| p.local = false);
    })
    .await;
    let response = stage.send(&chat("weir-low", false)).await;
    assert!(response.contains("x-weir-route: second/b\r\n"), "{response}");
}

#[tokio::test(start_paused = true)]
async fn a_link_without_a_key_takes_nobodys_place() {
    let first = Neighbour::says_slowly(STREAM, &[(13_000, HELLO), (10, END)]);
    let second = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("first", first.url()), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers.iter_mut().for_each(|p| p.local = false);
        setup.providers[1].key = KeySource::Keychain;
    })
    .await;
    let response = stage.send(&chat("weir-low", true)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert!(response.contains("Hello"), "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_cannot_take_the_tools_login_takes_nobodys_place() {
    let failing = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let first = Neighbour::answers_in_turn(&[failing, &chat_answer()]);
    let second = Neighbour::answers(&chat_answer());
    let stage = Stage::start(&[("first", first.url()), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers.iter_mut().for_each(|p| p.local = false);
        setup.providers[1].key = KeySource::Passthrough;
    })
    .await;
    let response = stage.send(&chat("weir-low", false)).await;
    assert!(response.contains("x-weir-route: first/a\r\n"), "asked again: {response}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_ends_after_a_quarter_of_an_hour_though_nobody_else_can_be_asked() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let only = Neighbour::says_slowly(head, &[(7_200_000, "")]);
    let stage =
        Stage::start(&[("only", only.url())], |setup| setup.providers[0].local = false).await;
    let response = stage.send(&chat("only/a", false)).await;
    assert_eq!(get_status(&response), 504, "{response}");
    assert_eq!(stage.only_closing().await.outcome, Outcome::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_the_only_provider_asked_for_holds_nobody_back_after_it() {
    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n";
    let slow = slowly(STREAM, &[(5_000, HELLO), (30_000, END)]);
    let only = Neighbour::answers_in_turn(&[limited, &slow]);
    let stage =
        Stage::start(&[("only", only.url())], |setup| setup.providers[0].local = false).await;
    let first = stage.send_and_keep(&chat("only/a", true)).await;
    // Past the wait, while the first is under way.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let second = stage.send(&chat("only/a", true)).await;
    assert_eq!(get_status(&second), 200, "{second}");
    assert_eq!(get_status(&Stage::rest(first).await), 200);
}

#[tokio::test]
async fn a_sole_provider_says_itself_that_its_key_or_its_credit_is_no_good() {
    for status in ["401 Unauthorized", "402 Payment Required"] {
        let body = r#"{"error":{"message":"its own words"}}"#;
        let refusal = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let only = Neighbour::answers(&refusal);
        let stage =
            Stage::start(&[("only", only.url())], |setup| setup.providers[0].local = false).await;
        for _ in 0..5 {
            let response = stage.send(&chat("only/a", false)).await;
            assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
            assert!(response.contains("its own words"), "{response}");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_refused_goes_back_to_its_tool() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}";
    let (first, second) = (Neighbour::answers(refusal), Neighbour::answers(&chat_answer()));
    let stage = Stage::start(&[("first", first.url()), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers.iter_mut().for_each(|p| p.local = false);
        setup.providers[0].key = KeySource::Passthrough;
    })
    .await;
    let request = chat("weir-low", false).replace(
        "authorization: Bearer weir_right",
        "authorization: Bearer own-login\r\nx-weir-token: weir_right",
    );
    let response = stage.send(&request).await;
    assert_eq!(get_status(&response), 401, "{response}");
    assert_eq!(second.seen(), "", "nobody pays in its place");
}

#[tokio::test]
async fn an_answer_left_while_it_is_held_is_booked_with_what_was_read() {
    let usage =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5}}\n\n";
    let only = Neighbour::answers_in_two(&format!("{STREAM}{HELLO}{usage}"), END);
    let stage = Stage::start(&[("only", only.url())], |_| {}).await;
    let socket = stage.send_and_keep(&held(&chat("only/a", true))).await;
    only.wait_for_request().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(socket);
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::ClientGone);
    assert!(closed.metered.output_bytes > 0, "{:?}", closed.metered);
}

#[tokio::test]
async fn an_error_in_the_place_of_any_content_is_booked_as_that() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n";
    let only = Neighbour::answers(&format!("{STREAM}{error}"));
    let stage = Stage::start(&[("only", only.url())], |_| {}).await;
    stage.fail_over({
        let mut settings = Failover::default();
        settings.tries.attempts = 1;
        settings
    });
    stage.send(&chat("only/a", true)).await;
    let closed = stage.only_closing().await;
    assert_eq!(closed.outcome, Outcome::ErrorInStream);
    assert!(closed.empty);
}

#[tokio::test(start_paused = true)]
async fn exactly_one_attempt_is_told_as_the_last_also_when_nobody_after_it_is_asked() {
    let failing = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let (first, second) = (Neighbour::answers(failing), Neighbour::answers(&chat_answer()));
    let stage = Stage::start(&[("first", first.url()), ("second", second.url())], |setup| {
        setup.low = vec![route("first", "a"), route("second", "b")];
        setup.providers[0].local = false;
    })
    .await;
    // Known only when its turn has come: the local link has no room for the prompt.
    stage.know(LocalModel { context: Some(1), ..LocalModel::default() });
    let response = stage.send(&chat("weir-low", false)).await;
    assert_eq!(get_status(&response), 503, "what a provider really said: {response}");
    assert_eq!(stage.told_last(), [true]);

    let stage = chain(&first, &second).await;
    let response = stage.send(&chat("weir-low", false)).await;
    assert_eq!(get_status(&response), 200, "{response}");
    assert_eq!(stage.told_last(), [false, true]);
    assert!(response.contains("x-weir-cost-usd: 0.000000084\r\n"), "both attempts: {response}");
}
