//! The vendors' usage blocks, from one set of token counts.

use crate::tokens::Tokens;
use serde_json::{Value, json};

/// Anthropic's: input without cache tokens.
pub fn anthropic(tokens: &Tokens) -> Value {
    let mut usage = json!({
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write_5m,
            "ephemeral_1h_input_tokens": tokens.cache_write_1h},
        "output_tokens": tokens.output,
        "service_tier": "standard",
    });
    if tokens.web_searches > 0 {
        usage["server_tool_use"] = json!({"web_search_requests": tokens.web_searches});
    }
    usage
}

/// OpenAI's in Chat Completions: prompt tokens with cached ones among them.
pub fn chat(tokens: &Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.prompt(),
        "completion_tokens": tokens.output,
        "total_tokens": tokens.prompt() + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    })
}

/// OpenAI's in Responses.
pub fn responses(tokens: &Tokens) -> Value {
    json!({
        "input_tokens": tokens.prompt(),
        "input_tokens_details": {"cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write_5m},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.prompt() + tokens.output,
    })
}

/// Gemini's: prompt with cached tokens among them, candidates without thoughts.
pub fn gemini(tokens: &Tokens) -> Value {
    json!({
        "promptTokenCount": tokens.prompt(),
        "cachedContentTokenCount": tokens.cache_read,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "thoughtsTokenCount": tokens.reasoning,
        "totalTokenCount": tokens.prompt() + tokens.output,
    })
}
