//! Whether a body is plain Chat already. Looks for the marks of the other shapes and for nothing
//! else: what it does not know is Chat's own business.

use crate::json::Value;

/// Keys of other dialects at the top of a body.
const FOREIGN: [&str; 12] = [
    "input",
    "instructions",
    "system",
    "stop_sequences",
    "thinking",
    "output_config",
    "max_output_tokens",
    "previous_response_id",
    "reasoning",
    "text",
    "anthropic_version",
    "cache_control",
];

/// Types of content parts that Chat has.
const PARTS: [&str; 5] = ["text", "image_url", "input_audio", "file", "refusal"];

/// Whether it is.
pub fn is_chat(document: &Value<'_>) -> bool {
    let [messages, tools, choice] = document.pick(["messages", "tools", "tool_choice"]);
    messages.is_some_and(|list| list.is_array() && all(&list, is_message))
        && document.pick(FOREIGN).iter().all(Option::is_none)
        && tools.is_none_or(|list| all(&list, is_tool))
        && choice.is_none_or(|choice| is_choice(&choice))
}

fn all(list: &Value<'_>, test: fn(&Value<'_>) -> bool) -> bool {
    let mut sound = true;
    list.each_item(|item| sound &= test(&item));
    sound
}

/// Whether a message is as Chat has it.
pub fn is_message(message: &Value<'_>) -> bool {
    let [role, content, mark] = message.pick(["role", "content", "cache_control"]);
    role.is_some()
        && mark.is_none()
        && content.is_none_or(|content| !content.is_array() || all(&content, is_part))
}

fn is_part(part: &Value<'_>) -> bool {
    let [kind, image, mark] = part.pick(["type", "image_url", "cache_control"]);
    mark.is_none()
        && image.is_none_or(|image| image.is_object())
        && kind.is_some_and(|kind| PARTS.iter().any(|name| kind.is(name)))
}

/// Whether a tool, or the choice of one, holds its name where Chat looks for it.
pub fn is_tool(tool: &Value<'_>) -> bool {
    let [kind, function, custom, mark] = tool.pick(["type", "function", "custom", "cache_control"]);
    let kind = |name| kind.is_some_and(|kind| kind.is(name));
    let nested = |value: Option<Value<'_>>| value.is_some_and(|value| value.is_object());
    mark.is_none() && (kind("function") && nested(function) || kind("custom") && nested(custom))
}

fn is_choice(choice: &Value<'_>) -> bool {
    choice.is_text()
        || is_tool(choice)
        || choice.get("allowed_tools").is_some_and(|allowed| allowed.is_object())
}
