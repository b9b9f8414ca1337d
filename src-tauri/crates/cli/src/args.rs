//! The command line as it is typed: every command, flag and example.
//! Owns names, defaults and help; wrong usage ends here with exit code 2.

mod budget;
mod local;
mod profile;
mod report;
mod tools;
mod tunnel;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use weir_engine::api::{By, Dialect, RequestId, Span};

pub use budget::{Budget, BudgetLift, BudgetSet, CostAlert, Import, Reconcile, scope};
pub use local::Local;
pub use profile::Profile;
pub use report::ReportArgs;
pub use tools::{Connect, Disconnect, Run};
pub use tunnel::{ProviderName, Tunnel, TunnelStart};

/// A metered gateway on this machine for the language models your tools use.
#[derive(Debug, Parser)]
#[command(
    name = "weir",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Example:\n  weir client add claude-code && weir serve"
)]
pub struct Weir {
    /// The folder that holds configuration, ledger and control socket [env: WEIR_HOME]
    #[arg(long, value_name = "DIR", global = true)]
    pub home: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run headless in the foreground
    #[command(after_help = "Example:\n  weir serve --port 9400")]
    Serve(Serve),
    /// Show the engine, spend against each budget, providers and local servers
    #[command(
        after_help = "Exit code 1 when no engine runs.\n\nExample:\n  weir status --json | jq .port"
    )]
    Status(Json),
    /// Check the whole set-up, each fault with its fix
    #[command(after_help = "Exit code 1 when a check fails.\n\nExample:\n  weir doctor")]
    Doctor(Checkup),
    /// Show what was spent
    #[command(subcommand, after_help = "Example:\n  weir cost breakdown --period month --by model")]
    Cost(Cost),
    /// Limits on what may be spent
    #[command(
        subcommand,
        after_help = "Example:\n  weir budget set week --period week --limit 5.00"
    )]
    Budget(Budget),
    /// Take over what a tool's own session logs tell of past requests; nothing is taken twice
    #[command(after_help = "Example:\n  weir import claude-code")]
    Import(Import),
    /// Compare a provider's own usage report with the ledger, per day and model
    #[command(
        after_help = "Needs an administrator's key: weir key set anthropic-admin\n\nExample:\n  weir reconcile anthropic --month 2026-11"
    )]
    Reconcile(Reconcile),
    /// Write a month as one page: HTML, or a picture
    #[command(after_help = "Example:\n  weir report --month 2026-11 --out november.html")]
    Report(ReportArgs),
    /// List requests, the newest first
    #[command(after_help = "Example:\n  weir log --since 7d --limit 100")]
    Log(Log),
    /// Tell one request's whole decision in plain words
    #[command(after_help = "Example:\n  weir explain last")]
    Explain(Explain),
    /// Providers' keys in the system's keychain
    #[command(subcommand, after_help = "Example:\n  pass show anthropic | weir key set anthropic")]
    Key(Key),
    /// Tokens for the tools that may call
    #[command(
        subcommand,
        after_help = "Example:\n  export ANTHROPIC_AUTH_TOKEN=$(weir client add claude-code)"
    )]
    Client(Client),
    /// Point a tool at Weir by editing its own settings; without a tool, list them
    #[command(
        after_help = "Only Weir's keys are changed, and every change can be taken back.\n\nExample:\n  weir connect claude-code"
    )]
    Connect(Connect),
    /// Put a tool's settings back as they were; needs no engine
    #[command(after_help = "Example:\n  weir disconnect claude-code")]
    Disconnect(Disconnect),
    /// Put every tool's settings back as they were; needs no engine and no good configuration
    #[command(after_help = "Example:\n  weir restore")]
    Restore(Json),
    /// Start a tool pointed at Weir by its environment alone; no file is touched
    #[command(
        after_help = "Exit code: the tool's own.\n\nExample:\n  weir run claude-code -- -p hello"
    )]
    Run(Run),
    /// Show where a request would go, without sending it
    #[command(subcommand, after_help = "Example:\n  weir route test body.json")]
    Route(Route),
    /// List every model that can be asked for
    #[command(after_help = "Example:\n  weir models --json | jq -r '.[].id'")]
    Models(Json),
    /// Local servers and their models
    #[command(subcommand, after_help = "Example:\n  weir local load ollama/qwen3:8b")]
    Local(Local),
    /// Prices of models
    #[command(subcommand, after_help = "Example:\n  weir price show claude-sonnet-4-5")]
    Price(Price),
    /// Show or check the configuration
    #[command(subcommand, after_help = "Example:\n  weir config check ./config.toml")]
    Config(Config),
    /// Named configurations, such as work, private and offline
    #[command(subcommand, after_help = "Example:\n  weir profile use work")]
    Profile(Profile),
    /// The separate listener for Cursor, whose servers must reach it from outside
    #[command(
        subcommand,
        after_help = "Off until it is started, and off again after 8 hours or a restart.\n\nExample:\n  weir tunnel start --provider tailscale --host laptop.tail1234.ts.net"
    )]
    Tunnel(Tunnel),
    /// Write the ledger to stdout, the oldest request first
    #[command(
        after_help = "Example:\n  weir export --format csv --since 2026-11-01 > november.csv"
    )]
    Export(Export),
    /// Show what past traffic would have cost under another configuration
    #[command(
        after_help = "Needs no bodies: lengths, tasks and cache use are in the ledger.\n\nExample:\n  weir simulate --since 30d --config ./tiered.toml"
    )]
    Simulate(Simulate),
}

