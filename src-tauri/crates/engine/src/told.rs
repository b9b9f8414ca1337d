//! Why a request went where it went, in plain words: one line a request, the same everywhere it is
//! shown. Owns the words for the short codes of `x-weir-reason`. Pure.

use crate::api::{LogRow, RouteCandidate};
use weir_core::Money;

/// Why a request went where it went, for a sentence that ends with it. A code that a later Weir
/// wrote is shown as it is.
pub fn reason(code: &str) -> &str {
    match code {
        "asked" => "it is the model asked for",
        "named" => "the request names provider and model",
        "tier" => "it is the first of its tier's chain that can answer",
        "fallback" => "what comes before it in the chain failed",
        "rule" => "a rule says so",
        "hint" => "the request asks for that tier",
        "local-first" => "local models come first, and this one can answer",
        "deterministic" => "the answer follows from the input by rule, which a local model can do",
        "task-model" => "it is the local model named for this task",
        "kept" => "its conversation stays on its model",
        "moved" => "its conversation is cheaper to go on with here, even with a cold cache",
        "budget-cheaper" => {
            "a budget is at its limit for what comes before it, and this costs less"
        }
        "budget-other" => {
            "a budget is at its limit for what comes before it, and it does not count this"
        }
        "budget-tier" => "a budget is at its limit, and this is of the tier below",
        "budget-local" => "a budget is at its limit for paid models, and this one is local",
        "paced" => {
            "the subscription's window is used up or is to last longer, and this one is local"
        }
        "resting" => "what comes before it rests after failures",
        "larger-context" => "the prompt is longer than the context of the model before it",
        "shadow" => "it is where it would have gone",
        "unpriced" => "no price is known for what comes before it",
        "local-off" => "local models are switched off (weir local on)",
        "local-only" => "only local models are in use (weir local on)",
        "local-context" => "the prompt is longer than the context of the local model before it",
        "local-busy" => "the local server before it was busy",
        "local-absent" => "the local server before it was not there",
        "local-unfit" => "the local model before it does not do what was asked",
        "demo" => "no key and no local server is set up, so the demonstration answers",
        other => other,
    }
}

/// The same in a few words, for a line of a table: why a candidate stands where it stands.
pub fn brief(code: &str) -> &str {
    match code {
        "asked" => "the model asked for",
        "named" => "named by the request",
        "tier" => "first of the tier",
        "fallback" => "next in the chain",
        "rule" => "a rule",
        "hint" => "the tier asked for",
        "local-first" => "local comes first",
        "deterministic" => "follows by rule, so local",
        "task-model" => "named for the task",
        "kept" => "the conversation's model",
        "moved" => "cheaper even when cold",
        "budget-cheaper" => "cheaper, for a budget",
        "budget-other" => "outside of a full budget",
        "budget-tier" => "tier below, for a budget",
        "budget-local" => "local, for a budget",
        "paced" => "local, for the window",
        "resting" => "after one that rests",
        "larger-context" => "a larger context",
        "shadow" => "where it would have gone",
        "unpriced" => "after one without a price",
        "local-off" => "local models are off",
        "local-only" => "only local models",
        "local-context" => "context too short before it",
        "local-busy" => "busy server before it",
        "local-absent" => "absent server before it",
        "local-unfit" => "unfit model before it",
        "demo" => "the demonstration",
        other => other,
    }
}

/// How sure a judgement is.
pub fn sureness(confidence: f64) -> &'static str {
    if confidence >= 0.9 {
        "sure"
    } else if confidence >= 0.7 {
        "fairly sure"
    } else {
        "unsure"
    }
}

/// `extraction, low, sure (0.94)`; `None` where no task was judged.
pub fn judgement(
    task: Option<&str>,
    tier: Option<&str>,
    confidence: Option<f64>,
) -> Option<String> {
    let mut text = task?.replace('_', " ");
    if let Some(tier) = tier {
        text.push_str(&format!(", {tier}"));
    }
    if let Some(confidence) = confidence {
        text.push_str(&format!(", {} ({confidence:.2})", sureness(confidence)));
    }
    Some(text)
}

