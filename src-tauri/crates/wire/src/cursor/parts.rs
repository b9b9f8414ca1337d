//! One message's content, from every shape Cursor sends, sorted into what Chat keeps apart: parts,
//! calls, and results of calls.

use super::ShapeProblem;
use super::written::{Object, list, quoted};
use crate::json::Value;

/// A message's content, sorted.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Chat's content parts.
    pub parts: Vec<Part>,
    /// `tool_calls`.
    pub calls: Vec<Vec<u8>>,
    /// Messages of role `tool`.
    pub results: Vec<Vec<u8>>,
    /// Parts of results that only a user's message can carry, such as images.
    pub beside: Vec<Part>,
}

/// A content part.
#[derive(Clone, Debug)]
pub enum Part {
    /// A text, as JSON.
    Text(Vec<u8>),
    /// Anything else, whole.
    Other(Vec<u8>),
}

/// Parts as a message's content: one text alone as a string, as most servers know it best.
pub fn content(parts: &[Part]) -> Vec<u8> {
    if let [Part::Text(text)] = parts {
        return text.clone();
    }
    let whole = |part: &Part| match part {
        Part::Text(text) => Object::default().text("type", "text").raw("text", text).json(),
        Part::Other(json) => json.clone(),
    };
    list(&parts.iter().map(whole).collect::<Vec<_>>())
}

/// Sorts a content: a string, or an array of parts.
///
/// # Errors
/// A part that has no place in Chat.
pub fn sort(given: Option<Value<'_>>) -> Result<Sorted, ShapeProblem> {
    let mut sorted = Sorted::default();
    let Some(given) = given else { return Ok(sorted) };
    if given.is_text() {
        sorted.parts.push(Part::Text(given.raw().to_vec()));
    }
    let mut sound = Ok(());
    given.each_item(|part| {
        if sound.is_ok() {
            sound = sort_one(&part, &mut sorted);
        }
    });
    sound.map(|()| sorted)
}

fn sort_one(part: &Value<'_>, into: &mut Sorted) -> Result<(), ShapeProblem> {
    if part.is_text() {
        into.parts.push(Part::Text(part.raw().to_vec()));
        return Ok(());
    }
    let [kind, text] = part.pick(["type", "text"]);
    let kind = kind.and_then(|kind| kind.text()).unwrap_or_default();
    let other = match kind.as_str() {
        "text" | "input_text" | "output_text" | "" if text.is_some() => None,
        "thinking" | "redacted_thinking" | "reasoning" => return Ok(()),
        "tool_use" => {
            into.calls.push(call(part));
            return Ok(());
        }
        "tool_result" => return result(part, into),
        "image" | "input_image" | "image_url" => image(part),
        "document" | "file" | "input_file" => file(part),
        "input_audio" | "refusal" => Some(part.raw().to_vec()),
        _ => return Err(ShapeProblem::NoPlace { place: "a content part", kind }),
    };
    match (other, text) {
        (Some(json), _) => into.parts.push(Part::Other(json)),
        (None, Some(text)) => into.parts.push(Part::Text(text.raw().to_vec())),
        (None, None) => return Err(ShapeProblem::NoPlace { place: "a content part", kind }),
    }
    Ok(())
}

/// Anthropic's `tool_use` as a call; the arguments travel as text.
fn call(part: &Value<'_>) -> Vec<u8> {
    let [id, name, input] = part.pick(["id", "name", "input"]);
    let arguments = input.map_or("{}".into(), |i| String::from_utf8_lossy(i.raw()).into_owned());
    function_call(id, name, quoted(&arguments).as_bytes())
}

/// One of Chat's calls; `arguments` is a JSON string.
pub fn function_call(id: Option<Value<'_>>, name: Option<Value<'_>>, arguments: &[u8]) -> Vec<u8> {
    let mut function = Object::default();
    function.raw("name", name.as_ref().map_or(b"\"\"", |n| n.raw())).raw("arguments", arguments);
    let mut call = Object::default();
    call.raw("id", id.as_ref().map_or(b"\"\"", |i| i.raw()));
    call.text("type", "function").raw("function", &function.json()).json()
}

fn result(part: &Value<'_>, into: &mut Sorted) -> Result<(), ShapeProblem> {
    let [id, content] = part.pick(["tool_use_id", "content"]);
    let (message, beside) = tool_message(id, content)?;
    into.results.push(message);
    into.beside.extend(beside);
    Ok(())
}

/// A message of role `tool`, which holds text alone, and what else the result holds.
///
/// # Errors
/// A part that has no place in Chat.
pub fn tool_message(
    id: Option<Value<'_>>,
    given: Option<Value<'_>>,
) -> Result<(Vec<u8>, Vec<Part>), ShapeProblem> {
    let sorted = sort(given)?;
    let (texts, beside): (Vec<Part>, Vec<Part>) =
        sorted.parts.into_iter().partition(|part| matches!(part, Part::Text(_)));
    let said = if texts.is_empty() { b"\"\"".to_vec() } else { content(&texts) };
    let mut message = Object::default();
    message.text("role", "tool").raw("tool_call_id", id.as_ref().map_or(b"\"\"", |i| i.raw()));
    Ok((message.raw("content", &said).json(), beside))
}

fn image(part: &Value<'_>) -> Option<Vec<u8>> {
    let [url, source, detail] = part.pick(["image_url", "source", "detail"]);
    let inner = match (url, source) {
        (Some(url), _) if url.is_object() => url.raw().to_vec(),
        (Some(url), _) => {
            let mut image = Object::default();
            image.raw("url", url.raw()).maybe("detail", detail.as_ref().map(Value::raw)).json()
        }
        (None, Some(source)) => Object::default().text("url", &address(&source)?).json(),
        (None, None) => return None,
    };
    Some(Object::default().text("type", "image_url").raw("image_url", &inner).json())
}

fn file(part: &Value<'_>) -> Option<Vec<u8>> {
    let [inner, source, title, name, data, id] =
        part.pick(["file", "source", "title", "filename", "file_data", "file_id"]);
    let mut file = Object::default();
    if let Some(inner) = inner {
        return Some(Object::default().text("type", "file").raw("file", inner.raw()).json());
    }
    if let Some(source) = source {
        if let [Some(kind), Some(text)] = source.pick(["type", "data"])
            && kind.is("text")
        {
            return Some(Object::default().text("type", "text").raw("text", text.raw()).json());
        }
        file.raw("filename", title.as_ref().map_or(b"\"document.pdf\"", |t| t.raw()));
        file.text("file_data", &address(&source)?);
    } else if data.is_some() || id.is_some() {
        file.maybe("filename", name.as_ref().map(Value::raw));
        file.maybe("file_data", data.as_ref().map(Value::raw));
        file.maybe("file_id", id.as_ref().map(Value::raw));
    } else {
        return None;
    }
    Some(Object::default().text("type", "file").raw("file", &file.json()).json())
}

/// Anthropic's source as an address: its own, or the data in one.
fn address(source: &Value<'_>) -> Option<String> {
    let [url, kind, data] = source.pick(["url", "media_type", "data"]);
    if let Some(url) = url {
        return url.text();
    }
    Some(format!("data:{};base64,{}", kind?.text()?, data?.text()?))
}
