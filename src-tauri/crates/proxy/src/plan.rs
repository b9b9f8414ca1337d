//! Stage four: the plan. Gathers what `core::route` needs of the set-up, the conversation and the
//! prices; decides nothing itself.

use crate::conversations::{Conversations, Key, Thread};
use crate::left::{self, Held, Left, Priced};
use crate::pipeline::Context;
use crate::read::Asked;
use crate::triage::Judged;
use std::sync::Arc;
use weir_core::route::{Ask, By, Candidate, Lately, NoRoute, Plan, Route, plan};
use weir_core::{Decision, Weighed};

/// A request with its ways to be answered.
pub struct Planned {
    /// Best first; none where the budgets leave nothing.
    pub candidates: Vec<Candidate>,
    /// Ways that a budget turned away.
    pub held: Vec<Held>,
    /// What was decided and why.
    pub decision: Arc<Decision>,
    /// What triage made of the request.
    pub judged: Judged,
    /// What of its conversation's last prompt is still warm somewhere.
    pub lately: Lately,
}

impl Planned {
    /// The thread of an attempt, where the request belongs to a conversation and goes on with it there.
    /// `passing` says whether what was planned failed by what may be over soon.
    pub fn thread(
        &self,
        all: &Arc<Conversations>,
        asked: &Asked,
        to: &Candidate,
        passing: bool,
    ) -> Option<Thread> {
        if to.reason.is_makeshift() {
            return None;
        }
        let key = line(asked, &self.judged)?;
        let shadow = self.decision.shadow.as_ref().map(|shadow| &shadow.route);
        let by = By { route: &to.route, planned: self.first().unwrap_or(&to.route), passing };
        Some(Thread::new(all, key, &asked.model, by, shadow))
    }

    /// Where it was to go, unless a budget or a window put it there.
    pub fn first(&self) -> Option<&Route> {
        let first = self.decision.weighed.first().filter(|w| !w.reason.is_makeshift());
        first.map(|w| &w.route)
    }
}

/// The line of its conversation that a request goes on with.
pub fn line(asked: &Asked, judged: &Judged) -> Option<Key> {
    let conversation = judged.conversation?;
    Some(Key::of(conversation, &asked.accepted.caller.name, &asked.model))
}

/// Plans a request.
///
/// # Errors
/// Why there is no way to answer it.
pub fn planned(context: &Context, asked: &Asked, judged: Judged) -> Result<Planned, NoRoute> {
    let known = line(asked, &judged).and_then(|key| context.conversations.standing(key));
    let prices = Priced(context.ports.routes.as_ref());
    let ask = Ask {
        standing: known.as_ref().map(|k| &k.real),
        shadow_standing: known.as_ref().and_then(|k| k.shadow.as_ref()),
        ..left::ask(context, asked, &judged, &prices)
    };
    let Plan { candidates, mut decision } = plan(&context.setup, &ask)?;
    decision.judged_tier = judged.judged_tier;
    let paced = left::within_window(context, &ask, candidates);
    let left =
        left::within_budgets(context, asked, &judged, paced.candidates, None, context.patient);
    if paced.changed || left.changed {
        let all = left.candidates.iter().map(|c| Weighed {
            route: c.route.clone(),
            reason: c.reason,
            expected: c.expected,
        });
        // What no budget lets through stays in the record, behind what it gave way to.
        let all: Vec<Weighed> = all.collect();
        decision.weighed.retain(|w| all.iter().all(|kept| kept.route != w.route));
        decision.weighed.splice(..0, all);
    }
    let Left { candidates, held, .. } = left;
    let lately = Lately::of(ask.standing, ask.now_ms);
    Ok(Planned { candidates, held, decision: Arc::new(decision), judged, lately })
}
