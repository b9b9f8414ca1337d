//! Byte splices into a request body: the model's name, and the wish for a usage report.
//! Every byte outside a splice stays as it came, so a prompt cache and a signature stay valid.

use crate::facts::{Facts, Options};
use std::ops::Range;

/// The body with another model name. A body that names none (Gemini) is copied as it is.
pub fn with_model(body: &[u8], facts: &Facts, model: &str) -> Vec<u8> {
    with_both(body, facts, Some(model), false)
}

/// The body with `stream_options.include_usage` set to true. Chat only.
pub fn with_usage_asked(body: &[u8], facts: &Facts) -> Vec<u8> {
    with_both(body, facts, None, true)
}

/// Both edits in one copy; `facts` are those of `body`, so the edits cannot be chained.
pub fn with_both(body: &[u8], facts: &Facts, model: Option<&str>, ask_usage: bool) -> Vec<u8> {
    let mut splices: Vec<(Range<usize>, String)> = Vec::with_capacity(2);
    if let (Some(model), Some(span)) = (model, &facts.model) {
        splices.push((span.range.clone(), serde_json::Value::from(model).to_string()));
    }
    if ask_usage && facts.include_usage != Some(true) {
        splices.push(match &facts.options {
            // A chat body always has a model, so a field follows.
            Options::Absent(at) => {
                (*at..*at, "\"stream_options\":{\"include_usage\":true},".to_owned())
            }
            Options::Replace(range, text) => (range.clone(), (*text).to_owned()),
            Options::Into(at, text) => (*at..*at, (*text).to_owned()),
        });
    }
    splices.sort_by_key(|(range, _)| range.start);
    let added: usize = splices.iter().map(|(_, text)| text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut done = 0;
    for (range, text) in splices {
        out.extend_from_slice(&body[done..range.start]);
        out.extend_from_slice(text.as_bytes());
        done = range.end;
    }
    out.extend_from_slice(&body[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::read;
    use proptest::prelude::*;
    use weir_core::Endpoint;

    fn asked(body: &str) -> String {
        let facts = read(Endpoint::Chat, body.as_bytes()).expect("a sound body");
        String::from_utf8(with_usage_asked(body.as_bytes(), &facts)).expect("text")
    }

    #[test]
    fn only_the_model_s_bytes_change() {
        let body = "{ \"a\":1,\r\n\"model\" : \"weir-auto\" ,\t\"b\":\"\\u00e9\" }";
        let facts = read(Endpoint::Chat, body.as_bytes()).expect("a sound body");
        let out = with_model(body.as_bytes(), &facts, "say \"hi\"/5");
        assert_eq!(out, body.replace("\"weir-auto\"", "\"say \\\"hi\\\"/5\"").as_bytes());
    }

    #[test]
    fn usage_is_asked_for_in_every_shape_the_options_come_in() {
        for (body, expected) in [
            (r#"{"model":"m"}"#, r#"{"stream_options":{"include_usage":true},"model":"m"}"#),
            (
                r#"{ "model":"m","stream_options": null }"#,
                r#"{ "model":"m","stream_options": {"include_usage":true} }"#,
            ),
            (
                r#"{"model":"m","stream_options":{}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true}}"#,
            ),
            (
                r#"{"model":"m","stream_options":{ }}"#,
                r#"{"model":"m","stream_options":{"include_usage":true }}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"x":1}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true,"x":1}}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"include_usage":false}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true}}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"x":1,"include_usage":null}}"#,
                r#"{"model":"m","stream_options":{"x":1,"include_usage":true}}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"include_usage":true}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true}}"#,
            ),
        ] {
            assert_eq!(asked(body), expected, "{body}");
        }
    }

    #[test]
    fn both_edits_fit_in_either_order_of_the_fields() {
        for body in [r#"{"stream_options":{},"model":"a"}"#, r#"{"model":"a","stream_options":{}}"#]
        {
            let facts = read(Endpoint::Chat, body.as_bytes()).expect("a sound body");
            let out = with_both(body.as_bytes(), &facts, Some("b"), true);
            let doc: serde_json::Value = serde_json::from_slice(&out).expect("valid JSON");
            assert_eq!(doc["model"], "b");
            assert_eq!(doc["stream_options"]["include_usage"], true);
        }
    }

    proptest! {
        #[test]
        fn an_edited_body_differs_in_nothing_else(
            model in "\\PC{1,20}", new in "\\PC{1,20}", text in "\\PC{0,40}", options in 0usize..4,
        ) {
            let mut doc = serde_json::json!({"model": model, "messages": [text], "z": [1.5, null]});
            let given = [None, Some(serde_json::json!({})), Some(serde_json::json!({"include_usage": false})), Some(serde_json::json!(null))];
            if let Some(options) = &given[options] { doc["stream_options"] = options.clone(); }
            let body = doc.to_string();
            let facts = read(Endpoint::Chat, body.as_bytes()).expect("a sound body");
            let out: serde_json::Value = serde_json::from_slice(&with_both(body.as_bytes(), &facts, Some(&new), true)).expect("valid JSON");
            doc["model"] = new.into();
            doc["stream_options"] = serde_json::json!({"include_usage": true});
            prop_assert_eq!(out, doc);
        }
    }
}
