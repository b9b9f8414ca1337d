//! Where a request may go: the words routing speaks, and the plan for one request in the modules
//! below. Pure: the set-up and the request's facts in, an ordered list of candidates out, each with
//! its reason and what it is expected to cost.

mod ask;
mod below;
mod caching;
mod chain;
mod dearer;
mod expect;
mod home;
mod off;
mod only;
mod plan;
mod rule;
mod standing;
mod stay;
mod stick;

use crate::{Endpoint, Money, Task};
use serde::{Deserialize, Serialize};

pub use crate::provider::{KeySource, Provider, ProviderKind};
pub use ask::{Ask, NoQuotes, Quotes};
pub use below::below;
pub use caching::{Caching, Lately, prefix_min, would_use};
pub use expect::{expected, output_expected};
pub use home::at_home;
pub use off::Off;
pub use plan::{Plan, plan};
pub use rule::{Rule, Use, When, glob};
pub use standing::{By, Standing, Warm};
pub use stay::{Compared, compare};

/// How hard a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Formulaic.
    Low,
    /// Ordinary.
    Medium,
    /// Multi-step.
    High,
}

impl Tier {
    /// The name used in headers, configuration and the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The tier of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            _ => None,
        }
    }
}

/// `routing.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The model asked for.
    #[default]
    Honour,
    /// Classify every request.
    Tiered,
    /// Local models where they can answer.
    LocalFirst,
    /// Plan, do not act.
    Shadow,
}

impl Mode {
    /// The names, in the order they are documented.
    pub const NAMES: [&'static str; 4] = ["honour", "tiered", "local-first", "shadow"];

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "honour" => Some(Self::Honour),
            "tiered" => Some(Self::Tiered),
            "local-first" => Some(Self::LocalFirst),
            "shadow" => Some(Self::Shadow),
            _ => None,
        }
    }

    /// The name used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Honour => "honour",
            Self::Tiered => "tiered",
            Self::LocalFirst => "local-first",
            Self::Shadow => "shadow",
        }
    }
}

/// A provider and a model on it, as `provider/model`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The provider's name.
    pub provider: String,
    /// The model's name as the provider knows it.
    pub model: String,
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// Everything routing needs from the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Providers in the order they are written.
    pub providers: Vec<Provider>,
    /// Chains of the three tiers, tried in order.
    pub low: Vec<Route>,
    /// See `low`.
    pub medium: Vec<Route>,
    /// See `low`.
    pub high: Vec<Route>,
    /// How requests that name no provider are routed.
    pub mode: Mode,
    /// The mode that `shadow` plans by.
    pub shadow_of: Mode,
    /// Whether a conversation stays on its model unless a switch pays or must happen.
    pub sticky: bool,
    /// Whether a conversation moves up when a request is judged harder than its model's tier.
    pub escalate: bool,
    /// First match wins, before the mode.
    pub rules: Vec<Rule>,
    /// The model named for a task; a local one, usually.
    pub task_models: Vec<(Task, Route)>,
    /// Whether work whose answer follows from its input by rule prefers local models.
    pub rule_work_local: bool,
    /// Who is asked where triage is unsure, if anybody.
    pub second_opinion: Option<SecondOpinion>,
    /// Whether routing is paused: every request goes where it asked.
    pub paused: bool,
    /// Whether local models are switched off.
    pub local_off: bool,
    /// Local models that are switched off one by one.
    pub models_off: Vec<Route>,
    /// Whether nothing may leave the user's own machines.
    pub local_only: bool,
    /// Whether `demo` answers whatever names no provider: nothing else is set up yet.
    pub demo_answers: bool,
}

/// Who is asked for a second opinion of what a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondOpinion {
    /// The model: a cheap one, or a local one.
    pub route: Route,
    /// Asked where triage is less sure than this, in thousandths.
    pub below: u16,
}

impl Setup {
    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// The chain of a tier.
    pub fn chain(&self, tier: Tier) -> &[Route] {
        match tier {
            Tier::Low => &self.low,
            Tier::Medium => &self.medium,
            Tier::High => &self.high,
        }
    }
}

/// One way to answer a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where to.
    pub route: Route,
    /// Why, as the short code of `x-weir-reason`.
    pub reason: Reason,
    /// The model name to put in the request when it differs from the one asked for.
    pub rewrite: bool,
    /// What the provider is asked; another endpoint than the client's means translation.
    pub endpoint: Endpoint,
    /// What it is expected to cost; `None` when its price is not known.
    pub expected: Option<Money>,
}

