//! Chains of candidates in virtual time: who is waited for and how long, what counts as another
//! candidate, and what is booked of an answer that its client does not stay for.

use super::{chat_answer, route};
use crate::support::{Neighbour, Stage, chat, get_status, slowly};
use weir_core::Outcome;

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
