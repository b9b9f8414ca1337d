//! Money as it is written: budgets, shares, caps, alerts, what local work costs. Owns what their
//! keys may say and their defaults.

use super::check::{Judge, TIERS};
use super::raw::{RawAlerts, RawBudget, RawCategories, RawPower, RawScope};
use super::read::At;
use super::url;
use crate::alerts::Settings;
use std::collections::BTreeSet;
use weir_core::Money;
use weir_core::budget::{AtLimit, Budget, Cap, Limit, Origin, Power, Scope, Shares};
use weir_core::period::Period;
use weir_core::route::Provider;

const PERIODS: [&str; 3] = ["day", "week", "month"];
const THRESHOLDS: [u8; 3] = [70, 90, 100];
/// The category of a request that names none, where it has a share.
const STANDARD: &str = "standard";
const WATTS_MAX: i64 = 100_000;

impl Judge {
    pub(super) fn budgets(&mut self, raw: Vec<RawBudget>, providers: &[Provider]) -> Vec<Budget> {
        let mut names = BTreeSet::new();
        let mut budgets = Vec::new();
        for given in raw {
            if let Some(name) = &given.name
                && !names.insert(name.value.clone())
            {
                self.wrong(name, format!("two budgets are called {:?}", name.value), "Rename one");
            }
            budgets.extend(self.budget(given, providers));
        }
        budgets
    }

    fn budget(&mut self, raw: RawBudget, providers: &[Provider]) -> Option<Budget> {
        let period = raw.period.as_ref().and_then(|at| self.one_of(at, &PERIODS)).and_then(period);
        let no_limit = raw.limit.is_none() && raw.tokens.is_none();
        for (missing, key, example) in [
            (raw.name.is_none(), "name", "name = \"week\""),
            (raw.period.is_none(), "period", "period = \"week\""),
            (no_limit, "limit_usd", "limit_usd = 5.00"),
        ] {
            // A value of the wrong type was reported where it stands.
            let reported = format!("{}.{key}", raw.here.key);
            if missing && !self.problems.iter().any(|p| p.key == reported) {
                self.wrong(&raw.here, format!("{key} is missing"), format!("Write {example}"));
            }
        }
        let limit = self.limit_of(&raw);
        let thresholds = self.thresholds(raw.thresholds);
        let at_limit = match &raw.at_limit {
            Some(at) => self.one_of(at, &AtLimit::NAMES).and_then(AtLimit::parse),
            None => Some(AtLimit::Block),
        };
        let scope = self.scope(raw.scope, providers);
        if let Some(name) = raw.name.as_ref().filter(|n| n.value.trim().is_empty()) {
            self.wrong(name, "an empty name", "Write for example name = \"week\"");
        }
        Some(Budget {
            name: raw.name?.value,
            period: period?,
            limit: limit?,
            scope,
            thresholds,
            at_limit: at_limit?,
            origin: Origin::Written,
        })
    }

    fn limit_of(&mut self, raw: &RawBudget) -> Option<Limit> {
        if let Some(limit) = raw.limit.as_ref().filter(|l| l.value <= Money::ZERO) {
            self.wrong(limit, "must be above 0", "Write for example 5.00");
        }
        let Some(tokens) = raw.tokens.as_ref() else {
            return raw.limit.as_ref().map(|limit| Limit::Usd(limit.value));
        };
        if raw.limit.is_some() {
            let fix = "Keep one of them, and write a second budget for the other";
            self.wrong(tokens, "a budget has one limit, in dollars or in tokens", fix);
        }
        match u64::try_from(tokens.value).ok().filter(|count| *count > 0) {
            Some(count) => Some(Limit::Tokens(count)),
            None => {
                self.wrong(tokens, "must be above 0", "Write for example 2000000");
                None
            }
        }
    }

