//! Replays for people: the ledger's rows under another configuration, or as shadow mode planned.

use super::problem::{bad, ledger_read};
use crate::api::{ApiProblem, Comparison, ReplayGroup, ReplaySide, Span, Stamp};
use crate::config::{Config, Mode};
use crate::parts::Parts;
use crate::simulate::{AsShadow, Past, Planner, PriceTariff, Replay, Routed, Side, replay};
use crate::words;
use std::collections::BTreeMap;
use std::path::Path;
use weir_core::route::{Provider, Route};
use weir_ledger::DayRange;
use weir_proxy::ports::Locals;

/// Instants no request lies outside of; what the ledger's export takes.
const FROM_MS_MIN: i64 = 0;
const TO_MS_MAX: i64 = i64::MAX >> 21;

/// How a cost is known that nobody paid.
const ESTIMATED: &str = "Estimated: what would have gone elsewhere is priced by the tokens it really \
    used, with prompt caches simulated for each model. What several conversations share of a prompt \
    is taken to be cold there at the start of each, so a saving is told rather too small.";

/// What traffic since a moment would have cost under another configuration.
///
/// # Errors
/// Every problem of that configuration; a ledger that cannot be read.
pub fn simulate(
    parts: &Parts,
    since: Option<Stamp>,
    file: &str,
    toml: &str,
) -> Result<Comparison, ApiProblem> {
    let config = Config::parse(Path::new(file), toml).map_err(bad)?;
    let setup = parts.routing.setup_of(&config);
    let from_ms = since.map_or(FROM_MS_MIN, Stamp::ms);
    let providers = known(&config.providers, &parts.config.load().providers);
    let tariff = PriceTariff { prices: &parts.prices, providers: &providers };
    let contexts = |route: &Route| parts.local.model(&route.provider, &route.model).context;
    let mut notes = vec![
        ESTIMATED.to_owned(),
        "An answer is taken to be as long there, and every model to answer at once.".to_owned(),
    ];
    if config.mode == Mode::Shadow {
        notes.push(format!(
            "{file} has mode = \"shadow\", which moves nothing. Write mode = \"{}\" to see it act.",
            config.shadow_of.as_str()
        ));
    }
    let mut planner = Routed::new(setup, &tariff, &contexts);
    let found = run(parts, from_ms, &mut planner, &tariff, |_| true)?;
    let told = Told { period: None, since, config: Some(file.to_owned()), notes };
    Ok(told.comparison(&found))
}

/// What shadow mode would have done in a period.
///
/// # Errors
/// A ledger that cannot be read.
pub fn shadow(parts: &Parts, range: DayRange, period: Span) -> Result<Comparison, ApiProblem> {
    let from_ms = match period {
        Span::All => FROM_MS_MIN,
        _ => super::day_start(range.from, &parts.zone()),
    };
    let config = parts.config.load();
    let tariff = PriceTariff { prices: &parts.prices, providers: &config.providers };
    let found = run(parts, from_ms, &mut AsShadow, &tariff, |past| past.in_shadow)?;
    let mut notes = vec![ESTIMATED.to_owned()];
    if found.all.0.requests == 0 {
        notes = vec![match config.mode {
            Mode::Shadow => "No request was planned in shadow mode in this time yet.".to_owned(),
            _ => "Shadow mode is off. To plan without acting, write mode = \"shadow\" under \
                  [routing] in config.toml."
                .to_owned(),
        }];
    }
    let since = (period != Span::All).then_some(Stamp::from_ms(from_ms));
    Ok(Told { period: Some(period), since, config: None, notes }.comparison(&found))
}

fn run(
    parts: &Parts,
    from_ms: i64,
    planner: &mut dyn Planner,
    tariff: &PriceTariff<'_>,
    wanted: impl Fn(&Past) -> bool,
) -> Result<Replay, ApiProblem> {
    let mut failed = None;
    let rows = parts.ledger.export(from_ms, TO_MS_MAX).map_while(|row| match row {
        Ok(row) => Some(row),
        Err(problem) => {
            failed = Some(problem);
            None
        }
    });
    let rows = rows.filter_map(|row| Past::of(&row)).filter(|past| wanted(past));
    let found = replay(rows, planner, tariff, &mut |_, _, _| {});
    failed.map_or(Ok(found), |problem| Err(ledger_read(problem)))
}

/// The providers of the file, and those of the configuration in force that it does not name: past
/// traffic went there.
fn known(file: &[Provider], in_force: &[Provider]) -> Vec<Provider> {
    let mut all = file.to_vec();
    all.extend(in_force.iter().filter(|p| file.iter().all(|f| f.name != p.name)).cloned());
    all
}

/// What stands around the sums.
struct Told {
    period: Option<Span>,
    since: Option<Stamp>,
    config: Option<String>,
    notes: Vec<String>,
}

impl Told {
    fn comparison(self, found: &Replay) -> Comparison {
        let mut known = self.notes;
        known.extend(unpriced(&found.all));
        if found.without_usage > 0 {
            let (n, be) = requests(found.without_usage);
            known.push(format!("{n} used nothing, so {be} the same on both sides."));
        }
        Comparison {
            period: self.period,
            since: self.since,
            config: self.config,
            all: group("", &found.all),
            tiers: groups(&found.tiers),
            tasks: groups(&found.tasks),
            conversations: found.conversations,
            known,
        }
    }
}

/// What stands in no difference, and on which side its price is not known.
fn unpriced((was, would): &(Side, Side)) -> Option<String> {
    let (n, be) = requests(was.uncompared);
    let has = if was.uncompared == 1 { "has" } else { "have" };
    let (was, would) = (was.unpriced, would.unpriced);
    (was + would > 0).then(|| {
        format!(
            "{n} {has} no price on one side ({was} as it was, {would} as it would be): {be} not \
             compared, and in no saving."
        )
    })
}

/// `1 request` and `it is`, `3 requests` and `they are`.
fn requests(n: u64) -> (String, &'static str) {
    (words::count(n, "request", "requests"), if n == 1 { "it is" } else { "they are" })
}

fn groups(found: &BTreeMap<Option<&'static str>, (Side, Side)>) -> Vec<ReplayGroup> {
    let mut groups: Vec<ReplayGroup> =
        found.iter().map(|(key, sides)| group(key.unwrap_or(""), sides)).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.was.spent_usd));
    groups
}

fn group(key: &str, (was, would): &(Side, Side)) -> ReplayGroup {
    ReplayGroup {
        key: key.to_owned(),
        requests: was.requests,
        was: side(was),
        would: side(would),
        saved_usd: was.compared.saturating_sub(would.compared),
        uncompared_requests: was.uncompared,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people; counts stay far below 2^52")]
fn side(side: &Side) -> ReplaySide {
    ReplaySide {
        spent_usd: side.spent,
        unpriced_requests: side.unpriced,
        local_requests: side.local,
        local_share: (side.requests > 0).then(|| side.local as f64 / side.requests as f64),
        switches: side.switches,
        estimated_requests: side.estimated,
    }
}
