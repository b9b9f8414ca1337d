//! `weir budget`, `weir import` and `weir reconcile` as they are typed.

use super::Json;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use weir_engine::api::{Money, Scope};

/// `weir budget`
#[derive(Debug, Subcommand)]
pub enum Budget {
    /// Show every budget: where it stands, what it does at its limit, when it starts anew
    #[command(after_help = "Example:\n  weir budget list --json | jq '.[].percent'")]
    List(Json),
    /// Write a budget to config.toml, or change what is named of one that is there
    #[command(
        after_help = "Example:\n  weir budget set week --period week --limit 5.00 --at-limit local"
    )]
    Set(BudgetSet),
    /// Take a budget out of config.toml
    #[command(after_help = "Example:\n  weir budget rm week")]
    Rm {
        /// Its name
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Raise a limit, or go local, for a time; it ends by itself, also after a restart
    #[command(after_help = "Example:\n  weir budget lift week --for 1h --by 2.00")]
    Lift(BudgetLift),
}

/// `weir budget set`
#[derive(Debug, Args)]
pub struct BudgetSet {
    /// Its name
    pub name: String,
    /// The time after which it starts anew, in local calendar time
    #[arg(long, value_enum)]
    pub period: Option<WindowName>,
    /// Its limit in dollars
    #[arg(long, value_name = "USD", value_parser = money, conflicts_with = "tokens",
        allow_negative_numbers = true)]
    pub limit: Option<Money>,
    /// Its limit in tokens instead, cached ones included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub tokens: Option<u64>,
    /// What it counts: provider, model, tier, category, client, project, session or local; more
    /// than one must agree
    #[arg(long, value_name = "KEY=VALUE")]
    pub scope: Vec<String>,
    /// Percentages at which you are told
    #[arg(long, value_name = "N,N", value_delimiter = ',',
        value_parser = clap::value_parser!(u8).range(1..=100))]
    pub thresholds: Vec<u8>,
    /// What happens at the limit
    #[arg(long, value_enum)]
    pub at_limit: Option<AtLimitName>,
    #[command(flatten)]
    pub json: Json,
}

/// `weir budget lift`
#[derive(Debug, Args)]
pub struct BudgetLift {
    /// Its name
    pub name: String,
    /// For how long: 30m, 1h, 2d; until the end of the day without it
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    pub for_s: Option<u64>,
    /// By how many dollars; by its own limit without it
    #[arg(long, value_name = "USD", value_parser = money, allow_negative_numbers = true)]
    pub by: Option<Money>,
    /// By how many tokens, for a budget of tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub by_tokens: Option<u64>,
    /// Not raised: only local models for that time, however much is left
    #[arg(long, conflicts_with_all = ["by", "by_tokens"])]
    pub local: bool,
    /// End what was changed for a time
    #[arg(long, conflicts_with_all = ["for_s", "by", "by_tokens", "local"])]
    pub end: bool,
    #[command(flatten)]
    pub json: Json,
}

/// `weir cost alert`
#[derive(Debug, Args)]
pub struct CostAlert {
    /// The amount you want to be told of, in dollars
    #[arg(long, value_name = "USD", value_parser = money, allow_negative_numbers = true)]
    pub threshold: Money,
    /// The time after which it starts anew, in local calendar time
    #[arg(long, value_enum, default_value = "week")]
    pub period: WindowName,
    /// What it counts: provider, model, tier, category, client, project, session or local
    #[arg(long, value_name = "KEY=VALUE")]
    pub scope: Vec<String>,
    #[command(flatten)]
    pub json: Json,
}

/// `weir import`
#[derive(Debug, Args)]
pub struct Import {
    /// Whose session logs
    #[arg(value_enum)]
    pub tool: ToolName,
    /// The folder of its logs, instead of the tool's own
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// A subscription paid for it: count requests and tokens, and no dollars
    #[arg(long)]
    pub paid_by_plan: bool,
    #[command(flatten)]
    pub json: Json,
}

/// `weir reconcile`
#[derive(Debug, Args)]
pub struct Reconcile {
    /// The provider: anthropic, openai or openrouter
    pub provider: String,
    /// The month, as 2026-11; this one without it
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

/// A tool whose logs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ToolName {
    ClaudeCode,
    Codex,
}

/// `--period` of a budget
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WindowName {
    Day,
    Week,
    Month,
}

/// `--at-limit`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AtLimitName {
    Notify,
    Downgrade,
    Local,
    Block,
}

impl ToolName {
    /// The name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }
}

impl WindowName {
    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl AtLimitName {
    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Downgrade => "downgrade",
            Self::Local => "local",
            Self::Block => "block",
        }
    }
}

fn money(text: &str) -> Result<Money, String> {
    let amount = text.trim().trim_start_matches('$').parse::<Money>().map_err(|e| e.to_string())?;
    if amount > Money::ZERO { Ok(amount) } else { Err("must be above 0, such as 5.00".into()) }
}

/// `30m`, `1h`, `2d`, `90s` in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let unit =
        |c| [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)].into_iter().find(|u| u.0 == c);
    let last = text.chars().last().and_then(unit);
    let number = last.and_then(|(c, _)| text.strip_suffix(c)?.parse::<u64>().ok());
    match (number, last) {
        (Some(n), Some((_, s))) if n > 0 => n.checked_mul(s).ok_or_else(|| "too long".into()),
        _ => Err("write a number and s, m, h or d, such as 1h".into()),
    }
}

/// A scope from `key=value`, each key once.
///
/// # Errors
/// What is wrong with one of them.
pub fn scope(pairs: &[String]) -> Result<Scope, String> {
    let mut scope = Scope::default();
    for pair in pairs {
        let (key, value) = pair
            .split_once('=')
            .filter(|(_, value)| !value.is_empty())
            .ok_or_else(|| format!("--scope {pair}: write key=value, such as client=codex"))?;
        if scope.texts().iter().any(|(known, set)| *known == key && set.is_some())
            || key == "local" && scope.local.is_some()
        {
            return Err(format!(
                "--scope {pair}: {key} is named twice. A budget counts one of them"
            ));
        }
        let place = match key {
            "provider" => &mut scope.provider,
            "model" => &mut scope.model,
            "tier" => &mut scope.tier,
            "category" => &mut scope.category,
            "client" => &mut scope.client,
            "project" => &mut scope.project,
            "session" => &mut scope.session,
            "local" => {
                scope.local =
                    Some(value.parse().map_err(|_| format!("--scope {pair}: true or false"))?);
                continue;
            }
            _ => {
                let known = Scope::KEYS.join(", ");
                return Err(format!("--scope {pair}: {key} is none of {known}"));
            }
        };
        *place = Some(value.to_owned());
    }
    Ok(scope)
}
