//! Usage in each client's own terms, from the one normal form the tap bills by. What the provider
//! did not report is left out; only Anthropic's dialect cannot say "unknown" and shows zero, which
//! nobody bills by.

use super::super::out::Out;
use weir_core::Usage;

/// Anthropic's: input excludes what came from or went to a cache.
pub(super) fn messages(out: &mut Out, usage: Option<&Usage>) {
    let usage = usage.copied().unwrap_or_default();
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    out.open_at("usage");
    out.plain_at("input_tokens", usage.input);
    out.plain_at("cache_creation_input_tokens", written);
    out.plain_at("cache_read_input_tokens", usage.cache_read);
    if written > 0 {
        out.open_at("cache_creation");
        out.plain_at("ephemeral_5m_input_tokens", usage.cache_write_5m);
        out.plain_at("ephemeral_1h_input_tokens", usage.cache_write_1h);
        out.close();
    }
    out.plain_at("output_tokens", usage.output);
    if usage.reasoning > 0 {
        out.open_at("output_tokens_details");
        out.plain_at("thinking_tokens", usage.reasoning);
        out.close();
    }
    if usage.web_searches > 0 {
        out.open_at("server_tool_use");
        out.plain_at("web_search_requests", usage.web_searches);
        out.close();
    }
    out.close();
}

/// Chat's: the prompt includes the cache.
pub(super) fn chat(out: &mut Out, usage: &Usage) {
    out.open_at("usage");
    out.plain_at("prompt_tokens", usage.prompt());
    out.plain_at("completion_tokens", usage.output);
    out.plain_at("total_tokens", usage.prompt().saturating_add(usage.output));
    prompt_details(out, "prompt_tokens_details", usage);
    out.open_at("completion_tokens_details");
    out.plain_at("reasoning_tokens", usage.reasoning);
    out.close();
    out.close();
}

/// Responses': the same under other names; `null` when not reported.
pub(super) fn responses(out: &mut Out, usage: Option<&Usage>) {
    let Some(usage) = usage else { return out.raw_at("usage", "null") };
    out.open_at("usage");
    out.plain_at("input_tokens", usage.prompt());
    prompt_details(out, "input_tokens_details", usage);
    out.plain_at("output_tokens", usage.output);
    out.open_at("output_tokens_details");
    out.plain_at("reasoning_tokens", usage.reasoning);
    out.close();
    out.plain_at("total_tokens", usage.prompt().saturating_add(usage.output));
    out.close();
}

fn prompt_details(out: &mut Out, key: &str, usage: &Usage) {
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    out.open_at(key);
    out.plain_at("cached_tokens", usage.cache_read);
    if written > 0 {
        out.plain_at("cache_write_tokens", written);
    }
    if usage.cache_write_1h > 0 {
        out.open_at("cache_write_tokens_details");
        out.plain_at("ttl_30m_tokens", usage.cache_write_5m);
        out.plain_at("ttl_12h_tokens", usage.cache_write_1h);
        out.close();
    }
    out.close();
}

/// Gemini's: the prompt includes the cache, candidates exclude thoughts.
pub(super) fn gemini(out: &mut Out, usage: &Usage) {
    out.open_at("usageMetadata");
    out.plain_at("promptTokenCount", usage.prompt());
    if usage.cache_read > 0 {
        out.plain_at("cachedContentTokenCount", usage.cache_read);
    }
    out.plain_at("candidatesTokenCount", usage.output.saturating_sub(usage.reasoning));
    if usage.reasoning > 0 {
        out.plain_at("thoughtsTokenCount", usage.reasoning);
    }
    out.plain_at("totalTokenCount", usage.prompt().saturating_add(usage.output));
    out.close();
}
