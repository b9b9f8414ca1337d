//! Ids of tool calls and names of tools, fitted to what each form allows.
//! Both directions use the same functions, so an id that a client keeps in its history means the
//! same call in every later turn, whichever provider answers it.

use super::Form;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Longest call id OpenAI takes, in bytes.
const OPENAI_ID_BYTES_MAX: usize = 64;
/// Longest call id sent anywhere else, in bytes; no vendor gives longer ones.
const ID_BYTES_MAX: usize = 256;
/// Longest tool name Anthropic takes, in bytes.
const ANTHROPIC_NAME_BYTES_MAX: usize = 128;
/// Longest tool name everyone else takes, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The id as `form` allows it: ids that fit stay as they are, others become one that does, always
/// the same one.
pub fn call_id(form: Form, id: &str) -> Cow<'_, str> {
    let most = match form {
        Form::Chat | Form::Responses => OPENAI_ID_BYTES_MAX,
        Form::Messages | Form::Gemini | Form::Ollama => ID_BYTES_MAX,
    };
    // Anthropic's pattern; the others allow more, but a history may later go to Anthropic too.
    fitted(id, most, |_, byte| plain(byte))
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

    proptest! {
        #[test]
        fn a_fitted_id_is_legal_stays_itself_and_keeps_two_apart(
            a in "\\PC{0,90}", b in "\\PC{0,90}",
        ) {
            for form in Form::ALL {
                let (x, y) = (call_id(form, &a), call_id(form, &b));
                prop_assert!(!x.is_empty() && x.len() <= 256 && x.bytes().all(plain));
                prop_assert_eq!(call_id(form, &x), x.as_ref());
                prop_assert_eq!(x == y, a == b);
                let name = tool_name(form, &a);
                prop_assert_eq!(tool_name(form, &name), name.as_ref());
            }
        }
    }
}
