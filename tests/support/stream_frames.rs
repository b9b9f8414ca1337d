//! The vendors' streams, event by event.

use crate::answers::{Kind, Turn};
use crate::tokens::Tokens;
use crate::usage_blocks;
use serde_json::{Value, json};

/// Every event of a streamed turn, and the index of the one that completes the usage.
pub fn frames(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    match turn.kind {
        Kind::Messages => messages(turn),
        Kind::Chat => chat(turn),
        Kind::Responses => responses(turn),
        Kind::Gemini => gemini_stream(turn),
        Kind::OllamaChat => ollama_stream(turn),
        other => panic!("{other:?} does not stream"),
    }
}

fn named(event: &str, data: Value) -> Vec<u8> {
    format!("event: {event}\ndata: {data}\n\n").into_bytes()
}

fn typed(data: Value) -> Vec<u8> {
    let event = data["type"].as_str().unwrap_or_default().to_owned();
    named(&event, data)
}

fn bare(data: &Value) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

fn messages(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    let opening = Tokens { output: 1, ..turn.tokens };
    let mut out = vec![
        typed(json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
            "role": "assistant", "model": turn.model, "content": [], "stop_reason": null,
            "stop_sequence": null, "usage": usage_blocks::anthropic(&opening)}})),
        typed(json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "text", "text": ""}})),
        typed(json!({"type": "ping"})),
    ];
    for text in &turn.text {
        out.push(typed(json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}})));
    }
    out.push(typed(json!({"type": "content_block_stop", "index": 0})));
    out.push(typed(json!({"type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": usage_blocks::anthropic(&turn.tokens)})));
    let usage = out.len() - 1;
    out.push(typed(json!({"type": "message_stop"})));
    (out, Some(usage))
}

fn chat(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    let chunk = |choices: Value| {
        let mut chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk",
            "created": 1, "model": turn.model, "choices": choices});
        if turn.usage_chunk {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let delta = |delta: Value, finish: Value| {
        bare(&chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}])))
    };
    let mut out = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    for text in &turn.text {
        out.push(delta(json!({"content": text}), Value::Null));
    }
    out.push(delta(json!({}), json!("stop")));
    let mut usage = None;
    if turn.usage_chunk {
        let mut last = chunk(json!([]));
        last["usage"] = usage_blocks::chat(&turn.tokens);
        out.push(bare(&last));
        usage = Some(out.len() - 1);
    }
    out.push(b"data: [DONE]\n\n".to_vec());
    (out, usage)
}

/// The `response` object of OpenAI's Responses.
pub fn response(turn: &Turn, status: &str) -> Value {
    let done = status == "completed";
    let item = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": status,
        "content": [{"type": "output_text", "text": turn.text.concat(), "annotations": []}]});
    json!({"id": "resp_1", "object": "response", "created_at": 1, "model": turn.model,
        "status": status, "output": if done { json!([item]) } else { json!([]) },
        "usage": if done { usage_blocks::responses(&turn.tokens) } else { Value::Null }})
}

fn responses(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    let mut events = vec![
        json!({"type": "response.created", "response": response(turn, "in_progress")}),
        json!({"type": "response.in_progress", "response": response(turn, "in_progress")}),
        json!({"type": "response.output_item.added", "output_index": 0,
            "item": {"id": "msg_1", "type": "message", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0,
            "content_index": 0, "part": {"type": "output_text", "text": ""}}),
    ];
    for text in &turn.text {
        events.push(json!({"type": "response.output_text.delta", "item_id": "msg_1",
            "output_index": 0, "content_index": 0, "delta": text}));
    }
    events.push(json!({"type": "response.output_text.done", "item_id": "msg_1",
        "output_index": 0, "content_index": 0, "text": turn.text.concat()}));
    events.push(json!({"type": "response.completed", "response": response(turn, "completed")}));
    let usage = events.len() - 1;
    let number = |(number, mut event): (usize, Value)| {
        event["sequence_number"] = json!(number);
        typed(event)
    };
    (events.into_iter().enumerate().map(number).collect(), Some(usage))
}

/// One answer object of Gemini's, whole or a chunk of a stream.
pub fn gemini(turn: &Turn, text: &str, last: bool) -> Value {
    let mut candidate =
        json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
    let mut tokens = turn.tokens;
    if last {
        candidate["finishReason"] = json!("STOP");
    } else {
        tokens.output = tokens.reasoning + 1;
    }
    json!({"candidates": [candidate], "modelVersion": turn.model, "responseId": "r1",
        "usageMetadata": usage_blocks::gemini(&tokens)})
}

fn gemini_stream(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    let end = turn.text.len().saturating_sub(1);
    let frame = |(at, text): (usize, &String)| {
        format!("data: {}\r\n\r\n", gemini(turn, text, at == end)).into_bytes()
    };
    (turn.text.iter().enumerate().map(frame).collect(), Some(end))
}

/// One line of Ollama's chat, or all of it.
pub fn ollama(turn: &Turn, text: &str, last: bool) -> Value {
    let mut line = json!({"model": turn.model, "created_at": "2026-11-22T10:00:00.5Z",
        "message": {"role": "assistant", "content": text}, "done": last});
    if last {
        line["done_reason"] = json!("stop");
        line["prompt_eval_count"] = json!(turn.tokens.prompt());
        line["eval_count"] = json!(turn.tokens.output);
    }
    line
}

fn ollama_stream(turn: &Turn) -> (Vec<Vec<u8>>, Option<usize>) {
    let mut lines: Vec<Value> = turn.text.iter().map(|text| ollama(turn, text, false)).collect();
    lines.push(ollama(turn, "", true));
    let end = lines.len() - 1;
    (lines.iter().map(|line| format!("{line}\n").into_bytes()).collect(), Some(end))
}
