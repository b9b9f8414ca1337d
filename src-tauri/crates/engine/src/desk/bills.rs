//! What a usage block costs and why: `price cost` and the lines of `explain`.

use super::problem::bad;
use crate::api::{ApiProblem, BillLine, Code, PriceCost, PriceLine, Stamp};
use crate::config::Config;
use crate::prices::{Bill, Call, Prices};
use serde_json::{Value, json};
use weir_core::{Endpoint, Metered, Outcome, Pricing, Usage};
use weir_ledger::{AttemptRow, RequestRow};
use weir_wire::encoding::Encoding;
use weir_wire::tap::Tap;

/// Providers whose price list is searched for a bare model name, in this order.
const SEARCHED: [&str; 4] = ["anthropic", "openai", "gemini", "openrouter"];

/// The cost of a usage block; Weir's own form or a provider's.
pub fn cost(
    config: &Config,
    prices: &Prices,
    model: &str,
    usage: &Value,
    at: Stamp,
) -> Result<PriceCost, ApiProblem> {
    let metered = metered(model, usage)?;
    let named = model.split_once('/').filter(|(name, _)| provider_known(config, name));
    let tries: Vec<(&str, &str)> = match named {
        Some((provider, model)) => vec![(provider, model)],
        None => SEARCHED.iter().map(|provider| (*provider, model)).collect(),
    };
    let mut problem = None;
    for (provider, model) in tries {
        let (base_url, local) = place(config, provider);
        let call = Call { provider, base_url, local, model, at_ms: at.ms() };
        let bill = prices.bill(&call, &metered);
        match (bill.cost, bill.problem) {
            (Some(cost), _) => {
                let lines = bill.lines.iter().map(|(_, line)| PriceLine {
                    kind: line.kind.to_owned(),
                    tokens: line.tokens,
                    nano_usd: line.cost.nano(),
                });
                return Ok(PriceCost {
                    model: model.to_owned(),
                    at,
                    nano_usd: cost.nano(),
                    lines: lines.collect(),
                    provider: provider.to_owned(),
                });
            }
            (None, reason) => problem = problem.or(reason),
        }
    }
    let reason =
        problem.map_or_else(|| format!("no price is known for {model}"), |p| p.to_string());
    Err(ApiProblem::new(Code::Unpriced, reason))
}

fn provider_known(config: &Config, name: &str) -> bool {
    config.providers.iter().any(|p| p.name == name)
}

fn place<'a>(config: &'a Config, provider: &str) -> (&'a str, bool) {
    config
        .providers
        .iter()
        .find(|p| p.name == provider)
        .map_or(("", false), |p| (p.base_url.as_str(), p.local))
}

/// Reads a usage block by the keys it has.
fn metered(model: &str, usage: &Value) -> Result<Metered, ApiProblem> {
    let Some(keys) = usage.as_object() else {
        return Err(bad("the usage is not a JSON object"));
    };
    let has = |key: &str| keys.contains_key(key);
    if has("input") || has("output") || has("cache_read") {
        let own: Usage = serde_json::from_value(usage.clone())
            .map_err(|e| bad(format!("the usage cannot be read: {e}")))?;
        return Ok(Metered { usage: Some(own), ..Metered::default() });
    }
    let (endpoint, body) = if has("promptTokenCount") || has("candidatesTokenCount") {
        (Endpoint::Generate, json!({"usageMetadata": usage}))
    } else if has("prompt_tokens") || has("completion_tokens") {
        (Endpoint::Chat, json!({"usage": usage}))
    } else if has("input_tokens_details") || (has("input_tokens") && !model.contains("claude")) {
        (Endpoint::Responses, json!({"usage": usage}))
    } else if has("input_tokens") || has("output_tokens") {
        (Endpoint::Messages, json!({"usage": usage}))
    } else {
        return Err(bad(
            "the usage has none of the keys that Anthropic, OpenAI, Gemini or Weir write, such as \
             input_tokens, prompt_tokens, promptTokenCount or input",
        ));
    };
    let mut tap = Tap::new(endpoint, false, Encoding::Identity);
    tap.feed(body.to_string().as_bytes());
    let metered = tap.finish();
    match metered.usage {
        Some(_) => Ok(metered),
        None => Err(bad("the usage holds no token counts that can be read")),
    }
}

fn is_speed(attempt: &AttemptRow) -> bool {
    attempt.provider == "anthropic" && attempt.service.as_deref() == Some("fast")
}

/// Why the cost of a request is an estimate that was answered and whose usage was reported. The
/// note of a settlement is the name of an error, or of what was in doubt where there was none.
pub fn doubt(request: &RequestRow) -> Option<String> {
    let last = request.last();
    let told = last.outcome == Some(Outcome::Ok) && last.pricing == Some(Pricing::Estimated);
    last.note.clone().filter(|_| told)
}

/// The bill of a finished request, recomputed from the stored usage and the prices of its day.
pub fn lines(config: &Config, prices: &Prices, request: &RequestRow) -> Vec<BillLine> {
    let last = request.last();
    let Some(usage) = last.usage else { return Vec::new() };
    let (base_url, local) = place(config, &last.provider);
    let call = Call {
        provider: &last.provider,
        base_url,
        local: local || last.local,
        model: &last.model,
        at_ms: last.at_ms,
    };
    let metered = Metered {
        usage: Some(usage),
        // `fast` is a speed at Anthropic and a service tier at OpenAI.
        service_tier: last.service.clone().filter(|_| !is_speed(last)),
        speed: last.service.clone().filter(|_| is_speed(last)),
        ..Metered::default()
    };
    let bill: Bill = prices.bill(&call, &metered);
    bill.lines
        .into_iter()
        .map(|(model, line)| BillLine {
            kind: line.kind.to_owned(),
            model,
            tokens: line.tokens,
            cost_usd: line.cost,
        })
        .collect()
}
