//! What was decided for a request and why, as it is kept with its ledger row and told to people.
//! Owns the record only: `route` decides, the ledger keeps.

use crate::route::{Mode, Reason, Route, Tier};
use crate::{Class, Money};

/// A conversation's key: the client's own session where it names one, else a hash of system text,
/// tools and first user message. Equal keys are one conversation; nothing can be read back from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation(pub u64);

impl std::fmt::Display for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A way to answer that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// Where to.
    pub route: Route,
    /// Why it stands where it stands, or why it was passed over.
    pub reason: Reason,
    /// What it was expected to cost; `None` when its price is not known.
    pub expected: Option<Money>,
}

/// The decision of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The mode in force.
    pub mode: Mode,
    /// Which part of a tool's work the request is.
    pub class: Class,
    /// Whether the answer follows from the input by rule.
    pub deterministic: bool,
    /// What the prompt probably comes to, in tokens.
    pub prompt_tokens: u64,
    /// The conversation it belongs to.
    pub conversation: Option<Conversation>,
    /// Every way that was looked at, in the order in which they would be tried.
    pub weighed: Vec<Weighed>,
    /// In shadow mode: where it would have gone.
    pub shadow: Option<Weighed>,
    /// How hard it was judged to be, where it named its tier itself and that is what was done.
    pub judged_tier: Option<Tier>,
    /// Where its conversation stays on a model: what coming back there was taken to cost, had it gone
    /// to the next of `weighed`. `None` where no price is known, and then nothing moves.
    pub way_back: Option<Money>,
}
