//! From what is written to what holds: every value judged, every problem with its line and fix.
//! Owns what the keys may say and their defaults.

use super::presets::{PRESET_NAMES, preset};
use super::raw::{Raw, RawProvider, read};
use super::read::{At, Problem, nearest};
use super::routed::{LOCAL, any_local};
use super::shipped::shipped;
use super::{Config, OnStop, PORT, Rule, url};
use std::collections::BTreeMap;
use weir_core::Dialect;
use weir_core::route::{KeySource, Provider, ProviderKind, Route, Tier};

/// Providers, budgets, rules and experiments: more of one are refused.
const ENTRIES_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 64;
/// Most requests that a local server answers side by side: above what vLLM batches by default.
const PARALLEL_MAX: usize = 1_024;
pub(super) const TIERS: [&str; 3] = ["low", "medium", "high"];
const DIALECTS: [&str; 4] = ["anthropic", "openai", "gemini", "ollama"];
const APIS: [&str; 2] = ["chat", "responses"];

/// What a text came to: a configuration, or everything wrong with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The configuration; `None` when there are problems.
    pub config: Option<Config>,
    /// Every problem, by line.
    pub problems: Vec<Problem>,
}

/// Checks a text whole.
pub fn check(text: &str) -> Checked {
    let (raw, reading) = read(text);
    let mut judge = Judge { problems: reading.problems, notes: Vec::new() };
    let config = judge.config(raw);
    let mut problems = judge.problems;
    problems.sort_by_key(|p| p.line);
    let config = problems.is_empty().then_some(Config { notes: judge.notes, ..config });
    Checked { config, problems }
}

pub(super) struct Judge {
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
}

impl Judge {
    pub(super) fn wrong<T>(
        &mut self,
        at: &At<T>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems.push(at.problem(reason, fix));
    }

    fn config(&mut self, raw: Raw) -> Config {
        let port = self.port(raw.port);
        let on_stop = self.on_stop(raw.on_stop);
        let starts = self.starts(&raw.providers);
        let parallel = self.parallel(&raw.providers);
        let (providers, written) = self.providers(raw.providers, port);
        for (entries, key) in [
            (raw.budgets.len(), "budgets"),
            (raw.rules.len(), "rules"),
            (written.len(), "providers"),
        ] {
            if entries > ENTRIES_MAX {
                let here = At { value: (), line: 1, key: key.into() };
                self.wrong(
                    &here,
                    format!("{entries} entries"),
                    format!("Keep at most {ENTRIES_MAX}"),
                );
            }
        }
        let mut chain = |given: Option<At<Vec<At<String>>>>, tier: Tier| match given {
            Some(list) => self.chain(&list.value, &providers),
            None => shipped(tier),
        };
        let low = chain(raw.low, Tier::Low);
        let medium = chain(raw.medium, Tier::Medium);
        let high = chain(raw.high, Tier::High);
        let mode = self.mode(raw.mode);
        let budgets = self.budgets(raw.budgets, &providers);
        let categories = raw.categories.and_then(|c| self.categories(c, &budgets));
        let caps = self.caps(raw.caps, &providers);
        let alerts = self.alerts(raw.alerts, port);
        let power = raw.power.and_then(|p| self.power(p));
        let cache = self.cache(raw.exact, raw.semantic);
        let rules: Vec<Rule> =
            raw.rules.into_iter().filter_map(|r| self.rule(r, &providers)).collect();
        let shadow_of = self.shadow_of(raw.shadow_of);
        let task_models = self.task_models(raw.task_models, &providers);
        let second_opinion = self.second_opinion(raw.second_opinion, &providers);
        let experiments = self.experiments(raw.experiments, &providers);
        let quality = raw.quality.and_then(|q| self.quality(q, &providers));
        let failover = self.failover(raw.failover, raw.clients);
        let tunnel = self.tunnel(raw.tunnel, port, &providers, [&low, &medium, &high]);
        Config {
            port,
            on_stop,
            providers,
            starts,
            parallel,
            written,
            low,
            medium,
            high,
            mode,
            sticky: raw.sticky.is_none_or(|s| s.value),
            shadow_of,
            prefer_local: raw.prefer_local.is_none_or(|p| p.value),
            escalate: raw.escalate.is_some_and(|e| e.value),
            second_opinion,
            task_models,
            rules,
            budgets,
            categories,
            caps,
            alerts,
            power,
            pace: raw.pace.is_some_and(|p| p.value),
            cache,
            experiments,
            quality,
            tunnel,
            failover,
            notes: Vec::new(),
        }
    }

    fn on_stop(&mut self, given: Option<At<String>>) -> OnStop {
        match given.as_ref().and_then(|at| self.one_of(at, &OnStop::NAMES)) {
            Some("keep") => OnStop::Keep,
            _ => OnStop::Restore,
        }
    }

