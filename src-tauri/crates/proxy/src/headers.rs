//! Which headers travel. Requests: everything the client sent but hop-by-hop fields, cookies,
//! forwarding traces, credentials and Weir's own; `anthropic-*` and unknown names are an open
//! list. Answers: everything but hop-by-hop fields and cookies.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Fields that belong to one connection (RFC 9110, 7.6.1), beside those `Connection` names.
fn hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "keep-alive"
            | "proxy-connection"
    )
}

fn traces_or_ours(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "content-length"
            | "cookie"
            | "cookie2"
            | "expect"
            | "forwarded"
            | "via"
            | "origin"
            | "referer"
            | "x-real-ip"
    ) || name.starts_with("x-forwarded-")
        || name.starts_with("x-weir-")
        || name.starts_with("proxy-")
}

/// Headers that carry a client's credential, wherever a client may put it.
pub const CREDENTIALS: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("api-key"),
];

/// Parts of names of headers and query parameters whose values are secrets.
const SECRET_NAMES: [&str; 6] = ["auth", "key", "token", "secret", "credential", "cookie"];

/// A shorter value under such a name is none, in bytes: a number of tokens, or `true`.
const SECRET_BYTES_MIN: usize = 8;

/// Whether a header or a query parameter beside `CREDENTIALS`, its name in small letters, carries a
/// secret.
pub fn is_secret(name: &str, value_bytes: usize) -> bool {
    value_bytes >= SECRET_BYTES_MIN && SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Whether a header value holds one of Weir's own tokens.
pub fn holds_our_token(value: &HeaderValue) -> bool {
    memchr::memmem::find(value.as_bytes(), b"weir_").is_some()
}

/// Takes out of a request's headers what never leaves: hop-by-hop fields, traces, Weir's own, and
/// Weir's tokens wherever a client put them. Its credentials stay in until `without_credentials`.
pub fn outbound(headers: &mut HeaderMap) {
    let named = connection_names(headers);
    remove_all(headers, &named, |name| hop_by_hop(name) || traces_or_ours(name));
    for name in CREDENTIALS {
        if headers.get_all(&name).iter().any(holds_our_token) {
            without_our_token(headers, name);
        }
    }
}

/// Takes the client's own credentials out, for every provider but one that says
/// `key = "passthrough"`.
pub fn without_credentials(headers: &mut HeaderMap) {
    for name in CREDENTIALS {
        headers.remove(name);
    }
}

fn without_our_token(headers: &mut HeaderMap, name: HeaderName) {
    let others: Vec<HeaderValue> =
        headers.get_all(&name).iter().filter(|value| !holds_our_token(value)).cloned().collect();
    headers.remove(&name);
    for value in others {
        headers.append(name.clone(), value);
    }
}

/// Takes out of an answer's headers what does not go back to the client.
pub fn inbound(headers: &mut HeaderMap) {
    let named = connection_names(headers);
    remove_all(headers, &named, |name| {
        hop_by_hop(name)
            // The last two speak of the provider's host, not of 127.0.0.1.
            || matches!(name, "set-cookie" | "alt-svc" | "strict-transport-security")
            // A page must never be able to read an answer.
            || name.starts_with("access-control-")
            || name.starts_with("x-weir-")
    });
}

/// In place: most maps lose two or three of a dozen fields, and a new map costs more than that.
fn remove_all(headers: &mut HeaderMap, named: &[HeaderName], unwanted: impl Fn(&str) -> bool) {
    let gone = |name: &&HeaderName| unwanted(name.as_str()) || named.contains(name);
    let found: Vec<HeaderName> = headers.keys().filter(gone).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn connection_names(from: &HeaderMap) -> Vec<HeaderName> {
    if !from.contains_key(header::CONNECTION) {
        return Vec::new();
    }
    from.get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| *name != header::CONTENT_TYPE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn a_token_of_weirs_never_leaves_even_where_credentials_pass_through() {
        let sent = map(&[
            ("x-weir-token", "weir_a"),
            ("x-api-key", "weir_a"),
            ("authorization", "Bearer sk-ant-oat01-x"),
            ("anthropic-beta", "oauth-2025-04-20"),
        ]);
        let mut kept = sent.clone();
        outbound(&mut kept);
        assert_eq!(kept.len(), 2);
        assert!(kept.contains_key("authorization") && kept.contains_key("anthropic-beta"));
        without_credentials(&mut kept);
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn of_two_credentials_in_one_name_only_the_one_that_is_not_ours_may_leave() {
        let mut sent = map(&[("authorization", "Bearer weir_a"), ("authorization", "Bearer own")]);
        outbound(&mut sent);
        let left: Vec<_> = sent.get_all("authorization").iter().collect();
        assert_eq!(left, ["Bearer own"]);
    }

    #[test]
    fn hop_by_hop_fields_cookies_and_forwarding_traces_stay_here() {
        let mut kept = map(&[
            ("connection", "keep-alive, x-private"),
            ("x-private", "1"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "10.0.0.1"),
            ("te", "trailers"),
            ("accept-encoding", "gzip, br"),
            ("x-new-thing", "kept"),
        ]);
        outbound(&mut kept);
        assert_eq!(kept.len(), 2, "{kept:?}");
    }
}
