//! Tools and the choice among them, from every shape Cursor sends to Chat's. Schemas are copied
//! byte for byte.

use super::plain::is_tool;
use super::written::{Object, list};
use crate::json::Value;

/// Chat's list of tools; `None` when nothing in it is for Chat. Tools a provider runs itself
/// (`web_search`, `bash_20250124` and the like) have no place there and are left out.
pub fn tools(given: &Value<'_>) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    given.each_item(|tool| kept.extend(self::tool(&tool)));
    (!kept.is_empty()).then(|| list(&kept))
}

fn tool(tool: &Value<'_>) -> Option<Vec<u8>> {
    if is_tool(tool) {
        return Some(tool.raw().to_vec());
    }
    let [kind, name, description, schema, input_schema, strict, format, function] = tool.pick([
        "type",
        "name",
        "description",
        "parameters",
        "input_schema",
        "strict",
        "format",
        "function",
    ]);
    let kind = |name| kind.is_some_and(|kind: Value<'_>| kind.is(name));
    if let Some(function) = function.filter(Value::is_object) {
        let marked =
            Object::default().raw("type", b"\"function\"").raw("function", function.raw()).json();
        return Some(marked);
    }
    let name = name?;
    let mut inner = Object::default();
    inner.raw("name", name.raw()).maybe("description", description.as_ref().map(Value::raw));
    if let Some(schema) = input_schema.or(schema) {
        inner.raw("parameters", schema.raw());
    } else if kind("custom") {
        inner.maybe("format", format.map(|format| self::format(&format)).as_deref());
        return Some(Object::default().text("type", "custom").raw("custom", &inner.json()).json());
    } else if !kind("function") {
        return None;
    }
    inner.maybe("strict", strict.as_ref().map(Value::raw));
    Some(Object::default().text("type", "function").raw("function", &inner.json()).json())
}

/// Responses writes a grammar flat, Chat one level down.
fn format(format: &Value<'_>) -> Vec<u8> {
    let [kind, syntax, definition] = format.pick(["type", "syntax", "definition"]);
    let (Some(syntax), Some(definition)) = (syntax, definition) else {
        return format.raw().to_vec();
    };
    if !kind.is_some_and(|kind| kind.is("grammar")) {
        return format.raw().to_vec();
    }
    let mut grammar = Object::default();
    grammar.raw("syntax", syntax.raw()).raw("definition", definition.raw());
    Object::default().text("type", "grammar").raw("grammar", &grammar.json()).json()
}

/// Chat's choice; `None` for one that says nothing Chat can say.
pub fn choice(given: &Value<'_>) -> Option<Vec<u8>> {
    let [kind, name, mode] = given.pick(["type", "name", "mode"]);
    if given.is_text() || is_tool(given) || given.get("allowed_tools").is_some() {
        return Some(given.raw().to_vec());
    }
    let named = |kind: &str| {
        let inner = Object::default().raw("name", name?.raw()).json();
        Some(Object::default().text("type", kind).raw(kind, &inner).json())
    };
    match kind?.text()?.as_str() {
        "auto" => Some(b"\"auto\"".to_vec()),
        "none" => Some(b"\"none\"".to_vec()),
        "any" | "required" => Some(b"\"required\"".to_vec()),
        "tool" | "function" => named("function"),
        "custom" => named("custom"),
        "allowed_tools" => mode.map(|mode| mode.raw().to_vec()),
        _ => None,
    }
}

/// Whether the choice forbids more than one call at a time, as Anthropic says it.
pub fn one_at_a_time(given: &Value<'_>) -> bool {
    given.get("disable_parallel_tool_use").and_then(|flag| flag.flag()) == Some(true)
}
