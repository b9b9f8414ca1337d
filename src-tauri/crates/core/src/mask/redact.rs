//! Takes out of a text whatever looks like a key.
//! Owns what that is: a known prefix, what follows the name of a scheme, or a long run of letters and
//! digits that no word is.

/// What replaces a key.
pub const HIDDEN: &str = "[hidden]";
/// Beginnings of keys: Anthropic, OpenAI and OpenRouter, Google, Groq, xAI, Hugging Face, GitHub,
/// GitLab, Amazon, Nvidia, Perplexity, Cerebras, Replicate, Slack and JSON web tokens.
const PREFIXES: [&str; 22] = [
    "sk-",
    "sk_",
    "pk-",
    "rk_",
    "AIza",
    "ya29.",
    "gsk_",
    "xai-",
    "hf_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "nvapi-",
    "pplx-",
    "csk-",
    "r8_",
    "xoxb-",
    "xoxp-",
    "eyJ",
];
/// What stands before a credential in a header.
const SCHEMES: [&str; 2] = ["bearer", "basic"];
/// A run with a known beginning is a key from this length on.
const PREFIXED_CHARS_MIN: usize = 10;
/// The beginning of Weir's own tokens.
pub const TOKEN_PREFIX: &str = "weir_";
/// They begin like its crates, so they are told by their length: half of one is hidden,
/// `weir_engine` is not.
const OWN_CHARS_MIN: usize = 24;
/// Any run with letters and digits is, from this length on. A request id has 16.
const MIXED_CHARS_MIN: usize = 32;
/// One that signs divide into words, as a model's name is, has no word as long as this.
const WORD_CHARS_MAX: usize = 16;

/// The text without its keys.
pub fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut schemed = false;
    while let Some(start) = rest.find(in_run) {
        out.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|c| !in_run(c)).unwrap_or(run.len());
        let run = &run[..end];
        let hides = is_key(run) || schemed && is_credential(run);
        out.push_str(if hides { HIDDEN } else { run });
        schemed = SCHEMES.iter().any(|scheme| run.eq_ignore_ascii_case(scheme));
        rest = &rest[start + end..];
    }
    out.push_str(rest);
    out
}

pub(super) fn in_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '~' | '%')
}

fn is_key(run: &str) -> bool {
    if run.len() >= PREFIXED_CHARS_MIN
        && PREFIXES.iter().any(|prefix| run.match_indices(prefix).any(|(at, _)| begins(run, at)))
    {
        return true;
    }
    if run.match_indices(TOKEN_PREFIX).any(|(at, _)| run.len() - at >= OWN_CHARS_MIN) {
        return true;
    }
    // Separators do not hide a key, and do not make one of a model's name or a version.
    run.split(['.', '%']).any(|part| {
        part.len() >= MIXED_CHARS_MIN
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
            && !is_words(part)
    })
}

/// Whether a long run is words with signs between them. A UUID is not.
fn is_words(part: &str) -> bool {
    let hexadecimal = part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    !hexadecimal && part.split(['-', '_']).all(|word| word.len() < WORD_CHARS_MAX)
}

/// What follows the name of a scheme, unless it is the next word of a sentence.
fn is_credential(run: &str) -> bool {
    let holds = |of: fn(&u8) -> bool| run.bytes().skip(1).any(|b| of(&b));
    let mixed = holds(u8::is_ascii_uppercase) && holds(u8::is_ascii_lowercase);
    run.len() >= PREFIXED_CHARS_MIN && (holds(u8::is_ascii_digit) || mixed)
}

/// A prefix counts at the start of a run and after a sign, not inside a word (`task-list`).
fn begins(run: &str, at: usize) -> bool {
    at == 0 || !run.as_bytes()[at - 1].is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_kind_are_taken_out_wherever_they_stand() {
        for key in [
            "sk-ant-api03-abcdefghijkl",
            "sk-proj-1234567890",
            "sk-or-v1-1234567890",
            "AIzaSyA1234567890",
            "gsk_1234567890",
            "xai-1234567890",
            "weir_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
            "weir_AbCdEfGhIjKlMnOpQrSt",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc",
            "0123456789abcdef0123456789abcdef",
            "01234567-89ab-cdef-0123-456789abcdef",
            "nvapi-1234567890",
        ] {
            for around in ["{}", "key={} x", "Bearer {}", "\"{}\"", "https://h/t/{}/v1", "a:{},"] {
                let text = around.replace("{}", key);
                let out = redacted(&text);
                assert!(!out.contains(key) && out.contains(HIDDEN), "{text} -> {out}");
            }
        }
    }

    #[test]
    fn what_follows_the_name_of_a_scheme_is_taken_out() {
        for (text, out) in [
            ("Authorization: Bearer abcdefgh12", "Authorization: Bearer [hidden]"),
            ("basic dXNlcjpwYXNzMQ==", "basic [hidden]=="),
            ("Bearer authentication is required", "Bearer authentication is required"),
        ] {
            assert_eq!(redacted(text), out);
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for text in [
            "claude-sonnet-4-5-20250929 answered wr_0tb4k2m9xq1zc in 812 ms",
            "GET /v1/messages 404, task-list and disk-full",
            "no model claude-3-5-sonnet-20241022-thinking-32k",
            "listening on http://127.0.0.1:9347",
            "INFO weir_engine::start: stopped",
            "src-tauri/crates/engine/src/config/check.rs:120:9",
            "ünïcödé ✓",
            "",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
