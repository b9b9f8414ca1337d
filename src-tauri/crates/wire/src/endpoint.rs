//! Which endpoint a path names, and which dialect an unknown path most likely speaks.
//! Paths match exactly: no decoding, no normalising, so `//`, `..` and `%2e` name nothing.

use weir_core::{Dialect, Endpoint};

/// What a request line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The model, where the path holds it (Gemini), percent-decoded.
    pub model: Option<String>,
    /// Whether the query asks for server-sent events (`alt=sse`, Gemini).
    pub sse: bool,
    /// The API version the path names, where there is more than one (Gemini: `v1`, `v1beta`).
    pub version: Option<&'static str>,
}

/// Longest model name taken from a path or a body, in bytes.
pub const MODEL_BYTES_MAX: usize = 256;

/// The target of a request line; `path` comes without query and without Weir's `/t/TOKEN` prefix.
/// `None` when no endpoint has this method and path.
pub fn target(method: &str, path: &str, query: Option<&str>) -> Option<Target> {
    let sse = asks_for_sse(query);
    let plain = |endpoint| Some(Target { endpoint, model: None, sse, version: None });
    match (method, path) {
        ("POST", "/v1/messages") => plain(Endpoint::Messages),
        ("POST", "/v1/messages/count_tokens") => plain(Endpoint::MessagesCount),
        ("POST", "/v1/chat/completions") => plain(Endpoint::Chat),
        ("POST", "/v1/responses") => plain(Endpoint::Responses),
        ("POST", "/v1/embeddings") => plain(Endpoint::Embeddings),
        ("GET", "/v1/models") => plain(Endpoint::Models),
        ("GET", "/v1beta/models") => plain(Endpoint::GeminiModels),
        ("POST", _) => {
            let rest = gemini_rest(path)?;
            let (model, verb) = rest.rsplit_once(':')?;
            let endpoint = match verb {
                "generateContent" => Endpoint::Generate,
                "streamGenerateContent" => Endpoint::GenerateStream,
                "countTokens" => Endpoint::GenerateCount,
                _ => return None,
            };
            let version = if path.starts_with("/v1beta/") { "v1beta" } else { "v1" };
            let model = Some(model_name(model)?);
            Some(Target { endpoint, model, sse, version: Some(version) })
        }
        _ => None,
    }
}

/// The dialect to answer an error in when the path names no endpoint.
pub fn dialect_of(path: &str) -> Dialect {
    let below = |root: &str| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if below("/v1/messages") || below("/api/hello") {
        Dialect::Anthropic
    } else if below("/v1beta") || gemini_rest(path).is_some_and(|rest| rest.contains(':')) {
        Dialect::Gemini
    } else {
        Dialect::OpenAi
    }
}

fn gemini_rest(path: &str) -> Option<&str> {
    path.strip_prefix("/v1beta/models/").or_else(|| path.strip_prefix("/v1/models/"))
}

fn asks_for_sse(query: Option<&str>) -> bool {
    query.is_some_and(|q| {
        q.split('&').any(|pair| pair == "alt=sse" || pair == "%24alt=sse" || pair == "$alt=sse")
    })
}

