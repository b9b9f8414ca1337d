//! Stage four: the plan. Gathers what `core::route` needs of the set-up, the conversation and the
//! prices; decides nothing itself.

use crate::conversations::{Conversations, Thread};
use crate::pipeline::Context;
use crate::ports::Routes;
use crate::read::Asked;
use crate::triage::Judged;
use std::sync::Arc;
use weir_core::route::{Ask, Candidate, NoRoute, Plan, Quotes, Route, plan};
use weir_core::{Conversation, Decision, Money, Usage};

/// A request with its ways to be answered.
pub struct Planned {
    /// Best first; at least one.
    pub candidates: Vec<Candidate>,
    /// What was decided and why.
    pub decision: Arc<Decision>,
    /// What triage made of the request.
    pub judged: Judged,
}

impl Planned {
    /// The thread of an attempt at `route`, where the request belongs to a conversation.
    pub fn thread(&self, all: &Arc<Conversations>, asked: &Asked, route: &Route) -> Option<Thread> {
        let key = self.judged.conversation?;
        let shadow = self.decision.shadow.as_ref().map(|shadow| &shadow.route);
        Some(Thread::new(all, key, &asked.model, route, shadow))
    }
}

struct Priced<'a>(&'a dyn Routes);

impl Quotes for Priced<'_> {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        self.0.cost(route, usage)
    }
}

/// Plans a request.
///
/// # Errors
/// Why there is no way to answer it.
pub fn planned(context: &Context, asked: &Asked, judged: Judged) -> Result<Planned, NoRoute> {
    let key: Option<Conversation> = judged.conversation;
    let known = key.and_then(|key| context.conversations.standing(key));
    let prices = Priced(context.ports.routes.as_ref());
    let ask = Ask {
        endpoint: asked.accepted.target.endpoint,
        model: &asked.model,
        streams: asked.streams(),
        judgement: judged.judgement,
        hinted: asked.hints.tier.is_some(),
        client: &asked.accepted.caller.name,
        category: asked.hints.category.as_deref(),
        project: asked.hints.project.as_deref(),
        conversation: key,
        standing: known.as_ref().map(|k| &k.real),
        shadow_standing: known.as_ref().and_then(|k| k.shadow.as_ref()),
        max_output: asked.facts.max_output_tokens,
        cache_marked: asked.facts.cache_marked,
        goes_on: judged.goes_on,
        now_ms: context.arrived_ms,
        quotes: &prices,
    };
    let Plan { candidates, decision } = plan(&context.setup, &ask)?;
    Ok(Planned { candidates, decision: Arc::new(decision), judged })
}
