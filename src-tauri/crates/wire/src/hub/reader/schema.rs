//! Gemini's own schema subset, which writes types in capitals, as JSON Schema.
//! Properties keep their order: a model writes an object's fields in the order of its schema.

use crate::hub::out::Out;
use crate::json::Value;
use std::borrow::Cow;

/// Deepest nesting that is rewritten; what lies deeper stays as it came.
const DEPTH_MAX: u32 = 64;

/// The schema as JSON Schema: types in small letters, `nullable` as a type, numbers that Google
/// writes as text as numbers, properties in the order `propertyOrdering` names.
pub(super) fn from_openapi(schema: &str) -> Cow<'_, str> {
    let Some(document) = Value::whole(schema.as_bytes()).filter(Value::is_object) else {
        return Cow::Borrowed(schema);
    };
    let mut out = Out::with_capacity(schema.len() + 64);
    rewrite(&mut out, document, DEPTH_MAX);
    String::from_utf8(out.into_bytes()).map_or(Cow::Borrowed(schema), Cow::Owned)
}

fn copy(out: &mut Out, value: Value<'_>) {
    out.raw(&String::from_utf8_lossy(value.raw()));
}

/// One schema.
fn rewrite(out: &mut Out, schema: Value<'_>, depth: u32) {
    if !schema.is_object() || depth == 0 {
        return copy(out, schema);
    }
    let nullable = schema.get("nullable").and_then(|value| value.flag()) == Some(true);
    let order = schema.get("propertyOrdering");
    out.open();
    schema.each_entry(|name, value| {
        if matches!(&*name, "nullable" | "propertyOrdering") {
            return;
        }
        out.key(&name);
        match &*name {
            "type" => kind(out, value, nullable),
            "properties" => properties(out, value, order, depth - 1),
            "$defs" | "defs" => properties(out, value, None, depth - 1),
            "anyOf" | "any_of" | "oneOf" | "allOf" | "prefixItems" if value.is_array() => {
                out.open_list();
                value.each_item(|item| rewrite(out, item, depth - 1));
                out.close_list();
            }
            "items" | "additionalProperties" => rewrite(out, value, depth - 1),
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
            | "maxProperties" => match value.text().and_then(|text| text.parse::<u64>().ok()) {
                Some(number) => out.raw(&number.to_string()),
                None => copy(out, value),
            },
            _ => copy(out, value),
        }
    });
    out.close();
}

fn kind(out: &mut Out, value: Value<'_>, nullable: bool) {
    let Some(kind) = value.text() else { return copy(out, value) };
    let kind = kind.to_ascii_lowercase();
    if !nullable {
        return out.text(&kind);
    }
    out.open_list();
    out.text(&kind);
    out.text("null");
    out.close_list();
}

/// Named schemas, those that `order` names first and in its order.
fn properties(out: &mut Out, value: Value<'_>, order: Option<Value<'_>>, depth: u32) {
    if !value.is_object() {
        return copy(out, value);
    }
    let mut named: Vec<String> = Vec::new();
    if let Some(order) = order.filter(Value::is_array) {
        order.each_item(|name| named.extend(name.text()));
    }
    let mut entries = Vec::new();
    value.each_entry(|name, schema| entries.push((name, schema)));
    let place = |name: &str| named.iter().position(|known| known == name).unwrap_or(usize::MAX);
    entries.sort_by_key(|(name, _)| place(name));
    out.open();
    for (name, schema) in entries {
        out.key(&name);
        rewrite(out, schema, depth);
    }
    out.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_lose_their_capitals_at_every_depth_and_property_names_keep_theirs() {
        let schema = r#"{"type":"OBJECT","properties":{
            "TYPE":{"type":"STRING","nullable":true,"maxLength":"5"},
            "list":{"type":"ARRAY","items":{"anyOf":[{"type":"INTEGER"}]},"minItems":"1"}
        },"required":["TYPE"]}"#;
        assert_eq!(
            from_openapi(schema),
            r#"{"type":"object","properties":{"TYPE":{"type":["string","null"],"maxLength":5},"list":{"type":"array","items":{"anyOf":[{"type":"integer"}]},"minItems":1}},"required":["TYPE"]}"#
        );
    }

    #[test]
    fn properties_come_in_the_order_that_is_asked_for_else_in_their_own() {
        let schema = r#"{"type":"OBJECT","propertyOrdering":["why","verdict"],"properties":{"z":{},"verdict":{"type":"BOOLEAN"},"why":{"type":"STRING"},"a":{}}}"#;
        assert_eq!(
            from_openapi(schema),
            r#"{"type":"object","properties":{"why":{"type":"string"},"verdict":{"type":"boolean"},"z":{},"a":{}}}"#
        );
    }

    #[test]
    fn what_is_no_schema_or_too_deep_stays_as_it_came() {
        assert_eq!(from_openapi("true"), "true");
        let deep = format!("{}1{}", r#"{"items":"#.repeat(500), "}".repeat(500));
        assert_eq!(from_openapi(&deep), deep);
    }
}
