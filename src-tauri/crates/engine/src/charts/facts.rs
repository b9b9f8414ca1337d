//! What charts are drawn from: sums by day and by one thing more, points of a budget, times of
//! models. Owns how such sums are put together; every amount stays the ledger's.

use super::axis;
use crate::api::Sums;
use weir_core::Money;
use weir_core::period::LocalDay;

/// What one provider, tier or task came to on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The day.
    pub day: LocalDay,
    /// The provider, tier or task; empty where none is known.
    pub key: String,
    /// Whether it was answered on this machine.
    pub local: bool,
    /// Its sums.
    pub sums: Sums,
}

/// Days without gaps, and what happened on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: LocalDay,
    /// The last day, included.
    pub to: LocalDay,
    /// What happened; outside of the days nothing.
    pub cells: Vec<Cell>,
}

impl Days {
    /// Every day.
    pub fn list(&self) -> Vec<LocalDay> {
        (self.from.0..=self.to.0).map(LocalDay).collect()
    }

    /// What some cells of a day come to.
    pub fn sums_of(&self, day: LocalDay, which: impl Fn(&Cell) -> bool) -> Sums {
        let cells = self.cells.iter().filter(|cell| cell.day == day && which(cell));
        cells.fold(Sums::default(), |sum, cell| sum.with(&cell.sums))
    }

    /// What some cells of all days come to.
    pub fn all(&self, which: impl Fn(&Cell) -> bool) -> Sums {
        let cells = self.cells.iter().filter(|cell| which(cell));
        cells.fold(Sums::default(), |sum, cell| sum.with(&cell.sums))
    }

    /// `on 22 Nov`, `from 1 Nov to 22 Nov`.
    pub fn said(&self) -> String {
        if self.from == self.to {
            return format!("on {}", axis::day(self.from));
        }
        format!("from {} to {}", axis::day(self.from), axis::day(self.to))
    }
}

/// A budget's window as it has gone so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burn {
    /// The budget's name.
    pub name: String,
    /// The limit.
    pub limit: Money,
    /// First and last instant of the window, in Unix milliseconds.
    pub window_ms: (i64, i64),
    /// What was spent up to an instant, in order; the last one is now, or the window's end.
    pub points: Vec<BurnPoint>,
    /// Where it leads; `None` while that cannot be said, and of a window that is over.
    pub ahead: Option<Ahead>,
    /// The sums behind the points.
    pub sums: Sums,
}

/// What a budget had spent up to an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurnPoint {
    /// The instant, in Unix milliseconds.
    pub at_ms: i64,
    /// The day that ended with it, or now.
    pub label: String,
    /// Spent since the window began.
    pub spent: Money,
    /// What the day alone came to.
    pub day: Sums,
}

/// Where a window leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// What it comes to when it goes on like its own days so far.
    pub at_end: Money,
    /// What it comes to when the rest is like the quieter half of the last two weeks' days.
    pub low: Money,
    /// The same with the busier half.
    pub high: Money,
}

/// How long a model took to the first byte of its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// `provider/model`.
    pub route: String,
    /// The provider.
    pub provider: String,
    /// Whether it runs on this machine.
    pub local: bool,
    /// Answers counted.
    pub requests: u64,
    /// Half of them took no longer, in milliseconds.
    pub half_ms: u64,
    /// Nine of ten took no longer, in milliseconds.
    pub most_ms: u64,
}

/// Where the rest of a window leads: what is spent, and `left` days like the quieter and like the
/// busier half of `past` days. `at_end` is what the forecast of alerts says; the band holds it.
pub fn ahead(spent: Money, at_end: Money, left_ms: i64, past: &[Money]) -> Ahead {
    const DAY_MS: i128 = 86_400_000;
    let mut days: Vec<i128> = past.iter().map(|day| i128::from(day.nano())).collect();
    days.sort_unstable();
    let half = days.len().div_ceil(2);
    let mean = |days: &[i128]| match i128::try_from(days.len()) {
        Ok(count) if count > 0 => days.iter().sum::<i128>() / count,
        _ => 0,
    };
    let end = |pace: i128| {
        let rest = pace * i128::from(left_ms) / DAY_MS;
        let total = i128::from(spent.nano()) + rest;
        Money::from_nano(i64::try_from(total).unwrap_or(i64::MAX))
    };
    let (quiet, busy) = (end(mean(&days[..half])), end(mean(&days[days.len() - half..])));
    Ahead { at_end, low: quiet.min(at_end), high: busy.max(at_end) }
}

/// The value that `percent` of a sorted list do not pass; 0 for an empty one.
pub fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(cents: i64) -> Money {
        Money::from_nano(cents * 10_000_000)
    }

    #[test]
    fn a_band_reaches_from_the_quieter_to_the_busier_days_and_holds_the_forecast() {
        let past = [usd(0), usd(100), usd(200), usd(300)];
        let two_days = 2 * 86_400_000;
        let found = ahead(usd(500), usd(800), two_days, &past);
        assert_eq!((found.low, found.at_end, found.high), (usd(600), usd(800), usd(1_000)));
        let steep = ahead(usd(500), usd(2_000), two_days, &past);
        assert_eq!((steep.low, steep.high), (usd(600), usd(2_000)));
        let unknown = ahead(usd(500), usd(700), two_days, &[]);
        assert_eq!((unknown.low, unknown.high), (usd(500), usd(700)));
    }

    #[test]
    fn half_and_nine_of_ten_are_values_that_were_measured() {
        let ten: Vec<u64> = (1..=10).collect();
        assert_eq!((quantile(&ten, 50), quantile(&ten, 90)), (5, 9));
        assert_eq!((quantile(&[7], 50), quantile(&[7], 90), quantile(&[], 50)), (7, 7, 0));
    }
}
