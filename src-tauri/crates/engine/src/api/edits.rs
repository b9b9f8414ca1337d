//! Changes of config.toml that the window makes: what they are, and what they come to.
//! Owns their JSON. What is written is judged by the same check as a file written by hand.

use super::{ConfigProblem, TierChains};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use weir_core::Money;

/// What a rule is for, as it is written; null matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct RuleWhen {
    /// The tool.
    pub client: Option<String>,
    /// `main`, `subagent`, `compaction` or `auxiliary`.
    pub class: Option<String>,
    /// The model as the client names it; `*` for any text, `?` for one character.
    pub model: Option<String>,
    /// The task.
    pub task: Option<String>,
    /// `low`, `medium` or `high`.
    pub tier: Option<String>,
    /// The category.
    pub category: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// Prompts above this many tokens.
    pub tokens_over: Option<u64>,
}

/// A rule, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// What it is for.
    pub when: RuleWhen,
    /// Where it leads: a tier alone, or a chain.
    pub leads: Vec<String>,
}

/// Tiers, mode and rules, as the file in use has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoutingText {
    /// The file.
    pub file: String,
    /// `honour`, `tiered`, `local-first` or `shadow`.
    pub mode: String,
    /// The chains; `local` stands for whatever local model is there.
    pub tiers: TierChains,
    /// The rules, first match wins.
    pub rules: Vec<RuleText>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConfigEdit {
    /// The chain of a tier.
    Tier {
        /// `low`, `medium` or `high`.
        tier: String,
        /// Its links, in the order they are tried.
        chain: Vec<String>,
    },
    /// The mode of routing.
    Mode {
        /// `honour`, `tiered`, `local-first` or `shadow`.
        mode: String,
    },
    /// A rule behind all others.
    AddRule {
        /// The rule.
        rule: RuleText,
    },
    /// Another rule in a rule's place.
    ChangeRule {
        /// Its place, from 0.
        at: u32,
        /// The rule.
        rule: RuleText,
    },
    /// A rule to another place.
    MoveRule {
        /// Its place, from 0.
        from: u32,
        /// The place it comes to.
        to: u32,
    },
    /// No such rule any more.
    RemoveRule {
        /// Its place, from 0.
        at: u32,
    },
    /// A budget, new or changed; what is null stays as it is, or the default.
    Budget {
        /// Its name.
        name: String,
        /// `day`, `week` or `month`.
        period: Option<String>,
        /// Its limit in dollars.
        #[ts(as = "Option<String>")]
        limit_usd: Option<Money>,
        /// Its limit in tokens.
        limit_tokens: Option<u64>,
        /// `notify`, `downgrade`, `local` or `block`.
        at_limit: Option<String>,
    },
    /// No such budget any more.
    RemoveBudget {
        /// Its name.
        name: String,
    },
    /// The port.
    Port {
        /// 0 for any free one.
        port: u16,
    },
}

/// What changes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConfigChange {
    /// The file.
    pub file: String,
    /// What tells the text that was edited from a later one; writing asks for it.
    pub of: String,
    /// The lines that change, `-` before and `+` after.
    pub diff: String,
    /// Everything that would be wrong; nothing is written then.
    pub problems: Vec<ConfigProblem>,
    /// Whether it is written and in force.
    pub written: bool,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}
