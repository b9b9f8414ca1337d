//! OpenAI Chat Completions, as the vendor's SDKs accumulate it.

use super::{Counts, Heard, count, error_text, list, text};
use crate::json::canonical;
use serde_json::Value;
use std::collections::BTreeMap;

fn stop(reason: &str) -> &str {
    match reason {
        "stop" => "end",
        "length" => "length",
        "tool_calls" | "function_call" => "calls",
        "content_filter" => "refused",
        _ => "",
    }
}

fn usage(heard: &mut Heard, usage: &Value) {
    if !usage.is_object() {
        return;
    }
    let prompt = count(heard, &usage["prompt_tokens"], "usage has prompt_tokens");
    let output = count(heard, &usage["completion_tokens"], "usage has completion_tokens");
    let total = count(heard, &usage["total_tokens"], "usage has total_tokens");
    heard.unless(total == prompt + output, "the total is the sum");
    let inner = |outer: &str, name: &str| usage[outer][name].as_u64().unwrap_or(0);
    heard.usage = Some(Counts {
        prompt,
        cached: inner("prompt_tokens_details", "cached_tokens"),
        output,
        reasoning: inner("completion_tokens_details", "reasoning_tokens"),
    });
}

pub fn whole(value: &Value, heard: &mut Heard) {
    if value.get("error").is_some() {
        heard.failed = Some(error_text(value));
        return;
    }
    heard.unless(value["object"] == "chat.completion", "the object's name");
    heard.unless(!text(&value["id"]).is_empty() && value["created"].is_u64(), "id and time");
    heard.unless(!text(&value["model"]).is_empty(), "a model");
    for (position, one) in list(&value["choices"]).iter().enumerate() {
        heard.unless(one["index"] == position, "choices are counted");
        let message = &one["message"];
        heard.unless(message["role"] == "assistant", "the assistant speaks");
        said(message, position, heard);
        for call in list(&message["tool_calls"]) {
            called(call, position, heard);
        }
        if let Some(old) = message.get("function_call") {
            heard.faults.push("the function_call of old".into());
            let arguments = canonical(text(&old["arguments"]));
            heard.choice(position).calls.push((text(&old["name"]).to_owned(), arguments));
        }
        let reason = text(&one["finish_reason"]).to_owned();
        ended(&reason, position, heard);
    }
    heard.unless(!list(&value["choices"]).is_empty(), "a choice");
    usage(heard, &value["usage"]);
}

fn ended(reason: &str, position: usize, heard: &mut Heard) {
    let known = stop(reason).to_owned();
    heard.unless(!known.is_empty(), "a finish reason that clients know");
    let calls = !heard.choice(position).calls.is_empty();
    heard.unless(known != "calls" || calls, "tool_calls without a call");
    heard.choice(position).stop = known;
}

fn said(message: &Value, position: usize, heard: &mut Heard) {
    let choice = heard.choice(position);
    choice.text.push_str(text(&message["content"]));
    choice.refusal.push_str(text(&message["refusal"]));
    let thought = message.get("reasoning_content").filter(|t| t.is_string());
    let thought = thought.or(message.get("reasoning")).map(text).unwrap_or_default();
    choice.thinking.push_str(thought);
}

fn called(call: &Value, position: usize, heard: &mut Heard) {
    let id = text(&call["id"]).to_owned();
    heard.unless(!id.is_empty() && id.len() <= 64, "a call has an id");
    let taken = heard.choice(position).ids.contains(&id);
    heard.unless(!taken, "an id twice");
    let (name, arguments) = match text(&call["type"]) {
        "custom" => (text(&call["custom"]["name"]), text(&call["custom"]["input"]).to_owned()),
        kind => {
            heard.unless(kind == "function", "a call's type");
            heard.unless(call["function"]["arguments"].is_string(), "arguments are a string");
            let arguments = match &call["function"]["arguments"] {
                Value::String(arguments) => arguments.clone(),
                other => other.to_string(),
            };
            let empty = arguments.trim().is_empty();
            let arguments = canonical(if empty { "{}" } else { &arguments });
            (text(&call["function"]["name"]), arguments)
        }
    };
    let name = name.to_owned();
    heard.unless(!name.is_empty(), "a call has a name");
    let choice = heard.choice(position);
    choice.ids.push(id);
    choice.calls.push((name, arguments));
}

pub fn stream(events: &[(String, String)], heard: &mut Heard) {
    let mut calls: BTreeMap<(usize, u64), Value> = BTreeMap::new();
    let mut ids = Vec::new();
    let mut stops: BTreeMap<usize, String> = BTreeMap::new();
    let mut counted = false;
    for (name, data) in events {
        heard.unless(name.is_empty(), "chunks have no names");
        heard.unless(!heard.ended, "nothing follows [DONE]");
        if data == "[DONE]" {
            heard.ended = true;
            continue;
        }
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            heard.faults.push(format!("no JSON: {data}"));
            continue;
        };
        if chunk.get("error").is_some() {
            heard.failed = Some(error_text(&chunk));
            continue;
        }
        heard.unless(chunk["object"] == "chat.completion.chunk", "the object's name");
        heard.unless(!counted, "the usage chunk is the last");
        ids.push((chunk["id"].clone(), chunk["model"].clone(), chunk["created"].clone()));
        let choices = list(&chunk["choices"]);
        counted = choices.is_empty() && chunk["usage"].is_object();
        heard.unless(!choices.is_empty() || counted, "an empty chunk");
        usage(heard, &chunk["usage"]);
        for one in choices {
            let at = one["index"].as_u64().unwrap_or(0) as usize;
            heard.unless(!stops.contains_key(&at), "nothing follows the finish reason");
            said(&one["delta"], at, heard);
            for call in list(&one["delta"]["tool_calls"]) {
                gather(&mut calls, at, call, heard);
            }
            if let Some(reason) = one["finish_reason"].as_str() {
                stops.insert(at, reason.to_owned());
            }
        }
    }
    ids.dedup();
    heard.unless(ids.len() <= 1, "one id, one model and one time in all chunks");
    for ((at, _), call) in &calls {
        called(call, *at, heard);
    }
    for (at, reason) in stops {
        ended(&reason, at, heard);
    }
}

fn gather(calls: &mut BTreeMap<(usize, u64), Value>, at: usize, call: &Value, heard: &mut Heard) {
    heard.unless(call["index"].is_u64(), "a call's delta is counted");
    let index = call["index"].as_u64().unwrap_or(calls.len() as u64);
    let next = calls.keys().filter(|(choice, _)| *choice == at).count() as u64;
    let Some(known) = calls.get_mut(&(at, index)) else {
        heard.unless(index == next, "calls are counted from 0");
        heard.unless(call["id"].is_string(), "the first delta has the id");
        calls.insert((at, index), call.clone());
        return;
    };
    heard.unless(call.get("id").is_none_or(Value::is_null), "the id comes once");
    for (outer, inner) in [("function", "arguments"), ("custom", "input")] {
        if let Some(more) = call[outer][inner].as_str() {
            let whole = format!("{}{more}", text(&known[outer][inner]));
            known[outer][inner] = Value::String(whole);
        }
    }
}
