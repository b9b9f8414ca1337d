//! The configuration as it is written: every value with its line, nothing judged but its type.
//! Owns the keys of config.toml; `check` owns what they may say.

use super::read::{At, Reading, Section};
use weir_core::Money;

/// A file as written.
#[derive(Debug, Default)]
pub struct Raw {
    pub port: Option<At<i64>>,
    pub on_stop: Option<At<String>>,
    pub providers: Vec<RawProvider>,
    pub low: Option<At<Vec<At<String>>>>,
    pub medium: Option<At<Vec<At<String>>>>,
    pub high: Option<At<Vec<At<String>>>>,
    pub mode: Option<At<String>>,
    pub sticky: Option<At<bool>>,
    pub shadow_of: Option<At<String>>,
    pub prefer_local: Option<At<bool>>,
    pub escalate: Option<At<bool>>,
    pub second_opinion: Option<RawOpinion>,
    pub task_models: Vec<(String, At<String>)>,
    pub rules: Vec<RawRule>,
    pub budgets: Vec<RawBudget>,
    pub categories: Option<RawCategories>,
    pub caps: Vec<(String, At<Money>)>,
    pub alerts: Option<RawAlerts>,
    pub power: Option<RawPower>,
    pub pace: Option<At<bool>>,
    pub exact: Option<RawExact>,
    pub semantic: Option<RawSemantic>,
    pub experiments: Vec<RawExperiment>,
    pub quality: Option<RawQuality>,
    pub tunnel: Option<RawTunnel>,
    pub failover: Option<RawFailover>,
    pub clients: Vec<RawClient>,
}

/// `[providers.NAME]`
#[derive(Debug)]
pub struct RawProvider {
    pub name: At<String>,
    pub dialect: Option<At<String>>,
    pub api: Option<At<String>>,
    pub base_url: Option<At<String>>,
    pub key: Option<At<String>>,
    pub local: Option<At<bool>>,
    pub start: Option<At<Vec<At<String>>>>,
    pub parallel: Option<At<i64>>,
}

/// `when = { … }` of a rule or an experiment.
#[derive(Debug, Default)]
pub struct RawWhen {
    pub client: Option<At<String>>,
    pub class: Option<At<String>>,
    pub model: Option<At<String>>,
    pub task: Option<At<String>>,
    pub tier: Option<At<String>>,
    pub category: Option<At<String>>,
    pub project: Option<At<String>>,
    pub tokens_over: Option<At<i64>>,
}

/// `routing.second_opinion`
#[derive(Debug)]
pub struct RawOpinion {
    pub here: At<()>,
    pub model: Option<At<String>>,
    pub below: Option<At<u16>>,
}

/// `[[rules]]`
#[derive(Debug)]
pub struct RawRule {
    pub here: At<()>,
    pub when: RawWhen,
    pub use_: Option<At<Vec<At<String>>>>,
}

/// `[[budgets]]`
#[derive(Debug)]
pub struct RawBudget {
    pub here: At<()>,
    pub name: Option<At<String>>,
    pub period: Option<At<String>>,
    pub limit: Option<At<Money>>,
    pub tokens: Option<At<i64>>,
    pub scope: RawScope,
    pub thresholds: Option<At<Vec<i64>>>,
    pub at_limit: Option<At<String>>,
}

/// `scope = { … }` of a budget.
#[derive(Debug, Default)]
pub struct RawScope {
    pub provider: Option<At<String>>,
    pub model: Option<At<String>>,
    pub tier: Option<At<String>>,
    pub category: Option<At<String>>,
    pub client: Option<At<String>>,
    pub project: Option<At<String>>,
    pub session: Option<At<String>>,
    pub local: Option<At<bool>>,
}

/// `[alerts]`
#[derive(Debug)]
pub struct RawAlerts {
    pub desktop: Option<At<bool>>,
    pub webhook: Option<At<String>>,
    pub command: Option<At<Vec<At<String>>>>,
}

/// `[local]`
#[derive(Debug)]
pub struct RawPower {
    pub here: At<()>,
    pub watts: Option<At<i64>>,
    pub kwh: Option<At<Money>>,
}