/// Why a request goes where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The model asked for, at the provider of its dialect.
    Asked,
    /// `provider/model` named it.
    Named,
    /// The first of the tier's chain that can answer.
    Tier,
    /// A later link of the chain, after the ones before it failed.
    Fallback,
    /// The demonstration provider.
    Demo,
    /// Local models are switched off, and a local link of the chain was passed over.
    LocalOff,
    /// A local model of the chain is switched off, and was passed over.
    LocalModelOff,
    /// Only local models are in use, and what was asked for is none.
    LocalOnly,
    /// The prompt was longer than the context of the local model before it.
    LocalContext,
    /// The local server before it was busy.
    LocalBusy,
    /// The local server before it was not there.
    LocalAbsent,
    /// The local model before it does not do what is asked.
    LocalUnfit,
    /// A rule of the configuration.
    Rule,
    /// Local models are asked first.
    LocalFirst,
    /// The answer follows from the input by rule, and local models do that.
    Deterministic,
    /// The model named for this task.
    TaskModel,
    /// The conversation stays on its model.
    Kept,
    /// The conversation moved, for that pays.
    Moved,
    /// The route before it rests after failures.
    Resting,
    /// The prompt was longer than the context of the model before it.
    LargerContext,
    /// A budget is at its limit for what comes before it, and this costs less.
    BudgetCheaper,
    /// A budget is at its limit for what comes before it, and does not count this.
    BudgetOther,
    /// A budget is at its limit, and this is of the tier below.
    BudgetTier,
    /// A budget is at its limit for paid models, and this one is local.
    BudgetLocal,
    /// A subscription's window is used up, or is to last longer, and this one is local.
    Paced,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 25] = [
        Self::Asked,
        Self::Named,
        Self::Tier,
        Self::Fallback,
        Self::Demo,
        Self::LocalOff,
        Self::LocalModelOff,
        Self::LocalOnly,
        Self::LocalContext,
        Self::LocalBusy,
        Self::LocalAbsent,
        Self::LocalUnfit,
        Self::Rule,
        Self::LocalFirst,
        Self::Deterministic,
        Self::TaskModel,
        Self::Kept,
        Self::Moved,
        Self::Resting,
        Self::LargerContext,
        Self::BudgetCheaper,
        Self::BudgetOther,
        Self::BudgetTier,
        Self::BudgetLocal,
        Self::Paced,
    ];

    /// Whether a chain led there, so that others may follow.
    pub fn in_chain(self) -> bool {
        !matches!(self, Self::Asked | Self::Named | Self::Demo)
    }

    /// Whether a budget or a subscription's window put it in another's place for as long as it must:
    /// the conversation is at home where it was.
    pub fn is_makeshift(self) -> bool {
        use Reason::{BudgetCheaper, BudgetLocal, BudgetOther, BudgetTier, Paced};
        matches!(self, BudgetCheaper | BudgetOther | BudgetTier | BudgetLocal | Paced)
    }

    /// The short code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Named => "named",
            Self::Tier => "tier",
            Self::Fallback => "fallback",
            Self::Demo => "demo",
            Self::LocalOff => "local-off",
            Self::LocalModelOff => "local-model-off",
            Self::LocalOnly => "local-only",
            Self::LocalContext => "local-context",
            Self::LocalBusy => "local-busy",
            Self::LocalAbsent => "local-absent",
            Self::LocalUnfit => "local-unfit",
            Self::Rule => "rule",
            Self::LocalFirst => "local-first",
            Self::Deterministic => "deterministic",
            Self::TaskModel => "task-model",
            Self::Kept => "kept",
            Self::Moved => "moved",
            Self::Resting => "resting",
            Self::LargerContext => "larger-context",
            Self::BudgetCheaper => "budget-cheaper",
            Self::BudgetOther => "budget-other",
            Self::BudgetTier => "budget-tier",
            Self::BudgetLocal => "budget-local",
            Self::Paced => "paced",
        }
    }
}

/// Why a request has nowhere to go. `Display` is one sentence with its fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// `name/model` with a name nobody configured.
    #[error(
        "no provider is called {name}. Known: {known}. Write one of these before the slash, or add \
         [providers.{name}] to config.toml"
    )]
    UnknownProvider {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A provider that has nothing like what is asked.
    #[error("{provider} does not answer {asked}. Name a provider that does, as provider/model")]
    NotThere {
        /// The provider.
        provider: String,
        /// What is asked.
        asked: &'static str,
    },
    /// A routed model whose chain is empty.
    #[error(
        "{model} leads nowhere: the {tier} chain in [tiers] of config.toml is empty, or all it has is \
         \"local\" and no local model is there"
    )]
    EmptyTier {
        /// The routed name.
        model: String,
        /// The tier.
        tier: &'static str,
    },
    /// A chain none of whose links has what is asked.
    #[error(
        "{model} leads only to {chain}, and none of these answers {asked}. Add a model that does \
         to the {tier} chain in [tiers]"
    )]
    TierNotThere {
        /// The routed name.
        model: String,
        /// The tier.
        tier: &'static str,
        /// The chain's links.
        chain: String,
        /// What is asked.
        asked: &'static str,
    },
    /// Local models are switched off, and nothing else can answer.
    #[error("local models are switched off, and {route} is one. Switch them on: weir local on")]
    LocalOff {
        /// What was asked for.
        route: String,
    },
    /// One local model is switched off, and nothing else can answer.
    #[error("{route} is switched off. Switch it on: weir local on {route}")]
    LocalModelOff {
        /// What was asked for, as `provider/model`.
        route: String,
    },
    /// Only local models are in use, and none can answer.
    #[error(
        "only local models are in use, and none can answer {model}. Start one, or use all models \
         again: weir local on"
    )]
    LocalOnly {
        /// What was asked for.
        model: String,
    },
    /// A rule's chain none of whose links has what is asked.
    #[error(
        "a rule sends this to {chain}, and nothing there answers {asked}. Correct its use in \
         [[rules]]"
    )]
    RuleNotThere {
        /// The chain's links.
        chain: String,
        /// What is asked.
        asked: &'static str,
    },
    /// No provider can be asked.
    #[error("no provider answers {asked}. Add one to config.toml")]
    NoProvider {
        /// What is asked.
        asked: &'static str,
    },
}

/// The name of the demonstration provider.
pub const DEMO: &str = "demo";

/// The tier a routed model name stands for: `weir-low`, `claude-weir-low` and so on.
/// `Some(None)` is `weir-auto`.
pub fn routed(model: &str) -> Option<Option<Tier>> {
    let name = model.strip_prefix("claude-").unwrap_or(model);
    match name.strip_prefix("weir-")? {
        "auto" => Some(None),
        tier => Tier::parse(tier).map(Some),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod policy_tests;

#[cfg(test)]
mod stick_tests;