/// A model name as a path holds it. Slashes may part it (`provider/model`), but every part must be
/// a plain name before and after decoding, so that no decoded form can climb out of its place.
pub(crate) fn model_name(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        let decoded = u8::try_from(high * 16 + low).ok()?;
        // A dot or a percent sign is never encoded by an honest client.
        if decoded == b'.' || decoded == b'%' {
            return None;
        }
        bytes.push(decoded);
    }
    let name = String::from_utf8(bytes).ok()?;
    let sound = name.len() <= MODEL_BYTES_MAX
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    sound.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: &str, path: &str) -> Option<(Endpoint, Option<String>)> {
        target(method, path, None).map(|t| (t.endpoint, t.model))
    }

    #[test]
    fn every_endpoint_of_the_contract_is_found() {
        for (method, path, endpoint) in [
            ("POST", "/v1/messages", Endpoint::Messages),
            ("POST", "/v1/messages/count_tokens", Endpoint::MessagesCount),
            ("POST", "/v1/chat/completions", Endpoint::Chat),
            ("POST", "/v1/responses", Endpoint::Responses),
            ("POST", "/v1/embeddings", Endpoint::Embeddings),
            ("GET", "/v1/models", Endpoint::Models),
            ("GET", "/v1beta/models", Endpoint::GeminiModels),
        ] {
            assert_eq!(named(method, path), Some((endpoint, None)), "{method} {path}");
        }
        for version in ["v1", "v1beta"] {
            for (verb, endpoint) in [
                ("generateContent", Endpoint::Generate),
                ("streamGenerateContent", Endpoint::GenerateStream),
                ("countTokens", Endpoint::GenerateCount),
            ] {
                let path = format!("/{version}/models/gemini-3.8-flash:{verb}");
                assert_eq!(named("POST", &path), Some((endpoint, Some("gemini-3.8-flash".into()))));
            }
        }
    }

    #[test]
    fn a_gemini_model_keeps_its_own_slashes_and_colons() {
        let model = |path: &str| named("POST", path).and_then(|(_, model)| model);
        assert_eq!(
            model("/v1beta/models/ollama/llama3.2:3b:generateContent").as_deref(),
            Some("ollama/llama3.2:3b")
        );
        assert_eq!(
            model("/v1/models/openai%2Fgpt-5%3amini:countTokens").as_deref(),
            Some("openai/gpt-5:mini")
        );
    }

    #[test]
    fn tricks_with_dots_slashes_and_escapes_name_nothing() {
        for path in [
            "//v1/messages",
            "/v1//messages",
            "/v1/messages/",
            "/V1/messages",
            "/v1/%6dessages",
            "/v1/./messages",
            "/v1/x/../messages",
            "/v1/messages%2fcount_tokens",
            "/v1beta/models/:generateContent",
            "/v1beta/models/../files:generateContent",
            "/v1beta/models/%2e%2e/files:generateContent",
            "/v1beta/models/a%252e:generateContent",
            "/v1beta/models/a//b:generateContent",
            "/v1beta/models/a%00b:generateContent",
            "/v1beta/models/a%0d%0ab:generateContent",
            "/v1beta/models/a%zz:generateContent",
            "/v1beta/models/a%4:generateContent",
            "/v1beta/models/a%ff:generateContent",
            "/v1beta/models/gemini:deleteEverything",
            "/v1beta/models/gemini",
            "/",
            "",
        ] {
            assert_eq!(target("POST", path, None), None, "{path}");
        }
        assert_eq!(target("GET", "/v1/messages", None), None);
        assert_eq!(target("post", "/v1/messages", None), None);
    }

    #[test]
    fn only_an_exact_alt_parameter_asks_for_sse() {
        let path = "/v1beta/models/g:streamGenerateContent";
        let sse = |query| target("POST", path, query).is_some_and(|t| t.sse);
        assert!(sse(Some("alt=sse")));
        assert!(sse(Some("key=abc&alt=sse")));
        assert!(!sse(Some("alt=sses")));
        assert!(!sse(Some("xalt=sse")));
        assert!(!sse(None));
    }

    #[test]
    fn an_unknown_path_is_answered_in_the_dialect_it_looks_like() {
        assert_eq!(dialect_of("/v1/messages/batches"), Dialect::Anthropic);
        assert_eq!(dialect_of("/api/hello"), Dialect::Anthropic);
        assert_eq!(dialect_of("/v1/messagesx"), Dialect::OpenAi);
        assert_eq!(dialect_of("/v1beta/files"), Dialect::Gemini);
        assert_eq!(dialect_of("/v1/models/g:embedContent"), Dialect::Gemini);
        assert_eq!(dialect_of("/v1/models/gpt-5"), Dialect::OpenAi);
        assert_eq!(dialect_of("/"), Dialect::OpenAi);
    }
}
