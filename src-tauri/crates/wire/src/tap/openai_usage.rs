//! The usage block of OpenAI's dialect, in Chat's and in Responses' names, and what compatible
//! servers add to it. A block without both its counts is no report: unknown is never zero.

use super::core::count;
use crate::json::Value;
use crate::number;
use weir_core::{Detail, Media, Money, Usage};

/// A usage block that was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub usage: Usage,
    pub detail: Detail,
}

/// Reads a usage block; `None` unless prompt and completion are both known.
///
/// The prompt count includes cached tokens. Whether it includes cache writes is not settled
/// ("unadjusted number of prompt tokens written to cache"): they are taken to be inside while they
/// fit beside the cached ones, and to come on top when they do not.
pub(super) fn read(usage: Value<'_>) -> Option<Report> {
    let [
        prompt,
        input,
        completion,
        output,
        total,
        prompt_details,
        input_details,
        out_details,
        output_details,
        hit,
    ] = usage.pick([
        "prompt_tokens",
        "input_tokens",
        "completion_tokens",
        "output_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "input_tokens_details",
        "completion_tokens_details",
        "output_tokens_details",
        // DeepSeek's name for cached tokens.
        "prompt_cache_hit_tokens",
    ]);
    let total = count(total);
    let prompt = count(prompt.or(input));
    let completion = count(completion.or(output));
    let prompt_tokens = prompt.or_else(|| total?.checked_sub(completion?))?;
    let output = completion.or_else(|| total?.checked_sub(prompt_tokens))?;
    let details = prompt_details.or(input_details);
    let [cached, write, write_details] = details.map_or([None; 3], |d| {
        d.pick(["cached_tokens", "cache_write_tokens", "cache_write_tokens_details"])
    });
    let cache_read = count(cached.or(hit)).unwrap_or(0);
    let (cache_write_5m, cache_write_1h) = writes(count(write), write_details);
    let write = cache_write_5m.saturating_add(cache_write_1h);
    let uncached = prompt_tokens.saturating_sub(cache_read);
    let out_details = out_details.or(output_details);
    let reasoning = out_details.and_then(|d| d.get("reasoning_tokens"));
    let usage = Usage {
        input: uncached.checked_sub(write).unwrap_or(uncached),
        cache_read,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning: count(reasoning).unwrap_or(0).min(output),
        web_searches: 0,
    };
    let mut detail = Detail { output: out_details.and_then(media), ..Detail::default() };
    if let Some(all) = details.and_then(media) {
        let cached = details.and_then(|d| d.get("cached_tokens_details")).and_then(media);
        detail.prompt(all, cached, usage.input, usage.cache_read);
    }
    Some(Report { usage, detail })
}

/// What of a count was no text; `None` where nothing is told of it.
fn media(details: Value<'_>) -> Option<Media> {
    let [text, audio, image, video] =
        details.pick(["text_tokens", "audio_tokens", "image_tokens", "video_tokens"]).map(count);
    let told = text.or(audio).or(image).or(video);
    told.map(|_| Media {
        audio: audio.unwrap_or(0),
        image: image.unwrap_or(0),
        video: video.unwrap_or(0),
    })
}

/// Cache writes by how long they live: 30 minutes in the short slot, 12 hours in the long one.
/// What the split leaves out of the total is taken as short.
fn writes(total: Option<u64>, details: Option<Value<'_>>) -> (u64, u64) {
    let [short, long] = details.map_or([None; 2], |d| d.pick(["ttl_30m_tokens", "ttl_12h_tokens"]));
    let (short, long) = (count(short).unwrap_or(0), count(long).unwrap_or(0));
    let rest = total.unwrap_or(0).saturating_sub(short.saturating_add(long));
    (short.saturating_add(rest), long)
}

/// Reads an embeddings usage block, which has no completion.
pub(super) fn read_input_only(usage: Value<'_>) -> Option<Report> {
    let [prompt, input, total] = usage.pick(["prompt_tokens", "input_tokens", "total_tokens"]);
    let input = count(prompt.or(input)).or(count(total))?;
    let usage = Usage { input, ..Usage::default() };
    Some(Report { usage, detail: Detail::default() })
}

/// OpenRouter's own price of a call: `cost` in US dollars. With the user's own provider key
/// (`is_byok`) that is only OpenRouter's fee, and the provider's bill comes on top.
pub(super) fn cost(usage: Value<'_>) -> Option<Money> {
    let [cost, byok, details] = usage.pick(["cost", "is_byok", "cost_details"]);
    let own = number::dollars(cost?.raw())?;
    if byok.and_then(|b| b.flag()) != Some(true) {
        return Some(own);
    }
    let upstream = details.and_then(|d| d.get("upstream_inference_cost"));
    let upstream = upstream.and_then(|u| number::dollars(u.raw()));
    Some(own.saturating_add(upstream.unwrap_or(Money::ZERO)))
}