/// `weir simulate`
#[derive(Debug, Args)]
pub struct Simulate {
    /// Only since then: 30d, 24h, 2w, a day such as 2026-11-01, or RFC 3339
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    pub since: String,
    /// The other configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    #[command(flatten)]
    pub json: Json,
}

/// `weir doctor`
#[derive(Debug, Args)]
pub struct Checkup {
    /// Make a damaged ledger whole again from what can be read of it, and keep a copy
    #[arg(long)]
    pub salvage: bool,
    #[command(flatten)]
    pub json: Json,
}

/// Whether to print JSON.
#[derive(Clone, Copy, Debug, Args)]
pub struct Json {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `weir serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// The port on 127.0.0.1 and ::1, instead of the configured one; 0 picks a free one
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
}

/// `weir cost`
#[derive(Debug, Subcommand)]
pub enum Cost {
    /// Requests, tokens by kind, spent, saved, local share
    #[command(after_help = "Example:\n  weir cost summary --period month")]
    Summary {
        /// The time covered, in local calendar time up to now
        #[arg(long, value_enum, default_value = "week")]
        period: PeriodName,
        #[command(flatten)]
        json: Json,
    },
    /// The same in groups
    #[command(after_help = "Example:\n  weir cost breakdown --period week --by client")]
    Breakdown {
        /// The time covered, in local calendar time up to now
        #[arg(long, value_enum, default_value = "week")]
        period: PeriodName,
        /// What to group by
        #[arg(long, value_enum, default_value = "model")]
        by: ByName,
        #[command(flatten)]
        json: Json,
    },
    /// What shadow mode would have sent elsewhere, and what that would have saved
    #[command(
        after_help = "Plans are made while [routing] mode is \"shadow\".\n\nExample:\n  weir cost shadow --period day"
    )]
    Shadow {
        /// The time covered, in local calendar time up to now
        #[arg(long, value_enum, default_value = "week")]
        period: PeriodName,
        #[command(flatten)]
        json: Json,
    },
    /// Be told when spend reaches an amount; nothing is stopped
    #[command(after_help = "Example:\n  weir cost alert --threshold 5.00 --period week")]
    Alert(CostAlert),
}

/// `weir log`
#[derive(Debug, Args)]
pub struct Log {
    /// Requests at most
    #[arg(long, value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Only since then: 7d, 24h, 30m, 2w, a day such as 2026-11-01, or RFC 3339
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Go on with requests as they end; needs a running engine
    #[arg(long)]
    pub follow: bool,
    #[command(flatten)]
    pub json: Json,
}

/// `weir explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The request's id, as x-weir-request-id or `weir log` shows it, or `last`
    #[arg(value_name = "REQUEST_ID", value_parser = which)]
    pub request: Which,
    #[command(flatten)]
    pub json: Json,
}

/// A request by name.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// The newest.
    Last,
    /// That one.
    One(RequestId),
}

fn which(text: &str) -> Result<Which, String> {
    match text {
        "last" => Ok(Which::Last),
        id => id.parse().map(Which::One).map_err(|e: weir_engine::api::BadRequestId| e.to_string()),
    }
}

/// `weir key`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Store a key, read from stdin or a hidden prompt
    #[command(after_help = "Example:\n  weir key set anthropic")]
    Set {
        /// The provider, as the configuration names it
        provider: String,
    },
    /// Show which providers have a key
    #[command(after_help = "Example:\n  weir key list")]
    List(Json),
    /// Remove a key
    #[command(after_help = "Example:\n  weir key rm anthropic")]
    Rm {
        /// The provider, as the configuration names it
        provider: String,
    },
    /// Ask a provider whether it accepts its key; costs nothing
    #[command(after_help = "Example:\n  weir key test anthropic")]
    Test {
        /// The provider, as the configuration names it
        provider: String,
        #[command(flatten)]
        json: Json,
    },
}

