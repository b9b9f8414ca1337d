//! What a call costs and how its provider caches, for a replay.

use crate::prices::{Call, Prices};
use weir_core::route::{Caching, Provider, Route};
use weir_core::{Metered, Money, Usage};

/// Knows prices.
pub trait Tariff {
    /// What a usage would have cost at a route at a moment; `None` when no price is known.
    fn cost(&self, route: &Route, at_ms: i64, usage: &Usage) -> Option<Money>;
    /// How prompts are cached there.
    fn caching(&self, route: &Route) -> Caching;
    /// Whether it is on the user's own machines.
    fn local(&self, route: &Route) -> bool;
}

/// The prices in force, for the providers of a configuration.
pub struct PriceTariff<'a> {
    /// The prices.
    pub prices: &'a Prices,
    /// The providers.
    pub providers: &'a [Provider],
}

impl PriceTariff<'_> {
    fn provider(&self, route: &Route) -> Option<&Provider> {
        self.providers.iter().find(|p| p.name == route.provider)
    }
}

impl Tariff for PriceTariff<'_> {
    fn cost(&self, route: &Route, at_ms: i64, usage: &Usage) -> Option<Money> {
        let call = Call {
            provider: &route.provider,
            base_url: self.provider(route).map_or("", |p| &p.base_url),
            local: self.local(route),
            model: &route.model,
            at_ms,
        };
        self.prices.bill(&call, &Metered { usage: Some(*usage), ..Metered::default() }).cost
    }

    fn caching(&self, route: &Route) -> Caching {
        match self.provider(route) {
            _ if self.local(route) => Caching::None,
            Some(provider) => Caching::of(provider.dialect, provider.local),
            // Gone from the configuration: its name says as much as is known.
            None if route.provider == "anthropic" => Caching::Marked,
            None => Caching::Unasked,
        }
    }

    fn local(&self, route: &Route) -> bool {
        self.provider(route).is_some_and(|p| p.local)
    }
}
