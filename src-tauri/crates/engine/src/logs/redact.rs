//! Takes out of a text whatever looks like a key.
//! Owns what that is: a known prefix, or a long run of letters and digits that no word is.

/// What replaces a key.
const HIDDEN: &str = "[hidden]";
/// Beginnings of keys: Anthropic, OpenAI and OpenRouter, Google, Groq, xAI, Hugging Face, GitHub,
/// Amazon and JSON web tokens.
const PREFIXES: [&str; 13] = [
    "sk-",
    "sk_",
    "pk-",
    "AIza",
    "ya29.",
    "gsk_",
    "xai-",
    "hf_",
    "ghp_",
    "gho_",
    "github_pat_",
    "AKIA",
    "eyJ",
];
/// A run with a known beginning is a key from this length on.
const PREFIXED_CHARS_MIN: usize = 10;
/// Weir's own tokens begin like its crates, so they are told by their length: half of one is
/// hidden, `weir_engine` is not.
const OWN_PREFIX: &str = crate::gate::TOKEN_PREFIX;
const OWN_CHARS_MIN: usize = 24;
/// Any run with letters and digits is, from this length on. A request id has 16.
const MIXED_CHARS_MIN: usize = 32;

/// The text without its keys.
pub fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(in_run) {
        out.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|c| !in_run(c)).unwrap_or(run.len());
        let run = &run[..end];
        out.push_str(if is_key(run) { HIDDEN } else { run });
        rest = &rest[start + end..];
    }
    out.push_str(rest);
    out
}

fn in_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '~' | '%')
}

fn is_key(run: &str) -> bool {
    if run.len() >= PREFIXED_CHARS_MIN
        && PREFIXES.iter().any(|prefix| run.match_indices(prefix).any(|(at, _)| begins(run, at)))
    {
        return true;
    }
    if run.match_indices(OWN_PREFIX).any(|(at, _)| run.len() - at >= OWN_CHARS_MIN) {
        return true;
    }
    // Separators do not hide a key, and do not make one of a model's name or a version.
    run.split(['.', '%']).any(|part| {
        part.len() >= MIXED_CHARS_MIN
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    })
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
        ] {
            for around in ["{}", "key={} x", "Bearer {}", "\"{}\"", "https://h/t/{}/v1", "a:{},"] {
                let text = around.replace("{}", key);
                let out = redacted(&text);
                assert!(!out.contains(key) && out.contains(HIDDEN), "{text} -> {out}");
            }
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for text in [
            "claude-sonnet-4-5-20250929 answered wr_0tb4k2m9xq1zc in 812 ms",
            "GET /v1/messages 404, task-list and disk-full",
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