/// `[categories]`
#[derive(Debug)]
pub struct RawCategories {
    pub here: At<()>,
    pub of: Option<At<String>>,
    pub lend: Option<At<bool>>,
    pub default: Option<At<String>>,
    pub shares: Vec<(String, At<i64>)>,
}

/// `exact = { … }` of `[cache]`
#[derive(Debug)]
pub struct RawExact {
    pub enabled: Option<At<bool>>,
    pub ttl: Option<At<String>>,
}

/// `semantic = { … }` of `[cache]`
#[derive(Debug)]
pub struct RawSemantic {
    pub enabled: Option<At<bool>>,
    pub threshold: Option<At<u16>>,
    pub by_task: Vec<(String, At<u16>)>,
}

/// `[[experiments]]`
#[derive(Debug)]
pub struct RawExperiment {
    pub here: At<()>,
    pub name: Option<At<String>>,
    pub when: RawWhen,
    pub arms: Vec<RawArm>,
}

/// One of `arms`.
#[derive(Debug)]
pub struct RawArm {
    pub here: At<()>,
    pub use_: Option<At<String>>,
    pub weight: Option<At<i64>>,
}

/// `[quality]`
#[derive(Debug)]
pub struct RawQuality {
    pub here: At<()>,
    pub sample: Option<At<String>>,
    pub judge: Option<At<String>>,
    pub floor: Option<At<u16>>,
}

/// `[tunnel]`
#[derive(Debug, Default)]
pub struct RawTunnel {
    pub port: Option<At<i64>>,
    pub models: Option<At<Vec<At<String>>>>,
    pub daily: Option<At<Money>>,
    pub per_minute: Option<At<i64>>,
    pub at_once: Option<At<i64>>,
}

/// `[failover]`
#[derive(Debug, Default)]
pub struct RawFailover {
    pub attempts: Option<At<i64>>,
    pub per_route: Option<At<i64>>,
    pub wait: Option<At<String>>,
    pub total: Option<At<String>>,
    pub first_content: Option<At<String>>,
    pub first_thought: Option<At<String>>,
    pub whole_answer: Option<At<String>>,
    pub stall: Option<At<String>>,
    pub failures: Option<At<i64>>,
    pub rest: Option<At<String>>,
    pub rest_max: Option<At<String>>,
}

/// `[clients.NAME]`
#[derive(Debug)]
pub struct RawClient {
    pub name: String,
    pub hold: Option<At<bool>>,
}

/// Reads a file. What is of the wrong type or unknown is in the reading's problems.
pub fn read(text: &str) -> (Raw, Reading) {
    Reading::of(text, |top, reading| {
        let mut raw = Raw::default();
        if let Some(mut server) = top.section(reading, "server") {
            raw.port = server.integer(reading, "port");
            raw.on_stop = server.text(reading, "on_stop");
            server.finish(reading);
        }
        if let Some(mut providers) = top.section(reading, "providers") {
            let named = providers.named(reading);
            raw.providers = named.into_iter().map(|(n, s)| provider(n, s, reading)).collect();
        }
        if let Some(mut tiers) = top.section(reading, "tiers") {
            raw.low = tiers.texts(reading, "low");
            raw.medium = tiers.texts(reading, "medium");
            raw.high = tiers.texts(reading, "high");
            tiers.finish(reading);
        }
        if let Some(mut routing) = top.section(reading, "routing") {
            raw.mode = routing.text(reading, "mode");
            raw.sticky = routing.flag(reading, "sticky");
            raw.shadow_of = routing.text(reading, "shadow_of");
            raw.prefer_local = routing.flag(reading, "prefer_local");
            raw.escalate = routing.flag(reading, "escalate");
            raw.second_opinion =
                routing.section(reading, "second_opinion").map(|s| opinion(s, reading));
            if let Some(mut tasks) = routing.section(reading, "tasks") {
                raw.task_models = tasks.named_texts(reading);
            }
            routing.finish(reading);
        }
        raw.rules = each(top, reading, "rules", rule);
        raw.budgets = each(top, reading, "budgets", budget);
        raw.categories = top.section(reading, "categories").map(|s| categories(s, reading));
        if let Some(mut caps) = top.section(reading, "caps") {
            raw.caps = caps.named_money(reading);
        }
        raw.alerts = top.section(reading, "alerts").map(|s| alerts(s, reading));
        raw.power = top.section(reading, "local").map(|s| power(s, reading));
        if let Some(mut allowances) = top.section(reading, "allowances") {
            raw.pace = allowances.flag(reading, "pace");
            allowances.finish(reading);
        }
        if let Some(cache_section) = top.section(reading, "cache") {
            (raw.exact, raw.semantic) = cache(cache_section, reading);
        }
        raw.experiments = each(top, reading, "experiments", experiment);
        raw.quality = top.section(reading, "quality").map(|s| quality(s, reading));
        raw.tunnel = top.section(reading, "tunnel").map(|s| tunnel(s, reading));
        raw.failover = top.section(reading, "failover").map(|s| failover(s, reading));
        if let Some(mut clients) = top.section(reading, "clients") {
            let named = clients.named(reading);
            raw.clients = named.into_iter().map(|(n, s)| client(n, s, reading)).collect();
        }
        raw
    })
}

