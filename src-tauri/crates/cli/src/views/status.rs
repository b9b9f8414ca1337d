//! `weir status` as text.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::views::local;
use crate::words;
use weir_engine::api::{
    BudgetStanding, LinkNow, ProviderHealth, Stamp, Status, Sums, TierNow, Zone,
};

/// The status.
pub fn status(status: &Status, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let mut out = head(status, paint);
    out.push('\n');
    out.push_str(&totals(status).render(paint));
    if !status.budgets.is_empty() {
        out.push_str("\nBudgets\n");
        let mut table = super::budget::levels();
        for budget in &status.budgets {
            table.row(standing(budget, now, zone));
        }
        out.push_str(&table.indented(2).render(paint));
    }
    if !status.allowances.is_empty() {
        out.push_str("\nSubscriptions\n");
        let table = super::budget::allowances(&status.allowances, now, zone);
        out.push_str(&table.indented(2).render(paint));
    }
    let local = local::brief(&status.local).render(paint);
    for (title, lines) in [("Providers", providers(status, paint)), ("Local", local)] {
        if !lines.is_empty() {
            out.push_str(&format!("\n{title}\n{lines}"));
        }
    }
    out.push('\n');
    out.push_str(&routing(status));
    if let Some(tunnel) = &status.tunnel {
        out.push_str(&super::tunnel::line(tunnel, now, zone, paint));
    }
    out.push_str(&format!("Home     {}\n", words::plain(&status.home)));
    for notice in &status.notices {
        out.push_str(&paint.tone("!", Tone::Warn));
        out.push(' ');
        out.push_str(&words::wrap(&words::plain(notice), words::WIDTH - 2, "  "));
    }
    out
}

fn head(status: &Status, paint: Paint) -> String {
    let Some(url) = status.url.as_deref().filter(|_| status.running) else {
        return format!("{} Start it: weir serve\n", paint.tone("Weir is not running.", Tone::Bad));
    };
    let mut parts = vec![format!("Weir {}", status.version), format!("listening on {url}")];
    parts.extend(status.pid.map(|pid| format!("pid {pid}")));
    parts.extend(status.uptime_s.map(|s| format!("up {}", words::lasted(s.saturating_mul(1000)))));
    if status.streams > 0 {
        parts.push(words::count(status.streams, "open stream", "open streams"));
    }
    words::dotted(&parts, words::WIDTH)
}

fn totals(status: &Status) -> Table {
    let mut table = Table::new(&[("", Fit::Left), ("", Fit::Point), ("", Fit::Left)]);
    let spans = [
        ("Today", &status.totals.day),
        ("This week", &status.totals.week),
        ("This month", &status.totals.month),
    ];
    for (name, sums) in spans {
        let tone = if sums.unpriced_requests > 0 { Tone::Warn } else { Tone::Plain };
        table.row([name.into(), sums.spent_usd.short().into(), Cell::new(beside(sums), tone)]);
    }
    table
}

fn beside(sums: &Sums) -> String {
    let mut said = vec![words::count(sums.requests, "request", "requests")];
    if let Some(percent) = words::percent(sums.local_requests, sums.requests) {
        said.push(format!("{percent} % local"));
    }
    if sums.estimated_requests > 0 {
        said.push("about".into());
    }
    if sums.unpriced_requests > 0 {
        said.push(format!("+ {} unpriced", words::grouped(sums.unpriced_requests)));
    }
    said.join(", ")
}

/// A budget as a line of a table.
pub fn standing(budget: &BudgetStanding, now: Stamp, zone: &Zone) -> [Cell; 4] {
    let resets = budget.resets_at.ahead(now, zone);
    let (spent, limit) = match (budget.limit_usd, budget.limit_tokens) {
        (Some(limit), _) => (budget.spent_usd.short(), limit.short()),
        (None, tokens) => (
            words::tokens(budget.spent_tokens),
            format!("{} tokens", words::tokens(tokens.unwrap_or(0))),
        ),
    };
    let then = match (budget.at_limit.as_str(), budget.step.as_str()) {
        ("notify", _) => "only told",
        (_, "cheaper") => "now cheaper",
        (_, "local") => "now local",
        (_, "stop") => "now stopped",
        ("downgrade", _) => "then cheaper",
        ("local", _) => "then local",
        _ => "then stop",
    };
    let text = format!("{spent} of {limit}, {then}, resets {resets}");
    super::budget::level(budget.name.clone(), budget.percent, text)
}

