//! What Weir refused itself, for whoever explains it afterwards: nothing was asked of anybody, so the
//! ledger has no row of it, and its id would lead nowhere. Owns what is told of it.

use crate::accept::Accepted;
use crate::pipeline::Context;
use crate::ports::Declined;
use crate::read::Asked;
use crate::reply::Refused;
use crate::triage::Judged;
use std::sync::Arc;
use weir_core::{Decision, Endpoint};

/// Who asked, and what, as far as it is known before a body is read.
#[derive(Clone)]
pub struct Asker {
    client: Arc<str>,
    endpoint: Endpoint,
}

impl Asker {
    /// The caller of an accepted request.
    pub fn of(accepted: &Accepted) -> Self {
        Self { client: accepted.caller.name.clone(), endpoint: accepted.target.endpoint }
    }

    /// Tells of a request that could not be read.
    pub fn unread(self, context: &Context, refused: &Refused) {
        context.ports.events.declined(Declined {
            id: context.id,
            at_ms: context.arrived_ms,
            client: self.client,
            project: None,
            session: None,
            category: None,
            endpoint: self.endpoint,
            asked_model: String::new(),
            task: None,
            tier: None,
            confidence: None,
            decision: None,
            status: refused.status,
            message: refused.message.clone(),
        });
    }
}

/// Tells of a request that was read, and refused before anybody was asked, or after: what the ledger
/// has of it is then told first.
pub fn declined(
    context: &Context,
    asked: &Asked,
    judged: &Judged,
    decision: Option<Arc<Decision>>,
    refused: &Refused,
) {
    let judgement = judged.judgement;
    context.ports.events.declined(Declined {
        id: context.id,
        at_ms: context.arrived_ms,
        client: asked.accepted.caller.name.clone(),
        project: asked.hints.project.clone(),
        session: asked.hints.session.clone().or_else(|| asked.facts.session.clone()),
        category: asked.hints.category.clone(),
        endpoint: asked.accepted.target.endpoint,
        asked_model: asked.model.clone(),
        task: judgement.map(|j| j.task),
        tier: judgement.map(|j| j.tier),
        confidence: judgement.map(|j| j.confidence),
        decision,
        status: refused.status,
        message: refused.message.clone(),
    });
}
