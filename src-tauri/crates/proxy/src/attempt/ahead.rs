//! Who else can be asked: a link counts as another candidate only if it may be asked now, its key can
//! be had and the request can be said in its dialect. Else the one at hand would be left for nobody.

use super::Course;
use crate::carry::{NotCarried, carry};
use crate::decline::Failure;
use crate::health::How;
use crate::local::able;
use weir_core::route::{Candidate, Reason};
use weir_core::verdict::Fault;

impl Course<'_> {
    /// Whether a later candidate can be asked, as far as memory tells.
    pub(super) fn may_have_another(&self) -> bool {
        self.queue.iter().any(|next| self.could(next))
    }

    fn could(&self, next: &Candidate) -> bool {
        let how = How { in_chain: next.reason.in_chain(), alone: false };
        self.provider(next).is_none_or(|provider| {
            self.is_larger(next)
                && self.context.health.would(&next.route, provider, how)
                && !self.is_useless(next)
        })
    }

    fn is_useless(&self, next: &Candidate) -> bool {
        !self.useless.is_empty() && {
            let route = next.route.to_string();
            self.useless.iter().any(|f| f.route == route)
        }
    }

    /// The same, for certain: its key can be had, and the request can be said in its dialect. That
    /// costs a translation, so it is found out when it matters.
    pub(super) async fn has_another(&mut self) -> bool {
        for next in self.queue.clone() {
            if !self.could(&next) {
                continue;
            }
            let known = self.able.contains(&next);
            let Some(provider) = self.provider(&next).filter(|_| !known) else { return true };
            let local = able(self.context, provider, &next);
            match carry(self.context, self.asked, provider, &next, false, &local).await {
                Ok(_) => {
                    self.able.push(next);
                    return true;
                }
                Err(problem) => self.useless.push(problem.failure(&next)),
            }
        }
        false
    }

    /// Notes that a candidate's context is too small.
    pub(super) fn too_small(&mut self, candidate: &Candidate) {
        let window = self.window(candidate);
        self.outgrown.push((candidate.route.model.clone(), window));
        self.instead = Some(Reason::LargerContext);
    }

    fn window(&self, candidate: &Candidate) -> Option<u64> {
        let Some(provider) = self.provider(candidate).filter(|p| p.local) else {
            return self.context.ports.routes.window(&candidate.route);
        };
        self.context.ports.locals.model(&provider.name, &candidate.route.model).context
    }

    /// Whether a candidate may take what was too long for those before it. One whose size nobody
    /// knows is asked: a refusal costs nothing.
    pub(super) fn is_larger(&self, candidate: &Candidate) -> bool {
        if self.outgrown.is_empty() {
            return true;
        }
        let window = self.window(candidate);
        self.outgrown.iter().all(|(model, small)| {
            let known_small = window.zip(*small).is_some_and(|(this, that)| this <= that);
            candidate.route.model != *model && !known_small
        })
    }
}

impl NotCarried {
    pub(super) fn failure(self, candidate: &Candidate) -> Failure {
        let (fault, what) = match self {
            Self::Key(problem) => (Fault::Key, problem.to_string()),
            Self::Rejected(rejected) => (Fault::Untranslatable, rejected.message),
        };
        Failure::of(candidate, fault, what)
    }
}
