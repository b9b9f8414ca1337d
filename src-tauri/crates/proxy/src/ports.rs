//! What the data path asks of the world around it; the engine fills these in.
//! Everything here is called on a request's path, so each says how long it may take.

use crate::secret::Secret;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::Notify;
use weir_core::Usage;
use weir_core::budget::{AtLimit, Ladder, Pace};
use weir_core::route::{Lately, Reason, Route, Setup, Tier};
use weir_core::{Decision, Endpoint, Failover, Metered, Money, Outcome, Pricing, RequestId, Task};

/// The ports of one proxy.
#[derive(Clone)]
pub struct Ports {
    /// Reservations and settlements.
    pub books: Arc<dyn Books>,
    /// Tokens of tools.
    pub gate: Arc<dyn Gate>,
    /// Keys of providers.
    pub keys: Arc<dyn Keys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub routes: Arc<dyn Routes>,
    /// Who listens to live requests.
    pub events: Arc<dyn Events>,
    /// What is known of local servers.
    pub locals: Arc<dyn Locals>,
}

/// The only clock of the data path.
pub trait Clock: Send + Sync {
    /// Unix time in milliseconds.
    fn unix_ms(&self) -> i64;
    /// Nanoseconds on a clock that never goes back; only differences mean anything.
    fn monotonic_ns(&self) -> u64;
}

/// The set-up in force; swapped whole when the configuration changes.
pub trait Routes: Send + Sync {
    /// The set-up. Returns at once.
    fn setup(&self) -> Arc<Setup>;
    /// Every model that can be asked for by name, for the model lists. Returns at once.
    fn models(&self) -> Vec<Listed>;
    /// What a usage would cost on a route, today; `None` when no price is known. Returns at once.
    fn cost(&self, _: &Route, _: &Usage) -> Option<Money> {
        None
    }
    /// The settings of fail-over. Returns at once.
    fn failover(&self) -> Arc<Failover> {
        Arc::default()
    }
    /// How many tokens of prompt and answer a model takes, where that is known. Asked only when a
    /// prompt was too long for another.
    fn window(&self, _: &Route) -> Option<u64> {
        None
    }
}

/// One line of a model list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name to ask for, `provider/model` or a bare name.
    pub id: String,
    /// Who answers.
    pub provider: String,
    /// Its dialect; lists of one dialect show what can be asked through it.
    pub dialect: weir_core::Dialect,
    /// Context window in tokens, where known.
    pub context: Option<u64>,
}

/// What is known of a model on a local server. What is not known is `None` or `false`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalModel {
    /// Why its server cannot answer, when it was not there a moment ago.
    pub absent: Option<String>,
    /// Whether nobody has looked at its server yet, so that nothing here says anything of it.
    pub unseen: bool,
    /// Whether its server answers and is still reading the model into memory.
    pub loading: bool,
    /// Why nothing may be sent there: what answers is not the server it was.
    pub stranger: Option<String>,
    /// The context it is loaded with, in tokens; `None` while it is not in memory.
    pub context: Option<u64>,
    /// The longest context it can be loaded with, in tokens.
    pub context_max: Option<u64>,
    /// Whether a request in its server's own dialect can say the context it is loaded with.
    pub sized: bool,
    /// Whether its server answers a prompt that is too long with an error. Others cut its beginning
    /// away without a word.
    pub refuses: bool,
    /// Whether its server only passes requests on to a cloud: neither local nor free.
    pub cloud: bool,
    /// Whether the user has switched it off: nothing is sent to it, by whatever name.
    pub off: bool,
    /// Whether it answers with text.
    pub chats: Option<bool>,
    /// Whether it makes embeddings.
    pub embeds: Option<bool>,
    /// Whether it sees images, as its server says.
    pub sees: Option<bool>,
    /// Whether it thinks, as its server says.
    pub thinks: Option<bool>,
    /// Whether it is in memory.
    pub resident: bool,
    /// Whether its server swaps models in and out of memory as they are asked for.
    pub swaps: bool,
    /// How many requests of it its server answers side by side, where the server or the configuration
    /// says so: more wait in line.
    pub slots: Option<usize>,
    /// The name it has at its server, where a request may use another one for it.
    pub name: Option<String>,
}

