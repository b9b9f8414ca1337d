//! The bill of a call, and the most that a call can cost.
//! Owns what is free, what the provider's own sum overrules, and what makes a bill an estimate.

use super::doubt;
use super::{Asked, Doubt, PriceContext, Prices, Unpriced};
use weir_core::price::CostLine;
use weir_core::{Detail, Metered, Money, Pricing, Usage};
use weir_proxy::ports::Estimate;

/// The built-in demonstration provider. It leaves no machine and costs nothing.
const DEMO: &str = "demo";

/// The one provider whose cache is written only where the request marks it.
const MARKS_ITS_CACHE: &str = "anthropic";

/// A call to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The provider's name in the configuration.
    pub provider: &'a str,
    /// Its address.
    pub base_url: &'a str,
    /// Whether it runs on the user's own machines.
    pub local: bool,
    /// The model that was sent.
    pub model: &'a str,
    /// When the request was made, in Unix milliseconds.
    pub at_ms: i64,
}

/// What a call cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// The sum of the lines; `None` when a part of it has no known price.
    pub cost: Option<Money>,
    /// The lines, each with the model it is for where that is not the model asked.
    pub lines: Vec<(Option<String>, CostLine)>,
    /// How the cost is known.
    pub pricing: Pricing,
    /// Why it is not, if it is not.
    pub problem: Option<Unpriced>,
    /// Why it is an estimate although the usage was reported.
    pub doubt: Option<Doubt>,
}

impl Bill {
    fn known(cost: Money, lines: Vec<(Option<String>, CostLine)>) -> Self {
        Self { cost: Some(cost), lines, pricing: Pricing::Exact, problem: None, doubt: None }
    }

    /// A part without a price leaves the whole without one; the first reason stands.
    fn fail(&mut self, problem: Unpriced) {
        self.cost = None;
        self.pricing = Pricing::Unpriced;
        self.problem.get_or_insert(problem);
    }

    /// What is certain no more; the first reason stands.
    fn doubt(&mut self, doubt: Doubt) {
        if self.pricing == Pricing::Exact {
            self.pricing = Pricing::Estimated;
        }
        self.doubt.get_or_insert(doubt);
    }
}

impl Prices {
    /// The bill of a call by what its answer reported. A call without a report that is not free
    /// is unpriced here; whoever has an estimate of its usage calls [`Prices::bill_estimate`].
    pub fn bill(&self, call: &Call, metered: &Metered) -> Bill {
        self.settle(call, metered, metered.usage.as_ref())
    }

    /// The bill of a call by an estimate of its usage: the same, marked `estimated`.
    pub fn bill_estimate(&self, call: &Call, metered: &Metered, usage: &Usage) -> Bill {
        let mut bill = self.settle(call, metered, Some(usage));
        let certain = free(call) || reported(call, metered).is_some();
        if !certain && bill.pricing == Pricing::Exact {
            bill.pricing = Pricing::Estimated;
        }
        bill
    }

    /// The most a call can cost in the band its estimate implies: prompt tokens at the cache
    /// write price where one may be billed, completion tokens at the reasoning price where that
    /// is dearer, at the service tier the request asks for. `None` when no price is known.
    pub fn upper(&self, call: &Call, estimate: &Estimate, tier: Option<&str>) -> Option<Money> {
        if free(call) {
            return Some(Money::ZERO);
        }
        let context =
            PriceContext { service_tier: tier.map(str::to_owned), ..PriceContext::default() };
        let quote = self.quote(&asked(call, call.model, &context), estimate.input_tokens);
        let rates = quote.ok()?.rates;
        // Other providers write their cache unasked, at the short-lived price.
        let unasked = (call.provider != MARKS_ITS_CACHE).then_some(rates.cache_write_5m).flatten();
        let marked = if estimate.cache_write {
            rates.cache_write_5m.max(rates.cache_write_1h)
        } else {
            unasked
        };
        let input = rates.input?.max(marked.unwrap_or_default());
        // An embedding has no output to be priced, whatever its ceiling says.
        let output = rates.output.max(rates.reasoning).unwrap_or_default();
        let sum = input.of(estimate.input_tokens).saturating_add(output.of(estimate.output_tokens));
        Some(sum.saturating_add(rates.request.of(1)))
    }

