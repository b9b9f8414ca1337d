//! Ids of tool calls and names of tools, fitted to what each form allows.
//! An id that a client cannot be given is escaped, and the escape undone in every later turn: the
//! provider gets back what it gave, whatever characters are in it.

use super::Form;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Longest call id OpenAI takes, in bytes.
const OPENAI_ID_BYTES_MAX: usize = 64;
/// Longest call id sent anywhere else, in bytes; no vendor gives longer ones.
const ID_BYTES_MAX: usize = 256;
/// Longest tool name Anthropic takes, in bytes.
const ANTHROPIC_NAME_BYTES_MAX: usize = 128;
/// Longest tool name everyone else takes, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Begins an id that stands for another one: its letters, digits and hyphens as they are, every other
/// byte as `_` and two hexadecimal digits.
const ESCAPED: &str = "weirx_";

/// A provider's id as a client of `form` can keep it; [`original`] gives it back. Anthropic's clients
/// and servers know letters, digits, `_` and `-`; nobody else looks at the characters.
pub fn for_client(form: Form, id: &str) -> Cow<'_, str> {
    let plain = form != Form::Messages || id.bytes().all(plain);
    if plain && !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.starts_with(ESCAPED) {
        return Cow::Borrowed(id);
    }
    let mut out = String::with_capacity(ESCAPED.len() + 3 * id.len());
    out.push_str(ESCAPED);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "_{byte:02x}");
        }
    }
    // An id so long is no vendor's; it is told apart from others, and that is all.
    let short = out.len() <= ID_BYTES_MAX;
    if short { Cow::Owned(out) } else { hashed(id, ID_BYTES_MAX, |_, byte| self::plain(byte)) }
}

/// The id behind one of [`for_client`]; any other is its own.
pub fn original(id: Cow<'_, str>) -> Cow<'_, str> {
    match id.strip_prefix(ESCAPED).and_then(unescaped) {
        Some(found) => Cow::Owned(found),
        None => id,
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'_' {
            let digits = [bytes.next()?, bytes.next()?];
            let hex = digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f'));
            let text = std::str::from_utf8(&digits).ok().filter(|_| hex)?;
            out.push(u8::from_str_radix(text, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// An id as a provider of `form` takes it: what it may have given itself stays as it is.
pub fn call_id(form: Form, id: &str) -> Cow<'_, str> {
    match form {
        Form::Messages => for_client(form, id),
        Form::Chat | Form::Responses if id.len() > OPENAI_ID_BYTES_MAX || id.is_empty() => {
            hashed(id, OPENAI_ID_BYTES_MAX, |_, byte| plain(byte))
        }
        Form::Gemini | Form::Ollama if id.len() > ID_BYTES_MAX || id.is_empty() => {
            hashed(id, ID_BYTES_MAX, |_, byte| plain(byte))
        }
        _ => Cow::Borrowed(id),
    }
}

/// The tool's name as `form` allows it.
pub fn tool_name(form: Form, name: &str) -> Cow<'_, str> {
    match form {
        Form::Messages => fitted(name, ANTHROPIC_NAME_BYTES_MAX, |_, byte| plain(byte)),
        Form::Chat | Form::Responses | Form::Ollama => {
            fitted(name, NAME_BYTES_MAX, |_, byte| plain(byte))
        }
        Form::Gemini => fitted(name, NAME_BYTES_MAX, |at, byte| {
            let letter = byte.is_ascii_alphabetic() || byte == b'_';
            letter || (at > 0 && (plain(byte) || byte == b'.' || byte == b':'))
        }),
    }
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// `text` when every byte is allowed and it is short enough; else its allowed bytes and a hash of
/// the whole, so that two texts never become one.
fn fitted(text: &str, most: usize, allowed: impl Fn(usize, u8) -> bool) -> Cow<'_, str> {
    let fits = !text.is_empty() && text.len() <= most;
    if fits && text.bytes().enumerate().all(|(at, byte)| allowed(at, byte)) {
        return Cow::Borrowed(text);
    }
    hashed(text, most, allowed)
}

fn hashed(text: &str, most: usize, allowed: impl Fn(usize, u8) -> bool) -> Cow<'static, str> {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let tail = format!("_{:016x}", hasher.finish());
    let kept = text.bytes().take(most - tail.len()).enumerate();
    let mut out: String =
        kept.map(|(at, byte)| if allowed(at, byte) { char::from(byte) } else { '_' }).collect();
    out.push_str(&tail);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_that_fits_everywhere_is_not_touched() {
        for id in ["toolu_01A09q90qw90lq917835lq9", "call_abc-1", "0"] {
            for form in Form::ALL {
                assert_eq!(call_id(form, id), id);
            }
        }
    }

    #[test]
    fn gemini_names_may_hold_dots_and_begin_with_a_letter() {
        assert_eq!(tool_name(Form::Gemini, "fs.read:all"), "fs.read:all");
        assert!(tool_name(Form::Gemini, "1up").starts_with("_up_"));
        assert!(tool_name(Form::Chat, "fs.read").starts_with("fs_read_"));
    }

    #[test]
    fn an_id_of_kimi_or_vllm_goes_home_as_it_came() {
        let given = "functions.read:0";
        assert_eq!(for_client(Form::Chat, given), given);
        let kept = for_client(Form::Messages, given);
        assert_eq!(kept, "weirx_functions_2eread_3a0");
        assert_eq!(original(kept), given);
        for odd in ["weirx_a_2", "weirx_a_2G", "weirx_a_ff", "weirx_a_3A"] {
            assert_eq!(original(Cow::Borrowed(odd)), odd, "nobody escaped it");
        }
    }

    proptest! {
        #[test]
        fn every_id_a_client_is_given_is_legal_and_goes_home_as_it_came(id in any::<String>()) {
            for form in Form::ALL {
                let kept = for_client(form, &id);
                prop_assert!(!kept.is_empty() && kept.len() <= ID_BYTES_MAX);
                prop_assert!(form != Form::Messages || kept.bytes().all(plain));
                if id.len() * 3 + ESCAPED.len() <= ID_BYTES_MAX {
                    prop_assert_eq!(original(kept), id.as_str());
                }
            }
        }

        #[test]
        fn what_looks_escaped_already_goes_home_too(id in "(weirx_){1,3}[a-z_0-9]{0,12}") {
            let kept = for_client(Form::Messages, &id).into_owned();
            prop_assert_eq!(original(Cow::Owned(kept)), id);
        }

        #[test]
        fn a_fitted_id_is_legal_and_two_stay_apart(a in "\\PC{0,90}", b in "\\PC{0,90}") {
            for form in Form::ALL {
                let (x, y) = (call_id(form, &a), call_id(form, &b));
                let most = match form {
                    Form::Chat | Form::Responses => OPENAI_ID_BYTES_MAX,
                    _ => ID_BYTES_MAX,
                };
                prop_assert!(!x.is_empty() && x.len() <= most);
                prop_assert!(form != Form::Messages || x.bytes().all(plain));
                prop_assert_eq!(x == y, a == b);
                let (x, y) = (for_client(form, &a), for_client(form, &b));
                prop_assert_eq!(x == y, a == b);
                let name = tool_name(form, &a);
                prop_assert_eq!(tool_name(form, &name), name.as_ref());
            }
        }
    }
}