/// Knows local servers.
pub trait Locals: Send + Sync {
    /// What is known of a model. Returns at once, from memory.
    fn model(&self, provider: &str, model: &str) -> LocalModel;
    /// A server began to answer with a model: what was known of its memory may be old. Returns at
    /// once.
    fn answered(&self, provider: &str, model: &str);
    /// A server answered a request that asked for a model with a context of so many tokens: it is in
    /// memory with that. Returns at once.
    fn sized(&self, _provider: &str, _model: &str, _context: u64) {}
    /// Looks at a server that nobody has looked at yet, or again at one that was gone, for a request
    /// that waits for it: how long a prompt its models take is known only then, and another program
    /// may have its port by now. Returns when that is known.
    fn look_again<'a>(&'a self, _provider: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A tool that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name given at `weir client add`.
    pub name: Arc<str>,
}

/// The names that coding tools call under once they are connected. Each was told, or takes for granted,
/// how long a prompt may be before its first one.
pub const CODING_TOOLS: [&str; 8] =
    ["claude-code", "codex", "gemini-cli", "opencode", "aider", "zed", "continue", "cline"];

impl Caller {
    /// Whether a coding tool calls. A run's own token has a mark behind the tool's name.
    pub fn is_coding_tool(&self) -> bool {
        let name = self.name.split('#').next().unwrap_or_default();
        CODING_TOOLS.contains(&name)
    }
}

/// Knows the tokens of tools.
pub trait Gate: Send + Sync {
    /// The tool a token belongs to. Compares in constant time; an empty store admits nobody.
    fn caller(&self, token: &[u8]) -> Option<Caller>;
}

/// Why a provider's key cannot be had. `Display` is one sentence with its fix; never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// None is stored.
    #[error("no key for {provider}. Run: weir key set {provider}")]
    Missing {
        /// The provider's name.
        provider: String,
    },
    /// The environment variable named in the configuration is not set.
    #[error("{variable} is not set, and [providers.{provider}] takes its key from it")]
    EnvUnset {
        /// The provider's name.
        provider: String,
        /// The variable.
        variable: String,
    },
    /// The provider takes the client's own credential and none came.
    #[error(
        "{provider} takes the tool's own login (key = \"passthrough\"), and none came. Send Weir's \
         token as x-weir-token or in the path, so that the tool's own Authorization is free"
    )]
    NoCredential {
        /// The provider's name.
        provider: String,
    },
    /// The provider's address was changed while the request was on its way in.
    #[error("the address of {provider} was changed while the request was read. Send it again")]
    Moved {
        /// The provider's name.
        provider: String,
    },
    /// The keychain is locked, absent, denied or did not answer in time.
    #[error("the keychain {state}. {fix}")]
    Keychain {
        /// `is locked`, `is not available`, `refused access`, `did not answer within 3 s`.
        state: &'static str,
        /// What to do.
        fix: String,
    },
}

/// Knows the keys of providers.
pub trait Keys: Send + Sync {
    /// The key of a provider. Answers from memory after the first time.
    ///
    /// # Errors
    /// A named state with its fix; never waits on a keychain for longer than three seconds.
    fn key<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Secret, KeyProblem>>;
}