    fn settle(&self, call: &Call, metered: &Metered, usage: Option<&Usage>) -> Bill {
        if call.provider == DEMO {
            return Bill::known(Money::ZERO, Vec::new());
        }
        if let Some(cost) = reported(call, metered) {
            let reported = CostLine { kind: "reported", tokens: 1, cost };
            return Bill::known(cost, vec![(None, reported)]);
        }
        if free(call) {
            return Bill::known(Money::ZERO, Vec::new());
        }
        let mut bill = Bill::known(Money::ZERO, Vec::new());
        let Some(usage) = usage else {
            bill.fail(Unpriced::NoUsage { model: call.model.into() });
            return bill;
        };
        let context = PriceContext::of(metered);
        // What answered is what is billed; its name may be one that only the provider knows.
        let answered = metered.model.as_deref().unwrap_or(call.model);
        let names = [answered, call.model];
        self.add(&mut bill, call, &context, None, &names, (usage, &metered.detail));
        for (model, usage) in &metered.extra {
            let own = model.as_deref();
            let names = own.map_or_else(|| vec![answered, call.model], |model| vec![model]);
            self.add(&mut bill, call, &context, own, &names, (usage, &Detail::default()));
        }
        bill
    }

    /// Adds a usage to the bill, priced as the first of `names` that has a price.
    fn add(
        &self,
        bill: &mut Bill,
        call: &Call,
        context: &PriceContext,
        shown: Option<&str>,
        names: &[&str],
        (usage, detail): (&Usage, &Detail),
    ) {
        let mut problem = None;
        let quote = names.iter().find_map(|name| {
            let quote = self.quote(&asked(call, name, context), usage.prompt());
            // The first name is the one to report: it is what the provider ran.
            quote.map_err(|error| problem.get_or_insert(error).clone()).ok()
        });
        let model = names.first().copied().unwrap_or(call.model);
        let cost = quote.map(|quote| (quote, quote.rates.cost_of(usage, detail)));
        match cost {
            Some((quote, Ok(cost))) => {
                bill.cost = bill.cost.map(|sum| sum.saturating_add(cost.total));
                bill.lines.extend(cost.lines.into_iter().map(|l| (shown.map(str::to_owned), l)));
                if let Some(doubt) = doubt::of(&quote, model, context, usage, detail) {
                    bill.doubt(doubt);
                }
            }
            Some((_, Err(missing))) => {
                bill.fail(Unpriced::NoRate { model: model.into(), kind: missing.kind });
            }
            // A local server that has no price of its own here is one that asks a cloud.
            None if call.local => bill.fail(Unpriced::Cloud { model: model.into() }),
            None => bill.fail(problem.unwrap_or_else(|| Unpriced::NoUsage { model: model.into() })),
        }
    }
}

fn asked<'a>(call: &Call<'a>, model: &'a str, context: &'a PriceContext) -> Asked<'a> {
    Asked { provider: call.provider, base_url: call.base_url, model, at_ms: call.at_ms, context }
}

/// Whether the call costs nothing, whatever it uses: the demonstration, and models on the user's
/// own machines. Ollama's server also passes on to Ollama's cloud; such models say so in the tag.
fn free(call: &Call) -> bool {
    call.provider == DEMO || (call.local && !in_cloud(call.model))
}

/// The provider's own figure, from the one provider known to bill by it. Elsewhere a `cost` in a
/// usage block is some server's word, in a currency nobody names.
pub(crate) fn reported(call: &Call, metered: &Metered) -> Option<Money> {
    let bills_by_it = call.provider == "openrouter" || call.base_url.contains("//openrouter.ai/");
    metered.provider_cost.filter(|_| bills_by_it)
}

fn in_cloud(model: &str) -> bool {
    model.ends_with(":cloud") || model.ends_with("-cloud")
}