    fn thresholds(&mut self, given: Option<At<Vec<i64>>>) -> Vec<u8> {
        let Some(at) = given else { return THRESHOLDS.to_vec() };
        let fit = |t: &i64| u8::try_from(*t).ok().filter(|t| (1..=100).contains(t));
        let mut thresholds: Vec<u8> = at.value.iter().filter_map(fit).collect();
        if thresholds.len() != at.value.len() {
            self.wrong(&at, "a percentage outside 1 to 100", "Write for example [70, 90, 100]");
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds
    }

    fn scope(&mut self, raw: RawScope, providers: &[Provider]) -> Scope {
        if let Some(tier) = &raw.tier {
            self.one_of(tier, &TIERS);
        }
        if let Some(provider) = &raw.provider {
            let known: Vec<&str> = providers.iter().map(|p| p.name.as_str()).collect();
            self.one_of(provider, &known);
        }
        Scope {
            provider: raw.provider.map(|a| a.value),
            model: raw.model.map(|a| a.value),
            tier: raw.tier.map(|a| a.value),
            category: raw.category.map(|a| a.value),
            client: raw.client.map(|a| a.value),
            project: raw.project.map(|a| a.value),
            session: raw.session.map(|a| a.value),
            local: raw.local.map(|a| a.value),
        }
    }

    pub(super) fn categories(&mut self, raw: RawCategories, budgets: &[Budget]) -> Option<Shares> {
        let Some(of) = raw.of else {
            self.wrong(&raw.here, "of is missing", "Write of = \"…\", the name of a budget");
            return None;
        };
        match budgets.iter().find(|b| b.name == of.value) {
            None => {
                let reason = format!("no budget is called {:?}", of.value);
                self.wrong(&of, reason, "Name one of [[budgets]]");
            }
            Some(parent) if parent.scope.category.is_some() => {
                let reason = "this budget counts one category only, so there is nothing to divide";
                self.wrong(&of, reason, "Name a budget without a category in its scope");
            }
            Some(_) => {}
        }
        let mut shares = Vec::new();
        let mut sum = 0u32;
        for (name, at) in raw.shares {
            match u8::try_from(at.value).ok().filter(|s| *s <= 100) {
                Some(share) => {
                    sum += u32::from(share);
                    shares.push((name, share));
                }
                None => self.wrong(&at, "a share outside 0 to 100", "Write a percentage"),
            }
        }
        if sum > 100 {
            let reason = format!("the shares come to {sum} percent");
            self.wrong(&raw.here, reason, "Bring them to 100 or less");
        }
        let has = |name: &str| shares.iter().any(|(category, _)| category == name);
        let default = match raw.default {
            Some(at) if !has(&at.value) => {
                let reason = format!("{:?} has no share", at.value);
                self.wrong(&at, reason, "Name one of the categories below");
                None
            }
            Some(at) => Some(at.value),
            None => has(STANDARD).then(|| STANDARD.to_owned()),
        };
        let lend = raw.lend.is_some_and(|l| l.value);
        Some(Shares { of: of.value, shares, lend, default })
    }

    pub(super) fn caps(
        &mut self,
        raw: Vec<(String, At<Money>)>,
        providers: &[Provider],
    ) -> Vec<Cap> {
        let mut caps = Vec::new();
        for (name, at) in raw {
            if at.value <= Money::ZERO {
                self.wrong(&at, "must be above 0", "Write for example 2.00, dollars a day");
            }
            // A model's own name may hold a slash; a provider's cannot.
            let named = name.split_once('/');
            let known = named.filter(|(provider, _)| providers.iter().any(|p| p.name == *provider));
            let (provider, model) = match known {
                Some((provider, model)) => (Some(provider.to_owned()), model),
                None => (None, name.as_str()),
            };
            if model.is_empty() || model.contains(char::is_whitespace) {
                let fix = "Write \"anthropic/claude-opus-4-5\" = 2.00";
                self.wrong(&at, format!("{name:?} is no model"), fix);
                continue;
            }
            caps.push(Cap { provider, model: model.to_owned(), daily: at.value });
        }
        caps
    }

    pub(super) fn alerts(&mut self, raw: Option<RawAlerts>, port: u16) -> Settings {
        let Some(raw) = raw else { return Settings::default() };
        let webhook = raw.webhook.and_then(|at| match url::check(&at.value, false, port) {
            Ok(_) => Some(at.value),
            Err(refused) => {
                self.wrong(&at, refused.reason, "Write https://…, or http:// to this machine");
                None
            }
        });
        let command: Vec<String> = match &raw.command {
            None => Vec::new(),
            Some(at) => {
                let words: Vec<String> = at.value.iter().map(|word| word.value.clone()).collect();
                if words.first().is_none_or(|program| program.trim().is_empty()) {
                    self.wrong(at, "no program to start", "Write command = [\"notify-me\"]");
                }
                words
            }
        };
        Settings { desktop: raw.desktop.is_none_or(|d| d.value), webhook, command }
    }

    pub(super) fn power(&mut self, raw: RawPower) -> Option<Power> {
        let (Some(watts), Some(kwh)) = (&raw.watts, &raw.kwh) else {
            let fix = "Write watts = 120 and kwh_usd = 0.30";
            self.wrong(&raw.here, "local work costs watts times a price, and one is missing", fix);
            return None;
        };
        if kwh.value < Money::ZERO {
            self.wrong(kwh, "below zero", "Write for example 0.30");
        }
        match u32::try_from(watts.value).ok().filter(|_| (0..=WATTS_MAX).contains(&watts.value)) {
            Some(watts) => Some(Power { watts, kwh: kwh.value }),
            None => {
                let reason = format!("{} watts is no machine", watts.value);
                self.wrong(watts, reason, format!("Write 0 to {WATTS_MAX}"));
                None
            }
        }
    }
}

fn period(name: &str) -> Option<Period> {
    [Period::Day, Period::Week, Period::Month].into_iter().find(|p| p.as_str() == name)
}
