//! What a period cost: the ledger's sums in the API's shape.

use super::problem::ledger_read;
use crate::api::{
    ApiProblem, By, CostBreakdown, CostGroup, CostSummary, DaySpend, Span, Sums, Tokens,
};
use jiff::tz::TimeZone;
use weir_core::budget::Scope;
use weir_core::period::{LocalDay, Period};
use weir_ledger::{DayRange, Dimension, Group, Ledger, Totals};

/// Days of a summary's sparkline at most.
const DAYS_MAX: i32 = 31;

/// A question to the ledger at a moment, in a zone.
pub struct Books<'a> {
    pub ledger: &'a Ledger,
    pub now_ms: i64,
    pub zone: TimeZone,
}

impl Books<'_> {
    pub fn range(&self, span: Span) -> DayRange {
        let window = |period: Period| period.window(self.now_ms, &self.zone).into();
        match span {
            Span::Day => window(Period::Day),
            Span::Week => window(Period::Week),
            Span::Month => window(Period::Month),
            Span::All => DayRange::ALL,
        }
    }

    pub fn sums(&self, span: Span) -> Result<Sums, ApiProblem> {
        let totals = self.ledger.totals(self.range(span), &Scope::default());
        totals.map(|t| sums(&t)).map_err(ledger_read)
    }

    pub fn summary(&self, period: Span) -> Result<CostSummary, ApiProblem> {
        let (from, to, days) = self.days(period)?;
        Ok(CostSummary { period, from, to, sums: self.sums(period)?, days })
    }

    pub fn breakdown(&self, period: Span, by: By) -> Result<CostBreakdown, ApiProblem> {
        let (from, to) = self.ends(period)?;
        let groups = self.groups(self.range(period), by)?;
        Ok(CostBreakdown { period, from, to, by, groups })
    }

    /// What was spent on each of a kind in some days.
    pub fn groups(&self, days: DayRange, by: By) -> Result<Vec<CostGroup>, ApiProblem> {
        let groups = self.ledger.by(days, dimension(by), &Scope::default()).map_err(ledger_read)?;
        // A group that holds open reservations only has nothing to show yet.
        let shown = groups.into_iter().filter(|group| group.totals.attempts > 0);
        let group = shown.map(|group| CostGroup {
            key: group.key.unwrap_or_default(),
            sums: sums(&group.totals),
        });
        Ok(group.collect())
    }

    /// First and last day of a span, both included; of everything, the last days of a sparkline.
    pub fn window(&self, span: Span) -> Result<(LocalDay, LocalDay), ApiProblem> {
        let today = self.today();
        if span != Span::All {
            return Ok((self.range(span).from, today));
        }
        let from = LocalDay(today.0 - DAYS_MAX + 1);
        let all = self.ledger.by(DayRange::ALL, Dimension::Day, &Scope::default());
        let first = all.map_err(ledger_read)?.into_iter().find_map(|group| group.key);
        let first = first.and_then(|day| day.parse().ok()).map(LocalDay::from_date);
        Ok((first.map_or(today, |first| first.max(from).min(today)), today))
    }

    fn today(&self) -> LocalDay {
        LocalDay::of(self.now_ms, &self.zone)
    }

    fn ends(&self, period: Span) -> Result<(Option<String>, Option<String>), ApiProblem> {
        self.days(period).map(|(from, to, _)| (from, to))
    }

    /// First and last day of a period, and its days without gaps.
    fn days(&self, period: Span) -> Result<Days, ApiProblem> {
        let today = self.today();
        let range = self.range(period);
        let from = if period == Span::All { LocalDay(today.0 - DAYS_MAX + 1) } else { range.from };
        let groups =
            |range| self.ledger.by(range, Dimension::Day, &Scope::default()).map_err(ledger_read);
        let shown = groups(DayRange { from, to: LocalDay(today.0 + 1) })?;
        if period != Span::All {
            let list = filled(from, today, &shown);
            return Ok((Some(text(from)), Some(text(today)), list));
        }
        let first = groups(DayRange::ALL)?.into_iter().find_map(|group| group.key);
        match first {
            None => Ok((None, None, Vec::new())),
            Some(first) => {
                let start = first.parse().map_or(from, LocalDay::from_date).max(from);
                Ok((Some(first), Some(text(today)), filled(start, today, &shown)))
            }
        }
    }
}

type Days = (Option<String>, Option<String>, Vec<DaySpend>);

fn filled(from: LocalDay, to: LocalDay, groups: &[Group]) -> Vec<DaySpend> {
    let start = from.0.max(to.0 - DAYS_MAX + 1);
    (start..=to.0)
        .map(|day| {
            let day = text(LocalDay(day));
            let found = groups.iter().find(|group| group.key.as_deref() == Some(&day));
            let totals = found.map(|group| group.totals).unwrap_or_default();
            DaySpend { day, requests: totals.requests, spent_usd: totals.spent }
        })
        .collect()
}

fn text(day: LocalDay) -> String {
    day.date().to_string()
}

fn dimension(by: By) -> Dimension {
    match by {
        By::Provider => Dimension::Provider,
        By::Model => Dimension::Model,
        By::Task => Dimension::Task,
        By::Tier => Dimension::Tier,
        By::Category => Dimension::Category,
        By::Client => Dimension::Client,
        By::Project => Dimension::Project,
        By::Session => Dimension::Session,
        By::Day => Dimension::Day,
    }
}

pub fn sums(totals: &Totals) -> Sums {
    let usage = totals.usage;
    Sums {
        requests: totals.requests,
        spent_usd: totals.spent,
        saved_usd: totals.saved,
        local_requests: totals.local_requests,
        unpriced_requests: totals.unpriced_requests,
        estimated_requests: totals.estimated_requests,
        tokens: Tokens {
            input: usage.input,
            cache_read: usage.cache_read,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            output: usage.output,
            reasoning: usage.reasoning,
        },
    }
}

/// The share of requests that were answered locally, in 0..=1.
#[expect(clippy::cast_precision_loss, reason = "a share for people; counts stay far below 2^52")]
pub fn local_share(sums: &Sums) -> Option<f64> {
    (sums.requests > 0).then(|| sums.local_requests as f64 / sums.requests as f64)
}
