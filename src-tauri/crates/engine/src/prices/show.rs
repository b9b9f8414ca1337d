//! Prices as rows for people: one a provider, date, band and service tier.
//! Owns the reading of a row's own dates and tiers; each rate still comes from `derive`.

use super::overrides::Row;
use super::table::{Table, collect_starts};
use super::{Asked, PriceContext, Prices, derive};
use crate::api::{PerMillion, PriceRow, PriceShow, PriceTable};
use serde_json::Value;
use std::sync::Arc;
use weir_core::price::Rates;

/// Lists searched for a model that comes without a provider, in this order. The first three
/// decide what most names mean; a name that only a reseller has is looked up there.
const SEARCHED: [&str; 9] = [
    "anthropic",
    "openai",
    "google",
    "mistral",
    "x-ai",
    "groq",
    "deepseek",
    "together",
    "openrouter",
];
const MS_PER_DAY: i64 = 86_400_000;

impl From<&Rates> for PerMillion {
    fn from(rates: &Rates) -> Self {
        Self {
            input: rates.input.map(|rate| rate.per_million()),
            cache_read: rates.cache_read.map(|rate| rate.per_million()),
            cache_write_5m: rates.cache_write_5m.map(|rate| rate.per_million()),
            cache_write_1h: rates.cache_write_1h.map(|rate| rate.per_million()),
            output: rates.output.map(|rate| rate.per_million()),
        }
    }
}

/// A model of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The model as the table names it.
    pub model: String,
    /// Its context window in tokens, when known.
    pub context: Option<u64>,
    /// Its price now for a short prompt.
    pub price: PerMillion,
}

impl Prices {
    /// Where the prices come from, with the date that is known of it.
    pub fn source(&self) -> PriceTable {
        let table = self.table();
        PriceTable { source: table.source().to_owned(), models: table.models() as u64 }
    }

    /// Every row about a model: the user's own first, then the table's. `place` is the provider's
    /// name and address where the model was asked for at one. No rows: no price is known.
    pub fn show(&self, place: Option<(&str, &str)>, model: &str, now_ms: i64) -> PriceShow {
        let table = self.table();
        let mut rows = self.own_rows(place.map(|(name, _)| name), model, now_ms);
        let own_is_current = rows.iter().any(|row| row.current);
        let lists: Vec<usize> = match place {
            Some((name, url)) => table.provider_of(name, url).into_iter().collect(),
            None => SEARCHED.iter().filter_map(|id| table.index(id)).collect(),
        };
        for provider in lists {
            let found = table_rows(&table, provider, model, now_ms);
            let enough = !found.is_empty();
            rows.extend(found.into_iter().map(|row| PriceRow {
                current: row.current && !(own_is_current && row.service_tier.is_none()),
                ..row
            }));
            if enough {
                break;
            }
        }
        PriceShow { model: model.to_owned(), rows, table: self.source() }
    }

    /// Every model of a provider's list; empty when no list is known.
    pub fn models(&self, provider: &str, base_url: &str, now_ms: i64) -> Vec<Listed> {
        let table = self.table();
        let Some(at) = table.provider_of(provider, base_url) else { return Vec::new() };
        let Ok(shelf) = table.shelf(at) else { return Vec::new() };
        let context = PriceContext::default();
        let Some(list) = shelf.calculator.providers().find(|p| p.id() == shelf.provider) else {
            return Vec::new();
        };
        let priced = list.models().filter_map(|model| {
            let asked =
                Asked { provider, base_url, model: model.id(), at_ms: now_ms, context: &context };
            let quote = derive::quote(&shelf, &asked, 1).ok()?;
            let price = PerMillion::from(&quote.rates);
            Some(Listed { model: model.id().into(), context: model.context_window(), price })
        });
        priced.collect()
    }

    fn own_rows(&self, provider: Option<&str>, model: &str, now_ms: i64) -> Vec<PriceRow> {
        let context = PriceContext::default();
        let own = self.own.rows();
        own.about(provider, model)
            .flat_map(|row| {
                let of = provider.unwrap_or(&row.provider);
                let asked =
                    Asked { provider: of, base_url: "", model, at_ms: now_ms, context: &context };
                let holds = own.find(&asked) == Some(row);
                let starts = row.starts();
                let bands = std::iter::once(0).chain(starts.iter().copied());
                bands.map(|above| own_row(row, of, above, holds)).collect::<Vec<_>>()
            })
            .collect()
    }
}

fn own_row(row: &Row, provider: &str, above: u64, current: bool) -> PriceRow {
    let rates = row.quote(above.saturating_add(1)).rates;
    PriceRow {
        provider: provider.to_owned(),
        model: row.model.clone(),
        context: None,
        from: row.from_ms.map(day),
        above_tokens: above,
        service_tier: row.service_tier.clone().or_else(|| row.speed.clone()),
        per_million: PerMillion::from(&rates),
        web_search_usd: rates.web_search.map(|rate| rate.of(1)),
        source: format!("prices.toml, line {}", row.line),
        current,
    }
}

