//! Tool schemas as every vendor takes them: an object at the top. The client's bytes stay as they
//! are; what is missing is spliced in behind the first brace.

use crate::hub::conversation::{Input, Tool};
use crate::hub::reading::object;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::borrow::Cow;

object! {
    struct Top<'a> {
        kind: IgnoredAny = "type",
        properties: IgnoredAny = "properties",
    }
}

/// The schema of a tool's arguments; a tool of free text takes it as one argument.
pub(super) fn of<'a>(tool: &'a Tool<'_>) -> Cow<'a, str> {
    match &tool.input {
        Input::Nothing => Cow::Borrowed(r#"{"type":"object","properties":{}}"#),
        Input::Free(_) => Cow::Borrowed(
            r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#,
        ),
        Input::Schema(schema) => object(schema),
    }
}

fn object(schema: &str) -> Cow<'_, str> {
    let Ok(top) = serde_json::from_str::<Top<'_>>(schema) else {
        return Cow::Borrowed(r#"{"type":"object","properties":{}}"#);
    };
    let missing = match (top.kind.is_some(), top.properties.is_some()) {
        (true, true) => return Cow::Borrowed(schema),
        (true, false) => r#""properties":{}"#,
        (false, true) => r#""type":"object""#,
        (false, false) => r#""type":"object","properties":{}"#,
    };
    let rest = schema.trim_start().trim_start_matches('{');
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    Cow::Owned(format!("{{{missing}{comma}{rest}"))
}

/// Keywords OpenAI takes in a schema that binds.
const BINDING: [&str; 22] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "description",
    "title",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "$schema",
];

/// `Some(true)` where OpenAI can hold an answer to this schema: every object is closed and names
/// all its properties as required. Other dialects' formats bind by themselves; OpenAI's only then.
pub(super) fn binding(schema: &str) -> Option<bool> {
    let document: Value = serde_json::from_str(schema).ok()?;
    (document["type"] == "object" && binds(&document)).then_some(true)
}

/// Recurses no deeper than the reader that built the document allows.
fn binds(schema: &Value) -> bool {
    let Value::Object(fields) = schema else { return false };
    if !fields.keys().all(|key| BINDING.contains(&key.as_str())) {
        return false;
    }
    let map = |key: &str| fields.get(key).and_then(Value::as_object);
    let properties = map("properties");
    if schema["type"] == "object" {
        let required = fields.get("required").and_then(Value::as_array);
        let named = |name: &String| {
            required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
        };
        let closed = schema["additionalProperties"] == Value::Bool(false);
        if !closed || !properties.is_none_or(|all| all.keys().all(named)) {
            return false;
        }
    }
    let inner = properties.into_iter().chain(map("$defs")).flat_map(|all| all.values());
    let any = fields.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    inner.chain(any).chain(fields.get("items")).all(binds)
}

/// A tool's description; the grammar of a tool of free text is told with it.
pub(super) fn description<'a>(tool: &'a Tool<'_>) -> Vec<&'a str> {
    let mut pieces: Vec<&str> = tool.description.as_deref().into_iter().collect();
    if let Input::Free(format) = &tool.input {
        pieces.push("\n\nGive the whole text in `input`.");
        if let Some(format) = format {
            pieces.push(" It must be of this format: ");
            pieces.push(format);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_binds_when_every_object_is_closed_and_requires_all_it_has() {
        let closed = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}}},"required":["a"],"additionalProperties":false}"#;
        assert_eq!(binding(closed), Some(true));
        for open in [
            closed.replace(r#""required":["a"]"#, r#""required":[]"#),
            closed.replacen(r#","additionalProperties":false"#, "", 1),
            closed.replace(r#""type":"array""#, r#""type":"array","uniqueItems":true"#),
            r#"{"type":"string"}"#.to_owned(),
        ] {
            assert_eq!(binding(&open), None, "{open}");
        }
    }

    #[test]
    fn a_schema_is_an_object_with_properties_and_otherwise_as_it_came() {
        for (schema, expected) in [
            (r#"{ "type":"object", "properties":{} }"#, r#"{ "type":"object", "properties":{} }"#),
            ("{}", r#"{"type":"object","properties":{}}"#),
            (" { } ", r#"{"type":"object","properties":{} } "#),
            (r#"{"type":"object"}"#, r#"{"properties":{},"type":"object"}"#),
            (r#"{"properties":{"a":{}}}"#, r#"{"type":"object","properties":{"a":{}}}"#),
            ("true", r#"{"type":"object","properties":{}}"#),
        ] {
            assert_eq!(object(schema), expected, "{schema}");
        }
    }
}
