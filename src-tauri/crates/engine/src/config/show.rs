//! Prints a checked configuration as TOML that reads back to the same configuration.
//! Owns the order and the form of what `weir config show` prints; amounts stay exact decimals.

use super::failover::written;
use super::routed::{LOCAL, OPINION_BELOW, any_local};
use super::{Cache, Config, SecondOpinion, Tunnel, Use, When};
use std::fmt::Write;
use std::time::Duration;
use weir_core::budget::{Budget, Limit, Scope};
use weir_core::route::{KeySource, Provider, ProviderKind, Route, Tier};
use weir_core::{Class, Failover, Money, Task};

/// The configuration in force, every key written.
pub fn toml(config: &Config) -> String {
    let mut out = String::new();
    let on_stop = text(config.on_stop.as_str());
    section(&mut out, "[server]", &[("port", config.port.to_string()), ("on_stop", on_stop)]);
    for provider in &config.providers {
        show_provider(&mut out, provider, config.starts.get(&provider.name));
        if let Some(width) = config.parallel.get(&provider.name) {
            out.pop();
            let _ = writeln!(out, "parallel = {width}\n");
        }
    }
    let tiers = [("low", &config.low), ("medium", &config.medium), ("high", &config.high)];
    section(&mut out, "[tiers]", &tiers.map(|(name, chain)| (name, routes(chain))));
    section(
        &mut out,
        "[routing]",
        &[
            ("mode", text(config.mode.as_str())),
            ("shadow_of", text(config.shadow_of.as_str())),
            ("sticky", config.sticky.to_string()),
            ("escalate", config.escalate.to_string()),
            ("prefer_local", config.prefer_local.to_string()),
            ("tasks", task_models(&config.task_models)),
        ],
    );
    out.pop();
    out.push_str(&second_opinion(config.second_opinion.as_ref()));
    for rule in &config.rules {
        let target = match &rule.target {
            Use::Tier(tier) => text(tier.as_str()),
            Use::Chain(chain) => routes(chain),
        };
        section(&mut out, "[[rules]]", &[("when", when(&rule.when)), ("use", target)]);
    }
    for budget in &config.budgets {
        show_budget(&mut out, budget);
    }
    if let Some(categories) = &config.categories {
        section(
            &mut out,
            "[categories]",
            &[("of", text(&categories.of)), ("lend", categories.lend.to_string())],
        );
        out.pop();
        if let Some(default) = &categories.default {
            let _ = writeln!(out, "default = {}", text(default));
        }
        for (name, share) in &categories.shares {
            let _ = writeln!(out, "{} = {share}", key(name));
        }
        out.push('\n');
    }
    show_money(&mut out, config);
    show_cache(&mut out, &config.cache);
    for experiment in &config.experiments {
        let arm = |(route, weight): &(Route, u32)| {
            format!("{{ use = {}, weight = {weight} }}", text(&route.to_string()))
        };
        let arms: Vec<String> = experiment.arms.iter().map(arm).collect();
        section(
            &mut out,
            "[[experiments]]",
            &[
                ("name", text(&experiment.name)),
                ("when", when(&experiment.when)),
                ("arms", format!("[{}]", arms.join(", "))),
            ],
        );
    }
    if let Some(quality) = &config.quality {
        section(
            &mut out,
            "[quality]",
            &[
                ("sample", text(&format!("{}/{}", quality.sample.0, quality.sample.1))),
                ("judge", text(&quality.judge.to_string())),
                ("floor", thousandths(quality.floor)),
            ],
        );
    }
    show_failover(&mut out, &config.failover);
    show_tunnel(&mut out, &config.tunnel);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Nothing is asked by default, and TOML has no word for that: a comment says what there is to write.
fn second_opinion(opinion: Option<&SecondOpinion>) -> String {
    let line = |model: String, below| {
        format!("second_opinion = {{ model = {model}, below = {} }}", thousandths(below))
    };
    match opinion {
        Some(opinion) => line(route(&opinion.route), opinion.below) + "\n\n",
        None => format!("# {} # off\n\n", line(text("ollama/llama3.2:3b"), OPINION_BELOW)),
    }
}

fn show_failover(out: &mut String, failover: &Failover) {
    let Failover { tries, health, first_content, first_thought, whole_answer, stall, held } =
        failover;
    let time = |time: &Duration| text(&written(*time));
    section(
        out,
        "[failover]",
        &[
            ("attempts", tries.attempts.to_string()),
            ("attempts_per_route", tries.per_route.to_string()),
            ("wait", time(&tries.wait)),
            ("total", time(&tries.total)),
            ("first_content", time(first_content)),
            ("first_thought", time(first_thought)),
            ("whole_answer", time(whole_answer)),
            ("stall", time(stall)),
            ("failures", health.failures.to_string()),
            ("rest", time(&health.rest)),
            ("rest_max", time(&health.rest_max)),
        ],
    );
    for name in held {
        section(out, &format!("[clients.{}]", key(name)), &[("hold", "true".into())]);
    }
}

fn show_money(out: &mut String, config: &Config) {
    if !config.caps.is_empty() {
        let _ = writeln!(out, "[caps]");
        for cap in &config.caps {
            let _ = writeln!(out, "{} = {}", text(&cap.written()), amount(cap.daily));
        }
        out.push('\n');
    }
    let alerts = &config.alerts;
    let mut keys = vec![("desktop", alerts.desktop.to_string())];
    keys.extend(alerts.webhook.iter().map(|url| ("webhook", text(url))));
    if !alerts.command.is_empty() {
        let words: Vec<String> = alerts.command.iter().map(|word| text(word)).collect();
        keys.push(("command", format!("[{}]", words.join(", "))));
    }
    section(out, "[alerts]", &keys);
    if let Some(power) = config.power {
        let keys = [("watts", power.watts.to_string()), ("kwh_usd", amount(power.kwh))];
        section(out, "[local]", &keys);
    }
    section(out, "[allowances]", &[("pace", config.pace.to_string())]);
}

fn show_tunnel(out: &mut String, tunnel: &Tunnel) {
    let models: Vec<String> = tunnel.models.iter().map(|model| text(model)).collect();
    section(
        out,
        "[tunnel]",
        &[
            ("port", tunnel.port.to_string()),
            ("models", format!("[{}]", models.join(", "))),
            ("daily_usd", amount(tunnel.daily)),
            ("per_minute", tunnel.per_minute.to_string()),
            ("at_once", tunnel.at_once.to_string()),
        ],
    );
}

fn show_provider(out: &mut String, provider: &Provider, start: Option<&Vec<String>>) {
    section(
        out,
        &format!("[providers.{}]", key(&provider.name)),
        &[
            ("dialect", text(provider.dialect.as_str())),
            ("base_url", text(&provider.base_url)),
            ("key", text(&key_source(&provider.key))),
            ("local", provider.local.to_string()),
        ],
    );
    let only = match provider.kind {
        ProviderKind::OnlyChat => Some("chat"),
        ProviderKind::OnlyResponses => Some("responses"),
        _ => None,
    };
    if let Some(api) = only {
        out.pop();
        let _ = writeln!(out, "api = {}\n", text(api));
    }
    if let Some(words) = start {
        out.pop();
        let words: Vec<String> = words.iter().map(|word| text(word)).collect();
        let _ = writeln!(out, "start = [{}]\n", words.join(", "));
    }
}

fn show_budget(out: &mut String, budget: &Budget) {
    let marks: Vec<String> = budget.thresholds.iter().map(u8::to_string).collect();
    section(
        out,
        "[[budgets]]",
        &[
            ("name", text(&budget.name)),
            ("period", text(budget.period.as_str())),
            match budget.limit {
                Limit::Usd(limit) => ("limit_usd", amount(limit)),
                Limit::Tokens(count) => ("limit_tokens", count.to_string()),
            },
            ("scope", scope(&budget.scope)),
            ("thresholds", format!("[{}]", marks.join(", "))),
            ("at_limit", text(budget.at_limit.as_str())),
        ],
    );
}

fn show_cache(out: &mut String, cache: &Cache) {
    let by_task: Vec<String> =
        cache.by_task.iter().map(|(t, s)| format!("{} = {}", key(t), thousandths(*s))).collect();
    section(
        out,
        "[cache]",
        &[
            ("exact", format!("{{ enabled = {}, ttl = \"{}s\" }}", cache.exact, cache.ttl_secs)),
            (
                "semantic",
                format!(
                    "{{ enabled = {}, threshold = {}, by_task = {} }}",
                    cache.semantic,
                    thousandths(cache.threshold),
                    table(&by_task)
                ),
            ),
        ],
    );
}

/// How a key source is written.
pub fn key_source(source: &KeySource) -> String {
    match source {
        KeySource::Keychain => "keychain".into(),
        KeySource::Env(variable) => format!("env:{variable}"),
        KeySource::Passthrough => "passthrough".into(),
        KeySource::None => "none".into(),
    }
}

fn section(out: &mut String, head: &str, keys: &[(&str, String)]) {
    let _ = writeln!(out, "{head}");
    for (name, value) in keys {
        let _ = writeln!(out, "{name} = {value}");
    }
    out.push('\n');
}

/// A text in TOML's basic quotes.
pub fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn key(name: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { text(name) }
}

fn routes(chain: &[Route]) -> String {
    let routes: Vec<String> = chain.iter().map(route).collect();
    format!("[{}]", routes.join(", "))
}

fn route(route: &Route) -> String {
    if *route == any_local() { text(LOCAL) } else { text(&route.to_string()) }
}

fn task_models(models: &[(Task, Route)]) -> String {
    let pairs: Vec<String> =
        models.iter().map(|(task, r)| format!("{} = {}", task.as_str(), route(r))).collect();
    table(&pairs)
}

fn table(pairs: &[String]) -> String {
    if pairs.is_empty() { "{}".into() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn when(when: &When) -> String {
    let own = |name: Option<&'static str>| name.map(str::to_owned);
    let texts = [
        ("client", when.client.clone()),
        ("class", own(when.class.map(Class::as_str))),
        ("model", when.model.clone()),
        ("task", own(when.task.map(Task::as_str))),
        ("tier", own(when.tier.map(Tier::as_str))),
        ("category", when.category.clone()),
        ("project", when.project.clone()),
    ];
    let mut pairs: Vec<String> =
        texts.iter().filter_map(|(k, v)| Some(format!("{k} = {}", text(v.as_ref()?)))).collect();
    pairs.extend(when.tokens_over.map(|t| format!("tokens_over = {t}")));
    table(&pairs)
}

/// A scope as an inline table.
pub fn scope(scope: &Scope) -> String {
    let texts = scope.texts().into_iter();
    let mut pairs: Vec<String> =
        texts.filter_map(|(k, v)| Some(format!("{k} = {}", text(v?)))).collect();
    pairs.extend(scope.local.map(|l| format!("local = {l}")));
    table(&pairs)
}

/// Dollars with at least two decimals and as many more as the amount has.
pub fn amount(money: Money) -> String {
    let (whole, nano) = (money.nano() / 1_000_000_000, money.nano() % 1_000_000_000);
    let digits = format!("{:09}", nano.unsigned_abs());
    let trimmed = digits.trim_end_matches('0');
    format!("{whole}.{trimmed:0<2}")
}

fn thousandths(value: u16) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}
