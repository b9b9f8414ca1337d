//! The built-in demonstration provider: answers in every dialect, streaming or not, so that a
//! first request works before any key is set. Says what it is; its rows are in no sum.

use crate::read::Asked;
use crate::upstream::{Answer, AnswerBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::collections::VecDeque;
use weir_core::Endpoint;
use weir_triage::tokens_likely;
use weir_wire::endpoint::Target;

const WORDS: [&str; 5] = [
    "This is Weir's built-in demonstration. ",
    "No model was asked and nothing was spent. ",
    "The request passed the gate, was written to the ledger and answered on this machine. ",
    "To reach a real model, store a key: ",
    "weir key set anthropic",
];

struct Story<'a> {
    model: &'a str,
    input: u64,
    output: u64,
}

impl Story<'_> {
    fn text() -> String {
        WORDS.concat()
    }
}

/// The demonstration's answer to a request.
pub fn answer(target: &Target, asked: &Asked) -> Answer {
    let story = Story {
        model: &asked.model,
        input: tokens_likely(asked.json().len() as u64),
        output: tokens_likely(Story::text().len() as u64),
    };
    let streams = asked.facts.stream || target.endpoint == Endpoint::GenerateStream;
    if streams && target.endpoint.metered() && target.endpoint != Endpoint::Embeddings {
        return stream(target, &story);
    }
    let body = whole(target.endpoint, &story).to_string();
    made("application/json", VecDeque::from([Bytes::from(body)]))
}

fn made(kind: &'static str, pieces: VecDeque<Bytes>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Answer { status: StatusCode::OK, headers, body: AnswerBody::Made(pieces) }
}

fn whole(endpoint: Endpoint, story: &Story<'_>) -> Value {
    let (model, text) = (story.model, Story::text());
    match endpoint {
        Endpoint::Messages => json!({
            "id": "msg_demo", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": story.input, "output_tokens": story.output},
        }),
        Endpoint::MessagesCount => json!({"input_tokens": story.input}),
        Endpoint::Responses => responses_object(story, "completed"),
        Endpoint::Embeddings => json!({
            "object": "list", "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.5, 0.5, 0.5]}],
            "usage": {"prompt_tokens": story.input, "total_tokens": story.input},
        }),
        Endpoint::Generate | Endpoint::GenerateStream => gemini_object(story, &text, true),
        Endpoint::GenerateCount => json!({"totalTokens": story.input}),
        Endpoint::Chat | Endpoint::Models | Endpoint::GeminiModels | Endpoint::OllamaChat => {
            json!({
                "id": "chatcmpl-demo", "object": "chat.completion", "created": 0, "model": model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                             "finish_reason": "stop"}],
                "usage": chat_usage(story),
            })
        }
    }
}

fn stream(target: &Target, story: &Story<'_>) -> Answer {
    let events = match target.endpoint {
        Endpoint::Messages => messages_events(story),
        Endpoint::Responses => responses_events(story),
        Endpoint::GenerateStream => {
            if !target.sse {
                let body = json!([gemini_object(story, &Story::text(), true)]).to_string();
                return made("application/json", VecDeque::from([Bytes::from(body)]));
            }
            let last = WORDS.len() - 1;
            let piece = |(i, word): (usize, &&str)| gemini_object(story, word, i == last);
            WORDS.iter().enumerate().map(piece).map(|v| data(&v)).collect()
        }
        _ => chat_events(story),
    };
    made("text/event-stream", events)
}

