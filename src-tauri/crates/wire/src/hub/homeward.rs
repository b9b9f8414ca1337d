//! What another vendor's model left in a client's history, taken out where the request goes on in
//! the client's own dialect, untranslated. Its own vendor never saw those thoughts, so every seal
//! of its own still fits what stands before it. Bytes outside the lists concerned stay as they are.

use super::seal::{self, Maker};
use crate::json::Value;
use std::borrow::Cow;
use weir_core::Endpoint;

/// What every mark begins with.
const MARK: &[u8] = b"WeirSeal";
/// What Google documents in place of a signature its models did not make.
const NO_SIGNATURE: &[u8] = b"\"skip_thought_signature_validator\"";

/// The body without marked seals; `None` when there is none, which costs one search.
///
/// Call it before the facts of the body are read: places in it move.
pub fn without_marked(endpoint: Endpoint, body: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(body, MARK)?;
    let root = Value::whole(body)?;
    let field = match endpoint {
        Endpoint::Messages | Endpoint::MessagesCount => "messages",
        Endpoint::Responses => "input",
        Endpoint::Generate | Endpoint::GenerateStream | Endpoint::GenerateCount => "contents",
        _ => return None,
    };
    let list = root.get(field)?;
    let left = match field {
        "messages" => kept(list, message),
        "input" => kept(list, item),
        _ => kept(list, content),
    };
    let Cow::Owned(bytes) = left? else { return None };
    Some(with(body, list, &bytes))
}

/// The document with other bytes in place of one value.
fn with(body: &[u8], value: Value<'_>, bytes: &[u8]) -> Vec<u8> {
    [&body[..value.start], bytes, &body[value.end..]].concat()
}

/// A list with each element as `keep` leaves it; `None` when it leaves none, borrowed when it
/// leaves all as they are.
fn kept<'a>(
    list: Value<'a>,
    keep: impl Fn(Value<'a>) -> Option<Cow<'a, [u8]>>,
) -> Option<Cow<'a, [u8]>> {
    let mut elements = Vec::new();
    let mut changed = false;
    list.each_item(|element| match keep(element) {
        Some(bytes) => {
            changed |= matches!(bytes, Cow::Owned(_));
            elements.push(bytes);
        }
        None => changed = true,
    });
    match (changed, elements.is_empty()) {
        (false, _) => Some(Cow::Borrowed(list.raw())),
        (true, true) => None,
        (true, false) => Some(Cow::Owned([&b"["[..], &elements.join(&b","[..]), b"]"].concat())),
    }
}

/// One field's value changed inside an object.
fn inside<'a>(
    object: Value<'a>,
    field: Value<'a>,
    bytes: Option<Cow<'a, [u8]>>,
) -> Option<Cow<'a, [u8]>> {
    match bytes? {
        Cow::Borrowed(_) => Some(Cow::Borrowed(object.raw())),
        Cow::Owned(bytes) => {
            let (start, end) = (field.start - object.start, field.end - object.start);
            let raw = object.raw();
            Some(Cow::Owned([&raw[..start], &bytes, &raw[end..]].concat()))
        }
    }
}

fn marked(text: Option<Value<'_>>) -> bool {
    text.and_then(|text| text.text())
        // Whoever owns the dialect, a mark means that the seal travelled as another's.
        .is_some_and(|text| {
            text.as_bytes().starts_with(MARK)
                && seal::read(Cow::Borrowed(&text), Maker::Nobody).data.len() < text.len()
        })
}

/// An Anthropic message without marked thinking; gone when nothing else was in it.
fn message(message: Value<'_>) -> Option<Cow<'_, [u8]>> {
    let Some(content) = message.get("content").filter(Value::is_array) else {
        return Some(Cow::Borrowed(message.raw()));
    };
    let block = |block: Value<'_>| {
        let [kind, signature, data] = block.pick(["type", "signature", "data"]);
        let thinks = kind.is_some_and(|kind| kind.is("thinking") || kind.is("redacted_thinking"));
        !(thinks && (marked(signature) || marked(data)))
    };
    let keep = |value| block(value).then(|| Cow::Borrowed(value.raw()));
    inside(message, content, kept(content, keep))
}

