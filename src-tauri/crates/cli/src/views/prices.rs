//! `weir price show`, `price cost` and `price update` as text.

use super::bill::{Line, bill};
use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words::{self, plain};
use weir_engine::api::{Money, PerMillion, PriceCost, PriceRow, PriceShow, PriceUpdate};

/// The price rows of a model.
pub fn show(prices: &PriceShow, paint: Paint) -> String {
    let mut out = String::new();
    let mut last = None;
    for row in &prices.rows {
        let owner = (&row.provider, &row.model);
        if last != Some(owner) {
            out.push_str(if last.is_some() { "\n" } else { "" });
            let of_owner = prices.rows.iter().filter(|r| (&r.provider, &r.model) == owner);
            let of_owner: Vec<&PriceRow> = of_owner.collect();
            let search = of_owner.iter().all(|r| r.web_search_usd == row.web_search_usd);
            out.push_str(&title(row, row.web_search_usd.filter(|_| search)));
            out.push_str(&rates(&of_owner, !search).render(paint));
            last = Some(owner);
        }
    }
    if prices.rows.is_empty() {
        out.push_str(&format!(
            "No price is known for {}. Set one in prices.toml in the home folder\n",
            plain(&prices.model)
        ));
    }
    let models = words::count(prices.table.models, "model", "models");
    out.push_str(&format!("\nTable: {}, {models}\n", plain(&prices.table.source)));
    out
}

fn title(row: &PriceRow, search: Option<Money>) -> String {
    let context = row.context.map(|n| format!(", context {}", words::tokens(n)));
    let context = context.unwrap_or_default();
    let search = search.map(|m| format!(", a web search {}", m.short())).unwrap_or_default();
    let (model, provider) = (plain(&row.model), plain(&row.provider));
    let text = format!("{model} at {provider}{context}, $ per million tokens{search}");
    words::wrap(&text, words::WIDTH, "  ")
}

fn rates(rows: &[&PriceRow], search: bool) -> Table {
    let mut table = Table::new(&[
        ("", Fit::Left),
        ("for", Fit::Cut(16)),
        ("input", Fit::Point),
        ("cached", Fit::Point),
        ("write 5m", Fit::Point),
        ("write 1h", Fit::Point),
        ("output", Fit::Point),
        ("search", Fit::Point),
    ]);
    for row in rows {
        let r = &row.per_million;
        let rate = |money| Cell::from(self::rate(money));
        table.row([
            if row.current { "●".into() } else { "".into() },
            which(row).into(),
            rate(r.input),
            rate(r.cache_read),
            rate(r.cache_write_5m),
            rate(r.cache_write_1h),
            rate(r.output),
            row.web_search_usd.filter(|_| search).map(Money::short).unwrap_or_default().into(),
        ]);
    }
    table
}

/// When a row holds, in a word or two.
fn which(row: &PriceRow) -> String {
    let parts = [
        row.service_tier.clone(),
        (row.above_tokens > 0).then(|| format!("above {}", words::tokens(row.above_tokens))),
        row.from.as_ref().map(|day| format!("from {day}")),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { "all".into() } else { said.join(", ") }
}

/// Dollars per million without the sign, exact, at least two decimals.
fn rate(money: Option<Money>) -> String {
    let Some(money) = money else { return "-".into() };
    let text = money.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{:0<2}", part.trim_end_matches('0'))
}

/// `input 3.00, output 15.00`, for a list of models.
pub fn in_and_out(price: Option<&PerMillion>) -> (String, String) {
    price.map_or_else(Default::default, |p| (rate(p.input), rate(p.output)))
}

/// What a usage block costs.
pub fn cost(cost: &PriceCost, paint: Paint) -> String {
    let lines: Vec<Line> = cost
        .lines
        .iter()
        .map(|l| Line {
            kind: l.kind.clone(),
            units: Some(l.tokens),
            cost: Money::from_nano(l.nano_usd),
        })
        .collect();
    let total = Money::from_nano(cost.nano_usd);
    format!(
        "{} at {}, price of {}\n{}",
        plain(&cost.model),
        plain(&cost.provider),
        cost.at,
        bill(&lines, total, "other fees", paint)
    )
}

/// What a newer table changed.
pub fn update(update: &PriceUpdate, paint: Paint) -> String {
    format!(
        "{} {}: {}, {} added, {} changed, {} removed.\n",
        paint.tone("In force:", Tone::Good),
        plain(&update.table.source),
        words::count(update.table.models, "model", "models"),
        words::grouped(update.added),
        words::grouped(update.changed),
        words::grouped(update.removed),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::{PriceLine, PriceTable, Stamp};

    fn dollars(text: &str) -> Option<Money> {
        Some(text.parse().expect("an amount"))
    }

    fn row(above_tokens: u64, input: &str, output: &str) -> PriceRow {
        PriceRow {
            provider: "anthropic".into(),
            model: "claude-sonnet-4-5".into(),
            context: Some(1_000_000),
            from: None,
            above_tokens,
            service_tier: None,
            per_million: PerMillion {
                input: dollars(input),
                cache_read: dollars("0.3"),
                cache_write_5m: dollars("3.75"),
                cache_write_1h: None,
                output: dollars(output),
            },
            web_search_usd: dollars("0.01"),
            source: "built in".into(),
            current: above_tokens == 0,
        }
    }

    #[test]
    fn bands_stand_under_each_other_and_a_missing_rate_is_not_zero() {
        let prices = PriceShow {
            model: "claude-sonnet-4-5".into(),
            rows: vec![row(0, "3", "15"), row(200_000, "6", "22.5")],
            table: PriceTable { source: "genai-prices 0.2.1".into(), models: 1_234 },
        };
        let expected = "\
claude-sonnet-4-5 at anthropic, context 1.00M, $ per million tokens, a web
  search $0.01
   for         input  cached  write 5m  write 1h  output
●  all          3.00    0.30      3.75         -   15.00
   above 200K   6.00    0.30      3.75         -   22.50

Table: genai-prices 0.2.1, 1,234 models
";
        assert_eq!(show(&prices, Paint::OFF), expected);
    }

    #[test]
    fn a_cost_is_exact() {
        let priced = PriceCost {
            model: "claude-sonnet-4-5".into(),
            at: Stamp::from_ms(0),
            nano_usd: 3_015_001,
            lines: vec![
                PriceLine { kind: "input".into(), tokens: 1_000, nano_usd: 3_000_000 },
                PriceLine { kind: "output".into(), tokens: 1, nano_usd: 15_001 },
            ],
            provider: "anthropic".into(),
        };
        let expected = "\
claude-sonnet-4-5 at anthropic, price of 1970-01-01T00:00:00.000Z
          units          cost
  input   1,000  $0.003000000
  output      1  $0.000015001
  total          $0.003015001
";
        assert_eq!(cost(&priced, Paint::OFF), expected);
    }
}