/// `weir client`
#[derive(Debug, Subcommand)]
pub enum Client {
    /// Make a token for a tool; printed once, as the only line on stdout
    #[command(
        after_help = "Example:\n  export ANTHROPIC_AUTH_TOKEN=$(weir client add claude-code)"
    )]
    Add {
        /// The tool's name, as the ledger shall show it
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Show the tools that may call
    #[command(after_help = "Example:\n  weir client list")]
    List(Json),
    /// Take a tool's token back
    #[command(after_help = "Example:\n  weir client rm claude-code")]
    Rm {
        /// The tool's name
        name: String,
    },
}

/// `weir route`
#[derive(Debug, Subcommand)]
pub enum Route {
    /// Plan a request body without sending it
    #[command(
        after_help = "Example:\n  echo '{\"model\":\"weir-low\",\"messages\":[]}' | weir route test --dialect openai"
    )]
    Test {
        /// The body; stdin without it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The body's dialect; guessed from the body without it
        #[arg(long, value_enum)]
        dialect: Option<DialectName>,
        /// One body a line in, one result a line out, in the same order
        #[arg(long)]
        jsonl: bool,
        #[command(flatten)]
        json: Json,
    },
}

/// `weir price`
#[derive(Debug, Subcommand)]
pub enum Price {
    /// Show the price rows of a model
    #[command(after_help = "Example:\n  weir price show claude-sonnet-4-5")]
    Show {
        /// The model, alone or as provider/model
        model: String,
        #[command(flatten)]
        json: Json,
    },
    /// Show what a usage block costs, to the nano-dollar
    #[command(
        after_help = "Example:\n  weir price cost --model claude-sonnet-4-5 --usage '{\"input\":1000,\"output\":200}'"
    )]
    Cost {
        /// The model, alone or as provider/model
        #[arg(long)]
        model: String,
        /// The usage, as a provider reports it or in Weir's own form
        #[arg(long, value_name = "JSON", value_parser = usage)]
        usage: serde_json::Value,
        /// The price of that moment: a day, RFC 3339, or an age such as 30d
        #[arg(long, value_name = "DATE")]
        at: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Take over a newer price table, checked whole before it replaces the old one
    #[command(after_help = "Example:\n  weir price update ./prices.json")]
    Update {
        /// The table
        file: PathBuf,
        #[command(flatten)]
        json: Json,
    },
}

fn usage(text: &str) -> Result<serde_json::Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ serde_json::Value::Object(_)) => Ok(value),
        Ok(_) => Err("expected a JSON object, such as {\"input\":1000,\"output\":200}".into()),
        Err(problem) => Err(format!("not JSON: {problem}")),
    }
}

/// `weir config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// The configuration in force with every default
    #[command(after_help = "Example:\n  weir config show > config.toml")]
    Show(Json),
    /// Every problem of a file at once
    #[command(
        after_help = "Exit code 1 when there is a problem.\n\nExample:\n  weir config check ./config.toml"
    )]
    Check {
        /// The file; the configuration in use without it
        file: Option<PathBuf>,
        #[command(flatten)]
        json: Json,
    },
}

/// `weir export`
#[derive(Debug, Args)]
pub struct Export {
    /// The form
    #[arg(long, value_enum)]
    pub format: Format,
    /// Only since then: 7d, 24h, 30m, 2w, a day such as 2026-11-01, or RFC 3339
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line a request, for a spreadsheet
    Csv,
    /// A list of what `weir log --json` shows
    Json,
}

/// `--period`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PeriodName {
    Day,
    Week,
    Month,
    All,
}

impl From<PeriodName> for Span {
    fn from(name: PeriodName) -> Self {
        match name {
            PeriodName::Day => Self::Day,
            PeriodName::Week => Self::Week,
            PeriodName::Month => Self::Month,
            PeriodName::All => Self::All,
        }
    }
}

/// `--by`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ByName {
    Provider,
    Model,
    Task,
    Tier,
    Category,
    Client,
    Project,
    Session,
    Day,
}

impl From<ByName> for By {
    fn from(name: ByName) -> Self {
        match name {
            ByName::Provider => Self::Provider,
            ByName::Model => Self::Model,
            ByName::Task => Self::Task,
            ByName::Tier => Self::Tier,
            ByName::Category => Self::Category,
            ByName::Client => Self::Client,
            ByName::Project => Self::Project,
            ByName::Session => Self::Session,
            ByName::Day => Self::Day,
        }
    }
}

/// `--dialect`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialectName {
    Anthropic,
    #[value(name = "openai")]
    OpenAi,
    Gemini,
    Ollama,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Anthropic => Self::Anthropic,
            DialectName::OpenAi => Self::OpenAi,
            DialectName::Gemini => Self::Gemini,
            DialectName::Ollama => Self::Ollama,
        }
    }
}

#[cfg(test)]
mod tests;
