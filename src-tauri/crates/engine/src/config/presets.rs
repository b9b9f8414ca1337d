//! Providers that need no writing: their addresses as their vendors' own SDKs take them.
//! Owns the names; a `[providers.NAME]` of the user's is laid over the preset of that name.

use weir_core::Dialect;
use weir_core::route::{KeySource, Provider, ProviderKind};

/// Names of the presets, in the order they are listed.
pub const PRESET_NAMES: [&str; 8] =
    ["anthropic", "openai", "gemini", "openrouter", "ollama", "lmstudio", "llamacpp", "vllm"];

/// The preset of that name.
pub fn preset(name: &str) -> Option<Provider> {
    let (dialect, base_url, kind) = match name {
        "anthropic" => (Dialect::Anthropic, "https://api.anthropic.com", ProviderKind::Plain),
        "openai" => (Dialect::OpenAi, "https://api.openai.com/v1", ProviderKind::Plain),
        "gemini" => {
            (Dialect::Gemini, "https://generativelanguage.googleapis.com", ProviderKind::Plain)
        }
        "openrouter" => (Dialect::OpenAi, "https://openrouter.ai/api/v1", ProviderKind::OpenRouter),
        "ollama" => (Dialect::Ollama, "http://127.0.0.1:11434", ProviderKind::LocalServer),
        "lmstudio" => (Dialect::OpenAi, "http://127.0.0.1:1234/v1", ProviderKind::LocalServer),
        "llamacpp" => (Dialect::OpenAi, "http://127.0.0.1:8080/v1", ProviderKind::LocalServer),
        "vllm" => (Dialect::OpenAi, "http://127.0.0.1:8000/v1", ProviderKind::LocalServer),
        _ => return None,
    };
    let local = kind == ProviderKind::LocalServer;
    let key = if local { KeySource::None } else { KeySource::Keychain };
    Some(Provider { name: name.into(), dialect, base_url: base_url.into(), key, local, kind })
}
