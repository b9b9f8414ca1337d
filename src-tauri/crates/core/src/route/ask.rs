//! What a plan is made from: the request's facts, what is known of its conversation, and whoever
//! can say what a route costs.

use super::{Route, Standing};
use crate::{Conversation, Endpoint, Judgement, Money, Usage};

/// Says what a call would cost.
pub trait Quotes {
    /// The cost of a usage on a route, today; `None` when no price is known. Cached tokens of a
    /// model without a price for them cost what others do.
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money>;
}

/// Nobody knows a price.
#[derive(Clone, Copy, Debug)]
pub struct NoQuotes;

impl Quotes for NoQuotes {
    fn cost(&self, _: &Route, _: &Usage) -> Option<Money> {
        None
    }
}

/// A request, as far as routing looks at it.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What is asked.
    pub endpoint: Endpoint,
    /// The model as the client named it.
    pub model: &'a str,
    /// Whether a stream is asked for.
    pub streams: bool,
    /// What triage made of it, hints included; `None` for what is not judged.
    pub judgement: Option<Judgement>,
    /// Whether the client itself named the tier: then that is done, whatever a move costs.
    pub hinted: bool,
    /// The tool.
    pub client: &'a str,
    /// `x-weir-category`.
    pub category: Option<&'a str>,
    /// `x-weir-project`.
    pub project: Option<&'a str>,
    /// The conversation it belongs to.
    pub conversation: Option<Conversation>,
    /// What is known of that conversation.
    pub standing: Option<&'a Standing>,
    /// Where it would stand had shadow mode acted.
    pub shadow_standing: Option<&'a Standing>,
    /// The most tokens of the answer, where the client says.
    pub max_output: Option<u64>,
    /// Whether the client marks its prompt to be cached, so that a cold prompt is written.
    pub cache_marked: bool,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Prices.
    pub quotes: &'a dyn Quotes,
}

impl<'a> Ask<'a> {
    /// A request of which nothing is known but what it asks for.
    pub fn bare(endpoint: Endpoint, model: &'a str, streams: bool) -> Self {
        Self {
            endpoint,
            model,
            streams,
            judgement: None,
            hinted: false,
            client: "",
            category: None,
            project: None,
            conversation: None,
            standing: None,
            shadow_standing: None,
            max_output: None,
            cache_marked: false,
            now_ms: 0,
            quotes: &NoQuotes,
        }
    }
}