fn each<T>(
    above: &mut Section<'_, '_>,
    reading: &mut Reading,
    key: &'static str,
    one: fn(Section<'_, '_>, &mut Reading) -> T,
) -> Vec<T> {
    let sections = above.sections(reading, key);
    sections.into_iter().map(|s| one(s, reading)).collect()
}

fn provider(name: String, mut s: Section<'_, '_>, reading: &mut Reading) -> RawProvider {
    let raw = RawProvider {
        name: s.at(name),
        dialect: s.text(reading, "dialect"),
        api: s.text(reading, "api"),
        base_url: s.text(reading, "base_url"),
        key: s.text(reading, "key"),
        local: s.flag(reading, "local"),
        start: s.texts(reading, "start"),
        parallel: s.integer(reading, "parallel"),
    };
    s.finish(reading);
    raw
}

fn when(above: &mut Section<'_, '_>, reading: &mut Reading) -> RawWhen {
    let Some(mut s) = above.section(reading, "when") else { return RawWhen::default() };
    let raw = RawWhen {
        client: s.text(reading, "client"),
        class: s.text(reading, "class"),
        model: s.text(reading, "model"),
        task: s.text(reading, "task"),
        tier: s.text(reading, "tier"),
        category: s.text(reading, "category"),
        project: s.text(reading, "project"),
        tokens_over: s.integer(reading, "tokens_over"),
    };
    s.finish(reading);
    raw
}

fn opinion(mut s: Section<'_, '_>, reading: &mut Reading) -> RawOpinion {
    let raw = RawOpinion {
        here: s.at(()),
        model: s.text(reading, "model"),
        below: s.share(reading, "below"),
    };
    s.finish(reading);
    raw
}

fn rule(mut s: Section<'_, '_>, reading: &mut Reading) -> RawRule {
    let raw =
        RawRule { here: s.at(()), when: when(&mut s, reading), use_: s.texts(reading, "use") };
    s.finish(reading);
    raw
}

fn budget(mut s: Section<'_, '_>, reading: &mut Reading) -> RawBudget {
    let mut raw = RawBudget {
        here: s.at(()),
        name: s.text(reading, "name"),
        period: s.text(reading, "period"),
        limit: s.money(reading, "limit_usd"),
        tokens: s.integer(reading, "limit_tokens"),
        scope: RawScope::default(),
        thresholds: s.integers(reading, "thresholds"),
        at_limit: s.text(reading, "at_limit"),
    };
    if let Some(mut scope) = s.section(reading, "scope") {
        raw.scope = RawScope {
            provider: scope.text(reading, "provider"),
            model: scope.text(reading, "model"),
            tier: scope.text(reading, "tier"),
            category: scope.text(reading, "category"),
            client: scope.text(reading, "client"),
            project: scope.text(reading, "project"),
            session: scope.text(reading, "session"),
            local: scope.flag(reading, "local"),
        };
        scope.finish(reading);
    }
    s.finish(reading);
    raw
}

