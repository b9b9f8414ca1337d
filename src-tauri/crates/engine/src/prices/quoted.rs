//! Prices as routing asks for them: what a usage would cost on a route of a set-up.

use super::{Call, Prices};
use crate::local::in_cloud;
use weir_core::route::{Quotes, Route, Setup};
use weir_core::{Metered, Money, Usage};

/// The prices of a set-up at one moment.
pub struct Quoted<'a> {
    /// The prices.
    pub prices: &'a Prices,
    /// Whose routes are meant.
    pub setup: &'a Setup,
    /// Unix milliseconds.
    pub at_ms: i64,
}

impl Quotes for Quoted<'_> {
    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        let provider = self.setup.provider(&route.provider)?;
        let call = Call {
            provider: &provider.name,
            base_url: &provider.base_url,
            local: provider.local && !in_cloud(&route.model),
            model: &route.model,
            at_ms: self.at_ms,
        };
        let metered = Metered { usage: Some(*usage), ..Metered::default() };
        self.prices.bill(&call, &metered).cost
    }
}
