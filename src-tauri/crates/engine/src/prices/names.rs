//! Which list of the table a configured provider is billed by.
//! Owns the mapping; the table's own address patterns come in from `table`.

/// Addresses that are known without compiling the table's patterns, in the table's words.
const KNOWN_ADDRESSES: [(&str, &str); 10] = [
    ("https://api.anthropic.com", "anthropic"),
    ("https://api.openai.com", "openai"),
    ("https://generativelanguage.googleapis.com", "google"),
    ("https://openrouter.ai", "openrouter"),
    ("https://api.mistral.ai", "mistral"),
    ("https://api.groq.com", "groq"),
    ("https://api.x.ai", "x-ai"),
    ("https://api.deepseek.com", "deepseek"),
    ("https://api.together.xyz", "together"),
    ("https://api.fireworks.ai", "fireworks"),
];

/// Names people give a provider that the table spells otherwise.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("gemini", "google"),
    ("vertex", "google"),
    ("xai", "x-ai"),
    ("grok", "x-ai"),
    ("bedrock", "aws"),
    ("moonshot", "moonshotai"),
];

/// The list of an address that is certain without a pattern.
pub(super) fn by_known_address(base_url: &str) -> Option<&'static str> {
    KNOWN_ADDRESSES.iter().find(|(start, _)| is_under(base_url, start)).map(|(_, id)| *id)
}

fn is_under(base_url: &str, start: &str) -> bool {
    base_url
        .strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?']))
}

/// The table's spelling of a provider's name.
pub(super) fn spelled(name: &str) -> &str {
    OTHER_NAMES.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, id)| *id)
}

/// Whether an address leads to a machine of the user's: no list can be meant by it.
pub(super) fn is_own_machine(base_url: &str) -> bool {
    let host = base_url.split("://").nth(1).unwrap_or(base_url);
    ["127.", "localhost", "[::1]", "0.0.0.0", "10.", "192.168."]
        .iter()
        .any(|start| host.starts_with(start))
}
