//! Where a request may still go when budgets are near or at their limits: every way to answer is
//! weighed against the budgets it would count in, and what is left comes out in order.
//! Owns the steps down; amounts and standings are judged before and passed in.
//! What does not fit decides for what comes after it: `block` closes its budget to every later way,
//! `local` to every later way that is not local, `downgrade` to every later way that costs as much.

use super::{Asks, AtLimit};
use crate::Money;

/// Which way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A link of the request's own chain, by its index.
    Own(usize),
    /// A link of the tier below, by its index.
    Below(usize),
}

/// A hard budget that an answer there would not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// The budget, by its place among those in force.
    pub budget: usize,
    /// Its name.
    pub name: String,
    /// What happens at its limit.
    pub at_limit: AtLimit,
    /// Whether the price is not known, rather than the limit reached.
    pub unpriced: bool,
    /// Whether only what is under way is in the way, so that there may be room soon.
    pub soon: bool,
    /// For people: which budget, spent, limit, when it resets, how to lift it.
    pub says: String,
    /// When its window ends, in Unix milliseconds.
    pub resets_ms: i64,
}

/// A way to answer, weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Which.
    pub place: Place,
    /// Whether it stays on the user's machines.
    pub local: bool,
    /// What it is likely to stay under, by which ways are compared; `None` when its price is not known.
    pub cost: Option<Money>,
    /// What budgets weigh it by.
    pub asks: Asks,
    /// The hard budgets it counts in, by their places.
    pub counts_in: Vec<usize>,
    /// Those of them it does not fit.
    pub full: Vec<Full>,
}

/// Why a way is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// As it was planned: nothing stands against it.
    Planned,
    /// A cheaper link of the own chain, because a dearer one before it does not fit.
    Cheaper,
    /// A link of the own chain that costs as much or more, and that the budget does not count.
    Other,
    /// A link of the tier below.
    TierBelow,
    /// A local model, because paid ones do not fit.
    Local,
}

impl Step {
    /// The short code of `x-weir-reason`; `None` where the plan's own stands.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Planned => None,
            Self::Cheaper => Some("budget-cheaper"),
            Self::Other => Some("budget-other"),
            Self::TierBelow => Some("budget-tier"),
            Self::Local => Some("budget-local"),
        }
    }
}

/// A way that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which.
    pub place: Place,
    /// Why.
    pub step: Step,
    /// What it is likely to stay under.
    pub cost: Option<Money>,
}

/// What is left, best first, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// Ways that fit every budget they count in. Empty: the request is refused.
    pub allowed: Vec<Pick>,
    /// Ways of the own chain that do not, each with the budget that stands against it. A way that
    /// is merely no cheaper than one that did not fit has none.
    pub refused: Vec<(Place, Option<Full>)>,
}

impl Ladder {
    /// Everything as planned: no budget stands against anything.
    pub fn open(own: usize) -> Self {
        let pick = |at| Pick { place: Place::Own(at), step: Step::Planned, cost: None };
        Self { allowed: (0..own).map(pick).collect(), refused: Vec::new() }
    }

    /// The budget to name: the first that stood against a way of the own chain.
    pub fn held_by(&self) -> Option<&Full> {
        self.refused.iter().find_map(|(_, full)| full.as_ref())
    }

    /// Whether the first way that is left is not the first that was planned, which is never done
    /// silently.
    pub fn steps_down(&self) -> bool {
        self.allowed.first().is_some_and(|pick| pick.step != Step::Planned)
    }
}

/// What earlier refusals forbid.
#[derive(Default)]
struct Bars {
    /// Budgets in which nothing is offered any more.
    blocked: Vec<usize>,
    /// Budgets in which only local models are offered any more.
    local_only: Vec<usize>,
    /// Only what is cheaper than this, where a way stepped down.
    below_cost: Option<Money>,
    /// The cheapest of what did not fit.
    refused_cost: Option<Money>,
    steps_down: bool,
}

impl Bars {
    fn note(&mut self, rung: &Rung) {
        if rung.full.is_empty() {
            return;
        }
        self.refused_cost = least(self.refused_cost, rung.cost);
        for full in &rung.full {
            match full.at_limit {
                AtLimit::Notify => {}
                AtLimit::Downgrade => {
                    self.steps_down = true;
                    // What has no price is no measure of what is cheaper.
                    self.below_cost = least(self.below_cost, rung.cost);
                }
                AtLimit::Local => self.local_only.push(full.budget),
                AtLimit::Block => self.blocked.push(full.budget),
            }
        }
    }

    /// Whether a way that fits its budgets is still not to be taken.
    fn forbid(&self, rung: &Rung) -> bool {
        let counts_in = |closed: &[usize]| rung.counts_in.iter().any(|b| closed.contains(b));
        counts_in(&self.blocked)
            || !rung.local && counts_in(&self.local_only)
            || self.below_cost.is_some_and(|bound| rung.cost.is_none_or(|cost| cost >= bound))
    }

    /// Why a way that is left stands where it stands.
    fn step(&self, rung: &Rung, anything_refused: bool) -> Step {
        let cheaper = rung.cost.zip(self.refused_cost).is_some_and(|(cost, of)| cost < of);
        match (anything_refused, rung.local, cheaper) {
            (false, ..) => Step::Planned,
            (true, true, _) => Step::Local,
            (true, false, true) => Step::Cheaper,
            (true, false, false) => Step::Other,
        }
    }
}

/// The lower of two amounts, one of which may be unknown.
fn least(known: Option<Money>, cost: Option<Money>) -> Option<Money> {
    match (known, cost) {
        (Some(known), Some(cost)) => Some(known.min(cost)),
        (known, cost) => known.or(cost),
    }
}

/// What is left of the own chain, and of the tier below where a budget steps down or turns local
/// and the first of the own chain does not fit.
pub fn ladder(own: &[Rung], below: &[Rung]) -> Ladder {
    let mut out = Ladder::default();
    let mut bars = Bars::default();
    for rung in own {
        if rung.full.is_empty() && !bars.forbid(rung) {
            let step = bars.step(rung, !out.refused.is_empty());
            out.allowed.push(Pick { place: rung.place, step, cost: rung.cost });
            continue;
        }
        bars.note(rung);
        out.refused.push((rung.place, rung.full.first().cloned()));
    }
    let first_fits = out.allowed.first().is_some_and(|pick| pick.step == Step::Planned);
    let goes_down = bars.steps_down || !bars.local_only.is_empty();
    if first_fits || !bars.blocked.is_empty() || !goes_down {
        return out;
    }
    for rung in below {
        let fits = rung.full.is_empty() && !bars.forbid(rung);
        if fits && (rung.local || bars.steps_down) {
            let step = if rung.local { Step::Local } else { Step::TierBelow };
            out.allowed.push(Pick { place: rung.place, step, cost: rung.cost });
        }
    }
    out
}
