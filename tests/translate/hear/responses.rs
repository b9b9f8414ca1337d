//! OpenAI Responses, as the vendor's SDKs and Codex accumulate it.

use super::{Counts, Heard, count, error_text, list, text};
use crate::json::canonical;
use serde_json::Value;

fn usage(heard: &mut Heard, usage: &Value) {
    if !usage.is_object() {
        return;
    }
    let prompt = count(heard, &usage["input_tokens"], "usage has input_tokens");
    let output = count(heard, &usage["output_tokens"], "usage has output_tokens");
    let total = count(heard, &usage["total_tokens"], "usage has total_tokens");
    heard.unless(total == prompt + output, "the total is the sum");
    let cached = &usage["input_tokens_details"]["cached_tokens"];
    let reasoning = &usage["output_tokens_details"]["reasoning_tokens"];
    // The SDKs' types require both.
    let cached = count(heard, cached, "usage has cached_tokens");
    let reasoning = count(heard, reasoning, "usage has reasoning_tokens");
    heard.usage = Some(Counts { prompt, cached, output, reasoning });
}

pub fn whole(value: &Value, heard: &mut Heard) {
    if value["object"] != "response" {
        heard.failed = Some(error_text(value));
        heard.unless(value.get("error").is_some(), "a response or an error");
        return;
    }
    head(value, heard);
    for item in list(&value["output"]) {
        heard.unless(item["status"] != "in_progress", "nothing is in progress");
        item_heard(item, heard);
    }
    ended(value, heard);
}

fn head(response: &Value, heard: &mut Heard) {
    heard.unless(text(&response["id"]).starts_with("resp_"), "an id begins with resp_");
    heard.unless(response["created_at"].is_number(), "a time");
    heard.unless(!text(&response["model"]).is_empty(), "a model");
    heard.unless(response["output"].is_array(), "a list of items");
    for key in ["parallel_tool_calls", "tool_choice", "tools"] {
        // The SDKs' types require them.
        heard.unless(response.get(key).is_some(), &format!("{key} is required"));
    }
}

fn ended(response: &Value, heard: &mut Heard) {
    let calls = !heard.first().calls.is_empty();
    let stop = match text(&response["status"]) {
        "completed" if calls => "calls",
        "completed" => "end",
        "incomplete" => match text(&response["incomplete_details"]["reason"]) {
            "max_output_tokens" => "length",
            "content_filter" => "refused",
            other => {
                heard.faults.push(format!("incomplete by {other}"));
                ""
            }
        },
        "failed" => {
            heard.failed = Some(error_text(response));
            ""
        }
        other => {
            heard.faults.push(format!("status {other}"));
            ""
        }
    };
    heard.choice(0).stop = stop.to_owned();
    usage(heard, &response["usage"]);
}

fn item_heard(item: &Value, heard: &mut Heard) {
    heard.unless(!text(&item["id"]).is_empty(), "an item has an id");
    match text(&item["type"]) {
        "message" => {
            heard.unless(item["role"] == "assistant", "the assistant speaks");
            for part in list(&item["content"]) {
                match text(&part["type"]) {
                    "output_text" => {
                        heard.unless(part["annotations"].is_array(), "a list of annotations");
                        heard.choice(0).text.push_str(text(&part["text"]));
                    }
                    "refusal" => heard.choice(0).refusal.push_str(text(&part["refusal"])),
                    other => heard.faults.push(format!("a part {other}")),
                }
            }
        }
        "reasoning" => {
            heard.unless(item["summary"].is_array(), "reasoning has a summary");
            // Parts of a summary are paragraphs.
            let parts = list(&item["summary"]).iter().chain(list(&item["content"]));
            let parts: Vec<&str> = parts.map(|part| text(&part["text"])).collect();
            heard.choice(0).thinking.push_str(&parts.join("\n\n"));
        }
        "function_call" => {
            let arguments = canonical(text(&item["arguments"]));
            called(item, arguments, heard);
        }
        "custom_tool_call" => called(item, text(&item["input"]).to_owned(), heard),
        _ => {}
    }
}

fn called(item: &Value, arguments: String, heard: &mut Heard) {
    let id = text(&item["call_id"]).to_owned();
    heard.unless(!id.is_empty() && id.len() <= 64, "a call has an id");
    heard.unless(!heard.first().ids.contains(&id), "an id twice");
    let name = text(&item["name"]).to_owned();
    heard.unless(!name.is_empty(), "a call has a name");
    heard.choice(0).ids.push(id);
    heard.choice(0).calls.push((name, arguments));
}

/// What was told of an item piece by piece.
#[derive(Default)]
struct Told {
    text: String,
    done: bool,
}

pub fn stream(events: &[(String, String)], heard: &mut Heard) {
    let (mut begun, mut items, mut open) = (false, Vec::<Value>::new(), None::<Told>);
    for (number, (name, data)) in events.iter().enumerate() {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            heard.faults.push(format!("no JSON: {data}"));
            continue;
        };
        let kind = text(&event["type"]);
        heard.unless(kind == name, "an event is named by its type");
        heard.unless(event["sequence_number"] == number, "events are counted");
        // The vendor follows an error event with the response that failed.
        let last_word = kind == "response.failed";
        let over = heard.ended || heard.failed.is_some();
        heard.unless(!over || last_word, "nothing follows the end");
        match kind {
            "response.created" => {
                heard.unless(!begun, "one beginning");
                begun = true;
                head(&event["response"], heard);
                heard.unless(event["response"]["status"] == "in_progress", "it is in progress");
            }
            "response.in_progress" => {}
            "response.output_item.added" => {
                heard.unless(open.is_none(), "one item at a time");
                heard.unless(event["output_index"] == items.len(), "items are counted");
                open = Some(Told::default());
            }
            "response.output_item.done" => {
                heard.unless(event["output_index"] == items.len(), "the open item is done");
                if let Some(told) = open.take() {
                    agree(&event["item"], &told, heard);
                } else {
                    heard.faults.push("an item is done that was not added".into());
                }
                items.push(event["item"].clone());
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let response = &event["response"];
                head(response, heard);
                heard.unless(format!("response.{}", text(&response["status"])) == kind, "status");
                heard.unless(open.is_none() || kind == "response.failed", "all items are done");
                if kind != "response.failed" {
                    let output = list(&response["output"]);
                    heard.unless(output == items, "the response repeats its items");
                }
                for item in &items {
                    item_heard(item, heard);
                }
                heard.ended = true;
                ended(response, heard);
            }
            "error" => heard.failed = Some(error_text(&event)),
            _ => match open.as_mut() {
                Some(told) => {
                    heard.unless(event["output_index"] == items.len(), "of the open item");
                    if kind.ends_with(".delta") {
                        told.text.push_str(text(&event["delta"]));
                    }
                    told.done |= kind.ends_with(".done");
                }
                None => heard.faults.push(format!("{kind} outside an item")),
            },
        }
        let failed = heard.failed.is_some();
        heard.unless(begun || failed, "response.created comes first");
    }
    if !heard.ended {
        for item in &items {
            item_heard(item, heard);
        }
    }
}

/// The pieces of an item make up the item.
fn agree(item: &Value, told: &Told, heard: &mut Heard) {
    let mut whole = String::new();
    for part in list(&item["content"]).iter().chain(list(&item["summary"])) {
        whole.push_str(text(&part["text"]));
        whole.push_str(text(&part["refusal"]));
    }
    whole.push_str(text(&item["arguments"]));
    whole.push_str(text(&item["input"]));
    heard.unless(told.text == whole, "the deltas make up the item");
    heard.unless(whole.is_empty() || told.done, "a done event after the deltas");
}