/// The rows of one list about a model.
fn table_rows(table: &Arc<Table>, provider: usize, model: &str, now_ms: i64) -> Vec<PriceRow> {
    let Ok(shelf) = table.shelf(provider) else { return Vec::new() };
    let Some(id) = derive::matched(&shelf, model, now_ms) else { return Vec::new() };
    let Some(json) = model_json(table, &id, provider) else { return Vec::new() };
    let mut starts = vec![0];
    collect_starts(&json, &mut starts);
    starts.sort_unstable();
    starts.dedup();
    let list = shelf.calculator.providers().find(|p| p.id() == shelf.provider);
    let window =
        list.and_then(|p| p.models().find(|m| m.id() == id)).and_then(|m| m.context_window());

    let mut rows: Vec<PriceRow> = Vec::new();
    for tier in tiers(&json) {
        let (tier, context) = tier;
        let days = days(&json, tier.as_deref());
        let in_force = days.iter().rposition(|from| from.is_none_or(|from| from <= now_ms));
        for (i, from) in days.iter().enumerate() {
            for above in &starts {
                let asked = Asked {
                    provider: &shelf.provider,
                    base_url: "",
                    model,
                    // The row in force is asked for now, so that its hours of the day count too.
                    at_ms: if Some(i) == in_force { now_ms } else { from.unwrap_or(0) },
                    context: &context,
                };
                let Ok(quote) = derive::quote(&shelf, &asked, above.saturating_add(1)) else {
                    continue;
                };
                // A tier that has no rows of its own yet, on this day, has no price to show.
                if tier.is_some() && !quote.certain {
                    continue;
                }
                let row = PriceRow {
                    provider: shelf.provider.clone(),
                    model: id.clone(),
                    context: window,
                    from: from.map(day),
                    above_tokens: *above,
                    service_tier: tier.clone(),
                    per_million: PerMillion::from(&quote.rates),
                    web_search_usd: quote.rates.web_search.map(|rate| rate.of(1)),
                    source: table.source().to_owned(),
                    current: Some(i) == in_force,
                };
                // A band that changes nothing on this day is not a band.
                let same = rows.last().is_some_and(|last| {
                    row.above_tokens > 0
                        && (&last.from, &last.service_tier, &last.per_million)
                            == (&row.from, &row.service_tier, &row.per_million)
                });
                if !same {
                    rows.push(row);
                }
            }
        }
    }
    rows
}

/// A model's own JSON, in its provider's list or in one the provider also serves.
fn model_json(table: &Table, id: &str, provider: usize) -> Option<Value> {
    let find = |at: usize| {
        let json = table.json(at).ok()?;
        let models = json.get("models")?.as_array()?;
        models.iter().find(|m| m.get("id").and_then(Value::as_str) == Some(id)).cloned()
    };
    let fallbacks = table.fallbacks(provider);
    std::iter::once(provider).chain(fallbacks).find_map(find)
}

/// The standard tier and every other one the row has prices for, with the name it is shown by.
fn tiers(model: &Value) -> Vec<(Option<String>, PriceContext)> {
    let mut tiers = vec![(None, PriceContext::default())];
    for when in variants(model).filter_map(|variant| variant.get("when")) {
        let value = |key: &str| when.get(key).and_then(Value::as_str).map(str::to_owned);
        let context = PriceContext {
            service_tier: value("service_tier").or_else(|| value("processing")),
            speed: value("speed"),
            geo: None,
        };
        let name = context.service_tier.clone().or_else(|| context.speed.clone());
        let named = name.as_deref().is_some_and(|name| name != "default");
        if named && !tiers.iter().any(|(known, _)| *known == name) {
            tiers.push((name, context));
        }
    }
    tiers
}

fn variants(model: &Value) -> impl Iterator<Item = &Value> {
    model.get("price_variants").and_then(Value::as_array).into_iter().flatten()
}

/// The days on which the prices of a tier change, ascending; `None` is "always".
fn days(model: &Value, tier: Option<&str>) -> Vec<Option<i64>> {
    let mut days = vec![None];
    let standard = model.get("prices").and_then(Value::as_array).into_iter().flatten();
    let of_tier = variants(model).filter(|variant| {
        let when = variant.get("when").and_then(Value::as_object);
        tier.is_some() && when.is_some_and(|w| w.values().any(|value| value.as_str() == tier))
    });
    for row in standard.chain(of_tier) {
        let from = row.get("constraint").and_then(|c| c.get("start_date")).and_then(Value::as_str);
        let date: Option<jiff::civil::Date> = from.and_then(|text| text.parse().ok());
        let start = date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
        days.extend(start.map(|zoned| Some(zoned.timestamp().as_millisecond())));
    }
    days.sort_unstable();
    days.dedup();
    days
}

fn day(from_ms: i64) -> String {
    let days = from_ms.div_euclid(MS_PER_DAY);
    let at = jiff::Timestamp::from_second(days.saturating_mul(86_400)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}
