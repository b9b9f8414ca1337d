//! Gemini's own schema subset, which writes types in capitals, as JSON Schema.

use serde_json::Value;
use std::borrow::Cow;

/// The schema as JSON Schema: types in small letters, `nullable` as a type, numbers that Google
/// writes as text as numbers.
pub(super) fn from_openapi(schema: &str) -> Cow<'_, str> {
    let Ok(mut document) = serde_json::from_str::<Value>(schema) else {
        return Cow::Borrowed(schema);
    };
    lower(&mut document);
    Cow::Owned(document.to_string())
}

/// Recurses no deeper than the reader that built the document allows.
fn lower(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    let nullable = fields.remove("nullable").is_some_and(|value| value == Value::Bool(true));
    fields.remove("propertyOrdering");
    if let Some(Value::String(kind)) = fields.get_mut("type") {
        *kind = kind.to_ascii_lowercase();
        if nullable {
            let kind = std::mem::take(kind);
            fields.insert("type".to_owned(), Value::from(vec![kind, "null".to_owned()]));
        }
    }
    for (name, value) in fields.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "defs", Value::Object(inner)) => {
                inner.values_mut().for_each(lower);
            }
            ("anyOf" | "any_of" | "oneOf" | "allOf" | "prefixItems", Value::Array(inner)) => {
                inner.iter_mut().for_each(lower);
            }
            ("items" | "additionalProperties", inner) => lower(inner),
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
                | "maxProperties",
                value,
            ) => {
                let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
                if let Some(number) = number {
                    *value = number.into();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_lose_their_capitals_at_every_depth_and_property_names_keep_theirs() {
        let schema = json!({"type": "OBJECT", "properties": {
            "TYPE": {"type": "STRING", "nullable": true, "maxLength": "5"},
            "list": {"type": "ARRAY", "items": {"anyOf": [{"type": "INTEGER"}]}, "minItems": "1"},
        }, "propertyOrdering": ["TYPE"], "required": ["TYPE"]})
        .to_string();
        let read: Value = serde_json::from_str(&from_openapi(&schema)).expect("JSON");
        assert_eq!(
            read,
            json!({"type": "object", "properties": {
                "TYPE": {"type": ["string", "null"], "maxLength": 5},
                "list": {"type": "array", "items": {"anyOf": [{"type": "integer"}]}, "minItems": 1},
            }, "required": ["TYPE"]})
        );
    }
}