/// A provider a line; what is wrong with one is told whole, below itself where it is long.
fn providers(status: &Status, paint: Paint) -> String {
    // A preset of which nothing is known is no news.
    let known = || status.providers.iter().filter(|p| p.state != "unknown");
    let widest = |of: fn(&ProviderHealth) -> &str| known().map(|p| of(p).chars().count()).max();
    let (name, state) = (widest(|p| &p.name).unwrap_or(0), widest(|p| &p.state).unwrap_or(0));
    let indent = " ".repeat(2 + name + 2 + state + 2);
    let mut out = String::new();
    for provider in known() {
        let tone = match provider.state.as_str() {
            "ready" => Tone::Good,
            "no_key" | "demo" => Tone::Quiet,
            "failing" | "resting" => Tone::Warn,
            key if key.starts_with("key_") => Tone::Warn,
            _ => Tone::Plain,
        };
        let said = provider.state.replace('_', " ");
        let gap = " ".repeat(state.saturating_sub(said.chars().count()));
        out.push_str(&format!(
            "  {:<name$}  {}",
            words::plain(&provider.name),
            paint.tone(&said, tone)
        ));
        match provider.reason.as_deref().map(words::plain) {
            None => out.push('\n'),
            Some(reason) => {
                let room = words::WIDTH.saturating_sub(indent.len()).max(20);
                let reason = words::wrap(&reason, room, "");
                out.push_str(&format!(
                    "{gap}  {}\n",
                    reason.trim_end().replace('\n', &format!("\n{indent}"))
                ));
            }
        }
    }
    out
}

fn routing(status: &Status) -> String {
    if status.routing.paused {
        return "Routing  paused: every request goes where it asked; budgets still hold\n".into();
    }
    let chains =
        [&status.routing.tiers.low, &status.routing.tiers.medium, &status.routing.tiers.high];
    let mut mode = words::plain(&status.routing.mode);
    if !status.routing.local_on {
        mode.push_str(", local models off (weir local on)");
    }
    if status.routing.local_only {
        mode.push_str(", only local models (weir local on)");
    }
    if chains.iter().all(|chain| chain.is_empty()) {
        return format!("Routing  {mode}, no tiers set\n{}", models_off(status));
    }
    let mut out = format!("Routing  {mode}\n{}", models_off(status));
    for (name, chain) in ["low", "medium", "high"].into_iter().zip(chains) {
        let tier = status.routing.per_tier.iter().find(|tier| tier.tier == name);
        let links: Vec<String> = match tier {
            Some(tier) => tier.links.iter().map(link).collect(),
            None => chain.clone(),
        };
        let chain = if links.is_empty() { "(none)".into() } else { links.join(", ") };
        let line = format!("  {name:<6} {}", words::plain(&chain));
        out.push_str(&words::wrap(&line, words::WIDTH, "         "));
        if let Some(now) = tier.and_then(now) {
            let now = format!("         {}", words::plain(&now));
            out.push_str(&words::wrap(&now, words::WIDTH, "         "));
        }
    }
    out
}

/// The local models that are switched off one by one; told while others are in use.
fn models_off(status: &Status) -> String {
    let routing = &status.routing;
    if routing.models_off.is_empty() || !routing.local_on {
        return String::new();
    }
    let line = format!("  off    {} (weir local on MODEL)", routing.models_off.join(", "));
    words::wrap(&words::plain(&line), words::WIDTH, "         ")
}

/// A link, with its state where that is news.
fn link(link: &LinkNow) -> String {
    let mut said = link.route.clone();
    let mut facts: Vec<String> = Vec::new();
    if !matches!(link.state.as_str(), "ready" | "unknown") {
        facts.push(link.state.replace('_', " "));
    }
    if link.waiting > 0 {
        facts.push(format!("{} waiting", words::grouped(link.waiting)));
    }
    if !facts.is_empty() {
        said.push_str(&format!(" ({})", facts.join(", ")));
    }
    said
}

