//! The same thing said in every dialect: conversations as clients ask them, answers as providers
//! give them, whole and streamed. Written from the vendors' documentation, for properties that
//! need many cases; knows nothing of the product.

pub mod answers;
pub mod asks;

use proptest::prelude::*;
use serde_json::Value;

/// A call of a tool; arguments are the text of a JSON object.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: String,
}

/// Puts raw JSON where a placeholder stands, so that numbers keep their digits.
pub fn fill(value: &Value, raw: &[String]) -> String {
    let mut text = value.to_string();
    for (index, json) in raw.iter().enumerate() {
        text = text.replace(&format!("\"{}\"", placeholder(index)), json);
    }
    text
}

/// Stands for the raw JSON number `index`.
pub fn placeholder(index: usize) -> String {
    format!("@raw-{index}@")
}

/// The arguments of calls: numbers of any width, strings of any script, nested, blank or compact.
pub fn arguments() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("9007199254740993".to_owned()),
        Just("-0.0".to_owned()),
        Just("1.10".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
    ];
    let text = "[ -~äß🏔\u{2028}\n\"\\\\]{0,12}".prop_map(|s| Value::String(s).to_string());
    let leaf = prop_oneof![number, text, Just("true".to_owned()), Just("null".to_owned())];
    let value = leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|v| format!("[{}]", v.join(","))),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..3).prop_map(|pairs| object(&pairs)),
        ]
    });
    prop::collection::vec(("[a-zé]{1,6}", value), 0..4).prop_map(|pairs| object(&pairs))
}

fn object(pairs: &[(String, String)]) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let pairs: Vec<String> = pairs
        .iter()
        .filter(|(key, _)| seen.insert(key.clone()))
        .map(|(key, value)| format!("{}: {value}", Value::String(key.clone())))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Text of any script, never blank.
pub fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .,äöü日本🏔\u{200d}\"\\\\\n<>/&]{0,30}[a-z]".prop_map(|s| s.trim_start().to_owned())
}
