//! Tool schemas as every vendor takes them: an object at the top. The client's bytes stay as they
//! are; what is missing is spliced in behind the first brace.

use crate::hub::conversation::{Input, Tool};
use crate::hub::reading::object;
use serde::de::IgnoredAny;
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