/// What is known when an attempt is about to leave.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The request.
    pub id: RequestId,
    /// 1 for the first attempt.
    pub attempt: u16,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The tool.
    pub client: Arc<str>,
    /// `x-weir-project`.
    pub project: Option<String>,
    /// `x-weir-session`, or the client's own session id.
    pub session: Option<String>,
    /// `x-weir-category`.
    pub category: Option<String>,
    /// What was asked.
    pub endpoint: Endpoint,
    /// The model as the client named it.
    pub asked_model: String,
    /// The provider it goes to.
    pub provider: String,
    /// The model sent to the provider.
    pub model: String,
    /// Whether that provider is local.
    pub local: bool,
    /// Whether it is the demonstration provider, which no sum counts.
    pub demo: bool,
    /// The service tier the request asks for; priced apart.
    pub service_tier: Option<String>,
    /// A task's name, when known.
    pub task: Option<String>,
    /// A tier, when known.
    pub tier: Option<Tier>,
    /// Confidence of task and tier, in thousandths.
    pub confidence: Option<u16>,
    /// Why it goes there.
    pub reason: Reason,
    /// What was decided for the request, and why; the same for all its attempts.
    pub decision: Option<Arc<Decision>>,
    /// The most the request can use; see `Estimate`.
    pub estimate: Estimate,
    /// What of its conversation's last prompt is still warm somewhere.
    pub lately: Lately,
}

/// The upper estimate a reservation is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Prompt tokens, bounded above by the body's length.
    pub input_tokens: u64,
    /// `max_tokens`, or the default ceiling when the client names none.
    pub output_tokens: u64,
    /// Whether the request marks a prompt cache, so that input may be billed as a write.
    pub cache_write: bool,
    /// How many answers are asked for; `output_tokens` are those of all of them.
    pub choices: u64,
}

/// A durable reservation. Not `Clone`: it is settled once, by value.
#[derive(Debug)]
pub struct Reservation {
    /// What it was made for.
    pub opening: Opening,
    /// What was set aside; `None` when the model has no known price.
    pub reserved: Option<Money>,
}

/// Why a reservation was not made. Answered to the client through `reply`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A hard budget is used up. The text says which, spent, limit, when it resets.
    #[error("{message}")]
    Budget {
        /// For people, whole.
        message: String,
        /// Unix seconds at which the window ends.
        resets_at: i64,
        /// The budget's name.
        budget: String,
        /// What it does at its limit.
        at_limit: AtLimit,
        /// Whether only what is under way is in the way, so that there may be room soon.
        may_pass: bool,
    },
    /// The ledger cannot write, and spend must not go unrecorded.
    #[error("the ledger cannot be written ({reason}), so nothing is sent that could cost money")]
    Ledger {
        /// `disk full`, `read-only`, `busy`, `damaged`, with the path.
        reason: String,
    },
}

/// A request that waits in line.
#[derive(Clone, Copy, Debug)]
pub struct Queued<'a> {
    /// The request.
    pub id: RequestId,
    /// Where it wants to go.
    pub route: &'a Route,
    /// Its place in the line, from 1.
    pub position: usize,
}

/// A place in the line before a budget that stops and is only full of what is under way.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// When it looks for room, in Unix milliseconds: by what is in force then.
    pub now_ms: i64,
    /// Told when there may be room for the first in line.
    pub room: Arc<Notify>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's status, 0 when none came.
    pub status: u16,
    /// What the tap learned.
    pub metered: Metered,
    /// Whether any byte of the request can have reached the provider: if not, nothing was spent.
    pub sent: bool,
    /// Whether an error came in the place of any content: then nothing was produced.
    pub empty: bool,
    /// Whether this was the request's last attempt.
    pub last: bool,
    /// Codes of what the provider could not be told in its dialect, joined by commas.
    pub dropped: Option<String>,
    /// Milliseconds from arrival to the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds from arrival to the end.
    pub total_ms: u32,
}

/// What a settlement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The cost, unless unpriced.
    pub cost: Option<Money>,
    /// How it is known.
    pub pricing: Pricing,
}

/// A way to answer, for the ladder.
#[derive(Clone, Debug)]
pub struct RungAsk {
    /// Where to.
    pub route: Route,
    /// Whether it stays on the user's machines.
    pub local: bool,
    /// The most it can use there.
    pub estimate: Estimate,
}