/// A Responses item, unless it is reasoning under another's seal.
fn item(item: Value<'_>) -> Option<Cow<'_, [u8]>> {
    (!marked(item.get("encrypted_content"))).then(|| Cow::Borrowed(item.raw()))
}

/// A Gemini content whose parts carry no seal of another vendor: thoughts go, calls and texts stay
/// with the word for a missing signature.
fn content(content: Value<'_>) -> Option<Cow<'_, [u8]>> {
    let Some(parts) = content.get("parts").filter(Value::is_array) else {
        return Some(Cow::Borrowed(content.raw()));
    };
    inside(content, parts, kept(parts, part))
}

fn part(part: Value<'_>) -> Option<Cow<'_, [u8]>> {
    let [camel, snake, thought] = part.pick(["thoughtSignature", "thought_signature", "thought"]);
    let Some(signature) = camel.or(snake).filter(|value| marked(Some(*value))) else {
        return Some(Cow::Borrowed(part.raw()));
    };
    if thought.and_then(|thought| thought.flag()) == Some(true) {
        return None;
    }
    inside(part, signature, Some(Cow::Owned(NO_SIGNATURE.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(endpoint: Endpoint, body: &str) -> Option<String> {
        without_marked(endpoint, body.as_bytes()).map(|b| String::from_utf8(b).expect("text"))
    }

    #[test]
    fn thinking_of_a_foreign_model_does_not_return_to_anthropic() {
        let own = r#"{"type":"thinking","thinking":"b","signature":"Eq"}"#;
        let body = format!(
            r#"{{ "messages" : [{{"role":"user","content":"WeirSeal"}},{{"role":"assistant","content":[
            {{"type":"thinking","thinking":"a","signature":"WeirSealNon1"}}, {own} ,{{"type":"text","text":"WeirSealNon1"}}]}},
            {{"role":"assistant","content":[{{"type":"redacted_thinking","data":"WeirSealOai1gA"}}]}}],"x":1}}"#
        );
        let expected = format!(
            r#"{{ "messages" : [{{"role":"user","content":"WeirSeal"}},{{"role":"assistant","content":[{own},{{"type":"text","text":"WeirSealNon1"}}]}}],"x":1}}"#
        );
        assert_eq!(without(Endpoint::Messages, &body), Some(expected));
    }

    #[test]
    fn a_body_without_marks_is_left_alone_and_so_is_one_that_only_speaks_of_them() {
        for body in [
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"WeirSealNon1"}]}]}"#,
            r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"WeirSealQqq1x"}]}]}"#,
            "{\"messages\":[\"WeirSeal",
        ] {
            assert_eq!(without(Endpoint::Messages, body), None, "{body}");
        }
    }

    #[test]
    fn reasoning_under_anothers_seal_does_not_return_to_openai() {
        let body = r#"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"WeirSealAnt1x"},{"role":"user","content":"a"}]}"#;
        let expected = r#"{"input":[{"role":"user","content":"a"}]}"#;
        assert_eq!(without(Endpoint::Responses, body).as_deref(), Some(expected));
    }

    #[test]
    fn a_call_made_by_another_model_returns_to_google_unsigned_but_allowed() {
        let body = r#"{"contents":[{"role":"model","parts":[{"thought":true,"text":"t","thoughtSignature":"WeirSealAnt1x"},{"functionCall":{"name":"f"},"thoughtSignature":"WeirSealAnt1x"}]}]}"#;
        let expected = r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}]}]}"#;
        assert_eq!(without(Endpoint::Generate, body).as_deref(), Some(expected));
    }
}