fn categories(mut s: Section<'_, '_>, reading: &mut Reading) -> RawCategories {
    let of = s.text(reading, "of");
    let lend = s.flag(reading, "lend");
    let default = s.text(reading, "default");
    RawCategories { here: s.at(()), of, lend, default, shares: s.named_integers(reading) }
}

fn alerts(mut s: Section<'_, '_>, reading: &mut Reading) -> RawAlerts {
    let raw = RawAlerts {
        desktop: s.flag(reading, "desktop"),
        webhook: s.text(reading, "webhook"),
        command: s.texts(reading, "command"),
    };
    s.finish(reading);
    raw
}

fn power(mut s: Section<'_, '_>, reading: &mut Reading) -> RawPower {
    let raw = RawPower {
        here: s.at(()),
        watts: s.integer(reading, "watts"),
        kwh: s.money(reading, "kwh_usd"),
    };
    s.finish(reading);
    raw
}

fn cache(mut s: Section<'_, '_>, reading: &mut Reading) -> (Option<RawExact>, Option<RawSemantic>) {
    let exact = s.section(reading, "exact").map(|mut e| {
        let raw = RawExact { enabled: e.flag(reading, "enabled"), ttl: e.text(reading, "ttl") };
        e.finish(reading);
        raw
    });
    let semantic = s.section(reading, "semantic").map(|mut e| {
        let raw = RawSemantic {
            enabled: e.flag(reading, "enabled"),
            threshold: e.share(reading, "threshold"),
            by_task: e
                .section(reading, "by_task")
                .map_or_else(Vec::new, |mut t| t.named_shares(reading)),
        };
        e.finish(reading);
        raw
    });
    s.finish(reading);
    (exact, semantic)
}

fn experiment(mut s: Section<'_, '_>, reading: &mut Reading) -> RawExperiment {
    let raw = RawExperiment {
        here: s.at(()),
        name: s.text(reading, "name"),
        when: when(&mut s, reading),
        arms: each(&mut s, reading, "arms", arm),
    };
    s.finish(reading);
    raw
}

fn arm(mut s: Section<'_, '_>, reading: &mut Reading) -> RawArm {
    let raw = RawArm {
        here: s.at(()),
        use_: s.text(reading, "use"),
        weight: s.integer(reading, "weight"),
    };
    s.finish(reading);
    raw
}

fn quality(mut s: Section<'_, '_>, reading: &mut Reading) -> RawQuality {
    let raw = RawQuality {
        here: s.at(()),
        sample: s.text(reading, "sample"),
        judge: s.text(reading, "judge"),
        floor: s.share(reading, "floor"),
    };
    s.finish(reading);
    raw
}

fn tunnel(mut s: Section<'_, '_>, reading: &mut Reading) -> RawTunnel {
    let raw = RawTunnel {
        port: s.integer(reading, "port"),
        models: s.texts(reading, "models"),
        daily: s.money(reading, "daily_usd"),
        per_minute: s.integer(reading, "per_minute"),
        at_once: s.integer(reading, "at_once"),
    };
    s.finish(reading);
    raw
}

fn failover(mut s: Section<'_, '_>, reading: &mut Reading) -> RawFailover {
    let raw = RawFailover {
        attempts: s.integer(reading, "attempts"),
        per_route: s.integer(reading, "attempts_per_route"),
        wait: s.text(reading, "wait"),
        total: s.text(reading, "total"),
        first_content: s.text(reading, "first_content"),
        first_thought: s.text(reading, "first_thought"),
        whole_answer: s.text(reading, "whole_answer"),
        stall: s.text(reading, "stall"),
        failures: s.integer(reading, "failures"),
        rest: s.text(reading, "rest"),
        rest_max: s.text(reading, "rest_max"),
    };
    s.finish(reading);
    raw
}

fn client(name: String, mut s: Section<'_, '_>, reading: &mut Reading) -> RawClient {
    let raw = RawClient { name, hold: s.flag(reading, "hold") };
    s.finish(reading);
    raw
}
