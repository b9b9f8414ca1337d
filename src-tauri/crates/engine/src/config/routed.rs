//! What the configuration says of routing: the mode, rules, models named for tasks, and the link
//! `local` of a chain, which stands for whatever local model is there.

use super::check::{Judge, TIERS};
use super::raw::{RawOpinion, RawRule, RawWhen};
use super::read::At;
use super::{Mode, Rule, SecondOpinion, Use, When};
use weir_core::route::{Provider, Route, Tier};
use weir_core::{Class, Task};

/// The link of a chain that stands for whatever local model is there.
pub const LOCAL: &str = "local";

/// A judgement less sure than this gets a second opinion, in thousandths, where one is configured.
pub const OPINION_BELOW: u16 = 600;

/// That link as a route; `routing` puts what was found in its place.
pub fn any_local() -> Route {
    Route { provider: LOCAL.into(), model: "auto".into() }
}

impl Judge {
    pub(super) fn mode(&mut self, given: Option<At<String>>) -> Mode {
        let Some(at) = given else { return Mode::Honour };
        self.one_of(&at, &Mode::NAMES).and_then(Mode::parse).unwrap_or_default()
    }

    /// The mode that shadow plans by: one that acts.
    pub(super) fn shadow_of(&mut self, given: Option<At<String>>) -> Mode {
        let Some(at) = given else { return Mode::Tiered };
        self.one_of(&at, &["tiered", "local-first"]).and_then(Mode::parse).unwrap_or(Mode::Tiered)
    }

    pub(super) fn second_opinion(
        &mut self,
        given: Option<RawOpinion>,
        providers: &[Provider],
    ) -> Option<SecondOpinion> {
        let raw = given?;
        if raw.model.is_none() {
            let fix = "Write second_opinion = { model = \"ollama/qwen3:4b\", below = 0.6 }";
            self.wrong(&raw.here, "model is missing", fix);
        }
        let route = self.route(&raw.model?, providers)?;
        Some(SecondOpinion { route, below: raw.below.map_or(OPINION_BELOW, |at| at.value) })
    }

    pub(super) fn task_models(
        &mut self,
        given: Vec<(String, At<String>)>,
        providers: &[Provider],
    ) -> Vec<(Task, Route)> {
        let known: Vec<&str> = Task::ALL.iter().map(|task| task.as_str()).collect();
        let mut models = Vec::new();
        for (name, at) in given {
            let named = At { value: name, line: at.line, key: at.key.clone() };
            let task = self.one_of(&named, &known).and_then(Task::parse);
            let route = self.route(&at, providers);
            models.extend(task.zip(route));
        }
        models
    }

    pub(super) fn rule(&mut self, raw: RawRule, providers: &[Provider]) -> Option<Rule> {
        let when = self.when(raw.when);
        let Some(target) = raw.use_ else {
            self.wrong(
                &raw.here,
                "leads nowhere",
                "Write use = \"low\", or use = [\"provider/model\"]",
            );
            return None;
        };
        let target = match &target.value[..] {
            [one] if Tier::parse(&one.value).is_some() => Tier::parse(&one.value).map(Use::Tier),
            [] => {
                self.wrong(&target, "an empty chain", "Name a tier or at least one provider/model");
                None
            }
            [one] if !one.value.contains('/') && one.value != LOCAL => {
                self.one_of(one, &TIERS);
                None
            }
            chain => Some(Use::Chain(self.chain(chain, providers))),
        };
        Some(Rule { when, target: target? })
    }

    pub(super) fn when(&mut self, raw: RawWhen) -> When {
        let tasks: Vec<&str> = Task::ALL.iter().map(|task| task.as_str()).collect();
        let mut named = |at: &Option<At<String>>, known: &[&str]| {
            at.as_ref().and_then(|at| self.one_of(at, known).map(str::to_owned))
        };
        let tier = named(&raw.tier, &TIERS);
        let class = named(&raw.class, &Class::NAMES);
        let task = named(&raw.task, &tasks);
        let text = |at: Option<At<String>>| at.map(|at| at.value);
        When {
            client: text(raw.client),
            class: class.as_deref().and_then(Class::parse),
            model: text(raw.model),
            task: task.as_deref().and_then(Task::parse),
            tier: tier.as_deref().and_then(Tier::parse),
            category: text(raw.category),
            project: text(raw.project),
            tokens_over: raw.tokens_over.and_then(|at| self.count(&at)),
        }
    }
}
