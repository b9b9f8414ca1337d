//! The price table's own rows, looked up once: a replay of a hundred thousand requests asks for a
//! price millions of times.

use std::collections::HashMap;
use weir_core::price::Rates;
use weir_core::route::{Caching, Route};
use weir_core::{Money, Usage};
use weir_engine::prices::PriceContext;
use weir_engine::simulate::Tariff;

use crate::World;

/// Where the vendors of these models begin to ask more, in prompt tokens.
const LONG_TOKENS: u64 = 200_000;

/// Rates below and above `LONG_TOKENS`, `None` for what is free; and how the provider caches.
pub struct Rows(HashMap<Route, (Option<[Rates; 2]>, Caching)>);

impl Rows {
    pub fn of(world: &World, routes: &[Route], at_ms: i64) -> Self {
        let row = |route: &Route| {
            let provider = world.config.provider(&route.provider).expect("a preset");
            let context = PriceContext::default();
            let rates = |tokens| {
                let (name, url) = (&route.provider, &provider.base_url);
                let found = world.prices.rates(name, url, &route.model, at_ms, tokens, &context);
                found.expect("priced")
            };
            let caching = Caching::of(provider.dialect, provider.local);
            ((!provider.local).then(|| [rates(0), rates(LONG_TOKENS + 1)]), caching)
        };
        Self(routes.iter().map(|route| (route.clone(), row(route))).collect())
    }
}

impl Tariff for Rows {
    fn cost(&self, route: &Route, _: i64, usage: &Usage) -> Option<Money> {
        match &self.0.get(route)?.0 {
            Some(rates) => {
                let long = usage.prompt() > LONG_TOKENS;
                Some(rates[usize::from(long)].cost(usage).ok()?.total)
            }
            None => Some(Money::ZERO),
        }
    }

    fn caching(&self, route: &Route) -> Caching {
        self.0.get(route).map_or(Caching::None, |row| row.1)
    }

    fn local(&self, route: &Route) -> bool {
        matches!(self.0.get(route), Some((None, _)))
    }
}
