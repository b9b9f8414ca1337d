//! Where a request goes when a reservation is refused, or when the tool's own subscription is found to
//! be spent: the plan is asked for anew, under the same rules as at first.

use super::{Begun, Course};
use crate::decline::Failure;
use crate::left::{Held, when_spent, within_budgets};
use crate::reply::Refused;
use weir_core::route::{Candidate, Reason};
use weir_core::verdict::{Fault, passes};

/// How often a request may be turned away after it was planned: others take the room it was promised,
/// and may go on doing so.
const DOWNS_MAX: u8 = 8;

/// A way that a budget turned away, as one that failed.
pub(super) fn held(held: &Held) -> Failure {
    Failure::of(&held.candidate, Fault::Budget, held.says.clone())
}

impl Course<'_> {
    /// A budget has no room for a candidate: others took it since the plan was made, an attempt before
    /// it used it up, or the request is larger in the provider's dialect. What the budgets leave of it
    /// and of what comes after it is asked next.
    pub(super) fn go_down(&mut self, candidate: Candidate, refused: Failure) {
        let own: Vec<Candidate> = std::iter::once(candidate).chain(self.queue.drain(..)).collect();
        self.downs += 1;
        if self.downs > DOWNS_MAX {
            return self.hold(refused);
        }
        let estimate = self.turned_away.take();
        let judged = &self.planned.judged;
        let patient = !self.room_wait.is_zero();
        let left = within_budgets(self.context, self.asked, judged, own, estimate, patient);
        left.held.iter().map(held).for_each(|failure| self.hold(failure));
        if left.candidates.is_empty() && self.held.is_empty() {
            self.hold(refused);
        }
        self.queue.extend(left.candidates);
    }

    /// Whether an answer of this candidate only stands in for the one that was planned: what kept that
    /// from answering may be over at the next turn of the conversation.
    pub(super) fn strays(&self, to: &Candidate) -> bool {
        let Some(first) = self.planned.first().filter(|first| **first != to.route) else {
            return false;
        };
        let first = first.to_string();
        let last = self.failures.iter().rev().find(|failure| failure.route == first);
        let lasts =
            |f: &Failure| matches!(f.skipped, Some(Reason::LocalUnfit | Reason::LocalModelOff));
        last.is_some_and(|f| passes(f.fault) && !lasts(f))
    }

    /// Nothing is left to be asked: what a provider said before tells more than the budget does.
    pub(super) fn over(self) -> Result<Begun, Refused> {
        match self.kept().filter(|(rank, _)| *rank > 0) {
            Some((_, index)) => self.told(index),
            None => Err(self.spent()),
        }
    }

    fn hold(&mut self, failure: Failure) {
        if self.held.iter().all(|known| known.route != failure.route) {
            self.held.push(failure);
        }
    }

    /// The tool's own subscription says that it is spent: where it is paced, local models answer next.
    pub(super) fn go_local(&mut self, spent: &Candidate) {
        let rest: Vec<Candidate> = self.queue.drain(..).collect();
        let judged = &self.planned.judged;
        let locals = when_spent(self.context, self.asked, judged, spent, &rest);
        let others = rest.into_iter().filter(|c| locals.iter().all(|l| l.route != c.route));
        let others: Vec<Candidate> = others.collect();
        self.queue.extend(locals.into_iter().chain(others));
    }
}
