//! Gemini `generateContent`. Sources: google-genai's types, Google's pages on function calling
//! and thought signatures, and the API's error messages.

use super::{Faults, base64, list, schema, text, twice};
use serde_json::Value;

const KEYS: &[&str] = &[
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "labels",
];
const GENERATION: &[&str] = &[
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "candidateCount",
    "seed",
    "responseMimeType",
    "responseJsonSchema",
    "responseSchema",
    "responseLogprobs",
    "logprobs",
    "presencePenalty",
    "frequencyPenalty",
    "thinkingConfig",
];

pub fn check(body: &Value, model: &str, faults: &mut Faults) {
    faults.keys("body", body, KEYS);
    let parts = |at: &str, value: &Value, faults: &mut Faults| {
        let parts = list(&value["parts"]);
        faults.unless(!parts.is_empty(), at, "has no parts");
        for part in parts {
            faults.unless(!text(&part["text"]).is_empty(), at, "is text only");
        }
    };
    if let Some(system) = body.get("systemInstruction") {
        parts("systemInstruction", system, faults);
    }
    if let Some(generation) = body.get("generationConfig") {
        faults.keys("generationConfig", generation, GENERATION);
        let stops = list(&generation["stopSequences"]).len();
        faults.unless(stops <= 5, "stopSequences", "at most five");
        let warm = generation["temperature"].as_f64().unwrap_or(0.0);
        faults.unless((0.0..=2.0).contains(&warm), "temperature", "0 to 2");
        let schemas = ["responseJsonSchema", "responseSchema"]
            .iter()
            .filter(|k| generation.get(**k).is_some());
        let json = generation["responseMimeType"] == "application/json";
        faults.unless(schemas.count() == 0 || json, "responseMimeType", "a schema means JSON");
        let thinking = &generation["thinkingConfig"];
        let both =
            thinking.get("thinkingLevel").is_some() && thinking.get("thinkingBudget").is_some();
        faults.unless(!both, "thinkingConfig", "a level or a budget");
    }
    tools(body, faults);
    contents(body, model, faults);
}

fn name_fits(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let rest = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    name.len() <= 64 && name.starts_with(first) && name.chars().all(rest)
}

fn tools(body: &Value, faults: &mut Faults) {
    let declared: Vec<&Value> =
        list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"])).collect();
    faults.unless(body.get("tools").is_none() || !declared.is_empty(), "tools", "an empty list");
    for tool in &declared {
        let name = text(&tool["name"]);
        faults.keys("tools", tool, &["name", "description", "parametersJsonSchema", "parameters"]);
        faults.unless(name_fits(name), "tools", &format!("name {name} is not allowed"));
        if let Some(parameters) = tool.get("parametersJsonSchema") {
            schema(name, parameters, faults);
            faults.unless(tool.get("parameters").is_none(), name, "two schemas");
        }
    }
    for name in twice(declared.iter().map(|tool| text(&tool["name"]))) {
        faults.note("tools", format!("{name} twice"));
    }
    let Some(config) = body.get("toolConfig") else { return };
    let config = &config["functionCallingConfig"];
    let mode = text(&config["mode"]);
    faults.unless(["AUTO", "ANY", "NONE", "VALIDATED"].contains(&mode), "toolConfig", mode);
    faults.unless(!declared.is_empty(), "toolConfig", "without tools");
    for name in list(&config["allowedFunctionNames"]) {
        let known = declared.iter().any(|tool| tool["name"] == *name);
        faults.unless(known, "toolConfig", "names no tool");
        faults.unless(matches!(mode, "ANY" | "VALIDATED"), "toolConfig", "names with mode AUTO");
    }
}

fn contents(body: &Value, model: &str, faults: &mut Faults) {
    let contents = list(&body["contents"]);
    faults.unless(!contents.is_empty(), "contents", "none");
    let mut open: Vec<(&str, &str)> = Vec::new();
    let mut last = "";
    for (index, content) in contents.iter().enumerate() {
        let at = format!("contents.{index}");
        let role = text(&content["role"]);
        faults.keys(&at, content, &["role", "parts"]);
        faults.unless(["user", "model"].contains(&role), &at, &format!("{role} is no role"));
        faults.unless(role == "user" || !last.is_empty(), &at, "the user speaks first");
        let parts = list(&content["parts"]);
        faults.unless(!parts.is_empty(), &at, "has no parts");
        let answers: Vec<&Value> = parts.iter().filter_map(|p| p.get("functionResponse")).collect();
        if !open.is_empty() && answers.len() != open.len() {
            let found = format!("{} responses to {} calls", answers.len(), open.len());
            faults.note(&at, found);
        }
        for answer in answers {
            let (id, name) = (text(&answer["id"]), text(&answer["name"]));
            let mut known = open.iter();
            let found = known.position(|(i, n)| *n == name && (id == *i || id.is_empty()));
            faults.unless(found.is_some(), &at, &format!("{name} answers no open call"));
            if let Some(found) = found {
                open.remove(found);
            }
            faults.unless(answer["response"].is_object(), &at, "a response is an object");
        }
        open.clear();
        let mut signed = false;
        for part in parts {
            part_rules(&at, role, part, faults);
            if let Some(call) = part.get("functionCall") {
                open.push((text(&call["id"]), text(&call["name"])));
                let sealed = !text(&part["thoughtSignature"]).is_empty();
                let first = open.len() == 1;
                signed |= sealed && first;
                let needed = model.starts_with("gemini-3") && first;
                faults.unless(!needed || signed, &at, "the first call is not signed");
            }
        }
        last = role;
    }
    faults.unless(open.is_empty(), "contents", "calls without responses");
    faults.unless(last == "user", "contents", "the last turn is the user's");
}

fn part_rules(at: &str, role: &str, part: &Value, faults: &mut Faults) {
    let kinds = ["text", "inlineData", "fileData", "functionCall", "functionResponse"];
    let found: Vec<&str> = kinds.into_iter().filter(|kind| part.get(*kind).is_some()).collect();
    faults.unless(found.len() == 1, at, &format!("a part is {found:?}"));
    faults.keys(at, part, &[&kinds[..], &["thought", "thoughtSignature"]].concat());
    let seal = text(&part["thoughtSignature"]);
    faults.unless(!seal.starts_with("Weir"), at, "a seal of ours");
    match found.first().copied().unwrap_or_default() {
        "text" => {
            faults.unless(!text(&part["text"]).is_empty() || !seal.is_empty(), at, "an empty text");
        }
        "inlineData" => {
            faults.unless(base64(text(&part["inlineData"]["data"])), at, "data is no base64");
            let mime = text(&part["inlineData"]["mimeType"]);
            faults.unless(mime.contains('/'), at, &format!("media type {mime}"));
        }
        "functionCall" => {
            let call = &part["functionCall"];
            faults.unless(role == "model", at, "the model calls");
            faults.unless(name_fits(text(&call["name"])), at, "a name is not allowed");
            faults.unless(call.get("args").is_none_or(Value::is_object), at, "args are an object");
        }
        "functionResponse" => faults.unless(role == "user", at, "the user responds"),
        _ => {}
    }
}
