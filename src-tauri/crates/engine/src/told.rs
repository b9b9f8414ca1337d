//! Why a request went where it went, in plain words: one line a request, the same everywhere it is
//! shown. Owns the words for the short codes of `x-weir-reason`. Pure.

use crate::api::{LogRow, RouteCandidate};
use weir_core::Money;
use weir_core::route::{Setup, Tier};

/// Why a request went where it went, for a sentence that ends with it. A code that a later Weir
/// wrote is shown as it is.
pub fn reason(code: &str) -> &str {
    match code {
        "asked" => "it is the model asked for",
        "named" => "the request names provider and model",
        "tier" => "it is the first of its tier's chain that can answer",
        "fallback" => "what comes before it in the chain did not answer",
        "rule" => "a rule says so",
        "hint" => "the request asks for that tier",
        "local-first" => "local models come first, and this one can answer",
        "deterministic" => {
            "the answer follows from the input by a fixed form, which a local model can do"
        }
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
        "local-model-off" => "the local model before it is switched off (weir local on MODEL)",
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
        "deterministic" => "of a fixed form, so local",
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
        "local-model-off" => "switched off before it",
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

/// What a request was judged to be, and what it asked for itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged<'a> {
    /// The task; `None` where nothing was judged.
    pub task: Option<&'a str>,
    /// The tier it was handled as.
    pub tier: Option<&'a str>,
    /// The tier it was judged to be, where it named one itself.
    pub judged_tier: Option<&'a str>,
    /// How sure task and judged tier are.
    pub confidence: Option<f64>,
}

impl Judged<'_> {
    /// `extraction, low, sure (0.94)`, and `, asked for high` where it named its tier; `None` where no
    /// task was judged.
    pub fn told(&self) -> Option<String> {
        let mut text = self.task?.replace('_', " ");
        if let Some(tier) = self.judged_tier.or(self.tier) {
            text.push_str(&format!(", {tier}"));
        }
        if let Some(confidence) = self.confidence {
            text.push_str(&format!(", {} ({confidence:.2})", sureness(confidence)));
        }
        if let Some(tier) = self.tier.filter(|_| self.judged_tier.is_some()) {
            text.push_str(&format!(", asked for {tier}"));
        }
        Some(text)
    }
}

impl<'a> From<&'a LogRow> for Judged<'a> {
    fn from(row: &'a LogRow) -> Self {
        Self {
            task: row.task.as_deref(),
            tier: row.tier.as_deref(),
            judged_tier: row.judged_tier.as_deref(),
            confidence: row.confidence,
        }
    }
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
    let judged = || Judged::from(row).told();
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
    let cached = row.usage.map_or(0, |usage| usage.cache_read);
    let cached =
        if cached > 0 { format!(" ({} cached tokens)", round(cached)) } else { String::new() };
    let why = match (here, elsewhere) {
        (_, None) => reason("kept").to_owned(),
        (Some(here), Some(other)) => stayed(here, other, row.way_back_usd),
        (None, Some(_)) => "no price is known for it, and without one nothing moves".to_owned(),
    };
    format!("Kept on {}: {why}{cached}.", model(&row.route))
}

/// Why a conversation stayed beside another way: what that costs now, and what coming back does.
fn stayed(here: Money, other: &RouteCandidate, back: Option<Money>) -> String {
    let name = model(&other.route);
    let Some(there) = other.expected_usd else {
        return format!("no price is known for {name}, and without one nothing moves");
    };
    let back = back.filter(|back| *back > Money::ZERO);
    let more = there.saturating_sub(here);
    match back {
        None if more > Money::ZERO => format!("switching would have cost {} more", more.short()),
        None => reason("kept").to_owned(),
        Some(back) if more >= Money::ZERO => {
            let more = more.saturating_add(back);
            format!("switching would have cost {} more, the way back included", more.short())
        }
        Some(back) => format!(
            "{name} would have cost {} less now, and coming back {}",
            Money::ZERO.saturating_sub(more).short(),
            back.short()
        ),
    }
}

/// Where a conversation that began small is kept on a model below what this request was judged to be:
/// that nothing moves up by itself. By the tiers as they are now.
pub fn stays_below(row: &LogRow, setup: &Setup) -> Option<String> {
    let tier = row.tier.as_deref().and_then(Tier::parse)?;
    if row.reason != "kept" || setup.escalate {
        return None;
    }
    let all = [Tier::Low, Tier::Medium, Tier::High];
    let within = |of: &Tier| setup.chain(*of).iter().any(|route| route.to_string() == row.route);
    let (below, from): (Vec<Tier>, Vec<Tier>) = all.into_iter().partition(|of| *of < tier);
    (below.iter().any(within) && !from.iter().any(within)).then(|| {
        format!(
            "That model is below the {} tier, and a conversation that began small stays small: to \
             move it up, write escalate = true under [routing]",
            tier.as_str()
        )
    })
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