    fn port(&mut self, given: Option<At<i64>>) -> u16 {
        let Some(at) = given else { return PORT };
        match u16::try_from(at.value) {
            Ok(port) if port == 0 || port >= 1024 => port,
            _ => {
                let reason = format!("{} is not a port this can listen on", at.value);
                self.wrong(&at, reason, "Write a number from 1024 to 65535, or 0 for any free one");
                PORT
            }
        }
    }

    fn providers(&mut self, raw: Vec<RawProvider>, port: u16) -> (Vec<Provider>, Vec<String>) {
        let mut own: Vec<Provider> = Vec::new();
        let mut written = Vec::new();
        for given in raw {
            let name = given.name.value.clone();
            // A stand-in, so that what names this provider is not reported as a mistake too.
            let checked = self.provider(given, port);
            own.push(checked.unwrap_or_else(|| stand_in(&name)));
            written.push(name);
        }
        // Presets come first, so that a bare model name goes to its vendor also when a provider
        // of the same dialect is added.
        let mut providers = Vec::new();
        for name in PRESET_NAMES {
            let place = own.iter().position(|p| p.name == name);
            let laid_over = place.map(|i| own.remove(i));
            let untouched = || preset(name).filter(|_| !written.iter().any(|w| w == name));
            providers.extend(laid_over.or_else(untouched));
        }
        providers.extend(own);
        (providers, written)
    }

    /// The commands that start servers, by provider.
    fn starts(&mut self, raw: &[RawProvider]) -> BTreeMap<String, Vec<String>> {
        let mut starts = BTreeMap::new();
        for provider in raw {
            let Some(at) = &provider.start else { continue };
            let words: Vec<String> = at.value.iter().map(|word| word.value.clone()).collect();
            if words.first().is_none_or(|program| program.trim().is_empty()) {
                let fix = "Write start = [\"llama-server\", \"-m\", \"model.gguf\"]";
                self.wrong(at, "no program to start", fix);
                continue;
            }
            starts.insert(provider.name.value.clone(), words);
        }
        starts
    }

    fn parallel(&mut self, raw: &[RawProvider]) -> BTreeMap<String, usize> {
        let mut widths = BTreeMap::new();
        for provider in raw {
            let Some(at) = &provider.parallel else { continue };
            match usize::try_from(at.value) {
                Ok(width) if (1..=PARALLEL_MAX).contains(&width) => {
                    widths.insert(provider.name.value.clone(), width);
                }
                _ => {
                    let fix = format!("Write a number from 1 to {PARALLEL_MAX}");
                    self.wrong(at, format!("{} requests side by side", at.value), fix);
                }
            }
        }
        widths
    }

    fn provider(&mut self, raw: RawProvider, port: u16) -> Option<Provider> {
        let name = raw.name.value.clone();
        if !plain_name(&name) || name == "demo" || name == LOCAL || name.starts_with("weir") {
            let fix =
                "Use lower-case letters, digits, - and _; demo, local and weir… are Weir's own";
            self.wrong(&raw.name, format!("{name:?} cannot name a provider"), fix);
            return None;
        }
        let base = preset(&name);
        let dialect = match &raw.dialect {
            Some(at) => self.one_of(at, &DIALECTS).and_then(dialect),
            None => base.as_ref().map(|b| b.dialect),
        };
        if raw.dialect.is_none() && base.is_none() {
            let fix = format!("Write dialect = \"…\", one of {}", DIALECTS.join(", "));
            let reason = format!("{name} is not a preset, so its dialect must be said");
            self.wrong(&raw.name, reason, fix);
        }
        let ollama = dialect == Some(Dialect::Ollama);
        let local =
            raw.local.as_ref().map_or(base.as_ref().map_or(ollama, |b| b.local), |l| l.value);
        let base_url = self.base_url(&raw, base.as_ref(), local, port);
        let key = match &raw.key {
            Some(at) => self.key_source(at),
            None if local => Some(KeySource::None),
            None => Some(base.as_ref().map_or(KeySource::Keychain, |b| b.key.clone())),
        };
        let (dialect, base_url, key) = (dialect?, base_url?, key?);
        let kind = match base.map(|b| b.kind) {
            Some(kind) => kind,
            None if ollama || (local && dialect == Dialect::OpenAi) => ProviderKind::LocalServer,
            None if base_url.contains("://openrouter.ai/") => ProviderKind::OpenRouter,
            None => ProviderKind::Plain,
        };
        let kind = match &raw.api {
            Some(at) => self.api(at, dialect, kind)?,
            None => kind,
        };
        Some(Provider { name, dialect, base_url, key, local, kind })
    }