/// One line: where a request went, why, and what that came to.
pub fn summary(row: &LogRow) -> String {
    if row.demo {
        return format!("Demonstration: {}.", reason("demo"));
    }
    if row.outcome.is_none() {
        return format!("Under way at {}.", model(&row.route));
    }
    let mut said = match row.reason.as_str() {
        "kept" => kept(row),
        "moved" => moved(row),
        _ => format!("{}: {}.", place(row), why(row)),
    };
    said.extend(difference(row));
    said.extend(shadow(row));
    said
}

/// The model without its provider.
fn model(route: &str) -> &str {
    route.split_once('/').map_or(route, |(_, model)| model)
}

fn place(row: &LogRow) -> String {
    match row.reason.as_str() {
        _ if row.local => "Local".to_owned(),
        "asked" => "As asked".to_owned(),
        "named" => "As named".to_owned(),
        _ => format!("To {}", model(&row.route)),
    }
}

/// The judgement where that is what decided; else the reason, which then says more.
fn why(row: &LogRow) -> String {
    let judged = || judgement(row.task.as_deref(), row.tier.as_deref(), row.confidence);
    let by_judgement = matches!(
        row.reason.as_str(),
        "asked" | "named" | "tier" | "local-first" | "deterministic" | "task-model" | "hint"
    );
    let judged = if by_judgement { judged() } else { None };
    judged.unwrap_or_else(|| match row.reason.as_str() {
        "asked" | "named" if !row.local => row.asked_model.clone(),
        code => reason(code).to_owned(),
    })
}

fn kept(row: &LogRow) -> String {
    let here = expected_at(row, &row.route);
    let elsewhere = row.candidates.iter().find(|c| c.route != row.route);
    let more = here.zip(elsewhere.and_then(|c| c.expected_usd));
    let more = more.map(|(here, there)| there.saturating_sub(here));
    let cached = row.usage.map_or(0, |usage| usage.cache_read);
    let cached =
        if cached > 0 { format!(" ({} cached tokens)", round(cached)) } else { String::new() };
    let model = model(&row.route);
    match more.filter(|more| *more > Money::ZERO) {
        Some(more) => {
            format!("Kept on {model}: switching would have cost {} more{cached}.", more.short())
        }
        None => format!("Kept on {model}: {}{cached}.", reason("kept")),
    }
}

fn moved(row: &LogRow) -> String {
    let stay = row.candidates.iter().find(|c| c.reason == "kept" && c.route != row.route);
    let here = expected_at(row, &row.route);
    let less = stay.and_then(|c| c.expected_usd).zip(here);
    let less = less.map(|(stay, here)| stay.saturating_sub(here));
    let to = model(&row.route);
    match (less.filter(|less| *less > Money::ZERO), stay) {
        (Some(less), Some(stay)) => {
            let from = model(&stay.route);
            format!("Moved to {to}: staying on {from} would have cost {} more.", less.short())
        }
        _ => format!("Moved to {to}: {}.", reason("moved")),
    }
}

/// What it came to against the model asked for.
fn difference(row: &LogRow) -> Option<String> {
    let saved = row.saved_usd?;
    let asked = &row.asked_model;
    match saved.nano() {
        0 => None,
        1.. => Some(format!(" Saved {} against {asked}.", saved.short())),
        _ => {
            let more = Money::ZERO.saturating_sub(saved);
            Some(format!(" Cost {} more than {asked} would have.", more.short()))
        }
    }
}

/// Where it would have gone, in shadow mode.
fn shadow(row: &LogRow) -> Option<String> {
    let shadow = row.shadow.as_ref()?;
    if shadow.route == row.route {
        return Some(" In shadow: the same.".to_owned());
    }
    let RouteCandidate { route, expected_usd, .. } = shadow;
    Some(match expected_usd {
        Some(expected) => format!(" In shadow: {route}, about {}.", expected.short()),
        None => format!(" In shadow: {route}, no price known."),
    })
}

/// What a route was expected to cost.
pub fn expected_at(row: &LogRow, route: &str) -> Option<Money> {
    row.candidates.iter().find(|c| c.route == route)?.expected_usd
}

/// A count for a sentence: `820`, `82K`, `1.2M`.
fn round(tokens: u64) -> String {
    match tokens {
        0..=999 => tokens.to_string(),
        1_000..=999_499 => format!("{}K", (tokens + 500) / 1_000),
        _ => {
            let tenths = (tokens + 50_000) / 100_000;
            format!("{}.{}M", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests;
