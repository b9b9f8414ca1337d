//! `weir models` and `weir route test` as text.

use super::prices::in_and_out;
use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::api::{ModelRow, RouteTest};

/// Every model that can be asked for.
pub fn models(models: &[ModelRow], paint: Paint) -> String {
    if models.is_empty() {
        return "No models. Add a provider's key (weir key set PROVIDER) or start a local server\n"
            .into();
    }
    let mut table = Table::new(&[
        ("model", Fit::Cut(24)),
        ("context", Fit::Right),
        ("$/M in", Fit::Point),
        ("$/M out", Fit::Point),
        ("", Fit::Cut(12)),
    ]);
    for model in models {
        let (input, output) = match (model.local, &model.price) {
            (true, None) => ("local".into(), "local".into()),
            (_, price) => in_and_out(price.as_ref()),
        };
        table.row([
            model.id.as_str().into(),
            model.context.map(words::tokens).unwrap_or_default().into(),
            input.into(),
            output.into(),
            note(model),
        ]);
    }
    table.render(paint)
}

fn note(model: &ModelRow) -> Cell {
    match (model.chain.first(), model.loaded) {
        (Some(first), _) if model.chain.len() > 1 => {
            format!("{first} + {}", model.chain.len() - 1).into()
        }
        (Some(first), _) => first.into(),
        (None, _) if model.off => Cell::new("off", Tone::Warn),
        (None, Some(true)) => Cell::new("loaded", Tone::Good),
        _ => "".into(),
    }
}

/// Where a body would go.
pub fn route(test: &RouteTest, paint: Paint) -> String {
    let mut out = String::new();
    if let Some(asked) = &test.asked_model {
        out.push_str(&format!("Asks for {}\n", plain(asked)));
    }
    let judged = words::judged(words::Judged {
        task: test.task.as_deref(),
        tier: test.tier.as_deref(),
        judged_tier: test.judged_tier.as_deref(),
        confidence: test.confidence,
    });
    out.extend(judged.map(|said| format!("{}\n", plain(&said))));
    if test.candidates.is_empty() {
        let why = test.problem.as_deref().unwrap_or("no provider speaks its dialect");
        out.push_str(&format!("Nothing can answer it: {}. Run: weir doctor\n", plain(why)));
        return out;
    }
    out.push('\n');
    let mut table = Table::new(&[
        ("", Fit::Right),
        ("goes to", Fit::Route(12)),
        ("expected", Fit::Point),
        ("because", Fit::Cut(12)),
    ]);
    for (i, candidate) in test.candidates.iter().enumerate() {
        let expected = match candidate.expected_usd {
            Some(money) => Cell::from(money.short()),
            None => Cell::new("unpriced", Tone::Warn),
        };
        table.row([
            (i + 1).to_string().into(),
            candidate.route.as_str().into(),
            expected,
            words::brief(&candidate.reason).into(),
        ]);
    }
    out.push_str(&table.render(paint));
    out.push_str(&unable(test));
    out
}

/// Which of the ways cannot answer now, and why.
fn unable(test: &RouteTest) -> String {
    let mut out = String::new();
    for (i, candidate) in test.candidates.iter().enumerate() {
        let Some(why) = &candidate.unable else { continue };
        if out.is_empty() {
            out.push('\n');
        }
        let said = format!("{} cannot answer now: {why}.", i + 1);
        out.push_str(&words::wrap(&plain(&said), words::WIDTH, "  "));
    }
    if test.candidates.iter().all(|candidate| candidate.unable.is_some()) {
        out.push_str("Nothing of this can answer now. Run: weir doctor\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::{Money, PerMillion, RouteCandidate};

    fn model(id: &str) -> ModelRow {
        ModelRow {
            id: id.into(),
            provider: None,
            model: id.into(),
            context: None,
            price: None,
            local: false,
            loaded: None,
            off: false,
            chain: Vec::new(),
        }
    }

    #[test]
    fn models_show_price_context_and_place() {
        let price = |input: &str, output: &str| PerMillion {
            input: Some(input.parse().expect("an amount")),
            output: Some(output.parse().expect("an amount")),
            ..PerMillion::default()
        };
        let rows = [
            ModelRow {
                chain: vec!["ollama/llama3.2:3b".into(), "anthropic/claude-haiku-4-5".into()],
                ..model("weir-low")
            },
            ModelRow {
                context: Some(200_000),
                price: Some(price("1", "5")),
                ..model("anthropic/claude-haiku-4-5")
            },
            ModelRow { local: true, loaded: Some(true), ..model("ollama/llama3.2:3b") },
            model("openrouter/somebody/new-model"),
        ];
        let expected = "\
model                          context  $/M in  $/M out
weir-low                                                 ollama/llama3.2:3b + 1
anthropic/claude-haiku-4-5        200K    1.00     5.00
ollama/llama3.2:3b                       local    local  loaded
openrouter/somebody/new-model
";
        assert_eq!(models(&rows, Paint::OFF), expected);
    }

    #[test]
    fn a_plan_names_each_candidate_with_its_reason() {
        let test = RouteTest {
            task: None,
            tier: Some("low".into()),
            judged_tier: None,
            confidence: None,
            class: None,
            deterministic: false,
            conversation: None,
            asked_model: Some("weir-low".into()),
            candidates: vec![
                RouteCandidate {
                    route: "ollama/llama3.2:3b".into(),
                    reason: "tier".into(),
                    expected_usd: Some(Money::ZERO),
                    unable: Some("Ollama is not running".into()),
                },
                RouteCandidate {
                    route: "x/y".into(),
                    reason: "fallback".into(),
                    expected_usd: None,
                    unable: None,
                },
            ],
            problem: None,
        };
        let expected = "\
Asks for weir-low
Tier: low

   goes to             expected  because
1  ollama/llama3.2:3b        $0  first of the tier
2  x/y                 unpriced  next in the chain

1 cannot answer now: Ollama is not running.
";
        assert_eq!(route(&test, Paint::OFF), expected);
        let mut none = test.clone();
        none.candidates.truncate(1);
        let shown = route(&none, Paint::OFF);
        assert!(shown.ends_with("Nothing of this can answer now. Run: weir doctor\n"), "{shown}");
    }
}
