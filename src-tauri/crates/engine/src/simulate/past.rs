//! One request of the past, as far as a ledger knows it.

use std::hash::{DefaultHasher, Hash, Hasher};
use weir_core::route::{Mode, Route, Tier};
use weir_core::{Class, Conversation, Endpoint, Money, RequestId, Task, Usage};
use weir_ledger::{AttemptState, RequestRow};

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its id.
    pub id: RequestId,
    /// When it arrived, in Unix milliseconds.
    pub at_ms: i64,
    /// When its answer ended, in Unix milliseconds.
    pub ended_ms: i64,
    /// The tool.
    pub client: String,
    /// `x-weir-project`.
    pub project: Option<String>,
    /// `x-weir-category`.
    pub category: Option<String>,
    /// What was asked.
    pub endpoint: Endpoint,
    /// The model as the client named it.
    pub asked_model: String,
    /// The task, when judged.
    pub task: Option<Task>,
    /// The tier, as it was named or judged.
    pub tier: Option<Tier>,
    /// Whether the request named its tier itself.
    pub named_tier: bool,
    /// How sure both were, in thousandths.
    pub confidence: Option<u16>,
    /// Which part of a tool's work it was.
    pub class: Class,
    /// Whether the answer followed from the input by rule.
    pub deterministic: bool,
    /// The prompt in tokens, as it was taken to be before it was sent.
    pub prompt_tokens: u64,
    /// The conversation it belonged to.
    pub conversation: Option<Conversation>,
    /// Where it went.
    pub route: Route,
    /// Whether that was local.
    pub local: bool,
    /// What it used, where known.
    pub usage: Option<Usage>,
    /// What all its attempts cost; `None` when unpriced.
    pub cost: Option<Money>,
    /// Whether shadow mode was on.
    pub in_shadow: bool,
    /// Where it would have gone, in shadow mode.
    pub shadow: Option<Route>,
}

impl Past {
    /// A request of the ledger; `None` for what is open, was never counted, or asks what this
    /// version does not know.
    pub fn of(row: &RequestRow) -> Option<Self> {
        let last = row.last();
        if last.uncounted || last.state == AttemptState::Open {
            return None;
        }
        let decision = row.decision.as_ref();
        let key = decision.and_then(|d| d.conversation);
        let route = |provider: &str, model: &str| Route {
            provider: provider.to_owned(),
            model: model.to_owned(),
        };
        Some(Self {
            id: row.id,
            at_ms: row.at_ms(),
            ended_ms: last.ended_ms.unwrap_or(last.at_ms),
            client: row.client.clone(),
            project: row.project.clone(),
            category: row.category.clone(),
            endpoint: Endpoint::parse(&row.endpoint)?,
            asked_model: row.asked_model.clone(),
            task: row.task.as_deref().and_then(Task::parse),
            tier: row.tier,
            named_tier: decision.is_some_and(|d| d.judged_tier.is_some()),
            confidence: row.confidence,
            class: decision.and_then(|d| Class::parse(&d.class)).unwrap_or_default(),
            deterministic: decision.is_some_and(|d| d.deterministic),
            prompt_tokens: match (decision, last.usage) {
                (Some(decision), _) => decision.prompt_tokens,
                (None, Some(usage)) => usage.prompt(),
                (None, None) => last.input_tokens,
            },
            conversation: key.or_else(|| Some(by_session(&row.client, row.session.as_deref()?))),
            route: route(&last.provider, &last.model),
            local: last.local,
            usage: last.usage,
            cost: row.cost(),
            in_shadow: decision.is_some_and(|d| d.mode == Mode::Shadow.as_str()),
            shadow: decision.and_then(|d| d.shadow.as_ref()).map(|s| route(&s.provider, &s.model)),
        })
    }
}

/// The conversation of a row that was written before conversations had keys.
fn by_session(client: &str, session: &str) -> Conversation {
    let mut hasher = DefaultHasher::new();
    (client, session).hash(&mut hasher);
    Conversation(hasher.finish())
}