/// A request for which the ladder is asked: what scopes look at, and every way to answer it.
#[derive(Clone, Copy, Debug)]
pub struct LadderAsk<'a> {
    /// When it arrived, in Unix milliseconds.
    pub at_ms: i64,
    /// The tool.
    pub client: &'a str,
    /// `x-weir-project`.
    pub project: Option<&'a str>,
    /// Its session.
    pub session: Option<&'a str>,
    /// `x-weir-category`.
    pub category: Option<&'a str>,
    /// Its tier, when known.
    pub tier: Option<Tier>,
    /// What is asked. What is never metered is held by no budget.
    pub endpoint: Endpoint,
    /// The service tier the request asks for; priced apart.
    pub service_tier: Option<&'a str>,
    /// Whether the request can wait for room in a budget that stops: one that is only full of what is
    /// under way is then not in its way.
    pub patient: bool,
    /// Its own candidates, best first.
    pub own: &'a [RungAsk],
    /// The chain of the tier below, best first; empty where there is none.
    pub below: &'a [RungAsk],
}

/// The books behind the proxy: budgets and the ledger.
pub trait Books: Send + Sync {
    /// Sets money aside, durable against kill -9 when it returns. Takes about ten microseconds
    /// and may be called on the request's own thread.
    ///
    /// # Errors
    /// A hard budget, or a ledger that cannot write.
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal>;

    /// The same for a request that waits for room: where it is refused and may pass, it has its place
    /// in the line, and whoever comes later stands behind it.
    ///
    /// # Errors
    /// As for `reserve`.
    fn reserve_in_line(&self, opening: Opening, _: &Waiting) -> Result<Reservation, Refusal> {
        self.reserve(opening)
    }

    /// Gives a place in line up.
    fn leave_line(&self, _: RequestId) {}

    /// Which of a request's ways the budgets leave, before anything is set aside. Takes a few
    /// microseconds a way. It promises nothing: `reserve` decides, at every hop. Where the ledger
    /// cannot tell what was spent, all ways are left and `reserve` refuses with the reason.
    fn ladder(&self, ask: &LadderAsk<'_>) -> Ladder {
        Ladder::open(ask.own.len())
    }

    /// What the windows of a subscription leave for a provider whose own login goes through.
    /// Returns at once.
    fn pace(&self, _provider: &str, _now_ms: i64) -> Pace {
        Pace::Keep
    }

    /// What a provider said of the windows of a subscription, with its answer to a request whose
    /// own login went through. Returns at once.
    fn heard_allowance(&self, _provider: &str, _headers: &http::HeaderMap, _at_ms: i64) {}

    /// Closes a reservation. Never fails and never waits for a disk.
    fn settle(&self, reservation: Reservation, closing: Closing) -> Settled;
}

/// What happens to live requests, for the window and `status`. Must return at once.
pub trait Events: Send + Sync {
    /// An attempt left.
    fn opened(&self, opening: &Opening);
    /// A request waits for its place at a local server.
    fn queued(&self, _: &Queued<'_>) {}
    /// An attempt was settled.
    fn closed(&self, id: RequestId, closing: &Closing, settled: Settled);
    /// Weir refused a request itself. The ledger may know attempts of it.
    fn declined(&self, _: Declined) {}
}

/// A request that Weir refused itself.
#[derive(Clone, Debug)]
pub struct Declined {
    /// The request.
    pub id: RequestId,
    /// When it arrived, in Unix milliseconds.
    pub at_ms: i64,
    /// The tool.
    pub client: Arc<str>,
    /// `x-weir-project`.
    pub project: Option<String>,
    /// Its session.
    pub session: Option<String>,
    /// `x-weir-category`.
    pub category: Option<String>,
    /// What was asked.
    pub endpoint: Endpoint,
    /// The model as the client named it; empty where the body could not be read.
    pub asked_model: String,
    /// Its task, when judged.
    pub task: Option<Task>,
    /// Its tier, as named or judged.
    pub tier: Option<Tier>,
    /// How sure both are, in thousandths.
    pub confidence: Option<u16>,
    /// What was decided, where a plan was made.
    pub decision: Option<Arc<Decision>>,
    /// The HTTP status of the refusal.
    pub status: u16,
    /// What the client was told.
    pub message: String,
}