    /// The one way of OpenAI's two in which this provider holds conversations.
    fn api(
        &mut self,
        at: &At<String>,
        dialect: Dialect,
        kind: ProviderKind,
    ) -> Option<ProviderKind> {
        let only = match self.one_of(at, &APIS)? {
            "responses" => ProviderKind::OnlyResponses,
            _ => ProviderKind::OnlyChat,
        };
        if dialect != Dialect::OpenAi || kind == ProviderKind::OpenRouter {
            let reason = match kind {
                ProviderKind::OpenRouter => "OpenRouter answers both of OpenAI's APIs".to_owned(),
                _ => format!("{} has one way to hold a conversation", dialect.as_str()),
            };
            let fix = "Leave api out; it belongs to providers with dialect = \"openai\"";
            self.wrong(at, reason, fix);
            return None;
        }
        Some(only)
    }

    fn base_url(
        &mut self,
        raw: &RawProvider,
        base: Option<&Provider>,
        local: bool,
        port: u16,
    ) -> Option<String> {
        let Some(at) = &raw.base_url else {
            if base.is_none() {
                let reason =
                    format!("{} is not a preset, so its address must be said", raw.name.value);
                self.wrong(&raw.name, reason, "Write base_url = \"https://…\"");
            }
            return base.map(|b| b.base_url.clone());
        };
        let trimmed = at.value.trim_end_matches('/');
        match url::check(trimmed, local, port) {
            Ok(_) => Some(trimmed.to_owned()),
            Err(refused) => {
                self.wrong(at, refused.reason, refused.fix);
                None
            }
        }
    }

    fn key_source(&mut self, at: &At<String>) -> Option<KeySource> {
        match at.value.as_str() {
            "keychain" => Some(KeySource::Keychain),
            "passthrough" => Some(KeySource::Passthrough),
            "none" => Some(KeySource::None),
            other => {
                let variable = other.strip_prefix("env:").filter(|v| {
                    let name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                    !v.is_empty() && v.bytes().all(name)
                });
                if variable.is_none() {
                    // The value is not repeated: somebody may have written the key itself here.
                    let fix = "Write keychain, env:NAME, passthrough or none; a key itself is stored \
                               with weir key set and never written in this file";
                    self.wrong(at, "not a place a key comes from", fix);
                }
                variable.map(|v| KeySource::Env(v.to_owned()))
            }
        }
    }

    pub(super) fn one_of<'a>(&mut self, at: &'a At<String>, known: &[&str]) -> Option<&'a str> {
        if known.contains(&at.value.as_str()) {
            return Some(&at.value);
        }
        let fix = match nearest(&at.value, known) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("Write one of {}", known.join(", ")),
        };
        self.wrong(at, format!("{:?} is not known here", at.value), fix);
        None
    }

    pub(super) fn chain(&mut self, routes: &[At<String>], providers: &[Provider]) -> Vec<Route> {
        routes.iter().filter_map(|r| self.route(r, providers)).collect()
    }

    pub(super) fn route(&mut self, at: &At<String>, providers: &[Provider]) -> Option<Route> {
        if at.value == LOCAL {
            return Some(any_local());
        }
        let Some(route) = split(&at.value) else {
            let reason = format!("{:?} is not a model at a provider", at.value);
            self.wrong(at, reason, "Write provider/model, such as anthropic/claude-haiku-4-5");
            return None;
        };
        if providers.iter().any(|p| p.name == route.provider) {
            return Some(route);
        }
        let known: Vec<&str> = providers.iter().map(|p| p.name.as_str()).collect();
        let fix = match nearest(&route.provider, &known) {
            Some(near) => format!("Did you mean {near}/{}?", route.model),
            None => {
                format!("Add [providers.{}], or use one of {}", route.provider, known.join(", "))
            }
        };
        self.wrong(at, format!("no provider is called {:?}", route.provider), fix);
        None
    }

    pub(super) fn count(&mut self, at: &At<i64>) -> Option<u64> {
        let count = u64::try_from(at.value).ok();
        if count.is_none() {
            self.wrong(at, "below zero", "Write 0 or more");
        }
        count
    }
}

/// Never in force: there is a problem when one is needed.
fn stand_in(name: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        dialect: Dialect::OpenAi,
        base_url: String::new(),
        key: KeySource::None,
        local: false,
        kind: ProviderKind::Plain,
    }
}

fn plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(plain)
}

pub(super) fn split(route: &str) -> Option<Route> {
    let (provider, model) = route.split_once('/')?;
    let whole = !provider.is_empty() && !model.is_empty() && !model.contains(char::is_whitespace);
    whole.then(|| Route { provider: provider.into(), model: model.into() })
}

fn dialect(name: &str) -> Option<Dialect> {
    [Dialect::Anthropic, Dialect::OpenAi, Dialect::Gemini, Dialect::Ollama]
        .into_iter()
        .find(|d| d.as_str() == name)
}