/// What the tier took today, and where it leads now when that is not its first link.
fn now(tier: &TierNow) -> Option<String> {
    let first = tier.links.first();
    let leads = match (&tier.now, &tier.problem) {
        (_, Some(problem)) => {
            let fix = tier.fix.as_ref().map_or(String::new(), |fix| format!(". To mend it: {fix}"));
            Some(format!("Cannot be answered: {problem}{fix}"))
        }
        (Some(now), _) if first.is_some_and(|first| *now == first.route) => None,
        (Some(now), _) => Some(format!("Now {now}")),
        (None, _) if first.is_none() => None,
        (None, _) => Some("Nothing of it can be asked now".to_owned()),
    };
    let local = tier.local_share.map(|share| format!(", {:.0} % local", share * 100.0));
    let today = (tier.requests > 0).then(|| {
        let n = words::count(tier.requests, "request", "requests");
        format!("Today {n}{}", local.unwrap_or_default())
    });
    let said: Vec<String> = [leads, today].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(". "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;

    #[test]
    fn a_running_engine_reads_at_a_glance() {
        let expected = "\
Weir 0.1.0 · listening on http://127.0.0.1:9347 · pid 4242 · up 3 h 12 min ·
  2 open streams

Today        $0.5012  12 requests, 50 % local
This week    $3.80    1,212 requests, 46 % local, about, + 3 unpriced
This month  $14.02    4,000 requests, 10 % local

Budgets
  week  ▇▇▇▇▇▇▇▇▇▇▇▁  90 %  $1.80 of $2.00, then local, resets Mon 00:00

Providers
  anthropic  ready
  gemini     no key  Run: weir key set gemini

Local
  ollama                running  http://127.0.0.1:11434
    ● qwen2.5-coder:7b  loaded
    ○ llama3.2:3b

Routing  honour
  low    ollama/llama3.2:3b (not running, 2 waiting), anthropic/claude-haiku-4-5
         Now anthropic/claude-haiku-4-5. Today 8 requests, 75 % local
  medium (none)
  high   (none)
Home     /home/u/.local/share/weir
! 3 requests have no price. Set one in prices.toml
";
        let shown = status(&samples::status(), samples::now(), &samples::zone(), Paint::OFF);
        assert_eq!(shown, expected);
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH));
    }

    #[test]
    fn a_local_model_that_is_switched_off_is_told_where_it_is_listed_and_where_requests_go() {
        let mut off = samples::status();
        off.routing.models_off = vec!["ollama/llama3.2:3b".into()];
        off.local[0].models[1].off = true;
        off.routing.per_tier[0].links[0].state = "off".into();
        let shown = status(&off, samples::now(), &samples::zone(), Paint::OFF);
        assert!(shown.contains("    ○ llama3.2:3b       off\n"), "{shown}");
        let routing = "\
Routing  honour
  off    ollama/llama3.2:3b (weir local on MODEL)
  low    ollama/llama3.2:3b (off, 2 waiting), anthropic/claude-haiku-4-5
";
        assert!(shown.contains(routing), "{shown}");
        off.routing.local_on = false;
        let shown = status(&off, samples::now(), &samples::zone(), Paint::OFF);
        assert!(!shown.contains("  off    "), "all of them are off: {shown}");
    }

    #[test]
    fn a_provider_that_rests_is_told_whole_and_a_tier_nothing_can_answer_with_what_mends_it() {
        let mut ill = samples::status();
        ill.providers[0].state = "resting".into();
        let reason = "until 16:34, after 3 failures in 5 min, the last one: status 429 (Number of \
                      request tokens has exceeded your per-minute rate limit)";
        ill.providers[0].reason = Some(reason.into());
        ill.routing.per_tier[0].now = None;
        ill.routing.per_tier[0].problem = Some("no key for anthropic".into());
        ill.routing.per_tier[0].fix = Some("weir key set anthropic".into());
        let shown = status(&ill, samples::now(), &samples::zone(), Paint::OFF);
        let flat = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(reason), "{shown}");
        let mended =
            "Cannot be answered: no key for anthropic. To mend it: weir key set anthropic.";
        assert!(flat.contains(mended), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH), "{shown}");
    }

    #[test]
    fn a_stopped_engine_says_how_to_start_it() {
        let mut stopped = samples::status();
        stopped.running = false;
        stopped.url = None;
        let shown = status(&stopped, samples::now(), &samples::zone(), Paint::OFF);
        assert!(shown.starts_with("Weir is not running. Start it: weir serve\n"), "{shown}");
    }

    #[test]
    fn the_level_of_a_budget_turns_warm_then_red() {
        let mut warm = samples::status();
        for (percent, code) in [(69, None), (70, Some("\x1b[33m")), (90, Some("\x1b[31m"))] {
            warm.budgets[0].percent = percent;
            let shown = status(&warm, samples::now(), &samples::zone(), Paint::ON);
            let line = shown.lines().find(|l| l.contains('▇')).expect("the budget's line");
            assert_eq!(line.contains("\x1b["), code.is_some(), "{line:?}");
            assert!(code.is_none_or(|code| line.contains(code)), "{line:?}");
        }
    }
}