fn data(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

fn event(name: &str, value: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {value}\n\n"))
}

fn messages_events(story: &Story<'_>) -> VecDeque<Bytes> {
    let start = json!({"type": "message_start", "message": {
        "id": "msg_demo", "type": "message", "role": "assistant", "model": story.model,
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": story.input, "output_tokens": 1}}});
    let block = json!({"type": "content_block_start", "index": 0,
                       "content_block": {"type": "text", "text": ""}});
    let mut events =
        VecDeque::from([event("message_start", &start), event("content_block_start", &block)]);
    for word in WORDS {
        let delta = json!({"type": "content_block_delta", "index": 0,
                           "delta": {"type": "text_delta", "text": word}});
        events.push_back(event("content_block_delta", &delta));
    }
    let stop = json!({"type": "content_block_stop", "index": 0});
    let end = json!({"type": "message_delta",
                     "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                     "usage": {"output_tokens": story.output}});
    events.push_back(event("content_block_stop", &stop));
    events.push_back(event("message_delta", &end));
    events.push_back(event("message_stop", &json!({"type": "message_stop"})));
    events
}

fn chat_usage(story: &Story<'_>) -> Value {
    json!({"prompt_tokens": story.input, "completion_tokens": story.output,
           "total_tokens": story.input + story.output})
}

fn chat_events(story: &Story<'_>) -> VecDeque<Bytes> {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 0,
               "model": story.model,
               "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let mut events =
        VecDeque::from([data(&chunk(json!({"role": "assistant", "content": ""}), Value::Null))]);
    for word in WORDS {
        events.push_back(data(&chunk(json!({"content": word}), Value::Null)));
    }
    let mut last = chunk(json!({}), json!("stop"));
    last["usage"] = chat_usage(story);
    events.push_back(data(&last));
    events.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

fn output_item(status: &str, text: &str) -> Value {
    let content = if status == "completed" {
        json!([{"type": "output_text", "text": text, "annotations": []}])
    } else {
        json!([])
    };
    json!({"id": "msg_demo", "type": "message", "role": "assistant", "status": status,
           "content": content})
}

fn responses_object(story: &Story<'_>, status: &str) -> Value {
    let done = status == "completed";
    let output = if done { json!([output_item("completed", &Story::text())]) } else { json!([]) };
    let usage = json!({
        "input_tokens": story.input, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": story.output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": story.input + story.output});
    json!({"id": "resp_demo", "object": "response", "created_at": 0, "status": status,
           "model": story.model, "output": output, "parallel_tool_calls": true, "tools": [],
           "tool_choice": "auto", "usage": if done { usage } else { Value::Null }})
}

fn responses_events(story: &Story<'_>) -> VecDeque<Bytes> {
    let text = Story::text();
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let place = |mut value: Value| {
        value["output_index"] = json!(0);
        value["content_index"] = json!(0);
        value["item_id"] = json!("msg_demo");
        value
    };
    let mut list = vec![
        json!({"type": "response.created", "response": responses_object(story, "in_progress")}),
        json!({"type": "response.output_item.added", "output_index": 0,
               "item": output_item("in_progress", "")}),
        place(json!({"type": "response.content_part.added", "part": part("")})),
    ];
    list.extend(
        WORDS.iter().map(|w| place(json!({"type": "response.output_text.delta", "delta": w}))),
    );
    list.push(place(json!({"type": "response.output_text.done", "text": text})));
    list.push(place(json!({"type": "response.content_part.done", "part": part(&text)})));
    list.push(json!({"type": "response.output_item.done", "output_index": 0,
                     "item": output_item("completed", &text)}));
    list.push(json!({"type": "response.completed",
                     "response": responses_object(story, "completed")}));
    let numbered = |(n, mut value): (usize, Value)| {
        value["sequence_number"] = json!(n);
        let name = value["type"].as_str().unwrap_or("error").to_owned();
        event(&name, &value)
    };
    list.into_iter().enumerate().map(numbered).collect()
}

fn gemini_object(story: &Story<'_>, text: &str, last: bool) -> Value {
    let mut candidate =
        json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
    if last {
        candidate["finishReason"] = json!("STOP");
    }
    json!({"candidates": [candidate], "modelVersion": story.model,
           "usageMetadata": {"promptTokenCount": story.input,
                             "candidatesTokenCount": story.output,
                             "totalTokenCount": story.input + story.output}})
}
